# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is known of one alert's write, over all of its tries."""

from __future__ import annotations

import typing as t

from .._core.errors import GuardError, NotFoundError, RequestError, TriageError, UnreachableError
from .change import Accepted, Change, Confirmed, Fields, Outcome, Refused, Unknown
from .plan import Result
from .platform import WritablePlatform


class _Course:
    """What is known so far of one alert's change, over all of its tries."""

    def __init__(self, platform: WritablePlatform, change: Change) -> None:
        self._platform = platform
        self._change = change
        self._outcome: Outcome | None = None
        self._extra: Fields = {}
        #: How often it was sent, but for what the service put off, or a guard.
        self.tries = 0
        #: Whether some try may have done it, whatever became of those after it.
        self._in_doubt = False
        #: Whether one may do it still, after a look that did not show it.
        self._under_way = False
        #: Whether only a look can tell what to report, and whether there has been one since the last try.
        self.unseen = self._seen = False
        self.result = Result(change.before, change.before)

    def told(self, outcome: Outcome) -> None:
        """Note what the API answered to a try."""
        self._outcome = outcome
        self._seen = False
        self.tries += 0 if _is_late(self._platform, outcome) else 1
        self._extra = {**self._extra, **outcome.extra}
        if isinstance(outcome, Confirmed):
            error = _remaining(self._platform, self._change.id, outcome.after)[1]
            self._report(outcome.after, self._change.moved(outcome.after), error)
            # An answer that shows something else than was asked for is a failure, and need not be right.
            self.unseen = error is not None
        elif isinstance(outcome, Refused):
            if outcome.of_all:
                self._in_doubt = self._under_way = False
            # What was read of the alert may be true no more: that can be why it was refused.
            self.unseen = self._in_doubt or not _is_general(outcome.error) or _is_late(self._platform, outcome)
            self._report(self.result.after, False, outcome.error)
        else:
            self.unseen = self._in_doubt = True
            self._under_way = self._under_way or outcome.under_way

    def looked(self, seen: Fields | TriageError | None) -> Change | None:
        """Note what a look showed; V(None) is an alert that is gone. Returns what is to be sent again."""
        self.unseen = False
        if isinstance(self._outcome, Confirmed):
            if isinstance(seen, dict):
                self._report(seen, self._change.moved(seen), self.result.error)
            else:
                # Without a look, such an answer tells neither that it was done nor that it was not.
                self._in_doubt = True
                self._lost(self.result.error, seen)
            return None
        outcome = t.cast("Accepted | Refused | Unknown", self._outcome)
        if not isinstance(seen, dict):
            self._lost(outcome.error, seen)
            return None
        self._seen = True
        moved = self._change.moved(seen)
        remaining, error = _remaining(self._platform, self._change.id, seen)
        if error is None:
            self._report(seen, self._in_doubt and moved, None)
            return None
        # What a look does not show, and what is not under way any more, has not been done.
        self._in_doubt = self._in_doubt and (moved or self._under_way or isinstance(outcome, Accepted))
        # Where it is neither as it was nor as it should be, nobody can see whose doing that is.
        changed = None if self._in_doubt and (moved or self._under_way) else False
        self._report(seen, changed, (remaining and outcome.error) or error)
        if remaining and (isinstance(outcome, Unknown) or _is_late(self._platform, outcome)):
            objection = self._platform.objection(remaining)
            if not objection:
                return remaining
            # Somebody else has been at it since.
            self._report(seen, changed, GuardError(objection, tried=self.tries > 0))
            return None
        self.unseen = bool(remaining) and (self._under_way or outcome.error is None)
        return None

    def _lost(self, said: TriageError | None, trouble: TriageError | None) -> None:
        """There was no look, or nothing to look at any more."""
        gone = None if trouble else NotFoundError("It was there, and is gone")
        if self._seen and not gone:
            # What the look before has shown stands.
            return
        if self._in_doubt:
            self._report(None, None, gone or said or trouble)
        else:
            self._report(None if gone else self.result.after, False, said)

    def _report(self, after: Fields | None, changed: bool | None, error: TriageError | None) -> None:
        if isinstance(error, GuardError) and self._platform.guards.skip and not self.tries:
            self.result = Result(after, after, skipped=error.objection)
        else:
            self.result = Result(self._change.before, after, changed, error, self._extra)


def _remaining(platform: WritablePlatform, alert_id: str, fields: Fields) -> tuple[Change | None, TriageError | None]:
    """What is still to be changed, and how to say that; or what stands in the way of changing it."""
    try:
        remaining = Change(alert_id, fields, platform.desired(alert_id, fields))
    except TriageError as error:
        return None, error
    return (
        (remaining, TriageError(f"The change was accepted, but {remaining.mismatch()}"))
        if remaining.delta
        else (None, None)
    )


def _is_late(platform: WritablePlatform, outcome: Outcome) -> bool:
    """Whether it was not sent for now, or not taken: the guards are asked before it is sent later."""
    if not (platform.guards.set and isinstance(outcome, Refused)):
        return False
    error = outcome.error
    return isinstance(error, GuardError) or (isinstance(error, RequestError) and _passes(error))


def _passes(error: RequestError) -> bool:
    return error.status == 429 or isinstance(error, UnreachableError)


def _is_general(error: TriageError) -> bool:
    """Whether a refusal says nothing of the alert: nothing was sent, or it is about who asks, or how often."""
    return isinstance(error, RequestError) and error.status in (None, 401, 403, 429)
