# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A task that was stopped writes no more, though its module process lives on: nobody reads its output any more, or the
processes that wait for it are gone."""

from __future__ import annotations

import contextlib
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

from .playing import settings

SIGNALS = 60
CONCURRENCY = 2


@pytest.fixture
def task(sim: Simulator, datadog: Params) -> Params:
    """Signals that are archived one by one, slowly."""
    sim.settings.datadog.bulk = 404
    sim.faults.add(Fault("delay", writes=True, path="/signals/(?!bulk)", count=None, delay=0.1))
    ids = [sim.datadog.add_signal().id for _each in range(SIGNALS)]
    sim.log.clear()
    return {**datadog, "signal_ids": ids, "state": "archived", "concurrency": CONCURRENCY}


def module(sim: Simulator, task: Params, folder: Path, output: int | Path = subprocess.PIPE) -> subprocess.Popen[bytes]:
    """The module's process alone, as Ansible starts it: by a shell."""
    arguments = folder / "arguments"
    arguments.write_text(json.dumps({"ANSIBLE_MODULE_ARGS": task}), encoding="utf-8")
    command = f"{sys.executable} -m ansible_collections.secops.triage.plugins.modules.signal_state < {arguments}"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    with contextlib.ExitStack() as stack:
        stdout = stack.enter_context(output.open("wb")) if isinstance(output, Path) else output
        return subprocess.Popen(["/bin/sh", "-c", f"{command}; true"], env=environment, stdout=stdout)


def wait_for_writes(sim: Simulator, process: subprocess.Popen[bytes]) -> None:
    """Wait until a task has begun to write."""
    while len(sim.log.writes()) < 2 * CONCURRENCY:
        assert process.poll() is None, process.stdout and process.stdout.read()[:900]
        time.sleep(0.005)


def archived(sim: Simulator, task: Params) -> int:
    """How many signals of the task are archived."""
    return sum(sim.datadog.signals[one].state == "archived" for one in task["signal_ids"])


def assert_stopped(sim: Simulator, task: Params, sent: int) -> None:
    """Assert that no more writes came than those that were on their way when ``sent`` had come."""
    time.sleep(1.5)
    sim.faults.clear()
    while sim.log.in_flight:
        time.sleep(0.01)
    assert sent <= len(sim.log.writes()) <= sent + 2 * CONCURRENCY
    assert 0 < archived(sim, task) < SIGNALS / 2


def test_nothing_is_written_when_nobody_reads_the_result(sim: Simulator, task: Params, tmp_path: Path) -> None:
    process = module(sim, task, tmp_path)
    wait_for_writes(sim, process)
    assert process.stdout is not None
    process.stdout.close()
    sent = len(sim.log.writes())
    process.wait(timeout=30)
    assert_stopped(sim, task, sent)


def test_nothing_is_written_when_the_parent_is_gone(sim: Simulator, task: Params, tmp_path: Path) -> None:
    result = tmp_path / "result"
    process = module(sim, task, tmp_path, result)
    wait_for_writes(sim, process)
    process.kill()
    process.wait()
    assert_stopped(sim, task, len(sim.log.writes()))
    rows = json.loads(result.read_text("utf-8"))["signals"]
    unsent = [row for row in rows if row["changed"] is False]
    assert len(unsent) > SIGNALS / 2
    assert {row["error"]["kind"] for row in unsent} == {"not_sent"}
    assert all("the task was stopped" in row["error"]["message"] for row in unsent)


def test_a_result_that_is_read_late_is_no_reason_to_stop(sim: Simulator, task: Params, tmp_path: Path) -> None:
    sim.faults.clear()
    with module(sim, task, tmp_path) as process:
        while archived(sim, task) < SIGNALS:
            time.sleep(0.01)
        assert process.stdout is not None
        assert json.loads(process.stdout.read())["counts"]["changed"] == SIGNALS


@contextlib.contextmanager
def playing(sim: Simulator, folder: Path, task: Params, **keywords: t.Any) -> t.Iterator[subprocess.Popen[bytes]]:
    """A play of the task as a module, in a process group of its own."""
    play = [
        {
            "hosts": "localhost",
            "gather_facts": False,
            "vars": {"ansible_async_dir": str(folder / "async")},
            "tasks": [{"secops.triage.signal_state": {**task, "provenance": "none"}, **keywords}],
        }
    ]
    file = folder / "play.yml"
    file.write_text(json.dumps(play), encoding="utf-8")
    command = [sys.executable, "-m", "ansible.cli.playbook", str(file)]
    environment = {**settings(sim, folder), "SECOPS_TRIAGE_IN_PROCESS": "false"}
    with (
        (folder / "output").open("wb") as output,
        subprocess.Popen(
            command, env=environment, cwd=folder, stdout=output, stderr=output, start_new_session=True
        ) as process,
    ):
        yield process


@pytest.mark.versions
def test_a_task_that_ansible_ended_at_its_time_out_writes_no_more(sim: Simulator, task: Params, tmp_path: Path) -> None:
    sim.faults.clear()
    sim.faults.add(Fault("delay", writes=True, path="/signals/(?!bulk)", count=None, delay=1.0))
    with playing(sim, tmp_path, task, timeout=12) as process:
        assert process.wait(timeout=120) == 2
    assert_stopped(sim, task, len(sim.log.writes()))
    output = (tmp_path / "output").read_text("utf-8")
    assert "The task was stopped after 12 s, its timeout. What it did before is not known" in output
    assert '"changed": true' in output


@pytest.mark.versions
@pytest.mark.parametrize("sig", [signal.SIGKILL, signal.SIGTERM])
def test_a_play_whose_processes_were_stopped_writes_no_more(
    sim: Simulator, task: Params, tmp_path: Path, sig: signal.Signals
) -> None:
    with playing(sim, tmp_path, task) as process:
        wait_for_writes(sim, process)
        os.killpg(process.pid, sig)
        sent = len(sim.log.writes())
        process.wait(timeout=30)
    assert_stopped(sim, task, sent)


@pytest.mark.versions
def test_a_task_in_the_background_is_not_stopped(sim: Simulator, task: Params, tmp_path: Path) -> None:
    sim.faults.clear()
    with playing(sim, tmp_path, task, **{"async": 120, "poll": 1}) as process:
        assert process.wait(timeout=120) == 0
    assert archived(sim, task) == SIGNALS
