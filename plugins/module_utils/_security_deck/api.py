# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Yandex Cloud Security Deck: the connection, and how alerts are read and searched.

API: https://yandex.cloud/docs/security-deck/api-ref/Alert/list
"""

from __future__ import annotations

import contextlib
import re
import typing as t

from .._core.endpoint import Endpoint
from .._core.errors import AmbiguousError, OptionError, RefusedError, TriageError
from .._core.options import Connection, Params, TaskContext, checked_ids
from .._core.urls import segment
from .._core.values import dig, has_types, text
from .._flow.change import Alert, Fields
from .._flow.guards import GuardedState, Guards, Owner
from .._flow.platform import ReadsOneByOne, not_found
from .._flow.search import ListedPopulation, Page, Selection, collect_pages
from .._http.client import Client
from .endpoint import security_deck_endpoint, service_url
from .iam import iam_authorization
from .query import search_of
from .words import ID, SEVERITIES, STATUSES, UNCLASSIFIED

_PAGE = 1000

#: What must be of these types, where it is there, for an alert to be readable.
KINDS: dict[str, type] = {"status": str, "severity": str, "classification": str, "assignee": dict}

#: Called with the API's alert, and with whether it is ``whole``: a list may leave some of it out.
AlertOf = t.Callable[[Fields, bool], Alert]


class SecurityDeckApi:
    """The connection to Security Deck, for modules that read alerts or change them."""

    def __init__(self, params: Params, context: TaskContext, endpoint: Endpoint | None = None) -> None:
        endpoint = endpoint or security_deck_endpoint(params, context)
        #: Where alerts and their comments are, and where operations are.
        self.base, self.operations_base = endpoint.base, service_url(params, "operation")
        connection = Connection.of(params, context)
        self.client = Client(connection, iam_authorization(endpoint, context, connection), context, endpoint.hint)
        #: The sinks of alerts, as far as reads have shown them.
        self._sinks: dict[str, str | None] = {}

    def note_sink(self, alert: Fields) -> None:
        """Remember the sink of an alert."""
        self._sinks[alert["id"]] = text(dig(alert, "sinkId"))

    def sink_of(self, alert_id: str) -> str | None:
        """The sink of an alert, on which permissions depend; V(None) if it is not known."""
        if alert_id not in self._sinks:
            with contextlib.suppress(TriageError):
                alert = self.client.get(self.base + path_of(alert_id)).body
                if is_valid(alert, alert_id):
                    self.note_sink(alert)
        return self._sinks.get(alert_id)


class SecurityDeckReader(ReadsOneByOne):
    """Reads alerts, named by their ids or found in a sink; ``alert_of`` says what is reported of one."""

    def __init__(
        self, api: SecurityDeckApi, params: Params, alert_of: AlertOf, kinds: t.Mapping[str, type] | None = None
    ) -> None:
        super().__init__(api.client, checked_ids("alert_ids", params["alert_ids"] or [], ID, "Security Deck alert"))
        self._api = api
        self._base = api.base
        self._alert_of = alert_of
        self._kinds = kinds or KINDS
        if params.get("query") is not None:
            sink, parameters = search_of(params["query"])
            self.selection = Selection(
                params,
                lambda limit: collect_pages(
                    lambda token, size: self._page(sink, parameters, token, size), limit, _PAGE
                ),
                ListedPopulation(lambda token, size: self._page(sink, {}, token, size), _PAGE),
                None if parameters.get("filter") else "query has no filter",
            )
        elif params.get("expected_count") is not None:
            raise OptionError("Without a query there is no use for expected_count")

    def read_one(self, alert_id: str) -> Alert | None:
        path = path_of(alert_id)
        try:
            answer = self.client.get(self._base + path)
        except RefusedError as error:
            if not_found(error):
                return None
            raise
        if not is_valid(answer.body, alert_id, self._kinds):
            raise AmbiguousError("GET", path, "the answer does not show this alert", status=answer.status)
        self._api.note_sink(answer.body)
        return self._alert_of(answer.body, True)

    def _page(self, sink: str, parameters: t.Mapping[str, str], token: str | None, size: int) -> Page:
        path = f"/securitydeck/alerts/v1/sinks/{sink}/alerts"
        after = {"pageToken": token} if token else {}
        answer = self.client.get(self._base + path, {**parameters, "pageSize": size, **after})
        if not is_page(answer.body, "alerts"):
            raise AmbiguousError("GET", path, "the answer is not a page of alerts", status=answer.status)
        alerts: dict[str, Alert] = {}
        for alert in answer.body.get("alerts") or []:
            alert_id = text(alert.get("id")) or "no id"
            if not re.fullmatch(ID, alert_id) or not is_valid(alert, alert_id, self._kinds):
                why = f"the answer has an alert in it that cannot be read: {alert_id}"
                raise AmbiguousError("GET", path, why, status=answer.status)
            self._api.note_sink(alert)
            alerts[alert_id] = self._alert_of(alert, False)
        return Page(alerts, answer.body.get("nextPageToken") or None)


def is_page(body: t.Any, items: str) -> bool:
    """Whether this is a page of ``items``. Protocol buffers leave out an empty list, and an empty text.

    An object with other keys only is something else, such as an error of a proxy, and not an empty page.
    """
    kinds = {items: list, "nextPageToken": str}
    return has_types(body, kinds, items=dict) and (not body or not kinds.keys().isdisjoint(body))


def is_valid(alert: t.Any, alert_id: str, kinds: t.Mapping[str, type] | None = None) -> bool:
    """Whether this is an object of this alert, with nothing in it that we would have to guess at."""
    subject = dig(alert, "assignee", "subject") or {}
    known = has_types(alert, kinds or KINDS) and has_types(subject, {"id": str})
    return known and dig(alert, "id") == alert_id


def guards_of(params: Params) -> Guards:
    """The task's guards, in Security Deck's words."""
    return Guards.of(params, STATUSES, SEVERITIES)


def guarded_state(alert: Fields) -> GuardedState:
    """What guards look at."""
    who = assignee_of(alert)
    owners = None if who is None else [Owner(who, {"id": who})] if who else []
    return GuardedState(text(dig(alert, "status")), text(dig(alert, "severity")), owners)


def fields_of(alert: Fields) -> Fields:
    """What is reported of an alert. What is absent, or said to be unspecified, is not set."""
    return {
        "status": text(dig(alert, "status")) or "STATUS_UNSPECIFIED",
        "severity": text(dig(alert, "severity")) or "SEVERITY_UNSPECIFIED",
        "classification": text(dig(alert, "classification")) or UNCLASSIFIED,
        "assignee_subject_id": assignee_of(alert),
    }


def assignee_of(alert: Fields) -> str | None:
    """The subject that has the alert; C("") is nobody, V(None) an assignee without a subject."""
    assignee = dig(alert, "assignee")
    if not assignee:
        return ""
    return text(dig(assignee, "subject", "id")) or None


def path_of(alert_id: str) -> str:
    """The path of an alert."""
    return f"/securitydeck/alerts/v1/alerts/{segment(alert_id)}"
