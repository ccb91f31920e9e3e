# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tags of Elastic Security's alerts: what is compared, what is written, and what is reported."""

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
)

TAGS = "kibana.alert.workflow_tags"
NAME = "kibana_alert_tags"


def tagged(*tags: str) -> Params:
    """The field of an alert with these tags."""
    return {TAGS: list(tags)}


def run(kibana: Params, *, check: bool = False, **options: t.Any) -> Result:
    return run_module(NAME, {**kibana, "retries": 1, **options}, check=check)


@pytest.mark.versions
@pytest.mark.parametrize(
    ("state", "before", "after"),
    [
        ("present", [], ["b", "a"]),
        ("present", ["c", "a"], ["c", "a", "b"]),
        ("present", ["a", "b"], ["a", "b"]),
        ("absent", ["c", "a", "d"], ["c", "d"]),
        ("absent", ["c"], ["c"]),
        ("absent", ["A"], ["A"]),
        ("exact", ["c", "a"], ["a", "b"]),
        ("exact", ["a", "b"], ["a", "b"]),
        ("exact", [], ["b", "a"]),
    ],
)
def test_every_state(sim: Simulator, kibana: Params, state: str, before: list[str], after: list[str]) -> None:
    """In the order in which the server puts them; that of the task makes no difference."""
    key = sim.kibana.add_alert(**tagged(*before))
    runs = four_runs(sim, NAME, {**kibana, "alert_ids": [key], "tags": ["b", "a", "b"], "state": state})
    assert by_id(runs.real)[key]["tags"] == sim.kibana.alerts()[key][TAGS] == after
    assert runs.real["changed"] is (before != after)


@pytest.mark.parametrize(("state", "after"), [("present", ["x"]), ("absent", ["x"]), ("exact", [])])
def test_no_tags_at_all(sim: Simulator, kibana: Params, state: str, after: list[str]) -> None:
    key = sim.kibana.add_alert(**tagged("x"))
    runs = four_runs(sim, NAME, {**kibana, "alert_ids": [key], "tags": [], "state": state})
    assert by_id(runs.real)[key]["tags"] == after


def test_writes_what_differs_and_that_once_for_all_that_are_alike(sim: Simulator, kibana: Params) -> None:
    had = {"x": 2, "y": 3, "": 4, "a": 5}
    ids = [
        sim.kibana.add_alert(**tagged(*([tag] if tag else []))) for tag, many in had.items() for _each in range(many)
    ]
    runs = four_runs(sim, NAME, {**kibana, "alert_ids": ids, "tags": ["a"], "state": "exact"})
    assert sorted((len(entry.body["ids"]), str(entry.body["tags"])) for entry in runs.writes) == [
        (2, "{'tags_to_add': ['a'], 'tags_to_remove': ['x']}"),
        (3, "{'tags_to_add': ['a'], 'tags_to_remove': ['y']}"),
        (4, "{'tags_to_add': ['a'], 'tags_to_remove': []}"),
    ]
    assert runs.real["counts"] == counts_of(14, changed=9, unchanged=5)


def test_five_thousand_are_one_read_five_writes_and_one_read(sim: Simulator, kibana: Params) -> None:
    sim.reset(alerts={"kibana": 5000})
    result = run(kibana, alert_ids=list(sim.kibana.alerts()), tags=["exercise"])
    assert result["counts"]["changed"] == 5000
    assert [len(entry.body["ids"]) for entry in sim.log.writes()] == [1000] * 5
    assert len(sim.log.reads()) == 2


@pytest.mark.parametrize("stored", [None, "a", ["a"]])
def test_one_tag_is_as_good_as_a_list(sim: Simulator, kibana: Params, stored: t.Any) -> None:
    """Elasticsearch knows no difference; who has written the alert may."""
    key = sim.kibana.add_alert(**{TAGS: stored})
    result = run(kibana, alert_ids=[key], tags=["a"], check=True)
    assert result["changed"] is (stored is None)


@pytest.mark.parametrize("odd", [5, {"a": 1}, ["a", 5], [None], [["a"]], True])
def test_tags_that_are_none_are_not_guessed(sim: Simulator, kibana: Params, odd: t.Any) -> None:
    key = sim.kibana.add_alert(**{TAGS: odd})
    result = run(kibana, alert_ids=[key], tags=["a"], retries=0)
    assert TAGS in result["msg"]
    assert not sim.log.writes()


@pytest.mark.parametrize("tag", ["Übung 7", "\u202ecba", "a b\tc", '"', "🔥"])
def test_any_text_is_a_tag(sim: Simulator, kibana: Params, tag: str) -> None:
    key = sim.kibana.add_alert()
    four_runs(sim, NAME, {**kibana, "alert_ids": [key], "tags": [tag]})
    assert sim.kibana.alerts()[key][TAGS] == [tag]


@pytest.mark.parametrize("tag", ["", "  ", "a\x00", "\ud800"])
def test_texts_that_are_no_tags(sim: Simulator, kibana: Params, tag: str) -> None:
    result = run(kibana, alert_ids=[sim.kibana.add_alert()], tags=["a", tag])
    assert result["failed"]
    assert not sim.log


@pytest.mark.parametrize(("state", "fails"), [("present", True), ("exact", True), ("absent", False)])
def test_alerts_from_before_8_0_have_no_place_for_tags(sim: Simulator, kibana: Params, state: str, fails: bool) -> None:
    ids = [sim.kibana.add_alert(), sim.kibana.add_alert(legacy=True)]
    for check in (True, False):
        result = run(kibana, alert_ids=ids, tags=["a"], state=state, check=check)
        assert bool(result.get("failed")) is fails
        assert not sim.log.writes()
        if fails:
            assert "has no place for tags" in by_id(result)[ids[1]]["error"]["message"]


def test_unknown_ids_are_all_named_and_nothing_is_written(sim: Simulator, kibana: Params) -> None:
    unknown = ["f" * 64, "e" * 64]
    result = run(kibana, alert_ids=[*unknown, sim.kibana.add_alert()], tags=["a"])
    assert all(one in result["msg"] for one in unknown)
    assert not sim.log.writes()


def test_a_conflict_is_tried_again(sim: Simulator, kibana: Params) -> None:
    ids = [sim.kibana.add_alert() for _each in range(4)]
    sim.settings.kibana.batch_size = 2
    sim.settings.kibana.conflicts = {ids[1]: 1}
    result = run(kibana, alert_ids=ids, tags=["a"])
    assert result["counts"]["changed"] == 4
    assert [entry.body["ids"] for entry in sim.log.writes()] == [ids, [ids[1], ids[2], ids[3]]]


@pytest.mark.parametrize(
    "fault",
    [
        {"action": "close", "when": "after"},
        {"action": "status", "status": 503, "when": "after"},
        {"action": "html", "when": "after"},
        {"action": "truncate", "when": "after"},
    ],
    ids=lambda fault: fault["action"],
)
def test_a_lost_answer_is_looked_up(sim: Simulator, kibana: Params, fault: dict[str, t.Any]) -> None:
    key = sim.kibana.add_alert()
    sim.faults.add(Fault(writes=True, **fault))
    result = run(kibana, alert_ids=[key], tags=["a"])
    assert by_id(result)[key] == {"id": key, "changed": True, "tags": ["a"]}
    assert len(sim.log.writes()) == 1


@pytest.mark.parametrize(
    ("fault", "status"),
    [({"status": 400}, 400), ({"status": 403}, 403), ({"status": 413}, 413), ({"status": 429}, 429)],
)
def test_a_refusal_is_told_and_nothing_has_changed(
    sim: Simulator, kibana: Params, fault: dict[str, t.Any], status: int
) -> None:
    ids = [sim.kibana.add_alert() for _each in range(2)]
    sim.faults.add(Fault(writes=True, count=None, **fault))
    result = run(kibana, alert_ids=ids, tags=["a"], retries=0)
    assert result["error"]["status"] == status
    assert result["counts"] == counts_of(2, failed=2)
    assert not result["changed"]


def test_a_refusal_by_somebody_in_between_need_not_mean_that_nothing_has_changed(
    sim: Simulator, kibana: Params
) -> None:
    ids = [sim.kibana.add_alert() for _each in range(2)]
    sim.faults.add(Fault(writes=True, count=None, status=403, html=True))
    result = run(kibana, alert_ids=ids, tags=["a"], retries=0)
    assert result["error"]["status"] == 403
    assert [row["changed"] for row in result["alerts"]] == [None, None]
    assert result["counts"]["unconfirmed"] == 2


def test_one_batch_that_is_refused_is_not_the_end_of_the_others(sim: Simulator, kibana: Params) -> None:
    ids = [sim.kibana.add_alert(**tagged(tag)) for tag in ("x", "y", "z")]
    sim.faults.add(Fault(status=400, writes=True, nth=2))
    result = run(kibana, alert_ids=ids, tags=["a"], state="exact", concurrency=1)
    assert [row["changed"] for row in result["alerts"]] == [True, False, True]
    assert result["counts"]["failed"] == 1


def test_a_key_that_may_only_read(sim: Simulator, kibana: Params) -> None:
    key = {"api_key": sim.credentials.kibana_read_only_api_key}
    result = run({**kibana, **key}, alert_ids=[sim.kibana.add_alert()], tags=["a"])
    assert "privilege to change security alerts" in result["msg"]
    assert result["error"]["status"] == 403


@pytest.mark.parametrize("answer", [{"version_conflicts": 1}, {"failures": [{"id": "x"}]}, {"timed_out": True}])
def test_counters_of_the_answer_are_not_believed(sim: Simulator, kibana: Params, answer: dict[str, t.Any]) -> None:
    sim.faults.add(Fault("merge", path="signals/tags", count=None, body={"updated": 0, **answer}))
    runs = four_runs(sim, NAME, {**kibana, "alert_ids": [sim.kibana.add_alert()], "tags": ["a"]})
    assert len(runs.writes) == 1


def test_an_update_that_did_nothing_is_a_failure(sim: Simulator, kibana: Params) -> None:
    key = sim.kibana.add_alert()
    sim.faults.add(Fault(status=200, body={"updated": 1, "failures": []}, path="signals/tags", count=None))
    result = run(kibana, alert_ids=[key], tags=["a"])
    assert "tags is [] where ['a'] was asked for" in result["msg"]


def test_what_somebody_else_adds_meanwhile_stays(sim: Simulator, kibana: Params) -> None:
    key = sim.kibana.add_alert(**tagged("x"))
    theirs = Meanwhile(lambda entry: sim.kibana.alerts()[key][TAGS].append("y"), path="signals/tags")
    sim.faults.add(theirs)
    result = run(kibana, alert_ids=[key], tags=["a"])
    assert by_id(result)[key]["tags"] == ["x", "y", "a"]


# By query


def test_by_query(sim: Simulator, kibana: Params) -> None:
    ids = [sim.kibana.add_alert(**tagged("x", number)) for number in ("1", "2", "3")]
    task = {**kibana, "query": {"term": {TAGS: "x"}}, "tags": ["y"], "expected_count": 3}
    runs = four_runs(sim, NAME, task)
    assert set(by_id(runs.real)) == set(ids)
    assert runs.real["matched"] == runs.again["matched"] == 3
    # All alerts are counted before the search. What the search has shown is not read again before the write.
    assert [entry.is_write for entry in runs.requests] == [False, False, True, False]


def test_a_tag_that_the_query_goes_by(sim: Simulator, kibana: Params) -> None:
    ids = [sim.kibana.add_alert(**tagged("x", number)) for number in ("1", "2")]
    runs = four_runs(sim, NAME, {**kibana, "query": {"term": {TAGS: "x"}}, "tags": ["x"], "state": "absent"})
    assert set(by_id(runs.real)) == set(ids)
    assert runs.again["matched"] == 0


@pytest.mark.parametrize("options", [{"max_alerts": 39}, {"expected_count": 39}])
def test_more_than_was_meant(sim: Simulator, kibana: Params, options: Params) -> None:
    sim.reset(alerts={"kibana": 40})
    query = {"exists": {"field": "host.name"}}
    result = run(kibana, query=query, tags=["a"], **options)
    assert "The query matches 40 alerts" in result["msg"]
    assert result["matched"] == 40
    assert not sim.log.writes()


def test_every_alert_is_refused(sim: Simulator, kibana: Params) -> None:
    sim.reset(alerts={"kibana": 40})
    result = run(kibana, query={"match_all": {}}, tags=["a"])
    assert "allow_unbounded" in result["msg"]
    assert not sim.log
    assert (
        four_runs(sim, NAME, {**kibana, "query": {"match_all": {}}, "tags": ["a"], "allow_unbounded": True}).real[
            "counts"
        ]["changed"]
        == 40
    )


def test_guards(sim: Simulator, kibana: Params) -> None:
    ids = [sim.kibana.add_alert(status) for status in ("open", "closed")]
    task: Params = {"alert_ids": ids, "tags": ["a"], "only_from": ["open"]}
    result = run(kibana, **task)
    assert "only_from" in result["msg"]
    assert not sim.log.writes()
    result = run(kibana, **task, on_guard="skip")
    assert [by_id(result)[key].get("skipped") for key in ids] == [None, "it is closed, and only_from is open"]
    assert [sim.kibana.alerts()[key][TAGS] for key in ids] == [["a"], []]
