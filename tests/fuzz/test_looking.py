# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Modules that only look, with options that nobody should give, and with answers that no server should."""

from __future__ import annotations

import json
import typing as t

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.secops.triage.plugins.module_utils._core.text import printable
from ansible_collections.secops.triage.tests.faults.expected_state import differences
from ansible_collections.secops.triage.tests.faults.views import view
from ansible_collections.secops.triage.tests.simulator import Simulator
from ansible_collections.secops.triage.tests.unit.harness import Result

from .modules import LOOKING
from .runs import fresh_world, rows, run
from .spoiled import spoiled
from .tasks import Task, hidden
from .write_oracle import named


@pytest.mark.parametrize("name", LOOKING)
@given(data=st.data())
def test_options(sim: Simulator, name: str, data: st.DataObject) -> None:
    """What is shown is so, what is missing is not there, and what was cut off is told."""
    task = LOOKING[name]
    options = data.draw(task.garbled(), label="options")
    fresh_world(sim, task)
    result = run(sim, task, options, check=data.draw(st.booleans(), label="check mode"))
    if result.get("failed") or hidden(options):
        return
    _is_so(sim, task, result)
    arguments = result["invocation"]["module_args"]
    if "missing" in result:
        elsewhere = arguments.get("space_id") not in (None, "", "default")
        there = {} if elsewhere else sim.world.platforms[task.platform].overview()
        assert {row["id"] for row in rows(result)} == named(task, arguments) & set(there)
        assert set(result["missing"]) == named(task, arguments) - set(there)
        return
    most = arguments["max_alerts"]
    every = run(sim, task, {**options, "max_alerts": 1000}, check=False)
    found = [row["id"] for row in rows(every)]
    assert [row["id"] for row in rows(result)] == found[:most]
    assert result["truncated"] == (len(found) > most)
    assert result["total"] in (None, len(found))
    assert not every["truncated"]


@pytest.mark.parametrize("name", LOOKING)
@given(data=st.data())
def test_answers(sim: Simulator, name: str, data: st.DataObject) -> None:
    """A documented result or failure, and nothing shown that nobody has told."""
    task = LOOKING[name]
    options = data.draw(task.asked(), label="options")
    faults = data.draw(st.lists(spoiled(task), min_size=1, max_size=2), label="answers")
    fresh_world(sim, task)
    for fault in faults:
        sim.faults.add(fault)
    result = run(sim, task, options, check=False)
    if result.get("failed"):
        return
    told = " ".join(_words(body) for fault in faults for body in fault.served)
    there = sim.world.platforms[task.platform].overview()
    for row in rows(result):
        if row["id"] not in there:
            assert _words(row["id"])[1:-1] in told
        elif not any(entry.fault for entry in sim.log):
            _is_so(sim, task, {**result, "alerts": [row]})
        else:
            expected = printable(view(sim.world.platforms[task.platform], row["id"]))
            wrong = [row[field] for field in differences({key: row[key] for key in expected}, expected)]
            assert all(value in (None, "", []) or _words(value)[1:-1] in told for value in wrong), row
    assert len({row["id"] for row in rows(result)}) == len(rows(result))


def _words(value: t.Any) -> str:
    """A value as it stands in an answer, be it in capitals there or not: a severity is shown in small letters."""
    return json.dumps(value, ensure_ascii=False).lower()


def _is_so(sim: Simulator, task: Task, result: Result) -> None:
    platform = sim.world.platforms[task.platform]
    for row in rows(result):
        expected = printable(view(platform, row["id"]))
        assert not differences({name: row[name] for name in expected}, expected), (row, expected)
