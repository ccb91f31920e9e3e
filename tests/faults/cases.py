# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The tasks of the storm: every module with many combinations of options, on servers that differ in what may differ.

Each case also says, without any help from the modules, how an alert of the simulator should be reported, and whether it
is as the task wants it.
"""

from __future__ import annotations

import dataclasses
import json
import random
import typing as t

from ansible_collections.secops.triage.tests.simulator import Simulator
from ansible_collections.secops.triage.tests.simulator.base import Platform
from ansible_collections.secops.triage.tests.simulator.security_deck import SecurityDeck
from ansible_collections.secops.triage.tests.simulator.security_deck_alerts import Operation
from ansible_collections.secops.triage.tests.unit.harness import Params

State = dict[str, t.Any]


@dataclasses.dataclass
class Case:
    """A task. ``shown`` makes what the module should report out of the simulator's state; a set is any of its values.
    ``reached`` says of such a report whether it is what the task asks for."""

    module: str
    platform: Platform
    params: Params
    ids: list[str]
    shown: t.Callable[[State], State]
    reached: t.Callable[[State], bool]
    check: bool = False

    def operations(self) -> dict[str, Operation]:
        """What changes the alerts of Security Deck, by id."""
        return self.platform.operations if isinstance(self.platform, SecurityDeck) else {}

    def states(self) -> dict[str, State]:
        """All alerts as they are now, as they should be reported."""
        overview = self.platform.overview()
        return {alert_id: self.shown(overview[alert_id]) for alert_id in self.ids}


def make_case(sim: Simulator, chance: random.Random, timeout: float) -> Case:
    """A fresh world, and a task in it."""
    make = chance.choice([_signal_state, _signal_state, _link, _security_deck, _calseta, _kibana_ids, _kibana_query])
    case = make(sim, chance)
    case.check = chance.random() < 0.08
    case.params.update(
        timeout=timeout, retries=chance.choice([0, 1, 1, 2, 2, 3]), concurrency=chance.choice([1, 4, 8, 8, 16])
    )
    return case


def _some(chance: random.Random, many: int = 60) -> int:
    """A number of alerts: mostly few, for each task has weather of its own, and now and then many."""
    return many if chance.random() < 0.05 else chance.choice([1, 2, 3, 8, 15, 30])


def _pick(chance: random.Random, options: dict[str, t.Sequence[t.Any]]) -> Params:
    """Values for some of the options, and at least for one."""
    names = [name for name in options if chance.random() < 0.6] or [chance.choice(list(options))]
    return {name: chance.choice(options[name]) for name in names}


def _datadog(sim: Simulator, chance: random.Random, signals: int) -> Params:
    sim.reset({"datadog": signals}, chance.randrange(10**6))
    settings = sim.settings.datadog
    settings.assignee_shows = chance.choice(["uuid", "handle", "name"])
    settings.archive_in = chance.choice(["custom", "gated"])
    settings.bulk = chance.choice(["on", "on", "on", "on", 404, 405])
    settings.error_shape = chance.choice(["objects", "strings", "error"])
    settings.conflict_status = chance.choice([409, 400])
    settings.reopening_clears_archive = chance.random() < 0.3
    good = sim.credentials
    keys = {"api_key": good.datadog_api_key, "app_key": good.datadog_app_key}
    return {
        "api_url": sim.datadog.url,
        **chance.choice([keys, {"access_token": good.datadog_access_token}]),
        "signal_ids": chance.sample(list(sim.datadog.signals), signals),
    }


def _signal_state(sim: Simulator, chance: random.Random) -> Case:
    params = _datadog(sim, chance, _some(chance, 230))
    users = [sim.datadog.user(handle) for handle in ("amira.haddad@example.com", "greta@example.com")]
    names = [*(user.handle for user in users), *(user.uuid for user in users), ""]
    asked = _pick(
        chance,
        {
            "state": ["open", "under_review", "archived", "archived"],
            "archive_reason": ["none", "false_positive", "other"],
            "archive_comment": ["", "Announced scan"],
            "assignee": names,
        },
    )
    if chance.random() < 0.1:
        params["version"] = chance.randrange(1, 60)

    def names_of(name: str) -> frozenset[str]:
        everybody = (frozenset((user.uuid, user.handle, user.name)) for user in sim.datadog.users.values())
        return next((names for names in everybody if name in names), frozenset([""]))

    def shown(state: State) -> State:
        return {**state, "archive_comment": state["archive_comment"] or "", "assignee": names_of(state["assignee"])}

    def reached(fields: State) -> bool:
        return all(
            _alike(fields[name], names_of(value) if name == "assignee" else value) for name, value in asked.items()
        )

    return Case("signal_state", sim.datadog, {**params, **asked}, params["signal_ids"], shown, reached)


def _alike(one: t.Any, other: t.Any) -> bool:
    return bool(one in other if isinstance(other, frozenset) and isinstance(one, str) else one == other)


def _link(sim: Simulator, chance: random.Random) -> Case:
    params = _datadog(sim, chance, _some(chance))
    incident, present = chance.choice(sim.datadog.incident_ids), chance.random() < 0.5
    sim.settings.datadog.incident_lag_reads = chance.choice([0, 0, 0, 1, 3, 9])
    for signal in sim.datadog.signals.values():
        if chance.random() < (0.3 if present else 0.8):
            signal.incident_ids = chance.sample(sim.datadog.incident_ids, chance.randrange(1, 4))
    if chance.random() < 0.1:
        params["version"] = chance.randrange(1, 60)
    params |= {"incident_id": incident, "state": "present" if present else "absent"}
    return Case(
        "signal_incident_link",
        sim.datadog,
        params,
        params["signal_ids"],
        lambda state: {"incident_ids": state["incident_ids"]},
        lambda fields: (incident in fields["incident_ids"]) == present,
    )


def _tags(fields: State, asked: Params) -> bool:
    if asked.get("purge_tags", True):
        return set(fields["tags"]) == set(asked["tags"])
    return set(fields["tags"]) >= set(asked["tags"])


def _with_tags(chance: random.Random, asked: Params) -> Params:
    return {**asked, "purge_tags": chance.random() < 0.5} if "tags" in asked else asked


_TAGS = (["contained"], ["contained", "phishing"], ["pci", "contained"])


def _security_deck(sim: Simulator, chance: random.Random) -> Case:
    alerts = _some(chance)
    sim.reset({"security_deck": alerts}, chance.randrange(10**6))
    settings = sim.settings.security_deck
    settings.poll_interval = 0.05
    settings.operation_seconds = chance.choice([0.0, 0.03, 0.03, 0.2, 0.8, 3600.0])
    settings.operation_lag_404s = chance.choice([0, 0, 0, 1, 3, 99])
    settings.failing_operations = chance.choice([0, 0, 0, 2, alerts])
    settings.failure_code = chance.choice([13, 9, 14, 10])
    settings.shows_unset = chance.choice(["absent", "unspecified"])
    asked = _pick(
        chance,
        {
            "status": ["OPEN", "IN_PROGRESS", "RESOLVED"],
            "severity": ["INFO", "HIGH"],
            "classification": ["FALSE_POSITIVE", "CLASSIFICATION_UNSPECIFIED"],
            "assignee_subject_id": ["", sim.security_deck.subjects[0]],
            "tags": [*_TAGS, []],
        },
    )
    key_file = json.dumps(sim.security_deck.service_account_key())
    ways: list[Params] = [
        {"iam_token": sim.credentials.iam_token},
        {"service_account_key_file": key_file},
        {"instance_metadata": True},
    ]
    params = {
        "provider": "security_deck",
        "api_url": sim.security_deck.url,
        "alert_ids": chance.sample(list(sim.security_deck.alerts), alerts),
        "wait_timeout": 0.5,
        **chance.choice(ways),
        **_with_tags(chance, asked),
    }

    def shown(state: State) -> State:
        return {**state, "classification": state["classification"] or "CLASSIFICATION_UNSPECIFIED"}

    def reached(fields: State) -> bool:
        return all(_tags(fields, params) if name == "tags" else fields[name] == value for name, value in asked.items())

    return Case("alert_update", sim.security_deck, params, params["alert_ids"], shown, reached)


def _calseta(sim: Simulator, chance: random.Random) -> Case:
    alerts = _some(chance)
    sim.reset({"calseta": alerts}, chance.randrange(10**6))
    verdicts = ["Undetermined", "Duplicate"]
    asked = _pick(
        chance,
        {
            "status": ["Open", "Triaging", "Closed", "Closed"],
            "severity": ["High", "Low"],
            "tags": [*_TAGS, []],
            "close_classification": verdicts,
            "malice_override": ["Benign", "Malicious", None],
        },
    )
    if asked.get("status") == "Closed":
        asked.setdefault("close_classification", chance.choice(verdicts))
    params = {
        "provider": "calseta",
        "api_url": sim.calseta.url,
        "api_key": sim.credentials.calseta_api_key,
        "alert_ids": chance.sample(list(sim.calseta.alerts), alerts),
        **_with_tags(chance, asked),
    }
    if "malice_override" in asked and asked["malice_override"] is None:
        del params["malice_override"]
        params["reset_malice_override"] = True
        for alert in sim.calseta.alerts.values():
            alert.malice_override = chance.choice([None, "Benign"])

    def reached(fields: State) -> bool:
        return all(_tags(fields, params) if name == "tags" else fields[name] == value for name, value in asked.items())

    return Case("alert_update", sim.calseta, params, params["alert_ids"], dict, reached)


def _kibana(sim: Simulator, chance: random.Random, alerts: int) -> Params:
    sim.reset({"kibana": alerts}, chance.randrange(10**6))
    for _legacy in range(chance.choice([0, 0, 2])):
        sim.kibana.add_alert(legacy=True)
    settings = sim.settings.kibana
    settings.supports_reason = chance.random() < 0.7
    settings.batch_size = chance.choice([3, 10, 1000])
    busy = chance.sample(list(sim.kibana.alerts()), min(alerts, chance.choice([0, 0, 1, 3])))
    settings.conflicts = {alert_id: chance.choice([1, 2, 99]) for alert_id in busy}
    status = chance.choice(["open", "acknowledged", "closed", "closed", "in-progress"])
    params = {"api_url": sim.kibana.url, "api_key": sim.credentials.kibana_api_key, "status": status}
    return {**params, "reason": "duplicate"} if status == "closed" and chance.random() < 0.5 else params


def _kibana_case(sim: Simulator, params: Params, ids: list[str]) -> Case:
    def shown(state: State) -> State:
        return {"status": state["status"], "reason": state.get("reason")}

    return Case(
        "kibana_alert_status",
        sim.kibana,
        params,
        ids,
        shown,
        lambda fields: bool(fields["status"] == params["status"]),
    )


def _kibana_ids(sim: Simulator, chance: random.Random) -> Case:
    params = _kibana(sim, chance, _some(chance, chance.choice([60, 60, 60, 1100])))
    ids = list(sim.kibana.alerts())
    return _kibana_case(sim, {**params, "alert_ids": chance.sample(ids, len(ids))}, ids)


def _kibana_query(sim: Simulator, chance: random.Random) -> Case:
    params = _kibana(sim, chance, _some(chance, chance.choice([60, 60, 60, 1100])))
    open_ones: Params = {"term": {"kibana.alert.workflow_status": "open"}}
    params["query"] = chance.choice([{"match_all": {}}, open_ones])
    ids = [
        alert_id
        for alert_id, state in sim.kibana.overview().items()
        if state["status"] != params["status"] and (params["query"] != open_ones or state["status"] == "open")
    ]
    legacy = {alert_id for alert_id in ids if "reason" not in sim.kibana.overview()[alert_id]}
    ids = [alert_id for alert_id in ids if params["query"] != open_ones or alert_id not in legacy]
    more = {"conflicts": chance.choice(["abort", "proceed"]), "max_alerts": 2000, "allow_unbounded": True}
    return _kibana_case(sim, {**params, **more}, ids)
