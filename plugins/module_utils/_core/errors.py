# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The errors that end a task, or the change of one alert.

Every error makes its own report, so that the flow needs one ``except`` and no table of cases.
"""

from __future__ import annotations

import typing as t

from .error_text import words
from .text import one_line


class TriageError(Exception):
    """A failure that is reported to the user, without a traceback.

    ``kind`` is a stable word that plays and tests can branch on; texts may change. ``extra_results`` are further
    top-level results of the failed task, such as ``matched``. Control characters are removed from the message, because
    parts of it may come from a server.
    """

    kind = "failed"
    #: Whether this error of one alert, found before anything is written, keeps the task from writing any alert.
    stops = True
    #: The request that the error is about, and its answer, as far as there were any.
    status: int | None = None
    method: str | None = None
    path: str | None = None
    request_id: str | None = None

    def __init__(self, message: str, hint: str | None = None, extra_results: dict[str, t.Any] | None = None) -> None:
        super().__init__(message)
        self.message = one_line(message)
        self.hint = hint
        self.extra_results = extra_results or {}

    def __str__(self) -> str:
        return f"{self.message.rstrip('.')}. {self.hint}" if self.hint else self.message

    def report(self) -> dict[str, t.Any]:
        """The ``error`` of a result: always the same keys, V(null) where there is nothing to say."""
        return {
            "kind": self.kind,
            "message": self.message,
            "status": self.status,
            "method": self.method,
            "path": self.path,
            "request_id": self.request_id,
            "hint": self.hint,
        }


class OptionError(TriageError):
    """An option, or a combination of options, is invalid. Nothing was written."""

    kind = "option"


class LimitError(OptionError):
    """A search matches more alerts than ``max_alerts``, or another number than ``expected_count``."""

    kind = "limit"


class UnboundedError(OptionError):
    """A search matches every alert there is."""

    kind = "unbounded"


class GuardError(TriageError):
    """A guard forbids the change of this alert. If it was ``tried`` before, the guard forbids another try."""

    kind = "guarded"

    def __init__(self, objection: str, *, tried: bool = False) -> None:
        super().__init__(f"{'Not tried again' if tried else 'A guard forbids the change'}: {objection}")
        self.objection = objection


class NotFoundError(TriageError):
    """The API has no alert with that id."""

    kind = "not_found"
    status = 404


class UnreadableError(TriageError):
    """The API shows no state of this alert, so it is not changed. The task's other alerts are."""

    kind = "unreadable"
    stops = False


class RequestError(TriageError):
    """A request to an API failed. ``status`` is V(None) if no answer came."""

    method: str
    path: str

    def __init__(
        self,
        method: str,
        path: str,
        reason: str,
        *,
        status: int | None = None,
        body: t.Any = None,
        request_id: str | None = None,
        hint: str | None = None,
    ) -> None:
        # Some bodies repeat the words of the status line; they are shown once.
        phrase = reason.partition(" ")[2]
        said = words(body).removeprefix(phrase).removeprefix(": ") if phrase else words(body)
        super().__init__(f"{method} {path}: {reason}" + (f": {said}" if said else ""), hint)
        self.method = method
        self.path = path
        self.status = status
        self.body = body
        self.request_id = request_id and one_line(request_id)


class CredentialsError(TriageError):
    """The credentials for a request could not be fetched, so it was not sent. The report is that of the ``cause``."""

    def __init__(self, cause: TriageError) -> None:
        super().__init__(cause.message, cause.hint)
        self._cause = cause

    def report(self) -> dict[str, t.Any]:
        return self._cause.report()


class RefusedError(RequestError):
    """The API refused a request (3xx or 4xx), or its server is not trusted. The request was not carried out."""

    kind = "refused"


class NotSentError(RefusedError):
    """A request was not sent, because it would have failed. ``status`` is that of the earlier refusal."""

    kind = "not_sent"


class AmbiguousError(RequestError):
    """No clear answer (a time-out, a reset, a 5xx, an unreadable body): the request may have been carried out."""

    kind = "ambiguous"


class UnreachableError(RequestError):
    """No connection could be made, so nothing was sent."""

    kind = "unreachable"
