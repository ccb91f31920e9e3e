# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Datadog: the triage of a signal, that is its state, why it was archived, and who has it.

API: https://docs.datadoghq.com/api/latest/security-monitoring/#update-security-signal-triage-state-or-assignee
"""

from __future__ import annotations

import collections
import typing as t

from .._core.errors import AmbiguousError, NotSentError, OptionError, RequestError, TriageError
from .._core.options import Params, TaskContext, checked_text
from .._core.provenance import provenance, with_provenance, without_provenance
from .._core.urls import segment
from .._core.values import batches, dig
from .._flow.change import Alert, Change, Confirmed, Fields, Outcome, Refused, Unknown, outcome_of, unconfirmed
from .signals import Triage, is_valid, triage_field
from .users import User
from .writable import WritableSignals, require_state

#: The most signals that the bulk call takes.
BULK_LIMIT = 199

_BULK = "/api/v2/security_monitoring/signals/bulk/update"

#: Our names of the fields, with what an absent one means.
_ABSENT: dict[str, t.Any] = {"state": None, "archive_reason": "none", "archive_comment": "", "incident_ids": []}


class SignalState(WritableSignals):
    """The triage of signals, brought to what the task names."""

    chunk = BULK_LIMIT

    def __init__(self, params: Params, context: TaskContext) -> None:
        super().__init__(params, context)
        self._desired = {
            name: checked_text(name, params[name])
            for name in ("state", "archive_reason", "archive_comment")
            if params[name] is not None
        }
        if self._desired.get("state") == "open" and self._desired.get("archive_reason", "none") != "none":
            raise OptionError("archive_reason goes with state: archived, and state is open")
        self._line = provenance(params, self.api.client.scrub)
        self._assignee: str | None = params["assignee"]
        self._desired_assignee: User | None = None
        self._alone: set[str] = set()
        self._has_bulk = True

    def prepare(self) -> None:
        super().prepare()
        if self._assignee is not None and self.is_about_signals:
            self._desired_assignee = self.users.find("assignee", self._assignee)

    def desired(self, alert: Alert) -> Fields:
        require_state(alert)
        user = self._desired_assignee
        desired = {**self._desired, **({} if user is None else {"assignee": user.shown})}
        return desired if self._line is None else _with_provenance(desired, alert.fields, self._line)

    @property
    def desired_fields(self) -> t.Collection[str]:
        return [*self._desired, *([] if self._desired_assignee is None else ["assignee"])]

    def fields_of(self, triage: Triage) -> Fields:
        fields = {name: triage_field(triage, name) for name in _ABSENT}
        # An empty reason is none, too.
        fields = {name: _ABSENT[name] if value in (None, "") else value for name, value in fields.items()}
        fields["assignee"] = self._shown(triage.get("assignee"))
        return fields

    def _shown(self, assignee: t.Any) -> str | None:
        """Who has the signal, as the task writes it where it is the same user, for not every answer has the uuid."""
        user = User.of(assignee)
        if self._desired_assignee and self.users.same(user, self._desired_assignee):
            return self._desired_assignee.shown
        return user and user.shown

    def write(self, changes: t.Sequence[Change]) -> dict[str, Outcome]:
        together = [change for change in changes if self._has_bulk and change.id not in self._alone]
        outcomes: dict[str, Outcome] = {}
        if len(together) > 1:
            for part in self.api.client.each(self._write_bulk, batches(together, BULK_LIMIT)):
                outcomes.update(part)
        rest = [change for change in changes if change.id not in outcomes]
        outcomes.update(zip((change.id for change in rest), self.api.client.each(self._write_one, rest)))
        return outcomes

    def _write_one(self, change: Change) -> Outcome:
        path = f"/api/v2/security_monitoring/signals/{segment(change.id)}/update"
        body = {"data": {"type": "signal_metadata", "attributes": self._attributes(change)}}
        try:
            answer = self.api.client.request("PATCH", self.api.base + path, body)
        except TriageError as error:
            return self.outcome_of(error, change.id)
        shown = dig(answer.body, "data", "attributes") if self.shows(answer, change.id) else None
        return self._outcome(change, shown) or unconfirmed("PATCH", path, answer)

    def _write_bulk(self, batch: t.Sequence[Change]) -> dict[str, Outcome]:
        items = [{"id": change.id, "type": "signal", "attributes": self._attributes(change)} for change in batch]
        try:
            answer = self.api.client.request("PATCH", self.api.base + _BULK, {"data": items})
        except TriageError as error:
            return self._bulk_failed(batch, error)
        shown = _events(answer.body)
        outcomes = {change.id: self._outcome(change, shown.get(change.id)) for change in batch}
        left_out = AmbiguousError("PATCH", _BULK, "the answer leaves this signal out", status=answer.status)
        self._alone.update(signal_id for signal_id, outcome in outcomes.items() if outcome is None)
        return {signal_id: outcome or Unknown(left_out) for signal_id, outcome in outcomes.items()}

    def _bulk_failed(self, batch: t.Sequence[Change], error: TriageError) -> dict[str, Outcome]:
        """The outcomes of a bulk that ended in this error; none where each signal is to tell for itself."""
        failed = outcome_of(error)
        status = error.status if isinstance(error, RequestError) else None
        general = status in (None, 401, 403, 429) or isinstance(error, NotSentError)
        if general or not isinstance(failed, Refused):
            return {change.id: failed for change in batch}
        # One bad signal may have refused them all, or only itself: each goes alone.
        self._has_bulk = self._has_bulk and status not in (404, 405)
        self._alone.update(change.id for change in batch)
        return {}

    def _attributes(self, change: Change) -> dict[str, t.Any]:
        attributes = dict(change.delta)
        if "assignee" in attributes:
            attributes["assignee"] = {"uuid": t.cast(User, self._desired_assignee).uuid or ""}
        return attributes if self.version is None else {**attributes, "version": self.version}

    def _outcome(self, change: Change, triage: t.Any) -> Confirmed | None:
        """The outcome by an answer's triage, or V(None) if it does not show all that was written."""
        if not is_valid(triage) or any(triage.get(name) is None for name in change.delta):
            return None
        try:
            fields = self.fields_of(triage)
        except TriageError:
            # It was written, but the user that the answer shows cannot be looked up.
            return None
        user = User.of(triage.get("assignee"))
        if user and change.before["assignee"] in user.names:
            # The same user, of whom this answer may tell more than a read.
            fields["assignee"] = change.before["assignee"]
        shown = _shown_in(triage)
        return Confirmed({name: fields[name] if name in shown else change.before[name] for name in fields})


def _shown_in(triage: Triage) -> set[str]:
    """The fields that an answer shows. Where there is a reason, no comment means that there is none (any more)."""
    shown = {name for name, value in triage.items() if value is not None}
    return shown | {"archive_comment"} if "archive_reason" in shown else shown


def _events(body: t.Any) -> dict[str, t.Any]:
    """The triage objects of a bulk's answer by their ids. One whose id is not clear, or there twice, is left out."""
    events = dig(body, "result", "events")
    pairs = [(str(dig(event, "id")), dig(event, "event")) for event in events] if isinstance(events, list) else []
    times = collections.Counter(signal_id for signal_id, _triage in pairs)
    return {key: triage for key, triage in pairs if times[key] == 1 and dig(triage, "id") in (None, key)}


def _with_provenance(desired: Fields, fields: Fields, line: str) -> Fields:
    """What is wanted, with a line at the end of the comment if it changes a signal that is archived then."""
    # V(None) is what a search does not show, and is no empty comment.
    comment: str = fields["archive_comment"] or ""
    if fields["archive_comment"] is not None and desired.get("archive_comment") == without_provenance(comment):
        # Whichever job has left its line there.
        desired["archive_comment"] = fields["archive_comment"]
    changes = any(fields.get(name) != value for name, value in desired.items())
    if changes and desired.get("state", fields["state"]) == "archived":
        desired["archive_comment"] = with_provenance(desired.get("archive_comment", comment) or "", line)
    return desired
