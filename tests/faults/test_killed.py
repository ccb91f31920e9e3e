# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A module that is killed in the middle: a second run finishes the rest, and touches nothing that was done."""

from __future__ import annotations

import signal
import time

import pytest

from ansible_collections.secops.triage.tests.simulator import Fault, Simulator
from ansible_collections.secops.triage.tests.simulator.base import Platform
from ansible_collections.secops.triage.tests.unit.harness import Params, rows, run_module

from . import cases_alerts, cases_kibana
from .concurrent_tasks import calm, start, wait_for

ALERTS = 12
#: Of the requests whose path ends so, the module is killed during this one, which is done before that or not at all.
PLACES = {
    "signal_state alone": ("/update$", 6, "before"),
    "signal_state bulk": ("/bulk/update$", 1, "after"),
    "link": ("/add_to_incident$", 6, "after"),
    "unlink": ("/incidents$", 6, "before"),
    "calseta": ("^/calseta/", ALERTS + 6, "after"),
    "security_deck writing": ("/alerts/", ALERTS + 6, "after"),
    "security_deck waiting": ("/operations/", 1, "before"),
    "kibana": ("/status$", 1, "after"),
    "kibana undone": ("/status$", 1, "before"),
    "tags": ("/tags$", 1, "after"),
    "assignees": ("/assignees$", 1, "before"),
}


@pytest.fixture
def case(
    request: pytest.FixtureRequest,
    sim: Simulator,
    datadog: Params,
    kibana: Params,
    security_deck: Params,
    calseta: Params,
) -> tuple[str, Platform, Params]:
    """A module, its platform, and a task for alerts of which each has to be changed."""
    name = str(request.param).split()[0]
    if name in ("signal_state", "link", "unlink"):
        sim.settings.datadog.bulk = "on" if "bulk" in request.param else 404
        incident = sim.datadog.incident_ids[0]
        linked = [incident] if name == "unlink" else []
        params = {**datadog, "signal_ids": [sim.datadog.add_signal(incident_ids=linked).id for _each in range(ALERTS)]}
        if name == "signal_state":
            return "signal_state", sim.datadog, {**params, "state": "archived"}
        params |= {"incident_id": incident, "state": "absent" if linked else "present"}
        return "signal_incident_link", sim.datadog, params
    if name in ("tags", "assignees"):
        ids = [sim.kibana.add_alert() for _each in range(ALERTS)]
        return f"kibana_alert_{name}", sim.kibana, {**kibana, "alert_ids": ids, name: [sim.kibana.users[0][0]]}
    if name == "kibana":
        ids = [sim.kibana.add_alert() for _each in range(ALERTS)]
        return "kibana_alert_status", sim.kibana, {**kibana, "alert_ids": ids, "status": "closed"}
    if name == "calseta":
        ids = [sim.calseta.add_alert().uuid for _each in range(ALERTS)]
        return "alert_update", sim.calseta, {**calseta, "alert_ids": ids, "status": "Triaging"}
    sim.settings.security_deck.poll_interval = 0.02
    ids = [sim.security_deck.add_alert(status="OPEN").id for _each in range(ALERTS)]
    return "alert_update", sim.security_deck, {**security_deck, "alert_ids": ids, "status": "RESOLVED"}


@pytest.mark.parametrize(("case", "place"), PLACES.items(), indirect=["case"], ids=list(PLACES))
def test_a_second_run_finishes_what_a_killed_one_began(
    sim: Simulator, case: tuple[str, Platform, Params], place: tuple[str, int, str]
) -> None:
    module, platform, params = case
    path, nth, when = place
    ids = params.get("signal_ids") or params["alert_ids"]
    sim.log.clear()
    sim.faults.add(Fault("close", path=path, nth=nth, when=when, delay=0.4))
    process = start(module, {**params, "concurrency": 2})
    wait_for(sim, "close", process)
    process.send_signal(signal.SIGKILL)
    with process:
        assert process.wait() == -signal.SIGKILL
    calm(sim)
    done = [alert_id for alert_id in ids if _settled(sim, platform).changes_of(alert_id)]
    result = run_module(module, params)
    assert not result.get("failed"), result["msg"]
    assert {row["id"] for row in rows(result) if not row["changed"]} == set(done)
    assert result["counts"]["changed"] == len(ids) - len(done)
    assert [platform.writes_of(alert_id) for alert_id in ids] == [1] * ALERTS
    assert not run_module(module, params)["changed"]


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("provider", ["security_deck", "calseta", "kibana"])
def test_a_second_run_leaves_the_notes_that_a_killed_one_did_not(
    sim: Simulator, request: pytest.FixtureRequest, provider: str, when: str
) -> None:
    """And none of them twice."""
    platform = sim.world.platforms[provider]
    ids = list(platform.overview())[:ALERTS]
    params = {**request.getfixturevalue(provider), "provider": provider, "alert_ids": ids, "text": "Seen"}
    sim.settings.security_deck.operation_seconds = 0.0
    sim.log.clear()
    sim.faults.add(Fault("close", writes=True, nth=6, when=when, delay=0.4))
    # Nothing more is done, however late the signal comes.
    sim.faults.add(Fault("close", writes=True, nth=6, count=None, delay=0.4))
    process = start("alert_note", {**params, "concurrency": 2})
    wait_for(sim, "close", process)
    process.send_signal(signal.SIGKILL)
    with process:
        assert process.wait() == -signal.SIGKILL
    calm(sim)
    result = run_module("alert_note", params)
    assert not result.get("failed"), result["msg"]
    assert 0 < result["counts"]["changed"] < ALERTS
    for alert_id in ids:
        in_kibana = provider == "kibana"
        there = cases_kibana.notes(sim, alert_id) if in_kibana else cases_alerts.notes(sim, provider, alert_id)
        assert there == ["Seen"], alert_id
    assert not run_module("alert_note", params)["changed"]


def _settled(sim: Simulator, platform: Platform) -> Platform:
    """The platform, with all operations at their end."""
    while not all(operation.done for operation in sim.security_deck.operations.values()):
        time.sleep(0.01)
    return platform
