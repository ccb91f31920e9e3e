# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What there is to know of a task in the storm, once all is quiet."""

from __future__ import annotations

import dataclasses
import re

from ansible_collections.secops.triage.tests.simulator import Entry
from ansible_collections.secops.triage.tests.unit.harness import Result

from .case import Case
from .expected_state import State
from .fault_mix import REFUSALS


@dataclasses.dataclass
class Evidence:
    """What there is to know of a run: every alert before and after, and all requests."""

    case: Case
    result: Result
    before: dict[str, State]
    after: dict[str, State]
    entries: list[Entry]
    bodies: dict[int, str]
    #: The alerts that a guard kept from being changed, from the beginning.
    guarded: set[str]
    #: Seconds for which reads showed what was before a write.
    read_lag: float

    @property
    def timeout(self) -> float:
        return float(self.case.params["timeout"])

    def about(self, alert_id: str) -> list[Entry]:
        """The requests that name the alert, or its operation, in their order."""
        mine = {name for name, operation in self.case.operations().items() if operation.alert.id == alert_id}
        others = {name for name in mine if self._is_note(self.case.operations()[name].kind) != self.case.noted}
        found = []
        for entry in self.entries:
            steps = re.split(r"[/?&=]", entry.path)
            named = alert_id in steps or mine & set(steps) or f'"{alert_id}"' in self.bodies[entry.number]
            # What shows an alert does not show its notes, nor the other way round.
            shows_notes = self._is_note(entry.path) or (self.case.noted and bool(mine & set(steps)))
            if named and not others & set(steps) and shows_notes == self.case.noted:
                found.append(entry)
        return found

    @staticmethod
    def _is_note(what: str) -> bool:
        """Whether a path, or an operation's kind, is about notes: whatever line a task leaves with its change."""
        return what == "CreateComment" or bool(re.search(r"/(comments|findings|note)(\?|$)", what))

    def late(self, entry: Entry) -> bool:
        """Whether the client had probably stopped waiting for the answer."""
        return entry.ended is None or entry.ended - entry.time > self.timeout * 0.8

    def clean(self, entry: Entry) -> bool:
        """Whether the client got the whole answer, and a good one."""
        return entry.fault is None and entry.status == 200 and not self.late(entry)

    def doubtful(self, entry: Entry) -> bool:
        """Whether the client could not tell by the answer what became of the request."""
        return self.late(entry) or (entry.fault is not None and not entry.fault.startswith(REFUSALS))


def listed_in(result: Result) -> list[Result]:
    """The alerts of a result, with what was before."""
    listed: list[Result] = result["signals"] if "signals" in result else result["alerts"]
    return listed
