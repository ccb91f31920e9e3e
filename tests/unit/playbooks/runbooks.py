# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Many runbooks in one play, for it is Ansible's start that takes the time; and what became of each."""

from __future__ import annotations

import dataclasses
import json
import re
import typing as t
from pathlib import Path

from ansible_collections.secops.triage.tests.simulator import Entry, Fault, Simulator
from ansible_collections.secops.triage.tests.unit.playbooks.playing import played, tells, told

PLATFORMS = ("datadog", "kibana", "security_deck", "calseta")
#: How each platform calls an alert that is new, claimed, escalated and closed.
STATES = {
    "datadog": ("open", "under_review", "under_review", "archived"),
    "kibana": ("open", "acknowledged", "acknowledged", "closed"),
    "security_deck": ("OPEN", "IN_PROGRESS", "IN_PROGRESS", "RESOLVED"),
    "calseta": ("Open", "Triaging", "Escalated", "Closed"),
}
#: What no note, no outcome and no line of output may show.
SECRET = "Xq7-hunter-Zw29kvLm0"

_TASKS = {
    # It leaves a file behind, where it is not check mode. No module of Ansible's does that in so little time.
    "works.yml": """
- name: Isolate the host
  ansible.builtin.raw: >-
    printf %s {{ runbook_found.title | quote }} > {{ (folder ~ '/isolated-' ~ runbook_alert.id) | quote }}
  register: isolated
""",
    "verifies.yml": """
- name: See that it is isolated
  ansible.builtin.assert:
    that: (folder ~ '/isolated-' ~ runbook_alert.id) is exists
""",
    "fails.yml": f"""
- name: Isolate the host
  ansible.builtin.fail:
    msg: The password is {SECRET}
  no_log: true
""",
    "includes_what_is_not_there.yml": """
- name: Do the rest
  ansible.builtin.include_tasks: not_there.yml
""",
    "is_no_yaml.yml": "- name: [",
    "decides.yml": """
- name: Find out more than was known
  ansible.builtin.set_fact:
    runbook_decision: {verdict: "{{ decided }}", comment: The scanner was announced}
""",
    # Nothing but a comment: a verdict that could not be told is none.
    "comments.yml": """
- name: Find out more than was known
  ansible.builtin.set_fact:
    runbook_decision: {verdict: "", comment: The scanner was announced}
""",
}
_ROLE = {
    "tasks/restart.yml": """
- name: Change the configuration
  ansible.builtin.command: "true"
  changed_when: true
  notify: Restart the service
""",
    "handlers/main.yml": """
- name: Restart the service
  ansible.builtin.command: "false"
  changed_when: true
""",
}


class Against(Fault):
    """A fault that strikes only requests about one alert, whether its id is in the path or in the body."""

    def __init__(self, alert: t.Mapping[str, str], action: str = "status", **which: t.Any) -> None:
        super().__init__(action, platform=alert["platform"], **which)
        self._id = alert["id"]

    def matches(self, entry: Entry) -> bool:
        return super().matches(entry) and self._id in f"{entry.path} {entry.body}"


@dataclasses.dataclass(frozen=True)
class Ended:
    """What became of one runbook: its outcome, whether the role failed, and what it said then."""

    outcome: dict[str, t.Any]
    failed: bool
    message: str


@dataclasses.dataclass(frozen=True)
class Played:
    """What became of all runbooks of a play, in their order, and all that was printed."""

    ended: list[Ended]
    output: str


def lay_out(folder: Path) -> None:
    """Put the remediations into the folder where the plays run."""
    for name, text in _TASKS.items():
        (folder / name).write_text(text)
    for name, text in _ROLE.items():
        path = folder / "roles" / "service" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def urls(sim: Simulator) -> dict[str, str]:
    """The addresses of the simulator's platforms, as the role takes them."""
    return {name: sim.world.platforms[name].url for name in PLATFORMS}


def new_alert(sim: Simulator, platform: str) -> dict[str, str]:
    """A new alert of that platform, which nobody has."""
    if platform == "datadog":
        signal = sim.datadog.add_signal()
        signal.scene = dataclasses.replace(signal.scene, tags=("team:web",))
        return {"platform": platform, "id": signal.id}
    if platform == "kibana":
        return {"platform": platform, "id": sim.kibana.add_alert()}
    if platform == "security_deck":
        return {"platform": platform, "id": sim.security_deck.add_alert().id}
    return {"platform": platform, "id": sim.calseta.add_alert(tags=["team:web"]).uuid}


def state(sim: Simulator, alert: t.Mapping[str, str]) -> dict[str, t.Any]:
    """How the alert is on its platform, in its words; ``status`` is Datadog's state, too."""
    shown = sim.world.platforms[alert["platform"]].overview()[alert["id"]]
    return {"status": shown.get("state"), **shown}


def run_all(sim: Simulator, folder: Path, runbooks: t.Sequence[dict[str, t.Any]], *options: str) -> Played:
    """Run these runbooks one after the other, given as the role's variables less the prefix."""
    lay_out(folder)
    tasks = [_task(number, {"api_urls": urls(sim), **given}) for number, given in enumerate(runbooks)]
    # Other failures of the play must not be in the way of a rescue.
    play = {"hosts": "localhost", "gather_facts": False, "any_errors_fatal": True, "tasks": tasks}
    (folder / "runbooks.yml").write_text(json.dumps([play]))
    run = played(sim, folder, "runbooks.yml", {"folder": str(folder)}, *options)
    output = run.stdout + run.stderr
    assert run.returncode == 0, output
    said = told(output)
    return Played([Ended(**said[str(number)]) for number in range(len(runbooks))], output)


def _task(number: int, given: dict[str, t.Any]) -> dict[str, t.Any]:
    """One runbook, and a line of output that says what became of it."""
    role = {
        "ansible.builtin.include_role": {"name": "secops.triage.runbook"},
        "vars": {name if name == "decided" else f"runbook_{name}": value for name, value in given.items()},
    }
    passed = {"outcome": "{{ runbook_outcome }}", "failed": False, "message": ""}
    failed = {**passed, "failed": True, "message": "{{ ansible_failed_result.msg }}"}
    return {"block": [role, tells(str(number), passed)], "rescue": [tells(str(number), failed)]}


def statistics(output: str) -> dict[str, t.Any]:
    """What a play has told to the jobs that follow."""
    found = re.search(r"RUN: (\{.*\})", output)
    assert found, output
    told: dict[str, t.Any] = json.loads(found[1])
    return told
