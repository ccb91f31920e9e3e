# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How ``signal_state`` writes many signals: bulk, and each alone where the bulk answer does not tell."""

from __future__ import annotations

import pytest

from ansible_collections.secops.triage.tests.simulator import Entry, Fault, Simulator
from ansible_collections.secops.triage.tests.unit.harness import Params, by_id, counts_of, four_runs, rows, run_module

BULK = r"/signals/bulk/update$"
ALONE = r"/signals/[^/]+/update$"


def signals(sim: Simulator, count: int) -> list[str]:
    """So many open signals, and a log without a request."""
    ids = [sim.datadog.add_signal().id for dummy in range(count)]
    sim.log.clear()
    return ids


def bulk_writes(sim: Simulator) -> list[Entry]:
    return sim.log.select(path=BULK)


def lone_writes(sim: Simulator) -> list[str]:
    """The ids that were written by ``/update``."""
    return [entry.path.split("/")[-2] for entry in sim.log.writes() if entry not in bulk_writes(sim)]


@pytest.mark.parametrize(("count", "sizes"), [(2, [2]), (199, [199]), (200, [1, 199]), (398, [199, 199])])
def test_batches_of_199(sim: Simulator, datadog: Params, count: int, sizes: list[int]) -> None:
    ids = signals(sim, count)
    result = run_module("signal_state", {**datadog, "signal_ids": ids, "state": "archived"})
    assert result["counts"] == counts_of(count, changed=count)
    assert len(sim.log.reads()) == count
    assert sorted(len(entry.body["data"]) for entry in bulk_writes(sim)) == sizes
    assert len(sim.log.writes()) == len(sizes)
    assert all(sim.datadog.writes_of(one) == 1 for one in ids)


def test_four_hundred_in_four_runs(sim: Simulator, datadog: Params) -> None:
    ids = signals(sim, 400)
    wanted = {"state": "archived", "archive_reason": "remediated", "archive_comment": "Done"}
    runs = four_runs(sim, "signal_state", {**datadog, "signal_ids": ids, **wanted})
    assert runs.real["counts"]["changed"] == 400
    assert [row["id"] for row in rows(runs.real)] == ids
    assert {sim.datadog.signals[one].archive_comment for one in ids} == {"Done"}


def test_only_the_pending_ones_are_in_the_bulk(sim: Simulator, datadog: Params) -> None:
    done = sim.datadog.add_signal(state="archived").id
    ids = signals(sim, 2)
    run_module("signal_state", {**datadog, "signal_ids": [done, *ids], "state": "archived"})
    (write,) = sim.log.writes()
    assert write.body == {
        "data": [{"id": one, "type": "signal", "attributes": {"state": "archived"}} for one in ids],
    }


def test_a_single_pending_one_goes_by_update(sim: Simulator, datadog: Params) -> None:
    done = sim.datadog.add_signal(state="archived").id
    (pending,) = signals(sim, 1)
    run_module("signal_state", {**datadog, "signal_ids": [done, pending], "state": "archived"})
    (write,) = sim.log.writes()
    assert write.path.endswith(f"/api/v2/security_monitoring/signals/{pending}/update")
    assert write.method == "PATCH"
    assert write.body == {"data": {"type": "signal_metadata", "attributes": {"state": "archived"}}}


@pytest.mark.parametrize("when", ["before", "after"])
def test_ids_that_the_bulk_answer_forgets_are_looked_at_and_settled_alone(
    sim: Simulator, datadog: Params, when: str
) -> None:
    ids = signals(sim, 5)
    sim.faults.add(Fault("forget", path=BULK, when=when, forget=2))
    result = run_module("signal_state", {**datadog, "signal_ids": ids, "state": "archived", "retries": 1})
    assert not result.get("failed"), result["msg"]
    assert result["counts"]["changed"] == 5
    assert {sim.datadog.signals[one].state for one in ids} == {"archived"}
    assert len(bulk_writes(sim)) == 1
    # Where they were written but left out of the answer, the second look shows it, and nothing is written again.
    assert sorted(lone_writes(sim)) == (sorted(ids[3:]) if when == "before" else [])
    assert all(sim.datadog.writes_of(one) == 1 for one in ids)
    assert len(sim.log.reads()) >= 5 + 2


def test_without_retries_what_the_bulk_answer_forgets_is_unknown(sim: Simulator, datadog: Params) -> None:
    ids = signals(sim, 3)
    sim.faults.add(Fault("forget", path=BULK, when="before"))
    result = run_module("signal_state", {**datadog, "signal_ids": ids, "state": "archived", "retries": 0})
    assert [row["changed"] for row in rows(result)] == [True, True, None]
    assert len(sim.log.writes()) == 1


@pytest.mark.parametrize("status", [404, 405])
def test_without_a_bulk_path_all_go_alone(sim: Simulator, datadog: Params, status: int) -> None:
    sim.settings.datadog.bulk = status
    ids = signals(sim, 5)
    result = run_module("signal_state", {**datadog, "signal_ids": ids, "state": "archived", "retries": 0})
    assert not result.get("failed"), result["msg"]
    assert len(bulk_writes(sim)) == 1
    assert sorted(lone_writes(sim)) == sorted(ids)
    assert len(sim.log.reads()) == len(ids), "a missing path leaves nothing to look at"
    assert all(sim.datadog.writes_of(one) == 1 for one in ids)


def test_without_a_bulk_path_in_four_runs(sim: Simulator, datadog: Params) -> None:
    sim.settings.datadog.bulk = 404
    runs = four_runs(sim, "signal_state", {**datadog, "signal_ids": signals(sim, 12), "state": "archived"})
    assert runs.real["counts"]["changed"] == 12


def test_a_bulk_that_one_signal_spoils_lets_each_tell_its_own(sim: Simulator, datadog: Params) -> None:
    locked = sim.datadog.add_signal(age=31 * 86400).id
    ids = signals(sim, 3)
    refusal = {"errors": [{"title": "Bad Request", "detail": "one of the signals is locked"}]}
    sim.faults.add(Fault("status", path=BULK, status=400, body=refusal))
    params = {**datadog, "signal_ids": [*ids, locked], "state": "archived", "retries": 1}
    result = run_module("signal_state", params)
    assert result["failed"]
    assert result["changed"]
    assert result["counts"] == counts_of(4, changed=3, failed=1)
    told = by_id(result)
    assert "older than 30 days" in told[locked]["error"]["message"]
    assert told[locked]["error"]["path"].endswith(f"/{locked}/update")
    assert told[locked]["error"]["status"] == 400
    assert told[locked]["changed"] is False
    assert told[locked]["state"] == "open"
    assert all(told[one]["changed"] and "error" not in told[one] for one in ids)
    assert "older than 30 days" in result["msg"]
    assert locked in result["msg"]


def test_a_locked_signal_that_the_bulk_leaves_out_tells_its_own(sim: Simulator, datadog: Params) -> None:
    locked = sim.datadog.add_signal(age=31 * 86400).id
    ids = signals(sim, 3)
    params = {**datadog, "signal_ids": [locked, *ids], "state": "archived", "retries": 1}
    result = run_module("signal_state", params)
    assert result["failed"]
    assert result["counts"] == counts_of(4, changed=3, failed=1, unconfirmed=1)
    assert "older than 30 days" in by_id(result)[locked]["error"]["message"]
    assert len(result["diff"]) == 3


@pytest.mark.parametrize("action", ["reset", "close", "truncate", "html", "empty"])
def test_a_bulk_whose_answer_is_lost_is_looked_at_and_not_sent_again(
    sim: Simulator, datadog: Params, action: str
) -> None:
    ids = signals(sim, 3)
    sim.faults.add(Fault(action, path=BULK, when="after"))
    result = run_module("signal_state", {**datadog, "signal_ids": ids, "state": "archived", "retries": 1})
    assert not result.get("failed"), result["msg"]
    assert result["counts"]["changed"] == 3
    assert len(sim.log.writes()) == 1
    assert len(sim.log.reads()) == 6


@pytest.mark.parametrize("action", ["status", "reset", "html"])
def test_a_bulk_that_was_not_done_is_sent_once_more(sim: Simulator, datadog: Params, action: str) -> None:
    ids = signals(sim, 3)
    sim.faults.add(Fault(action, path=BULK, when="before"))
    result = run_module("signal_state", {**datadog, "signal_ids": ids, "state": "archived", "retries": 1})
    assert not result.get("failed"), result["msg"]
    assert all(sim.datadog.writes_of(one) == 1 for one in ids)


def test_a_bulk_that_never_works_fails_with_what_was_seen(sim: Simulator, datadog: Params) -> None:
    ids = signals(sim, 2)
    sim.faults.add(Fault("status", writes=True, status=503, count=None))
    result = run_module("signal_state", {**datadog, "signal_ids": ids, "state": "archived", "retries": 1})
    assert result["failed"]
    assert result["changed"], "nobody knows"
    assert result["counts"]["failed"] == 2
    for row in rows(result):
        assert (row["changed"], row["state"]) == (None, "open")
        assert row["error"]["status"] == 503


def test_where_nothing_can_be_seen_afterwards_nothing_is_claimed(sim: Simulator, datadog: Params) -> None:
    ids = signals(sim, 2)
    sim.faults.add(Fault("close", path=BULK, when="after"))
    sim.faults.add(Fault("status", method="GET", status=503, nth=3, count=None))
    result = run_module("signal_state", {**datadog, "signal_ids": ids, "state": "archived", "retries": 0})
    assert result["failed"]
    assert result["changed"], "it may have been changed"
    for row in rows(result):
        assert row["changed"] is None
        assert "state" not in row
        assert "broke" in row["error"]["message"]
