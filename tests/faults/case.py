# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a task of the storm is: the module and its options, and what there is to say of its alerts without any help from
the modules."""

from __future__ import annotations

import dataclasses
import random
import typing as t

from ansible_collections.secops.triage.tests.simulator.base import Platform
from ansible_collections.secops.triage.tests.simulator.security_deck import SecurityDeck
from ansible_collections.secops.triage.tests.simulator.security_deck_alerts import Operation
from ansible_collections.secops.triage.tests.unit.harness import Params

from .expected_state import State, forbidden, guarded_alert, shown


@dataclasses.dataclass
class Case:
    """A task. ``reached`` says of an alert, as it is reported, whether it is what the task asks for."""

    module: str
    platform: Platform
    params: Params
    ids: list[str]
    reached: t.Callable[[State], bool]
    check: bool = False
    #: An alert as it is now and as it is reported, where that is not its triage; notes on it, whatever they say.
    seen: t.Callable[[str], State] | None = None
    notes: t.Callable[[str], list[str]] = lambda alert_id: []
    #: Fields that a search does not show, and that are null unless the task is about them.
    untold: t.Collection[str] = ()
    #: Ids that are asked for, and that no alert has.
    absent: t.Sequence[str] = ()

    @property
    def looks(self) -> bool:
        """Whether the module only looks."""
        return self.module.endswith("_info")

    @property
    def noted(self) -> bool:
        """Whether the task is about notes, and not about the triage."""
        return self.module == "alert_note"

    def changes(self, alert_id: str) -> int:
        """How often the task has changed an alert, which had no notes before."""
        return len(self.notes(alert_id)) if self.noted else len(self.platform.changes_of(alert_id))

    def operations(self) -> dict[str, Operation]:
        """What changes the alerts of Security Deck, by id."""
        return self.platform.operations if isinstance(self.platform, SecurityDeck) else {}

    def states(self) -> dict[str, State]:
        """All alerts as they are now, as they should be reported."""
        overview = self.platform.overview()
        see = self.seen or (lambda alert_id: shown(self.platform, overview[alert_id]))
        return {alert_id: see(alert_id) for alert_id in self.ids}

    def guarded(self) -> set[str]:
        """The alerts that the task would change, and that a guard of it forbids to."""
        states = self.states()
        return {
            alert_id
            for alert_id in self.ids
            if not self.reached(states[alert_id])
            and forbidden(self.platform, self.params, guarded_alert(self.platform, alert_id))
        }


def guards(
    chance: random.Random, states: t.Sequence[str], severities: t.Sequence[str], people: t.Sequence[str] = ()
) -> Params:
    """For some tasks, guards that let a good part of the alerts through."""
    if chance.random() < 0.5:
        return {}
    drawn = {
        "only_from": chance.sample(states, chance.randrange(1, len(states) + 1)),
        "only_assigned_to": ["", *chance.sample(people, chance.randrange(len(people) + 1))],
        "protect_severity": chance.sample(severities, chance.randrange(1, 3)),
    }
    names = [name for name in drawn if name != "only_assigned_to" or people]
    chosen = [name for name in names if chance.random() < 0.5] or [chance.choice(names)]
    return {**{name: drawn[name] for name in chosen}, "on_guard": chance.choice(["skip", "skip", "skip", "fail"])}


def some(chance: random.Random, many: int = 60) -> int:
    """A number of alerts: mostly few, for each task has a fault mix of its own, and now and then many."""
    return many if chance.random() < 0.05 else chance.choice([1, 2, 3, 8, 15, 30])


def pick(chance: random.Random, options: dict[str, t.Sequence[t.Any]]) -> Params:
    """Values for some of the options, and at least for one."""
    names = [name for name in options if chance.random() < 0.6] or [chance.choice(list(options))]
    return {name: chance.choice(options[name]) for name in names}


def alike(one: t.Any, other: t.Any) -> bool:
    """Whether two values are the same, of which one may be a set of all that mean the same."""
    return bool(one in other if isinstance(other, frozenset) and isinstance(one, str) else one == other)
