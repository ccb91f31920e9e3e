# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Two tasks that want different things of the same alerts at once: each tells what it did."""

from __future__ import annotations

import time

import pytest

from ansible_collections.secops.triage.tests.simulator import Fault, Simulator
from ansible_collections.secops.triage.tests.unit.harness import Params, rows, run_module

from .concurrent_tasks import ended, start, wait_for


@pytest.mark.parametrize("kind", ["signal_state", "link", "calseta", "security_deck", "kibana"])
def test_two_tasks_both_tell_what_they_did(
    sim: Simulator, datadog: Params, calseta: Params, security_deck: Params, kibana: Params, kind: str
) -> None:
    sim.settings.security_deck.operation_seconds = 0.0
    incidents = sim.datadog.incident_ids
    signals = {**datadog, "signal_ids": [sim.datadog.add_signal().id for _each in range(3)]}
    first, second = "IN_PROGRESS", "RESOLVED"
    if kind == "kibana":
        module, name = "kibana_alert_status", "status"
        task, first, second = (
            {**kibana, "alert_ids": [sim.kibana.add_alert() for _each in range(3)]},
            "acknowledged",
            "closed",
        )
    elif kind == "calseta":
        module, name, first, second = "alert_update", "status", "Triaging", "Escalated"
        task = {**calseta, "alert_ids": [sim.calseta.add_alert().uuid for _each in range(3)]}
    elif kind == "security_deck":
        module, name = "alert_update", "status"
        task = {**security_deck, "alert_ids": [sim.security_deck.add_alert(status="OPEN").id for _each in range(3)]}
    elif kind == "signal_state":
        module, name, task, first, second = "signal_state", "state", signals, "under_review", "archived"
    else:
        module, name, task = "signal_incident_link", "incident_id", signals
        first, second = str(incidents[0]), str(incidents[1])
    # The slow one has read, and is about to write, when the quick one comes, reads, and writes.
    sim.log.clear()
    sim.faults.add(Fault("delay", writes=True, delay=1.0, count=3))
    slow = start(module, {**task, name: first, "concurrency": 3})
    wait_for(sim, "delay", slow)
    while len(sim.log.writes()) < (1 if kind in ("kibana", "signal_state") else 3):
        time.sleep(0.005)
    sim.faults.clear()
    quick_result, slow_result = run_module(module, {**task, name: second}), ended(slow)
    for result, wanted in ((quick_result, second), (slow_result, first)):
        assert not result.get("failed"), result["msg"]
        for row in rows(result):
            assert row["changed"] is True
            shown = row["incident_ids"] if kind == "link" else row[name]
            assert shown == ([int(second), int(first)][: len(shown)] if kind == "link" else wanted)
    assert [one["before"] for one in slow_result["diff"]] == [one["before"] for one in quick_result["diff"]]
