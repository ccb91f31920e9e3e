# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Both writing modules with a query: what it finds is what the task is about, even where the search lags behind."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.secops.triage.tests.simulator import Fault, Simulator
from ansible_collections.secops.triage.tests.unit.harness import (
    Meanwhile,
    Params,
    Result,
    by_id,
    four_runs,
    rows,
    run_module,
)

READ = r"/api/v2/security_monitoring/signals/AQ[\w-]+$"
SEARCH = r"/api/v2/security_monitoring/signals/search$"
MINE = 4100
WANTED: dict[str, Params] = {
    "signal_state": {"state": "archived", "archive_reason": "other"},
    "signal_incident_link": {"incident_id": MINE},
}
ONLY_OKTA = {"query": "source:okta", "from": "now-30d"}


@pytest.fixture(params=WANTED)
def module(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def task(module: str, datadog: Params) -> Params:
    return {**datadog, **WANTED[module], **ONLY_OKTA, "retries": 2}


@pytest.fixture
def okta(sim: Simulator) -> list[str]:
    """The ids of five signals, by their time; there are others, which the query does not match."""
    return add_okta(sim, 5)


def add_okta(sim: Simulator, number: int, **fields: t.Any) -> list[str]:
    signals = [signal for signal in sim.datadog.signals.values() if signal.scene.source == "okta"]
    for signal in signals:
        del sim.datadog.signals[signal.id]
    made: list[str] = []
    while len(made) < number:
        signal = sim.datadog.add_signal(age=3600.0 - len(made), **fields)
        if signal.scene.source == "okta":
            made.append(signal.id)
        else:
            del sim.datadog.signals[signal.id]
    return made


def done(sim: Simulator, ids: t.Iterable[str]) -> list[str]:
    """Those that are as both tasks want them."""
    present = sim.datadog.overview()
    return [one for one in ids if present[one]["state"] == "archived" or MINE in present[one]["incident_ids"]]


def fails_unwritten(sim: Simulator, result: Result, said: str) -> None:
    assert result["failed"]
    assert said in result["msg"]
    assert not result.get("changed")
    assert not sim.log.writes()


def test_all_that_match_and_nothing_else(sim: Simulator, module: str, task: Params, okta: list[str]) -> None:
    before = sim.datadog.overview()
    runs = four_runs(sim, module, task)
    assert [row["id"] for row in rows(runs.real)] == okta
    assert runs.real["counts"]["changed"] == runs.real["matched"] == 5
    assert done(sim, okta) == okta
    after = sim.datadog.overview()
    assert {one for one, state in after.items() if state != before[one]} == set(okta)


def test_what_is_as_it_should_be_is_not_read(sim: Simulator, module: str, datadog: Params, task: Params) -> None:
    first = add_okta(sim, 3)
    run_module(module, {**datadog, **WANTED[module], "signal_ids": first[1:]})
    sim.log.clear()
    result = run_module(module, task)
    assert [row["changed"] for row in rows(result)] == [True, False, False]
    assert result["counts"]["unchanged"] == 2
    search, read, *writes = sim.log
    assert search.path.endswith("/signals/search")
    assert read.path.endswith(first[0])
    assert [entry.is_write for entry in writes][:1] == [True]


def test_nothing_matches(sim: Simulator, module: str, task: Params) -> None:
    runs = four_runs(sim, module, {**task, "query": "source:nothing", "expected_count": 0})
    assert runs.real["matched"] == 0
    assert rows(runs.real) == []


def test_the_query_may_be_about_what_the_task_changes(sim: Simulator, datadog: Params) -> None:
    """The second run then finds nothing any more."""
    ids = sim.datadog.ids(state="open")
    params = {**datadog, "query": "@workflow.triage.state:open", "from": "now-30d", "state": "archived"}
    first = run_module("signal_state", params)
    assert sorted(row["id"] for row in rows(first)) == sorted(ids)
    assert first["counts"]["changed"] == len(ids)
    sim.log.clear()
    again = run_module("signal_state", params)
    assert (again["changed"], again["matched"]) == (False, 0)
    assert len(sim.log) == 1


# Bounds


@pytest.mark.parametrize(
    "query",
    [
        *(
            "",
            "  ",
            "*",
            "*:*",
            " ( * ) ",
            "(*:*)",
            "* OR *",
            "* AND (*)",
            "**",
            "source:okta OR *",
            "(* || source:okta)",
        ),
        *(
            "-nothing",
            "-source:okta",
            "!source:okta",
            "NOT source:okta",
            "NOT (source:okta)",
            "-(source:okta host:web-1)",
        ),
        *('-"two words"', '-title:"two words"', "* -source:okta", "NOT source:okta AND NOT host:a", "-host:(a OR b)"),
        *("source:okta OR NOT host:a", "(-source:okta)", "-@usr.age:[1 TO 5]", r"-a\ b", "host:(a OR *)", "NOT NOT a"),
        *("status:*", "status:* -source:okta", "(source:okta OR @workflow.triage.state:**)", "_exists_:status"),
    ],
)
def test_a_query_that_matches_everything_is_refused(sim: Simulator, module: str, task: Params, query: str) -> None:
    fails_unwritten(sim, run_module(module, {**task, "query": query}), "matches every signal")
    assert len(sim.log) == 0


def test_a_search_without_a_beginning_is_refused(sim: Simulator, module: str, task: Params) -> None:
    unbounded = {**task, "to": "now"}
    del unbounded["from"]
    for since in ({}, {"from": "1970-01-01"}, {"from": "1999-12-31T23:59:59Z"}, {"from": "now-99999d"}):
        result = run_module(module, {**unbounded, **since})
        fails_unwritten(sim, result, "it has no from")
        assert "from when on they are" in result["error"]["hint"]
        assert "allow_unbounded" in result["error"]["hint"]
    assert len(sim.log) == 0


def test_unless_that_is_allowed(sim: Simulator, module: str, task: Params) -> None:
    unbounded = {**task, "query": "*", "allow_unbounded": True}
    del unbounded["from"]
    runs = four_runs(sim, module, unbounded)
    assert runs.real["matched"] == len(sim.datadog.signals)


@pytest.mark.parametrize(
    "query",
    [
        *(
            "source:*",
            "*okta*",
            "host:web-*",
            "host:web-1 status:*",
            "_exists_:host",
            "source:okta *",
            'a OR "* OR"',
            "source:okta -host:a",
            "NOT (a) source:okta",
        ),
        *("source:okta AND NOT (host:a OR host:b)", "(source:okta OR host:a) -b", "NOTHING", "a-b", "(* OR a) b"),
        *("@usr.age:>-5", 'title:"a \\" OR *"', "@usr.age:[1 TO *]", '"-a"'),
    ],
)
def test_a_star_within_a_query_is_no_such_thing(sim: Simulator, module: str, task: Params, query: str) -> None:
    assert not run_module(module, {**task, "query": query}, check=True).get("failed")


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"query": None}, "one of the following is required: signal_ids, query"),
        ({"signal_ids": ["AQAAAone"]}, "mutually exclusive"),
        ({"version": 3}, "mutually exclusive"),
        ({"query": None, "signal_ids": []}, "mutually exclusive"),
        ({"query": None, "from": None, "signal_ids": [], "expected_count": 1}, "no use for expected_count"),
        ({"from": "last week"}, "from 'last week' is not a time"),
        ({"to": "now-40d"}, "which is after to"),
        ({"max_alerts": 0}, "max_alerts must be at least 1"),
        ({"expected_count": -1}, "expected_count must not be negative"),
    ],
)
def test_refuses_options_before_anything_is_sent(
    sim: Simulator, module: str, task: Params, params: Params, said: str
) -> None:
    given = {name: value for name, value in {**task, **params}.items() if value is not None}
    fails_unwritten(sim, run_module(module, given), said)
    assert len(sim.log) == 0


@pytest.mark.parametrize("check", [True, False])
def test_more_than_max_alerts_are_an_error(
    sim: Simulator, module: str, task: Params, okta: list[str], check: bool
) -> None:
    result = run_module(module, {**task, "max_alerts": len(okta) - 1}, check=check)
    fails_unwritten(sim, result, "matches more than 4 alerts, and max_alerts is 4")
    assert not run_module(module, {**task, "max_alerts": len(okta)}).get("failed")


@pytest.mark.parametrize("check", [True, False])
def test_another_number_than_was_expected_is_an_error(
    sim: Simulator, module: str, task: Params, okta: list[str], check: bool
) -> None:
    result = run_module(module, {**task, "expected_count": 4}, check=check)
    fails_unwritten(sim, result, "matches 5 alerts, and expected_count is 4")
    assert result["matched"] == 5


def test_the_number_that_was_expected_stays_right(sim: Simulator, module: str, task: Params, okta: list[str]) -> None:
    """It counts all that match, whether they are as they should be or not."""
    runs = four_runs(sim, module, {**task, "expected_count": 5})
    assert runs.again["matched"] == 5


# A search in pages, and one that lags behind


def test_in_pages(sim: Simulator, datadog: Params) -> None:
    sim.reset(alerts={"datadog": 2500})
    params = {**datadog, "query": "source:*", "from": "now-30d", "max_alerts": 3000, "state": "under_review"}
    sim.log.clear()
    result = run_module("signal_state", params, check=True)
    assert result["matched"] == 2500
    assert len(sim.log.select(path=SEARCH)) == 3
    assert len({row["id"] for row in rows(result)}) == 2500


def test_what_comes_up_later_is_not_touched(sim: Simulator, module: str, task: Params, okta: list[str]) -> None:
    """The search is done once: the signals of the runs are those that it found."""
    scene = sim.datadog.signals[okta[0]].scene
    late: list[str] = []

    def arrive(_entry: object) -> None:
        signal = sim.datadog.add_signal(age=0)
        signal.scene = scene
        late.append(signal.id)

    sim.faults.add(Meanwhile(arrive, path=READ, nth=1))
    result = run_module(module, task)
    assert [row["id"] for row in rows(result)] == okta
    assert done(sim, late) == []
    assert len(late) == 1


def test_the_repeat_is_quiet_while_the_search_lags(sim: Simulator, module: str, task: Params, okta: list[str]) -> None:
    sim.settings.datadog.search_lag = 1000
    runs = four_runs(sim, module, task)
    assert runs.real["counts"]["changed"] == 5
    assert runs.again["matched"] == 5, "the search shows them as they were"
    assert [sim.datadog.writes_of(one) for one in okta] == [1] * 5


def test_a_query_about_the_state_is_quiet_while_the_search_lags(sim: Simulator, datadog: Params) -> None:
    sim.settings.datadog.search_lag = 1000
    ids = sim.datadog.ids(state="open")
    params = {**datadog, "query": "@workflow.triage.state:open", "from": "now-30d", "state": "archived"}
    runs = four_runs(sim, "signal_state", params)
    assert runs.real["counts"]["changed"] == runs.again["counts"]["unchanged"] == len(ids)


def test_what_an_analyst_has_done_already_is_unchanged(
    sim: Simulator, module: str, datadog: Params, task: Params, okta: list[str]
) -> None:
    """Although the search does not know it yet: the report is what is true."""
    sim.settings.datadog.search_lag = 1000
    analyst = {"archive_comment": "By hand"} if module == "signal_state" else {}
    run_module(module, {**datadog, **WANTED[module], **analyst, "signal_ids": okta[:2]})
    sim.log.clear()
    runs = four_runs(sim, module, task)
    assert [row["changed"] for row in rows(runs.real)] == [False, False, True, True, True]
    assert [sim.datadog.writes_of(one) for one in okta] == [1] * 5
    if module == "signal_state":
        assert by_id(runs.real)[okta[0]]["archive_comment"] == "By hand"


def test_before_is_what_was_read_not_what_the_search_shows(sim: Simulator, datadog: Params, okta: list[str]) -> None:
    sim.settings.datadog.search_lag = 1000
    run_module("signal_state", {**datadog, "signal_ids": okta[:1], "state": "under_review"})
    result = run_module("signal_state", {**datadog, **ONLY_OKTA, "state": "archived"})
    (first, *rest) = [row["before"]["state"] for row in result["signals"]]
    assert (first, set(rest)) == ("under_review", {"open"})
    assert result["diff"][0]["before"]["state"] == "under_review"


@pytest.mark.parametrize(
    ("hides", "name", "wanted"),
    [
        ("incidentIds", "signal_incident_link", {"incident_id": MINE, "state": "absent"}),
        ("archiveReason", "signal_state", {"archive_reason": "none"}),
        ("assignee", "signal_state", {"assignee": ""}),
    ],
)
def test_what_a_search_does_not_show_is_read(
    sim: Simulator, datadog: Params, hides: str, name: str, wanted: Params
) -> None:
    """An absent key means nothing there, but only where a signal is read by itself."""
    user = sim.datadog.user("greta@example.com").uuid
    ids = add_okta(sim, 3, state="archived", archive_reason="other", assignee=user, incident_ids=[MINE])
    sim.settings.datadog.search_hides = (hides,)
    runs = four_runs(sim, name, {**datadog, **ONLY_OKTA, **wanted})
    assert runs.real["counts"]["changed"] == len(ids)


@pytest.mark.parametrize(
    ("hides", "hidden"),
    [
        (["incidentIds"], {"incident_ids"}),
        (["assignee"], {"assignee"}),
        (["archiveReason", "archiveComment"], {"archive_reason", "archive_comment"}),
    ],
)
def test_what_a_search_does_not_show_and_nobody_asks_for_is_not_claimed(
    sim: Simulator, datadog: Params, hides: list[str], hidden: set[str]
) -> None:
    user = sim.datadog.user("greta@example.com").uuid
    add_okta(sim, 3, archive_reason="other", archive_comment="By hand", assignee=user, incident_ids=[MINE])
    sim.settings.datadog.search_hides = hides
    result = run_module("signal_state", {**datadog, **ONLY_OKTA, "state": "open"})
    assert result["counts"]["unchanged"] == 3
    for row in rows(result):
        assert {name for name, value in row.items() if value is None} == hidden


@pytest.mark.parametrize("more", [{}, {"provenance": "Ansible, job 4711"}])
def test_a_comment_that_a_search_does_not_show_is_read(sim: Simulator, datadog: Params, more: Params) -> None:
    ids = add_okta(sim, 3, state="archived", archive_reason="other", archive_comment="By hand")
    sim.settings.datadog.search_hides = ("archiveReason", "archiveComment")
    runs = four_runs(sim, "signal_state", {**datadog, **ONLY_OKTA, "archive_comment": "", **more})
    assert runs.real["counts"]["changed"] == len(ids)


def test_no_comment_is_no_comment_where_a_search_shows_the_reason(sim: Simulator, datadog: Params) -> None:
    add_okta(sim, 3, state="archived", archive_reason="other")
    sim.log.clear()
    result = run_module("signal_state", {**datadog, **ONLY_OKTA, "archive_comment": ""})
    assert result["counts"]["unchanged"] == 3
    assert len(sim.log) == 1


def test_a_signal_that_a_search_still_shows_but_is_gone(
    sim: Simulator, module: str, task: Params, okta: list[str]
) -> None:
    rest = {key: signal for key, signal in sim.datadog.signals.items() if key != okta[4]}
    sim.faults.add(Meanwhile(lambda _entry: vars(sim.datadog).update(signals=rest), path=READ, nth=1))
    result = run_module(module, {**task, "concurrency": 1})
    fails_unwritten(sim, result, f"There is no such signal ({okta[4]})")


# Faults


@pytest.mark.parametrize("path", [SEARCH, READ], ids=["search", "read"])
@pytest.mark.parametrize(
    "fault",
    [
        {"action": "status", "status": 429, "wait_form": "retry_after", "wait": 0.05},
        {"action": "status", "status": 500},
        {"action": "reset"},
        {"action": "truncate"},
        {"action": "html"},
    ],
    ids=lambda fault: "-".join(map(str, fault.values())),
)
def test_what_passes_is_waited_out(
    sim: Simulator, module: str, task: Params, okta: list[str], path: str, fault: dict[str, t.Any]
) -> None:
    sim.faults.add(Fault(path=path, **fault))
    result = run_module(module, task)
    assert not result.get("failed"), result["msg"]
    assert done(sim, okta) == okta


@pytest.mark.parametrize("path", [SEARCH, READ], ids=["search", "read"])
def test_what_stays_fails_and_nothing_is_written(
    sim: Simulator, module: str, task: Params, okta: list[str], path: str
) -> None:
    sim.faults.add(Fault("status", path=path, status=500, count=None))
    fails_unwritten(sim, run_module(module, {**task, "retries": 1}), "500")
    assert done(sim, okta) == []


@pytest.mark.parametrize(
    "odd",
    [{"state": None}, {"state": 5}, {"incidentIds": "4100"}, {"assignee": "greta"}, {"archiveReason": ["other"]}],
)
def test_nothing_is_guessed_of_an_odd_answer(
    sim: Simulator, module: str, task: Params, okta: list[str], odd: dict[str, t.Any]
) -> None:
    sim.faults.clear()
    item = {"id": okta[0], "attributes": {"attributes": {"workflow": {"triage": {"state": "open", **odd}}}}}
    sim.faults.add(Fault("status", path=SEARCH, status=200, body={"data": [item]}, count=None))
    fails_unwritten(sim, run_module(module, {**task, "retries": 0}), "does not show all signals that were found")


def test_keys_that_may_only_read_are_enough_for_check_mode(
    sim: Simulator, module: str, task: Params, okta: list[str]
) -> None:
    weak = {**task, "app_key": sim.credentials.datadog_read_only_app_key}
    assert run_module(module, weak, check=True)["counts"]["changed"] == len(okta)
    sim.log.clear()
    result = run_module(module, weak)
    assert result["failed"]
    assert "security_monitoring_signals_write" in result["error"]["hint"]


def test_limits_that_come_from_defaults_do_not_disturb_a_task_with_ids(sim: Simulator, datadog: Params) -> None:
    limits = {"max_alerts": 1, "allow_unbounded": True}
    for module, more in (("signal_info", {"max_alerts": 1}), ("signal_state", {**limits, "state": "under_review"})):
        result = run_module(module, {**datadog, **more, "signal_ids": sim.datadog.ids(state="open")[:3]})
        assert not result.get("failed"), result["msg"]
        assert len(rows(result)) == 3
