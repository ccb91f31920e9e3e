# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Datadog Cloud SIEM."""

from __future__ import annotations

import typing as t

from ......plugins.module_utils._core.errors import OptionError
from ......plugins.module_utils._core.values import dig
from ......plugins.module_utils._datadog.endpoint import datadog_endpoint
from ......plugins.module_utils._datadog.words import STATES
from .errors import TransientError
from .platform import Pages, Platform, Reader
from .values import Raw, objects

#: An answer of whole signals stays far below the most that is read of one.
_PAGE = 500


def _anywhere(path: str) -> tuple[str, ...]:
    """Where the API shows a field of a signal; the subtree depends on the call."""
    return tuple(f"attributes.{place}.{path}" for place in ("attributes", "custom", "gated"))


#: What payloads of webhooks call the id of a signal: the names in Datadog's own examples, and others.
_SIGNAL_IDS = ("SECURITY_SIGNAL_ID", "security_signal_id", "signal_id")


def _looks_like(document: Raw) -> bool:
    named = any(name in document for name in _SIGNAL_IDS)
    return named or (document.get("type") == "signal" and "attributes" in document)


def _query(query: t.Any) -> str:
    if isinstance(query, (dict, list)):
        raise OptionError("query must be a text in Datadog's query language")
    return str(query or "*")


async def _search(reader: Reader, query: str, since: str) -> Pages:
    """The oldest first: alerts raised meanwhile come at the end and shift nothing."""
    page: Raw = {"limit": _PAGE}
    while True:
        body = {"filter": {"query": query, "from": since}, "sort": "timestamp", "page": page}
        found = await reader.read("POST", "/api/v2/security_monitoring/signals/search", json=body)
        signals = objects(found.get("data"))
        if dig(found, "meta", "status") == "timeout":
            raise TransientError("The search did not end in time")
        yield signals
        after = dig(found, "meta", "page", "after")
        if not after or not signals:
            return
        page = {"limit": _PAGE, "cursor": after}


DATADOG = Platform(
    name="datadog",
    fields={
        # Beside one of these, Datadog's "id" is that of an event.
        "id": (*_SIGNAL_IDS, "id"),
        "severity": ("severity", "SECURITY_SIGNAL_SEVERITY", *_anywhere("status")),
        "rule": ("rule", "rule_name", "SECURITY_RULE_NAME", *_anywhere("workflow.rule.name")),
        "host": ("host", "hostname", "SECURITY_SIGNAL_ATTRIBUTES.host", *_anywhere("host")),
        "title": ("title", "SECURITY_SIGNAL_TITLE", "attributes.searchable.title", *_anywhere("title")),
        "status": ("status", *_anywhere("workflow.triage.state")),
        "created": ("created", "attributes.timestamp"),
        "url": ("url", "link"),
    },
    time_field="attributes.timestamp",
    looks_like=_looks_like,
    endpoint=datadog_endpoint,
    query=_query,
    search=_search,
    oldest_first=True,
    # What its webhooks call the status of an alert is not the state of a signal.
    statuses=STATES,
)
