# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Bytes that are no answer at all."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.secops.triage.tests.simulator import Simulator

from .modules import TASKS
from .runs import fresh_world, rows, run
from .wire import Wire, answers


# Where Content-Length has two values, urllib3 leaves its socket to the garbage collector.
@pytest.mark.filterwarnings("ignore:Exception ignored in. <socket:pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("name", TASKS)
@given(answer=answers, data=st.data())
def test_wire(sim: Simulator, wire: Wire, name: str, answer: bytes, data: st.DataObject) -> None:
    """A documented failure, or nothing at all is found: nothing of this shows an alert, or a change that was made."""
    task = TASKS[name]
    options = data.draw(task.asked(), label="options")
    fresh_world(sim, task)
    wire.answer = answer
    result = run(sim, task, {**options, "api_url": wire.url}, check=False)
    alerts = rows(result)
    # An empty object is a page without alerts, or without comments, and with status 404 there is no such alert.
    assert result.get("failed") or not alerts
    # Of a write whose fate is not known, nothing is said.
    assert not any(one.get("changed") for one in alerts)
