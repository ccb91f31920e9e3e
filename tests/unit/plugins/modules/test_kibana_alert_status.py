# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Alerts of Elastic Security by their ids: what is read, what is written, and what is reported."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.secops.triage.tests.simulator import Fault, Simulator
from ansible_collections.secops.triage.tests.unit.harness import (
    Meanwhile,
    Params,
    Result,
    by_id,
    counts_of,
    four_runs,
    run_module,
    warnings_of,
)

NAME = "kibana_alert_status"
STATUS = "kibana.alert.workflow_status"
REASON = "kibana.alert.workflow_reason"
#: Those in the middle are what a title is made of.
FIELDS = [STATUS, "signal.status", "kibana.alert.reason", "kibana.alert.rule.name", "signal.rule.name", REASON]


def run(kibana: Params, *, check: bool = False, **options: t.Any) -> Result:
    return run_module(NAME, {**kibana, "retries": 1, **options}, check=check)


def many(sim: Simulator, count: int) -> list[str]:
    """So many open alerts, and nothing else."""
    sim.reset(alerts={"kibana": count})
    for document in sim.kibana.alerts().values():
        document.update({STATUS: "open", REASON: None})
    return list(sim.kibana.alerts())


@pytest.mark.versions
def test_writes_and_reports_only_what_differs(sim: Simulator, kibana: Params) -> None:
    """The server would rewrite the closed ones too, and count them as updated."""
    was_open = [key for key, document in sim.kibana.alerts().items() if document[STATUS] != "closed"]
    everything = list(sim.kibana.alerts())
    assert len(was_open) < len(everything)
    runs = four_runs(sim, NAME, {**kibana, "alert_ids": everything, "status": "closed"})
    assert [key for key, row in by_id(runs.real).items() if row["changed"]] == was_open
    assert list(by_id(runs.real)) == everything
    assert not [key for key in everything if key not in was_open and sim.kibana.writes_of(key)]


@pytest.mark.parametrize("counters", [{"updated": 0, "total": 0}, {"updated": 99, "total": 99, "noops": 99}])
def test_counters_of_the_answer_are_not_believed(sim: Simulator, kibana: Params, counters: dict[str, int]) -> None:
    key = sim.kibana.add_alert()
    sim.faults.add(Fault("merge", path="signals/status", count=None, body=counters))
    runs = four_runs(sim, NAME, {**kibana, "alert_id": key, "status": "closed"})
    assert runs.real["counts"]["changed"] == 1


def test_an_update_that_did_nothing_is_a_failure(sim: Simulator, kibana: Params) -> None:
    key = sim.kibana.add_alert()
    deleted = Meanwhile(lambda entry: sim.kibana.alerts().clear(), path="signals/status")
    sim.faults.add(deleted)
    result = run(kibana, alert_id=key, status="closed")
    assert result["failed"]
    assert by_id(result)[key]["changed"] is None
    assert "gone" in result["msg"]


def test_unknown_ids_are_all_named_and_nothing_is_written(sim: Simulator, kibana: Params) -> None:
    unknown = ["f" * 64, "e" * 64]
    key = sim.kibana.add_alert()
    for check in (True, False):
        result = run(kibana, alert_ids=[unknown[0], key, unknown[1]], status="closed", reason="other", check=check)
        assert result["failed"]
        assert not result.get("warnings"), "the open alert has not lost a reason"
        assert not result["changed"]
        assert all(one in result["msg"] for one in unknown)
        assert [key for key, row in by_id(result).items() if row.get("error", {}).get("status") == 404] == unknown
    assert not sim.log.writes()


@pytest.mark.versions
@pytest.mark.parametrize("ids", ["alert_ids", "alert_id", "signal_ids"])
@pytest.mark.parametrize("url", ["api_url", "kibana_url"])
def test_aliases(sim: Simulator, kibana: Params, ids: str, url: str) -> None:
    address = kibana.pop("api_url")
    key = sim.kibana.add_alert()
    runs = four_runs(sim, NAME, {**kibana, url: address, ids: key, "status": "acknowledged"})
    assert by_id(runs.real)[key]["status"] == "acknowledged"


@pytest.mark.parametrize("status", ["open", "acknowledged", "closed", "in-progress"])
@pytest.mark.parametrize("before", ["open", "acknowledged", "closed", "in-progress"])
def test_every_status(sim: Simulator, kibana: Params, before: str, status: str) -> None:
    key = sim.kibana.add_alert(before)
    runs = four_runs(sim, NAME, {**kibana, "alert_ids": [key], "status": status})
    assert runs.real["changed"] is (before != status)
    assert sim.kibana.alerts()[key][STATUS] == status


def test_repeated_ids_are_one_alert_and_none_are_none(sim: Simulator, kibana: Params) -> None:
    key = sim.kibana.add_alert()
    runs = four_runs(sim, NAME, {**kibana, "alert_ids": [key, f" {key} ", key], "status": "closed"})
    assert runs.real["counts"]["requested"] == 1
    runs = four_runs(sim, NAME, {**kibana, "alert_ids": [], "status": "closed"})
    assert runs.real["alerts"] == []


def test_reads_the_flat_source_and_nothing_else(sim: Simulator, kibana: Params) -> None:
    key = sim.kibana.add_alert("closed", "duplicate")
    run(kibana, alert_ids=[key], status="closed")
    (search,) = sim.log
    assert search.body == {"query": {"ids": {"values": [key]}}, "size": 2, "_source": FIELDS}


def test_an_alert_from_before_8_0(sim: Simulator, kibana: Params) -> None:
    key = sim.kibana.add_alert("open", legacy=True)
    runs = four_runs(sim, NAME, {**kibana, "alert_ids": [key], "status": "in-progress"})
    assert by_id(runs.real)[key] == {"id": key, "changed": True, "status": "in-progress", "reason": None}
    assert sim.kibana.alerts()[key]["signal"]["status"] == "in-progress"


@pytest.mark.parametrize(
    ("source", "status"),
    [
        ({"signal.status": "closed"}, "closed"),
        ({"signal": {"status": "closed"}}, "closed"),
        ({STATUS: "closed", "signal.status": "open"}, "closed"),
        ({"kibana": {"alert": {"workflow_status": "closed"}}}, "closed"),
    ],
)
def test_where_the_status_may_stand(sim: Simulator, kibana: Params, source: dict[str, t.Any], status: str) -> None:
    sim.kibana.alerts()["a" * 64] = source
    runs = four_runs(sim, NAME, {**kibana, "alert_ids": ["a" * 64], "status": status})
    assert not runs.real["changed"]


@pytest.mark.parametrize("odd", [{}, {STATUS: None}, {STATUS: 5}, {STATUS: ""}, {STATUS: ["open"]}], ids=str)
@pytest.mark.parametrize("guards", [{}, {"only_from": ["open"]}, {"only_from": ["open"], "on_guard": "skip"}], ids=str)
@pytest.mark.parametrize("by_query", [False, True], ids=["ids", "query"])
def test_an_alert_without_a_status_is_an_error_of_its_own(
    sim: Simulator, kibana: Params, odd: Params, guards: Params, by_query: bool
) -> None:
    """Nobody knows what it is, and nothing is written to it. The other alerts are written all the same."""
    bad, good = "a" * 64, sim.kibana.add_alert()
    sim.kibana.alerts()[bad] = {"host": {"name": "web-01"}, "@timestamp": "2026-03-01T00:00:00.000Z", **odd}
    named: Params = {"query": {"ids": {"values": [bad, good]}}} if by_query else {"alert_ids": [bad, good]}
    for check in (True, False, False, True):
        result = run_module(NAME, {**kibana, **named, **guards, "status": "closed", "retries": 0}, check=check)
        row = by_id(result)[bad]
        assert (row["changed"], row["status"], row["error"]["kind"]) == (False, None, "unreadable")
        assert f"The alert {bad} has no status" in row["error"]["message"]
        assert result["counts"]["failed"] == 1
        assert by_query or by_id(result)[good]["status"] == "closed"
    assert sim.kibana.alerts()[good][STATUS] == "closed"
    assert len(sim.log.writes()) == 1
    assert not sim.kibana.writes_of(bad)


# The reason


@pytest.mark.parametrize("reason", ["false_positive", "Rote Übung 7", "our own reason"])
def test_reason_is_stored_on_closing_and_gone_on_reopening(sim: Simulator, kibana: Params, reason: str) -> None:
    key = sim.kibana.add_alert()
    runs = four_runs(sim, NAME, {**kibana, "alert_ids": [key], "status": "closed", "reason": reason})
    assert by_id(runs.real)[key]["reason"] == sim.kibana.alerts()[key][REASON] == reason
    runs = four_runs(sim, NAME, {**kibana, "alert_ids": [key], "status": "open"})
    assert by_id(runs.real)[key]["reason"] is None
    assert runs.real["diff"][0]["before"] == {"status": "closed", "reason": reason}
    assert REASON not in sim.kibana.alerts()[key]


@pytest.mark.versions
def test_other_reason_on_a_closed_alert_is_a_warning_and_no_write(sim: Simulator, kibana: Params) -> None:
    key = sim.kibana.add_alert("closed", "duplicate")
    task = {**kibana, "alert_ids": [key], "status": "closed", "reason": "true_positive"}
    runs = four_runs(sim, NAME, task, warns=True)
    assert not runs.real["changed"]
    assert by_id(runs.real)[key]["reason"] == "duplicate"
    assert warnings_of(runs.check) == warnings_of(runs.real)
    assert key in warnings_of(runs.real)[0]
    assert "reopen" in warnings_of(runs.real)[0]


def test_reason_that_is_not_asked_for_stays(sim: Simulator, kibana: Params) -> None:
    key = sim.kibana.add_alert("closed", "duplicate")
    runs = four_runs(sim, NAME, {**kibana, "alert_ids": [key], "status": "closed"})
    assert by_id(runs.real)[key]["reason"] == "duplicate"


def test_reason_dropped_by_an_older_server_is_a_warning(sim: Simulator, kibana: Params) -> None:
    sim.settings.kibana.supports_reason = False
    key = sim.kibana.add_alert()
    results = [
        run(kibana, alert_ids=[key], status="closed", reason="duplicate", check=check) for check in (False, False, True)
    ]
    assert [result["changed"] for result in results] == [True, False, False]
    assert [by_id(result)[key]["reason"] for result in results] == [None, None, None]
    assert all("9.2" in warnings_of(result)[0] for result in results)
    assert results[0]["diff"][0]["after"] == {"status": "closed", "reason": None}


@pytest.mark.parametrize("by_query", [False, True], ids=["ids", "query"])
def test_a_reason_that_the_newest_server_does_not_know(sim: Simulator, kibana: Params, by_query: bool) -> None:
    """Check mode cannot know that, and the hint says so."""
    sim.settings.kibana.reasons = ("false_positive", "duplicate")
    key = sim.kibana.add_alert()
    named: Params = {"query": {"ids": {"values": [key]}}} if by_query else {"alert_ids": [key]}
    task = {**kibana, **named, "status": "closed", "reason": "handled elsewhere", "retries": 0}
    assert run_module(NAME, task, check=True)["changed"]
    result = run_module(NAME, task)
    assert (result["changed"], result["error"]["status"], result["error"]["kind"]) == (False, 400, "refused")
    assert "Invalid reason: handled elsewhere" in result["error"]["message"]
    assert "may not know the reason 'handled elsewhere'" in result["error"]["hint"]
    assert "Check mode cannot know that" in result["error"]["hint"]
    assert run_module(NAME, {**task, "reason": "duplicate"})["changed"]


def test_reason_for_an_old_alert_is_known_to_be_dropped(sim: Simulator, kibana: Params) -> None:
    key = sim.kibana.add_alert(legacy=True)
    task = {**kibana, "alert_ids": [key], "status": "closed", "reason": "duplicate"}
    runs = four_runs(sim, NAME, task, warns=True)
    assert by_id(runs.check)[key]["reason"] is None


# How many requests


def test_five_thousand_alerts_are_one_read_five_writes_and_one_read(sim: Simulator, kibana: Params) -> None:
    ids = many(sim, 5000)
    result = run(kibana, alert_ids=ids, status="closed")
    assert result["counts"]["changed"] == 5000
    assert [entry.is_write for entry in sim.log] == [False, *[True] * 5, False]
    assert [len(entry.body["signal_ids"]) for entry in sim.log.writes()] == [1000] * 5


def test_more_alerts_than_one_search_shows(sim: Simulator, kibana: Params) -> None:
    ids = many(sim, 10_500)
    result = run(kibana, alert_ids=ids, status="closed")
    assert result["counts"] == counts_of(10_500, changed=10_500)
    searched = sorted(len(entry.body["query"]["ids"]["values"]) for entry in sim.log.reads())
    assert searched == [500, 500, 10_000, 10_000]
    assert len(sim.log.writes()) == 11


# What goes wrong


def test_conflict_by_ids_is_tried_again(sim: Simulator, kibana: Params) -> None:
    ids = [sim.kibana.add_alert() for _number in range(5)]
    sim.settings.kibana.batch_size = 2
    sim.settings.kibana.conflicts = {ids[2]: 1}
    result = run(kibana, alert_ids=ids, status="closed")
    assert result["counts"] == counts_of(5, changed=5)
    # What the aborted update had done was seen, and is not sent again.
    assert [entry.body["signal_ids"] for entry in sim.log.writes()] == [ids, [ids[2], ids[4]]]
    assert [entry.status for entry in sim.log.writes()] == [409, 200]


def test_conflict_that_stays_is_told_of_just_those_alerts(sim: Simulator, kibana: Params) -> None:
    ids = [sim.kibana.add_alert() for _number in range(4)]
    sim.settings.kibana.conflicts = {ids[1]: 9}
    result = run(kibana, alert_ids=ids, status="closed")
    assert result["failed"]
    assert result["changed"]
    assert result["counts"] == counts_of(4, changed=3, failed=1, unconfirmed=1)
    error = by_id(result)[ids[1]]["error"]
    assert error["status"] == 409
    assert "version conflict, required seqNo" in error["message"]
    assert by_id(result)[ids[1]]["changed"] is None


def test_an_analyst_who_was_faster_is_not_overwritten_after_a_conflict(sim: Simulator, kibana: Params) -> None:
    key = sim.kibana.add_alert()
    sim.settings.kibana.conflicts = {key: 1}
    closed = {STATUS: "closed", REASON: "true_positive"}
    sim.faults.add(Meanwhile(lambda entry: sim.kibana.alerts()[key].update(closed), path="signals/status"))
    result = run(kibana, alert_ids=[key], status="closed", reason="false_positive")
    assert by_id(result)[key]["reason"] == "true_positive"
    assert result["warnings"]
    assert len(sim.log.writes()) == 1


@pytest.mark.parametrize("answer", [{"timed_out": True}, {"_shards": {"failed": 1}}, {"hits": None}])
def test_incomplete_search_is_not_believed(sim: Simulator, kibana: Params, answer: dict[str, t.Any]) -> None:
    """An alert on a shard that did not answer would look like one that is not there."""
    key = sim.kibana.add_alert()
    sim.faults.add(Fault("merge", path="signals/search", count=None, body=answer))
    result = run(kibana, alert_ids=[key], status="closed")
    assert result["failed"]
    assert "no such alert" not in result["msg"]
    assert not sim.log.writes()


def test_when_the_result_cannot_be_read_it_is_not_known(sim: Simulator, kibana: Params) -> None:
    key = sim.kibana.add_alert()
    sim.faults.add(Fault("merge", path="signals/search", nth=2, count=None, body={"timed_out": True}))
    result = run(kibana, alert_ids=[key], status="closed")
    assert result["failed"]
    assert result["changed"]
    assert by_id(result)[key]["changed"] is None


def test_lost_answer_of_a_write_is_looked_up(sim: Simulator, kibana: Params) -> None:
    key = sim.kibana.add_alert()
    sim.faults.add(Fault("close", writes=True, when="after"))
    result = run(kibana, alert_ids=[key], status="closed")
    assert by_id(result)[key] == {"id": key, "changed": True, "status": "closed", "reason": None}
    assert len(sim.log.writes()) == 1
