# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Action plugins in real plays: what they know of the job, and that all else is as without them."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
import typing as t
from pathlib import Path

import pytest
import yaml

from ansible_collections.secops.triage.plugins.plugin_utils._action import ModuleAction
from ansible_collections.secops.triage.plugins.plugin_utils._provenance import provenance_from_play
from ansible_collections.secops.triage.tests.simulator import Simulator
from ansible_collections.secops.triage.tests.unit.documented import MODULES, PLUGINS, ROOT, arguments_of, documented
from ansible_collections.secops.triage.tests.unit.playbooks.playing import connections, play

pytestmark = pytest.mark.versions

AWX = {"awx_job_id": 4711, "awx_job_template_name": "Close noise", "awx_user_name": "amira"}


# The line


@pytest.mark.parametrize(
    ("variables", "line"),
    [
        (AWX, "AWX job 4711 · template Close noise · user amira"),
        ({"tower_job_id": "4711", "tower_user_name": "amira"}, "AWX job 4711 · user amira"),
        ({"awx_job_id": 4711, "awx_workflow_job_id": 12}, "AWX job 4711 · workflow job 12"),
        ({"ansible_play_name": "Close noise"}, "play Close noise · user bruno"),
        (
            {"ansible_eda": {"ruleset": "Alerts", "rule": "Scanner", "event": {"token": "q7ZwKx3vTn9LrMb2JcH8"}}},
            "ruleset Alerts · rule Scanner · user bruno",
        ),
        ({"ansible_eda": "nothing"}, "user bruno"),
        ({"ansible_eda": {"rule": {"token": "q7ZwKx3vTn9LrMb2JcH8"}}}, "user bruno"),
        ({"awx_job_id": "{{ vault_token }}"}, ""),
        ({"vault_token": "q7ZwKx3vTn9LrMb2JcH8", "awx_user_email": "amira@example.com"}, "user bruno"),
    ],
)
def test_line_of_a_play(variables: dict[str, t.Any], line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("USER", "bruno")
    assert provenance_from_play(variables) == " · ".join(filter(None, ["Ansible", line]))


# The plugins


def test_every_module_has_its_plugin() -> None:
    plugins = sorted(path.stem for path in (ROOT / "plugins" / "action").glob("*.py") if path.stem != "__init__")
    assert plugins == MODULES


@pytest.mark.parametrize("name", MODULES)
def test_linters_find_the_options_of_the_module(name: str) -> None:
    plugin = importlib.import_module(f"{PLUGINS}.action.{name}")
    assert arguments_of(plugin.main) == documented(name).arguments
    assert issubclass(plugin.ActionModule, ModuleAction)


LINE = "Ansible · AWX job 4711 · template Close noise · play Night shift · user amira"
NAME = "secops.triage.alert_update"
#: By what is special about them, tasks that ask for the line, each with what it leaves.
KINDS: dict[str, tuple[dict[str, t.Any], str | bool | None, str | None]] = {
    "plain": ({}, "auto", LINE),
    "again": ({}, "auto", LINE),
    "in check mode": ({"check_mode": True, "diff": True}, "auto", None),
    "delegated": ({"delegate_to": "127.0.0.1", "vars": {"ansible_connection": "local"}}, "auto", LINE),
    "in a loop": ({"loop": [1, 2]}, "auto", LINE),
    "asynchronous": ({"async": 60, "poll": 1}, "auto", LINE),
    "retried": ({"register": "result", "until": "result is success", "retries": 2, "delay": 0}, "auto", LINE),
    "with an environment": ({"environment": {"JOB_ID": "1"}}, "auto", LINE),
    "by default": ({}, None, LINE),
    "as a boolean": ({}, True, LINE),
    "none": ({}, "none", None),
    "in its own words": ({}, "ticket 4711", "Ansible · ticket 4711"),
    "with less that is known": (
        {"vars": {"awx_job_template_name": None, "awx_user_name": "{{ nobody }}"}},
        "auto",
        "Ansible · AWX job 4711 · play Night shift",
    ),
}


def lines(sim: Simulator, alert_id: str) -> list[str]:
    return [finding["summary"] for finding in sim.calseta.alerts[alert_id].findings]


def test_every_kind_of_task(sim: Simulator, tmp_path: Path) -> None:
    """All in one play, for a play takes long to start."""
    alerts = {kind: sim.calseta.add_alert().uuid for kind in KINDS}
    alerts["again"] = alerts["plain"]
    tasks = [
        {
            "name": kind,
            NAME: {
                "alert_ids": [alerts[kind]],
                "status": "Triaging",
                **({} if provenance is None else {"provenance": provenance}),
            },
            **special,
        }
        for kind, (special, provenance, _line) in KINDS.items()
    ]
    # Ansible starts what is asynchronous by a path that it does not quote.
    environment = tmp_path / "environment"
    environment.symlink_to(sys.prefix)
    asynchronous = next(task for task in tasks if task["name"] == "asynchronous")
    asynchronous["vars"] = {"ansible_python_interpreter": str(environment / "bin" / Path(sys.executable).name)}
    # No extra variables, which would win over those of a task.
    known = {**AWX, "ansible_async_dir": str(tmp_path / "async")}
    group = {"group/secops.triage.alerts": {"provider": "calseta", "provenance": "auto"}}
    shift: dict[str, t.Any] = {"name": "Night shift", "hosts": "localhost", "gather_facts": False, "vars": known}
    playbook = tmp_path / "play.yml"
    plays = [{**shift, "module_defaults": group, "tasks": tasks}]
    playbook.write_text(yaml.safe_dump(plays, allow_unicode=True), encoding="utf-8")
    said = play(sim, tmp_path, playbook, {})
    assert f"ok={len(tasks)} " in said
    assert f"changed={len(tasks) - 1} " in said
    assert '+    "status": "Triaging"' in said
    for kind, (_special, _provenance, line) in KINDS.items():
        assert lines(sim, alerts[kind]) == ([line] if line else []), kind
    assert sim.calseta.alerts[alerts["in check mode"]].status == "Open"
    # All but the one in check mode, and the one that was not needed any more.
    assert len(sim.log.changes()) == len(tasks) - 2


def test_ad_hoc(sim: Simulator, tmp_path: Path) -> None:
    alert = sim.calseta.add_alert()
    task = {"provider": "calseta", "alert_ids": [alert.uuid], "status": "Triaging", "provenance": "auto"}
    run = subprocess.run(
        [sys.executable, "-m", "ansible.cli.adhoc", "localhost", "-m", NAME, "-a", json.dumps(task)],
        env={
            **os.environ,
            **connections(sim),
            "ANSIBLE_COLLECTIONS_PATH": str(Path(__file__).parents[7]),
            "ANSIBLE_HOME": str(tmp_path),
            "ANSIBLE_NOCOLOR": "1",
            "USER": "bruno",
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert lines(sim, alert.uuid) == ["Ansible · play Ansible Ad-Hoc · user bruno"]
