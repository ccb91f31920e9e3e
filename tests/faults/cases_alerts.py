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
from .stands import State

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
        "alert_ids": chance.sample(list(sim.security_deck.alerts), alerts),
        **chance.choice(ways),
    }


def security_deck(sim: Simulator, chance: random.Random) -> Case:
    connection = _deck_world(sim, chance, some(chance))
    somebody = sim.security_deck.subjects
    asked = pick(
        chance,
        {
            "status": ["OPEN", "IN_PROGRESS", "RESOLVED"],
            "severity": ["INFO", "HIGH"],
            "classification": ["FALSE_POSITIVE", "CLASSIFICATION_UNSPECIFIED"],
            "assignee_subject_id": ["", somebody[0]],
            "tags": [*_TAGS, []],
        },
    )
    guard = guards(
        chance, ["OPEN", "IN_PROGRESS", "NEED_INFO", "RESOLVED"], ["INFO", "LOW", "MEDIUM", "HIGH"], somebody[:2]
    )
    params = {**connection, "wait_timeout": 0.5, **_with_tags(chance, asked), **guard}

    def reached(fields: State) -> bool:
        return all(_tags(fields, params) if name == "tags" else fields[name] == value for name, value in asked.items())

    return Case("alert_update", sim.security_deck, params, params["alert_ids"], reached)


def _calseta_world(sim: Simulator, chance: random.Random, alerts: int) -> Params:
    sim.reset({"calseta": alerts}, chance.randrange(10**6))
    return {
        "provider": "calseta",
        "api_url": sim.calseta.url,
        "api_key": sim.credentials.calseta_api_key,
        "alert_ids": chance.sample(list(sim.calseta.alerts), alerts),
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
    params = {**connection, **_with_tags(chance, asked), **guard}
    if "malice_override" in asked and asked["malice_override"] is None:
        del params["malice_override"]
        params["reset_malice_override"] = True
        for alert in sim.calseta.alerts.values():
            alert.malice_override = chance.choice([None, "Benign"])

    def reached(fields: State) -> bool:
        return all(_tags(fields, params) if name == "tags" else fields[name] == value for name, value in asked.items())

    return Case("alert_update", sim.calseta, params, params["alert_ids"], reached)
