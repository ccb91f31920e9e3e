# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Elastic Security: the tags and the assignees of detection alerts.

API: https://www.elastic.co/docs/api/doc/kibana/operation/operation-setalerttags and operation-setalertassignees
"""

from __future__ import annotations

import dataclasses
import typing as t

from .._core.errors import OptionError, UnreadableError
from .._core.options import Params, TaskContext, desired_list
from .._core.values import batches
from .._flow.change import Alert, Change, Fields, Outcome
from .._flow.notes import with_provenance_notes
from .hits import Hit, listed
from .notes import provenance_notes
from .users import uids
from .words import ASSIGNEES, TAGS
from .writable import BATCH, WritableAlerts


@dataclasses.dataclass(frozen=True)
class ListKind:
    """A list of an alert: its name in results and in the API, its field, and the API's keys for its changes."""

    name: str
    field: str
    add: str
    remove: str


_TAGS = ListKind("tags", TAGS, "tags_to_add", "tags_to_remove")
_ASSIGNEES = ListKind("assignees", ASSIGNEES, "add", "remove")


class AlertLists(WritableAlerts):
    """Adds entries to a list of alerts, removes them, or replaces all."""

    def __init__(self, params: Params, context: TaskContext, kind: ListKind) -> None:
        super().__init__(params, context, [kind.field])
        self._kind = kind
        self._state: str = params["state"]
        self._entries = list(dict.fromkeys(desired_list(kind.name, params[kind.name])))

    def prepare(self) -> None:
        super().prepare()
        if self._kind is _ASSIGNEES:
            self._entries = list(dict.fromkeys(uids(self.api, self._kind.name, self._entries).values()))

    def fields_of(self, hit: Hit) -> Fields:
        return {self._kind.name: listed(hit, self._kind.field)}

    def desired(self, alert: Alert) -> Fields:
        name = self._kind.name
        if alert.fields[name] is None:
            raise UnreadableError(
                f"The {name} of the alert {alert.id} are not texts, so they cannot be changed",
                f"Correct the field {self._kind.field} in Elasticsearch.",
            )
        desired = self._combined(alert.fields[name])
        if name in alert.lacks and desired != alert.fields[name]:
            raise OptionError(f"This alert is from before 8.0, and has no place for {name}")
        return {name: desired}

    def _combined(self, present: list[str]) -> list[str]:
        """The list as it should be, in the order that the server gives it."""
        if self._state == "absent":
            return [one for one in present if one not in self._entries]
        kept = present if self._state == "present" else [one for one in present if one in self._entries]
        return [*kept, *(one for one in self._entries if one not in present)]

    def write(self, changes: t.Sequence[Change]) -> dict[str, Outcome]:
        alike: dict[tuple[tuple[str, ...], tuple[str, ...]], list[str]] = {}
        for change in changes:
            before, after = change.before[self._kind.name], change.desired[self._kind.name]
            add = tuple(one for one in after if one not in before)
            remove = tuple(dict.fromkeys(one for one in before if one not in after))
            alike.setdefault((add, remove), []).append(change.id)
        writes = [(self._body(*lists, batch), batch) for lists, ids in alike.items() for batch in batches(ids, BATCH)]
        outcomes: dict[str, Outcome] = {}
        for sent in self.api.client.each(lambda one: self.send(self._kind.name, one[1], one[0]), writes):
            outcomes.update(sent)
        return outcomes

    def _body(self, add: tuple[str, ...], remove: tuple[str, ...], ids: t.Sequence[str]) -> Fields:
        lists = {self._kind.add: list(add), self._kind.remove: list(remove)}
        return {"ids": list(ids), self._kind.name: lists}


def alert_tags(params: Params, context: TaskContext) -> AlertLists:
    """The platform of a task that changes tags."""
    return with_provenance_notes(AlertLists(params, context, _TAGS), params, provenance_notes)


def alert_assignees(params: Params, context: TaskContext) -> AlertLists:
    """The platform of a task that changes assignees."""
    return with_provenance_notes(AlertLists(params, context, _ASSIGNEES), params, provenance_notes)
