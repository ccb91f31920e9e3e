# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Elastic Security: the tags and the assignees of detection alerts.

API: https://www.elastic.co/docs/api/doc/kibana/operation/operation-setalerttags and operation-setalertassignees
"""

from __future__ import annotations

import abc
import typing as t

from .._core.errors import OptionError
from .._core.options import Params, TaskContext, checked_text
from .._core.values import batches
from .._flow.change import Change, Fields, Outcome
from .api import listed
from .users import uids
from .words import ASSIGNEES, TAGS
from .writable import BATCH, ChangedAlerts


class _Alike(t.NamedTuple):
    """What several alerts are to get, and to lose."""

    add: tuple[str, ...]
    remove: tuple[str, ...]


class _AlertLists(ChangedAlerts):
    """Alerts of which a list is to have certain entries in it, or not, or no others."""

    #: The name of the list, in the results and in the API.
    name: str

    def __init__(self, params: Params, context: TaskContext) -> None:
        super().__init__(params, context)
        self._state: str = params["state"]
        self.entries = list(dict.fromkeys(params[self.name]))
        for one in self.entries:
            checked_text(self.name, one)
        if not all(one.strip() for one in self.entries):
            raise OptionError(f"{self.name} has an empty text in it; to have none, give an empty list and state exact")

    def fields(self, alert_id: str, status: str, hit: dict[str, t.Any]) -> Fields:
        return {self.name: listed(alert_id, hit, self.changes[0])}

    def desired(self, alert_id: str, fields: Fields) -> Fields:
        present: list[str] = fields[self.name]
        # In the order in which the server puts them.
        kept = [one for one in present if self._state == "present" or (one in self.entries) == (self._state == "exact")]
        added = [] if self._state == "absent" else [one for one in self.entries if one not in present]
        if alert_id in self.legacy and [*kept, *added] != present:
            raise OptionError(f"This alert is from before 8.0, and has no place for {self.name}")
        return {self.name: [*kept, *added]}

    def write(self, changes: t.Sequence[Change]) -> dict[str, Outcome]:
        alike: dict[_Alike, list[str]] = {}
        for change in changes:
            before, after = change.before[self.name], change.desired[self.name]
            add = tuple(one for one in after if one not in before)
            remove = tuple(dict.fromkeys(one for one in before if one not in after))
            alike.setdefault(_Alike(add, remove), []).append(change.id)
        writes = [(what, batch) for what, ids in alike.items() for batch in batches(ids, BATCH)]
        outcomes: dict[str, Outcome] = {}
        for part in self.client.each(lambda one: self.send(self.name, one[1], self._body(*one)), writes):
            outcomes.update(part)
        return outcomes

    def _body(self, what: _Alike, ids: t.Sequence[str]) -> Fields:
        return {"ids": list(ids), self.name: self.lists(list(what.add), list(what.remove))}

    @abc.abstractmethod
    def lists(self, add: list[str], remove: list[str]) -> Fields:
        """What to add and what to remove, as the call wants it."""


class AlertTags(_AlertLists):
    """Alerts that are to have tags, or not."""

    name = "tags"
    changes = (TAGS,)

    def lists(self, add: list[str], remove: list[str]) -> Fields:
        return {"tags_to_add": add, "tags_to_remove": remove}


class AlertAssignees(_AlertLists):
    """Alerts that are to be assigned to users, or not."""

    name = "assignees"
    changes = (ASSIGNEES,)

    def select(self) -> dict[str, Fields]:
        self.entries = list(dict.fromkeys(uids(self, self.name, self.entries).values()))
        return super().select()

    def lists(self, add: list[str], remove: list[str]) -> Fields:
        return {"add": add, "remove": remove}
