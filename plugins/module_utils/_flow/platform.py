# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The interface of a platform to the flows: `Platform` reads alerts, `WritablePlatform` changes them."""

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

    It does not use Ansible's module object.
    """

    #: What the API calls its alerts; the name of the list that the module returns.
    noun = "alerts"

    #: Whether a search shows writes at once. If it may lag, alerts are read again before they are written.
    search_is_current = False

    def __init__(self, client: Client, ids: t.Sequence[str], selection: Selection | None = None) -> None:
        self.client = client
        self.ids = ids
        self.selection = selection
        #: What could not be looked up beside the alerts, without which they are shown all the same.
        self.read_warnings: list[str] = []

    def select(self) -> dict[str, Alert]:
        """Read or find the alerts of the task. An alert that is not found is left out."""
        return self.selection.select() if self.selection else self.read(self.ids)

    def read(self, ids: t.Sequence[str]) -> dict[str, Alert]:
        """Read these alerts. An alert that is not found is left out. Raises `TriageError` for any other failure."""
        found: dict[str, Alert] = {}
        for batch in self.client.each(self.read_batch, self.read_batches(ids)):
            found.update(batch)
        return {alert_id: found[alert_id] for alert_id in ids if alert_id in found}

    def read_each(self, ids: t.Sequence[str]) -> dict[str, Alert | TriageError]:
        """As `read`, but an alert that cannot be read has its error as its value."""
        found: dict[str, Alert | TriageError] = {}
        several = self.read_batches(ids)
        for batch, result in zip(several, self.client.each_alone(self.read_batch, several)):
            found.update(dict.fromkeys(batch, result) if isinstance(result, TriageError) else result)
        return found

    def read_batches(self, ids: t.Sequence[str]) -> t.Sequence[t.Sequence[str]]:
        """The ids in batches, each for one request. By default, each id is a batch of its own."""
        return batches(ids, 1)

    @abc.abstractmethod
    def read_batch(self, ids: t.Sequence[str]) -> dict[str, Alert]:
        """Read one of `read_batches`. An alert that does not exist is left out."""

    def with_names(self, alerts: dict[str, Alert]) -> dict[str, Alert]:
        """These alerts, with the names of users that only another request tells, if the task asks for them."""
        return alerts

    def missing(self) -> NotFoundError:
        """The error for an alert that the service does not know."""
        return NotFoundError(f"There is no such {self.noun[:-1]}")

    def extra_results(self) -> Fields:
        """Further results of the task."""
        return {} if self.selection is None else {"matched": self.selection.matched}


class ReadsOneByOne(Platform):
    """Reads alerts of an API that has one request for each alert."""

    def read_batch(self, ids: t.Sequence[str]) -> dict[str, Alert]:
        alert = self.read_one(ids[0])
        return {} if alert is None else {ids[0]: alert}

    @abc.abstractmethod
    def read_one(self, alert_id: str) -> Alert | None:
        """Read one alert; V(None) if it does not exist."""


class WritablePlatform(abc.ABC):
    """Changes alerts to the desired state. ``alerts`` reads them, and ``guards`` protect some of them."""

    #: Seconds after a write for which a read may still show the old state.
    read_lag = 10.0

    #: Whether a repeated write would add a second time. It is then sent again only if the first was not carried out.
    appends = False

    #: Whether a write replaces a whole list. Each alert is then read again just before it is written.
    replaces = False

    #: The values of fields with which an alert is closed.
    closing: t.ClassVar[Fields] = {}

    #: The notes that say who changed an alert, if the task adds them.
    provenance_notes: WritablePlatform | None = None

    def __init__(self, alerts: Platform, guards: Guards) -> None:
        self.alerts = alerts
        self.guards = guards
        #: How often a write without a clear answer is sent again.
        self.retries = alerts.client.connection.retries

    @property
    def chunk(self) -> int:
        """How many alerts are written after each read, if the task works in chunks: a chunk takes some seconds."""
        concurrency = self.alerts.client.connection.concurrency
        return concurrency if self.replaces else 10 * concurrency

    @property
    def reads_before_each_try(self) -> bool:
        """Whether an alert is read again before a write that had to wait: for its guards, or for its latest list."""
        return self.guards.set or self.replaces

    def prepare(self) -> None:  # noqa: B027  # most platforms have nothing to look up
        """Look up other objects that the task names, such as users."""

    @abc.abstractmethod
    def desired(self, alert: Alert) -> Fields:
        """The desired fields of this alert. Raises `OptionError` if the change is impossible for it."""

    @abc.abstractmethod
    def write(self, changes: t.Sequence[Change]) -> dict[str, Outcome]:
        """Make these changes. Returns an outcome for every id."""

    def objection(self, change: Change) -> str | None:
        """Why a guard forbids this change; V(None) if none does."""
        closes = any(change.delta.get(name) == value for name, value in self.closing.items())
        return self.guards.objection(change.alert.guarded_state, closes=closes)

    @property
    def changed_besides(self) -> bool | None:
        """Whether the task changed anything beside alerts, such as an incident it created; V(None) if unknown."""
        return False

    def begin(self, changes: t.Sequence[Change]) -> t.Sequence[Change]:
        """Create what these changes need, once, before the first is made. Returns the changes, which may name it."""
        return changes

    def extra_results(self, results_changed: bool) -> Fields:
        """Further results of the task, of which ``results_changed`` says whether it changes any alert."""
        return {}

    def warnings(self, alerts: t.Mapping[str, Fields]) -> list[str]:
        """Warnings about the final state of the alerts."""
        return []


def not_found(error: RefusedError) -> bool:
    """Whether the API itself says that there is no such alert. An HTML page comes from a proxy or a wrong address."""
    return error.status == 404 and isinstance(error.body, dict)
