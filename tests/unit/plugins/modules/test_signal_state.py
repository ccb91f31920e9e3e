# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import itertools

import pytest

from ansible_collections.secops.triage.tests.simulator import Fault, Simulator
from ansible_collections.secops.triage.tests.unit.harness import Params, by_id, counts_of, four_runs, rows, run_module

KEYS = {"id", "changed", "state", "archive_reason", "archive_comment", "assignee", "incident_ids"}
REASONS = (
    "none",
    "false_positive",
    "testing_or_maintenance",
    "remediated",
    "investigated_case_opened",
    "true_positive_benign",
    "true_positive_malicious",
    "other",
)


@pytest.mark.versions
def test_archives_with_reason_and_comment(sim: Simulator, datadog: Params) -> None:
    ids = sim.datadog.ids(state="open")
    wanted = {"state": "archived", "archive_reason": "false_positive", "archive_comment": "Announced scan"}
    runs = four_runs(sim, "signal_state", {**datadog, "signal_ids": ids, **wanted})
    assert runs.real["counts"]["changed"] == len(ids)
    for row in by_id(runs.real).values():
        assert {key: row[key] for key in wanted} == wanted


def test_unknown_signal_fails_and_nothing_is_written(sim: Simulator, datadog: Params) -> None:
    ids = [*sim.datadog.ids(state="open"), "AQAAAunknown", "AQAAAnobody"]
    for check in (True, False):
        result = run_module("signal_state", {**datadog, "signal_ids": ids, "state": "archived"}, check=check)
        assert result["failed"]
        assert not result["changed"]
        assert "AQAAAunknown" in result["msg"]
        assert "AQAAAnobody" in result["msg"]
        assert by_id(result)["AQAAAunknown"]["error"]["status"] == 404
        assert result["counts"] == counts_of(len(ids), unchanged=len(ids) - 2, failed=2)
    assert not sim.log.writes()


def test_an_id_like_a_part_of_a_word_leaves_the_words_alone(sim: Simulator, datadog: Params) -> None:
    result = run_module("signal_state", {**datadog, "signal_ids": ["s", "such-a"], "state": "archived"})
    assert result["msg"] == "2 of 2 signals failed. Nothing was changed. There is no such signal (s, such-a)"
    assert not sim.log.writes()


@pytest.mark.parametrize("state", ["open", "under_review", "archived"])
def test_every_state_is_reached_from_every_other(sim: Simulator, datadog: Params, state: str) -> None:
    made = {other: sim.datadog.add_signal(state=other).id for other in ("open", "under_review", "archived")}
    runs = four_runs(sim, "signal_state", {**datadog, "signal_ids": list(made.values()), "state": state})
    assert {other for other, one in made.items() if by_id(runs.real)[one]["changed"]} == set(made) - {state}
    assert {sim.datadog.signals[one].state for one in made.values()} == {state}


@pytest.mark.parametrize("reason", REASONS)
def test_every_archive_reason(sim: Simulator, datadog: Params, reason: str) -> None:
    before = "other" if reason == "none" else "none"
    signal = sim.datadog.add_signal(state="archived", archive_reason=before)
    runs = four_runs(sim, "signal_state", {**datadog, "signal_id": [signal.id], "archive_reason": reason})
    assert rows(runs.real)[0]["archive_reason"] == signal.archive_reason == reason
    assert runs.real["changed"]


@pytest.mark.parametrize(
    ("before", "comment", "changes"),
    [
        (None, "Drill", True),
        ("Drill", "drill", True),
        ("Drill", "", True),
        (None, "", False),
        ("Drill", "Drill", False),
        (None, "Zürich 日本\nsecond line", True),
    ],
)
def test_comment(sim: Simulator, datadog: Params, before: str | None, comment: str, changes: bool) -> None:
    signal = sim.datadog.add_signal(state="archived", archive_comment=before)
    runs = four_runs(sim, "signal_state", {**datadog, "signal_ids": signal.id, "archive_comment": comment})
    assert runs.real["changed"] is changes
    assert rows(runs.real)[0]["archive_comment"] == (signal.archive_comment or "") == comment


def test_no_more_than_what_differs_is_sent(sim: Simulator, datadog: Params) -> None:
    signal = sim.datadog.add_signal(state="archived", archive_reason="other", archive_comment="Old")
    wanted = {"state": "archived", "archive_reason": "other", "archive_comment": "New"}
    sim.log.clear()
    run_module("signal_state", {**datadog, "signal_ids": signal.id, **wanted})
    (write,) = sim.log.writes()
    assert write.body["data"]["attributes"] == {"archive_comment": "New"}


def test_what_is_not_asked_for_stays(sim: Simulator, datadog: Params) -> None:
    user = sim.datadog.user("greta@example.com")
    signal = sim.datadog.add_signal(archive_comment="Mine", assignee=user.uuid, incident_ids=[4100])
    runs = four_runs(sim, "signal_state", {**datadog, "signal_ids": signal.id, "state": "under_review"})
    (row,) = rows(runs.real)
    assert row["archive_comment"] == signal.archive_comment == "Mine"
    assert row["assignee"] == signal.assignee == user.uuid
    assert row["incident_ids"] == signal.incident_ids == [4100]


def test_a_write_that_changes_nothing_is_not_sent(sim: Simulator, datadog: Params) -> None:
    archived = sim.datadog.add_signal(state="archived")
    pending = sim.datadog.add_signal(state="open")
    sim.log.clear()
    run_module("signal_state", {**datadog, "signal_ids": [archived.id, pending.id], "state": "archived"})
    assert sim.datadog.writes_of(archived.id) == 0
    assert archived.state_update_timestamp is None, "a write without a change would have moved this"
    assert sim.datadog.writes_of(pending.id) == 1


@pytest.mark.parametrize(
    ("archive_in", "shows"), list(itertools.product(("custom", "gated"), ("uuid", "handle", "name")))
)
def test_triage_is_merged_wherever_its_parts_sit(sim: Simulator, datadog: Params, archive_in: str, shows: str) -> None:
    sim.settings.datadog.archive_in = archive_in
    sim.settings.datadog.assignee_shows = shows
    user = sim.datadog.user("greta@example.com")
    signal = sim.datadog.add_signal(
        state="archived", archive_reason="other", archive_comment="Drill", assignee=user.uuid, incident_ids=[4100, 4101]
    )
    wanted = {"state": "archived", "archive_reason": "other", "archive_comment": "Drill"}
    runs = four_runs(sim, "signal_state", {**datadog, "signal_ids": signal.id, **wanted})
    assert not runs.real["changed"]
    (row,) = rows(runs.real)
    assert set(row) == KEYS
    assert {key: row[key] for key in wanted} == wanted
    assert row["assignee"] == getattr(user, shows)
    assert row["incident_ids"] == [4100, 4101]


@pytest.mark.versions
def test_diff_names_the_signal_and_both_sides(sim: Simulator, datadog: Params) -> None:
    signal = sim.datadog.add_signal()
    wanted = {"state": "archived", "archive_reason": "remediated"}
    runs = four_runs(sim, "signal_state", {**datadog, "signal_ids": signal.id, **wanted})
    (diff,) = runs.real["diff"]
    assert diff["before_header"] == diff["after_header"] == f"{signal.id} ({signal.scene.title})"
    assert diff["before"]["state"] == "open"
    assert diff["after"] == {**diff["before"], **wanted}


def test_reopening_may_clear_the_archive_fields_and_is_reported_so(sim: Simulator, datadog: Params) -> None:
    sim.settings.datadog.reopening_clears_archive = True
    signal = sim.datadog.add_signal(state="archived", archive_reason="other", archive_comment="Old")
    result = run_module("signal_state", {**datadog, "signal_ids": signal.id, "state": "open"})
    assert not result.get("failed"), result["msg"]
    (row,) = rows(result)
    assert (row["state"], row["archive_reason"], row["archive_comment"]) == ("open", "none", "")


def test_reason_none_may_go_with_open(sim: Simulator, datadog: Params) -> None:
    signal = sim.datadog.add_signal(state="archived", archive_reason="other")
    wanted = {"state": "open", "archive_reason": "none"}
    runs = four_runs(sim, "signal_state", {**datadog, "signal_ids": signal.id, **wanted})
    assert runs.real["changed"]
    assert (signal.state, signal.archive_reason) == ("open", "none")


def test_repeated_ids_count_once(sim: Simulator, datadog: Params) -> None:
    one, other = sim.datadog.add_signal().id, sim.datadog.add_signal().id
    ids = [one, other, one, f" {one}\n"]
    runs = four_runs(sim, "signal_state", {**datadog, "signal_ids": ids, "state": "archived"})
    assert [row["id"] for row in rows(runs.real)] == [one, other]
    assert sim.datadog.writes_of(one) == 1


def test_empty_list_sends_nothing(sim: Simulator, datadog: Params) -> None:
    wanted = {"state": "archived", "assignee": "greta@example.com"}
    runs = four_runs(sim, "signal_state", {**datadog, "signal_ids": [], **wanted})
    assert rows(runs.real) == []
    assert len(sim.log) == 0


@pytest.mark.parametrize(
    "bad",
    ["../../users", "..", "a/b", "a%2Fb", "a?b=c", "a#b", "a b", "", "a\\b", "a;b", "ä", "a" * 257, "bulk/update"],
)
def test_an_id_cannot_leave_its_place_in_the_url(sim: Simulator, datadog: Params, bad: str) -> None:
    good = sim.datadog.add_signal().id
    sim.log.clear()
    result = run_module("signal_state", {**datadog, "signal_ids": [good, bad], "state": "archived"})
    assert result["failed"]
    assert "signal_ids: not the id of a signal" in result["msg"]
    assert repr(bad[:80]) in result["msg"]
    assert len(sim.log) == 0


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({}, "one of the following is required: state, archive_reason, archive_comment, assignee"),
        ({"state": "closed"}, "value of state must be one of: open, under_review, archived"),
        ({"state": "Archived"}, "value of state must be one of: open, under_review, archived"),
        ({"archive_reason": "benign"}, "value of archive_reason must be one of"),
        ({"state": "open", "version": "new"}, "version"),
        ({"archive_comment": "a\x00b"}, "archive_comment has a character in it that cannot be stored"),
        ({"state": "open", "assignee": "a\x00b"}, "assignee has a character in it that cannot be stored"),
        ({"state": "open", "concurrency": 0}, "concurrency must be between 1 and 64"),
        ({"state": "open", "retries": -1}, "retries must be between 0 and 20"),
        ({"state": "open", "timeout": 0}, "timeout must be between"),
    ],
)
def test_refuses_options_before_anything_is_sent(sim: Simulator, datadog: Params, params: Params, said: str) -> None:
    signal_id = sim.datadog.add_signal().id
    result = run_module("signal_state", {**datadog, "signal_ids": signal_id, **params})
    assert result["failed"]
    assert said in result["msg"]
    assert len(sim.log) == 0


def test_signals_are_named_or_searched(sim: Simulator, datadog: Params) -> None:
    result = run_module("signal_state", {**datadog, "state": "open"})
    assert result["failed"]
    assert "one of the following is required: signal_ids, query" in result["msg"]


def test_a_signal_without_a_state_is_not_guessed_at(sim: Simulator, datadog: Params) -> None:
    signal_id = sim.datadog.add_signal().id
    nothing = {"data": {"attributes": {"custom": {"workflow": {"triage": {"state": None}}}}}}
    sim.faults.add(Fault("merge", method="GET", body=nothing, count=None))
    result = run_module("signal_state", {**datadog, "signal_ids": signal_id, "state": "archived", "retries": 1})
    assert result["failed"]
    assert (result["error"]["kind"], rows(result)[0]["changed"]) == ("unreadable", False)
    assert not sim.log.writes()


def test_another_signal_than_was_asked_for_is_not_taken(sim: Simulator, datadog: Params) -> None:
    signal_id = sim.datadog.add_signal().id
    sim.faults.add(Fault("merge", method="GET", body={"data": {"id": "AQAAAother"}}, count=None))
    result = run_module("signal_state", {**datadog, "signal_ids": signal_id, "state": "archived", "retries": 1})
    assert result["failed"]
    assert not sim.log.writes()


def test_many_reads_over_a_few_connections(sim: Simulator, datadog: Params) -> None:
    ids = [sim.datadog.add_signal(state="archived").id for dummy in range(300)]
    sim.log.clear()
    run_module("signal_state", {**datadog, "signal_ids": ids, "state": "archived", "concurrency": 4})
    assert len(sim.log) == 300
    assert sim.log.connections <= 4
    assert sim.log.peak <= 4
