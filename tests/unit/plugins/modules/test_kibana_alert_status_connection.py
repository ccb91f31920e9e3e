# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Kibana: where it is, who asks, what is refused before anything is sent, and how errors are told."""

from __future__ import annotations

import base64
import json
import typing as t

import pytest

from ansible_collections.secops.triage.tests.simulator import Fault, Simulator
from ansible_collections.secops.triage.tests.unit.harness import (
    Params,
    Result,
    by_id,
    four_runs,
    run_module,
    warnings_of,
)

NAME = "kibana_alert_status"
ID = "a" * 64


def run(kibana: Params, **options: t.Any) -> Result:
    task = {"alert_ids": [ID], "status": "closed", "retries": 0, **kibana, **options}
    return run_module(NAME, {name: value for name, value in task.items() if value is not None})


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"query": {"match_all": {}}}, "mutually exclusive"),
        ({"alert_ids": None}, "alert_ids, query"),
        ({"status": None}, "status"),
        ({"status": "Closed"}, "status"),
        ({"reason": "duplicate", "status": "open"}, "reason requires status: closed"),
        ({"reason": ""}, "reason"),
        ({"reason": "  "}, "reason"),
        ({"reason": "a\x00b"}, "reason"),
        ({"conflicts": "proceed"}, "only with query"),
        ({"conflicts": "ignore"}, "conflicts"),
        ({"runtime_mappings": {"a": {"type": "keyword"}}}, "only with query"),
        ({"alert_ids": None, "query": {}}, "query is {}"),
        ({"alert_ids": None, "query": {"match_all": {}}, "max_alerts": 0}, "max_alerts"),
        ({"alert_ids": None, "query": {"range": {"n": {"gte": float("nan")}}}}, "JSON"),
        ({"alert_ids": ["a b"]}, "'a b'"),
        ({"alert_ids": [""]}, "alert_ids"),
        ({"alert_ids": ["x" * 513]}, "alert_ids"),
        ({"api_url": None}, "api_url"),
        ({"space_id": "SOC"}, "space_id"),
        ({"space_id": "a/b"}, "space_id"),
        ({"space_id": ".."}, "space_id"),
        ({"space_id": "soc lab"}, "space_id"),
        ({"space_id": "soc?x"}, "space_id"),
        ({"space_id": "soc\n"}, "space_id"),
    ],
)
def test_refused_before_anything_is_sent(sim: Simulator, kibana: Params, options: Params, says: str) -> None:
    result = run({**kibana, **options})
    assert result["failed"]
    assert says in result["msg"]
    assert not sim.log


# Spaces and paths


@pytest.mark.parametrize("space", [None, "", "default"])
def test_default_space_has_no_path(sim: Simulator, kibana: Params, space: str | None) -> None:
    key = sim.kibana.add_alert()
    run(kibana, alert_ids=[key], space_id=space)
    paths = {entry.path for entry in sim.log}
    assert paths == {f"/kibana/api/detection_engine/signals/{call}" for call in ("search", "status")}


@pytest.mark.parametrize("given", ["option", "environment"])
def test_another_space(sim: Simulator, kibana: Params, given: str, monkeypatch: pytest.MonkeyPatch) -> None:
    key = sim.kibana.add_alert(space="soc-lab_2")
    if given == "environment":
        monkeypatch.setenv("KIBANA_SPACE_ID", "soc-lab_2")
    else:
        kibana["space_id"] = "soc-lab_2"
    four_runs(sim, NAME, {**kibana, "alert_ids": [key], "status": "closed"})
    assert {entry.path.partition("/api/")[0] for entry in sim.log} == {"/kibana/s/soc-lab_2"}
    assert sim.kibana.alerts("soc-lab_2")[key]["kibana.alert.workflow_status"] == "closed"


def test_alert_of_another_space_is_unknown(sim: Simulator, kibana: Params) -> None:
    key = sim.kibana.add_alert(space="soc-lab")
    for space in (None, "prodd"):
        error = by_id(run(kibana, alert_ids=[key], space_id=space))[key]["error"]
        assert (error["kind"], error["status"]) == ("not_found", 404)
        assert error["message"] == f"There is no such alert in the space {space or 'default'}"
        assert "space_id" in error["hint"]


@pytest.mark.parametrize("tail", ["/s/soc-lab", "/s/soc-lab/"])
@pytest.mark.parametrize("space", [None, "soc-lab"])
def test_the_address_may_name_the_space(sim: Simulator, kibana: Params, tail: str, space: str | None) -> None:
    """As it is copied from a browser: requests, links and hints are about that space."""
    key = sim.kibana.add_alert(space="soc-lab")
    options: Params = {"api_url": sim.kibana.url + tail, "space_id": space}
    assert run(kibana, **options, alert_ids=[key])["changed"]
    assert {entry.path.partition("/api/")[0] for entry in sim.log} == {"/kibana/s/soc-lab"}
    missing = run(kibana, **options)
    assert "There is no such alert in the space soc-lab" in missing["msg"]
    weak = {"api_key": sim.credentials.kibana_read_only_api_key}
    refused = run({**kibana, **weak}, **options, alert_ids=[key], status="open")
    assert "In the space soc-lab, the user needs" in refused["error"]["hint"]
    shown = run_module("kibana_alert_info", {**kibana, **options, "alert_ids": [key]})
    assert f"{sim.kibana.url}/s/soc-lab/app/security/alerts/redirect/{key}" in shown["alerts"][0]["url"]


def test_two_spaces_are_one_too_many(sim: Simulator, kibana: Params) -> None:
    result = run(kibana, api_url=f"{sim.kibana.url}/s/soc-lab", space_id="production")
    assert "api_url names the space soc-lab, and space_id is production" in result["msg"]
    assert not sim.log


@pytest.mark.parametrize("tail", ["", "/", "//"])
def test_base_path_comes_before_the_space(sim: Simulator, kibana: Params, tail: str) -> None:
    key = sim.kibana.add_alert(space="soc-lab")
    run(kibana, api_url=sim.kibana.url + tail, space_id="soc-lab", alert_ids=[key])
    assert sim.log[0].path == "/kibana/s/soc-lab/api/detection_engine/signals/search"


@pytest.mark.parametrize("variable", ["KIBANA_URL", "KIBANA_ENDPOINT"])
def test_address_from_the_environment(
    sim: Simulator, kibana: Params, variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, kibana.pop("api_url"))
    key = sim.kibana.add_alert()
    four_runs(sim, NAME, {**kibana, "alert_ids": [key], "status": "closed"})


def test_headers(sim: Simulator, kibana: Params) -> None:
    run(kibana, alert_ids=[sim.kibana.add_alert()])
    assert len(sim.log) == 3
    for entry in sim.log:
        assert entry.headers["kbn-xsrf"] == "true"
        assert entry.headers["elastic-api-version"] == "2023-10-31"
        assert "kbn-version" not in entry.headers


# Who asks


def ways(sim: Simulator) -> dict[str, tuple[Params, str]]:
    """The three ways to authenticate: their options, and the header that they make."""
    known = sim.credentials
    login = f"{known.kibana_username}:{known.kibana_password}"
    return {
        "api_key": ({"api_key": known.kibana_api_key}, f"ApiKey {known.kibana_api_key}"),
        "password": (
            {"username": known.kibana_username, "password": known.kibana_password},
            f"Basic {base64.b64encode(login.encode()).decode()}",
        ),
        "bearer_token": ({"bearer_token": known.kibana_bearer_token}, f"Bearer {known.kibana_bearer_token}"),
    }


def export(monkeypatch: pytest.MonkeyPatch, options: Params) -> None:
    for name, value in options.items():
        monkeypatch.setenv(f"KIBANA_{name.upper()}", value)


@pytest.mark.parametrize("form", ["ApiKey {key}", "apikey   {key}\n", " {key} ", "{answer}"])
def test_every_form_of_an_api_key(sim: Simulator, kibana: Params, form: str) -> None:
    """The encoded key alone, the whole header, or all that Elasticsearch returned when it made the key."""
    key = sim.credentials.kibana_api_key
    answer = json.dumps({"id": "vT7xQk2ZpW9sLmN4", "name": "soc", "api_key": "Jr8cHd3GyBf6zKq5WxVn", "encoded": key})
    given = form.format(key=key, answer=answer)
    assert run({**kibana, "api_key": given}, alert_ids=[sim.kibana.add_alert()])["changed"]
    assert {entry.headers["authorization"] for entry in sim.log} == {f"ApiKey {key}"}


def test_a_decoded_api_key_is_named(sim: Simulator, kibana: Params) -> None:
    decoded = base64.b64decode(sim.credentials.kibana_api_key).decode()
    result = run({**kibana, "api_key": decoded})
    assert (result["error"]["kind"], result["error"]["message"]) == ("option", "api_key is the decoded form, id:key")
    assert "encoded" in result["error"]["hint"]
    assert decoded.partition(":")[2] not in json.dumps(result)
    assert not sim.log


@pytest.mark.parametrize("place", ["task", "environment"])
@pytest.mark.parametrize("way", ["api_key", "password", "bearer_token"])
def test_every_way_to_authenticate(sim: Simulator, way: str, place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    options, header = ways(sim)[way]
    if place == "environment":
        export(monkeypatch, options)
        options = {}
    key = sim.kibana.add_alert()
    four_runs(sim, NAME, {"api_url": sim.kibana.url, **options, "alert_ids": [key], "status": "closed"})
    assert {entry.headers["authorization"] for entry in sim.log} == {header}


@pytest.mark.parametrize("way", ["api_key", "password", "bearer_token"])
@pytest.mark.parametrize("exported", ["api_key", "password", "bearer_token"])
def test_the_task_comes_before_the_environment(
    sim: Simulator, way: str, exported: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    export(monkeypatch, dict.fromkeys(ways(sim)[exported][0], "q7Zw" * 8))
    options, header = ways(sim)[way]
    run({"api_url": sim.kibana.url, **options})
    assert {entry.headers["authorization"] for entry in sim.log} == {header}


@pytest.mark.parametrize("exported", ["api_key", "bearer_token"])
def test_half_a_login_in_the_task_does_not_become_another_one(
    sim: Simulator, exported: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody who names a user must not act as another one who happens to be exported."""
    export(monkeypatch, ways(sim)[exported][0])
    result = run({"api_url": sim.kibana.url, "username": "analyst"})
    assert "password is missing" in result["msg"]
    assert not sim.log


def test_password_from_the_environment_for_the_user_of_the_task(
    sim: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    options, header = ways(sim)["password"]
    export(monkeypatch, {"password": options["password"]})
    run({"api_url": sim.kibana.url, "username": options["username"]})
    assert sim.log[0].headers["authorization"] == header


def test_two_ways_in_the_task_are_refused(sim: Simulator, kibana: Params) -> None:
    result = run({**kibana, **ways(sim)["bearer_token"][0]})
    assert "only one of api_key, or bearer_token" in result["msg"]
    assert not sim.log


def test_no_credentials_names_the_ways(sim: Simulator) -> None:
    result = run({"api_url": sim.kibana.url})
    for name in ("api_key", "username and password", "bearer_token", "KIBANA_API_KEY", "KIBANA_BEARER_TOKEN"):
        assert name in result["msg"]


@pytest.mark.versions
@pytest.mark.parametrize("way", ["api_key", "password", "bearer_token"])
def test_secrets_are_in_no_output(sim: Simulator, way: str) -> None:
    options, header = ways(sim)[way]
    body = {"message": f"no good: {header} {options}", "status_code": 401}
    sim.faults.add(Fault("status", status=401, body=body))
    result = run({"api_url": sim.kibana.url, **options})
    assert result["error"]["status"] == 401
    assert "bearer_token" in result["error"]["hint"]
    printed = json.dumps(result)
    for secret in [header.partition(" ")[2], *(value for name, value in options.items() if name != "username")]:
        assert secret not in printed


# How errors are told


@pytest.mark.versions
def test_a_warning_has_no_secret_in_it(sim: Simulator, kibana: Params) -> None:
    sim.settings.kibana.supports_reason = False
    result = run(kibana, alert_ids=[sim.kibana.add_alert()], reason=f"what {kibana['api_key']} found")
    assert result["changed"]
    (warning,) = warnings_of(result)
    assert "9.2" in warning
    assert kibana["api_key"] not in json.dumps(result)


@pytest.mark.parametrize("url", ["https://me:Tw9vKx4LqZ@kibana", "http://me:Tw9vKx4LqZ@127.0.0.1:1/base"])
def test_a_password_in_the_address_is_refused_and_not_shown(kibana: Params, url: str) -> None:
    result = run({**kibana, "api_url": url})
    assert "must not have credentials in it" in result["msg"]
    assert "Tw9vKx4LqZ" not in json.dumps(result)


ALIAS, BACKING, UPGRADED = (
    f"{name}-soc-lab" for name in (".alerts-security.alerts", ".internal.alerts-security.alerts", ".siem-signals")
)


def test_missing_privilege_names_the_space(sim: Simulator, kibana: Params) -> None:
    key = sim.kibana.add_alert(space="soc-lab")
    weak = {"api_key": sim.credentials.kibana_read_only_api_key, "space_id": "soc-lab"}
    result = run({**kibana, **weak}, alert_ids=[key])
    for needed in ("maintenance, write, read and view_index_metadata", ALIAS, f"{BACKING}-*", UPGRADED):
        assert needed in result["error"]["hint"]
    assert result["error"]["status"] == 403
    assert "granted by the Kibana privileges [alerts-all]" in result["error"]["message"]
    assert "soc-lab" in result["error"]["hint"]
    assert "change" in result["error"]["hint"]
    assert not result["changed"]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"statusCode": 400, "error": "Bad Request", "message": "the core says no"}, "the core says no"),
        ({"message": "the engine says no", "status_code": 400}, "the engine says no"),
        ({"message": ["first thing", "second thing"], "status_code": 400}, "first thing; second thing"),
        ({"statusCode": 400, "error": "the least that is said"}, "the least that is said"),
    ],
)
@pytest.mark.parametrize("call", ["search", "status"])
def test_both_shapes_of_errors(sim: Simulator, kibana: Params, body: t.Any, words: str, call: str) -> None:
    sim.faults.add(Fault("status", path=f"signals/{call}", status=400, body=body))
    result = run(kibana, alert_ids=[sim.kibana.add_alert()])
    assert result["error"]["message"].endswith(f"400 Bad Request: {words}")
    assert result["error"]["path"] == f"/kibana/api/detection_engine/signals/{call}"
    assert result["error"]["method"] == "POST"
    assert not result["changed"]


@pytest.mark.parametrize(
    "body",
    [{"message": "Not Found", "status_code": 404}, {"statusCode": 404, "error": "Not Found", "message": "Not Found"}],
)
def test_no_elastic_security_here(sim: Simulator, kibana: Params, body: t.Any) -> None:
    sim.faults.add(Fault("status", status=404, body=body))
    result = run(kibana)
    assert result["error"]["status"] == 404
    assert "Elastic Security" in result["error"]["hint"]
    assert "space_id" in result["error"]["hint"]
    assert "no such alert" not in result["msg"]


def test_conflict_is_told_in_the_words_within_the_message(sim: Simulator, kibana: Params) -> None:
    """The message is the JSON of the update's result; its counters say less than its first failure."""
    key = sim.kibana.add_alert()
    sim.settings.kibana.conflicts = {key: 9}
    result = run(kibana, alert_ids=[key])
    assert f"1 version conflicts; [{key}]: version conflict, required seqNo" in result["error"]["message"]
    assert '"' not in result["error"]["message"]
