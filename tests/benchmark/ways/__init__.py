# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The ways in which a user can archive open Datadog signals, side by side."""

from __future__ import annotations

import time
import typing as t

from ..report import Row, exactly, median
from ..stage import Stage
from . import aims
from .measurement import Measurement, append, read
from .plan import WAYS, plan
from .runner import Runner

TITLE = "Ways to archive open Datadog signals"


def measure(stage: Stage) -> t.Iterator[Row]:
    """Run what the file of measurements does not have yet; the figures come at the end, the aims last."""
    runs = read(stage.measurements)
    known = {one.point for one in runs}
    left = [one for one in plan(stage.counts, quick=stage.quick) if one not in known]
    runner = Runner(stage)
    began = time.monotonic()
    for number, point in enumerate(left, 1):
        measured = runner.run(point)
        append(stage.measurements, measured)
        runs.append(measured)
        minutes = (time.monotonic() - began) / 60
        print(
            f"  [{number}/{len(left)}, {minutes:.1f} min] {point.signals:,} at {point.latency} ms, {point.way}:"
            f" {measured.seconds:.2f} s{'' if measured.right else '  WRONG'}",
            flush=True,
        )
    yield from _rows(runs)


def _rows(runs: t.Sequence[Measurement]) -> t.Iterator[Row]:
    samples: dict[tuple[int, int, str], list[float]] = {}
    for one in runs:
        samples.setdefault((one.count, one.latency, one.way), []).append(one.seconds)
    for (count, latency, name), seconds in sorted(samples.items()):
        yield median(f"{count:,} at {latency} ms: {name}", seconds, "s")
    for way in WAYS:
        wrong = [int(not one.right) for one in runs if one.way == way.name]
        yield exactly(f"{way.name}: runs with a wrong outcome or count of requests", [sum(wrong)], 0)
    yield from aims.rows(runs)
