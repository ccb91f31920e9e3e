# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Alerts of both providers by a query: searched once, counted, and read anew before they are written."""

from __future__ import annotations

import dataclasses
import typing as t

import pytest

from ansible_collections.secops.triage.tests.simulator import Fault, Simulator
from ansible_collections.secops.triage.tests.unit.alert_providers import NAME, Provider, provider
from ansible_collections.secops.triage.tests.unit.harness import Meanwhile, Params, Result, by_id, four_runs


@pytest.fixture(params=["security_deck", "calseta"])
def on(request: pytest.FixtureRequest, sim: Simulator) -> Provider:
    return provider(request.param, sim, request.getfixturevalue(request.param))


@pytest.fixture
def deck(sim: Simulator, security_deck: Params) -> Provider:
    return provider("security_deck", sim, security_deck)


@pytest.fixture
def server(sim: Simulator, calseta: Params) -> Provider:
    return provider("calseta", sim, calseta)


def requests(on: Provider) -> tuple[int, int, int]:
    """How many searches, reads and writes there were."""
    searches = len(on.sim.log.select(path=on.searches))
    return searches, len(on.sim.log.reads()) - searches, len(on.sim.log.writes())


def nothing_written(on: Provider, result: Result, said: str) -> None:
    assert result["failed"]
    assert not result["changed"]
    assert said in result["msg"], result["msg"]
    assert not on.sim.log.writes()


def test_closes_what_matches_and_nothing_else(on: Provider) -> None:
    others = {key: alert.triage_state() for key, alert in on.platform.alerts.items()}
    ids = on.noise(5)
    on.alert(ids[1]).status = on.states[2]
    runs = four_runs(on.sim, NAME, on.task(query=on.query()))
    assert [row["id"] for row in runs.real["alerts"]] == ids
    assert (runs.real["matched"], runs.again["matched"]) == (5, 5)
    assert {on.alert(key).status for key in ids} == {on.states[2]}
    assert {key: on.alert(key).triage_state() for key in others} == others


def test_what_is_as_it_should_be_costs_no_read(on: Provider) -> None:
    on.noise(3)
    on.sim.log.clear()
    assert on.run(query=on.query())["counts"]["changed"] == 3
    assert requests(on) == (2, 3, 3)
    on.sim.log.clear()
    assert on.run(query=on.query())["counts"]["unchanged"] == 3
    assert requests(on) == (2, 0, 0)


def test_query_for_what_the_task_changes(on: Provider) -> None:
    ids = on.noise(3)
    runs = four_runs(on.sim, NAME, on.task(query=on.query(on.states[0])))
    assert [row["id"] for row in runs.real["alerts"]] == ids
    assert (runs.again["matched"], runs.again["alerts"]) == (0, [])


def test_nothing_matches(on: Provider) -> None:
    runs = four_runs(on.sim, NAME, on.task(query=on.query()))
    assert (runs.real["matched"], runs.real["alerts"]) == (0, [])


def test_rows_show_what_was_before(on: Provider) -> None:
    ((name, verdict),) = on.other_verdict.items()
    (key,) = on.noise(**{name: verdict})
    (row,) = on.run(query=on.query())["alerts"]
    assert (row["id"], row["before"]["status"], row["before"][name]) == (key, on.states[0], verdict)
    assert (row["status"], row[name]) == (on.states[2], on.closing[name])


# How many


def test_just_max_alerts_is_no_error(on: Provider) -> None:
    on.noise(4)
    assert four_runs(on.sim, NAME, on.task(query=on.query(), max_alerts=4)).real["matched"] == 4


@pytest.mark.parametrize("check", [True, False])
def test_more_than_max_alerts(on: Provider, check: bool) -> None:
    on.noise(7)
    result = on.run(query=on.query(), max_alerts=6, check=check)
    many = "7" if on.name == "calseta" else "more than 6"
    nothing_written(on, result, f"The query matches {many} alerts, and max_alerts is 6")
    assert result["matched"] == (7 if on.name == "calseta" else None)


@pytest.mark.parametrize("check", [True, False])
@pytest.mark.parametrize("expected", [2, 4, 0])
def test_another_number_than_expected(on: Provider, expected: int, check: bool) -> None:
    on.noise(3)
    result = on.run(query=on.query(), expected_count=expected, check=check)
    nothing_written(on, result, f"The query matches 3 alerts, and expected_count is {expected}")
    assert result["matched"] == 3


def test_expected_number_counts_those_that_are_closed(on: Provider) -> None:
    """So that a second run does not fail."""
    on.noise(3)
    assert four_runs(on.sim, NAME, on.task(query=on.query(), expected_count=3)).real["matched"] == 3


def test_none_are_expected_and_none_there(on: Provider) -> None:
    assert not on.run(query=on.query(), expected_count=0)["changed"]


# Pages


@pytest.mark.parametrize(("name", "count", "pages"), [("security_deck", 2100, 3 + 3), ("calseta", 1100, 3 + 1)])
def test_more_than_a_page(sim: Simulator, request: pytest.FixtureRequest, name: str, count: int, pages: int) -> None:
    """And as many pages of a sink, the newest first, as show none that was left out."""
    on = provider(name, sim, request.getfixturevalue(name))
    done, ids = on.noise(count - 5, status=on.states[2]), on.noise(5)
    query = on.query()
    closed = {"close_classification": "Duplicate"} if name == "calseta" else {}
    for key in [*done, *ids]:
        on.alert(key).close_classification = closed.get("close_classification")
    sim.log.clear()
    result = on.run(query=query, max_alerts=5000, status=on.states[2], classification=None, close_classification=None)
    assert result["matched"] == count
    assert {row["id"] for row in result["alerts"] if row["changed"]} == set(ids)
    assert requests(on) == (pages, 5, 5)


@pytest.mark.parametrize(("name", "page"), [("security_deck", "pageToken"), ("calseta", "page=2")])
def test_alerts_that_come_up_while_the_pages_are_read(
    sim: Simulator, request: pytest.FixtureRequest, name: str, page: str
) -> None:
    """Those that were there are found once each, and the new ones are left for the next run."""
    on = provider(name, sim, request.getfixturevalue(name))
    ids = on.noise(1040)
    late: list[str] = []
    sim.faults.add(Meanwhile(lambda entry: late.extend(newer(on, 3)), path=page))
    result = on.run(query=on.query(), max_alerts=5000, check=True)
    assert len(late) == 3
    assert (result["matched"], set(by_id(result))) == (len(ids), set(ids))


def newer(on: Provider, count: int) -> list[str]:
    """So many alerts that are newer than all others."""
    ids = on.noise(count)
    for key in ids:
        alert = on.alert(key)
        if on.name == "calseta":
            alert.occurred += 590
        else:
            alert.created += 590
    return ids


@pytest.mark.parametrize("limit", [600, 5000])
def test_every_alert_of_an_import_is_found(server: Provider, limit: int) -> None:
    """They came in at the same time, and pages that are sorted by that lose some of them."""
    server.settings.tiebreaker = False
    ids = server.noise(600, status="Closed", close_classification="Duplicate")
    for number, key in enumerate(ids):
        server.alert(key).occurred = server.alert(ids[0]).occurred
        server.alert(key).scene = dataclasses.replace(server.alert(key).scene, title=f"Noise {number}")
    task: Params = {"query": server.query(), "max_alerts": limit, "close_classification": None}
    runs = [server.run(**task, check=check) for check in (True, False)]
    assert [(result["matched"], set(by_id(result)) ^ set(ids)) for result in runs] == [(600, set())] * 2
    assert runs[0]["alerts"] == runs[1]["alerts"]


def test_import_that_cannot_be_told_apart_is_not_written_to(server: Provider) -> None:
    server.settings.tiebreaker = False
    for key in server.noise(600):
        server.alert(key).occurred = 1_800_000_000.0
    result = server.run(query={"source_name": ["noise"]}, max_alerts=1000)
    nothing_written(server, result, "of the 600 alerts that match")


# Between the search and the write


def test_search_that_lags_is_not_believed(on: Provider) -> None:
    """It shows all of them open. What has been closed since is seen before it is written."""
    ids = on.noise(3)
    assert not on.run(alert_ids=ids[:2]).get("failed")
    on.settings.search_lag = 3600.0
    on.sim.log.clear()
    check, real = on.run(query=on.query(), check=True), on.run(query=on.query())
    for result in (check, real):
        assert [key for key, row in by_id(result).items() if row["changed"]] == ids[2:]
    assert [on.platform.writes_of(key) for key in ids] == [1, 1, 1]
    on.settings.search_lag = 0.0
    assert not on.run(query=on.query())["changed"]


def test_search_that_lags_finds_what_has_left(on: Provider) -> None:
    """What it was found for is true no more; still, it is brought to what the task asks for, as it was found."""
    (key,) = on.noise()
    assert on.run(alert_ids=[key], status=on.states[1])["changed"]
    on.settings.search_lag = 3600.0
    result = on.run(query=on.query(on.states[0]))
    assert by_id(result)[key]["changed"]
    assert result["alerts"][0]["before"]["status"] == on.states[1]


def test_alert_that_is_gone_before_it_is_written(on: Provider) -> None:
    ids = on.noise(2)
    gone = Meanwhile(lambda entry: on.platform.alerts.pop(ids[1]) and None, path=f"alerts/{ids[1]}")
    on.sim.faults.add(gone)
    result = on.run(query=on.query())
    nothing_written(on, result, "There is no such alert")
    assert by_id(result)[ids[1]]["error"]["status"] == 404
    assert by_id(result)[ids[0]]["changed"] is False


def test_alert_that_comes_up_after_the_search_is_not_touched(on: Provider) -> None:
    ids = on.noise(2)
    late: list[str] = []
    on.sim.faults.add(Meanwhile(lambda entry: late.extend(on.noise(2)), path=f"alerts/{ids[0]}"))
    result = on.run(query=on.query())
    assert list(by_id(result)) == ids
    assert len(late) == 2
    assert {on.alert(key).status for key in late} == {on.states[0]}


# What a search does not show


def test_override_that_no_list_shows(server: Provider) -> None:
    (bare, there, other) = server.noise(3)
    server.alert(there).malice_override = "Benign"
    server.alert(other).malice_override = "Malicious"
    task = server.task(query=server.query(), malice_override="Benign", status=None, close_classification=None)
    runs = four_runs(server.sim, NAME, task)
    assert {key: row["changed"] for key, row in by_id(runs.real).items()} == {bare: True, there: False, other: True}
    assert {row["malice_override"] for row in runs.real["alerts"]} == {"Benign"}
    task = server.task(query=server.query(), reset_malice_override=True, status=None, close_classification=None)
    runs = four_runs(server.sim, NAME, task)
    assert runs.real["counts"]["changed"] == 3
    assert {row["malice_override"] for row in runs.real["alerts"]} == {None}


def test_override_that_does_not_matter_is_not_read(server: Provider) -> None:
    server.noise(status="Closed", close_classification="Not Applicable", malice_override="Benign")
    server.sim.log.clear()
    (row,) = server.run(query=server.query())["alerts"]
    assert "malice_override" not in row
    assert "malice_override" not in row["before"]
    assert requests(server) == (2, 0, 0)


@pytest.mark.parametrize(
    ("asked", "name"),
    [
        ({"classification": "CLASSIFICATION_UNSPECIFIED"}, "classification"),
        ({"assignee_subject_id": ""}, "assignee_subject_id"),
    ],
)
@pytest.mark.parametrize("unset", ["absent", "unspecified"])
def test_what_a_list_leaves_out_is_read(deck: Provider, asked: Params, name: str, unset: str) -> None:
    """That it is not there is not the same as that there is none."""
    deck.settings.shows_unset = unset
    subject = deck.platform.subjects[0]
    bare, full = deck.noise()[0], deck.noise(classification="TRUE_POSITIVE", assignee=subject)[0]
    task = deck.task(query=deck.query(), **{"status": None, "classification": None, **asked})
    runs = four_runs(deck.sim, NAME, task)
    assert {key: row["changed"] for key, row in by_id(runs.real).items()} == {bare: False, full: True}
    assert {str(row[name]) for row in runs.real["alerts"]} == {str(*asked.values())}


def test_verdict_that_came_after_the_search(server: Provider) -> None:
    """Without one, an alert cannot be closed; that the search shows none is no reason to give up."""
    (key,) = server.noise()
    assert server.run(alert_ids=[key], status=None, close_classification="Duplicate")["changed"]
    server.settings.search_lag = 3600.0
    result = server.run(query=server.query(), close_classification=None)
    assert not result.get("failed"), result["msg"]
    assert by_id(result)[key]["close_classification"] == "Duplicate"


def test_alert_that_cannot_be_closed_keeps_all_from_being_written(server: Provider) -> None:
    server.noise(2, close_classification="Duplicate")
    server.noise(1)
    for check in (True, False):
        result = server.run(query=server.query(), close_classification=None, check=check)
        nothing_written(server, result, "close_classification is needed")


# What is refused


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({}, "one of the following is required: alert_ids, query"),
        ({"alert_ids": [], "query": "QUERY"}, "mutually exclusive: alert_ids|query"),
        ({"alert_ids": [], "expected_count": 3}, "Without a query there is no use for expected_count"),
        ({"query": "QUERY", "max_alerts": 0}, "max_alerts must be at least 1"),
        ({"query": "QUERY", "expected_count": -1}, "expected_count must not be negative"),
        ({"query": {"order_by": "create_time"}}, "order_by"),
        ({"query": {"sort_by": "title"}}, "sort_by"),
        ({"query": "QUERY", "status": None, "classification": None, "close_classification": None}, "status, severity"),
    ],
)
def test_refused_before_anything_is_sent(on: Provider, options: Params, says: str) -> None:
    options = {name: on.query() if value == "QUERY" else value for name, value in options.items()}
    result = on.run(**options)
    assert result["failed"]
    assert says in result["msg"]
    assert not on.sim.log


def test_options_of_the_other_provider(deck: Provider, server: Provider) -> None:
    said = deck.run(query={**deck.query(), "status": ["Open"]})["msg"]
    assert said == "query.status is not for provider security_deck, which takes query.sink_id, query.filter"
    said = server.run(query={**server.query(), "filter": "a"})["msg"]
    assert said.startswith("query.filter is not for provider calseta, which takes query.status, query.severity")
    assert "query.sink_id is missing" in deck.run(query={"filter": "a"})["msg"]


# What goes wrong


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
@pytest.mark.parametrize("of", ["search", "read"])
def test_trouble_before_the_write(on: Provider, fault: dict[str, t.Any], of: str) -> None:
    """It is tried again; and where it does not pass, nothing is written."""
    (key,) = on.noise()
    path = on.searches if of == "search" else f"alerts/{key}"
    on.sim.faults.add(Fault(**fault, path=path, writes=False, count=None))
    result = on.run(query=on.query())
    assert result["failed"]
    assert not result["changed"]
    assert not on.sim.log.writes()
    on.sim.faults.clear()
    on.sim.faults.add(Fault(**fault, path=path, writes=False))
    assert by_id(on.run(query=on.query(), retries=1))[key]["changed"]


def test_search_that_is_not_allowed(on: Provider) -> None:
    on.noise()
    on.sim.faults.add(Fault(status=403, path=on.searches))
    nothing_written(on, on.run(query=on.query()), "403")


@pytest.mark.parametrize("odd", [{"status": 5}, {"id": None, "uuid": None}, {"severity": []}])
def test_alert_in_a_search_that_cannot_be_read(on: Provider, odd: Params) -> None:
    on.noise(2)
    body = {"alerts": [odd]} if on.name == "security_deck" else {"data": [odd]}
    on.sim.faults.add(Fault("merge", path=on.searches, body=body, count=None))
    nothing_written(on, on.run(query=on.query()), "has an alert in it that cannot be read")


def test_lost_answer_to_a_write(on: Provider) -> None:
    ids = on.noise(3)
    on.sim.faults.add(Fault("close", writes=True, when="after"))
    result = on.run(query=on.query(), retries=1)
    assert not result.get("failed"), result["msg"]
    assert result["counts"]["changed"] == 3
    assert [on.platform.writes_of(key) for key in ids] == [1, 1, 1]
