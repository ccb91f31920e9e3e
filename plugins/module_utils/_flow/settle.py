# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The loop of writes: send, read where the answer does not tell, and send again what the tracker asks for.

Knows neither Ansible nor an API.
"""

from __future__ import annotations

import time
import typing as t

from .._core.backoff import backoff
from .._core.errors import GuardError, TriageError
from .change import Accepted, Change, Confirmed
from .plan import Result
from .platform import WritablePlatform
from .tracker import WriteTracker, is_deferred

Trackers = t.Mapping[str, WriteTracker]


def settle(platform: WritablePlatform, changes: t.Sequence[Change]) -> dict[str, Result]:
    """Write the changes, and find out what became of each one."""
    trackers = {change.id: WriteTracker(platform, change) for change in changes}
    to_write = list(changes)
    attempt = 0
    while attempt <= platform.retries and (to_write or _unread(trackers)):
        time.sleep(backoff(attempt))
        # Minutes may have passed since the guards saw the alerts.
        platform.client.begin_writes(impatient=platform.guards.set)
        throttled = _write(platform, trackers, to_write)
        to_write = _read(platform, trackers)
        # Throttled writes use up no retry.
        attempt += 0 if throttled else 1
    return {alert_id: tracker.result for alert_id, tracker in trackers.items()}


def _unread(trackers: Trackers) -> list[str]:
    return [alert_id for alert_id, tracker in trackers.items() if tracker.needs_read]


def _write(platform: WritablePlatform, trackers: Trackers, changes: t.Sequence[Change]) -> bool:
    """Send the changes. Returns whether some were put off while others got through."""
    outcomes = platform.write(changes) if changes else {}
    for alert_id, outcome in outcomes.items():
        trackers[alert_id].record_answer(outcome)
    deferred = any(is_deferred(platform, outcome) for outcome in outcomes.values())
    return deferred and any(isinstance(outcome, (Accepted, Confirmed)) for outcome in outcomes.values())


def _read(platform: WritablePlatform, trackers: Trackers) -> list[Change]:
    """Read what the answers do not tell. Returns what is to be sent again."""
    unread = _unread(trackers)
    found = platform.look(unread) if unread else {}
    again = []
    for alert_id in unread:
        tracker, seen = trackers[alert_id], found.get(alert_id)
        if seen is None or isinstance(seen, TriageError):
            tracker.read_failed(seen)
            continue
        remaining = tracker.record_read(seen)
        again += [remaining] if remaining and tracker.tries <= platform.retries else []
    guarded = any(isinstance(tracker.result.error, GuardError) for tracker in trackers.values())
    return [] if guarded and not platform.guards.skip else again


def write_provenance(provenance_notes: WritablePlatform, results: t.Mapping[str, Result]) -> None:
    """Append the provenance note to every alert that was changed; a failure becomes ``provenance_error``."""
    changed = [alert_id for alert_id, result in results.items() if result.changed]
    changes = [Change(alert_id, {}, provenance_notes.desired(alert_id, {})) for alert_id in changed]
    for alert_id, left in settle(provenance_notes, changes).items():
        if left.error:
            results[alert_id].extra = {**results[alert_id].extra, "provenance_error": str(left.error)}
