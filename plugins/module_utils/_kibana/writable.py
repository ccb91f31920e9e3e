# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Elastic Security: what all changes of alerts have in common, be it of the status, the tags or the assignees."""

from __future__ import annotations

import typing as t

from .._core.errors import NotSentError, OptionError, RefusedError, TriageError
from .._core.options import Params, TaskContext
from .._core.values import dig, integer, text
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

#: What Elasticsearch forbids to those who may not write to the index: the update as a whole.
_WRITE = "[indices:data/write/update/byquery]"


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
        #: The 403 after which nothing more is sent.
        self._forbidden: RefusedError | None = None
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
        if self._forbidden:
            reason = f"not sent, after {self._forbidden.status} to another batch"
            held = NotSentError("POST", self._forbidden.path, reason, status=403, hint=self._forbidden.hint)
            return dict.fromkeys(batch, Refused(held))
        try:
            answer = self.call(name, body)
        except RefusedError as error:
            outcome = on_conflict(error) if error.status == 409 else outcome_of(error)
            if error.status in (403, 409) and _is_refused_at_once(error.body):
                outcome = Refused(error)
            elif error.status == 403:
                outcome = Unknown(error)
            self._forbidden = error if error.status == 403 else self._forbidden
        except TriageError as error:
            outcome = outcome_of(error)
        else:
            outcome = self._updated(name, answer)
        return dict.fromkeys(batch, outcome)

    def _updated(self, name: str, answer: dict[str, t.Any]) -> Outcome:
        """The outcome by the counters of an update, which are all that an answer shows."""
        if answer.get("version_conflicts") or answer.get("failures") or answer.get("timed_out"):
            return Unknown(malformed(name, "not all alerts of the batch were updated", self.client.scrub(answer)))
        if integer(answer.get("updated")) is None and integer(answer.get("total")) is None:
            return Unknown(malformed(name, "the answer does not show what was done"))
        return Accepted()


def _is_refused_at_once(body: t.Any) -> bool:
    """Whether a 403 or a 409 says that nothing was written.

    Kibana's own refusals come before all else, and have a body of their own shape. A conflict in Elasticsearch ends a
    batch somewhere in its midst. What it forbids it may forbid afterwards: each write is followed by a refresh of the
    index, which needs another privilege.
    """
    return integer(dig(body, "statusCode")) is not None or _WRITE in str(dig(body, "message"))
