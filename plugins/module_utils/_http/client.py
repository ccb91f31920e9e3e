# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The HTTP client: retries, rate limits, renewed credentials, and no writes in check mode."""

from __future__ import annotations

import concurrent.futures
import dataclasses
import json
import threading
import time
import typing as t
from urllib.parse import urlsplit

from .._core.backoff import backoff, retry_after
from .._core.errors import AmbiguousError, NotSentError, RefusedError, RequestError, TriageError, UnreachableError
from .._core.options import Connection, TaskContext
from .throttle import Throttle
from .transport import PROXY_ASKS, Answer, Transport

Item = t.TypeVar("Item")

Result = t.TypeVar("Result")

#: Returns the advice for an error: called with the status and whether the request was a write.
Hint = t.Callable[[int, bool], t.Optional[str]]

#: Returns what a 403 depends on, if not on the one alert: called with the path and whether the request was a write.
#: After a 403, no further request with the same cause is sent. V(None) means that each 403 stands for itself.
Cause = t.Callable[[str, bool], t.Optional[t.Hashable]]


class _Kind(t.NamedTuple):
    """What a failure means for its request, and for others."""

    error: type[RequestError]
    read_again: bool = False
    write_again: bool = False
    #: Whether all requests must wait.
    holds: bool = False


_REFUSED = _Kind(RefusedError)

_NOT_SENT = _Kind(UnreachableError, read_again=True, write_again=True)

_PUT_OFF = _Kind(RefusedError, read_again=True, write_again=True, holds=True)

_UNCLEAR = _Kind(AmbiguousError, read_again=True)

_UNAVAILABLE = _Kind(AmbiguousError, read_again=True, holds=True)

_MOVED = _Kind(AmbiguousError)

_BY_ERROR = {
    RefusedError: _REFUSED,
    NotSentError: _Kind(NotSentError),
    UnreachableError: _NOT_SENT,
    AmbiguousError: _UNCLEAR,
}

#: Statuses besides 5xx that do not say whether the request was carried out.
_UNCLEAR_STATUSES = (408, 425, 499)


def _kind_of(answer: Answer, safe: bool) -> _Kind:
    """The kind of an answer that is not a success."""
    status = answer.status
    if status == 429:
        return _PUT_OFF
    if status >= 500 or status in _UNCLEAR_STATUSES:
        return _UNAVAILABLE if status == 503 or "Retry-After" in answer.headers else _UNCLEAR
    # A redirect may come from a proxy, or from the service after it carried the write out.
    return _MOVED if status < 400 and not safe else _REFUSED


class _Failure(t.NamedTuple):
    kind: _Kind
    error: RequestError


class Authorization:
    """The headers that authenticate requests. A subclass that can renew them overrides both methods."""

    def __init__(self, headers: t.Mapping[str, str]) -> None:
        self._headers = dict(headers)

    def headers(self) -> t.Mapping[str, str]:
        return self._headers

    def renew(self, stale: t.Mapping[str, str]) -> bool:
        """Renew the headers after ``stale`` were refused. Returns whether there are others to try."""
        return False


@dataclasses.dataclass
class _Call:
    """A request, over all of its tries."""

    method: str
    url: str
    params: t.Mapping[str, t.Any] | None
    headers: t.Mapping[str, str]
    data: bytes | None
    safe: bool
    anonymous: bool
    ticket: int
    #: How often the service asked to wait, and how often the request failed otherwise.
    refusals: int = 0
    failures: int = 0

    @property
    def path(self) -> str:
        return urlsplit(self.url).path


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
        self._cause_of = cause_of
        self.scrub = context.scrub
        #: Whether writes fail instead of waiting, and the error with which the service last asked to wait.
        self._fail_fast = False
        self._throttled: RequestError | None = None
        self._throttle = Throttle(connection.concurrency)
        self._transport = Transport(connection, context)
        #: How many requests in a row got no answer, and after how many no write is sent any more: otherwise a thousand
        #: writes would time out one after the other.
        self._unanswered = 0
        self._most_unanswered = max(8, connection.concurrency * (connection.retries + 1))
        #: The errors after which no request with the same cause is sent; under V(None), no request at all.
        self._ends: dict[t.Hashable, RequestError] = {}

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

    def begin_writes(self, *, fail_fast: bool) -> None:
        """Begin a round of writes, for alerts that have just been read.

        With ``fail_fast``, writes fail once the service asks to wait, so that the caller reads again before the next
        round.
        """
        self._fail_fast, self._throttled = fail_fast, None

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
        call = _Call(method, url, params, sent, data, safe, anonymous, self._throttle.ticket())
        while True:
            answer = self._try(call)
            if answer is not None:
                return answer

    def _try(self, call: _Call) -> Answer | None:
        """Try once. Returns the answer, or V(None) if the request is to be tried again."""
        who = {} if call.anonymous else self._authorization.headers()
        mark = self._throttle.enter(call.ticket)
        try:
            self._check(call)
            outcome = self._send(call, who, mark)
        finally:
            self._throttle.leave()
        if isinstance(outcome, Answer):
            return outcome
        if outcome.error.status == 401 and not call.anonymous and self._authorization.renew(who):
            return None
        if outcome.error.status in (401, 407):
            # Refused credentials are not sent again: repeated failures lock accounts.
            self._end(call, None, outcome.error)
        if not self._may_repeat(call, outcome.kind):
            raise outcome.error
        if outcome.kind is _UNAVAILABLE:
            # Other requests go first, for the failure may be of this request only.
            call.ticket = self._throttle.ticket()
        elif not outcome.kind.holds:
            time.sleep(backoff(call.failures))
        return None

    def _send(self, call: _Call, who: t.Mapping[str, str], mark: int) -> Answer | _Failure:
        """Send the request once, and record what its outcome means for the requests that follow."""
        try:
            answer = self._transport.exchange(call.method, call.url, call.params, {**call.headers, **who}, call.data)
        except RequestError as trouble:
            call.failures += 1
            self._unanswered += 1 if trouble.status is None else 0
            return _Failure(_BY_ERROR[type(trouble)], trouble)
        self._unanswered = 0
        if 200 <= answer.status < 300:
            self._throttle.recover(mark)
            return answer
        kind = _kind_of(answer, call.safe)
        call.refusals += 1 if kind is _PUT_OFF else 0
        call.failures += 0 if kind is _PUT_OFF else 1
        error = self._error(call, answer, kind)
        if kind.holds:
            self._throttled = error
            rounds = self._throttle.put_off(mark, retry_after(answer.headers, limited=answer.status == 429))
            # If one request was put off at all of its tries and no other succeeded, a thousand others would fare the
            # same, one after the other.
            if rounds > max(self.connection.retries, 1):
                self._end(call, None, error)
        elif answer.status == 403:
            cause = self._cause_of(call.path, not call.safe)
            if cause is not None:
                self._end(call, cause, error)
        return _Failure(kind, error)

    def _end(self, call: _Call, cause: t.Hashable | None, error: RequestError) -> None:
        """Send no further request with this cause; with V(None), no further request at all."""
        if not call.anonymous:
            self._ends.setdefault(cause, error)
        if None in self._ends:
            # Waiting requests fail at once.
            self._throttle.release()

    def _check(self, call: _Call) -> None:
        """Raise `NotSentError` if the request would fail, or if a write would come too late."""
        if not call.anonymous and self._ends:
            end = self._ends.get(None) or self._ends.get(self._cause_of(call.path, not call.safe))
            if end:
                raise self._not_sent(call, end, f"after {end.status} to {end.method} {end.path}")
        if not call.safe and self._unanswered >= self._most_unanswered:
            raise NotSentError(call.method, call.path, "not sent, for the server has stopped answering")
        if self._must_not_wait(call) and self._throttled:
            raise self._not_sent(call, self._throttled, "for the service asked to wait")

    def _must_not_wait(self, call: _Call) -> bool:
        return self._fail_fast and not (call.safe or call.anonymous)

    @staticmethod
    def _not_sent(call: _Call, cause: RequestError, why: str) -> NotSentError:
        reason = f"not sent, {why}"
        return NotSentError(call.method, call.path, reason, status=cause.status, body=cause.body, hint=cause.hint)

    def _may_repeat(self, call: _Call, kind: _Kind) -> bool:
        """Whether a failed request is sent again."""
        again = kind.read_again if call.safe else kind.write_again
        tries = call.refusals if kind is _PUT_OFF else call.failures
        return again and not self._must_not_wait(call) and tries <= self.connection.retries

    def _error(self, call: _Call, answer: Answer, kind: _Kind) -> RequestError:
        status, reason = answer.status, f"{answer.status} {answer.reason}".strip()
        hint = self._hint(status, not call.safe)
        if 300 <= status < 400:
            # Following a redirect could send the credentials elsewhere, and would turn a PATCH into a GET.
            reason += f", a redirect to {_host(answer.headers.get('Location', '')) or 'another path'}"
            hint = "Redirects are not followed: check the address (https, host, base path)."
        if status == 407:
            hint = PROXY_ASKS
        if status == 429:
            hint = f"Refused {call.refusals} times: lower concurrency, raise retries, or try later."
        return kind.error(
            call.method,
            call.path,
            reason,
            status=status,
            body=answer.body,
            request_id=answer.request_id,
            hint=hint,
        )


def _host(location: str) -> str:
    try:
        return urlsplit(location).netloc
    except ValueError:
        return "what is not an address"
