# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The faults that have a name: unclear answers, and answers that are about something else."""

from __future__ import annotations

import re
import time
import typing as t

import pytest
import requests

from ansible_collections.secops.triage.tests.simulator import Fault, Simulator, faults
from ansible_collections.secops.triage.tests.simulator.faults import NAMED, UNCLEAR
from ansible_collections.secops.triage.tests.unit.simulator.alerts import OnDatadog, OnKibana, OnPlatform
from ansible_collections.secops.triage.tests.unit.simulator.client import Client

#: Status and body of each; ``None`` where the connection breaks.
ANSWERS: dict[str, tuple[int | None, str]] = {
    "no_content": (204, ""),
    "accepted": (202, "{}"),
    "empty_object": (200, "{}"),
    "empty_body": (200, ""),
    "html_page": (200, "<!DOCTYPE html>"),
    "see_other": (303, ""),
    "timeout_408": (408, '{"'),
    "closed_499": (499, '{"'),
    "error_500": (500, '{"'),
    "error_502": (502, "<!DOCTYPE html>"),
    "error_503": (503, '{"'),
    "error_503_wait": (503, '{"'),
    "error_504": (504, "<!DOCTYPE html>"),
    **dict.fromkeys(("reset", "close", "cut", "truncate"), (None, "")),
}


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("name", UNCLEAR)
def test_unclear_answers(sim: Simulator, on: OnPlatform, name: str, when: str) -> None:
    status, body = ANSWERS[name]
    sim.faults.add(name, when=when, writes=True)
    if status is None:
        with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
            on.write()
    else:
        response = on.write(allow_redirects=False)
        assert response.status_code == status
        assert response.text.startswith(body)
        assert bool(response.text) == bool(body)
        assert ("Location" in response.headers) is (name == "see_other")
        assert ("Retry-After" in response.headers) is (name == "error_503_wait")
    assert on.state == (on.closed if when == "after" else on.open)
    assert on.changes == (when == "after")
    assert sim.log.writes()[-1].fault == name
    on.read()


def test_unclear_answers_are_of_applied_writes(sim: Simulator, on: OnPlatform) -> None:
    sim.faults.add("error_500", writes=True)
    on.write()
    assert on.state == on.closed


def test_the_refresh_that_is_refused(sim: Simulator, kibana: Client) -> None:
    on = OnKibana(sim, kibana)
    sim.faults.add("refresh_403", platform="kibana", writes=True)
    response = on.write()
    assert (response.status_code, response.json()["status_code"]) == (403, 403)
    assert "action [indices:admin/refresh] is unauthorized" in response.json()["message"]
    assert on.read() == "closed"


def test_a_write_that_is_answered_and_lost(sim: Simulator, on: OnPlatform) -> None:
    sim.faults.add("lost", writes=True, count=2)
    assert on.write().status_code == 200
    assert on.add().status_code in (200, 201)
    assert (on.read(), on.added_things(), on.changes) == (on.open, 0, 0)
    assert sim.log.changes() == []
    on.write()
    assert (on.read(), on.changes) == (on.closed, 1)


def test_an_operation_that_is_lost(sim: Simulator, security_deck: Client) -> None:
    sim.settings.security_deck.operation_seconds = 3600
    alert = sim.security_deck.add_alert()
    sim.faults.add("lost", writes=True)
    body = {"updateMask": "status", "status": "RESOLVED"}
    operation = security_deck.ask("PATCH", f"/securitydeck/alerts/v1/alerts/{alert.id}", body)
    security_deck.ask("GET", f"/operations/{operation['id']}", status=404)
    sim.security_deck.end_operations()
    assert alert.status == "OPEN"


# Answers about something else


@pytest.mark.parametrize("lost", [False, True])
def test_another_alerts_answer_to_a_write(sim: Simulator, on: OnPlatform, lost: bool) -> None:
    sim.faults.add("another", writes=True, lost=lost)
    body = on.write().text
    others = [one for one in on.platform.overview() if one in body]
    assert on.id not in body
    # The answers of Kibana to a write name nobody.
    assert len(others) == (on.name != "kibana")
    assert on.state == (on.open if lost else on.closed)


def test_another_alerts_answer_to_a_read(sim: Simulator, datadog: Client, kibana: Client) -> None:
    on, there = OnDatadog(sim, datadog), OnKibana(sim, kibana)
    other = sim.datadog.add_signal().id
    sim.faults.add("another", other=other, body={"data": {"attributes": {"version": 77}}})
    data = datadog.ask("GET", on.path)["data"]
    assert (data["id"], data["attributes"]["version"]) == (other, 77)
    assert datadog.ask("GET", on.path)["data"]["id"] == on.id
    sim.faults.add("another", platform="kibana")
    query = {"query": {"ids": {"values": [there.id]}}}
    (hit,) = kibana.ask("POST", f"{there.path}/search", query)["hits"]["hits"]
    assert hit["_id"] != there.id
    assert hit["_id"] in sim.kibana.overview()


def test_where_there_is_no_other_alert(sim: Simulator, calseta: Client) -> None:
    sim.reset(alerts=0)
    alert = sim.calseta.add_alert()
    sim.faults.add("another")
    assert calseta.ask("GET", f"/v1/alerts/{alert.uuid}")["data"]["uuid"] == alert.uuid
    sim.faults.add("another")
    assert calseta.ask("GET", "/health")["status"] == "ok"


def test_the_documented_answer_to_a_link(sim: Simulator, datadog: Client) -> None:
    on = OnDatadog(sim, datadog)
    sim.faults.add("updated", path="add_to_incident")
    assert on.add().json() == {"status": "updated"}
    assert on.added_things() == 1


@pytest.mark.parametrize(
    ("name", "states"), [("left_out", ["archived", "archived"]), ("repeated", ["archived"] * 3 + ["open"])]
)
def test_bulk_answers_that_are_not_whole(sim: Simulator, datadog: Client, name: str, states: list[str]) -> None:
    ids = [sim.datadog.add_signal().id for _signal in range(3)]
    items = [{"id": one, "type": "signal", "attributes": {"state": "archived"}} for one in ids]
    sim.faults.add(name, path="bulk/update", **({"body": {"event": {"state": "open"}}} if name == "repeated" else {}))
    result = datadog.ask("PATCH", "/api/v2/security_monitoring/signals/bulk/update", {"data": items})["result"]
    assert [event["event"]["state"] for event in result["events"]] == states
    assert result["count"] == len(states)
    assert [event["id"] for event in result["events"]] == [*ids, ids[0]] if name == "repeated" else ids[:-1]
    assert all(sim.datadog.signals[one].state == "archived" for one in ids)


@pytest.mark.parametrize("name", ["left_out", "repeated"])
def test_lists_that_are_not_whole(sim: Simulator, on: OnPlatform, name: str) -> None:
    on.add()
    sim.faults.add(name, platform=on.name, writes=False)
    if on.name != "datadog":
        assert on.added_things() == {"left_out": 0, "repeated": 2}[name]
    else:
        body = on.client.ask("POST", "/api/v2/security_monitoring/signals/search", {"page": {"limit": 1000}})
        assert len(body["data"]) == len(sim.datadog.signals) + {"left_out": -1, "repeated": 1}[name]


# When to come back


@pytest.mark.parametrize(
    ("form", "header", "value"),
    [
        ("retry_after", "Retry-After", "6"),
        ("retry_after_twice", "Retry-After", "6, 6"),
        ("retry_after_exponent", "Retry-After", "0.06e2"),
        ("ratelimit_reset_twice", "X-RateLimit-Reset", "6, 6"),
        ("ratelimit_reset_differs", "X-RateLimit-Reset", "0, 6"),
        ("ratelimit_reset_unreadable", "X-RateLimit-Reset", "soon"),
        ("ratelimit_reset_unreadable", "X-RateLimit-Period", "6"),
    ],
)
def test_odd_words_for_when(sim: Simulator, calseta: Client, form: str, header: str, value: str) -> None:
    sim.faults.add(Fault(status=429, wait_form=form, wait=6))
    response = calseta("GET", "/health")
    assert (response.status_code, response.headers[header]) == (429, value)


def test_the_second_of_day_of_the_epoch(sim: Simulator, calseta: Client) -> None:
    sim.faults.add(Fault(status=429, wait_form="retry_after_epoch", wait=6))
    assert abs(int(calseta("GET", "/health").headers["Retry-After"]) - time.time() - 6) < 2


def test_any_header_can_come_twice(sim: Simulator, calseta: Client) -> None:
    sim.faults.add(Fault("merge", body={}, headers={"X-Odd": ["a", "b"]}))
    assert calseta("GET", "/health").headers["X-Odd"] == "a, b"


def test_a_real_limit_whose_headers_come_twice(sim: Simulator, datadog: Client) -> None:
    sim.settings.datadog.rate_headers_twice = True
    sim.settings.datadog.rate_limit = 1
    responses = [datadog("GET", "/api/v2/users") for _request in range(2)]
    assert [response.status_code for response in responses] == [200, 429]
    for response in responses:
        first, second = response.headers["X-RateLimit-Reset"].split(", ")
        assert first == second


# Names


def test_every_name_makes_a_fault() -> None:
    assert [Fault.named(name).name for name in NAMED] == list(NAMED)
    with pytest.raises(ValueError, match="unknown fault 'explode'"):
        Fault.named("explode")


def test_every_name_is_explained() -> None:
    assert sorted(re.findall(r"^``(\w+)``  ", faults.__doc__ or "", re.MULTILINE)) == sorted(NAMED)


def test_names_come_through_the_controls(sim: Simulator, session: requests.Session, calseta: Client) -> None:
    control = Client(session, f"{sim.url}/_simulator", {})
    faults: list[dict[str, t.Any]] = control.ask("POST", "/faults", {"name": "no_content", "platform": "calseta"})
    assert (faults[0]["name"], faults[0]["status"], faults[0]["when"]) == ("no_content", 204, "after")
    assert calseta("GET", "/health").status_code == 204
    assert "unknown fault" in control.ask("POST", "/faults", {"name": "explode"}, 400)["message"]
    control.ask("DELETE", "/faults")
    control.ask("POST", "/faults", Fault.named("error_500").as_dict())
    assert (calseta("GET", "/health").status_code, sim.log[-1].fault) == (500, "error_500")
