# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Elastic Security: the alerts that a query matches, however many they are, and whether it leaves any out.

API: https://www.elastic.co/docs/api/doc/kibana/operation/operation-searchalerts
"""

from __future__ import annotations

import json
import typing as t

from .._core.options import Params
from .._core.values import dig, integer
from .._flow.change import Alert
from .._flow.search import SearchResult
from .api import WINDOW, KibanaReader, malformed

Query = dict[str, t.Any]
Sort = t.Sequence[t.Mapping[str, str]]

#: What Elasticsearch shows, and sorts by, where an alert does not have the field of a sort.
_MISSING = (None, 2**63 - 1, -(2**63))


class Search:
    """A query as a task gives it, over the alerts that ``reader`` reads; and the count of all alerts there are."""

    def __init__(self, reader: KibanaReader, params: Params) -> None:
        self._reader = reader
        self.query: Query = reader.query or {"match_all": {}}
        #: Why the query has neither a filter nor a window; V(None) if it has one.
        self.says_nothing = _says_nothing(params) if _matches_all(self.query) else None
        #: How many alerts the space had when the task began, and how many of them the query matched.
        self._total = self._matching = 0

    def begin(self, limit: int) -> None:
        """Count what the space has and what matches, whatever the status, in one request and so at one moment."""
        answer = self._request({"query": {"match_all": {}}, "aggs": {"matching": {"filter": self.query}}}, 0)
        matching = integer(dig(answer, "aggregations", "matching", "doc_count"))
        if matching is None or matching < 0:
            raise malformed("search", "the answer does not say how many alerts match")
        self._total, self._matching = _total(answer), matching

    def all_found(self, found: SearchResult) -> int | None:
        return max(self._total, len(found.alerts)) if self._matching >= self._total else None

    def count(self) -> int:
        """How many alerts match."""
        return _total(self._request({"query": self.query}, 0))

    def run(
        self,
        limit: int,
        *,
        sort: Sort = ({"@timestamp": "asc"},),
        without: t.Sequence[Query] = (),
        all_or_none: bool = False,
    ) -> SearchResult:
        """The first ``limit`` alerts that match, and none of ``without``.

        One search shows 10,000 at the most. The next one starts at the place of the last alert in the ``sort``, and
        excludes the alerts of that place that were shown already. With ``all_or_none``, the search stops where there
        are more than ``limit``.
        """
        found: dict[str, Alert] = {}
        cursor: SearchCursor | None = None
        while True:
            answer = self._window(min(WINDOW, limit - len(found)), sort, without, cursor)
            window = self._reader.alerts_in(answer)
            fresh = window.keys() - found.keys()
            # The total alone does not count: the alerts that came are those that would be written.
            matched = len(found) + max(len(fresh), _total(answer))
            found.update(window)
            if len(found) >= min(matched, limit) or (all_or_none and matched > limit):
                break
            if not fresh:
                why = "the search makes no progress; sort by fields of which every alert has one value"
                raise malformed("search", why)
            cursor = SearchCursor.of(answer["hits"]["hits"], sort, cursor)
        kept = dict(list(found.items())[:limit])
        return SearchResult(kept, matched > limit, matched)

    def _window(
        self, size: int, sort: Sort, without: t.Sequence[Query], cursor: SearchCursor | None
    ) -> dict[str, t.Any]:
        filters = [self.query, *([cursor.clause] if cursor else [])]
        excluded = [*without, *([{"ids": {"values": cursor.ids}}] if cursor else [])]
        query = {"bool": {"filter": filters, "must_not": excluded}}
        return self._request({"query": query, "sort": [dict(one) for one in sort]}, size)

    def _request(self, body: dict[str, t.Any], size: int) -> dict[str, t.Any]:
        common = {"size": size, "_source": self._reader.source, "track_total_hits": True}
        return self._reader.api.search({**body, **common, **self._reader.extra})


class SearchCursor(t.NamedTuple):
    """Where a search has stopped. ``ids`` are the alerts at this very place that it has shown already."""

    place: list[t.Any]
    clause: Query
    ids: list[str]

    @classmethod
    def of(cls, hits: list[t.Any], sort: Sort, before: SearchCursor | None) -> SearchCursor:
        """The place of the last of these hits."""
        places = [dig(hit, "sort") for hit in hits]
        last = places[-1]
        if not isinstance(last, list) or len(last) != len(sort):
            raise malformed("search", "the answer does not show by what it is sorted")
        known = before.ids if before and before.place == last else []
        ids = known + [hit["_id"] for hit, place in zip(hits, places) if place == last]
        return cls(last, _from_here_on(sort, last), ids)


def _matches_all(query: Query) -> bool:
    kind, body = next(iter(query.items()))
    empty = kind == "match_all" or (kind == "bool" and isinstance(body, dict) and not any(body.values()))
    return empty and len(query) == 1


def _says_nothing(params: Params) -> str:
    given = {name: params[name] for name in ("query", "kql") if params[name] is not None}
    return " and ".join(f"{name} is {json.dumps(value)}" for name, value in given.items())


def _from_here_on(sort: Sort, place: list[t.Any]) -> Query:
    """The query for alerts at this place of the sort, and all behind it."""
    alike: list[Query] = []
    clauses: list[Query] = []
    for (name, order), value in zip([one for field in sort for one in field.items()], place):
        clauses += [{"bool": {"filter": [*alike, later]}} for later in _later(name, order, value)]
        alike.append(_range(name, value, "gte", "lte"))
    clauses.append({"bool": {"filter": alike}})
    return {"bool": {"should": clauses, "minimum_should_match": 1}}


def _later(name: str, order: str, value: t.Any) -> list[Query]:
    """The alerts behind a value of this field. Alerts without the field come last, whatever the order."""
    return [] if value in _MISSING else [_range(name, value, "gt" if order == "asc" else "lt"), _range(name, None)]


def _range(name: str, value: t.Any, *bounds: str) -> Query:
    if value in _MISSING:
        return {"bool": {"must_not": [{"exists": {"field": name}}]}}
    # The type of the field is unknown; the format has an effect on dates only.
    form = {"format": "epoch_millis"} if isinstance(value, int) else {}
    return {"range": {name: {**dict.fromkeys(bounds, value), **form}}}


def _total(answer: dict[str, t.Any]) -> int:
    total = integer(dig(answer, "hits", "total", "value"))
    # A total that is only a lower bound would let more alerts through than were counted.
    if total is None or total < 0 or dig(answer, "hits", "total", "relation") not in (None, "eq"):
        raise malformed("search", "the answer does not say how many alerts match")
    return total
