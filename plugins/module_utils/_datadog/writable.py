# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Datadog: signals that a task changes, with what may keep it from that: guards, and versions."""

from __future__ import annotations

import abc
import dataclasses
import typing as t

from .._core.errors import RefusedError, TriageError, UnreadableError
from .._core.options import Params, TaskContext
from .._core.values import dig
from .._flow.change import Alert, Fields, Outcome, Refused, outcome_of
from .._flow.guards import GuardedState, Guards, Owner
from .._flow.platform import WritablePlatform
from .._http.answer import Answer
from .api import SignalApi, SignalReader
from .signals import Signal, Triage
from .users import NOBODY, User, Users
from .words import SEVERITIES, STATES


class WritableSignals(WritablePlatform):
    """Signals whose triage is to be changed; `fields_of` says what is reported of it."""

    closing: t.ClassVar[Fields] = {"state": "archived"}
    read_lag = 10.0

    def __init__(self, params: Params, context: TaskContext) -> None:
        self.api = SignalApi(params, context)
        super().__init__(SignalReader(self.api, params, self._alert_of), Guards.of(params, STATES, SEVERITIES))
        self.version: int | None = params["version"]
        self.users = Users(self.api.client, self.api.base)

    @property
    def is_about_signals(self) -> bool:
        """Whether the task names any signals, or searches for them."""
        return bool(self.alerts.ids or self.alerts.selection)

    @property
    @abc.abstractmethod
    def desired_fields(self) -> t.Collection[str]:
        """The fields that the task is about."""

    @abc.abstractmethod
    def fields_of(self, triage: Triage) -> Fields:
        """The fields in a triage object, as a read or the answer to a write shows it."""

    def prepare(self) -> None:
        if self.is_about_signals and self.guards.people:
            self.guards = dataclasses.replace(self.guards, identities=self.users.allowed(self.guards.people))

    def _alert_of(self, signal: Signal) -> Alert:
        fields = self.fields_of(signal.triage)
        # A search need not show all. What it leaves out differs from whatever is desired, and so is read.
        fields.update((name, None) for name in {*fields, *self.desired_fields} if not signal.has_field(name))
        guarded_state = _guarded_state(signal) if self.guards.set else None
        return Alert(signal.id, fields, guarded_state, signal.version, () if signal.state else ("state",), signal.title)

    def outcome_of(self, error: TriageError, signal_id: str) -> Outcome:
        """The outcome of a write of this signal that ended in this error."""
        outcome = outcome_of(error)
        if isinstance(outcome, Refused) and isinstance(error, RefusedError):
            return Refused(self._explained(error, signal_id))
        return outcome

    def _explained(self, error: RefusedError, signal_id: str) -> RefusedError:
        """The error, which in the case of a version conflict names both versions."""
        about_version = error.status == 409 or (error.status == 400 and "version" in str(error).lower())
        if self.version is not None and about_version:
            # The version that was read before need not be the one that it was refused for.
            present = self.alerts.read_each([signal_id]).get(signal_id)
            version = present.version if isinstance(present, Alert) else None
            error.hint = (
                f"Conflict: version {self.version} was sent, and the signal is at version {version}. Somebody else"
                " changed it: look at it, and decide anew."
            )
        return error

    @staticmethod
    def shows(answer: Answer, signal_id: str) -> bool:
        """Whether the answer to a write is about this signal: it need not be the one to this request."""
        return bool(dig(answer.body, "data", "id") == signal_id)


def require_state(alert: Alert) -> None:
    """Raise `UnreadableError` for a signal whose triage the API does not show: nobody can say what a write changes."""
    if "state" in alert.lacks:
        raise UnreadableError(
            f"The signal {alert.id} has no triage state, so it cannot be changed",
            "Look at it in Datadog: set its state there once, or run the task again later.",
        )


def _guarded_state(signal: Signal) -> GuardedState:
    """What guards look at. A field that is told twice, and differently, is not known."""
    state = None if "state" in signal.contradicted else signal.state
    user = None if "assignee" in signal.contradicted else User.of(signal.triage.get("assignee"))
    owners = None if user is None else [] if user == NOBODY else [Owner(user.shown, user.identities)]
    return GuardedState(state, signal.agreed_severity, owners)
