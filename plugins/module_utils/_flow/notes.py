# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Notes on alerts, whatever a platform calls them: what is there is compared, and what is missing is added, once."""

from __future__ import annotations

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

#: Called with an alert's id: its note, with V(None) in all fields if it is not there; V(None) if there is no alert.
ReadNote = t.Callable[[str], t.Optional[Fields]]


class Notes(WritablePlatform):
    """Alerts, each with one note: ``text`` is V(None) where it is not there (yet).

    A further class for each platform knows how notes are read and written.
    """

    appends = True

    #: The most characters of a note.
    longest: t.ClassVar[int]

    def __init__(self, notes: Platform, guards: Guards, text: str, option: str) -> None:
        super().__init__(notes, guards)
        self.text = note_text(option, text, self.longest)

    def desired(self, alert: Alert) -> Fields:
        return {"text": self.text}

    def note(self, there: bool) -> Fields:
        """The fields where nothing but the text matters."""
        return {"text": self.text if there else None}


class NoteReader(ReadsOneByOne):
    """Reads the notes of one alert at a time, and with ``guards`` set the alert itself, too."""

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
        return None if fields is None else Alert(alert_id, fields, alert.guarded_state)


def with_provenance_notes(platform: Writable, params: Params, notes: t.Callable[[Writable, str], Notes]) -> Writable:
    """A platform whose changes are noted, if O(provenance) asks for it; ``notes`` is called with the line.

    Guards were for the change, after which the alert is as the task wants it: the notes have none.
    """
    line = provenance(params, platform.alerts.client.scrub)
    if line is not None:
        platform.provenance_notes = notes(platform, line)
    return platform


def note_text(option: str, value: str, longest: int) -> str:
    """A text as it is sent and compared: what its lines end in, and space around it, make no difference."""
    text = plain(checked_text(option, value) or "")
    if not text:
        raise OptionError(f"{option} is empty")
    if re.search(f"[{CONTROL_CHARACTERS}\r]", text):
        raise OptionError(f"{option} has control characters in it")
    if len(text) > longest:
        raise OptionError(f"{option} has {len(text)} characters; here it may have {longest}")
    return text


def plain(text: t.Any) -> str:
    """A text out of a task or an answer as notes are compared by it."""
    return text.replace("\r\n", "\n").strip() if isinstance(text, str) else ""
