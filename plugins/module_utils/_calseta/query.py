# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Calseta: the parameters of a search.

API: https://docs.calseta.com/api-reference/alerts/list-alerts
"""

from __future__ import annotations

import typing as t

from .._core.errors import OptionError
from .._core.options import Params, checked_text
from .._core.times import moment


def search_parameters(query: Params) -> dict[str, str]:
    """The query's parameters: newest first, unless the task names another order."""
    order = {"sort_by": query.get("sort_by") or "created_at", "sort_order": query.get("sort_order") or "desc"}
    lists = [name for name in ("status", "severity", "source_name") if query.get(name) is not None]
    return {**order, **{name: _joined(name, query[name]) for name in lists}, **_times(query)}


def _times(query: Params) -> dict[str, str]:
    """The window of time, as far as there is one."""
    times = {name: moment(f"query.{name}", query.get(name)) for name in ("from_time", "to_time")}
    given = {name: time for name, time in times.items() if time}
    if len(given) == 2 and given["from_time"] > given["to_time"]:
        # In the task's own words, which are the same in every run.
        raise OptionError(f"query.from_time is {query['from_time']}, which is after query.to_time, {query['to_time']}")
    return given


def _joined(name: str, values: t.Sequence[str]) -> str:
    """Several values of a parameter, which the API takes with commas between them."""
    if not values:
        raise OptionError(f"query.{name} is an empty list, with which nothing could match; leave it out")
    for value in values:
        checked_text(f"query.{name}", value)
        if not value.strip() or "," in value:
            raise OptionError(f"query.{name} has {value!r} in it, which is no name: names are joined by commas")
    return ",".join(values)
