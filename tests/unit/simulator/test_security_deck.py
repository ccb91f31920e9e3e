# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Security Deck's quirks, as its API pages tell them."""

from __future__ import annotations

import time
import typing as t
import uuid

import jwt
import pytest

from ansible_collections.secops.triage.tests.simulator import Simulator
from ansible_collections.secops.triage.tests.unit.simulator.client import Client

ALERTS = "/securitydeck/alerts/v1/alerts"
METADATA = "/computeMetadata/v1/instance/service-accounts/default/token"
AUDIENCE = "https://iam.api.cloud.yandex.net/iam/v1/tokens"


def update(client: Client, alert_id: str, mask: str | None, **body: t.Any) -> dict[str, t.Any]:
    """Update and wait, as a client must."""
    given = {**body, **({} if mask is None else {"updateMask": mask})}
    operation: dict[str, t.Any] = client.ask("PATCH", f"{ALERTS}/{alert_id}", given)
    return wait(client, operation)


def wait(client: Client, operation: dict[str, t.Any]) -> dict[str, t.Any]:
    for _read in range(200):
        if operation["done"]:
            return operation
        time.sleep(0.01)
        operation = client.ask("GET", f"/operations/{operation['id']}")
    raise AssertionError("the operation does not end")


def test_get(sim: Simulator, security_deck: Client) -> None:
    alert = sim.security_deck.add_alert(status="IN_PROGRESS", assignee=sim.security_deck.subjects[1], tags=["a"])
    shown = security_deck.ask("GET", f"{ALERTS}/{alert.id}")
    assert (shown["id"], shown["status"], shown["tags"]) == (alert.id, "IN_PROGRESS", ["a"])
    assert shown["assignee"] == {"subject": {"id": sim.security_deck.subjects[1]}}
    assert {"title", "description", "recommendations", "details", "sinkId", "category", "createTime"} <= set(shown)
    assert len(alert.id) == 20


@pytest.mark.parametrize("shows", ["absent", "unspecified"])
def test_values_that_are_not_set(sim: Simulator, security_deck: Client, shows: str) -> None:
    sim.settings.security_deck.shows_unset = shows
    shown = security_deck.ask("GET", f"{ALERTS}/{sim.security_deck.add_alert(tags=[]).id}")
    assert shown.get("classification") == (None if shows == "absent" else "CLASSIFICATION_UNSPECIFIED")
    assert shown.get("assignee") == (None if shows == "absent" else {})
    assert "tags" not in shown


def test_an_unknown_alert(security_deck: Client) -> None:
    error = security_deck.ask("GET", f"{ALERTS}/fv4nothing", status=404)
    assert error["code"] == 5
    assert error["details"][0]["@type"].endswith("RequestInfo")
    assert error["details"][0]["requestId"]
    security_deck.ask("PATCH", f"{ALERTS}/fv4nothing", {"updateMask": "status", "status": "OPEN"}, 404)


def test_an_update_is_an_operation(sim: Simulator, security_deck: Client) -> None:
    sim.settings.security_deck.operation_seconds = 3600
    alert = sim.security_deck.add_alert()
    subject = sim.security_deck.subjects[0]
    body = {"status": "RESOLVED", "classification": "FALSE_POSITIVE", "assigneeSubjectId": subject, "severity": "LOW"}
    mask = "status,classification,assigneeSubjectId,severity,tags"
    operation = security_deck.ask("PATCH", f"{ALERTS}/{alert.id}", {"updateMask": mask, **body, "tags": ["x"]})
    assert operation["done"] is False
    assert "response" not in operation
    assert operation["metadata"]["alertId"] == alert.id
    assert alert.status == "OPEN"
    sim.security_deck.end_operations()
    operation = wait(security_deck, operation)
    assert operation["response"].items() >= {"id": alert.id, "status": "RESOLVED", "tags": ["x"]}.items()
    assert "@type" in operation["response"]
    assert "@type" in operation["metadata"]
    assert alert.triage_state() == {
        "status": "RESOLVED",
        "severity": "LOW",
        "classification": "FALSE_POSITIVE",
        "assignee_subject_id": subject,
        "tags": ["x"],
    }
    assert len(sim.security_deck.changes_of(alert.id)) == 1
    assert sim.log[0].changed == [alert.id]


def test_an_operation_may_be_done_at_once(sim: Simulator, security_deck: Client) -> None:
    sim.settings.security_deck.operation_seconds = 0
    alert = sim.security_deck.add_alert()
    operation = security_deck.ask("PATCH", f"{ALERTS}/{alert.id}", {"updateMask": "status", "status": "NEED_INFO"})
    assert operation["done"] is True
    assert operation["response"]["status"] == "NEED_INFO"


def test_python_sees_an_operation_end(sim: Simulator, security_deck: Client) -> None:
    alert = sim.security_deck.add_alert()
    security_deck.ask("PATCH", f"{ALERTS}/{alert.id}", {"updateMask": "status", "status": "NEED_INFO"})
    time.sleep(0.06)
    assert sim.security_deck.alerts[alert.id].status == "NEED_INFO"
    assert sim.security_deck.overview()[alert.id]["status"] == "NEED_INFO"


@pytest.mark.parametrize(
    ("mask", "body", "expected"),
    [
        ("classification", {}, {"classification": ""}),
        ("classification", {"classification": "CLASSIFICATION_UNSPECIFIED"}, {"classification": ""}),
        ("assigneeSubjectId", {}, {"assignee_subject_id": ""}),
        ("tags", {}, {"tags": []}),
        ("status", {"status": "RESOLVED", "classification": "TRUE_POSITIVE"}, {"status": "RESOLVED"}),
        ("", {"status": "RESOLVED"}, None),
        (None, {"status": "RESOLVED"}, None),
    ],
)
def test_what_the_mask_does(
    sim: Simulator, security_deck: Client, mask: str | None, body: dict[str, t.Any], expected: dict[str, t.Any] | None
) -> None:
    assignee = sim.security_deck.subjects[0]
    alert = sim.security_deck.add_alert(
        status="NEED_INFO", classification="UNDETERMINED", assignee=assignee, severity="LOW", tags=["a"]
    )
    before = alert.triage_state()
    everything_reset = {"severity": "", "classification": "", "assignee_subject_id": "", "tags": []}
    update(security_deck, alert.id, mask, **body)
    after = expected if expected is not None else {"status": "RESOLVED", **everything_reset}
    assert alert.triage_state() == {**before, **after}


@pytest.mark.parametrize(
    "body",
    [
        {"updateMask": "status, classification", "status": "RESOLVED"},
        {"updateMask": "assignee_subject_id", "assigneeSubjectId": ""},
        {"updateMask": "title", "title": "x"},
        {"updateMask": "status", "status": "resolved"},
        {"updateMask": "status", "status": "Closed"},
        {"updateMask": "severity", "severity": "CRITICAL"},
        {"updateMask": "tags", "tags": "a"},
        {"updateMask": "assigneeSubjectId", "assigneeSubjectId": "ajenobody0000000000a"},
        {"updateMask": ["status"], "status": "RESOLVED"},
    ],
)
def test_invalid_updates(sim: Simulator, security_deck: Client, body: dict[str, t.Any]) -> None:
    alert = sim.security_deck.add_alert()
    error = security_deck.ask("PATCH", f"{ALERTS}/{alert.id}", body, 400)
    assert error["code"] == 3
    assert sim.security_deck.writes_of(alert.id) == 0


def test_an_update_that_changes_nothing_is_refused(sim: Simulator, security_deck: Client) -> None:
    alert = sim.security_deck.add_alert()
    error = security_deck.ask("PATCH", f"{ALERTS}/{alert.id}", {"updateMask": "status", "status": "OPEN"}, 400)
    assert (error["code"], error["message"]) == (9, "no changes detected")


def test_an_idempotency_key(sim: Simulator, security_deck: Client) -> None:
    alert = sim.security_deck.add_alert()
    keyed = security_deck.given(Idempotency_Key=str(uuid.uuid4()))
    body = {"updateMask": "status", "status": "RESOLVED"}
    first = keyed.ask("PATCH", f"{ALERTS}/{alert.id}", body)
    wait(security_deck, first)
    again = keyed.ask("PATCH", f"{ALERTS}/{alert.id}", body)
    assert again["id"] == first["id"]
    assert again["done"]
    assert sim.security_deck.writes_of(alert.id) == 1
    assert keyed.ask("PATCH", f"{ALERTS}/{alert.id}", {**body, "status": "OPEN"}, 400)["code"] == 3


def test_operations_lag_and_say_when_to_ask(sim: Simulator, security_deck: Client) -> None:
    sim.settings.security_deck.operation_lag_404s = 3
    sim.settings.security_deck.poll_interval = 0.2
    alert = sim.security_deck.add_alert()
    body = {"updateMask": "status", "status": "RESOLVED"}
    response = security_deck("PATCH", f"{ALERTS}/{alert.id}", body)
    assert response.headers["x-operation-poll-interval"] == "0.2"
    path = f"/operations/{response.json()['id']}"
    assert [security_deck("GET", path).status_code for _read in range(4)] == [404, 404, 404, 200]
    security_deck.ask("GET", "/operations/none", status=404)


def test_operations_that_fail_roll_back_first(sim: Simulator, security_deck: Client) -> None:
    sim.settings.security_deck.failing_operations = 1
    sim.settings.security_deck.operation_seconds = 0.6
    alert = sim.security_deck.add_alert()
    operation = security_deck.ask("PATCH", f"{ALERTS}/{alert.id}", {"updateMask": "status", "status": "RESOLVED"})
    assert "error" not in operation
    time.sleep(0.35)
    operation = security_deck.ask("GET", f"/operations/{operation['id']}")
    assert operation["done"] is False
    assert operation["error"]["code"] == 13
    operation = wait(security_deck, operation)
    assert operation["error"]["message"]
    assert "response" not in operation
    assert alert.status == "OPEN"
    assert sim.security_deck.writes_of(alert.id) == 0
    assert "response" in update(security_deck, alert.id, "status", status="RESOLVED")


def test_lists(sim: Simulator, security_deck: Client) -> None:
    sim.reset(alerts={"security_deck": 25})
    path = f"/securitydeck/alerts/v1/sinks/{sim.security_deck.sink_id}/alerts"
    ids, token = [], ""
    while True:
        page = security_deck.ask("GET", path, params={"pageSize": 10, "pageToken": token, "orderBy": "create_time asc"})
        ids += [alert["id"] for alert in page["alerts"]]
        token = page.get("nextPageToken", "")
        if not token:
            break
    assert ids == [one.id for one in sorted(sim.security_deck.alerts.values(), key=lambda one: one.created)]
    assert "description" not in page["alerts"][0]

    def found(text: str) -> set[str]:
        return {alert["id"] for alert in security_deck.ask("GET", path, params={"filter": text})["alerts"]}

    is_open = {one.id for one in sim.security_deck.alerts.values() if one.status == "OPEN"}
    assert found('status="OPEN"') == is_open
    assert found('status != "OPEN"') == set(ids) - is_open
    assert found('status = "OPEN" AND severity = "HIGH"') < is_open
    for wrong in ({"pageSize": 1001}, {"orderBy": "colour"}, {"pageToken": "nonsense"}, {"filter": "a" * 2049}):
        security_deck.ask("GET", path, params=wrong, status=400)
    security_deck.ask("GET", "/securitydeck/alerts/v1/sinks/other/alerts", status=404)


def test_comments_come_in_pages(sim: Simulator, security_deck: Client) -> None:
    alert = sim.security_deck.add_alert(comments=[{"text": str(number)} for number in range(5)])
    path = f"{ALERTS}/{alert.id}/comments"
    token: str | None = ""
    found = []
    while token is not None:
        page = security_deck.ask("GET", path, params={"pageSize": 2, "pageToken": token})
        found.append([comment["text"] for comment in page["comments"]])
        token = page.get("nextPageToken")
    assert found == [["0", "1"], ["2", "3"], ["4"]]
    for params in ({"pageSize": 1001}, {"pageSize": "many"}, {"pageToken": "%%%"}):
        assert security_deck.ask("GET", path, params=params, status=400)["code"] == 3


def test_lists_may_lag(sim: Simulator, security_deck: Client) -> None:
    sim.settings.security_deck.operation_seconds = 0
    alert = sim.security_deck.add_alert()
    path = f"/securitydeck/alerts/v1/sinks/{sim.security_deck.sink_id}/alerts"
    assignee = sim.security_deck.subjects[0]
    update(security_deck, alert.id, "status,assigneeSubjectId", status="RESOLVED", assigneeSubjectId=assignee)
    for lag, listed in ((3600.0, "OPEN"), (0.0, "RESOLVED")):
        sim.settings.security_deck.search_lag = lag
        rows = security_deck.ask("GET", path, params={"filter": f'status = "{listed}"'})["alerts"]
        (row,) = [row for row in rows if row["id"] == alert.id]
        assert ("assignee" in row) is (listed == "RESOLVED")
        shown = security_deck.ask("GET", f"/securitydeck/alerts/v1/alerts/{alert.id}")
        assert (shown["status"], shown["assignee"]["subject"]["id"]) == ("RESOLVED", assignee)


def test_comments(sim: Simulator, security_deck: Client) -> None:
    path = f"{ALERTS}/{sim.security_deck.add_alert().id}/comments"
    operation = wait(security_deck, security_deck.ask("POST", path, {"text": "seen"}))
    assert operation["response"]["text"] == "seen"
    assert [one["text"] for one in security_deck.ask("GET", path)["comments"]] == ["seen"]
    security_deck.ask("POST", path, {"text": "x" * 4097}, 400)


# Tokens


def claims(key: dict[str, str], **changes: t.Any) -> dict[str, t.Any]:
    now = int(time.time())
    return {"iss": key["service_account_id"], "aud": AUDIENCE, "iat": now, "exp": now + 3600, **changes}


def signed(key: dict[str, str], given: dict[str, t.Any], algorithm: str = "PS256", kid: str | None = None) -> str:
    mark, _newline, private_key = key["private_key"].partition("\n")
    assert mark.startswith("PLEASE DO NOT REMOVE THIS LINE!")
    return jwt.encode(given, private_key, algorithm, headers={"kid": kid or key["id"]})


def test_a_jwt_is_exchanged(sim: Simulator, security_deck: Client) -> None:
    key = sim.security_deck.service_account_key()
    nobody = security_deck.given(Authorization=None)
    answer = nobody.ask("POST", "/iam/v1/tokens", {"jwt": signed(key, claims(key))})
    assert answer["expiresAt"].endswith("Z")
    alert = sim.security_deck.add_alert()
    nobody.given(Authorization=f"Bearer {answer['iamToken']}").ask("GET", f"{ALERTS}/{alert.id}")
    assert not sim.log.writes()


@pytest.mark.parametrize(
    "wrong",
    [
        {"given": {"aud": "https://elsewhere.example.com"}},
        {"given": {"iss": "ajesomebodyelse00000"}},
        {"given": {"exp": int(time.time()) - 60}},
        {"given": {"exp": int(time.time()) + 7200}},
        {"algorithm": "RS256"},
        {"kid": "ajeanotherkey0000000"},
    ],
)
def test_jwts_that_are_refused(sim: Simulator, security_deck: Client, wrong: dict[str, t.Any]) -> None:
    key = sim.security_deck.service_account_key()
    encoded = signed(key, claims(key, **wrong.pop("given", {})), **wrong)
    assert security_deck.ask("POST", "/iam/v1/tokens", {"jwt": encoded}, 401)["code"] == 16
    assert security_deck.ask("POST", "/iam/v1/tokens", {"jwt": "nonsense"}, 401)["code"] == 16


def test_the_machines_own_token(sim: Simulator, security_deck: Client) -> None:
    for url in (sim.url, sim.security_deck.url):
        here = Client(security_deck.session, url, {})
        assert here("GET", METADATA).status_code == 403
        answer = here.ask("GET", METADATA, headers={"Metadata-Flavor": "Google"})
        assert answer["expires_in"] == 43200
        bearer = security_deck.given(Authorization=f"Bearer {answer['access_token']}")
        bearer.ask("GET", f"{ALERTS}/{next(iter(sim.security_deck.alerts))}")
    assert {entry.platform for entry in sim.log} == {"security_deck"}
    sim.settings.security_deck.metadata_available = False
    assert here("GET", METADATA, headers={"Metadata-Flavor": "Google"}).status_code == 404


def test_tokens_that_are_not_good(sim: Simulator, security_deck: Client) -> None:
    alert = sim.security_deck.add_alert()
    path = f"{ALERTS}/{alert.id}"
    for header in (None, "Bearer nonsense", f"Basic {sim.credentials.iam_token}"):
        error = security_deck.given(Authorization=header).ask("GET", path, status=401)
        assert error["code"] == 16
        assert error["details"]
    reader = security_deck.given(Authorization=f"Bearer {sim.credentials.iam_read_only_token}")
    reader.ask("GET", path)
    assert reader.ask("PATCH", path, {"updateMask": "status", "status": "RESOLVED"}, 403)["code"] == 7
    sim.settings.security_deck.revoked_tokens = [sim.credentials.iam_token]
    security_deck.ask("GET", path, status=401)


def test_tokens_expire(sim: Simulator, security_deck: Client) -> None:
    headers = {"Metadata-Flavor": "Google"}
    path = f"{ALERTS}/{next(iter(sim.security_deck.alerts))}"
    token = security_deck.ask("GET", METADATA, headers=headers)["access_token"]
    sim.security_deck.tokens.expire()
    error = security_deck.given(Authorization=f"Bearer {token}").ask("GET", path, status=401)
    assert "expired" in error["message"]
    sim.settings.security_deck.token_seconds = 0
    token = security_deck.ask("GET", METADATA, headers=headers)["access_token"]
    security_deck.given(Authorization=f"Bearer {token}").ask("GET", path, status=401)
