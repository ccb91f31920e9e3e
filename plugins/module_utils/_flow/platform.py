# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a platform offers to the flows: a way to read alerts, and around it a way to change them."""

from __future__ import annotations

import abc
import typing as t

from .._core.errors import NotFoundError, RefusedError, TriageError
from .._core.values import batches
from .._http.client import Client
from .change import Alert, Change, Fields, Outcome
from .guards import Guards
from .search import Selection


class Platform(abc.ABC):
    """Reads alerts of one API: those that a task names by ``ids``, or those that its ``selection`` finds.

    Knows the API, and nothing of Ansible's module object.
    """

    #: What the API calls its alerts; the name of the list that the module returns.
    noun = "alerts"

    #: Whether a search shows at once what has just been written. Where it lags, what it shows is read once more.
    search_is_current = False

    def __init__(self, client: Client, ids: t.Sequence[str], selection: Selection | None = None) -> None:
        self.client = client
        self.ids = ids
        self.selection = selection

    def select(self) -> dict[str, Alert]:
        """The alerts that the task is about. One that is not found is left out."""
        return self.selection.select() if self.selection else self.read(self.ids)

    def read(self, ids: t.Sequence[str]) -> dict[str, Alert]:
        """These alerts as they are now. One that is not found is left out; any other trouble is a `TriageError`."""
        found: dict[str, Alert] = {}
        for batch in self.client.each(self.read_batch, self.read_batches(ids)):
            found.update(batch)
        return {alert_id: found[alert_id] for alert_id in ids if alert_id in found}

    def read_each(self, ids: t.Sequence[str]) -> dict[str, Alert | TriageError]:
        """As `read`, but trouble with some alerts does not hide the others: the error takes their place."""
        found: dict[str, Alert | TriageError] = {}
        several = self.read_batches(ids)
        for batch, result in zip(several, self.client.each_alone(self.read_batch, several)):
            found.update(dict.fromkeys(batch, result) if isinstance(result, TriageError) else result)
        return found

    def read_batches(self, ids: t.Sequence[str]) -> t.Sequence[t.Sequence[str]]:
        """The ids in groups that one request can read: alone, unless the API reads several."""
        return batches(ids, 1)

    @abc.abstractmethod
    def read_batch(self, ids: t.Sequence[str]) -> dict[str, Alert]:
        """Read one of `read_batches`. An alert that does not exist is left out."""

    def missing(self) -> NotFoundError:
        """The error for an alert that the service does not know."""
        return NotFoundError(f"There is no such {self.noun[:-1]}")

    def extra_results(self) -> Fields:
        """Further results of the task."""
        return {} if self.selection is None else {"matched": self.selection.matched}


class ReadsOneByOne(Platform):
    """Alerts of an API that reads them one by one."""

    def read_batch(self, ids: t.Sequence[str]) -> dict[str, Alert]:
        alert = self.read_one(ids[0])
        return {} if alert is None else {ids[0]: alert}

    @abc.abstractmethod
    def read_one(self, alert_id: str) -> Alert | None:
        """Read one alert; V(None) if it does not exist."""


class WritablePlatform(abc.ABC):
    """Alerts that a task brings to the state that it names: ``alerts`` reads them, and ``guards`` protect some."""

    #: Seconds after a write for which a read may still show what was before it.
    read_lag = 10.0

    #: Whether a second write would add once more, and so goes out only after one that was not done for sure.
    appends = False

    #: Whether a write replaces a whole list, so that each alert is read once more just before it is written.
    replaces = False

    #: The values of fields with which an alert is closed.
    closing: t.ClassVar[Fields] = {}

    #: Where a task leaves who has changed an alert, if it does: a note with that line, on the same alerts.
    provenance_notes: WritablePlatform | None = None

    def __init__(self, alerts: Platform, guards: Guards) -> None:
        self.alerts = alerts
        self.guards = guards
        #: How often a write without a clear answer is sent again.
        self.retries = alerts.client.connection.retries

    @property
    def chunk(self) -> int:
        """How many alerts are written after one read where there are guards: what takes some seconds."""
        concurrency = self.alerts.client.connection.concurrency
        return concurrency if self.replaces else 10 * concurrency

    @property
    def reads_before_each_try(self) -> bool:
        """Whether an alert is read again before a write that had to wait: for its guards, or for its latest list."""
        return self.guards.set or self.replaces

    def prepare(self) -> None:  # noqa: B027  # most platforms have nothing to look up
        """Look up what the task names besides alerts, such as users."""

    @abc.abstractmethod
    def desired(self, alert: Alert) -> Fields:
        """The fields as the task wants them for this alert. Raises `OptionError` where that cannot be."""

    @abc.abstractmethod
    def write(self, changes: t.Sequence[Change]) -> dict[str, Outcome]:
        """Make these changes. Every id has an outcome."""

    def objection(self, change: Change) -> str | None:
        """Why a guard forbids this change; V(None) if none does."""
        closes = any(change.delta.get(name) == value for name, value in self.closing.items())
        return self.guards.objection(change.alert.guarded_state, closes=closes)

    def warnings(self, alerts: t.Mapping[str, Fields]) -> list[str]:
        """What the user should know of the alerts as they are in the end."""
        return []


def not_found(error: RefusedError) -> bool:
    """Whether the API itself says that there is no such alert: a page of HTML is a proxy or a wrong address."""
    return error.status == 404 and isinstance(error.body, dict)
