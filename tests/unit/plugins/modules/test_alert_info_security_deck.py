# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is shown of alerts of Security Deck, by their ids and as a search of a sink finds them."""

from __future__ import annotations

import re
import typing as t
from urllib.parse import parse_qs, urlsplit

import pytest

from ansible_collections.secops.triage.tests.simulator import Entry, Fault, Simulator
from ansible_collections.secops.triage.tests.simulator.dates import iso
from ansible_collections.secops.triage.tests.unit.harness import Meanwhile, Params, Result, run_module

NAME = "alert_info"


@pytest.fixture
def deck(sim: Simulator, security_deck: Params) -> Params:
    return {**security_deck, "retries": 0}


def run(deck: Params, *, check: bool = False, **options: t.Any) -> Result:
    task = {**deck, **options}
    return run_module(NAME, {name: value for name, value in task.items() if value is not None}, check=check)


def found(sim: Simulator, deck: Params, query: Params | None = None, **options: t.Any) -> Result:
    """What a search of the sink shows."""
    return run(deck, query={"sink_id": sim.security_deck.sink_id, **(query or {})}, **options)


def ids(result: Result) -> list[str]:
    assert not result.get("failed"), result["msg"]
    return [row["id"] for row in result["alerts"]]


def newest_first(sim: Simulator) -> list[str]:
    return [key for key, one in sorted(sim.security_deck.alerts.items(), key=lambda item: -item[1].created)]


def asked(sim: Simulator) -> list[dict[str, list[str]]]:
    """The parameters of every search."""
    return [parse_qs(urlsplit(entry.path).query) for entry in sim.log.select(path="/sinks/")]


# By ids


@pytest.mark.versions
@pytest.mark.parametrize("by", ["ids", "query"])
def test_shows_alerts_as_all_platforms_do(sim: Simulator, deck: Params, by: str) -> None:
    subject = sim.security_deck.subjects[0]
    state: Params = {"status": "RESOLVED", "severity": "LOW", "classification": "BENIGN_POSITIVE", "assignee": subject}
    alert = sim.security_deck.add_alert(**state)
    result = run(deck, alert_ids=[alert.id]) if by == "ids" else found(sim, deck)
    (row,) = [row for row in result["alerts"] if row["id"] == alert.id]
    assert row == {
        "id": alert.id,
        "platform": "security_deck",
        "title": alert.scene.title,
        "severity": "LOW",
        "status": "RESOLVED",
        "verdict": "BENIGN_POSITIVE",
        "assignee": subject,
        "assignee_name": None if subject else "",
        "created": iso(alert.created, 3),
        "updated": iso(alert.updated, 3),
        "url": None,
        "rule": alert.scene.source,
        "sink_id": sim.security_deck.sink_id,
    }
    assert result["changed"] is False


@pytest.mark.parametrize("unset", ["absent", "unspecified"])
@pytest.mark.parametrize("by", ["ids", "query"])
def test_what_is_not_set(sim: Simulator, deck: Params, unset: str, by: str) -> None:
    sim.reset(alerts=0)
    sim.settings.security_deck.shows_unset = unset
    alert = sim.security_deck.add_alert(status="", severity="")
    result = run(deck, alert_ids=[alert.id]) if by == "ids" else found(sim, deck)
    (row,) = result["alerts"]
    assert [row[name] for name in ("severity", "status", "verdict", "assignee")] == [None, None, None, ""]


def test_missing_ones_are_listed_and_no_failure(sim: Simulator, deck: Params) -> None:
    alert = sim.security_deck.add_alert()
    for check in (True, False):
        result = run(deck, alert_ids=["fv4nobody", alert.id, "fv4nobody"], check=check)
        assert (ids(result), result["missing"]) == ([alert.id], ["fv4nobody"])
    assert not sim.log.writes()


def test_nothing_named_is_nothing_asked(sim: Simulator, deck: Params) -> None:
    result = run(deck, alert_ids=[])
    assert (ids(result), result["missing"]) == ([], [])
    assert not sim.log


def test_raw_is_the_apis_object(sim: Simulator, deck: Params) -> None:
    alert = sim.security_deck.add_alert()
    (row,) = run(deck, alert_ids=[alert.id], raw=True)["alerts"]
    assert row["raw"]["recommendations"] == alert.scene.advice
    (row,) = found(sim, deck, {"filter": f'title = "{alert.scene.title}"'}, raw=True, max_alerts=1)["alerts"]
    assert row["raw"]["title"] == alert.scene.title
    assert "recommendations" not in row["raw"]


def test_read_only_account_is_enough(sim: Simulator, deck: Params) -> None:
    token = sim.credentials.iam_read_only_token
    assert ids(found(sim, deck, iam_token=token)) == newest_first(sim)


def test_role_that_is_missing_is_the_viewers(sim: Simulator, deck: Params) -> None:
    sim.faults.add(Fault(status=403))
    assert "the role security-deck.alertSinks.viewer" in found(sim, deck)["error"]["hint"]


# By search


def test_newest_come_first(sim: Simulator, deck: Params) -> None:
    result = found(sim, deck)
    assert ids(result) == newest_first(sim)
    assert (result["truncated"], result["total"]) == (False, None)
    assert "missing" not in result


def test_filter_and_order_are_the_apis(sim: Simulator, deck: Params) -> None:
    query = {"filter": ' status = "OPEN" ', "order_by": "update_time asc"}
    result = found(sim, deck, query, max_alerts=300)
    assert ids(result) == [key for key in reversed(newest_first(sim)) if key in sim.security_deck.ids(status="OPEN")]
    (sent,) = asked(sim)
    assert sent == {"filter": ['status = "OPEN"'], "orderBy": ["update_time asc"], "pageSize": ["300"]}


def test_words_that_the_api_does_not_know(sim: Simulator, deck: Params) -> None:
    result = found(sim, deck, {"order_by": "colour"})
    assert (result["error"]["status"], "Invalid orderBy colour" in result["msg"]) == (400, True)


def test_sink_that_there_is_not(sim: Simulator, deck: Params) -> None:
    result = run(deck, query={"sink_id": "fd8nobody"})
    assert (result["error"]["status"], "Alert sink not found" in result["msg"]) == (404, True)


@pytest.mark.parametrize(
    ("limit", "sizes"), [(3000, [1000, 1000, 1000]), (2203, [1000, 1000, 203]), (2202, [1000, 1000, 202, 1])]
)
def test_pages_of_a_thousand(sim: Simulator, deck: Params, limit: int, sizes: list[int]) -> None:
    sim.reset(alerts={"security_deck": 2203})
    result = found(sim, deck, max_alerts=limit)
    assert ids(result) == newest_first(sim)[:limit]
    assert result["truncated"] is (limit < 2203)
    assert [int(one["pageSize"][0]) for one in asked(sim)] == sizes


def test_no_more_than_max_alerts(sim: Simulator, deck: Params) -> None:
    result = found(sim, deck, max_alerts=4)
    assert (ids(result), result["truncated"]) == (newest_first(sim)[:4], True)
    count = len(sim.security_deck.alerts)
    result = found(sim, deck, max_alerts=count)
    assert (len(ids(result)), result["truncated"]) == (count, False)


def test_pages_that_shift_under_the_reader(sim: Simulator, deck: Params) -> None:
    sim.reset(alerts={"security_deck": 1100})
    before = newest_first(sim)
    for alert in sim.security_deck.alerts.values():
        # The new ones are newer than all that are there.
        alert.created -= 15 * 86400

    def come_in(_entry: Entry) -> None:
        for _each in range(3):
            sim.security_deck.add_alert()

    sim.faults.add(Meanwhile(come_in, path="pageToken"))
    result = found(sim, deck, max_alerts=5000)
    assert ids(result) == before
    assert not result["truncated"]


def test_empty_pages_on_the_way(sim: Simulator, deck: Params) -> None:
    """A service may filter after it has cut its pages."""
    for number in range(3):
        body = {"nextPageToken": f"after-{number}", **({"alerts": []} if number else {})}
        sim.faults.add(Fault(status=200, body=body))
    alert = next(iter(sim.security_deck.alerts.values()))
    sim.faults.add(Fault(status=200, body={"alerts": [alert.shown(False, "absent")]}))
    assert ids(found(sim, deck)) == [alert.id]
    assert [one.get("pageToken") for one in asked(sim)] == [None, ["after-0"], ["after-1"], ["after-2"]]


def test_token_that_comes_again(sim: Simulator, deck: Params) -> None:
    sim.faults.add(Fault(status=200, body={"nextPageToken": "again"}, count=None))
    assert "goes round in circles" in found(sim, deck)["msg"]
    assert len(sim.log) == 2


def test_titles_of_all_kinds(sim: Simulator, deck: Params) -> None:
    title = "\u041f\u0435\u0440\u0435\u0431\u043e\u0440 \U0001f512 \u202eevil\x1b[31m \ud800"
    sim.faults.add(Fault("merge", body={"alerts": [{"title": title}]}, count=None))
    (row,) = found(sim, deck, max_alerts=1)["alerts"]
    assert row["title"].startswith("\u041f\u0435\u0440\u0435\u0431\u043e\u0440 \U0001f512 ")
    assert not re.search("[\u202e\x1b\ud800]", row["title"])


# What is refused


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({}, "one of the following is required: alert_ids, query"),
        ({"alert_ids": ["fv4a"], "query": {}}, "mutually exclusive: alert_ids|query"),
        ({"query": {}}, "query.sink_id is missing"),
        ({"query": {"sink_id": "a/b"}}, "query.sink_id: not the id of a Security Deck sink"),
        ({"query": {"sink_id": "x" * 51}}, "query.sink_id: not the id of a Security Deck sink"),
        ({"query": {"sink_id": "fd8a", "filter": "x" * 2049}}, "query.filter is longer than the 2048"),
        ({"query": {"sink_id": "fd8a", "filter": "a\x00"}}, "query.filter has a character in it"),
        ({"query": {"sink_id": "fd8a", "order_by": "\ud800"}}, "query.order_by has a character in it"),
        ({"query": {"sink_id": "fd8a", "status": ["Open"]}}, "query.status is not for provider security_deck"),
        ({"query": {"sink_id": "fd8a", "from_time": "now-1h"}}, "which takes query.sink_id, query.filter"),
        ({"query": {"sink_id": "fd8a", "sort_by": "title"}}, "query.sort_by is not for provider security_deck"),
        ({"query": {"sink_id": "fd8a"}, "max_alerts": 0}, "max_alerts must be at least 1"),
        ({"alert_ids": ["a?b"]}, "not the id of a Security Deck alert"),
        ({"query": {"sink_id": "fd8a"}, "api_key": "q7ZwKx3vTn9L"}, "api_key is not for provider security_deck"),
    ],
)
def test_refused_before_anything_is_sent(sim: Simulator, deck: Params, options: Params, says: str) -> None:
    result = run(deck, **options)
    assert result["failed"]
    assert says in result["msg"]
    assert not sim.log


# What goes wrong


@pytest.mark.parametrize(
    "odd",
    [
        {"alerts": {}},
        {"alerts": "no"},
        {"alerts": [None]},
        {"alerts": [{"id": None}]},
        {"alerts": [{"id": 5}]},
        {"alerts": [{"id": "../operations"}]},
        {"alerts": [{"id": "\x1b[31m"}]},
        {"alerts": [{"status": 2}]},
        {"alerts": [{"assignee": "ajesomebody"}]},
        {"alerts": [{"assignee": {"subject": {"id": 7}}}]},
        {"alerts": [{"title": {}}]},
        {"alerts": [{"category": "threat"}]},
        {"alerts": [{"createTime": 1700000000}]},
        {"alerts": [{"sinkId": 8}]},
        {"nextPageToken": 5},
        {"nextPageToken": ["a"]},
    ],
)
def test_odd_page(sim: Simulator, deck: Params, odd: t.Any) -> None:
    sim.reset(alerts=0)
    sim.security_deck.add_alert(assignee=sim.security_deck.subjects[0])
    sim.faults.add(Fault("merge", body=odd, count=None))
    result = found(sim, deck)
    assert result["failed"]
    assert re.search("is not a page of alerts|has an alert in it that cannot be read", result["msg"])
    assert "\x1b" not in result["msg"]
    assert result["error"]["path"] == f"/securitydeck/alerts/v1/sinks/{sim.security_deck.sink_id}/alerts"


@pytest.mark.parametrize(
    "body", [{"message": "Maintenance"}, {"code": 7, "details": []}, {"items": []}, {"error": None}]
)
def test_object_that_is_something_else_is_no_empty_page(sim: Simulator, deck: Params, body: Params) -> None:
    sim.faults.add(Fault(status=200, body=body, count=None))
    assert "is not a page of alerts" in found(sim, deck)["msg"]


@pytest.mark.parametrize("body", [{}, {"alerts": []}, {"nextPageToken": ""}, {"alerts": None, "nextPageToken": None}])
def test_empty_page(sim: Simulator, deck: Params, body: Params) -> None:
    sim.faults.add(Fault(status=200, body=body, count=None))
    assert ids(found(sim, deck)) == []


def test_page_that_is_no_object(sim: Simulator, deck: Params) -> None:
    sim.faults.add(Fault(status=200, body=["alerts"], count=None))
    assert "is not a page of alerts" in found(sim, deck)["msg"]


@pytest.mark.parametrize("odd", [{"title": 5}, {"category": "x"}, {"updateTime": []}, {"id": "fv4another"}])
def test_odd_alert(sim: Simulator, deck: Params, odd: t.Any) -> None:
    alert = sim.security_deck.add_alert()
    sim.faults.add(Fault("merge", body=odd, count=None))
    result = run(deck, alert_ids=[alert.id])
    assert result["failed"]
    assert "does not show this alert" in result["msg"]


def test_what_the_platform_does_not_tell_is_null(sim: Simulator, deck: Params) -> None:
    alert = sim.security_deck.add_alert()
    nothing = dict.fromkeys(("title", "category", "createTime", "updateTime", "sinkId"))
    sim.faults.add(Fault("merge", body=nothing, count=None))
    (row,) = run(deck, alert_ids=[alert.id])["alerts"]
    assert [row[name] for name in ("title", "rule", "created", "updated", "sink_id")] == [None] * 5


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 429, "wait_form": "retry_after", "wait": 0.01},
        {"status": 500},
        {"status": 503, "html": True},
        {"action": "reset"},
        {"action": "close"},
        {"action": "truncate"},
        {"action": "html"},
        {"action": "empty"},
    ],
    ids=lambda fault: "-".join(map(str, fault.values())),
)
@pytest.mark.parametrize("by", ["query", "ids"])
def test_search_and_reads_are_tried_again(sim: Simulator, deck: Params, fault: dict[str, t.Any], by: str) -> None:
    key = next(iter(sim.security_deck.alerts))
    task: Params = {"query": {"sink_id": sim.security_deck.sink_id}} if by == "query" else {"alert_ids": [key]}
    sim.faults.add(Fault(**fault))
    assert key in ids(run({**deck, "retries": 1}, **task))
    assert len(sim.log) == 2
    sim.faults.clear()
    sim.faults.add(Fault(**{**fault, "count": None}))
    result = run(deck, **task)
    assert result["failed"]
    assert not result["changed"]
    assert result["error"]["method"] == "GET"
