# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rule that says where a task runs, and what -vvv says of it in a play."""

from __future__ import annotations

import dataclasses
import json
import re
import shutil
import sys
import typing as t
from pathlib import Path

import pytest
from ansible.plugins.connection import local, ssh

from ansible_collections.secops.triage.plugins.plugin_utils._where import Surroundings, obstacle
from ansible_collections.secops.triage.tests.simulator import Simulator
from ansible_collections.secops.triage.tests.unit.harness import Params
from ansible_collections.secops.triage.tests.unit.playbooks.playing import played

#: A task on the machine that runs the play.
HERE = Surroundings(
    switches=[True],
    connection=local.__file__,
    become=False,
    asynchronous=0,
    environment="",
    interpreter=sys.executable,
    keeps_files=False,
)


def test_a_task_on_this_machine_runs_in_the_worker() -> None:
    assert obstacle(HERE) is None


@pytest.mark.parametrize("interpreter", ["auto", "auto_silent", "auto_legacy", "auto_legacy_silent"])
def test_a_python_that_is_to_be_found_is_ours(interpreter: str) -> None:
    assert obstacle(dataclasses.replace(HERE, interpreter=interpreter)) is None


@pytest.mark.parametrize("switch", [True, "true", "yes", "on", "1", 1, " True "])
def test_switched_on(switch: t.Any) -> None:
    assert obstacle(dataclasses.replace(HERE, switches=[switch])) is None


@pytest.mark.parametrize("switch", [False, "false", "no", "off", "0", 0, None, "", "maybe", "{{ nobody }}", []])
def test_switched_off(switch: t.Any) -> None:
    for switches in ([switch], [True, switch], [switch, True]):
        assert obstacle(dataclasses.replace(HERE, switches=switches)) == "secops_triage_in_process is false"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"connection": ssh.__file__}, "the connection is not local"),
        ({"connection": "/etc/ansible/plugins/connection/local.py"}, "the connection is not local"),
        ({"connection": ""}, "the connection is not local"),
        ({"become": True}, "it becomes another user"),
        ({"asynchronous": 60}, "it is asynchronous"),
        ({"environment": "HTTPS_PROXY=http://proxy.example.com:3128"}, "it has an environment"),
        ({"keeps_files": True}, "ANSIBLE_KEEP_REMOTE_FILES is set"),
    ],
)
def test_obstacles(change: dict[str, t.Any], reason: str) -> None:
    assert obstacle(dataclasses.replace(HERE, **change)) == reason


@pytest.mark.parametrize("interpreter", ["", "python3", "/usr/bin/env python3", "/no/such/python", "None"])
def test_any_other_python_is_not_ours(interpreter: str) -> None:
    assert obstacle(dataclasses.replace(HERE, interpreter=interpreter)) == f"its Python is {interpreter}"


def test_the_base_of_a_virtual_environment_is_not_ours(tmp_path: Path) -> None:
    """Nor is another environment with the same base, though all are the same file in the end."""
    link = tmp_path / Path(sys.executable).name
    link.symlink_to(sys.executable)
    base = str(Path(sys.executable).resolve())
    for interpreter in {str(link), base} - {sys.executable}:
        assert obstacle(dataclasses.replace(HERE, interpreter=interpreter)) == f"its Python is {interpreter}"


def test_another_file_beside_ours_is_not_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("python3", "python3.9"):
        shutil.copy(__file__, tmp_path / name)
    (tmp_path / "python").symlink_to("python3")
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python3"))
    for name, ours in (("python3", True), ("python", True), ("python3.9", False)):
        assert (obstacle(dataclasses.replace(HERE, interpreter=str(tmp_path / name))) is None) == ours


# In a play

IN_PROCESS = "in this process"
LOCAL: dict[str, t.Any] = {"ansible_connection": "local"}
#: Tasks by their names, each with what is special about it, and where it runs.
PLACES: dict[str, tuple[dict[str, t.Any], str]] = {
    "plain": ({}, IN_PROCESS),
    "in a loop": ({"loop": [1, 2]}, IN_PROCESS),
    "delegated to this machine": ({"delegate_to": "here"}, IN_PROCESS),
    "delegated to another Python": ({"delegate_to": "elsewhere"}, "its Python is /no/such/python"),
    "delegated to another machine": ({"delegate_to": "far"}, "the connection is not local"),
    "delegated to one that switches off": ({"delegate_to": "off"}, "secops_triage_in_process is false"),
    "switched off": ({"vars": {"secops_triage_in_process": "{{ 1 == 2 }}"}}, "secops_triage_in_process is false"),
    "switched on": ({"vars": {"secops_triage_in_process": "{{ 1 == 1 }}"}}, IN_PROCESS),
    "in an environment": ({"environment": {"DD_SITE": "{{ 'datadoghq.eu' }}"}}, "it has an environment"),
    "in an empty environment": ({"environment": {}}, IN_PROCESS),
    "with a Python by a template": (
        {"vars": {"ansible_python_interpreter": "{{ ansible_playbook_python }}"}},
        IN_PROCESS,
    ),
    "with a Python to be found": ({"vars": {"ansible_python_interpreter": "auto_silent"}}, IN_PROCESS),
    "with wrong options": ({"secops.triage.alert_info": {}}, "something is to be said about its options"),
    "with an option twice": (
        {"secops.triage.alert_info": {"provider": "calseta", "alert_ids": [], "alert_id": []}},
        "something is to be said about its options",
    ),
    "as another user": ({"become": True, "become_method": "ansible.builtin.sudo"}, "it becomes another user"),
}


@pytest.mark.versions
def test_a_play_says_where_its_tasks_run(sim: Simulator, calseta: Params, tmp_path: Path) -> None:
    """An alert that is not looked for takes no connection, so every task ends, wherever it runs."""
    task = {"secops.triage.alert_info": {**calseta, "alert_ids": []}}
    tasks = [{"name": name, **task, "ignore_errors": True, **special} for name, (special, _place) in PLACES.items()]
    block = {"environment": {"DD_SITE": "datadoghq.eu"}, "block": [{"name": "in the environment of its block", **task}]}
    for one in tasks:
        one.setdefault("ignore_unreachable", True)
    inventory = {
        "all": {
            "hosts": {
                "here": LOCAL,
                "off": {**LOCAL, "secops_triage_in_process": False},
                "elsewhere": {**LOCAL, "ansible_python_interpreter": "/no/such/python"},
                # Nothing listens there.
                "far": {"ansible_host": "127.0.0.1", "ansible_port": 1, "ansible_connection": "ssh"},
            }
        }
    }
    (tmp_path / "hosts.json").write_text(json.dumps(inventory), encoding="utf-8")
    (tmp_path / "play.yml").write_text(
        json.dumps([{"hosts": "localhost", "gather_facts": False, "tasks": [*tasks, block]}]), encoding="utf-8"
    )
    run = played(sim, tmp_path, tmp_path / "play.yml", {}, "-vvv", "-i", str(tmp_path / "hosts.json"))
    said = {
        name: re.findall(r"secops\.triage\.alert_info runs (?:as a module, because )?(.*)", text)
        for name, text in re.findall(r"^TASK \[(.*?)\] \*+\n(.*?)(?=^TASK|^PLAY)", run.stdout, re.DOTALL | re.MULTILINE)
    }
    expected = {name: {place} for name, (_special, place) in PLACES.items()}
    expected["in the environment of its block"] = {"it has an environment"}
    assert {name: set(places) for name, places in said.items()} == expected, run.stdout + run.stderr
    assert len(said["in a loop"]) == 2


@pytest.mark.versions
@pytest.mark.parametrize(
    ("variable", "value", "place"),
    [
        ("SECOPS_TRIAGE_IN_PROCESS", "no", "secops_triage_in_process is false"),
        ("SECOPS_TRIAGE_IN_PROCESS", "", IN_PROCESS),
        ("ANSIBLE_KEEP_REMOTE_FILES", "1", "ANSIBLE_KEEP_REMOTE_FILES is set"),
    ],
)
def test_switches_of_the_environment(
    sim: Simulator,
    calseta: Params,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    variable: str,
    value: str,
    place: str,
) -> None:
    monkeypatch.setenv(variable, value)
    task = {"secops.triage.alert_info": {**calseta, "alert_ids": []}}
    (tmp_path / "play.yml").write_text(
        json.dumps([{"hosts": "localhost", "gather_facts": False, "tasks": [task]}]), encoding="utf-8"
    )
    run = played(sim, tmp_path, tmp_path / "play.yml", {}, "-vvv")
    assert run.returncode == 0, run.stdout
    assert re.findall(r"secops\.triage\.alert_info runs (?:as a module, because )?(.*)", run.stdout) == [place]
