# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Searches of Elastic Security that are written to: one that leaves nothing out is refused, however it is spelled."""

from __future__ import annotations

import base64
import json
import typing as t

import pytest

from ansible_collections.secops.triage.tests.simulator import Fault, Simulator
from ansible_collections.secops.triage.tests.unit.harness import Meanwhile, Params, Result, by_id, four_runs, run_module

STATUS, SEVERITY, RULE = "kibana.alert.workflow_status", "kibana.alert.severity", "kibana.alert.rule.name"
#: When every alert of these tests was raised, and a later moment.
RAISED, LATER = "2026-03-01T08:00:00.000Z", "2026-03-01T09:00:00.000Z"
UID = "u_jane.doe@example.com_es"
TASKS: dict[str, Params] = {
    "kibana_alert_status": {"status": "closed"},
    "kibana_alert_tags": {"tags": ["noise"]},
    "kibana_alert_assignees": {"assignees": [UID]},
}
Query = dict[str, t.Any]
NOISE: Query = {"term": {RULE: "Noise"}}
EVERY: Query = {"exists": {"field": RULE}}


@pytest.fixture(params=TASKS)
def module(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def space(sim: Simulator) -> list[str]:
    """A space with three open alerts of a noisy rule, whose ids these are, and two of another rule."""
    sim.reset(alerts={"kibana": 0})
    add(sim, "Theft", "closed")
    add(sim, "Theft")
    return [add(sim) for _each in range(3)]


def add(sim: Simulator, rule: str = "Noise", status: str = "open", **fields: t.Any) -> str:
    """One more alert, and its id."""
    return sim.kibana.add_alert(status, **{RULE: rule, SEVERITY: "high", "@timestamp": RAISED, **fields})


def run(kibana: Params, module: str, query: Query, *, check: bool = False, **options: t.Any) -> Result:
    return run_module(module, {**kibana, **TASKS[module], "query": query, **options}, check=check)


def refused(sim: Simulator, kibana: Params, module: str, query: Query, kind: str, **options: t.Any) -> Result:
    """The task is refused in the same words in check mode, for real, and once more; nothing is written."""
    results = [run(kibana, module, query, check=check, **options) for check in (True, False, False)]
    assert results[0] == results[1] == results[2]
    assert results[0]["failed"]
    assert not results[0]["changed"]
    assert results[0]["error"]["kind"] == kind, results[0]["msg"]
    assert not sim.log.writes()
    return results[0]


# What a search finds


def test_a_narrow_search(sim: Simulator, kibana: Params, space: list[str], module: str) -> None:
    runs = four_runs(sim, module, {**kibana, **TASKS[module], "query": NOISE})
    assert set(by_id(runs.real)) == set(space)
    assert runs.real["matched"] == 3
    # The count of all alerts, the search, the write, and the read of what was written.
    assert [entry.body.get("size") for entry in runs.requests] == [0, 100, None, 6]


def test_the_count_is_one_request_more(sim: Simulator, kibana: Params, space: list[str], module: str) -> None:
    """And none where every alert may match, or alerts are named by ids."""
    run(kibana, module, NOISE, allow_unbounded=True)
    assert [entry.is_write for entry in sim.log] == [False, True, False]
    sim.log.clear()
    run_module(module, {**kibana, **TASKS[module], "alert_ids": [add(sim)]})
    assert [entry.is_write for entry in sim.log] == [False, True, False]


def test_a_search_that_leaves_nothing_out(sim: Simulator, kibana: Params, space: list[str], module: str) -> None:
    result = refused(sim, kibana, module, EVERY, "unbounded")
    assert (result["matched"], result["total"]) == (5, 5)
    assert "it matches 5 alerts, and there are 5 (max_alerts is 100)" in result["msg"]
    assert "allow_unbounded: true" in result["error"]["hint"]
    runs = four_runs(sim, module, {**kibana, **TASKS[module], "query": EVERY, "allow_unbounded": True})
    assert runs.real["changed"]


def test_a_search_that_leaves_one_out(sim: Simulator, kibana: Params, space: list[str], module: str) -> None:
    query: Query = {"bool": {"must_not": {"ids": {"values": [space[0]]}}}}
    runs = four_runs(sim, module, {**kibana, **TASKS[module], "query": query})
    assert runs.real["changed"]
    assert space[0] not in by_id(runs.real)


@pytest.mark.parametrize("others", [True, False])
def test_a_search_that_finds_nothing(
    sim: Simulator, kibana: Params, space: list[str], module: str, others: bool
) -> None:
    """Nothing is not everything, even where there is nothing at all."""
    place = {} if others else {"space_id": "soc-lab"}
    for query in ({"term": {RULE: "No such rule"}}, {"match_none": {}}, *([] if others else [EVERY])):
        runs = four_runs(sim, module, {**kibana, **place, **TASKS[module], "query": query})
        assert runs.real["matched"] == 0


def test_a_search_that_finds_too_many(sim: Simulator, kibana: Params, space: list[str], module: str) -> None:
    result = refused(sim, kibana, module, NOISE, "limit", max_alerts=2)
    assert result["matched"] == 3
    assert "The query matches 3 alerts, and max_alerts is 2. Nothing was changed" in result["msg"]


def test_a_search_that_finds_more_than_a_hundred(sim: Simulator, kibana: Params, space: list[str], module: str) -> None:
    for _each in range(98):
        add(sim)
    assert refused(sim, kibana, module, NOISE, "limit")["matched"] == 101


def test_alerts_that_already_are_as_desired_count(sim: Simulator, kibana: Params, module: str) -> None:
    """A narrow search stays one, and a search for everything is refused in the second run as in the first."""
    sim.reset(alerts={"kibana": 0})
    done: Params = {"kibana.alert.workflow_tags": ["noise"], "kibana.alert.workflow_assignee_ids": [UID]}
    for rule in ("Noise", "Noise", "Theft"):
        add(sim, rule, "closed", **done)
    runs = four_runs(sim, module, {**kibana, **TASKS[module], "query": NOISE})
    assert not runs.real["changed"]
    assert refused(sim, kibana, module, EVERY, "unbounded")["total"] == 3


def test_the_second_run_is_refused_as_the_first(sim: Simulator, kibana: Params, space: list[str]) -> None:
    """Where all that matches is closed by now, what matched is counted all the same."""
    for document in sim.kibana.alerts().values():
        document[STATUS] = "closed"
    assert refused(sim, kibana, "kibana_alert_status", EVERY, "unbounded")["total"] == 5


@pytest.mark.parametrize("nth", [2, 3], ids=["before the search", "after the search"])
def test_alerts_that_come_while_a_narrow_search_runs(
    sim: Simulator, kibana: Params, space: list[str], module: str, nth: int
) -> None:
    sim.faults.add(Meanwhile(lambda entry: late.append(add(sim)), path="signals/", nth=nth))
    late: list[str] = []
    result = run(kibana, module, NOISE)
    assert not result.get("failed"), result["msg"]
    assert set(by_id(result)) == {*space, *(late if nth == 2 else [])}


def test_alerts_that_come_while_it_runs_do_not_make_a_search_narrow(
    sim: Simulator, kibana: Params, space: list[str], module: str
) -> None:
    """What this query leaves out came after the task had begun; it had matched all that there was."""
    query: Query = {"range": {"@timestamp": {"lte": RAISED}}}
    newer = {"@timestamp": LATER}
    sim.faults.add(Meanwhile(lambda entry: late.append(add(sim, **newer)), path="signals/search", nth=2))
    late: list[str] = []
    result = run(kibana, module, query)
    assert (result["error"]["kind"], result["total"], len(late)) == ("unbounded", 5, 1)
    assert not sim.log.writes()


def test_alerts_that_come_into_an_empty_space_are_not_all_written(sim: Simulator, kibana: Params, module: str) -> None:
    sim.reset(alerts={"kibana": 0})
    sim.faults.add(Meanwhile(lambda entry: [add(sim) for _each in range(3)], path="signals/search", nth=2))
    result = run(kibana, module, EVERY)
    assert (result["error"]["kind"], result["total"]) == ("unbounded", 3)
    assert not sim.log.writes()


@pytest.mark.parametrize(
    "count",
    [{}, {"doc_count": "5"}, {"doc_count": -1}, {"doc_count": None}, {"doc_count": 4.0}, {"doc_count": True}, 4, None],
    ids=str,
)
def test_a_count_that_cannot_be_read(sim: Simulator, kibana: Params, space: list[str], count: t.Any) -> None:
    body = {"hits": {"hits": [], "total": {"value": 5}}, "aggregations": {"matching": count}}
    sim.faults.add(Fault(status=200, path="signals/search", count=None, body=body))
    result = run(kibana, "kibana_alert_status", NOISE, retries=0)
    assert "does not say how many alerts match" in result["msg"]
    assert not sim.log.writes()


@pytest.mark.parametrize(
    "total",
    [
        None,
        5,
        "5",
        [5],
        {"value": None},
        {"value": "5"},
        {"value": 5.0},
        {"value": True},
        {"value": -5},
        # There may be more.
        {"value": 5, "relation": "gte"},
        {"value": 10000, "relation": "gte"},
    ],
    ids=str,
)
@pytest.mark.parametrize("nth", [1, 2])
def test_a_total_that_cannot_be_read(
    sim: Simulator, kibana: Params, space: list[str], module: str, total: t.Any, nth: int
) -> None:
    """Neither that of all alerts, nor that of those that match."""
    sim.faults.add(Fault("merge", path="signals/search", nth=nth, count=None, body={"hits": {"total": total}}))
    for check in (True, False):
        result = run(kibana, module, NOISE, check=check, retries=0)
        assert (result["failed"], result["changed"], result["error"]["kind"]) == (True, False, "ambiguous")
        assert "does not say how many alerts match" in result["msg"]
    assert not sim.log.writes()


# How everything is spelled

EMPTY: list[Query] = [
    {},
    {"match_all": {}},
    {"match_all": {"boost": 2}},
    {"bool": {}},
    {"bool": {"filter": []}},
    {"bool": {"must_not": [], "should": []}},
]
EVERYTHING: list[Query] = [
    {"bool": {"filter": {"match_all": {}}}},
    {"bool": {"must": [{"match_all": {}}, {"bool": {"filter": [{"query_string": {"query": " *:* "}}]}}]}},
    {"bool": {"should": [{"match_all": {}}, NOISE]}},
    {"bool": {"filter": [{"match_all": {}}], "should": [NOISE], "minimum_should_match": -1}},
    {"bool": {"filter": [{"match_all": {}}], "should": [NOISE], "minimum_should_match": 0}},
    {"bool": {"should": [NOISE, {"bool": {"must_not": NOISE}}]}},
    {"bool": {"must_not": [{"match_none": {}}, {"ids": {"values": []}}, {"terms": {"host.name": []}}]}},
    {"bool": {"must_not": {"term": {"host.name": "no such host"}}}},
    {"boosting": {"positive": {"match_all": {}}, "negative": NOISE, "negative_boost": 0}},
    {"constant_score": {"filter": {"match_all": {}}}},
    {"dis_max": {"queries": [NOISE, {"match_all": {}}]}},
    {"function_score": {"query": {"match_all": {}}}},
    {"function_score": {}},
    {"match": {RULE: {"query": "", "zero_terms_query": "all"}}},
    {"script": {"script": "true"}},
    {"script": {"script": {"source": "return true;"}}},
    {"script_score": {"query": {"match_all": {}}, "script": {"source": "1"}}},
    {"wrapper": {"query": base64.b64encode(json.dumps({"match_all": {}}).encode()).decode()}},
    {"query_string": {"query": "*"}},
    {"query_string": {"query": "*:*", "default_operator": "and"}},
    {"query_string": {"query": "(*) OR host.name:web-01"}},
    {"query_string": {"query": f"{STATUS}:*"}},
    {"query_string": {"query": "NOT (host.name:none OR host.name:nobody)"}},
    {"query_string": {"query": "-host.name:none"}},
    {"query_string": {"query": "_exists_:@timestamp OR host.name:web-01"}},
    {"query_string": {"query": "kibana.alert.rule.name:?*"}},
    {"query_string": {"query": "kibana.alert.severity:*h*"}},
    {"simple_query_string": {"query": "*"}},
    {"simple_query_string": {"query": "foo | *"}},
    {"simple_query_string": {"query": "foo | *", "default_operator": "and"}},
    {"exists": {"field": "@timestamp"}},
    {"exists": {"field": STATUS}},
    {"exists": {"field": RULE}},
    {"wildcard": {STATUS: "*"}},
    {"wildcard": {STATUS: {"value": "**"}}},
    {"wildcard": {RULE: {"wildcard": "?*", "boost": 2}}},
    {"regexp": {STATUS: {"value": ".*"}}},
    {"regexp": {RULE: ".+"}},
    {"prefix": {"_id": ""}},
    {"prefix": {RULE: {"value": ""}}},
    {"terms": {SEVERITY: ["low", "medium", "high", "critical"]}},
    {"terms": {STATUS: ["open", "acknowledged", "closed", "in-progress"]}},
    {"range": {"@timestamp": {}}},
    {"range": {"@timestamp": {"gte": 0}}},
    {"range": {"@timestamp": {"gte": "1970-01-01T00:00:00Z", "lte": None}}},
    {"range": {"@timestamp": {"gte": "1970-01-01", "lt": "now+1d/d"}}},
    {"range": {"@timestamp": {"gte": "now-20y"}}},
    {"range": {"@timestamp": {"lte": "now"}}},
    {"range": {"@timestamp": {"lte": "2100-01-01"}}},
    {"range": {"@timestamp": {"gte": "2026-03-01"}}},
    {"range": {"kibana.alert.risk_score": {"gte": 0}}},
]
NARROW: list[Query] = [
    NOISE,
    {"bool": {"filter": [{"match_all": {}}, NOISE]}},
    {"bool": {"should": [NOISE], "minimum_should_match": 0}},
    {"bool": {"filter": [{"match_all": {}}], "should": [NOISE], "minimum_should_match": 1}},
    {"bool": {"must_not": {"term": {RULE: "Theft"}}}},
    {"constant_score": {"filter": NOISE}},
    {"query_string": {"query": f"{RULE}:Noise"}},
    {"query_string": {"query": f"-{RULE}:Theft"}},
    {"simple_query_string": {"query": "foo | Noise"}},
    {"wildcard": {RULE: "N*"}},
    {"regexp": {RULE: "N.*"}},
    {"prefix": {RULE: {"value": "No"}}},
    {"wrapper": {"query": base64.b64encode(json.dumps(NOISE).encode()).decode()}},
]


@pytest.mark.parametrize("query", EMPTY, ids=str)
def test_a_query_that_says_nothing_is_refused_without_a_request(sim: Simulator, kibana: Params, query: Query) -> None:
    for name in TASKS:
        result = refused(sim, kibana, name, query, "unbounded")
        assert f"The search would match every alert: query is {json.dumps(query)}" in result["msg"]
    assert not sim.log


@pytest.mark.parametrize("query", EVERYTHING, ids=str)
def test_everything_is_refused_in_every_spelling(
    sim: Simulator, kibana: Params, space: list[str], query: Query
) -> None:
    result = run(kibana, "kibana_alert_status", query)
    assert result["error"]["kind"] == "unbounded", result["msg"]
    assert (result["matched"], result["total"]) == (5, 5)
    assert not sim.log.writes()


@pytest.mark.parametrize("query", NARROW, ids=str)
def test_what_leaves_something_out_is_written(sim: Simulator, kibana: Params, space: list[str], query: Query) -> None:
    result = run(kibana, "kibana_alert_status", query)
    assert not result.get("failed"), result["msg"]
    assert {key for key, row in by_id(result).items() if row["changed"]} == set(space)


@pytest.mark.parametrize("query", EMPTY, ids=str)
def test_every_alert_if_that_is_meant(sim: Simulator, kibana: Params, space: list[str], query: Query) -> None:
    task = {**kibana, "query": query, "allow_unbounded": True, "status": "closed", "expected_count": 5}
    four_runs(sim, "kibana_alert_status", task)
    assert {document[STATUS] for document in sim.kibana.alerts().values()} == {"closed"}
