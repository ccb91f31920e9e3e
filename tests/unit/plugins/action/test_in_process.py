# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the worker does for a task that a module's process did: options, the system's log, warnings, the folder."""

from __future__ import annotations

import json
import threading
import time
import typing as t
import warnings
from pathlib import Path
from unittest import mock

import pytest
from ansible.module_utils import basic

from ansible_collections.secops.triage.plugins.module_utils._core.backoff import pause
from ansible_collections.secops.triage.plugins.module_utils._flow.task import Report, Task
from ansible_collections.secops.triage.plugins.module_utils._http.throttle import Throttle
from ansible_collections.secops.triage.plugins.plugin_utils._in_process import Parsed, silent, task_of
from ansible_collections.secops.triage.tests.simulator import Simulator
from ansible_collections.secops.triage.tests.unit.documented import PLUGINS
from ansible_collections.secops.triage.tests.unit.harness import Params, warnings_of
from ansible_collections.secops.triage.tests.unit.playbooks.playing import play

SECRET = "q7ZwKx3vTn9LrMb2JcH8"
#: What Ansible tells every module, as far as it is used.
INTERNAL: Params = {
    "_ansible_check_mode": False,
    "_ansible_diff": False,
    "_ansible_no_log": False,
    "_ansible_debug": False,
    "_ansible_module_name": "secops.triage.signal_state",
    "_ansible_syslog_facility": "LOG_USER",
}
ARGS: Params = {"signal_ids": ["AQAAAZexample"], "state": "open", "api_key": SECRET, "app_key": SECRET}


def module_task() -> Task:
    task = task_of(f"{PLUGINS}.modules.signal_state")
    assert task
    return task


def parsed(args: Params | None = None, task: Task | None = None, **internal: t.Any) -> Parsed:
    found = Parsed.of(task or module_task(), args or ARGS, {**INTERNAL, **internal})
    assert found
    return found


def doing(work: t.Callable[[], Report]) -> Task:
    return Task(lambda _params, _context: work(), module_task().spec)


@pytest.mark.versions
@pytest.mark.parametrize(
    "wrong",
    [
        {"state": "shut"},
        {"state": None},
        {"unknown": 1},
        {"timeout": "soon"},
        {"query": "*"},
        {"signal_ids": ["a"], "signal_id": ["b"]},
    ],
    ids=str,
)
def test_options_of_which_a_module_has_something_to_say_are_left_to_it(wrong: Params) -> None:
    assert Parsed.of(module_task(), {**ARGS, **wrong}, INTERNAL) is None


@pytest.mark.versions
def test_options_are_those_of_a_module() -> None:
    args = {"signal_id" if name == "signal_ids" else name: value for name, value in ARGS.items()}
    found = parsed({**args, "timeout": "5"})
    assert found.params["signal_ids"] == ARGS["signal_ids"]
    assert found.params["timeout"] == 5.0
    assert found.params["retries"] == 4
    assert SECRET in found.secrets


@pytest.mark.versions
def test_the_line_in_the_log_of_the_system() -> None:
    with mock.patch.object(basic, "syslog") as syslog, mock.patch.object(basic, "has_journal", False):
        parsed().log()
    (_priority, line) = syslog.syslog.call_args.args
    assert line.startswith("Invoked with ")
    assert "state=open" in line
    assert "api_key=NOT_LOGGING_PARAMETER" in line
    assert SECRET not in line
    assert syslog.openlog.call_args.args[0] == "ansible-secops.triage.signal_state"


@pytest.mark.versions
def test_no_line_with_no_log() -> None:
    with mock.patch.object(basic, "syslog") as syslog, mock.patch.object(basic, "has_journal", False):
        parsed(_ansible_no_log=True).log()
    assert not syslog.syslog.called


def test_nothing_outlives_a_task(tmp_path: Path) -> None:
    """The folder, the filters of warnings, and what a task warns of: it would show on the terminal."""
    folders: list[Path] = []

    def work() -> Report:
        folders.append(Path.cwd())
        warnings.warn("insecure", stacklevel=1)
        warnings.simplefilter("always")
        return Report({"changed": False})

    before, filters = Path.cwd(), list(warnings.filters)
    with warnings.catch_warnings(record=True) as seen:
        result = parsed(task=doing(work)).run(str(tmp_path), None)
    assert folders == [tmp_path]
    assert (Path.cwd(), list(warnings.filters)) == (before, filters)
    assert not result.get("failed")
    assert not seen


def test_silence() -> None:
    with warnings.catch_warnings(record=True) as seen, silent():
        warnings.warn("insecure", stacklevel=1)
    assert not seen


def test_a_result_has_no_secrets_and_its_invocation_only_if_wanted(tmp_path: Path) -> None:
    task = doing(lambda: Report({"changed": True, "alerts": [{"id": SECRET}]}, [f"about {SECRET}"], "It is " + SECRET))
    result = parsed(task=task).run(str(tmp_path), None)
    assert SECRET not in json.dumps(result)
    assert result["changed"] is result["failed"] is True
    assert warnings_of(result)
    assert result["invocation"]["module_args"]["state"] == "open"
    assert "invocation" not in parsed(task=task, _ansible_inject_invocation=False).run(str(tmp_path), None)


def test_a_crash_is_a_result(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    def crash() -> Report:
        raise ZeroDivisionError(SECRET)

    result = parsed(task=doing(crash)).run(str(tmp_path), None)
    assert result["failed"]
    assert "ZeroDivisionError" in result["msg"]
    assert SECRET not in json.dumps(result)
    # What cannot be made a result is one, too.
    odd = parsed(task=doing(lambda: Report(t.cast(t.Any, 5)))).run(str(tmp_path), None)
    assert odd["failed"]
    assert odd["changed"] is True
    assert capfd.readouterr() == ("", "")


def test_a_pause_ends_with_the_task() -> None:
    stopped = threading.Event()
    threading.Timer(0.2, stopped.set).start()
    began = time.monotonic()
    pause(60.0, stopped.is_set)
    assert time.monotonic() - began < 30


def test_nobody_waits_for_the_throttle_of_a_stopped_task() -> None:
    stopped = threading.Event()
    throttle = Throttle(1, stopped.is_set)
    throttle.enter(throttle.ticket())
    throttle.hold(60.0)
    threading.Timer(0.2, stopped.set).start()
    began = time.monotonic()
    throttle.enter(throttle.ticket())
    assert time.monotonic() - began < 30


@pytest.mark.versions
@pytest.mark.parametrize("strategy", ["linear", "free"])
def test_many_hosts(sim: Simulator, calseta: Params, tmp_path: Path, strategy: str) -> None:
    """Every host its own alert, each in a worker of its own."""
    alerts = [sim.calseta.add_alert().uuid for _each in range(8)]
    hosts = {f"host{number}": {"ansible_connection": "local", "mine": one} for number, one in enumerate(alerts)}
    inventory = {"all": {"hosts": hosts, "vars": {"ansible_python_interpreter": "{{ ansible_playbook_python }}"}}}
    (tmp_path / "hosts.json").write_text(json.dumps(inventory), encoding="utf-8")
    task = {"secops.triage.alert_update": {**calseta, "alert_ids": ["{{ mine }}"], "status": "Triaging"}}
    plays = [{"hosts": "all", "gather_facts": False, "strategy": strategy, "tasks": [task]}]
    (tmp_path / "play.yml").write_text(json.dumps(plays), encoding="utf-8")
    said = play(sim, tmp_path, tmp_path / "play.yml", {}, "-vvv", "-i", str(tmp_path / "hosts.json"), "--forks", "4")
    assert said.count("runs in this process") == len(alerts)
    assert {sim.calseta.alerts[one].status for one in alerts} == {"Triaging"}
    assert said.count("changed=1 ") == len(alerts)
