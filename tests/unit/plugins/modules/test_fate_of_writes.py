# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a task may have changed is never reported as unchanged, and what adds is sent once: on every platform."""

from __future__ import annotations

import dataclasses
import json
import time
import typing as t

import pytest

from ansible_collections.secops.triage.tests.simulator import Fault, Simulator
from ansible_collections.secops.triage.tests.simulator.faults import UNCLEAR
from ansible_collections.secops.triage.tests.unit.harness import (
    READ_LAGS,
    Meanwhile,
    Params,
    Result,
    by_id,
    rows,
    run_module,
    short_read_lag,
)

FOREVER = float("inf")
TEXT = "The host was taken off the network."


@dataclasses.dataclass
class Case:
    """A task on one or two alerts of a platform, and how each of them truly is."""

    platform: str
    module: str
    task: Params
    ids: list[str]
    is_done: t.Callable[[str], bool]

    def run(self, **options: t.Any) -> Result:
        return run_module(self.module, {**self.task, "retries": 1, **options})


def _signals(sim: Simulator, connection: Params, count: int, **fields: t.Any) -> tuple[list[str], Params]:
    ids = [sim.datadog.add_signal(**fields).id for _each in range(count)]
    return ids, {**connection, "signal_ids": ids}


def _state(sim: Simulator, connections: dict[str, Params], count: int) -> Case:
    ids, task = _signals(sim, connections["datadog"], count)
    task["state"] = "archived"
    return Case("datadog", "signal_state", task, ids, lambda one: sim.datadog.signals[one].state == "archived")


def _unlink(sim: Simulator, connections: dict[str, Params], count: int) -> Case:
    incident = sim.datadog.incident_ids[0]
    ids, task = _signals(sim, connections["datadog"], count, incident_ids=[incident])
    task.update(incident_id=incident, state="absent")
    return Case("datadog", "signal_incident_link", task, ids, lambda one: not sim.datadog.signals[one].incident_ids)


def _calseta(sim: Simulator, connections: dict[str, Params], count: int) -> Case:
    ids = [sim.calseta.add_alert().uuid for _each in range(count)]
    task = {**connections["calseta"], "alert_ids": ids, "status": "Triaging"}
    return Case("calseta", "alert_update", task, ids, lambda one: sim.calseta.alerts[one].status == "Triaging")


def _security_deck(sim: Simulator, connections: dict[str, Params], count: int) -> Case:
    sim.settings.security_deck.operation_seconds = 0
    ids = [sim.security_deck.add_alert(status="OPEN").id for _each in range(count)]
    task = {**connections["security_deck"], "alert_ids": ids, "status": "RESOLVED"}

    def done(one: str) -> bool:
        return sim.security_deck.alerts[one].status == "RESOLVED"

    return Case("security_deck", "alert_update", task, ids, done)


def _kibana(module: str, options: Params, field: str, value: t.Any) -> t.Callable[..., Case]:
    def case(sim: Simulator, connections: dict[str, Params], count: int) -> Case:
        ids = [sim.kibana.add_alert() for _each in range(count)]
        task = {**connections["kibana"], "alert_ids": ids, **options}
        documents = sim.kibana.spaces["default"]
        return Case("kibana", module, task, ids, lambda one: documents[one].get(field) == value)

    return case


SETS: dict[str, tuple[t.Callable[..., Case], int]] = {
    "signal_state": (_state, 1),
    "signal_state in bulk": (_state, 3),
    "unlinking": (_unlink, 1),
    "alert_update calseta": (_calseta, 1),
    "alert_update security_deck": (_security_deck, 1),
    "kibana_alert_status": (
        _kibana("kibana_alert_status", {"status": "closed"}, "kibana.alert.workflow_status", "closed"),
        2,
    ),
    "kibana_alert_tags": (_kibana("kibana_alert_tags", {"tags": ["vpn"]}, "kibana.alert.workflow_tags", ["vpn"]), 2),
}


@pytest.fixture
def connections(datadog: Params, kibana: Params, security_deck: Params, calseta: Params) -> dict[str, Params]:
    return {"datadog": datadog, "kibana": kibana, "security_deck": security_deck, "calseta": calseta}


@pytest.fixture(params=SETS)
def case(request: pytest.FixtureRequest, sim: Simulator, connections: dict[str, Params]) -> Case:
    make, count = SETS[request.param]
    return make(sim, connections, count)


def assert_unknown(case: Case, result: Result) -> None:
    """Assert that nobody knows, that this is said with what to do, and that it counts."""
    assert result["failed"]
    assert result["changed"], "it may have been changed"
    assert "Nothing was changed" not in result["msg"]
    assert [row["changed"] for row in rows(result)] == [None] * len(case.ids)
    assert result["counts"]["unconfirmed"] == len(case.ids)
    assert all(row["error"]["message"] for row in rows(result))
    assert f"Nobody knows whether these {'signals' if case.platform == 'datadog' else 'alerts'}" in result["msg"]
    assert all(one in result["msg"] for one in case.ids)


def assert_done(case: Case, result: Result) -> None:
    assert not result.get("failed"), result["msg"]
    assert [row["changed"] for row in rows(result)] == [True] * len(case.ids)
    assert result["counts"]["unconfirmed"] == 0


@pytest.mark.parametrize("answer", sorted(UNCLEAR))
@pytest.mark.parametrize("name", ["signal_state", "alert_update calseta"])
def test_a_refusal_says_nothing_of_an_unclear_try_whatever_it_was(
    sim: Simulator, connections: dict[str, Params], name: str, answer: str
) -> None:
    case = SETS[name][0](sim, connections, 1)
    sim.world.platforms[case.platform].settings.read_lag = FOREVER
    sim.faults.add(answer, writes=True)
    sim.faults.add("conflict", writes=True, count=None)
    assert_unknown(case, case.run())


@pytest.mark.parametrize("answer", ["accepted", "error_500", "close", "see_other"])
def test_a_refusal_says_nothing_of_the_unclear_try_before_it(sim: Simulator, case: Case, answer: str) -> None:
    """It was applied and answered unclearly; a read shows the old state; the second try is refused."""
    sim.world.platforms[case.platform].settings.read_lag = FOREVER
    sim.faults.add(answer, writes=True)
    sim.faults.add("conflict", writes=True, count=None)
    result = case.run()
    assert all(case.is_done(one) for one in case.ids)
    assert_unknown(case, result)


@pytest.mark.parametrize("status", [403, 429])
def test_no_refusal_says_anything_of_it(sim: Simulator, case: Case, status: int) -> None:
    sim.world.platforms[case.platform].settings.read_lag = FOREVER
    sim.faults.add("error_500", writes=True)
    sim.faults.add(Fault(status=status, writes=True, count=None))
    assert_unknown(case, case.run())


@pytest.mark.parametrize("answer", ["empty_object", "error_503"])
@pytest.mark.parametrize("retries", [0, 1])
def test_a_read_that_lags_is_waited_for(
    sim: Simulator, case: Case, monkeypatch: pytest.MonkeyPatch, answer: str, retries: int
) -> None:
    """However many retries there are: reading is not trying."""
    short_read_lag(monkeypatch, 2.0)
    sim.world.platforms[case.platform].settings.read_lag = 0.7
    sim.faults.add(answer, writes=True)
    sim.faults.add("conflict", writes=True, count=None)
    assert_done(case, case.run(retries=retries))


def test_what_was_sent_without_an_answer_and_is_not_seen_is_unknown(sim: Simulator, case: Case) -> None:
    """Not even where nothing was done: nobody can know that."""
    sim.faults.add("error_503", writes=True, when="before", count=None, headers={"X-Request-Id": "req-4711"})
    result = case.run()
    assert not any(case.is_done(one) for one in case.ids)
    assert_unknown(case, result)
    assert "The service answered 503 to every try (request id " in result["msg"]
    assert "Look at them again" not in result["msg"]


def test_what_differs_from_try_to_try_is_worth_a_further_look(sim: Simulator, case: Case) -> None:
    sim.faults.add("error_503", writes=True, when="before")
    sim.faults.add("close", writes=True, when="before", count=None)
    assert "Look at them again in a minute, before you run the task again." in case.run()["msg"]


@pytest.mark.parametrize("status", [400, 403, 409, 422])
def test_what_was_refused_at_every_try_was_not_changed(sim: Simulator, case: Case, status: int) -> None:
    sim.faults.add(Fault(status=status, writes=True, count=None))
    result = case.run()
    assert result["failed"]
    assert not result["changed"]
    assert result["counts"]["unconfirmed"] == 0
    assert "Nothing was changed." in result["msg"]


@pytest.mark.parametrize("updated", [0, 1])
@pytest.mark.parametrize("retries", [0, 1])
def test_a_conflict_leaves_doubt_only_where_something_was_updated(
    sim: Simulator, connections: dict[str, Params], updated: int, retries: int
) -> None:
    case = SETS["kibana_alert_status"][0](sim, connections, 2)
    said = json.dumps({"updated": updated, "version_conflicts": 1, "failures": [{"id": case.ids[0]}]})
    sim.faults.add(Fault(status=409, path="/status$", body={"message": said, "status_code": 409}, count=None))
    result = case.run(retries=retries)
    assert [row["changed"] for row in rows(result)] == [None if updated else False] * 2
    assert len(sim.log.writes()) == 1 + retries


# An answer names its alert, or does not count


@pytest.mark.parametrize("name", ["signal_state", "unlinking", "alert_update calseta", "alert_update security_deck"])
@pytest.mark.parametrize("read_lag", [0.0, FOREVER])
def test_the_answer_about_another_alert_is_none(
    sim: Simulator, connections: dict[str, Params], name: str, read_lag: float
) -> None:
    """It is looked at: what was done shows, and what cannot be seen is unknown."""
    case = SETS[name][0](sim, connections, 1)
    sim.world.platforms[case.platform].settings.read_lag = read_lag
    sim.faults.add("another", writes=True, count=None)
    result = case.run(retries=0)
    if read_lag:
        assert_unknown(case, result)
    else:
        assert_done(case, result)
    assert len(sim.log.writes()) == 1


@pytest.mark.parametrize("name", ["left_out", "repeated"])
def test_a_bulk_answer_that_names_a_signal_not_once_is_unclear_for_that_one(
    sim: Simulator, connections: dict[str, Params], name: str
) -> None:
    case = _state(sim, connections, 3)
    sim.settings.datadog.read_lag = FOREVER
    sim.faults.add(name, writes=True)
    result = case.run(retries=0)
    odd = case.ids[-1] if name == "left_out" else case.ids[0]
    assert {one: row["changed"] for one, row in by_id(result).items()} == {
        one: None if one == odd else True for one in case.ids
    }
    assert result["counts"]["unconfirmed"] == 1


def test_a_signal_that_the_bulk_answer_leaves_out_is_sent_again_only_within_retries(
    sim: Simulator, connections: dict[str, Params]
) -> None:
    for retries, writes in ((0, 1), (1, 2)):
        case = _state(sim, connections, 3)
        sim.log.clear()
        sim.faults.add("left_out", writes=True, when="before")
        result = case.run(retries=retries)
        assert len(sim.log.writes()) == writes
        assert by_id(result)[case.ids[-1]]["changed"] is (True if retries else None)


def test_an_answer_that_shows_the_old_state_is_believed_less_than_a_read(
    sim: Simulator, connections: dict[str, Params]
) -> None:
    for case, old in (
        (_state(sim, connections, 1), {"data": {"attributes": {"state": "open", "archive_reason": "none"}}}),
        (_calseta(sim, connections, 1), {"data": {"status": "Open"}}),
    ):
        sim.log.clear()
        sim.faults.add(Fault("merge", writes=True, body=old))
        assert_done(case, case.run())
        assert len(sim.log.writes()) == 1


# Adding is once


def _link(sim: Simulator, connections: dict[str, Params]) -> Case:
    ids, task = _signals(sim, connections["datadog"], 1)
    incident = sim.datadog.incident_ids[0]
    task["incident_id"] = incident
    return Case(
        "datadog", "signal_incident_link", task, ids, lambda one: sim.datadog.signals[one].incident_ids == [incident]
    )


def _finding(sim: Simulator, connections: dict[str, Params]) -> Case:
    ids = [sim.calseta.add_alert().uuid]
    task = {**connections["calseta"], "alert_ids": ids, "text": TEXT}
    return Case("calseta", "alert_note", task, ids, lambda one: len(sim.calseta.alerts[one].findings) == 1)


def _note(sim: Simulator, connections: dict[str, Params]) -> Case:
    ids = [sim.kibana.add_alert()]
    task = {"provider": "kibana", **connections["kibana"], "alert_ids": ids, "text": TEXT}
    notes = sim.kibana.notes
    return Case("kibana", "alert_note", task, ids, lambda one: len(notes.get("default", [])) == 1)


def _comment(sim: Simulator, connections: dict[str, Params]) -> Case:
    sim.settings.security_deck.operation_seconds = 0
    ids = [sim.security_deck.add_alert().id]
    task = {**connections["security_deck"], "alert_ids": ids, "text": TEXT}
    return Case("security_deck", "alert_note", task, ids, lambda one: len(sim.security_deck.alerts[one].comments) == 1)


ADDS = {"link": _link, "finding": _finding, "note": _note, "comment": _comment}


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        *((name, answer) for name in ("link", "finding") for answer in sorted(UNCLEAR)),
        *((name, answer) for name in ("note", "comment") for answer in ("accepted", "error_500", "close", "see_other")),
    ],
)
def test_what_adds_is_added_once(sim: Simulator, connections: dict[str, Params], name: str, answer: str) -> None:
    """Whatever the answer was, and although no read shows it."""
    case = ADDS[name](sim, connections)
    sim.world.platforms[case.platform].settings.read_lag = FOREVER
    sim.faults.add(answer, writes=True, count=1 if name == "comment" else None)
    result = case.run(retries=3)
    assert case.is_done(case.ids[0])
    if name == "comment":
        # The service knows the key of the first try.
        assert_done(case, result)
        assert len(sim.log.writes()) == 2
    else:
        assert_unknown(case, result)
        assert len(sim.log.writes()) == 1


@pytest.mark.parametrize("name", ADDS)
def test_what_adds_shows_late(
    sim: Simulator, connections: dict[str, Params], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    short_read_lag(monkeypatch, 2.0)
    case = ADDS[name](sim, connections)
    sim.world.platforms[case.platform].settings.read_lag = 0.6
    sim.faults.add("error_500", writes=True, count=None)
    assert_done(case, case.run(retries=0))
    assert case.is_done(case.ids[0])
    assert len(sim.log.writes()) == 1


@pytest.mark.parametrize("status", [429, None])
@pytest.mark.parametrize("name", ADDS)
def test_what_was_clearly_not_added_is_sent_again(
    sim: Simulator, connections: dict[str, Params], name: str, status: int | None
) -> None:
    case = ADDS[name](sim, connections)
    if status:
        sim.faults.add(Fault(status=status, writes=True, wait_form="retry_after", wait=0.05))
    assert_done(case, case.run())
    assert case.is_done(case.ids[0])


def test_a_link_that_is_accepted_as_documented_is_not_sent_again(
    sim: Simulator, connections: dict[str, Params]
) -> None:
    case = _link(sim, connections)
    sim.settings.datadog.read_lag = FOREVER
    sim.faults.add("updated", writes=True, count=None)
    assert_unknown(case, case.run(retries=3))
    assert case.is_done(case.ids[0])
    assert len(sim.log.writes()) == 1


@pytest.mark.parametrize("text", [TEXT, "Ansible"])
def test_another_operations_comment_is_not_ours(sim: Simulator, connections: dict[str, Params], text: str) -> None:
    """The operation fails, while a poll is answered with that of another one, which added the same text elsewhere."""
    case = _comment(sim, connections)
    sim.settings.security_deck.operation_seconds = 0.05
    sim.settings.security_deck.poll_interval = 0.02
    sim.settings.security_deck.failing_operations = 1
    comment = {"id": "fvcother", "alertId": "fv4other", "text": case.task["text"]}
    other = {"id": "fvoother", "done": True, "response": comment}
    sim.faults.add(Fault(status=200, path="/operations/", body=other))
    result = case.run(retries=0)
    assert result["failed"]
    assert not case.is_done(case.ids[0])
    assert rows(result)[0]["changed"] is False
    assert "operation" in result["msg"]


@pytest.mark.parametrize("answer", ["error_500", "error_503", "no_content", "accepted", "timeout_408"])
def test_provenance_adds_one_finding_too(sim: Simulator, connections: dict[str, Params], answer: str) -> None:
    case = _calseta(sim, connections, 1)
    sim.settings.calseta.read_lag = FOREVER
    sim.faults.add(answer, path="/findings", writes=True, count=None)
    result = case.run(retries=3, provenance="AWX job 4711")
    assert not result.get("failed"), result["msg"]
    assert len(sim.calseta.alerts[case.ids[0]].findings) == 1
    assert "provenance_error" in rows(result)[0]


def test_provenance_is_added_right_after_each_chunk(sim: Simulator, connections: dict[str, Params]) -> None:
    case = _calseta(sim, connections, 25)
    case.run(provenance="AWX job 4711", concurrency=1)
    order = ["note" if entry.path.endswith("/findings") else "change" for entry in sim.log.writes()]
    assert order == ["change"] * 10 + ["note"] * 10 + ["change"] * 10 + ["note"] * 10 + ["change"] * 5 + ["note"] * 5


# Kibana's 403


@pytest.mark.parametrize("count", [1, 1500])
@pytest.mark.parametrize("name", ["kibana_alert_status", "kibana_alert_tags"])
def test_a_403_for_the_refresh_after_the_update_is_no_refusal(
    sim: Simulator, connections: dict[str, Params], name: str, count: int
) -> None:
    """What was updated is seen; no further batch is sent, for it would end in the same way."""
    case = SETS[name][0](sim, connections, count)
    sim.faults.add("refresh_403", path=r"/signals/(status|tags)$", count=None)
    result = case.run(concurrency=1)
    assert [row["changed"] for row in rows(result)] == [case.is_done(one) for one in case.ids]
    assert result["counts"]["changed"] == min(count, 1000)
    assert len(sim.log.writes()) == 1
    assert bool(result.get("failed")) == (count > 1000)
    if count > 1000:
        assert "not sent, after 403 to another batch" in result["msg"]


def test_a_403_for_the_refresh_is_unknown_as_long_as_nobody_sees_the_update(
    sim: Simulator, connections: dict[str, Params]
) -> None:
    case = SETS["kibana_alert_status"][0](sim, connections, 2)
    sim.settings.kibana.read_lag = FOREVER
    sim.faults.add("refresh_403", path="/status$", count=None)
    result = case.run()
    assert_unknown(case, result)
    assert "indices:admin/refresh" in rows(result)[0]["error"]["message"]
    assert len(sim.log.writes()) == 1


@pytest.mark.parametrize(
    "body",
    [
        {"statusCode": 403, "error": "Forbidden", "message": "API [POST /api/…/status] is unauthorized for user"},
        {
            "message": "security_exception: action [indices:data/write/update/byquery] is unauthorized for user [x]",
            "status_code": 403,
        },
    ],
    ids=["Kibana", "Elasticsearch"],
)
def test_a_403_before_anything_was_written_is_refused_at_once(
    sim: Simulator, connections: dict[str, Params], monkeypatch: pytest.MonkeyPatch, body: Params
) -> None:
    short_read_lag(monkeypatch, 60.0)
    case = SETS["kibana_alert_status"][0](sim, connections, 1500)
    sim.faults.add(Fault(status=403, path="/status$", body=body, count=None))
    result = case.run(concurrency=1)
    assert {row["changed"] for row in rows(result)} == {False}
    assert result["counts"]["unconfirmed"] == 0
    assert "Nothing was changed." in result["msg"]
    assert len(sim.log.writes()) == 1


# Guards


@pytest.mark.parametrize("on_guard", ["fail", "skip"])
def test_a_guard_that_objects_before_a_further_try_leaves_the_doubt(
    sim: Simulator, connections: dict[str, Params], on_guard: str
) -> None:
    case = _calseta(sim, connections, 1)
    alert = sim.calseta.alerts[case.ids[0]]

    def taken(_entry: t.Any) -> None:
        alert.status = "Escalated"

    sim.faults.add("error_500", writes=True, when="before")
    sim.faults.add(Meanwhile(taken, method="GET", nth=2))
    result = case.run(only_from=["Open"], on_guard=on_guard)
    (row,) = rows(result)
    assert row["changed"] is None
    assert "Not tried again: it is Escalated" in row["error"]["message"]
    assert result["counts"]["unconfirmed"] == 1
    assert len(sim.log.writes()) == 1


# How long reads may lag


def test_platforms_know_how_long_their_reads_lag() -> None:
    lags = {one.__name__: READ_LAGS[one] for one in READ_LAGS}
    assert lags == {
        "WritableSignals": 10.0,
        **dict.fromkeys(("WritableAlerts", "KibanaNotes"), 35.0),
        **dict.fromkeys(("SecurityDeckAlerts", "SecurityDeckNotes", "CalsetaAlerts", "CalsetaNotes"), 5.0),
    }


@pytest.mark.parametrize("retries", [0, 3])
def test_in_good_weather_a_write_is_seen_in_time(
    sim: Simulator, connections: dict[str, Params], monkeypatch: pytest.MonkeyPatch, retries: int
) -> None:
    """Accepted, and not visible for as long as an index may wait before it is refreshed."""
    short_read_lag(monkeypatch, 3.0)
    case = SETS["kibana_alert_status"][0](sim, connections, 2)
    sim.settings.kibana.read_lag = 2.0
    assert_done(case, case.run(retries=retries))
    assert len(sim.log.writes()) == 1


def test_one_clock_is_for_all_chunks_of_a_task(
    sim: Simulator, connections: dict[str, Params], monkeypatch: pytest.MonkeyPatch
) -> None:
    short_read_lag(monkeypatch, 2.0)
    case = _calseta(sim, connections, 35)
    sim.settings.calseta.read_lag = FOREVER
    sim.faults.add("accepted", writes=True, count=None)
    start = time.monotonic()
    result = case.run(retries=0, concurrency=1, provenance="AWX job 4711")
    assert time.monotonic() - start < 2 * 2.0
    assert result["counts"]["unconfirmed"] == 35
    assert f"{case.ids[19]} and 15 more." in result["msg"]
