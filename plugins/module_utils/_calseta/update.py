# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Calseta: alerts, brought to a status, a severity, tags and verdicts, one by one.

API: https://docs.calseta.com/api-reference/alerts/patch-alert
"""

from __future__ import annotations

import typing as t

from .._core.errors import OptionError, TriageError
from .._core.options import Params, Run, checked_text
from .._core.urls import segment
from .._core.values import dig
from .._flow.change import Change, Confirmed, Fields, Outcome, fate, tags_wanted, untold
from .._flow.platform import Changeable
from .api import Calseta, fields_of

_ASKED = ("status", "severity", "tags", "close_classification", "malice_override")


class CalsetaAlerts(Calseta, Changeable):
    """Alerts of Calseta, brought to what the task names."""

    closing: t.ClassVar[Fields] = {"status": "Closed"}

    def __init__(self, params: Params, run: Run) -> None:
        super().__init__(params, run)
        if params["reset_malice_override"] and params["malice_override"]:
            raise OptionError("malice_override and reset_malice_override: true exclude each other")
        self._asked = {name: params[name] for name in _ASKED if params[name] is not None}
        for tag in self._asked.get("tags", []):
            checked_text("tags", tag)
        if params["reset_malice_override"]:
            self._asked["malice_override"] = None
        self._purge_tags: bool = params["purge_tags"]

    def wanted(self, alert_id: str, fields: Fields) -> Fields:
        wanted = dict(self._asked)
        if "tags" in wanted:
            wanted["tags"] = tags_wanted(wanted["tags"], fields["tags"], self._purge_tags)
        if wanted.get("status") == "Closed" and fields["status"] != "Closed":
            # It must be in the request that closes, even where the alert has one already.
            wanted.setdefault("close_classification", fields["close_classification"])
            if not wanted["close_classification"]:
                raise OptionError("To close an alert that has none yet, close_classification is needed")
        return wanted

    def write(self, changes: t.Sequence[Change]) -> dict[str, Outcome]:
        outcomes = self.client.each(self._write_one, changes)
        return {change.id: outcome for change, outcome in zip(changes, outcomes)}

    def _write_one(self, change: Change) -> Outcome:
        body = dict(change.delta)
        if body.get("status") == "Closed":
            body["close_classification"] = change.wanted["close_classification"]
        if "malice_override" in body and body["malice_override"] is None:
            # A null means "not sent" here.
            del body["malice_override"]
            body["reset_malice_override"] = True
        try:
            answer = self.client.request("PATCH", self.base + segment(change.id), body)
        except TriageError as error:
            return fate(error)
        alert = dig(answer.body, "data")
        if not self.readable(alert) or alert["uuid"] != change.id:
            return untold("PATCH", f"/v1/alerts/{change.id}", answer)
        return Confirmed(fields_of(alert))
