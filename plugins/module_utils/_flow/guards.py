# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What keeps a task from alerts that it should leave alone: guards on how each one stands just before it is written."""

from __future__ import annotations

import dataclasses
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


@dataclasses.dataclass(frozen=True)
class GuardedState:
    """How an alert stands. V(None) is what the API did not tell.

    ``assignees`` has whoever has the alert, in the words of O(only_assigned_to) where it is somebody named there; none
    is nobody.
    """

    status: str | None
    severity: str | None = None
    assignees: t.Sequence[str] | None = ()


@dataclasses.dataclass(frozen=True)
class Guards:
    """The guards of a task. V(None) is a guard that was not set, and an empty list one that lets nothing through."""

    only_from: t.Sequence[str] | None = None
    only_assigned_to: t.Sequence[str] | None = None
    protect_severity: t.Sequence[str] | None = None
    #: Whether alerts that a guard protects are left alone, instead of failing the task.
    skip: bool = False
    #: How each alert stood when it was last read or found.
    standings: dict[str, GuardedState] = dataclasses.field(default_factory=dict)

    @classmethod
    def of(cls, params: Params, states: t.Sequence[str], severities: t.Sequence[str]) -> Guards:
        """The guards of a task on a platform that has these states and severities."""
        for name, values in (("only_from", states), ("protect_severity", severities)):
            bad = [one for one in params[name] or () if one not in values]
            if bad:
                raise OptionError(f"{name} has {_listed(map(repr, bad))} in it; here it takes {_listed(values)}")
        people = params["only_assigned_to"]
        return cls(
            only_from=params["only_from"],
            only_assigned_to=None if people is None else [one.strip() for one in people],
            protect_severity=params["protect_severity"],
            skip=params["on_guard"] == "skip",
        )

    @property
    def set(self) -> bool:
        """Whether there is anything to guard."""
        return any(one is not None for one in (self.only_from, self.only_assigned_to, self.protect_severity))

    def objection(self, alert_id: str, closes: bool) -> str | None:
        """Why this alert must not be changed, as it stands; V(None) if it may.

        What the API did not tell is taken for what the guard is there for.
        """
        if not self.set:
            return None
        standing = self.standings[alert_id]
        if self.only_from is not None and standing.status not in self.only_from:
            return f"it is {standing.status}, and only_from is {_listed(self.only_from)}"
        if self.only_assigned_to is not None:
            has_it = standing.assignees
            if has_it is None or not set(has_it or [""]) <= set(self.only_assigned_to):
                who = "nobody knows who has it" if has_it is None else f"{_listed(has_it) or 'nobody'} has it"
                return f"{who}, and only_assigned_to is {_listed(one or 'nobody' for one in self.only_assigned_to)}"
        if closes and self.protect_severity and standing.severity in (None, *self.protect_severity):
            return f"its severity is {standing.severity or 'not known'}, which protect_severity keeps from being closed"
        return None


def _listed(values: t.Iterable[str]) -> str:
    return ", ".join(values)
