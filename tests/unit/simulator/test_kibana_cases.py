# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The quirks of Kibana's cases, as its API page and its source tell them."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.secops.triage.tests.simulator import Simulator
from ansible_collections.secops.triage.tests.unit.simulator.client import Client

Body = dict[str, t.Any]
CASES = "/api/cases"
OWNER = "securitySolution"
STATUS, CASE_IDS = "kibana.alert.workflow_status", "kibana.alert.case_ids"
NEW: Body = {
    "title": "Stolen keys",
    "description": "Found in a paste",
    "tags": ["keys"],
    "owner": OWNER,
    "settings": {"syncAlerts": False},
    "connector": {"id": "none", "name": "none", "type": ".none", "fields": None},
}


def attach(kibana: Client, case_id: str, *alerts: str, status: int = 200, **more: t.Any) -> Body:
    body: Body = {
        "type": "alert",
        "owner": OWNER,
        "alertId": list(alerts),
        "index": ["i"] * len(alerts),
        "rule": {"id": "r", "name": "A rule"},
        **more,
    }
    answer: Body = kibana.ask("POST", f"{CASES}/{case_id}/comments", body, status)
    return answer


def test_a_case_is_made_on_each_call(sim: Simulator, kibana: Client) -> None:
    first, second = (kibana.ask("POST", CASES, {**NEW, "severity": "high"}) for _each in range(2))
    assert first["id"] != second["id"]
    assert (first["status"], first["severity"], first["totalAlerts"]) == ("open", "high", 0)
    assert kibana.ask("GET", f"{CASES}/{first['id']}") == first
    assert kibana.ask("GET", f"{CASES}/_find", params={"owner": OWNER})["total"] == 2
    # Each space has its own.
    assert kibana.ask("GET", f"/s/soc-lab{CASES}/_find")["total"] == 0
    assert kibana.ask("GET", f"/s/soc-lab{CASES}/{first['id']}", status=404)["statusCode"] == 404


@pytest.mark.parametrize(
    "change",
    [{"title": " "}, {"title": "x" * 161}, {"severity": "x"}, {"status": "open"}, {"unknown": 1}, {"owner": ...}],
)
def test_a_case_that_is_refused(sim: Simulator, kibana: Client, change: Body) -> None:
    body = {name: value for name, value in {**NEW, **change}.items() if value is not ...}
    kibana.ask("POST", CASES, body, 400)
    assert not sim.kibana.cases


def test_a_search_finds_words(sim: Simulator, kibana: Client) -> None:
    ids = [sim.kibana.add_case(title) for title in ("Stolen keys", "Keys stolen again", "Phishing")]
    sim.kibana.add_case("Stolen keys", owner="cases")
    params: Body = {"owner": OWNER, "search": '"stolen keys"', "searchFields": "title", "perPage": 1}
    first = kibana.ask("GET", f"{CASES}/_find", params=params)
    second = kibana.ask("GET", f"{CASES}/_find", params={**params, "page": 2})
    # The newest first, and not only those whose whole title it is.
    assert [one["id"] for one in (*first["cases"], *second["cases"])] == [ids[1], ids[0]]
    assert (first["total"], first["count_open_cases"], first["count_closed_cases"]) == (2, 2, 0)
    kibana.ask("GET", f"{CASES}/_find", params={"perPage": 101}, status=400)


def test_a_change_names_the_version(sim: Simulator, kibana: Client) -> None:
    case_id = sim.kibana.add_case("Stolen keys")
    version = kibana.ask("GET", f"{CASES}/{case_id}")["version"]
    change: Body = {"id": case_id, "version": version, "status": "in-progress"}
    (changed,) = kibana.ask("PATCH", CASES, {"cases": [change]})
    assert (changed["status"], changed["closed_at"]) == ("in-progress", None)
    now = {**change, "version": changed["version"]}
    kibana.ask("PATCH", CASES, {"cases": [{**change, "status": "closed"}]}, 409)
    kibana.ask("PATCH", CASES, {"cases": [now]}, 406)
    kibana.ask("PATCH", CASES, {"cases": [{**now, "id": "x"}]}, 404)
    kibana.ask("PATCH", CASES, {"cases": [{**now, "status": "done"}]}, 400)
    (closed,) = kibana.ask("PATCH", CASES, {"cases": [{**now, "status": "closed"}]})
    assert closed["closed_at"]


@pytest.mark.parametrize("twice", [False, True])
def test_alerts_are_attached_once_on_newer_servers(sim: Simulator, kibana: Client, twice: bool) -> None:
    sim.settings.kibana.attaches_alerts_twice = twice
    case_id, alerts = sim.kibana.add_case("Stolen keys"), [sim.kibana.add_alert() for _each in range(2)]
    assert attach(kibana, case_id, alerts[0])["totalAlerts"] == 1
    assert attach(kibana, case_id, *alerts)["totalAlerts"] == 2
    listed = [one["id"] for one in kibana.ask("GET", f"{CASES}/{case_id}/alerts")]
    assert listed == ([alerts[0], *alerts] if twice else alerts)
    assert [one["id"] for one in kibana.ask("GET", f"{CASES}/alerts/{alerts[1]}", params={"owner": OWNER})] == [case_id]
    assert sim.kibana.alerts()[alerts[1]][CASE_IDS] == [case_id]
    assert sim.kibana.alerts()[alerts[1]][STATUS] == "open"


def test_alerts_that_are_not_attached(sim: Simulator, kibana: Client) -> None:
    case_id, alert = sim.kibana.add_case("Stolen keys"), sim.kibana.add_alert()
    attach(kibana, case_id, alert, owner="cases", status=400)
    attach(kibana, case_id, alert, index=[], status=400)
    attach(kibana, case_id, alert, rule={"id": "r"}, status=400)
    attach(kibana, case_id, status=400)
    attach(kibana, "no-such-case", alert, status=404)
    assert "maximum allowed number (1000)" in attach(kibana, case_id, *map(str, range(1001)), status=400)["message"]
    closed = sim.kibana.add_case("Closed", status="closed")
    assert attach(kibana, closed, alert, status=400)["message"] == "Alert cannot be attached to a closed case"
    assert not sim.kibana.alerts_of(case_id)


def test_one_attachment_is_taken_off(sim: Simulator, kibana: Client) -> None:
    """The alerts that were attached by one request are one attachment."""
    case_id, alerts = sim.kibana.add_case("Stolen keys"), [sim.kibana.add_alert() for _each in range(3)]
    attach(kibana, case_id, *alerts[:2])
    attach(kibana, case_id, alerts[2])
    comments = kibana.ask("GET", f"{CASES}/{case_id}/comments/_find")["comments"]
    assert [one["alertId"] for one in comments] == [alerts[:2], alerts[2:]]
    gone = kibana("DELETE", f"{CASES}/{case_id}/comments/{comments[0]['id']}")
    assert gone.status_code == 204
    assert sim.kibana.alerts_of(case_id) == alerts[2:]
    assert not sim.kibana.alerts()[alerts[0]][CASE_IDS]
    kibana.ask("DELETE", f"{CASES}/{case_id}/comments/{comments[0]['id']}", status=404)


def test_a_case_may_hand_its_status_on(sim: Simulator, kibana: Client) -> None:
    """So closing a case can close its alerts."""
    case_id = sim.kibana.add_case("Stolen keys", settings={"syncAlerts": True}, status="in-progress")
    alert = sim.kibana.add_alert()
    attach(kibana, case_id, alert)
    assert sim.kibana.alerts()[alert][STATUS] == "acknowledged"
    version = kibana.ask("GET", f"{CASES}/{case_id}")["version"]
    kibana.ask("PATCH", CASES, {"cases": [{"id": case_id, "version": version, "status": "closed"}]})
    assert sim.kibana.alerts()[alert][STATUS] == "closed"
    assert alert in sim.log[-1].changed


def test_reads_of_cases_may_lag(sim: Simulator, kibana: Client) -> None:
    sim.settings.kibana.read_lag = float("inf")
    case_id, alert = sim.kibana.add_case("Stolen keys"), sim.kibana.add_alert()
    attach(kibana, case_id, alert)
    made = kibana.ask("POST", CASES, NEW)["id"]
    assert kibana.ask("GET", f"{CASES}/{case_id}/alerts") == []
    kibana.ask("GET", f"{CASES}/{made}", status=404)
    sim.settings.kibana.read_lag = 0.0
    assert [one["id"] for one in kibana.ask("GET", f"{CASES}/{case_id}/alerts")] == [alert]
    assert kibana.ask("GET", f"{CASES}/{made}")["id"] == made
