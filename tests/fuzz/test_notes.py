# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Notes, with options that nobody should give, and with answers that no server should: never twice."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.secops.triage.tests.simulator import Simulator
from ansible_collections.secops.triage.tests.unit.harness import predicted

from .lines import notes
from .modules import NOTING
from .runs import fresh_world, run
from .spoiled import spoiled
from .tasks import hidden


@pytest.mark.parametrize("name", NOTING)
@given(data=st.data())
def test_options(sim: Simulator, name: str, data: st.DataObject) -> None:
    """In check mode, for real, and once more: what is foretold comes, and nothing comes twice."""
    task = NOTING[name]
    options = data.draw(task.garbled(), label="options")
    fresh_world(sim, task)
    foretold = run(sim, task, options, check=True)
    done = run(sim, task, options, check=False)
    if hidden(options) or foretold.get("failed") or done.get("failed"):
        return
    assert predicted(foretold) == predicted(done)
    if done["invocation"]["module_args"].get("space_id") not in (None, "", "default"):
        return
    for row in done["alerts"]:
        assert len(notes(sim, task, row["id"])) == int("skipped" not in row), row
    assert not run(sim, task, options, check=False)["changed"]
    assert not sim.log.writes()


@pytest.mark.parametrize("name", NOTING)
@given(data=st.data())
def test_answers(sim: Simulator, name: str, data: st.DataObject) -> None:
    """What is reported as unchanged, and without an error, was not written; and no alert has a note twice."""
    task = NOTING[name]
    options = data.draw(task.asked(), label="options")
    faults = data.draw(st.lists(spoiled(task), min_size=1, max_size=2), label="answers")
    fresh_world(sim, task)
    for fault in faults:
        sim.faults.add(fault)
    soon = {"wait_timeout": 0.02} if task.platform == "security_deck" else {}
    result = run(sim, task, {**options, **soon}, check=False)
    lies = any(entry.fault and (not entry.is_write or 300 <= (entry.status or 0) < 500) for entry in sim.log)
    for row in result.get("alerts", []):
        if row["id"] not in task.ids:
            continue
        there = len(notes(sim, task, row["id"]))
        assert there <= 1, row
        if not lies and "error" not in row:
            assert there == bool(row["changed"]), row
