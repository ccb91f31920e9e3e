# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Elastic Security: queries that match every alert, or all but what they leave out, in the many ways to say that.

Query DSL: https://www.elastic.co/docs/explore-analyze/query-filter/languages/querydsl
"""

from __future__ import annotations

import re
import time
import typing as t

from .._core.lucene import matches_everything
from .._core.times import before_all, utc
from .search import Query
from .words import STATUS

#: What every alert has.
_EVERYWHERE = ("*", "@timestamp", "_id", "_index", STATUS, "kibana.alert.uuid", "kibana.alert.rule.uuid")

#: Queries that match whatever the one within matches.
_WRAPPERS = {"constant_score": "filter", "function_score": "query", "script_score": "query", "boosting": "positive"}

#: Where a query on a field has its text.
_TEXTS = {"wildcard": ("value", "wildcard"), "regexp": ("value",), "prefix": ("value",)}

_LOWER, _UPPER = ("gt", "gte", "from"), ("lt", "lte", "to")

_SECONDS = {"y": 31_557_600, "M": 2_629_800, "w": 604_800, "d": 86_400, "h": 3600, "H": 3600, "m": 60, "s": 1}


def unbounded(query: t.Any) -> str | None:
    """Why a query matches every alert there is; V(None) if it may not."""
    if not query:
        return "query is empty"
    return "query matches every alert, or all but what it leaves out" if _matches_all(query) else None


def _matches_all(query: t.Any) -> bool:
    if not isinstance(query, dict) or len(query) != 1:
        return not query
    ((name, body),) = query.items()
    if name == "match_all":
        return True
    if not isinstance(body, dict):
        return False
    if name in ("query_string", "simple_query_string"):
        return matches_everything(str(body.get("query")), _EVERYWHERE)
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
        return isinstance(asked, dict) and _is_endless(asked)
    if isinstance(asked, dict):
        asked = next((asked[key] for key in _TEXTS[name] if key in asked), None)
    text = None if asked is None else str(asked)
    return text is not None and not text.strip({"wildcard": "*", "regexp": ".*", "prefix": ""}[name])


def _is_endless(asked: Query) -> bool:
    """Whether a range has no end before now, and begins before there were any alerts, if it begins at all."""
    seconds = asked.get("format") == "epoch_second"
    lower, upper = ([asked[name] for name in names if asked.get(name) is not None] for names in (_LOWER, _UPPER))
    return all(map(_is_after_all, upper)) and all(_is_before_all(one, seconds) for one in lower)


def _is_after_all(value: t.Any) -> bool:
    """Whether a bound is now, or later, with which every alert comes before it."""
    return bool(re.fullmatch(r"now(\+\d+[yMwdhHms])?(/\w)?", str(value).strip()))


def _is_before_all(value: t.Any, seconds: bool) -> bool:
    """Whether a bound is so long ago, in any of the forms that are not rounded to something."""
    text = str(value).partition("||")[0].strip()
    back = re.fullmatch(r"now-(\d{1,12})([yMwdhHms])(/\w)?", text)
    if isinstance(value, (int, float)):
        value = value * 1000 if seconds else value
    elif back:
        value = (time.time() - int(back[1]) * _SECONDS[back[2]]) * 1000
    elif re.fullmatch(r"-?\d{1,3}|-?\d{5,15}", text):
        value = int(text) * (1000 if seconds else 1)
    else:
        # A year is a date, too, and so is a month.
        value = f"{text}-01-01"[:10] if re.fullmatch(r"\d{4}(-\d\d)?", text) else text
    moment = utc(value)
    return moment is not None and before_all(moment)


def _bool_matches_all(body: Query) -> bool:
    needed = _clauses(body, "filter") + _clauses(body, "must")
    wished = _clauses(body, "should")
    if not all(map(_matches_all, needed)):
        return False
    least = body.get("minimum_should_match", 0 if needed else 1)
    return not wished or least in (0, "0") or any(map(_matches_all, wished))


def _clauses(body: Query, occur: str) -> list[t.Any]:
    clauses = body.get(occur)
    return clauses if isinstance(clauses, list) else [] if clauses is None else [clauses]
