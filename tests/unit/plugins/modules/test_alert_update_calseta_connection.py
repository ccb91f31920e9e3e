# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Calseta: where it is, whose key it takes, and how its errors are told."""

from __future__ import annotations

import json
import typing as t

import pytest

from ansible_collections.secops.triage.tests.simulator import Fault, Simulator
from ansible_collections.secops.triage.tests.unit.harness import (
    Meanwhile,
    Params,
    Result,
    by_id,
    four_runs,
    run_module,
)

NAME = "alert_update"
YANDEX = {
    "YC_IAM_TOKEN": "t1.q7ZwKx3vTn9LrMb2JcH8",
    "YC_TOKEN": "t1.q7ZwKx3vTn9LrMb2JcH8",
    "YC_SERVICE_ACCOUNT_KEY_FILE": '{"id": "aje", "private_key": "q7ZwKx3vTn9LrMb2JcH8"}\n',
    "YC_ENDPOINT": "api.yandexcloud.kz:443",
    "YC_METADATA_ADDR": "127.0.0.1:9",
}


@pytest.fixture
def key(sim: Simulator) -> str:
    """An open alert."""
    return sim.calseta.add_alert().uuid


def run(calseta: Params, key: str, **options: t.Any) -> Result:
    task = {"alert_ids": [key], "status": "Triaging", "retries": 0, **calseta, **options}
    return run_module(NAME, {name: value for name, value in task.items() if value is not None})


# Where it is


@pytest.mark.parametrize("tail", ["", "/", "/v1", "/v1/"])
@pytest.mark.parametrize("place", ["task", "environment"])
def test_address_with_and_without_v1(
    sim: Simulator, calseta: Params, key: str, tail: str, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = calseta.pop("api_url") + tail
    if place == "task":
        calseta["api_url"] = address
    else:
        monkeypatch.setenv("CALSETA_API_URL", address)
    runs = four_runs(sim, NAME, {**calseta, "alert_ids": [key], "status": "Triaging"})
    assert {entry.path for entry in runs.requests} == {f"/calseta/v1/alerts/{key}"}


def test_address_of_the_task_comes_before_that_of_the_environment(
    calseta: Params, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CALSETA_API_URL", "http://127.0.0.1:9")
    assert not run(calseta, key).get("failed")


def test_wrong_address_is_not_an_unknown_alert(sim: Simulator, calseta: Params, key: str) -> None:
    result = run(calseta, key, api_url=f"{sim.calseta.url}/api")
    assert result["error"]["status"] == 404
    assert "The requested resource was not found." in result["msg"]
    assert "api_url" in result["error"]["hint"]
    assert "no such alert" not in result["msg"].lower()


def test_environment_of_the_other_provider_is_neither_used_nor_refused(
    sim: Simulator, calseta: Params, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in YANDEX.items():
        monkeypatch.setenv(name, value)
    runs = four_runs(sim, NAME, {**calseta, "alert_ids": [key], "status": "Triaging"})
    assert {entry.headers["authorization"] for entry in runs.requests} == {f"Bearer {calseta['api_key']}"}


# Who asks


@pytest.mark.parametrize("place", ["task", "environment"])
@pytest.mark.parametrize("around", ["{}", "{}\n", " {} "])
def test_key_is_stripped(
    sim: Simulator, calseta: Params, key: str, around: str, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = calseta.pop("api_key")
    if place == "task":
        calseta["api_key"] = around.format(secret)
    else:
        monkeypatch.setenv("CALSETA_API_KEY", around.format(secret))
    runs = four_runs(sim, NAME, {**calseta, "alert_ids": [key], "status": "Triaging"})
    assert {entry.headers["authorization"] for entry in runs.requests} == {f"Bearer {secret}"}


@pytest.mark.parametrize(
    ("name", "required"),
    [
        ("calseta_writer_only_key", "alerts:read"),
        ("calseta_read_only_key", "alerts:write"),
        ("calseta_no_scope_key", "alerts:read"),
    ],
)
def test_both_scopes_are_needed(sim: Simulator, calseta: Params, key: str, name: str, required: str) -> None:
    result = run(calseta, key, api_key=getattr(sim.credentials, name))
    assert result["error"]["status"] == 403
    assert required in result["error"]["message"]
    assert "alerts:read and alerts:write" in result["error"]["hint"]
    assert not result["changed"]
    assert not sim.log.changes()


@pytest.mark.parametrize("secret", ["cai_q7ZwKx3vTn9LrMb2JcH8", "no-prefix-q7ZwKx3vTn9LrMb", None])
def test_key_that_is_no_good(sim: Simulator, calseta: Params, key: str, secret: str | None) -> None:
    """Its prefix is the server's business."""
    result = run(calseta, key, api_key=secret or sim.credentials.calseta_expired_key)
    assert result["error"]["status"] == 401
    assert "expired" in result["error"]["hint"]
    assert len(sim.log) == 1


@pytest.mark.versions
def test_key_is_in_no_output(sim: Simulator, calseta: Params, key: str) -> None:
    secret = calseta["api_key"]
    sim.faults.add(Fault("status", status=401, body={"error": {"message": f"What is {secret}?"}}))
    result = run(calseta, key)
    assert "What is" in result["msg"]
    assert secret not in json.dumps(result)


# How errors are told


def test_refusal_is_told_in_the_words_of_the_server(sim: Simulator, calseta: Params, key: str) -> None:
    """The envelope says that something is wrong; its details say what."""
    errors = [
        {"type": "enum", "loc": ["body", "status"], "msg": "Input should be 'Open' or 'Closed'"},
        {"type": "string_type", "loc": ["body", "tags", 0], "msg": "Input should be a valid string"},
    ]
    message = {"code": "VALIDATION_ERROR", "message": "Request validation failed.", "details": {"errors": errors}}
    headers = {"X-Request-ID": "c0ffee00-0000-4000-8000-000000000001"}
    sim.faults.add(Fault("status", writes=True, status=422, body={"error": message}, headers=headers))
    result = run(calseta, key)
    error = by_id(result)[key]["error"]
    assert error["status"] == 422
    assert error["message"].endswith(
        "Request validation failed: body.status: Input should be 'Open' or 'Closed';"
        " body.tags.0: Input should be a valid string"
    )
    assert error["request_id"] == headers["X-Request-ID"]
    assert (error["method"], error["path"]) == ("PATCH", f"/calseta/v1/alerts/{key}")


def test_limit_counts_by_path_and_is_waited_out(sim: Simulator, calseta: Params, key: str) -> None:
    settings = sim.settings.calseta
    settings.rate_limit, settings.retry_after = 1, 0.4
    sim.faults.add(Meanwhile(lambda entry: vars(settings).update(rate_limit=600), nth=3))
    result = run(calseta, key, retries=1)
    assert by_id(result)[key]["changed"]
    assert [entry.status for entry in sim.log] == [200, 429, 200]
    assert sim.log[2].time - sim.log[1].time >= 0.4


def test_limit_that_stays_is_told(sim: Simulator, calseta: Params, key: str) -> None:
    settings = sim.settings.calseta
    settings.rate_limit, settings.retry_after = 1, 0.05
    result = run(calseta, key, retries=2)
    error = by_id(result)[key]["error"]
    assert error["status"] == 429
    assert "concurrency" in error["hint"]
    assert by_id(result)[key]["changed"] is False
    assert [entry.status for entry in sim.log] == [200, 429, 429, 429]


@pytest.mark.parametrize("field", ["status", "severity", "close_classification", "malice_override"])
def test_alert_that_the_server_cannot_show_stops_everything(
    sim: Simulator, calseta: Params, key: str, field: str
) -> None:
    """A value that is not of its enum, by whatever way it came there, is a 500 at every look."""
    bogus: dict[str, t.Any] = {field: "Bogus"}
    odd = sim.calseta.add_alert(**bogus).uuid
    result = run(calseta, key, alert_ids=[key, odd])
    assert result["failed"]
    assert not result["changed"]
    assert result["error"]["status"] == 500
    assert odd in result["error"]["path"]
    assert not sim.log.writes()


def test_alert_that_shows_no_status_is_not_guessed(sim: Simulator, calseta: Params, key: str) -> None:
    sim.faults.add(Fault("merge", method="GET", body={"data": {"status": None}}))
    assert "does not show this alert" in run(calseta, key)["msg"]
    assert not sim.log.writes()


def test_answer_about_another_alert_is_not_believed(sim: Simulator, calseta: Params, key: str) -> None:
    """Neither when reading, nor when it is what a write is told to have come to."""
    other = {"data": {"uuid": "3fa85f64-5717-4562-b3fc-2c963f66afa6", "status": "Escalated"}}
    sim.faults.add(Fault("merge", method="PATCH", body=other))
    result = run(calseta, key)
    assert by_id(result)[key]["status"] == "Triaging"
    assert [entry.method for entry in sim.log] == ["GET", "PATCH", "GET"]
    sim.faults.add(Fault("merge", method="GET", body=other))
    assert "does not show this alert" in run(calseta, key)["msg"]


def test_answer_with_another_value_than_was_asked_for_is_looked_at(sim: Simulator, calseta: Params, key: str) -> None:
    """It is not sent again; where a read shows what was asked for, that is so."""
    sim.faults.add(Fault("merge", method="PATCH", body={"data": {"status": "Escalated"}}))
    result = run(calseta, key)
    assert not result.get("failed"), result["msg"]
    assert (by_id(result)[key]["changed"], by_id(result)[key]["status"]) == (True, "Triaging")
    assert len(sim.log.writes()) == 1


def test_another_value_than_was_asked_for_is_a_failure(sim: Simulator, calseta: Params, key: str) -> None:
    sim.faults.add(Fault("merge", body={"data": {"status": "Escalated"}}, nth=2, count=None))
    result = run(calseta, key)
    assert result["failed"]
    assert "status is 'Escalated' where 'Triaging' was asked for" in result["msg"]
    assert (by_id(result)[key]["changed"], result["counts"]["unconfirmed"]) == (None, 1)
    assert len(sim.log.writes()) == 1


def test_lost_answer_is_looked_up(sim: Simulator, calseta: Params, key: str) -> None:
    sim.faults.add(Fault("close", method="PATCH", when="after"))
    assert by_id(run(calseta, key))[key]["changed"]
    assert len(sim.log.writes()) == 1


@pytest.mark.parametrize("module", [NAME, "alert_note"])
@pytest.mark.parametrize("breaks", ["close", "reset"])
def test_what_was_confirmed_just_before_a_connection_broke_is_looked_at(
    sim: Simulator, calseta: Params, module: str, breaks: str
) -> None:
    """Calseta commits after its answer: a server that is killed in between has confirmed what is lost."""
    ids = [sim.calseta.add_alert().uuid for _each in range(4)]
    sim.faults.add("lost", writes=True, path=ids[1])
    sim.faults.add(Fault(breaks, writes=True, path=ids[2]))
    changes = {"status": "Triaging"} if module == NAME else {"text": "Looked at."}
    task = {**calseta, "alert_ids": ids, "concurrency": 1, "retries": 1, **changes}
    result = run_module(module, task)
    rows = by_id(result)
    if module == NAME:
        # What sets a status is sent again.
        assert not result.get("failed"), result["msg"]
        assert [rows[key]["changed"] for key in ids] == [True] * 4
        assert {sim.calseta.alerts[key].status for key in ids} == {"Triaging"}
    else:
        # What adds is not.
        assert [rows[key]["changed"] for key in ids] == [True, None, None, True]
        assert [len(sim.calseta.alerts[key].findings) for key in ids] == [1, 0, 0, 1]
    # Only the neighbours, and no others.
    assert len(sim.log.select(path=ids[0], method="GET")) == 1
    sim.log.clear()
    run_module(module, task)
    again = [sum(key in entry.path for entry in sim.log.writes()) for key in ids]
    assert again == ([0] * 4 if module == NAME else [0, 1, 1, 0])


def test_what_was_confirmed_and_cannot_be_looked_at_is_unknown(sim: Simulator, calseta: Params) -> None:
    ids = [sim.calseta.add_alert().uuid for _each in range(3)]
    sim.faults.add("lost", writes=True, path=ids[1])
    sim.faults.add(Fault("close", writes=True, path=ids[2], count=None))
    sim.faults.add(Fault("close", method="GET", nth=4, count=None))
    result = run_module(NAME, {**calseta, "alert_ids": ids, "status": "Triaging", "concurrency": 1, "retries": 0})
    assert [row["changed"] for row in result["alerts"]] == [True, None, None]
    assert result["counts"]["unconfirmed"] == 2


def test_a_key_that_may_not_write_is_not_tried_on_every_alert(sim: Simulator, calseta: Params) -> None:
    ids = [sim.calseta.add_alert().uuid for _each in range(60)]
    sim.log.clear()
    task = {**calseta, "api_key": sim.credentials.calseta_read_only_key, "alert_ids": ids, "status": "Triaging"}
    result = run_module(NAME, {**task, "concurrency": 4, "retries": 2})
    assert 1 <= len(sim.log.writes()) <= 4
    assert {row["error"]["status"] for row in result["alerts"]} == {403}
    assert {row["changed"] for row in result["alerts"]} == {False}
    assert result["counts"]["failed"] == 60
