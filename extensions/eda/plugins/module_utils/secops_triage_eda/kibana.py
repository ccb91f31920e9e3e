# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Elastic Security, by Kibana's API."""

from __future__ import annotations

import logging
import re
import typing as t

from ......plugins.module_utils._core.errors import OptionError
from ......plugins.module_utils._core.values import dig
from ......plugins.module_utils._kibana.endpoint import kibana_endpoint
from ......plugins.module_utils._kibana.words import (
    API_VERSION,
    LEGACY_RULE,
    LEGACY_SEVERITY,
    LEGACY_STATUS,
    REASON_TEXT,
    RULE,
    SEVERITY,
    SIGNALS,
    STATUS,
)
from .errors import TransientError
from .platform import Pages, Platform, Reader
from .values import Raw, field, objects

_LOG = logging.getLogger("secops.triage.alerts")
#: Alerts with a few fields, and whole ones: an answer stays far below the most that is read of one.
_PAGE, _RAW_PAGE = 1000, 500
#: A request may name about 15,600 ids, for its body is 1 MiB at most.
_MAX_KNOWN = 10_000
_FIELDS = {
    "id": ("_id", "kibana.alert.uuid", "id"),
    "severity": (SEVERITY, LEGACY_SEVERITY, "severity"),
    "rule": (RULE, LEGACY_RULE, "rule.name", "ruleName", "rule"),
    "host": ("host.name", "host.hostname", "host"),
    "title": (REASON_TEXT, "title", RULE, LEGACY_RULE),
    "status": (STATUS, LEGACY_STATUS, "status"),
    "created": ("kibana.alert.start", "@timestamp", "created"),
    "url": ("kibana.alert.url", "url"),
}
_SOURCE = sorted({path for paths in _FIELDS.values() for path in paths})


def _looks_like(document: Raw) -> bool:
    if re.search(r"alerts-security|siem-signals", str(document.get("_index"))):
        return True
    return any(field(document, path) is not None for path in ("_source", "kibana.alert", "kibana.alert.uuid"))


def _query(query: t.Any) -> Raw:
    if query and not isinstance(query, dict):
        raise OptionError("query must be a mapping for platform kibana")
    return query or {"match_all": {}}


async def _search(reader: Reader, query: Raw, since: str) -> Pages:
    """The oldest first. The API has no pages: each search begins at the last alert's time, without those known."""
    size = _RAW_PAGE if reader.raw else _PAGE
    start: Raw = {"gte": since}
    known: list[str] = []
    while True:
        hits = await _hits(reader, query, start, known, size)
        yield hits
        if len(hits) < size:
            return
        last = _sort_of(hits[-1])
        known = known if start.get("gte") == last else []
        known += [str(hit.get("_id")) for hit in hits if _sort_of(hit) == last]
        start = {"gte": last}
        if len(known) > _MAX_KNOWN:
            _LOG.warning("kibana: more than %d alerts have the same time; the rest of them is left out", _MAX_KNOWN)
            known, start = [], {"gt": last}


def _sort_of(hit: Raw) -> t.Any:
    """The value that a hit is sorted by: a time in milliseconds, or a text."""
    sort = hit.get("sort")
    if not isinstance(sort, list) or not sort:
        raise TransientError("The answer does not show by what it is sorted")
    return sort[0]


async def _hits(reader: Reader, query: Raw, start: Raw, known: list[str], size: int) -> list[Raw]:
    milliseconds = {"format": "epoch_millis"} if any(isinstance(value, int) for value in start.values()) else {}
    within = [query, {"range": {"@timestamp": {**start, **milliseconds}}}]
    body = {
        "query": {"bool": {"filter": within, "must_not": [{"ids": {"values": known}}]}},
        "size": size,
        "sort": [{"@timestamp": "asc"}],
        "_source": True if reader.raw else _SOURCE,
    }
    found = await reader.read("POST", f"{SIGNALS}/search", json=body)
    if found.get("timed_out") or dig(found, "_shards", "failed"):
        raise TransientError("The search is incomplete: not every shard answered")
    return objects(dig(found, "hits", "hits"))


KIBANA = Platform(
    name="kibana",
    fields=_FIELDS,
    time_field="_source.@timestamp",
    looks_like=_looks_like,
    endpoint=kibana_endpoint,
    query=_query,
    search=_search,
    oldest_first=True,
    headers=API_VERSION,
)
