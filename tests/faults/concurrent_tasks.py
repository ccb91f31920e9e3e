# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whoever acts on the same alerts while a task is at them: an analyst, or another task in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import typing as t

from ansible_collections.secops.triage.tests.simulator import Entry, Simulator
from ansible_collections.secops.triage.tests.unit.harness import Meanwhile, Params, Result, rows


def start(module: str, params: Params) -> subprocess.Popen[str]:
    """Start a task; `ended` has its result."""
    process = subprocess.Popen(
        [sys.executable, "-m", f"ansible_collections.secops.triage.plugins.modules.{module}"],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    process.stdin.write(json.dumps({"ANSIBLE_MODULE_ARGS": {**params, "_ansible_diff": True}}))
    process.stdin.close()
    return process


def ended(process: subprocess.Popen[str]) -> Result:
    """The result of a task, once it has one."""
    with process:
        assert process.stdout is not None
        result: Result = json.loads(process.stdout.read())
    return result


def wait_for(sim: Simulator, fault: str, process: subprocess.Popen[str]) -> None:
    """Wait until a request of the task has been struck by this fault."""
    end = time.monotonic() + 60
    while not any(entry.fault == fault for entry in sim.log):
        assert time.monotonic() < end
        assert process.poll() is None
        time.sleep(0.005)


def meanwhile(sim: Simulator, happens: t.Callable[[], object], **which: t.Any) -> None:
    """Let something happen when such a request comes in: the first write, if nothing else is said."""

    def now(entry: Entry) -> None:
        happens()

    sim.faults.add(Meanwhile(now, **(which or {"writes": True})))


def calm(sim: Simulator) -> None:
    """No more faults, and an end to what is still on its way."""
    sim.faults.clear()
    while sim.log.in_flight:
        time.sleep(0.01)


def only(result: Result) -> Result:
    """The one alert of a result."""
    (row,) = rows(result)
    return row
