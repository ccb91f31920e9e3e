# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The fate of a write, cell by cell: what every answer leaves open, and what is reported after every read."""

from __future__ import annotations

import types
import typing as t

import pytest

from ansible_collections.secops.triage.plugins.module_utils._core.errors import (
    AmbiguousError,
    GuardError,
    NotFoundError,
    NotSentError,
    OptionError,
    RefusedError,
    TriageError,
    UnreachableError,
)
from ansible_collections.secops.triage.plugins.module_utils._flow.change import (
    Accepted,
    Alert,
    Change,
    Confirmed,
    Fields,
    Outcome,
    Refused,
    Unknown,
    outcome_of,
)
from ansible_collections.secops.triage.plugins.module_utils._flow.guards import Guards
from ansible_collections.secops.triage.plugins.module_utils._flow.platform import WritablePlatform
from ansible_collections.secops.triage.plugins.module_utils._flow.tracker import (
    ANSWERS,
    READS,
    Answer,
    Sight,
    WriteTracker,
    answer_of,
)

OLD: Fields = {"status": "open", "owner": ""}
NEW: Fields = {"status": "closed", "owner": "ana"}
#: Neither as it was, nor as desired.
HALF: Fields = {"status": "closed", "owner": ""}
#: What a guard protects, or what cannot be changed any more.
GUARDED: Fields = {"status": "open", "owner": "bo"}
STUCK: Fields = {"status": "stuck", "owner": ""}

UNSEEN = AmbiguousError("GET", "/a", "no answer")


class Alerts(WritablePlatform):
    """A platform that has nothing but rules."""

    def __init__(self, *, appends: bool = False, guarded: bool = False, skip: bool = False) -> None:
        self.appends = appends
        self.guards = Guards(only_assigned_to=["", "ana"] if guarded else None, skip_protected=skip)

    def desired(self, alert: Alert) -> Fields:
        if alert.fields["status"] == "stuck":
            raise OptionError("It cannot be closed")
        return NEW

    def objection(self, change: Change) -> str | None:
        return "bo has it" if self.guards.set and change.before["owner"] == "bo" else None

    def write(self, changes: t.Sequence[Change]) -> dict[str, Outcome]:
        raise AssertionError("a tracker sends nothing")


def refusal(status: int, body: t.Any = types.MappingProxyType({})) -> RefusedError:
    return RefusedError("PATCH", "/a", f"{status} No", status=status, body=dict(body) if body is not None else None)


def failure(status: int | None) -> AmbiguousError:
    return AmbiguousError("PATCH", "/a", f"{status}", status=status)


UNREACHABLE = UnreachableError("PATCH", "/a", "no connection")
CIRCUIT = NotSentError("PATCH", "/a", "not sent", status=401)

#: One outcome of each kind.
OUTCOMES: dict[Answer, Outcome] = {
    Answer.NOT_SENT: Refused(UNREACHABLE),
    Answer.PUT_OFF: Refused(refusal(429)),
    Answer.REFUSED: Refused(refusal(409)),
    Answer.CONFLICT: Refused(refusal(409), again=True),
    Answer.ACCEPTED: Accepted(),
    Answer.CONFIRMED: Confirmed(NEW),
    Answer.UNCLEAR: Unknown(failure(500)),
}


def tracked(*outcomes: Outcome, **rules: bool) -> WriteTracker:
    tracker = WriteTracker(Alerts(**rules), Change(Alert("a", OLD), NEW))
    for outcome in outcomes:
        tracker.record_answer(outcome)
    return tracker


def reported(tracker: WriteTracker) -> tuple[t.Any, ...]:
    return tracker.result.after, tracker.result.changed, tracker.result.error


@pytest.mark.parametrize(
    ("error", "answer"),
    [
        (UNREACHABLE, Answer.NOT_SENT),
        (CIRCUIT, Answer.NOT_SENT),
        (GuardError("bo has it"), Answer.NOT_SENT),
        (refusal(407, None), Answer.REFUSED),
        (refusal(429), Answer.PUT_OFF),
        (refusal(429, None), Answer.PUT_OFF),
        *((refusal(status), Answer.REFUSED) for status in (400, 401, 403, 404, 409, 422)),
        (TriageError("Somebody else has done it"), Answer.REFUSED),
        # A page of somebody who stands between.
        *((refusal(status, None), Answer.UNCLEAR) for status in (400, 403, 404, 409)),
        *((refusal(status), Answer.UNCLEAR) for status in (302, 303, 307, 408, 425, 499)),
        *((failure(status), Answer.UNCLEAR) for status in (None, 200, 204, 408, 500, 502, 503, 504)),
    ],
    ids=lambda one: f"{type(one).__name__} {getattr(one, 'status', '')}" if isinstance(one, TriageError) else one.name,
)
def test_which_answer_an_error_is(error: TriageError, answer: Answer) -> None:
    assert answer_of(outcome_of(error)) is answer


def test_which_answer_each_outcome_is() -> None:
    assert {answer: answer_of(outcome) for answer, outcome in OUTCOMES.items()} == {one: one for one in Answer}


def test_an_answer_that_shows_the_alert_otherwise_is_an_acceptance() -> None:
    tracker = tracked(Confirmed(OLD))
    assert tracker.needs_read
    assert tracker.record_read(Alert("a", OLD)) is None, "what the API has taken is not sent again"
    assert (tracker.result.changed, tracker.needs_read) == (None, True)
    tracker.record_read(Alert("a", NEW))
    assert reported(tracker) == (NEW, True, None)


@pytest.mark.parametrize(
    ("answer", "doubt", "again"),
    [
        (Answer.NOT_SENT, False, True),
        (Answer.PUT_OFF, False, True),
        (Answer.REFUSED, False, False),
        (Answer.CONFLICT, False, "sets"),
        (Answer.ACCEPTED, True, False),
        (Answer.CONFIRMED, False, False),
        (Answer.UNCLEAR, True, "sets"),
    ],
)
def test_what_an_answer_leaves_open(answer: Answer, doubt: bool, again: bool | str) -> None:
    assert ANSWERS[answer] == (doubt, again)
    for appends in (False, True):
        tracker = tracked(OUTCOMES[answer], guarded=True, appends=appends)
        # A confirmation needs no read.
        sent_again = tracker.record_read(Alert("a", OLD)) if tracker.needs_read else None
        assert (sent_again is not None) == (again is True or (again == "sets" and not appends))
        assert (tracker.result.changed is None) == doubt


def test_every_cell_of_the_tables_is_tested() -> None:
    assert set(ANSWERS) == set(Answer) == set(OUTCOMES)
    assert set(READS) == {(doubt, sight) for doubt in (True, False) for sight in Sight}


@pytest.mark.parametrize("last", sorted(set(Answer) - {Answer.CONFIRMED}, key=str))
class TestInDoubt:
    """Some try may have done it, whatever the last answer was."""

    def tracker(self, last: Answer) -> WriteTracker:
        return tracked(Unknown(failure(500)), OUTCOMES[last])

    def said(self, last: Answer) -> TriageError | None:
        # What was not sent has nothing to say of what was.
        quiet = last in (Answer.PUT_OFF, Answer.NOT_SENT)
        said: TriageError | None = getattr(OUTCOMES[last], "error", None)
        return failure(500) if quiet else said

    def test_no_answer_while_an_earlier_read_stands(self, last: Answer) -> None:
        tracker = self.tracker(last)
        tracker.record_read(Alert("a", HALF))
        before = reported(tracker)
        tracker.read_failed(UNSEEN)
        assert reported(tracker) == before
        assert not tracker.needs_read

    def test_no_answer(self, last: Answer) -> None:
        tracker = self.tracker(last)
        tracker.read_failed(UNSEEN)
        after, changed, error = reported(tracker)
        assert (after, changed, str(error)) == (None, None, str(self.said(last) or UNSEEN))
        assert not tracker.needs_read

    def test_gone(self, last: Answer) -> None:
        tracker = self.tracker(last)
        tracker.read_failed(None)
        after, changed, error = reported(tracker)
        assert (after, changed, type(error)) == (None, None, NotFoundError)
        assert not tracker.needs_read

    def test_as_desired(self, last: Answer) -> None:
        tracker = self.tracker(last)
        assert tracker.record_read(Alert("a", NEW)) is None
        assert reported(tracker) == (NEW, True, None)
        assert not tracker.needs_read

    @pytest.mark.parametrize("read", [OLD, HALF])
    def test_otherwise(self, last: Answer, read: Fields) -> None:
        tracker = self.tracker(last)
        again = tracker.record_read(Alert("a", read))
        after, changed, error = reported(tracker)
        assert (after, changed) == (read, None)
        said = self.said(last)
        assert str(said) == str(error) if said else "The change was sent, but" in str(error)
        assert tracker.needs_read, "reads lag: within that time it is read again"
        assert (again is not None) == (last in (Answer.UNCLEAR, Answer.CONFLICT))

    def test_otherwise_where_nothing_could_be_sent(self, last: Answer) -> None:
        tracker = self.tracker(last)
        assert tracker.record_read(Alert("a", STUCK)) is None
        assert (tracker.result.changed, str(tracker.result.error)) == (None, "It cannot be closed")


@pytest.mark.parametrize("last", [Answer.REFUSED, Answer.CONFLICT, Answer.PUT_OFF, Answer.NOT_SENT])
class TestNotInDoubt:
    """No try has done it: all were refused, put off or not sent."""

    def test_no_answer_while_an_earlier_read_stands(self, last: Answer) -> None:
        tracker = tracked(OUTCOMES[last])
        tracker.record_read(Alert("a", HALF))
        before = reported(tracker)
        tracker.read_failed(UNSEEN)
        assert reported(tracker) == before

    def test_no_answer(self, last: Answer) -> None:
        tracker = tracked(OUTCOMES[last])
        tracker.read_failed(UNSEEN)
        assert reported(tracker) == (OLD, False, t.cast(Refused, OUTCOMES[last]).error)

    def test_gone(self, last: Answer) -> None:
        tracker = tracked(OUTCOMES[last])
        tracker.read_failed(None)
        assert reported(tracker) == (None, False, t.cast(Refused, OUTCOMES[last]).error)

    def test_as_desired_by_somebody_else(self, last: Answer) -> None:
        tracker = tracked(OUTCOMES[last])
        tracker.record_read(Alert("a", NEW))
        assert reported(tracker) == (NEW, False, None)

    @pytest.mark.parametrize("read", [OLD, HALF])
    def test_otherwise(self, last: Answer, read: Fields) -> None:
        tracker = tracked(OUTCOMES[last])
        tracker.record_read(Alert("a", read))
        assert reported(tracker) == (read, False, t.cast(Refused, OUTCOMES[last]).error)
        assert not tracker.needs_read


@pytest.mark.parametrize("first", [Answer.UNCLEAR, Answer.ACCEPTED])
@pytest.mark.parametrize("status", [400, 403, 409, 422, 429])
def test_doubt_is_sticky(first: Answer, status: int) -> None:
    """A read of the old state proves nothing, and a refusal says nothing of the try before it."""
    tracker = tracked(OUTCOMES[first])
    tracker.record_read(Alert("a", OLD))
    tracker.record_answer(Refused(refusal(status)))
    assert tracker.needs_read
    tracker.record_read(Alert("a", OLD))
    assert tracker.result.changed is None
    assert tracker.needs_read
    tracker.record_read(Alert("a", NEW))
    assert reported(tracker) == (NEW, True, None)


@pytest.mark.parametrize("outcome", [Confirmed(NEW), Refused(refusal(409), of_all=True)])
def test_what_ends_doubt(outcome: Outcome) -> None:
    tracker = tracked(Unknown(failure(500)), outcome)
    assert tracker.result.changed is isinstance(outcome, Confirmed)
    if tracker.needs_read:
        tracker.record_read(Alert("a", OLD))
    assert tracker.result.changed is isinstance(outcome, Confirmed)


@pytest.mark.parametrize("doubt", [True, False])
def test_a_guard_that_objects_before_a_further_try_leaves_the_doubt(doubt: bool) -> None:
    tracker = tracked(OUTCOMES[Answer.UNCLEAR if doubt else Answer.PUT_OFF], guarded=True)
    assert tracker.record_read(Alert("a", GUARDED)) is None
    assert tracker.result.changed is (None if doubt else False)
    assert isinstance(tracker.result.error, GuardError)
    assert ("Not tried again" in str(tracker.result.error)) == doubt
    assert not tracker.needs_read


def test_what_a_guard_keeps_from_its_first_try_is_skipped_where_the_task_asks_for_that() -> None:
    tracker = tracked(OUTCOMES[Answer.PUT_OFF], guarded=True, skip=True)
    tracker.record_read(Alert("a", GUARDED))
    assert (tracker.result.skipped, tracker.result.error, tracker.result.changed) == ("bo has it", None, False)


def test_without_guards_the_client_has_waited_already() -> None:
    for answer in (Answer.PUT_OFF, Answer.NOT_SENT):
        assert not tracked(OUTCOMES[answer]).needs_read
        assert tracked(OUTCOMES[answer], guarded=True).needs_read


@pytest.mark.parametrize(
    ("outcomes", "failing"),
    [
        ([Unknown(failure(503))], True),
        ([Unknown(failure(503)), Unknown(failure(503))], True),
        ([Unknown(failure(500)), Unknown(failure(503))], False),
        ([Unknown(failure(503)), Refused(refusal(409))], False),
        ([Unknown(failure(None))], False),
        ([Unknown(failure(200))], False),
    ],
)
def test_a_service_that_fails_in_the_same_way_at_every_try(outcomes: list[Outcome], failing: bool) -> None:
    tracker = tracked(*outcomes)
    tracker.record_read(Alert("a", OLD))
    assert tracker.result.failing is failing
    tracker.record_read(Alert("a", NEW))
    assert not tracker.result.failing
