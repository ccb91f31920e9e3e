# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Yandex Cloud Security Deck."""

from __future__ import annotations

import typing as t

from ......plugins.module_utils._security_deck.endpoint import READ_ROLE, security_deck_endpoint
from ......plugins.module_utils._security_deck.query import search_of
from ......plugins.module_utils._security_deck.words import SECURITY_DECK_QUERY
from .platform import Pages, Platform, Reader, query_of
from .values import Raw, objects


def _looks_like(document: Raw) -> bool:
    return "sinkId" in document


def _query(query: t.Any) -> tuple[str, dict[str, str]]:
    texts = query_of(query, "security_deck", tuple(SECURITY_DECK_QUERY))
    return search_of({name: None if value is None else str(value) for name, value in texts.items()})


async def _search(reader: Reader, query: tuple[str, dict[str, str]], since: str) -> Pages:
    """The newest first, for its filters know no times."""
    sink, parameters = query
    path = f"/securitydeck/alerts/v1/sinks/{sink}/alerts"
    params = {**parameters, "orderBy": "create_time desc", "pageSize": "500"}
    while True:
        found = await reader.read("GET", path, params=params)
        # An empty list is left out.
        alerts = objects(found.get("alerts") or [])
        yield alerts
        if not found.get("nextPageToken") or not alerts or (SECURITY_DECK.time_of(alerts[-1]) or since) < since:
            return
        params["pageToken"] = str(found["nextPageToken"])


SECURITY_DECK = Platform(
    name="security_deck",
    fields={
        "id": ("id",),
        "severity": ("severity",),
        "rule": ("category.name", "rule"),
        "host": ("details.host", "host"),
        "title": ("title",),
        "status": ("status",),
        "created": ("createTime", "created"),
        "url": ("url",),
    },
    time_field="createTime",
    looks_like=_looks_like,
    endpoint=lambda params, context: security_deck_endpoint(params, context, READ_ROLE),
    query=_query,
    search=_search,
    oldest_first=False,
)
