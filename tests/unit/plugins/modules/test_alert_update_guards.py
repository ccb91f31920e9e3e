# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What keeps alert_update from alerts that it should leave alone, on both providers."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.secops.triage.tests.simulator import Entry, Fault, Simulator
from ansible_collections.secops.triage.tests.unit.alert_providers import NAME, Provider, provider
from ansible_collections.secops.triage.tests.unit.harness import Meanwhile, Params, Result, by_id, four_runs, predicted


@pytest.fixture(params=["security_deck", "calseta"])
def on(request: pytest.FixtureRequest, sim: Simulator) -> Provider:
    return provider(request.param, sim, request.getfixturevalue(request.param))


@pytest.fixture
def deck(sim: Simulator, security_deck: Params) -> Provider:
    return provider("security_deck", sim, security_deck)


@pytest.fixture
def server(sim: Simulator, calseta: Params) -> Provider:
    return provider("calseta", sim, calseta)


@pytest.fixture(params=["ids", "query"])
def by(request: pytest.FixtureRequest) -> str:
    """How the task says which alerts it is about."""
    return str(request.param)


def which(on: Provider, by: str, ids: list[str]) -> Params:
    return {"alert_ids": ids} if by == "ids" else {"query": on.query()}


def fails(on: Provider, said: dict[str, str], **options: t.Any) -> Result:
    """Run a task that a guard forbids, for exactly these alerts: in check mode and for real, and nothing is written."""
    on.sim.log.clear()
    check, real = on.run(check=True, **options), on.run(**options)
    for result in (check, real):
        assert result["failed"]
        assert not result["changed"]
        errors = {key: row["error"]["message"] for key, row in by_id(result).items() if "error" in row}
        assert errors == {key: f"A guard forbids the change: {words}" for key, words in said.items()}
        assert result["counts"]["failed"] == len(said)
    assert not on.sim.log.writes()
    return real


def skips(on: Provider, said: dict[str, str], **options: t.Any) -> Result:
    """The same where the task skips: the others are changed, check mode predicts it, and a second run is quiet."""
    on.sim.log.clear()
    check = on.run(check=True, on_guard="skip", **options)
    assert not on.sim.log.writes()
    real = on.run(on_guard="skip", **options)
    assert predicted(check) == predicted(real)
    on.sim.log.clear()
    again = on.run(on_guard="skip", **options)
    assert not on.sim.log.writes()
    for result in (check, real, again):
        assert not result.get("failed"), result["msg"]
        assert {key: row["skipped"] for key, row in by_id(result).items() if "skipped" in row} == said
        assert result["counts"]["skipped"] == len(said)
    assert real["counts"]["changed"] == len(real["alerts"]) - len(said)
    assert again["counts"]["changed"] == 0
    for row in real["alerts"]:
        assert row["changed"] is (row["id"] not in said)
        assert row["changed"] or {key: row[key] for key in row["before"]} == row["before"]
    return real


# only_from


def test_other_states_than_those(on: Provider, by: str) -> None:
    ids = [*on.noise(2), *on.noise(1, status=on.states[1])]
    options = {**which(on, by, ids), "only_from": [on.states[0]]}
    said = {ids[2]: f"it is {on.states[1]}, and only_from is {on.states[0]}"}
    fails(on, said, **options)
    skips(on, said, **options)
    assert [on.alert(key).status for key in ids] == [on.states[2], on.states[2], on.states[1]]


def test_states_that_are_let_through(on: Provider, by: str) -> None:
    ids = [*on.noise(1), *on.noise(1, status=on.states[1])]
    runs = four_runs(on.sim, NAME, on.task(**which(on, by, ids), only_from=list(on.states[:2])))
    assert runs.real["counts"]["changed"] == 2


def test_nothing_is_let_through(on: Provider, by: str) -> None:
    (key,) = on.noise()
    fails(on, {key: f"it is {on.states[0]}, and only_from is empty"}, **which(on, by, [key]), only_from=[])


def test_what_is_as_it_should_be_is_in_no_guards_way(on: Provider, by: str) -> None:
    ids = on.noise(2)
    assert on.run(alert_ids=ids)["counts"]["changed"] == 2
    guards = {"only_from": [on.states[0]], "protect_severity": list(on.severities)}
    assert not four_runs(on.sim, NAME, on.task(**which(on, by, ids), **guards)).real["changed"]


# protect_severity


def test_severities_that_are_never_closed(on: Provider, by: str) -> None:
    low, high = on.severities
    ids = [*on.noise(1, severity=low), *on.noise(1, severity=high)]
    options = {**which(on, by, ids), "protect_severity": [high]}
    said = {ids[1]: f"its severity is {high}, which protect_severity keeps from being closed"}
    fails(on, said, **options)
    skips(on, said, **options)


def test_they_may_be_changed_otherwise(on: Provider, by: str) -> None:
    high = on.severities[1]
    ids = on.noise(2, severity=high)
    task = on.task(**which(on, by, ids), protect_severity=[high], status=on.states[1])
    assert four_runs(on.sim, NAME, task).real["counts"]["changed"] == 2


def test_closed_one_may_be_changed_too(on: Provider, by: str) -> None:
    """It would not be closed: it is."""
    high = on.severities[1]
    ids = on.noise(1, severity=high)
    assert on.run(alert_ids=ids)["changed"]
    task = on.task(**which(on, by, ids), protect_severity=[high], **on.other_verdict)
    assert four_runs(on.sim, NAME, task).real["changed"]


def test_severity_as_it_is_and_not_as_it_is_asked_for(server: Provider, by: str) -> None:
    """A task could not close what is protected by calling it harmless in the same breath."""
    ids = server.noise(1, severity="High")
    said = {ids[0]: "its severity is High, which protect_severity keeps from being closed"}
    fails(server, said, **which(server, by, ids), protect_severity=["High"], severity="Low")


# only_assigned_to


def test_somebody_elses(deck: Provider, by: str) -> None:
    mine, other = deck.platform.subjects[:2]
    ids = [deck.noise(1, assignee=who)[0] for who in (mine, other, "")]
    options = {**which(deck, by, ids), "only_assigned_to": [mine]}
    said = {
        ids[1]: f"{other} has it, and only_assigned_to is {mine}",
        ids[2]: f"nobody has it, and only_assigned_to is {mine}",
    }
    fails(deck, said, **options)
    skips(deck, said, **options)


def test_nobodys(deck: Provider, by: str) -> None:
    mine, other = deck.platform.subjects[:2]
    ids = [deck.noise(1, assignee=who)[0] for who in (mine, other, "")]
    said = {ids[1]: f"{other} has it, and only_assigned_to is nobody, {mine}"}
    skips(deck, said, **which(deck, by, ids), only_assigned_to=["", f" {mine} "])


@pytest.mark.parametrize("unset", ["absent", "unspecified"])
def test_only_what_nobody_has(deck: Provider, by: str, unset: str) -> None:
    deck.settings.shows_unset = unset
    subject = deck.platform.subjects[0]
    ids = [deck.noise(1, assignee=who)[0] for who in ("", subject)]
    said = {ids[1]: f"{subject} has it, and only_assigned_to is nobody"}
    skips(deck, said, **which(deck, by, ids), only_assigned_to=[""])


def test_calseta_knows_no_assignees(sim: Simulator, calseta: Params) -> None:
    result = provider("calseta", sim, calseta).run(alert_ids=[], only_assigned_to=[""])
    assert "only_assigned_to is not for provider calseta" in result["msg"]


# All of them


def test_first_objection_is_told(deck: Provider) -> None:
    ids = deck.noise(1, status="IN_PROGRESS", severity="HIGH", assignee=deck.platform.subjects[0])
    guards = {"only_from": ["OPEN"], "only_assigned_to": [""], "protect_severity": ["HIGH"]}
    fails(deck, {ids[0]: "it is IN_PROGRESS, and only_from is OPEN"}, alert_ids=ids, **guards)


@pytest.mark.parametrize(
    ("guards", "says"),
    [
        ({"only_from": ["Shut"]}, "only_from has 'Shut' in it; here it takes STATES"),
        ({"only_from": ["archived", "x"]}, "only_from has 'archived', 'x' in it"),
        ({"protect_severity": ["CRITICAL"]}, "protect_severity has 'CRITICAL' in it; here it takes "),
        ({"on_guard": "warn"}, "on_guard must be one of: fail, skip"),
    ],
)
def test_refused_before_anything_is_sent(on: Provider, guards: Params, says: str) -> None:
    states = "Open, Triaging, Escalated, Closed" if on.name == "calseta" else "OPEN, IN_PROGRESS, NEED_INFO, RESOLVED"
    result = on.run(alert_ids=[], **guards)
    assert result["failed"]
    assert says.replace("STATES", states) in result["msg"]
    assert not on.sim.log


# In the meantime


def moved(on: Provider, key: str, status: str, **which: t.Any) -> Meanwhile:
    """Somebody takes the alert on in the moment that such a request comes in."""

    def happens(_entry: Entry) -> None:
        on.alert(key).status = status

    return Meanwhile(happens, **which)


def test_taken_on_between_the_search_and_the_write(on: Provider) -> None:
    (key,) = on.noise()
    on.sim.faults.add(moved(on, key, on.states[1], path=f"alerts/{key}", method="GET"))
    result = on.run(query=on.query(), only_from=[on.states[0]])
    assert f"it is {on.states[1]}, and only_from is {on.states[0]}" in result["msg"]
    assert not on.sim.log.writes()


def test_given_back_since_the_search_was_indexed(on: Provider) -> None:
    """What a search shows is no reason to object, for it may be behind."""
    (key,) = on.noise(status=on.states[1])
    assert on.run(alert_ids=[key], status=on.states[0])["changed"]
    on.settings.search_lag = 3600.0
    check = on.run(query=on.query(), only_from=[on.states[0]], check=True)
    result = on.run(query=on.query(), only_from=[on.states[0]], on_guard="skip")
    assert predicted(check) == predicted(result)
    assert by_id(result)[key]["changed"]
    assert on.alert(key).status == on.states[2]


@pytest.mark.parametrize("retries", [1, 3])
def test_taken_on_between_a_lost_write_and_its_retry(on: Provider, by: str, retries: int) -> None:
    """The write did not get there. When it is time to send it again, somebody else has the alert."""
    ids = on.noise(2)
    on.sim.faults.add(Fault("close", path=ids[0], writes=True))
    on.sim.faults.add(moved(on, ids[0], on.states[1], path=f"alerts/{ids[0]}", method="GET", nth=2))
    result = on.run(**which(on, by, ids), only_from=[on.states[0]], retries=retries)
    assert result["failed"]
    rows = by_id(result)
    assert "Not tried again: " in rows[ids[0]]["error"]["message"]
    assert f"it is {on.states[1]}" in rows[ids[0]]["error"]["message"]
    assert rows[ids[1]]["changed"] is True
    assert on.platform.writes_of(ids[0]) == 0
    assert on.alert(ids[0]).status == on.states[1]


def test_skip_does_not_hide_what_became_of_a_lost_write(on: Provider) -> None:
    (key,) = on.noise()
    on.sim.faults.add(Fault("close", path=key, writes=True))
    on.sim.faults.add(moved(on, key, on.states[1], path=f"alerts/{key}", method="GET", nth=2))
    result = on.run(alert_ids=[key], only_from=[on.states[0]], on_guard="skip", retries=1)
    assert result["failed"]
    assert "Not tried again: " in by_id(result)[key]["error"]["message"]


def test_lost_write_that_was_done_is_no_reason_to_object(on: Provider, by: str) -> None:
    (key,) = on.noise()
    on.sim.faults.add(Fault("close", path=key, writes=True, when="after"))
    result = on.run(**which(on, by, [key]), only_from=[on.states[0]], retries=1)
    assert not result.get("failed"), result["msg"]
    assert by_id(result)[key]["changed"]
    assert on.platform.writes_of(key) == 1


def test_lost_write_that_nobody_came_between_is_sent_again(on: Provider, by: str) -> None:
    (key,) = on.noise()
    on.sim.faults.add(Fault("close", path=key, writes=True))
    guards: Params = {"only_from": [on.states[0]], "protect_severity": [on.severities[1]]}
    result = on.run(**which(on, by, [key]), **guards, retries=1)
    assert not result.get("failed"), result["msg"]
    assert on.platform.writes_of(key) == 1
