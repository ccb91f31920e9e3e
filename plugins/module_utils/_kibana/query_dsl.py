# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Elastic Security: the search that a task gives, in Elasticsearch's query DSL."""

from __future__ import annotations

import contextlib
import json
import typing as t

from .._core.errors import OptionError
from .._core.options import Params
from .kql import query_dsl
from .kql_dsl import Query


def searched(params: Params) -> Query | None:
    """The alerts that O(query) and O(kql) both match; V(None) if neither is given."""
    given = [] if params.get("query") is None else [_mapping(params["query"])]
    if params.get("kql") is not None:
        given.append(query_dsl(params["kql"]))
    # What matches everything adds nothing to the other.
    bounded = [one for one in given if one and list(one) != ["match_all"]] or given[:1]
    if not bounded:
        return None
    return bounded[0] if len(bounded) == 1 else {"bool": {"filter": bounded}}


def _mapping(query: t.Any) -> Query:
    """The query in query DSL. Where values become texts, Ansible hands over a mapping as its JSON."""
    found = query
    if isinstance(query, str):
        with contextlib.suppress(ValueError, RecursionError):
            found = json.loads(query)
    if not isinstance(found, dict):
        raise OptionError(
            f"query takes a mapping, in Elasticsearch's query DSL, and is {query!r:.80}",
            "What you type into Kibana's search bar goes into kql.",
        )
    return found
