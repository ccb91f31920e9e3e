# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Notes on alerts, whatever a platform calls them: a note that is missing is added, once."""

from __future__ import annotations

import dataclasses
import re
import typing as t

from .._core.errors import OptionError
from .._core.options import Params, checked_text
from .._core.provenance import provenance
from .._core.text import CONTROL_CHARACTERS
from .change import Alert, Fields
from .guards import Guards
from .platform import Platform, ReadsOneByOne, WritablePlatform

Writable = t.TypeVar("Writable", bound=WritablePlatform)

#: Reads an alert's note by the alert's id. All fields are V(None) if the note is missing; V(None) if the alert is.
ReadNote = t.Callable[[str], t.Optional[Fields]]


class Notes(WritablePlatform):
    """Alerts, each with one note. ``text`` is V(None) as long as the note is missing.

    A subclass for each platform reads and writes the notes.
    """

    appends = True

    #: The maximum length of a note, in characters.
    longest: t.ClassVar[int]

    def __init__(self, notes: Platform, guards: Guards, text: str, option: str) -> None:
        super().__init__(notes, guards)
        self.text = note_text(option, text, self.longest)

    def desired(self, alert: Alert) -> Fields:
        return {"text": self.text}

    def note(self, there: bool) -> Fields:
        """The fields of a note that has only a text, if it is there or missing."""
        return {"text": self.text if there else None}


class NoteReader(ReadsOneByOne):
    """Reads the note of one alert at a time, and the alert itself if ``guards`` are set."""

    def __init__(self, alerts: Platform, read_note: ReadNote, guards: Guards) -> None:
        super().__init__(alerts.client, alerts.ids)
        self._alerts = alerts
        self._read_note = read_note
        self._guarded = guards.set

    def read_one(self, alert_id: str) -> Alert | None:
        alert = self._alerts.read_batch([alert_id]).get(alert_id) if self._guarded else Alert(alert_id, {})
        if alert is None:
            return None
        fields = self._read_note(alert_id)
        return None if fields is None else dataclasses.replace(alert, fields=fields)


def with_provenance_notes(platform: Writable, params: Params, notes: t.Callable[[Writable, str], Notes]) -> Writable:
    """The platform, with notes that say who changed its alerts if O(provenance) is set. ``notes`` makes them.

    The notes have no guards: these were checked for the change itself.
    """
    line = provenance(params, platform.alerts.client.scrub)
    if line is not None:
        platform.provenance_notes = notes(platform, line)
    return platform


def note_text(option: str, value: str, longest: int) -> str:
    """The text of a note as it is sent. Line endings and surrounding space are normalised.

    Raises `OptionError` if it is empty, too long, or has control characters.
    """
    text = plain(checked_text(option, value) or "")
    if not text:
        raise OptionError(f"{option} is empty")
    if re.search(f"[{CONTROL_CHARACTERS}\r]", text):
        raise OptionError(f"{option} has control characters in it")
    if len(text) > longest:
        raise OptionError(f"{option} has {len(text)} characters; here it may have {longest}")
    return text


def plain(text: t.Any) -> str:
    """A text of a task or an answer, normalised so that notes can be compared."""
    return text.replace("\r\n", "\n").strip() if isinstance(text, str) else ""
