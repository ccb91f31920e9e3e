# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is shown of alerts of Calseta, by their ids and as a search finds them."""

from __future__ import annotations

import dataclasses
import re
import time
import typing as t
from urllib.parse import parse_qs, urlsplit

import pytest

from ansible_collections.secops.triage.tests.simulator import Entry, Fault, Simulator
from ansible_collections.secops.triage.tests.simulator.dates import iso
from ansible_collections.secops.triage.tests.unit.harness import Meanwhile, Params, Result, run_module

NAME = "alert_info"
SEVERITIES = ("Critical", "High", "Informational", "Low", "Medium")
#: What rows call a column to sort by, where that is another name.
SHOWN = {"created_at": "created", "occurred_at": "occurred"}
UNKNOWN = "3fa85f64-5717-4562-b3fc-2c963f66afa6"


def run(calseta: Params, *, check: bool = False, **options: t.Any) -> Result:
    task = {"retries": 0, **calseta, **options}
    return run_module(NAME, {name: value for name, value in task.items() if value is not None}, check=check)


def ids(result: Result) -> list[str]:
    assert not result.get("failed"), result["msg"]
    return [row["id"] for row in result["alerts"]]


def newest_first(sim: Simulator) -> list[str]:
    return [key for key, one in sorted(sim.calseta.alerts.items(), key=lambda item: (-item[1].occurred, item[0]))]


def asked(sim: Simulator) -> list[dict[str, list[str]]]:
    """The parameters of every search."""
    return [parse_qs(urlsplit(entry.path).query) for entry in sim.log.select(path=r"/v1/alerts\?")]


# By ids


@pytest.mark.versions
def test_shows_what_is_named(sim: Simulator, calseta: Params) -> None:
    alert = sim.calseta.add_alert(status="Closed", close_classification="Duplicate", severity="Low", tags=["a", "b"])
    other = sim.calseta.add_alert()
    result = run(calseta, alert_ids=[other.uuid, alert.uuid.upper()])
    assert ids(result) == [other.uuid, alert.uuid]
    assert result["alerts"][1] == {
        "id": alert.uuid,
        "platform": "calseta",
        "title": alert.scene.title,
        "severity": "Low",
        "status": "Closed",
        "verdict": "Duplicate",
        "assignee": None,
        "assignee_name": None,
        "created": iso(alert.occurred + 1, 3),
        "updated": iso(alert.updated_at, 3),
        "url": None,
        "rule": alert.scene.source,
        "occurred": iso(alert.occurred, 3),
        "acknowledged": iso(alert.acknowledged_at or 0, 3),
        "closed": iso(alert.closed_at or 0, 3),
        "tags": ["a", "b"],
        "source_name": alert.scene.source,
    }
    assert (result["changed"], result["missing"]) == (False, [])
    assert not set(result) & {"truncated", "total"}


def test_missing_ones_are_listed_and_no_failure(sim: Simulator, calseta: Params) -> None:
    alert = sim.calseta.add_alert()
    for check in (True, False):
        result = run(calseta, alert_ids=[UNKNOWN, alert.uuid], check=check)
        assert (ids(result), result["missing"]) == ([alert.uuid], [UNKNOWN])
    assert not sim.log.writes()


def test_nothing_named_is_nothing_asked(sim: Simulator, calseta: Params) -> None:
    result = run(calseta, alert_ids=[])
    assert (ids(result), result["missing"]) == ([], [])
    assert not sim.log


def test_raw_is_the_apis_object(sim: Simulator, calseta: Params) -> None:
    alert = sim.calseta.add_alert()
    (row,) = run(calseta, alert_ids=[alert.uuid], raw=True)["alerts"]
    assert (row["raw"]["uuid"], row["raw"]["detection_rule"]["name"]) == (alert.uuid, row["rule"])
    assert "indicators" in row["raw"]
    assert (row["acknowledged"], row["closed"]) == (None, None)
    (row,) = run(calseta, query={"sort_by": "created_at"}, max_alerts=1, raw=True)["alerts"]
    assert row["raw"]["source_name"] == row["source_name"]
    assert (row["rule"], "detection_rule" in row["raw"]) == (None, False)


def test_reading_takes_one_scope_only(sim: Simulator, calseta: Params) -> None:
    alert = sim.calseta.add_alert()
    assert ids(run(calseta, alert_ids=[alert.uuid], api_key=sim.credentials.calseta_read_only_key)) == [alert.uuid]
    result = run(calseta, alert_ids=[alert.uuid], api_key=sim.credentials.calseta_writer_only_key)
    assert result["error"]["hint"] == "The key needs the scope alerts:read, which alerts:write does not include."


# By search


def test_newest_come_first(sim: Simulator, calseta: Params) -> None:
    result = run(calseta, query={})
    assert ids(result) == newest_first(sim)
    assert (result["truncated"], result["total"]) == (False, len(sim.calseta.alerts))
    assert "missing" not in result


def test_no_more_than_max_alerts_and_that_in_one_request(sim: Simulator, calseta: Params) -> None:
    result = run(calseta, query={}, max_alerts=7)
    assert ids(result) == newest_first(sim)[:7]
    assert (result["truncated"], result["total"]) == (True, len(sim.calseta.alerts))
    assert len(sim.log) == 1
    result = run(calseta, query={}, max_alerts=len(sim.calseta.alerts))
    assert (len(ids(result)), result["truncated"]) == (len(sim.calseta.alerts), False)


@pytest.mark.parametrize(("limit", "pages"), [(2000, 3), (1203, 3), (1202, 3), (1000, 3), (999, 2), (500, 2)])
def test_pages_of_five_hundred(sim: Simulator, calseta: Params, limit: int, pages: int) -> None:
    sim.reset(alerts={"calseta": 1203})
    result = run(calseta, query={}, max_alerts=limit)
    assert ids(result) == newest_first(sim)[:limit]
    assert (result["truncated"], result["total"]) == (limit < 1203, 1203)
    assert [(one["page"], one["page_size"]) for one in asked(sim)] == [([str(n + 1)], ["500"]) for n in range(pages)]


def without_tiebreaker(sim: Simulator, alerts: int, **fields: t.Any) -> None:
    """As the real server is, with this many alerts of five severities; ``fields`` are what all of them have."""
    sim.reset(alerts=0)
    sim.settings.calseta.tiebreaker = False
    begun = time.time() - 86400
    for number in range(alerts):
        alert = sim.calseta.add_alert(severity=SEVERITIES[number % 5])
        alert.occurred = fields.get("occurred", begun + number)
        if "title" in fields:
            alert.scene = dataclasses.replace(alert.scene, title=fields["title"])


@pytest.mark.parametrize(
    ("by", "order", "again"),
    [
        ("severity", "desc", 2),
        ("severity", "asc", 2),
        ("source_name", "desc", 2),
        ("status", "asc", 2),
        ("created_at", "asc", 0),
        ("occurred_at", "desc", 0),
    ],
)
def test_rows_that_the_pages_lose_are_found(sim: Simulator, calseta: Params, by: str, order: str, again: int) -> None:
    """Pages of a real server repeat some and lose others, where they are sorted by what many have in common."""
    without_tiebreaker(sim, 700)
    result = run(calseta, query={"sort_by": by, "sort_order": order})
    assert (len(ids(result)), set(ids(result))) == (700, set(sim.calseta.alerts))
    assert (result["total"], result["truncated"]) == (700, False)
    shown = [row[SHOWN.get(by, by)] for row in result["alerts"]]
    assert shown == sorted(shown, reverse=order == "desc")
    # Two pages that lose some, and two that do not.
    assert len(sim.log) == 2 + again


@pytest.mark.parametrize(
    ("by", "order", "limit"),
    [
        ("severity", "desc", 499),
        ("severity", "desc", 500),
        ("severity", "asc", 600),
        ("severity", "desc", 699),
        ("source_name", "desc", 600),
    ],
)
def test_the_first_are_the_first(sim: Simulator, calseta: Params, by: str, order: str, limit: int) -> None:
    without_tiebreaker(sim, 700)
    expected = sorted((alert.row()[by] for alert in sim.calseta.alerts.values()), reverse=order == "desc")
    result = run(calseta, query={"sort_by": by, "sort_order": order}, max_alerts=limit)
    assert len(set(ids(result))) == limit
    assert [row[SHOWN.get(by, by)] for row in result["alerts"]] == expected[:limit]
    assert (result["total"], result["truncated"]) == (700, True)
    if limit >= 500:
        # Of those that have the same, the newest come first; and so they do in the next run.
        assert ids(run(calseta, query={"sort_by": by, "sort_order": order}, max_alerts=limit)) == ids(result)


def test_only_what_can_come_first_is_read_again(sim: Simulator, calseta: Params) -> None:
    without_tiebreaker(sim, 1700)
    run(calseta, query={"sort_by": "severity", "status": ["Open"]}, max_alerts=550)
    first, *_pages = again = asked(sim)
    assert first["sort_by"] == ["severity"]
    assert next(one["severity"] for one in again if one["sort_by"] == ["created_at"]) == ["Medium,Low,Informational"]
    assert {*map(str, (one["status"] for one in again))} == {"['Open']"}
    assert len(again) == 2 + 3


def test_equal_ones_are_in_the_same_order_in_every_run(sim: Simulator, calseta: Params) -> None:
    """Those that came in at the same time, by an import, are put in order by their uuids."""
    without_tiebreaker(sim, 40, occurred=time.time() - 600)
    expected = sorted(sim.calseta.alerts)
    assert ids(run(calseta, query={})) == expected
    assert ids(run(calseta, query={"sort_by": "occurred_at", "sort_order": "asc"})) == expected


def test_times_that_are_equal_leave_the_title(sim: Simulator, calseta: Params) -> None:
    without_tiebreaker(sim, 700, occurred=time.time() - 600)
    for number, alert in enumerate(sim.calseta.alerts.values()):
        alert.scene = dataclasses.replace(alert.scene, title=f"Alert {number}")
    result = run(calseta, query={}, max_alerts=2000)
    assert (ids(result), result["total"]) == (sorted(sim.calseta.alerts), 700)


@pytest.mark.parametrize("limit", [2000, 600])
def test_what_no_order_shows_is_an_error(sim: Simulator, calseta: Params, limit: int) -> None:
    without_tiebreaker(sim, 700, occurred=time.time() - 600, title="Noise")
    result = run(calseta, query={}, max_alerts=limit)
    assert result["failed"]
    found = re.search(r"shows (\d+) of the 700 alerts that match: .* have the same created_at", result["msg"])
    assert found
    assert 500 < int(found.group(1)) < 700
    assert "Narrow the query" in result["error"]["hint"]
    assert len(sim.log) < 15


@pytest.mark.parametrize("limit", [2000, 600])
def test_alerts_that_come_and_leave_while_rows_are_lost(sim: Simulator, calseta: Params, limit: int) -> None:
    without_tiebreaker(sim, 700)
    keys = list(sim.calseta.alerts)

    def move(_entry: Entry) -> None:
        sim.calseta.add_alert(severity="Low")
        sim.calseta.alerts.pop(keys.pop())

    for nth in (2, 3, 4):
        sim.faults.add(Meanwhile(move, path=r"/v1/alerts\?", nth=nth))
    result = run(calseta, query={"sort_by": "severity"}, max_alerts=limit)
    if limit == 2000:
        assert set(keys) <= set(ids(result))
    shown = [row["severity"] for row in result["alerts"]]
    assert shown == sorted(shown, reverse=True)


def test_pages_that_shift_under_the_reader(sim: Simulator, calseta: Params) -> None:
    """Three alerts come in after the first page: its last three are on the second page once more."""
    sim.reset(alerts={"calseta": 600})
    before = newest_first(sim)

    def come_in(_entry: Entry) -> None:
        for _each in range(3):
            sim.calseta.add_alert()

    sim.faults.add(Meanwhile(come_in, path="page=2"))
    for alert in list(sim.calseta.alerts.values()):
        # The new ones are newer than all that are there.
        alert.occurred -= 15 * 86400
    result = run(calseta, query={})
    assert ids(result) == before
    assert result["total"] == 603
    assert not result["truncated"]


@pytest.mark.parametrize("leave", [3, 150])
def test_alerts_that_leave_under_the_reader(sim: Simulator, calseta: Params, leave: int) -> None:
    """Somebody closes some of the first page before the second is read. Those that move up are not missed."""
    sim.reset(alerts=0)
    keys = {sim.calseta.add_alert().uuid for _each in range(600)}

    def close(_entry: Entry) -> None:
        for key in newest_first(sim)[:leave]:
            sim.calseta.alerts[key].status = "Closed"

    sim.faults.add(Meanwhile(close, path="page=2"))
    result = run(calseta, query={"status": ["Open"]})
    assert set(ids(result)) == keys
    assert result["total"] == 600 - leave
    assert [one["page"] for one in asked(sim)][:3] == [["1"], ["2"], ["1"]]


def test_alerts_that_go_on_leaving(sim: Simulator, calseta: Params) -> None:
    sim.reset(alerts=0)
    keys = {sim.calseta.add_alert().uuid for _each in range(600)}

    def close(_entry: Entry) -> None:
        for key in [key for key in newest_first(sim) if sim.calseta.alerts[key].status == "Open"][:5]:
            sim.calseta.alerts[key].status = "Closed"

    for nth in (2, 3, 4):
        sim.faults.add(Meanwhile(close, path=r"/v1/alerts\?", nth=nth))
    result = run(calseta, query={"status": ["Open"]})
    assert (set(ids(result)), result["total"]) == (keys, 585)


def test_filters_are_sent_as_the_api_takes_them(sim: Simulator, calseta: Params) -> None:
    query = {
        "status": ["Open", "Triaging"],
        "severity": ["Low", "High"],
        "source_name": ["zeek", "azure-ad"],
        "from_time": "2026-01-31",
        "to_time": "2026-01-31T10:00:00+02:00",
        "sort_by": "severity",
        "sort_order": "asc",
    }
    run(calseta, query=query)
    (sent,) = asked(sim)
    assert sent == {
        "status": ["Open,Triaging"],
        "severity": ["Low,High"],
        "source_name": ["zeek,azure-ad"],
        "from_time": ["2026-01-31T00:00:00.000Z"],
        "to_time": ["2026-01-31T08:00:00.000Z"],
        "sort_by": ["severity"],
        "sort_order": ["asc"],
        "page": ["1"],
        "page_size": ["500"],
    }


def test_filters_choose(sim: Simulator, calseta: Params) -> None:
    old = sim.calseta.add_alert(status="Open")
    old.occurred -= 60 * 86400
    new = sim.calseta.add_alert(status="Escalated", severity="Low")
    other = sim.calseta.add_alert(status="Triaging", severity="Low")
    result = run(calseta, query={"status": ["Open", "Escalated"], "from_time": "now-30d"})
    assert {row["status"] for row in result["alerts"]} == {"Open", "Escalated"}
    assert new.uuid in ids(result)
    assert not {old.uuid, other.uuid} & set(ids(result))
    assert old.uuid in ids(run(calseta, query={"to_time": "now-30d"}))


def test_times_are_those_of_what_occurred(sim: Simulator, calseta: Params) -> None:
    """An alert that came in now, of what occurred eleven days ago; both times are shown."""
    sim.reset(alerts=0)
    alert = sim.calseta.add_alert()
    alert.occurred = time.time() - 11 * 86400
    created = iso(time.time(), 6)
    sim.faults.add(Fault("merge", body={"data": [{"created_at": created}]}, count=None))
    assert alert.uuid not in ids(run(calseta, query={"from_time": "now-24h"}))
    rows = run(calseta, query={"from_time": "now-12d", "to_time": "now-10d", "sort_by": "occurred_at"})["alerts"]
    assert (rows[0]["created"], rows[0]["occurred"][:10]) == (created[:-4] + "Z", iso(alert.occurred, 3)[:10])


def test_titles_of_all_kinds(sim: Simulator, calseta: Params) -> None:
    title = "\u041f\u0435\u0440\u0435\u0431\u043e\u0440 \U0001f512 \u202eevil\x1b[31m \ud800"
    sim.faults.add(Fault("merge", body={"data": [{"title": title}]}, count=None))
    (row,) = run(calseta, query={}, max_alerts=1)["alerts"]
    assert row["title"].startswith("\u041f\u0435\u0440\u0435\u0431\u043e\u0440 \U0001f512 ")
    assert not re.search("[\u202e\x1b\ud800]", row["title"])


# What is refused


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({}, "one of the following is required: alert_ids, query"),
        ({"alert_ids": [UNKNOWN], "query": {}}, "mutually exclusive: alert_ids|query"),
        ({"query": {"sink_id": "fd8x"}}, "query.sink_id is not for provider calseta"),
        ({"query": {"filter": "a"}}, "query.filter is not for provider calseta, which takes query.status"),
        ({"query": {"order_by": "a"}}, "query.order_by is not for provider calseta"),
        ({"query": {"status": ["open"]}}, "Open, Triaging, Escalated, Closed"),
        ({"query": {"severity": ["HIGH"]}}, "Pending, Informational, Low, Medium, High, Critical"),
        ({"query": {"status": []}}, "query.status is an empty list"),
        ({"query": {"source_name": ["a,b"]}}, "query.source_name has 'a,b' in it"),
        ({"query": {"source_name": [" "]}}, "query.source_name has ' ' in it"),
        ({"query": {"source_name": ["a\x00"]}}, "query.source_name has a character in it"),
        ({"query": {"from_time": "yesterday"}}, "query.from_time 'yesterday' is not a time"),
        ({"query": {"to_time": ""}}, "query.to_time '' is not a time"),
        ({"query": {"from_time": "now", "to_time": "now-1h"}}, "which is after query.to_time"),
        ({"query": {"sort_by": "updated_at"}}, "created_at, occurred_at"),
        ({"query": {"sort_order": "up"}}, "asc, desc"),
        ({"query": {"colour": "red"}}, "colour"),
        ({"query": {}, "max_alerts": 0}, "max_alerts must be at least 1"),
        ({"alert_ids": ["nonsense"]}, "not the UUID of a Calseta alert"),
        ({"query": {}, "iam_token": "t1.9euelZq"}, "iam_token is not for provider calseta, which takes api_key"),
        ({"query": {}, "api_url": None}, "api_url is missing"),
    ],
)
def test_refused_before_anything_is_sent(sim: Simulator, calseta: Params, options: Params, says: str) -> None:
    result = run(calseta, **options)
    assert result["failed"]
    assert says in result["msg"]
    assert not sim.log


# What goes wrong


@pytest.mark.parametrize(
    "odd",
    [
        {"data": None},
        {"data": {}},
        {"data": "no"},
        {"data": [None]},
        {"data": [{"uuid": None}]},
        {"data": [{"uuid": 5}]},
        {"data": [{"uuid": "../../secrets"}]},
        {"data": [{"uuid": UNKNOWN.upper()}]},
        {"data": [{"status": None}]},
        {"data": [{"severity": 5}]},
        {"data": [{"tags": "a"}]},
        {"data": [{"tags": [5]}]},
        {"data": [{"title": ["a"]}]},
        {"data": [{"created_at": 5}]},
        {"data": [{"source_name": {}}]},
        {"meta": None},
        {"meta": {"total": None}},
        {"meta": {"total": "7"}},
        {"meta": {"total": True}},
        {"meta": {"total": -1}},
    ],
)
def test_odd_page(sim: Simulator, calseta: Params, odd: t.Any) -> None:
    sim.reset(alerts=0)
    sim.calseta.add_alert(tags=["a"])
    sim.faults.add(Fault("merge", body=odd, count=None))
    result = run(calseta, query={})
    assert result["failed"]
    assert re.search("is not a page of alerts|has an alert in it that cannot be read", result["msg"])
    assert (result["error"]["method"], result["error"]["path"]) == ("GET", "/v1/alerts")


@pytest.mark.parametrize("odd", [{"title": 5}, {"detection_rule": "x"}, {"updated_at": []}, {"uuid": UNKNOWN}])
def test_odd_alert(sim: Simulator, calseta: Params, odd: t.Any) -> None:
    alert = sim.calseta.add_alert()
    sim.faults.add(Fault("merge", body={"data": odd}, count=None))
    result = run(calseta, alert_ids=[alert.uuid])
    assert result["failed"]
    assert "does not show this alert" in result["msg"]


def test_what_the_platform_does_not_tell_is_null(sim: Simulator, calseta: Params) -> None:
    alert = sim.calseta.add_alert()
    nothing = dict.fromkeys(("title", "created_at", "updated_at", "source_name", "tags", "detection_rule"))
    sim.faults.add(Fault("merge", body={"data": nothing}, count=None))
    (row,) = run(calseta, alert_ids=[alert.uuid])["alerts"]
    assert (row["title"], row["created"], row["updated"], row["source_name"], row["rule"]) == (None,) * 5
    assert row["tags"] == []


def test_server_that_knows_no_pages(sim: Simulator, calseta: Params) -> None:
    """It answers the first page to whatever page is asked for, and counts far more than it has."""
    rows = [alert.row() for alert in sim.calseta.alerts.values()]
    body = {"data": rows, "meta": {"total": 10**9, "page": 1, "page_size": 500, "total_pages": 2 * 10**6}}
    sim.faults.add(Fault(status=200, body=body, path="page=", count=None))
    result = run(calseta, query={})
    assert "goes round in circles" in result["msg"]
    assert len(sim.log) < 100


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
def test_search_and_reads_are_tried_again(sim: Simulator, calseta: Params, fault: dict[str, t.Any], by: str) -> None:
    key = next(iter(sim.calseta.alerts))
    task: Params = {"query": {}} if by == "query" else {"alert_ids": [key]}
    sim.faults.add(Fault(**fault))
    assert key in ids(run(calseta, retries=1, **task))
    assert len(sim.log) == 2
    sim.faults.clear()
    sim.faults.add(Fault(**{**fault, "count": None}))
    result = run(calseta, **task)
    assert result["failed"]
    assert not result["changed"]
    assert result["error"]["method"] == "GET"
