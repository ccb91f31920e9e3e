# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The circuit breaker of a client: which requests are not sent, because others have failed.

Without it, a thousand writes would time out one after the other, and repeated wrong credentials would lock an account.
"""

from __future__ import annotations

import typing as t

from .._core.errors import NotSentError, RequestError
from .call import Call

#: Returns what a 403 depends on, if not on the one alert: called with the path and whether the request was a write.
#: After a 403, no further request with the same cause is sent. V(None) means that each 403 stands for itself.
Cause = t.Callable[[str, bool], t.Optional[t.Hashable]]


class Circuit:
    """Records failures. ``most_unanswered`` is how many requests in a row may get no answer before writes stop.

    Once ``is_stopped`` returns true, nothing more is sent.
    """

    def __init__(self, cause_of: Cause, most_unanswered: int, is_stopped: t.Callable[[], bool]) -> None:
        self._cause_of = cause_of
        self._most_unanswered = most_unanswered
        self._is_stopped = is_stopped
        self._unanswered = 0
        #: The errors after which no request with the same cause is sent; under V(None), no request at all.
        self._ends: dict[t.Hashable, RequestError] = {}
        #: Whether writes fail instead of waiting, and the error with which the service last asked to wait.
        self._fail_fast = False
        self._throttled: RequestError | None = None

    def begin_writes(self, *, fail_fast: bool) -> None:
        """Begin a round of writes. With ``fail_fast``, they fail once the service asks to wait."""
        self._fail_fast, self._throttled = fail_fast, None

    def answered(self) -> None:
        """Record an answer, whatever it says."""
        self._unanswered = 0

    def unanswered(self) -> None:
        """Record that no answer came."""
        self._unanswered += 1

    def throttled(self, error: RequestError) -> None:
        """Record that the service asked to wait."""
        self._throttled = error

    def forbidden(self, call: Call, error: RequestError) -> None:
        """Record a 403, which may hold for other requests."""
        cause = self._cause_of(call.path, not call.safe)
        if cause is not None and not call.anonymous:
            self._ends.setdefault(cause, error)

    def end(self, call: Call, error: RequestError) -> bool:
        """Send no further request. Returns whether that is so: a request without credentials ends only itself."""
        if not call.anonymous:
            self._ends.setdefault(None, error)
        return None in self._ends

    def must_not_wait(self, call: Call) -> bool:
        """Whether the request fails where it would have to wait."""
        return self._fail_fast and not (call.safe or call.anonymous)

    def check(self, call: Call) -> None:
        """Raise `NotSentError` if the request would fail, or if a write would come too late."""
        if self._is_stopped():
            raise NotSentError(call.method, call.path, "not sent, for the task was stopped")
        if not call.anonymous and self._ends:
            end = self._ends.get(None) or self._ends.get(self._cause_of(call.path, not call.safe))
            if end:
                raise call.not_sent(f"after {end.status} to {end.method} {end.path}", end)
        if not call.safe and self._unanswered >= self._most_unanswered:
            raise NotSentError(call.method, call.path, "not sent, for the server has stopped answering")
        if self.must_not_wait(call) and self._throttled:
            raise call.not_sent("for the service asked to wait", self._throttled)
