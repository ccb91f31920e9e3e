# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Kibana's quirks, as its API page, its documentation and its source tell them."""

from __future__ import annotations

import json
import time
import typing as t

import pytest

from ansible_collections.secops.triage.tests.simulator import Simulator
from ansible_collections.secops.triage.tests.unit.simulator.client import Client

STATUS = "/api/detection_engine/signals/status"
SEARCH = "/api/detection_engine/signals/search"
TAGS = "/api/detection_engine/signals/tags"
ASSIGNEES = "/api/detection_engine/signals/assignees"
USERS = "/internal/detection_engine/users/_find"
PROFILES = "/internal/security/user_profile/_bulk_get"
WORKFLOW_STATUS = "kibana.alert.workflow_status"
REASON = "kibana.alert.workflow_reason"


def hits(client: Client, **body: t.Any) -> list[dict[str, t.Any]]:
    found: list[dict[str, t.Any]] = client.ask("POST", SEARCH, body)["hits"]["hits"]
    return found


def ids(client: Client, query: dict[str, t.Any]) -> set[str]:
    return {hit["_id"] for hit in hits(client, query=query, size=10000, _source=False)}


# Status


def test_status_by_ids(sim: Simulator, kibana: Client) -> None:
    keys = [sim.kibana.add_alert() for _one in range(2)]
    answer = kibana.ask("POST", STATUS, {"signal_ids": keys, "status": "closed", "reason": "false_positive"})
    assert (answer["total"], answer["updated"], answer["noops"], answer["version_conflicts"]) == (2, 2, 0, 0)
    assert answer["failures"] == []
    assert answer["batches"] == 1
    document = sim.kibana.alerts()[keys[0]]
    assert (document[WORKFLOW_STATUS], document[REASON]) == ("closed", "false_positive")
    assert sim.log[-1].changed == keys


def test_updated_counts_alerts_that_stay_as_they_are(sim: Simulator, kibana: Client) -> None:
    key = sim.kibana.add_alert(status="closed")
    answer = kibana.ask("POST", STATUS, {"signal_ids": [key], "status": "closed"})
    assert (answer["updated"], answer["noops"]) == (1, 0)
    assert sim.kibana.writes_of(key) == 1
    assert sim.kibana.changes_of(key) == []


def test_unknown_ids_and_empty_spaces_are_no_error(sim: Simulator, kibana: Client) -> None:
    for path in (STATUS, f"/s/soc-lab{STATUS}", f"/s/nobody-made-it{STATUS}"):
        answer = kibana.ask("POST", path, {"signal_ids": ["0" * 64], "status": "open"})
        assert (answer["total"], answer["updated"]) == (0, 0)


@pytest.mark.parametrize(
    ("status", "reason", "then", "new", "expected"),
    [
        ("open", None, "closed", "duplicate", "duplicate"),
        ("open", None, "closed", "a-reason-of-our-own", "a-reason-of-our-own"),
        ("open", None, "closed", None, None),
        ("open", None, "acknowledged", "duplicate", None),
        ("closed", "duplicate", "open", None, None),
        ("closed", "duplicate", "closed", "false_positive", "duplicate"),
        ("closed", None, "closed", "false_positive", None),
        ("closed", "duplicate", "closed", None, "duplicate"),
    ],
)
def test_a_reason_is_stored_on_closing_only(
    sim: Simulator, kibana: Client, status: str, reason: str | None, then: str, new: str | None, expected: str | None
) -> None:
    key = sim.kibana.add_alert(status=status, reason=reason)
    kibana.ask("POST", STATUS, {"signal_ids": [key], "status": then, **({"reason": new} if new else {})})
    assert sim.kibana.alerts()[key].get(REASON) == expected
    assert sim.kibana.alerts()[key][WORKFLOW_STATUS] == then


def test_an_older_server_drops_the_reason(sim: Simulator, kibana: Client) -> None:
    sim.settings.kibana.supports_reason = False
    key = sim.kibana.add_alert()
    kibana.ask("POST", STATUS, {"signal_ids": [key], "status": "closed", "reason": "duplicate"})
    assert sim.kibana.alerts()[key][WORKFLOW_STATUS] == "closed"
    assert REASON not in sim.kibana.alerts()[key]


def test_legacy_alerts(sim: Simulator, kibana: Client) -> None:
    key = sim.kibana.add_alert(legacy=True)
    (hit,) = hits(kibana, query={"ids": {"values": [key]}}, _source=[WORKFLOW_STATUS, "signal.status"])
    assert hit["_source"] == {"signal": {"status": "open"}}
    kibana.ask("POST", STATUS, {"signal_ids": [key], "status": "closed", "reason": "duplicate"})
    assert sim.kibana.alerts()[key]["signal"]["status"] == "closed"
    assert REASON not in sim.kibana.alerts()[key]


def test_ids_win_over_a_query_and_unknown_keys_are_dropped(sim: Simulator, kibana: Client) -> None:
    one, other = sim.kibana.add_alert(), sim.kibana.add_alert()
    body = {"signal_ids": [one], "query": {"match_all": {}}, "status": "closed", "colour": "red"}
    assert kibana.ask("POST", STATUS, body)["total"] == 1
    assert sim.kibana.alerts()[other][WORKFLOW_STATUS] == "open"


def test_status_by_query(sim: Simulator, kibana: Client) -> None:
    sim.reset(alerts={"kibana": 50})
    open_ids = {key for key, one in sim.kibana.alerts().items() if one[WORKFLOW_STATUS] == "open"}
    query = {"bool": {"filter": [{"term": {WORKFLOW_STATUS: "open"}}]}}
    assert kibana.ask("POST", STATUS, {"query": query, "status": "acknowledged"})["updated"] == len(open_ids)
    assert set(sim.log[-1].changed) == open_ids


def test_in_progress_is_still_a_status(sim: Simulator, kibana: Client) -> None:
    key = sim.kibana.add_alert()
    kibana.ask("POST", STATUS, {"signal_ids": [key], "status": "in-progress"})
    assert sim.kibana.alerts()[key][WORKFLOW_STATUS] == "in-progress"


@pytest.mark.parametrize(
    "body",
    [
        {"signal_ids": ["a"], "status": "shut"},
        {"signal_ids": ["a"]},
        {"signal_ids": [], "status": "open"},
        {"signal_ids": [""], "status": "open"},
        {"status": "open"},
        {"query": {"match_all": {}}, "status": "open", "conflicts": "ignore"},
        [],
    ],
)
def test_invalid_bodies(kibana: Client, body: t.Any) -> None:
    error = kibana.ask("POST", STATUS, body, 400)
    assert (error["statusCode"], error["error"]) == (400, "Bad Request")


def test_conflicts_by_ids_always_abort(sim: Simulator, kibana: Client) -> None:
    sim.settings.kibana.batch_size = 2
    keys = [sim.kibana.add_alert() for _one in range(6)]
    sim.settings.kibana.conflicts = {keys[2]: 1}
    error = kibana.ask("POST", STATUS, {"signal_ids": keys, "status": "closed", "conflicts": "proceed"}, 409)
    assert error["status_code"] == 409
    result = json.loads(error["message"])
    assert (result["version_conflicts"], result["updated"], result["total"]) == (1, 3, 6)
    assert result["failures"][0]["id"] == keys[2]
    assert result["failures"][0]["status"] == 409
    # What was done before, and in the same batch, stays done.
    done = [sim.kibana.alerts()[key][WORKFLOW_STATUS] == "closed" for key in keys]
    assert done == [True, True, False, True, False, False]
    assert kibana.ask("POST", STATUS, {"signal_ids": keys, "status": "closed"})["updated"] == 6


def test_conflicts_by_query(sim: Simulator, kibana: Client) -> None:
    sim.reset(alerts=0)
    keys = [sim.kibana.add_alert() for _one in range(4)]
    body = {"query": {"match_all": {}}, "status": "closed"}
    sim.settings.kibana.conflicts = {keys[0]: 2}
    kibana.ask("POST", STATUS, body, 409)
    answer = kibana.ask("POST", STATUS, {**body, "conflicts": "proceed"})
    assert (answer["version_conflicts"], answer["updated"], answer["total"]) == (1, 3, 4)
    assert answer["failures"] == []


def test_spaces_have_their_own_alerts(sim: Simulator, kibana: Client) -> None:
    key = sim.kibana.add_alert(space="soc-lab")
    assert kibana.ask("POST", STATUS, {"signal_ids": [key], "status": "closed"})["total"] == 0
    assert kibana.ask("POST", f"/s/soc-lab{STATUS}", {"signal_ids": [key], "status": "closed"})["total"] == 1
    assert kibana.ask("POST", f"/s/default{SEARCH}", {"size": 0})["hits"]["total"]["value"] == 10
    kibana.ask("POST", f"/s/Upper{SEARCH}", {"size": 0}, 404)


# Search


def test_source_keys_are_flat(sim: Simulator, kibana: Client) -> None:
    key = sim.kibana.add_alert()
    (hit,) = hits(kibana, query={"ids": {"values": [key]}}, _source=[WORKFLOW_STATUS, "signal.status", "host.name"])
    assert hit["_source"][WORKFLOW_STATUS] == "open"
    assert set(hit["_source"]) == {WORKFLOW_STATUS, "host"}
    (hit,) = hits(kibana, query={"ids": {"values": [key]}}, _source={"includes": ["kibana.alert.rule.*"]})
    assert set(hit["_source"]) == {"kibana.alert.rule.name"}
    (hit,) = hits(kibana, query={"ids": {"values": [key]}}, _source=False, fields=[WORKFLOW_STATUS, "host.*"])
    assert "_source" not in hit
    assert hit["fields"][WORKFLOW_STATUS] == ["open"]
    assert set(hit["fields"]) > {"host.name", "host.ip"}


def test_search_knows_neither_from_nor_search_after(sim: Simulator, kibana: Client) -> None:
    every = hits(kibana, sort=[{"@timestamp": "desc"}], size=10)
    again = hits(kibana, sort=[{"@timestamp": "desc"}], size=10, search_after=every[4]["sort"], **{"from": 5})
    assert again == every
    moments = [hit["sort"][0] for hit in every]
    assert moments == sorted(moments, reverse=True)
    assert isinstance(moments[0], int)


def test_search_sizes_and_totals(sim: Simulator, kibana: Client) -> None:
    sim.reset(alerts={"kibana": 10500})
    assert len(hits(kibana, query={"match_all": {}})) == 10
    total = kibana.ask("POST", SEARCH, {"size": 0})["hits"]["total"]
    assert total == {"value": 10000, "relation": "gte"}
    total = kibana.ask("POST", SEARCH, {"size": 0, "track_total_hits": True})["hits"]["total"]
    assert total == {"value": 10500, "relation": "eq"}
    assert "Result window is too large" in kibana.ask("POST", SEARCH, {"size": 10001}, 400)["message"]


def test_an_empty_search_is_refused(kibana: Client) -> None:
    for body in ({}, {"from": 3}):
        error = kibana.ask("POST", SEARCH, body, 400)
        assert set(error) == {"message", "status_code"}


def test_a_search_is_no_write_and_sees_the_last_one(sim: Simulator, kibana: Client) -> None:
    key = sim.kibana.add_alert()
    kibana.ask("POST", STATUS, {"signal_ids": [key], "status": "closed"})
    assert hits(kibana, query={"ids": {"values": [key]}})[0]["_source"][WORKFLOW_STATUS] == "closed"
    assert [entry.is_write for entry in sim.log] == [True, False]


def query_cases(now: float) -> list[tuple[dict[str, t.Any], t.Callable[[str, dict[str, t.Any]], bool]]]:
    rule, score = "kibana.alert.rule.name", "kibana.alert.risk_score"
    day_ago = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(now - 86400 * 5))
    return [
        ({"match_all": {}}, lambda key, one: True),
        ({"match_none": {}}, lambda key, one: False),
        ({"term": {WORKFLOW_STATUS: "open"}}, lambda key, one: one[WORKFLOW_STATUS] == "open"),
        ({"term": {WORKFLOW_STATUS: {"value": "closed"}}}, lambda key, one: one[WORKFLOW_STATUS] == "closed"),
        ({"terms": {WORKFLOW_STATUS: ["open", "closed"]}}, lambda key, one: one[WORKFLOW_STATUS] != "acknowledged"),
        ({"match": {"kibana.alert.severity": "high"}}, lambda key, one: one["kibana.alert.severity"] == "high"),
        ({"match_phrase": {WORKFLOW_STATUS: "open"}}, lambda key, one: one[WORKFLOW_STATUS] == "open"),
        ({"exists": {"field": REASON}}, lambda key, one: REASON in one),
        ({"exists": {"field": "host.name"}}, lambda key, one: True),
        ({"range": {score: {"gte": 47, "lt": 99}}}, lambda key, one: 47 <= one[score] < 99),
        ({"range": {"@timestamp": {"gte": "now-5d", "lte": "now"}}}, lambda key, one: one["@timestamp"] >= day_ago),
        (
            {"range": {"@timestamp": {"lt": int((now - 86400 * 5) * 1000), "format": "epoch_millis"}}},
            lambda key, one: one["@timestamp"] < day_ago,
        ),
        (
            {"range": {"@timestamp": {"gt": day_ago, "format": "strict_date_optional_time"}}},
            lambda key, one: one["@timestamp"] > day_ago,
        ),
        ({"prefix": {"host.name": "web"}}, lambda key, one: one["host"]["name"].startswith("web")),
        ({"wildcard": {rule: {"value": "*Container*"}}}, lambda key, one: "container" in one[rule].lower()),
        (
            {"query_string": {"query": f"{WORKFLOW_STATUS}:open AND host.name:db*"}},
            lambda key, one: one[WORKFLOW_STATUS] == "open" and one["host"]["name"].startswith("db"),
        ),
        (
            {"query_string": {"fields": ["host.name"], "query": "db*"}},
            lambda key, one: one["host"]["name"].startswith("db"),
        ),
        ({"query_string": {"fields": ["host.name"], "query": r"d\*"}}, lambda key, one: False),
        (
            {"multi_match": {"fields": ["kibana.alert.work*"], "type": "phrase", "query": "open", "lenient": True}},
            lambda key, one: one[WORKFLOW_STATUS] == "open",
        ),
        ({"exists": {"field": "kibana.alert.workflow_rea*"}}, lambda key, one: REASON in one),
        ({"nested": {"path": "threat.enrichments", "query": {"match_all": {}}}}, lambda key, one: False),
        ({"simple_query_string": {"query": "ransomware"}}, lambda key, one: False),
        ({"bool": {"must_not": {"term": {WORKFLOW_STATUS: "open"}}}}, lambda key, one: one[WORKFLOW_STATUS] != "open"),
        (
            {"bool": {"should": [{"term": {"tags": "env:prod"}}, {"term": {"tags": "team:web"}}]}},
            lambda key, one: bool({"env:prod", "team:web"} & set(one["tags"])),
        ),
        (
            {
                "bool": {
                    "should": [{"term": {"tags": "env:prod"}}, {"term": {"tags": "team:web"}}],
                    "minimum_should_match": 2,
                }
            },
            lambda key, one: {"env:prod", "team:web"} <= set(one["tags"]),
        ),
        (
            {"bool": {"filter": {"term": {WORKFLOW_STATUS: "open"}}, "must": [{"prefix": {"host.name": "d"}}]}},
            lambda key, one: one[WORKFLOW_STATUS] == "open" and one["host"]["name"].startswith("d"),
        ),
    ]


@pytest.mark.parametrize("position", range(len(query_cases(0.0))))
def test_queries(sim: Simulator, kibana: Client, position: int) -> None:
    sim.reset(alerts={"kibana": 200})
    query, expected = query_cases(time.time())[position]
    assert ids(kibana, query) == {key for key, one in sim.kibana.alerts().items() if expected(key, one)}


def test_a_query_and_ids_together_narrow_each_other(sim: Simulator, kibana: Client) -> None:
    keys = [sim.kibana.add_alert(status=status) for status in ("open", "open", "closed")]
    query = {"bool": {"filter": [{"term": {WORKFLOW_STATUS: "open"}}, {"ids": {"values": keys[1:]}}]}}
    assert ids(kibana, query) == {keys[1]}
    assert ids(kibana, {"terms": {"_id": keys}}) == set(keys)
    assert ids(kibana, {"bool": {"must_not": [{"ids": {"values": keys}}]}}).isdisjoint(keys)


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ({"mtch": {"a": "b"}}, "did you mean [match]?"),
        ({}, "parsing_exception"),
        ({"term": {"a": 1}, "match_all": {}}, "parsing_exception"),
        ({"range": None, "@timestamp": {}}, "parsing_exception"),
        ({"range": {"@timestamp": {"gte": "last week"}}}, "parse_exception"),
        ({"bool": {"filters": []}}, "parsing_exception: [bool] query does not support [filters]"),
        ({"terms": {"_id": ["x"] * 65537}}, "65536"),
    ],
)
def test_queries_that_are_refused(kibana: Client, query: dict[str, t.Any], says: str) -> None:
    for path, body in ((SEARCH, {"query": query}), (STATUS, {"query": query, "status": "open"})):
        error = kibana.ask("POST", path, body, 400)
        assert says in error["message"]
        assert error["status_code"] == 400


def test_ten_thousand_ids_among_fifty_thousand_alerts(sim: Simulator, kibana: Client) -> None:
    sim.reset(alerts={"kibana": 50000})
    keys = list(sim.kibana.alerts())[::5]
    started = time.monotonic()
    answer = kibana.ask(
        "POST", SEARCH, {"query": {"ids": {"values": keys}}, "_source": [WORKFLOW_STATUS], "size": 10000}
    )
    assert len(answer["hits"]["hits"]) == 10000
    assert time.monotonic() - started < 3
    assert kibana.ask("POST", STATUS, {"signal_ids": keys, "status": "closed"})["updated"] == 10000


# Tags, assignees, notes, users


def test_tags_and_assignees(sim: Simulator, kibana: Client) -> None:
    key = sim.kibana.add_alert()
    body = {"ids": [key], "tags": {"tags_to_add": ["a", "b"], "tags_to_remove": []}}
    kibana.ask("POST", TAGS, body)
    kibana.ask("POST", TAGS, {"ids": [key], "tags": {"tags_to_add": ["b"], "tags_to_remove": ["a"]}})
    assert sim.kibana.alerts()[key]["kibana.alert.workflow_tags"] == ["b"]
    uid = sim.kibana.users[0][0]
    kibana.ask("POST", ASSIGNEES, {"ids": [key], "assignees": {"add": [uid], "remove": []}})
    assert sim.kibana.alerts()[key]["kibana.alert.workflow_assignee_ids"] == [uid]
    both = {"ids": [key], "tags": {"tags_to_add": ["a"], "tags_to_remove": ["a"]}}
    assert isinstance(kibana.ask("POST", TAGS, both, 400)["message"], list)
    kibana.ask("POST", TAGS, {"tags": {"tags_to_add": ["a"], "tags_to_remove": []}}, 400)


@pytest.mark.parametrize("before_9", [False, True])
def test_a_note_too_many_is_no_error(sim: Simulator, kibana: Client, before_9: bool) -> None:
    sim.settings.kibana.most_notes, sim.settings.kibana.notes_before_9 = 1, before_9
    key = sim.kibana.add_alert()
    told = [kibana.ask("PATCH", "/api/note", {"note": {"eventId": key, "note": one, "timelineId": ""}}) for one in "ab"]
    first, second = [one["data"]["persistNote"] if before_9 else one for one in told]
    assert first["note"]["version"]
    assert (second["note"]["version"], second["code"]) == ("", 403)
    assert [note["note"] for note in kibana.ask("GET", "/api/note", params={"documentIds": [key, "b"]})["notes"]] == [
        "a"
    ]


def test_notes_of_alerts_have_no_second_page(sim: Simulator, kibana: Client) -> None:
    sim.settings.kibana.shown_notes = 1
    key = sim.kibana.add_alert()
    for text in "ab":
        kibana.ask("PATCH", "/api/note", {"note": {"eventId": key, "note": text, "timelineId": ""}})
    for page in (1, 2):
        found = kibana.ask("GET", "/api/note", params={"documentIds": key, "page": page, "perPage": 1})
        assert (found["totalCount"], [note["note"] for note in found["notes"]]) == (2, ["a"])


def test_every_note_is_one_more(sim: Simulator, kibana: Client) -> None:
    key = sim.kibana.add_alert()
    for _repeat in range(2):
        note = kibana.ask("PATCH", "/api/note", {"note": {"eventId": key, "note": "seen", "timelineId": ""}})["note"]
        assert note["eventId"] == key
        assert note["noteId"]
    assert kibana.ask("GET", "/api/note", params={"documentIds": key})["totalCount"] == 2
    kibana.ask("PATCH", "/api/note", {"note": {"note": "seen"}}, 400)


def test_tags_keep_their_order_and_old_alerts_have_none(sim: Simulator, kibana: Client) -> None:
    key, old = sim.kibana.add_alert(), sim.kibana.add_alert(legacy=True)
    sim.kibana.alerts()[key]["kibana.alert.workflow_tags"] = ["c", "a", "b"]
    body = {"ids": [key, old, "0" * 64], "tags": {"tags_to_add": ["d", "c", "d"], "tags_to_remove": ["a"]}}
    assert kibana.ask("POST", TAGS, body)["updated"] == 1
    assert sim.kibana.alerts()[key]["kibana.alert.workflow_tags"] == ["c", "b", "d"]
    assert "kibana.alert.workflow_tags" not in sim.kibana.alerts()[old]


def test_a_conflict_ends_an_update_of_tags(sim: Simulator, kibana: Client) -> None:
    keys = [sim.kibana.add_alert() for _one in range(2)]
    sim.settings.kibana.conflicts = {keys[0]: 1}
    body = {"ids": keys, "tags": {"tags_to_add": ["a"], "tags_to_remove": []}}
    assert json.loads(kibana.ask("POST", TAGS, body, 409)["message"])["version_conflicts"] == 1
    assert sim.log[-1].changed == [keys[1]]


@pytest.mark.parametrize(("ids", "added"), [([], ["a"]), ([""], ["a"]), (["x"], [""]), (["x"], [5]), (["x"], "a")])
def test_tags_of_the_wrong_form(kibana: Client, ids: list[str], added: t.Any) -> None:
    kibana.ask("POST", TAGS, {"ids": ids, "tags": {"tags_to_add": added, "tags_to_remove": []}}, 400)


def test_user_profiles(sim: Simulator, kibana: Client) -> None:
    internal = kibana.given(elastic_api_version="1", x_elastic_internal_origin="tests")
    (profile,) = internal.ask("GET", USERS, params={"searchTerm": "Ami"})
    assert (profile["uid"], profile["user"]["username"]) == sim.kibana.users[0]
    assert internal.ask("GET", f"/s/soc-lab{USERS}", params={"searchTerm": "mira"}) == []
    sim.kibana.users += [(f"u_{number}", f"amira{number}") for number in range(20)]
    assert len(internal.ask("GET", USERS, params={"searchTerm": "ami"})) == 10
    assert not sim.log.writes()


def test_profiles_of_uids(sim: Simulator, kibana: Client) -> None:
    internal = kibana.given(elastic_api_version="1", x_elastic_internal_origin="tests")
    uids = [uid for uid, _name in sim.kibana.users]
    sim.kibana.people[uids[0]] = {"full_name": "Amira Haddad"}
    found = internal.ask("POST", PROFILES, {"uids": [uids[0], "u_gone_0", uids[2]]})
    assert [one["uid"] for one in found] == [uids[2], uids[0]]
    assert found[1]["user"] == {"username": "amira", "email": "amira@example.com", "full_name": "Amira Haddad"}
    internal.ask("POST", PROFILES, {"uids": []}, 400)
    assert "too_long" in internal.ask("POST", PROFILES, {"uids": ["u" * 5000]}, 400)["message"]
    assert not sim.log.writes()


def test_internal_calls_want_to_know_who_asks(kibana: Client) -> None:
    error = kibana.given(elastic_api_version="1").ask("GET", USERS, status=400)
    assert "is not available with the current configuration" in error["message"]
    kibana.given(x_elastic_internal_origin="tests").ask("GET", USERS, status=400)


@pytest.mark.parametrize("way", ["asc", "desc"])
def test_what_lacks_the_field_of_a_sort_comes_last(sim: Simulator, kibana: Client, way: str) -> None:
    key = sim.kibana.add_alert()
    del sim.kibana.alerts()[key]["kibana.alert.start"]
    found = hits(kibana, query={"match_all": {}}, size=1000, sort=[{"kibana.alert.start": way}])
    assert (found[-1]["_id"], found[-1]["sort"]) == (key, [None])
    moments = [hit["sort"][0] for hit in found[:-1]]
    assert moments == sorted(moments, reverse=way == "desc")


def test_a_range_of_texts(sim: Simulator, kibana: Client) -> None:
    names = sorted({one["kibana.alert.rule.name"] for one in sim.kibana.alerts().values()})
    found = ids(kibana, {"range": {"kibana.alert.rule.name": {"gt": names[0]}}})
    assert found == {key for key, one in sim.kibana.alerts().items() if one["kibana.alert.rule.name"] != names[0]}


# Refusals


def test_kbn_xsrf(sim: Simulator, kibana: Client) -> None:
    error = kibana.given(kbn_xsrf=None).ask("POST", SEARCH, {"size": 0}, 400)
    assert (error["statusCode"], error["error"]) == (400, "Bad Request")
    assert "kbn-xsrf" in error["message"]


def test_credentials(sim: Simulator, kibana: Client) -> None:
    good = sim.credentials
    nobody = kibana.given(Authorization=None)
    error = nobody.ask("POST", SEARCH, {"size": 0}, 401)
    assert (error["statusCode"], error["error"]) == (401, "Unauthorized")
    assert "security_exception" in error["message"]
    nobody.ask("POST", SEARCH, {"size": 0}, auth=(good.kibana_username, good.kibana_password))
    nobody.ask("POST", SEARCH, {"size": 0}, 401, auth=(good.kibana_username, "wrong"))
    kibana.given(Authorization=f"Bearer {good.kibana_bearer_token}").ask("POST", SEARCH, {"size": 0})
    reader = kibana.given(Authorization=f"ApiKey {good.kibana_read_only_api_key}")
    reader.ask("POST", SEARCH, {"size": 0})
    error = reader.ask("POST", STATUS, {"signal_ids": ["a"], "status": "open"}, 403)
    assert error["error"] == "Forbidden"
    assert "Kibana privileges" in error["message"]


def test_forms(sim: Simulator, kibana: Client) -> None:
    json_type = {"Content-Type": "application/json"}
    assert kibana("POST", SEARCH, data="{", headers=json_type).status_code == 400
    assert kibana("POST", SEARCH, data="{}", headers={"Content-Type": "text/plain"}).status_code == 415
    big = {"signal_ids": ["0" * 64] * 16000, "status": "open"}
    error = kibana.ask("POST", STATUS, big, 413)
    assert error["message"].endswith(": 1048576")
    fits = {"signal_ids": ["0" * 64] * 15000, "status": "open"}
    kibana.ask("POST", STATUS, fits)
    kibana.given(elastic_api_version="2023-10-31").ask("POST", SEARCH, {"size": 0})
    kibana.given(elastic_api_version="2099-01-01").ask("POST", SEARCH, {"size": 0}, 400)


def test_unknown_paths_and_methods(kibana: Client) -> None:
    for method, path in (("GET", STATUS), ("POST", "/api/nonsense")):
        assert kibana.ask(method, path, status=404)["error"] == "Not Found"


def test_alerts_without_a_status(sim: Simulator, kibana: Client) -> None:
    alert = sim.kibana.add_alert(status=None)
    assert sim.kibana.overview()[alert]["status"] is None
    tags = {"tags_to_add": ["a"], "tags_to_remove": []}
    assert kibana.ask("POST", TAGS, {"ids": [alert], "tags": tags})["updated"] == 1
    status = {"signal_ids": [alert], "status": "closed"}
    assert kibana.ask("POST", STATUS, status)["updated"] == 1
    (hit,) = kibana.ask("POST", SEARCH, {"query": {"ids": {"values": [alert]}}})["hits"]["hits"]
    assert "kibana.alert.workflow_status" not in hit["_source"]
    assert hit["_source"]["kibana.alert.workflow_tags"] == ["a"]
