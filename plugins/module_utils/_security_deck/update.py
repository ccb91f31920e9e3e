# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Yandex Cloud Security Deck: alerts, brought to a status, a severity, tags, a verdict and somebody who has them.

API: https://yandex.cloud/docs/security-deck/alerts/api-ref/Alert/update
"""

from __future__ import annotations

import typing as t

from .._core.options import Params, TaskContext, checked_text
from .._flow.change import Change, Fields, Outcome, desired_tags
from .._flow.platform import WritablePlatform
from .api import SecurityDeck, fields_of, path_of
from .operations import Operations, Start
from .words import UNCLASSIFIED

#: The fields, and the names that they have in a mask.
_MASK = {
    "status": "status",
    "severity": "severity",
    "tags": "tags",
    "classification": "classification",
    "assignee_subject_id": "assigneeSubjectId",
}


class SecurityDeckAlerts(SecurityDeck, WritablePlatform):
    """Alerts of Security Deck, brought to what the task names."""

    closing: t.ClassVar[Fields] = {"status": "RESOLVED"}

    def __init__(self, params: Params, context: TaskContext) -> None:
        super().__init__(params, context)
        self._desired = {name: params[name] for name in _MASK if params[name] is not None}
        for tag in self._desired.get("tags", []):
            checked_text("tags", tag)
        checked_text("assignee_subject_id", self._desired.get("assignee_subject_id"))
        self._purge_tags: bool = params["purge_tags"]
        self._operations = Operations(self.client, self.operations_base, params, self._start, self._done)

    def desired(self, alert_id: str, fields: Fields) -> Fields:
        desired = dict(self._desired)
        if "tags" in desired:
            desired["tags"] = desired_tags(desired["tags"], fields.get("tags", []), self._purge_tags)
        return desired

    def write(self, changes: t.Sequence[Change]) -> dict[str, Outcome]:
        return self._operations.run(changes)

    def _start(self, change: Change) -> Start:
        body: dict[str, t.Any] = {"updateMask": ",".join(_MASK[name] for name in change.delta)}
        # What the mask names and the body leaves out is cleared.
        body.update((_MASK[name], value) for name, value in change.delta.items() if value not in ("", [], UNCLASSIFIED))
        return Start("PATCH", self.base, path_of(change.id), body)

    def _done(self, response: t.Any, alert_id: str) -> Fields | None:
        return fields_of(response) if self.is_valid(response, alert_id) else None
