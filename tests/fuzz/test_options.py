# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options that nobody should give, on a server that does as it should."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.secops.triage.tests.simulator import Simulator
from ansible_collections.secops.triage.tests.unit.harness import Params, Result, predicted

from .lines import bare, is_line, leaves_line, line_of, notes
from .modules import WRITING
from .runs import fresh_world, run
from .tasks import Task, hidden
from .write_oracle import State, lost, unreached, unshown


@pytest.mark.parametrize("name", WRITING)
@given(data=st.data())
def test_options(sim: Simulator, name: str, data: st.DataObject) -> None:
    """In check mode, for real, and once more: nothing is written that was not asked for, all is told, and foretold."""
    task = WRITING[name]
    options = data.draw(task.garbled(), label="options")
    fresh_world(sim, task)
    foretold = run(sim, task, options, check=True)
    done = run(sim, task, options, check=False)
    if hidden(options):
        return
    if foretold.get("failed"):
        assert done["msg"] == foretold["msg"]
        assert not done["changed"] if "changed" in done else True
        assert not sim.log.writes()
        return
    if done.get("failed"):
        # Only the server knows what it refuses: users, versions, incidents that do not exist.
        assert sim.log.writes()
        return
    assert predicted(foretold) == predicted(done)
    arguments = done["invocation"]["module_args"]
    if arguments.get("wait") is not False:
        _is_done(sim, task, arguments, done)
        again = run(sim, task, options, check=False)
        assert not again["changed"], again
        assert not sim.log.writes()


def _is_done(sim: Simulator, task: Task, arguments: Params, result: Result) -> None:
    platform = sim.world.platforms[task.platform]
    overview: dict[str, State] = platform.overview()
    for row in result["signals"] if "signals" in result else result["alerts"]:
        if "skipped" in row:
            assert not platform.writes_of(row["id"]), row
            continue
        assert not unreached(task, arguments, overview[row["id"]], sim), (row, overview[row["id"]])
        changes = platform.changes_of(row["id"])
        assert bool(changes) == row["changed"], row
        _is_traced(sim, task, arguments, row)
        assert not [lost(task, arguments, change) for change in changes if lost(task, arguments, change)], changes
        assert not unshown(task, arguments, row), row


def _is_traced(sim: Simulator, task: Task, arguments: Params, row: Result) -> None:
    """What was changed has the line that was asked for, once, and nothing else has one."""
    traced = row["changed"] and leaves_line(arguments)
    if task.platform != "datadog":
        left = notes(sim, task, row["id"])
        assert len(left) == int(traced), row
        assert all(is_line(arguments, line) for line in left), left
    elif task.module == "signal_state":
        comment = sim.datadog.signals[row["id"]].archive_comment or ""
        assert not line_of(bare(arguments, comment)), comment
        if traced and row["state"] == "archived":
            assert is_line(arguments, line_of(comment)), comment
        elif arguments["archive_comment"] is None:
            assert not line_of(comment), comment
