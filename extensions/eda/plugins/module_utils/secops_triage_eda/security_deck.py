# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Yandex Cloud Security Deck."""

from __future__ import annotations

import re
import typing as t
from urllib.parse import quote

from .errors import SourceError
from .platform import Args, AuthMethod, Pages, Platform, Reader, bearer, texts_of
from .urls import host_name
from .values import Raw, objects


def _looks_like(document: Raw) -> bool:
    return "sinkId" in document


def _base_url(options: Args) -> str:
    return str(options["api_url"] or f"https://alert-sink.{host_name('api_host', options['api_host'])}")


def _query(query: t.Any) -> dict[str, str]:
    texts = texts_of(query, "security_deck", ("sink_id", "filter"))
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,50}", texts.get("sink_id", "")):
        raise SourceError("query.sink_id is missing, or is not the id of a sink")
    return texts


def _is_oauth(options: Args) -> str | None:
    if not re.match(r"y\d_", options["iam_token"]):
        return None
    return (
        "iam_token (YC_IAM_TOKEN, YC_TOKEN) is an OAuth token, which the API does not take."
        " Exchange it with `yc iam create-token`, or give service_account_key_file"
    )


async def _search(reader: Reader, query: dict[str, str], since: str) -> Pages:
    """The newest first, for its filters know no times."""
    path = f"/securitydeck/alerts/v1/sinks/{quote(query['sink_id'], safe='')}/alerts"
    params = {"orderBy": "create_time desc", "pageSize": "500"}
    if query.get("filter"):
        params["filter"] = query["filter"]
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
    aliases=("securitydeck", "yandex_security_deck", "yandex_cloud_security_deck"),
    id_pattern=r"[A-Za-z0-9_-]{1,50}",
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
    options={
        "iam_token": "",
        "service_account_key_file": "",
        "instance_metadata": False,
        "api_host": "api.cloud.yandex.net",
    },
    variables={
        "iam_token": ["YC_IAM_TOKEN", "YC_TOKEN"],
        "service_account_key_file": ["YC_SERVICE_ACCOUNT_KEY_FILE"],
        "api_host": ["YC_ENDPOINT"],
    },
    auth_methods=[
        bearer("iam_token", _is_oauth),
        AuthMethod(("service_account_key_file",), None),
        AuthMethod(("instance_metadata",), None),
    ],
    permission="the role security-deck.alertSinks.viewer for the sink, and a token that has not expired",
    base_url=_base_url,
    query=_query,
    search=_search,
    oldest_first=False,
)
