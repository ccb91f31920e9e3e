# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The state of one alert's write over all of its tries: what is reported, and whether it is sent again."""

from __future__ import annotations

import dataclasses
import enum
import typing as t

from .._core.errors import GuardError, NotFoundError, NotSentError, RequestError, TriageError, UnreachableError
from .change import Accepted, Alert, Change, Confirmed, Fields, Outcome, Refused, Unknown
from .plan import Result
from .platform import WritablePlatform


class Answer(enum.Enum):
    """The answer to a try."""

    NOT_SENT = "no connection could be made, the circuit is open, or a guard objects"
    PUT_OFF = "the service asks to wait (429)"
    REFUSED = "the API says no"
    CONFLICT = "the API says that nothing was done, for somebody else was writing"
    ACCEPTED = "the API's own 2xx, which does not show the alert as desired"
    CONFIRMED = "the answer shows this alert as desired"
    UNCLEAR = "everything else: the try may have changed the alert"


class Sight(enum.Enum):
    """The result of a read."""

    STALE = "no answer, but an earlier read since the last try stands"
    UNREAD = "no answer"
    GONE = "the alert is gone"
    AS_DESIRED = "the alert is as desired"
    OTHERWISE = "the alert is not as desired"


class Leaves(t.NamedTuple):
    """What an answer leaves open: whether the try may have changed the alert, and whether another try may follow.

    With ``sets``, another try follows only if the write sets a state, and a read showed another state.
    """

    doubt: bool
    again: t.Literal["sets"] | bool


ANSWERS: dict[Answer, Leaves] = {
    Answer.NOT_SENT: Leaves(doubt=False, again=True),
    Answer.PUT_OFF: Leaves(doubt=False, again=True),
    Answer.REFUSED: Leaves(doubt=False, again=False),
    Answer.CONFLICT: Leaves(doubt=False, again="sets"),
    Answer.ACCEPTED: Leaves(doubt=True, again=False),
    Answer.CONFIRMED: Leaves(doubt=False, again=False),
    Answer.UNCLEAR: Leaves(doubt=True, again="sets"),
}


class Cell(t.NamedTuple):
    """What to report after a read, and whether to read again as long as reads may lag.

    ``kept`` keeps what was reported. ``moved`` is whether the read shows another state than before the write, V(None)
    unknown. ``cause`` is the API's error, else the read's error, else the difference.
    """

    fields: t.Literal["kept", "read", "unknown"]
    changed: t.Literal["kept", "moved"] | bool | None
    error: t.Literal["kept", "none", "gone", "cause"]
    read_again: bool = False


#: By whether some try may have changed the alert, and what a read shows.
READS: dict[tuple[bool, Sight], Cell] = {
    (True, Sight.STALE): Cell("kept", "kept", "kept"),
    (True, Sight.UNREAD): Cell("unknown", None, "cause"),
    (True, Sight.GONE): Cell("unknown", None, "gone"),
    (True, Sight.AS_DESIRED): Cell("read", "moved", "none"),
    (True, Sight.OTHERWISE): Cell("read", None, "cause", read_again=True),
    (False, Sight.STALE): Cell("kept", "kept", "kept"),
    (False, Sight.UNREAD): Cell("kept", False, "cause"),
    (False, Sight.GONE): Cell("unknown", False, "cause"),
    (False, Sight.AS_DESIRED): Cell("read", False, "none"),
    (False, Sight.OTHERWISE): Cell("read", False, "cause"),
}


class WriteTracker:
    """One alert's change, from its first try to its report, ``result``."""

    def __init__(self, platform: WritablePlatform, change: Change) -> None:
        self._platform = platform
        self._change = change
        self._doubt = False
        self._last = Answer.NOT_SENT
        self._said: TriageError | None = None
        self._statuses: set[int | None] = set()
        self._extra: Fields = {}
        self._was_read = False
        #: The number of tries without those that were put off or not sent; and whether a read must follow.
        self.tries, self.needs_read = 0, False
        self.result = Result(change.before, change.before)

    def record_answer(self, outcome: Outcome) -> None:
        """Record the answer to a try."""
        mismatch = self._mismatch(outcome.after) if isinstance(outcome, Confirmed) else None
        self._last = Answer.ACCEPTED if mismatch else answer_of(outcome)
        leaves = ANSWERS[self._last]
        self._doubt = leaves.doubt or (self._doubt and not outcome.of_all)
        if not (self._doubt and leaves.again is True):
            # A try that was not sent says nothing about an earlier try that left doubt.
            self._said = mismatch or outcome.error
            self._statuses.add(getattr(self._said, "status", None))
        self.tries += 0 if self._is_deferred else 1
        self._extra = {**self._extra, **outcome.extra}
        self._was_read = False
        self._report_answer(outcome)

    def _report_answer(self, outcome: Outcome) -> None:
        if isinstance(outcome, Confirmed) and not self._doubt:
            self.needs_read = False
            self._report(outcome.after, self._change.moved(outcome.after), None)
            return
        # The write may have been refused because the earlier read is outdated, so the alert is read again.
        self.needs_read = self._doubt or self._is_deferred or not _is_general(self._said)
        self._report(self.result.after, None if self._doubt else False, self._said)

    def record_read(self, alert: Alert) -> Change | None:
        """Record what a read shows. Returns the change to send again, if any."""
        remaining, mismatch = self.remaining(alert)
        sight = Sight.OTHERWISE if mismatch else Sight.AS_DESIRED
        self._apply(sight, alert.fields, (remaining and self._said) or mismatch)
        self._was_read = True
        if not remaining or not self._may_go_again:
            return None
        objection = self._platform.objection(remaining)
        if objection:
            self.needs_read = False
            self._report(alert.fields, self.result.changed, GuardError(objection, tried=self.tries > 0))
        return None if objection else remaining

    def read_failed(self, error: TriageError | None) -> None:
        """Record that a read failed; with V(None), that the alert is gone."""
        sight = Sight.GONE if error is None else Sight.STALE if self._was_read else Sight.UNREAD
        self._apply(sight, None, self._said or error)

    def remaining(self, alert: Alert) -> tuple[Change | None, TriageError | None]:
        """The change that is still due, with the error that says so; only the error if the change is impossible."""
        try:
            change = Change(alert, self._platform.desired(alert))
        except TriageError as error:
            return None, error
        return (change, TriageError(f"The change was sent, but {change.mismatch()}")) if change.delta else (None, None)

    def _mismatch(self, after: Fields) -> TriageError | None:
        """The error if an answer shows another state than the desired one."""
        return self.remaining(dataclasses.replace(self._change.alert, fields=after))[1]

    @property
    def _is_deferred(self) -> bool:
        """Whether the alert is to be read before the last try is sent later. Otherwise the client has waited."""
        return self._platform.reads_before_each_try and ANSWERS[self._last].again is True

    @property
    def _may_go_again(self) -> bool:
        return not self._platform.appends if ANSWERS[self._last].again == "sets" else self._is_deferred

    def _apply(self, sight: Sight, read: Fields | None, cause: TriageError | None) -> None:
        """Report what the table `READS` says."""
        cell = READS[self._doubt, sight]
        fields = {"kept": self.result.after, "read": read, "unknown": None}[cell.fields]
        moved = read is not None and self._change.moved(read)
        changed = {"kept": self.result.changed, "moved": moved, False: False, None: None}[cell.changed]
        errors = {"gone": NotFoundError("It was there, and is gone"), "kept": self.result.error, "cause": cause}
        self.needs_read = cell.read_again
        self._report(fields, changed, errors.get(cell.error))

    def _report(self, after: Fields | None, changed: bool | None, error: TriageError | None) -> None:
        if isinstance(error, GuardError) and self._platform.guards.skip_protected and not self.tries:
            self.result = Result(after, after, skipped=error.objection)
            return
        same = next(iter(self._statuses)) if len(self._statuses) == 1 else None
        failing = changed is None and (same or 0) >= 500 and isinstance(error, RequestError)
        self.result = Result(self._change.before, after, changed, error, self._extra, failing=failing)


def answer_of(outcome: Outcome) -> Answer:
    """The answer that an outcome stands for, by itself."""
    if not isinstance(outcome, Refused):
        return {Confirmed: Answer.CONFIRMED, Accepted: Answer.ACCEPTED, Unknown: Answer.UNCLEAR}[type(outcome)]
    if isinstance(outcome.error, (GuardError, NotSentError, UnreachableError)):
        return Answer.NOT_SENT
    refused = Answer.CONFLICT if outcome.again else Answer.REFUSED
    return Answer.PUT_OFF if getattr(outcome.error, "status", None) == 429 else refused


def _is_general(error: TriageError | None) -> bool:
    """Whether a refusal is not about the alert: it was not sent, or refused for its credentials or its rate."""
    return isinstance(error, RequestError) and error.status in (None, 401, 403, 429)
