# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A request over all of its tries, and what the failure of a try means: is it sent again, and must others wait?"""

from __future__ import annotations

import dataclasses
import typing as t
from urllib.parse import urlsplit

from .._core.errors import AmbiguousError, NotSentError, RefusedError, RequestError, UnreachableError
from .answer import TAKES_TLS, Answer
from .proxies import PROXY_ASKS

#: Returns the advice for an error: called with the status and whether the request was a write.
Hint = t.Callable[[int, bool], t.Optional[str]]


class Kind(t.NamedTuple):
    """What a failure means for its request, and for others."""

    error: type[RequestError]
    read_again: bool = False
    write_again: bool = False
    #: Whether all requests must wait.
    holds: bool = False


_REFUSED = Kind(RefusedError)

PUT_OFF = Kind(RefusedError, read_again=True, write_again=True, holds=True)

_UNCLEAR = Kind(AmbiguousError, read_again=True)

UNAVAILABLE = Kind(AmbiguousError, read_again=True, holds=True)

_MOVED = Kind(AmbiguousError)

_BY_ERROR = {
    RefusedError: _REFUSED,
    NotSentError: Kind(NotSentError),
    UnreachableError: Kind(UnreachableError, read_again=True, write_again=True),
    AmbiguousError: _UNCLEAR,
}

#: Statuses besides 5xx that do not say whether the request was carried out.
_UNCLEAR_STATUSES = (408, 425, 499)


class Failure(t.NamedTuple):
    """A try that failed."""

    kind: Kind
    error: RequestError


@dataclasses.dataclass
class Call:
    """A request, over all of its tries."""

    method: str
    url: str
    params: t.Mapping[str, t.Any] | None
    headers: t.Mapping[str, str]
    data: bytes | None
    #: Whether it writes nothing.
    safe: bool
    #: Whether it is sent without credentials.
    anonymous: bool
    #: Its place in the queue of the throttle.
    ticket: int
    #: How often the service asked to wait, and how often the request failed otherwise.
    refusals: int = 0
    failures: int = 0

    @property
    def path(self) -> str:
        return urlsplit(self.url).path

    def may_repeat(self, kind: Kind, retries: int) -> bool:
        """Whether the request may be sent again after a failure of this kind."""
        again = kind.read_again if self.safe else kind.write_again
        return again and (self.refusals if kind is PUT_OFF else self.failures) <= retries

    def broken(self, trouble: RequestError) -> Failure:
        """Count a try that brought no whole answer."""
        self.failures += 1
        return Failure(_BY_ERROR[type(trouble)], trouble)

    def refused(self, answer: Answer, hint: Hint) -> Failure:
        """Count a try whose answer is not a success."""
        kind = self._kind_of(answer)
        if kind is PUT_OFF:
            self.refusals += 1
        else:
            self.failures += 1
        return Failure(kind, self._error(answer, kind, hint))

    def not_sent(self, why: str, cause: RequestError) -> NotSentError:
        """The error for a request that would fare as another did."""
        reason = f"not sent, {why}"
        return NotSentError(self.method, self.path, reason, status=cause.status, body=cause.body, hint=cause.hint)

    def _kind_of(self, answer: Answer) -> Kind:
        status = answer.status
        if status == 429:
            return PUT_OFF
        if status >= 500 or status in _UNCLEAR_STATUSES:
            return UNAVAILABLE if status == 503 or "Retry-After" in answer.headers else _UNCLEAR
        # A redirect may come from a proxy, or from the service after it carried the write out.
        return _MOVED if status < 400 and not self.safe else _REFUSED

    def _error(self, answer: Answer, kind: Kind, hint_for: Hint) -> RequestError:
        status, reason = answer.status, f"{answer.status} {answer.reason}".strip()
        hint = hint_for(status, not self.safe)
        if 300 <= status < 400:
            # Following a redirect could send the credentials elsewhere, and would turn a PATCH into a GET.
            reason += f", a redirect to {_host(answer.headers.get('Location', '')) or 'another path'}"
            hint = "Redirects are not followed: check the address (https, host, base path)."
        if answer.wants_tls:
            hint = TAKES_TLS
        if status == 407:
            hint = PROXY_ASKS
        if status == 429:
            hint = f"Refused {self.refusals} times: lower concurrency, raise retries, or try later."
        return kind.error(
            self.method,
            self.path,
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
