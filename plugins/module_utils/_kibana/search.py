# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Elastic Security: the alerts that a query matches, however many they are.

API: https://www.elastic.co/docs/api/doc/kibana/operation/operation-searchalerts
"""

from __future__ import annotations

import json
import typing as t

from .._core.errors import OptionError
from .._core.options import Params
from .._core.values import dig, integer
from .._flow.change import Fields
from .._flow.search import SearchResult
from .api import WINDOW, Alerts, malformed

Query = dict[str, t.Any]

#: What Elasticsearch shows, and sorts by, where an alert does not have the field of a sort.
_MISSING = (None, 2**63 - 1, -(2**63))


class Search:
    """A query as a task gives it."""

    def __init__(self, params: Params) -> None:
        self.query: Query = params["query"] or {"match_all": {}}
        try:
            json.dumps([self.query, params["runtime_mappings"]], allow_nan=False)
        except (TypeError, ValueError, RecursionError) as error:
            raise OptionError(f"query or runtime_mappings cannot be put as JSON: {error}") from None

    def count(self, alerts: Alerts) -> int:
        """How many alerts match."""
        return _total(alerts.hits(self.query, 0, track_total_hits=True))

    def run(
        self,
        alerts: Alerts,
        limit: int,
        *,
        sort: t.Sequence[t.Mapping[str, str]] = ({"@timestamp": "asc"},),
        without: t.Sequence[Query] = (),
        all_or_none: bool = False,
    ) -> SearchResult:
        """The first ``limit`` alerts that match, and none of ``without``.

        One search gives 10,000 at the most, so the next one goes on from the place of the last alert in the ``sort``,
        without those of the same place that are known already. ``all_or_none`` does not go on where there are more than
        ``limit``.
        """
        found: dict[str, Fields] = {}
        cursor: SearchCursor | None = None
        while True:
            size = min(WINDOW, limit - len(found))
            filters = [self.query, *([cursor.clause] if cursor else [])]
            excluded = [*without, *([{"ids": {"values": cursor.ids}}] if cursor else [])]
            query = {"bool": {"filter": filters, "must_not": excluded}}
            hits = alerts.hits(query, size, sort=[dict(one) for one in sort], track_total_hits=True)
            window = alerts.fields_of(hits)
            fresh = [alert_id for alert_id in window if alert_id not in found]
            # Not by the total alone: what came is what would be written.
            matched = len(found) + max(len(fresh), _total(hits))
            found.update(window)
            if matched <= len(found) or len(found) >= limit or (all_or_none and matched > limit):
                break
            if not fresh:
                raise malformed(
                    "search", "the search does not get on; sort by fields of which every alert has one value"
                )
            cursor = SearchCursor.of(hits["hits"], sort, cursor)
        kept = dict(list(found.items())[:limit])
        return SearchResult(kept, matched > limit, matched)


class SearchCursor(t.NamedTuple):
    """Where a search has stopped: what is still to come, and which alerts of just that place have come already."""

    place: list[t.Any]
    clause: Query
    ids: list[str]

    @classmethod
    def of(cls, hits: list[t.Any], sort: t.Sequence[t.Mapping[str, str]], before: SearchCursor | None) -> SearchCursor:
        places = [dig(hit, "sort") for hit in hits]
        last = places[-1]
        if not isinstance(last, list) or len(last) != len(sort):
            raise malformed("search", "the answer does not show by what it is sorted")
        known = before.ids if before and before.place == last else []
        ids = known + [hit["_id"] for hit, place in zip(hits, places) if place == last]
        alike: list[Query] = []
        clauses: list[Query] = []
        for (name, order), value in zip([one for field in sort for one in field.items()], last):
            clauses += [{"bool": {"filter": [*alike, later]}} for later in _later(name, order, value)]
            alike.append(_range(name, value, "gte", "lte"))
        clauses.append({"bool": {"filter": alike}})
        return cls(last, {"bool": {"should": clauses, "minimum_should_match": 1}}, ids)


def _later(name: str, order: str, value: t.Any) -> list[Query]:
    """What comes after a value of this field. Those without the field come last, whatever the order."""
    return [] if value in _MISSING else [_range(name, value, "gt" if order == "asc" else "lt"), _range(name, None)]


def _range(name: str, value: t.Any, *bounds: str) -> Query:
    if value in _MISSING:
        return {"bool": {"must_not": [{"exists": {"field": name}}]}}
    # What kind of field it is nobody knows; where it is no date, the format means nothing.
    form = {"format": "epoch_millis"} if isinstance(value, int) else {}
    return {"range": {name: {**dict.fromkeys(bounds, value), **form}}}


def _total(hits: dict[str, t.Any]) -> int:
    total = integer(dig(hits, "total", "value"))
    if total is None:
        raise malformed("search", "the answer does not tell how many alerts match")
    return total
