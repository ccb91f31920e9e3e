# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The line that says who has changed an alert: left once with each that was changed, and never in the way."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.secops.triage.tests.simulator import Fault, Simulator
from ansible_collections.secops.triage.tests.unit.harness import (
    Params,
    Result,
    by_id,
    four_runs,
    run_module,
    warnings_of,
)

LINE = "Ansible · AWX job 4711"


class Service:
    """A module, with a task that changes an alert, and the notes on it."""

    def __init__(self, sim: Simulator, name: str, connection: Params) -> None:
        self.sim, self.name, self.connection = sim, name, connection
        who = sim.kibana.users[0][0]
        services: dict[str, tuple[str, Params, Params]] = {
            "security_deck": ("alert_update", {"status": "RESOLVED"}, {"status": "RESOLVED"}),
            "calseta": ("alert_update", {"status": "Triaging"}, {"status": "Triaging"}),
            "kibana_alert_status": (name, {"status": "acknowledged"}, {"status": "acknowledged"}),
            "kibana_alert_tags": (name, {"tags": ["wave-2"]}, {"kibana.alert.workflow_tags": ["wave-2"]}),
            "kibana_alert_assignees": (name, {"assignees": [who]}, {"kibana.alert.workflow_assignee_ids": [who]}),
        }
        self.module, self.change, self.done = services[name]

    def alert(self, *, done: bool = False) -> str:
        fields = self.done if done else {}
        if self.name == "security_deck":
            return str(self.sim.security_deck.add_alert(**fields).id)
        if self.name == "calseta":
            return str(self.sim.calseta.add_alert(**fields).uuid)
        return self.sim.kibana.add_alert(**fields)

    def lines(self, alert_id: str) -> list[str]:
        if self.name == "security_deck":
            return [comment["text"] for comment in self.sim.security_deck.alerts[alert_id].comments]
        if self.name == "calseta":
            return [finding["summary"] for finding in self.sim.calseta.alerts[alert_id].findings]
        return [note["note"] for note in self.sim.kibana.notes["default"] if note["eventId"] == alert_id]

    def task(self, ids: t.Sequence[str], **options: t.Any) -> Params:
        return {**self.connection, "alert_ids": list(ids), **self.change, "provenance": "AWX job 4711", **options}

    def run(self, ids: t.Sequence[str], **options: t.Any) -> Result:
        return run_module(self.module, self.task(ids, **{"retries": 0, **options}))


@pytest.fixture(
    params=["security_deck", "calseta", "kibana_alert_status", "kibana_alert_tags", "kibana_alert_assignees"]
)
def service(request: pytest.FixtureRequest, sim: Simulator) -> Service:
    sim.settings.security_deck.operation_seconds = 0
    return Service(sim, request.param, request.getfixturevalue(request.param.partition("_alert")[0]))


#: The writes that leave a line.
NOTES = r"/(comments|findings|note)$"


def test_line_is_left_once_with_what_was_changed(service: Service) -> None:
    new, done = service.alert(), service.alert(done=True)
    runs = four_runs(service.sim, service.module, service.task([new, done]))
    assert (service.lines(new), service.lines(done)) == ([LINE], [])
    assert len(runs.writes) == 2
    assert "provenance_error" not in by_id(runs.real)[new]


def test_every_change_is_told(service: Service) -> None:
    alert_id = service.alert()
    service.run([alert_id])
    assert not service.run([alert_id], provenance="AWX job 4712")["changed"]
    assert service.lines(alert_id) == [LINE]
    others: dict[str, Params] = {
        "kibana_alert_status": {"status": "closed"},
        "kibana_alert_assignees": {"assignees": ["bruno"]},
        "security_deck": {"classification": "UNDETERMINED"},
    }
    service.run([alert_id], **others.get(service.name, {"tags": ["wave-3"]}), provenance="AWX job 4713")
    assert service.lines(alert_id) == [LINE, "Ansible · AWX job 4713"]


@pytest.mark.parametrize("provenance", ["none", ""])
def test_no_line_is_left_unless_it_is_asked_for(service: Service, provenance: str) -> None:
    alert_id = service.alert()
    assert service.run([alert_id], provenance=provenance)["changed"]
    assert not service.lines(alert_id)


@pytest.mark.versions
def test_auto_without_an_action_plugin(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JOB_ID", "4711")
    monkeypatch.setenv("AWX_PRIVATE_DATA_DIR", "/runner")
    alert_id = service.alert()
    service.run([alert_id], provenance="auto")
    assert service.lines(alert_id) == [LINE]


@pytest.mark.versions
def test_secret_of_the_task_is_in_no_line(service: Service) -> None:
    """As where a template is called as its own key, or the wrong variable was given."""
    secret = next(service.connection[name] for name in ("api_key", "iam_token") if name in service.connection)
    alert_id = service.alert()
    result = service.run([alert_id], provenance=f"job {secret} of the night")
    assert service.lines(alert_id) == ["Ansible · job ******** of the night"]
    assert not result.get("warnings")
    assert not service.run([alert_id], provenance=f"job {secret} of the night")["changed"]


def test_line_is_refused_before_anything_is_sent(service: Service) -> None:
    result = service.run([service.alert()], provenance="two\nlines")
    assert result["failed"]
    assert "provenance must be one line" in result["msg"]
    assert not service.sim.log


@pytest.mark.parametrize("status", [400, 403, 404, 429, 500])
def test_line_that_cannot_be_left_fails_nothing(service: Service, status: int) -> None:
    service.sim.faults.add(Fault("status", status=status, writes=True, path=NOTES, count=None, nth=2))
    ids = [service.alert(), service.alert()]
    result = service.run(ids, concurrency=1)
    assert not result.get("failed"), result["msg"]
    assert result["counts"]["changed"] == 2
    assert [key in row for row in by_id(result).values() for key in ["provenance_error"]] == [False, True]
    assert str(status) in by_id(result)[ids[1]]["provenance_error"]
    (warning,) = warnings_of(result)
    assert "1 alerts were changed, but provenance could not be left with them" in warning


def test_guards_do_not_look_at_what_the_task_itself_has_changed(service: Service) -> None:
    """Where the line has to be sent again, the alert is no longer in the state that it was to be moved from."""
    service.sim.faults.add(Fault("status", status=429, wait_form="retry_after", wait=0.05, writes=True, path=NOTES))
    present = {"security_deck": "OPEN", "calseta": "Open"}.get(service.name, "open")
    alert_id = service.alert()
    mine = {"only_assigned_to": [""]} if service.name == "kibana_alert_assignees" else {}
    result = service.run([alert_id], retries=1, only_from=[present], **mine)
    assert "provenance_error" not in by_id(result)[alert_id]
    assert service.lines(alert_id) == [LINE]


@pytest.mark.parametrize("service", ["security_deck", "calseta"], indirect=True)
def test_line_is_left_with_those_that_were_changed_where_others_failed(service: Service) -> None:
    ids = [service.alert() for _number in range(3)]
    service.sim.faults.add(Fault("status", status=400, writes=True, path=ids[1]))
    result = service.run(ids)
    assert result["failed"]
    assert [service.lines(alert_id) for alert_id in ids] == [[LINE], [], [LINE]]


@pytest.mark.parametrize("action", ["close", "reset", "truncate", "html"])
def test_line_whose_answer_was_lost_is_there_once(service: Service, action: str) -> None:
    alert_id = service.alert()
    service.sim.faults.add(Fault(action, writes=True, path=NOTES, when="after"))
    result = service.run([alert_id], retries=2)
    assert not result.get("warnings")
    assert service.lines(alert_id) == [LINE]


def test_no_line_where_nobody_knows_what_became_of_the_change(service: Service) -> None:
    alert_id = service.alert()
    service.sim.faults.add(Fault("status", status=502, writes=True, count=None))
    result = service.run([alert_id])
    assert result["failed"]
    assert not service.lines(alert_id)


def test_no_line_for_what_a_guard_has_left_alone(service: Service) -> None:
    alert_id = service.alert()
    assert service.run([alert_id], only_from=[], on_guard="skip")["counts"]["skipped"] == 1
    assert not service.lines(alert_id)
    assert not service.sim.log.writes()
