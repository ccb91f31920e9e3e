# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Calseta: alerts, brought to a status, a severity, tags and verdicts, one by one.

API: https://docs.calseta.com/api-reference/alerts/patch-alert
"""

from __future__ import annotations

import typing as t

from .._core.errors import OptionError, TriageError
from .._core.options import Params, TaskContext, desired_list
from .._core.urls import segment
from .._core.values import dig, text
from .._flow.change import Alert, Change, Confirmed, Fields, Outcome, desired_tags, outcome_of, unconfirmed
from .._flow.guards import Guards
from .._flow.notes import with_provenance_notes
from .._flow.platform import WritablePlatform
from .api import CalsetaApi, CalsetaReader, doubted, fields_of, guarded_state, guards_of, is_valid
from .notes import CalsetaNotes
from .words import READ_LAG

_FIELDS = ("status", "severity", "tags", "close_classification", "malice_override")


class CalsetaAlerts(WritablePlatform):
    """Alerts of Calseta, brought to what the task names."""

    closing: t.ClassVar[Fields] = {"status": "Closed"}
    read_lag = READ_LAG

    def __init__(self, params: Params, context: TaskContext) -> None:
        if params["reset_malice_override"] and params["malice_override"]:
            raise OptionError("malice_override and reset_malice_override: true exclude each other")
        self.api = CalsetaApi(params, context)
        super().__init__(CalsetaReader(self.api, params, self._alert_of), guards_of(params))
        self._desired = {name: params[name] for name in _FIELDS if params[name] is not None}
        if "tags" in self._desired:
            self._desired["tags"] = desired_list("tags", self._desired["tags"])
        if params["reset_malice_override"]:
            self._desired["malice_override"] = None
        self._purge_tags: bool = params["purge_tags"]

    def _alert_of(self, alert: Fields, whole: bool) -> Alert:
        fields = fields_of(alert)
        if not whole:
            # No list shows it.
            del fields["malice_override"]
        state = guarded_state(alert) if self.guards.set else None
        return Alert(alert["uuid"], fields, state, title=text(alert.get("title")))

    def desired(self, alert: Alert) -> Fields:
        desired = dict(self._desired)
        if "tags" in desired:
            desired["tags"] = desired_tags(desired["tags"], alert.fields["tags"], self._purge_tags)
        if desired.get("status") == "Closed" and alert.fields["status"] != "Closed":
            # It must be in the request that closes, even where the alert has one already.
            desired.setdefault("close_classification", alert.fields["close_classification"])
            if not desired["close_classification"]:
                raise OptionError("To close an alert that has none yet, close_classification is needed")
        return desired

    def write(self, changes: t.Sequence[Change]) -> dict[str, Outcome]:
        client = self.api.client
        outcomes = doubted(client.each(self._write_one, changes), client.connection.concurrency)
        return {change.id: outcome for change, outcome in zip(changes, outcomes)}

    def _write_one(self, change: Change) -> Outcome:
        body = dict(change.delta)
        if body.get("status") == "Closed":
            body["close_classification"] = change.desired["close_classification"]
        if "malice_override" in body and body["malice_override"] is None:
            # A null means "not sent" here.
            del body["malice_override"]
            body["reset_malice_override"] = True
        try:
            answer = self.api.client.request("PATCH", self.api.base + segment(change.id), body)
        except TriageError as error:
            return outcome_of(error)
        alert = dig(answer.body, "data")
        if not is_valid(alert) or alert["uuid"] != change.id:
            return unconfirmed("PATCH", f"/v1/alerts/{change.id}", answer)
        return Confirmed(fields_of(alert))


def calseta_update(params: Params, context: TaskContext) -> CalsetaAlerts:
    """The alerts that a task changes, with a finding that says who did it, if the task asks for one."""

    def provenance(platform: CalsetaAlerts, line: str) -> CalsetaNotes:
        return CalsetaNotes(platform.api, platform.alerts, Guards(), line, {}, "provenance")

    return with_provenance_notes(CalsetaAlerts(params, context), params, provenance)
