# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The simulator and the connections of the unit tests, and the clients of others."""

from __future__ import annotations

import typing as t

import pytest
from datadog_api_client import ApiClient, Configuration
from kibana import Kibana
from kibana._sync.client.detection_engine import DetectionEngineClient

from ansible_collections.secops.triage.tests.simulator import Simulator
from ansible_collections.secops.triage.tests.unit.conftest import (
    _simulator,
    calseta,
    datadog,
    kibana,
    security_deck,
    sim,
)

# The fixtures are the same: pytest finds them by their names here.
__all__ = ["_simulator", "calseta", "datadog", "kibana", "security_deck", "sim"]


@pytest.fixture
def datadog_client(sim: Simulator) -> t.Iterator[ApiClient]:
    """Datadog's own client, with both keys."""
    keys = {"apiKeyAuth": sim.credentials.datadog_api_key, "appKeyAuth": sim.credentials.datadog_app_key}
    configuration = Configuration(host=sim.datadog.url, api_key=keys)
    with ApiClient(configuration) as client:
        yield client


@pytest.fixture
def detections(sim: Simulator) -> t.Iterator[DetectionEngineClient]:
    """The calls about detections of kibana-py."""
    with Kibana(hosts=sim.kibana.url, api_key=sim.credentials.kibana_api_key) as client:
        yield client.detection_engine
