# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Elastic Security: the connection to Kibana, and how detection alerts are read.

API: https://www.elastic.co/docs/api/doc/kibana/group/endpoint-security-detections-api
"""

from __future__ import annotations

import base64
import contextlib
import json
import re
import typing as t

from .._core.credentials import secret, select_credentials
from .._core.errors import AmbiguousError, NotFoundError, OptionError
from .._core.options import Connection, Params, TaskContext, checked_ids
from .._core.text import CONTROL_CHARACTERS, has_control_characters
from .._core.urls import base_url
from .._core.values import dig
from .._flow.change import Alert
from .._flow.platform import Platform
from .._http.client import Authorization, Client
from .hits import Hit
from .kql import searched
from .words import KIBANA_OPTIONS, SIGNALS

#: The most alerts that one search shows.
WINDOW = 10_000

#: Bytes that the ids of one request may take: Kibana refuses a body of more than 1 MiB.
_BODY_BYTES = 900_000


class KibanaApi:
    """The connection to one space."""

    def __init__(self, params: Params, context: TaskContext) -> None:
        if not params["api_url"]:
            raise OptionError("api_url is missing: give it, or set KIBANA_URL")
        self.base, self.space = _address(params)
        headers = {"Authorization": _authorization(params, context), "kbn-xsrf": "true"}
        self.client = Client(Connection.of(params, context), Authorization(headers), context, self._hint)

    def _hint(self, status: int, writing: bool) -> str | None:
        if status == 401:
            return "Check api_key, username and password, or bearer_token."
        if status == 403:
            needed = "maintenance, write, read and view_index_metadata" if writing else "read and view_index_metadata"
            return (
                f"In the space {self.space}, the user needs Kibana's privilege to {'change' if writing else 'read'}"
                f" security alerts, and {needed} on the indices {self.index} and .internal{self.index}-* (and"
                f" .siem-signals-{self.space}, where the stack was upgraded)."
            )
        if status == 404:
            return (
                "Check api_url and space_id, that Elastic Security is available in this space, and that this Kibana is"
                " new enough for the call."
            )
        return None

    @property
    def index(self) -> str:
        """The alias of the indices that hold the alerts of this space."""
        return f".alerts-security.alerts-{self.space}"

    def call(self, name: str, body: dict[str, t.Any], *, safe: bool = False) -> dict[str, t.Any]:
        """POST to a call below C(detection_engine/signals). Returns the answer, an object."""
        version = {"elastic-api-version": "2023-10-31"}
        answer = self.client.request("POST", f"{self.base}{SIGNALS}/{name}", body, headers=version, safe=safe)
        if not isinstance(answer.body, dict):
            raise malformed(name, "the answer is not an object")
        return answer.body

    def search(self, body: dict[str, t.Any]) -> dict[str, t.Any]:
        """The answer to a search in which every shard took part. The call drops C(from) and C(search_after)."""
        found = self.call("search", body, safe=True)
        if not isinstance(dig(found, "hits", "hits"), list):
            raise malformed("search", "the answer has no hits")
        if found.get("timed_out") or dig(found, "_shards", "failed"):
            # An alert on a shard that did not answer would look like one that does not exist.
            raise malformed("search", "the search is incomplete: not every shard answered")
        return found


class KibanaReader(Platform):
    """Reads the alerts of a space. ``alert_of`` makes an alert of a hit, and needs the fields in ``source``.

    ``source`` V(True) is all fields. With ``by_index``, alerts of one id in several indices are shown each. Without it
    they must be equal, because a write reaches all of them.
    """

    search_is_current = True

    def __init__(
        self,
        api: KibanaApi,
        params: Params,
        source: t.Sequence[str] | bool,
        alert_of: t.Callable[[str, Hit], Alert],
        *,
        by_index: bool = False,
    ) -> None:
        pattern = rf"[^ \t\n\r{CONTROL_CHARACTERS}]{{1,512}}"
        super().__init__(api.client, checked_ids("alert_ids", params["alert_ids"] or [], pattern, "alert"))
        self.api = api
        self.source: list[str] | bool = source if isinstance(source, bool) else list(source)
        #: What every search asks for, too.
        self.extra = {name: params[name] for name in ("fields", "runtime_mappings") if params.get(name)}
        try:
            json.dumps([params.get("query"), self.extra], allow_nan=False)
        except (TypeError, ValueError, RecursionError) as error:
            raise OptionError(f"query or runtime_mappings cannot be written as JSON: {error}") from None
        #: The search of the task; V(None) if it names the alerts by ids.
        self.query = searched(params)
        self._alert_of = alert_of
        self._by_index = by_index

    def read(self, ids: t.Sequence[str]) -> dict[str, Alert]:
        if not self._by_index:
            return super().read(ids)
        places = {alert_id: place for place, alert_id in enumerate(ids)}
        found = [one for batch in self.client.each(self.read_batch, self.read_batches(ids)) for one in batch.items()]
        return dict(sorted((one for one in found if one[1].id in places), key=lambda one: places[one[1].id]))

    def read_batches(self, ids: t.Sequence[str]) -> t.Sequence[t.Sequence[str]]:
        return _by_size(ids)

    def read_batch(self, ids: t.Sequence[str]) -> dict[str, Alert]:
        # After a rollover of the index there may be two of one id: there must be room for both.
        query = {"ids": {"values": list(ids)}}
        size = min(2 * len(ids), WINDOW)
        return self.alerts_in(self.api.search({"query": query, "size": size, "_source": self.source, **self.extra}))

    def missing(self) -> NotFoundError:
        return NotFoundError(f"There is no such alert in the space {self.api.space}", "Check the id and space_id.")

    def alerts_in(self, answer: dict[str, t.Any]) -> dict[str, Alert]:
        """The alerts in a search's answer, in their order."""
        found: dict[str, Alert] = {}
        sources: dict[str, t.Any] = {}
        for hit in answer["hits"]["hits"]:
            alert_id = dig(hit, "_id")
            if not isinstance(alert_id, str) or has_control_characters(alert_id):
                # Ansible prints the id as it is, in the header of a diff.
                raise malformed("search", "the answer has an alert in it without a valid id")
            if not isinstance(hit.get("_source"), dict):
                raise malformed("search", f"the answer has no _source for the alert {alert_id}")
            key = f"{alert_id} {hit.get('_index')}" if self._by_index else alert_id
            if sources.setdefault(key, hit["_source"]) != hit["_source"]:
                raise malformed("search", f"there are two alerts with the id {alert_id}, and they differ")
            found[key] = self._alert_of(alert_id, hit)
        return found


def malformed(name: str, reason: str, answer: t.Any = None) -> AmbiguousError:
    """The error for an answer with status 200 that does not have the shape of the API."""
    return AmbiguousError("POST", f"{SIGNALS}/{name}", reason, status=200, body=answer)


def _by_size(ids: t.Sequence[str]) -> list[list[str]]:
    several: list[list[str]] = []
    size = 0
    for alert_id in ids:
        size += len(alert_id.encode()) + 4
        if not several or len(several[-1]) == WINDOW or size > _BODY_BYTES:
            several.append([])
            size = len(alert_id.encode()) + 4
        several[-1].append(alert_id)
    return several


def _address(params: Params) -> tuple[str, str]:
    """The address of the space, and its id. An address copied from a browser may end in C(/s/SPACE)."""
    base = base_url(params["api_url"], allow_http=params["allow_http"])
    inside = re.search(r"/s/([a-z0-9_-]+)$", base)
    space = params["space_id"] or (inside[1] if inside else "default")
    if not re.fullmatch(r"[a-z0-9_-]+", space):
        raise OptionError(f"space_id {space!r} is not the id of a space: lower case, digits, - and _")
    if inside and inside[1] != space:
        raise OptionError(f"api_url names the space {inside[1]}, and space_id is {space}", "Leave one of them out.")
    base = base[: inside.start()] if inside else base
    return (base if space == "default" else f"{base}/s/{space}"), space


def _authorization(params: Params, context: TaskContext) -> str:
    methods = [("api_key",), ("username", "password"), ("bearer_token",)]
    method = select_credentials(params, KIBANA_OPTIONS.options, methods)
    if method[0] == "api_key":
        return f"ApiKey {_encoded_key(params, context)}"
    if method[0] == "bearer_token":
        return f"Bearer {secret(params, 'bearer_token', context)}"
    password = str(params["password"]).rstrip("\r\n")
    pair = base64.b64encode(f"{params['username']}:{password}".encode()).decode()
    context.hide(password)
    context.hide(pair)
    return f"Basic {pair}"


def _encoded_key(params: Params, context: TaskContext) -> str:
    """The key as it goes into the header. The option may hold that, the header's value, or Elasticsearch's answer."""
    given = str(params["api_key"]).strip()
    context.hide(given)
    if given.startswith("{"):
        with contextlib.suppress(ValueError):
            given = str(dig(json.loads(given), "encoded") or given)
    key = secret({"api_key": re.sub(r"(?i)^ApiKey\s+", "", given)}, "api_key", context)
    if ":" in key:
        raise OptionError(
            "api_key is the decoded form, id:key",
            "Give the value of encoded that Elasticsearch returned with it: both in base64.",
        )
    # The encoded key holds the id and the key itself, which is a secret, too.
    with contextlib.suppress(ValueError):
        context.hide(base64.b64decode(key).decode().partition(":")[2])
    return key
