# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Calseta."""

from __future__ import annotations

import re
import typing as t

from .errors import SourceError
from .platform import Args, Pages, Platform, Reader, bearer, texts_of
from .values import Raw, objects

_PAGE = 500


def _looks_like(document: Raw) -> bool:
    return "uuid" in document and "source_name" in document


def _base_url(options: Args) -> str:
    if not options["api_url"]:
        raise SourceError("api_url is missing: give it, or set CALSETA_API_URL")
    return re.sub(r"/v1$", "", options["api_url"])


def _query(query: t.Any) -> dict[str, str]:
    return texts_of(query, "calseta", ("status", "severity", "source_name"))


async def _search(reader: Reader, query: dict[str, str], since: str) -> Pages:
    """The newest first: its times select by when something happened, which may be long before it was an alert."""
    params = {**query, "sort_by": "created_at", "sort_order": "desc", "page_size": str(_PAGE)}
    number = 1
    while True:
        found = await reader.read("GET", "/v1/alerts", params={**params, "page": str(number)})
        alerts = objects(found.get("data"))
        yield alerts
        if len(alerts) < _PAGE or (CALSETA.time_of(alerts[-1]) or since) < since:
            return
        number += 1


CALSETA = Platform(
    name="calseta",
    aliases=(),
    id_pattern=r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}",
    fields={
        "id": ("uuid", "id"),
        "severity": ("severity",),
        "rule": ("detection_rule.name", "rule"),
        "host": ("raw_payload.host", "host"),
        "title": ("title",),
        "status": ("status",),
        "created": ("created_at", "created"),
        "url": ("url",),
    },
    time_field="created_at",
    looks_like=_looks_like,
    options={"api_key": ""},
    variables={"api_url": ["CALSETA_API_URL"], "api_key": ["CALSETA_API_KEY"]},
    auth_methods=[bearer("api_key")],
    permission="the scope alerts:read, and a key that has not expired",
    base_url=_base_url,
    query=_query,
    search=_search,
    oldest_first=False,
)
