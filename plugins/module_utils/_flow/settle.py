# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What becomes of writes: sent, looked at where the answer does not tell, and sent again only where a look showed
nothing.

Knows neither Ansible nor an API.
"""

from __future__ import annotations

import time
import typing as t

from .._core.backoff import backoff
from .._core.errors import GuardError
from .change import Accepted, Change, Confirmed
from .plan import Result
from .platform import WritablePlatform
from .tracker import _Course, _is_late


def settle(platform: WritablePlatform, changes: t.Sequence[Change]) -> dict[str, Result]:
    """Write the changes, and find out what became of each one."""
    courses = {change.id: _Course(platform, change) for change in changes}
    to_write = list(changes)
    attempt = 0
    while attempt <= platform.retries:
        unseen = [alert_id for alert_id, course in courses.items() if course.unseen]
        if not (to_write or unseen):
            break
        time.sleep(backoff(attempt))
        # What has waited for minutes is not what the guards have seen.
        platform.client.begin_writes(impatient=platform.guards.set)
        outcomes = platform.write(to_write) if to_write else {}
        for alert_id, outcome in outcomes.items():
            courses[alert_id].told(outcome)
        unseen = [alert_id for alert_id, course in courses.items() if course.unseen]
        seen = platform.look(unseen) if unseen else {}
        again = [courses[alert_id].looked(seen.get(alert_id)) for alert_id in unseen]
        to_write = [change for change in again if change and courses[change.id].tries <= platform.retries]
        if any(isinstance(course.result.error, GuardError) for course in courses.values()) and not platform.guards.skip:
            to_write = []
        # Those that only had to wait for others are not at fault.
        late = any(_is_late(platform, outcome) for outcome in outcomes.values())
        got_on = any(isinstance(outcome, (Accepted, Confirmed)) for outcome in outcomes.values())
        attempt += 0 if late and got_on else 1
    return {alert_id: course.result for alert_id, course in courses.items()}


def write_provenance(provenance_notes: WritablePlatform, results: t.Mapping[str, Result]) -> None:
    """Say with every alert that was changed who did it. Where that fails, the change stands, and the row says so."""
    changed = [alert_id for alert_id, result in results.items() if result.changed]
    changes = [Change(alert_id, {}, provenance_notes.desired(alert_id, {})) for alert_id in changed]
    for alert_id, left in settle(provenance_notes, changes).items():
        if left.error:
            results[alert_id].extra = {**results[alert_id].extra, "provenance_error": str(left.error)}
