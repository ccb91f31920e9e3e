# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Yandex Cloud Security Deck: the connection, and how alerts are read and searched.

API: https://yandex.cloud/docs/security-deck/api-ref/Alert/list
"""

from __future__ import annotations

import re
import typing as t

from .._core.errors import AmbiguousError, OptionError, RefusedError
from .._core.options import Connection, Params, TaskContext, checked_ids, checked_text
from .._core.urls import base_url, segment
from .._core.values import dig, has_types, text, texts
from .._flow.change import Fields
from .._flow.guards import GuardedState, Guards
from .._flow.platform import ReadsOneByOne, not_found
from .._flow.search import Page, SearchResult, Selection, collect_pages
from .._http.client import Client
from .iam import iam_authorization
from .words import SEVERITIES, STATUSES, UNCLASSIFIED

_ID = r"[A-Za-z0-9_-]{1,50}"

_KINDS = {"status": str, "severity": str, "classification": str, "tags": list, "assignee": dict}

#: What an alert need not have, and the API's key for it. Where a list leaves it out, it need not be that there is none.
_OPTIONAL = {"tags": "tags", "classification": "classification", "assignee_subject_id": "assignee"}

_PAGE = 1000

_LONGEST_FILTER = 2048


class SecurityDeck(ReadsOneByOne):
    """Alerts of Security Deck, named by their ids or found in a sink."""

    # The operation itself is followed for longer.
    read_lag = 5.0

    #: The role that the account needs.
    role = "security-deck.alertSinks.editor"

    #: What must be of these types, where it is there, for an alert to be readable.
    kinds: t.ClassVar[t.Mapping[str, type]] = _KINDS

    def __init__(self, params: Params, context: TaskContext) -> None:
        self.ids = checked_ids("alert_ids", params["alert_ids"] or [], _ID, "Security Deck alert")
        host = re.sub(r":443$", "", params["api_host"].strip())
        if not re.fullmatch(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+", host):
            raise OptionError(f"api_host {params['api_host']!r} is not a host such as api.cloud.yandex.net")
        one = base_url(params["api_url"], allow_http=params["allow_http"]) if params["api_url"] else None
        #: Where alerts and their comments are, and where operations are.
        self.base = one or f"https://alert-sink.{host}"
        self.operations_base = one or f"https://operation.{host}"
        self.selection = Selection.of(params, self._find)
        if self.selection:
            self._sink, self._search = _query(params["query"], self.selection)
        if "only_from" in params:
            self.guards = Guards.of(params, STATUSES, SEVERITIES)
        connection = Connection.of(params, context)
        self.retries = connection.retries
        authorization = iam_authorization({**params, "api_host": host}, context, connection, one)
        self.client = Client(connection, authorization, context, self._hint)

    def _hint(self, status: int, writing: bool) -> str | None:
        if status == 401:
            return "Check the IAM token: they expire after 12 hours at most."
        if status == 403:
            return f"Check that the account has the role {self.role} for the alert's sink."
        return None

    def read_one(self, alert_id: str) -> Fields | None:
        path = path_of(alert_id)
        try:
            answer = self.client.get(self.base + path)
        except RefusedError as error:
            if not_found(error):
                return None
            raise
        if not self.is_valid(answer.body, alert_id):
            raise AmbiguousError("GET", path, "the answer does not show this alert", status=answer.status)
        return self.shown(answer.body, whole=True)

    def _find(self, limit: int) -> SearchResult:
        return collect_pages(self._page, limit, _PAGE)

    def _page(self, token: str | None, size: int) -> Page:
        path = f"/securitydeck/alerts/v1/sinks/{self._sink}/alerts"
        after = {"pageToken": token} if token else {}
        answer = self.client.get(self.base + path, {**self._search, "pageSize": size, **after})
        # Protocol buffers leave out an empty list, and an empty text.
        if not has_types(answer.body, {"alerts": list, "nextPageToken": str}, items=dict):
            raise _doubt(path, "the answer is not a page of alerts")
        alerts: dict[str, Fields] = {}
        for alert in answer.body.get("alerts") or []:
            alert_id = text(alert.get("id")) or "no id"
            if not re.fullmatch(_ID, alert_id) or not self.is_valid(alert, alert_id):
                raise _doubt(path, f"the answer has an alert in it that cannot be read: {alert_id}")
            alerts[alert_id] = self.shown(alert, whole=False)
        return Page(alerts, answer.body.get("nextPageToken") or None)

    def is_valid(self, alert: t.Any, alert_id: str) -> bool:
        """Whether this is an object of this alert, with nothing in it that we would have to guess at."""
        assignee = dig(alert, "assignee") or {}
        subject = dig(assignee, "subject") or {}
        known = (
            has_types(alert, self.kinds) and has_types(assignee, {"subject": dict}) and has_types(subject, {"id": str})
        )
        return known and dig(alert, "id") == alert_id

    def shown(self, alert: Fields, *, whole: bool) -> Fields:
        """The fields of the API's alert. A list does not show the ``whole`` of it."""
        fields = fields_of(alert)
        if self.guards.set:
            severity = None if fields["severity"] == "SEVERITY_UNSPECIFIED" else fields["severity"]
            who = [fields["assignee_subject_id"]] if fields["assignee_subject_id"] else []
            self.guards.standings[alert["id"]] = GuardedState(fields["status"], severity, who)
        hidden = [name for name, key in _OPTIONAL.items() if not whole and alert.get(key) is None]
        return {name: value for name, value in fields.items() if name not in hidden}


def fields_of(alert: Fields) -> Fields:
    """What can be changed of an alert. What is absent, or said to be unspecified, is not set."""
    return {
        "status": text(dig(alert, "status")) or "STATUS_UNSPECIFIED",
        "severity": text(dig(alert, "severity")) or "SEVERITY_UNSPECIFIED",
        "tags": texts(dig(alert, "tags")),
        "classification": text(dig(alert, "classification")) or UNCLASSIFIED,
        "assignee_subject_id": text(dig(alert, "assignee", "subject", "id")) or "",
    }


def path_of(alert_id: str) -> str:
    """The path of an alert."""
    return f"/securitydeck/alerts/v1/alerts/{segment(alert_id)}"


def _doubt(path: str, reason: str) -> AmbiguousError:
    return AmbiguousError("GET", path, reason, status=200)


def _query(query: Params, selection: Selection) -> tuple[str, dict[str, str]]:
    """The sink, and what to ask it for."""
    if not query.get("sink_id"):
        raise OptionError("query.sink_id is missing: Security Deck searches one sink")
    sink = checked_ids("query.sink_id", [query["sink_id"]], _ID, "Security Deck sink")[0]
    names = {"filter": "filter", "order_by": "orderBy"}
    parameters = {name: query[option].strip() for option, name in names.items() if (query.get(option) or "").strip()}
    for option, name in names.items():
        checked_text(f"query.{option}", parameters.get(name))
    if len(parameters.get("filter", "")) > _LONGEST_FILTER:
        raise OptionError(f"query.filter is longer than the {_LONGEST_FILTER} characters that Security Deck takes")
    selection.refuse(None if parameters.get("filter") else "query has no filter")
    return sink, parameters
