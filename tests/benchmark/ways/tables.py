# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The figures of the ways as Markdown tables."""

from __future__ import annotations

import typing as t

from .growth import fit
from .measurement import Measurement, medians
from .plan import LATENCIES, WAYS

_MEGABYTE = 2**20
#: The latency that most is told of.
MAIN = LATENCIES[0]


def markdown(head: t.Sequence[str], rows: t.Iterable[t.Sequence[str]], texts: int = 1) -> str:
    """A table whose first columns are text, and the others figures."""
    lines = [head, ["---" if column < texts else "--:" for column in range(len(head))], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def wall(runs: t.Sequence[Measurement]) -> str:
    """Seconds, in one table for each latency."""
    parts = []
    for latency in sorted({one.latency for one in runs}):
        parts += [f"At {latency} ms, in seconds:", _by_count(runs, "seconds", latency, seconds)]
    return "\n\n".join(parts)


def growth(runs: t.Sequence[Measurement]) -> str:
    """Lines through the wall times: what a way costs at all, and for each signal."""
    latencies = sorted({one.latency for one in runs})
    found = medians(runs, "seconds")
    rows = []
    for way in WAYS:
        cells = []
        for latency in latencies:
            costs = found.get((way.name, latency), {})
            line = fit(costs) if len(costs) > 1 else None
            cells += [f"{line.fixed:.2f}", f"{line.each * 1000:,.1f}"] if line else ["", ""]
        rows.append([way.label, *cells])
    head = ["way"]
    for latency in latencies:
        head += [f"{latency} ms: fixed, s", f"{latency} ms: per signal, ms"]
    return markdown(head, rows)


def others(runs: t.Sequence[Measurement]) -> str:
    """Processor time, memory and requests at the main latency."""
    parts = [
        f"Processor time at {MAIN} ms, in seconds:",
        _by_count(runs, "cpu", MAIN, seconds),
        f"Peak memory of the largest process at {MAIN} ms, in MB:",
        _by_count(runs, "peak", MAIN, lambda value: f"{value / _MEGABYTE:,.0f}"),
        "Requests, reads and writes together:",
        _by_count(runs, "requests", MAIN, lambda value: f"{value:,.0f}"),
    ]
    return "\n\n".join(parts)


def seconds(value: float) -> str:
    """Three digits that count."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def _by_count(runs: t.Sequence[Measurement], figure: str, latency: int, shown: t.Callable[[float], str]) -> str:
    found = medians(runs, figure)
    counts = sorted({one.count for one in runs if one.latency == latency})
    rows = []
    for way in WAYS:
        of_way = found.get((way.name, latency), {})
        rows.append([way.label, *(shown(of_way[count]) if count in of_way else "" for count in counts)])
    return markdown(["signals", *(f"{count:,}" for count in counts)], rows)
