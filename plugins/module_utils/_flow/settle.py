# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The loop of writes: send, read if the answer leaves the outcome open, and send again if the tracker says so.

It contains no code for Ansible or any API.
"""

from __future__ import annotations

import time
import typing as t

from .._core.backoff import backoff
from .._core.errors import GuardError, TriageError
from .change import Accepted, Alert, Change, Confirmed
from .plan import Result
from .platform import WritablePlatform
from .tracker import Answer, WriteTracker, answer_of

#: Seconds before the first repeated read; each further pause is twice as long, up to the longest.
_FIRST_PAUSE, _LONGEST_PAUSE = 0.25, 5.0


class Writes:
    """The writes of a task. They are sent in rounds; open outcomes are read again at the end."""

    def __init__(self, platform: WritablePlatform) -> None:
        self._platform = platform
        self._trackers: dict[str, WriteTracker] = {}

    @property
    def results(self) -> dict[str, Result]:
        """The results so far, of every alert that was written."""
        return {alert_id: tracker.result for alert_id, tracker in self._trackers.items()}

    def send(self, changes: t.Sequence[Change]) -> dict[str, Result]:
        """Write the changes. Returns the result of each, as far as reads show it by now."""
        self._trackers.update((change.id, WriteTracker(self._platform, change)) for change in changes)
        to_write = list(changes)
        attempt = 0
        while to_write and attempt <= self._platform.retries:
            self._platform.alerts.client.pause(backoff(attempt))
            # Minutes may have passed since the alerts were read.
            self._platform.alerts.client.begin_writes(fail_fast=self._platform.reads_before_each_try)
            throttled = self._write(to_write)
            to_write = self._read([change.id for change in to_write])
            # Throttled writes use up no retry.
            attempt += 0 if throttled else 1
        return {change.id: self._trackers[change.id].result for change in changes}

    def confirm(self) -> dict[str, Result]:
        """Read alerts with an open outcome again, until ``read_lag`` has passed. Nothing is sent again."""
        end = time.monotonic() + self._platform.read_lag
        pause = _FIRST_PAUSE
        unread = [alert_id for alert_id, tracker in self._trackers.items() if tracker.needs_read]
        client = self._platform.alerts.client
        while unread and time.monotonic() < end and not client.is_stopped():
            # The last read takes place when read_lag has passed.
            client.pause(min(pause, end - time.monotonic()))
            pause = min(2 * pause, _LONGEST_PAUSE)
            self._read(unread)
            unread = [alert_id for alert_id in unread if self._trackers[alert_id].needs_read]
        return self.results

    def _write(self, changes: t.Sequence[Change]) -> bool:
        """Send the changes. Returns whether some were put off while others succeeded."""
        outcomes = self._platform.write(changes)
        for alert_id, outcome in outcomes.items():
            self._trackers[alert_id].record_answer(outcome)
        put_off = (Answer.PUT_OFF, Answer.NOT_SENT) if self._platform.reads_before_each_try else ()
        deferred = any(answer_of(outcome) in put_off for outcome in outcomes.values())
        return deferred and any(isinstance(outcome, (Accepted, Confirmed)) for outcome in outcomes.values())

    def _read(self, ids: t.Sequence[str]) -> list[Change]:
        """Read the alerts whose outcome is open. Returns the changes to send again."""
        unread = [alert_id for alert_id in ids if self._trackers[alert_id].needs_read]
        found = self._platform.alerts.read_each(unread) if unread else {}
        again = [self._seen(alert_id, found.get(alert_id)) for alert_id in unread]
        guarded = any(isinstance(self._trackers[alert_id].result.error, GuardError) for alert_id in ids)
        return [] if guarded and not self._platform.guards.skip_protected else [change for change in again if change]

    def _seen(self, alert_id: str, found: Alert | TriageError | None) -> Change | None:
        """Record what a read found. Returns the change to send again, if any."""
        tracker = self._trackers[alert_id]
        if found is None or isinstance(found, TriageError):
            tracker.read_failed(found)
            return None
        remaining = tracker.record_read(found)
        return remaining if tracker.tries <= self._platform.retries else None


class ProvenanceNotes:
    """The notes that say who changed the alerts. They are added right after each change: a task may be killed."""

    def __init__(self, notes: WritablePlatform | None) -> None:
        self._notes = notes
        self._writes = notes and Writes(notes)
        self._noted: set[str] = set()

    def add(self, results: t.Mapping[str, Result]) -> None:
        """Add the note to every alert that was changed and has no note yet."""
        changed = [alert_id for alert_id, result in results.items() if result.changed and alert_id not in self._noted]
        if self._notes and self._writes and changed:
            self._noted.update(changed)
            alerts = [Alert(alert_id, {}) for alert_id in changed]
            self._writes.send([Change(alert, self._notes.desired(alert)) for alert in alerts])

    def confirm(self, results: t.Mapping[str, Result]) -> None:
        """Report notes that could not be added, in ``provenance_error`` of their alerts."""
        for alert_id, note in (self._writes.confirm() if self._writes else {}).items():
            if note.error:
                results[alert_id].extra = {**results[alert_id].extra, "provenance_error": str(note.error)}
