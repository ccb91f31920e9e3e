# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Elastic Security: the status of detection alerts, named by ids or by a query.

API: https://www.elastic.co/docs/api/doc/kibana/operation/operation-setalertsstatus
"""

from __future__ import annotations

import dataclasses
import typing as t

from .._core.errors import OptionError, RefusedError, TriageError
from .._core.options import Params, TaskContext, checked_text
from .._core.values import batches, text
from .._flow.change import Accepted, Alert, Change, Fields, Outcome, Refused, Unknown
from .._flow.notes import with_provenance_notes
from .._flow.search import SearchResult
from .hits import Hit, field, status_of
from .notes import provenance_notes
from .search import Search
from .words import LEGACY_STATUS, REASON, STATUS
from .writable import BATCH, WritableAlerts, no_status


class AlertStatus(WritableAlerts):
    """Sets the status of alerts, and the reason where that status is closed."""

    closing: t.ClassVar[Fields] = {"status": "closed"}

    def __init__(self, params: Params, context: TaskContext) -> None:
        super().__init__(params, context, [REASON])
        self._status: str = params["status"]
        self._reason = checked_text("reason", params["reason"])
        self._conflicts: str = params["conflicts"]
        self._by_script = params["runtime_mappings"] is not None
        self._aborted = False
        if self._reason is not None and (self._status != "closed" or not self._reason.strip()):
            raise OptionError("reason requires status: closed, and is not empty")
        if self.query is None and self._conflicts != "abort":
            raise OptionError("conflicts goes only with query or kql")

    def find(self, limit: int) -> SearchResult:
        """The alerts that match and have another status. Only these are written later."""
        query = t.cast(Search, self.query)
        there = [{"term": {STATUS: self._status}}, {"term": {LEGACY_STATUS: self._status}}]
        found = query.run(limit, without=there, all_or_none=True)
        if found.more or not (self.alerts.selection and self.alerts.selection.needs_total):
            return found
        # An alert that was found would be written, even if it no longer matches when all are counted.
        return dataclasses.replace(found, matching=max(query.count(), len(found.alerts)))

    def fields_of(self, hit: Hit) -> Fields:
        return {"status": status_of(hit), "reason": text(field(hit, REASON))}

    def desired(self, alert: Alert) -> Fields:
        if alert.fields["status"] is None:
            raise no_status(alert)
        if alert.fields["status"] == self._status:
            # Kibana stores a reason only in the step to closed, so no request could change it now.
            return {"status": self._status}
        return {"status": self._status, "reason": None if "reason" in alert.lacks else self._reason}

    def write(self, changes: t.Sequence[Change]) -> dict[str, Outcome]:
        ids = [change.id for change in changes]
        outcomes: dict[str, Outcome] = {}
        if self.query is None:
            for part in self.api.client.each(self._write_ids, batches(ids, BATCH)):
                outcomes.update(part)
            return outcomes
        for batch in batches(ids, BATCH):
            if self._aborted:
                skipped = TriageError("Not tried: there was a version conflict before, and conflicts is abort")
                outcomes.update((alert_id, Refused(skipped)) for alert_id in batch)
            else:
                outcomes.update(self._write_query(self.query, batch))
                self._aborted = any(getattr(one.error, "status", None) == 409 for one in outcomes.values())
        return outcomes

    def _refused(self, error: RefusedError, on_conflict: t.Callable[[TriageError], Outcome]) -> Outcome:
        if error.status == 400 and self._reason is not None:
            error.hint = (
                f"This Kibana may not know the reason {self._reason!r}: the newest ones refuse a reason that nobody has"
                " defined. Check mode cannot know that."
            )
        return super()._refused(error, on_conflict)

    def _write_ids(self, batch: t.Sequence[str]) -> dict[str, Outcome]:
        return self.send("status", batch, {"signal_ids": list(batch), **self._desired})

    def _write_query(self, search: Search, batch: t.Sequence[str]) -> dict[str, Outcome]:
        only = {"ids": {"values": list(batch)}}
        # This call drops runtime mappings, so the query would find nothing: the frozen ids alone decide.
        filters = [only] if self._by_script else [search.query, only]
        body = {"query": {"bool": {"filter": filters}}, "conflicts": self._conflicts, **self._desired}
        return self.send("status", batch, body, Accepted if self._conflicts == "abort" else Unknown)

    @property
    def _desired(self) -> Fields:
        return {"status": self._status, **({} if self._reason is None else {"reason": self._reason})}

    def warnings(self, alerts: t.Mapping[str, Fields]) -> list[str]:
        there = {key: fields["reason"] for key, fields in alerts.items() if fields["status"] == self._status}
        other = [key for key, reason in there.items() if self._reason and reason != self._reason]
        if not other:
            return []
        shown = ", ".join(other[:5]) + (f" and {len(other) - 5} more" if len(other) > 5 else "")
        warning = (
            f"{len(other)} alerts do not have the reason {self._reason!r}: Kibana stores one only in the step to"
            " closed, not before 9.2, and not for alerts from before 8.0. To change that of a closed alert, reopen it"
            f" first ({shown})."
        )
        return [warning]


def alert_status(params: Params, context: TaskContext) -> AlertStatus:
    """The platform of a task that changes the status."""
    return with_provenance_notes(AlertStatus(params, context), params, provenance_notes)
