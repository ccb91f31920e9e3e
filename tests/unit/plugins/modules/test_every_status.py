# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every status that any call is documented to answer with, met by every module that makes this call."""

from __future__ import annotations

import re

import pytest

from ansible_collections.secops.triage.tests.simulator import Fault, Simulator
from ansible_collections.secops.triage.tests.unit.api_calls import CALLS, OTHERS, Call, hint_of
from ansible_collections.secops.triage.tests.unit.api_tasks import PAIRS, TASKS, ApiTask
from ansible_collections.secops.triage.tests.unit.documented import MODULES
from ansible_collections.secops.triage.tests.unit.harness import Result, rows, run_module, warnings_of

WORDS = "the words of the service"
CASES = [
    pytest.param(task, call, status, id=f"{task.platform}: {task.name}: {call.name} {status}")
    for task, call in PAIRS
    for status in call.statuses
]
#: For each call, one task that makes it.
FIRST = list({call: (task, call) for task, call in reversed(PAIRS)}.values())
#: What refuses many signals at once may be one of them, or that there is no such call: each is then sent alone.
ALONE = (400, 404, 409)
#: The reads of one alert, of which a 404 says that there is none.
ONE = ("read", "notes")
#: Those that add, and have no key by which the service would know a second one.
ADDS = [("datadog", "link"), ("datadog", "incident"), ("calseta", "note"), ("kibana", "note")]


@pytest.fixture
def world(sim: Simulator, monkeypatch: pytest.MonkeyPatch) -> Simulator:
    monkeypatch.setenv("YC_METADATA_ADDR", sim.host)
    return sim


def answers(sim: Simulator, call: Call, status: int, count: int | None = None) -> None:
    """From now on, or so often, the call is answered with this status. No answer makes a task wait for long."""
    wait = {"Retry-After": "0.01"} if count else {}
    headers = {"X-Request-Id": "req-77", **wait}
    body = call.refusal(status, WORDS)
    sim.faults.add(
        Fault("status", method=call.method, path=call.pattern, status=status, body=body, headers=headers, count=count)
    )


def listed(result: Result) -> list[Result]:
    return rows(result) if {"signals", "alerts"} & set(result) else []


def test_every_call_that_the_simulator_serves_is_known(sim: Simulator) -> None:
    """A new one has to be put on the list of calls, or of what is there for others."""
    served = {
        f"{name} {method} {route.path.removeprefix('/s/{space}')}"
        for name, platform in sim.world.platforms.items()
        for route in platform.routes()
        for method in route.methods or ()
    }
    called = {call.route for call in CALLS.values()}
    assert not called & OTHERS
    assert served == called | OTHERS


def test_every_call_and_every_module_has_a_task() -> None:
    assert {(call.platform, call.name) for dummy, call in PAIRS} == set(CALLS)
    assert {task.module for task in TASKS} == set(MODULES)


@pytest.mark.parametrize("task", TASKS, ids=lambda task: f"{task.platform}: {task.name}")
def test_tasks_make_the_calls_that_they_are_said_to_make(world: Simulator, task: ApiTask) -> None:
    result = run_module(task.module, task.params(world))
    assert not result.get("failed"), result["msg"]
    assert result["changed"] != task.module.endswith("_info")
    made = [[call.name for call in CALLS.values() if call.is_made_by(entry)] for entry in world.log]
    assert list(dict.fromkeys(name for (name,) in made)) == list(task.calls)


@pytest.mark.parametrize(("task", "call", "status"), CASES)
def test_status_ends_in_a_documented_failure(world: Simulator, task: ApiTask, call: Call, status: int) -> None:
    params = task.params(world)
    # One that was done could be seen, whatever is said of the operation.
    world.settings.security_deck.operation_seconds = 3600 if call.name == "operation" else 0.02
    answers(world, call, status)
    result = run_module(task.module, params)
    struck = [entry for entry in world.log if entry.fault]
    assert struck
    if call.name == "bulk" and status in ALONE:
        assert not result.get("failed"), result["msg"]
        assert result["counts"]["changed"] == 2
    elif status == 404 and call.name in ONE and call.platform != "kibana":
        _is_missing(task, result)
    else:
        assert {(entry.method, entry.status) for entry in struck} == {(call.method, status)}
        _is_told(result, {entry.path.partition("?")[0] for entry in struck}, call, status)
        unclear = call.name == "operation" or (status >= 500 and struck[0].is_write)
        # An incident may have been created, or was, of which no signal knows.
        assert result["changed"] == (unclear or ("incident" in task.calls and call.name == "link"))
        doubtful = unclear and call.name != "incident"
        assert all(row["changed"] is (None if doubtful else False) for row in listed(result))
        hint, wanted = result["error"]["hint"], hint_of(call, status, task.module, params)
        assert (wanted in hint) if wanted else hint is None, hint
        assert hint is None or hint in result["msg"]
        assert not world.log.changes()


def _is_told(result: Result, paths: set[str], call: Call, status: int) -> None:
    assert result["failed"]
    error = result["error"]
    assert (error["status"], error["method"], error["request_id"]) == (status, call.method, "req-77")
    assert error["path"] in paths
    assert error["message"].startswith(f"{call.method} {error['path']}: {status}")
    assert WORDS in error["message"] or "Alert not found" in error["message"]
    assert WORDS in result["msg"] or "Alert not found" in result["msg"]
    assert all(row["error"] == error for row in listed(result)[:1])


def _is_missing(task: ApiTask, result: Result) -> None:
    """An alert that is not there: info modules list it, and others do nothing at all for its sake."""
    if task.module.endswith("_info"):
        assert not result.get("failed"), result["msg"]
        assert listed(result) == []
        assert len(result["missing"]) == 1
        return
    assert result["failed"]
    assert not result["changed"]
    assert result["error"]["status"] == 404
    assert re.match(r"There is no such (signal|alert)", result["error"]["message"])
    assert all(row["error"] == result["error"] for row in listed(result))


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(("task", "call"), FIRST, ids=[f"{call.platform}: {call.name}" for dummy, call in FIRST])
def test_status_that_passes_is_got_over(world: Simulator, task: ApiTask, call: Call, status: int) -> None:
    params = {**task.params(world), "retries": 1}
    answers(world, call, status, count=1)
    result = run_module(task.module, params)
    if status == 503 and (call.platform, call.name) in ADDS:
        assert [row["changed"] for row in listed(result)] == [False if call.name == "incident" else None]
        assert len(world.log.writes()) == 1
        return
    assert not result.get("failed"), result["msg"]
    assert result["changed"] != task.module.endswith("_info")
    assert not result.get("warnings")
    assert [entry.status for entry in world.log if entry.fault] == [status]


@pytest.mark.parametrize("status", sorted({status for call in CALLS.values() for status in call.statuses}))
@pytest.mark.parametrize("platform", ["kibana", "security_deck", "calseta"])
def test_status_does_not_hide_a_change_whose_provenance_it_refuses(
    world: Simulator, platform: str, status: int
) -> None:
    task = next(one for one in TASKS if one.platform == platform and one.name in ("status", "update"))
    params = {**task.params(world), "provenance": "AWX job 4711"}
    answers(world, CALLS[platform, "note"], status)
    result = run_module(task.module, params)
    assert not result.get("failed"), result["msg"]
    (row,) = rows(result)
    assert row["changed"]
    (warning,) = warnings_of(result)
    for told in (row["provenance_error"], warning):
        assert f": {status}" in told
        assert WORDS in told or "Alert not found" in told


#: google.rpc's codes, with the statuses that they are in HTTP.
CODES = {3: 400, 9: 400, 11: 400, 16: 401, 7: 403, 5: 404, 6: 409, 10: 409, 8: 429, 14: 503, 4: 504}
CODES.update({1: 500, 2: 500, 12: 500, 13: 500, 15: 500})


@pytest.mark.parametrize("code", sorted(CODES))
@pytest.mark.parametrize("name", ["update", "note"])
def test_operation_that_fails_is_told_by_its_code(world: Simulator, name: str, code: int) -> None:
    task = next(one for one in TASKS if one.platform == "security_deck" and one.name == name)
    params = task.params(world)
    settings = world.settings.security_deck
    settings.failing_operations, settings.failure_code, settings.failure_message = 99, code, WORDS
    result = run_module(task.module, params)
    assert result["failed"]
    assert not result["changed"]
    error = result["error"]
    call = CALLS["security_deck", name]
    assert (error["status"], error["method"]) == (CODES[code], call.method)
    assert re.search(call.pattern, error["path"])
    assert re.search(rf"operation \w+ failed: {WORDS}", error["message"])
    assert error["request_id"]


UNKNOWN = "3fa85f64-5717-4562-b3fc-2c963f66afa6"
BY_IDS = [task for task in TASKS if "query" not in task.name]


@pytest.mark.parametrize("task", BY_IDS, ids=lambda task: f"{task.platform}: {task.name}")
def test_alert_that_is_not_there_is_missing(world: Simulator, task: ApiTask) -> None:
    params = task.params(world)
    option = "signal_ids" if "signal_ids" in params else "alert_ids"
    result = run_module(task.module, {**params, option: [UNKNOWN]})
    assert not world.log.writes()
    _is_missing(task, result)
