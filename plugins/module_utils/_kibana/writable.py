# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Elastic Security: what all changes of alerts have in common, be it of the status, the tags or the assignees."""

from __future__ import annotations

import typing as t

from .._core.errors import OptionError, RefusedError, TriageError
from .._core.options import Params, TaskContext
from .._core.values import text
from .._flow.change import Accepted, Fields, Outcome, Refused, Unknown, outcome_of
from .._flow.guards import GuardedState, Guards
from .._flow.platform import WritablePlatform
from .._flow.search import SearchResult, Selection
from .api import Alerts, field, listed, malformed
from .bounds import unbounded
from .search import Search
from .users import uids
from .words import ASSIGNEES, LEGACY_SEVERITY, LEGACY_STATUS, SEVERITIES, SEVERITY, STATUS, STATUSES

#: Alerts in one write: larger ones run into Kibana's 30 seconds on busy clusters.
BATCH = 1000


class GuardedAlerts(Alerts):
    """Alerts of which it is known how each one stands."""

    reject_differing_duplicates = True

    #: The fields that the task may change.
    changes: t.ClassVar[t.Sequence[str]] = ()

    def __init__(self, params: Params, context: TaskContext) -> None:
        super().__init__(params, context)
        self.guards = Guards.of(params, STATUSES, SEVERITIES)
        guarded = (SEVERITY, LEGACY_SEVERITY, ASSIGNEES) if self.guards.set else ()
        self.source = tuple(dict.fromkeys((STATUS, LEGACY_STATUS, *self.changes, *guarded)))
        #: By their uids, those whom only_assigned_to names.
        self._named: dict[str, str] = {}

    def select(self) -> dict[str, Fields]:
        people = [one for one in self.guards.only_assigned_to or () if one]
        self._named = {uid: name for name, uid in uids(self, "only_assigned_to", people).items()}
        return super().select()

    def shown(self, alert_id: str, status: str, hit: dict[str, t.Any]) -> Fields:
        if self.guards.set:
            severity = text(field(hit, SEVERITY)) or text(field(hit, LEGACY_SEVERITY))
            who = [self._named.get(uid, uid) for uid in listed(alert_id, hit, ASSIGNEES)]
            self.guards.standings[alert_id] = GuardedState(status, severity, who)
        return self.fields(alert_id, status, hit)

    def fields(self, alert_id: str, status: str, hit: dict[str, t.Any]) -> Fields:
        """The fields that the task may change, as they are."""
        return {"status": status}


class ChangedAlerts(GuardedAlerts, WritablePlatform):
    """Alerts that a task changes, named by ids or found by a query."""

    chunk = BATCH

    def __init__(self, params: Params, context: TaskContext) -> None:
        super().__init__(params, context)
        self.selection = Selection.of(params, self.find)
        self.by_query: Search | None = None
        if self.selection:
            self.by_query = Search(params)
            self.selection.refuse(unbounded(params["query"]))
        elif params["runtime_mappings"]:
            raise OptionError("runtime_mappings goes only with query")
        if params["runtime_mappings"]:
            self.extra = {"runtime_mappings": params["runtime_mappings"]}

    def find(self, limit: int) -> SearchResult:
        """The alerts that the query matches, at the most so many."""
        return t.cast(Search, self.by_query).run(self, limit, all_or_none=True)

    def send(
        self,
        name: str,
        batch: t.Sequence[str],
        body: dict[str, t.Any],
        on_conflict: t.Callable[[TriageError], Outcome] = Unknown,
    ) -> dict[str, Outcome]:
        """What becomes of these alerts, which are one write.

        By ids the server always aborts at a conflict with another write. What it did not get to is looked at, and sent
        again.
        """
        outcome: Outcome
        try:
            answer = self.call(name, body)
        except RefusedError as error:
            outcome = on_conflict(error) if error.status == 409 else Refused(error)
        except TriageError as error:
            outcome = outcome_of(error)
        else:
            outcome = Accepted()
            if answer.get("version_conflicts") or answer.get("failures") or answer.get("timed_out"):
                said = self.client.scrub(answer)
                outcome = Unknown(malformed(name, "not all alerts of the batch were updated", said))
        return dict.fromkeys(batch, outcome)
