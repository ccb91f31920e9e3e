# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Searches that are written to, on both providers: whatever leaves nothing out is refused, however it is spelled."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.secops.triage.tests.simulator import Entry, Fault, Simulator
from ansible_collections.secops.triage.tests.simulator.seeds import Scene
from ansible_collections.secops.triage.tests.unit.alert_providers import NAME, Provider, provider
from ansible_collections.secops.triage.tests.unit.harness import Meanwhile, Params, Result, by_id, four_runs, run_module

DAY = 86400
STATUSES = ["Open", "Triaging", "Escalated", "Closed"]
SEVERITIES = ["Pending", "Informational", "Low", "Medium", "High", "Critical"]

#: Spellings of everything, by provider. All alerts have the source, or the title, of the noise.
EVERYTHING: dict[str, list[t.Any]] = {
    "calseta": [
        {"from_time": "1970-01-01"},
        {"from_time": "2000-01-01T00:00:00Z"},
        {"from_time": "now-7300d"},
        {"from_time": "now-30d"},
        {"to_time": "2100-01-01"},
        {"to_time": "now"},
        {"from_time": "2000-01-01", "to_time": "2100-01-01"},
        {"status": STATUSES},
        {"severity": SEVERITIES},
        {"status": STATUSES, "severity": SEVERITIES, "from_time": "now-30d"},
        {"source_name": ["noise"]},
        {"source_name": ["noise", "nothing"], "status": ["Open", "Closed"]},
    ],
    "security_deck": [
        'status = "OPEN" OR status = "RESOLVED"',
        'status != "NOBODY"',
        'NOT status = "NOBODY"',
        'title = "Noise"',
        'title = "*"',
        "oise OR noise",
        'severity = "LOW" OR severity != "LOW"',
        'assignee.subject.id = "" OR assignee.subject.id != ""',
        'classification != "x" AND severity != "x"',
    ],
}

#: Those that have neither a filter nor a time.
EMPTY: dict[str, list[t.Any]] = {"calseta": [{}], "security_deck": [None, "", "  "]}


def query(on: Provider, spelled: t.Any) -> Params:
    if on.name == "calseta":
        return dict(spelled)
    return {"sink_id": on.platform.sink_id, **({} if spelled is None else {"filter": spelled})}


@pytest.fixture(params=["security_deck", "calseta"])
def on(request: pytest.FixtureRequest, sim: Simulator) -> Provider:
    """A provider that has no alerts yet."""
    one = provider(request.param, sim, request.getfixturevalue(request.param))
    one.platform.alerts.clear()
    return one


def other(on: Provider, age: float, **fields: t.Any) -> str:
    """One more alert, which is no noise, and so many seconds old."""
    added = on.platform.add_alert(Scene("Other", "low", "other", "", "web-01", "", "", "", (), age), **fields)
    return str(added.uuid if on.name == "calseta" else added.id)


def spellings(table: dict[str, list[t.Any]]) -> t.Callable[[t.Any], t.Any]:
    """One test for each spelling of each provider."""
    cells = [(name, spelled) for name, row in table.items() for spelled in row]
    return pytest.mark.parametrize(("on", "spelled"), cells, indirect=["on"], ids=[f"{a}-{b}"[:60] for a, b in cells])


def refused(on: Provider, asked: Params, count: int, **options: t.Any) -> None:
    """In check mode and for real, with both numbers, the limit and the way on; nothing is written."""
    on.sim.log.clear()
    for check in (True, False):
        result = on.run(query=asked, check=check, **options)
        assert (result["failed"], result["changed"], result["error"]["kind"]) == (True, False, "unbounded")
        assert f"it matches {count} alerts, and there are {count} (max_alerts is " in result["msg"]
        assert "allow_unbounded: true" in result["error"]["hint"]
        assert (result["matched"], result["total"]) == (count, count)
    assert not on.sim.log.writes()
    assert len(on.sim.log) == 2 * 2


@spellings(EVERYTHING)
def test_everything_is_refused_unless_it_is_meant(on: Provider, spelled: t.Any) -> None:
    """And just so in the second run, when all alerts are as desired."""
    on.noise(4)
    refused(on, query(on, spelled), 4)
    on.sim.log.clear()
    assert on.run(query=query(on, spelled), allow_unbounded=True)["counts"]["changed"] == 4
    assert len(on.sim.log.select(path=on.searches)) == 1
    refused(on, query(on, spelled), 4)


#: Searches by provider, and an alert that each leaves out: its fields, and how old it is.
NARROW: dict[str, list[t.Any]] = {
    "calseta": [
        ({"from_time": "now-30d"}, {}, 60 * DAY),
        ({"from_time": "1970-01-01", "to_time": "now-5m"}, {}, 1),
        ({"source_name": ["noise"]}, {}, 1),
        ({"source_name": ["noise"]}, {}, 9 * DAY),
        ({"severity": SEVERITIES[:-1]}, {"severity": "Critical"}, 1),
        ({"severity": SEVERITIES[1:]}, {"severity": "Pending"}, 9 * DAY),
        ({"status": ["Open", "Closed"], "from_time": "2000-01-01"}, {"status": "Triaging"}, 1),
    ],
    "security_deck": [
        ('title = "Noise"', {}, 1),
        ('title = "Noise"', {}, 9 * DAY),
        ('severity != "HIGH"', {"severity": "HIGH"}, 1),
        ('NOT severity = "HIGH"', {"severity": "HIGH"}, 9 * DAY),
        ('status = "OPEN" OR status = "RESOLVED"', {"status": "NEED_INFO"}, 1),
    ],
}


@spellings(NARROW)
def test_what_leaves_only_one_out_is_fine(on: Provider, spelled: t.Any) -> None:
    asked, fields, age = spelled
    ids, left_out = on.noise(4), other(on, age, **fields)
    runs = four_runs(on.sim, NAME, on.task(query=query(on, asked)))
    assert list(by_id(runs.real)) == ids
    assert (runs.real["counts"]["changed"], runs.real["matched"], runs.again["matched"]) == (4, 4, 4)
    # All alerts in a page, the search, and each that differs before its write.
    assert len(runs.requests) == 2 + 4 + 4
    assert on.platform.writes_of(left_out) == 0


@spellings(NARROW)
def test_what_leaves_it_out_no_more_is_refused(on: Provider, spelled: t.Any) -> None:
    """The same words, without that alert."""
    on.noise(4)
    refused(on, query(on, spelled[0]), 4)


@spellings(EMPTY)
@pytest.mark.parametrize("count", [0, 3])
def test_what_says_nothing_is_refused_without_a_request(on: Provider, spelled: t.Any, count: int) -> None:
    on.noise(count)
    for check in (True, False):
        result = on.run(query=query(on, spelled), check=check)
        assert (result["failed"], result["changed"], result["error"]["kind"]) == (True, False, "unbounded")
        assert "The search would match every alert: query has " in result["msg"]
    assert not on.sim.log
    runs = four_runs(on.sim, NAME, on.task(query=query(on, spelled), allow_unbounded=True))
    assert runs.real["matched"] == count


@spellings(EVERYTHING)
def test_nothing_that_matches_is_fine(on: Provider, spelled: t.Any) -> None:
    """Also where there are no alerts at all."""
    assert four_runs(on.sim, NAME, on.task(query=query(on, spelled))).real["matched"] == 0


@spellings(EVERYTHING)
def test_too_many_are_told_as_that(on: Provider, spelled: t.Any) -> None:
    on.noise(7)
    for check in (True, False):
        result = on.run(query=query(on, spelled), max_alerts=6, check=check)
        assert (result["failed"], result["changed"], result["error"]["kind"]) == (True, False, "limit")
    assert not on.sim.log.writes()


def test_a_hundred_is_the_most_unless_the_task_says_more(on: Provider) -> None:
    on.noise(101)
    other(on, 1)
    assert "max_alerts is 100" in on.run(query=on.query())["msg"]
    assert not on.sim.log.writes()
    assert on.run(query=on.query(), max_alerts=101, check=True)["matched"] == 101


@pytest.mark.parametrize("comes", ["noise", "other"])
@pytest.mark.parametrize("nth", [1, 2])
def test_what_comes_while_it_runs_is_not_what_was_left_out(on: Provider, comes: str, nth: int) -> None:
    """An alert that comes between the count and the search was not there when the task began."""
    on.noise(4)

    def come(_entry: Entry) -> None:
        if comes == "noise":
            on.noise()
        else:
            other(on, 1)

    on.sim.faults.add(Meanwhile(come, path=on.searches, nth=nth))
    result = on.run(query=on.query())
    if comes == "other" and nth == 1:
        # It was there when they were counted.
        assert (result["matched"], result["counts"]["changed"]) == (4, 4)
        return
    assert (result["error"]["kind"], result["changed"]) == ("unbounded", False)
    assert not on.sim.log.writes()


@pytest.mark.parametrize("age", [1, 9 * DAY])
def test_what_was_left_out_still_is_when_others_come(on: Provider, age: float) -> None:
    """As many match now as there were alerts in the beginning."""
    ids, left_out = on.noise(4), other(on, age)

    def come(_entry: Entry) -> None:
        on.noise()

    on.sim.faults.add(Meanwhile(come, path=on.searches, nth=2))
    result = on.run(query=on.query())
    assert not result.get("failed"), result["msg"]
    assert result["matched"] == 5
    assert set(ids) < set(by_id(result))
    assert left_out not in by_id(result)


class Total(Fault):
    """Lets every page of Calseta tell this total; with ``filtered``, only those of a search, or only the others."""

    def __init__(self, total: t.Any, filtered: bool | None = None) -> None:
        super().__init__("merge", path="/v1/alerts", count=None, body={"meta": {"total": total}})
        self._filtered = filtered

    def matches(self, entry: Entry) -> bool:
        return super().matches(entry) and self._filtered in (None, "source_name" in entry.path)


@pytest.mark.parametrize("filtered", [None, True, False])
@pytest.mark.parametrize(
    "total", [0, 1, 3, 5, 100, 10**12, -1, None, "4", "", 4.0, 4.5, True, [4], {"value": 4}], ids=str
)
def test_no_total_makes_everything_less(sim: Simulator, calseta: Params, total: t.Any, filtered: bool | None) -> None:
    """Whatever is told beside the alerts: these are all there are, and that can be seen."""
    on = provider("calseta", sim, calseta)
    on.platform.alerts.clear()
    on.noise(4)
    sim.faults.add(Total(total, filtered))
    check, real = on.run(query=on.query(), check=True), on.run(query=on.query())
    assert check == real
    assert (real["failed"], real["changed"]) == (True, False)
    assert not sim.log.writes()


def test_total_that_lags_hides_nothing_behind_a_full_page(sim: Simulator, calseta: Params) -> None:
    """The second page has those that came after they were counted; all of them are more than the task may find."""
    on = provider("calseta", sim, calseta)
    on.noise(503)
    sim.faults.add(Total(500, filtered=True))
    result = on.run(query=on.query(), max_alerts=501)
    assert (result["failed"], result["changed"], result["error"]["kind"]) == (True, False, "limit")
    assert not sim.log.writes()


@pytest.mark.parametrize("tokens", [["again"] * 200, list("0123456789") * 20])
def test_no_token_makes_everything_less(sim: Simulator, security_deck: Params, tokens: list[str]) -> None:
    """Pages that name others, with nothing on them, or with what was there already."""
    on = provider("security_deck", sim, security_deck)
    on.platform.alerts.clear()
    on.noise(4)
    page = {"alerts": [one.shown(False, "absent") for one in on.platform.alerts.values()]}
    for token in tokens:
        sim.faults.add(Fault(status=200, path=on.searches, body={**page, "nextPageToken": token}))
    result = on.run(query=on.query())
    assert (result["failed"], result["changed"]) == (True, False)
    assert not sim.log.writes()


def test_ids_are_not_counted(on: Provider) -> None:
    ids = on.noise(3)
    assert on.run(alert_ids=ids)["counts"]["changed"] == 3
    assert not on.sim.log.select(path=on.searches)


@spellings(EVERYTHING)
def test_those_who_only_look_may_see_everything(on: Provider, spelled: t.Any) -> None:
    """Unless they ask to be told."""
    on.noise(3)
    task = {**on.connection, "query": query(on, spelled), "retries": 0}
    assert len(run_module("alert_info", task)["alerts"]) == 3
    assert len(on.sim.log) == 1
    result: Result = run_module("alert_info", {**task, "allow_unbounded": False})
    assert (result["failed"], result["error"]["kind"], result["total"]) == (True, "unbounded", 3)
