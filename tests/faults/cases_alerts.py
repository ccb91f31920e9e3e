# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The tasks of the storm on Security Deck and on Calseta."""

from __future__ import annotations

import json
import random

from ansible_collections.secops.triage.tests.simulator import Simulator
from ansible_collections.secops.triage.tests.unit.harness import Params

from .case import Case, guards, pick, some
from .expected_state import State

_TAGS = (["contained"], ["contained", "phishing"], ["pci", "contained"])


def _tags(fields: State, asked: Params) -> bool:
    if asked.get("purge_tags", True):
        return set(fields["tags"]) == set(asked["tags"])
    return set(fields["tags"]) >= set(asked["tags"])


def _with_tags(chance: random.Random, asked: Params) -> Params:
    return {**asked, "purge_tags": chance.random() < 0.5} if "tags" in asked else asked


def _deck_world(sim: Simulator, chance: random.Random, alerts: int) -> Params:
    sim.reset({"security_deck": alerts}, chance.randrange(10**6))
    settings = sim.settings.security_deck
    settings.poll_interval = 0.05
    settings.operation_seconds = chance.choice([0.0, 0.03, 0.03, 0.2, 0.8, 3600.0])
    settings.operation_lag_404s = chance.choice([0, 0, 0, 1, 3, 99])
    settings.failing_operations = chance.choice([0, 0, 0, 2, alerts])
    settings.failure_code = chance.choice([13, 9, 14, 10])
    settings.shows_unset = chance.choice(["absent", "unspecified"])
    key_file = json.dumps(sim.security_deck.service_account_key())
    ways: list[Params] = [
        {"iam_token": sim.credentials.iam_token},
        {"service_account_key_file": key_file},
        {"instance_metadata": True},
    ]
    return {
        "provider": "security_deck",
        "api_url": sim.security_deck.url,
        **chance.choice(ways),
    }


def security_deck(sim: Simulator, chance: random.Random) -> Case:
    connection = _deck_world(sim, chance, some(chance))
    somebody = sim.security_deck.subjects
    asked = pick(
        chance,
        {
            "status": ["OPEN", "IN_PROGRESS", "RESOLVED"],
            "classification": ["FALSE_POSITIVE", "CLASSIFICATION_UNSPECIFIED"],
            "assignee_subject_id": ["", somebody[0]],
        },
    )
    guard = guards(
        chance, ["OPEN", "IN_PROGRESS", "NEED_INFO", "RESOLVED"], ["INFO", "LOW", "MEDIUM", "HIGH"], somebody[:2]
    )
    choice, ids = _deck_choice(sim, chance)
    params = {**connection, **choice, "wait_timeout": 0.5, **asked, **guard}

    def reached(fields: State) -> bool:
        return all(fields[name] == value for name, value in asked.items())

    return _with_line(sim, chance, Case("alert_update", sim.security_deck, params, ids, reached))


def _deck_choice(sim: Simulator, chance: random.Random, *, writes: bool = True) -> tuple[Params, list[str]]:
    """The options by which a task chooses alerts, by their ids or by a query, and these alerts."""
    alerts = sim.security_deck.alerts
    if chance.random() < 0.6:
        ids = chance.sample(list(alerts), len(alerts))
        return {"alert_ids": ids}, ids
    sim.settings.security_deck.search_lag = chance.choice([0.0, 0.0, 30.0]) if writes else 0.0
    query = {"sink_id": sim.security_deck.sink_id, "filter": 'status = "OPEN"'}
    return {"query": query, "max_alerts": 2000, "allow_unbounded": True}, [
        alert.id for alert in alerts.values() if alert.status == "OPEN"
    ]


def _calseta_world(sim: Simulator, chance: random.Random, alerts: int) -> Params:
    sim.reset({"calseta": alerts}, chance.randrange(10**6))
    return {
        "provider": "calseta",
        "api_url": sim.calseta.url,
        "api_key": sim.credentials.calseta_api_key,
    }


def calseta(sim: Simulator, chance: random.Random) -> Case:
    connection = _calseta_world(sim, chance, some(chance))
    verdicts = ["Undetermined", "Duplicate"]
    asked = pick(
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
    guard = guards(chance, ["Open", "Triaging", "Escalated", "Closed"], ["Low", "Medium", "High", "Critical"])
    choice, ids = _calseta_choice(sim, chance)
    params = {**connection, **choice, **_with_tags(chance, asked), **guard}
    if "malice_override" in asked and asked["malice_override"] is None:
        del params["malice_override"]
        params["reset_malice_override"] = True
        for alert in sim.calseta.alerts.values():
            alert.malice_override = chance.choice([None, "Benign"])

    def reached(fields: State) -> bool:
        return all(_tags(fields, params) if name == "tags" else fields[name] == value for name, value in asked.items())

    return _with_line(sim, chance, Case("alert_update", sim.calseta, params, ids, reached))


def _calseta_choice(sim: Simulator, chance: random.Random, *, writes: bool = True) -> tuple[Params, list[str]]:
    """As that of Security Deck."""
    alerts = sim.calseta.alerts
    if chance.random() < 0.6:
        ids = chance.sample(list(alerts), len(alerts))
        return {"alert_ids": ids}, ids
    sim.settings.calseta.search_lag = chance.choice([0.0, 0.0, 30.0]) if writes else 0.0
    query = {"status": ["Open", "Escalated"], "from_time": "now-30d"}
    return {"query": query, "max_alerts": 2000, "allow_unbounded": True}, [
        alert.uuid for alert in alerts.values() if alert.status in query["status"]
    ]


def notes(sim: Simulator, platform: str, alert_id: str) -> list[str]:
    """The comments or findings on an alert."""
    if platform == "calseta":
        return [finding["summary"] for finding in sim.calseta.alerts[alert_id].findings]
    return [comment["text"] for comment in sim.security_deck.alerts[alert_id].comments]


def for_notes(sim: Simulator, chance: random.Random, provider: str, alerts: int) -> Params:
    """A world for a task that leaves notes, and its connection."""
    if provider == "calseta":
        return _calseta_world(sim, chance, alerts)
    params = _deck_world(sim, chance, alerts)
    sim.settings.security_deck.comments_page = chance.choice([1, 1000])
    return {**params, "wait_timeout": 0.5}


def _with_line(sim: Simulator, chance: random.Random, case: Case) -> Case:
    case.notes = lambda alert_id: notes(sim, case.platform.name, alert_id)
    if chance.random() < 0.3:
        case.params["provenance"] = "drill"
    return case


def info(sim: Simulator, chance: random.Random) -> Case:
    make, choose = chance.choice([(_deck_world, _deck_choice), (_calseta_world, _calseta_choice)])
    params = make(sim, chance, some(chance, chance.choice([60, 60, 1200])))
    choice, ids = choose(sim, chance, writes=False)
    absent: list[str] = []
    if "query" in choice:
        choice["max_alerts"] = chance.choice([1, 10, 2000])
    else:
        absent = ["3fa85f64-5717-4562-b3fc-2c963f66afa6"][: chance.choice([0, 1])]
        choice["alert_ids"] = [*ids, *absent]
    platform = sim.world.platforms[params["provider"]]
    return Case("alert_info", platform, {**params, **choice}, ids, lambda fields: True, absent=absent)
