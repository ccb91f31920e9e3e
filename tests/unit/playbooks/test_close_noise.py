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
    assert all(line.partition("Z, ")[2].startswith(shown) for line in preview["alerts"].values())
    for line in preview["alerts"].items():
        assert ": ".join(line) in said

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
    assert outcome["counts"] == {"requested": 3, "changed": 2, "unchanged": 0, "skipped": 1, "failed": 0}


def signed(**changed: t.Any) -> dict[str, t.Any]:
    """A list as the preview makes them, but with this instead."""
    search = dict.fromkeys(["query", "since", "sink", "title", "comment"], "")
    search.update(platform="calseta", query="scanner", verdict="test", protect_severity="critical")
    made = {"kind": PLAYBOOK, "search": search, "alerts": {}, "counts": {"found": 0, "listed": 0}, **changed}
    return {**made, "checksum": hashlib.sha256(json.dumps(made, sort_keys=True).encode()).hexdigest()}


def test_one_that_was_taken_on_keeps_the_others_open(sim: Simulator, tmp_path: Path) -> None:
    alerts = [add(sim, "calseta"), add(sim, "calseta", busy=True)]
    given = {"close_noise_preview": signed(alerts=dict.fromkeys(alerts, "")), "close_noise_on_guard": "fail"}
    ended = played(sim, tmp_path, PLAYBOOK, {**given, "close_noise_step": "apply"})
    assert ended.returncode
    assert not sim.log.writes()
    assert handed_on(ended.stdout, "close_noise_outcome")["failed"]


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"close_noise_preview": ["an-id"]}, "Give the list of a preview, just as it was made"),
        ({"close_noise_preview": {**signed(), "alerts": {"another": ""}}}, "Give the list of a preview, just as"),
        (
            {"close_noise_preview": signed(), "close_noise_query": "okta", "close_noise_platform": "datadog"},
            "This is the list of a preview that was asked for something else: platform, query",
        ),
        ({"close_noise_step": "preview", "close_noise_platform": "calseta"}, "Give close_noise_platform, which is one"),
        ({"close_noise_step": "close"}, "close_noise_step is preview, or apply, and not close"),
    ],
    ids=["no preview", "another alert", "another search", "no query", "no step"],
)
def test_what_no_preview_has_shown_is_refused(
    sim: Simulator, tmp_path: Path, given: dict[str, t.Any], why: str
) -> None:
    ended = played(sim, tmp_path, PLAYBOOK, {"close_noise_step": "apply", **given})
    assert ended.returncode
    assert why in ended.stdout + ended.stderr
    assert not list(sim.log)


def test_more_than_somebody_can_look_at_is_refused(sim: Simulator, tmp_path: Path) -> None:
    add(sim, "calseta")
    add(sim, "calseta")
    given = {"close_noise_platform": "calseta", "close_noise_query": "scanner", "close_noise_verdict": "test"}
    ended = played(sim, tmp_path, PLAYBOOK, {**given, "close_noise_max_alerts": "1"})
    assert ended.returncode
    assert "finds more than 1 new alerts. Narrow it" in ended.stdout + ended.stderr
    assert "close_noise_preview" not in ended.stdout
