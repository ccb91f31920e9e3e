# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A list of alerts, worked on in one play: does each come to its own end?"""

from __future__ import annotations

import json
import re
import typing as t
from pathlib import Path

import pytest

from ansible_collections.secops.triage.tests.simulator import Simulator
from ansible_collections.secops.triage.tests.unit.extensions.eda.sources import add
from ansible_collections.secops.triage.tests.unit.playbooks.playing import played

PLAYBOOK = "secops.triage.runbooks"
#: It fails for one alert, cannot reach the host of another, and works on all others.
REMEDIATION = [
    {"name": "Fail", "ansible.builtin.fail": {"msg": "No"}, "when": "runbook_alert.id == failing"},
    {
        "name": "Reach the host",
        "ansible.builtin.command": "true",
        "delegate_to": "unreachable",
        "when": "runbook_alert.id == unreached",
    },
    {"name": "Work", "ansible.builtin.raw": "echo {{ runbook_alert.id | quote }} >> {{ done | quote }}"},
]
INVENTORY: dict[str, t.Any] = {
    "all": {
        "hosts": {
            "localhost": {"ansible_connection": "local"},
            "unreachable": {"ansible_host": "127.0.0.1", "ansible_port": 1, "ansible_connection": "ssh"},
        }
    }
}


def variables(sim: Simulator, folder: Path, alerts: t.Any, **others: t.Any) -> dict[str, t.Any]:
    (folder / "remediate.yml").write_text(json.dumps(REMEDIATION), encoding="utf-8")
    (folder / "inventory.json").write_text(json.dumps(INVENTORY), encoding="utf-8")
    return {
        "runbook_alerts": alerts,
        "runbook_remediation": {"tasks": "remediate.yml"},
        "runbook_verdict": "benign",
        "runbook_api_urls": {"datadog": sim.datadog.url, "security_deck": sim.security_deck.url},
        "done": str(folder / "done"),
        "failing": "",
        "unreached": "",
        **others,
    }


def outcomes(output: str) -> dict[str, str]:
    """What is told of each alert, by its id."""
    found = re.search(r"RUN: (\{.*?\n?\})\s*$", output, re.DOTALL)
    assert found, output
    told = json.loads(found[1])["runbook_outcomes"]
    return {one["id"]: one["outcome"] for one in told}


def test_each_alert_comes_to_its_own_end(sim: Simulator, tmp_path: Path) -> None:
    sim.settings.security_deck.operation_seconds = 0
    ids = {platform: add(sim, platform, 60) for platform in ("datadog", "security_deck", "calseta")}
    closed = add(sim, "kibana", 60, closed=True)
    failing, unreached = add(sim, "kibana", 50), add(sim, "kibana", 40)
    alerts = [
        *({"platform": platform, "id": alert_id} for platform, alert_id in ids.items()),
        *({"platform": "kibana", "id": alert_id} for alert_id in (failing, unreached, closed)),
        # Twice.
        {"platform": "calseta", "id": ids["calseta"]},
    ]
    given = variables(sim, tmp_path, alerts, failing=failing, unreached=unreached)
    run = played(sim, tmp_path, PLAYBOOK, given, "-i", "inventory.json", "--forks", "3")
    # One that is not closed makes the play fail.
    assert run.returncode, run.stdout
    assert outcomes(run.stdout) == {
        **dict.fromkeys(ids.values(), "closed"),
        failing: "escalated",
        unreached: "escalated",
        closed: "already_closed",
    }
    assert sorted((tmp_path / "done").read_text().split()) == sorted(ids.values())
    assert [sim.kibana.overview()[one]["status"] for one in (failing, unreached)] == ["acknowledged"] * 2
    assert "2 escalated" in run.stdout


def test_a_survey_has_the_list_as_a_text(sim: Simulator, tmp_path: Path) -> None:
    """And a list whose alerts all fail is told of, too."""
    failing = add(sim, "kibana", 50)
    text = json.dumps([{"platform": "kibana", "id": failing}])
    run = played(sim, tmp_path, PLAYBOOK, variables(sim, tmp_path, text, failing=failing))
    assert run.returncode
    assert outcomes(run.stdout) == {failing: "escalated"}


def test_check_mode_changes_nothing(sim: Simulator, tmp_path: Path) -> None:
    one = add(sim, "kibana", 50)
    given = variables(sim, tmp_path, [{"platform": "kibana", "id": one}])
    run = played(sim, tmp_path, PLAYBOOK, given, "--check")
    assert run.returncode == 0, run.stdout
    assert outcomes(run.stdout) == {one: "previewed"}
    assert not sim.kibana.changes_of(one)


@pytest.mark.parametrize(
    "alerts",
    [
        [],
        "not json",
        ["a"],
        [{"platform": "kibana"}],
        [{"platform": "kibana", "id": 7}],
        [{"platform": "kibana", "id": "x", "title": "{{ lookup('ansible.builtin.pipe', 'touch injected') }}"}],
    ],
)
def test_what_is_no_list_of_alerts_is_refused(sim: Simulator, tmp_path: Path, alerts: t.Any) -> None:
    before = len(sim.log.entries)
    run = played(sim, tmp_path, PLAYBOOK, variables(sim, tmp_path, alerts))
    assert run.returncode
    assert re.search(r"There is no list of alerts in runbook_alerts|runbook_alerts (is|has|cannot)", run.stdout), (
        run.stdout
    )
    assert len(sim.log.entries) == before
    assert not list(tmp_path.rglob("injected"))


def test_a_limit_that_leaves_out_the_alerts_is_refused(sim: Simulator, tmp_path: Path) -> None:
    """The plays would do nothing, and succeed."""
    before = len(sim.log.entries)
    given = variables(sim, tmp_path, [{"platform": "kibana", "id": "x"}])
    run = played(sim, tmp_path, PLAYBOOK, given, "--limit", "localhost")
    assert run.returncode
    assert "The limit localhost leaves out the hosts" in " ".join(run.stdout.split())
    assert len(sim.log.entries) == before
