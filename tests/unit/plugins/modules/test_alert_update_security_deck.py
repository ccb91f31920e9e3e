# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Alerts of Security Deck: what is compared, what the mask names, and what is refused."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.secops.triage.tests.simulator import Fault, Simulator
from ansible_collections.secops.triage.tests.unit.harness import Params, Result, by_id, counts_of, four_runs, run_module

NAME = "alert_update"
ID = "fv4example0000000001"


@pytest.fixture
def deck(sim: Simulator, security_deck: Params) -> Params:
    """A task for Security Deck, where every operation is done at once."""
    sim.settings.security_deck.operation_seconds = 0
    return {**security_deck, "retries": 1}


def run(deck: Params, *, check: bool = False, **options: t.Any) -> Result:
    task = {"alert_ids": [ID], "status": "RESOLVED", **deck, **options}
    return run_module(NAME, {name: value for name, value in task.items() if value is not None}, check=check)


SET: dict[str, t.Any] = {"status": "IN_PROGRESS", "classification": "UNDETERMINED"}


@pytest.mark.parametrize(
    ("present", "asked", "body"),
    [
        ({}, {"status": "RESOLVED"}, {"updateMask": "status", "status": "RESOLVED"}),
        (
            {},
            {"classification": "TRUE_POSITIVE"},
            {"updateMask": "classification", "classification": "TRUE_POSITIVE"},
        ),
        # Only what differs, in lowerCamel, with no space between.
        (
            SET,
            {**SET, "status": "RESOLVED", "classification": "FALSE_POSITIVE"},
            {"updateMask": "status,classification", "status": "RESOLVED", "classification": "FALSE_POSITIVE"},
        ),
        (
            {"status": "RESOLVED"},
            {**SET, "status": "RESOLVED"},
            {"updateMask": "classification", "classification": "UNDETERMINED"},
        ),
        # Named without a value: cleared.
        (SET, {"classification": "CLASSIFICATION_UNSPECIFIED"}, {"updateMask": "classification"}),
        (
            SET,
            {"classification": "CLASSIFICATION_UNSPECIFIED", "status": "OPEN"},
            {"updateMask": "status,classification", "status": "OPEN"},
        ),
    ],
)
@pytest.mark.parametrize("unset", ["absent", "unspecified"])
def test_mask_names_what_differs(
    sim: Simulator, deck: Params, present: Params, asked: Params, body: Params, unset: str
) -> None:
    sim.settings.security_deck.shows_unset = unset
    key = sim.security_deck.add_alert(**present).id
    runs = four_runs(sim, NAME, {**deck, "alert_ids": [key], **asked})
    (write,) = runs.writes
    assert write.body == body
    assert {name: by_id(runs.real)[key][name] for name in asked} == asked


def test_assignee_is_set_changed_and_cleared(sim: Simulator, deck: Params) -> None:
    first, second = sim.security_deck.subjects[:2]
    key = sim.security_deck.add_alert().id
    for wanted in (first, second, ""):
        runs = four_runs(sim, NAME, {**deck, "alert_ids": [key], "assignee_subject_id": wanted})
        (write,) = runs.writes
        value = {"assigneeSubjectId": wanted} if wanted else {}
        assert write.body == {"updateMask": "assigneeSubjectId", **value}
        assert by_id(runs.real)[key]["assignee_subject_id"] == wanted == sim.security_deck.alerts[key].assignee


@pytest.mark.parametrize("unset", ["absent", "unspecified"])
@pytest.mark.parametrize("asked", [{"classification": "CLASSIFICATION_UNSPECIFIED"}, {"assignee_subject_id": ""}])
def test_what_is_not_set_is_not_cleared_again(sim: Simulator, deck: Params, asked: Params, unset: str) -> None:
    """The service would answer that no changes are detected."""
    sim.settings.security_deck.shows_unset = unset
    key = sim.security_deck.add_alert().id
    runs = four_runs(sim, NAME, {**deck, "alert_ids": [key], **asked})
    assert not runs.writes


@pytest.mark.versions
def test_everything_at_once_leaves_nothing_else_touched(sim: Simulator, deck: Params) -> None:
    subject = sim.security_deck.subjects[0]
    alert = sim.security_deck.add_alert(classification="TRUE_POSITIVE", assignee=subject, tags=["a"], severity="HIGH")
    runs = four_runs(sim, NAME, {**deck, "alert_ids": [alert.id], "status": "NEED_INFO"})
    row = by_id(runs.real)[alert.id]
    assert row.pop("operation_id")
    assert row == {
        "id": alert.id,
        "changed": True,
        "status": "NEED_INFO",
        "severity": "HIGH",
        "classification": "TRUE_POSITIVE",
        "assignee_subject_id": subject,
    }
    shown = {name: value for name, value in row.items() if name not in ("id", "changed")}
    assert alert.triage_state() == {**shown, "tags": ["a"]}
    assert "operation_id" not in by_id(runs.again)[alert.id]


@pytest.mark.parametrize("status", ["OPEN", "IN_PROGRESS", "NEED_INFO", "RESOLVED"])
@pytest.mark.parametrize("ids", ["alert_ids", "alert_id", "alert_uuid"])
def test_every_status_and_alias(sim: Simulator, deck: Params, status: str, ids: str) -> None:
    keys = list(sim.security_deck.alerts)
    differ = [key for key, alert in sim.security_deck.alerts.items() if alert.status != status]
    runs = four_runs(sim, NAME, {**deck, ids: keys, "status": status})
    assert [key for key, row in by_id(runs.real).items() if row["changed"]] == differ
    assert len(runs.writes) == len(differ)


def test_unknown_alerts_are_all_named_and_nothing_is_written(sim: Simulator, deck: Params) -> None:
    known = sim.security_deck.add_alert().id
    for check in (True, False):
        result = run(deck, alert_ids=["fv4nobody1", known, "fv4nobody2"], check=check)
        assert result["failed"]
        assert not result["changed"]
        assert "fv4nobody1, fv4nobody2" in result["msg"]
        assert [key for key, row in by_id(result).items() if row.get("error")] == ["fv4nobody1", "fv4nobody2"]
    assert not sim.log.writes()


def test_page_of_a_proxy_is_not_an_unknown_alert(sim: Simulator, deck: Params) -> None:
    sim.faults.add(Fault("status", status=404, html=True))
    result = run(deck)
    assert result["error"]["path"].endswith(ID)
    assert "no such alert" not in result["msg"].lower()


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"status": None}, "one of the following is required: status, severity, tags, classification"),
        ({"status": "Open"}, "OPEN, IN_PROGRESS, NEED_INFO, RESOLVED"),
        ({"severity": "Low"}, "severity is not for provider security_deck"),
        ({"severity": "HIGH"}, "value of severity must be one of: Pending, Informational, Low"),
        ({"tags": ["a"]}, "tags is not for provider security_deck"),
        ({"purge_tags": False}, "purge_tags is not for provider security_deck"),
        ({"tags": []}, "tags is not for provider security_deck"),
        ({"close_classification": "Duplicate"}, "close_classification is not for provider security_deck"),
        ({"malice_override": "Benign"}, "malice_override is not for provider security_deck"),
        ({"reset_malice_override": False}, "reset_malice_override is not for provider security_deck"),
        ({"api_key": "q7ZwKx3vTn9L"}, "api_key is not for provider security_deck"),
        ({"classification": "DUPLICATE"}, "classification"),
        ({"alert_ids": ["x" * 51]}, "not the id of a Security Deck alert"),
        ({"alert_ids": ["../operations"]}, "not the id of a Security Deck alert"),
        ({"alert_ids": ["a?b", ID]}, "'a?b'"),
        ({"assignee_subject_id": "a\x00"}, "assignee_subject_id"),
        ({"wait_timeout": 0}, "wait_timeout"),
        ({"wait_timeout": -1}, "wait_timeout"),
        ({"wait_timeout": 90000}, "wait_timeout"),
        ({"api_host": "not a host"}, "api_host"),
        ({"api_host": "https://api.cloud.yandex.net"}, "api_host"),
        ({"api_host": "localhost"}, "api_host"),
        ({"api_host": "api.cloud.yandex.net:8443"}, "api_host"),
    ],
)
def test_refused_before_anything_is_sent(sim: Simulator, deck: Params, options: Params, says: str) -> None:
    result = run(deck, **options)
    assert result["failed"]
    assert says in result["msg"]
    assert not sim.log


def test_refusal_of_a_foreign_option_says_what_the_provider_takes(deck: Params) -> None:
    said = run(deck, close_classification="Duplicate")["msg"]
    taken = said.partition("takes")[2]
    for name in ("status", "classification", "assignee_subject_id", "wait"):
        assert name in taken
    for name in ("malice_override", "severity", "tags"):
        assert name not in taken


def test_environment_of_the_other_provider_is_neither_used_nor_refused(
    sim: Simulator, deck: Params, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CALSETA_API_KEY", sim.credentials.calseta_api_key)
    monkeypatch.setenv("CALSETA_API_URL", sim.calseta.url)
    four_runs(sim, NAME, {**deck, "alert_ids": [sim.security_deck.add_alert().id], "status": "RESOLVED"})
    sim.log.clear()
    # With no address in the task, a token for the cloud must not go to Calseta's.
    result = run(deck, api_url=None, proxy="http://127.0.0.1:9", retries=0)
    assert "alert-sink.api.cloud.yandex.net" in result["msg"]
    assert not sim.log


# How errors are told


def test_refused_write_is_told_with_the_id_of_its_request(sim: Simulator, deck: Params) -> None:
    key = sim.security_deck.add_alert().id
    result = run(deck, alert_ids=[key], assignee_subject_id="ajenobody")
    error = by_id(result)[key]["error"]
    assert result["failed"]
    assert not result["changed"]
    assert (error["status"], error["method"]) == (400, "PATCH")
    assert error["path"].endswith(f"/securitydeck/alerts/v1/alerts/{key}")
    assert error["message"].endswith("Subject ajenobody not found")
    assert error["request_id"] == f"00000000-0000-4000-8000-{sim.log.writes()[0].number:012x}"


def test_missing_role_is_named(sim: Simulator, deck: Params) -> None:
    key = sim.security_deck.add_alert().id
    result = run(deck, iam_token=sim.credentials.iam_read_only_token, alert_ids=[key])
    assert result["error"]["status"] == 403
    assert "security-deck.alertSinks.editor" in result["error"]["hint"]
    assert by_id(result)[key]["changed"] is False


def test_one_refused_alert_does_not_hide_the_others(sim: Simulator, deck: Params) -> None:
    ids = [sim.security_deck.add_alert().id for _number in range(3)]
    body = {"code": 9, "message": "alert is locked", "details": []}
    sim.faults.add(Fault("status", path=ids[1], writes=True, status=400, body=body))
    result = run(deck, alert_ids=ids)
    assert result["failed"]
    assert result["changed"]
    assert result["counts"] == counts_of(3, changed=2, failed=1)
    assert "alert is locked" in by_id(result)[ids[1]]["error"]["message"]
    assert [row["after"]["status"] for row in result["diff"]] == ["RESOLVED", "RESOLVED"]


def test_answer_about_another_alert_is_not_believed(sim: Simulator, deck: Params) -> None:
    key = sim.security_deck.add_alert().id
    sim.faults.add(Fault("merge", method="GET", count=None, body={"id": "fv4another"}))
    result = run(deck, alert_ids=[key])
    assert "does not show this alert" in result["msg"]
    assert not sim.log.writes()
