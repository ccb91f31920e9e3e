# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Datadog: signals that a task changes, with what may keep it from that: guards, and versions."""

from __future__ import annotations

import abc
import contextlib
import typing as t

from .._core.errors import RefusedError, TriageError
from .._core.options import Params, TaskContext
from .._core.values import dig, text
from .._flow.change import Fields, Outcome, Refused, outcome_of
from .._flow.guards import GuardedState, Guards
from .._flow.platform import WritablePlatform
from .._http.transport import Answer
from .api import Signals
from .signal import Signal, Triage
from .users import User, Users
from .words import SEVERITIES, STATES


class GuardedSignals(Signals, WritablePlatform):
    """Signals whose triage is to be changed; what is shown of it is up to `fields_of`."""

    closing: t.ClassVar[Fields] = {"state": "archived"}

    def __init__(self, params: Params, context: TaskContext) -> None:
        super().__init__(params, context)
        self.version: int | None = params["version"]
        self.users = Users(self.client, self.base)
        self.guards = Guards.of(params, STATES, SEVERITIES)
        #: Those that only_assigned_to names, in its words.
        self._allowed: dict[str, User] = {}
        self._versions: dict[str, int | None] = {}

    @property
    @abc.abstractmethod
    def desired_fields(self) -> t.Collection[str]:
        """The fields that the task is about."""

    @abc.abstractmethod
    def fields_of(self, triage: Triage) -> Fields:
        """The fields in a triage object, as a read or the answer to a write shows it."""

    def select(self) -> dict[str, Fields]:
        if self.ids or self.selection:
            words = self.guards.only_assigned_to or ()
            self._allowed = {word: self.users.find("only_assigned_to", word) for word in words if word}
        return super().select()

    def shown(self, signal: Signal) -> Fields:
        self._versions[signal.id] = signal.version
        if self.guards.set:
            self.guards.standings[signal.id] = self._standing(signal)
        fields = self.fields_of(signal.triage)
        # A search need not show all. What it says nothing of differs from whatever is wanted, and so is read.
        fields.update((name, None) for name in {*fields, *self.desired_fields} if not signal.has_field(name))
        return fields

    def _standing(self, signal: Signal) -> GuardedState:
        user = User.of(signal.triage.get("assignee"))
        named = [word for word, allowed in self._allowed.items() if self.users.same(user, allowed)]
        # Somebody else may be called as a user who is allowed.
        other = f"another {user.shown}" if user.shown in self._allowed else user.shown
        has_it = named[:1] or ([other] if other else [])
        severity = signal.severity if signal.severity in SEVERITIES else None
        return GuardedState(text(signal.triage["state"]), severity, has_it)

    def explained(self, error: RefusedError, signal_id: str) -> RefusedError:
        """The error, which in the case of a version conflict names both versions."""
        about_version = error.status == 409 or (error.status == 400 and "version" in str(error).lower())
        if self.version is not None and about_version:
            # The version that was read before need not be the one that it was refused for.
            with contextlib.suppress(TriageError):
                self.read([signal_id])
            error.hint = (
                f"Conflict: version {self.version} was sent, and the signal is at version"
                f" {self._versions.get(signal_id)}. Somebody else changed it: look at it, and decide anew."
            )
        return error

    def outcome_of(self, error: TriageError, signal_id: str) -> Outcome:
        """The outcome of a write of this signal that ended in this error."""
        outcome = outcome_of(error)
        if isinstance(outcome, Refused) and isinstance(error, RefusedError):
            return Refused(self.explained(error, signal_id))
        return outcome

    @staticmethod
    def shows(answer: Answer, signal_id: str) -> bool:
        """Whether the answer to a write is about this signal: it need not be the one to this request."""
        return bool(dig(answer.body, "data", "id") == signal_id)
