# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Does the playbook close just what its preview has listed, and nothing that has been changed since?"""

from __future__ import annotations

import hashlib
import json
import re
import typing as t
from pathlib import Path

import pytest

from ansible_collections.secops.triage.tests.simulator import Simulator
from ansible_collections.secops.triage.tests.simulator.seeds import Scene
from ansible_collections.secops.triage.tests.unit.playbooks.playing import play, played

PLAYBOOK = "secops.triage.close_noise"
TITLE = "Port scan {{ lookup('ansible.builtin.pipe', 'touch ' ~ '.' | realpath ~ '/owned') }} {% raw %}"
#: Where the list is applied, too, which is the same role on all of them: from a file, and from a variable.
VERDICTS = {"datadog": ("archived", "false_positive"), "kibana": ("closed", "false_positive")}
MARKS = {"datadog": [pytest.mark.versions], "kibana": []}
SEARCHES: dict[str, dict[str, t.Any]] = {
    "datadog": {"close_noise_query": "source:scanner OR host:scanned", "close_noise_comment": "A drill"},
    "kibana": {"close_noise_query": "host.name:scan*", "close_noise_platform": "elastic", "close_noise_comment": ""},
    "security_deck": {"close_noise_query": 'title = "Port scan*"'},
    "calseta": {
        "close_noise_query": "scanner, scanned",
        "close_noise_title": "PORT SCAN",
        "close_noise_comment": "A drill",
    },
}


def add(sim: Simulator, platform: str, *, busy: bool = False, **known: str) -> str:
    """One more alert of the noise, or one that somebody is ``busy`` with; its id."""
    given = {"title": TITLE, "severity": "low", "source": "scanner", "host": "scanned", **known}
    scene = Scene(**given, advice="", address="192.0.2.1", source_address="192.0.2.2", user="", tags=(), age=3600.0)
    if platform == "datadog":
        signal = sim.datadog.add_signal(assignee=sim.datadog.user("greta@example.com").uuid if busy else "")
        signal.scene = scene
        return signal.id
    if platform == "kibana":
        fields: dict[str, t.Any] = {"kibana.alert.workflow_assignee_ids": ["u_greta_0"]} if busy else {}
        return sim.kibana.add_alert(scene=scene, **fields)
    if platform == "security_deck":
        return sim.security_deck.add_alert(scene, assignee=sim.security_deck.subjects[0] if busy else "").id
    return sim.calseta.add_alert(scene, status="Triaging" if busy else "Open").uuid


def take(sim: Simulator, platform: str, alert_id: str) -> None:
    """Somebody takes it on."""
    if platform == "kibana":
        sim.kibana.alerts()[alert_id]["kibana.alert.workflow_status"] = "acknowledged"
    else:
        sim.datadog.signals[alert_id].state = "under_review"


def handed_on(said: str, name: str) -> t.Any:
    """What the play has set by C(set_stats)."""
    (found,) = re.findall(r"RUN: (.*)", said)
    statistics: dict[str, dict[str, t.Any]] = json.loads(found)
    return statistics[name]


@pytest.mark.parametrize(
    "platform",
    [pytest.param(one, marks=MARKS.get(one, pytest.mark.whole)) for one in SEARCHES],
)
def test_only_what_was_listed_and_is_as_it_was(sim: Simulator, tmp_path: Path, platform: str) -> None:
    sim.settings.security_deck.operation_seconds = 0
    listed = {add(sim, platform) for dummy in range(3)}
    add(sim, platform, busy=True)
    add(sim, platform, severity="critical")
    add(sim, platform, title="Login", source="okta", host="web-01")
    where = {"close_noise_api_url": sim.world.platforms[platform].url, "close_noise_platform": platform}
    asked = {**where, "close_noise_verdict": "false_positive", **SEARCHES[platform]}
    if platform == "security_deck":
        asked["close_noise_sink"] = sim.security_deck.sink_id
    sim.log.clear()
    # What an earlier one has left is of no concern to a preview.
    said = play(
        sim, tmp_path, PLAYBOOK, {**asked, "close_noise_file": "list.json", "close_noise_preview": "An old one"}
    )
    assert not sim.log.writes()
    told = handed_on(said, "close_noise_preview")
    # Older cores make of a text in JSON what it says.
    preview = json.loads(told) if isinstance(told, str) else told
    assert json.loads((tmp_path / "list.json").read_text(encoding="utf-8")) == preview
    assert set(preview["alerts"]) == listed
    shown = TITLE.replace("{{", "{ {").replace("{%", "{ %")
    for alert_id, row in preview["alerts"].items():
        assert row["title"].startswith(shown[:118])
        assert f"{alert_id}: {row['severity']}, {row['created']}, {row['title']}" in said

    if platform in VERDICTS:
        # A workflow gives the variables of its survey to all nodes.
        given = {**asked, "close_noise_preview": told}
        if platform == "datadog":
            given = {**where, "close_noise_file": "list.json"}
        assert_applied(sim, tmp_path, platform, listed, given)
    assert not list(tmp_path.glob("**/owned"))


def assert_applied(sim: Simulator, folder: Path, platform: str, listed: set[str], given: dict[str, t.Any]) -> None:
    """Assert that applying the list closes what is in it, less what somebody takes on meanwhile, and nothing new."""
    add(sim, platform)
    taken = min(listed)
    take(sim, platform, taken)
    before = {name: one.overview() for name, one in sim.world.platforms.items()}
    said = play(sim, folder, PLAYBOOK, {**given, "close_noise_step": "apply"})
    after = {name: one.overview() for name, one in sim.world.platforms.items()}
    changed = {key for name, shown in after.items() for key in shown if shown[key] != before[name][key]}
    assert changed == listed - {taken}
    assert all(set(VERDICTS[platform]) <= set(map(str, after[platform][key].values())) for key in changed)
    outcome = handed_on(said, "close_noise_outcome")
    assert outcome["skipped"] == [taken]
    assert f"Left alone: {taken} (Port scan " in said
    assert outcome["counts"] == {"requested": 3, "changed": 2, "unchanged": 0, "skipped": 1, "failed": 0}


def signed(alerts: t.Iterable[str] = (), **changed: t.Any) -> dict[str, t.Any]:
    """A list as the preview makes them, of these alerts, but with this instead."""
    search = {"platform": "calseta", "query": "scanner", "verdict": "test", "protect_severity": "critical"}
    rows = {one: {"severity": "low", "created": None, "title": "Port scan"} for one in alerts}
    made = {
        "kind": PLAYBOOK,
        "bounded": True,
        "search": search,
        "alerts": rows,
        "counts": {"found": 9, "listed": len(rows)},
        **changed,
    }
    return {**made, "checksum": hashlib.sha256(json.dumps(made, sort_keys=True).encode()).hexdigest()}


def test_one_that_was_taken_on_keeps_the_others_open(sim: Simulator, tmp_path: Path) -> None:
    alerts = [add(sim, "calseta"), add(sim, "calseta", busy=True)]
    given = {"close_noise_preview": signed(alerts), "close_noise_on_guard": "fail"}
    ended = played(sim, tmp_path, PLAYBOOK, {**given, "close_noise_step": "apply"})
    assert ended.returncode
    assert not sim.log.writes()
    assert handed_on(ended.stdout, "close_noise_outcome")["failed"]


PREVIEW = {
    "close_noise_step": "preview",
    "close_noise_platform": "calseta",
    "close_noise_query": "scanner",
    "close_noise_verdict": "test",
}


def test_guards_are_those_of_the_play_and_not_of_the_list(sim: Simulator, tmp_path: Path) -> None:
    """Who can write a list can sign it, too: it must not be what says which severities are protected."""
    critical, low = add(sim, "calseta", severity="critical"), add(sim, "calseta")
    search = {"platform": "calseta", "query": "scanner", "verdict": "test", "protect_severity": "low"}
    given = {"close_noise_preview": signed([critical, low], search=search), "close_noise_step": "apply"}
    said = play(sim, tmp_path, PLAYBOOK, given)
    assert not sim.log.writes()
    assert handed_on(said, "close_noise_outcome")["skipped"] == [critical, low]
    assert handed_on(said, "close_noise_restore") == {}


def test_list_of_somebody_else_is_refused(sim: Simulator, tmp_path: Path) -> None:
    (tmp_path / "list.json").write_text(json.dumps(signed([add(sim, "calseta")])), encoding="utf-8")
    (tmp_path / "link.json").symlink_to(tmp_path / "list.json")
    given = {"close_noise_step": "apply", "close_noise_file": "list.json"}
    for mode, name, said in ((0o666, "list.json", "can be written by others"), (0o600, "link.json", "cannot be read")):
        (tmp_path / "list.json").chmod(mode)
        ended = played(sim, tmp_path, PLAYBOOK, {**given, "close_noise_file": name})
        assert ended.returncode
        assert said in ended.stdout + ended.stderr
    assert not list(sim.log)


@pytest.mark.parametrize(
    "platform",
    [pytest.param(one, marks=[] if one == "kibana" else pytest.mark.whole) for one in SEARCHES],
)
def test_way_back(sim: Simulator, tmp_path: Path, platform: str) -> None:
    """The command that the playbook shows at its end puts back what it has closed; a second apply says that all are."""
    sim.settings.security_deck.operation_seconds = 0
    ids = [add(sim, platform) for dummy in range(2)]
    before = sim.world.platforms[platform].overview()
    url = sim.world.platforms[platform].url
    asked = {**SEARCHES[platform], "close_noise_platform": platform, "close_noise_api_url": url}
    asked = {**asked, "close_noise_verdict": "duplicate", "close_noise_file": "list.json", "triage_provenance": "none"}
    if platform == "security_deck":
        asked["close_noise_sink"] = sim.security_deck.sink_id
    play(sim, tmp_path, PLAYBOOK, asked)
    assert (tmp_path / "list.json").stat().st_mode & 0o777 == 0o600
    applying = {**asked, "close_noise_step": "apply"}
    foretold = play(sim, tmp_path, PLAYBOOK, applying, "--check")
    assert "2 of the 2 alerts of the list would be closed, 2 of them by this run" in foretold
    assert not list(tmp_path.glob("list.restore-*"))
    said = play(sim, tmp_path, PLAYBOOK, applying)
    assert "2 of the 2 alerts of the list are closed, 2 of them by this run" in said
    (kept,) = tmp_path.glob("list.restore-*.json")
    assert kept.stat().st_mode & 0o777 == 0o600
    assert json.loads(kept.read_text(encoding="utf-8")) == handed_on(said, "close_noise_restore")

    again = play(sim, tmp_path, PLAYBOOK, applying)
    assert "2 of the 2 alerts of the list are closed, 0 of them by this run" in again
    assert "To take that back" not in again
    assert list(tmp_path.glob("list.restore-*.json")) == [kept]

    command = re.search(r"To take that back: ansible-playbook (\S+) -e (\S+)=(\S+) -e (\S+)=(\S+) --check --diff", said)
    assert command, said
    playbook, *words = command.groups()
    given = dict(zip(words[::2], words[1::2]))
    play(sim, tmp_path, playbook, given, "--check", "--diff")
    play(sim, tmp_path, playbook, given)
    after = sim.world.platforms[platform].overview()
    fields = ("state", "status", "archive_reason", "reason", "classification")
    for alert_id in ids:
        assert [after[alert_id].get(name) for name in fields] == [before[alert_id].get(name) for name in fields]


def test_file_for_the_way_back_that_cannot_be_made_keeps_all_open(sim: Simulator, tmp_path: Path) -> None:
    (tmp_path / "back.json").symlink_to(tmp_path / "elsewhere")
    given = {"close_noise_preview": signed([add(sim, "calseta")]), "close_noise_step": "apply"}
    ended = played(sim, tmp_path, PLAYBOOK, {**given, "close_noise_restore_file": "back.json"})
    assert ended.returncode
    assert "File exists" in ended.stdout + ended.stderr
    assert not list(sim.log)
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({}, "there is no list of a preview. Give it as close_noise_preview or close_noise_file"),
        ({"close_noise_preview": ["an-id"]}, "there is no list of a preview. Give it as close_noise_preview or"),
        ({"close_noise_preview": "junk"}, "close_noise_preview is neither JSON nor the output of a task"),
        ({"close_noise_file": "variables.json"}, "there is no list of a preview. Give it as close_noise_preview or"),
        ({"close_noise_preview": {**signed(), "alerts": {"another": ""}}}, "the list is not as a preview has made it"),
        ({"close_noise_preview": signed(["{{ 1 + 1 }}"])}, "Not the id of an alert of calseta: '{ { 1 + 1 }}'"),
        (
            {"close_noise_preview": signed(), "close_noise_query": "okta", "close_noise_platform": "datadog"},
            "something else: close_noise_platform is datadog now, and was calseta; close_noise_query is okta now,",
        ),
        (
            {"close_noise_preview": signed(), "close_noise_api_url": "https://another.example"},
            "something else: close_noise_api_url is https://another.example now, and was nothing",
        ),
        (
            {**PREVIEW, "close_noise_verdict": "nonsense"},
            "calseta has no verdict 'nonsense'; it takes true_positive, benign",
        ),
        (
            {**PREVIEW, "close_noise_verdict": "managed externally"},
            "verdict managed externally alerts of calseta stay open",
        ),
        (
            {**PREVIEW, "close_noise_file": "variables.json"},
            "variables.json already, and a list is never written over.",
        ),
        ({"close_noise_step": "preview", "close_noise_platform": "calseta"}, "Give close_noise_platform, which is one"),
        ({"close_noise_step": "close"}, "close_noise_step is preview, or apply, and not close"),
    ],
    ids=[
        "nothing",
        "no preview",
        "junk",
        "a file of something else",
        "another alert",
        "no id",
        "another search",
        "another address",
        "no verdict",
        "a verdict that leaves them open",
        "a file that is there",
        "no query",
        "no step",
    ],
)
def test_what_no_preview_has_shown_is_refused(
    sim: Simulator, tmp_path: Path, given: dict[str, t.Any], why: str
) -> None:
    ended = played(sim, tmp_path, PLAYBOOK, {"close_noise_step": "apply", **given})
    assert ended.returncode
    assert why in ended.stdout + ended.stderr
    assert not list(sim.log)


def test_search_that_leaves_nothing_out_is_refused(sim: Simulator, tmp_path: Path) -> None:
    """Unless it is meant, by who previews and by who applies."""
    sim.reset(alerts=0)
    alert = sim.calseta.alerts[add(sim, "calseta")]
    given = {**PREVIEW, "close_noise_file": "list.json"}
    ended = played(sim, tmp_path, PLAYBOOK, given)
    assert ended.returncode
    assert "unbounded" in ended.stdout + ended.stderr
    assert not (tmp_path / "list.json").exists()
    meant = {**given, "close_noise_allow_unbounded": "true"}
    play(sim, tmp_path, PLAYBOOK, meant)
    assert json.loads((tmp_path / "list.json").read_text(encoding="utf-8"))["bounded"] is False
    ended = played(sim, tmp_path, PLAYBOOK, {**given, "close_noise_step": "apply"})
    assert ended.returncode
    assert alert.status == "Open"
    play(sim, tmp_path, PLAYBOOK, {**meant, "close_noise_step": "apply"})
    assert alert.status == "Closed"


@pytest.mark.parametrize("most", [0, "0", -1])
def test_no_alerts_at_all_are_not_five_hundred(sim: Simulator, tmp_path: Path, most: t.Any) -> None:
    add(sim, "calseta")
    ended = played(sim, tmp_path, PLAYBOOK, {**PREVIEW, "close_noise_max_alerts": most})
    assert ended.returncode
    assert f"max_alerts must be at least 1, not {most}" in ended.stdout + ended.stderr


def test_more_than_somebody_can_look_at_is_refused(sim: Simulator, tmp_path: Path) -> None:
    add(sim, "calseta")
    add(sim, "calseta")
    given = {"close_noise_platform": "calseta", "close_noise_query": "scanner", "close_noise_verdict": "test"}
    ended = played(sim, tmp_path, PLAYBOOK, {**given, "close_noise_max_alerts": "1"})
    assert ended.returncode
    assert "finds more than 1 new alerts. Narrow it" in ended.stdout + ended.stderr
    assert "close_noise_preview" not in ended.stdout
