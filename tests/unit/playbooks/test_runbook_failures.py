# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whatever fails in a runbook: is the alert escalated, with a note that says where, and never closed?"""

from __future__ import annotations

import json
import typing as t
from pathlib import Path

import pytest

from ansible_collections.secops.triage.tests.simulator import Simulator
from ansible_collections.secops.triage.tests.unit.playbooks.playing import played
from ansible_collections.secops.triage.tests.unit.playbooks.runbooks import (
    PLATFORMS,
    SECRET,
    STATES,
    Against,
    lay_out,
    new_alert,
    run_all,
    state,
    statistics,
)

PLAYBOOK = "secops.triage.runbook"
WORKS: dict[str, t.Any] = {"remediation": {"tasks": "works.yml"}, "verdict": "benign"}
#: The paths of the writes that leave a comment, where that is a write of its own.
COMMENTS = {"kibana": "/api/note", "security_deck": "/comments", "calseta": "/findings"}
#: Where the user's part of a runbook can fail, and the task that is then named.
FAILURES: list[tuple[str, str, dict[str, t.Any]]] = [
    ("remediate", "Isolate the host", {"remediation": {"tasks": "fails.yml"}}),
    ("remediate", "Restart the service", {"remediation": {"role": "service", "tasks_from": "restart"}}),
    # Here Ansible tells no task, and the one that it told last is another one.
    ("remediate", "", {"remediation": {"tasks": "includes_what_is_not_there.yml"}}),
    ("verify", "Verify that the remediation has done what it should", {"verify": {"that": ["isolated is failed"]}}),
    ("verify", "Isolate the host", {"verify": {"tasks": "fails.yml"}}),
]


def written(sim: Simulator, alert: dict[str, str]) -> str:
    """All that was written about the alert."""
    entries = sim.log.writes(alert["platform"])
    return json.dumps([entry.body for entry in entries if alert["id"] in f"{entry.path} {entry.body}"])


def assert_escalated(sim: Simulator, alert: dict[str, str], stage: str, task: str) -> None:
    """Assert that it stays open, was never closed, and that its note says what has failed, but not more."""
    _new, _claimed, escalated, closed = STATES[alert["platform"]]
    everything = written(sim, alert)
    shown = state(sim, alert)
    assert shown["status"] == escalated
    assert alert["platform"] != "kibana" or shown["tags"] == ["escalated"]
    assert SECRET not in everything
    assert f'"{closed}"' not in everything
    if alert["platform"] != "datadog":
        at = f', at the task \\"{task}\\"' if task else ""
        assert f"The runbook has failed in the stage {stage}{at}. The alert stays open." in everything


def test_failure_of_the_users_part(sim: Simulator, tmp_path: Path) -> None:
    sim.settings.security_deck.operation_seconds = 0
    incident = sim.datadog.incident_ids[0]
    alerts = [new_alert(sim, platform) for platform in (*PLATFORMS, "kibana")]
    runbooks = [
        {**WORKS, "incident_id": incident, "alert": alert, **given}
        for alert, (_stage, _task, given) in zip(alerts, FAILURES)
    ]
    # Where nothing was done, nothing can be verified: check mode sees no failure in that.
    check = run_all(sim, tmp_path, [runbooks[0], runbooks[3]], "--check")
    assert not sim.log.writes()
    foretold = [(one.outcome["outcome"], one.outcome["would"], one.failed) for one in check.ended]
    assert foretold == [("previewed", "escalated", True), ("previewed", "closed", False)]

    real = run_all(sim, tmp_path, runbooks)
    for alert, (stage, task, _given), ended in zip(alerts, FAILURES, real.ended):
        outcome = ended.outcome
        assert (outcome["outcome"], outcome["stage"], outcome["failed_task"]) == ("escalated", stage, task)
        assert (ended.failed, outcome["changed"]) == (True, True)
        assert ended.message.startswith(f"The runbook has failed in the stage {stage}")
        assert_escalated(sim, alert, stage, task)
    assert sim.datadog.signals[alerts[0]["id"]].incident_ids == [incident]
    # The failure itself stays to be seen. What Ansible shows of it is Ansible's; the role does not repeat it.
    assert "the output has been hidden due to the fact that 'no_log: true'" in real.output
    assert SECRET not in f"{check.ended} {real.ended} {statistics(real.output)}"


@pytest.mark.parametrize(
    "platforms", [["kibana"], pytest.param(["datadog", "security_deck", "calseta"], marks=pytest.mark.whole)]
)
def test_platform_that_refuses(sim: Simulator, tmp_path: Path, platforms: list[str]) -> None:
    """It refuses the claim, the closing, or the comment that goes with it, and then takes the escalation."""
    sim.settings.security_deck.operation_seconds = 0
    runbooks: list[dict[str, t.Any]] = []
    stages = [(platform, "close") for platform in platforms if platform in COMMENTS]
    for platform, _stage in stages:
        alert = new_alert(sim, platform)
        sim.faults.add(Against(alert, status=403, writes=True, path=COMMENTS[platform]))
        runbooks.append({**WORKS, "alert": alert, "provenance": "none", "comment": "The host is isolated"})
    stages += [(platform, stage) for stage in ("claim", "close") for platform in platforms]
    for platform, stage in stages[len(runbooks) :]:
        alert = new_alert(sim, platform)
        # The line that says who has changed it is another write.
        sim.faults.add(Against(alert, status=403, writes=True, nth=2 if stage == "close" else 1))
        runbooks.append({**WORKS, "alert": alert, "provenance": "none"})
    ended = run_all(sim, tmp_path, runbooks).ended
    assert len(ended) == len(stages)
    for runbook, (platform, stage), one in zip(runbooks, stages, ended):
        assert (one.outcome["outcome"], one.outcome["stage"], one.failed) == ("escalated", stage, True), one
        assert one.outcome["failed_task"] == "Write to the platform"
        assert "403 Forbidden" in one.message
        assert (tmp_path / f"isolated-{runbook['alert']['id']}").exists() == (stage == "close")
        assert state(sim, runbook["alert"])["status"] == STATES[platform][2]


def test_platform_that_refuses_the_escalation_too(sim: Simulator, tmp_path: Path) -> None:
    """Both failures are told, and the alert is not closed."""
    alerts = [new_alert(sim, platform) for platform in ("datadog", "kibana")]
    sim.faults.add(Against(alerts[1], status=403, writes=True, nth=2, count=None))
    # There is no such incident, which is no matter to Kibana.
    given = {
        "provenance": "none",
        "remediation": {"tasks": "fails.yml"},
        "incident_id": max(sim.datadog.incident_ids) + 1,
    }
    both = run_all(sim, tmp_path, [{**WORKS, **given, "alert": alert} for alert in alerts])
    for alert, one in zip(alerts, both.ended):
        assert (one.outcome["outcome"], one.outcome["stage"], one.outcome["failed_task"], one.failed) == (
            *("failed", "remediate", "Isolate the host"),
            True,
        )
        assert f"{alert['id']} of {alert['platform']} is not escalated. " in one.message
        assert one.outcome["reason"] in one.message
        assert state(sim, alert)["status"] == STATES[alert["platform"]][1]
    assert "404" in both.ended[0].message
    assert "403" in both.ended[1].message
    assert both.output.count("Isolate the host") > 2


def test_alert_that_somebody_takes_over_or_closes_meanwhile(sim: Simulator, tmp_path: Path) -> None:
    """Closed by then is no failure, but for a remediation that failed. What somebody has taken stays open, and theirs.

    Here it is the remediation itself that does it.
    """
    sim.settings.security_deck.operation_seconds = 0
    somebody = sim.security_deck.subjects[1]
    closed, closed_and_failed, taken = (new_alert(sim, name) for name in ("calseta", "datadog", "security_deck"))
    runbooks = [
        {**WORKS, "alert": alert, "remediation": {"tasks": f"{name}.yml"}}
        for alert, name in ((closed, "closes"), (closed_and_failed, "closes_and_fails"), (taken, "gives_away"))
    ]
    write(tmp_path, sim, somebody)
    ended = run_all(sim, tmp_path, runbooks).ended
    assert [(one.outcome["outcome"], one.outcome["stage"], one.failed) for one in ended] == [
        ("already_closed", "close", False),
        ("failed", "remediate", True),
        ("escalated", "close", True),
    ]
    assert state(sim, closed)["close_classification"] == "Duplicate"
    assert "it is Closed" in ended[0].outcome["reason"]
    # Whoever closed it had a verdict of their own.
    assert not ended[0].outcome["verdict"]
    assert state(sim, closed_and_failed)["status"] == "archived"
    assert "it is archived, and only_from is open, under_review" in ended[1].message
    assert state(sim, taken)["assignee_subject_id"] == somebody
    assert f"{somebody} has it" in ended[2].message
    assert_escalated(sim, taken, "close", "See that it is closed")


def write(folder: Path, sim: Simulator, somebody: str) -> None:
    """Write the remediations that change the alert themselves."""
    closes = {
        "secops.triage.alert_update": {
            "provider": "calseta",
            "alert_ids": ["{{ runbook_alert.id }}"],
            "status": "Closed",
            "close_classification": "Duplicate",
        }
    }
    archives = {
        "secops.triage.signal_state": {
            "api_url": sim.datadog.url,
            "signal_ids": ["{{ runbook_alert.id }}"],
            "state": "archived",
        }
    }
    gives = {
        "secops.triage.alert_update": {
            "provider": "security_deck",
            "api_url": sim.security_deck.url,
            "alert_ids": ["{{ runbook_alert.id }}"],
            "assignee_subject_id": somebody,
        }
    }
    fails = {"name": "Isolate the host", "ansible.builtin.command": "false"}
    for name, tasks in (("closes", [closes]), ("closes_and_fails", [archives, fails]), ("gives_away", [gives])):
        (folder / f"{name}.yml").write_text(json.dumps(tasks))


def test_host_that_cannot_be_reached(sim: Simulator, tmp_path: Path) -> None:
    """No rescue hears of it, and no always, so the playbook has another host to escalate from."""
    lay_out(tmp_path)
    alert = new_alert(sim, "calseta")
    (tmp_path / "reaches.yml").write_text(
        json.dumps([{"name": "Isolate it", "ansible.builtin.ping": None, "delegate_to": "host.invalid"}])
    )
    given = {**WORKS, "remediation": {"tasks": str(tmp_path / "reaches.yml")}, "alert": alert}
    # What an earlier job of the workflow has told does not hide what this one has to tell.
    variables = {f"runbook_{name}": value for name, value in given.items()}
    run = played(sim, tmp_path, PLAYBOOK, {**variables, "runbook_outcome": {"outcome": "closed"}})
    assert run.returncode
    told = statistics(run.stdout)["runbook_outcome"]
    assert (told["outcome"], told["stage"], told["failed_task"]) == ("escalated", "remediate", "")
    assert_escalated(sim, alert, "remediate", "")
