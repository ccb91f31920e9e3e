# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Answers that no server should give, to tasks that make sense."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.secops.triage.tests.simulator import Simulator
from ansible_collections.secops.triage.tests.unit.harness import Params, Result

from .lines import notes
from .modules import WRITING
from .runs import fresh_world, run
from .spoiled import spoiled
from .tasks import Task
from .write_oracle import State, unreached, unshown


@pytest.mark.parametrize("name", WRITING)
@given(data=st.data())
def test_answers(sim: Simulator, name: str, data: st.DataObject) -> None:
    """A documented result or failure, no write that was not asked for, and no success that nobody has seen."""
    task = WRITING[name]
    options = data.draw(task.asked(), label="options")
    faults = data.draw(st.lists(spoiled(task), min_size=1, max_size=2), label="answers")
    check = data.draw(st.integers(0, 4), label="check mode if 0") == 0
    fresh_world(sim, task)
    for fault in faults:
        sim.faults.add(fault)
    # Whatever an answer says of waiting, nobody waits who does not try again, nor for long for an operation.
    soon = {"wait_timeout": 0.02} if task.platform == "security_deck" else {}
    result = run(sim, task, {**options, **soon}, check=check)
    assert all(len(notes(sim, task, alert_id)) <= 1 for alert_id in task.ids), "a line that was left twice"
    if "counts" in result and not check:
        told = " ".join(json.dumps(body) for fault in faults for body in fault.served)
        _is_true(sim, task, result, told)


def _is_true(sim: Simulator, task: Task, result: Result, told: str) -> None:
    """What is reported is so, or a server has ``told`` that it is."""
    platform = sim.world.platforms[task.platform]
    overview: dict[str, State] = platform.overview()
    struck = [entry for entry in sim.log if entry.fault]
    # A server that refuses what it has done cannot be found out in every case.
    lies = [entry for entry in struck if 300 <= (entry.status or 0) < 500]
    arguments: Params = result["invocation"]["module_args"]
    for row in result["signals"] if "signals" in result else result["alerts"]:
        if row["id"] not in overview or "skipped" in row:
            continue
        if row["changed"] is False and "error" not in row and not lies:
            assert not [entry for entry in sim.log if row["id"] in entry.wrote], f"not a word of a write: {row}"
        if row["changed"] is False and all(entry.is_write for entry in struck) and not lies:
            assert not platform.changes_of(row["id"]), f"a write that is denied: {row}"
        # Where some alerts cannot be brought to what was asked for, nothing is written of the others.
        tried = sim.log.writes() or not result.get("failed")
        if tried and "error" not in row:
            assert not unshown(task, arguments, row), row
        if tried and "error" not in row and arguments.get("wait") is not False:
            missing = unreached(task, arguments, overview[row["id"]], sim)
            assert all(value in told for value in missing), f"nobody has told of {missing}: {row}"
            assert struck or not missing
