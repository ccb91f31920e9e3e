# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Calseta's quirks, as they were observed on the real server."""

from __future__ import annotations

import time
import typing as t
import uuid

import pytest

from ansible_collections.secops.triage.tests.simulator import Simulator
from ansible_collections.secops.triage.tests.unit.simulator.client import Client

FALSE_POSITIVE = "False Positive - Inaccurate Data"
NOBODY = str(uuid.UUID(int=7))


def patch(client: Client, alert_id: str, code: int = 200, **body: t.Any) -> t.Any:
    answer = client.ask("PATCH", f"/v1/alerts/{alert_id}", body, code)
    return answer["data"] if code == 200 else answer["error"]


def get(client: Client, alert_id: str) -> t.Any:
    return client.ask("GET", f"/v1/alerts/{alert_id}")["data"]


# What a PATCH does


def test_null_and_unknown_fields_are_not_sent(sim: Simulator, calseta: Client) -> None:
    alert = sim.calseta.add_alert(close_classification="Duplicate", malice_override="Benign")
    before = get(calseta, alert.uuid)
    nothing = {"status": None, "severity": None, "tags": None, "close_classification": None, "malice_override": None}
    for body in ({}, nothing, {"title": "new", "colour": 1}):
        assert patch(calseta, alert.uuid, **body)["updated_at"] == before["updated_at"]
    assert get(calseta, alert.uuid) == before
    assert sim.calseta.changes_of(alert.uuid) == []


def test_the_answer_of_a_patch_differs_from_a_get(sim: Simulator, calseta: Client) -> None:
    alert = sim.calseta.add_alert()
    shown, patched = get(calseta, alert.uuid), patch(calseta, alert.uuid, severity="Critical")
    assert shown["detection_rule"]
    assert shown["context_documents"]
    assert patched["detection_rule"] is None
    assert patched["context_documents"] == []
    assert patched["severity"] == "Critical"
    assert set(patched) == set(shown)


def test_closing_wants_its_classification(sim: Simulator, calseta: Client) -> None:
    alert = sim.calseta.add_alert(close_classification="Duplicate")
    for _status in ("Open", "Closed"):
        error = patch(calseta, alert.uuid, 422, status="Closed")
        assert "close_classification" in error["message"]
        alert.status = "Closed"
    assert patch(calseta, alert.uuid, status="Closed", close_classification=FALSE_POSITIVE)["status"] == "Closed"


def test_classifying_without_closing(sim: Simulator, calseta: Client) -> None:
    alert = sim.calseta.add_alert()
    patched = patch(calseta, alert.uuid, close_classification="Duplicate")
    assert (patched["status"], patched["close_classification"]) == ("Open", "Duplicate")
    assert patched["closed_at"] is None


def test_moments_are_written_once(sim: Simulator, calseta: Client) -> None:
    alert = sim.calseta.add_alert()
    closed = patch(calseta, alert.uuid, status="Closed", close_classification=FALSE_POSITIVE)
    assert closed["acknowledged_at"]
    assert closed["closed_at"]
    assert not closed["triaged_at"]
    reopened = patch(calseta, alert.uuid, status="Open")
    assert reopened["closed_at"] == closed["closed_at"]
    assert reopened["close_classification"] == FALSE_POSITIVE
    triaging = patch(calseta, alert.uuid, status="Triaging")
    assert triaging["triaged_at"]
    assert triaging["acknowledged_at"] == closed["acknowledged_at"]
    again = patch(calseta, alert.uuid, status="Closed", close_classification="Undetermined")
    assert again["closed_at"] == closed["closed_at"]
    assert again["close_classification"] == "Undetermined"


def test_any_transition_is_taken(sim: Simulator, calseta: Client) -> None:
    alert = sim.calseta.add_alert(status="Closed")
    for status in ("Triaging", "Open", "Escalated", "Open"):
        assert patch(calseta, alert.uuid, status=status)["status"] == status


def test_tags_are_replaced_as_they_are(sim: Simulator, calseta: Client) -> None:
    alert = sim.calseta.add_alert(tags=["old"])
    assert patch(calseta, alert.uuid, tags=["b", "a", "b", "", "é"])["tags"] == ["b", "a", "b", "", "é"]
    assert patch(calseta, alert.uuid, tags=[])["tags"] == []


@pytest.mark.parametrize("tag", ["a\0b", "\ud800"])
def test_tags_that_break_the_server(sim: Simulator, calseta: Client, tag: str) -> None:
    alert = sim.calseta.add_alert(tags=["old"])
    assert patch(calseta, alert.uuid, 500, tags=[tag])["code"] == "INTERNAL_ERROR"
    assert alert.tags == ["old"]


def test_the_malice_override(sim: Simulator, calseta: Client) -> None:
    alert = sim.calseta.add_alert(malice="Malicious")
    first = patch(calseta, alert.uuid, malice_override="Benign")
    assert (first["malice"], first["malice_override"]) == ("Benign", "Benign")
    assert first["malice_override_source"] == "analyst"
    again = patch(calseta, alert.uuid, malice_override="Benign")
    assert again["malice_override_at"] > first["malice_override_at"]
    assert len(sim.calseta.changes_of(alert.uuid)) == 1
    assert patch(calseta, alert.uuid, malice_override=None)["malice_override"] == "Benign"
    assert patch(calseta, alert.uuid, malice_override="Pending")["malice"] == "Pending"
    both = patch(calseta, alert.uuid, malice_override="Suspicious", reset_malice_override=True)
    assert (both["malice"], both["malice_override"], both["malice_override_at"]) == ("Malicious", None, None)
    assert patch(calseta, alert.uuid, reset_malice_override="yes")["malice_override"] is None


def test_a_stored_value_outside_of_its_enum(sim: Simulator, calseta: Client) -> None:
    alert = sim.calseta.add_alert(close_classification="Whatever")
    path = f"/v1/alerts/{alert.uuid}"
    assert calseta.ask("GET", path, status=500)["error"]["code"] == "INTERNAL_ERROR"
    patch(calseta, alert.uuid, 500, severity="Low")
    patch(calseta, alert.uuid, close_classification="Undetermined")
    calseta.ask("GET", path)


# What is refused, and in which order


@pytest.mark.parametrize(
    ("body", "places"),
    [
        ({"status": "closed"}, [["body", "status"]]),
        (
            {"status": "x", "severity": "high", "tags": "a"},
            [["body", "status"], ["body", "severity"], ["body", "tags"]],
        ),
        (
            {"close_classification": "dup", "malice_override": "x"},
            [["body", one] for one in ("close_classification", "malice_override")],
        ),
        ({"tags": [1, "a", None]}, [["body", "tags", 0], ["body", "tags", 2]]),
        ({"reset_malice_override": None}, [["body", "reset_malice_override"]]),
        ([], [["body"]]),
    ],
)
def test_validation(sim: Simulator, calseta: Client, body: t.Any, places: list[list[t.Any]]) -> None:
    alert = sim.calseta.add_alert()
    error = calseta.ask("PATCH", f"/v1/alerts/{alert.uuid}", body, 422)["error"]
    assert error["code"] == "VALIDATION_ERROR"
    assert sorted(one["loc"] for one in error["details"]["errors"]) == sorted(places)
    assert all(one["msg"] and one["type"] for one in error["details"]["errors"])


@pytest.mark.parametrize(
    ("data", "kind", "status"),
    [
        (None, None, 422),
        ("null", "application/json", 422),
        ('{"status": ', "application/json", 422),
        ("status=Open", "application/x-www-form-urlencoded", 422),
        ('{"severity": "Low"}', None, 422),
        ('{"severity": "Low"}', "application/merge-patch+json", 200),
        ('{"severity": "Low"}', "application/json; charset=utf-8", 200),
    ],
)
def test_bodies(sim: Simulator, calseta: Client, data: str | None, kind: str | None, status: int) -> None:
    alert = sim.calseta.add_alert()
    response = calseta.given(Content_Type=kind)("PATCH", f"/v1/alerts/{alert.uuid}", data=data)
    assert response.status_code == status


def test_not_found(calseta: Client) -> None:
    assert calseta.ask("GET", f"/v1/alerts/{NOBODY}", status=404)["error"]["message"] == "Alert not found."
    wrong = "The requested resource was not found."
    for method, path in (("GET", "/v1/nope"), ("POST", f"/v1/alerts/{NOBODY}"), ("PUT", f"/v1/alerts/{NOBODY}")):
        assert calseta.ask(method, path, {}, 404)["error"]["message"] == wrong
    assert calseta.ask("PATCH", "/v1/alerts", {}, 404)["error"]["message"] == wrong
    assert calseta("HEAD", f"/v1/alerts/{NOBODY}").status_code == 404


def test_a_trailing_slash_is_redirected(sim: Simulator, calseta: Client) -> None:
    alert = sim.calseta.add_alert()
    response = calseta("PATCH", f"/v1/alerts/{alert.uuid}/", {"severity": "Low"}, allow_redirects=False)
    assert response.status_code == 307
    assert response.headers["Location"] == f"{sim.calseta.url}/v1/alerts/{alert.uuid}"
    assert sim.calseta.writes_of(alert.uuid) == 0


def test_uuids_in_other_forms(sim: Simulator, calseta: Client) -> None:
    alert = sim.calseta.add_alert()
    for form in (alert.uuid.upper(), alert.uuid.replace("-", "")):
        assert get(calseta, form)["uuid"] == alert.uuid
    error = calseta.ask("GET", "/v1/alerts/not-a-uuid", status=422)["error"]
    assert error["details"]["errors"][0]["loc"] == ["path", "alert_uuid"]


def test_the_order_of_checks(sim: Simulator, calseta: Client) -> None:
    alert = sim.calseta.add_alert()
    nobody = calseta.given(Authorization=None)
    reader = calseta.given(Authorization=f"Bearer {sim.credentials.calseta_read_only_key}")
    invalid = {"status": "nope"}
    huge = {"status": "nope", "tags": ["x" * 11 * 1024 * 1024]}
    nobody.ask("PATCH", f"/v1/alerts/{alert.uuid}", huge, 413)
    nobody.ask("PATCH", "/v1/alerts/123", invalid, 401)
    reader.ask("PATCH", f"/v1/alerts/{alert.uuid}", invalid, 403)
    calseta.ask("PATCH", f"/v1/alerts/{NOBODY}", invalid, 422)
    calseta.ask("PATCH", f"/v1/alerts/{NOBODY}", {"status": "Closed"}, 404)
    calseta.ask("PATCH", f"/v1/alerts/{alert.uuid}", {"status": "Closed"}, 422)
    sim.settings.calseta.rate_limit = 0
    calseta.ask("PATCH", f"/v1/alerts/{alert.uuid}", invalid, 422)
    calseta.ask("PATCH", f"/v1/alerts/{NOBODY}", {}, 429)
    nobody.ask("PATCH", f"/v1/alerts/{NOBODY}", {}, 401)


def test_keys_and_scopes(sim: Simulator, calseta: Client) -> None:
    alert, good = sim.calseta.add_alert(), sim.credentials
    path = f"/v1/alerts/{alert.uuid}"
    for header, code in (
        (None, "UNAUTHORIZED"),
        (f"bearer {good.calseta_api_key}", "UNAUTHORIZED"),
        (f"Bearer  {good.calseta_api_key}", "UNAUTHORIZED"),
        ("Bearer sk_x", "UNAUTHORIZED"),
        ("Bearer cai_x", "UNAUTHORIZED"),
        (f"Bearer {good.calseta_expired_key}", "KEY_EXPIRED"),
    ):
        assert calseta.given(Authorization=header).ask("GET", path, status=401)["error"]["code"] == code
    writer = calseta.given(Authorization=f"Bearer {good.calseta_writer_only_key}")
    writer.ask("PATCH", path, {"severity": "Low"})
    error = writer.ask("GET", path, status=403)["error"]
    assert error["details"] == {"required_scopes": ["alerts:read"]}
    reader = calseta.given(Authorization=f"Bearer {good.calseta_read_only_key}")
    reader.ask("GET", path)
    assert "alerts:write" in reader.ask("PATCH", path, {}, 403)["error"]["message"]
    calseta.given(Authorization=f"Bearer {good.calseta_no_scope_key}").ask("GET", path, status=403)


def test_the_rate_limit_counts_by_key_and_path(sim: Simulator, calseta: Client) -> None:
    one, other = sim.calseta.add_alert(), sim.calseta.add_alert()
    sim.settings.calseta.rate_limit = 2
    sim.settings.calseta.rate_window = 0.5
    path = f"/v1/alerts/{one.uuid}"
    assert [calseta("PATCH", path, {}).status_code for _request in range(3)] == [200, 200, 429]
    response = calseta("GET", path)
    assert response.status_code == 429
    assert response.headers["Retry-After"] == "60"
    assert response.json()["error"]["details"] == {"retry_after_seconds": 60}
    get(calseta, other.uuid)
    get(calseta.given(Authorization=f"Bearer {sim.credentials.calseta_read_only_key}"), one.uuid)
    time.sleep(0.5)
    get(calseta, one.uuid)


def test_request_ids(sim: Simulator, calseta: Client) -> None:
    path = f"/v1/alerts/{sim.calseta.add_alert().uuid}"
    assert calseta.given(X_Request_ID="mine-1")("GET", path).headers["X-Request-ID"] == "mine-1"
    made = calseta("GET", "/v1/nope").headers["X-Request-ID"]
    assert str(uuid.UUID(made)) == made


# Lists, findings, activity


def test_lists(sim: Simulator, calseta: Client) -> None:
    sim.reset(alerts={"calseta": 30})
    everything = sim.calseta.alerts.values()

    def listed(**params: t.Any) -> list[dict[str, t.Any]]:
        rows: list[dict[str, t.Any]] = calseta.ask("GET", "/v1/alerts", params={"page_size": 500, **params})["data"]
        return rows

    def count(test: t.Callable[[t.Any], bool]) -> int:
        return sum(test(one) for one in everything)

    moments = [row["created_at"] for row in listed()]
    assert len(moments) == 30
    assert moments == sorted(moments, reverse=True)
    assert len(listed(status="Open,Triaging")) == count(lambda one: one.status in ("Open", "Triaging"))
    assert len(listed(severity="High")) == count(lambda one: one.severity == "High")
    assert len(listed(source_name="okta")) == count(lambda one: one.scene.source == "okta")
    week_ago = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 7 * 86400))
    recent = len(listed(from_time=week_ago))
    assert 0 < recent < 30
    assert recent + len(listed(to_time=week_ago)) == 30
    assert listed(status="bogus") == [] == listed(is_enriched="false")
    titles = [row["title"] for row in listed(sort_by="title", sort_order="asc")]
    assert titles == sorted(titles)
    assert "raw_payload" not in listed()[0]


def test_pages_of_lists(sim: Simulator, calseta: Client) -> None:
    page = calseta.ask("GET", "/v1/alerts", params={"page": 2, "page_size": 4})
    assert len(page["data"]) == 4
    assert page["meta"] == {"total": 10, "page": 2, "page_size": 4, "total_pages": 3}
    assert calseta.ask("GET", "/v1/alerts", params={"page": 99})["data"] == []


@pytest.mark.parametrize(
    ("params", "status"),
    [
        ({"page_size": 501}, 422),
        ({"page": 0}, 422),
        ({"page": "x"}, 422),
        ({"is_enriched": "maybe"}, 422),
        ({"from_time": "soon"}, 422),
        ({"sort_by": "updated_at"}, 400),
        ({"sort_order": "up"}, 400),
        ({"tags": "a"}, 500),
        ({"page": 10**21}, 500),
    ],
)
def test_lists_that_are_refused(calseta: Client, params: dict[str, t.Any], status: int) -> None:
    assert calseta.ask("GET", "/v1/alerts", params=params, status=status)["error"]


@pytest.mark.parametrize(
    "given",
    [
        {"summary": ""},
        {"summary": "a" * 50_001},
        {"agent_name": "a" * 256},
        {"evidence": ["a"]},
        {"confidence": "sure"},
    ],
)
def test_findings_that_are_refused(sim: Simulator, calseta: Client, given: dict[str, t.Any]) -> None:
    alert = sim.calseta.add_alert()
    calseta.ask("POST", f"/v1/alerts/{alert.uuid}/findings", {"agent_name": "a", "summary": "a", **given}, 422)
    assert not alert.findings


def test_findings_and_activity(sim: Simulator, calseta: Client) -> None:
    alert = sim.calseta.add_alert(severity="High")
    path = f"/v1/alerts/{alert.uuid}/findings"
    finding = calseta.ask("POST", path, {"agent_name": "runbook", "summary": "fine", "confidence": "high"}, 201)["data"]
    assert finding["evidence"] is None
    assert finding["posted_at"]
    calseta.ask("POST", path, {"agent_name": "a", "summary": "b", "confidence": "High"}, 422)
    calseta.ask("POST", path, {"agent_name": "a"}, 422)
    assert calseta.ask("GET", path)["data"] == [finding]
    patch(
        calseta, alert.uuid, status="Closed", close_classification="Duplicate", severity="Low", malice_override="Benign"
    )
    patch(calseta, alert.uuid, status="Open")
    activity = calseta.ask("GET", f"/v1/alerts/{alert.uuid}/activity", params={"page_size": 100})
    assert [event["event_type"] for event in activity["data"]] == [
        "alert_status_updated",
        "alert_malice_updated",
        "alert_severity_updated",
        "alert_closed",
        "alert_finding_added",
        "alert_ingested",
    ]
    assert activity["meta"]["page_size"] == 100


def test_lists_may_lag(sim: Simulator, calseta: Client) -> None:
    alert = sim.calseta.add_alert(severity="Low")
    calseta.ask("PATCH", f"/v1/alerts/{alert.uuid}", {"severity": "High", "tags": ["late"]})
    for lag, listed in ((3600.0, "Low"), (0.0, "High")):
        sim.settings.calseta.search_lag = lag
        rows = calseta.ask("GET", "/v1/alerts", params={"severity": listed, "page_size": 500})["data"]
        (row,) = [row for row in rows if row["uuid"] == alert.uuid]
        assert (row["tags"] == ["late"]) is (listed == "High")
        assert calseta.ask("GET", f"/v1/alerts/{alert.uuid}")["data"]["severity"] == "High"


def pages(calseta: Client, **sorting: str) -> list[list[str]]:
    """The ids on each of the four pages of forty alerts."""
    numbers = [{"page": str(number), "page_size": "10", **sorting} for number in range(1, 5)]
    return [[row["uuid"] for row in calseta.ask("GET", "/v1/alerts", params=page)["data"]] for page in numbers]


def test_pages_of_equal_keys_repeat_some_and_lose_others(sim: Simulator, calseta: Client) -> None:
    sim.reset(alerts={"calseta": 40})
    assert len({one for page in pages(calseta, sort_by="severity") for one in page}) == 40
    sim.settings.calseta.tiebreaker = False
    first = pages(calseta, sort_by="severity")
    assert first == pages(calseta, sort_by="severity")
    assert [len(page) for page in first] == [10] * 4
    assert len({one for page in first for one in page}) < 40
    # Keys that differ need no tiebreaker.
    assert len({one for page in pages(calseta, sort_by="occurred_at") for one in page}) == 40
