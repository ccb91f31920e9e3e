# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Elastic Security: the connection to Kibana, and how detection alerts are read.

API: https://www.elastic.co/docs/api/doc/kibana/group/endpoint-security-detections-api
"""

from __future__ import annotations

import json
import typing as t

from .._core.errors import AmbiguousError, NotFoundError, OptionError
from .._core.options import Connection, Params, TaskContext, checked_ids
from .._core.text import CONTROL_CHARACTERS, has_control_characters
from .._core.values import dig
from .._flow.change import Alert
from .._flow.platform import Platform
from .._http.client import Authorization, Client
from .endpoint import address, index_of, kibana_endpoint
from .hits import Hit
from .query_dsl import searched
from .words import API_VERSION, SIGNALS

#: The most alerts that one search shows.
WINDOW = 10_000

#: Bytes that the ids of one request may take: Kibana refuses a body of more than 1 MiB.
_BODY_BYTES = 900_000


class KibanaApi:
    """The connection to one space."""

    def __init__(self, params: Params, context: TaskContext) -> None:
        endpoint = kibana_endpoint(params, context)
        self.base, self.space = endpoint.base, address(params)[1]
        authorization = Authorization(endpoint.headers)
        self.client = Client(Connection.of(params, context), authorization, context, endpoint.hint, _cause_of)

    @property
    def index(self) -> str:
        """The alias of the indices that hold the alerts of this space."""
        return index_of(self.space)

    def call(self, name: str, body: dict[str, t.Any], *, safe: bool = False) -> dict[str, t.Any]:
        """POST to a call below C(detection_engine/signals). Returns the answer, an object."""
        url = f"{self.base}{SIGNALS}/{name}"
        answer = self.client.request("POST", url, body, headers=API_VERSION, safe=safe)
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
        for hit in answer["hits"]["hits"]:
            alert_id = dig(hit, "_id")
            if not isinstance(alert_id, str) or has_control_characters(alert_id):
                # Ansible prints the id as it is, in the header of a diff.
                raise malformed("search", "the answer has an alert in it without a valid id")
            if not isinstance(hit.get("_source"), dict):
                raise malformed("search", f"the answer has no _source for the alert {alert_id}")
            key = f"{alert_id} {hit.get('_index')}" if self._by_index else alert_id
            alert = self._alert_of(alert_id, hit)
            if found.setdefault(key, alert) != alert:
                raise malformed("search", f"there are two alerts with the id {alert_id}, and they differ")
        return found


def _cause_of(path: str, writing: bool) -> t.Hashable | None:
    """What a 403 is due to: a user may add notes to every alert, or to none.

    Changes of alerts are not told apart here: after a 403 to a batch, its alerts are read.
    """
    return ("note", writing) if path.endswith("/api/note") else None


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
