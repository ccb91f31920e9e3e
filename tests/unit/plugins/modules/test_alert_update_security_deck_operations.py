# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Security Deck's operations: every change is one, and a change is not made before its operation is done."""

from __future__ import annotations

import typing as t
import uuid

import pytest

from ansible_collections.secops.triage.tests.simulator import Entry, Fault, Simulator
from ansible_collections.secops.triage.tests.unit.harness import (
    Meanwhile,
    Params,
    Result,
    by_id,
    counts_of,
    four_runs,
    rows,
    run_module,
)

NAME = "alert_update"


@pytest.fixture
def deck(sim: Simulator, security_deck: Params) -> Params:
    """A task that resolves an alert; operations are looked at every 20 ms."""
    sim.settings.security_deck.poll_interval = 0.02
    return {**security_deck, "retries": 1, "status": "RESOLVED", "alert_ids": opened(sim, 1)}


def opened(sim: Simulator, count: int) -> list[str]:
    return [sim.security_deck.add_alert().id for _number in range(count)]


def run(deck: Params, **options: t.Any) -> Result:
    return run_module(NAME, {**deck, **options})


def polls(sim: Simulator, operation_id: str = "") -> list[Entry]:
    return sim.log.select(path=f"/operations/{operation_id}")


def only(result: Result) -> Result:
    (row,) = rows(result)
    return row


def test_operation_that_is_done_at_once_is_not_looked_at(sim: Simulator, deck: Params) -> None:
    sim.settings.security_deck.operation_seconds = 0
    runs = four_runs(sim, NAME, deck)
    assert [entry.method for entry in runs.requests] == ["GET", "PATCH"]
    assert only(runs.real)["operation_id"]


def test_operation_that_shows_another_alert_than_there_is(sim: Simulator, deck: Params) -> None:
    sim.settings.security_deck.operation_seconds = 0
    key = deck["alert_ids"][0]
    sim.faults.add(Fault("merge", method="PATCH", body={"response": {"status": None}}))
    result = run(deck)
    assert not result.get("failed"), result["msg"]
    assert result["changed"], "a read shows what the operation did not"
    assert only(result)["status"] == sim.security_deck.alerts[key].status == "RESOLVED"
    assert len(sim.log.writes()) == 1


def test_operation_is_followed_to_its_end(sim: Simulator, deck: Params) -> None:
    sim.settings.security_deck.operation_seconds = 3600
    sim.faults.add(Meanwhile(lambda entry: sim.security_deck.end_operations(), path="/operations/", nth=3))
    runs = four_runs(sim, NAME, deck)
    followed = [entry for entry in runs.requests if "/operations/" in entry.path]
    assert [entry.path for entry in followed] == [f"/security_deck/operations/{only(runs.real)['operation_id']}"] * 3
    # What the operation shows in the end is the alert: nothing is read once more.
    assert runs.requests[-1] is followed[-1]


def test_operation_is_looked_at_when_the_service_says(sim: Simulator, deck: Params) -> None:
    """And not after the second that goes without saying."""
    sim.settings.security_deck.poll_interval = 1.3
    assert only(run(deck))["changed"]
    (write,), (poll,) = sim.log.writes(), polls(sim)
    assert poll.time - write.time >= 1.3


@pytest.mark.parametrize("interval", [None, float("nan")])
def test_interval_is_a_second_if_the_service_names_none(sim: Simulator, deck: Params, interval: float | None) -> None:
    sim.settings.security_deck.poll_interval = interval
    assert only(run(deck))["changed"]
    (write,), (poll,) = sim.log.writes(), polls(sim)
    assert poll.time - write.time >= 1


def test_lagging_replica(sim: Simulator, deck: Params) -> None:
    """Three times an operation may not be found; after the fourth the alert itself is looked at."""
    ids = opened(sim, 3)
    settings = sim.settings.security_deck
    settings.operation_lag_404s = 3

    def lag(count: int, seconds: float) -> t.Callable[[Entry], None]:
        return lambda entry: vars(settings).update(operation_lag_404s=count, operation_seconds=seconds)

    sim.faults.add(Meanwhile(lag(4, 0.05), writes=True, nth=2))
    sim.faults.add(Meanwhile(lag(99, 3600), writes=True, nth=3))
    result = run(deck, alert_ids=ids, concurrency=1, retries=0)
    found, seen, lost = rows(result)
    assert [row["changed"] for row in (found, seen, lost)] == [True, True, None]
    assert [entry.status for entry in polls(sim, found["operation_id"])] == [404, 404, 404, 200]
    assert [entry.status for entry in polls(sim, seen["operation_id"])] == [404] * 4
    assert "error" not in found
    assert "error" not in seen
    assert lost["error"]["path"] == f"/security_deck/operations/{lost['operation_id']}"
    assert result["counts"] == counts_of(3, changed=2, failed=1, unconfirmed=1)


@pytest.mark.parametrize(
    ("code", "status"),
    [
        *[(3, 400), (9, 400), (11, 400), (16, 401), (7, 403), (5, 404), (6, 409), (10, 409)],
        *[(8, 429), (14, 503), (4, 504), (2, 500), (13, 500), (15, 500), (1, 500), (99, 500)],
    ],
)
def test_failed_operation_is_told_with_its_code(sim: Simulator, deck: Params, code: int, status: int) -> None:
    settings = sim.settings.security_deck
    settings.failing_operations, settings.operation_seconds, settings.failure_code = 1, 0, code
    result = run(deck)
    row = only(result)
    assert result["failed"]
    assert not result["changed"]
    assert row["error"]["status"] == status
    assert "internal error while applying the update" in row["error"]["message"]
    assert row["operation_id"] in row["error"]["message"]
    assert row["error"]["request_id"] == f"00000000-0000-4000-8000-{sim.log.writes()[0].number:012x}"
    assert (row["changed"], row["status"]) == (False, "OPEN")
    assert len(sim.log.writes()) == 1, "what the service refused is not sent again"


def test_operation_that_shows_an_error_is_not_over_before_it_is_done(sim: Simulator, deck: Params) -> None:
    settings = sim.settings.security_deck
    settings.failing_operations, settings.operation_seconds = 1, 0.3
    result = run(deck)
    assert only(result)["error"]["status"] == 500
    # The error is there from the middle on, while the service rolls back.
    assert polls(sim)[-1].time - sim.log.writes()[0].time >= 0.29


@pytest.mark.parametrize("interval", [0.02, 30])
def test_operation_that_does_not_end_leaves_it_open(sim: Simulator, deck: Params, interval: float) -> None:
    """However long the service would have the client wait between two looks."""
    settings = sim.settings.security_deck
    settings.operation_seconds, settings.poll_interval = 20, interval
    result = run(deck, wait_timeout=0.1, retries=0)
    row = only(result)
    assert result["failed"]
    assert result["changed"], "for all that is known"
    assert row["changed"] is None
    assert row["status"] == "OPEN"
    assert f"Operation {row['operation_id']} is not done after 0.1 s" in result["msg"]
    assert "wait_timeout" in row["error"]["hint"]
    assert result["counts"] == counts_of(1, failed=1, unconfirmed=1)
    assert len(sim.log.writes()) == 1


def test_operation_that_ends_just_after_the_time_out_is_seen(sim: Simulator, deck: Params) -> None:
    """The alert is looked at in the end, whatever was seen of the operation."""
    sim.settings.security_deck.operation_seconds = 0.2
    result = run(deck, wait_timeout=0.05, retries=3)
    assert not result.get("failed")
    assert only(result)["changed"]
    assert len(sim.log.writes()) == 1


def test_without_waiting_nothing_is_looked_at(sim: Simulator, deck: Params) -> None:
    sim.settings.security_deck.operation_seconds = 3600
    check, result = (run_module(NAME, {**deck, "wait": False}, check=check) for check in (True, False))
    assert [entry.method for entry in sim.log] == ["GET", "GET", "PATCH"]
    row = only(result)
    assert row.pop("operation_id")
    assert row == only(check)
    assert (row["changed"], row["status"]) == (True, "RESOLVED")


def test_without_waiting_a_failure_that_is_known_is_told(sim: Simulator, deck: Params) -> None:
    settings = sim.settings.security_deck
    settings.failing_operations, settings.operation_seconds = 1, 0
    assert only(run(deck, wait=False))["error"]["status"] == 500


def test_operations_run_beside_each_other(sim: Simulator, deck: Params) -> None:
    sim.settings.security_deck.operation_seconds = 0.3
    ids = opened(sim, 12)
    runs = four_runs(sim, NAME, {**deck, "alert_ids": ids, "concurrency": 4})
    assert runs.real["counts"]["changed"] == 12
    first_poll = next(entry.number for entry in runs.requests if "/operations/" in entry.path)
    assert max(entry.number for entry in runs.writes) < first_poll
    assert len({row["operation_id"] for row in rows(runs.real)}) == 12


def test_one_failing_operation_does_not_hide_the_others(sim: Simulator, deck: Params) -> None:
    ids = opened(sim, 5)
    sim.settings.security_deck.failing_operations = 1
    result = run(deck, alert_ids=ids, concurrency=1)
    assert result["counts"] == counts_of(5, changed=4, failed=1)
    assert by_id(result)[ids[0]]["error"]["status"] == 500
    assert [alert.status for alert in map(sim.security_deck.alerts.get, ids) if alert] == ["OPEN", *["RESOLVED"] * 4]


# The same change, sent again


def keys(sim: Simulator) -> list[str]:
    return [entry.headers["idempotency-key"] for entry in sim.log.writes()]


def test_every_change_has_a_key_of_its_own(sim: Simulator, deck: Params) -> None:
    sim.settings.security_deck.operation_seconds = 0
    run(deck, alert_ids=opened(sim, 5))
    assert len(set(keys(sim))) == 5
    assert {uuid.UUID(key).version for key in keys(sim)} == {4}


def test_lost_answer_of_a_change_that_was_made_is_not_sent_again(sim: Simulator, deck: Params) -> None:
    """The service would answer that no changes are detected."""
    sim.settings.security_deck.operation_seconds = 0
    sim.faults.add(Fault("close", writes=True, when="after"))
    assert only(run(deck))["changed"]
    assert len(sim.log.writes()) == 1


def test_lost_answer_of_a_change_under_way_is_sent_again_with_the_same_key(sim: Simulator, deck: Params) -> None:
    sim.settings.security_deck.operation_seconds = 3600
    sim.faults.add(Meanwhile(lambda entry: sim.security_deck.end_operations(), writes=True, nth=2))
    sim.faults.add(Fault("close", writes=True, when="after"))
    result = run(deck)
    assert not result.get("failed")
    row = only(result)
    assert (row["changed"], row["status"]) == (True, "RESOLVED")
    assert row["operation_id"]
    assert len(keys(sim)) == 2
    assert len(set(keys(sim))) == 1
    assert sim.security_deck.writes_of(row["id"]) == 1, "the change is applied once"
    assert not sim.log.select(status=400), "no changes detected"


@pytest.mark.parametrize("trouble", ["status", "empty", "reset", "html"])
def test_change_that_did_not_arrive_is_sent_again(sim: Simulator, deck: Params, trouble: str) -> None:
    sim.faults.add(Fault(trouble, writes=True))
    assert only(run(deck))["changed"]
    assert len(keys(sim)) == 2
    assert len(set(keys(sim))) == 1


def test_change_whose_fate_stays_unknown_is_told_so(sim: Simulator, deck: Params) -> None:
    """An operation may have begun, and be done after anybody looked."""
    sim.settings.security_deck.operation_seconds = 3600
    sim.faults.add(Fault("close", writes=True, when="after", count=None))
    result = run(deck, retries=0)
    assert only(result)["changed"] is None
    assert result["changed"]
    assert result["failed"]


def test_refused_look_at_the_operation_is_not_the_end_of_it(sim: Simulator, deck: Params) -> None:
    sim.settings.security_deck.operation_seconds = 3600
    sim.faults.add(Fault("status", path="/operations/", status=403, count=None))
    row = only(run(deck, retries=0))
    assert row["changed"] is None
    assert row["error"]["status"] == 403
    assert row["operation_id"]


def test_lost_looks_at_the_operation_are_repeated(sim: Simulator, deck: Params) -> None:
    sim.faults.add(Fault("reset", path="/operations/"))
    assert only(run(deck))["changed"]
    assert len(sim.log.writes()) == 1
