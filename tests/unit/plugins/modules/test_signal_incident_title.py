# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An incident that a task names by its title: found if it is open, else created, and never twice."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.secops.triage.tests.simulator import Fault, Simulator
from ansible_collections.secops.triage.tests.unit.harness import Params, Result, four_runs, rows, run_module

NAME = "signal_incident_link"
INCIDENTS = "/api/v2/incidents"
#: The path of the call that creates an incident, and of no other.
CREATE = rf"{INCIDENTS}$"
SEARCH = rf"{INCIDENTS}/search"
NEW = 4105


@pytest.fixture
def task(sim: Simulator, datadog: Params) -> Params:
    """One signal that is not linked, and the title of an incident that is not there."""
    return {**datadog, "signal_ids": [sim.datadog.add_signal().id], "incident_title": "Wave 7", "retries": 1}


def run(task: Params, *, check: bool = False, **options: t.Any) -> Result:
    return run_module(NAME, {**task, **options}, check=check)


def created(sim: Simulator) -> int:
    """How often an incident was asked for."""
    return len(sim.log.select(method="POST", path=CREATE))


def titles(sim: Simulator) -> list[str]:
    return [one["attributes"]["title"] for one in sim.datadog.incidents]


@pytest.mark.versions
def test_an_open_incident_is_found(sim: Simulator, task: Params) -> None:
    runs = four_runs(sim, NAME, {**task, "incident_title": " Phishing wave "})
    assert rows(runs.real)[0]["incident_ids"] == [4100]
    assert runs.real["incident"] == {"id": 4100, "title": "Phishing wave", "created": False}
    assert not created(sim)


@pytest.mark.versions
def test_an_incident_is_created_once(sim: Simulator, task: Params) -> None:
    predicted = run(task, check=True)
    assert (predicted["changed"], rows(predicted)[0]["incident_ids"]) == (True, [0])
    assert predicted["incident"] == {"id": None, "title": "Wave 7", "created": True}
    assert not sim.log.writes()
    result = run(task)
    assert (result["changed"], rows(result)[0]["incident_ids"]) == (True, [NEW])
    assert result["incident"] == {"id": NEW, "title": "Wave 7", "created": True}
    (asked,) = sim.log.select(method="POST", path=CREATE)
    assert asked.body == {"data": {"type": "incidents", "attributes": {"title": "Wave 7", "customer_impacted": False}}}
    again = four_runs(sim, NAME, task).real
    assert (again["changed"], again["incident"]) == (False, {"id": NEW, "title": "Wave 7", "created": False})
    # Another signal is linked to the same one.
    other = run(task, signal_ids=[sim.datadog.add_signal().id])
    assert rows(other)[0]["incident_ids"] == [NEW]
    assert titles(sim).count("Wave 7") == 1


def test_one_incident_for_many_signals(sim: Simulator, task: Params) -> None:
    ids = [sim.datadog.add_signal().id for _each in range(20)]
    result = run(task, signal_ids=ids)
    assert {tuple(row["incident_ids"]) for row in rows(result)} == {(NEW,)}
    assert titles(sim).count("Wave 7") == 1


def test_an_incident_that_is_resolved_is_not_taken(sim: Simulator, task: Params) -> None:
    result = run(task, incident_title="Lost laptop")
    assert result["incident"] == {"id": NEW, "title": "Lost laptop", "created": True}


@pytest.mark.parametrize("title", ["phishing wave", "Phishing", "Phishing wave 2"])
def test_another_title_is_another_incident(sim: Simulator, task: Params, title: str) -> None:
    assert run(task, incident_title=title)["incident"]["created"] is True


def test_without_a_signal_to_link_no_incident_is_created(sim: Simulator, task: Params) -> None:
    archived = sim.datadog.add_signal(state="archived").id
    tasks: tuple[Params, ...] = (
        {"signal_ids": []},
        {"signal_ids": [*task["signal_ids"], "AQAAAnobody"]},
        {"signal_ids": [archived], "only_from": ["open"]},
        {"signal_ids": [archived], "only_from": ["open"], "on_guard": "skip"},
        {"signal_ids": None, "query": "service:none-such", "from": "now-1h"},
    )
    for options in tasks:
        result = run({name: value for name, value in {**task, **options}.items() if value is not None})
        assert (result["changed"], result["incident"]["created"]) == (False, False), options
    assert not created(sim)


def test_several_incidents_of_one_title(sim: Simulator, task: Params) -> None:
    sim.datadog.incidents[1]["attributes"]["title"] = "Phishing wave"
    result = run(task, incident_title="Phishing wave")
    assert "'Phishing wave' could be any of IR-4101, IR-4100" in result["msg"]
    assert result["error"]["kind"] == "option"
    assert not sim.log.writes()


def test_all_pages_are_looked_through(sim: Simulator, task: Params) -> None:
    """The newest come first, and the one that is meant last."""
    first = sim.datadog.incidents[0]
    more = [{**first, "id": f"i{one}", "attributes": {**first["attributes"], "title": "x"}} for one in range(250)]
    sim.datadog.incidents += more
    assert run(task, incident_title="Phishing wave")["incident"]["id"] == 4100
    assert len(sim.log.select(path=SEARCH)) == 3


def test_an_incident_that_is_closed_during_the_search_hides_no_other(sim: Simulator, task: Params) -> None:
    """The rows behind it move up by one, so that the next page begins behind the one that is meant."""
    first = sim.datadog.incidents[0]
    more = [{**first, "id": f"i{one}", "attributes": {**first["attributes"], "title": "x"}} for one in range(250)]
    sim.datadog.incidents += more
    sim.faults.add(Fault("merge", path=SEARCH, nth=2, body={"data": {"attributes": {"total": 200}}}))
    result = run(task, incident_title="Phishing wave")
    assert "An incident was closed during the search for incident_title" in result["msg"]
    assert not sim.log.writes()


#: An answer that does not say whether the incident was created.
UNCLEAR: list[Params] = [
    {"action": "reset"},
    {"action": "close"},
    {"action": "empty"},
    {"action": "html"},
    {"status": 500},
    {"status": 502, "html": True},
    {"status": 408},
    {"status": 200, "body": {"data": {"type": "incidents", "attributes": {"title": "another", "public_id": 4100}}}},
    {"status": 201, "body": {"data": {"type": "incidents", "attributes": {"title": "Wave 7"}}}},
]


@pytest.mark.parametrize("lag", [0, 1])
@pytest.mark.parametrize("fault", UNCLEAR, ids=str)
def test_after_an_unclear_answer_the_incident_is_looked_for(
    sim: Simulator, task: Params, fault: Params, lag: int
) -> None:
    sim.settings.datadog.incident_search_lag = lag
    sim.faults.add(Fault(path=CREATE, method="POST", when="after", **fault))
    result = run(task, retries=3)
    assert not result.get("failed"), result["msg"]
    assert (result["changed"], rows(result)[0]["incident_ids"]) == (True, [NEW])
    assert result["incident"] == {"id": NEW, "title": "Wave 7", "created": None}
    assert created(sim) == titles(sim).count("Wave 7") == 1


@pytest.mark.parametrize("fault", UNCLEAR, ids=str)
def test_an_incident_that_nobody_sees_is_not_created_again(sim: Simulator, task: Params, fault: Params) -> None:
    """The task fails, and says that it may have changed something; no signal was."""
    sim.faults.add(Fault(path=CREATE, method="POST", when="before", **fault))
    result = run(task, retries=3)
    assert result["failed"]
    assert result["error"]["kind"] == "ambiguous"
    assert "Nobody knows whether the incident 'Wave 7' was created: look for it" in result["msg"]
    assert "Nothing was changed" not in result["msg"]
    assert (result["changed"], result["incident"]["created"]) == (True, None)
    assert (rows(result)[0]["changed"], rows(result)[0]["incident_ids"]) == (False, [])
    assert created(sim) == 1
    assert not sim.datadog.writes_of(task["signal_ids"][0])


@pytest.mark.parametrize(("status", "hint"), [(400, None), (403, "incident_write"), (404, None), (422, None)])
def test_a_refusal_creates_nothing(sim: Simulator, task: Params, status: int, hint: str | None) -> None:
    body = {"errors": ["No"]}
    sim.faults.add(Fault(path=CREATE, method="POST", status=status, body=body, count=None))
    result = run(task)
    assert (result["failed"], result["error"]["status"], created(sim)) == (True, status, 1)
    assert (result["changed"], result["incident"]["created"]) == (False, False)
    assert "Nothing was changed" in result["msg"]
    assert hint is None or hint in result["error"]["hint"]


def test_a_rate_limit_is_waited_for(sim: Simulator, task: Params) -> None:
    sim.faults.add(Fault(path=CREATE, method="POST", status=429, wait_form="retry_after", wait=0.1))
    assert run(task)["incident"] == {"id": NEW, "title": "Wave 7", "created": True}
    assert titles(sim).count("Wave 7") == 1


def test_a_key_that_may_not_read_incidents(sim: Simulator, task: Params) -> None:
    sim.faults.add(Fault(path=SEARCH, status=403, body={"errors": ["Forbidden"]}, count=None))
    result = run(task)
    assert result["failed"]
    assert "incident_read" in result["error"]["hint"]
    assert not sim.log.writes()


@pytest.mark.parametrize(
    "found",
    [
        None,
        [],
        {"data": []},
        {"data": {"attributes": {"incidents": None}}},
        {"data": {"attributes": {"incidents": [{"data": {"attributes": {"title": "Wave 7"}}}], "total": 1}}},
    ],
    ids=str,
)
def test_a_search_that_cannot_be_read_creates_nothing(sim: Simulator, task: Params, found: t.Any) -> None:
    sim.faults.add(Fault(path=SEARCH, status=200, body=found, count=None))
    result = run(task, retries=0)
    assert (result["failed"], result["error"]["kind"]) == (True, "ambiguous")
    assert not sim.log.writes()


def test_the_task_ends_when_searches_show_the_incident(sim: Simulator, task: Params) -> None:
    """For the next task looks by a search."""
    sim.settings.datadog.incident_search_lag = 1
    assert not run(task).get("warnings")
    sim.settings.datadog.incident_search_lag = 1000
    (warning,) = run(task, incident_title="Wave 8", signal_ids=[sim.datadog.add_signal().id])["warnings"]
    assert "search does not show it yet" in str(warning)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"incident_id": 4100}, "mutually exclusive: incident_id|incident_title"),
        ({"incident_title": ""}, "incident_title is the title of an incident"),
        ({"incident_title": " \t"}, "incident_title is the title of an incident"),
        ({"incident_title": "a\nb"}, "one line"),
        ({"incident_title": "a\x00b"}, "cannot be stored"),
        ({"state": "absent"}, "incident_title requires state=present. To take a link away, give incident_id"),
    ],
)
def test_refuses_options_before_anything_is_sent(sim: Simulator, task: Params, options: Params, said: str) -> None:
    sim.log.clear()
    result = run(task, **options)
    assert result["failed"]
    assert said in result["msg"]
    assert not list(sim.log)
