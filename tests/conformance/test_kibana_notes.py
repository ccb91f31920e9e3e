# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Notes, crosswise: kibana-py reads what alert_note has written, and alert_note finds what kibana-py has."""

from __future__ import annotations

import typing as t

import pytest
from kibana import Kibana

from ansible_collections.secops.triage.tests.simulator import Simulator
from ansible_collections.secops.triage.tests.unit.harness import Params, four_runs, run_module

TEXT = "The host was taken off the network."


@pytest.fixture
def client(sim: Simulator) -> t.Iterator[Kibana]:
    with Kibana(hosts=sim.kibana.url, api_key=sim.credentials.kibana_api_key) as client:
        yield client


@pytest.fixture
def task(sim: Simulator, kibana: Params) -> Params:
    return {**kibana, "provider": "kibana", "alert_ids": [sim.kibana.add_alert()], "text": TEXT}


def texts(client: Kibana, alert_id: str) -> list[str]:
    """What the client sees of an alert's notes."""
    found = client.timeline.get_notes(document_ids=alert_id)
    assert found["totalCount"] == len(found["notes"])
    assert {note["eventId"] for note in found["notes"]} <= {alert_id}
    return [note["note"] for note in found["notes"]]


def test_the_client_reads_what_the_module_has_written(sim: Simulator, client: Kibana, task: Params) -> None:
    (alert_id,) = task["alert_ids"]
    assert texts(client, alert_id) == []
    runs = four_runs(sim, "alert_note", task)
    assert runs.real["changed"]
    assert texts(client, alert_id) == [TEXT]


def test_the_module_finds_what_the_client_has_written(sim: Simulator, client: Kibana, task: Params) -> None:
    (alert_id,) = task["alert_ids"]
    made = client.timeline.create_note(note={"eventId": alert_id, "note": TEXT, "timelineId": ""})
    assert made["note"]["noteId"]
    assert made["note"]["version"]
    sim.log.clear()
    result = run_module("alert_note", task)
    assert not result["changed"]
    assert not sim.log.writes()
    assert texts(client, alert_id) == [TEXT]
