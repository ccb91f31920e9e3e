# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Calseta."""

from __future__ import annotations

import typing as t

from ......plugins.module_utils._calseta.endpoint import READ_SCOPES, calseta_endpoint
from ......plugins.module_utils._calseta.query import search_parameters
from ......plugins.module_utils._calseta.words import CALSETA_QUERY
from ......plugins.module_utils._core.errors import OptionError
from .platform import Pages, Platform, Reader, query_of
from .values import Raw, objects

#: What a search can be filtered by. Its times are when something happened, which may be long before the alert.
_FILTERS = ("status", "severity", "source_name")
_PAGE = 500


def _looks_like(document: Raw) -> bool:
    return "uuid" in document and "source_name" in document


def _query(query: t.Any) -> dict[str, str]:
    given = query_of(query, "calseta", _FILTERS).items()
    lists = {name: _list(value) for name, value in given if value is not None}
    for name, values in lists.items():
        choices = CALSETA_QUERY[name].get("choices")
        unknown = [value for value in values if choices and value not in choices]
        if unknown:
            raise OptionError(f"query.{name} is one of {', '.join(choices)}, not {unknown[0]!r}")
    return search_parameters(lists)


def _list(value: t.Any) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list) else str(value).split(",")


async def _search(reader: Reader, query: dict[str, str], since: str) -> Pages:
    """The newest first: its times select by when something happened, which may be long before it was an alert."""
    params = {**query, "page_size": str(_PAGE)}
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
    endpoint=lambda params, context: calseta_endpoint(params, context, READ_SCOPES),
    query=_query,
    search=_search,
    oldest_first=False,
)
