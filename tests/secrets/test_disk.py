# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What Ansible keeps on the disk of the machine where a module runs, and of that where it runs itself.

A module's options stand in the file that Ansible copies to the host. That file is removed, unless
C(ANSIBLE_KEEP_REMOTE_FILES) says otherwise; nobody but its owner can read it. With pipelining there is none.
"""

from __future__ import annotations

import stat
import time
import typing as t
from pathlib import Path

import pytest

from ansible_collections.secops.triage.tests.secrets.cases import (
    Options,
    Way,
    add_alert,
    task_of,
    value_of,
    working_secrets,
)
from ansible_collections.secops.triage.tests.secrets.forms import found
from ansible_collections.secops.triage.tests.secrets.stage import Played, Stage
from ansible_collections.secops.triage.tests.simulator import Simulator

#: One of each module's and provider's, with the variables of the environment that can hold its secrets.
WAYS = {
    Way("signal_state", "datadog", ("api_key", "app_key")): ("DD_API_KEY", "DD_APP_KEY"),
    Way("signal_incident_link", "datadog", ("api_key", "app_key")): ("DD_API_KEY", "DD_APP_KEY"),
    Way("kibana_alert_status", "kibana", ("api_key",)): ("KIBANA_API_KEY",),
    Way("kibana_alert_tags", "kibana", ("api_key",)): ("KIBANA_API_KEY",),
    Way("alert_update", "calseta", ("api_key",)): ("CALSETA_API_KEY",),
    Way("alert_note", "calseta", ("api_key",)): ("CALSETA_API_KEY",),
    Way("alert_update", "security_deck", ("iam_token",)): ("YC_IAM_TOKEN",),
}


@pytest.fixture
def ways(whole: bool) -> list[Way]:
    """All of them; in short the first and the last, for Ansible puts each module's file together anew."""
    return list(WAYS) if whole else [next(iter(WAYS)), next(reversed(WAYS))]


def play(
    sim: Simulator, folder: Path, source: str, ways: t.Sequence[Way], more: Options | None = None, **settings: str
) -> Played:
    """A task of each way, with secrets from the options or from the environment; nothing of them is to be seen."""
    tasks = []
    given: dict[str, str] = {}
    for way in ways:
        names = WAYS[way]
        options = task_of(sim, way, add_alert(sim, way.platform))
        given |= {name: value_of(sim, way.platform, option) for name, option in zip(names, way.secrets)}
        if source == "options":
            options |= {option: f"{{{{ {name} }}}}" for name, option in zip(names, way.secrets)}
        tasks.append({"name": str(way), f"secops.triage.{way.module}": options, **(more or {})})
    variables, environment = (given, {}) if source == "options" else ({}, given)
    played = Stage(folder / "stage").play([{"tasks": tasks}], variables, environment, **settings)
    assert played.status == 0
    assert len(played.results) == len(tasks)
    nothing_is_seen(sim, played)
    return played


def nothing_is_seen(sim: Simulator, played: Played) -> None:
    for place, text in played.places.items():
        assert not found(working_secrets(sim), text), place


def test_what_is_kept_holds_the_options_and_only_for_its_owner(sim: Simulator, ways: list[Way], tmp_path: Path) -> None:
    played = play(sim, tmp_path, "options", ways, keep_remote_files="1")
    holds = [path for path in played.left_behind if found(working_secrets(sim), path.read_bytes())]
    assert len(holds) == len(ways)
    for path in holds:
        assert path.name.startswith("AnsiballZ_")
        assert not stat.S_IMODE(path.parent.stat().st_mode) & 0o077


def test_what_is_kept_holds_nothing_of_the_environment(sim: Simulator, ways: list[Way], tmp_path: Path) -> None:
    played = play(sim, tmp_path, "environment", ways, keep_remote_files="1")
    assert len([path for path in played.left_behind if path.name.startswith("AnsiballZ_")]) == len(ways)
    for path in played.left_behind:
        assert not found(working_secrets(sim), path.read_bytes()), path


def test_with_pipelining_nothing_is_written(sim: Simulator, tmp_path: Path) -> None:
    module = {"vars": {"secops_triage_in_process": False}}
    played = play(sim, tmp_path, "options", list(WAYS)[:1], module, pipelining="1")
    assert played.left_behind == []
    assert not list((played.folder / "remote").glob("*"))


def test_inside_ansible_nothing_is_written(sim: Simulator, tmp_path: Path) -> None:
    played = play(sim, tmp_path, "options", list(WAYS)[:1])
    assert played.left_behind == []
    assert not list((played.folder / "remote").glob("*"))


@pytest.mark.whole
def test_results_of_tasks_in_the_background_hold_nothing(sim: Simulator, tmp_path: Path) -> None:
    jobs = tmp_path / "jobs"
    played = play(sim, tmp_path, "options", list(WAYS)[:2], {"async": 60, "poll": 0}, async_dir=str(jobs))
    wait_for(lambda: len([path for path in jobs.iterdir() if b'"counts"' in path.read_bytes()]) == 2)
    # The background tidies up after itself.
    wait_for(lambda: not played.left_behind)
    for path in jobs.iterdir():
        assert not found(working_secrets(sim), path.read_bytes())


def wait_for(done: t.Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not done():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.parametrize("fails", [False, pytest.param(True, marks=pytest.mark.whole)])
@pytest.mark.parametrize("here", [True, False], ids=["inside Ansible", "as a module"])
def test_on_the_command_line_of_ansible(sim: Simulator, tmp_path: Path, here: bool, fails: bool) -> None:
    """Where the secrets are in the environment, there is nothing on it that others should not see."""
    way = next(iter(WAYS))
    options = {**task_of(sim, way, "nobody" if fails else add_alert(sim, "datadog"))}
    arguments = " ".join(f"{name}={value[0] if isinstance(value, list) else value}" for name, value in options.items())
    command = ["adhoc", "localhost", "-m", f"secops.triage.{way.module}", "-a", arguments, "-vvvv", "--diff"]
    environment = {"DD_API_KEY": sim.credentials.datadog_api_key, "DD_APP_KEY": sim.credentials.datadog_app_key}
    played = Stage(tmp_path / "stage").run(command, {**environment, "SECOPS_TRIAGE_IN_PROCESS": str(here)})
    assert bool(played.status) == fails
    assert (b"AnsiballZ_" in played.places["processes"]) != here
    nothing_is_seen(sim, played)
