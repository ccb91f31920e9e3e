# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Elastic Security: queries that match every alert, in the many ways in which that can be said.

Query DSL: https://www.elastic.co/docs/explore-analyze/query-filter/languages/querydsl
"""

from __future__ import annotations

import typing as t

from ._kibana_fields import STATUS
from ._kibana_search import Query
from ._lucene import matches_everything
from ._platform import dig

#: What every alert has.
_EVERYWHERE = ("*", "@timestamp", "_id", "_index", STATUS, "kibana.alert.uuid", "kibana.alert.rule.uuid")
#: Queries that match whatever the one within matches.
_WRAPPERS = {"constant_score": "filter", "function_score": "query", "script_score": "query", "boosting": "positive"}
#: Where a query on a field has its text.
_TEXTS = {"wildcard": ("value", "wildcard"), "regexp": ("value",), "prefix": ("value",)}
_BOUNDS = ("gt", "gte", "lt", "lte", "from", "to")


def unbounded(query: t.Any) -> str | None:
    """Why a query matches every alert there is; V(None) if it may not."""
    if not query:
        return "query is empty"
    return "query matches every alert" if _matches_all(query) else None


def _matches_all(query: t.Any) -> bool:
    if not isinstance(query, dict) or len(query) != 1:
        return not query
    ((name, body),) = query.items()
    if name == "match_all":
        return True
    if not isinstance(body, dict):
        return False
    if name in ("query_string", "simple_query_string"):
        return matches_everything(str(body.get("query")))
    if name == "exists":
        return body.get("field") in _EVERYWHERE
    if name in _WRAPPERS:
        return _matches_all(body.get(_WRAPPERS[name]))
    if name in ("range", *_TEXTS):
        return all(field in _EVERYWHERE and _says_nothing(name, asked) for field, asked in body.items())
    if name == "dis_max":
        return any(map(_matches_all, _clauses(body, "queries")))
    return name == "bool" and _bool_matches_all(body)


def _says_nothing(name: str, asked: t.Any) -> bool:
    """Whether a query on a field is for all that have the field."""
    if name == "range":
        return isinstance(asked, dict) and all(asked.get(bound) is None for bound in _BOUNDS)
    if isinstance(asked, dict):
        asked = next((asked[key] for key in _TEXTS[name] if key in asked), None)
    text = None if asked is None else str(asked)
    return text is not None and not text.strip({"wildcard": "*", "regexp": ".*", "prefix": ""}[name])


def _bool_matches_all(body: Query) -> bool:
    needed = _clauses(body, "filter") + _clauses(body, "must")
    wished = _clauses(body, "should")
    if not all(map(_matches_none, _clauses(body, "must_not"))) or not all(map(_matches_all, needed)):
        return False
    least = body.get("minimum_should_match", 0 if needed else 1)
    return not wished or least in (0, "0") or any(map(_matches_all, wished))


def _matches_none(query: t.Any) -> bool:
    """Whether a clause excludes nothing, as a list does that a task has found empty."""
    return query in ({"match_none": {}}, {"ids": {"values": []}}) or (
        isinstance(query, dict) and isinstance(dig(query, "terms"), dict) and [] in query["terms"].values()
    )


def _clauses(body: Query, occur: str) -> list[t.Any]:
    clauses = body.get(occur)
    return clauses if isinstance(clauses, list) else [] if clauses is None else [clauses]
