# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The requests that thousands of Kibana alerts take, by their ids and by a query."""

from __future__ import annotations

import typing as t

from .report import Row, exactly, median
from .stage import Counted, Stage

TITLE = "Kibana alerts closed in one task; latency 20 ms"
_MODULE = "secops.triage.kibana_alert_status"
_OPEN = {"term": {"kibana.alert.workflow_status": "open"}}
_LATENCY = 0.02
_BATCH = 1000
_WINDOW = 10_000


def measure(stage: Stage) -> t.Iterator[Row]:
    """A search of each window of 10,000 before and after, and a write for each 1,000."""
    for count, by_query in ((5000, False), (5000, True), (12_000, True)):
        yield from _close(stage, count, by_query)


def _close(stage: Stage, count: int, by_query: bool) -> t.Iterator[Row]:
    ids = stage.fill("kibana", count)
    chosen = {"query": _OPEN, "max_alerts": count} if by_query else {"alert_ids": ids}
    module = stage.controller.build(_MODULE, {**stage.options("kibana"), **chosen, "status": "closed"})
    first: list[Counted] = []
    again: list[Counted] = []
    for _turn in range(stage.repetitions(4)):
        stage.close_others(stage.fill("kibana", count, _LATENCY))
        first.append(stage.counted(module.run))
        again.append(stage.counted(module.run))

    name = f"{count:,} by {'query' if by_query else 'ids'}"
    windows = -(-count // _WINDOW)
    yield median(f"{name}: the module's process", [one.usage.seconds for one in first], "s")
    yield exactly(f"{name}: searches before and after", [one.reads for one in first], 2 * windows)
    yield exactly(f"{name}: writes", [one.writes for one in first], count // _BATCH)
    yield exactly(f"{name}: alerts reported as changed", [one.usage.changed for one in first], count)
    # A query finds nothing more that is to be changed.
    yield exactly(f"{name}, once more: searches", [one.reads for one in again], 1 if by_query else windows)
    yield exactly(f"{name}, once more: writes", [one.writes for one in again], 0)
