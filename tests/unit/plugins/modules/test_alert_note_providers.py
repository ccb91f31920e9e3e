# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What each provider's notes have of their own: operations, pages, fields, limits."""

from __future__ import annotations

import itertools
import typing as t

import pytest

from ansible_collections.secops.triage.tests.simulator import Entry, Fault, Simulator
from ansible_collections.secops.triage.tests.unit.harness import Params, Result, by_id, four_runs, run_module

NAME = "alert_note"
TEXT = "The host was taken off the network."


def run(connection: Params, ids: list[str], **options: t.Any) -> Result:
    return run_module(NAME, {**connection, "alert_ids": ids, "text": TEXT, "retries": 0, **options})


@pytest.fixture
def kibana_notes(kibana: Params) -> Params:
    return {"provider": "kibana", **kibana}


# Security Deck


def comments(*texts: str) -> list[dict[str, str]]:
    return [{"text": text} for text in texts]


@pytest.mark.parametrize("place", range(5))
def test_comment_is_found_on_every_page(sim: Simulator, security_deck: Params, place: int) -> None:
    """And no page is asked for after that."""
    sim.settings.security_deck.comments_page = 2
    texts = [TEXT if number == place else str(number) for number in range(5)]
    alert = sim.security_deck.add_alert(comments=comments(*texts))
    runs = four_runs(sim, NAME, {**security_deck, "alert_ids": [alert.id], "text": TEXT})
    assert not runs.real["changed"]
    assert len(runs.requests) == place // 2 + 1


def test_all_pages_are_read_before_a_comment_is_added(sim: Simulator, security_deck: Params) -> None:
    sim.settings.security_deck.comments_page = 2
    alert = sim.security_deck.add_alert(comments=comments(*"abcde"))
    runs = four_runs(sim, NAME, {**security_deck, "alert_ids": [alert.id], "text": TEXT})
    assert runs.real["changed"]
    assert [entry.method for entry in runs.requests if "/comments" in entry.path] == ["GET"] * 3 + ["POST"]


def test_pages_that_go_round_in_circles_end(sim: Simulator, security_deck: Params) -> None:
    alert = sim.security_deck.add_alert()
    sim.faults.add(Fault("status", status=200, path="/comments", body={"nextPageToken": "again"}, count=None))
    assert "in circles" in run(security_deck, [alert.id])["msg"]
    assert not sim.log.writes()


class Endless(Fault):
    """Answers with an empty page of comments, and with the token of a next one that was not there before."""

    tokens = itertools.count()

    def matches(self, entry: Entry) -> bool:
        self.body = {"nextPageToken": str(next(self.tokens))}
        return super().matches(entry)


def test_pages_without_an_end_end(sim: Simulator, security_deck: Params) -> None:
    alert = sim.security_deck.add_alert()
    sim.faults.add(Endless(status=200, path="/comments", count=None))
    result = run(security_deck, [alert.id])
    assert (result["failed"], result["changed"]) == (True, False)
    assert "have more than 100 pages" in result["msg"]
    assert not sim.log.writes()


@pytest.mark.parametrize("body", [{"message": "Maintenance"}, {"findings": []}])
def test_object_that_is_something_else_says_nothing_of_comments(
    sim: Simulator, security_deck: Params, body: Params
) -> None:
    """It would add the comment a second time."""
    alert = sim.security_deck.add_alert(comments=comments(TEXT))
    sim.faults.add(Fault("status", status=200, path="/comments", body=body, count=None))
    assert "does not show comments" in run(security_deck, [alert.id])["msg"]
    assert not sim.log.writes()


def test_comment_is_an_operation_that_is_waited_for(sim: Simulator, security_deck: Params) -> None:
    sim.settings.security_deck.poll_interval = 0.01
    alert = sim.security_deck.add_alert()
    result = run(security_deck, [alert.id])
    assert by_id(result)[alert.id]["operation_id"] in sim.security_deck.operations
    (write,) = sim.log.writes()
    assert write.body == {"text": TEXT}
    assert write.headers["idempotency-key"]


def test_comment_that_is_not_waited_for(sim: Simulator, security_deck: Params) -> None:
    sim.settings.security_deck.operation_seconds = 60
    alert = sim.security_deck.add_alert()
    result = run(security_deck, [alert.id], wait=False)
    assert by_id(result)[alert.id]["text"] == TEXT
    assert len(sim.log) == 2


def test_comment_whose_operation_fails(sim: Simulator, security_deck: Params) -> None:
    sim.settings.security_deck.operation_seconds = 0
    sim.settings.security_deck.failing_operations = 1
    alert = sim.security_deck.add_alert()
    result = run(security_deck, [alert.id])
    assert result["error"]["status"] == 500
    assert result["error"]["path"].endswith("/comments")
    assert by_id(result)[alert.id]["text"] is None


def test_comment_whose_answer_was_lost_is_sent_with_the_same_key(sim: Simulator, security_deck: Params) -> None:
    sim.settings.security_deck.operation_seconds = 0
    alert = sim.security_deck.add_alert()
    sim.faults.add(Fault("close", writes=True, when="before"))
    assert not run(security_deck, [alert.id], retries=2).get("failed")
    first, second = sim.log.writes()
    assert first.headers["idempotency-key"] == second.headers["idempotency-key"]
    assert len(alert.comments) == 1


# Calseta

EVIDENCE = {"url": "https://login.example.net/", "seen": [1, 2.5, None, True], "who": {"ä": "🦊"}}
FINDING = {"agent_name": "Runbook", "confidence": "high", "recommended_action": "Look.", "evidence": EVIDENCE}


def test_all_of_a_finding(sim: Simulator, calseta: Params) -> None:
    alert = sim.calseta.add_alert()
    runs = four_runs(sim, NAME, {**calseta, "alert_ids": [alert.uuid], "text": TEXT, **FINDING})
    assert [entry.body for entry in runs.writes] == [{"summary": TEXT, **FINDING}]
    assert by_id(runs.again)[alert.uuid] == {"id": alert.uuid, "changed": False, "text": TEXT, **FINDING}
    assert runs.check["diff"][0]["after"] == {"text": TEXT, **FINDING}


@pytest.mark.parametrize(
    ("options", "changed"),
    [
        ({}, True),
        ({"agent_name": "Runbook"}, False),
        ({"agent_name": "Runbook", "confidence": "high"}, False),
        ({"agent_name": "Runbook", "confidence": "low"}, True),
        ({"agent_name": "Runbook", "recommended_action": "Wait."}, True),
        ({"agent_name": "Runbook", "evidence": EVIDENCE}, False),
        ({"agent_name": "Runbook", "evidence": {}}, True),
        ({"agent_name": "runbook"}, True),
    ],
)
def test_what_makes_it_another_finding(sim: Simulator, calseta: Params, options: Params, changed: bool) -> None:
    """What is not given does not count; what is shown of a finding that is there is that finding."""
    alert = sim.calseta.add_alert(findings=[{"id": "1", "summary": TEXT, **FINDING}])
    runs = four_runs(sim, NAME, {**calseta, "alert_ids": [alert.uuid], "text": TEXT, **options})
    assert runs.real["changed"] is changed
    if not changed:
        assert by_id(runs.real)[alert.uuid] == {"id": alert.uuid, "changed": False, "text": TEXT, **FINDING}


@pytest.mark.parametrize(
    ("ours", "theirs", "same"),
    [
        # The database keeps numbers as decimals, and writes those without a fraction as integers.
        (1e23, 10**23, True),
        ([{"a": -1e300}], [{"a": -(10**300)}], True),
        (1.0, 1, True),
        (0.1, 0.1, True),
        (2**60, 2**60 + 1, False),
        (1, True, False),
        (0.0, False, False),
        (1e300, 10**400, False),
        ([1, 2], [2, 1], False),
        ([1], [1, 1], False),
        ({"a": 1}, {"a": 1, "b": 2}, False),
        ({"a": None}, {}, False),
        ("1", 1, False),
    ],
)
def test_numbers_in_evidence_are_compared_as_numbers(
    sim: Simulator, calseta: Params, ours: t.Any, theirs: t.Any, same: bool
) -> None:
    finding = {"id": "1", "agent_name": "Ansible", "summary": TEXT, "confidence": None, "recommended_action": None}
    alert = sim.calseta.add_alert(findings=[{**finding, "evidence": {"x": theirs}}])
    task = {**calseta, "alert_ids": [alert.uuid], "text": TEXT, "evidence": {"x": ours}}
    assert run_module(NAME, task)["changed"] is not same
    assert len(alert.findings) == (1 if same else 2)


def test_evidence_may_have_sixty_four_kilobytes(sim: Simulator, calseta: Params) -> None:
    alert = sim.calseta.add_alert()
    assert run(calseta, [alert.uuid], evidence={"a": "b" * 65_527})["changed"]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"agent_name": "a" * 256}, "agent_name has 256 characters; here it may have 255"),
        ({"agent_name": "\x1b[31m"}, "agent_name has control characters in it"),
        ({"recommended_action": " "}, "recommended_action is empty"),
        ({"recommended_action": "a\x00"}, "recommended_action has a character in it that cannot be stored"),
        ({"evidence": {"a": ["b\x00"]}}, "evidence has control characters in it"),
        ({"evidence": {"a\x1b": "b"}}, "evidence has control characters in it"),
        ({"evidence": {"a": "b" * 65_528}}, "evidence has 65537 bytes as JSON; here it may have 65536"),
    ],
)
def test_fields_that_are_refused_before_anything_is_sent(
    sim: Simulator, calseta: Params, options: Params, says: str
) -> None:
    result = run(calseta, [sim.calseta.add_alert().uuid], **options)
    assert says in result["msg"]
    assert not sim.log


def test_wrong_address_is_not_an_unknown_alert(sim: Simulator, calseta: Params) -> None:
    result = run({**calseta, "api_url": f"{sim.calseta.url}/api"}, [sim.calseta.add_alert().uuid])
    assert "The requested resource was not found." in result["msg"]


# Kibana


def note(key: str, text: str) -> dict[str, str]:
    return {"eventId": key, "note": text, "noteId": text}


def test_notes_of_many_alerts_are_read_in_few_requests(sim: Simulator, kibana_notes: Params) -> None:
    keys = [sim.kibana.add_alert() for _number in range(200)]
    sim.kibana.notes["default"] += [note(key, TEXT) for key in keys[1:]]
    runs = four_runs(sim, NAME, {**kibana_notes, "alert_ids": keys, "text": TEXT})
    assert runs.real["counts"]["changed"] == 1
    assert [entry.method for entry in runs.requests] == ["POST", *["GET"] * 3, "PATCH"]
    assert max(len(entry.path) for entry in runs.requests) < 8000


def test_an_alert_that_is_not_in_the_space(sim: Simulator, kibana_notes: Params) -> None:
    """Kibana says that it has no notes. The error names the space, which may be the wrong one."""
    key = sim.kibana.add_alert(space="soc-lab")
    error = by_id(run(kibana_notes, [key], space_id="prodd"))[key]["error"]
    assert (error["kind"], error["message"]) == ("not_found", "There is no such alert in the space prodd")
    assert not sim.log.writes()


def test_ids_that_are_hard_to_write_in_an_address(sim: Simulator, kibana_notes: Params) -> None:
    keys = ["a&documentIds=b", "ü/🦊", "a+b", "%41", "[1]"]
    sim.kibana.alerts().update({key: dict(sim.kibana.alerts()[sim.kibana.add_alert()]) for key in keys})
    runs = four_runs(sim, NAME, {**kibana_notes, "alert_ids": keys, "text": TEXT})
    assert runs.real["counts"]["changed"] == len(keys)


def test_notes_that_do_not_fit_into_one_answer_are_asked_for_one_by_one(sim: Simulator, kibana_notes: Params) -> None:
    sim.settings.kibana.shown_notes = 2
    keys = [sim.kibana.add_alert() for _number in range(3)]
    sim.kibana.notes["default"] += [note(key, text) for key in keys for text in ("a", TEXT)]
    assert not four_runs(sim, NAME, {**kibana_notes, "alert_ids": keys, "text": TEXT}).real["changed"]


@pytest.mark.parametrize("place", [0, 1, 2])
def test_note_that_may_be_among_those_that_are_not_shown(sim: Simulator, kibana_notes: Params, place: int) -> None:
    """It is not added a second time, and not taken for one that is missing."""
    sim.settings.kibana.shown_notes = 2
    key = sim.kibana.add_alert()
    sim.kibana.notes["default"] += [note(key, TEXT if number == place else str(number)) for number in range(3)]
    result = run(kibana_notes, [key])
    assert bool(result.get("failed")) == (place == 2)
    assert place != 2 or "shows 2 of the 3 notes" in result["msg"]
    assert not sim.log.writes()


@pytest.mark.parametrize("before_9", [False, True])
def test_note_that_only_seems_to_be_stored(sim: Simulator, kibana_notes: Params, before_9: bool) -> None:
    sim.settings.kibana.most_notes, sim.settings.kibana.notes_before_9 = 1, before_9
    keys = [sim.kibana.add_alert() for _number in range(2)]
    result = run(kibana_notes, keys, concurrency=1)
    assert (result["counts"]["changed"], result["counts"]["failed"]) == (1, 1)
    assert result["error"]["status"] == 403
    assert "maxUnassociatedNotes" in result["error"]["hint"]
    assert by_id(result)[keys[1]]["text"] is None


def test_note_is_of_its_space(sim: Simulator, kibana_notes: Params) -> None:
    key = sim.kibana.add_alert(space="soc-lab")
    task = {**kibana_notes, "alert_ids": [key], "text": TEXT, "space_id": "soc-lab"}
    assert four_runs(sim, NAME, task).real["changed"]
    assert [one["note"] for one in sim.kibana.notes["soc-lab"]] == [TEXT]
    assert run(kibana_notes, [key])["error"]["status"] == 404


def test_note_may_be_on_a_timeline_too(sim: Simulator, kibana_notes: Params) -> None:
    key = sim.kibana.add_alert()
    sim.kibana.notes["default"].append({**note(key, TEXT), "timelineId": "4711"})
    assert not run(kibana_notes, [key])["changed"]


def test_headers_of_notes(sim: Simulator, kibana_notes: Params) -> None:
    run(kibana_notes, [sim.kibana.add_alert()])
    assert {entry.headers["elastic-api-version"] for entry in sim.log} == {"2023-10-31"}


def test_guard_that_names_a_user(sim: Simulator, kibana_notes: Params) -> None:
    (uid, name), *_others = sim.kibana.users
    assigned: Params = {"kibana.alert.workflow_assignee_ids": [uid]}
    key = sim.kibana.add_alert(**assigned)
    assert run(kibana_notes, [key], only_assigned_to=[name])["changed"]
    assert run(kibana_notes, [key], only_assigned_to=[""], text="another")["failed"]


@pytest.mark.parametrize("fault", [Fault(status=400, path="signals/search", nth=2, count=None), None])
def test_note_that_had_to_wait_is_not_left_without_a_look_at_its_alert(
    sim: Simulator, kibana_notes: Params, fault: Fault | None
) -> None:
    """That the notes could be read again says nothing of how the alert stands."""
    ids = [sim.kibana.add_alert() for _number in range(2)]
    sim.faults.add(Fault(status=429, wait_form="retry_after", wait=0.1, writes=True))
    if fault:
        sim.faults.add(fault)
    result = run(kibana_notes, ids, only_from=["open"], retries=1, concurrency=1)
    assert [row["changed"] for row in by_id(result).values()] == [not fault] * 2
    assert len(sim.kibana.notes["default"]) == (0 if fault else 2)


def test_note_that_is_there_is_reported_whether_its_alert_could_be_read_or_not(
    sim: Simulator, kibana_notes: Params
) -> None:
    key = sim.kibana.add_alert()
    sim.faults.add(Fault(status=500, writes=True, when="after"))
    sim.faults.add(Fault(status=400, path="signals/search", nth=2, count=None))
    result = run(kibana_notes, [key], only_from=["open"], retries=1)
    assert not result.get("failed"), result["msg"]
    assert by_id(result)[key]["changed"] is True


def test_privilege_that_is_missing_is_named(sim: Simulator, kibana_notes: Params) -> None:
    key = sim.kibana.add_alert()
    result = run({**kibana_notes, "api_key": sim.credentials.kibana_read_only_api_key}, [key])
    assert result["error"]["status"] == 403
    assert "Notes" in result["error"]["hint"]
