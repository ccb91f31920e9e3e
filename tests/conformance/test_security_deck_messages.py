# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Are our requests to Security Deck, and the simulator's answers, proper JSON of protocol buffers?

This checks our reading of the API page, for nobody publishes a client that has these messages: see
`security_deck_messages`. The rules of the form and of field masks, though, are protobuf's own and not ours.
"""

from __future__ import annotations

import typing as t
from datetime import datetime
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from google.protobuf.json_format import ParseError

from ansible_collections.secops.triage.tests.conformance.security_deck_messages import parsed, written
from ansible_collections.secops.triage.tests.simulator import Simulator
from ansible_collections.secops.triage.tests.simulator.security_deck_alerts import Alert
from ansible_collections.secops.triage.tests.unit.harness import Params, by_id, four_runs, run_module

OPERATION, STATUS = "yandex.cloud.operation.Operation", "google.rpc.Status"
UNCLASSIFIED = "CLASSIFICATION_UNSPECIFIED"


def full_alert(sim: Simulator) -> Alert:
    """An alert on which every field is set."""
    return sim.security_deck.add_alert(
        status="IN_PROGRESS",
        severity="HIGH",
        classification="UNDETERMINED",
        assignee=sim.security_deck.subjects[0],
        tags=["a", "b"],
    )


def bare_alert(sim: Simulator) -> Alert:
    """An alert on which nothing is set that need not be."""
    return sim.security_deck.add_alert(status="OPEN", severity="LOW", tags=[])


SCENARIOS: list[tuple[t.Callable[[Simulator], Alert], Params]] = [
    (bare_alert, {"status": "RESOLVED"}),
    (bare_alert, {"classification": "FALSE_POSITIVE"}),
    (bare_alert, {"assignee_subject_id": "SUBJECT"}),
    (bare_alert, {"status": "IN_PROGRESS", "classification": "TRUE_POSITIVE", "assignee_subject_id": "SUBJECT"}),
    (full_alert, {"classification": UNCLASSIFIED}),
    (full_alert, {"assignee_subject_id": ""}),
    (full_alert, {"status": "OPEN", "classification": UNCLASSIFIED, "assignee_subject_id": ""}),
]


@pytest.mark.parametrize(("make", "asked"), SCENARIOS)
def test_a_request_is_proper_and_means_what_the_module_reports(
    sim: Simulator, security_deck: Params, make: t.Callable[[Simulator], Alert], asked: Params
) -> None:
    sim.settings.security_deck.operation_seconds = 0
    alert = make(sim)
    if asked.get("assignee_subject_id"):
        asked = {**asked, "assignee_subject_id": sim.security_deck.subjects[1]}
    present = message_of({**alert.triage_state(), "classification": alert.classification or UNCLASSIFIED})
    runs = four_runs(sim, "alert_update", {**security_deck, "alert_ids": [alert.id], **asked})
    (write,) = runs.writes

    request = parsed("UpdateAlertRequest", write.body)
    # Names, enums and the mask are as protobuf itself would write them: in lowerCamel, without a blank, nothing else.
    assert written(request) == write.body
    assert request.update_mask.paths
    assert request.update_mask.IsValidForDescriptor(request.DESCRIPTOR)
    values = {field.name for field, _value in request.ListFields()} - {"update_mask"}
    assert values <= set(request.update_mask.paths), "a value that the mask does not name is dropped"

    # What a mask does to a message is written in protobuf's own library.
    request.update_mask.MergeMessage(request, present, replace_repeated_field=True)
    assert written(present) == written(message_of(by_id(runs.real)[alert.id]))


def message_of(fields: dict[str, t.Any]) -> t.Any:
    """An alert's fields, by the module's names, as a message that a mask can be applied to."""
    body = {name: fields[name] for name in ("status", "severity", "classification")}
    if fields["assignee_subject_id"]:
        body["assigneeSubjectId"] = fields["assignee_subject_id"]
    return parsed("UpdateAlertRequest", body)


@pytest.mark.parametrize("order", [None, "update_time asc"])
def test_a_search_is_a_proper_request_page_by_page(sim: Simulator, security_deck: Params, order: str | None) -> None:
    sim.reset(alerts={"security_deck": 1300})
    ids = sim.security_deck.ids(status="OPEN")
    query = {"sink_id": sim.security_deck.sink_id, "filter": 'status != "RESOLVED"', "order_by": order}
    result = run_module("alert_info", {**security_deck, "query": query, "max_alerts": 5000, "raw": True})
    assert set(ids) < {row["id"] for row in result["alerts"]}
    sizes = []
    for entry in sim.log:
        address = urlsplit(entry.path)
        sink = address.path.split("/sinks/")[1].removesuffix("/alerts")
        # What a query string says once is an item of a list, too.
        asked = {name: value if name == "orderBy" else value[0] for name, value in parse_qs(address.query).items()}
        request = parsed("ListAlertsRequest", {"sinkId": sink, **asked})
        assert (request.sink_id, request.filter) == (query["sink_id"], query["filter"])
        assert list(request.order_by) == ([order] if order else [])
        assert len(request.page_token) <= 200
        sizes.append(request.page_size)
    assert sizes == [1000, 1000]
    for row in result["alerts"]:
        # Our times are to the millisecond, and the service's need not be.
        told = parsed("Alert", row["raw"]).create_time.ToMilliseconds()
        assert told == round(datetime.fromisoformat(row["created"].replace("Z", "+00:00")).timestamp() * 1000)


@pytest.mark.parametrize(
    "body",
    [
        {"updateMask": "assignee_subject_id"},
        {"updateMask": "status", "status": "CLOSED"},
        {"updateMask": "status", "state": "OPEN"},
        {"updateMask": ["status"]},
        {"updateMask": "tags", "tags": "a,b"},
    ],
)
def test_the_messages_refuse_what_is_not_proper(body: dict[str, t.Any]) -> None:
    with pytest.raises(ParseError):
        parsed("UpdateAlertRequest", body)


@pytest.mark.parametrize("mask", ["status, assigneeSubjectId", "Status", "alert.status"])
def test_a_mask_of_other_names_is_not_valid(mask: str) -> None:
    request = parsed("UpdateAlertRequest", {"updateMask": mask})
    assert not request.update_mask.IsValidForDescriptor(request.DESCRIPTOR)


# The simulator's answers


@pytest.fixture
def session(sim: Simulator) -> t.Iterator[requests.Session]:
    with requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {sim.credentials.iam_token}"
        yield session


@pytest.mark.parametrize("unset", ["absent", "unspecified"])
@pytest.mark.parametrize("make", [bare_alert, full_alert])
def test_an_alert_is_a_proper_message(
    sim: Simulator, session: requests.Session, make: t.Callable[[Simulator], Alert], unset: str
) -> None:
    alert = make(sim)
    sim.settings.security_deck.shows_unset = unset
    base = f"{sim.security_deck.url}/securitydeck/alerts/v1"
    message = parsed("Alert", session.get(f"{base}/alerts/{alert.id}").json())
    assert (message.id, message.assignee.subject.id) == (alert.id, alert.assignee)
    listed = parsed("ListAlertsResponse", session.get(f"{base}/sinks/{sim.security_deck.sink_id}/alerts").json())
    assert {one.id for one in listed.alerts} == set(sim.security_deck.alerts)


@pytest.mark.parametrize("fails", [0, 1])
def test_an_operation_is_a_proper_message_all_the_way(sim: Simulator, session: requests.Session, fails: int) -> None:
    alert, settings = bare_alert(sim), sim.settings.security_deck
    settings.failing_operations = fails
    url = f"{sim.security_deck.url}/securitydeck/alerts/v1/alerts/{alert.id}"
    operation = parsed(OPERATION, session.patch(url, json={"updateMask": "status", "status": "RESOLVED"}).json())
    while not operation.done:
        # A failure may show before the end; a response may not.
        assert operation.WhichOneof("result") in ((None, "error") if fails else (None,))
        operation = parsed(OPERATION, session.get(f"{sim.security_deck.url}/operations/{operation.id}").json())
    assert operation.WhichOneof("result") == ("error" if fails else "response")
    assert operation.metadata.TypeName().endswith(".UpdateAlertMetadata")
    if fails:
        assert operation.error.code == settings.failure_code
    else:
        assert operation.response.TypeName().endswith(".Alert")


def test_a_comment_is_proper_on_its_way_there_and_back(
    sim: Simulator, security_deck: Params, session: requests.Session
) -> None:
    text, alert = "Looked at:\n- host `web-01`, *nothing* found 🦊", bare_alert(sim)
    settings = sim.settings.security_deck
    settings.operation_seconds, settings.comments_page = 0, 2
    url = f"{sim.security_deck.url}/securitydeck/alerts/v1/alerts/{alert.id}/comments"
    for number in range(3):
        operation = parsed(OPERATION, session.post(url, json={"text": str(number)}).json())
    assert operation.metadata.TypeName().endswith(".CreateCommentMetadata")
    assert operation.response.TypeName().endswith(".Comment")
    assert written(operation.metadata)["commentId"] == written(operation.response)["id"]

    runs = four_runs(sim, "alert_note", {**security_deck, "alert_ids": [alert.id], "text": text})
    (write,) = runs.writes
    request = parsed("CreateCommentRequest", write.body)
    assert written(request) == write.body
    # The id is in the path, and is not said twice.
    assert (request.alert_id, request.text) == ("", text)

    tokens = []
    for entry in [entry for entry in sim.log if entry.path.partition("?")[0].endswith("/comments")]:
        asked = {name: value[0] for name, value in parse_qs(urlsplit(entry.path).query).items()}
        query = parsed("ListCommentsRequest", asked)
        assert query.page_size == 1000
        tokens.append(query.page_token)
        assert len(query.page_token) <= 200
    assert tokens[0] == ""
    assert tokens[1], "the note is on the second page"
    page = parsed("ListCommentsResponse", session.get(url).json())
    assert [comment.text for comment in page.comments] == ["0", "1"]
    page = parsed("ListCommentsResponse", session.get(url, params={"pageToken": page.next_page_token}).json())
    assert [comment.text for comment in page.comments] == ["2", text]
    assert {comment.alert_id for comment in page.comments} == {alert.id}
    assert not page.next_page_token


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"updateMask": "status", "status": "SHUT"}, 400, 3),
        ({"updateMask": "status", "status": "OPEN"}, 400, 9),
        (None, 404, 5),
    ],
)
def test_an_error_is_a_proper_status(
    sim: Simulator, session: requests.Session, body: t.Any, status: int, code: int
) -> None:
    alert = bare_alert(sim).id if body else "fv4unknown"
    answer = session.patch(f"{sim.security_deck.url}/securitydeck/alerts/v1/alerts/{alert}", json=body or {})
    message = parsed(STATUS, answer.json())
    assert (answer.status_code, message.code) == (status, code)
    assert message.details[0].TypeName() == "google.rpc.RequestInfo"
