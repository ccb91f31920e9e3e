# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Does the simulator answer as the real Calseta did, status and shape, to every recorded request that it knows?"""

from __future__ import annotations

import typing as t

import pytest
import requests

from ansible_collections.secops.triage.tests.conformance.calseta_recorded import CASES
from ansible_collections.secops.triage.tests.conformance.shapes import Case
from ansible_collections.secops.triage.tests.simulator import Simulator


@pytest.fixture
def words(sim: Simulator) -> dict[str, str]:
    """What the cases' paths and headers name: alerts of every kind, and keys."""
    good, calseta = sim.credentials, sim.calseta
    fresh = calseta.add_alert().uuid
    whole = calseta.add_alert()
    headers = {"Authorization": f"Bearer {good.calseta_api_key}"}
    finding = {"agent_name": "runbook", "summary": "seen", "confidence": "low"}
    requests.post(f"{calseta.url}/v1/alerts/{whole.uuid}/findings", json=finding, headers=headers, timeout=10)
    return {
        "open": fresh,
        "plain": fresh.replace("-", ""),
        "upper": fresh.upper(),
        "closed": whole.uuid,
        "shut": calseta.add_alert(status="Closed", close_classification="Undetermined").uuid,
        "odd": calseta.add_alert(close_classification="no such value").uuid,
        "key": good.calseta_api_key,
        "prefix": good.calseta_api_key[:8],
        "expired": good.calseta_expired_key,
    }


def filled(text: str, words: dict[str, str]) -> str:
    return text.format(**words) if "{" in text else text


@pytest.mark.parametrize("case", CASES, ids=[case.recorded.partition(",")[0] for case in CASES])
def test_answers_as_recorded(sim: Simulator, words: dict[str, str], case: Case) -> None:
    vars(sim.settings.calseta).update(case.settings)
    key = getattr(sim.credentials, case.key or "calseta_api_key")
    headers: dict[str, t.Any] = {"Authorization": f"Bearer {key}", **case.headers}
    headers = {name: filled(value, words) or None for name, value in headers.items()}
    answer = requests.request(
        case.method,
        sim.calseta.url + filled(case.path, words),
        json=case.body,
        data=case.data,
        headers=headers,
        allow_redirects=False,
        timeout=10,
    )
    assert answer.status_code == case.status, answer.text
    assert case.unexpected(answer.json() if answer.content else None) == []
