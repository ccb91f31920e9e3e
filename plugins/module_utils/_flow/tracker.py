# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is known of one alert's write, over all of its tries."""

from __future__ import annotations

import enum
import typing as t

from .._core.errors import GuardError, NotFoundError, RequestError, TriageError, UnreachableError
from .change import Change, Confirmed, Fields, Outcome, Refused, Unknown
from .plan import Result
from .platform import WritablePlatform


class Doubt(enum.Enum):
    """What the answers to all tries leave open."""

    NONE = "no try has changed the alert"
    OPEN = "a try may have changed it; a read tells"
    UNDER_WAY = "a try may change it still, after a read that does not show it"
    CONTRADICTED = "the answer itself shows the alert, but not as desired"


class Sight(enum.Enum):
    """What a read shows."""

    STALE = "no answer, but an earlier read since the last try stands"
    UNREAD = "no answer"
    GONE = "the alert is gone"
    AS_DESIRED = "the alert is as desired"
    UNMOVED = "the alert is as it was before"
    MOVED = "the alert is neither as it was nor as desired"


class Cell(t.NamedTuple):
    """What to report."""

    #: ``kept`` as reported so far, as ``read``, or ``unknown``.
    fields: t.Literal["kept", "read", "unknown"]
    #: ``kept`` as reported so far, whether the read shows that it ``moved``, V(False), or V(None) for unknown.
    changed: t.Literal["kept", "moved"] | bool | None
    #: ``kept`` as reported so far, ``none``, that the alert is ``gone``, or the ``cause``: the API's error, else the
    #: read's, else what differs.
    error: t.Literal["kept", "none", "gone", "cause"]
    #: Whether the doubt outlives another try.
    sticky: bool = True


TABLE: dict[tuple[Doubt, Sight], Cell] = {
    (Doubt.NONE, Sight.STALE): Cell("kept", "kept", "kept"),
    (Doubt.NONE, Sight.UNREAD): Cell("kept", False, "cause"),
    (Doubt.NONE, Sight.GONE): Cell("unknown", False, "cause"),
    (Doubt.NONE, Sight.AS_DESIRED): Cell("read", False, "none"),
    (Doubt.NONE, Sight.UNMOVED): Cell("read", False, "cause"),
    (Doubt.NONE, Sight.MOVED): Cell("read", False, "cause"),
    (Doubt.OPEN, Sight.STALE): Cell("kept", "kept", "kept"),
    (Doubt.OPEN, Sight.UNREAD): Cell("unknown", None, "cause"),
    (Doubt.OPEN, Sight.GONE): Cell("unknown", None, "gone"),
    (Doubt.OPEN, Sight.AS_DESIRED): Cell("read", "moved", "none"),
    (Doubt.OPEN, Sight.UNMOVED): Cell("read", False, "cause", sticky=False),
    (Doubt.OPEN, Sight.MOVED): Cell("read", None, "cause"),
    (Doubt.UNDER_WAY, Sight.STALE): Cell("kept", "kept", "kept"),
    (Doubt.UNDER_WAY, Sight.UNREAD): Cell("unknown", None, "cause"),
    (Doubt.UNDER_WAY, Sight.GONE): Cell("unknown", None, "gone"),
    (Doubt.UNDER_WAY, Sight.AS_DESIRED): Cell("read", "moved", "none"),
    (Doubt.UNDER_WAY, Sight.UNMOVED): Cell("read", None, "cause"),
    (Doubt.UNDER_WAY, Sight.MOVED): Cell("read", None, "cause"),
    (Doubt.CONTRADICTED, Sight.UNREAD): Cell("unknown", None, "kept"),
    (Doubt.CONTRADICTED, Sight.GONE): Cell("unknown", None, "gone"),
    (Doubt.CONTRADICTED, Sight.AS_DESIRED): Cell("read", "moved", "kept"),
    (Doubt.CONTRADICTED, Sight.UNMOVED): Cell("read", "moved", "kept"),
    (Doubt.CONTRADICTED, Sight.MOVED): Cell("read", "moved", "kept"),
}


class WriteTracker:
    """One alert's change, from its first try to its report, ``result``."""

    def __init__(self, platform: WritablePlatform, change: Change) -> None:
        self._platform = platform
        self._change = change
        self._doubt = Doubt.NONE
        self._last: Outcome | None = None
        self._extra: Fields = {}
        self._was_read = False
        #: The tries that count: what was put off, and what a guard held back, does not.
        self.tries = 0
        #: Whether only a read can tell what to report.
        self.needs_read = False
        self.result = Result(change.before, change.before)

    def record_answer(self, outcome: Outcome) -> None:
        """Record what the API answered to a try."""
        self._last = outcome
        self._was_read = False
        self.tries += 0 if is_deferred(self._platform, outcome) else 1
        self._extra = {**self._extra, **outcome.extra}
        if isinstance(outcome, Confirmed):
            mismatch = self.remaining(outcome.after)[1]
            self._doubt = Doubt.CONTRADICTED if mismatch else self._doubt
            self.needs_read = mismatch is not None
            self._report(outcome.after, self._change.moved(outcome.after), mismatch)
        elif isinstance(outcome, Refused):
            self._doubt = Doubt.NONE if outcome.of_all else self._doubt
            # What was read before may be outdated: that can be why the write was refused.
            self.needs_read = self._doubt is not Doubt.NONE or not _is_general(outcome.error) or self._deferred
            self._report(self.result.after, False, outcome.error)
        else:
            self._doubt = Doubt.UNDER_WAY if outcome.under_way or self._doubt is Doubt.UNDER_WAY else Doubt.OPEN
            self.needs_read = True

    def record_read(self, fields: Fields) -> Change | None:
        """Record what a read shows. Returns what is to be sent again."""
        remaining, mismatch = self.remaining(fields)
        sight = Sight.UNMOVED if mismatch else Sight.AS_DESIRED
        if mismatch and self._change.moved(fields):
            sight = Sight.MOVED
        cell = self._apply(sight, fields, (remaining and self._said) or mismatch)
        self._was_read = True
        if not remaining or self._doubt is Doubt.CONTRADICTED:
            return None
        if isinstance(self._last, Unknown) or self._deferred:
            return self._again(remaining, cell)
        self.needs_read = self._doubt is Doubt.UNDER_WAY or self._said is None
        return None

    def _again(self, remaining: Change, cell: Cell) -> Change | None:
        """What is to be sent again, unless a guard objects by now."""
        objection = self._platform.objection(remaining)
        if objection:
            self._report(remaining.before, self.result.changed, GuardError(objection, tried=self.tries > 0))
            return None
        self._doubt = self._doubt if cell.sticky else Doubt.NONE
        return remaining

    def read_failed(self, error: TriageError | None) -> None:
        """Record that a read had no answer, or that the alert is gone (V(None))."""
        if error is None:
            self._apply(Sight.GONE, None, self._said)
        else:
            self._apply(Sight.STALE if self._was_read else Sight.UNREAD, None, self._said or error)

    def remaining(self, fields: Fields) -> tuple[Change | None, TriageError | None]:
        """What is still to be changed, and the error that says so; or only the error, where it cannot be changed."""
        try:
            change = Change(self._change.id, fields, self._platform.desired(self._change.id, fields))
        except TriageError as error:
            return None, error
        return (
            (change, TriageError(f"The change was accepted, but {change.mismatch()}")) if change.delta else (None, None)
        )

    @property
    def _said(self) -> TriageError | None:
        """The API's error to the last try."""
        return None if self._last is None or isinstance(self._last, Confirmed) else self._last.error

    @property
    def _deferred(self) -> bool:
        return self._last is not None and is_deferred(self._platform, self._last)

    def _apply(self, sight: Sight, read: Fields | None, cause: TriageError | None) -> Cell:
        """Report what the table says."""
        cell = TABLE[self._doubt, sight]
        fields = {"kept": self.result.after, "read": read, "unknown": None}[cell.fields]
        moved = read is not None and self._change.moved(read)
        changed = {"kept": self.result.changed, "moved": moved, False: False, None: None}[cell.changed]
        gone = NotFoundError("It was there, and is gone")
        error = {"kept": self.result.error, "none": None, "gone": gone, "cause": cause}[cell.error]
        self.needs_read = False
        self._report(fields, changed, error)
        return cell

    def _report(self, after: Fields | None, changed: bool | None, error: TriageError | None) -> None:
        if isinstance(error, GuardError) and self._platform.guards.skip and not self.tries:
            self.result = Result(after, after, skipped=error.objection)
        else:
            self.result = Result(self._change.before, after, changed, error, self._extra)


def is_deferred(platform: WritablePlatform, outcome: Outcome) -> bool:
    """Whether a try was put off or held back, so that the guards are asked before it is sent later."""
    if not (platform.guards.set and isinstance(outcome, Refused)):
        return False
    error = outcome.error
    passes = isinstance(error, UnreachableError) or (isinstance(error, RequestError) and error.status == 429)
    return passes or isinstance(error, GuardError)


def _is_general(error: TriageError) -> bool:
    """Whether a refusal says nothing of the alert: nothing was sent, or it is about who asks, or how often."""
    return isinstance(error, RequestError) and error.status in (None, 401, 403, 429)
