# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Is anything run that an attacker has written into an alert, a list, a file or an event?

Every field that they can write has a command in it. It goes through the playbooks, roles and filters, and then through
a play that knows nothing of this collection, as an extra variable: there it is run if it is still a template.
"""

from __future__ import annotations

import dataclasses
import json
import re
import typing as t
from pathlib import Path

import pytest

from ansible_collections.secops.triage.extensions.eda.plugins.event_filter.normalize import main as normalize
from ansible_collections.secops.triage.tests.simulator import Simulator
from ansible_collections.secops.triage.tests.simulator.seeds import Scene
from ansible_collections.secops.triage.tests.unit.playbooks.playing import played

Fields = dict[str, t.Any]

SEARCHES = {
    "datadog": {"close_noise_query": "host:*"},
    "kibana": {"close_noise_query": "host.name:*"},
    "security_deck": {"close_noise_query": 'title = "*"'},
    "calseta": {"close_noise_query": "scanner"},
}
#: Shows all that it is given, as any play of a workflow may do, and what shows that it would run a template.
VICTIM = [
    {
        "hosts": "localhost",
        "gather_facts": False,
        "tasks": [
            {"ansible.builtin.debug": {"msg": "{{ given }}"}},
            {"ansible.builtin.debug": {"msg": "{{ control }}"}},
        ],
    }
]
#: The remediation says what it knows, by a variable, by a file and in the outcome.
REMEDIATION = [
    {"ansible.builtin.set_fact": {"known": "{{ runbook_found }}"}},
    {"ansible.builtin.debug": {"msg": "{{ known }}"}},
    {
        "ansible.builtin.set_fact": {
            "runbook_decision": {"verdict": "benign", "comment": "{{ runbook_found.title | default('none') }}"}
        }
    },
]


@dataclasses.dataclass
class Attack:
    """What an attacker writes everywhere, and whether it was run."""

    folder: Path

    @property
    def text(self) -> str:
        return (
            f"{{{{ lookup('ansible.builtin.pipe', 'touch {self.folder}/owned') }}}}{{% if 1 %}}{{% endif %}}{{# a #}}"
        )

    def ran(self) -> bool:
        ran = (self.folder / "owned").exists()
        (self.folder / "owned").unlink(missing_ok=True)
        return ran

    def scene(self, source: str = "") -> Scene:
        told = dict.fromkeys(("title", "advice", "host", "address", "source_address", "user"), self.text)
        return Scene(**told, severity="low", source=source or self.text, tags=(self.text,), age=60.0)


def add(sim: Simulator, platform: str, attack: Attack) -> list[str]:
    """Two alerts. Of the second one the severity is the attacker's, too, where a service takes any."""
    scenes = [attack.scene("scanner"), attack.scene()]
    if platform == "datadog":
        signals = [sim.datadog.add_signal(archive_comment=attack.text) for dummy in scenes]
        for signal, scene in zip(signals, scenes):
            signal.scene = scene
        return [signal.id for signal in signals]
    if platform == "kibana":
        more: Fields = {"kibana.alert.url": attack.text, "kibana.alert.workflow_tags": [attack.text]}
        worst: Fields = {**more, "kibana.alert.severity": attack.text}
        return [sim.kibana.add_alert(scene=scenes[0], **more), sim.kibana.add_alert(scene=scenes[1], **worst)]
    account: t.Any = sim.security_deck if platform == "security_deck" else sim.calseta
    alerts = [account.add_alert(scene) for scene in scenes]
    return [one.id if platform == "security_deck" else one.uuid for one in alerts]


def statistics(output: str) -> Fields:
    (found,) = re.findall(r"RUN: (.*)", output)
    told: Fields = json.loads(found)
    return told


def row_of(attack: Attack, platform: str, alert_id: str) -> Fields:
    """A row of a task, in which everything that is text is the attacker's."""
    text = attack.text
    if platform == "datadog":
        before: Fields = {"state": "open", "archive_reason": text, "archive_comment": text, "assignee": text}
        return {"id": alert_id, "title": text, "changed": True, **before, "state": "archived", "before": before}
    before = {"status": "open", "reason": None, text: text}
    return {"id": alert_id, "title": text, "changed": None, **before, "status": text, "before": before}


@pytest.mark.parametrize(
    "platform",
    [pytest.param(one, marks=pytest.mark.versions if one == "kibana" else pytest.mark.whole) for one in SEARCHES],
)
def test_nothing_that_an_attacker_has_written_is_run(sim: Simulator, tmp_path: Path, platform: str) -> None:
    sim.settings.security_deck.operation_seconds = 0
    attack = Attack(tmp_path)
    plays = {"victim.yml": VICTIM, "remediation.yml": REMEDIATION}
    for name, content in plays.items():
        (tmp_path / name).write_text(json.dumps(content), encoding="utf-8")
    url = sim.world.platforms[platform].url
    sim.reset(alerts=0)
    ids = add(sim, platform, attack)
    # Everything that reads alerts, one after the other, and what it hands on.
    search = {
        "close_noise_platform": platform,
        "close_noise_verdict": "false_positive",
        # All that there is was written by the attacker.
        "close_noise_allow_unbounded": True,
        "close_noise_api_url": url,
        "close_noise_file": str(tmp_path / "list.json"),
        **SEARCHES[platform],
    }
    if platform == "security_deck":
        search["close_noise_sink"] = sim.security_deck.sink_id
    names = ["secops.triage.close_noise", "secops.triage.report"]
    (tmp_path / "all.yml").write_text(json.dumps([{"import_playbook": name} for name in names]))
    report = {"report_api_urls": {platform: url}, "report_platforms": platform, "report_folder": str(tmp_path)}
    report["report_sinks"] = sim.security_deck.sink_id
    looked = played(sim, tmp_path, "all.yml", {**search, **report})
    assert looked.returncode == 0, looked.stdout + looked.stderr
    handed_on = statistics(looked.stdout)
    assert handed_on["close_noise_preview"]
    assert ids[0] in str(handed_on)

    # What it has kept closes the alerts, by a file and by a variable; a runbook works on one more.
    late = add(sim, platform, attack)[-1]
    written = dict.fromkeys(("severity", "title", "rule"), attack.text)
    event = t.cast(Fields, normalize({"payload": {"platform": platform, **written, "id": late}}))
    work = [
        {"import_playbook": "secops.triage.close_noise", "vars": {"close_noise_step": "apply"}},
        {"import_playbook": "secops.triage.runbook"},
    ]
    (tmp_path / "work.yml").write_text(json.dumps(work))
    runbook = {
        "runbook_alert": event["alert"],
        "runbook_verdict": "benign",
        "runbook_api_urls": {platform: url},
        "runbook_remediation": {"tasks": str(tmp_path / "remediation.yml")},
    }
    worked = played(sim, tmp_path, "work.yml", {**search, **runbook})
    outcome = statistics(worked.stdout)
    assert (outcome["runbook_outcome"]["outcome"], worked.returncode) == ("closed", 0), worked.stdout
    assert outcome["close_noise_outcome"]["counts"]["changed"]
    assert outcome["runbook_outcome"]["title"].startswith("{ { lookup(")

    # And what comes back in: lists and rows that an attacker has changed, in whatever form.
    (kept,) = tmp_path.glob("list.restore-*.json")
    forged = json.loads((tmp_path / "list.json").read_text())
    forged["alerts"] = {attack.text: {"severity": attack.text, "created": None, "title": attack.text}}
    rows = [row_of(attack, platform, one) for one in (ids[0], attack.text)]
    printed = tmp_path / "printed.txt"
    printed.write_text(f"--- before: {attack.text}\nlocalhost | CHANGED => {json.dumps({'alerts': rows}, indent=4)}\n")
    modules = {"datadog": "signal_state", "kibana": "kibana_alert_status"}
    own = {"restore_module": modules.get(platform, "alert_update"), "restore_api_url": url}
    own["restore_provider"] = platform
    come_back: list[tuple[str, Fields]] = [
        ("secops.triage.close_noise", {**search, "close_noise_step": "apply", "close_noise_preview": forged}),
        ("secops.triage.restore", {**own, "restore_alerts": rows, "restore_file": str(printed)}),
        ("secops.triage.restore", {**own, "restore_alerts": json.dumps(rows)}),
        ("secops.triage.runbook", {**runbook, "runbook_alert": {**event["alert"], "raw": rows[0]}}),
    ]
    for playbook, variables in come_back:
        ended = played(sim, tmp_path, playbook, variables)
        assert not attack.ran(), (playbook, ended.stdout, ended.stderr)

    # A play that knows nothing of all that.
    files = [json.loads(path.read_text()) for path in (tmp_path / "list.json", kept)]
    reports = [path.read_text() for path in tmp_path.glob("open-alerts.*")]
    control = attack.text.replace("owned", "control")
    shown = played(
        sim, tmp_path, "victim.yml", {"given": [handed_on, outcome, event, files, reports], "control": control}
    )
    assert shown.returncode == 0, shown.stdout + shown.stderr
    assert not attack.ran(), shown.stdout
    assert (tmp_path / "control").exists(), "this play runs what is a template"
