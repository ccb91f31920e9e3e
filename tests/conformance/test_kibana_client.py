# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Does kibana-py, which is not ours, get along with the simulator's Kibana, and with what our module does there?"""

from __future__ import annotations

import json
import typing as t

import pytest
from kibana import Kibana
from kibana._sync.client.detection_engine import DetectionEngineClient
from kibana.exceptions import (
    ApiError,
    AuthenticationException,
    AuthorizationException,
    BadRequestError,
    ConflictError,
    SpaceNotFoundError,
)

from ansible_collections.secops.triage.tests.simulator import Simulator
from ansible_collections.secops.triage.tests.unit.harness import Params, by_id, four_runs, run_module

STATUS, REASON = "kibana.alert.workflow_status", "kibana.alert.workflow_reason"
TAGS, ASSIGNEES = "kibana.alert.workflow_tags", "kibana.alert.workflow_assignee_ids"
OPEN = {"bool": {"filter": [{"term": {STATUS: "open"}}]}}


@pytest.fixture
def open_ids(sim: Simulator) -> list[str]:
    """Three alerts that are open."""
    return [sim.kibana.add_alert() for _position in range(3)]


def shown(detections: DetectionEngineClient, ids: list[str], **options: t.Any) -> dict[str, dict[str, t.Any]]:
    """What the client sees of the alerts, by their ids."""
    found = detections.search_alerts(
        query={"ids": {"values": ids}}, source=[STATUS, REASON], size=len(ids), track_total_hits=True, **options
    )
    assert found["hits"]["total"] == {"value": len(found["hits"]["hits"]), "relation": "eq"}
    return {hit["_id"]: hit["_source"] for hit in found["hits"]["hits"]}


@pytest.mark.parametrize("way", ["api_key", "basic_auth", "bearer_auth"])
def test_every_way_to_authenticate_is_taken(sim: Simulator, open_ids: list[str], way: str) -> None:
    good = sim.credentials
    given: t.Any = {
        "api_key": good.kibana_api_key,
        "basic_auth": (good.kibana_username, good.kibana_password),
        "bearer_auth": good.kibana_bearer_token,
    }[way]
    with Kibana(hosts=sim.kibana.url, **{way: given}) as client:
        answer = client.detection_engine.set_alert_status(status="acknowledged", signal_ids=open_ids)
    assert answer["updated"] == answer["total"] == 3


def test_sets_a_status_by_ids_with_a_reason(detections: DetectionEngineClient, open_ids: list[str]) -> None:
    answer = detections.set_alert_status(status="closed", signal_ids=open_ids, reason="duplicate")
    assert (answer["total"], answer["updated"], answer["failures"]) == (3, 3, [])
    assert shown(detections, open_ids) == {key: {STATUS: "closed", REASON: "duplicate"} for key in open_ids}


def test_sets_a_status_by_query(sim: Simulator, detections: DetectionEngineClient) -> None:
    before = detections.search_alerts(query=OPEN, size=0, track_total_hits=True)["hits"]["total"]["value"]
    answer = detections.set_alert_status(status="acknowledged", query=OPEN, conflicts="abort")
    assert answer["updated"] == before > 0
    assert detections.search_alerts(query=OPEN, size=1)["hits"]["hits"] == []


def test_searches_sorted_and_by_fields(sim: Simulator, detections: DetectionEngineClient) -> None:
    found = detections.search_alerts(
        query={"match_all": {}}, sort=[{"@timestamp": "desc"}], fields=[STATUS], source=False, size=4
    )
    hits = found["hits"]["hits"]
    assert len(hits) == 4
    assert [hit["sort"] for hit in hits] == sorted((hit["sort"] for hit in hits), reverse=True)
    assert all(hit["fields"][STATUS] and "_source" not in hit for hit in hits)


def test_a_space_that_the_client_looks_up_first(sim: Simulator, detections: DetectionEngineClient) -> None:
    alert = sim.kibana.add_alert(space="soc-lab")
    assert detections.set_alert_status(status="closed", signal_ids=[alert], space_id="soc-lab")["updated"] == 1
    assert shown(detections, [alert], space_id="soc-lab") == {alert: {STATUS: "closed"}}
    assert shown(detections, [alert]) == {}
    with pytest.raises(SpaceNotFoundError):
        detections.search_alerts(query=OPEN, space_id="nowhere")


def test_tags_and_assignees(detections: DetectionEngineClient, open_ids: list[str]) -> None:
    assert detections.set_alert_tags(ids=open_ids, tags_to_add=["seen"], tags_to_remove=[])["updated"] == 3
    assert detections.set_alert_assignees(ids=open_ids, add=["u_1"], remove=[])["updated"] == 3


def test_a_conflict_aborts_or_is_counted(
    sim: Simulator, detections: DetectionEngineClient, open_ids: list[str]
) -> None:
    sim.settings.kibana.conflicts[open_ids[0]] = 2
    query = {"ids": {"values": open_ids}}
    with pytest.raises(ConflictError) as aborted:
        detections.set_alert_status(status="closed", query=query)
    assert json.loads(aborted.value.message)["failures"][0]["id"] == open_ids[0]
    proceeded = detections.set_alert_status(status="closed", query=query, conflicts="proceed")
    assert (proceeded["version_conflicts"], proceeded["updated"], proceeded["total"]) == (1, 2, 3)


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"status": "shut", "signal_ids": ["x"]}, "status"),
        ({"status": "open", "signal_ids": []}, "at least one alert id"),
        ({"status": "open", "query": {"mtch": {}}}, "did you mean [match]?"),
    ],
)
def test_the_client_finds_the_words_of_a_refusal(
    detections: DetectionEngineClient, asked: dict[str, t.Any], words: str
) -> None:
    with pytest.raises(BadRequestError) as refused:
        detections.set_alert_status(**asked)
    assert words in refused.value.message


@pytest.mark.parametrize(
    ("key", "kind"), [("kibana_read_only_api_key", AuthorizationException), (None, AuthenticationException)]
)
def test_the_client_tells_weak_keys_from_wrong_ones(
    sim: Simulator, open_ids: list[str], key: str | None, kind: type[ApiError]
) -> None:
    secret = getattr(sim.credentials, key) if key else "bm90OmE6a2V5"
    with Kibana(hosts=sim.kibana.url, api_key=secret) as client, pytest.raises(kind) as refused:
        client.detection_engine.set_alert_status(status="closed", signal_ids=open_ids)
    assert "API error occurred" not in refused.value.message, "the client's words for a shape that it does not know"


# Crosswise


def test_the_client_reads_what_the_module_wrote(
    sim: Simulator, kibana: Params, detections: DetectionEngineClient, open_ids: list[str]
) -> None:
    wanted = {"status": "closed", "reason": "false_positive"}
    runs = four_runs(sim, "kibana_alert_status", {**kibana, "alert_ids": open_ids, **wanted})
    assert runs.real["counts"]["changed"] == 3
    assert shown(detections, open_ids) == {key: {STATUS: "closed", REASON: "false_positive"} for key in open_ids}


def test_the_client_finds_nothing_left_of_the_modules_query(
    sim: Simulator, kibana: Params, detections: DetectionEngineClient
) -> None:
    left = detections.search_alerts(query=OPEN, size=100)["hits"]["hits"]
    result = run_module("kibana_alert_status", {**kibana, "query": OPEN, "status": "acknowledged"})
    assert {row["id"] for row in result["alerts"]} == {hit["_id"] for hit in left} != set()
    assert detections.search_alerts(query=OPEN, size=1)["hits"]["hits"] == []


@pytest.mark.parametrize("space", [None, "soc-lab"])
def test_the_module_finds_done_what_the_client_wrote(
    sim: Simulator, kibana: Params, detections: DetectionEngineClient, space: str | None
) -> None:
    ids = [sim.kibana.add_alert(space=space or "default") for _position in range(3)]
    detections.set_alert_status(status="closed", signal_ids=ids, reason="duplicate", space_id=space)
    params = {**kibana, "alert_ids": ids, "status": "closed", "reason": "duplicate", "space_id": space}
    runs = four_runs(sim, "kibana_alert_status", params)
    assert not runs.real["changed"]
    assert by_id(runs.real)[ids[0]] == {"id": ids[0], "changed": False, "status": "closed", "reason": "duplicate"}


def lists(detections: DetectionEngineClient, ids: list[str]) -> list[tuple[list[str], list[str]]]:
    """The tags and the assignees that the client sees."""
    found = detections.search_alerts(query={"ids": {"values": ids}}, source=[TAGS, ASSIGNEES], size=len(ids))
    sources = {hit["_id"]: hit["_source"] for hit in found["hits"]["hits"]}
    return [(sources[key][TAGS], sources[key][ASSIGNEES]) for key in ids]


@pytest.mark.parametrize("state", ["present", "exact"])
def test_the_client_sees_the_tags_and_assignees_of_the_modules(
    sim: Simulator, kibana: Params, detections: DetectionEngineClient, open_ids: list[str], state: str
) -> None:
    detections.set_alert_tags(ids=open_ids[:1], tags_to_add=["old"], tags_to_remove=[])
    uid, name = sim.kibana.users[0]
    task = {**kibana, "alert_ids": open_ids, "state": state}
    four_runs(sim, "kibana_alert_tags", {**task, "tags": ["new"]})
    four_runs(sim, "kibana_alert_assignees", {**task, "assignees": [name]})
    first = ["old", "new"] if state == "present" else ["new"]
    assert lists(detections, open_ids) == [(first, [uid]), (["new"], [uid]), (["new"], [uid])]


def test_the_modules_find_done_what_the_client_has_tagged_and_assigned(
    sim: Simulator, kibana: Params, detections: DetectionEngineClient, open_ids: list[str]
) -> None:
    uid = sim.kibana.users[1][0]
    detections.set_alert_tags(ids=open_ids, tags_to_add=["b", "a"], tags_to_remove=[])
    detections.set_alert_assignees(ids=open_ids, add=[uid], remove=[])
    task = {**kibana, "alert_ids": open_ids, "state": "exact"}
    assert not four_runs(sim, "kibana_alert_tags", {**task, "tags": ["a", "b"]}).real["changed"]
    assert not four_runs(sim, "kibana_alert_assignees", {**task, "assignees": [uid]}).real["changed"]


def test_the_info_module_finds_what_the_client_finds(
    sim: Simulator, kibana: Params, detections: DetectionEngineClient
) -> None:
    found = detections.search_alerts(query=OPEN, sort=[{"@timestamp": "desc"}], size=100, track_total_hits=True)
    result = run_module("kibana_alert_info", {**kibana, "query": OPEN, "raw": True})
    assert [row["id"] for row in result["alerts"]] == [hit["_id"] for hit in found["hits"]["hits"]] != []
    assert [row["raw"] for row in result["alerts"]] == [hit["_source"] for hit in found["hits"]["hits"]]
    assert result["total"] == found["hits"]["total"]["value"]
