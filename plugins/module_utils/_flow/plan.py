# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The plan of a task: the changes to make, by the present state of each alert and the guards.

It contains no code for Ansible or any API.
"""

from __future__ import annotations

import dataclasses
import typing as t

from .._core.errors import GuardError, NotFoundError, OptionError, TriageError
from .change import Alert, Change, Fields
from .platform import WritablePlatform


@dataclasses.dataclass
class Result:
    """The result of one alert. ``after`` is V(None) if it could not be read, ``changed`` if the outcome is unknown."""

    before: Fields | None
    after: Fields | None
    changed: bool | None = False
    error: TriageError | None = None
    extra: Fields = dataclasses.field(default_factory=dict)
    #: Why a guard protected the alert.
    skipped: str | None = None
    #: Whether the outcome is unknown because the service answered every try with the same 5xx.
    failing: bool = False
    #: The title of the alert; V(None) if no read has shown one.
    title: str | None = None

    def report(self, alert_id: str) -> Fields:
        """The row of the alert in the task's result."""
        row: Fields = {"id": alert_id, "title": self.title, "changed": self.changed}
        row.update({**(self.after or {}), **self.extra, "before": self.before})
        if self.skipped:
            row["skipped"] = self.skipped
        return {**row, "error": self.error.report()} if self.error else row


class Plan(t.NamedTuple):
    """The changes to make, and the result of every alert before any of them is made."""

    changes: list[Change]
    results: dict[str, Result]

    @classmethod
    def of(cls, platform: WritablePlatform, present: t.Mapping[str, Alert | None]) -> Plan:
        """The plan for alerts that have just been read. V(None) is an alert that does not exist."""
        plan = cls([], {})
        for alert_id, alert in present.items():
            plan._add(platform, alert_id, alert)
        return plan

    def _add(self, platform: WritablePlatform, alert_id: str, alert: Alert | None) -> None:
        if alert is None:
            self.results[alert_id] = Result(None, None, error=platform.alerts.missing())
            return
        result = self.results[alert_id] = Result(alert.fields, alert.fields)
        change, objection, error = _assessed(platform, alert)
        if objection and platform.guards.skip_protected:
            result.skipped = objection
        elif objection or error:
            result.error = GuardError(objection) if objection else error
        elif change and change.delta:
            self.changes.append(change)

    @classmethod
    def anew(cls, platform: WritablePlatform, changes: t.Sequence[Change]) -> Plan:
        """The plan for changes that were planned some time ago: the alerts are read and compared again."""
        found = platform.alerts.read_each([change.id for change in changes])
        plan = cls([], {})
        for change in changes:
            present = found.get(change.id, NotFoundError("It was there, and is gone"))
            if isinstance(present, TriageError):
                last_known = None if isinstance(present, NotFoundError) else change.before
                plan.results[change.id] = Result(change.before, last_known, error=present)
            else:
                plan._add(platform, change.id, present)
        return plan


def _assessed(platform: WritablePlatform, alert: Alert) -> tuple[Change | None, str | None, TriageError | None]:
    """The change of an alert, why a guard forbids it, and why it is impossible."""
    try:
        change = Change(alert, platform.desired(alert))
    except OptionError as error:
        # The task lacks an option that this alert needs. A protected alert is left alone in any case.
        return None, platform.guards.objection(alert.guarded_state, closes=bool(platform.closing)), error
    except TriageError as error:
        return None, None, error
    return change, platform.objection(change) if change.delta else None, None
