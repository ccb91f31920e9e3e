# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A task in Ansible's worker has the result that it has as a module, whatever the play does with it."""

from __future__ import annotations

import dataclasses
import json
import re
import typing as t
from pathlib import Path

import pytest
import yaml
from ansible.parsing.vault import VaultLib, VaultSecret

from ansible_collections.secops.triage.tests.simulator import Simulator
from ansible_collections.secops.triage.tests.unit.harness import Params
from ansible_collections.secops.triage.tests.unit.playbooks.playing import played, tells, told

pytestmark = pytest.mark.versions

UPDATE, INFO, SIGNALS, TAGS = (
    f"secops.triage.{name}" for name in ("alert_update", "alert_info", "signal_state", "kibana_alert_tags")
)
UNKNOWN = "3fa85f64-5717-4562-b3fc-2c963f66afa6"
ATTACK = "{{ lookup('ansible.builtin.pipe', 'touch owned') }} {% if 1 %}"
PASSWORD = "nX4vQ8rT2mK7wZ5p"


class Vaulted(str):
    """A value of a playbook that is encrypted there."""

    __slots__ = ()


def _vaulted(dumper: yaml.SafeDumper, value: Vaulted) -> yaml.Node:
    vault = VaultLib([("default", VaultSecret(PASSWORD.encode()))])
    return dumper.represent_scalar("!vault", vault.encrypt(value.encode()).decode(), style="|")


class Dumper(yaml.SafeDumper):
    """Writes playbooks."""


Dumper.add_representer(Vaulted, _vaulted)


class Way(t.NamedTuple):
    """What a play left, printed and kept, without what is another one each time."""

    results: dict[str, t.Any]
    output: str
    returncode: int
    changes: list[tuple[str, str]]


def _tasks(sim: Simulator, calseta: Params, datadog: Params, kibana: Params) -> list[dict[str, t.Any]]:
    """Tasks, each of which keeps its result under a name of its own."""
    ids = [sim.calseta.add_alert().uuid for _each in range(8)]
    odd = sim.calseta.alerts[ids[7]]
    odd.scene = dataclasses.replace(odd.scene, title=ATTACK)
    triaging = {"alert_ids": [ids[0]], "status": "Triaging"}
    signals = sim.datadog.ids(state="open")[:5]
    found = [sim.kibana.add_alert() for _each in range(2)]
    query = {"query": "status:(low OR medium OR high)", "from": "now-30d", "state": "under_review", "max_alerts": 1}
    tasks: dict[str, dict[str, t.Any]] = {
        "foretold": {UPDATE: triaging, "check_mode": True, "diff": True},
        "changed": {UPDATE: triaging, "diff": True},
        "unchanged": {UPDATE: triaging, "diff": True},
        "looped": {UPDATE: {"alert_ids": ["{{ item }}"], "status": "Escalated"}, "loop": ids[1:3]},
        "delegated": {
            INFO: {"alert_ids": ids[:2]},
            "delegate_to": "127.0.0.1",
            "vars": {"ansible_connection": "local", "ansible_python_interpreter": "{{ ansible_playbook_python }}"},
        },
        "once": {INFO: {"alert_ids": ids[:1]}, "run_once": True},
        "retried": {
            INFO: {"alert_ids": [UNKNOWN]},
            "until": "retried.alerts | length > 0",
            "retries": 1,
            "delay": 0,
        },
        "absent": {UPDATE: {"alert_ids": [ids[0], UNKNOWN], "status": "Open"}},
        "odd": {INFO: {"alert_ids": ids[:1], "timeout": "soon"}},
        "unsupported": {INFO: {"alert_ids": ids[:1], "alerts": 1}},
        "twice": {INFO: {"alert_ids": ids[:1], "alert_id": ids[:1]}},
        "secret": {INFO: {"alert_ids": ids[:1]}, "no_log": True},
        "of_others": {INFO: {"alert_ids": ids[:1], "api_key": "{{ other_key }}"}},
        "attacked": {INFO: {"alert_ids": [ids[7]], "raw": False}},
        "beside_the_playbook": {INFO: {"alert_ids": ids[:1], "ca_path": "ca.pem"}, "loop": [1, 2]},
        "judged": {
            INFO: {"alert_ids": ids[:1]},
            "changed_when": "judged.alerts | length == 1",
            "failed_when": "judged.missing | length > 0",
        },
        "signals": {SIGNALS: {**datadog, "signal_ids": signals, "state": "archived"}, "diff": True},
        "too_many": {SIGNALS: {**datadog, **query}},
        "tagged": {TAGS: {**kibana, "alert_ids": found, "tags": ["seen", "{{ 'by' ~ ' ansible' }}"]}, "diff": True},
    }
    return [
        {"name": name, **task, "register": name, "ignore_errors": name != "secret"} for name, task in tasks.items()
    ] + [
        {
            "block": [{"name": "rescued", UPDATE: {"alert_ids": [UNKNOWN], "status": "Open"}}],
            "rescue": [{"ansible.builtin.set_fact": {"rescued": "{{ ansible_failed_result }}"}}],
        }
    ]


def _play(sim: Simulator, folder: Path, tasks: list[dict[str, t.Any]], calseta: Params, *options: str) -> Way:
    key = Vaulted(calseta["api_key"])
    plays = [
        {
            "hosts": "localhost",
            "gather_facts": False,
            "vars": {"vaulted_key": key, "other_key": Vaulted("q7ZwKx3vTn9LrMb2JcH8")},
            "module_defaults": {"group/secops.triage.alerts": {**calseta, "api_key": "{{ vaulted_key }}"}},
            "tasks": [
                *tasks,
                tells(
                    "all",
                    {name: f"{{{{ {name} }}}}" for name in [one.get("register", "rescued") for one in tasks]},
                ),
            ],
        }
    ]
    # Paths begin where the playbook is, not where it is started.
    (folder / "plays").mkdir(exist_ok=True)
    (folder / "plays" / "ca.pem").touch()
    playbook = folder / "plays" / "play.yml"
    playbook.write_text(yaml.dump(plays, Dumper=Dumper, allow_unicode=True), encoding="utf-8")
    (folder / "password").write_text(PASSWORD, encoding="utf-8")
    sim.log.clear()
    run = played(sim, folder, playbook, {}, "--vault-password-file", str(folder / "password"), *options)
    assert not list(folder.rglob("owned"))
    for secret in (calseta["api_key"], "q7ZwKx3vTn9LrMb2JcH8"):
        assert secret not in run.stdout + run.stderr
    output = re.sub(r'"msg": "all ENDED .*', "", run.stdout + run.stderr)
    changes = [(entry.method, entry.path) for entry in sim.log.changes()]
    return Way(_same(told(run.stdout)["all"]), _text(output), run.returncode, changes)


def _same(results: t.Any) -> t.Any:
    """Results without Ansible's own notes, which some versions leave in those of modules."""
    kept = {name: {key: one for key, one in it.items() if key[0] != "_"} for name, it in results.items()}
    return json.loads(_text(json.dumps(kept, sort_keys=True)))


def _text(text: str) -> str:
    """A text without times and request ids, and without the word by which Ansible says where a task failed."""
    text = re.sub(r'"request_id": "[^"]+"', '"request_id": "ID"', text)
    text = re.sub(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d[\d.:Z+-]*", "TIME", text)
    return text.replace("Action failed: ", "Module failed: ")


@pytest.fixture
def both(
    sim: Simulator,
    datadog: Params,
    kibana: Params,
    calseta: Params,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> t.Callable[..., list[Way]]:
    def run(*options: str, only: t.Sequence[str] = ()) -> list[Way]:
        ways: list[Way] = []
        for switch in ("false", "true"):
            monkeypatch.setenv("SECOPS_TRIAGE_IN_PROCESS", switch)
            sim.reset(alerts=40)
            tasks = [one for one in _tasks(sim, calseta, datadog, kibana) if one.get("name") in only or not only]
            ways.append(_play(sim, tmp_path, tasks, calseta, *options))
        return ways

    return run


def test_the_same_results(both: t.Callable[..., list[Way]]) -> None:
    module, worker = both("--diff")
    for name, result in module.results.items():
        assert worker.results[name] == result, name
    assert worker.output == module.output
    assert worker.returncode == module.returncode == 0
    assert worker.changes == module.changes != []
    assert module.results["attacked"]["alerts"][0]["title"] == ATTACK
    # They are results of tasks that did something.
    failed = {name for name, result in module.results.items() if result.get("failed")}
    assert failed == {"absent", "odd", "of_others", "rescued", "retried", "too_many", "unsupported"}
    changed = {name for name, result in module.results.items() if result.get("changed")}
    assert changed == {"changed", "foretold", "judged", "looped", "signals", "tagged"}


def test_the_same_predictions(both: t.Callable[..., list[Way]]) -> None:
    module, worker = both("--check", "-v", only=["foretold", "signals", "absent", "attacked"])
    for name, result in module.results.items():
        assert worker.results[name] == result, name
    assert worker.output == module.output
    assert worker.changes == module.changes == []
