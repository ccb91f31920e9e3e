# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Elastic Security: what changes of the status, the tags and the assignees have in common."""

from __future__ import annotations

import dataclasses
import json
import typing as t

from .._core.errors import NotSentError, OptionError, RefusedError, TriageError, UnreadableError
from .._core.options import CONNECTION_OPTIONS, Params, TaskContext
from .._core.provenance import PROVENANCE_OPTIONS
from .._core.values import dig, integer
from .._flow.change import Accepted, Alert, Fields, Outcome, Refused, Unknown, outcome_of
from .._flow.guards import GUARDS_OPTIONS, GuardedState, Guards, Owner
from .._flow.platform import WritablePlatform
from .._flow.search import SELECTION_OPTIONS, SearchResult, Selection
from .api import KibanaApi, KibanaReader, malformed
from .hits import Hit, agreed, first_text, is_legacy, listed, status_of, title_of
from .search import Search
from .users import uids
from .words import (
    ASSIGNEES,
    KIBANA_ALERTS_OPTIONS,
    KIBANA_OPTIONS,
    LACKED_BY_LEGACY,
    LEGACY_RULE,
    LEGACY_SEVERITY,
    LEGACY_STATUS,
    READ_LAG,
    REASON_TEXT,
    RULE,
    SEVERITIES,
    SEVERITY,
    STATUS,
    STATUSES,
)

#: What all changes of alerts take beside the new values.
KIBANA_CHANGE_OPTIONS = KIBANA_OPTIONS.merge(
    KIBANA_ALERTS_OPTIONS, SELECTION_OPTIONS, GUARDS_OPTIONS, PROVENANCE_OPTIONS, CONNECTION_OPTIONS
)

#: Alerts in one write: on busy clusters larger writes exceed Kibana's 30 seconds.
BATCH = 1000

#: The action in Elasticsearch's 403 for users without C(write) on the index: the whole update was refused.
_WRITE = "[indices:data/write/update/byquery]"


def guards_of(params: Params) -> Guards:
    """The task's guards, in Kibana's words."""
    return Guards.of(params, STATUSES, SEVERITIES)


def guarded_source(guards: Guards) -> tuple[str, ...]:
    """The fields that a read needs for the status and the title, and for the guards if any is set."""
    guarded = (SEVERITY, LEGACY_SEVERITY, ASSIGNEES) if guards.set else ()
    return (STATUS, LEGACY_STATUS, REASON_TEXT, RULE, LEGACY_RULE, *guarded)


def guarded_state(hit: Hit) -> GuardedState:
    """What guards look at. An owner is known by the uid; assignees that are not texts are unknown owners.

    What an alert tells twice, and differently, is not known.
    """
    status = status_of(hit) if agreed(hit, STATUS, LEGACY_STATUS) else None
    severity = first_text(hit, SEVERITY, LEGACY_SEVERITY) if agreed(hit, SEVERITY, LEGACY_SEVERITY) else None
    uids_there = listed(hit, ASSIGNEES) if agreed(hit, ASSIGNEES) else None
    owners = None if uids_there is None else [Owner(uid, {"uid": uid}) for uid in uids_there]
    return GuardedState(status, severity, owners)


def with_uids(guards: Guards, api: KibanaApi) -> Guards:
    """The guards, with the uids of the users in O(only_assigned_to)."""
    found = uids(api, "only_assigned_to", guards.people)
    return dataclasses.replace(guards, identities={name: {"uid": uid} for name, uid in found.items()})


class WritableAlerts(WritablePlatform):
    """Alerts that a task changes, named by ids or found by a query."""

    chunk = BATCH
    read_lag = READ_LAG

    #: The fields that the task may change.
    changes: t.Sequence[str] = ()

    def __init__(self, params: Params, context: TaskContext, changes: t.Sequence[str]) -> None:
        self.api = KibanaApi(params, context)
        guards = guards_of(params)
        source = tuple(dict.fromkeys((*guarded_source(guards), *changes)))
        reader = KibanaReader(self.api, params, source, self._alert_of)
        super().__init__(reader, guards)
        self.query: Search | None = None
        #: The first 403. Nothing more is sent after it.
        self._forbidden: RefusedError | None = None
        if reader.query is not None:
            self.query = Search(reader, params)
            reader.selection = Selection(params, self.find, self.query, self.query.says_nothing)
            return
        for name in ("runtime_mappings", "expected_count"):
            if params[name] is not None:
                raise OptionError(f"{name} goes only with query or kql")

    def find(self, limit: int) -> SearchResult:
        """The alerts that the query matches; none beyond ``limit``."""
        return t.cast(Search, self.query).run(limit, all_or_none=True)

    def prepare(self) -> None:
        self.guards = with_uids(self.guards, self.api)

    def _alert_of(self, alert_id: str, hit: Hit) -> Alert:
        state = guarded_state(hit) if self.guards.set else None
        lacks = LACKED_BY_LEGACY if is_legacy(hit) else ()
        return Alert(alert_id, self.fields_of(hit), state, lacks=lacks, title=title_of(hit))

    def fields_of(self, hit: Hit) -> Fields:
        """The fields that the task may change, as they are."""
        return {"status": status_of(hit)}

    def send(
        self,
        name: str,
        batch: t.Sequence[str],
        body: dict[str, t.Any],
        on_conflict: t.Callable[[TriageError], Outcome] = Unknown,
    ) -> dict[str, Outcome]:
        """Send one write. Returns its outcome for each of these alerts.

        By ids the server always aborts at a conflict with another write. The alerts that it did not reach are read,
        and sent again.
        """
        return dict.fromkeys(batch, self._sent(name, body, on_conflict))

    def _sent(self, name: str, body: dict[str, t.Any], on_conflict: t.Callable[[TriageError], Outcome]) -> Outcome:
        if self._forbidden:
            reason = f"not sent, after {self._forbidden.status} to another batch"
            hint = self._forbidden.hint
            return Refused(NotSentError("POST", self._forbidden.path, reason, status=403, hint=hint))
        try:
            answer = self.api.call(name, body)
        except RefusedError as error:
            return self._refused(error, on_conflict)
        except TriageError as error:
            return outcome_of(error)
        return self._updated(name, answer)

    def _refused(self, error: RefusedError, on_conflict: t.Callable[[TriageError], Outcome]) -> Outcome:
        if error.status == 403:
            self._forbidden = error
        doubted = {403: Unknown, 409: on_conflict}.get(error.status or 0)
        if doubted is None:
            return outcome_of(error)
        if not _is_refused_at_once(error.body):
            return doubted(error)
        return Refused(error, again=error.status == 409 and on_conflict is Unknown)

    def _updated(self, name: str, answer: dict[str, t.Any]) -> Outcome:
        """The outcome by the counters of an update: the answer shows nothing else."""
        if answer.get("version_conflicts") or answer.get("failures") or answer.get("timed_out"):
            return Unknown(malformed(name, "not all alerts of the batch were updated", self.api.client.scrub(answer)))
        if integer(answer.get("updated")) is None and integer(answer.get("total")) is None:
            return Unknown(malformed(name, "the answer does not show what was done"))
        return Accepted()


def _is_refused_at_once(body: t.Any) -> bool:
    """Whether a 403 or a 409 says that nothing was written.

    Kibana's own refusals come before any write, and have a body of their own shape. A conflict in Elasticsearch ends a
    batch in its midst; its message is the JSON of what was done. A 403 of Elasticsearch may come after the write: each
    write is followed by a refresh of the index, which needs another privilege.
    """
    said = str(dig(body, "message"))
    try:
        done = integer(dig(json.loads(said), "updated"))
    except (ValueError, RecursionError):
        done = None
    return integer(dig(body, "statusCode")) is not None or _WRITE in said or done == 0


def no_status(alert: Alert) -> UnreadableError:
    """The error for an alert without a status. Kibana never changes the status of such an alert."""
    return UnreadableError(
        f"The alert {alert.id} has no status, so it cannot be changed",
        "Somebody or a migration put this document there; correct or remove it in Elasticsearch.",
    )
