# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The HTTP client: retries, rate limits, renewed credentials, and no writes in check mode."""

from __future__ import annotations

import concurrent.futures
import json
import threading
import typing as t
from urllib.parse import urlsplit

from .._core.backoff import backoff, pause, retry_after
from .._core.errors import AmbiguousError, RequestError, TriageError, UnreachableError
from .._core.options import Connection, TaskContext
from .answer import Answer
from .call import UNAVAILABLE, Call, Failure, Hint
from .circuit import Cause, Circuit
from .throttle import Throttle
from .transport import Transport

Item = t.TypeVar("Item")

Result = t.TypeVar("Result")


class Authorization:
    """The headers that authenticate requests. A subclass that can renew them overrides both methods."""

    def __init__(self, headers: t.Mapping[str, str]) -> None:
        self._headers = dict(headers)

    def headers(self) -> t.Mapping[str, str]:
        return self._headers

    def renew(self, stale: t.Mapping[str, str]) -> bool:
        """Renew the headers after ``stale`` were refused. Returns whether there are others to try."""
        return False


class Client:
    """Exchanges JSON with an API, from as many threads as ``connection.concurrency``.

    A read (a GET, or a POST marked as safe) is retried after every failure that may be temporary. A write is sent again
    only if it certainly was not carried out. After an `AmbiguousError` the caller reads before it sends that write
    again. A read-only client, as in check mode, refuses to send a write.
    """

    def __init__(
        self,
        connection: Connection,
        authorization: Authorization,
        context: TaskContext,
        hint: Hint,
        cause_of: Cause = lambda path, writing: None,
    ) -> None:
        self.connection = connection
        self._authorization = authorization
        self._read_only = context.read_only
        self._hint = hint
        self.scrub = context.scrub
        self.is_stopped = context.is_stopped
        self._throttle = Throttle(connection.concurrency, context.is_stopped)
        self._transport = Transport(connection, context)
        most_unanswered = max(8, connection.concurrency * (connection.retries + 1))
        self._circuit = Circuit(cause_of, most_unanswered, context.is_stopped)

    def each(self, function: t.Callable[[Item], Result], items: t.Sequence[Item]) -> list[Result]:
        """Call ``function`` with every item, concurrently. Returns the results in order; the first error is raised."""
        workers = min(self.connection.concurrency, len(items))
        if workers <= 1:
            return [function(item) for item in items]
        with concurrent.futures.ThreadPoolExecutor(workers) as pool:
            return list(pool.map(function, items))

    def each_alone(self, function: t.Callable[[Item], Result], items: t.Sequence[Item]) -> list[Result | TriageError]:
        """As `each`, but an error becomes its item's result. If the server stops answering, the rest is not tried."""
        unanswered = threading.Event()

        def one(item: Item) -> Result | TriageError:
            if unanswered.is_set():
                return TriageError("The server does not answer any more, so nobody can look")
            try:
                return function(item)
            except TriageError as error:
                if isinstance(error, (UnreachableError, AmbiguousError)) and error.status is None:
                    unanswered.set()
                return error

        return self.each(one, items)

    def pause(self, seconds: float) -> None:
        """Sleep, but no longer than until the task is stopped."""
        pause(seconds, self.is_stopped)

    def begin_writes(self, *, fail_fast: bool) -> None:
        """Begin a round of writes, for alerts that have just been read.

        With ``fail_fast``, writes fail once the service asks to wait, so that the caller reads again before the next
        round.
        """
        self._circuit.begin_writes(fail_fast=fail_fast)

    def get(self, url: str, params: t.Mapping[str, t.Any] | None = None) -> Answer:
        return self.request("GET", url, params=params)

    def request(
        self,
        method: str,
        url: str,
        body: t.Any = None,
        *,
        params: t.Mapping[str, t.Any] | None = None,
        headers: t.Mapping[str, str] | None = None,
        safe: bool | None = None,
        anonymous: bool = False,
    ) -> Answer:
        """Send a request and return its answer, a 2xx with a readable body.

        ``safe`` marks a request other than a GET that writes nothing. An ``anonymous`` request has no credentials.
        Raises `RefusedError`, `UnreachableError` or `AmbiguousError`.
        """
        safe = method == "GET" if safe is None else safe
        if self._read_only and not safe:
            raise RuntimeError(f"{method} {urlsplit(url).path} could write, and this client is read-only")
        data = None if body is None else json.dumps(body).encode()
        kind = {"Content-Type": "application/json"} if data else {}
        sent = {"Accept": "application/json", **kind, **(headers or {})}
        call = Call(method, url, params, sent, data, safe, anonymous, self._throttle.ticket())
        while True:
            answer = self._try(call)
            if answer is not None:
                return answer

    def _try(self, call: Call) -> Answer | None:
        """Try once. Returns the answer, or V(None) if the request is to be tried again."""
        who = {} if call.anonymous else self._authorization.headers()
        mark = self._throttle.enter(call.ticket)
        try:
            self._circuit.check(call)
            outcome = self._send(call, who, mark)
        finally:
            self._throttle.leave()
        if isinstance(outcome, Answer):
            return outcome
        kind, error = outcome
        if self._renewed(call, who, error):
            return None
        if self._circuit.must_not_wait(call) or not call.may_repeat(kind, self.connection.retries):
            raise error
        if kind is UNAVAILABLE:
            # Other requests go first, for the failure may be of this request only.
            call.ticket = self._throttle.ticket()
        elif not kind.holds:
            self.pause(backoff(call.failures))
        return None

    def _renewed(self, call: Call, who: t.Mapping[str, str], error: RequestError) -> bool:
        """Whether refused credentials were renewed. If not, nothing more is sent: repeated failures lock accounts."""
        if call.anonymous or error.status not in (401, 407):
            return False
        if error.status == 401 and self._authorization.renew(who):
            return True
        self._end(call, error)
        return False

    def _send(self, call: Call, who: t.Mapping[str, str], mark: int) -> Answer | Failure:
        """Send the request once, and record what its outcome means for the requests that follow."""
        try:
            answer = self._transport.exchange(call.method, call.url, call.params, {**call.headers, **who}, call.data)
        except RequestError as trouble:
            if trouble.status is None:
                self._circuit.unanswered()
            return call.broken(trouble)
        self._circuit.answered()
        if 200 <= answer.status < 300:
            self._throttle.recover(mark)
            return answer
        failure = call.refused(answer, self._hint)
        if failure.kind.holds:
            self._circuit.throttled(failure.error)
            rounds = self._throttle.put_off(mark, retry_after(answer.headers, limited=answer.status == 429))
            # If one request was put off at all of its tries and no other succeeded, a thousand others would fare the
            # same, one after the other.
            if rounds > max(self.connection.retries, 1):
                self._end(call, failure.error)
        elif answer.status == 403:
            self._circuit.forbidden(call, failure.error)
        return failure

    def _end(self, call: Call, error: RequestError) -> None:
        """Send no further request; those that wait fail at once."""
        if self._circuit.end(call, error):
            self._throttle.release()
