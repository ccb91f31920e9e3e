# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads that are behind: they show what was before a write, while the write's own answer shows what is now."""

from __future__ import annotations

import time
import typing as t

import pytest

from ansible_collections.secops.triage.tests.simulator import Simulator
from ansible_collections.secops.triage.tests.unit.simulator.alerts import OnPlatform
from ansible_collections.secops.triage.tests.unit.simulator.client import Client

FOREVER = float("inf")


def test_no_read_lags_unless_told(on: OnPlatform) -> None:
    on.write()
    on.add()
    assert (on.read(), on.listed(), on.added_things()) == (on.closed, on.closed, 1)


def test_until_it_is_released(on: OnPlatform) -> None:
    on.platform.settings.read_lag = FOREVER
    assert on.write().status_code == 200
    assert on.add().status_code in (200, 201)
    assert on.state == on.closed
    assert (on.read(), on.listed(), on.added_things()) == (on.open, on.open, 0)
    on.platform.settings.read_lag = 0.0
    assert (on.read(), on.listed(), on.added_things()) == (on.closed, on.closed, 1)


def test_for_some_seconds(on: OnPlatform) -> None:
    on.platform.settings.read_lag = 0.5
    on.write()
    assert (on.read(), on.listed()) == (on.open, on.open)
    time.sleep(0.6)
    assert (on.read(), on.listed()) == (on.closed, on.closed)


def test_what_was_before_the_lag_is_seen(on: OnPlatform) -> None:
    on.add()
    on.platform.settings.read_lag = FOREVER
    on.write()
    on.add()
    assert (on.read(), on.added_things()) == (on.open, 1)


def test_for_some_reads(sim: Simulator, on: OnPlatform) -> None:
    on.write()
    sim.faults.add("stale", platform=on.name, count=2)
    assert [on.read() for _read in range(3)] == [on.open, on.open, on.closed]
    on.add()
    sim.faults.add("stale", platform=on.name, count=None)
    assert [on.added_things() for _read in range(3)] == [0, 0, 0]
    sim.faults.clear()
    assert on.added_things() == 1


def test_answers_of_writes_show_what_is_now(sim: Simulator, datadog: Client, calseta: Client) -> None:
    sim.settings.datadog.read_lag = sim.settings.calseta.read_lag = FOREVER
    signal, alert = sim.datadog.add_signal(), sim.calseta.add_alert(severity="High")
    path = f"/api/v2/security_monitoring/signals/{signal.id}"
    answer = datadog.ask("PATCH", f"{path}/state", {"data": {"attributes": {"state": "archived"}}})
    assert answer["data"]["attributes"]["state"] == "archived"
    assert datadog.ask("GET", path)["data"]["attributes"]["version"] == 1
    assert calseta.ask("PATCH", f"/v1/alerts/{alert.uuid}", {"severity": "Low"})["data"]["severity"] == "Low"


def test_an_operation_is_done_before_reads_show_it(sim: Simulator, security_deck: Client) -> None:
    alert = sim.security_deck.add_alert()
    sim.settings.security_deck.read_lag, sim.settings.security_deck.operation_seconds = FOREVER, 0
    path = f"/securitydeck/alerts/v1/alerts/{alert.id}"
    operation = security_deck.ask("PATCH", path, {"updateMask": "status", "status": "RESOLVED"})
    assert (operation["done"], operation["response"]["status"]) == (True, "RESOLVED")
    assert security_deck.ask("GET", path)["status"] == "OPEN"


@pytest.mark.parametrize(
    ("path", "body", "key", "shown"),
    [
        ("tags", {"tags": {"tags_to_add": ["a"], "tags_to_remove": []}}, "kibana.alert.workflow_tags", ["a"]),
        ("assignees", {"assignees": {"add": ["u_1"], "remove": []}}, "kibana.alert.workflow_assignee_ids", ["u_1"]),
    ],
)
def test_tags_and_assignees_lag(
    sim: Simulator, kibana: Client, path: str, body: dict[str, t.Any], key: str, shown: list[str]
) -> None:
    def read() -> t.Any:
        found = kibana.ask("POST", "/api/detection_engine/signals/search", {"query": {"ids": {"values": [alert]}}})
        return found["hits"]["hits"][0]["_source"][key]

    alert = sim.kibana.add_alert()
    sim.settings.kibana.read_lag = FOREVER
    assert kibana.ask("POST", f"/api/detection_engine/signals/{path}", {"ids": [alert], **body})["updated"] == 1
    assert read() == []
    sim.settings.kibana.read_lag = 0.0
    assert read() == shown


def test_legacy_alerts_lag_too(sim: Simulator, kibana: Client) -> None:
    alert = sim.kibana.add_alert(legacy=True)
    sim.settings.kibana.read_lag = FOREVER
    kibana.ask("POST", "/api/detection_engine/signals/status", {"status": "closed", "signal_ids": [alert]})
    found = kibana.ask("POST", "/api/detection_engine/signals/search", {"query": {"ids": {"values": [alert]}}})
    assert found["hits"]["hits"][0]["_source"]["signal"]["status"] == "open"
    assert sim.kibana.overview()[alert]["status"] == "closed"


def test_other_processes_set_it(sim: Simulator, session: t.Any) -> None:
    client = Client(session, f"{sim.url}/_simulator", {})
    settings = client.ask("PATCH", "/settings", {"datadog": {"read_lag": 2.5}})
    assert (settings["datadog"]["read_lag"], sim.settings.datadog.read_lag) == (2.5, 2.5)
    sim.reset()
    assert sim.settings.datadog.read_lag == 0
