# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The simulator and the connections of the unit tests; and the order of these."""

from __future__ import annotations

import pytest

from ansible_collections.secops.triage.tests.unit.conftest import (
    _simulator,
    calseta,
    datadog,
    kibana,
    security_deck,
    sim,
)

__all__ = ["_simulator", "calseta", "datadog", "kibana", "security_deck", "sim"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest begins first: it mostly waits, and others can run meanwhile."""
    items.sort(key=lambda item: item.path.name != "test_storm.py")
