# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What ``signal_state`` tells of a write that was refused, lost, or answered with something else."""

from __future__ import annotations

import pytest

from ansible_collections.secops.triage.tests.simulator import Fault, Simulator
from ansible_collections.secops.triage.tests.unit.harness import Params, Result, counts_of, four_runs, rows, run_module


@pytest.fixture
def one(sim: Simulator, datadog: Params) -> Params:
    """The task of archiving one open signal, with one retry."""
    signal = sim.datadog.add_signal(version=7)
    return {**datadog, "signal_ids": [signal.id], "state": "archived", "retries": 1}


def failed(params: Params, **more: object) -> Result:
    """What a run of the module tells, which must be a failure, of the only signal as of the task."""
    result = run_module("signal_state", {**params, **more})
    assert result["failed"]
    assert rows(result)[0]["error"] == result["error"]
    assert result["counts"] == counts_of(1, failed=1, unconfirmed=int(rows(result)[0]["changed"] is None))
    return result


def test_version_is_never_sent_without_the_option(sim: Simulator, datadog: Params) -> None:
    ids = [sim.datadog.add_signal(version=7).id for dummy in range(3)]
    for some in (ids[:1], ids):
        run_module("signal_state", {**datadog, "signal_ids": some, "state": "archived"})
    assert len(sim.log.writes()) == 2
    assert not [entry for entry in sim.log.writes() if "version" in str(entry.body)]


def test_version_is_sent_as_given(sim: Simulator, datadog: Params) -> None:
    signal = sim.datadog.add_signal(version=7)
    runs = four_runs(sim, "signal_state", {**datadog, "signal_ids": signal.id, "state": "archived", "version": 7})
    assert runs.real["changed"]
    ids = [sim.datadog.add_signal(version=7).id for dummy in range(2)]
    sim.log.clear()
    run_module("signal_state", {**datadog, "signal_ids": ids, "state": "archived", "version": 0})
    assert {item["attributes"]["version"] for item in sim.log.select(path="/bulk/")[0].body["data"]} == {0}


@pytest.mark.parametrize("status", [409, 400])
@pytest.mark.parametrize("shape", ["objects", "strings", "error"])
def test_a_version_conflict_names_both(sim: Simulator, one: Params, status: int, shape: str) -> None:
    sim.settings.datadog.conflict_status = status
    sim.settings.datadog.error_shape = shape
    result = failed(one, version=5)
    assert not result["changed"]
    assert result["error"]["status"] == status
    hint = result["error"]["hint"]
    assert "version 5 was sent" in hint
    assert "at version 7" in hint
    assert hint in result["msg"]


def test_a_version_conflict_in_a_bulk_names_both(sim: Simulator, one: Params) -> None:
    ids = [*one["signal_ids"], sim.datadog.add_signal(version=3).id]
    result = run_module("signal_state", {**one, "signal_ids": ids, "version": 5})
    assert result["failed"]
    behind, fine = rows(result)
    assert "version 5 was sent, and the signal is at version 7" in behind["error"]["hint"]
    assert fine["changed"]
    assert "error" not in fine


def test_a_conflict_is_not_made_up_without_a_version(sim: Simulator, one: Params) -> None:
    sim.faults.add(Fault("status", writes=True, status=409, body={"errors": ["busy"]}))
    assert failed(one)["error"]["hint"] is None


@pytest.mark.parametrize("status", [400, 403, 404, 409, 422])
def test_a_refusal_is_told_in_the_apis_words_and_not_repeated(sim: Simulator, one: Params, status: int) -> None:
    sim.faults.add(
        Fault(
            "status",
            writes=True,
            status=status,
            count=None,
            body={"errors": [{"title": "No", "detail": "because of that"}]},
            headers={"X-Request-Id": "req-77"},
        )
    )
    result = failed(one)
    error = result["error"]
    assert (error["status"], error["method"], error["request_id"]) == (status, "PATCH", "req-77")
    assert error["path"].endswith(f"/{one['signal_ids'][0]}/update")
    assert "No: because of that" in error["message"]
    assert not result["changed"]
    assert rows(result)[0]["changed"] is False
    assert rows(result)[0]["state"] == "open"
    assert len(sim.log.writes()) == 1


def test_what_an_error_is_about_is_told(sim: Simulator, one: Params) -> None:
    """Datadog's v2 names it apart from the words."""
    about = {"source": {"pointer": "/data/attributes/archive_reason"}, "meta": {"allowed": "none, other"}}
    body = {"errors": [{"title": "Bad Request", "detail": "not allowed", **about}]}
    sim.faults.add(Fault("status", writes=True, status=400, count=None, body=body))
    said = "pointer /data/attributes/archive_reason: Bad Request: not allowed (allowed none, other)"
    assert said in failed(one)["error"]["message"]


@pytest.mark.parametrize("retries", [0, 1])
@pytest.mark.parametrize("action", ["reset", "close", "truncate", "html", "empty", "status"])
def test_a_write_that_was_done_but_not_answered_counts_once(
    sim: Simulator, one: Params, action: str, retries: int
) -> None:
    sim.faults.add(Fault(action, writes=True, when="after"))
    result = run_module("signal_state", {**one, "retries": retries})
    assert not result.get("failed"), result["msg"]
    assert result["changed"]
    assert rows(result)[0]["state"] == "archived"
    assert len(sim.log.writes()) == 1


@pytest.mark.parametrize("action", ["reset", "close", "html", "empty", "status"])
def test_a_write_that_was_lost_is_sent_again_after_a_look(sim: Simulator, one: Params, action: str) -> None:
    sim.faults.add(Fault(action, writes=True, when="before"))
    result = run_module("signal_state", one)
    assert not result.get("failed"), result["msg"]
    assert [entry.is_write for entry in sim.log] == [False, True, False, True]


def test_a_write_without_an_answer_in_time(sim: Simulator, one: Params) -> None:
    sim.faults.add(Fault("delay", writes=True, when="after", delay=1.0))
    result = run_module("signal_state", {**one, "timeout": 0.3})
    assert not result.get("failed"), result["msg"]
    assert result["changed"]
    assert len(sim.log.writes()) == 1


def test_an_answer_with_another_value_is_believed_less_than_a_read(sim: Simulator, one: Params) -> None:
    sim.faults.add(Fault("merge", writes=True, body={"data": {"attributes": {"state": "under_review"}}}))
    result = run_module("signal_state", one)
    assert not result.get("failed"), result["msg"]
    assert result["changed"], "it did change, whatever the answer says"
    assert rows(result)[0]["state"] == "archived", "as a look shows it"
    assert result["diff"][0]["after"]["state"] == "archived"


@pytest.mark.parametrize("state", ["open", "under_review"])
def test_an_answer_with_another_value_is_not_the_truth_where_no_look_confirms_it(
    sim: Simulator, one: Params, state: str
) -> None:
    sim.faults.add(Fault("merge", writes=True, body={"data": {"attributes": {"state": state}}}))
    sim.faults.add(Fault(status=500, method="GET", nth=2, count=None))
    result = failed({**one, "retries": 0})
    assert f"state is '{state}' where 'archived' was asked for" in result["msg"]
    assert sim.datadog.signals[rows(result)[0]["id"]].state == "archived"
    assert rows(result)[0]["changed"] is None, "nobody knows"
    assert "state" not in rows(result)[0]


def test_a_bulk_answer_with_another_value_is_believed_less_than_a_read(sim: Simulator, one: Params) -> None:
    ids = [*one["signal_ids"], sim.datadog.add_signal().id]
    event = {"event": {"archive_reason": "none"}}
    sim.faults.add(Fault("merge", writes=True, body={"result": {"events": [event]}}))
    result = run_module("signal_state", {**one, "signal_ids": ids, "archive_reason": "other"})
    assert not result.get("failed"), result["msg"]
    assert [row["changed"] for row in rows(result)] == [True, True]
    assert len(sim.log.writes()) == 1


@pytest.mark.parametrize("body", [{}, [], {"data": None}, {"data": {"attributes": []}}, {"ok": True}, "done", 1, None])
def test_a_write_whose_answer_shows_nothing_is_looked_at(sim: Simulator, one: Params, body: object) -> None:
    told = {"body": "null"} if body is None else {"body": body}
    as_json = {"Content-Type": "application/json"}
    text = told if not isinstance(body, str) else {"body": '"done"'}
    sim.faults.add(Fault("status", writes=True, status=200, when="after", headers=as_json, **text))
    result = run_module("signal_state", one)
    assert not result.get("failed"), result["msg"]
    assert result["changed"]
    assert len(sim.log.writes()) == 1
    assert len(sim.log.reads()) == 2


def test_a_write_that_is_answered_well_but_not_done_is_a_failure(sim: Simulator, one: Params) -> None:
    sim.faults.add(Fault("status", writes=True, status=200, when="before", count=None, body={"status": "done"}))
    result = failed(one)
    assert "the answer does not show what was done" in result["msg"]
    assert rows(result)[0]["changed"] is None
    # One retry, a read after each write, and more for as long as reads may lag.
    assert [entry.is_write for entry in sim.log][:6] == [False, True, False, True, False, False]
    assert len(sim.log.writes()) == 2


def test_a_signal_that_vanishes_meanwhile(sim: Simulator, one: Params) -> None:
    sim.faults.add(Fault("close", writes=True))
    sim.faults.add(Fault("status", method="GET", nth=2, count=None, status=404, body={"errors": ["Signal not found"]}))
    result = failed(one)
    assert "gone" in result["msg"]
    assert rows(result)[0]["changed"] is None


def test_what_cannot_be_read_fails_before_anything_is_written(sim: Simulator, one: Params) -> None:
    sim.faults.add(Fault("status", method="GET", status=500, count=None))
    result = run_module("signal_state", one)
    assert result["failed"]
    assert result["error"]["status"] == 500
    assert "signals" not in result
    assert not sim.log.writes()


def test_words_that_no_output_can_hold_are_told_all_the_same(sim: Simulator, one: Params) -> None:
    ugly = '{"errors": ["half \\ud800 of it \\u001b[31mred"]}'
    sim.faults.add(Fault("status", writes=True, status=400, body=ugly))
    result = failed(one)
    assert "half" in result["msg"]
    assert "\x1b" not in result["msg"]


def test_a_404_that_is_a_page_is_no_unknown_signal(sim: Simulator, one: Params) -> None:
    sim.faults.add(Fault("status", method="GET", status=404, html=True, count=None))
    result = run_module("signal_state", one)
    assert result["failed"]
    assert "no such signal" not in result["msg"]
    assert "an HTML page" in result["msg"]


def test_the_first_write_may_come_through_late(sim: Simulator, one: Params) -> None:
    """The look after a lost answer still shows the old state; the second write is refused: a last look tells."""
    sim.faults.add(Fault("close", writes=True, when="after"))
    late = {"data": {"attributes": {"custom": {"workflow": {"triage": {"state": "open"}}}}}}
    sim.faults.add(Fault("merge", method="GET", nth=2, body=late))
    sim.faults.add(Fault("status", writes=True, nth=1, status=409))
    result = run_module("signal_state", one)
    assert not result.get("failed"), result["msg"]
    assert result["changed"]
