# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the storm has found: each fate of a write that was once told otherwise than it was."""

from __future__ import annotations

import pytest

from ansible_collections.secops.triage.tests.simulator import Fault, Simulator
from ansible_collections.secops.triage.tests.unit.harness import Params, by_id, counts_of, rows, run_module

from .concurrent_tasks import calm, only


@pytest.fixture
def signal(sim: Simulator, datadog: Params) -> Params:
    """The task of archiving one open signal, with one retry."""
    return {**datadog, "signal_ids": [sim.datadog.add_signal().id], "state": "archived", "retries": 1}


@pytest.fixture
def link(sim: Simulator, datadog: Params) -> Params:
    """The task of linking a signal to an incident, with one retry."""
    signal = sim.datadog.add_signal()
    return {**datadog, "signal_ids": [signal.id], "incident_id": sim.datadog.incident_ids[0], "retries": 1}


def test_a_look_that_fails_does_not_hide_what_others_show(sim: Simulator, calseta: Params) -> None:
    ids = [sim.calseta.add_alert().uuid for _each in range(4)]
    sim.faults.add(Fault("close", method="PATCH", when="after", count=None))
    sim.faults.add(Fault(status=500, method="GET", path=ids[1], nth=2, count=None))
    result = run_module("alert_update", {**calseta, "alert_ids": ids, "status": "Triaging", "retries": 0})
    assert [row["changed"] for row in rows(result)] == [True, None, True, True]
    assert [row["id"] for row in rows(result) if "error" in row] == [ids[1]]
    assert result["counts"] == counts_of(4, changed=3, failed=1, unconfirmed=1)


def test_a_server_that_is_silent_is_not_waited_for_by_every_alert(sim: Simulator, calseta: Params) -> None:
    ids = [sim.calseta.add_alert().uuid for _each in range(20)]
    sim.faults.add(Fault(status=500, method="PATCH", when="after", count=None))
    sim.faults.add(Fault("close", method="GET", nth=21, count=None))
    task = {**calseta, "alert_ids": ids, "status": "Triaging", "retries": 0, "concurrency": 2}
    result = run_module("alert_update", task)
    assert [row["changed"] for row in rows(result)] == [None] * 20
    assert len(sim.log.reads()) <= 22


@pytest.mark.parametrize("fault", [{"action": "delay", "delay": 1.5}, {"action": "status", "status": 504}])
def test_a_write_without_an_answer_is_unknown_for_it_may_still_come_about(
    sim: Simulator, calseta: Params, fault: Params
) -> None:
    alert = sim.calseta.add_alert()
    sim.faults.add(Fault(method="PATCH", when="before", **fault))
    task = {**calseta, "alert_ids": [alert.uuid], "status": "Triaging", "timeout": 0.2, "retries": 0}
    row = only(run_module("alert_update", task))
    calm(sim)
    assert row["changed"] is None
    assert row["status"] == "Open"
    assert row["error"]["method"] == "PATCH"
    assert alert.status == ("Triaging" if fault["action"] == "delay" else "Open")


def test_a_write_that_failed_may_have_been_done(sim: Simulator, signal: Params) -> None:
    sim.faults.add(Fault(status=500, method="PATCH", count=None))
    row = only(run_module("signal_state", signal))
    assert row["changed"] is None
    assert row["state"] == "open"


def test_a_conflict_with_the_own_late_write_is_not_a_failure(sim: Simulator, signal: Params) -> None:
    only_id = signal["signal_ids"][0]
    version = sim.datadog.signals[only_id].version
    # The first write comes about while the second is told to wait.
    sim.faults.add(Fault("delay", method="PATCH", when="before", delay=0.5))
    sim.faults.add(Fault(status=429, method="PATCH", wait_form="retry_after", wait=0.5))
    task = {**signal, "timeout": 0.2, "version": version}
    result = run_module("signal_state", task)
    assert not result.get("failed"), result["msg"]
    assert only(result)["changed"] is True
    assert len(sim.datadog.changes_of(only_id)) == 1


def test_a_refusal_says_nothing_of_the_try_before_it(sim: Simulator, signal: Params) -> None:
    sim.faults.add(Fault(status=500, method="PATCH"))
    sim.faults.add(Fault(status=409, method="PATCH"))
    sim.faults.add(Fault(status=500, method="GET", nth=3, count=None))
    row = only(run_module("signal_state", signal))
    assert row["changed"] is None
    assert "state" not in row
    assert row["error"]["status"] == 409


def test_what_a_look_has_shown_stands_when_a_later_one_fails(sim: Simulator, kibana: Params) -> None:
    alert_id = sim.kibana.add_alert()
    sim.faults.add(Fault(status=200, path="/status$", body={"total": 1, "updated": 1}))
    sim.faults.add(Fault(status=500, path="/search$", nth=4, count=None))
    task = {**kibana, "alert_ids": [alert_id], "status": "closed", "retries": 1}
    row = only(run_module("kibana_alert_status", task))
    assert row["changed"] is None
    assert row["status"] == "open"
    assert "The change was sent, but status is 'open'" in row["error"]["message"]


@pytest.mark.parametrize("answered", [True, False])
def test_a_link_that_reads_do_not_show_yet_is_unknown(sim: Simulator, link: Params, answered: bool) -> None:
    sim.settings.datadog.incident_lag_reads = 9
    if not answered:
        sim.faults.add(Fault(status=500, method="PATCH", when="after", count=None))
    row = only(run_module("signal_incident_link", {**link, "retries": 0}))
    assert row["changed"] is None
    assert "error" in row
    assert sim.datadog.signals[row["id"]].incident_ids == [link["incident_id"]]


@pytest.mark.parametrize("module", ["signal_state", "signal_incident_link", "alert_update"])
def test_an_answer_that_shows_nothing_is_looked_into_and_the_write_sent_again(
    sim: Simulator, signal: Params, link: Params, calseta: Params, module: str
) -> None:
    alert = {**calseta, "alert_ids": [sim.calseta.add_alert().uuid], "status": "Triaging"}
    task = {"signal_state": signal, "signal_incident_link": link, "alert_update": alert}[module]
    sim.faults.add(Fault(status=200, method="PATCH", body={}))
    result = run_module(module, {"retries": 1, **task})
    if module == "signal_incident_link":
        # A second one could link twice.
        assert only(result)["changed"] is None
        assert len(sim.log.writes()) == 1
        return
    assert not result.get("failed"), result["msg"]
    assert only(result)["changed"] is True
    assert [entry.is_write for entry in sim.log][:4] == [False, True, False, True]


def test_nothing_is_known_to_be_sent_where_the_links_cannot_be_read(sim: Simulator, link: Params) -> None:
    signal = sim.datadog.signals[link["signal_ids"][0]]
    signal.incident_ids = [link["incident_id"]]
    sim.faults.add(Fault(status=500, method="GET", nth=2, count=None))
    row = only(run_module("signal_incident_link", {**link, "state": "absent", "retries": 0}))
    assert row["changed"] is False
    assert row["incident_ids"] == [link["incident_id"]]
    assert row["error"]["method"] == "GET"
    assert not sim.log.writes()


def test_an_operation_that_failed_answers_the_tries_before_it_too(sim: Simulator, security_deck: Params) -> None:
    alert = sim.security_deck.add_alert(status="OPEN")
    sim.settings.security_deck.failing_operations = 1
    sim.settings.security_deck.poll_interval = 0.02
    sim.faults.add(Fault("close", method="PATCH", when="after"))
    task = {**security_deck, "alert_ids": [alert.id], "status": "RESOLVED", "retries": 1}
    row = only(run_module("alert_update", task))
    assert row["changed"] is False
    assert row["status"] == "OPEN"
    assert "failed" in row["error"]["message"]
    assert len(sim.log.writes()) == 2
    assert len(sim.security_deck.operations) == 1


def test_what_was_refused_for_one_alert_is_told_of_that_alert(sim: Simulator, datadog: Params) -> None:
    ids = [sim.datadog.add_signal().id for _each in range(6)]
    sim.settings.datadog.bulk = 404
    sim.faults.add(Fault(status=401, method="PATCH", path="/update$", nth=2))
    result = run_module("signal_state", {**datadog, "signal_ids": ids, "state": "archived", "concurrency": 1})
    for alert_id, row in by_id(result).items():
        assert row["changed"] is False
        assert alert_id in row["error"]["path"]
