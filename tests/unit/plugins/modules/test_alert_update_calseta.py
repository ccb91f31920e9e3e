# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Alerts of Calseta: closing, verdicts, tags, and what its server makes of the same request twice."""

from __future__ import annotations

import typing as t
import uuid

import pytest

from ansible_collections.secops.triage.tests.simulator import Fault, Simulator
from ansible_collections.secops.triage.tests.simulator.calseta_alerts import Alert
from ansible_collections.secops.triage.tests.unit.harness import (
    FourRuns,
    Params,
    Result,
    by_id,
    counts_of,
    four_runs,
    run_module,
)

NAME = "alert_update"
ID = "3fa85f64-5717-4562-b3fc-2c963f66afa6"
DUPLICATE = "Duplicate"
BENIGN = "Benign Positive - Suspicious but Expected"


def run(calseta: Params, *, check: bool = False, **options: t.Any) -> Result:
    task = {"alert_ids": [ID], "status": "Triaging", "retries": 0, **calseta, **options}
    return run_module(NAME, {name: value for name, value in task.items() if value is not None}, check=check)


def brought(sim: Simulator, calseta: Params, alert: Alert, **options: t.Any) -> FourRuns:
    """Bring an alert to what the options say, four times, and see that it is shown as it is."""
    runs = four_runs(sim, NAME, {**calseta, "alert_ids": [alert.uuid], **options})
    shown = by_id(runs.again)[alert.uuid]
    assert shown == {"id": alert.uuid, "changed": False, **alert.triage_state()}
    # The answer to a PATCH differs from a GET, but not in what is returned here.
    assert {**by_id(runs.real)[alert.uuid], "changed": False} == shown
    return runs


def bodies(runs: FourRuns) -> list[t.Any]:
    return [entry.body for entry in runs.writes]


# Closing


def test_closing_takes_a_classification(sim: Simulator, calseta: Params) -> None:
    runs = brought(sim, calseta, sim.calseta.add_alert(), status="Closed", close_classification=BENIGN)
    assert bodies(runs) == [{"status": "Closed", "close_classification": BENIGN}]


@pytest.mark.parametrize("check", [True, False])
def test_closing_without_one_is_refused_before_anything_is_written(
    sim: Simulator, calseta: Params, check: bool
) -> None:
    """Also for the alerts that could be closed, and in check mode."""
    bare = sim.calseta.add_alert().uuid
    ready = sim.calseta.add_alert(close_classification=DUPLICATE).uuid
    result = run(calseta, alert_ids=[ready, bare], status="Closed", check=check)
    assert result["failed"]
    assert not result["changed"]
    assert "close_classification is needed" in by_id(result)[bare]["error"]["message"]
    assert "error" not in by_id(result)[ready]
    assert not sim.log.writes()


def test_a_protected_alert_needs_no_classification(sim: Simulator, calseta: Params) -> None:
    kept = sim.calseta.add_alert(severity="Critical").uuid
    ready = sim.calseta.add_alert(severity="Low", close_classification=DUPLICATE).uuid
    options: Params = {"alert_ids": [kept, ready], "status": "Closed", "protect_severity": ["Critical"]}
    assert "A guard forbids the change" in by_id(run(calseta, **options))[kept]["error"]["message"]
    assert not sim.log.writes()
    rows = by_id(run(calseta, **options, on_guard="skip"))
    assert "protect_severity" in rows[kept]["skipped"]
    assert rows[ready]["changed"]


def test_classification_that_is_stored_goes_with_the_request_that_closes(sim: Simulator, calseta: Params) -> None:
    alert = sim.calseta.add_alert(close_classification=DUPLICATE)
    assert bodies(brought(sim, calseta, alert, status="Closed")) == [
        {"status": "Closed", "close_classification": DUPLICATE}
    ]


def test_same_classification_goes_with_the_request_that_closes(sim: Simulator, calseta: Params) -> None:
    """It does not differ, and is needed all the same."""
    alert = sim.calseta.add_alert(close_classification=DUPLICATE)
    runs = brought(sim, calseta, alert, status="Closed", close_classification=DUPLICATE)
    assert bodies(runs) == [{"status": "Closed", "close_classification": DUPLICATE}]


def test_closed_alert_is_reclassified_without_closing_it_again(sim: Simulator, calseta: Params) -> None:
    alert = sim.calseta.add_alert(status="Closed", close_classification=DUPLICATE)
    runs = brought(sim, calseta, alert, status="Closed", close_classification=BENIGN)
    assert bodies(runs) == [{"close_classification": BENIGN}]


def test_closed_alert_keeps_its_classification(sim: Simulator, calseta: Params) -> None:
    alert = sim.calseta.add_alert(status="Closed", close_classification=DUPLICATE)
    assert not bodies(brought(sim, calseta, alert, status="Closed"))
    assert alert.close_classification == DUPLICATE


def test_open_alert_is_reclassified_without_closing_it(sim: Simulator, calseta: Params) -> None:
    alert = sim.calseta.add_alert()
    assert bodies(brought(sim, calseta, alert, close_classification=BENIGN)) == [{"close_classification": BENIGN}]
    assert alert.status == "Open"


def test_reopened_and_closed_again(sim: Simulator, calseta: Params) -> None:
    """The moment of the first closing survives both, so an alert is judged by its status."""
    alert = sim.calseta.add_alert()
    brought(sim, calseta, alert, status="Closed", close_classification=BENIGN)
    closed_at = alert.closed_at
    assert bodies(brought(sim, calseta, alert, status="Open")) == [{"status": "Open"}]
    assert (alert.closed_at, alert.close_classification) == (closed_at, BENIGN)
    assert bodies(brought(sim, calseta, alert, status="Closed")) == [
        {"status": "Closed", "close_classification": BENIGN}
    ]


@pytest.mark.parametrize("before", ["Open", "Triaging", "Escalated", "Closed"])
@pytest.mark.parametrize("status", ["Open", "Triaging", "Escalated", "Closed"])
def test_every_transition(sim: Simulator, calseta: Params, before: str, status: str) -> None:
    alert = sim.calseta.add_alert(status=before, close_classification=DUPLICATE)
    assert brought(sim, calseta, alert, status=status).real["changed"] is (before != status)


@pytest.mark.parametrize("severity", ["Pending", "Informational", "Low", "Medium", "High", "Critical"])
def test_every_severity(sim: Simulator, calseta: Params, severity: str) -> None:
    alert = sim.calseta.add_alert(severity="Low")
    runs = brought(sim, calseta, alert, severity=severity)
    assert bodies(runs) == ([] if severity == "Low" else [{"severity": severity}])


@pytest.mark.versions
def test_everything_at_once_sends_what_differs(sim: Simulator, calseta: Params) -> None:
    alert = sim.calseta.add_alert(severity="High", tags=["a"])
    asked = {"severity": "High", "tags": ["b"], "malice_override": "Benign", "close_classification": DUPLICATE}
    runs = brought(sim, calseta, alert, status="Closed", **asked)
    del asked["severity"]
    assert bodies(runs) == [{"status": "Closed", **asked}]


# The override


def test_override_is_set_once(sim: Simulator, calseta: Params) -> None:
    """The same one again would be a new verdict, of another moment."""
    alert = sim.calseta.add_alert()
    assert bodies(brought(sim, calseta, alert, malice_override="Malicious")) == [{"malice_override": "Malicious"}]
    moment = alert.malice_override_at
    runs = brought(sim, calseta, alert, malice_override="Malicious", status="Triaging")
    assert bodies(runs) == [{"status": "Triaging"}]
    assert alert.malice_override_at == moment
    assert bodies(brought(sim, calseta, alert, malice_override="Pending")) == [{"malice_override": "Pending"}]


def test_override_is_reset(sim: Simulator, calseta: Params) -> None:
    alert = sim.calseta.add_alert(malice_override="Benign")
    runs = brought(sim, calseta, alert, reset_malice_override=True)
    assert bodies(runs) == [{"reset_malice_override": True}]
    assert runs.real["diff"][0]["after"]["malice_override"] is None
    assert not bodies(brought(sim, calseta, alert, reset_malice_override=True))


def test_reset_that_is_false_goes_with_an_override(sim: Simulator, calseta: Params) -> None:
    alert = sim.calseta.add_alert(malice_override="Benign")
    runs = brought(sim, calseta, alert, reset_malice_override=False, malice_override="Malicious")
    assert bodies(runs) == [{"malice_override": "Malicious"}]


def test_reset_that_is_false_resets_nothing(sim: Simulator, calseta: Params) -> None:
    alert = sim.calseta.add_alert(malice_override="Benign")
    assert not bodies(brought(sim, calseta, alert, reset_malice_override=False))


# Tags


@pytest.mark.parametrize(
    ("present", "asked", "purge", "after"),
    [
        (["a", "b"], ["b", "a"], True, None),
        (["a", "b", "a"], ["b", "a"], True, None),
        (["a", "b"], ["c", "b", "c"], True, ["c", "b"]),
        (["a", "b"], ["c", "b"], False, ["a", "b", "c"]),
        (["a", "a"], ["b"], False, ["a", "a", "b"]),
        (["a"], [], False, None),
        (["a"], [], True, []),
        ([], [], True, None),
        ([], ["Überwachung", "🦊", " a "], True, ["Überwachung", "🦊", " a "]),
    ],
)
def test_tags(
    sim: Simulator, calseta: Params, present: list[str], asked: list[str], purge: bool, after: list[str] | None
) -> None:
    alert = sim.calseta.add_alert(tags=present)
    runs = brought(sim, calseta, alert, tags=asked, purge_tags=purge)
    assert bodies(runs) == ([] if after is None else [{"tags": after}])
    assert alert.tags == (present if after is None else after)


# Ids


@pytest.mark.parametrize("option", ["alert_ids", "alert_id", "alert_uuid"])
@pytest.mark.parametrize("form", [str.upper, lambda one: one.replace("-", ""), lambda one: f"{{{one}}}", " {} ".format])
def test_every_form_of_a_uuid_is_one_alert(
    sim: Simulator, calseta: Params, option: str, form: t.Callable[[str], str]
) -> None:
    key = sim.calseta.add_alert().uuid
    runs = four_runs(sim, NAME, {**calseta, option: [form(key), key, f"urn:uuid:{key}"], "status": "Triaging"})
    assert list(by_id(runs.real)) == [key]
    assert [entry.path for entry in runs.requests] == [f"/calseta/v1/alerts/{key}"] * 2


def test_unknown_alerts_are_all_named_and_nothing_is_written(sim: Simulator, calseta: Params) -> None:
    known, other = sim.calseta.add_alert().uuid, str(uuid.uuid4())
    for check in (True, False):
        result = run(calseta, alert_ids=[ID, known, other], check=check)
        assert result["failed"]
        assert f"{ID}, {other}" in result["msg"]
        assert [key for key, row in by_id(result).items() if row.get("error")] == [ID, other]
    assert not sim.log.writes()


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"status": None}, "one of the following is required"),
        ({"status": "OPEN"}, "Open, Triaging, Escalated, Closed"),
        ({"severity": "HIGH"}, "Pending, Informational, Low, Medium, High, Critical"),
        ({"severity": "critical"}, "severity"),
        ({"classification": "FALSE_POSITIVE"}, "classification is not for provider calseta"),
        ({"assignee_subject_id": ""}, "assignee_subject_id is not for provider calseta"),
        ({"wait": False}, "wait is not for provider calseta"),
        ({"wait_timeout": 5}, "wait_timeout is not for provider calseta"),
        ({"iam_token": "t1.q7ZwKx3vTn9L"}, "iam_token is not for provider calseta"),
        ({"service_account_key_file": "/nowhere"}, "service_account_key_file is not for provider calseta"),
        ({"instance_metadata": True}, "instance_metadata is not for provider calseta"),
        ({"api_host": "api.yandexcloud.kz"}, "api_host is not for provider calseta"),
        ({"malice_override": "Benign", "reset_malice_override": True}, "exclude each other"),
        ({"tags": ["fine", "a\x00b"]}, "tags"),
        ({"tags": ["\ud83e"]}, "tags"),
        ({"alert_ids": ["123", "../../health", ID]}, "'123', '../../health'"),
        ({"alert_ids": [""]}, "UUID"),
        ({"api_url": None}, "CALSETA_API_URL"),
        ({"api_key": None}, "CALSETA_API_KEY"),
        ({"api_key": " "}, "api_key"),
        ({"api_key": "two words"}, "api_key"),
    ],
)
def test_refused_before_anything_is_sent(sim: Simulator, calseta: Params, options: Params, says: str) -> None:
    result = run(calseta, **options)
    assert result["failed"]
    assert says in result["msg"]
    assert not sim.log


def test_refusal_of_a_foreign_option_says_what_the_provider_takes(calseta: Params) -> None:
    said = run(calseta, classification="FALSE_POSITIVE")["msg"].partition("takes")[2]
    for name in ("status", "severity", "tags", "close_classification", "malice_override", "reset_malice_override"):
        assert name in said
    assert "iam_token" not in said


def test_one_refused_alert_does_not_hide_the_others(sim: Simulator, calseta: Params) -> None:
    ids = [sim.calseta.add_alert().uuid for _number in range(3)]
    sim.faults.add(Fault("status", path=ids[1], writes=True, status=422))
    result = run(calseta, alert_ids=ids)
    assert result["failed"]
    assert result["changed"]
    assert result["counts"] == counts_of(3, changed=2, failed=1)
