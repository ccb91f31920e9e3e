# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a platform offers to the flows, and the ways to look into answers that may hold anything."""

from __future__ import annotations

import abc
import typing as t

from .._core.errors import RefusedError, TriageError
from .._core.values import batches
from .._http.client import Client
from .change import Change, Fields, Outcome
from .guards import Guards
from .search import Selection

#: Time-outs, a replay that might be one, and a client that seems to be gone: none says that nothing was done.


class Platform(abc.ABC):
    """Alerts of one API, as they are to be looked at. Knows the API, and nothing of Ansible's module object."""

    #: What the API calls its alerts; the name of the list that the module returns.
    noun = "alerts"

    client: Client

    #: How often a write whose fate is unknown is looked at, and sent again if it was not done.
    retries: int

    #: The ids that the task names, checked.
    ids: t.Sequence[str] = ()

    #: How the task chooses alerts that it does not name.
    selection: Selection | None = None

    #: Whether a search shows at once what has just been written. Where it lags, what it shows is read once more.
    search_is_current = False

    #: Seconds after a write for which a read may still show what was before it.
    read_lag: float

    #: What keeps a task from alerts that it should leave alone. Where they are set, every read tells them how it is.
    guards = Guards()

    def select(self) -> dict[str, Fields]:
        """The alerts that the task is about, as they are. One that is not found is left out."""
        return self.selection.select() if self.selection else self.read(self.ids)

    def read(self, ids: t.Sequence[str]) -> dict[str, Fields]:
        """These alerts as they are now. One that is not found is left out; any other trouble is a `TriageError`."""
        found: dict[str, Fields] = {}
        for part in self.client.each(self.read_batch, self.read_batches(ids)):
            found.update(part)
        return {alert_id: found[alert_id] for alert_id in ids if alert_id in found}

    def look(self, ids: t.Sequence[str]) -> dict[str, Fields | TriageError]:
        """As `read`, but trouble with some alerts does not hide the others: it is told in their place."""
        seen: dict[str, Fields | TriageError] = {}
        read_batches = self.read_batches(ids)
        for part, found in zip(read_batches, self.client.each_alone(self.read_batch, read_batches)):
            seen.update(dict.fromkeys(part, found) if isinstance(found, TriageError) else found)
        return seen

    def read_batches(self, ids: t.Sequence[str]) -> t.Sequence[t.Sequence[str]]:
        """The ids as one request each can read them: alone, unless the API reads several."""
        return batches(ids, 1)

    @abc.abstractmethod
    def read_batch(self, ids: t.Sequence[str]) -> dict[str, Fields]:
        """Read what is one of `read_batches`. An alert that there is not is left out."""

    def extra_results(self) -> Fields:
        """Further results of the task."""
        return {} if self.selection is None else {"matched": self.selection.matched}


class ReadsOneByOne(Platform):
    """Alerts of an API that reads them one by one."""

    def read_batch(self, ids: t.Sequence[str]) -> dict[str, Fields]:
        fields = self.read_one(ids[0])
        return {} if fields is None else {ids[0]: fields}

    @abc.abstractmethod
    def read_one(self, alert_id: str) -> Fields | None:
        """Read one alert; V(None) if there is none."""


class WritablePlatform(Platform):
    """Alerts that a task brings to the state that it names."""

    #: Where a task leaves who has changed an alert, if it does: the notes of the same alerts, with that line as wanted.
    provenance_notes: WritablePlatform | None = None

    #: Whether a second write would add once more, and so goes out only after one that was not done for sure.
    appends = False

    #: The values of fields with which an alert is closed.
    closing: t.ClassVar[Fields] = {}

    @property
    def chunk(self) -> int:
        """How many alerts are written after one look where there are guards: what takes some seconds."""
        return 10 * self.client.connection.concurrency

    @abc.abstractmethod
    def desired(self, alert_id: str, fields: Fields) -> Fields:
        """The fields as the task wants them, given how they are. Raises `OptionError` where that cannot be."""

    @abc.abstractmethod
    def write(self, changes: t.Sequence[Change]) -> dict[str, Outcome]:
        """Make these changes. Every id has an outcome."""

    def objection(self, change: Change) -> str | None:
        """Why a guard forbids this change, given how the alert stands; V(None) if none does."""
        closes = any(change.delta.get(name) == value for name, value in self.closing.items())
        return self.guards.objection(change.id, closes)

    def warnings(self, alerts: t.Mapping[str, Fields]) -> list[str]:
        """What the user should know of the alerts as they are in the end."""
        return []


def not_found(error: RefusedError) -> bool:
    """Whether the API itself says that there is no such alert: a page of HTML is a proxy or a wrong address."""
    return error.status == 404 and isinstance(error.body, dict)
