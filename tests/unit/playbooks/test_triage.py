# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Does the role triage do what is asked for on every platform, and tell the truth where it cannot?

It is Ansible's start that takes the time, so uses of the role that have nothing to do with each other are one play.
"""

from __future__ import annotations

import json
import typing as t
from pathlib import Path

import pytest

from ansible_collections.secops.triage.tests.simulator import Fault, Simulator
from ansible_collections.secops.triage.tests.unit.playbooks.playing import play, played, tells, told

Fields = dict[str, t.Any]


class Told(t.NamedTuple):
    """What a use of the role has told."""

    result: Fields
    #: What it failed with, or nothing.
    failure: str

    def rows(self, *names: str) -> list[tuple[str, str, t.Any]]:
        """The module, the alert, and whether it was changed, or what kept it from that."""
        return [
            (row["module"], row["id"], "error" if "error" in row else "skipped" if "skipped" in row else row["changed"])
            for row in self.result["alerts"]
            if row["id"] in names
        ]


class Stage:
    """Uses of the role, to be played together."""

    def __init__(self, sim: Simulator, folder: Path) -> None:
        self.sim, self.folder = sim, folder
        #: What comes before all of them.
        self.before: list[Fields] = []
        self._tasks: list[Fields] = []

    def use(self, name: str, alerts: t.Sequence[Fields], **variables: t.Any) -> None:
        given = {"triage_alerts": alerts, **{f"triage_{key}": value for key, value in variables.items()}}
        role = {"ansible.builtin.include_role": {"name": "secops.triage.triage"}, "vars": given}
        passed = tells(name, {"result": "{{ triage_result }}", "failure": ""})
        failed = tells(name, {"result": "{{ triage_result }}", "failure": "{{ ansible_failed_result.msg }}"})
        self._tasks.append({"name": name, "block": [role, passed], "rescue": [failed]})

    def play(self, *options: str) -> dict[str, Told]:
        playbook = self.folder / "uses.yml"
        tasks = [*self.before, *self._tasks]
        playbook.write_text(json.dumps([{"hosts": "localhost", "gather_facts": False, "tasks": tasks}]))
        urls = {"datadog": self.sim.datadog.url, "security_deck": self.sim.security_deck.url}
        run = played(self.sim, self.folder, playbook, {"triage_api_urls": urls}, *options)
        assert run.returncode == 0, run.stdout + run.stderr
        return {name: Told(**ended) for name, ended in told(run.stdout).items()}


@pytest.fixture
def stage(sim: Simulator, tmp_path: Path) -> Stage:
    sim.settings.security_deck.operation_seconds = 0
    return Stage(sim, tmp_path)


def alert(platform: str, name: str, **asked: t.Any) -> Fields:
    return {"platform": platform, "id": name, **asked}


NOTHING = {
    "changed": False,
    "counts": {"requested": 0, "changed": 0, "unchanged": 0, "skipped": 0, "failed": 0},
    "alerts": [],
    "lost": [],
    "failed": [],
}


def test_nothing_is_sent(sim: Simulator, stage: Stage) -> None:
    """Where the list is empty, or anything in it is wrong, be it only the last alert."""
    signal, note = sim.datadog.add_signal(), {"comment": "Seen"}
    good = alert("datadog", signal.id, status="resolved", verdict="benign")
    stage.use("empty", [])
    stage.use("word", [good, alert("kibana", "a", status="snoozed")])
    stage.use("platform", [good, alert("splunk", "a", status="new")])
    stage.use("refused", [good, alert("security_deck", "a", status="resolved", verdict="suspicious")])
    stage.use("lossy", [good, alert("kibana", "a", status="resolved", verdict="test", **note)], on_lossy="fail")
    told = stage.play()
    assert [entry.path for entry in sim.log] == []
    assert {name: one.result for name, one in told.items()} == dict.fromkeys(told, NOTHING)
    assert not told["empty"].failure
    for name, said in {
        "word": "alert 2 (kibana a): kibana has no status 'snoozed'; it takes new, in_progress, ",
        "platform": "value of platform must be one of: datadog, kibana, elastic, security_deck, calseta, got: splunk",
        "refused": "alert 2 (security_deck a): security_deck has nothing for the verdict suspicious, and takes ",
        "lossy": "on_lossy is fail. kibana: verdict test is only other there (a)",
    }.items():
        assert said in told[name].failure


@pytest.mark.versions
def test_one_call_for_those_that_become_the_same(sim: Simulator, stage: Stage) -> None:
    signals = [sim.datadog.add_signal().id for dummy in range(5)]
    alerts = [sim.kibana.add_alert() for dummy in range(5)]
    # What a service says may look like a template, and is none.
    hostile = {"ansible.builtin.command": {"argv": ["echo", "{{ '{{ 6 * 7 }}' }}"]}, "register": "hostile"}
    stage.before.append(hostile)
    words = {"status": "resolved", "verdict": "test", "comment": "Seen {{ hostile.stdout }}"}
    mixed = [
        alert(name, key, **words) for keys in zip(signals, alerts) for name, key in zip(("datadog", "elastic"), keys)
    ]
    stage.use("closed", mixed, on_lossy="allow", provenance="none", verdict_map={"kibana": {"Test": "other"}})
    told = stage.play()["closed"]
    assert [entry.path.rpartition("/api/")[2] for entry in sim.log.writes()] == [
        "v2/security_monitoring/signals/bulk/update",
        "detection_engine/signals/status",
        *["note"] * 5,
    ]
    assert {note["note"] for note in sim.kibana.notes["default"]} == {"Seen {{ 6 * 7 }}"}
    assert told.result["counts"] == {"requested": 10, "changed": 10, "unchanged": 0, "skipped": 0, "failed": 0}
    # Somebody has decided what it is called there: nothing is lost.
    assert told.result["lost"] == []
    closed = {(row["platform"], row["common_status"], row["common_verdict"]) for row in told.result["alerts"]}
    # A note shows neither.
    assert closed == {("datadog", "resolved", "test"), ("kibana", "resolved", "other"), ("kibana", None, None)}


def test_what_stays_as_it_is(sim: Simulator, stage: Stage) -> None:
    """An alert of which nothing is to be written is looked at, so that it is known to be there."""
    kept = sim.security_deck.add_alert().id
    open_ = sim.calseta.add_alert().uuid
    linked = sim.kibana.add_alert()
    elsewhere = sim.calseta.add_alert().uuid
    external = {"status": "resolved", "verdict": "managed_externally"}
    stage.use(
        "kept",
        [
            alert("security_deck", kept, **external),
            alert("calseta", open_, assignee="amira@example.com"),
            alert("kibana", linked, incident_id=7),
            alert("calseta", elsewhere, **external),
            alert("security_deck", "fv4notthere000000000", **external),
        ],
        provenance="none",
    )
    told = stage.play()["kept"]
    assert (
        "1 of 4 calls failed. security_deck, alert_info: There is no such alert (fv4notthere000000000)" in told.failure
    )
    assert told.rows(kept, open_, linked, elsewhere, "fv4notthere000000000") == [
        ("alert_info", kept, False),
        ("alert_info", "fv4notthere000000000", "error"),
        ("alert_info", open_, False),
        ("alert_update", elsewhere, True),
        ("kibana_alert_info", linked, False),
    ]
    assert sim.security_deck.overview()[kept]["status"] == "OPEN"
    assert sim.calseta.overview()[open_]["status"] == "Open"
    assert sim.calseta.overview()[elsewhere]["status"] == "Escalated"
    lost = {(one["id"], one["option"], one["desired"], one["written"]) for one in told.result["lost"]}
    assert lost == {
        (kept, "verdict", "managed_externally", None),
        ("fv4notthere000000000", "verdict", "managed_externally", None),
        (open_, "assignee", "amira@example.com", None),
        (linked, "incident_id", 7, None),
    }


def test_guards(sim: Simulator, stage: Stage) -> None:
    """What they protect gets no note either, nor do those that a call did not write because of it."""
    mild: Fields = {"kibana.alert.severity": "low"}
    hers: Fields = {**mild, "kibana.alert.workflow_assignee_ids": [f"u_{7:020}_0"]}
    worst: Fields = {"kibana.alert.severity": "critical"}
    good, other = sim.kibana.add_alert(**mild), sim.kibana.add_alert("acknowledged", **mild)
    critical = sim.kibana.add_alert(**worst)
    mine = sim.kibana.add_alert(**hers)
    done = sim.kibana.add_alert("closed", "benign_positive", **mild)
    closing = {"status": "resolved", "verdict": "benign", "comment": "Seen"}
    names = (good, other, critical, mine, done)
    guards = {"only_from": ["new"], "only_assigned_to": [""], "protect_severity": ["critical"], "provenance": "none"}
    stage.use("skip", [alert("kibana", key, **closing) for key in names], on_guard="skip", **guards)
    signals = [sim.datadog.add_signal(), sim.datadog.add_signal(state="under_review")]
    finding, incident = sim.calseta.add_alert(), sim.datadog.incident_ids[0]
    linked = [alert("datadog", one.id, status="resolved", incident_id=incident) for one in signals]
    noted = alert("calseta", finding.uuid, status="escalated", comment="Seen")
    stage.use("fail", [*linked, noted], **guards)
    told = stage.play()
    assert told["skip"].rows(*names) == [
        ("kibana_alert_status", good, True),
        ("kibana_alert_status", other, "skipped"),
        ("kibana_alert_status", critical, "skipped"),
        ("kibana_alert_status", mine, "skipped"),
        ("kibana_alert_status", done, False),
        ("alert_note", good, True),
        ("alert_note", done, True),
    ]
    assert told["skip"].result["counts"] == {"requested": 5, "changed": 2, "unchanged": 0, "skipped": 3, "failed": 0}
    assert {note["eventId"] for note in sim.kibana.notes["default"]} == {good, done}
    assert not told["skip"].failure
    assert "1 of 3 calls failed" in told["fail"].failure
    assert "it is under_review, and only_from is open" in told["fail"].failure
    assert [(one.state, one.incident_ids) for one in signals] == [("open", []), ("under_review", [])]
    assert (finding.status, [one["summary"] for one in finding.findings]) == ("Escalated", ["Seen"])
    assert told["fail"].result["counts"] == {"requested": 3, "changed": 1, "unchanged": 1, "skipped": 0, "failed": 1}


def test_platform_that_fails(sim: Simulator, stage: Stage) -> None:
    """The others have their turn, and all that went wrong is told in the end."""
    down = sim.datadog.add_signal().id
    refused, fine = sim.security_deck.add_alert(), sim.security_deck.add_alert()
    alerts = sim.kibana.add_alert(), sim.kibana.add_alert()
    sim.faults.add(Fault(platform="datadog", status=403, count=None))
    sim.faults.add(Fault(platform="security_deck", path=refused.id, writes=True, status=403, count=None))
    noted = {"status": "in_progress", "comment": "Seen"}
    stage.use(
        "some",
        [
            alert("datadog", down, **noted, incident_id=7),
            *(alert("security_deck", one.id, **noted) for one in (refused, fine)),
            alert("kibana", alerts[0], **noted, assignee="amira"),
            alert("kibana", alerts[1], **noted, assignee="nobody-of-that-name"),
        ],
        provenance="none",
    )
    told = stage.play()["some"]
    assert told.rows(down, refused.id, fine.id, *alerts) == [
        ("signal_state", down, "error"),
        ("alert_update", refused.id, "error"),
        ("alert_update", fine.id, True),
        ("alert_note", fine.id, True),
        ("kibana_alert_status", alerts[0], True),
        ("kibana_alert_status", alerts[1], True),
        ("kibana_alert_assignees", alerts[0], True),
        ("kibana_alert_assignees", alerts[1], "error"),
        ("alert_note", alerts[0], True),
    ]
    assert [(one["platform"], one["module"], one["ids"]) for one in told.result["failed"]] == [
        ("datadog", "signal_state", [down]),
        ("security_deck", "alert_update", [refused.id]),
        ("kibana", "kibana_alert_assignees", [alerts[1]]),
    ]
    assert told.result["failed"][0]["error"]["status"] == 403
    assert told.result["counts"] == {"requested": 5, "changed": 2, "unchanged": 0, "skipped": 0, "failed": 3}
    assert told.result["changed"]
    for one in told.result["failed"]:
        assert f"{one['platform']}, {one['module']}: {one['msg']}" in told.failure
    assert [comment["text"] for comment in fine.comments] == ["Seen"]
    assert not refused.comments


@pytest.mark.parametrize("form", [list, json.dumps, "\n".join], ids=["a list", "JSON", "a text"])
def test_ids_in_each_form(sim: Simulator, tmp_path: Path, form: t.Callable[[list[str]], t.Any]) -> None:
    alerts = [sim.calseta.add_alert(), sim.calseta.add_alert()]
    given = {"triage_alert_ids": form([f" {one.uuid} " for one in alerts]), "triage_platform": "calseta"}
    play(sim, tmp_path, "secops.triage.triage", {**given, "triage_status": "in_progress"})
    assert [one.status for one in alerts] == ["Triaging"] * 2


@pytest.mark.parametrize(
    ("given", "said"),
    [(None, "Give triage_alerts, or triage_platform and"), ("None", "Not the id of an alert of calseta: 'None'")],
)
def test_what_is_no_id_is_refused(sim: Simulator, tmp_path: Path, given: t.Any, said: str) -> None:
    variables = {"triage_alert_ids": given, "triage_platform": "calseta", "triage_status": "new"}
    with pytest.raises(AssertionError, match=said):
        play(sim, tmp_path, "secops.triage.triage", variables)
    assert not list(sim.log)
