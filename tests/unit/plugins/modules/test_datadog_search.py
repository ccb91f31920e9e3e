# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Both writing modules with a query: what it finds is what the task is about, even where the search lags behind."""

from __future__ import annotations

import dataclasses
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
    listing, search, read, *writes = sim.log
    assert listing.path == search.path
    assert listing.body["filter"]["query"] == "*"
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
    assert len(sim.log) == 2


# Bounds


#: Spellings of a search that leaves none of the `SCENES` out.
EVERYTHING = (
    *("", "  ", "*", "*:*", " ( * ) ", "(*:*)", "* OR *", "* AND (*)", "**", "?*", "*e*"),
    *("source:okta OR *", "(* || source:okta)", "source:*", "host:*", "status:*", "host:(a OR *)", "* *"),
    *("-nothing", "!nothing", "NOT source:splunk", "NOT (source:splunk)", "-(source:okta host:build-9)"),
    *('-"two words"', '-title:"two words"', "NOT source:splunk AND NOT host:a", "-host:(a OR b)", r"-a\ b"),
    *("source:okta OR NOT host:a", "(-source:splunk)", "-@usr.age:[1 TO 5]", "NOT NOT *", "-@usr.age:>5"),
    *("_exists_:status", "_exists_:host", "status:>=a", "status:[a TO z]", "-status:<a", "status:-info"),
    *("(source:splunk OR @workflow.triage.state:**)", "@workflow.triage.state:(open OR under_review OR archived)"),
    *("@workflow.triage.state:-closed", "status:(low OR medium OR high OR critical)", "source:(okta OR zeek OR falco)"),
)

#: Spellings of a search that matches some of the `SCENES` and leaves out others, in places by one only.
SOME = (
    *("source:okta", "*okta*", "host:web-*", "host:web-1 status:*", "source:okta *", "-source:okta", "!source:okta"),
    *(
        "NOT source:okta",
        "* -source:okta",
        "status:* -source:okta",
        "(-source:okta)",
        "NOT (source:zeek OR host:web-1)",
    ),
    *(
        "NOT source:okta AND NOT host:a",
        "source:okta -host:a",
        "NOT (ransom) source:okta",
        "(source:okta OR host:a) -ransom",
    ),
    *("source:okta AND NOT (host:a OR host:b)", "(* OR a) source:zeek", "status:>=l", "status:[a TO i]", "status:<i"),
    *(
        "@workflow.triage.state:-archived",
        "@workflow.triage.incidentIds:>4100",
        "@workflow.triage.incidentIds:[4100 TO *]",
    ),
    *("_exists_:team", "-team:payments", "-@workflow.triage.incidentIds:4101", "status:(low OR critical)"),
)

#: Spellings of a search that matches nothing, whatever stars are in it.
NOTHING = (
    *("NOTHING", "a-b", '"-a"', '"* OR"', 'title:"a \\" OR *"', "@usr.age:>-5", "@usr.age:[1 TO *]", "-*", "NOT *:*"),
    *("NOT NOT nothing", "(* OR a) nothing", "source:(a OR b)", "-status:*", "status:<a"),
)

#: By source, host, severity, state, tags and incidents.
SCENES: tuple[tuple[str, str, str, str, tuple[str, ...], list[int]], ...] = (
    ("okta", "web-1", "high", "open", ("team:payments",), []),
    ("okta", "web-2", "low", "under_review", (), []),
    ("zeek", "db-1", "critical", "open", ("env:prod",), [4100]),
    ("falco", "build-1", "medium", "archived", (), [4101]),
)


@pytest.fixture
def scenes(sim: Simulator) -> dict[str, t.Any]:
    """One signal for each of the `SCENES`, by their ids; there are no others."""
    sim.datadog.signals.clear()
    for age, (source, host, severity, state, tags, incident_ids) in enumerate(SCENES):
        signal = sim.datadog.add_signal(age=3600.0 - age, state=state, incident_ids=incident_ids)
        said = dataclasses.replace(signal.scene, title=f"Seen by {source}", advice="Have a look.")
        signal.scene = dataclasses.replace(said, source=source, host=host, severity=severity, tags=tags)
    sim.log.clear()
    return sim.datadog.signals


def is_unbounded(sim: Simulator, result: Result, total: int) -> None:
    """Refused because nothing is left out, with both totals and the way on."""
    fails_unwritten(sim, result, f"it matches {total} alerts, and there are {total} (max_alerts is ")
    assert result["error"]["kind"] == "unbounded"
    assert (result["matched"], result["total"]) == (total, total)
    assert all(said in result["error"]["hint"] for said in ("from when on they are", "allow_unbounded: true"))


@pytest.mark.parametrize("query", EVERYTHING)
def test_a_query_that_leaves_nothing_out_is_refused(
    sim: Simulator, module: str, task: Params, scenes: dict[str, t.Any], query: str
) -> None:
    """In check mode, for real and a second time, by what it matches and not by how it is written."""
    for check in (True, False, False):
        is_unbounded(sim, run_module(module, {**task, "query": query}, check=check), len(scenes))
    assert not run_module(module, {**task, "query": query, "allow_unbounded": True}, check=True).get("failed")


@pytest.mark.parametrize("query", SOME)
def test_a_query_that_leaves_something_out_is_not(
    sim: Simulator, module: str, task: Params, scenes: dict[str, t.Any], query: str
) -> None:
    result = run_module(module, {**task, "query": query}, check=True)
    assert not result.get("failed"), result["msg"]
    assert 0 < result["matched"] < len(scenes)


@pytest.mark.parametrize("query", NOTHING)
def test_nothing_found_is_never_refused(
    sim: Simulator, module: str, task: Params, scenes: dict[str, t.Any], query: str
) -> None:
    result = run_module(module, {**task, "query": query})
    assert not result.get("failed"), result["msg"]
    assert (result["matched"], result["changed"]) == (0, False)


def test_nothing_where_there_is_nothing(sim: Simulator, module: str, task: Params) -> None:
    sim.datadog.signals.clear()
    assert four_runs(sim, module, {**task, "query": "*"}).real["matched"] == 0


@pytest.mark.parametrize("query", ["", "  ", "*", "*:*"])
def test_neither_a_filter_nor_a_window_is_refused_without_a_request(
    sim: Simulator, module: str, task: Params, query: str
) -> None:
    del task["from"]
    for check in (True, False):
        result = run_module(module, {**task, "query": query}, check=check)
        fails_unwritten(sim, result, "The search would match every alert")
        assert result["error"]["kind"] == "unbounded"
        assert "allow_unbounded" in result["error"]["hint"]
    assert len(sim.log) == 0


WINDOWS: list[Params] = [
    {},
    {"to": "now"},
    {"from": "1970-01-01"},
    {"from": "1999-12-31T23:59:59Z"},
    {"from": "now-9999d"},
]


@pytest.mark.parametrize("window", WINDOWS)
def test_a_window_is_judged_by_what_it_leaves_out(
    sim: Simulator, module: str, task: Params, okta: list[str], window: Params
) -> None:
    """Not by how far back it goes: one that goes back to the first signal is fine for a narrow query."""
    del task["from"]
    narrow = run_module(module, {**task, **window}, check=True)
    assert [row["id"] for row in rows(narrow)] == okta
    everything = {**task, **window, "query": "source:*"}
    is_unbounded(sim, run_module(module, everything), len(sim.datadog.signals))


def test_a_window_that_leaves_one_out_is_enough(sim: Simulator, module: str, task: Params, okta: list[str]) -> None:
    old = sim.datadog.signals[okta[0]]
    old.timestamp -= 60 * 86_400_000
    result = run_module(module, {**task, "query": "*", "from": "now-30d"}, check=True)
    assert result["matched"] == len(sim.datadog.signals) - 1


def test_only_one_signal_is_left_out(sim: Simulator, module: str, task: Params, okta: list[str]) -> None:
    """Whichever one it is, the oldest, the newest or one between them."""
    everything = list(sim.datadog.signals.values())
    task["query"] = "-@workflow.triage.incidentIds:4104"
    for signal in everything:
        signal.incident_ids = []
    is_unbounded(sim, run_module(module, task), len(everything))
    for signal in everything:
        signal.incident_ids = [4104]
        result = run_module(module, task, check=True)
        assert result["matched"] == len(everything) - 1
        signal.incident_ids = []


def test_everything_is_refused_where_it_is_as_desired_already(
    sim: Simulator, module: str, datadog: Params, task: Params
) -> None:
    ids = list(sim.datadog.signals)
    first = run_module(module, {**datadog, **WANTED[module], "signal_ids": ids})
    assert not first.get("failed"), first["msg"]
    sim.log.clear()
    for check in (True, False):
        is_unbounded(sim, run_module(module, {**task, "query": "*"}, check=check), len(ids))


@pytest.mark.parametrize("matches", [True, False])
@pytest.mark.parametrize("moment", ["the listing", "the search"])
def test_signals_that_are_raised_meanwhile_are_neither_found_nor_left_out(
    sim: Simulator, module: str, task: Params, scenes: dict[str, t.Any], matches: bool, moment: str
) -> None:
    late: list[str] = []

    def arrive(_entry: object) -> None:
        signal = sim.datadog.add_signal(age=-1)
        signal.scene = dataclasses.replace(signal.scene, source="okta" if matches else "splunk")
        late.append(signal.id)

    total = len(scenes)
    sim.faults.add(Meanwhile(arrive, path=SEARCH, nth=2 if moment == "the search" else 1))
    result = run_module(module, {**task, "query": "source:(okta OR zeek OR falco)"})
    assert len(late) == 1
    fails_unwritten(sim, result, "The search leaves nothing out")
    assert result["error"]["kind"] == "unbounded"
    assert result["matched"] == total + matches


def test_unless_that_is_allowed(sim: Simulator, module: str, task: Params) -> None:
    unbounded = {**task, "query": "*", "allow_unbounded": True}
    del unbounded["from"]
    runs = four_runs(sim, module, unbounded)
    assert runs.real["matched"] == len(sim.datadog.signals)


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


@pytest.mark.parametrize(("left_out", "listed"), [(0, 1), (1500, 2), (2500, 3)])
def test_in_pages(sim: Simulator, datadog: Params, left_out: int, listed: int) -> None:
    """All signals are listed only as far as the first one that the search leaves out."""
    sim.reset(alerts={"datadog": 2501})
    signals = sorted(sim.datadog.signals.values(), key=lambda signal: signal.timestamp)
    for number, signal in enumerate(signals):
        signal.state, signal.incident_ids = "under_review", [4104] if number == left_out else []
    query = "-@workflow.triage.incidentIds:4104"
    params = {**datadog, "query": query, "from": "now-30d", "max_alerts": 3000, "state": "under_review"}
    sim.log.clear()
    result = run_module("signal_state", params, check=True)
    assert result["matched"] == 2500
    assert len(sim.log.select(path=SEARCH)) == 3 + listed
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
    assert len(sim.log) == 2


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
    [{"state": ""}, {"state": 5}, {"incidentIds": "4100"}, {"assignee": "greta"}, {"archiveReason": ["other"]}],
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
