# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Yandex Cloud Security Deck: the comments on an alert.

API: https://yandex.cloud/docs/security-deck/api-ref/Comment/list
"""

from __future__ import annotations

import typing as t

from .._core.errors import AmbiguousError, RefusedError, TriageError
from .._core.options import Params, TaskContext
from .._core.values import dig, text
from .._flow.change import Alert, Change, Fields, Outcome
from .._flow.guards import Guards
from .._flow.notes import NoteReader, Notes, plain
from .._flow.platform import Platform, not_found
from .api import SecurityDeckApi, SecurityDeckReader, guarded_state, guards_of, is_page, path_of
from .operations import Operations, Start
from .words import READ_LAG

#: The most comments of a page.
_PAGE = 1000

#: The most pages of an alert's comments.
_MOST_PAGES = 100


class SecurityDeckNotes(Notes):
    """A comment on alerts of Security Deck. To add one is an operation, with an idempotency key."""

    #: A second request has the first one's key, and so adds nothing.
    appends = False
    longest = 4096
    read_lag = READ_LAG

    def __init__(
        self,
        api: SecurityDeckApi,
        alerts: Platform,
        guards: Guards,
        text: str,
        params: Params,
        option: str = "text",
    ) -> None:
        super().__init__(NoteReader(alerts, self._read_note, guards), guards, text, option)
        self._api = api
        self._operations = Operations(api.client, api.operations_base, params, self._start, self._shown, api.sink_of)

    def _read_note(self, alert_id: str) -> Fields | None:
        path = _path(alert_id)
        token: str | None = None
        known: set[str] = set()
        while True:
            page = self._page(path, token)
            if page is None:
                return None
            comments, token = page
            if any(plain(comment["text"]) == self.text for comment in comments):
                return self.note(True)
            if not token:
                return self.note(False)
            if token in known or len(known) == _MOST_PAGES:
                raise TriageError(f"The comments go round in circles, or have more than {_MOST_PAGES} pages")
            known.add(token)

    def _page(self, path: str, token: str | None) -> tuple[list[dict[str, t.Any]], str | None] | None:
        """The comments of a page, and the token of the next one; V(None) if there is no such alert."""
        after = {"pageToken": token} if token else {}
        try:
            answer = self._api.client.get(self._api.base + path, {"pageSize": _PAGE, **after})
        except RefusedError as error:
            if not_found(error):
                return None
            raise
        comments = dig(answer.body, "comments") or []
        if not is_page(answer.body, "comments") or not all(isinstance(one.get("text"), str) for one in comments):
            raise AmbiguousError("GET", path, "the answer does not show comments", status=answer.status)
        return comments, dig(answer.body, "nextPageToken") or None

    def write(self, changes: t.Sequence[Change]) -> dict[str, Outcome]:
        return self._operations.run(changes)

    def _start(self, change: Change) -> Start:
        return Start("POST", self._api.base, _path(change.id), {"text": self.text})

    def _shown(self, comment: t.Any, alert_id: str) -> Fields | None:
        ours = dig(comment, "alertId") == alert_id and plain(dig(comment, "text")) == self.text
        return self.note(True) if ours else None


def security_deck_notes(params: Params, context: TaskContext) -> SecurityDeckNotes:
    """The comment that a task adds to alerts."""
    api = SecurityDeckApi(params, context)
    reader = SecurityDeckReader(
        api,
        params,
        lambda alert, _whole: Alert(alert["id"], {}, guarded_state(alert), title=text(alert.get("title"))),
    )
    return SecurityDeckNotes(api, reader, guards_of(params), params["text"], params)


def _path(alert_id: str) -> str:
    return f"{path_of(alert_id)}/comments"
