# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The request log: what reached the simulator, in which order, and what became of it."""

from __future__ import annotations

import itertools
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Entry:
    """One request.

    ``path`` carries the query string. ``headers`` has lower case keys. ``body`` is the parsed JSON, else the text,
    else ``None``. ``status`` is ``None`` where the connection was dropped instead of answered. ``is_write`` tells
    whether the request could change state; ``wrote`` names the alerts it was accepted for and ``changed`` those that
    then differed. ``time`` and ``ended`` are those of ``time.monotonic()``.
    """

    number: int
    time: float
    platform: str | None
    method: str
    path: str
    headers: dict[str, str]
    body: Any = None
    is_write: bool = False
    connection: int = 0
    # Seconds since the connection's last answer.
    idle: float = 0.0
    status: int | None = None
    fault: str | None = None
    ended: float | None = None
    wrote: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)

    @property
    def changed_state(self) -> bool:
        """Whether the request really changed an alert."""
        return bool(self.changed)

    def as_dict(self) -> dict[str, Any]:
        """The entry as JSON-ready values, for other processes."""
        return {**vars(self), "changed_state": self.changed_state}


class Log:
    """Every request since the start or the last ``clear()``, with a few questions already answered."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Forget all requests and begin counting at 1."""
        self.entries: list[Entry] = []
        self.in_flight = 0
        self.peak = 0
        self._numbers = itertools.count(1)

    def open(self, platform: str | None, method: str, path: str, headers: dict[str, str], connection: int = 0) -> Entry:
        """Note the arrival of a request."""
        entry = Entry(next(self._numbers), time.monotonic(), platform, method, path, headers, connection=connection)
        self.entries.append(entry)
        self.in_flight += 1
        self.peak = max(self.peak, self.in_flight)
        return entry

    def close(self, entry: Entry, status: int | None) -> None:
        """Note how a request ended."""
        entry.status, entry.ended = status, time.monotonic()
        # After a clear() requests of before may still end: they must not push the count below zero.
        self.in_flight = max(0, self.in_flight - 1)

    def select(
        self,
        platform: str | None = None,
        method: str | None = None,
        path: str | None = None,
        status: int | None = None,
    ) -> list[Entry]:
        """The requests that match all that is given; ``path`` is a regular expression."""
        wanted = re.compile(path) if path is not None else None
        return [
            entry
            for entry in list(self.entries)
            if (platform is None or entry.platform == platform)
            and (method is None or entry.method == method)
            and (status is None or entry.status == status)
            and (wanted is None or wanted.search(entry.path))
        ]

    def writes(self, platform: str | None = None) -> list[Entry]:
        """The requests that could change state, whether they did or not."""
        return [entry for entry in self.select(platform) if entry.is_write]

    def reads(self, platform: str | None = None) -> list[Entry]:
        """The requests that could not change anything, searches and token exchanges by POST among them."""
        return [entry for entry in self.select(platform) if not entry.is_write]

    def changes(self, platform: str | None = None) -> list[Entry]:
        """The requests that really changed an alert."""
        return [entry for entry in self.select(platform) if entry.changed_state]

    @property
    def connections(self) -> int:
        """How many client connections the requests came over."""
        return len({entry.connection for entry in list(self.entries)})

    def summary(self) -> dict[str, Any]:
        """The counts, as JSON-ready values."""
        return {
            "requests": len(self),
            "writes": len(self.writes()),
            "changes": len(self.changes()),
            "peak_concurrency": self.peak,
            "connections": self.connections,
        }

    def __len__(self) -> int:
        return len(self.entries)

    def __iter__(self) -> Iterator[Entry]:
        return iter(list(self.entries))

    def __getitem__(self, index: int) -> Entry:
        return self.entries[index]
