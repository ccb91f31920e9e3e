# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Elastic Security: the notes on a detection alert.

API: https://www.elastic.co/docs/api/doc/kibana/operation/operation-persistnoteroute
"""

from __future__ import annotations

import dataclasses
import typing as t
from urllib.parse import quote

from .._core.errors import AmbiguousError, NotFoundError, RefusedError, TriageError
from .._core.options import Params, TaskContext
from .._core.values import dig, has_types, text
from .._flow.change import Alert, Change, Confirmed, Outcome, Refused, outcome_of, unconfirmed
from .._flow.guards import Guards
from .._flow.notes import Notes, note_text, plain
from .._flow.platform import Platform
from .._http.answer import Answer
from .api import KibanaApi, KibanaReader
from .hits import title_of
from .words import API_VERSION, READ_LAG
from .writable import WritableAlerts, guarded_source, guarded_state, guards_of, with_uids

_PATH = "/api/note"

_HINT = "The user needs Kibana's privilege for notes in this space: Security, Notes, All."

#: The longest query of a request, in bytes: proxies refuse lines of more than 8 KiB.
_QUERY = 6000


class KibanaNoteReader(Platform):
    """Reads the notes with one text, and with guards set the alerts themselves, too."""

    def __init__(self, api: KibanaApi, alerts: Platform, text: str, guards: Guards) -> None:
        super().__init__(alerts.client, alerts.ids)
        self._api = api
        self._alerts = alerts
        self._text = text
        self._guarded = guards.set

    def missing(self) -> NotFoundError:
        return self._alerts.missing()

    def select(self) -> dict[str, Alert]:
        # Kibana answers that an alert that does not exist has no notes, so the alerts themselves are read, too.
        alerts = self._alerts.select()
        return {key: self._with_alert(note, alerts[key]) for key, note in self.read(list(alerts)).items()}

    def read_each(self, ids: t.Sequence[str]) -> dict[str, Alert | TriageError]:
        notes = super().read_each(ids)
        if not self._guarded:
            return notes
        missing = [key for key, one in notes.items() if isinstance(one, Alert) and one.fields["text"] is None]
        alerts = self._alerts.read_each(missing)
        for key in missing:
            # Guards need the alert as it is now. One that cannot be read is an error.
            alert = alerts.get(key, NotFoundError("It was there, and is gone"))
            notes[key] = alert if isinstance(alert, TriageError) else self._with_alert(self._note(key, False), alert)
        return notes

    def _with_alert(self, note: Alert, alert: Alert) -> Alert:
        return dataclasses.replace(alert, fields=note.fields)

    def _note(self, alert_id: str, there: bool) -> Alert:
        return Alert(alert_id, {"text": self._text if there else None})

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

    def read_batch(self, ids: t.Sequence[str]) -> dict[str, Alert]:
        notes, total = self._notes(ids)
        if len(notes) < total and len(ids) > 1:
            # An answer shows a limited number of notes, and there is no second page.
            return {alert_id: note for one in ids for alert_id, note in self.read_batch([one]).items()}
        there = {note.get("eventId") for note in notes if plain(note.get("note")) == self._text}
        if len(notes) < total and not there:
            raise TriageError(
                f"Kibana shows {len(notes)} of the {total} notes on {ids[0]}, and this one is not among them",
                "Raise its advanced setting securitySolution:maxUnassociatedNotes.",
            )
        return {alert_id: self._note(alert_id, alert_id in there) for alert_id in ids}

    def _notes(self, ids: t.Sequence[str]) -> tuple[list[dict[str, t.Any]], int]:
        """The notes on these alerts, as many as Kibana shows at once, and how many there are."""
        query = {"documentIds": list(ids)}
        answer = _send(self._api, "GET", params=query)
        notes, total = dig(answer.body, "notes"), dig(answer.body, "totalCount")
        readable = has_types(answer.body, {"notes": list, "totalCount": int}, dict) and notes is not None
        if not readable or total is None or not all(has_types(note, {"eventId": str, "note": str}) for note in notes):
            raise AmbiguousError("GET", _PATH, "the answer does not show notes", status=answer.status)
        return notes, total


class KibanaNotes(Notes):
    """A note on detection alerts, which belongs to no timeline."""

    #: Kibana takes a body of 1 MiB, and a character may need six bytes of it.
    longest = 100_000
    read_lag = READ_LAG

    def __init__(self, api: KibanaApi, alerts: Platform, guards: Guards, text: str, option: str = "text") -> None:
        text = note_text(option, text, self.longest)
        super().__init__(KibanaNoteReader(api, alerts, text, guards), guards, text, option)
        self._api = api

    def prepare(self) -> None:
        self.guards = with_uids(self.guards, self._api)

    def write(self, changes: t.Sequence[Change]) -> dict[str, Outcome]:
        outcomes = self._api.client.each(self._write_one, changes)
        return {change.id: outcome for change, outcome in zip(changes, outcomes)}

    def _write_one(self, change: Change) -> Outcome:
        body = {"note": {"eventId": change.id, "note": self.text, "timelineId": ""}}
        try:
            answer = _send(self._api, "PATCH", body)
        except TriageError as error:
            return outcome_of(error)
        # Before 9.0 the answer has one more layer.
        told = dig(answer.body, "data", "persistNote") or answer.body
        note = dig(told, "note")
        if dig(told, "code") == 403 or dig(note, "version") == "":
            # Kibana answers 200, with the id of a note that was not stored.
            said = text(dig(told, "message")) or "the note was not stored: the space has as many as it may have"
            hint = "Raise Kibana's advanced setting securitySolution:maxUnassociatedNotes, or remove old notes."
            return Refused(RefusedError("PATCH", _PATH, said, status=403, hint=hint))
        if dig(note, "eventId") != change.id or plain(dig(note, "note")) != self.text:
            return unconfirmed("PATCH", _PATH, answer)
        return Confirmed(self.note(True))


def kibana_notes(params: Params, context: TaskContext) -> KibanaNotes:
    """The note that a task adds to alerts."""
    api, guards = KibanaApi(params, context), guards_of(params)
    reader = KibanaReader(
        api,
        params,
        guarded_source(guards),
        lambda alert_id, hit: Alert(alert_id, {}, guarded_state(hit) if guards.set else None, title=title_of(hit)),
    )
    return KibanaNotes(api, reader, guards, params["text"])


def provenance_notes(platform: WritableAlerts, line: str) -> KibanaNotes:
    """The note that says who changed the alerts."""
    return KibanaNotes(platform.api, platform.alerts, Guards(), line, "provenance")


def _send(api: KibanaApi, method: str, body: t.Any = None, **more: t.Any) -> Answer:
    try:
        return api.client.request(method, api.base + _PATH, body, headers=API_VERSION, **more)
    except RefusedError as error:
        if error.status == 403:
            error.hint = _HINT
        raise
