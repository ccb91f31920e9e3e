# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A platform that keeps its alerts in memory, for tests of the flow. It sends nothing."""

from __future__ import annotations

import typing as t

from ansible_collections.secops.triage.plugins.module_utils._core.errors import OptionError, UnreadableError
from ansible_collections.secops.triage.plugins.module_utils._flow.change import (
    Alert,
    Change,
    Confirmed,
    Fields,
    Outcome,
)
from ansible_collections.secops.triage.plugins.module_utils._flow.guards import GuardedState, Guards, Owner
from ansible_collections.secops.triage.plugins.module_utils._flow.platform import Platform, WritablePlatform
from ansible_collections.secops.triage.plugins.module_utils._flow.search import Selection
from ansible_collections.secops.triage.tests.unit.client import make_client

#: What happened, in order: "read", "write" or "note", and the ids of the alerts, which are single letters.
Log = list[tuple[str, str]]

NO_GUARDS = Guards()

#: The guards of a task that changes only alerts which nobody has; without failing, the second.
OWN = Guards(only_assigned_to=[""])
SKIP = Guards(only_assigned_to=[""], skip_protected=True)

OPEN: Fields = {"status": "open", "owner": ""}
TAKEN: Fields = {"status": "open", "owner": "bo"}
CLOSED: Fields = {"status": "closed", "owner": ""}
UNREADABLE: Fields = {"status": None, "owner": ""}
STUCK: Fields = {"status": "stuck", "owner": ""}


class MemoryAlerts(Platform):
    """Reads alerts with a status and an owner, all of a batch with one request."""

    def __init__(self, stored: dict[str, Fields], ids: str, selection: Selection | None = None) -> None:
        super().__init__(make_client(retries=0, concurrency=1), list(ids), selection)
        self.stored = stored
        self.log: Log = []
        #: Called with each event just before it takes effect.
        self.meanwhile: t.Callable[[str, str], None] = lambda _event, _ids: None

    def read_batches(self, ids: t.Sequence[str]) -> t.Sequence[t.Sequence[str]]:
        return [ids] if ids else []

    def read_batch(self, ids: t.Sequence[str]) -> dict[str, Alert]:
        self.happens("read", ids)
        return {alert_id: alert_of(alert_id, self.stored[alert_id]) for alert_id in ids if alert_id in self.stored}

    def happens(self, event: str, ids: t.Iterable[str]) -> None:
        self.log.append((event, "".join(ids)))
        self.meanwhile(*self.log[-1])


class MemoryPlatform(WritablePlatform):
    """Closes alerts. A status of V(None) is unreadable, and "stuck" cannot be closed."""

    closing: t.ClassVar[Fields] = {"status": "closed"}
    chunk = 2
    read_lag = 0.0
    alerts: MemoryAlerts

    def __init__(self, alerts: MemoryAlerts, guards: Guards = NO_GUARDS) -> None:
        super().__init__(alerts, guards)
        #: The outcomes of writes that are not confirmed.
        self.outcomes: dict[str, Outcome] = {}

    def desired(self, alert: Alert) -> Fields:
        if alert.fields["status"] is None:
            raise UnreadableError("The answer shows no status")
        if alert.fields["status"] == "stuck":
            raise OptionError("It cannot be closed")
        return {"status": "closed"}

    def write(self, changes: t.Sequence[Change]) -> dict[str, Outcome]:
        self.alerts.happens("write", [change.id for change in changes])
        return {change.id: self.outcomes.get(change.id) or self._confirmed(change) for change in changes}

    def _confirmed(self, change: Change) -> Confirmed:
        self.alerts.stored[change.id].update(change.delta)
        return Confirmed(dict(self.alerts.stored[change.id]))


class MemoryNotes(WritablePlatform):
    """Notes on the alerts: each write is logged."""

    appends = True
    read_lag = 0.0
    alerts: MemoryAlerts

    def __init__(self, alerts: MemoryAlerts) -> None:
        super().__init__(alerts, NO_GUARDS)
        self.outcomes: dict[str, Outcome] = {}

    def desired(self, alert: Alert) -> Fields:
        return {"text": "closed by a test"}

    def write(self, changes: t.Sequence[Change]) -> dict[str, Outcome]:
        self.alerts.happens("note", [change.id for change in changes])
        return {change.id: self.outcomes.get(change.id, Confirmed(change.after)) for change in changes}


def alert_of(alert_id: str, fields: Fields) -> Alert:
    """An alert with a copy of these fields."""
    owners = [Owner(fields["owner"], {"id": fields["owner"]})] if fields["owner"] else []
    return Alert(alert_id, dict(fields), GuardedState(fields["status"], "low", owners))


def memory_platform(
    stored: t.Mapping[str, Fields],
    guards: Guards = NO_GUARDS,
    selection: Selection | None = None,
) -> MemoryPlatform:
    """A platform with copies of these alerts; the task names all of them, or has a selection."""
    ids = "" if selection else "".join(stored)
    return MemoryPlatform(MemoryAlerts({one: dict(fields) for one, fields in stored.items()}, ids, selection), guards)
