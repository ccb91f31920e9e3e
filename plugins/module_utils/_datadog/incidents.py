# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Datadog: the incidents that a signal is linked to.

API: https://docs.datadoghq.com/api/latest/security-monitoring/#add-a-security-signal-to-an-incident
"""

from __future__ import annotations

import re
import typing as t

from .._core.errors import OptionError, RefusedError, TriageError
from .._core.options import Params, TaskContext
from .._core.urls import segment
from .._core.values import dig, integer
from .._flow.change import Accepted, Alert, Change, Confirmed, Fields, Outcome, unconfirmed
from .signals import Triage, is_valid, triage_field
from .titles import TitledIncident
from .writable import WritableSignals, require_state


class IncidentLink(WritableSignals):
    """Signals that are to be linked to an incident, or not to be."""

    def __init__(self, params: Params, context: TaskContext) -> None:
        super().__init__(params, context)
        self._present: bool = params["state"] == "present"
        self._titled: TitledIncident | None = None
        self._public_id = 0
        if params["incident_title"] is None:
            self._public_id = _public_id(params["incident_id"])
        elif self._present:
            self._titled = TitledIncident(self.api, params["incident_title"])
        else:
            raise OptionError("incident_title requires state=present", "To take a link away, give incident_id.")
        self.appends = self._present
        # Whoever rewrites the list must know its latest links.
        self.replaces = not self._present
        self._timeline: bool | None = params["add_to_signal_timeline"]

    @property
    def _incident(self) -> int:
        """The incident's public id; 0 is one that is still to be created."""
        return (self._titled.number or 0) if self._titled else self._public_id

    def prepare(self) -> None:
        super().prepare()
        if self._titled and self.is_about_signals:
            self._titled.find()

    def begin(self, changes: t.Sequence[Change]) -> t.Sequence[Change]:
        if self._titled is None or self._titled.number is not None or not changes:
            return changes
        self._titled.create(self.read_lag)
        return [Change(change.alert, self.desired(change.alert)) for change in changes]

    @property
    def changed_besides(self) -> bool | None:
        return self._titled.created if self._titled else False

    def extra_results(self, results_changed: bool) -> Fields:
        if self._titled is None:
            return {}
        # In check mode there is no number yet.
        created = self._titled.created if self._titled.number or not results_changed else True
        return {"incident": {"id": self._titled.number, "title": self._titled.title, "created": created}}

    def warnings(self, alerts: t.Mapping[str, Fields]) -> list[str]:
        found = super().warnings(alerts)
        if self._titled and not self._titled.visible:
            found.append(
                f"The incident {self._titled.title!r} was created, and Datadog's search does not show it yet. A task"
                " that uses this title now may create another one."
            )
        return found

    @property
    def desired_fields(self) -> t.Collection[str]:
        return ("incident_ids",)

    def fields_of(self, triage: Triage) -> Fields:
        return {"incident_ids": triage_field(triage, "incident_ids") or []}

    def desired(self, alert: Alert) -> Fields:
        require_state(alert)
        present = alert.fields["incident_ids"] or []
        others = [number for number in present if number != self._incident]
        if self._present:
            linked = len(others) < len(present)
            return {"incident_ids": present if linked else [*others, self._incident]}
        return {"incident_ids": others}

    def write(self, changes: t.Sequence[Change]) -> dict[str, Outcome]:
        outcomes = self.api.client.each(self._link if self._present else self._unlink, changes)
        return {change.id: outcome for change, outcome in zip(changes, outcomes)}

    def _link(self, change: Change) -> Outcome:
        """Add the link. The answer never shows it."""
        path = f"/api/v1/security_analytics/signals/{segment(change.id)}/add_to_incident"
        body = {
            "incident_id": self._incident,
            "add_to_signal_timeline": self._timeline,
            "version": self.version,
        }
        try:
            answer = self.api.client.request(
                "PATCH", self.api.base + path, {name: value for name, value in body.items() if value is not None}
            )
        except TriageError as error:
            return self.outcome_of(error, change.id)
        hits = integer(dig(answer.body, "hitCount"))
        if hits == 0:
            nothing = "the answer says that no signal was hit (hitCount 0)"
            return Accepted(RefusedError("PATCH", path, nothing, status=answer.status))
        # As documented, the answer has only that word.
        accepted = hits is not None or dig(answer.body, "status") == "updated"
        return Accepted() if accepted else unconfirmed("PATCH", path, answer)

    def _unlink(self, change: Change) -> Outcome:
        """Rewrite the list of incidents without this one, as it was just read: no call takes one link away."""
        path = f"/api/v2/security_monitoring/signals/{segment(change.id)}/incidents"
        attributes = change.delta if self.version is None else {**change.delta, "version": self.version}
        try:
            answer = self.api.client.request("PATCH", self.api.base + path, {"data": {"attributes": attributes}})
        except TriageError as error:
            return self.outcome_of(error, change.id)
        triage = dig(answer.body, "data", "attributes")
        shown = self.shows(answer, change.id) and is_valid(triage) and triage.get("incident_ids") is not None
        return Confirmed(self.fields_of(triage)) if shown else unconfirmed("PATCH", path, answer)


def _public_id(value: str) -> int:
    """The public id of an incident, of that itself or of the form in which Datadog shows it: C(IR-2609)."""
    found = re.fullmatch(r"(?i)(?:IR-)?([0-9]{1,19})", value.strip())
    number = int(found[1]) if found else 0
    if not 0 < number < 2**63:
        raise OptionError(f"incident_id {value!r} is not the public id of an incident, such as 2609 or IR-2609")
    return number
