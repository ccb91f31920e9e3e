# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Alerts of Elastic Security that a task should leave alone, or find in another number, or not all of."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.secops.triage.plugins.module_utils._kibana.bounds import unbounded
from ansible_collections.secops.triage.tests.simulator import Entry, Fault, Simulator
from ansible_collections.secops.triage.tests.unit.harness import (
    Meanwhile,
    Params,
    Result,
    by_id,
    four_runs,
    run_module,
)

NAME = "kibana_alert_status"
STATUS = "kibana.alert.workflow_status"
SEVERITY = "kibana.alert.severity"
ASSIGNEES = "kibana.alert.workflow_assignee_ids"
NOISE: Params = {"term": {"kibana.alert.rule.name": "Noise"}}
NOISY: Params = {"kibana.alert.rule.name": "Noise"}
CRITICAL: Params = {SEVERITY: "critical"}


def run(kibana: Params, *, check: bool = False, **options: t.Any) -> Result:
    return run_module(NAME, {**kibana, "status": "closed", "retries": 1, **options}, check=check)


def assigned(*users: str) -> Params:
    """The field of an alert that these users have."""
    return {ASSIGNEES: list(users)}


def named(sim: Simulator, ids: list[str], by_query: bool) -> Params:
    """These alerts, one way or the other."""
    return {"query": {"ids": {"values": ids}}} if by_query else {"alert_ids": ids}


@pytest.fixture(params=[False, True], ids=["ids", "query"])
def by_query(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


def changed(result: Result) -> list[str]:
    return [key for key, row in by_id(result).items() if row["changed"]]


def fails_unwritten(sim: Simulator, result: Result, *said: str) -> None:
    assert result["failed"]
    assert not result["changed"]
    assert all(one in result["msg"] for one in said), result["msg"]
    assert not sim.log.writes()


# Guards


def held(sim: Simulator, kibana: Params, task: Params, ids: list[str], said: str) -> None:
    """The first alert is protected, and the other is not: nothing at all is written, or it is left alone."""
    protected, other = ids
    for check in (True, False):
        fails_unwritten(sim, run(kibana, **task, check=check), said)
    skips = [run(kibana, **task, on_guard="skip", check=check) for check in (True, False)]
    assert skips[0]["alerts"] == skips[1]["alerts"]
    for result in skips:
        assert changed(result) == [other]
        assert said in by_id(result)[protected]["skipped"]
        assert (result["counts"]["changed"], result["counts"]["skipped"]) == (1, 1)
    assert not sim.kibana.writes_of(protected)
    again = run(kibana, **task, on_guard="skip")
    assert not again["changed"]


def test_only_from(sim: Simulator, kibana: Params, by_query: bool) -> None:
    ids = [sim.kibana.add_alert(status) for status in ("acknowledged", "open")]
    task = {**named(sim, ids, by_query), "only_from": ["open", "in-progress"]}
    held(sim, kibana, task, ids, "it is acknowledged, and only_from is open, in-progress")


@pytest.mark.parametrize("who", ["uid", "name"])
def test_only_assigned_to(sim: Simulator, kibana: Params, by_query: bool, who: str) -> None:
    (amira, name), (bruno, _name) = sim.kibana.users[:2]
    ids = [sim.kibana.add_alert(**assigned(*users)) for users in ([amira, bruno], [amira])]
    task = {**named(sim, ids, by_query), "only_assigned_to": [" " + (amira if who == "uid" else name)]}
    shown = amira if who == "uid" else name
    held(sim, kibana, task, ids, f"{shown}, {bruno} has it, and only_assigned_to is {shown}")


def test_only_what_nobody_has(sim: Simulator, kibana: Params, by_query: bool) -> None:
    uid = sim.kibana.users[0][0]
    ids = [sim.kibana.add_alert(**assigned(*users)) for users in ([uid], [])]
    task = {**named(sim, ids, by_query), "only_assigned_to": [""]}
    held(sim, kibana, task, ids, f"{uid} has it, and only_assigned_to is nobody")


def test_several_who_may_have_it(sim: Simulator, kibana: Params, by_query: bool) -> None:
    (amira, _name), (bruno, _name), (greta, _name) = sim.kibana.users
    ids = [sim.kibana.add_alert(**assigned(*users)) for users in ([greta], [bruno, amira])]
    task = {**named(sim, ids, by_query), "only_assigned_to": ["amira", bruno, ""]}
    held(sim, kibana, task, ids, f"{greta} has it")


@pytest.mark.parametrize("legacy", [False, True])
def test_protect_severity(sim: Simulator, kibana: Params, by_query: bool, legacy: bool) -> None:
    ids = [sim.kibana.add_alert(legacy=legacy) for _each in range(2)]
    for key, severity in zip(ids, ("critical", "low")):
        document = sim.kibana.alerts()[key]
        document.update(
            {"signal": {"status": "open", "rule": {"severity": severity}}} if legacy else {SEVERITY: severity}
        )
    task = {**named(sim, ids, by_query), "protect_severity": ["high", "critical"]}
    held(sim, kibana, task, ids, "its severity is critical, which protect_severity keeps from being closed")


def test_a_severity_that_is_not_known_is_protected(sim: Simulator, kibana: Params) -> None:
    unknown: Params = {SEVERITY: None}
    key = sim.kibana.add_alert(**unknown)
    result = run(kibana, alert_ids=[key], protect_severity=["critical"])
    fails_unwritten(sim, result, "its severity is not known")


def test_a_protected_severity_may_be_acknowledged(sim: Simulator, kibana: Params) -> None:
    key = sim.kibana.add_alert(**CRITICAL)
    task = {**kibana, "alert_ids": [key], "status": "acknowledged", "protect_severity": ["critical"]}
    assert four_runs(sim, NAME, task).real["changed"]


def test_what_is_as_it_should_be_is_in_nobodys_way(sim: Simulator, kibana: Params) -> None:
    key = sim.kibana.add_alert("closed", **CRITICAL, **assigned(sim.kibana.users[0][0]))
    guards = {"only_from": ["open"], "only_assigned_to": [""], "protect_severity": ["critical"]}
    four_runs(sim, NAME, {**kibana, "alert_ids": [key], "status": "closed", **guards})


def test_what_a_query_has_found_is_read_again_just_before_the_write(sim: Simulator, kibana: Params) -> None:
    ids = [sim.kibana.add_alert(**NOISY) for _each in range(3)]
    taken = {STATUS: "acknowledged"}
    sim.faults.add(Meanwhile(lambda entry: sim.kibana.alerts()[ids[1]].update(taken), path="search", nth=2))
    result = run(kibana, query=NOISE, only_from=["open"], on_guard="skip")
    assert set(changed(result)) == {ids[0], ids[2]}
    assert by_id(result)[ids[1]]["skipped"] == "it is acknowledged, and only_from is open"
    assert [entry.is_write for entry in sim.log] == [False, False, True, False]


def test_without_a_guard_it_is_not(sim: Simulator, kibana: Params) -> None:
    sim.kibana.add_alert(**NOISY)
    run(kibana, query=NOISE)
    assert [entry.is_write for entry in sim.log] == [False, True, False]
    assert SEVERITY not in sim.log[0].body["_source"]


def test_who_takes_an_alert_after_a_lost_write_keeps_it(sim: Simulator, kibana: Params) -> None:
    """A write of which nobody knows what became is sent again only where no guard is in the way by then."""
    key, uid = sim.kibana.add_alert(), sim.kibana.users[0][0]
    sim.faults.add(Fault(status=503, writes=True))
    taken = Meanwhile(lambda entry: sim.kibana.alerts()[key].update({ASSIGNEES: [uid]}), path="search", nth=2)
    sim.faults.add(taken)
    result = run(kibana, alert_ids=[key], only_assigned_to=[""])
    assert "Not tried again" in result["msg"]
    assert len(sim.log.writes()) == 1
    assert sim.kibana.alerts()[key][STATUS] == "open"


@pytest.mark.parametrize(
    ("guards", "said"),
    [
        ({"only_from": ["opened"]}, "only_from has 'opened' in it"),
        ({"protect_severity": ["info"]}, "protect_severity has 'info' in it"),
        ({"only_assigned_to": ["zoe", "amira"]}, "only_assigned_to: there is no user called 'zoe'"),
    ],
)
def test_guards_that_make_no_sense(sim: Simulator, kibana: Params, guards: Params, said: str) -> None:
    fails_unwritten(sim, run(kibana, alert_ids=[sim.kibana.add_alert()], **guards), said)
    assert not sim.log.select(path="signals/")


@pytest.mark.parametrize("odd", [5, {"uid": "u_1"}, ["u_1", 5]])
def test_assignees_that_cannot_be_read_are_not_nobody(sim: Simulator, kibana: Params, odd: t.Any) -> None:
    key = sim.kibana.add_alert(**{ASSIGNEES: odd})
    fails_unwritten(sim, run(kibana, alert_ids=[key], only_assigned_to=[""], retries=0), ASSIGNEES)


# The number of alerts


def test_expected_count_is_of_all_that_match(sim: Simulator, kibana: Params) -> None:
    """So that a second run, which finds all of them closed, does not fail."""
    for status in ("open", "open", "closed", "acknowledged"):
        sim.kibana.add_alert(status, **NOISY)
    runs = four_runs(sim, NAME, {**kibana, "query": NOISE, "status": "closed", "expected_count": 4})
    assert (runs.real["matched"], runs.again["matched"]) == (3, 0)
    # One search more, which shows nothing but a number.
    assert [entry.body.get("size") for entry in runs.requests] == [1000, 0, None, 6]


@pytest.mark.parametrize("check", [True, False])
@pytest.mark.parametrize("expected", [0, 2, 4])
def test_another_number_is_an_error(sim: Simulator, kibana: Params, expected: int, check: bool) -> None:
    for status in ("open", "open", "closed"):
        sim.kibana.add_alert(status, **NOISY)
    result = run(kibana, query=NOISE, expected_count=expected, check=check)
    fails_unwritten(sim, result, f"matches 3 alerts, and expected_count is {expected}")


def test_the_total_of_a_count_must_be_told(sim: Simulator, kibana: Params) -> None:
    sim.kibana.add_alert(**NOISY)
    sim.faults.add(Fault("merge", path="search", nth=2, count=None, body={"hits": {"total": None}}))
    fails_unwritten(sim, run(kibana, query=NOISE, expected_count=1, retries=0), "does not tell how many alerts match")


@pytest.mark.parametrize("name", ["expected_count", "runtime_mappings", "conflicts"])
def test_what_goes_only_with_a_query(sim: Simulator, kibana: Params, name: str) -> None:
    given: Params = {"runtime_mappings": {"day": {"type": "keyword"}}, "conflicts": "proceed"}
    result = run(kibana, alert_ids=[sim.kibana.add_alert()], **{name: given.get(name, 1)})
    fails_unwritten(sim, result, name)
    assert not sim.log


def test_no_count_makes_good_for_alerts_that_were_found(sim: Simulator, kibana: Params) -> None:
    """Two of five match no more when they are counted; three are as expected, but they are not what was found."""
    name = "kibana.alert.rule.name"
    alerts = [sim.kibana.alerts()[sim.kibana.add_alert(**NOISY)] for _number in range(5)]

    def leave(_entry: Entry) -> None:
        for alert in alerts[:2]:
            alert[name] = "Signal"

    sim.faults.add(Meanwhile(leave, path="signals/search$", nth=2))
    result = run(kibana, query={"term": {name: "Noise"}}, expected_count=3)
    fails_unwritten(sim, result, "matches 5 alerts, and expected_count is 3")


def twice(sim: Simulator, severity: str) -> list[str]:
    """The ids of two alerts; a search shows the first one again, with this severity, where the other one should be."""
    when = ("2026-03-01T00:00:00.000Z", "2026-03-01T00:00:01.000Z")
    ids = [sim.kibana.add_alert(**{SEVERITY: "low", "@timestamp": time, **NOISY}) for time in when]
    hits = [{}, {"_id": ids[0], "_source": {SEVERITY: severity}}]
    sim.faults.add(Fault("merge", path="signals/search$", body={"hits": {"hits": hits}}))
    return ids


def test_two_of_one_id_that_stand_differently_are_not_written(sim: Simulator, kibana: Params) -> None:
    """What is written goes to both, and a guard may have seen only one of them."""
    ids = twice(sim, "critical")
    result = run(kibana, query=NOISE, protect_severity=["critical"], on_guard="skip", retries=0)
    fails_unwritten(sim, result, f"two alerts with the id {ids[0]}")


def test_two_of_one_id_that_are_alike_are_one(sim: Simulator, kibana: Params) -> None:
    ids = twice(sim, "low")
    result = run(kibana, check=True, query=NOISE, protect_severity=["critical"])
    assert changed(result) == ids
    # Read by their ids, two of one do not keep another one out.
    assert list(sim.log)[-1].body["size"] == 4


# Bounds

EVERYTHING: list[t.Any] = [
    {},
    {"match_all": {}},
    {"match_all": {"boost": 2}},
    {"bool": {}},
    {"bool": {"filter": []}},
    {"bool": {"filter": {"match_all": {}}}},
    {"bool": {"must": [{"match_all": {}}, {"bool": {"filter": [{"query_string": {"query": " *:* "}}]}}]}},
    {"bool": {"should": [{"match_all": {}}, {"term": {"a": 1}}]}},
    {"bool": {"should": [{"term": {"a": 1}}], "minimum_should_match": 0}},
    {"bool": {"filter": [{"match_all": {}}], "should": [{"term": {"a": 1}}]}},
    {"bool": {"must_not": []}},
    {"bool": {"must_not": [{"match_none": {}}, {"ids": {"values": []}}, {"terms": {"host.name": []}}]}},
    {"constant_score": {"filter": {"match_all": {}}}},
    {"function_score": {"query": {"match_all": {}}}},
    {"function_score": {}},
    {"dis_max": {"queries": [{"term": {"a": 1}}, {"match_all": {}}]}},
    {"query_string": {"query": "*"}},
    {"query_string": {"query": "*:*", "default_operator": "and"}},
    {"simple_query_string": {"query": "*"}},
    {"query_string": {"query": "(*) OR host.name:web-01"}},
    {"exists": {"field": "@timestamp"}},
    {"exists": {"field": STATUS}},
    {"wildcard": {STATUS: "*"}},
    {"wildcard": {STATUS: {"value": "**"}}},
    {"wildcard": {STATUS: {"wildcard": "*", "boost": 2}}},
    {"regexp": {STATUS: {"value": ".*"}}},
    {"prefix": {"_id": ""}},
    {"bool": {"must_not": {"term": {"host.name": "web-01"}}}},
    {"bool": {"filter": [{"bool": {"must_not": [{"term": {"a": 1}}]}}]}},
    {"query_string": {"query": "-host.name:web-01"}},
    {"query_string": {"query": "NOT (a:1 OR b:1)"}},
    {"query_string": {"query": f"{STATUS}:*"}},
    {"query_string": {"query": "_exists_:@timestamp OR host.name:web-01"}},
    {"query_string": {"query": "@timestamp:[* TO now] -host.name:web-01"}},
    {"query_string": {"query": "@timestamp:{* TO *}"}},
    {"query_string": {"query": "@timestamp:[ *  TO  now ]"}},
    {"range": {"@timestamp": {}}},
    {"range": {"@timestamp": {"gte": 0}}},
    {"range": {"@timestamp": {"gt": "0", "format": "epoch_second"}}},
    {"range": {"@timestamp": {"from": -1}}},
    {"range": {"@timestamp": {"gte": 946_684_799, "format": "epoch_second"}}},
    {"range": {"@timestamp": {"gte": "1970-01-01T00:00:00Z", "lte": None}}},
    {"range": {"@timestamp": {"gte": "1970"}}},
    {"range": {"@timestamp": {"gte": "1970-01"}}},
    {"range": {"@timestamp": {"gte": 0.0}}},
    {"range": {"@timestamp": {"gte": "1970-01-01||+1y"}}},
    {"range": {"@timestamp": {"gte": "now-50y"}}},
    {"range": {"@timestamp": {"lte": "now"}}},
    {"range": {"@timestamp": {"gte": "1970-01-01", "lt": "now+1d/d"}}},
    {"range": {"@timestamp": {"gte": "now-20000d/d"}}},
    {"bool": {"filter": {"range": {"@timestamp": {"gte": None, "format": "epoch_millis"}}}}},
    {"script_score": {"query": {"match_all": {}}, "script": {"source": "1"}}},
    {"boosting": {"positive": {"match_all": {}}, "negative": {"term": {"a": 1}}, "negative_boost": 0}},
]
SOME: list[t.Any] = [
    {"term": {"host.name": "web-01"}},
    {"match_none": {}},
    {"ids": {"values": []}},
    {"bool": {"filter": [{"match_all": {}}, {"term": {"host.name": "web-01"}}]}},
    {"bool": {"filter": {"term": {"a": 1}}, "must_not": {"term": {"host.name": "web-01"}}}},
    {"query_string": {"query": "host.name:web-01 -a:1"}},
    {"range": {"@timestamp": {"gte": 0, "lt": "now-90d"}}},
    {"range": {"@timestamp": {"gte": "2026"}}},
    {"range": {"@timestamp": {"gte": "2026-01-01||/M"}}},
    {"range": {"@timestamp": {"gte": 1_767_225_600, "format": "epoch_second"}}},
    {"range": {"@timestamp": {"gte": "1767225600000"}}},
    {"range": {"@timestamp": {"gte": "now-2y/d"}}},
    {"range": {"@timestamp": {"gte": "01/02/2026", "format": "dd/MM/yyyy"}}},
    {"bool": {"should": [{"term": {"a": 1}}, {"term": {"b": 1}}]}},
    {"bool": {"filter": [{"match_all": {}}], "should": [{"term": {"a": 1}}], "minimum_should_match": 1}},
    {"constant_score": {"filter": {"term": {"a": 1}}}},
    {"query_string": {"query": "host.name:*"}},
    {"query_string": {"query": "_exists_:host.name"}},
    {"query_string": {"query": "host.name:[* TO *]"}},
    {"query_string": {"query": "@timestamp:[now-1d TO now]"}},
    {"query_string": {"query": f"{STATUS}:o*"}},
    {"range": {"@timestamp": {"gte": "now-1d"}}},
    {"range": {"@timestamp": {"gte": "now-1d", "lte": "now"}}},
    {"exists": {"field": "host.name"}},
    {"wildcard": {"host.name": "*"}},
    {"wildcard": {STATUS: "o*"}},
    {"wildcard": {STATUS: {}}},
    {"regexp": {STATUS: "o.*"}},
    {"prefix": {STATUS: {"value": "o"}}},
    {"range": {"@timestamp": {"lt": "now-90d"}}},
    {"range": {"@timestamp": "odd"}},
    {"dis_max": {"queries": [{"term": {"a": 1}}]}},
    {"bool": "odd"},
    {"bool": {"filter": "odd"}},
    {"match_all": {}, "term": {"a": 1}},
]


@pytest.mark.parametrize("query", EVERYTHING, ids=str)
def test_a_query_without_bounds_is_refused(sim: Simulator, kibana: Params, query: Params) -> None:
    result = run(kibana, query=query)
    fails_unwritten(sim, result, "not bounded", "allow_unbounded: true")
    assert not sim.log


@pytest.mark.parametrize("query", SOME, ids=str)
def test_a_query_with_bounds_is_none(query: Params) -> None:
    assert unbounded(query) is None


@pytest.mark.parametrize("query", [{}, {"match_all": {}}, {"bool": {"filter": []}}], ids=str)
def test_every_alert_if_that_is_meant(sim: Simulator, kibana: Params, query: Params) -> None:
    sim.reset(alerts={"kibana": 20})
    task = {**kibana, "query": query, "allow_unbounded": True, "status": "closed", "expected_count": 20}
    four_runs(sim, NAME, task)
    assert {document[STATUS] for document in sim.kibana.alerts().values()} == {"closed"}
