# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Yandex Cloud: changes that are operations, started together and followed until they are done.

API: https://yandex.cloud/docs/api-design-guide/concepts/operation
"""

from __future__ import annotations

import dataclasses
import json
import math
import re
import time
import typing as t
import uuid

from .._core.errors import AmbiguousError, NotSentError, OptionError, RefusedError, RequestError, TriageError
from .._core.options import Params
from .._core.urls import segment
from .._core.values import dig
from .._flow.change import Accepted, Change, Confirmed, Fields, Outcome, Refused, Unknown, outcome_of
from .._http.answer import Answer
from .._http.client import Client

_POLL_INTERVAL = 1.0

_LOST_POLLS = 3

#: HTTP's word for a google.rpc code, in which an operation's error is told.
_HTTP_STATUS = {3: 400, 9: 400, 11: 400, 16: 401, 7: 403, 5: 404, 6: 409, 10: 409, 8: 429, 14: 503, 4: 504}


@dataclasses.dataclass(frozen=True)
class Start:
    """The request that starts an operation."""

    method: str
    base: str
    path: str
    body: dict[str, t.Any]


@dataclasses.dataclass
class _Operation:
    """A change under way. Times are those of C(time.monotonic)."""

    change: Change
    start: Start
    id: str
    deadline: float
    due: float = 0.0
    lost: int = 0

    def again_in(self, seconds: float) -> None:
        """Look at it after so many seconds, or when the time for waiting is over."""
        self.due = min(time.monotonic() + seconds, self.deadline)

    @property
    def extra(self) -> Fields:
        return {"operation_id": self.id}


class Operations:
    """Changes of one kind, each made by an operation.

    ``start`` says how a change is asked for; ``shown`` finds an alert's fields in what an operation answers once it is
    done, or V(None) where they are not in it. After a 403, nothing more is sent to alerts of the same sink, which
    ``sink_of`` returns.
    """

    def __init__(
        self,
        client: Client,
        base: str,
        params: Params,
        start: t.Callable[[Change], Start],
        shown: t.Callable[[t.Any, str], Fields | None],
        sink_of: t.Callable[[str], str | None],
    ) -> None:
        self._client = client
        self._base = base
        self._start_of = start
        self._shown = shown
        self._sink_of = sink_of
        self._forbidden: dict[str | None, TriageError] = {}
        self._wait: bool = params["wait"]
        self._wait_timeout: float = params["wait_timeout"]
        if not 0 < self._wait_timeout <= 86400:
            raise OptionError(f"wait_timeout must be between 0 and 86400 seconds, not {self._wait_timeout:g}")
        self._keys: dict[tuple[str, str], str] = {}

    def run(self, changes: t.Sequence[Change]) -> dict[str, Outcome]:
        """Start all operations, then follow all of them, so that they run beside each other."""
        outcomes: dict[str, Outcome] = {}
        running: list[_Operation] = []
        for change, started in zip(changes, self._client.each(self._start, changes)):
            if isinstance(started, _Operation):
                running.append(started)
            else:
                outcomes[change.id] = started
        while running:
            self._client.pause(min(operation.due for operation in running) - time.monotonic())
            now = time.monotonic()
            due = running if self._client.is_stopped() else [one for one in running if one.due <= now]
            for operation, outcome in list(zip(due, self._client.each(self._poll, due))):
                if outcome is not None:
                    outcomes[operation.change.id] = outcome
                    running.remove(operation)
        return outcomes

    def _start(self, change: Change) -> _Operation | Outcome:
        start = self._start_of(change)
        forbidden = self._forbidden and self._forbidden.get(self._sink_of(change.id))
        if forbidden:
            reason = f"not sent, after {forbidden.status} to {forbidden.method} {forbidden.path} of the same sink"
            return Refused(NotSentError(start.method, start.path, reason, status=403, hint=forbidden.hint))
        # The same on every try, so that the service does it once.
        key = self._keys.setdefault((change.id, json.dumps(start.body, sort_keys=True)), str(uuid.uuid4()))
        headers = {"Idempotency-Key": key}
        try:
            answer = self._client.request(start.method, start.base + start.path, start.body, headers=headers)
        except TriageError as error:
            self._record(change, error)
            return outcome_of(error)
        operation_id = dig(answer.body, "id")
        if not isinstance(operation_id, str) or not re.fullmatch(r"[A-Za-z0-9_-]{1,256}", operation_id):
            reason = "the answer is not an operation"
            doubt = AmbiguousError(start.method, start.path, reason, status=answer.status)
            return Unknown(doubt)
        operation = _Operation(change, start, operation_id, time.monotonic() + self._wait_timeout)
        operation.again_in(_interval(answer))
        done = self._done(operation, answer)
        if done is None and not self._wait:
            return Confirmed(change.after, operation.extra)
        return done or operation

    def _record(self, change: Change, error: TriageError) -> None:
        """Record a 403, which holds for all alerts of that sink."""
        if error.status == 403:
            self._forbidden[self._sink_of(change.id)] = error
            # An alert whose sink is not known stands for itself.
            self._forbidden.pop(None, None)

    def _poll(self, operation: _Operation) -> Outcome | None:
        last = time.monotonic() >= operation.deadline
        path = f"/operations/{segment(operation.id)}"
        try:
            answer = self._client.get(self._base + path)
        except RefusedError as error:
            # A replica may not know it yet.
            return self._lost(operation, error, last) if error.status == 404 else Accepted(error, operation.extra)
        except TriageError as error:
            return Unknown(error, operation.extra)
        if dig(answer.body, "id") != operation.id:
            other = AmbiguousError("GET", path, "the answer does not show this operation", status=answer.status)
            return self._lost(operation, other, last)
        operation.again_in(_interval(answer))
        outcome = self._done(operation, answer)
        if outcome is None and last:
            late = TriageError(
                f"Operation {operation.id} is not done after {self._wait_timeout:g} s",
                "It may still be carried out: raise wait_timeout, or run the task again.",
            )
            return Accepted(late, operation.extra)
        return outcome

    @staticmethod
    def _lost(operation: _Operation, error: RequestError, last: bool) -> Outcome | None:
        """The outcome of an operation that a poll has not shown, if it is not to be looked at again."""
        operation.lost += 1
        if last or operation.lost > _LOST_POLLS:
            return Unknown(error, operation.extra)
        operation.again_in(_POLL_INTERVAL)
        return None

    def _done(self, operation: _Operation, answer: Answer) -> Outcome | None:
        """The outcome of an operation that is done; one that shows an error before that is still rolling back."""
        if dig(answer.body, "done") is not True:
            return None
        failure = dig(answer.body, "error")
        if failure:
            code = dig(failure, "code")
            refusal = RefusedError(
                operation.start.method,
                operation.start.path,
                f"operation {operation.id} failed",
                status=_HTTP_STATUS.get(code, 500) if isinstance(code, int) else 500,
                body=self._client.scrub(failure),
                request_id=dataclasses.replace(answer, body=failure).request_id,
            )
            self._record(operation.change, refusal)
            tries = [key for alert_id, key in self._keys if alert_id == operation.change.id]
            return Refused(refusal, operation.extra, of_all=len(tries) == 1)
        fields = self._shown(dig(answer.body, "response"), operation.change.id)
        return Accepted(extra=operation.extra) if fields is None else Confirmed(fields, operation.extra)


def _interval(answer: Answer) -> float:
    """Seconds until an operation should be looked at again."""
    try:
        interval = float(answer.headers.get("x-operation-poll-interval", ""))
    except ValueError:
        return _POLL_INTERVAL
    return min(max(interval, 0.01), 60.0) if math.isfinite(interval) else _POLL_INTERVAL
