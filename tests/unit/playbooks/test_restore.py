# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Does the restore playbook put back what each module has changed, and only that?"""

from __future__ import annotations

import json
import subprocess
import sys
import typing as t
from pathlib import Path

import pytest

from ansible_collections.secops.triage.tests.simulator import Fault, Simulator
from ansible_collections.secops.triage.tests.unit.harness import Meanwhile, Params, run_module
from ansible_collections.secops.triage.tests.unit.playbooks.playing import play, settings

PLAYBOOK = "secops.triage.restore"


def kept(module: str, result: t.Any, provider: str = "") -> dict[str, t.Any]:
    """What a play has kept of a task, as the playbook takes it."""
    named = {"restore_provider": provider} if provider else {}
    return {"restore_module": module, "restore_alerts": result.get("signals", result.get("alerts")), **named}


def restore_all(sim: Simulator, folder: Path, tasks: t.Sequence[dict[str, t.Any]], *options: str) -> str:
    """Put back what each of these has changed, in one run, for Ansible takes long to start."""
    playbook = folder / "all.yml"
    plays = [{"import_playbook": PLAYBOOK, "vars": one} for one in tasks]
    playbook.write_text(json.dumps(plays), encoding="utf-8")
    return play(sim, folder, playbook, {}, *options)


def test_signals(sim: Simulator, datadog: Params, tmp_path: Path) -> None:
    user = sim.datadog.user("greta@example.com").uuid
    ids = [
        sim.datadog.add_signal().id,
        sim.datadog.add_signal(state="under_review", assignee=user).id,
        sim.datadog.add_signal(state="archived", archive_reason="remediated", archive_comment="Done").id,
        sim.datadog.add_signal().id,
    ]
    before = {key: sim.datadog.overview()[key] for key in ids}
    archived = {"state": "archived", "archive_reason": "other", "archive_comment": "A drill", "assignee": ""}
    # Somebody takes the last one up again, and has one that was given to somebody: both are left alone.
    changed = run_module("signal_state", {**datadog, "signal_ids": ids, **archived})
    sim.datadog.signals[ids[-1]].state = "under_review"
    given = [sim.datadog.add_signal(), sim.datadog.add_signal()]
    mine = {"signal_ids": [signal.id for signal in given], "assignee": sim.datadog.user("bruno.costa@example.com").uuid}
    assigned = run_module("signal_state", {**datadog, **mine})
    given[0].assignee = user

    incident = sim.datadog.incident_ids[0]
    linked, unlinked = sim.datadog.add_signal(), sim.datadog.add_signal(incident_ids=[incident])
    links = [
        run_module("signal_incident_link", {**datadog, "signal_ids": [one.id], "incident_id": incident, "state": state})
        for one, state in ((linked, "present"), (unlinked, "absent"))
    ]
    assert (linked.incident_ids, unlinked.incident_ids) == ([incident], [])

    results = [("signal_state", changed), ("signal_state", assigned)]
    results += [("signal_incident_link", one) for one in links]
    tasks = [{**kept(module, result), "restore_api_url": sim.datadog.url} for module, result in results]
    sim.log.clear()
    restore_all(sim, tmp_path, tasks, "--check")
    assert not sim.log.writes()
    assert "changed=4" in restore_all(sim, tmp_path, tasks)
    after = {key: sim.datadog.overview()[key] for key in ids}
    assert after[ids[0]]["state"] == "open"
    assert after[ids[1]]["state"] == after[ids[3]]["state"] == "under_review"
    assert after[ids[1]]["assignee"] == user
    assert after[ids[2]] == before[ids[2]]
    assert after[ids[3]]["archive_comment"] == "A drill"
    assert [signal.assignee or "" for signal in given] == [user, ""]
    assert (linked.incident_ids, unlinked.incident_ids) == ([], [incident])


def test_what_may_be_somebody_elses_doing_is_left_alone_and_told(
    sim: Simulator, datadog: Params, tmp_path: Path
) -> None:
    """The answer was lost, and when the task looked, the signal was neither as before nor as it should be."""
    signal = sim.datadog.add_signal()
    sim.faults.add(Fault("close", writes=True))
    sim.faults.add(Meanwhile(lambda _entry: setattr(signal, "state", "under_review"), method="GET", nth=2))
    task = {**datadog, "signal_ids": [signal.id], "state": "archived", "archive_reason": "other", "only_from": ["open"]}
    result = run_module("signal_state", task)
    assert result["signals"][0]["changed"] is None
    where = {**kept("signal_state", result), "restore_api_url": sim.datadog.url}
    said = play(sim, tmp_path, PLAYBOOK, where)
    assert signal.state == "under_review"
    assert f"it is unknown who changed them: {signal.id} ({signal.scene.title})" in said


def test_link_of_somebody_else_stays(sim: Simulator, datadog: Params, tmp_path: Path) -> None:
    """A row shows both links, and nothing in it tells which one is the task's: that is asked for."""
    mine, other = sim.datadog.incident_ids[:2]
    signal = sim.datadog.add_signal()
    sim.faults.add(Meanwhile(lambda dummy: signal.incident_ids.append(other), writes=True))
    result = run_module("signal_incident_link", {**datadog, "signal_ids": [signal.id], "incident_id": mine})
    where = {**kept("signal_incident_link", result), "restore_api_url": sim.datadog.url}
    with pytest.raises(AssertionError, match="Name restore_incident"):
        play(sim, tmp_path, PLAYBOOK, where)
    assert set(signal.incident_ids) == {mine, other}
    play(sim, tmp_path, PLAYBOOK, {**where, "restore_incident": mine})
    assert signal.incident_ids == [other]


@pytest.mark.whole
def test_alerts_of_kibana(sim: Simulator, kibana: Params, tmp_path: Path) -> None:
    """What somebody else has added to tags and assignees since stays."""
    ids = [sim.kibana.add_alert(), sim.kibana.add_alert("closed", "duplicate"), sim.kibana.add_alert("acknowledged")]
    before = {key: sim.kibana.overview()[key] for key in ids}
    result = run_module("kibana_alert_status", {**kibana, "alert_ids": ids, "status": "acknowledged"})
    # As a survey asks for it: a text, and nothing in the other fields.
    given = kept("kibana_alert_status", result)
    survey = dict.fromkeys(["restore_provider", "restore_incident", "restore_file"], "")
    tasks = [{**given, "restore_alerts": json.dumps(given["restore_alerts"]), **survey}]

    one, two, three, four = [f"u_{number:020}_0" for number in range(4)]
    fields = {"tags": "kibana.alert.workflow_tags", "assignees": "kibana.alert.workflow_assignee_ids"}
    alerts = {}
    for name, field in fields.items():
        held: Params = {field: [one, two]}
        key = sim.kibana.add_alert(**held)
        alerts[name] = sim.kibana.alerts()[key]
        wanted = {"alert_ids": [key], name: [two, three], "state": "exact"}
        tasks.append(kept(f"kibana_alert_{name}", run_module(f"kibana_alert_{name}", {**kibana, **wanted})))
        alerts[name][field].append(four)
    restore_all(sim, tmp_path, tasks)
    assert {key: sim.kibana.overview()[key] for key in ids} == before
    assert [set(alerts[name][field]) for name, field in fields.items()] == [{one, two, four}] * 2


@pytest.mark.whole
def test_alerts_of_security_deck_and_calseta(
    sim: Simulator, security_deck: Params, calseta: Params, tmp_path: Path
) -> None:
    """But for one that somebody else has since, which stays theirs."""
    sim.settings.security_deck.operation_seconds = 0
    mine, other = sim.security_deck.subjects[:2]
    deck = [
        sim.security_deck.add_alert(tags=["a"]).id,
        sim.security_deck.add_alert(assignee=other, classification="UNDETERMINED").id,
    ]
    theirs = sim.security_deck.add_alert()
    ids = [sim.calseta.add_alert(tags=["a"]).uuid, sim.calseta.add_alert(malice_override="Benign").uuid]
    before = {**sim.security_deck.overview(), **sim.calseta.overview()}
    wanted = {"status": "RESOLVED", "classification": "FALSE_POSITIVE", "tags": ["b"], "assignee_subject_id": ""}
    changed = run_module("alert_update", {**security_deck, "alert_ids": deck, **wanted})
    assigned = run_module("alert_update", {**security_deck, "alert_ids": [theirs.id], "assignee_subject_id": mine})
    theirs.assignee = other
    wanted = {"status": "Escalated", "severity": "Critical", "tags": [], "malice_override": "Malicious"}
    result = run_module("alert_update", {**calseta, "alert_ids": ids, **wanted})
    tasks = [
        {**kept("alert_update", one, "security_deck"), "restore_api_url": sim.security_deck.url}
        for one in (changed, assigned)
    ]
    restore_all(sim, tmp_path, [*tasks, kept("alert_update", result, "calseta")])
    after = {**sim.security_deck.overview(), **sim.calseta.overview()}
    assert {key: after[key] for key in (*deck, *ids)} == {key: before[key] for key in (*deck, *ids)}
    assert after[theirs.id]["assignee_subject_id"] == other


@pytest.mark.versions
def test_what_alerts_say_is_no_template(sim: Simulator, calseta: Params, tmp_path: Path) -> None:
    """Whoever can write into an alert must not have a say on the machine that puts it back."""
    tags = [
        "{{ lookup('ansible.builtin.pipe', 'touch ' ~ '.' | realpath ~ '/owned') }}",
        "{% raw %}",
    ]
    alert = sim.calseta.add_alert(tags=list(tags))
    result = run_module("alert_update", {**calseta, "alert_ids": [alert.uuid], "status": "Triaging", "tags": []})
    file = tmp_path / "kept.json"
    file.write_text(json.dumps(kept("alert_update", result, "calseta")), encoding="utf-8")
    play(sim, tmp_path, PLAYBOOK, {"restore_file": "kept.json"})
    assert (alert.status, alert.tags) == ("Open", tags)
    assert not (tmp_path / "owned").exists()


@pytest.mark.versions
@pytest.mark.parametrize("form", ["json", "yaml"])
def test_what_commands_print(sim: Simulator, tmp_path: Path, form: str) -> None:
    """The output of a command is read as it is, with a diff, and so is that of a playbook."""
    signals = [sim.datadog.add_signal() for dummy in range(2)]
    options: dict[str, t.Any] = {
        "api_url": sim.datadog.url,
        "state": "archived",
        "archive_comment": "a\nlocalhost | CHANGED => {}\n",
    }
    environment = {**settings(sim, tmp_path), "ANSIBLE_CALLBACK_RESULT_FORMAT": form}
    tasks = [{"secops.triage.signal_state": {**options, "signal_ids": [signals[1].id]}}]
    (tmp_path / "closes.yml").write_text(json.dumps([{"hosts": "localhost", "gather_facts": False, "tasks": tasks}]))
    arguments = json.dumps({**options, "signal_ids": [signals[0].id]})
    commands = [
        ["ansible.cli.adhoc", "localhost", "-m", "secops.triage.signal_state", "--diff", "-a", arguments],
        ["ansible.cli.playbook", "closes.yml", "--diff", "-v"],
    ]
    for signal, command in zip(signals, commands):
        run = subprocess.run(
            [sys.executable, "-m", *command], env=environment, cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert run.returncode == 0, run.stdout + run.stderr
        assert signal.state == "archived"
        (tmp_path / "kept.txt").write_text(run.stdout, encoding="utf-8")
        where = {"restore_module": "signal_state", "restore_file": "kept.txt", "restore_api_url": sim.datadog.url}
        play(sim, tmp_path, PLAYBOOK, where)
        assert signal.state == "open"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("nothing that was kept", "kept.txt is neither JSON nor the output of a task with signals or alerts"),
        ('{"signals": [', "kept.txt begins as JSON, and is none: "),
    ],
)
def test_what_is_neither_is_told(sim: Simulator, tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "kept.txt").write_text(text, encoding="utf-8")
    with pytest.raises(AssertionError, match=said):
        play(sim, tmp_path, PLAYBOOK, {"restore_module": "signal_state", "restore_file": "kept.txt"})
    assert not list(sim.log)


@pytest.mark.parametrize(
    "given",
    [
        {"restore_module": "alert_update", "restore_alerts": []},
        {"restore_module": "alert_note", "restore_alerts": []},
        {"restore_module": "signal_state"},
    ],
    ids=["no provider", "not that module", "no alerts"],
)
def test_what_it_cannot_know_is_asked_for(sim: Simulator, tmp_path: Path, given: dict[str, t.Any]) -> None:
    with pytest.raises(AssertionError, match="Give restore_module, which is one of alert_update, "):
        play(sim, tmp_path, PLAYBOOK, given)
    assert not list(sim.log)
