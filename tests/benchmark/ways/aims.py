# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is aimed at when the ways are compared."""

from __future__ import annotations

import statistics
import typing as t

from ..report import Row
from .measurement import Measurement
from .plan import LATENCIES, WAYS

_TIMES_FASTER = 50
_OF_IDEAL = 1.15


def rows(runs: t.Sequence[Measurement]) -> t.Iterator[Row]:
    """The aims that there are measurements for."""
    seconds = {one.point: one.seconds for one in runs}

    def ratio(what: str, ways: tuple[str, str], latency: int, count: int, target: float, least: bool = False) -> Row:
        """Of runs of the same turn, for the machine was the same for both then."""
        over, under = (
            {key[3]: value for key, value in seconds.items() if key[:3] == (one, latency, count)} for one in ways
        )
        samples = [over[turn] / under[turn] for turn in over if turn in under]
        value = statistics.median(samples) if samples else float("nan")
        name = f"{count:,} at {latency} ms: {what}"
        return Row(name, value, "x", target, samples=tuple(samples), at_least=least)

    judged = [
        *(
            ratio(f"{_LABELS[one]} / the module, one task", (one, "play"), 20, 1000, _TIMES_FASTER, least=True)
            for one in ("uri", "uri_read")
        ),
        *(
            ratio(f"module's process / {_LABELS[one]}", ("process", one), 20, count, 1)
            for one in ("vendor", "threaded")
            for count in (1, 10, 100, 1000, 2000)
        ),
        *(
            ratio("module's process / ideal", ("process", "ideal"), latency, count, _OF_IDEAL)
            for count in (1000, 2000)
            for latency in LATENCIES
        ),
        *(ratio("play with module / with uri GET, PATCH", ("play", "uri_read"), one, 1, 1) for one in LATENCIES),
    ]
    yield from (row for row in judged if row.samples)


_LABELS = {one.name: one.label for one in WAYS}
