# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Elastic Security: the status of detection alerts, named by ids or by a query.

API: https://www.elastic.co/docs/api/doc/kibana/operation/operation-setalertsstatus
"""

from __future__ import annotations

import json
import typing as t

from ._change import Accepted, Change, Fields, Outcome, Refused, Unknown
from ._errors import OptionError, RefusedError, TriageError
from ._kibana import WINDOW, Alerts, doubt
from ._options import Params, Run, checked_ids, checked_text
from ._platform import batches, dig, fate
from ._printable import PAINTS

#: Alerts in one write: larger ones run into Kibana's 30 seconds on busy clusters.
_BATCH = 1000


class AlertStatus(Alerts):
    """Alerts that are to have a status, and a reason where that status is closed."""

    def __init__(self, params: Params, run: Run) -> None:
        super().__init__(params, run)
        self.ids = checked_ids("alert_ids", params["alert_ids"] or [], rf"[^ \t\n\r{PAINTS}]{{1,512}}", "alert")
        self._status: str = params["status"]
        self._reason = checked_text("reason", params["reason"])
        self._query: dict[str, t.Any] | None = params["query"]
        self._runtime_mappings = params["runtime_mappings"]
        self._conflicts: str = params["conflicts"]
        self._max_alerts: int = params["max_alerts"]
        self._matched: int | None = None
        if self._reason is not None and (self._status != "closed" or not self._reason.strip()):
            raise OptionError("reason is a text that goes only with status closed")
        if self._query is None:
            if self._conflicts != "abort" or self._runtime_mappings:
                raise OptionError("conflicts and runtime_mappings go only with query")
        else:
            self._check_query()

    def _check_query(self) -> None:
        if not self._query:
            raise OptionError("query is empty; to mean every alert, say {match_all: {}}")
        if self._max_alerts < 1:
            raise OptionError(f"max_alerts must be at least 1, not {self._max_alerts}")
        try:
            json.dumps([self._query, self._runtime_mappings], allow_nan=False)
        except (TypeError, ValueError, RecursionError) as error:
            raise OptionError(f"query or runtime_mappings cannot be put as JSON: {error}") from None

    def select(self) -> dict[str, Fields]:
        return super().select() if self._query is None else self._freeze(self._query)

    def _freeze(self, query: dict[str, t.Any]) -> dict[str, Fields]:
        """The alerts that match now and have another status; no other ones are touched later.

        A search gives 10,000 at the most, so the next one goes on from the time of the last, without those of that time
        that are known already.
        """
        more: dict[str, t.Any] = {"sort": [{"@timestamp": "asc"}], "track_total_hits": True}
        if self._runtime_mappings:
            more["runtime_mappings"] = self._runtime_mappings
        there: list[dict[str, t.Any]] = [
            {"term": {"kibana.alert.workflow_status": self._status}},
            {"term": {"signal.status": self._status}},
        ]
        found: dict[str, Fields] = {}
        since: dict[str, list[str]] = {}
        while True:
            size = min(WINDOW, self._max_alerts + 1 - len(found))
            filters, excluded = [query], list(there)
            for time, ids in since.items():
                filters.append({"range": {"@timestamp": {"gte": time, "format": "epoch_millis"}}})
                excluded.append({"ids": {"values": ids}})
            hits = self.hits({"bool": {"filter": filters, "must_not": excluded}}, size, **more)
            window = self.fields_of(hits)
            total = dig(hits, "total", "value")
            fresh = [alert_id for alert_id in window if alert_id not in found]
            # Not by the total alone: what came is what would be written.
            matched = len(found) + max(len(fresh), total if isinstance(total, int) else 0)
            if matched > self._max_alerts:
                raise OptionError(
                    f"The query matches {matched} alerts that are not {self._status} yet, more than max_alerts"
                    f" ({self._max_alerts}). Nothing was changed",
                    "Narrow the query, or raise max_alerts.",
                    {"matched": matched},
                )
            found.update(window)
            if len(window) < size or not fresh:
                self._matched = len(found)
                return found
            since = _boundary(hits["hits"], since)

    def wanted(self, alert_id: str, fields: Fields) -> Fields:
        if fields["status"] == self._status:
            # A reason is stored only in the step to closed: no request could change it now.
            return {"status": self._status}
        return {"status": self._status, "reason": None if alert_id in self.legacy else self._reason}

    def write(self, changes: t.Sequence[Change]) -> dict[str, Outcome]:
        ids = [change.id for change in changes]
        outcomes: dict[str, Outcome] = {}
        if self._query is None:
            for part in self.client.each(self._write_ids, batches(ids, _BATCH)):
                outcomes.update(part)
            return outcomes
        for batch in batches(ids, _BATCH):
            conflict = next((o for o in outcomes.values() if isinstance(o, Accepted) and o.error), None)
            if conflict:
                skipped = TriageError("Not tried: there was a version conflict before, and conflicts is abort")
                outcomes.update((alert_id, Refused(skipped)) for alert_id in batch)
            else:
                outcomes.update(self._write_query(self._query, batch))
        return outcomes

    def _write_ids(self, batch: t.Sequence[str]) -> dict[str, Outcome]:
        # By ids the server always aborts at a conflict; what it did not get to is sent again.
        return self._write(batch, {"signal_ids": list(batch)}, Unknown)

    def _write_query(self, query: dict[str, t.Any], batch: t.Sequence[str]) -> dict[str, Outcome]:
        only = {"ids": {"values": list(batch)}}
        # This call knows no runtime mappings: there the frozen ids must do.
        filters = [only] if self._runtime_mappings else [query, only]
        body = {"query": {"bool": {"filter": filters}}, "conflicts": self._conflicts}
        return self._write(batch, body, Accepted if self._conflicts == "abort" else Unknown)

    def _write(
        self, batch: t.Sequence[str], body: dict[str, t.Any], on_conflict: t.Callable[[TriageError], Outcome]
    ) -> dict[str, Outcome]:
        reason = {} if self._reason is None else {"reason": self._reason}
        outcome: Outcome
        try:
            answer = self.call("status", {**body, "status": self._status, **reason})
        except RefusedError as error:
            outcome = on_conflict(error) if error.status == 409 else Refused(error)
        except TriageError as error:
            outcome = fate(error)
        else:
            outcome = Accepted()
            if answer.get("version_conflicts") or answer.get("failures") or answer.get("timed_out"):
                said = self.client.scrub(answer)
                outcome = Unknown(doubt("status", "not all alerts of the batch were updated", said))
        return dict.fromkeys(batch, outcome)

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

    def facts(self) -> Fields:
        return {} if self._matched is None else {"matched": self._matched}


def _boundary(hits: list[t.Any], before: dict[str, list[str]]) -> dict[str, list[str]]:
    """The time of the last hit, and the ids that are known to be of that very time."""
    times = [str(sort[0]) if isinstance(sort := dig(hit, "sort"), list) and sort else "" for hit in hits]
    last = times[-1]
    return {last: before.get(last, []) + [hit["_id"] for hit, time in zip(hits, times) if time == last]}
