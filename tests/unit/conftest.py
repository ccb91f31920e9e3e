# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What all tests share: the simulator, and the options that connect to its platforms."""

from __future__ import annotations

import os
import typing as t
from pathlib import Path

import pytest

from ansible_collections.secops.triage.tests.simulator import Simulator
from ansible_collections.secops.triage.tests.unit.harness import Params, short_read_lag, without_environment

_PLAYS = Path(__file__).with_name("playbooks")

# A module takes half of a surrogate pair. Ansible's own side, which some tests load here, would not.
# It looks at its settings but once, so this must be said before.
os.environ["ANSIBLE_MODULE_STRICT_UTF8_RESPONSE"] = "false"

# A session of `make matrix-ends` leaves a marker here, in its copy: ansible-test hands no arguments on to pytest.
_ONLY = Path(__file__).with_name("only.txt")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "whole: a play that others are much like; `make test` leaves it out")
    config.addinivalue_line(
        "markers", "versions: depends on Ansible, Python or packages; the only unit tests of `make matrix-ends`"
    )
    if _ONLY.is_file():
        config.option.markexpr = _ONLY.read_text()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let half of the workers begin with the plays, which take longest: the tests are cut into as many pieces.

    Plays need a processor, and many other tests wait for what is slow, so that both go well together.
    """
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    plays = [item for item in items if item.path.parent == _PLAYS]
    others = [item for item in items if item.path.parent != _PLAYS]
    players = max(1, workers // 2)
    size = -(-len(items) // workers)
    items.clear()
    for number in range(workers):
        own = plays[number::players] if number < players else []
        items += own + others[: size - len(own)]
        del others[: size - len(own)]
    items += others


@pytest.fixture(scope="session")
def _simulator() -> t.Iterator[Simulator]:
    with Simulator(alerts=0) as simulator:
        yield simulator


@pytest.fixture
def sim(_simulator: Simulator, monkeypatch: pytest.MonkeyPatch) -> Simulator:
    """The simulator with forty alerts, as new; nothing of the user's environment shows through."""
    without_environment(monkeypatch)
    short_read_lag(monkeypatch)
    _simulator.reset(alerts=40)
    return _simulator


@pytest.fixture
def datadog(sim: Simulator) -> Params:
    return {
        "api_url": sim.datadog.url,
        "api_key": sim.credentials.datadog_api_key,
        "app_key": sim.credentials.datadog_app_key,
    }


@pytest.fixture
def kibana(sim: Simulator) -> Params:
    return {"api_url": sim.kibana.url, "api_key": sim.credentials.kibana_api_key}


@pytest.fixture
def security_deck(sim: Simulator) -> Params:
    return {
        "provider": "security_deck",
        "api_url": sim.security_deck.url,
        "iam_token": sim.credentials.iam_token,
    }


@pytest.fixture
def calseta(sim: Simulator) -> Params:
    return {"provider": "calseta", "api_url": sim.calseta.url, "api_key": sim.credentials.calseta_api_key}
