# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Answers that are not as the API says: nothing is guessed of them. Fuzzing has found most of these."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.secops.triage.tests.simulator import Fault, Simulator
from ansible_collections.secops.triage.tests.unit.harness import Params, Result, by_id, rows, run_module, warnings_of

Odd = dict[str, t.Any]


def read_as(sim: Simulator, body: Odd) -> None:
    """From now on, this is merged into whatever a GET is answered with."""
    sim.faults.add(Fault("merge", method="GET", body=body, count=None))


def read_triage_as(sim: Simulator, triage: Odd) -> None:
    read_as(sim, {"data": {"attributes": {"custom": {"workflow": {"triage": triage}}}}})


def fails_unwritten(sim: Simulator, result: Result, said: str) -> None:
    assert said in result["msg"]
    assert not result["changed"]
    assert not sim.log.writes()


@pytest.mark.parametrize(
    "odd",
    [
        {"state": 5},
        {"state": ""},
        {"archiveReason": ["other"]},
        {"archiveComment": {}},
        {"assignee": "greta"},
        {"assignee": ""},
        {"assignee": []},
        {"assignee": False},
        {"assignee": {"uuid": 5}},
        {"incidentIds": 4100},
        {"incidentIds": [4100, "4101"]},
        {"incidentIds": [True]},
    ],
)
@pytest.mark.parametrize(
    ("module", "wanted"),
    [
        ("signal_state", {"state": "archived"}),
        ("signal_incident_link", {"incident_id": 4100, "state": "absent"}),
    ],
)
def test_signal(sim: Simulator, datadog: Params, module: str, wanted: Params, odd: Odd) -> None:
    signal_id = sim.datadog.add_signal().id
    read_triage_as(sim, odd)
    result = run_module(module, {**datadog, "signal_ids": signal_id, "retries": 0, **wanted})
    fails_unwritten(sim, result, "does not show this signal, or its triage is malformed")


def test_somebody_of_whom_only_the_number_is_told_is_somebody(sim: Simulator, datadog: Params) -> None:
    user = sim.datadog.user("greta@example.com")
    signal = sim.datadog.add_signal(assignee=user.uuid)
    read_triage_as(sim, {"assignee": {"uuid": None, "handle": None, "name": None}})
    result = run_module("signal_state", {**datadog, "signal_ids": signal.id, "assignee": ""})
    assert result["changed"]
    assert result["diff"][0]["before"]["assignee"] == str(user.number)
    assert signal.assignee == ""


@pytest.mark.parametrize(
    "odd", [{"id": ["x"]}, {"id": {}}, {"event": {"state": 5}}, {"event": {"incident_ids": [None]}}]
)
def test_bulk_answer(sim: Simulator, datadog: Params, odd: Odd) -> None:
    """What it does not show is settled alone."""
    ids = [sim.datadog.add_signal(incident_ids=[4100]).id for _each in range(2)]
    sim.faults.add(Fault("merge", path="bulk", body={"result": {"events": [odd]}}))
    result = run_module("signal_state", {**datadog, "signal_ids": ids, "state": "archived"})
    assert not result.get("failed"), result["msg"]
    assert [(row["changed"], row["state"]) for row in rows(result)] == [(True, "archived")] * 2


@pytest.mark.parametrize("odd", [{"assignee": None}, {"state": None}, {"archive_reason": None, "state": None}])
def test_null_in_the_answer_to_a_write_is_nothing_shown(sim: Simulator, datadog: Params, odd: Odd) -> None:
    user = sim.datadog.user("greta@example.com")
    signal = sim.datadog.add_signal(state="under_review")
    sim.faults.add(Fault("merge", method="PATCH", body={"data": {"attributes": odd}}, count=None))
    result = run_module("signal_state", {**datadog, "signal_ids": signal.id, "assignee": user.uuid})
    assert not result.get("failed"), result["msg"]
    (row,) = rows(result)
    assert (row["changed"], row["state"], row["assignee"]) == (True, "under_review", user.uuid)
    assert sim.datadog.writes_of(signal.id) == 1


def test_incidents_that_the_answer_does_not_show(sim: Simulator, datadog: Params) -> None:
    signal = sim.datadog.add_signal(incident_ids=[4100, 4101])
    nothing = {"data": {"attributes": {"incident_ids": None}}}
    sim.faults.add(Fault("merge", method="PATCH", body=nothing, count=None))
    params = {**datadog, "signal_ids": signal.id, "incident_id": 4100, "state": "absent"}
    assert by_id(run_module("signal_incident_link", params))[signal.id]["incident_ids"] == [4101]


@pytest.mark.parametrize("odd", ["", "..", "2000001", None, 7])
def test_user_without_a_uuid_is_nobody_to_assign(sim: Simulator, datadog: Params, odd: t.Any) -> None:
    """An empty uuid would unassign the signal."""
    signal_id = sim.datadog.add_signal(assignee=sim.datadog.user("greta@example.com").uuid).id
    sim.faults.add(Fault("merge", path="/users", body={"data": [{"id": odd}]}, count=None))
    params = {**datadog, "signal_ids": signal_id, "assignee": "bruno.costa@example.com"}
    fails_unwritten(sim, run_module("signal_state", params), "is neither the handle nor the e-mail of")


def test_version_that_is_no_number_is_not_quoted(sim: Simulator, datadog: Params) -> None:
    signal = sim.datadog.add_signal(version=9)
    read_as(sim, {"data": {"attributes": {"version": "\x1b[31m9"}}})
    result = run_module("signal_state", {**datadog, "signal_ids": signal.id, "state": "archived", "version": 1})
    assert "the signal is at version None" in result["error"]["hint"]


@pytest.mark.parametrize(
    "odd",
    [
        {"status": 5},
        {"status": ""},
        {"severity": None},
        {"tags": "a"},
        {"tags": [5]},
        {"tags": {}},
        {"close_classification": []},
    ],
)
def test_calseta_alert(sim: Simulator, calseta: Params, odd: Odd) -> None:
    """Tags that are no texts would be lost in a write of all tags."""
    alert = sim.calseta.add_alert(tags=["a"])
    read_as(sim, {"data": odd})
    params = {**calseta, "alert_ids": alert.uuid, "tags": ["b"], "purge_tags": False, "retries": 0}
    fails_unwritten(sim, run_module("alert_update", params), "does not show this alert")


@pytest.mark.parametrize(
    "odd",
    [
        {"status": 2},
        {"classification": ["TRUE_POSITIVE"]},
        {"assignee": "ajesomebody"},
        {"assignee": {"subject": "ajesomebody"}},
        {"assignee": {"subject": {"id": 7}}},
    ],
)
def test_security_deck_alert(sim: Simulator, security_deck: Params, odd: Odd) -> None:
    """Somebody who is not told in words that we know is not nobody."""
    alert = sim.security_deck.add_alert(assignee=sim.security_deck.subjects[0])
    read_as(sim, odd)
    params = {**security_deck, "alert_ids": alert.id, "assignee_subject_id": "", "retries": 0}
    fails_unwritten(sim, run_module("alert_update", params), "does not show this alert")


@pytest.mark.parametrize("odd", ["..", "a/b", "\ud800", "a b", "", 7, "x" * 300])
def test_operation_whose_id_is_none_is_not_asked_for(sim: Simulator, security_deck: Params, odd: t.Any) -> None:
    sim.settings.security_deck.operation_seconds = 0.0
    alert = sim.security_deck.add_alert()
    sim.faults.add(Fault("merge", method="PATCH", body={"id": odd, "done": False}))
    result = run_module("alert_update", {**security_deck, "alert_ids": alert.id, "status": "RESOLVED", "retries": 0})
    assert not sim.log.select(path="/operations")
    row = by_id(result)[alert.id]
    assert (row["changed"], row["status"]) == (True, "RESOLVED")


def test_search_that_finds_more_than_it_counts(sim: Simulator, kibana: Params) -> None:
    """The limit is held against what came, which is what would be written."""
    hits = [{"_id": f"x{number}", "_source": {"kibana.alert.workflow_status": "open"}} for number in range(3)]
    body = {"hits": {"hits": hits, "total": {"value": 1}}, "aggregations": {"matching": {"doc_count": 0}}}
    sim.faults.add(Fault(status=200, body=body, path="search", count=None))
    params = {**kibana, "query": {"exists": {"field": "host.name"}}, "status": "closed", "max_alerts": 1}
    fails_unwritten(sim, run_module("kibana_alert_status", params), "The query matches 3 alerts")


def test_reason_that_is_no_text(sim: Simulator, kibana: Params) -> None:
    """It is unknown, and hides no other alert. Kibana stores one only in the step to closed, so it stays."""
    odd: Params = {"kibana.alert.workflow_reason": ["duplicate"]}
    ids = [sim.kibana.add_alert("closed", **odd), sim.kibana.add_alert("open")]
    params = {**kibana, "alert_ids": ids, "status": "closed", "reason": "duplicate", "retries": 0}
    result = run_module("kibana_alert_status", params)
    assert not result.get("failed"), result["msg"]
    assert [(row["changed"], row["reason"]) for row in rows(result)] == [(False, None), (True, "duplicate")]
    assert "1 alerts do not have the reason 'duplicate'" in warnings_of(result)[0]


@pytest.mark.parametrize("location", ["http://[", "http://[::1", "//[", "\xe4\xff", ""])
@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_redirect_to_what_is_no_address(sim: Simulator, calseta: Params, status: int, location: str) -> None:
    alert = sim.calseta.add_alert()
    sim.faults.add(Fault(status=status, headers={"Location": location}, count=None))
    result = run_module("alert_update", {**calseta, "alert_ids": alert.uuid, "status": "Triaging"})
    fails_unwritten(sim, result, "a redirect to")
    assert result["error"]["status"] == status
    assert len(sim.log) == 1


@pytest.mark.parametrize("path", ["/" + "a" * 5000, "a\x00b"])
def test_ca_path_that_no_file_can_have(sim: Simulator, calseta: Params, path: str) -> None:
    alert = sim.calseta.add_alert()
    result = run_module("alert_update", {**calseta, "alert_ids": alert.uuid, "status": "Triaging", "ca_path": path})
    assert "does not exist" in result["msg"]
    assert not sim.log.writes()
