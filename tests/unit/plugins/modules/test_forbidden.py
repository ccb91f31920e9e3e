# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A 403 ends the writes that have the same cause: a key that may only read sends a handful."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.secops.triage.plugins.module_utils._kibana import status, tags_assignees, writable
from ansible_collections.secops.triage.tests.simulator import Simulator
from ansible_collections.secops.triage.tests.unit.harness import Params, by_id, run_module

ALERTS = 60
CONCURRENCY = 4


class Task(t.NamedTuple):
    """A task that writes to each of its alerts, with a credential that may only read."""

    module: str
    platform: str
    credential: str
    name: str
    options: Params


TASKS = {
    "state": Task("signal_state", "datadog", "app_key", "datadog_read_only_app_key", {"state": "archived"}),
    "link": Task("signal_incident_link", "datadog", "app_key", "datadog_read_only_app_key", {}),
    "unlink": Task("signal_incident_link", "datadog", "app_key", "datadog_read_only_app_key", {"state": "absent"}),
    "status": Task("kibana_alert_status", "kibana", "api_key", "kibana_read_only_api_key", {"status": "closed"}),
    "tags": Task("kibana_alert_tags", "kibana", "api_key", "kibana_read_only_api_key", {"tags": ["wave-2"]}),
    "kibana note": Task("alert_note", "kibana", "api_key", "kibana_read_only_api_key", {"text": "Seen"}),
    "deck": Task("alert_update", "security_deck", "iam_token", "iam_read_only_token", {"status": "IN_PROGRESS"}),
    "deck note": Task("alert_note", "security_deck", "iam_token", "iam_read_only_token", {"text": "Seen"}),
    "calseta": Task("alert_update", "calseta", "api_key", "calseta_read_only_key", {"status": "Triaging"}),
    "calseta note": Task("alert_note", "calseta", "api_key", "calseta_read_only_key", {"text": "Seen"}),
}


def ids_of(sim: Simulator, task: Task) -> Params:
    """The option with the ids of the task's alerts, and what else depends on the world."""
    if task.platform == "datadog":
        incident = sim.datadog.incident_ids[0]
        linked = [incident] if "state" in task.options else []
        ids = [sim.datadog.add_signal(incident_ids=linked).id for _each in range(ALERTS)]
        return {"signal_ids": ids, **({"incident_id": incident} if "link" in task.module else {})}
    if task.platform == "kibana":
        return {"alert_ids": [sim.kibana.add_alert() for _each in range(ALERTS)]}
    if task.platform == "calseta":
        return {"alert_ids": [sim.calseta.add_alert().uuid for _each in range(ALERTS)]}
    return {"alert_ids": [sim.security_deck.add_alert(status="OPEN").id for _each in range(ALERTS)]}


@pytest.mark.parametrize("task", TASKS.values(), ids=list(TASKS))
def test_a_key_that_may_only_read_sends_a_handful_of_writes(
    sim: Simulator, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, task: Task
) -> None:
    for module in (writable, status, tags_assignees):
        monkeypatch.setattr(module, "BATCH", 3)
    params = {
        **request.getfixturevalue(task.platform),
        **({"provider": task.platform} if task.module == "alert_note" else {}),
        **ids_of(sim, task),
        **task.options,
        task.credential: getattr(sim.credentials, task.name),
        "concurrency": CONCURRENCY,
    }
    sim.log.clear()
    result = run_module(task.module, params)
    assert result["failed"]
    assert 0 < len(sim.log.writes()) <= 2 * CONCURRENCY
    rows = by_id(result)
    assert {row["changed"] for row in rows.values()} == {False}
    assert {row["error"]["status"] for row in rows.values()} == {403}
    assert {row["error"]["kind"] for row in rows.values()} <= {"refused", "not_sent"}


@pytest.mark.parametrize("task", [TASKS["deck"], TASKS["deck note"]], ids=["update", "note"])
def test_a_sink_that_may_not_be_written_does_not_stop_the_others(
    sim: Simulator, security_deck: Params, task: Task
) -> None:
    shut = [sim.security_deck.add_alert(status="OPEN") for _each in range(ALERTS)]
    for alert in shut:
        alert.sink_id = "fd8anothersink"
    free = [sim.security_deck.add_alert(status="OPEN").id for _each in range(8)]
    sim.settings.security_deck.read_only_sinks = ["fd8anothersink"]
    ids = [*(alert.id for alert in shut), *free]
    sim.log.clear()
    result = run_module(task.module, {**security_deck, **task.options, "alert_ids": ids, "concurrency": CONCURRENCY})
    assert len(sim.log.writes()) <= 2 * CONCURRENCY + len(free)
    rows = by_id(result)
    assert {rows[one]["changed"] for one in free} == {True}
    assert {rows[alert.id]["error"]["status"] for alert in shut} == {403}
    assert {rows[alert.id]["changed"] for alert in shut} == {False}
