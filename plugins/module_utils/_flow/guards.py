# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Guards: they forbid changes of alerts, by the state of each alert just before it is written.

Guards fail closed. A value that is missing, or that is no known word of the platform, counts as protected.
"""

from __future__ import annotations

import dataclasses
import string
import typing as t

from .._core.errors import OptionError
from .._core.options import ArgumentSpec, Params

GUARDS_OPTIONS = ArgumentSpec(
    {
        "only_from": {"type": "list", "elements": "str"},
        "only_assigned_to": {"type": "list", "elements": "str"},
        "protect_severity": {"type": "list", "elements": "str"},
        "on_guard": {"type": "str", "choices": ["fail", "skip"], "default": "fail"},
    }
)

_LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)


def folded(identity: str) -> str:
    """An identity as it is compared: ASCII letters in lower case. Unicode folding would merge different users."""
    return identity.translate(_LOWER)


#: What belongs to one user alone, by its kind: the uuid and the handle, as far as known. A display name does not.
Identities = t.Mapping[str, str]


class Owner(t.NamedTuple):
    """An owner of an alert, with the identities that the alert shows."""

    shown: str
    identities: Identities


@dataclasses.dataclass(frozen=True)
class GuardedState:
    """The state of an alert that guards check, in the platform's words. V(None) means that the service did not show it.

    ``owners`` is empty if the service shows that nobody has the alert.
    """

    status: str | None
    severity: str | None = None
    owners: t.Sequence[Owner] | None = None


@dataclasses.dataclass(frozen=True)
class Guards:
    """The guards of a task on one platform. V(None) is a guard that is not set; an empty list allows nothing."""

    only_from: t.Sequence[str] | None = None
    only_assigned_to: t.Sequence[str] | None = None
    protect_severity: t.Sequence[str] | None = None
    #: Whether protected alerts are skipped, instead of failing the task.
    skip_protected: bool = False
    #: The severities that the platform knows.
    severities: t.Collection[str] = ()
    #: The identities of the users in O(only_assigned_to) that were looked up. Any other word is itself an identity.
    identities: t.Mapping[str, Identities] = dataclasses.field(default_factory=dict)

    @classmethod
    def of(
        cls, params: Params, states: t.Sequence[str], severities: t.Sequence[str], unrated: t.Collection[str] = ()
    ) -> Guards:
        """The guards of a task on a platform with these words. ``unrated`` severities mean that none was set yet."""
        rated = [one for one in severities if one not in unrated]
        for name, values in (("only_from", states), ("protect_severity", rated)):
            bad = [one for one in params[name] or () if one not in values]
            if bad:
                raise OptionError(f"{name} has {_listed(map(repr, bad))} in it; here it takes {_listed(values)}")
        people = params["only_assigned_to"]
        return cls(
            only_from=params["only_from"],
            only_assigned_to=None if people is None else [one.strip() for one in people],
            protect_severity=params["protect_severity"],
            skip_protected=params["on_guard"] == "skip",
            severities=rated,
        )

    @property
    def set(self) -> bool:
        """Whether any guard is set."""
        return any(one is not None for one in (self.only_from, self.only_assigned_to, self.protect_severity))

    @property
    def people(self) -> t.Sequence[str]:
        """The users whom O(only_assigned_to) names."""
        return [one for one in self.only_assigned_to or () if one]

    def objection(self, state: GuardedState | None, *, closes: bool) -> str | None:
        """Why an alert in this state must not be changed; V(None) if it may. ``closes``: the change closes it."""
        if not self.set:
            return None
        state = state or GuardedState(None)
        reasons = (self._by_status(state), self._by_owner(state), self._by_severity(state) if closes else None)
        return next(filter(None, reasons), None)

    def _by_status(self, state: GuardedState) -> str | None:
        if self.only_from is None or state.status in self.only_from:
            return None
        return f"it is {state.status or 'in an unknown status'}, and only_from is {_listed(self.only_from) or 'empty'}"

    def _by_owner(self, state: GuardedState) -> str | None:
        if self.only_assigned_to is None:
            return None
        who = self._not_allowed(state.owners)
        allowed = _listed(one or "nobody" for one in self.only_assigned_to) or "empty"
        return f"{who}, and only_assigned_to is {allowed}" if who else None

    def _not_allowed(self, owners: t.Sequence[Owner] | None) -> str | None:
        """The owners that the guard does not allow, as a text; V(None) if it allows all of them."""
        if owners is None:
            return "the service does not say who has it"
        if not owners:
            return None if "" in (self.only_assigned_to or ()) else "nobody has it"
        others = [owner.shown for owner in owners if not self._allows(owner)]
        return f"{_listed(others)} has it" if others else None

    def _allows(self, owner: Owner) -> bool:
        told = {kind: folded(identity) for kind, identity in owner.identities.items() if identity}
        return any(self._is(word, told) for word in self.people)

    def _is(self, word: str, told: Identities) -> bool:
        """Whether the identities that an alert tells are those of a user whom the guard names."""
        if word not in self.identities:
            return folded(word) in told.values()
        known = {kind: folded(identity) for kind, identity in self.identities[word].items() if identity}
        both = known.keys() & told.keys()
        # One identity that is another user's is enough: an alert with two users has no known owner.
        return bool(both) and all(known[kind] == told[kind] for kind in both)

    def _by_severity(self, state: GuardedState) -> str | None:
        if not self.protect_severity:
            return None
        if state.severity not in self.severities:
            known = f"{state.severity}, an unknown word" if state.severity else "not known"
            return f"its severity is {known}, and protect_severity keeps such alerts from being closed"
        if state.severity in self.protect_severity:
            return f"its severity is {state.severity}, which protect_severity keeps from being closed"
        return None


def _listed(values: t.Iterable[str]) -> str:
    return ", ".join(values)
