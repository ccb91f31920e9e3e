# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Yandex Cloud Security Deck: the comments on an alert.

API: https://yandex.cloud/docs/security-deck/api-ref/Comment/list
"""

from __future__ import annotations

import typing as t

from .._core.errors import AmbiguousError, RefusedError, TriageError
from .._core.options import Params
from .._core.values import dig, has_types
from .._flow.change import Change, Fields, Outcome
from .._flow.notes import NotesReadOneByOne, plain
from .._flow.platform import not_found
from .api import SecurityDeck, path_of
from .operations import Operations, Start

#: The most comments of a page.
_PAGE = 1000


class SecurityDeckNotes(NotesReadOneByOne):
    """A comment on alerts of Security Deck. To add one is an operation, with an idempotency key."""

    #: A second request has the first one's key, and so adds nothing.
    appends = False
    longest = 4096

    def __init__(self, alerts: SecurityDeck, text: str, params: Params, option: str = "text") -> None:
        super().__init__(alerts, text, option)
        self._base = alerts.base
        self._operations = Operations(self.client, alerts.operations_base, params, self._start, self._shown)

    def read_note(self, alert_id: str) -> Fields | None:
        path = _path(alert_id)
        token, known = "", set()
        while True:
            try:
                answer = self.client.get(
                    self._base + path, {"pageSize": _PAGE, **({"pageToken": token} if token else {})}
                )
            except RefusedError as error:
                if not_found(error):
                    return None
                raise
            comments = dig(answer.body, "comments") or []
            is_valid = has_types(answer.body, {"comments": list, "nextPageToken": str}, dict)
            if not is_valid or not all(isinstance(comment.get("text"), str) for comment in comments):
                raise AmbiguousError("GET", path, "the answer does not show comments", status=answer.status)
            if any(plain(comment["text"]) == self.text for comment in comments):
                return self.note(True)
            known.add(token)
            token = dig(answer.body, "nextPageToken") or ""
            if not token:
                return self.note(False)
            if token in known:
                raise TriageError("The comments go round in circles: the service names a page that was there already")

    def write(self, changes: t.Sequence[Change]) -> dict[str, Outcome]:
        return self._operations.run(changes)

    def _start(self, change: Change) -> Start:
        return Start("POST", self._base, _path(change.id), {"text": self.text})

    def _shown(self, comment: t.Any, alert_id: str) -> Fields | None:
        ours = dig(comment, "alertId") == alert_id and plain(dig(comment, "text")) == self.text
        return self.note(True) if ours else None


def _path(alert_id: str) -> str:
    return f"{path_of(alert_id)}/comments"
