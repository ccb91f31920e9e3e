# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The simulator under test, and a client for each of its platforms."""

from __future__ import annotations

import typing as t

import pytest
import requests

from ansible_collections.secops.triage.tests.simulator import Simulator
from ansible_collections.secops.triage.tests.unit.simulator.alerts import KINDS, OnPlatform
from ansible_collections.secops.triage.tests.unit.simulator.client import Client


@pytest.fixture(scope="session")
def _server() -> t.Iterator[Simulator]:
    with Simulator(alerts=0) as simulator:
        yield simulator


@pytest.fixture
def sim(_server: Simulator) -> Simulator:
    """The simulator with forty alerts, as new."""
    _server.reset(alerts=40, seed=7, latency=0.0)
    return _server


@pytest.fixture
def session() -> t.Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False
        yield session


@pytest.fixture
def datadog(sim: Simulator, session: requests.Session) -> Client:
    keys = {"DD-API-KEY": sim.credentials.datadog_api_key, "DD-APPLICATION-KEY": sim.credentials.datadog_app_key}
    return Client(session, sim.datadog.url, keys)


@pytest.fixture
def kibana(sim: Simulator, session: requests.Session) -> Client:
    headers = {"Authorization": f"ApiKey {sim.credentials.kibana_api_key}", "kbn-xsrf": "true"}
    return Client(session, sim.kibana.url, headers)


@pytest.fixture
def security_deck(sim: Simulator, session: requests.Session) -> Client:
    return Client(session, sim.security_deck.url, {"Authorization": f"Bearer {sim.credentials.iam_token}"})


@pytest.fixture
def calseta(sim: Simulator, session: requests.Session) -> Client:
    return Client(session, sim.calseta.url, {"Authorization": f"Bearer {sim.credentials.calseta_api_key}"})


@pytest.fixture(params=KINDS, ids=lambda kind: kind.name)
def on(request: pytest.FixtureRequest, sim: Simulator) -> OnPlatform:
    """An open alert, on each platform in turn."""
    kind: type[OnPlatform] = request.param
    return kind(sim, request.getfixturevalue(kind.name))
