# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A thousand signals archived in one task, beside the least that sends the same requests."""

from __future__ import annotations

import typing as t

from . import clients
from .report import Row, exactly, median
from .stage import Counted, Stage

TITLE = "1,000 open Datadog signals archived in one task; latency 20 ms, concurrency 8"
_MODULE = "secops.triage.signal_state"
_WANTED = {"state": "archived", "archive_reason": "testing_or_maintenance"}
_COUNT = 1000
_BATCHES = 6
_CONCURRENCY = 8
_LATENCY = 0.02


def measure(stage: Stage) -> t.Iterator[Row]:
    """Whole processes, from their start to their end, by turns: whatever else the machine does meets all of them."""
    ids = stage.fill("datadog", _COUNT)
    options = {**stage.options("datadog"), **_WANTED, "signal_ids": ids, "concurrency": _CONCURRENCY}
    module = stage.controller.build(_MODULE, options)
    bare = clients.bare(stage, ids, _WANTED, _CONCURRENCY)
    first: list[Counted] = []
    again: list[Counted] = []
    least: list[Counted] = []
    for _turn in range(stage.repetitions(8)):
        stage.fill("datadog", _COUNT, _LATENCY)
        first.append(stage.counted(module.run))
        again.append(stage.counted(module.run))
        stage.fill("datadog", _COUNT, _LATENCY)
        least.append(stage.counted(bare))
    stage.fill("datadog", _COUNT, _LATENCY)
    played = stage.counted(lambda: stage.controller.play(_MODULE, options))

    ratios = [one.usage.seconds / other.usage.seconds for one, other in zip(first, least)]
    yield median("the module's process", [one.usage.seconds for one in first], "s")
    yield median("the process of a bare thread pool, same requests", [one.usage.seconds for one in least], "s")
    yield median("module / bare thread pool", ratios, "x", 1.3)
    yield median("the module once more, with nothing left to do", [one.usage.seconds for one in again], "s")
    yield median("the task with all of ansible-playbook around it", [played.usage.seconds], "s")
    yield median("processor time of the module", [one.usage.cpu for one in first], "s")
    yield median("processor time of the bare thread pool", [one.usage.cpu for one in least], "s")
    yield Row("connections", max(one.connections for one in first), "", _CONCURRENCY)
    yield exactly("reads", [one.reads for one in [*first, *least, played]], _COUNT)
    yield exactly("writes", [one.writes for one in [*first, *least, played]], _BATCHES)
    yield exactly("signals reported as changed", [one.usage.changed for one in first], _COUNT)
    yield exactly("once more: reads", [one.reads for one in again], _COUNT)
    yield exactly("once more: writes", [one.writes for one in again], 0)
    yield exactly("once more: signals reported as changed", [one.usage.changed for one in again], 0)
