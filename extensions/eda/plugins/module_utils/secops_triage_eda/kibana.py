# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Elastic Security, by Kibana's API."""

from __future__ import annotations

import base64
import contextlib
import json
import logging
import re
import typing as t

from .errors import SourceError, TransientError
from .platform import Args, AuthMethod, Headers, Hide, Pages, Platform, Reader, bearer
from .values import Raw, field, mapping, objects

_LOG = logging.getLogger("secops.triage.alerts")
#: Alerts with a few fields, and whole ones: an answer stays far below the most that is read of one.
_PAGE, _RAW_PAGE = 1000, 500
#: A request may name about 15,600 ids, for its body is 1 MiB at most.
_MAX_KNOWN = 10_000
_FIELDS = {
    "id": ("_id", "kibana.alert.uuid", "id"),
    "severity": ("kibana.alert.severity", "signal.rule.severity", "severity"),
    "rule": ("kibana.alert.rule.name", "signal.rule.name", "rule.name", "ruleName", "rule"),
    "host": ("host.name", "host.hostname", "host"),
    "title": ("kibana.alert.reason", "title", "kibana.alert.rule.name", "signal.rule.name"),
    "status": ("kibana.alert.workflow_status", "signal.status", "status"),
    "created": ("kibana.alert.start", "@timestamp", "created"),
    "url": ("kibana.alert.url", "url"),
}
_SOURCE = sorted({path for paths in _FIELDS.values() for path in paths})


def _looks_like(document: Raw) -> bool:
    if re.search(r"alerts-security|siem-signals", str(document.get("_index"))):
        return True
    return any(field(document, path) is not None for path in ("_source", "kibana.alert", "kibana.alert.uuid"))


def _base_url(options: Args) -> str:
    url, space = options["api_url"], options["space_id"]
    if not url:
        raise SourceError("api_url is missing: give it, or set KIBANA_URL")
    if space in ("", "default"):
        return str(url)
    if not re.fullmatch(r"[a-z0-9_-]+", space):
        raise SourceError(f"space_id {space!r} is not the id of a space")
    return f"{url}/s/{space}"


def _query(query: t.Any) -> Raw:
    if query and not isinstance(query, dict):
        raise SourceError("query must be a mapping for platform kibana")
    return query or {"match_all": {}}


def _api_key(values: t.Mapping[str, str], hide: Hide) -> Headers:
    key = hide(_encoded(values["api_key"]))
    # It is an id and the key itself, in base64.
    with contextlib.suppress(ValueError):
        hide(base64.b64decode(key).decode().partition(":")[2])
    return {"Authorization": f"ApiKey {key}"}


def _encoded(key: str) -> str:
    """The key as the header takes it: users also give the header, or the object that Elasticsearch returns."""
    with contextlib.suppress(ValueError, TypeError, KeyError):
        return str(json.loads(key)["encoded"])
    return re.sub("^ApiKey +", "", key, flags=re.IGNORECASE)


def _is_decoded(options: Args) -> str | None:
    if not re.fullmatch(r"[\w-]+:[\w-]+", options["api_key"]):
        return None
    return "api_key is the decoded form id:key. Give the encoded one, which Elasticsearch returns as encoded"


def _basic(values: t.Mapping[str, str], hide: Hide) -> Headers:
    pair = base64.b64encode(f"{values['username']}:{values['password']}".encode()).decode()
    return {"Authorization": f"Basic {hide(pair)}"}


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
    found = await reader.read("POST", "/api/detection_engine/signals/search", json=body)
    if found.get("timed_out") or mapping(found.get("_shards")).get("failed"):
        raise TransientError("The search is incomplete: not every shard answered")
    return objects(mapping(found.get("hits")).get("hits"))


KIBANA = Platform(
    name="kibana",
    aliases=("elastic", "elastic_security", "elasticsearch"),
    id_pattern=r"[A-Za-z0-9_.:=~+-]{1,512}",
    fields=_FIELDS,
    time_field="_source.@timestamp",
    looks_like=_looks_like,
    options={"api_key": "", "username": "", "password": "", "bearer_token": "", "space_id": ""},
    variables={
        "api_url": ["KIBANA_URL", "KIBANA_ENDPOINT"],
        "api_key": ["KIBANA_API_KEY"],
        "username": ["KIBANA_USERNAME"],
        "password": ["KIBANA_PASSWORD"],
        "bearer_token": ["KIBANA_BEARER_TOKEN"],
        "space_id": ["KIBANA_SPACE_ID"],
    },
    auth_methods=[
        AuthMethod(("api_key",), _api_key, _is_decoded),
        AuthMethod(("username", "password"), _basic),
        bearer("bearer_token"),
    ],
    permission="Kibana's privilege to read security alerts in this space, and that to read their index",
    base_url=_base_url,
    query=_query,
    search=_search,
    oldest_first=True,
    headers={"kbn-xsrf": "true", "elastic-api-version": "2023-10-31"},
)
