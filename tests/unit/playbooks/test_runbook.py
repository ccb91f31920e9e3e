# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Does a runbook claim, remediate, verify and close an alert, on every platform, and only one that is its own?"""

from __future__ import annotations

import dataclasses
import typing as t
from pathlib import Path

import pytest

from ansible_collections.secops.triage.tests.simulator import Simulator
from ansible_collections.secops.triage.tests.unit.playbooks.playing import played
from ansible_collections.secops.triage.tests.unit.playbooks.runbooks import (
    PLATFORMS,
    STATES,
    lay_out,
    new_alert,
    run_all,
    state,
)

PLAYBOOK = "secops.triage.runbook"
WORKS: dict[str, t.Any] = {"remediation": {"tasks": "works.yml"}, "verdict": "benign"}


def assignee(sim: Simulator, platform: str) -> str:
    """Somebody whom the platform can give an alert to, in the form that users know."""
    people = {"datadog": "greta@example.com", "kibana": "amira", "security_deck": sim.security_deck.subjects[0]}
    return people.get(platform, "")


@pytest.mark.parametrize(
    "platforms", [PLATFORMS[:2], pytest.param(PLATFORMS[2:], marks=pytest.mark.whole)], ids="-".join
)
def test_every_platform(sim: Simulator, tmp_path: Path, platforms: tuple[str, ...]) -> None:
    """Check mode foretells what comes, and writes nothing; a second run finds the alert closed, and writes nothing."""
    sim.settings.security_deck.operation_seconds = 0
    tenants = {"kibana": "default", "security_deck": sim.security_deck.sink_id}
    runbooks: list[dict[str, t.Any]] = [
        {
            **WORKS,
            "alert": new_alert(sim, platform),
            "assignee": assignee(sim, platform),
            "tenants": ["elsewhere", tenants.get(platform, "team:web")],
        }
        for platform in platforms
    ]
    runbooks[0].update(verify={"that": ["isolated.rc == 0"], "tasks": "verifies.yml"})
    # There it is a part of the closing, and here a write of its own.
    for one in runbooks:
        one["comment"] = "The scan was announced"
    alerts = [one["alert"] for one in runbooks]
    # What somebody has written into an alert is no template.
    title = "{{ lookup('ansible.builtin.env', 'DD_APP_KEY') }}"
    if "datadog" in platforms:
        signal = sim.datadog.signals[alerts[0]["id"]]
        signal.scene = dataclasses.replace(signal.scene, title=title)
    before = [state(sim, alert) for alert in alerts]

    check = run_all(sim, tmp_path, runbooks, "--check")
    assert not sim.log.writes()
    assert [state(sim, alert) for alert in alerts] == before
    assert [(one.outcome["outcome"], one.outcome["would"], one.failed) for one in check.ended] == [
        ("previewed", "closed", False)
    ] * 2
    assert not list(tmp_path.glob("isolated-*"))

    real = run_all(sim, tmp_path, runbooks)
    for runbook, ended in zip(runbooks, real.ended):
        alert, platform = runbook["alert"], runbook["alert"]["platform"]
        assert ended.outcome == {
            **alert,
            "title": ended.outcome["title"],
            "check_mode": False,
            "outcome": "closed",
            "would": "",
            "stage": "close",
            "failed_task": "",
            "reason": "",
            "verdict": "benign",
            "changed": True,
        }
        assert state(sim, alert)["status"] == STATES[platform][3]
        isolated = (tmp_path / f"isolated-{alert['id']}").read_text()
        assert isolated.replace("{{", "{ {") == ended.outcome["title"]
        assert "The scan was announced" in said(sim, alert)
    # An outcome is a variable of the next job, where a template would be run.
    assert (real.ended[0].outcome["title"] == title.replace("{{", "{ {")) == ("datadog" in platforms)
    assert sim.credentials.datadog_app_key not in real.output

    sim.log.clear()
    again = run_all(sim, tmp_path, runbooks)
    assert not sim.log.writes()
    assert [(one.outcome["outcome"], one.outcome["changed"], one.failed) for one in again.ended] == [
        ("already_closed", False, False)
    ] * 2


def said(sim: Simulator, alert: dict[str, str]) -> str:
    """All that was said about the alert."""
    notes: dict[str, t.Any] = {
        "datadog": lambda: state(sim, alert),
        "kibana": lambda: [note for note in sim.kibana.notes["default"] if note["eventId"] == alert["id"]],
        "security_deck": lambda: sim.security_deck.alerts[alert["id"]].comments,
        "calseta": lambda: sim.calseta.alerts[alert["id"]].findings,
    }
    return str(notes[alert["platform"]]())


def test_verdict_that_only_the_remediation_knows(sim: Simulator, tmp_path: Path) -> None:
    """It counts in place of what was said before. What the platform cannot say, or does not close, stays open."""
    sim.settings.security_deck.operation_seconds = 0
    decides, true = {"tasks": "decides.yml"}, {"verdict": "true_positive", "reason": "remediated"}
    scenarios: list[tuple[str, dict[str, t.Any], str, str]] = [
        ("datadog", {**true, "remediation": decides, "decided": "false positive"}, "false positive", "false_positive"),
        ("datadog", {**true, "remediation": {"tasks": "comments.yml"}}, "true_positive", "remediated"),
        ("security_deck", {"remediation": decides, "decided": "test", "on_lossy": "fail"}, "", ""),
        ("calseta", {"remediation": decides, "decided": "managed_externally"}, "", ""),
    ]
    alerts = [new_alert(sim, platform) for platform, _given, _verdict, _native in scenarios]
    runbooks = [{**WORKS, "alert": alert, **given} for alert, (_p, given, _v, _n) in zip(alerts, scenarios)]
    for one, alert, (platform, _given, verdict, native) in zip(
        run_all(sim, tmp_path, runbooks).ended, alerts, scenarios
    ):
        shown = state(sim, alert)
        assert (one.outcome["outcome"], one.outcome["verdict"]) == ("closed" if native else "escalated", verdict), one
        assert shown["status"] == STATES[platform][3 if native else 2]
        assert not native or native in (shown.get("archive_reason"), shown.get("reason"))


def test_gate_leaves_alone_what_is_none_of_its_own(sim: Simulator, tmp_path: Path) -> None:
    """Each for its own reason, which it is told, and without a write."""
    mine, other = "amira.haddad@example.com", sim.datadog.user("greta@example.com").uuid
    low = {"platform": "security_deck", "id": sim.security_deck.add_alert(severity="LOW").id}
    taken = {"platform": "kibana", "id": sim.kibana.add_alert("acknowledged")}
    has_it = {"platform": "datadog", "id": sim.datadog.add_signal(assignee=other).id}
    gone = {"platform": "calseta", "id": "00000000-0000-4000-8000-000000000000"}
    acme = {"tenants": ["acme"]}
    scenarios: list[tuple[dict[str, t.Any], str]] = [
        ({"alert": gone}, "it does not exist"),
        (
            {"alert": taken, **acme},
            "it is acknowledged, and runbook_only_from is new; it belongs to default, and runbook_tenants is acme",
        ),
        ({"alert": has_it, **acme}, f"{other} has it; it belongs to "),
        # Only the claim can tell who is meant by a name.
        ({"alert": has_it, "assignee": mine}, f"{other} has it, and only_assigned_to is nobody, {mine}"),
        (
            {"alert": low, "severities": ["High", "CRITICAL"], **acme},
            f"its severity is LOW, and runbook_severities is High, CRITICAL; it belongs to {sim.security_deck.sink_id}",
        ),
        (
            {"alert": new_alert(sim, "calseta"), "verdict": "managed externally", **acme},
            "and runbook_tenants is acme; with the verdict managed externally it would stay open, and a runbook closes",
        ),
    ]
    ended = run_all(sim, tmp_path, [{**WORKS, **given} for given, _said in scenarios]).ended
    assert not sim.log.writes()
    assert not list(tmp_path.glob("isolated-*"))
    for one, (given, said) in zip(ended, scenarios):
        who, reason = "alert {id} of {platform}".format(**given["alert"]), one.outcome["reason"]
        assert said in reason
        assert one.message == f"The {who} is left alone: {reason}."
        assert (one.outcome["outcome"], one.outcome["changed"], one.failed) == ("refused", False, True)


def test_what_cannot_be_run_is_not_claimed(sim: Simulator, tmp_path: Path) -> None:
    """The gate fails, and writes nothing, where the runbook makes no sense or the platform does not answer."""
    alert = new_alert(sim, "kibana")
    needs = "See that there is one remediation, a verdict, and every file of tasks"
    says = "See that the platform can say the verdict, and tell the states"
    given: list[tuple[dict[str, t.Any], str, str]] = [
        ({"remediation": {"role": "service", "tasks": "works.yml"}}, needs, "runbook_remediation either a role"),
        ({"remediation": {}, "verdict": ""}, needs, "or tasks, which is a file. Give runbook_verdict, for"),
        ({"remediation": {"tasks": "not_there.yml"}}, needs, "There is no not_there.yml in "),
        ({"verify": {"tasks": "not_there.yml"}}, needs, "There is no not_there.yml in "),
        ({"only_from": []}, needs, "Give runbook_only_from at least one state, such as new."),
        ({"only_from": ["escalated", "on_hold"]}, says, "only_from is escalated, on_hold, of which kibana"),
        ({"verdict": "test", "on_lossy": "fail"}, says, "on_lossy is fail. kibana: verdict test is only other there"),
        # Of this Ansible tells no rescue anything.
        ({"remediation": {"role": "not_there"}}, "", ""),
        ({"api_urls": {"kibana": f"{sim.kibana.url}/nowhere"}}, "Look at the alert of Elastic Security", "nowhere"),
    ]
    runbooks = [{**WORKS, "alert": alert, **one} for one, _task, _said in given]
    ended = run_all(sim, tmp_path, runbooks).ended
    assert not sim.log.writes()
    assert [(one.outcome["outcome"], one.outcome["stage"], one.failed) for one in ended] == [
        ("failed", "gate", True)
    ] * len(given)
    assert [one.outcome["failed_task"] for one in ended] == [task for _given, task, _said in given]
    for one, (_given, _task, said) in zip(ended, given):
        assert said in one.outcome["reason"]


@pytest.mark.versions
def test_remediation_that_cannot_be_loaded_ends_the_play_before_the_claim(sim: Simulator, tmp_path: Path) -> None:
    lay_out(tmp_path)
    given = {
        "remediation": {"tasks": str(tmp_path / "is_no_yaml.yml")},
        "verdict": "benign",
        "alert": new_alert(sim, "calseta"),
    }
    run = played(sim, tmp_path, PLAYBOOK, {f"runbook_{name}": value for name, value in given.items()})
    assert run.returncode
    assert "YAML" in run.stdout + run.stderr
    assert not sim.log.writes()


def test_id_is_told_as_the_platform_writes_it(sim: Simulator, tmp_path: Path) -> None:
    """Also where it was pasted; an event's alert is taken as it is, with the platform's own object."""
    alert = new_alert(sim, "calseta")
    pasted = {**alert, "id": f" {alert['id'].upper()}\n", "title": "Scan", "new": True, "raw": {"title": "Scan"}}
    (ended,) = run_all(sim, tmp_path, [{**WORKS, "alert": pasted}]).ended
    assert (ended.outcome["outcome"], ended.outcome["id"]) == ("closed", alert["id"])
    assert state(sim, alert)["status"] == "Closed"


@pytest.mark.parametrize(
    ("alert", "said"),
    [
        ({"id": "not one"}, "Not the id of an alert of calseta: 'not one'. Give ids only"),
        ({"raw": {"tags": ["{{ 1 + 1 }}"]}}, "There is a template in runbook_alert, and nothing was done."),
    ],
)
def test_alert_that_is_none_is_refused(sim: Simulator, tmp_path: Path, alert: dict[str, t.Any], said: str) -> None:
    lay_out(tmp_path)
    given = {"remediation": {"tasks": str(tmp_path / "works.yml")}, "verdict": "benign"}
    variables = {f"runbook_{name}": value for name, value in given.items()}
    run = played(sim, tmp_path, PLAYBOOK, {**variables, "runbook_alert": {**new_alert(sim, "calseta"), **alert}})
    assert run.returncode
    assert said in run.stdout + run.stderr
    assert not list(sim.log)
