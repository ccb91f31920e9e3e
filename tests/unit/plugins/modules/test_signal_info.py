# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What ``signal_info`` shows of signals, by their ids and by a search, which show a signal in different shapes."""

from __future__ import annotations

import dataclasses
import itertools
import typing as t

import pytest

from ansible_collections.secops.triage.plugins.module_utils._datadog.info import page_of
from ansible_collections.secops.triage.tests.simulator import Entry, Fault, Simulator
from ansible_collections.secops.triage.tests.unit.harness import Meanwhile, Params, Result, run_module

SEARCH = r"/api/v2/security_monitoring/signals/search$"
MOMENT = 1_767_225_600_000


def look(params: Params, **more: t.Any) -> Result:
    """A run that must not fail, the same in check mode and not."""
    results = [run_module("signal_info", {**params, "retries": 1, **more}, check=check) for check in (True, False)]
    assert not results[1].get("failed"), results[1]["msg"]
    assert not results[1]["changed"]
    assert not results[1].get("warnings")
    assert results[0] == results[1]
    return results[1]


def ids_of(result: Result) -> list[str]:
    return [signal["id"] for signal in result["signals"]]


@pytest.mark.versions
@pytest.mark.parametrize(
    ("archive_in", "shows"), list(itertools.product(("custom", "gated"), ("uuid", "handle", "name")))
)
def test_a_read_and_a_search_show_the_same(sim: Simulator, datadog: Params, archive_in: str, shows: str) -> None:
    sim.settings.datadog.archive_in = archive_in
    sim.settings.datadog.assignee_shows = shows
    user = sim.datadog.user("greta@example.com")
    signal = sim.datadog.add_signal(
        state="archived",
        archive_reason="other",
        archive_comment="Drill",
        assignee=user.uuid,
        incident_ids=[4100, 4101],
        version=53,
        state_update_timestamp=MOMENT,
    )
    signal.timestamp = MOMENT - 1
    expected = {
        "id": signal.id,
        "platform": "datadog",
        "title": signal.scene.title,
        "severity": signal.scene.severity,
        "status": "archived",
        "verdict": "other",
        "assignee": getattr(user, shows),
        "assignee_name": user.name,
        "created": "2025-12-31T23:59:59.999Z",
        "updated": "2026-01-01T00:00:00.000Z",
        "url": None,
        "rule": signal.scene.title,
        "archive_comment": "Drill",
        "incident_ids": [4100, 4101],
    }
    assert look(datadog, signal_ids=signal.id)["signals"] == [{**expected, "version": 53}]
    by_name = f'@workflow.triage.assignee.name:"{user.name}" @workflow.triage.archiveReason:other'
    assert {**expected, "version": None} in look(datadog, query=by_name)["signals"]


def test_a_signal_that_nobody_has_touched(sim: Simulator, datadog: Params) -> None:
    signal = sim.datadog.add_signal()
    for params in ({"signal_ids": signal.id}, {"query": "*"}):
        (shown,) = (one for one in look(datadog, **params)["signals"] if one["id"] == signal.id)
        assert (shown["status"], shown["verdict"], shown["assignee"], shown["updated"]) == ("open", None, "", None)
        assert shown["assignee_name"] == ""
        assert (shown["archive_comment"], shown["incident_ids"]) == ("", [])


def test_ids_in_their_order_and_those_that_are_missing(sim: Simulator, datadog: Params) -> None:
    ids = sim.datadog.ids()[4::-2]
    result = look(datadog, signal_ids=[*ids, "AQAAAnobody", ids[0], "AQAAAunknown"])
    assert ids_of(result) == ids
    assert result["missing"] == ["AQAAAnobody", "AQAAAunknown"]
    assert set(result) >= {"signals", "missing"}
    assert not {"truncated", "total"} & set(result)


def test_no_ids_are_no_signals(sim: Simulator, datadog: Params) -> None:
    result = look(datadog, signal_ids=[])
    assert (result["signals"], result["missing"]) == ([], [])
    assert len(sim.log) == 0


@pytest.mark.parametrize("sort", [None, "timestamp", "-timestamp"])
def test_a_search_in_pages_and_in_order(sim: Simulator, datadog: Params, sort: str | None) -> None:
    sim.reset(alerts={"datadog": 2100})
    sim.log.clear()
    result = run_module(
        "signal_info", {**datadog, "query": "*", "max_alerts": 5000, **({"sort": sort} if sort else {})}
    )
    newest_first = sort != "timestamp"
    ordered = sorted(sim.datadog.signals.values(), key=lambda one: (one.timestamp, one.id), reverse=newest_first)
    assert ids_of(result) == [one.id for one in ordered]
    assert (result["truncated"], result["total"]) == (False, None)
    assert [entry.body["page"]["limit"] for entry in sim.log] == [1000, 1000, 1000]


@pytest.mark.parametrize(("most", "truncated", "limits"), [(3, True, [3, 1]), (10, False, [10]), (1000, False, [1000])])
def test_no_more_than_max_alerts(
    sim: Simulator, datadog: Params, most: int, truncated: bool, limits: list[int]
) -> None:
    sim.log.clear()
    result = run_module("signal_info", {**datadog, "query": "*", "max_alerts": most})
    assert (len(result["signals"]), result["truncated"]) == (min(most, 10), truncated)
    assert [entry.body["page"]["limit"] for entry in sim.log] == limits


def test_the_query_and_the_times_are_sent_as_they_are_meant(sim: Simulator, datadog: Params) -> None:
    times = {"from": "2026-01-31", "to": "2026-01-31T08:00:00+02:00"}
    look(datadog, query=' status:high "Zürich" ', **times)
    assert sim.log[-1].body["filter"] == {
        "query": 'status:high "Zürich"',
        "from": "2026-01-31T00:00:00.000Z",
        "to": "2026-01-31T06:00:00.000Z",
    }
    assert sim.log[-1].body["sort"] == "-timestamp"


def test_within_times(sim: Simulator, datadog: Params) -> None:
    sim.reset(alerts=0)
    old, new = sim.datadog.add_signal(age=3 * 86400), sim.datadog.add_signal(age=60)
    assert ids_of(look(datadog, **{"query": "*", "from": "now-1d"})) == [new.id]
    assert ids_of(look(datadog, query="*", to="now-24h")) == [old.id]
    assert ids_of(look(datadog, **{"query": "", "from": "now-1w", "to": "now"})) == [new.id, old.id]


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({}, "one of the following is required: signal_ids, query"),
        ({"query": "*", "signal_ids": []}, "mutually exclusive"),
        ({"signal_ids": [], "from": "now-1d"}, "mutually exclusive"),
        ({"signal_ids": [], "to": "now"}, "mutually exclusive"),
        ({"query": "*", "from": "yesterday"}, "from 'yesterday' is not a time"),
        ({"query": "*", "to": "now+1d"}, "to 'now+1d' is not a time"),
        ({"query": "*", "from": "now", "to": "now-1h"}, "which is after to"),
        ({"query": "a\x00b"}, "query has a character in it that cannot be stored"),
        ({"query": "*", "sort": "status"}, "value of sort must be one of"),
        ({"query": "*", "max_alerts": 0}, "max_alerts must be at least 1"),
        ({"signal_ids": ["a/b"]}, "not the id of a signal"),
    ],
)
def test_refuses_options_before_anything_is_sent(sim: Simulator, datadog: Params, params: Params, said: str) -> None:
    result = run_module("signal_info", {**datadog, **params})
    assert result["failed"]
    assert said in result["msg"]
    assert len(sim.log) == 0


def test_a_query_that_the_api_does_not_understand(datadog: Params) -> None:
    result = run_module("signal_info", {**datadog, "query": "(open"})
    assert result["failed"]
    assert result["error"]["status"] == 400
    assert "a parenthesis is not closed" in result["msg"]


def test_raw_is_the_apis_own_object(sim: Simulator, datadog: Params) -> None:
    signal = sim.datadog.add_signal()
    (read,) = look(datadog, signal_ids=signal.id, raw=True)["signals"]
    assert read["raw"]["id"] == signal.id
    assert read["raw"]["attributes"]["custom"]["workflow"]["triage"]["state"] == "open"
    (found,) = (one for one in look(datadog, query="*", raw=True)["signals"] if one["id"] == signal.id)
    assert found["raw"]["attributes"]["attributes"]["workflow"]["triage"]["state"] == "open"


@pytest.mark.versions
def test_what_a_terminal_cannot_be_given_is_shown_otherwise(sim: Simulator, datadog: Params) -> None:
    title = "\x1b[2J\x9b31m Zürich 日本 \u202e"
    scene = dataclasses.replace(next(iter(sim.datadog.signals.values())).scene, title=title)
    signal = sim.datadog.add_signal()
    signal.scene = scene
    (shown,) = look(datadog, signal_ids=signal.id, raw=True)["signals"]
    assert "Zürich 日本" in shown["title"]
    for bad in "\x1b\x9b\u202e":
        assert bad not in str(shown)


def test_a_signal_that_comes_up_between_two_pages_is_found_once_or_not(sim: Simulator, datadog: Params) -> None:
    sim.reset(alerts={"datadog": 1500})
    before = sim.datadog.ids()

    def arrive(_entry: Entry) -> None:
        sim.datadog.add_signal(age=0)

    sim.faults.add(Meanwhile(arrive, path=SEARCH, nth=2))
    ids = ids_of(run_module("signal_info", {**datadog, "query": "*", "max_alerts": 3000}))
    assert len(ids) == len(set(ids))
    assert set(before) <= set(ids)


def test_a_signal_that_is_on_two_pages_counts_once(sim: Simulator, datadog: Params) -> None:
    """As where it moves in the order while the pages are read."""
    sim.reset(alerts={"datadog": 1500})

    def move(_entry: Entry) -> None:
        first = max(sim.datadog.signals.values(), key=lambda one: one.timestamp)
        first.timestamp = min(one.timestamp for one in sim.datadog.signals.values()) - 1

    sim.faults.add(Meanwhile(move, path=SEARCH, nth=2))
    ids = ids_of(run_module("signal_info", {**datadog, "query": "*", "max_alerts": 3000}))
    assert sorted(ids) == sorted(sim.datadog.ids())


def test_a_cursor_that_comes_again_is_an_error(sim: Simulator, datadog: Params) -> None:
    sim.faults.add(Fault("merge", path=SEARCH, body={"meta": {"page": {"after": "again"}}}, count=1))
    sim.faults.add(Fault("status", path=SEARCH, status=200, body=page("AQAAAone", after="again"), count=None))
    result = run_module("signal_info", {**datadog, "query": "*", "max_alerts": 3000})
    assert result["failed"]
    assert "goes round in circles" in result["msg"]


def page(*ids: str, after: str | None = None) -> dict[str, t.Any]:
    """A page of signals that have no more than they must."""
    triage = {"workflow": {"triage": {"state": "open"}}}
    items = [{"id": one, "attributes": {"attributes": triage}} for one in ids]
    return {"data": items, "meta": {"page": {"after": after} if after else {}}}


def test_an_empty_page_is_the_last_one(sim: Simulator, datadog: Params) -> None:
    sim.faults.add(Fault("status", path=SEARCH, status=200, body=page(after="more"), count=None))
    sim.log.clear()
    assert run_module("signal_info", {**datadog, "query": "*"})["signals"] == []
    assert len(sim.log) == 1


def test_what_an_answer_does_not_tell_is_null(sim: Simulator, datadog: Params) -> None:
    sim.faults.add(Fault("status", path=SEARCH, status=200, body=page("AQAAAone"), count=None))
    (shown,) = look(datadog, query="*")["signals"]
    assert shown["status"] == "open"
    for name in ("title", "severity", "verdict", "created", "updated", "url", "rule", "version"):
        assert shown[name] is None
    # Not that there is nothing.
    assert (shown["assignee"], shown["archive_comment"], shown["incident_ids"]) == (None, None, None)
    assert shown["assignee_name"] is None


@pytest.mark.parametrize("version", [True, "53", 5.5, None, []])
def test_a_version_that_is_no_number_is_null(sim: Simulator, datadog: Params, version: object) -> None:
    signal_id = sim.datadog.add_signal().id
    sim.faults.add(Fault("merge", method="GET", body={"data": {"attributes": {"version": version}}}, count=None))
    (shown,) = look(datadog, signal_ids=signal_id)["signals"]
    assert shown["version"] is None


ODD: list[dict[str, t.Any]] = [
    {"data": None},
    {"data": {}},
    {"data": ["AQAAAone"]},
    {"data": [{"id": 5}]},
    {"data": [{"id": "AQAAAone"}]},
    {"data": [{"id": "../one", "attributes": {"attributes": {"workflow": {"triage": {"state": "open"}}}}}]},
    {"data": [{"id": "AQAAAone", "attributes": {"attributes": {"workflow": {"triage": {"state": 1}}}}}]},
    {"data": [{"id": "AQAAAone", "attributes": {"attributes": {"workflow": {"triage": "open"}}}}]},
    {"data": [{"id": "AQAAAone", "attributes": {"attributes": {"workflow": ["triage"]}}}]},
    {"data": [{"id": "AQAAAone", "attributes": {"attributes": "open"}}]},
    {"data": [{"id": "AQAAAone", "attributes": []}]},
    {**page("AQAAAone"), "meta": {"status": "timeout"}},
    {**page("AQAAAone"), "meta": {"page": {"after": 5}}},
    {**page("AQAAAone"), "meta": {"page": {"after": {"a": []}}}},
]


@pytest.mark.parametrize("body", ODD)
def test_nothing_is_guessed_of_an_odd_answer(sim: Simulator, datadog: Params, body: dict[str, t.Any]) -> None:
    sim.faults.add(Fault("status", path=SEARCH, status=200, body=body, count=None))
    result = run_module("signal_info", {**datadog, "query": "*", "retries": 0})
    assert result["failed"]
    assert "does not show all signals that were found" in result["msg"]
    assert result["error"]["method"] == "POST"


@pytest.mark.parametrize("params", [{"query": "*"}, {"signal_ids": None}])
@pytest.mark.parametrize(
    "fault",
    [
        {"action": "status", "status": 429, "wait_form": "retry_after", "wait": 0.05},
        {"action": "status", "status": 500},
        {"action": "status", "status": 503, "html": True},
        {"action": "reset"},
        {"action": "close"},
        {"action": "truncate"},
        {"action": "html"},
        {"action": "empty"},
    ],
    ids=lambda fault: "-".join(map(str, fault.values())),
)
def test_what_passes_is_waited_out(sim: Simulator, datadog: Params, params: Params, fault: dict[str, t.Any]) -> None:
    """A search changes nothing, so it is sent again as a read is."""
    if "signal_ids" in params:
        params = {"signal_ids": sim.datadog.ids()}
    sim.faults.add(Fault(**fault))
    result = run_module("signal_info", {**datadog, **params, "retries": 2})
    assert not result.get("failed"), result["msg"]
    assert sorted(ids_of(result)) == sorted(sim.datadog.ids())


def test_credentials_that_may_only_read_are_enough(sim: Simulator, datadog: Params) -> None:
    keys = {**datadog, "app_key": sim.credentials.datadog_read_only_app_key}
    token = {"api_url": sim.datadog.url, "access_token": sim.credentials.datadog_read_only_access_token}
    for params in (keys, token):
        for wanted in ({"query": "*"}, {"signal_ids": sim.datadog.ids()}):
            assert sorted(ids_of(look({**params, **wanted}))) == sorted(sim.datadog.ids())


def test_a_403_names_the_permission(sim: Simulator, datadog: Params) -> None:
    for wanted in ({"query": "*"}, {"signal_ids": sim.datadog.ids()}):
        result = run_module("signal_info", {**datadog, "app_key": "nobody", **wanted})
        assert result["error"]["status"] == 403
        assert "security_monitoring_signals_read" in result["error"]["hint"]


@pytest.mark.parametrize(
    ("site", "host"),
    [
        ("datadoghq.com", "app.datadoghq.com"),
        ("datadoghq.eu", "app.datadoghq.eu"),
        ("ddog-gov.com", "app.ddog-gov.com"),
        ("us3.datadoghq.com", "us3.datadoghq.com"),
        ("ap2.datadoghq.com", "ap2.datadoghq.com"),
        ("us2.ddog-gov.com", "us2.ddog-gov.com"),
    ],
)
def test_the_page_of_a_signal(site: str, host: str) -> None:
    assert page_of(site, "AQAAAone") == f"https://{host}/security?event=AQAAAone"
