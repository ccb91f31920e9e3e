# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Alerts of Elastic Security as they are: what is shown of each one, and which ones a query finds."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.secops.triage.tests.simulator import Fault, Simulator
from ansible_collections.secops.triage.tests.unit.harness import Params, Result, by_id, run_module

NAME = "kibana_alert_info"
MOMENT, START = "@timestamp", "kibana.alert.start"
ALL: Params = {"match_all": {}}


def run(kibana: Params, **options: t.Any) -> Result:
    result = run_module(NAME, {**kibana, "retries": 1, **options})
    assert not result["changed"]
    return result


def shown(kibana: Params, **options: t.Any) -> Result:
    """The one alert that is shown."""
    (alert,) = run(kibana, **options)["alerts"]
    return t.cast(Result, alert)


def ids(result: Result) -> list[str]:
    return [alert["id"] for alert in result["alerts"]]


def at(second: int) -> str:
    return f"2026-03-01T{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}.000Z"


def many(sim: Simulator, count: int, **fields: t.Any) -> list[str]:
    """So many alerts and no others, a second apart, the newest first."""
    sim.reset(alerts={"kibana": 0})
    key = sim.kibana.add_alert()
    document = sim.kibana.alerts().pop(key)
    for number in range(count):
        sim.kibana.alerts()[f"alert-{number:05}"] = {**document, MOMENT: at(number), **fields}
    return list(sim.kibana.alerts())[::-1]


def assigned(*uids: str) -> Params:
    """The field of an alert that these users have."""
    return {"kibana.alert.workflow_assignee_ids": list(uids)}


# What is shown


@pytest.mark.versions
def test_an_alert(sim: Simulator, kibana: Params) -> None:
    uids = [uid for uid, _name in sim.kibana.users]
    fields: Params = {
        MOMENT: "2026-03-01T10:00:00.000Z",
        START: "2026-03-01T09:00:00Z",
        "kibana.alert.workflow_status_updated_at": "2026-03-01T12:00:00.5+02:00",
        "kibana.alert.workflow_assignee_ids": uids[:2],
        "kibana.alert.workflow_tags": ["a", "b"],
        "kibana.alert.severity": "high",
        "kibana.alert.reason": "event on web-01 created high alert Noise.",
        "kibana.alert.rule.name": "Noise",
    }
    key = sim.kibana.add_alert("closed", "duplicate", **fields)
    assert shown(kibana, alert_ids=[key]) == {
        "id": key,
        "platform": "kibana",
        "title": "event on web-01 created high alert Noise.",
        "severity": "high",
        "status": "closed",
        "verdict": "duplicate",
        "assignee": uids[0],
        "assignee_name": None,
        "created": "2026-03-01T09:00:00.000Z",
        "updated": "2026-03-01T10:00:00.500Z",
        "url": f"{sim.kibana.url}/app/security/alerts/redirect/{key}?index=.alerts-security.alerts-default"
        "&timestamp=2026-03-01T10%3A00%3A00.000Z",
        "rule": "Noise",
        "tags": ["a", "b"],
        "assignees": uids[:2],
    }


@pytest.mark.versions
@pytest.mark.parametrize("space", ["default", "soc-lab"])
def test_the_names_of_assignees(sim: Simulator, kibana: Params, space: str) -> None:
    """By one request for all alerts: the full name, else the e-mail address, else the user name."""
    uids = [uid for uid, _name in sim.kibana.users]
    sim.kibana.people = {uids[0]: {"full_name": "Amira\nHaddad"}, uids[1]: {"email": ""}}
    lists: list[list[str]] = [[uids[0], "u_gone_0"], ["u_gone_0"], [uids[2], uids[1]], []]
    keys = [sim.kibana.add_alert(space=space, **assigned(*one)) for one in lists]
    task = {**kibana, "space_id": space, "alert_ids": keys, "resolve_names": True}
    sim.log.clear()
    rows = run_module("kibana_alert_info", task)["alerts"]
    assert [row["assignee_names"] for row in rows] == [
        ["Amira Haddad", None],
        [None],
        ["greta@example.com", "bruno"],
        [],
    ]
    assert [row["assignee_name"] for row in rows] == ["Amira Haddad", None, "greta@example.com", ""]
    assert [row["assignees"] for row in rows] == lists
    (asked,) = [entry for entry in sim.log if entry.path.endswith("/user_profile/_bulk_get")]
    assert asked.body == {"uids": [uids[0], "u_gone_0", uids[2], uids[1]]}
    assert not sim.log.writes()


def test_many_names_are_looked_up_in_lines_that_elasticsearch_takes(sim: Simulator, kibana: Params) -> None:
    uids = [f"u_{number:060}_0" for number in range(120)]
    sim.kibana.users += [(uid, f"user{uid[-6:-2]}") for uid in uids]
    endless = f"u_{'x' * 4000}_0"
    key = sim.kibana.add_alert(**assigned(*uids, endless))
    names = shown(kibana, alert_ids=[key], resolve_names=True)["assignee_names"]
    assert names == [*(f"user{uid[-6:-2]}@example.com" for uid in uids), None]


def test_names_of_nobody_are_not_looked_up(sim: Simulator, kibana: Params) -> None:
    key = sim.kibana.add_alert()
    sim.log.clear()
    alert = shown(kibana, alert_ids=[key], resolve_names=True)
    assert (alert["assignee_name"], alert["assignee_names"]) == ("", [])
    assert len(sim.log) == 1


@pytest.mark.parametrize(
    "fault",
    [{"status": 403}, {"status": 404}, {"status": 500}, {"action": "html"}, {"status": 200, "body": {"users": []}}],
    ids=str,
)
def test_without_names_alerts_are_shown_all_the_same(sim: Simulator, kibana: Params, fault: dict[str, t.Any]) -> None:
    (uid, _name), *_others = sim.kibana.users
    key = sim.kibana.add_alert(**assigned(uid))
    sim.faults.add(Fault(path="user_profile", count=None, **fault))
    result = run_module("kibana_alert_info", {**kibana, "alert_ids": [key], "resolve_names": True, "retries": 0})
    (row,) = result["alerts"]
    assert (row["assignee"], row["assignee_name"], row["assignee_names"]) == (uid, None, [None])
    (warning,) = result["warnings"]
    assert "names of assignees could not be looked up: POST " in str(warning)


@pytest.mark.parametrize("odd", [5, None, "x", {"uid": 5}, {"uid": "u_1_0"}, {"uid": "u_1_0", "user": "x"}], ids=str)
def test_odd_profiles_have_no_name(sim: Simulator, kibana: Params, odd: t.Any) -> None:
    key = sim.kibana.add_alert(**assigned("u_1_0"))
    sim.faults.add(Fault(path="user_profile", status=200, body=[odd], count=None))
    assert shown(kibana, alert_ids=[key], resolve_names=True)["assignee_names"] == [None]


def test_an_alert_that_nobody_has_touched(sim: Simulator, kibana: Params) -> None:
    alert = shown(kibana, alert_ids=[sim.kibana.add_alert()])
    assert (alert["status"], alert["verdict"], alert["updated"], alert["assignee"]) == ("open", None, None, "")
    assert alert["tags"] == alert["assignees"] == []


def test_an_alert_from_before_8_0(sim: Simulator, kibana: Params) -> None:
    key = sim.kibana.add_alert("closed", legacy=True)
    rule = sim.kibana.alerts()[key]["signal"]["rule"]
    alert = shown(kibana, alert_ids=[key])
    assert (alert["title"], alert["rule"], alert["severity"]) == (rule["name"], rule["name"], rule["severity"])
    assert (alert["status"], alert["verdict"], alert["assignee"]) == ("closed", None, "")
    assert alert["created"].startswith("20")


def test_the_page_of_an_alert(sim: Simulator, kibana: Params) -> None:
    url = "https://soc.example.com/s/soc-lab/app/security/alerts/redirect/x?index=y&timestamp=z"
    key = sim.kibana.add_alert(space="soc-lab")
    task = {**kibana, "space_id": "soc-lab", "alert_ids": [key]}
    assert f"/s/soc-lab/app/security/alerts/redirect/{key}?index=.alerts-security.alerts-soc-lab&" in shown(task)["url"]
    sim.kibana.alerts("soc-lab")[key]["kibana.alert.url"] = url
    assert shown(task)["url"] == url


def test_an_alert_that_shows_next_to_nothing(sim: Simulator, kibana: Params) -> None:
    """What is not there, or cannot be what it should be, is not known."""
    sim.kibana.alerts("soc-lab")["a b/?&\u00fc"] = {
        "kibana.alert.severity": 5,
        "kibana.alert.reason": ["x"],
        "kibana.alert.url": "javascript:alert(1)",
        START: "yesterday",
    }
    alert = shown(kibana, space_id="soc-lab", query=ALL)
    unknown = [name for name, value in alert.items() if value is None]
    assert unknown == ["title", "severity", "status", "verdict", "created", "updated", "url", "rule"]


@pytest.mark.parametrize(
    ("odd", "unknown"),
    [
        ({"kibana.alert.workflow_status": None}, ["status"]),
        ({"kibana.alert.workflow_status": 5}, ["status"]),
        ({"kibana.alert.workflow_assignee_ids": {"uid": "u_1"}}, ["assignees", "assignee"]),
        ({"kibana.alert.workflow_tags": [5]}, ["tags"]),
        ({"kibana.alert.workflow_reason": ["duplicate"]}, []),
    ],
    ids=str,
)
def test_what_cannot_be_read_is_unknown_and_hides_no_other_alert(
    sim: Simulator, kibana: Params, odd: Params, unknown: list[str]
) -> None:
    bad, good = sim.kibana.add_alert(**odd), sim.kibana.add_alert()
    for task in ({"alert_ids": [bad, good]}, {"query": {"ids": {"values": [bad, good]}}}):
        result = run(kibana, **task, retries=0)
        rows = by_id(result)
        assert set(rows) == {bad, good}
        assert [name for name in ("status", "assignees", "assignee", "tags") if rows[bad][name] is None] == unknown
        assert (rows[bad]["verdict"], rows[good]["status"]) == (None, "open")


def test_what_a_terminal_would_obey_is_made_visible(sim: Simulator, kibana: Params) -> None:
    fields: Params = {"kibana.alert.reason": "\x1b[2Jgone \u202eü\n", "message": "\x1b[31m"}
    key = sim.kibana.add_alert(**fields)
    alert = shown(kibana, alert_ids=[key], fields=["message"], raw=True)
    assert alert["title"] == "\ufffd[2Jgone \ufffdü\n"
    assert alert["fields"]["message"] == ["\ufffd[31m"]
    assert alert["raw"]["message"] == "\ufffd[31m"


def test_raw_is_the_whole_source(sim: Simulator, kibana: Params) -> None:
    key = sim.kibana.add_alert()
    assert shown(kibana, alert_ids=[key], raw=True)["raw"] == sim.kibana.alerts()[key]
    assert "raw" not in shown(kibana, alert_ids=[key])
    assert sim.log[0].body["_source"] is True
    assert "message" not in sim.log[1].body["_source"]


def test_fields_that_are_asked_for(sim: Simulator, kibana: Params) -> None:
    key = sim.kibana.add_alert()
    document = sim.kibana.alerts()[key]
    for task in ({"alert_ids": [key]}, {"query": {"ids": {"values": [key]}}}):
        alert = shown(kibana, **task, fields=["host.*", "kibana.alert.risk_score", "no.such.field"])
        assert alert["fields"] == {
            "host.name": [document["host"]["name"]],
            "host.ip": document["host"]["ip"],
            "kibana.alert.risk_score": [document["kibana.alert.risk_score"]],
        }


def test_fields_that_are_none(sim: Simulator, kibana: Params) -> None:
    key = sim.kibana.add_alert()
    odd = {"_id": key, "_source": sim.kibana.alerts()[key], "fields": ["x"]}
    sim.faults.add(Fault(status=200, body={"hits": {"hits": [odd], "total": {"value": 1}}}, path="search", count=None))
    assert "shows no readable fields" in run(kibana, alert_ids=[key], fields=["x"], retries=0)["msg"]


def test_runtime_mappings_are_for_the_search(sim: Simulator, kibana: Params) -> None:
    mappings = {"day": {"type": "keyword"}}
    for task in ({"alert_ids": [sim.kibana.add_alert()]}, {"query": ALL}):
        sim.log.clear()
        run(kibana, **task, fields=["day"], runtime_mappings=mappings)
        assert [entry.body["runtime_mappings"] for entry in sim.log] == [mappings]


# By ids


def test_missing_ones_are_listed_and_no_failure(sim: Simulator, kibana: Params) -> None:
    keys = [sim.kibana.add_alert() for _each in range(2)]
    result = run(kibana, alert_ids=["f" * 64, keys[1], "e" * 64, keys[0], keys[1]])
    assert ids(result) == [keys[1], keys[0]]
    assert result["missing"] == ["f" * 64, "e" * 64]
    assert "total" not in result


def two_of_one_id(sim: Simulator, alert_id: str, index: str | None) -> None:
    """The next search shows this alert again, in that index, where the last of three would be."""
    again = {"_id": alert_id, "_source": {"kibana.alert.workflow_status": "closed"}}
    hits = [{}, {}, {**again, **({"_index": index} if index else {})}]
    sim.faults.add(Fault("merge", path="signals/search", body={"hits": {"hits": hits}}))


def test_two_of_one_id_are_both_found(sim: Simulator, kibana: Params) -> None:
    """As there may be after a rollover of the index."""
    newest, middle, _oldest = many(sim, 3)
    two_of_one_id(sim, newest, "other")
    result = run(kibana, query=ALL)
    assert ids(result) == [newest, middle, newest]
    assert [alert["status"] for alert in result["alerts"]] == ["open", "open", "closed"]
    assert (result["total"], result["truncated"]) == (3, False)


def test_two_of_one_id_are_both_read(sim: Simulator, kibana: Params) -> None:
    newest, middle, oldest = many(sim, 3)
    two_of_one_id(sim, oldest, "other")
    result = run(kibana, alert_ids=[oldest, newest, middle])
    assert result["missing"] == [middle]
    assert ids(result) == [oldest, oldest, newest]
    assert [alert["status"] for alert in result["alerts"] if alert["id"] == oldest] == ["open", "closed"]


def test_two_of_one_id_in_one_index_are_no_answer(sim: Simulator, kibana: Params) -> None:
    newest, middle, oldest = many(sim, 3)
    two_of_one_id(sim, oldest, None)
    result = run(kibana, alert_ids=[oldest, newest, middle], retries=0)
    assert f"there are two alerts with the id {oldest}, and they differ" in result["msg"]


def test_none_are_none(sim: Simulator, kibana: Params) -> None:
    result = run(kibana, alert_ids=[])
    assert (result["alerts"], result["missing"]) == ([], [])
    assert not sim.log


def test_check_mode_shows_the_same(sim: Simulator, kibana: Params) -> None:
    task = {**kibana, "query": ALL}
    assert run_module(NAME, task, check=True) == run_module(NAME, task)
    assert not sim.log.writes()


# By query


def test_the_newest_first_unless_told_otherwise(sim: Simulator, kibana: Params) -> None:
    newest = many(sim, 7)
    assert ids(run(kibana, query=ALL)) == newest
    assert ids(run(kibana, query=ALL, sort=[{MOMENT: "asc"}])) == newest[::-1]
    for number, key in enumerate(newest):
        sim.kibana.alerts()[key]["kibana.alert.risk_score"] = number % 2
    by_risk = run(kibana, query=ALL, sort=[{"kibana.alert.risk_score": "desc"}, {MOMENT: "desc"}])
    assert ids(by_risk) == newest[1::2] + newest[::2]


def test_an_empty_query_finds_everything(sim: Simulator, kibana: Params) -> None:
    newest = many(sim, 3)
    assert ids(run(kibana, query={})) == newest
    assert len(sim.log) == 1


@pytest.mark.parametrize(
    ("query", "requests"), [({}, 0), ({"exists": {"field": MOMENT}}, 2)], ids=["empty", "by counting"]
)
def test_everything_is_refused_where_that_is_asked_for(
    sim: Simulator, kibana: Params, query: Params, requests: int
) -> None:
    many(sim, 3)
    result = run(kibana, query=query, allow_unbounded=False)
    assert result["error"]["kind"] == "unbounded"
    assert len(sim.log) == requests


def test_nothing_matches(sim: Simulator, kibana: Params) -> None:
    result = run(kibana, query=ALL, space_id="soc-lab")
    assert (result["alerts"], result["truncated"], result["total"]) == ([], False, 0)


@pytest.mark.parametrize(("limit", "truncated"), [(4, True), (5, False), (6, False)])
def test_no_more_than_were_wanted(sim: Simulator, kibana: Params, limit: int, truncated: bool) -> None:
    newest = many(sim, 5)
    result = run(kibana, query=ALL, max_alerts=limit)
    assert ids(result) == newest[:limit]
    assert (result["truncated"], result["total"]) == (truncated, 5)
    assert [entry.body["size"] for entry in sim.log] == [limit]


def test_the_total_is_told_beyond_what_a_search_counts(sim: Simulator, kibana: Params) -> None:
    many(sim, 10_100)
    result = run(kibana, query=ALL, max_alerts=2)
    assert (result["truncated"], result["total"]) == (True, 10_100)


@pytest.mark.parametrize(
    ("field", "way"),
    [
        ("kibana.alert.risk_score", "desc"),
        ("kibana.alert.rule.name", "asc"),
        ("kibana.alert.last_detected", "desc"),
        (START, "asc"),
    ],
)
def test_more_than_one_search_shows(sim: Simulator, kibana: Params, field: str, way: str) -> None:
    """By numbers and texts that thousands share, and by fields that some or all alerts lack."""
    newest = many(sim, 10_045)
    for number, document in enumerate(sim.kibana.alerts().values()):
        document.update({"kibana.alert.risk_score": number % 7, "kibana.alert.rule.name": f"rule {number % 5}"})
        if number % 10:
            del document[START]
    result = run(kibana, query=ALL, sort=[{field: way}], max_alerts=20_000)
    values: Params = {key: document.get(field) for key, document in sim.kibana.alerts().items()}
    there = sorted(
        (key for key in newest if values[key] is not None), key=lambda key: values[key], reverse=way == "desc"
    )
    assert ids(result) == there + [key for key in newest if values[key] is None]
    assert (result["truncated"], result["total"]) == (False, 10_045)
    # A body has no room for the ids of thousands that are alike.
    assert [len(str(entry.body)) < 3000 for entry in sim.log] == [True, True]


def test_more_of_the_same_moment_than_one_search_shows(sim: Simulator, kibana: Params) -> None:
    many(sim, 10_500, **{MOMENT: at(0)})
    result = run(kibana, query=ALL, max_alerts=10_400)
    assert len(set(ids(result))) == 10_400
    assert (result["truncated"], result["total"]) == (True, 10_500)
    assert [entry.body["size"] for entry in sim.log] == [10_000, 400]


@pytest.mark.parametrize(
    ("odd", "said"),
    [
        ({}, "makes no progress; sort by fields of which every alert has one value"),
        ({"hits": [{"sort": None}] * 3}, "does not show by what it is sorted"),
        ({"hits": [{"sort": "9"}] * 3}, "does not show by what it is sorted"),
    ],
)
def test_a_search_that_cannot_go_on(sim: Simulator, kibana: Params, odd: Params, said: str) -> None:
    """It says that there are more, and shows the same again, or not how to go on."""
    many(sim, 3)
    sim.faults.add(Fault("merge", path="signals/search", count=None, body={"hits": {"total": {"value": 9}, **odd}}))
    assert said in run(kibana, query=ALL, retries=0)["msg"]


@pytest.mark.parametrize(
    "sort",
    [
        [],
        [{}],
        [{MOMENT: "newest"}],
        [{MOMENT: {"order": "asc"}}],
        [{"_score": "desc"}],
        [{"_doc": "asc"}],
        [{"kibana.alert.severity": "asc"}, {"_id": "asc"}],
    ],
)
def test_orders_that_there_are_not(sim: Simulator, kibana: Params, sort: list[Params]) -> None:
    result = run(kibana, query=ALL, sort=sort)
    assert "sort takes fields of the alert" in result["msg"]
    assert not sim.log


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"alert_ids": ["x"], "sort": [{MOMENT: "asc"}]}, "sort goes only with query"),
        ({"alert_ids": ["x"], "query": ALL}, "mutually exclusive"),
        ({}, "one of the following is required"),
        ({"query": ALL, "max_alerts": 0}, "max_alerts must be at least 1"),
        ({"alert_ids": ["a b"]}, "not the id of a alert"),
    ],
)
def test_options_that_do_not_go_together(sim: Simulator, kibana: Params, options: Params, said: str) -> None:
    result = run_module(NAME, {**kibana, **options})
    assert said in result["msg"]
    assert not sim.log


# What goes wrong


@pytest.mark.parametrize(
    "body",
    [
        {"hits": None},
        {"hits": {"hits": {}}},
        {"hits": {"total": None}},
        {"hits": {"total": {"value": "many"}}},
        {"timed_out": True},
        {"_shards": {"failed": 1}},
        {"hits": {"hits": [{"_id": None}]}},
        {"hits": {"hits": [{"_id": "a\x1b[2J"}]}},
        {"hits": {"hits": [{"_source": None}]}},
    ],
)
def test_odd_answers(sim: Simulator, kibana: Params, body: Params) -> None:
    sim.faults.add(Fault("merge", path="signals/search", count=None, body=body))
    result = run(kibana, query=ALL, retries=0)
    assert result["failed"]
    assert result["error"]["status"] == 200
    assert "alerts" not in result


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 429, "wait_form": "retry_after"},
        {"status": 500},
        {"action": "reset"},
        {"action": "close"},
        {"action": "html"},
        {"action": "truncate"},
    ],
    ids=lambda fault: str(next(iter(fault.values()))),
)
@pytest.mark.parametrize("by_ids", [True, False])
def test_a_search_that_fails_once_is_tried_again(
    sim: Simulator, kibana: Params, fault: dict[str, t.Any], by_ids: bool
) -> None:
    key = sim.kibana.add_alert()
    sim.faults.add(Fault(path="signals/search", **fault))
    result = run(kibana, **({"alert_ids": [key]} if by_ids else {"query": {"ids": {"values": [key]}}}))
    assert ids(result) == [key]
    assert len(sim.log) == 2


def test_a_wrong_query_is_told_in_the_words_of_the_server(sim: Simulator, kibana: Params) -> None:
    result = run(kibana, query={"mtch": {"host.name": "web-01"}})
    assert "did you mean [match]" in result["msg"]
    assert result["error"]["status"] == 400


def test_an_alert_that_is_nested_deep_is_shown_without_the_deepest(sim: Simulator, kibana: Params) -> None:
    """Whoever writes into an alert must not make every play fail that looks at it."""
    alert_id = sim.kibana.add_alert()
    deep: dict[str, t.Any] = {}
    for _level in range(300):
        deep = {"in": deep}
    sim.kibana.alerts()[alert_id]["event.original"] = deep
    result = run_module("kibana_alert_info", {**kibana, "alert_ids": [alert_id], "raw": True})
    assert result["alerts"][0]["id"] == alert_id
    assert "nested deeper than 64 levels" in str(result["alerts"][0]["raw"]["event.original"])
