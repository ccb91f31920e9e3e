# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Calseta: the connection, and how alerts are read, one by one or in the pages of a search.

API: https://docs.calseta.com/api-reference/alerts/patch-alert
"""

from __future__ import annotations

import typing as t
import uuid

from .._core.endpoint import Endpoint
from .._core.errors import AmbiguousError, OptionError, RefusedError, RequestError, TriageError
from .._core.options import Connection, Params, TaskContext
from .._core.urls import segment
from .._core.values import dig, has_types, integer, text, texts
from .._flow.change import Alert, Confirmed, Fields, Outcome, Unknown
from .._flow.guards import GuardedState, Guards
from .._flow.platform import ReadsOneByOne
from .._flow.search import ListedPopulation, Selection
from .._http.client import Authorization, Client
from .endpoint import calseta_endpoint
from .query import search_parameters
from .search import PAGE, Parameters, Reading, find
from .words import SEVERITIES, STATUSES, UNRATED

_ALERTS = "/v1/alerts"

#: What must be of these types, where it is there, for an alert to be readable.
KINDS: dict[str, type] = {
    "status": str,
    "severity": str,
    "tags": list,
    "close_classification": str,
    "malice_override": str,
}

#: All alerts, the oldest first.
_EVERYTHING = {"sort_by": "created_at", "sort_order": "asc"}

#: Called with the API's alert, and with whether it is ``whole``: a list leaves some of it out.
AlertOf = t.Callable[[Fields, bool], Alert]


class CalsetaApi:
    """The connection to Calseta, for modules that read alerts or change them."""

    def __init__(self, params: Params, context: TaskContext, endpoint: Endpoint | None = None) -> None:
        endpoint = endpoint or calseta_endpoint(params, context)
        #: Where the alerts are, each by its id.
        self.base = f"{endpoint.base}{_ALERTS}/"
        connection = Connection.of(params, context)
        # A key may write to every alert, findings too, or to none; and so it is with reading.
        self.client = Client(
            connection, Authorization(endpoint.headers), context, endpoint.hint, lambda path, writing: writing
        )

    def get(self, alert_id: str) -> t.Any:
        """Read one alert, as the API has it; V(None) if it does not exist."""
        try:
            answer = self.client.get(self.base + segment(alert_id))
        except RefusedError as error:
            if no_such_alert(error):
                return None
            raise
        return dig(answer.body, "data") or {}

    def list(self, parameters: t.Mapping[str, str], number: int, size: int) -> tuple[list[t.Any], int]:
        """The alerts of a page, as the API has them, and how many match altogether."""
        answer = self.client.get(self.base.rstrip("/"), {**parameters, "page": number, "page_size": size})
        found, total = dig(answer.body, "data"), integer(dig(answer.body, "meta", "total"))
        if not isinstance(found, list) or total is None or total < 0:
            raise _malformed("the answer is not a page of alerts")
        return found, total


class CalsetaReader(ReadsOneByOne):
    """Reads alerts of Calseta, named by their ids or found; ``alert_of`` says what is reported of one."""

    def __init__(
        self, api: CalsetaApi, params: Params, alert_of: AlertOf, kinds: t.Mapping[str, type] | None = None
    ) -> None:
        super().__init__(api.client, _uuids(params["alert_ids"] or []))
        self._api = api
        self._alert_of = alert_of
        self._kinds = kinds or KINDS
        if params.get("query") is not None:
            self.selection = self._selection(params, search_parameters(params["query"]))
        elif params.get("expected_count") is not None:
            raise OptionError("Without a query there is no use for expected_count")

    def _selection(self, params: Params, parameters: Parameters) -> Selection:
        bounds = [name for name in parameters if name not in _EVERYTHING]
        return Selection(
            params,
            lambda limit: find(self._page, self._row, parameters, limit),
            ListedPopulation(Reading(self._page, self._row, _EVERYTHING).page, PAGE),
            None if bounds else "query has neither a filter nor a time",
        )

    def read_one(self, alert_id: str) -> Alert | None:
        alert = self._api.get(alert_id)
        if alert is None:
            return None
        if not is_valid(alert, self._kinds) or alert["uuid"] != alert_id:
            raise AmbiguousError("GET", f"{_ALERTS}/{alert_id}", "the answer does not show this alert")
        return self._alert_of(alert, True)

    def _page(self, parameters: Parameters, number: int, size: int) -> tuple[list[Fields], int]:
        found, total = self._api.list(parameters, number, size)
        for alert in found:
            if not is_valid(alert, self._kinds):
                raise _malformed(f"the answer has an alert in it that cannot be read: {_uuid(alert) or 'no uuid'}")
        return found, total

    def _row(self, alert: Fields) -> Alert:
        return self._alert_of(alert, False)


def guards_of(params: Params) -> Guards:
    """The task's guards, in Calseta's words."""
    return Guards.of(params, STATUSES, SEVERITIES, UNRATED)


def guarded_state(alert: Fields) -> GuardedState:
    """What guards look at. Calseta knows no owner of an alert."""
    return GuardedState(text(alert.get("status")), text(alert.get("severity")))


def is_valid(alert: t.Any, kinds: t.Mapping[str, type] | None = None) -> bool:
    """Whether this is an object of an alert, with nothing in it that we would have to guess at."""
    known = has_types(alert, kinds or KINDS) and alert.get("status") and alert.get("severity")
    return bool(known and _uuid(alert))


def fields_of(alert: Fields) -> Fields:
    """What can be changed of an alert."""
    return {
        "status": text(alert.get("status")),
        "severity": text(alert.get("severity")),
        "tags": texts(alert.get("tags")),
        "close_classification": text(alert.get("close_classification")),
        "malice_override": text(alert.get("malice_override")),
    }


def doubted(outcomes: t.Sequence[Outcome], together: int) -> list[Outcome]:
    """The outcomes of writes in their order, those in doubt that were confirmed just before a connection broke.

    Calseta commits after it has answered: a server that is killed in between has confirmed a write that is lost.
    ``together`` is how many requests run at a time.
    """
    broken = {at for at, one in enumerate(outcomes) if isinstance(one.error, RequestError) and one.error.status is None}
    near = {at + step for at in broken for step in range(-together, together + 1)}
    lost = TriageError("The change was confirmed, but a connection broke just then, and it is not there")
    return [Unknown(lost) if at in near and isinstance(one, Confirmed) else one for at, one in enumerate(outcomes)]


def no_such_alert(error: RefusedError) -> bool:
    """Whether there is no such alert: a wrong base address is a 404 too, with other words."""
    return error.status == 404 and dig(error.body, "error", "message") == "Alert not found."


def _uuid(alert: t.Any) -> str | None:
    """An alert's id, if it is one: a UUID as the API writes them."""
    value = dig(alert, "uuid")
    try:
        return value if isinstance(value, str) and str(uuid.UUID(value)) == value else None
    except ValueError:
        return None


def _malformed(reason: str) -> AmbiguousError:
    return AmbiguousError("GET", _ALERTS, reason, status=200)


def _uuids(values: t.Iterable[str]) -> list[str]:
    """The ids as the API writes them: it takes other forms of a UUID too, but answers with this one."""
    ids: dict[str, None] = {}
    bad = []
    for value in values:
        try:
            ids[str(uuid.UUID(value.strip()))] = None
        except ValueError:
            bad.append(repr(value[:80]))
    if bad:
        raise OptionError(f"alert_ids: not the UUID of a Calseta alert: {', '.join(bad[:5])}{', …' if bad[5:] else ''}")
    return list(ids)
