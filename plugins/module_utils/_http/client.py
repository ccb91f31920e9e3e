# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The one HTTP client: retries, rate limits, renewed credentials, and the guard of check mode."""

from __future__ import annotations

import concurrent.futures
import dataclasses
import json
import threading
import time
import typing as t
from urllib.parse import urlsplit

from .._core.backoff import backoff, told_wait
from .._core.errors import AmbiguousError, NotSentError, RefusedError, RequestError, TriageError, UnreachableError
from .._core.options import Connection, TaskContext
from .throttle import Pace
from .transport import Answer, Transport

Item = t.TypeVar("Item")

Found = t.TypeVar("Found")

#: What to look at after a status: called with the status and whether the request was a write.
Hint = t.Callable[[int, bool], t.Optional[str]]


class Authorization:
    """Headers that say who asks. One that can fetch itself anew overrides both methods."""

    def __init__(self, headers: t.Mapping[str, str]) -> None:
        self._headers = dict(headers)

    def headers(self) -> t.Mapping[str, str]:
        return self._headers

    def renew(self, stale: t.Mapping[str, str]) -> bool:
        """Whether there are other headers to try, now that ``stale`` were refused."""
        return False


@dataclasses.dataclass
class _Call:
    """A request on its way, over all of its tries."""

    method: str
    url: str
    params: t.Mapping[str, t.Any] | None
    headers: t.Mapping[str, str]
    data: bytes | None
    safe: bool
    anonymous: bool
    ticket: int
    refusals: int = 0
    failures: int = 0
    #: How many requests of the client had been answered when this one was first told to wait.
    answered: int = 0


class Client:
    """Talks JSON to an API, from as many threads as ``connection.concurrency``.

    A read (a GET, or a POST that says it is one) is tried again after whatever may pass. A write is sent once: if its
    fate is unknown, `AmbiguousError` says so, and the caller looks before it sends it again. A read-only client
    refuses to send a write at all, which is how check mode is kept.
    """

    def __init__(self, connection: Connection, authorization: Authorization, run: TaskContext, hint: Hint) -> None:
        self.connection = connection
        self._authorization = authorization
        self._read_only = run.read_only
        self._hint = hint
        self.scrub = run.scrub
        #: Whether no write is sent late: its caller looks again first. And whether the service has asked to wait since.
        self._impatient = self._held = False
        self._pace = Pace(connection.concurrency)
        self._transport = Transport(connection, run)
        self._answered = 0
        #: How many requests in a row got no answer, and after how many of those no write is sent any more: a thousand
        #: would each wait out their time, one after the other.
        self._silent = 0
        self._longest_silence = max(8, connection.concurrency * (connection.retries + 1))
        #: The refusal after which nothing more is sent.
        self._final: RequestError | None = None

    def each(self, function: t.Callable[[Item], Found], items: t.Sequence[Item]) -> list[Found]:
        """``function`` of every item, concurrently, in the items' order. The first error ends it."""
        workers = min(self.connection.concurrency, len(items))
        if workers <= 1:
            return [function(item) for item in items]
        with concurrent.futures.ThreadPoolExecutor(workers) as pool:
            return list(pool.map(function, items))

    def each_alone(self, function: t.Callable[[Item], Found], items: t.Sequence[Item]) -> list[Found | TriageError]:
        """As `each`, but an error is the result of its own item only, as long as the server answers at all."""
        silent = threading.Event()

        def one(item: Item) -> Found | TriageError:
            if silent.is_set():
                return TriageError("The server does not answer any more, so nobody can look")
            try:
                return function(item)
            except TriageError as error:
                if isinstance(error, (UnreachableError, AmbiguousError)) and error.status is None:
                    silent.set()
                return error

        return self.each(one, items)

    def begin_writes(self, *, impatient: bool) -> None:
        """What was read is good for the writes that follow. If ``impatient``, none of them is sent late: once the
        service has asked to wait, they are refused, and the caller looks before it begins anew."""
        self._impatient, self._held = impatient, False

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

        ``safe`` says that this is no write, which goes without saying for a GET; ``anonymous``, that it takes no
        credentials. Raises `RefusedError`, `UnreachableError` or `AmbiguousError`.
        """
        safe = method == "GET" if safe is None else safe
        if self._read_only and not safe:
            raise RuntimeError(f"{method} {urlsplit(url).path} could write, and this client is read-only")
        data = None if body is None else json.dumps(body).encode()
        kind = {"Content-Type": "application/json"} if data else {}
        sent = {"Accept": "application/json", **kind, **(headers or {})}
        call = _Call(method, url, params, sent, data, safe, anonymous, self._pace.ticket())
        while True:
            answer = self._try(call)
            if answer is not None:
                return answer

    def _try(self, call: _Call) -> Answer | None:
        """The answer, or V(None) when it is time to try again."""
        who = {} if call.anonymous else self._authorization.headers()
        mark = self._pace.enter(call.ticket)
        try:
            self._check(call)
            answer = self._transport.exchange(call.method, call.url, call.params, {**call.headers, **who}, call.data)
        except (UnreachableError, AmbiguousError) as error:
            answer, trouble, wait = None, t.cast(RequestError, error), 0.0
            self._silent += 1 if error.status is None else 0
        finally:
            self._pace.leave()
        if answer is not None:
            self._silent = 0
            if 200 <= answer.status < 300:
                self._answered += 1
                self._pace.widen(mark)
                return answer
            wait = told_wait(answer.headers, limited=answer.status == 429)
            if answer.status == 429 and call.refusals < self.connection.retries:
                call.answered = call.answered if call.refusals else self._answered
                call.refusals += 1
                self._pace.hold(wait or backoff(call.refusals))
                self._held = True
                if self._hurries(call):
                    raise self._error(call, answer)
                return None
            if answer.status == 401 and not call.anonymous and self._authorization.renew(who):
                return None
            trouble = self._error(call, answer)
            if self._is_final(call, answer.status):
                self._final = trouble
        call.failures += 1
        if not self._may_repeat(call, trouble):
            raise trouble
        time.sleep(wait or backoff(call.failures))
        return None

    def _check(self, call: _Call) -> None:
        """Raise `RefusedError` where it would be of no use to send this, or not right any more."""
        path = urlsplit(call.url).path
        if self._final and not call.anonymous:
            raise self._not_sent(call, self._final)
        if not call.safe and self._silent >= self._longest_silence:
            raise NotSentError(call.method, path, "not sent, for the server has stopped answering")
        if self._hurries(call) and self._held:
            raise NotSentError(call.method, path, "not sent, for the service asked to wait", status=429)

    def _hurries(self, call: _Call) -> bool:
        return self._impatient and not (call.safe or call.anonymous)

    def _is_final(self, call: _Call, status: int) -> bool:
        """Whether this refusal goes for all that would follow.

        A refused credential is not tried a thousand times: accounts get locked for that. And where a request has waited
        through all of its tries, and nobody got through meanwhile, a thousand others need not do the same in turn.
        """
        if call.anonymous:
            return False
        return status == 401 or (status == 429 and call.refusals > 0 and call.answered == self._answered)

    @staticmethod
    def _not_sent(call: _Call, final: RequestError) -> RequestError:
        reason = f"not sent, after {final.status} to {final.method} {final.path}"
        path = urlsplit(call.url).path
        return NotSentError(call.method, path, reason, status=final.status, body=final.body, hint=final.hint)

    def _may_repeat(self, call: _Call, error: RequestError) -> bool:
        """Whether what failed may be sent again here and now. Where there was no connection, nothing was sent."""
        harmless = isinstance(error, UnreachableError) or (call.safe and isinstance(error, AmbiguousError))
        return harmless and not self._hurries(call) and call.failures <= self.connection.retries

    def _error(self, call: _Call, answer: Answer) -> RequestError:
        status, reason = answer.status, f"{answer.status} {answer.reason}".strip()
        hint = self._hint(status, not call.safe)
        if 300 <= status < 400:
            # Following it could carry the credentials elsewhere, and makes a GET of a PATCH.
            reason += f", a redirect to {_host(answer.headers.get('Location', '')) or 'another path'}"
            hint = "Redirects are not followed: check the address (https, host, base path)."
        if status == 407:
            hint = "It is the proxy that asks for a user and a password: check proxy."
        if status == 429:
            hint = f"Refused {call.refusals + 1} times: lower concurrency, raise retries, or try later."
        kind = AmbiguousError if status >= 500 or status == 408 else RefusedError
        return kind(
            call.method,
            urlsplit(call.url).path,
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
