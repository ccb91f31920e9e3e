# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every misbehaviour, as a client meets it, and whether the write behind it happened."""

from __future__ import annotations

import time
import typing as t
from email.utils import parsedate_to_datetime

import pytest
import requests

from ansible_collections.secops.triage.tests.simulator import Fault, Simulator
from ansible_collections.secops.triage.tests.unit.simulator.client import Client


@pytest.fixture
def path(sim: Simulator) -> str:
    """An alert to write to."""
    return f"/v1/alerts/{sim.calseta.add_alert(severity='High').uuid}"


def done(sim: Simulator) -> int:
    """How many alerts were really changed."""
    return sum(len(sim.calseta.changes_of(one)) for one in sim.calseta.alerts)


LOW = {"severity": "Low"}


@pytest.mark.parametrize("status", [401, 403, 429, 500, 502, 503, 504])
def test_a_status_before_the_write(sim: Simulator, calseta: Client, path: str, status: int) -> None:
    sim.faults.add(Fault(status=status))
    assert calseta.ask("PATCH", path, LOW, status)["error"]
    assert done(sim) == 0
    assert (sim.log[-1].status, sim.log[-1].fault) == (status, str(status))
    calseta.ask("PATCH", path, LOW)
    assert sim.log[-1].fault is None


@pytest.mark.parametrize("status", [500, 504])
def test_a_status_after_the_write(sim: Simulator, calseta: Client, path: str, status: int) -> None:
    sim.faults.add(Fault(status=status, when="after"))
    calseta.ask("PATCH", path, LOW, status)
    assert done(sim) == 1
    assert sim.log[-1].changed_state


@pytest.mark.parametrize(
    ("form", "header"),
    [
        (None, None),
        ("retry_after", "Retry-After"),
        ("retry_after_date", "Retry-After"),
        ("ratelimit_reset", "X-RateLimit-Reset"),
        ("ratelimit_reset_epoch", "X-RateLimit-Reset"),
    ],
)
def test_how_a_429_says_when(sim: Simulator, calseta: Client, path: str, form: str | None, header: str | None) -> None:
    sim.faults.add(Fault(status=429, wait_form=form, wait=30, html=True))
    response = calseta("GET", path)
    assert response.status_code == 429
    assert response.headers["Content-Type"].startswith("text/html")
    if header is None:
        assert not {"Retry-After", "X-RateLimit-Reset"} & set(response.headers)
        return
    value = response.headers[header]
    now = time.time()
    moment = {
        "retry_after": lambda: now + float(value),
        "retry_after_date": lambda: parsedate_to_datetime(value).timestamp(),
        "ratelimit_reset": lambda: now + float(value),
        "ratelimit_reset_epoch": lambda: float(value),
    }[str(form)]()
    assert now + 27 < moment < now + 32


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(("action", "says"), [("reset", "reset by peer"), ("close", "closed connection without")])
def test_connections_that_break(sim: Simulator, calseta: Client, path: str, action: str, says: str, when: str) -> None:
    sim.faults.add(Fault(action, when=when))
    with pytest.raises(requests.ConnectionError, match=says):
        calseta("PATCH", path, LOW)
    assert done(sim) == (when == "after")
    assert (sim.log[-1].status, sim.log[-1].fault) == (None, action)
    calseta.ask("PATCH", path, LOW)


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_truncated_answer(sim: Simulator, calseta: Client, path: str, when: str) -> None:
    sim.faults.add(Fault("truncate", when=when))
    with pytest.raises(requests.exceptions.ChunkedEncodingError, match="IncompleteRead"):
        calseta("PATCH", path, LOW)
    assert done(sim) == (when == "after")


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_delay(sim: Simulator, calseta: Client, path: str, when: str) -> None:
    sim.faults.add(Fault("delay", delay=0.3, when=when))
    with pytest.raises(requests.ReadTimeout):
        calseta("PATCH", path, LOW, timeout=0.1)
    # One that is delayed before the write is done although nobody waits for it any more.
    assert done(sim) == (when == "after")
    time.sleep(0.6)
    assert done(sim) == 1


def test_answers_that_are_no_json(sim: Simulator, calseta: Client, path: str) -> None:
    sim.faults.add(Fault("html"))
    response = calseta("GET", path)
    assert (response.status_code, response.headers["Content-Type"].partition(";")[0]) == (200, "text/html")
    assert response.text.startswith("<!DOCTYPE html>")
    sim.faults.add(Fault("empty", when="after"))
    response = calseta("PATCH", path, LOW)
    assert (response.status_code, response.content) == (200, b"")
    assert done(sim) == 1


def test_any_answer_at_all(sim: Simulator, calseta: Client, path: str) -> None:
    sim.faults.add(Fault(status=200, body={"data": []}, headers={"X-Note": "n"}))
    response = calseta("GET", path)
    assert (response.json(), response.headers["X-Note"]) == ({"data": []}, "n")
    sim.faults.add(Fault(status=418, body="teapot"))
    assert calseta("GET", path).text == "teapot"


def test_an_answer_that_says_otherwise(sim: Simulator, calseta: Client, path: str) -> None:
    sim.faults.add(Fault("merge", body={"data": {"severity": "Critical", "tags": ["x"]}}))
    answer = calseta.ask("PATCH", path, LOW)["data"]
    assert (answer["severity"], answer["status"], answer["tags"][0]) == ("Critical", "Open", "x")
    assert calseta.ask("GET", path)["data"]["severity"] == "Low"


def test_a_redirect(sim: Simulator, calseta: Client, path: str) -> None:
    sim.faults.add(Fault("redirect", status=307, location="http://other.example.com/"))
    response = calseta("PATCH", path, LOW, allow_redirects=False)
    assert (response.status_code, response.headers["Location"]) == (307, "http://other.example.com/")


@pytest.mark.parametrize("platform", ["datadog", "kibana", "security_deck", "calseta"])
def test_errors_are_in_the_platforms_own_words(sim: Simulator, session: requests.Session, platform: str) -> None:
    sim.faults.add(Fault(status=503, platform=platform))
    client = Client(session, f"{sim.url}/{platform}", {})
    shapes = {
        "datadog": lambda body: body["errors"][0]["status"] == "503",
        "kibana": lambda body: body["statusCode"] == 503,
        "security_deck": lambda body: body["code"] == 14,
        "calseta": lambda body: body["error"]["message"],
    }
    assert shapes[platform](client.ask("GET", "/anything", status=503))


# Whom they strike


def struck(sim: Simulator, calseta: Client, path: str, requests_sent: int = 6) -> list[int]:
    """The positions of the requests that a fault struck."""
    statuses = [calseta("GET", path).status_code for _request in range(requests_sent)]
    return [position for position, status in enumerate(statuses) if status == 503]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, [0]),
        ({"count": None}, [0, 1, 2, 3, 4, 5]),
        ({"nth": 3}, [2]),
        ({"nth": 2, "count": 3}, [1, 2, 3]),
        ({"method": "PATCH"}, []),
        ({"writes": True}, []),
        ({"writes": False, "count": 2}, [0, 1]),
        ({"path": r"^/calseta/v1/alerts/[0-9a-f-]+$", "count": 2}, [0, 1]),
        ({"path": "findings"}, []),
        ({"platform": "kibana"}, []),
    ],
)
def test_which_requests_match(
    sim: Simulator, calseta: Client, path: str, given: dict[str, t.Any], expected: list[int]
) -> None:
    sim.faults.add(Fault(**given))
    assert struck(sim, calseta, path) == expected


def test_chance_repeats_itself(sim: Simulator, calseta: Client, path: str) -> None:
    runs = []
    for _run in range(2):
        sim.faults.reseed(3)
        sim.faults.clear()
        sim.faults.add(Fault(count=None, probability=0.5))
        runs.append(struck(sim, calseta, path, 30))
    assert runs[0] == runs[1]
    assert 5 < len(runs[0]) < 25


def test_the_first_that_matches_strikes(sim: Simulator, calseta: Client, path: str) -> None:
    sim.faults.add(Fault(status=500))
    sim.faults.add(Fault(status=502))
    assert [calseta("GET", path).status_code for _request in range(3)] == [500, 502, 200]
    assert [fault.struck for fault in sim.faults] == [1, 1]
    sim.faults.clear()
    assert len(sim.faults) == 0


@pytest.mark.parametrize("wrong", [{"action": "explode"}, {"wait_form": "soon"}, {"when": "during"}])
def test_faults_that_make_no_sense(wrong: dict[str, t.Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong.values()))):
        Fault(**wrong)
