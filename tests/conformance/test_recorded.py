# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Does the simulator answer as the real services did, by status and shape, to every recorded request that it knows?

Only the shapes of what was recorded are in this project. Where the simulator differs on purpose, the case says why.
"""

from __future__ import annotations

import dataclasses
import json
import typing as t

import pytest
import requests

from ansible_collections.secops.triage.tests.conformance import calseta_recorded, datadog_recorded, kibana_recorded
from ansible_collections.secops.triage.tests.conformance.shapes import Case, differences
from ansible_collections.secops.triage.tests.simulator import Simulator

Words = dict[str, str]


def filled(value: t.Any, words: Words) -> t.Any:
    """The value with what it names in braces, such as ``{alert}``, put in."""
    if isinstance(value, dict):
        return {filled(name, words): filled(one, words) for name, one in value.items()}
    if isinstance(value, list):
        return [filled(one, words) for one in value]
    for name, word in words.items():
        value = value.replace(f"{{{name}}}", word) if isinstance(value, str) else value
    return value


def ask(sim: Simulator, platform: str, case: Case, words: Words, headers: dict[str, str]) -> t.Any:
    """The body that the simulator answers the case with, once its status is the recorded one."""
    vars(getattr(sim.settings, platform)).update(filled(case.settings, words))
    if case.fault:
        sim.faults.add(dataclasses.replace(case.fault, platform=platform))
    given = {name: filled(value, words) or None for name, value in {**headers, **case.headers}.items()}
    answer = requests.request(
        case.method,
        sim.world.platforms[platform].url + filled(case.path, words),
        json=filled(case.body, words),
        data=case.data,
        headers=given,
        allow_redirects=False,
        timeout=10,
    )
    assert answer.status_code == case.status, answer.text
    return answer.json() if answer.content else None


def named(cases: list[Case]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("case", cases, ids=[case.recorded.partition(",")[0] for case in cases])


@named(calseta_recorded.CASES)
def test_calseta(sim: Simulator, case: Case) -> None:
    good, calseta = sim.credentials, sim.calseta
    headers = {"Authorization": f"Bearer {getattr(good, case.key or 'calseta_api_key')}"}
    fresh, whole = calseta.add_alert().uuid, calseta.add_alert().uuid
    finding = {"agent_name": "runbook", "summary": "seen", "confidence": "low"}
    full = {"Authorization": f"Bearer {good.calseta_api_key}"}
    requests.post(f"{calseta.url}/v1/alerts/{whole}/findings", json=finding, headers=full, timeout=10)
    words = {
        "open": fresh,
        "plain": fresh.replace("-", ""),
        "upper": fresh.upper(),
        "closed": whole,
        "shut": calseta.add_alert(status="Closed", close_classification="Undetermined").uuid,
        "odd": calseta.add_alert(close_classification="no such value").uuid,
        "key": good.calseta_api_key,
        "prefix": good.calseta_api_key[:8],
        "expired": good.calseta_expired_key,
    }
    assert case.unexpected(ask(sim, "calseta", case, words, headers)) == []


@named(datadog_recorded.CASES)
def test_datadog(sim: Simulator, case: Case) -> None:
    keys = {"DD-API-KEY": sim.credentials.datadog_api_key, "DD-APPLICATION-KEY": sim.credentials.datadog_app_key}
    words = {
        "signal": sim.datadog.add_signal().id,
        "user": sim.datadog.user("greta@example.com").uuid,
        "incident": sim.datadog.incidents[0]["id"],
    }
    assert case.unexpected(ask(sim, "datadog", case, words, keys)) == []


@named(kibana_recorded.CASES)
def test_kibana(sim: Simulator, case: Case) -> None:
    key = getattr(sim.credentials, case.key or "kibana_api_key")
    headers = {"Authorization": f"ApiKey {key}", "kbn-xsrf": "true"}
    body = ask(sim, "kibana", case, {"alert": sim.kibana.add_alert()}, headers)
    assert case.unexpected(body) == []
    if case.status == 409:
        assert differences(kibana_recorded.ABORTED, json.loads(body["message"])) == []


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ({"a": 1, "b": [None]}, []),
        ({"a": True, "b": []}, ["a: bool"]),
        ({"a": 1}, ["b: missing"]),
        ({"a": 1, "b": ["x", "y"], "c": 0}, ["b[]: str", "c: unknown"]),
        ([], [": list"]),
    ],
)
def test_a_difference_is_seen(value: t.Any, found: list[str]) -> None:
    assert differences({"a": int, "b": [(None, float)]}, value) == found
