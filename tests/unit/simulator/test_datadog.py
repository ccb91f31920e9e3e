# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Datadog's quirks, as its API pages and recordings tell them."""

from __future__ import annotations

import re
import typing as t
import uuid

import pytest

from ansible_collections.secops.triage.tests.simulator import Fault, Simulator
from ansible_collections.secops.triage.tests.unit.simulator.client import Client

V1 = "/api/v1/security_analytics/signals"
V2 = "/api/v2/security_monitoring/signals"


def update(signal_id: str) -> str:
    return f"{V2}/{signal_id}/update"


def body(**attributes: t.Any) -> dict[str, t.Any]:
    return {"data": {"attributes": attributes}}


def triage(client: Client, signal_id: str) -> dict[str, t.Any]:
    """What a client must do with a GET: merge the two subtrees."""
    attributes = client.ask("GET", f"{V2}/{signal_id}")["data"]["attributes"]
    custom, gated = (attributes[name]["workflow"]["triage"] for name in ("custom", "gated"))
    return {**custom, **gated, "assignee": {**custom["assignee"], **gated["assignee"]}}


def test_get_splits_the_triage(sim: Simulator, datadog: Client) -> None:
    signal = sim.datadog.add_signal(incident_ids=[4100])
    data = datadog.ask("GET", f"{V2}/{signal.id}")["data"]
    assert (data["type"], data["id"]) == ("signal", signal.id)
    assert data["attributes"]["version"] == signal.version
    custom, gated = (data["attributes"][name]["workflow"]["triage"] for name in ("custom", "gated"))
    assert custom["state"] == "open"
    assert custom["assignee"] == {"name": "Unassigned"}
    assert gated == {"assignee": {"id": -1}, "incidentIds": [4100]}


def test_ids_look_like_datadogs(sim: Simulator) -> None:
    assert all(re.fullmatch(r"AQAAA[\w-]{50}", one) for one in sim.datadog.signals)


@pytest.mark.parametrize(
    ("shows", "keys"),
    [("uuid", {"id", "uuid", "handle", "name"}), ("handle", {"id", "handle", "name"}), ("name", {"id", "name"})],
)
def test_what_a_get_shows_of_the_assignee(sim: Simulator, datadog: Client, shows: str, keys: set[str]) -> None:
    sim.settings.datadog.assignee_shows = shows
    user = sim.datadog.user("greta@example.com")
    signal = sim.datadog.add_signal(assignee=user.uuid)
    shown = triage(datadog, signal.id)["assignee"]
    assert set(shown) == keys
    assert shown["name"] == user.name


@pytest.mark.parametrize("place", ["custom", "gated"])
def test_where_the_archive_fields_are(sim: Simulator, datadog: Client, place: str) -> None:
    sim.settings.datadog.archive_in = place
    signal = sim.datadog.add_signal(state="archived", archive_reason="other", archive_comment="why")
    attributes = datadog.ask("GET", f"{V2}/{signal.id}")["data"]["attributes"]
    shown = attributes[place]["workflow"]["triage"]
    assert (shown["archiveReason"], shown["archiveComment"]) == ("other", "why")


def test_an_unknown_signal(datadog: Client) -> None:
    for method, path in (("GET", f"{V2}/AQAAAnone"), ("PATCH", update("AQAAAnone"))):
        assert datadog.ask(method, path, body(state="open"), 404) == {"errors": ["Signal not found"]}


def test_update_answers_the_whole_triage(sim: Simulator, datadog: Client) -> None:
    signal, user = sim.datadog.add_signal(), sim.datadog.user("greta@example.com")
    given = {"state": "archived", "archive_reason": "remediated", "archive_comment": "done"}
    answer = datadog.ask("PATCH", update(signal.id), body(**given, assignee={"uuid": user.uuid}))
    attributes = answer["data"]["attributes"]
    assert answer["data"]["type"] == "signal_metadata"
    assert attributes.items() >= given.items()
    assert attributes["assignee"]["uuid"] == user.uuid
    assert attributes["incident_ids"] == []
    assert "version" not in attributes
    assert (signal.state, signal.archive_reason, signal.archive_comment) == tuple(given.values())


def test_unassigning(sim: Simulator, datadog: Client) -> None:
    signal = sim.datadog.add_signal(assignee=sim.datadog.user("greta@example.com").uuid)
    answer = datadog.ask("PATCH", f"{V2}/{signal.id}/assignee", body(assignee={"uuid": ""}))
    assert answer["data"]["attributes"]["assignee"] == {"id": -1, "name": "Unassigned", "uuid": ""}


def test_a_write_without_effect_leaves_its_marks(sim: Simulator, datadog: Client) -> None:
    signal = sim.datadog.add_signal()
    version = signal.version
    moments = []
    for _repeat in range(2):
        answer = datadog.ask("PATCH", f"{V2}/{signal.id}/state", body(state="open", archive_reason="none"))
        moments.append(answer["data"]["attributes"]["state_update_timestamp"])
    assert moments[0] < moments[1]
    assert signal.version == version + 2
    assert answer["data"]["attributes"]["state_update_user"]["handle"] == "runbook@example.com"
    assert sim.datadog.writes_of(signal.id) == 2
    assert sim.datadog.changes_of(signal.id) == []
    assert [entry.changed_state for entry in sim.log.writes("datadog")] == [False, False]


def test_a_change_is_recorded_with_its_request(sim: Simulator, datadog: Client) -> None:
    signal = sim.datadog.add_signal()
    datadog.ask("PATCH", update(signal.id), body(state="under_review"))
    (change,) = sim.datadog.changes_of(signal.id)
    assert (change.before["state"], change.after["state"]) == ("open", "under_review")
    assert sim.log[-1].number == change.request
    assert sim.log[-1].changed == [signal.id]


def test_an_older_version_is_a_conflict(sim: Simulator, datadog: Client) -> None:
    signal = sim.datadog.add_signal(version=5)
    error = datadog.ask("PATCH", update(signal.id), body(state="archived", version=4), 409)
    assert "version" in error["errors"][0]["detail"]
    assert signal.state == "open"
    datadog.ask("PATCH", update(signal.id), body(state="archived", version=5))
    sim.settings.datadog.conflict_status = 400
    datadog.ask("PATCH", update(signal.id), body(state="open", version=5), 400)


@pytest.mark.parametrize("kind", ["signal_metadata", None])
def test_the_type_is_optional(sim: Simulator, datadog: Client, kind: str | None) -> None:
    signal = sim.datadog.add_signal()
    data = {**body(state="archived")["data"], **({"type": kind} if kind else {})}
    datadog.ask("PATCH", update(signal.id), {"data": data})


@pytest.mark.parametrize(
    "given",
    [
        {"state": "closed"},
        {"archive_reason": "because"},
        {"archive_comment": 1},
        {"assignee": {"handle": "greta@example.com"}},
        {"assignee": {"uuid": str(uuid.UUID(int=1))}},
        {"version": "3"},
    ],
)
def test_invalid_values_change_nothing(sim: Simulator, datadog: Client, given: dict[str, t.Any]) -> None:
    signal = sim.datadog.add_signal()
    error = datadog.ask("PATCH", update(signal.id), body(**given), 400)
    assert set(error["errors"][0]) == {"status", "title", "detail"}
    assert sim.datadog.writes_of(signal.id) == 0


def test_a_disabled_user_is_unknown(sim: Simulator, datadog: Client) -> None:
    signal, gone = sim.datadog.add_signal(), sim.datadog.user("femi.left@example.com")
    sim.settings.datadog.unknown_assignee_status = 404
    datadog.ask("PATCH", update(signal.id), body(assignee={"uuid": gone.uuid}), 404)


def test_the_three_shapes_of_errors(sim: Simulator, datadog: Client) -> None:
    signal = sim.datadog.add_signal()
    shapes = {}
    for shape in ("objects", "strings", "error"):
        sim.settings.datadog.error_shape = shape
        shapes[shape] = datadog.ask("PATCH", update(signal.id), body(state="shut"), 400)
    assert isinstance(shapes["objects"]["errors"][0], dict)
    assert isinstance(shapes["strings"]["errors"][0], str)
    assert set(shapes["error"]["error"]) == {"code", "message", "details"}
    assert all("shut" in str(shape) for shape in shapes.values())


def test_signals_are_locked_after_thirty_days(sim: Simulator, datadog: Client) -> None:
    signal = sim.datadog.add_signal(age=31 * 86400)
    assert "30 days" in str(datadog.ask("PATCH", update(signal.id), body(state="archived"), 400))
    assert signal.state == "open"
    datadog.ask("GET", f"{V2}/{signal.id}")


def test_incidents_are_replaced(sim: Simulator, datadog: Client) -> None:
    signal = sim.datadog.add_signal(incident_ids=[4100, 4101])
    answer = datadog.ask("PATCH", f"{V2}/{signal.id}/incidents", body(incident_ids=[4102]))
    assert answer["data"]["attributes"]["incident_ids"] == [4102] == signal.incident_ids
    datadog.ask("PATCH", f"{V2}/{signal.id}/incidents", body(incident_ids=[]))
    assert signal.incident_ids == []
    datadog.ask("PATCH", f"{V2}/{signal.id}/incidents", body(incident_ids=[1]), 404)


def test_v1_links_by_appending(sim: Simulator, datadog: Client) -> None:
    signal = sim.datadog.add_signal(incident_ids=[4100])
    path = f"{V1}/{signal.id}/add_to_incident"
    answer = datadog.ask("PATCH", path, {"incident_id": 4102, "add_to_signal_timeline": True})
    assert (answer["status"], answer["hitCount"], answer["type"]) == ("done", 1, "status")
    assert isinstance(answer["elapsed"], int)
    assert isinstance(answer["requestId"], str)
    datadog.ask("PATCH", path, {"incident_id": 4102})
    assert signal.incident_ids == [4100, 4102]


def test_v1_refuses_with_strings(sim: Simulator, datadog: Client) -> None:
    signal = sim.datadog.add_signal(version=9)
    path = f"{V1}/{signal.id}/add_to_incident"
    assert datadog.ask("PATCH", path, {"incident_id": 99}, 404) == {"errors": ["Incident not found"]}
    assert datadog.ask("PATCH", path, {}, 400) == {"errors": ["incident_id is required"]}
    (text,) = datadog.ask("PATCH", path, {"incident_id": 4100, "version": 1}, 409)["errors"]
    assert "version" in text
    assert datadog.ask("PATCH", f"{V1}/none/add_to_incident", {"incident_id": 4100}, 404)["errors"]
    assert signal.incident_ids == []


def test_reads_may_lag_behind_a_link(sim: Simulator, datadog: Client) -> None:
    sim.settings.datadog.incident_lag_reads = 2
    signal = sim.datadog.add_signal()
    datadog.ask("PATCH", f"{V1}/{signal.id}/add_to_incident", {"incident_id": 4100})
    assert [triage(datadog, signal.id)["incidentIds"] for _read in range(3)] == [[], [], [4100]]
    assert signal.incident_ids == [4100]


def test_v1_state_and_assignee(sim: Simulator, datadog: Client) -> None:
    signal, user = sim.datadog.add_signal(), sim.datadog.user("greta@example.com")
    given = {"state": "archived", "archiveReason": "other", "archiveComment": "noise"}
    assert datadog.ask("PATCH", f"{V1}/{signal.id}/state", given)["hitCount"] == 1
    sim.settings.datadog.hit_count = 0
    assert datadog.ask("PATCH", f"{V1}/{signal.id}/assignee", {"assignee": user.uuid})["hitCount"] == 0
    assert (signal.state, signal.archive_reason, signal.archive_comment) == ("archived", "other", "noise")
    assert signal.assignee == user.uuid


def bulk(ids: list[str], **attributes: t.Any) -> dict[str, t.Any]:
    return {"data": [{"id": one, "type": "signal", "attributes": attributes} for one in ids]}


def test_bulk_answers_events(sim: Simulator, datadog: Client) -> None:
    ids = [sim.datadog.add_signal().id for _one in range(3)]
    answer = datadog.ask("PATCH", f"{V2}/bulk/update", bulk(ids, state="archived", archive_reason="other"))
    assert (answer["type"], answer["status"], answer["result"]["count"]) == ("status", "done", 3)
    assert [event["id"] for event in answer["result"]["events"]] == ids
    event = answer["result"]["events"][0]["event"]
    assert (event["state"], event["archive_reason"], event["incident_ids"]) == ("archived", "other", [])
    assert sim.log[-1].changed == ids


def test_bulk_leaves_out_what_it_cannot_do(sim: Simulator, datadog: Client) -> None:
    good, locked = sim.datadog.add_signal(), sim.datadog.add_signal(age=40 * 86400)
    answer = datadog.ask("PATCH", f"{V2}/bulk/update", bulk([good.id, locked.id, "none"], state="archived"))
    assert [event["id"] for event in answer["result"]["events"]] == [good.id]


def test_bulk_takes_199(sim: Simulator, datadog: Client) -> None:
    ids = [sim.datadog.add_signal().id for _one in range(200)]
    datadog.ask("PATCH", f"{V2}/bulk/update", bulk(ids, state="archived"), 400)
    datadog.ask("PATCH", f"{V2}/bulk/update", bulk([], state="archived"), 400)
    assert not sim.log[-1].wrote
    assert datadog.ask("PATCH", f"{V2}/bulk/update", bulk(ids[:199], state="archived"))["result"]["count"] == 199


@pytest.mark.parametrize("status", [404, 405])
def test_bulk_may_be_missing(sim: Simulator, datadog: Client, status: int) -> None:
    sim.settings.datadog.bulk = status
    signal = sim.datadog.add_signal()
    datadog.ask("PATCH", f"{V2}/bulk/update", bulk([signal.id], state="archived"), status)


@pytest.mark.parametrize(("when", "done"), [("before", 1), ("after", 3)])
def test_bulk_forgets(sim: Simulator, datadog: Client, when: str, done: int) -> None:
    ids = [sim.datadog.add_signal().id for _one in range(3)]
    sim.faults.add(Fault("forget", forget=2, when=when))
    answer = datadog.ask("PATCH", f"{V2}/bulk/update", bulk(ids, state="archived"))
    assert [event["id"] for event in answer["result"]["events"]] == ids[:1]
    assert sum(bool(sim.datadog.changes_of(one)) for one in ids) == done


# Searching


def found(client: Client, query: str, **more: t.Any) -> set[str]:
    answer = client.ask("POST", f"{V2}/search", {"filter": {"query": query, **more}, "page": {"limit": 1000}})
    return {item["id"] for item in answer["data"]}


def test_search_shows_triage_elsewhere(sim: Simulator, datadog: Client) -> None:
    sim.reset(alerts=0)
    signal = sim.datadog.add_signal(incident_ids=[4100], archive_comment="c")
    (item,) = datadog.ask("POST", f"{V2}/search", {})["data"]
    assert item["type"] == "signal"
    assert item["id"] == signal.id
    assert "version" not in item["attributes"]
    shown = item["attributes"]["attributes"]["workflow"]["triage"]
    assert shown["state"] == "open"
    assert shown["incidentIds"] == [4100]
    assert shown["archiveComment"] == "c"
    assert shown["assignee"] == {"id": -1, "name": "Unassigned"}
    assert not sim.log.writes()


def test_search_queries(sim: Simulator, datadog: Client) -> None:
    sim.reset(alerts={"datadog": 80})
    signals = sim.datadog.signals.values()

    def expect(test: t.Callable[[t.Any], bool]) -> set[str]:
        expected = {one.id for one in signals if test(one)}
        assert expected
        return expected

    assert found(datadog, "@workflow.triage.state:open") == expect(lambda one: one.state == "open")
    assert found(datadog, "-@workflow.triage.state:open") == expect(lambda one: one.state != "open")
    assert found(datadog, "status:high source:okta") == expect(
        lambda one: one.scene.severity == "high" and one.scene.source == "okta"
    )
    assert found(datadog, "status:(high OR critical)") == expect(lambda one: one.scene.severity in ("high", "critical"))
    assert found(datadog, "host:web-*") == expect(lambda one: one.scene.host.startswith("web-"))
    assert found(datadog, "service:db") == expect(lambda one: one.scene.host.startswith("db-"))
    assert found(datadog, "env:prod") == expect(lambda one: "env:prod" in one.scene.tags)
    assert found(datadog, 'shell "in a container"') == expect(lambda one: "Shell spawned in a" in one.scene.title)
    linked = expect(lambda one: any(number >= 4102 for number in one.incident_ids))
    assert found(datadog, "@workflow.triage.incidentIds:>=4102") == linked
    assert found(datadog, "@workflow.triage.incidentIds:>4101") == linked
    assert found(datadog, "@workflow.triage.incidentIds:[4102 TO *]") == linked
    assert found(datadog, "@workflow.triage.incidentIds:{4101 TO 4104]") == linked
    assert found(datadog, "-@workflow.triage.incidentIds:<4102 _exists_:@workflow.triage.incidentIds") == linked
    assert found(datadog, "status:[h TO i]") == expect(lambda one: one.scene.severity == "high")
    assert found(datadog, "_exists_:team") == expect(lambda one: any(tag.startswith("team:") for tag in one.scene.tags))
    assert found(datadog, "*:okta") >= expect(lambda one: one.scene.source == "okta")
    for everything in ("*", "*:*", "?*", "status:>=a", "-@usr.age:[1 TO 5]", "NOT NOT *", "_exists_:host"):
        assert found(datadog, everything) == set(sim.datadog.signals)
    datadog.ask("POST", f"{V2}/search", {"filter": {"query": "(open"}}, 400)


def test_search_within_times(sim: Simulator, datadog: Client) -> None:
    sim.reset(alerts=0)
    old, new = sim.datadog.add_signal(age=3 * 86400), sim.datadog.add_signal(age=60)
    assert found(datadog, "*", **{"from": "now-1d", "to": "now"}) == {new.id}
    assert found(datadog, "*", to="now-1d") == {old.id}
    assert found(datadog, "*", **{"from": new.timestamp}) == {new.id}
    assert found(datadog, "*", **{"from": "2020-01-01T00:00:00Z", "to": "2020-02-01T00:00:00+01:00"}) == set()
    datadog.ask("POST", f"{V2}/search", {"filter": {"from": "yesterday"}}, 400)


@pytest.mark.parametrize("sort", ["timestamp", "-timestamp"])
def test_pages_follow_each_other(sim: Simulator, datadog: Client, sort: str) -> None:
    sim.reset(alerts={"datadog": 25})
    ids, page = [], {"limit": 10}
    while True:
        answer = datadog.ask("POST", f"{V2}/search", {"sort": sort, "page": page})
        ids += [item["id"] for item in answer["data"]]
        if "after" not in answer["meta"]["page"]:
            break
        page = {"limit": 10, "cursor": answer["meta"]["page"]["after"]}
    ordered = sorted(sim.datadog.signals.values(), key=lambda one: one.timestamp, reverse=sort == "-timestamp")
    assert ids == [one.id for one in ordered]
    listed = datadog.ask("GET", V2, params={"sort": sort, "page[limit]": 25})
    assert [item["id"] for item in listed["data"]] == ids
    datadog.ask("POST", f"{V2}/search", {"page": {"limit": 1001}}, 400)
    datadog.ask("GET", V2, params={"sort": "status"}, status=400)


def test_searches_may_lag_behind_a_write(sim: Simulator, datadog: Client) -> None:
    """Both in what they show and in what they match, while a read shows the truth."""
    sim.settings.datadog.search_lag = 2
    signal = sim.datadog.add_signal(incident_ids=[4100])
    datadog.ask("PATCH", update(signal.id), body(state="under_review"))
    datadog.ask("PATCH", update(signal.id), body(state="archived"))
    datadog.ask("PATCH", f"{V2}/{signal.id}/incidents", body(incident_ids=[]))
    assert triage(datadog, signal.id)["state"] == "archived"
    assert signal.id not in found(datadog, "@workflow.triage.state:archived")
    items = datadog.ask("POST", f"{V2}/search", {"page": {"limit": 1000}})["data"]
    (item,) = [item for item in items if item["id"] == signal.id]
    shown = item["attributes"]["attributes"]["workflow"]["triage"]
    assert (shown["state"], shown["incidentIds"]) == ("open", [4100])
    assert "stateUpdateTimestamp" not in shown
    assert signal.id in found(datadog, "@workflow.triage.state:archived")


def test_searches_may_show_less(sim: Simulator, datadog: Client) -> None:
    sim.settings.datadog.search_hides = ("archiveReason", "assignee")
    for item in datadog.ask("POST", f"{V2}/search", {})["data"]:
        shown = item["attributes"]["attributes"]["workflow"]["triage"]
        assert not {"archiveReason", "assignee"} & set(shown)
        assert {"state", "incidentIds"} <= set(shown)


# Users, incidents, credentials, limits


def test_users_are_found_by_any_part(sim: Simulator, datadog: Client) -> None:
    def handles(**params: str) -> list[str]:
        answer = datadog.ask("GET", "/api/v2/users", params={"page[size]": 50, **params})
        assert answer["meta"]["page"]["total_filtered_count"] == len(answer["data"])
        return [user["attributes"]["handle"] for user in answer["data"]]

    assert handles(filter="greta@example.com") == ["greta@example.com", "greta@example.com.au"]
    assert handles(filter="Bruno Costa") == ["bruno.costa@example.com", "b.costa@example.com"]
    assert handles(filter="femi") == ["femi.left@example.com"]
    assert handles(**{"filter": "femi", "filter[status]": "Active,Pending"}) == []
    assert handles(**{"filter[status]": "Pending"}) == ["ines.new@example.com"]
    paged = datadog.ask("GET", "/api/v2/users", params={"page[size]": 3, "page[number]": 2})
    assert len(paged["data"]) == 2
    user = sim.datadog.user("greta@example.com")
    assert datadog.ask("GET", f"/api/v2/users/{user.uuid}")["data"]["attributes"]["email"] == user.handle
    datadog.ask("GET", f"/api/v2/users/{uuid.UUID(int=1)}", status=404)


def test_incidents(datadog: Client) -> None:
    first = datadog.ask("GET", "/api/v2/incidents", params={"page[size]": 3})
    assert first["meta"]["pagination"] == {"size": 3, "offset": 0, "next_offset": 3}
    last = datadog.ask("GET", "/api/v2/incidents", params={"page[size]": 3, "page[offset]": 3})
    assert last["meta"]["pagination"] == {"size": 2, "offset": 3}
    incident = first["data"][0]
    attributes = datadog.ask("GET", f"/api/v2/incidents/{incident['id']}")["data"]["attributes"]
    assert attributes["fields"]["slug"]["value"] == f"IR-{attributes['public_id']}"
    datadog.ask("GET", "/api/v2/incidents/none", status=404)


def test_credentials(sim: Simulator, datadog: Client) -> None:
    signal, good = sim.datadog.add_signal(), sim.credentials
    path = f"{V2}/{signal.id}"
    nobody = datadog.given(DD_API_KEY=None, DD_APPLICATION_KEY=None)
    assert nobody.ask("GET", path, status=401) == {"errors": ["Unauthorized"]}
    for wrong in ({"DD_API_KEY": "x"}, {"DD_APPLICATION_KEY": "x"}, {"DD_APPLICATION_KEY": good.datadog_access_token}):
        assert datadog.given(**wrong).ask("GET", path, status=403) == {"errors": ["Forbidden"]}
    bearer = nobody.given(Authorization=f"Bearer {good.datadog_access_token}")
    bearer.ask("PATCH", update(signal.id), body(state="archived"))
    nobody.given(Authorization="Bearer nonsense").ask("GET", path, status=403)
    for reader in (
        datadog.given(DD_APPLICATION_KEY=good.datadog_read_only_app_key),
        nobody.given(Authorization=f"Bearer {good.datadog_read_only_access_token}"),
    ):
        reader.ask("GET", path)
        assert "security_monitoring_signals_write" in str(reader.ask("PATCH", update(signal.id), body(), 403))
        v1 = reader.ask("PATCH", f"{V1}/{signal.id}/add_to_incident", {"incident_id": 4100}, 403)
        assert all(isinstance(error, str) for error in v1["errors"])
    datadog.given(DD_APPLICATION_KEY=good.datadog_no_users_app_key).ask("GET", "/api/v2/users", status=403)


def test_rate_limit(sim: Simulator, datadog: Client) -> None:
    response = datadog("GET", "/api/v2/users")
    names = [f"X-RateLimit-{name}" for name in ("Limit", "Period", "Remaining", "Reset", "Name")]
    assert all(name in response.headers for name in names)
    sim.settings.datadog.rate_limit = 3
    statuses = [datadog("GET", "/api/v2/users") for _request in range(3)]
    assert [one.status_code for one in statuses] == [200, 200, 429]
    assert statuses[-1].headers["X-RateLimit-Remaining"] == "0"
    assert 0 < int(statuses[-1].headers["X-RateLimit-Reset"]) <= 61


def test_unknown_paths(datadog: Client) -> None:
    datadog.ask("GET", "/api/v2/nonsense", status=404)
    datadog.ask("POST", f"{V2}/x/update", {}, 404)


def test_signals_without_a_triage(sim: Simulator, datadog: Client) -> None:
    signal = sim.datadog.add_signal(triaged=False)
    path = f"/api/v2/security_monitoring/signals/{signal.id}"
    attributes = datadog.ask("GET", path)["data"]["attributes"]
    assert "triage" not in {**attributes["custom"]["workflow"], **attributes["gated"]["workflow"]}
    search = {"filter": {"query": "@workflow.triage.state:open"}, "page": {"limit": 1000}}
    found = datadog.ask("POST", "/api/v2/security_monitoring/signals/search", search)["data"]
    assert signal.id not in {row["id"] for row in found}
    datadog.ask("PATCH", f"{path}/state", {"data": {"attributes": {"state": "archived"}}})
    attributes = datadog.ask("GET", path)["data"]["attributes"]
    assert attributes["custom"]["workflow"]["triage"]["state"] == "archived"


def test_a_conflict_at_will(sim: Simulator, datadog: Client) -> None:
    signal = sim.datadog.add_signal()
    sim.faults.add("conflict", writes=True)
    path = f"/api/v2/security_monitoring/signals/{signal.id}/state"
    body = datadog.ask("PATCH", path, {"data": {"attributes": {"state": "archived", "version": 1}}}, 409)
    assert body["errors"][0]["status"] == "409"
    assert signal.state == "open"


def test_incidents_are_created_by_each_call_and_found_by_their_states(sim: Simulator, datadog: Client) -> None:
    sim.settings.datadog.incident_search_lag = 1
    made = {"data": {"type": "incidents", "attributes": {"title": "Wave 7", "customer_impacted": False}}}
    numbers = [
        datadog.ask("POST", "/api/v2/incidents", made, 201)["data"]["attributes"]["public_id"] for _each in range(2)
    ]
    assert numbers == [4105, 4106]

    def found(query: str) -> list[int]:
        answer = datadog.ask("GET", "/api/v2/incidents/search", params={"query": query, "page[size]": "100"})
        attributes = answer["data"]["attributes"]
        assert attributes["total"] == len(attributes["incidents"])
        return [one["data"]["attributes"]["public_id"] for one in attributes["incidents"]]

    assert found("state:(active OR stable)") == [4103, 4102, 4101, 4100]
    assert found("state:(active OR stable)") == [4106, 4105, 4103, 4102, 4101, 4100]
    assert found("state:resolved") == [4104]
    datadog.ask("GET", "/api/v2/incidents/search", status=400)
    datadog.ask("POST", "/api/v2/incidents", {"data": {"type": "incidents", "attributes": {"title": "x"}}}, 400)
