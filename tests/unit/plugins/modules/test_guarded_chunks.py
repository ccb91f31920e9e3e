# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Very many alerts under guards: written in chunks, each looked at once more just before, on every platform."""

from __future__ import annotations

import dataclasses
import typing as t

import pytest

from ansible_collections.secops.triage.tests.simulator import Entry, Fault, Simulator
from ansible_collections.secops.triage.tests.unit.harness import Meanwhile, Params, Result, by_id, counts_of, run_module

STATUS = "kibana.alert.workflow_status"
NOTE = "Looked at."
MINE, OTHER = 4100, 4101


@dataclasses.dataclass(frozen=True)
class Way:
    """A module that writes, and how many alerts it writes after one look under guards.

    ``reads`` and ``writes`` are how many requests a look at so many alerts takes, and a write of them; ``asks`` is what
    guards read besides, where that is not what the module reads anyway. ``looks`` says that it looks after writing.
    """

    module: str
    platform: str
    options: Params
    states: tuple[str, str]
    chunk: int = 10
    bulk: int = 1
    part: int = 1
    asks: int = 0
    looks: bool = False

    def requests(self, *counts: int, guarded: bool = True) -> int:
        """How many are sent for all at first, and then for chunks of so many, of which the first is read only once."""
        first = sum(counts)
        reads = [first] + (list(counts) if guarded and len(counts) > 1 else [])
        each = 1 + (self.asks if guarded else 0)
        looks = sum(each * -(-count // self.part) for count in counts) if self.looks else 0
        return sum(each * -(-count // self.part) for count in reads) + looks + sum(-(-n // self.bulk) for n in counts)


OPEN = {"datadog": ("open", "under_review"), "kibana": ("open", "acknowledged")}
OPEN |= {"calseta": ("Open", "Escalated"), "security_deck": ("OPEN", "IN_PROGRESS")}


def way(module: str, platform: str, options: Params, **more: t.Any) -> Way:
    return Way(module, platform, options, OPEN[platform], **more)


KIBANA: Params = {"chunk": 1000, "bulk": 1000, "part": 10_000, "looks": True}
WAYS = {
    "signal_state": way("signal_state", "datadog", {"state": "archived"}, chunk=199, bulk=199),
    "link": way("signal_incident_link", "datadog", {"incident_id": MINE}, looks=True),
    "kibana_status": way("kibana_alert_status", "kibana", {"status": "closed"}, **KIBANA),
    "kibana_tags": way("kibana_alert_tags", "kibana", {"tags": ["noise"]}, **KIBANA),
    "kibana_assignees": way("kibana_alert_assignees", "kibana", {"assignees": ["u_0123456789abcdef0123_0"]}, **KIBANA),
    "calseta": way("alert_update", "calseta", {"provider": "calseta", "status": "Triaging"}),
    "security_deck": way(
        "alert_update", "security_deck", {"provider": "security_deck", "classification": "UNDETERMINED"}
    ),
    "calseta_note": way("alert_note", "calseta", {"provider": "calseta", "text": NOTE}, asks=1),
    "security_deck_note": way("alert_note", "security_deck", {"provider": "security_deck", "text": NOTE}, asks=1),
    "kibana_note": way("alert_note", "kibana", {"provider": "kibana", "text": NOTE}, part=50, asks=1),
}


class Task:
    """A way with alerts of its own."""

    def __init__(self, sim: Simulator, one: Way, connection: Params) -> None:
        self.sim, self.way = sim, one
        self.chunk = one.chunk
        sim.settings.security_deck.operation_seconds = 0
        self.params: Params = {**connection, **one.options, "retries": 1}
        if one.chunk == 10:
            self.params["concurrency"] = 1
        self.ids: list[str] = []

    def alerts(self, count: int) -> list[str]:
        """So many more alerts."""
        sim, platform = self.sim, self.way.platform
        for _number in range(count):
            if platform == "datadog":
                self.ids.append(sim.datadog.add_signal().id)
            elif platform == "kibana":
                self.ids.append(sim.kibana.add_alert())
            elif platform == "calseta":
                self.ids.append(sim.calseta.add_alert().uuid)
            else:
                self.ids.append(sim.security_deck.add_alert(severity="HIGH").id)
        return self.ids

    def move(self, alert_id: str, state: str) -> None:
        """Somebody moves an alert to another state."""
        sim = self.sim
        if self.way.platform == "kibana":
            sim.kibana.alerts()[alert_id][STATUS] = state
        elif self.way.platform == "datadog":
            sim.datadog.signals[alert_id].state = state
        else:
            getattr(sim, self.way.platform).alerts[alert_id].status = state

    def taken(self, *ids: str, **which: t.Any) -> Fault:
        """Somebody takes alerts on when the first write comes in, unless another request is named."""

        def happens(_entry: Entry) -> None:
            for one in ids:
                self.move(one, self.way.states[1])

        return self.sim.faults.add(Meanwhile(happens, **(which or {"writes": True})))

    def written(self) -> set[str]:
        """The alerts that writes were accepted for, or that have the note."""
        if self.way.module == "alert_note":
            return {one for one in self.ids if self.noted(one)}
        return {one for entry in self.sim.log.writes() for one in entry.wrote}

    def noted(self, alert_id: str) -> bool:
        """Whether there is a note on the alert."""
        sim = self.sim
        if self.way.platform == "kibana":
            return any(note["eventId"] == alert_id for note in sim.kibana.notes["default"])
        if self.way.platform == "calseta":
            return bool(sim.calseta.alerts[alert_id].findings)
        return bool(sim.security_deck.alerts[alert_id].comments)

    def run(self, *, check: bool = False, guarded: bool = True, **options: t.Any) -> Result:
        self.sim.log.clear()
        which = "signal_ids" if self.way.platform == "datadog" else "alert_ids"
        named = {} if "query" in options else {which: self.ids}
        guards = {"only_from": [self.way.states[0]]} if guarded else {}
        return run_module(self.way.module, {**self.params, **named, **guards, **options}, check=check)

    def objection(self) -> str:
        return f"it is {self.way.states[1]}, and only_from is {self.way.states[0]}"


@pytest.fixture(params=WAYS)
def task(request: pytest.FixtureRequest, sim: Simulator) -> Task:
    one = WAYS[request.param]
    return Task(sim, one, request.getfixturevalue(one.platform))


@pytest.fixture
def triage(sim: Simulator, datadog: Params) -> Task:
    return Task(sim, WAYS["signal_state"], datadog)


@pytest.fixture
def updates(sim: Simulator, calseta: Params) -> Task:
    return Task(sim, WAYS["calseta"], calseta)


def stopped(result: Result, ids: t.Sequence[str], at: str) -> None:
    """Nothing of these was written, for the task had stopped at that alert."""
    rows = by_id(result)
    for one in set(ids) - {at}:
        assert rows[one]["changed"] is False
        assert rows[one]["error"]["message"].startswith(f"Not written, for the task stopped at {at}: ")


# Requests


def test_what_fits_in_one_chunk_is_read_once(task: Task) -> None:
    task.alerts(task.chunk)
    result = task.run()
    assert result["counts"]["changed"] == task.chunk
    assert len(task.sim.log) == task.way.requests(task.chunk)


def test_every_chunk_of_more_is_read_again(task: Task) -> None:
    task.alerts(2 * task.chunk + 5)
    result = task.run()
    assert result["counts"]["changed"] == len(task.ids)
    assert len(task.sim.log) == task.way.requests(task.chunk, task.chunk, 5)


def test_without_guards_nothing_is_read_again(triage: Task) -> None:
    triage.alerts(2 * triage.chunk + 5)
    assert triage.run(guarded=False)["counts"]["changed"] == len(triage.ids)
    assert len(triage.sim.log) == triage.way.requests(triage.chunk, triage.chunk, 5, guarded=False)


def test_check_mode_reads_once_and_foretells_all(triage: Task) -> None:
    triage.alerts(triage.chunk + 5)
    check = triage.run(check=True)
    assert len(triage.sim.log) == len(triage.ids)
    assert check["signals"] == triage.run()["signals"]
    again = triage.run(on_guard="skip")
    assert (again["changed"], len(triage.sim.log)) == (False, len(triage.ids))


@pytest.mark.parametrize("concurrency", [1, 3])
def test_chunks_of_single_writes_are_ten_rounds_of_all_workers(updates: Task, concurrency: int) -> None:
    updates.alerts(10 * concurrency)
    updates.run(concurrency=concurrency)
    assert len(updates.sim.log) == 2 * len(updates.ids)
    updates.alerts(1)
    updates.run(
        concurrency=concurrency, status="Closed", close_classification="Duplicate", only_from=["Triaging", "Open"]
    )
    assert len(updates.sim.log) == 3 * len(updates.ids)


# Guards that strike late


def test_one_that_is_taken_on_during_the_first_chunk_is_skipped(task: Task) -> None:
    ids = task.alerts(task.chunk + 5)
    theirs = ids[task.chunk + 2]
    task.taken(theirs)
    result = task.run(on_guard="skip")
    assert not result.get("failed"), result["msg"]
    assert by_id(result)[theirs]["skipped"] == task.objection()
    assert by_id(result)[theirs]["changed"] is False
    count = len(ids)
    assert result["counts"] == counts_of(count, changed=count - 1, skipped=1)
    assert task.written() == set(ids) - {theirs}


def test_or_stops_the_task(task: Task) -> None:
    ids = task.alerts(task.chunk + 5)
    theirs = ids[task.chunk + 2]
    task.taken(theirs)
    result = task.run()
    assert result["failed"]
    assert result["changed"] is True
    assert by_id(result)[theirs]["error"]["message"] == f"A guard forbids the change: {task.objection()}"
    assert [row["changed"] for row in by_id(result).values()] == [True] * task.chunk + [False] * 5
    stopped(result, ids[task.chunk :], theirs)
    assert task.written() == set(ids[: task.chunk])


def test_nothing_at_all_is_written_where_the_first_look_shows_it(task: Task) -> None:
    ids = task.alerts(task.chunk + 5)
    task.move(ids[-1], task.way.states[1])
    result = task.run()
    assert (result["changed"], result["counts"]["failed"]) == (False, 1)
    assert not task.sim.log.writes()


def test_the_first_chunk_is_looked_at_again_too(triage: Task) -> None:
    """It was read before all the others were."""
    ids = triage.alerts(triage.chunk + 1)
    triage.taken(ids[0], path=f"{ids[-1]}$")
    result = triage.run()
    assert not result["changed"]
    assert not triage.sim.log.writes()
    stopped(result, ids, ids[0])


def test_the_one_change_among_many_that_were_read_is_looked_at_again(updates: Task) -> None:
    """All that were read after it had their time, whether they are to be changed or not."""
    ids = updates.alerts(updates.chunk + 1)
    for one in ids[1:]:
        updates.move(one, "Triaging")
    updates.taken(ids[0], path=f"{ids[-1]}$")
    result = updates.run()
    assert not result["changed"]
    assert not updates.sim.log.writes()
    assert by_id(result)[ids[0]]["error"]["message"] == f"A guard forbids the change: {updates.objection()}"


def test_signal_250_of_400_found_by_a_query(triage: Task) -> None:
    triage.sim.datadog.signals.clear()
    ids = triage.alerts(400)
    triage.taken(ids[250])
    triage.sim.datadog.add_signal(incident_ids=[OTHER])
    searched: Params = {"query": f"-@workflow.triage.incidentIds:{OTHER}", "from": "now-1d", "max_alerts": 400}
    result = triage.run(**searched, on_guard="skip")
    assert result["counts"]["changed"] == 399
    assert by_id(result)[ids[250]]["skipped"] == triage.objection()
    # The listing of all, the search, all of it as it is, each chunk of it again, and three bulks.
    assert len(triage.sim.log) == 2 + 400 + 400 + 3


def test_what_somebody_else_has_done_just_so_is_not_the_tasks_doing(updates: Task) -> None:
    ids = updates.alerts(25)
    updates.sim.faults.add(Meanwhile(lambda _entry: updates.move(ids[15], "Triaging"), writes=True))
    result = updates.run()
    assert not result.get("failed"), result["msg"]
    assert by_id(result)[ids[15]] == {**by_id(result)[ids[15]], "changed": False, "status": "Triaging"}
    assert result["counts"]["unchanged"] == 1
    assert ids[15] not in updates.written()


def test_what_came_in_between_and_is_in_no_guards_way_is_before(updates: Task) -> None:
    ids = updates.alerts(25)
    updates.sim.faults.add(
        Meanwhile(lambda _entry: setattr(updates.sim.calseta.alerts[ids[15]], "severity", "Low"), writes=True)
    )
    result = updates.run()
    rows = {row["id"]: row for row in result["alerts"]}
    assert rows[ids[15]]["changed"] is True
    assert rows[ids[15]]["before"]["severity"] == rows[ids[15]]["severity"] == "Low"


# What has to wait, and what goes wrong


@pytest.mark.parametrize("on_guard", ["fail", "skip"])
def test_a_later_chunk_that_has_to_wait(triage: Task, on_guard: str) -> None:
    ids = triage.alerts(2 * triage.chunk + 5)
    theirs = ids[triage.chunk + 5]
    triage.taken(theirs, writes=True, nth=2)
    triage.sim.faults.add(Fault(status=429, wait_form="retry_after", wait=0.1, writes=True, nth=2))
    result = triage.run(on_guard=on_guard)
    row = by_id(result)[theirs]
    assert row["changed"] is False
    if on_guard == "skip":
        assert row["skipped"] == triage.objection()
        assert triage.written() == set(ids) - {theirs}
        assert not result.get("failed"), result["msg"]
        assert result["counts"]["changed"] == len(ids) - 1
    else:
        assert row["error"]["message"] == f"A guard forbids the change: {triage.objection()}"
        assert triage.written() == set(ids[: triage.chunk])
        assert result["counts"]["changed"] == triage.chunk
        assert result["counts"]["failed"] == len(ids) - triage.chunk
        stopped(result, ids[2 * triage.chunk :], theirs)


def test_one_that_is_gone_by_then_stops_the_task(updates: Task) -> None:
    ids = updates.alerts(25)

    def removed(_entry: Entry) -> None:
        del updates.sim.calseta.alerts[ids[15]]

    updates.sim.faults.add(Meanwhile(removed, writes=True))
    result = updates.run(on_guard="skip")
    assert result["changed"] is True
    row = next(row for row in result["alerts"] if row["id"] == ids[15])
    assert row["error"]["message"] == "It was there, and is gone"
    assert "status" not in row
    assert row["before"]["status"] == "Open"
    stopped(result, ids[10:], ids[15])
    assert updates.written() == set(ids[:10])


def test_one_that_cannot_be_read_by_then_stops_the_task_and_what_was_done_is_told(updates: Task) -> None:
    ids = updates.alerts(25)
    updates.sim.faults.add(Fault(status=500, method="GET", path=ids[15], nth=2, count=None))
    result = updates.run()
    assert result["changed"] is True
    assert result["counts"] == counts_of(25, changed=10, failed=15)
    assert by_id(result)[ids[15]]["error"]["status"] == 500
    assert by_id(result)[ids[15]]["status"] == "Open"
    stopped(result, ids[10:], ids[15])
    assert updates.written() == set(ids[:10])


def test_a_server_that_has_gone_away_is_not_asked_about_every_chunk(updates: Task) -> None:
    ids = updates.alerts(200)
    updates.sim.faults.add(Fault("close", method="GET", nth=200 + 10 + 1, count=None))
    result = updates.run()
    assert result["counts"]["changed"] == 10
    assert result["counts"]["failed"] == 190
    assert updates.written() == set(ids[:10])
    # All of it, the first chunk again and written, and one read of the second with its retry.
    assert len(updates.sim.log) == 200 + 20 + 2


def test_a_conflict_in_one_chunk_keeps_the_next_from_being_written(sim: Simulator, kibana: Params) -> None:
    task = Task(sim, WAYS["kibana_status"], kibana)
    ids = task.alerts(2005)
    sim.settings.kibana.conflicts = dict.fromkeys(ids, 9)
    result = task.run(query={"ids": {"values": ids}}, max_alerts=3000)
    assert result["failed"]
    assert len(sim.log.writes()) == 1
    said = [row["error"]["message"] for row in by_id(result).values()]
    assert sum("conflicts is abort" in one for one in said) == 1005


def test_a_link_that_is_not_to_be_taken_away_by_then_is_skipped(sim: Simulator, datadog: Params) -> None:
    signals = [sim.datadog.add_signal(incident_ids=[MINE, OTHER]) for dummy in range(3)]
    task = Task(sim, WAYS["link"], datadog)
    task.ids = [signal.id for signal in signals]
    task.taken(task.ids[1], method="GET", path=task.ids[1], nth=2)
    result = task.run(state="absent", on_guard="skip")
    assert not result.get("failed"), result["msg"]
    assert by_id(result)[task.ids[1]]["skipped"] == task.objection()
    assert [signal.incident_ids for signal in signals] == [[OTHER], [MINE, OTHER], [OTHER]]
