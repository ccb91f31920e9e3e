# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What can go wrong, and how it is told.

Every error knows the fields of its own report, so that the flow needs one ``except`` and no table of cases.
"""

from __future__ import annotations

import html
import json
import re
import typing as t

from ._printable import one_line

_LONGEST = 500


class TriageError(Exception):
    """A failure that the user is told of; never a traceback.

    ``facts`` are further top-level results of the failed task, such as ``matched``. Parts of the message may come from
    anywhere, so it is made one that cannot paint a terminal.
    """

    def __init__(self, message: str, hint: str | None = None, facts: dict[str, t.Any] | None = None) -> None:
        super().__init__(message)
        self.message = one_line(message)
        self.hint = hint
        self.facts = facts or {}

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


class UnknownFateError(RequestError):
    """No answer, or one that does not tell (a time-out, a reset, a 5xx, an unreadable body): it may have been done."""


class UnreachableError(RequestError):
    """No connection could be made, so nothing was sent."""


def words(body: t.Any) -> str:
    """The API's own words out of an error's body, in any of the shapes that the platforms use; ``""`` if it has none.

    Control characters are taken out: an answer must not be able to paint a terminal.
    """
    text = re.sub(" +", " ", one_line(_words(body))).strip()
    if len(text) <= _LONGEST:
        return text
    # Between words: half of a token would not be known for the secret that it is.
    return (re.sub(r"\S+$", "", text[: _LONGEST - 1]) or text[:40]) + "…"


def _words(body: t.Any, depth: int = 0) -> str:
    if depth > 5 or body is None:
        return ""
    if isinstance(body, str):
        return _text(body, depth)
    if isinstance(body, list):
        return "; ".join(filter(None, (_words(item, depth + 1) for item in body[:10])))
    if isinstance(body, dict):
        return _object(body, depth)
    return str(body)


def _text(body: str, depth: int) -> str:
    """Plain words from a text that may be an HTML page, or (a conflict in Kibana) the JSON of another answer."""
    stripped = body.strip()
    if stripped.startswith(("{", "[")):
        try:
            return _words(json.loads(stripped), depth + 1) or stripped
        except (ValueError, RecursionError):
            return stripped
    if re.match(r"(?i)<(!|html|head|body|\?xml)", stripped):
        title = re.search(r"(?is)<(title|h1)[^>]*>(.*?)</\1", stripped)
        found = re.sub(r"(?s)<[^>]*>", " ", title.group(2)) if title else ""
        return f"an HTML page: {html.unescape(found).strip()}" if found else "an HTML page"
    return stripped


def _object(body: dict[str, t.Any], depth: int) -> str:
    # Kibana's update-by-query result: the first conflict says more than the counters.
    failures = body.get("failures")
    if isinstance(failures, list) and failures:
        return f"{body.get('version_conflicts', len(failures))} version conflicts; {_words(failures[0], depth + 1)}"
    errors = body.get("errors")
    if isinstance(errors, list) and errors:
        return _words(errors, depth + 1)
    error = body.get("error")
    if isinstance(error, (dict, list)) and error:
        return _words(error, depth + 1)
    parts = [_words(body.get(key), depth + 1) for key in ("title", "message", "detail", "msg", "reason", "cause")]
    said = ": ".join(dict.fromkeys(filter(None, parts))) or (error if isinstance(error, str) else "")
    place = body.get("loc")
    if isinstance(place, list):
        said = f"{'.'.join(str(step) for step in place)}: {said}"
    details = body.get("details")
    if isinstance(details, dict) and details.get("errors"):
        said = f"{said.rstrip('.')}: {_words(details['errors'], depth + 1)}"
    return said
