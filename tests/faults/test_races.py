# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An analyst, or another task, who changes an alert while a task is at it: the report is true, whoever wins."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.secops.triage.tests.simulator import Fault, Simulator
from ansible_collections.secops.triage.tests.simulator.datadog_signals import Signal
from ansible_collections.secops.triage.tests.unit.harness import Params, by_id, counts_of, rows, run_module

from .concurrent_tasks import meanwhile, only


def triage(signal: Signal, **fields: t.Any) -> t.Callable[[], None]:
    """What an analyst does to a signal in Datadog's own pages."""

    def change() -> None:
        for name, value in fields.items():
            setattr(signal, name, value)
        signal.version += 1

    return change


@pytest.fixture
def signal(sim: Simulator) -> Signal:
    return sim.datadog.add_signal(version=5)


@pytest.fixture
def archive(datadog: Params, signal: Signal) -> Params:
    return {**datadog, "signal_ids": [signal.id], "state": "archived", "retries": 1}


# An analyst, and a service that knows no conflict, or is not asked to look for one


def test_without_a_version_the_last_write_wins_and_the_report_says_what_it_left(
    sim: Simulator, archive: Params, signal: Signal
) -> None:
    meanwhile(sim, triage(signal, state="under_review", archive_comment="Mine"))
    result = run_module("signal_state", archive)
    assert only(result)["changed"] is True
    # The comment is the analyst's: the task did not ask for one, so it sent none.
    assert (only(result)["state"], only(result)["archive_comment"]) == ("archived", "Mine")
    assert result["diff"][0]["before"]["state"] == "open"
    assert (signal.state, signal.archive_comment) == ("archived", "Mine")


def test_calseta_and_security_deck_know_no_versions(sim: Simulator, calseta: Params, security_deck: Params) -> None:
    one, other = sim.calseta.add_alert(severity="Low"), sim.security_deck.add_alert(status="OPEN", severity="LOW")
    sim.settings.security_deck.poll_interval = 0.02
    meanwhile(sim, lambda: vars(one).update(status="Escalated", severity="High"), platform="calseta", writes=True)
    meanwhile(sim, lambda: vars(other).update(status="NEED_INFO", severity="HIGH"), method="PATCH", path="/alerts/v1/")
    row = only(run_module("alert_update", {**calseta, "alert_ids": [one.uuid], "status": "Triaging"}))
    assert (row["changed"], row["status"], row["severity"]) == (True, "Triaging", "High")
    row = only(run_module("alert_update", {**security_deck, "alert_ids": [other.id], "status": "RESOLVED"}))
    assert (row["changed"], row["status"], row["severity"]) == (True, "RESOLVED", "HIGH")


def test_who_took_the_same_step_first_is_not_robbed_of_it(sim: Simulator, security_deck: Params) -> None:
    alert = sim.security_deck.add_alert(status="OPEN")
    meanwhile(sim, lambda: setattr(alert, "status", "RESOLVED"))
    # The service refuses what would change nothing; the alert is as the task wants it all the same.
    result = run_module("alert_update", {**security_deck, "alert_ids": [alert.id], "status": "RESOLVED"})
    assert not result.get("failed"), result["msg"]
    assert (result["changed"], only(result)["status"]) == (False, "RESOLVED")
    assert not result["diff"]


def test_what_cannot_be_asked_for_any_more_hides_no_other_report(sim: Simulator, calseta: Params) -> None:
    """Calseta closes nothing without a classification; this alert was closed without one, and is reopened."""
    closed = sim.calseta.add_alert(status="Closed", close_classification=None)
    other = sim.calseta.add_alert(status="Closed", close_classification="Duplicate")
    meanwhile(sim, lambda: setattr(closed, "status", "Open"), method="PATCH", path=closed.uuid)
    sim.faults.add(Fault("close", method="PATCH", path=closed.uuid))
    task = {**calseta, "alert_ids": [closed.uuid, other.uuid], "status": "Closed", "severity": "High"}
    result = run_module("alert_update", {**task, "retries": 1})
    reopened, fine = rows(result)
    assert (fine["changed"], fine["severity"]) == (True, "High")
    assert reopened["changed"] is None
    assert reopened["status"] == "Open"
    assert "close_classification is needed" in reopened["error"]["message"]


def test_an_answer_lost_and_an_analyst_who_takes_the_change_back(
    sim: Simulator, archive: Params, signal: Signal
) -> None:
    """Nobody can tell this from a write that was lost on its way: it is sent again."""
    sim.faults.add(Fault("close", writes=True, when="after"))
    meanwhile(sim, triage(signal, state="open"), method="GET", nth=2)
    result = run_module("signal_state", archive)
    assert (result["changed"], signal.state) == (True, "archived")
    assert len(sim.log.writes()) == 2


@pytest.mark.parametrize("answer", ["close", "html"])
def test_an_answer_lost_and_an_analyst_who_wants_something_else(
    sim: Simulator, archive: Params, signal: Signal, answer: str
) -> None:
    sim.faults.add(Fault(answer, writes=True, count=None))
    meanwhile(sim, triage(signal, state="under_review"), method="GET", nth=3)
    result = run_module("signal_state", archive)
    # That the signal has changed is plain; that the task did it is not.
    assert only(result)["changed"] is None
    assert only(result)["state"] == "under_review"
    assert not result["diff"]


# Datadog's version


@pytest.mark.parametrize("status", [409, 400])
def test_with_a_version_the_task_yields_and_shows_what_the_analyst_did(
    sim: Simulator, archive: Params, signal: Signal, status: int
) -> None:
    sim.settings.datadog.conflict_status = status
    meanwhile(sim, triage(signal, state="under_review", archive_comment="Mine"))
    result = run_module("signal_state", {**archive, "version": 5})
    assert result["failed"]
    assert result["changed"] is False
    row = only(result)
    assert (row["changed"], row["state"], row["archive_comment"]) == (False, "under_review", "Mine")
    assert "version 5 was sent, and the signal is at version 6" in row["error"]["hint"]
    assert "Nothing was changed" in result["msg"]
    assert not sim.datadog.changes_of(signal.id)


def test_with_a_version_many_signals_are_told_apart(sim: Simulator, archive: Params, signal: Signal) -> None:
    others = [sim.datadog.add_signal(version=5).id for _each in range(3)]
    meanwhile(sim, triage(signal, state="under_review"))
    result = run_module("signal_state", {**archive, "signal_ids": [*others, signal.id], "version": 5})
    row = by_id(result)[signal.id]
    # The bulk answer leaves it out, which may mean anything; the call of its own is refused.
    assert row["changed"] is None
    assert row["state"] == "under_review"
    assert "at version 6" in row["error"]["hint"]
    assert [by_id(result)[other]["changed"] for other in others] == [True] * 3
    assert result["counts"] == counts_of(4, changed=3, failed=1, unconfirmed=1)


def test_with_a_version_the_same_step_of_an_analyst_is_no_conflict(
    sim: Simulator, archive: Params, signal: Signal
) -> None:
    meanwhile(sim, triage(signal, state="archived"))
    result = run_module("signal_state", {**archive, "version": 5})
    assert not result.get("failed"), result["msg"]
    assert (result["changed"], only(result)["state"]) == (False, "archived")


# Links to incidents


def test_a_link_that_somebody_makes_meanwhile_stays(sim: Simulator, datadog: Params, signal: Signal) -> None:
    ours, theirs = sim.datadog.incident_ids[:2]
    task = {**datadog, "signal_ids": [signal.id], "incident_id": ours}
    meanwhile(sim, triage(signal, incident_ids=[theirs]))
    row = only(run_module("signal_incident_link", task))
    assert (row["changed"], row["incident_ids"]) == (True, [theirs, ours])
    # To take one away rewrites the list: it is read once more just before.
    sim.faults.clear()
    sim.log.clear()
    third = sim.datadog.incident_ids[2]
    meanwhile(sim, triage(signal, incident_ids=[theirs, ours, third]), method="GET", nth=2)
    row = only(run_module("signal_incident_link", {**task, "state": "absent"}))
    assert (row["changed"], row["incident_ids"]) == (True, [theirs, third])


def test_a_link_that_somebody_takes_away_meanwhile_is_not_the_tasks_doing(
    sim: Simulator, datadog: Params, signal: Signal
) -> None:
    signal.incident_ids = sim.datadog.incident_ids[:2]
    ours, theirs = signal.incident_ids
    meanwhile(sim, triage(signal, incident_ids=[theirs]), method="GET", nth=2)
    task = {**datadog, "signal_ids": [signal.id], "incident_id": ours, "state": "absent"}
    result = run_module("signal_incident_link", task)
    assert not result.get("failed"), result["msg"]
    assert (result["changed"], only(result)["incident_ids"]) == (False, [theirs])
    assert not sim.log.writes()


def test_a_version_keeps_links_from_being_lost(sim: Simulator, datadog: Params, signal: Signal) -> None:
    signal.incident_ids = sim.datadog.incident_ids[:1]
    both = sim.datadog.incident_ids[:2]
    meanwhile(sim, triage(signal, incident_ids=both))
    task = {**datadog, "signal_ids": [signal.id], "incident_id": both[0], "state": "absent", "version": 5}
    row = only(run_module("signal_incident_link", task))
    assert (row["changed"], row["incident_ids"]) == (False, both)
    assert "at version 6" in row["error"]["hint"]
    assert signal.incident_ids == both
