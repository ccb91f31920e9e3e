# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The search of each platform: pages of its own objects, from a moment on."""

from __future__ import annotations

import typing as t
from urllib.parse import quote

from .errors import PassingError
from .platforms import Platform
from .shape import field, fields_of, moment_of

Raw = dict[str, t.Any]
Pages = t.AsyncIterator[list[Raw]]

#: When an alert came up, by the clock that its search goes by.
_TIMES = {
    "datadog": "attributes.timestamp",
    "kibana": "_source.@timestamp",
    "security_deck": "createTime",
    "calseta": "created_at",
}


def time_of(platform: str, raw: Raw) -> str | None:
    """When an alert came up."""
    return moment_of(field(raw, _TIMES[platform]))


def search(platform: Platform, query: t.Any, since: str) -> Pages:
    """All alerts since this moment, and maybe older ones. Raises `PassingError` and `SourceError`."""
    return _SEARCHES[platform.name](platform, query, since)


async def _datadog(platform: Platform, query: str, since: str) -> Pages:
    """The oldest first: what comes up meanwhile is then at the end, and shifts nothing."""
    page: Raw = {"limit": 1000}
    while True:
        asked = {"filter": {"query": query, "from": since}, "sort": "timestamp", "page": page}
        found = await platform.read("POST", "/api/v2/security_monitoring/signals/search", json=asked)
        signals, meta = _objects(found.get("data")), _mapping(found.get("meta"))
        if meta.get("status") == "timeout":
            raise PassingError("The search did not end in time")
        yield signals
        after = _mapping(meta.get("page")).get("after")
        if not after or not signals:
            return
        page = {"limit": 1000, "cursor": after}


async def _kibana(platform: Platform, query: Raw, since: str) -> Pages:
    """A search has no pages: the next one begins at the place of the last alert, without those of just that place."""
    size, place = 1000, {"gte": since}
    known: list[str] = []
    while True:
        within = [query, {"range": {"@timestamp": place}}]
        asked = {
            "query": {"bool": {"filter": within, "must_not": [{"ids": {"values": known}}]}},
            "size": size,
            "sort": [{"@timestamp": "asc"}],
            "_source": True if platform.whole else fields_of(platform.name),
        }
        found = await platform.read("POST", "/api/detection_engine/signals/search", json=asked)
        if found.get("timed_out") or _mapping(found.get("_shards")).get("failed"):
            raise PassingError("The search is incomplete: not every shard answered")
        hits = _objects(_mapping(found.get("hits")).get("hits"))
        yield hits
        if len(hits) < size:
            return
        last = hits[-1].get("sort")
        if not isinstance(last, list) or not last:
            raise PassingError("The answer does not show by what it is sorted")
        here = {"gte": last[0], **({"format": "epoch_millis"} if isinstance(last[0], int) else {})}
        known = (known if here == place else []) + [str(hit.get("_id")) for hit in hits if hit.get("sort") == last]
        place = here


async def _security_deck(platform: Platform, query: dict[str, str], since: str) -> Pages:
    """The newest first, for its filters know no times."""
    path = f"/securitydeck/alerts/v1/sinks/{quote(query['sink_id'], safe='')}/alerts"
    asked = {"orderBy": "create_time desc", "pageSize": "1000"}
    if query.get("filter"):
        asked["filter"] = query["filter"]
    while True:
        found = await platform.read("GET", path, params=asked)
        # An empty list is left out.
        alerts = _objects(found.get("alerts") or [])
        yield alerts
        if not found.get("nextPageToken") or not alerts or (time_of(platform.name, alerts[-1]) or since) < since:
            return
        asked["pageToken"] = str(found["nextPageToken"])


async def _calseta(platform: Platform, query: dict[str, str], since: str) -> Pages:
    """The newest first: what its times select is when something happened, which may be long before it was an alert."""
    number, size = 1, 500
    while True:
        asked = {**query, "sort_by": "created_at", "sort_order": "desc", "page": str(number), "page_size": str(size)}
        alerts = _objects((await platform.read("GET", "/v1/alerts", params=asked)).get("data"))
        yield alerts
        if len(alerts) < size or (time_of(platform.name, alerts[-1]) or since) < since:
            return
        number += 1


_SEARCHES: dict[str, t.Callable[[Platform, t.Any, str], Pages]] = {
    "datadog": _datadog,
    "kibana": _kibana,
    "security_deck": _security_deck,
    "calseta": _calseta,
}


def _mapping(value: t.Any) -> Raw:
    return value if isinstance(value, dict) else {}


def _objects(value: t.Any) -> list[Raw]:
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise PassingError("The answer is not a page of alerts")
    return value
