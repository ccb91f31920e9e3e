# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A task in Ansible's worker that is stopped: it ends at once, sends nothing more, and its report is true."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import typing as t
from pathlib import Path

import pytest

from ansible_collections.secops.triage.tests.simulator import Fault, Simulator
from ansible_collections.secops.triage.tests.unit.harness import Params
from ansible_collections.secops.triage.tests.unit.playbooks.playing import played, settings, tells, told

pytestmark = pytest.mark.versions

NAME = "secops.triage.signal_state"
SIGNALS = 24
WORKERS = 2


@pytest.fixture
def task(sim: Simulator, datadog: Params) -> Params:
    """Signals that are archived one after the other."""
    sim.settings.datadog.bulk = 404
    ids = [sim.datadog.add_signal().id for _each in range(SIGNALS)]
    return {**datadog, "signal_ids": ids, "state": "archived", "concurrency": WORKERS}


def written(task: Params, folder: Path, **keywords: t.Any) -> Path:
    """A playbook of one task, and of one that says what became of it."""
    tasks = [{NAME: task, "register": "it", "ignore_errors": True, **keywords}, tells("it", {"is": "{{ it }}"})]
    path = folder / "play.yml"
    path.write_text(json.dumps([{"hosts": "localhost", "gather_facts": False, "tasks": tasks}]), encoding="utf-8")
    return path


def stopped(sim: Simulator, task: Params, folder: Path, seconds: int = 3) -> dict[str, t.Any]:
    """The result of the task with this time-out; asserts that nothing is sent after it."""
    run = played(sim, folder, written(task, folder, timeout=seconds), {})
    sent = len(sim.log)
    assert run.returncode == 0, run.stdout + run.stderr
    result = told(run.stdout)["it"]["is"]
    assert result["failed"]
    assert result["msg"].startswith(f"The task was stopped after {seconds} s, its timeout. ")
    assert result["timedout"] == {"period": seconds}
    sim.faults.clear()
    time.sleep(1.0)
    assert len(sim.log) == sent
    return t.cast(dict[str, t.Any], result)


def agrees(sim: Simulator, result: dict[str, t.Any]) -> dict[t.Any, list[str]]:
    """The alerts by what the report says of their change; asserts that the service does not say otherwise."""
    ids: dict[t.Any, list[str]] = {True: [], False: [], None: []}
    for row in result["signals"]:
        ids[row["changed"]].append(row["id"])
        if row["changed"] is not None:
            assert (sim.datadog.signals[row["id"]].state == "archived") == row["changed"], row
    assert result["counts"]["unconfirmed"] == len(ids[None])
    return ids


def test_a_time_out_between_writes(sim: Simulator, task: Params, tmp_path: Path) -> None:
    sim.faults.add(Fault("delay", writes=True, path="/signals/(?!bulk)", count=None, delay=0.5))
    result = stopped(sim, task, tmp_path)
    ids = agrees(sim, result)
    assert ids[True]
    assert ids[False]
    assert result["changed"] is True
    for row in result["signals"]:
        if row["changed"] is False:
            assert row["error"]["kind"] == "not_sent"
            assert "not sent, for the task was stopped" in row["error"]["message"]


def test_a_time_out_in_a_write(sim: Simulator, task: Params, tmp_path: Path) -> None:
    """The service has done it, and nobody knows."""
    sim.faults.add(Fault("delay", writes=True, path="/signals/(?!bulk)", count=None, delay=20, when="after", nth=3))
    result = stopped(sim, task, tmp_path)
    ids = agrees(sim, result)
    assert len(ids[True]) == 2
    assert 0 < len(ids[None]) <= WORKERS
    assert ids[None][0] in result["msg"]


def test_a_time_out_while_the_service_asks_to_wait(sim: Simulator, task: Params, tmp_path: Path) -> None:
    sim.faults.add(Fault("status", status=429, writes=True, count=None, nth=3, wait_form="retry_after", wait=120))
    began = time.monotonic()
    ids = agrees(sim, stopped(sim, task, tmp_path))
    assert time.monotonic() - began < 100
    assert ids[False]
    assert not ids[None]


def test_a_time_out_between_tries(sim: Simulator, task: Params, tmp_path: Path) -> None:
    """No alert was written, for none could be read."""
    sim.faults.add(Fault("status", status=500, count=None))
    result = stopped(sim, {**task, "retries": 20}, tmp_path)
    assert result["changed"] is False
    assert not sim.log.writes()


def test_a_time_out_that_a_task_does_not_need(sim: Simulator, task: Params, tmp_path: Path) -> None:
    """The task after it has none, and is not ended by it."""
    run = played(sim, tmp_path, written({**task, "signal_ids": task["signal_ids"][:1]}, tmp_path, timeout=60), {})
    assert told(run.stdout)["it"]["is"]["changed"] is True


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL], ids=lambda one: one.name)
def test_a_play_that_is_ended(sim: Simulator, task: Params, tmp_path: Path, number: signal.Signals) -> None:
    """By the keyboard, by a supervisor, or by the kernel."""
    sim.faults.add(Fault("delay", writes=True, path="/signals/(?!bulk)", count=None, delay=0.3))
    command = [sys.executable, "-m", "ansible.cli.playbook", str(written(task, tmp_path))]
    with subprocess.Popen(
        command,
        env=settings(sim, tmp_path),
        cwd=tmp_path,
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        while len(sim.log.writes()) < 2:
            assert process.poll() is None
            time.sleep(0.01)
        if number is signal.SIGINT:
            os.killpg(process.pid, number)
        else:
            process.send_signal(number)
        process.wait(timeout=60)
        # A worker may have begun a write in the same moment.
        time.sleep(1.0)
        sent = len(sim.log.writes())
        sim.faults.clear()
        time.sleep(2.0)
    assert len(sim.log.writes()) == sent < SIGNALS
