# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Yandex Cloud Security Deck: alerts.

API: https://yandex.cloud/docs/security-deck/alerts/api-ref/Alert/update
"""

from __future__ import annotations

import re
import typing as t

from ._change import Change, Fields, Outcome, tags_wanted
from ._errors import OptionError, RefusedError, UnknownFateError
from ._guards import Guards, Standing
from ._http import Client
from ._options import Connection, Params, Run, base_url, checked_ids, checked_text
from ._platform import Platform, dig, fits, not_found, segment, text, texts
from ._yandex_iam import YANDEX_IAM_OPTIONS, iam_authorization
from ._yandex_operations import YANDEX_OPERATIONS_OPTIONS, Operations, Start

SECURITY_DECK_OPTIONS: dict[str, t.Any] = {
    **YANDEX_IAM_OPTIONS,
    "classification": {
        "type": "str",
        "choices": [
            "TRUE_POSITIVE",
            "BENIGN_POSITIVE",
            "FALSE_POSITIVE",
            "UNDETERMINED",
            "CLASSIFICATION_UNSPECIFIED",
        ],
    },
    "assignee_subject_id": {"type": "str"},
    **YANDEX_OPERATIONS_OPTIONS,
}

#: What this provider takes of the options that not all providers have, and the values of those that all have.
SECURITY_DECK_TAKES: dict[str, t.Sequence[str] | None] = {
    "status": ("OPEN", "IN_PROGRESS", "NEED_INFO", "RESOLVED"),
    "severity": ("INFO", "LOW", "MEDIUM", "HIGH"),
    "tags": None,
    **dict.fromkeys(SECURITY_DECK_OPTIONS),
    "only_assigned_to": None,
}

_KINDS = {"status": str, "severity": str, "classification": str, "tags": list, "assignee": dict}
_ID = {"id": str}
_UNCLASSIFIED = "CLASSIFICATION_UNSPECIFIED"
#: The fields, and the names that they have in a mask.
_MASK = {
    "status": "status",
    "severity": "severity",
    "tags": "tags",
    "classification": "classification",
    "assignee_subject_id": "assigneeSubjectId",
}


class SecurityDeck(Platform):
    """Alerts of Security Deck as they are."""

    closing: t.ClassVar[Fields] = {"status": "RESOLVED"}

    def __init__(self, params: Params, run: Run) -> None:
        self.ids = checked_ids("alert_ids", params["alert_ids"], r"[A-Za-z0-9_-]{1,50}", "Security Deck alert")
        host = re.sub(r":443$", "", params["api_host"].strip())
        if not re.fullmatch(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+", host):
            raise OptionError(f"api_host {params['api_host']!r} is not a host such as api.cloud.yandex.net")
        one = base_url(params["api_url"], allow_http=params["allow_http"]) if params["api_url"] else None
        #: Where alerts and their comments are, and where operations are.
        self.base = one or f"https://alert-sink.{host}"
        self.operations_base = one or f"https://operation.{host}"
        connection = Connection.of(params, run)
        self.retries = connection.retries
        authorization = iam_authorization({**params, "api_host": host}, run, connection, one)
        self.client = Client(connection, authorization, run, self._hint)
        statuses, severities = (SECURITY_DECK_TAKES[name] or () for name in ("status", "severity"))
        self.guards = Guards.of(params, statuses, severities)
        self._standings: dict[str, Standing] = {}

    @staticmethod
    def _hint(status: int, writing: bool) -> str | None:
        if status == 401:
            return "Check the IAM token: they expire after 12 hours at most."
        if status == 403:
            return "Check that the account has the role security-deck.alertSinks.editor for the alert's sink."
        return None

    def read_one(self, alert_id: str) -> Fields | None:
        path = path_of(alert_id)
        try:
            answer = self.client.get(self.base + path)
        except RefusedError as error:
            if not_found(error):
                return None
            raise
        fields = _fields(answer.body, alert_id)
        if fields is None:
            raise UnknownFateError("GET", path, "the answer does not show this alert", status=answer.status)
        self._standings[alert_id] = _standing(fields)
        return fields

    def standing(self, alert_id: str) -> Standing:
        return self._standings[alert_id]


class SecurityDeckAlerts(SecurityDeck):
    """Alerts of Security Deck, brought to what the task names."""

    def __init__(self, params: Params, run: Run) -> None:
        super().__init__(params, run)
        self._asked = {name: params[name] for name in _MASK if params[name] is not None}
        for tag in self._asked.get("tags", []):
            checked_text("tags", tag)
        checked_text("assignee_subject_id", self._asked.get("assignee_subject_id"))
        self._purge_tags: bool = params["purge_tags"]
        self._operations = Operations(self.client, self.operations_base, params, self._start, _fields)

    def wanted(self, alert_id: str, fields: Fields) -> Fields:
        wanted = dict(self._asked)
        if "tags" in wanted:
            wanted["tags"] = tags_wanted(wanted["tags"], fields["tags"], self._purge_tags)
        return wanted

    def write(self, changes: t.Sequence[Change]) -> dict[str, Outcome]:
        return self._operations.run(changes)

    def _start(self, change: Change) -> Start:
        body: dict[str, t.Any] = {"updateMask": ",".join(_MASK[name] for name in change.delta)}
        # What the mask names and the body leaves out is cleared.
        body.update(
            (_MASK[name], value) for name, value in change.delta.items() if value not in ("", [], _UNCLASSIFIED)
        )
        return Start("PATCH", self.base, path_of(change.id), body)


def path_of(alert_id: str) -> str:
    """The path of an alert."""
    return f"/securitydeck/alerts/v1/alerts/{segment(alert_id)}"


def _fields(alert: t.Any, alert_id: str) -> Fields | None:
    """An alert's fields, or V(None) if it is not this alert. What is absent, or said to be unspecified, is not set."""
    assignee = dig(alert, "assignee") or {}
    readable = fits(alert, _KINDS) and fits(assignee, {"subject": dict}) and fits(assignee.get("subject") or {}, _ID)
    if dig(alert, "id") != alert_id or not readable:
        return None
    return {
        "status": text(dig(alert, "status")) or "STATUS_UNSPECIFIED",
        "severity": text(dig(alert, "severity")) or "SEVERITY_UNSPECIFIED",
        "tags": texts(dig(alert, "tags")),
        "classification": text(dig(alert, "classification")) or _UNCLASSIFIED,
        "assignee_subject_id": text(dig(alert, "assignee", "subject", "id")) or "",
    }


def _standing(fields: Fields) -> Standing:
    severity = fields["severity"]
    assignee = fields["assignee_subject_id"]
    return Standing(
        fields["status"], None if severity == "SEVERITY_UNSPECIFIED" else severity, [assignee] if assignee else []
    )
