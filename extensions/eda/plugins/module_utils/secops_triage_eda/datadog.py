# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Datadog Cloud SIEM."""

from __future__ import annotations

import re
import typing as t

from .errors import SourceError, TransientError
from .platform import Args, AuthMethod, Pages, Platform, Reader, bearer
from .values import Raw, mapping, objects

#: An answer of whole signals stays far below the most that is read of one.
_PAGE = 500


def _anywhere(path: str) -> tuple[str, ...]:
    """Where the API shows a field of a signal; the subtree depends on the call."""
    return tuple(f"attributes.{place}.{path}" for place in ("attributes", "custom", "gated"))


#: Datadog's own domains, and names below them.
_SITES = r"([a-z0-9-]+\.)?(datadoghq\.com|datadoghq\.eu|ddog-gov\.com)"
#: What payloads of webhooks call the id of a signal: the names in Datadog's own examples, and others.
_SIGNAL_IDS = ("SECURITY_SIGNAL_ID", "security_signal_id", "signal_id")


def _looks_like(document: Raw) -> bool:
    named = any(name in document for name in _SIGNAL_IDS)
    return named or (document.get("type") == "signal" and "attributes" in document)


def _base_url(options: Args) -> str:
    if options["api_url"]:
        return str(options["api_url"])
    site = re.sub(r"^(https?://)?((app|api)[.])?", "", options["site"].lower()).split("/")[0]
    if not re.fullmatch(_SITES, site):
        # Another domain would be handed the keys.
        raise SourceError(
            f"site {options['site']!r} is not one of Datadog's, such as datadoghq.eu; use api_url for a gateway"
        )
    return f"https://api.{site}"


def _query(query: t.Any) -> str:
    if isinstance(query, (dict, list)):
        raise SourceError("query must be a text in Datadog's query language")
    return str(query or "*")


async def _search(reader: Reader, query: str, since: str) -> Pages:
    """The oldest first: alerts raised meanwhile come at the end and shift nothing."""
    page: Raw = {"limit": _PAGE}
    while True:
        body = {"filter": {"query": query, "from": since}, "sort": "timestamp", "page": page}
        found = await reader.read("POST", "/api/v2/security_monitoring/signals/search", json=body)
        signals, meta = objects(found.get("data")), mapping(found.get("meta"))
        if meta.get("status") == "timeout":
            raise TransientError("The search did not end in time")
        yield signals
        after = mapping(meta.get("page")).get("after")
        if not after or not signals:
            return
        page = {"limit": _PAGE, "cursor": after}


DATADOG = Platform(
    name="datadog",
    aliases=("datadog_security", "datadog_cloud_siem"),
    id_pattern=r"[A-Za-z0-9_=-]{1,256}",
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
    options={"api_key": "", "app_key": "", "access_token": "", "site": "datadoghq.com"},
    variables={
        "api_key": ["DD_API_KEY", "DATADOG_API_KEY"],
        "app_key": ["DD_APP_KEY", "DATADOG_APP_KEY"],
        "access_token": ["DD_ACCESS_TOKEN", "DD_BEARER_TOKEN"],
        "site": ["DD_SITE"],
    },
    auth_methods=[
        AuthMethod(
            ("api_key", "app_key"),
            lambda values, hide: {"DD-API-KEY": values["api_key"], "DD-APPLICATION-KEY": values["app_key"]},
        ),
        bearer("access_token"),
    ],
    permission="the permission security_monitoring_signals_read, and keys of an organisation on this site",
    base_url=_base_url,
    query=_query,
    search=_search,
    oldest_first=True,
    # What its webhooks call the status of an alert is not the state of a signal.
    statuses=("open", "under_review", "archived"),
)
