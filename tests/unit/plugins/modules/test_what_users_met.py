# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What users have given, or met, and got a wrong result or an error that did not help for."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.secops.triage.tests.simulator import Fault, Simulator
from ansible_collections.secops.triage.tests.unit.harness import Params, by_id, four_runs, rows, run_module


@pytest.mark.parametrize("reason", ["other", "true_positive_benign"])
def test_an_open_signal_has_no_reason(sim: Simulator, datadog: Params, reason: str) -> None:
    task = {**datadog, "signal_ids": sim.datadog.ids()[:1], "state": "open", "archive_reason": reason}
    result = run_module("signal_state", task)
    assert (result["failed"], result["error"]["kind"]) == (True, "option")
    assert "state is open" in result["msg"]
    assert not sim.log


def test_an_empty_reason_is_none(sim: Simulator, datadog: Params) -> None:
    """As Datadog may show it."""
    signal = sim.datadog.add_signal(state="archived", archive_comment="Drill")
    parts = {part: {"workflow": {"triage": {"archiveReason": ""}}} for part in ("custom", "gated")}
    sim.faults.add(Fault("merge", path=f"{signal.id}$", body={"data": {"attributes": parts}}, count=None))
    runs = four_runs(sim, "signal_state", {**datadog, "signal_ids": signal.id, "archive_reason": "none"})
    assert rows(runs.real)[0]["archive_reason"] == "none"
    assert not runs.real["changed"]


@pytest.mark.parametrize("named", [{}, {"query": {"match_all": {}}}], ids=["ids", "query"])
def test_an_alert_without_a_status_hides_no_other(sim: Simulator, kibana: Params, named: Params) -> None:
    """It is shown, without one; a write is an error of it alone."""
    sim.reset(alerts=0)
    odd, other = sim.kibana.add_alert(status=None), sim.kibana.add_alert()
    where = named or {"alert_ids": [odd, other]}
    shown = run_module("kibana_alert_info", {**kibana, **where})
    assert not shown.get("failed"), shown.get("msg")
    assert {key: row["status"] for key, row in by_id(shown).items()} == {odd: None, other: "open"}
    unbounded = {"allow_unbounded": True} if named else {}
    written = run_module("kibana_alert_status", {**kibana, **where, **unbounded, "status": "closed"})
    assert written["failed"]
    assert written["error"]["kind"] == "unreadable"
    assert by_id(written)[other]["status"] == "closed"
    assert (by_id(written)[odd]["status"], by_id(written)[odd]["changed"]) == (None, False)


@pytest.mark.parametrize("given", ["?token=Zq7Wk3xLr9Mb", "#Zq7Wk3xLr9Mb", "?", "\\Zq7Wk3xLr9Mb"])
def test_an_address_with_a_query_is_not_repeated(sim: Simulator, calseta: Params, given: str) -> None:
    """It may be a token."""
    task: Params = {"provider": "calseta", "alert_ids": [sim.calseta.add_alert().uuid], "severity": "High"}
    result = run_module("alert_update", {**calseta, **task, "api_url": f"https://calseta.example.com/{given}"})
    assert result["failed"]
    assert "without a query" in result["msg"]
    assert "Zq7Wk3xLr9Mb" not in f"{result['msg']}{result['error']}"
    assert not sim.log


@pytest.mark.parametrize("empty", ["", [""], []])
def test_an_empty_text_is_no_tag(sim: Simulator, calseta: Params, empty: t.Any) -> None:
    """As a survey of AWX has it where nothing was filled in."""
    alert = sim.calseta.add_alert(tags=["a", "b"])
    task: Params = {"provider": "calseta", "alert_ids": [alert.uuid], "tags": empty}
    runs = four_runs(sim, "alert_update", {**calseta, **task})
    assert rows(runs.real)[0]["tags"] == alert.tags == []


@pytest.mark.parametrize("option", [{"severity": "High"}, {"tags": ["a"]}], ids=["severity", "tags"])
def test_security_deck_takes_no_severity_and_no_tags(sim: Simulator, security_deck: Params, option: Params) -> None:
    """No page of its API has them."""
    alert = sim.security_deck.add_alert()
    task = {"provider": "security_deck", "alert_ids": [alert.id], **option}
    result = run_module("alert_update", {**security_deck, **task})
    assert (result["failed"], result["error"]["kind"]) == (True, "option")
    assert f"{next(iter(option))} is not for provider security_deck" in result["msg"]
    assert not sim.log
    shown = run_module("alert_info", {**security_deck, "provider": "security_deck", "alert_ids": [alert.id]})
    assert "tags" not in rows(shown)[0]
