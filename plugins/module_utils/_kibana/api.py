# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Elastic Security: the connection to Kibana, and how detection alerts are searched.

API: https://www.elastic.co/docs/api/doc/kibana/group/endpoint-security-detections-api
"""

from __future__ import annotations

import base64
import contextlib
import re
import typing as t

from .._core.credentials import secret, select_credentials
from .._core.errors import AmbiguousError, OptionError
from .._core.options import Connection, Params, TaskContext, checked_ids
from .._core.text import CONTROL_CHARACTERS, has_control_characters
from .._core.urls import base_url
from .._core.values import dig, text, texts
from .._flow.change import Fields
from .._flow.platform import Platform
from .._http.client import Authorization, Client
from .words import KIBANA_OPTIONS, LEGACY_STATUS, SIGNALS, STATUS


def malformed(name: str, reason: str, answer: t.Any = None) -> AmbiguousError:
    """The error for an answer with status 200 that does not tell what it should."""
    return AmbiguousError("POST", f"{SIGNALS}/{name}", reason, status=200, body=answer)


def field(hit: dict[str, t.Any], name: str) -> t.Any:
    """A field of a hit's source, where keys are dotted; those of alerts from before 8.0 are nested."""
    source = hit.get("_source")
    flat = dig(source, name)
    return dig(source, *name.split(".")) if flat is None else flat


def listed(alert_id: str, hit: dict[str, t.Any], name: str) -> list[str]:
    """A field with any number of texts. To Elasticsearch one alone is as good as a list of one."""
    value = field(hit, name)
    values = [] if value is None else value if isinstance(value, list) else [value]
    if not all(isinstance(one, str) for one in values):
        raise malformed("search", f"the answer shows no {name} that could be read, of the alert {alert_id}")
    return texts(values)


#: The most hits of one search.
WINDOW = 10_000

#: Ids in one body, so that it stays well below Kibana's limit of 1 MiB.
_BODY_BYTES = 900_000


class Alerts(Platform):
    """Detection alerts of one space."""

    search_is_current = True
    # Some versions write without a refresh, and an index may be refreshed every 30 s.
    read_lag = 35.0

    #: The fields that are read of an alert; V(True) is all of them.
    source: t.Sequence[str] | bool = (STATUS, LEGACY_STATUS)

    #: Whether alerts of one id must be alike, for what is written goes to all of them.
    reject_differing_duplicates = False

    def __init__(self, params: Params, context: TaskContext) -> None:
        self.space = params["space_id"] or "default"
        if not re.fullmatch(r"[a-z0-9_-]+", self.space):
            raise OptionError(f"space_id {self.space!r} is not the id of a space: lower case, digits, - and _")
        if not params["api_url"]:
            raise OptionError("api_url is missing: give it, or set KIBANA_URL")
        self.base = base_url(params["api_url"], allow_http=params["allow_http"])
        if self.space != "default":
            self.base += f"/s/{self.space}"
        self.ids = checked_ids(
            "alert_ids", params["alert_ids"] or [], rf"[^ \t\n\r{CONTROL_CHARACTERS}]{{1,512}}", "alert"
        )
        #: What every search asks for besides.
        self.extra: dict[str, t.Any] = {}
        #: Alerts from before 8.0, which have no place for a reason, tags or assignees.
        self.legacy: set[str] = set()
        connection = Connection.of(params, context)
        self.retries = connection.retries
        headers = {"Authorization": _authorization(params, context), "kbn-xsrf": "true"}
        self.client = Client(connection, Authorization(headers), context, self._hint)

    def _hint(self, status: int, writing: bool) -> str | None:
        if status == 401:
            return "Check api_key, username and password, or bearer_token."
        if status == 403:
            return (
                f"In the space {self.space}, the user needs Kibana's privilege to"
                f" {'change' if writing else 'read'} security alerts, and that to {'write' if writing else 'read'} the"
                f" index {self.index}."
            )
        if status == 404:
            return (
                "Check api_url and space_id, that Elastic Security is available in this space, and that this Kibana is"
                " new enough for the call."
            )
        return None

    @property
    def index(self) -> str:
        """The index that the alerts of this space are in."""
        return f".alerts-security.alerts-{self.space}"

    def call(self, name: str, body: dict[str, t.Any], *, safe: bool = False) -> dict[str, t.Any]:
        """POST to one of the calls below C(detection_engine/signals), and return its answer, an object."""
        version = {"elastic-api-version": "2023-10-31"}
        answer = self.client.request("POST", f"{self.base}{SIGNALS}/{name}", body, headers=version, safe=safe)
        if not isinstance(answer.body, dict):
            raise malformed(name, "the answer is not an object")
        return answer.body

    def hits(self, query: dict[str, t.Any], size: int, **more: t.Any) -> dict[str, t.Any]:
        """The C(hits) of a search that every shard took part in. The call knows neither C(from) nor C(search_after)."""
        source = self.source if isinstance(self.source, bool) else list(self.source)
        body = {"query": query, "size": size, "_source": source, **self.extra, **more}
        found = self.call("search", body, safe=True)
        hits = found.get("hits")
        if not isinstance(hits, dict) or not isinstance(hits.get("hits"), list):
            raise malformed("search", "the answer has no hits")
        if found.get("timed_out") or dig(found, "_shards", "failed"):
            # An alert on a shard that did not answer would look like one that does not exist.
            raise malformed("search", "the search is incomplete: not every shard answered")
        return hits

    def read_batches(self, ids: t.Sequence[str]) -> t.Sequence[t.Sequence[str]]:
        return _by_size(ids)

    def read_batch(self, ids: t.Sequence[str]) -> dict[str, Fields]:
        # After a rollover of the index there may be two of one id, which must not keep another one out.
        return self.fields_of(self.hits({"ids": {"values": list(ids)}}, min(2 * len(ids), WINDOW)))

    def fields_of(self, hits: dict[str, t.Any]) -> dict[str, Fields]:
        """The alerts in the hits of a search, in their order. Raises `AmbiguousError` if one shows no status."""
        found: dict[str, Fields] = {}
        sources: dict[str, t.Any] = {}
        for hit in hits["hits"]:
            alert_id = dig(hit, "_id")
            if not isinstance(alert_id, str) or has_control_characters(alert_id):
                # Ansible prints it as it is, in the header of a diff.
                raise malformed("search", "the answer has an alert in it whose id is not one")
            if self.reject_differing_duplicates and sources.setdefault(alert_id, hit.get("_source")) != hit.get(
                "_source"
            ):
                raise malformed("search", f"there are two alerts with the id {alert_id}, and they stand differently")
            status = text(field(hit, STATUS))
            if not status:
                status = text(field(hit, LEGACY_STATUS))
                self.legacy.add(alert_id)
            if not status:
                raise malformed("search", f"the answer shows no status of the alert {alert_id}")
            found[self.key(alert_id, hit)] = self.shown(alert_id, status, hit)
        return found

    def key(self, alert_id: str, hit: dict[str, t.Any]) -> str:
        """What an alert is known by in what is read and found."""
        return alert_id

    def shown(self, alert_id: str, status: str, hit: dict[str, t.Any]) -> Fields:
        """The fields of an alert that a search has hit."""
        return {"status": status}


def _by_size(ids: t.Sequence[str]) -> list[list[str]]:
    parts: list[list[str]] = []
    size = 0
    for alert_id in ids:
        size += len(alert_id.encode()) + 4
        if not parts or len(parts[-1]) == WINDOW or size > _BODY_BYTES:
            parts.append([])
            size = len(alert_id.encode()) + 4
        parts[-1].append(alert_id)
    return parts


def _authorization(params: Params, context: TaskContext) -> str:
    way = select_credentials(
        params, KIBANA_OPTIONS.options, [("api_key",), ("username", "password"), ("bearer_token",)]
    )
    if way[0] == "api_key":
        key = secret(params, "api_key", context)
        # In it are an id and the key itself, in base64.
        with contextlib.suppress(ValueError):
            context.hide(base64.b64decode(key).decode().partition(":")[2])
        return f"ApiKey {key}"
    if way[0] == "bearer_token":
        return f"Bearer {secret(params, 'bearer_token', context)}"
    password = str(params["password"]).rstrip("\r\n")
    pair = base64.b64encode(f"{params['username']}:{password}".encode()).decode()
    context.hide(password)
    context.hide(pair)
    return f"Basic {pair}"
