# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a run took, and the file that keeps it: one JSON object a line, written as soon as it is known."""

from __future__ import annotations

import dataclasses
import json
import statistics
import typing as t
from pathlib import Path

from .plan import Point

_BATCH = 199


@dataclasses.dataclass(frozen=True)
class Measurement:
    """A run. ``latency`` in milliseconds, ``seconds`` and ``cpu`` in seconds, ``peak`` in bytes.

    ``archived`` of the ``count`` signals are so in the simulator afterwards, and ``strays`` others have changed.
    """

    way: str
    latency: int
    count: int
    turn: int
    seconds: float
    cpu: float
    peak: int
    reads: int
    writes: int
    archived: int
    strays: int
    status: int

    @property
    def point(self) -> Point:
        return Point(self.way, self.latency, self.count, self.turn)

    @property
    def requests(self) -> int:
        return self.reads + self.writes

    @property
    def right(self) -> bool:
        """It ended well, did exactly what it should, and sent the requests that it should."""
        writes = self.count if self.way in ("loop", "uri", "uri_read") else -(-self.count // _BATCH)
        reads = 0 if self.way == "uri" else self.count
        outcome = (self.status, self.archived, self.strays, self.reads, self.writes)
        return outcome == (0, self.count, 0, reads, writes)


def read(file: Path) -> list[Measurement]:
    """All that the file has; none where it is missing."""
    lines = file.read_text().splitlines() if file.exists() else []
    return [Measurement(**json.loads(line)) for line in lines]


def append(file: Path, measured: Measurement) -> None:
    """One more."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a") as lines:
        lines.write(json.dumps(dataclasses.asdict(measured)) + "\n")


def medians(runs: t.Iterable[Measurement], figure: str) -> dict[tuple[str, int], dict[int, float]]:
    """The middle value of a figure, by way and latency, by count of signals in rising order."""
    samples: dict[tuple[str, int], dict[int, list[float]]] = {}
    for one in sorted(runs, key=lambda one: one.count):
        of_way = samples.setdefault((one.way, one.latency), {})
        of_way.setdefault(one.count, []).append(getattr(one, figure))
    return {
        key: {count: statistics.median(values) for count, values in of_way.items()} for key, of_way in samples.items()
    }
