# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An analyst who changes an alert while a task is at it, and the conflicts that Kibana tells of."""

from __future__ import annotations

import pytest

from ansible_collections.secops.triage.tests.simulator import Simulator
from ansible_collections.secops.triage.tests.unit.harness import Params, by_id, rows, run_module

from .concurrent_tasks import meanwhile


@pytest.fixture
def alerts(sim: Simulator) -> list[str]:
    """Four open ones, in the order in which the service comes upon them."""
    ids = [sim.kibana.add_alert(host={"name": "race-01"}) for _each in range(4)]
    for position, alert_id in enumerate(ids):
        sim.kibana.alerts()[alert_id]["@timestamp"] = f"2026-01-01T00:00:0{position}.000Z"
    return ids


@pytest.fixture
def close(kibana: Params, alerts: list[str]) -> Params:
    return {**kibana, "alert_ids": alerts, "status": "closed", "retries": 1}


@pytest.fixture
def close_by_query(kibana: Params, alerts: list[str]) -> Params:
    ours = [{"term": {"host.name": "race-01"}}, {"term": {"kibana.alert.workflow_status": "open"}}]
    return {**kibana, "query": {"bool": {"filter": ours}}, "status": "closed", "retries": 1}


def set_status(sim: Simulator, alert_id: str, status: str) -> None:
    sim.kibana.alerts()[alert_id]["kibana.alert.workflow_status"] = status


def test_by_ids_the_last_write_wins(sim: Simulator, close: Params, alerts: list[str]) -> None:
    meanwhile(sim, lambda: set_status(sim, alerts[0], "acknowledged"))
    result = run_module("kibana_alert_status", close)
    assert [row["status"] for row in rows(result)] == ["closed"] * 4
    assert result["counts"]["changed"] == 4


def test_by_ids_what_a_conflict_left_undone_is_sent_again(sim: Simulator, close: Params, alerts: list[str]) -> None:
    sim.settings.kibana.conflicts = {alerts[1]: 1}
    sim.settings.kibana.batch_size = 1
    result = run_module("kibana_alert_status", close)
    assert result["counts"]["changed"] == 4
    assert [entry.status for entry in sim.log.writes()] == [409, 200]
    assert sim.log.writes()[1].body["signal_ids"] == alerts[1:]


def test_by_query_abort_reports_what_was_done_before_the_conflict(
    sim: Simulator, close_by_query: Params, alerts: list[str]
) -> None:
    sim.settings.kibana.conflicts = {alerts[1]: 1}
    sim.settings.kibana.batch_size = 2
    result = run_module("kibana_alert_status", close_by_query)
    assert result["failed"]
    listed = by_id(result)
    assert [listed[alert_id]["changed"] for alert_id in alerts] == [True, None, None, None]
    assert [sim.kibana.overview()[alert_id]["status"] for alert_id in alerts] == ["closed", "open", "open", "open"]
    assert all(listed[alert_id]["error"]["status"] == 409 for alert_id in alerts[1:])
    assert len(sim.log.writes()) == 1


@pytest.mark.parametrize(("times", "changed"), [(1, [True] * 4), (99, [True, None, True, True])])
def test_by_query_proceed_goes_on_and_tries_the_rest_again(
    sim: Simulator, close_by_query: Params, alerts: list[str], times: int, changed: list[bool | None]
) -> None:
    sim.settings.kibana.conflicts = {alerts[1]: times}
    result = run_module("kibana_alert_status", {**close_by_query, "conflicts": "proceed"})
    assert [by_id(result)[alert_id]["changed"] for alert_id in alerts] == changed
    assert bool(result.get("failed")) == (None in changed)
    assert [len(sim.kibana.changes_of(alert_id)) for alert_id in alerts] == [int(done or 0) for done in changed]


@pytest.mark.parametrize("conflicts", ["abort", "proceed"])
def test_by_query_what_an_analyst_takes_out_of_it_is_left_alone(
    sim: Simulator, close_by_query: Params, alerts: list[str], conflicts: str
) -> None:
    meanwhile(sim, lambda: set_status(sim, alerts[0], "acknowledged"))
    result = run_module("kibana_alert_status", {**close_by_query, "conflicts": conflicts})
    row = by_id(result)[alerts[0]]
    assert row["changed"] is None
    assert row["status"] == sim.kibana.overview()[alerts[0]]["status"] == "acknowledged"
    assert "status is 'acknowledged' where 'closed' was asked for" in row["error"]["message"]
    assert not sim.kibana.changes_of(alerts[0])
    assert [by_id(result)[alert_id]["changed"] for alert_id in alerts[1:]] == [True] * 3


def test_by_query_what_comes_to_match_meanwhile_is_left_alone(
    sim: Simulator, close_by_query: Params, alerts: list[str]
) -> None:
    late: list[str] = []
    meanwhile(sim, lambda: late.append(sim.kibana.add_alert(host={"name": "race-01"})))
    result = run_module("kibana_alert_status", close_by_query)
    assert result["counts"]["changed"] == result["matched"] == 4
    assert sim.kibana.overview()[late[0]]["status"] == "open"
