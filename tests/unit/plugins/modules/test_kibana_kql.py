# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Searches of Elastic Security in the language of Kibana's search bar, by the modules that take them."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.secops.triage.tests.simulator import Simulator
from ansible_collections.secops.triage.tests.unit.harness import Params, by_id, four_runs, run_module

RULE, HOST, TIME = "kibana.alert.rule.name", "host.name", "@timestamp"
TASKS: dict[str, Params] = {
    "kibana_alert_status": {"status": "closed"},
    "kibana_alert_tags": {"tags": ["noise"]},
    "kibana_alert_assignees": {"assignees": ["u_jane.doe@example.com_es"]},
}
MODULES = pytest.mark.parametrize("module", [*TASKS, "kibana_alert_info"])
WRITING = pytest.mark.parametrize("module", TASKS)
#: What a text finds of the alerts below.
FINDS = {
    f"{RULE}: Port scan": ["scan", "wide"],
    f'{RULE}: "Port scan" and not {HOST}: web-*': ["wide"],
    f"{HOST}: (web-01 or db*)": ["scan", "wide"],
    f"{RULE}: Port sc*": ["scan", "wide"],
    f"{RULE}: sc*": [],
    f"{TIME} >= 2026-03-02": ["wide", "theft"],
    f'{TIME} < "2026-03-02T00:00:00Z"': ["scan"],
    "host.na*: *ead": ["theft"],
    "threat.enrichments: { matched.atomic: evil and matched.type: ip }": ["wide"],
    "threat.enrichments: { matched.atomic: evil and matched.type: url }": [],
    r"user.name: ACME\\amira": ["theft"],
    r"user.name: ACME\\a*": ["theft"],
    r"user.name: \**": [],
    "not user.name: *": ["scan", "wide"],
    '"theft of keys"': [],
}


@pytest.fixture
def alerts(sim: Simulator) -> dict[str, str]:
    """Three alerts, the ids by their names."""
    sim.reset(alerts={"kibana": 0})
    evil: list[Params] = [
        {"matched.atomic": "evil", "matched.type": "ip"},
        {"matched.atomic": "good", "matched.type": "url"},
    ]
    fields: dict[str, Params] = {
        "scan": {RULE: "Port scan", "host": {"name": "web-01"}, TIME: "2026-03-01T08:00:00.000Z"},
        "wide": {
            RULE: "Port scan",
            "host": {"name": "db-01"},
            TIME: "2026-03-02T08:00:00.000Z",
            "threat": {"enrichments": evil},
        },
        "theft": {
            RULE: "Theft",
            "host": {"name": "bridgehead"},
            TIME: "2026-03-03T08:00:00.000Z",
            "user": {"name": "ACME\\amira"},
        },
    }
    found = {}
    for name, one in fields.items():
        found[name] = sim.kibana.add_alert()
        sim.kibana.alerts()[found[name]].pop("user", None)
        sim.kibana.alerts()[found[name]].update(one)
    return found


@pytest.mark.parametrize("kql", FINDS)
def test_what_it_finds(sim: Simulator, kibana: Params, alerts: dict[str, str], kql: str) -> None:
    found = by_id(run_module("kibana_alert_info", {**kibana, "kql": kql}))
    assert set(found) == {alerts[name] for name in FINDS[kql]}


@pytest.mark.versions
@WRITING
def test_what_it_writes(sim: Simulator, kibana: Params, alerts: dict[str, str], module: str) -> None:
    kql = f'{RULE}: "Port scan" and {TIME} >= 2026-03-02'
    runs = four_runs(sim, module, {**kibana, **TASKS[module], "kql": kql})
    assert set(by_id(runs.real)) == {alerts["wide"]}
    assert runs.real["matched"] == 1
    assert runs.real["changed"]


@WRITING
def test_beside_a_query(sim: Simulator, kibana: Params, alerts: dict[str, str], module: str) -> None:
    """The alerts that match both, as with a filter beside the search bar; whatever the text has for parentheses."""
    given: Params = {"query": {"term": {HOST: "web-01"}}, "kql": f"{RULE}: Theft or {RULE}: *"}
    runs = four_runs(sim, module, {**kibana, **TASKS[module], **given})
    assert set(by_id(runs.real)) == {alerts["scan"]}
    result = run_module(module, {**kibana, **TASKS[module], **given, "kql": f"{RULE}: x) or ({RULE}: *"})
    assert result["error"]["kind"] == "option"


@WRITING
@pytest.mark.parametrize("kql", ["", " ", "*", "*:*", " * : * "])
def test_a_text_that_says_nothing(
    sim: Simulator, kibana: Params, alerts: dict[str, str], module: str, kql: str
) -> None:
    beside: list[Params] = [{}, {"query": {}}, {"query": {"match_all": {}}}]
    for more in beside:
        result = run_module(module, {**kibana, **TASKS[module], "kql": kql, **more})
        assert result["error"]["kind"] == "unbounded"
        assert "kql is " in result["msg"]
        assert not len(sim.log)


@WRITING
@pytest.mark.parametrize("kql", [f"{RULE}: *", f"* or {RULE}: x", "not user.name: nobody"])
def test_a_text_that_leaves_nothing_out(
    sim: Simulator, kibana: Params, alerts: dict[str, str], module: str, kql: str
) -> None:
    result = run_module(module, {**kibana, **TASKS[module], "kql": kql})
    assert result["error"]["kind"] == "unbounded"
    assert (result["matched"], result["total"]) == (3, 3)
    assert not sim.log.writes()


@MODULES
def test_a_text_that_kibana_refuses(sim: Simulator, kibana: Params, module: str) -> None:
    result = run_module(module, {**kibana, **TASKS.get(module, {}), "kql": "host.name:x:y"})
    assert result["error"]["kind"] == "option"
    assert result["msg"].startswith("kql cannot be read at character 12, ':y': ")
    assert not len(sim.log)


@MODULES
@pytest.mark.parametrize("query", ["host.name: web-01", "host.name=web-01", '["a"]'])
def test_a_text_as_query(sim: Simulator, kibana: Params, module: str, query: str) -> None:
    result = run_module(module, {**kibana, **TASKS.get(module, {}), "query": query})
    assert result["error"]["kind"] == "option"
    assert "query takes a mapping" in result["msg"]
    assert "goes into kql" in result["msg"]
    assert not len(sim.log)


@MODULES
def test_ids_beside_it(sim: Simulator, kibana: Params, module: str) -> None:
    task: Params = {**kibana, **TASKS.get(module, {}), "kql": "a: b"}
    result = run_module(module, {**task, "alert_ids": ["x"]})
    assert "mutually exclusive: alert_ids|kql" in result["msg"]
    result = run_module(module, {**kibana, **TASKS.get(module, {})})
    assert "alert_ids, query, kql" in result["msg"]
    assert not len(sim.log)


def test_the_write_is_bound_to_it(sim: Simulator, kibana: Params, alerts: dict[str, str]) -> None:
    """As by a query, Kibana writes only what still matches."""
    task: Params = {**kibana, "status": "closed", "kql": f"{HOST}: web-01"}
    run_module("kibana_alert_status", task)
    (write,) = sim.log.writes()
    match: t.Any = {"bool": {"should": [{"match": {HOST: "web-01"}}], "minimum_should_match": 1}}
    assert write.body["query"]["bool"]["filter"] == [match, {"ids": {"values": [alerts["scan"]]}}]
