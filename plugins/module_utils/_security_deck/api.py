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

from .._core.errors import AmbiguousError, OptionError, RefusedError, TriageError
from .._core.options import Connection, Params, TaskContext, checked_ids, checked_text
from .._core.urls import base_url, segment
from .._core.values import dig, has_types, text
from .._flow.change import Alert, Fields
from .._flow.guards import GuardedState, Guards, Owner
from .._flow.platform import ReadsOneByOne, not_found
from .._flow.search import ListedPopulation, Page, Selection, collect_pages
from .._http.client import Client
from .iam import iam_authorization
from .words import SEVERITIES, STATUSES, UNCLASSIFIED

_ID = r"[A-Za-z0-9_-]{1,50}"
_PAGE = 1000
_LONGEST_FILTER = 2048

#: What must be of these types, where it is there, for an alert to be readable.
KINDS: dict[str, type] = {"status": str, "severity": str, "classification": str, "assignee": dict}

#: Called with the API's alert, and with whether it is ``whole``: a list may leave some of it out.
AlertOf = t.Callable[[Fields, bool], Alert]


class SecurityDeckApi:
    """The connection to Security Deck. ``role`` is what the account needs."""

    def __init__(self, params: Params, context: TaskContext, role: str = "security-deck.alertSinks.editor") -> None:
        host = re.sub(r":443$", "", params["api_host"].strip())
        if not re.fullmatch(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+", host):
            raise OptionError(f"api_host {params['api_host']!r} is not a host such as api.cloud.yandex.net")
        one = base_url(params["api_url"], allow_http=params["allow_http"]) if params["api_url"] else None
        #: Where alerts and their comments are, and where operations are.
        self.base = one or f"https://alert-sink.{host}"
        self.operations_base = one or f"https://operation.{host}"
        self._role = role
        connection = Connection.of(params, context)
        authorization = iam_authorization({**params, "api_host": host}, context, connection, one)
        self.client = Client(connection, authorization, context, self._hint)
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

    def _hint(self, status: int, writing: bool) -> str | None:
        return {
            401: "Check the IAM token: they expire after 12 hours at most.",
            403: f"Check that the account has the role {self._role} for the alert's sink.",
        }.get(status)


class SecurityDeckReader(ReadsOneByOne):
    """Reads alerts, named by their ids or found in a sink; ``alert_of`` says what is reported of one."""

    def __init__(
        self, api: SecurityDeckApi, params: Params, alert_of: AlertOf, kinds: t.Mapping[str, type] | None = None
    ) -> None:
        super().__init__(api.client, checked_ids("alert_ids", params["alert_ids"] or [], _ID, "Security Deck alert"))
        self._api = api
        self._base = api.base
        self._alert_of = alert_of
        self._kinds = kinds or KINDS
        if params.get("query") is not None:
            sink, parameters = _query(params["query"])
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
            if not re.fullmatch(_ID, alert_id) or not is_valid(alert, alert_id, self._kinds):
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
    """The subject that has the alert; C("") is nobody, V(None) an assignee in a form that tells no subject."""
    assignee = dig(alert, "assignee")
    if not assignee:
        return ""
    return text(dig(assignee, "subject", "id")) or None


def path_of(alert_id: str) -> str:
    """The path of an alert."""
    return f"/securitydeck/alerts/v1/alerts/{segment(alert_id)}"


def _query(query: Params) -> tuple[str, dict[str, str]]:
    """The sink, and the parameters of the search."""
    if not query.get("sink_id"):
        raise OptionError("query.sink_id is missing: Security Deck searches one sink")
    sink = checked_ids("query.sink_id", [query["sink_id"]], _ID, "Security Deck sink")[0]
    names = {"filter": "filter", "order_by": "orderBy"}
    parameters = {name: query[option].strip() for option, name in names.items() if (query.get(option) or "").strip()}
    for option, name in names.items():
        checked_text(f"query.{option}", parameters.get(name))
    if len(parameters.get("filter", "")) > _LONGEST_FILTER:
        raise OptionError(f"query.filter is longer than the {_LONGEST_FILTER} characters that Security Deck takes")
    return sink, parameters
