# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Yandex Cloud Security Deck: alerts, and the operations that change them.

API: https://yandex.cloud/docs/security-deck/alerts/api-ref/Alert/update
"""

from __future__ import annotations

import dataclasses
import json
import math
import re
import time
import typing as t
import uuid

from ._change import Accepted, Change, Confirmed, Fields, Outcome, Refused, Unknown, tags_wanted
from ._errors import OptionError, RefusedError, TriageError, UnknownFateError
from ._guards import Guards, Standing
from ._http import Client
from ._options import Connection, Params, Run, base_url, checked_ids, checked_text
from ._platform import Platform, dig, fits, not_found, segment, text, texts
from ._transport import Answer
from ._yandex_iam import YANDEX_IAM_OPTIONS, iam_authorization

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
    "wait": {"type": "bool", "default": True},
    "wait_timeout": {"type": "float", "default": 120},
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
_POLL_INTERVAL = 1.0
_LOST_POLLS = 3
#: HTTP's word for a google.rpc code, in which an operation's error is told.
_HTTP_STATUS = {3: 400, 9: 400, 11: 400, 16: 401, 7: 403, 5: 404, 6: 409, 10: 409, 8: 429, 14: 503, 4: 504}


@dataclasses.dataclass
class _Operation:
    """A change under way. Times are those of C(time.monotonic)."""

    change: Change
    id: str
    deadline: float
    due: float = 0.0
    lost: int = 0

    def again_in(self, seconds: float) -> None:
        """Look at it after so many seconds, or when the time for waiting is over."""
        self.due = min(time.monotonic() + seconds, self.deadline)

    @property
    def extra(self) -> Fields:
        return {"operation_id": self.id}


class SecurityDeckAlerts(Platform):
    """Alerts of Security Deck, brought to what the task names."""

    closing: t.ClassVar[Fields] = {"status": "RESOLVED"}

    def __init__(self, params: Params, run: Run) -> None:
        self.ids = checked_ids("alert_ids", params["alert_ids"], r"[A-Za-z0-9_-]{1,50}", "Security Deck alert")
        host = re.sub(r":443$", "", params["api_host"].strip())
        if not re.fullmatch(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+", host):
            raise OptionError(f"api_host {params['api_host']!r} is not a host such as api.cloud.yandex.net")
        one = base_url(params["api_url"], allow_http=params["allow_http"]) if params["api_url"] else None
        self._alerts = one or f"https://alert-sink.{host}"
        self._operations = one or f"https://operation.{host}"
        connection = Connection.of(params, run)
        self.retries = connection.retries
        authorization = iam_authorization({**params, "api_host": host}, run, connection, one)
        self.client = Client(connection, authorization, run, self._hint)
        self._asked = {name: params[name] for name in _MASK if params[name] is not None}
        for tag in self._asked.get("tags", []):
            checked_text("tags", tag)
        checked_text("assignee_subject_id", self._asked.get("assignee_subject_id"))
        self._purge_tags: bool = params["purge_tags"]
        self._wait: bool = params["wait"]
        self._wait_timeout: float = params["wait_timeout"]
        if not 0 < self._wait_timeout <= 86400:
            raise OptionError(f"wait_timeout must be between 0 and 86400 seconds, not {self._wait_timeout:g}")
        self._keys: dict[tuple[str, str], str] = {}
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
        path = _path(alert_id)
        try:
            answer = self.client.get(self._alerts + path)
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

    def wanted(self, alert_id: str, fields: Fields) -> Fields:
        wanted = dict(self._asked)
        if "tags" in wanted:
            wanted["tags"] = tags_wanted(wanted["tags"], fields["tags"], self._purge_tags)
        return wanted

    def write(self, changes: t.Sequence[Change]) -> dict[str, Outcome]:
        """Start all operations, then follow all of them, so that they run beside each other."""
        outcomes: dict[str, Outcome] = {}
        running: list[_Operation] = []
        for change, started in zip(changes, self.client.each(self._start, changes)):
            if isinstance(started, _Operation):
                running.append(started)
            else:
                outcomes[change.id] = started
        while running:
            time.sleep(max(0.0, min(operation.due for operation in running) - time.monotonic()))
            now = time.monotonic()
            due = [operation for operation in running if operation.due <= now]
            for operation, outcome in zip(due, self.client.each(self._poll, due)):
                if outcome is not None:
                    outcomes[operation.change.id] = outcome
                    running.remove(operation)
        return outcomes

    def _start(self, change: Change) -> _Operation | Outcome:
        path = _path(change.id)
        body: dict[str, t.Any] = {"updateMask": ",".join(_MASK[name] for name in change.delta)}
        # What the mask names and the body leaves out is cleared.
        body.update(
            (_MASK[name], value) for name, value in change.delta.items() if value not in ("", [], _UNCLASSIFIED)
        )
        key = self._keys.setdefault((change.id, json.dumps(body, sort_keys=True)), str(uuid.uuid4()))
        try:
            answer = self.client.request("PATCH", self._alerts + path, body, headers={"Idempotency-Key": key})
        except UnknownFateError as error:
            return Unknown(error, under_way=True)
        except TriageError as error:
            return Refused(error)
        operation_id = dig(answer.body, "id")
        if not isinstance(operation_id, str) or not re.fullmatch(r"[A-Za-z0-9_-]{1,256}", operation_id):
            doubt = UnknownFateError("PATCH", path, "the answer is not an operation", status=answer.status)
            return Unknown(doubt, under_way=True)
        operation = _Operation(change, operation_id, time.monotonic() + self._wait_timeout)
        operation.again_in(_interval(answer))
        done = self._done(operation, answer)
        if done is None and not self._wait:
            return Confirmed(change.after, operation.extra)
        return done or operation

    def _poll(self, operation: _Operation) -> Outcome | None:
        last = time.monotonic() >= operation.deadline
        path = f"/operations/{segment(operation.id)}"
        try:
            answer = self.client.get(self._operations + path)
        except RefusedError as error:
            if error.status != 404:
                return Accepted(error, under_way=True, extra=operation.extra)
            # A replica may not know it yet.
            operation.lost += 1
            if last or operation.lost > _LOST_POLLS:
                return Unknown(error, operation.extra, under_way=True)
            operation.again_in(_POLL_INTERVAL)
            return None
        except TriageError as error:
            return Unknown(error, operation.extra, under_way=True)
        operation.again_in(_interval(answer))
        outcome = self._done(operation, answer)
        if outcome is None and last:
            late = TriageError(
                f"Operation {operation.id} is not done after {self._wait_timeout:g} s",
                "It may still come about: raise wait_timeout, or run the task again.",
            )
            return Accepted(late, under_way=True, extra=operation.extra)
        return outcome

    def _done(self, operation: _Operation, answer: Answer) -> Outcome | None:
        """The outcome of an operation that is done; one that shows an error before that is still rolling back."""
        if dig(answer.body, "done") is not True:
            return None
        failure = dig(answer.body, "error")
        if failure:
            code = dig(failure, "code")
            refusal = RefusedError(
                "PATCH",
                _path(operation.change.id),
                f"operation {operation.id} failed",
                status=_HTTP_STATUS.get(code, 500) if isinstance(code, int) else 500,
                body=self.client.scrub(failure),
                request_id=dataclasses.replace(answer, body=failure).request_id,
            )
            tries = [key for alert_id, key in self._keys if alert_id == operation.change.id]
            return Refused(refusal, operation.extra, of_all=len(tries) == 1)
        fields = _fields(dig(answer.body, "response"), operation.change.id)
        return Accepted(extra=operation.extra) if fields is None else Confirmed(fields, operation.extra)


def _path(alert_id: str) -> str:
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


def _interval(answer: Answer) -> float:
    """Seconds until an operation should be looked at again."""
    try:
        interval = float(answer.headers.get("x-operation-poll-interval", ""))
    except ValueError:
        return _POLL_INTERVAL
    return min(max(interval, 0.01), 60.0) if math.isfinite(interval) else _POLL_INTERVAL
