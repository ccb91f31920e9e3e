# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Yandex Cloud Security Deck: alerts, brought to a status, a classification and an assignee, each by an operation.

API: https://yandex.cloud/docs/security-deck/alerts/api-ref/Alert/update
"""

from __future__ import annotations

import typing as t

from .._core.options import Params, TaskContext, checked_text
from .._core.values import text
from .._flow.change import Alert, Change, Fields, Outcome
from .._flow.guards import Guards
from .._flow.notes import with_provenance_notes
from .._flow.platform import WritablePlatform
from .api import SecurityDeckApi, SecurityDeckReader, fields_of, guarded_state, guards_of, is_valid, path_of
from .notes import SecurityDeckNotes
from .operations import Operations, Start
from .words import READ_LAG, UNCLASSIFIED

#: The fields, and the names that they have in a mask.
_MASK = {"status": "status", "classification": "classification", "assignee_subject_id": "assigneeSubjectId"}

#: The API's keys of fields. A list may leave them out where a read would not.
_HIDDEN = {"classification": "classification", "assignee_subject_id": "assignee"}


class SecurityDeckAlerts(WritablePlatform):
    """Alerts of Security Deck, brought to what the task names."""

    closing: t.ClassVar[Fields] = {"status": "RESOLVED"}
    read_lag = READ_LAG

    def __init__(self, params: Params, context: TaskContext) -> None:
        self.api = SecurityDeckApi(params, context)
        super().__init__(SecurityDeckReader(self.api, params, self._alert_of), guards_of(params))
        self._desired = {name: params[name] for name in _MASK if params[name] is not None}
        checked_text("assignee_subject_id", self._desired.get("assignee_subject_id"))
        self._operations = Operations(
            self.api.client, self.api.operations_base, params, self._start, self._done, self.api.sink_of
        )

    def _alert_of(self, alert: Fields, whole: bool) -> Alert:
        hidden = [name for name, key in _HIDDEN.items() if not whole and alert.get(key) is None]
        fields = {name: value for name, value in fields_of(alert).items() if name not in hidden}
        state = guarded_state(alert) if self.guards.set else None
        return Alert(alert["id"], fields, state, title=text(alert.get("title")))

    def desired(self, alert: Alert) -> Fields:
        return dict(self._desired)

    def write(self, changes: t.Sequence[Change]) -> dict[str, Outcome]:
        return self._operations.run(changes)

    def _start(self, change: Change) -> Start:
        body: dict[str, t.Any] = {"updateMask": ",".join(_MASK[name] for name in change.delta)}
        # What the mask names and the body leaves out is cleared.
        body.update((_MASK[name], value) for name, value in change.delta.items() if value not in ("", UNCLASSIFIED))
        return Start("PATCH", self.api.base, path_of(change.id), body)

    def _done(self, response: t.Any, alert_id: str) -> Fields | None:
        return fields_of(response) if is_valid(response, alert_id) else None


def security_deck_update(params: Params, context: TaskContext) -> SecurityDeckAlerts:
    """The alerts that a task changes, with a comment that says who did it, if the task asks for one."""

    def provenance(platform: SecurityDeckAlerts, line: str) -> SecurityDeckNotes:
        return SecurityDeckNotes(platform.api, platform.alerts, Guards(), line, params, "provenance")

    return with_provenance_notes(SecurityDeckAlerts(params, context), params, provenance)
