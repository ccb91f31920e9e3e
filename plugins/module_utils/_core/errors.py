# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What can go wrong, and how it is told.

Every error knows the fields of its own report, so that the flow needs one ``except`` and no table of cases.
"""

from __future__ import annotations

import typing as t

from .error_text import words
from .text import one_line


class TriageError(Exception):
    """A failure that the user is told of; never a traceback.

    ``facts`` are further top-level results of the failed task, such as ``matched``. Parts of the message may come from
    anywhere, so it is made one that cannot paint a terminal.
    """

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
            "message": self.message,
            "status": None,
            "method": None,
            "path": None,
            "request_id": None,
            "hint": self.hint,
        }


class OptionError(TriageError):
    """The task asks for something that cannot be: refused before anything is written."""


class GuardError(TriageError):
    """A guard of the task keeps this alert from being changed, or from being ``tried`` once more."""

    def __init__(self, objection: str, *, tried: bool = False) -> None:
        super().__init__(f"{'Not tried again' if tried else 'A guard forbids the change'}: {objection}")
        self.objection = objection


class NotFoundError(TriageError):
    """The API knows no alert of that id."""

    def report(self) -> dict[str, t.Any]:
        return {**super().report(), "status": 404}


class RequestError(TriageError):
    """An exchange with an API that did not go well. ``status`` is V(None) where no answer came."""

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
        # Some bodies begin with the words of the status.
        phrase = reason.partition(" ")[2]
        said = words(body).removeprefix(phrase).removeprefix(": ") if phrase else words(body)
        super().__init__(f"{method} {path}: {reason}" + (f": {said}" if said else ""), hint)
        self.method = method
        self.path = path
        self.status = status
        self.body = body
        self.request_id = request_id and one_line(request_id)

    def report(self) -> dict[str, t.Any]:
        return {
            **super().report(),
            "status": self.status,
            "method": self.method,
            "path": self.path,
            "request_id": self.request_id,
        }


class CredentialsError(TriageError):
    """Nobody gives out the credentials that a request needs, so it was not sent. Tells all that its ``cause`` tells."""

    def __init__(self, cause: TriageError) -> None:
        super().__init__(cause.message, cause.hint)
        self._cause = cause

    def report(self) -> dict[str, t.Any]:
        return self._cause.report()


class RefusedError(RequestError):
    """A no (a 3xx or 4xx, or a server that is not trusted): what was asked for has not been done."""


class NotSentError(RefusedError):
    """Nothing was sent, for it would have been of no use. ``status`` is that of the refusal before."""


class AmbiguousError(RequestError):
    """No answer, or one that does not tell (a time-out, a reset, a 5xx, an unreadable body): it may have been done."""


class UnreachableError(RequestError):
    """No connection could be made, so nothing was sent."""
