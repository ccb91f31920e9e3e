# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.secops.triage.tests.simulator import Simulator


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--whole", action="store_true", help="every secret with everything that it can meet")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "whole: only with --whole; the unit tests look at the same from nearer")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    left_out = [] if config.getoption("--whole") else [item for item in items if item.get_closest_marker("whole")]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: t.Any) -> t.Any:
    """A file's tests stay together: they look at the same runs."""
    scheduler = pytest.importorskip("xdist.scheduler")
    return scheduler.LoadFileScheduling(config, log)


@pytest.fixture(scope="session")
def whole(request: pytest.FixtureRequest) -> bool:
    """Whether all cases are played, and not a few of each kind."""
    return bool(request.config.getoption("--whole"))


@pytest.fixture(scope="module")
def sim() -> t.Iterator[Simulator]:
    with Simulator(alerts=40) as simulator:
        yield simulator
