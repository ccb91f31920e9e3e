# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Does the role bring a controller, through awx.awx, to what it says, keep it so, and foretell that in check mode?"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import typing as t
from collections.abc import Iterator
from pathlib import Path

import pytest

from ansible_collections.secops.triage.tests.awx.controller import TOKEN, Controller, controller
from ansible_collections.secops.triage.tests.tools.places import AWX, COLLECTIONS
from ansible_collections.secops.triage.tests.unit.awx.jobs import PROJECT
from ansible_collections.secops.triage.tests.unit.awx.rules import playbooks
from ansible_collections.secops.triage.tests.unit.test_docs import blocks

SECRET = "kQ8zT3vLw5Xn2RbY7"
VARIABLES = {"vault_calseta_api_key": SECRET, "awx_setup_project_folder": "triage"}
PAGE = PROJECT.parents[1] / "docsite" / "rst" / "awx.rst"


class Setup:
    """Plays of the role on one controller."""

    def __init__(self, awx: Controller, folder: Path) -> None:
        self.awx, self.folder = awx, folder
        # As users have it before them.
        (shown,) = [one.code for one in blocks(PAGE) if one.caption == "setup.yml"]
        (folder / "play.yml").write_text(shown, encoding="utf-8")
        (folder / "variables.json").write_text(json.dumps(VARIABLES), encoding="utf-8")

    def play(self, *options: str) -> tuple[int, str]:
        """Play it once: how many tasks changed something, and what was printed, in which no secret is."""
        run = subprocess.run(
            [sys.executable, "-m", "ansible.cli.playbook", "play.yml", "-e", "@variables.json", *options],
            env={
                **os.environ,
                "ANSIBLE_COLLECTIONS_PATH": os.pathsep.join(map(str, (AWX, COLLECTIONS))),
                "ANSIBLE_HOME": str(self.folder / "home"),
                "ANSIBLE_INVENTORY_UNPARSED_WARNING": "false",
                "ANSIBLE_LOCALHOST_WARNING": "false",
                "CONTROLLER_HOST": self.awx.url,
                "CONTROLLER_OAUTH_TOKEN": TOKEN,
            },
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
            timeout=600,
        )
        said = run.stdout + run.stderr
        assert run.returncode == 0, said
        assert "WARNING" not in said
        assert not [one for one in (SECRET, TOKEN) if one in said]
        (changed,) = re.findall(r"changed=(\d+)", run.stdout)
        return int(changed), said


@pytest.fixture(scope="module")
def setup(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Setup]:
    with controller([f"triage/{one}" for one in playbooks(PROJECT)]) as awx:
        yield Setup(awx, tmp_path_factory.mktemp("setup"))


def kept(awx: Controller, kind: str) -> dict[str, t.Any]:
    return {one.get("name") or one["identifier"]: one for one in awx.store.items[kind].values()}


# In this order, each on what the one before has left.


def test_check_mode_writes_nothing_and_foretells_a_change(setup: Setup) -> None:
    changed, said = setup.play("--check")
    assert changed
    assert not setup.awx.writes()
    # What needs something that is missing is left out.
    assert re.search(r"Make the job templates\] \*+\nskipping", said)


def test_all_of_it_is_made(setup: Setup) -> None:
    changed, _said = setup.play()
    awx = setup.awx
    assert changed
    assert len(kept(awx, "credential_types")) == 5
    # Ansible has not filled the templates in.
    datadog = kept(awx, "credential_types")["secops.triage Datadog"]
    assert datadog["injectors"]["env"]["DD_API_KEY"] == "{{ api_key }}"
    (credential,) = kept(awx, "credentials").values()
    assert credential["inputs"]["api_key"] == SECRET
    (host,) = kept(awx, "hosts").values()
    assert json.loads(host["variables"])["ansible_python_interpreter"] == "{{ ansible_playbook_python }}"
    templates = kept(awx, "job_templates")
    assert len(templates) == 6
    for one in templates.values():
        assert awx.store.links["job_templates", one["id"], "credentials"] == [credential["id"]]
        assert one["job_slice_count"] == 1
    extra = json.loads(templates["secops.triage: close noise"]["extra_vars"])
    assert extra == {"runbook_remediation": {"tasks": "tasks/remediation.yml"}, "close_noise_step": "apply"}
    close = templates["secops.triage: close noise"]
    assert ("job_templates", close["id"]) not in awx.store.surveys
    nodes = kept(awx, "workflow_job_template_nodes")
    links = {
        name: awx.store.links.get(("workflow_job_template_nodes", nodes[name]["id"], "success_nodes")) for name in nodes
    }
    assert links == {"preview": [nodes["approval"]["id"]], "approval": [nodes["close"]["id"]], "close": None}
    (approval,) = kept(awx, "workflow_approval_templates").values()
    assert (nodes["approval"]["unified_job_template"], approval["timeout"]) == (approval["id"], 3600)


def test_the_second_run_changes_nothing(setup: Setup) -> None:
    setup.awx.log.clear()
    assert setup.play()[0] == 0
    assert not setup.awx.writes()


def test_only_what_somebody_has_changed_is_put_back(setup: Setup) -> None:
    awx = setup.awx
    awx.store.named("job_templates", "secops.triage: triage")["job_slice_count"] = 4
    awx.store.named("workflow_job_templates", "secops.triage: close noise, with approval").update(
        ask_variables_on_launch=True
    )
    awx.log.clear()
    assert setup.play("--check")[0] == 2
    assert not awx.writes()
    assert setup.play()[0] == 2
    assert [one[0] for one in awx.writes()] == ["PATCH", "PATCH"]
    assert awx.store.named("job_templates", "secops.triage: triage")["job_slice_count"] == 1
