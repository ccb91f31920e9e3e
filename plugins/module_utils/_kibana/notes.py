# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Elastic Security: the notes on a detection alert.

API: https://www.elastic.co/docs/api/doc/kibana/operation/operation-persistnoteroute
"""

from __future__ import annotations

import typing as t
from urllib.parse import quote

from .._core.errors import AmbiguousError, NotFoundError, RefusedError, TriageError
from .._core.options import Params
from .._core.values import dig, has_types, text
from .._flow.change import Change, Confirmed, Fields, Outcome, Refused, outcome_of, unconfirmed
from .._flow.notes import Notes, plain
from .._http.transport import Answer
from .api import Alerts
from .writable import GuardedAlerts

_PATH = "/api/note"

_HINT = "The user needs Kibana's privilege for notes in this space: Security, Notes, All."

#: The longest query of a request: proxies take lines of 8 KiB.
_QUERY = 6000


class NotedAlerts(GuardedAlerts):
    """Alerts of which nothing matters but that they are there, and what guards look at."""

    def fields(self, alert_id: str, status: str, hit: dict[str, t.Any]) -> Fields:
        return {}


class KibanaNotes(Notes):
    """A note on detection alerts, which belongs to no timeline."""

    #: Kibana takes a body of 1 MiB, and a character may be six of its bytes.
    longest = 100_000

    def __init__(self, alerts: Alerts, text: str, params: Params, option: str = "text") -> None:
        super().__init__(alerts, text, option)
        self._url = alerts.base + _PATH

    def select(self) -> dict[str, Fields]:
        # Of an alert that does not exist, Kibana says that it has no notes.
        return self.read(list(self.alerts.select()))

    def look(self, ids: t.Sequence[str]) -> dict[str, Fields | TriageError]:
        notes = super().look(ids)
        missing = [key for key, one in notes.items() if one == self.note(False)] if self.guards.set else []
        alerts = self.alerts.look(missing)
        for key in missing:
            # Without a look at the alert, the guards would be asked about how it stood before.
            trouble = alerts.get(key, NotFoundError("It was there, and is gone"))
            if isinstance(trouble, TriageError):
                notes[key] = trouble
        return notes

    def read_batches(self, ids: t.Sequence[str]) -> t.Sequence[t.Sequence[str]]:
        read_batches: list[list[str]] = []
        size = 0
        for alert_id in ids:
            length = len(quote(alert_id)) + len("&documentIds=")
            size += length
            if not read_batches or size > _QUERY:
                read_batches.append([])
                size = length
            read_batches[-1].append(alert_id)
        return read_batches

    def read_batch(self, ids: t.Sequence[str]) -> dict[str, Fields]:
        notes, total = self._notes(ids)
        if len(notes) < total and len(ids) > 1:
            # One answer holds so many notes and no more, and there is no second page.
            return {alert_id: fields for one in ids for alert_id, fields in self.read_batch([one]).items()}
        there = {note.get("eventId") for note in notes if plain(note.get("note")) == self.text}
        if len(notes) < total and not there:
            raise TriageError(
                f"Kibana shows {len(notes)} of the {total} notes on {ids[0]}, and this one is not among them",
                "Raise its advanced setting securitySolution:maxUnassociatedNotes.",
            )
        return {alert_id: self.note(alert_id in there) for alert_id in ids}

    def _notes(self, ids: t.Sequence[str]) -> tuple[list[dict[str, t.Any]], int]:
        """The notes on these alerts, as many as Kibana shows at once, and how many there are."""
        query = {"documentIds": list(ids)}
        answer = self._send("GET", params=query)
        notes, total = dig(answer.body, "notes"), dig(answer.body, "totalCount")
        readable = has_types(answer.body, {"notes": list, "totalCount": int}, dict) and notes is not None
        if not readable or total is None or not all(has_types(note, {"eventId": str, "note": str}) for note in notes):
            raise AmbiguousError("GET", _PATH, "the answer does not show notes", status=answer.status)
        return notes, total

    def _send(self, method: str, body: t.Any = None, **more: t.Any) -> Answer:
        try:
            version = {"elastic-api-version": "2023-10-31"}
            return self.client.request(method, self._url, body, headers=version, **more)
        except RefusedError as error:
            if error.status == 403:
                error.hint = _HINT
            raise

    def write(self, changes: t.Sequence[Change]) -> dict[str, Outcome]:
        outcomes = self.client.each(self._write_one, changes)
        return {change.id: outcome for change, outcome in zip(changes, outcomes)}

    def _write_one(self, change: Change) -> Outcome:
        body = {"note": {"eventId": change.id, "note": self.text, "timelineId": ""}}
        try:
            answer = self._send("PATCH", body)
        except TriageError as error:
            return outcome_of(error)
        # Before 9.0 there is one more layer.
        told = dig(answer.body, "data", "persistNote") or answer.body
        note = dig(told, "note")
        if dig(told, "code") == 403 or dig(note, "version") == "":
            # With status 200, and with an id for a note that is not there.
            said = text(dig(told, "message")) or "the note was not stored: the space has as many as it may have"
            hint = "Raise Kibana's advanced setting securitySolution:maxUnassociatedNotes, or remove old notes."
            return Refused(RefusedError("PATCH", _PATH, said, status=403, hint=hint))
        if dig(note, "eventId") != change.id or plain(dig(note, "note")) != self.text:
            return unconfirmed("PATCH", _PATH, answer)
        return Confirmed(self.note(True))
