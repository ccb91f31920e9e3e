# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Notes on alerts, whatever a platform calls them: what is there is compared, and what is missing is added, once."""

from __future__ import annotations

import abc
import re
import typing as t

from .._core.errors import OptionError
from .._core.options import Params, checked_text
from .._core.provenance import provenance
from .._core.text import CONTROL_CHARACTERS
from .change import Fields
from .guards import Guards
from .platform import Platform, ReadsOneByOne, WritablePlatform

Alerts = t.TypeVar("Alerts", bound=WritablePlatform)


class Notes(WritablePlatform):
    """The alerts of a platform, each with one note: ``text`` is V(None) where it is not there (yet).

    A further class for each platform knows how notes are read and written. All else is that of ``alerts``.
    """

    appends = True

    #: The most characters of a note.
    longest: t.ClassVar[int]

    def __init__(self, alerts: Platform, text: str, option: str = "text") -> None:
        self.alerts = alerts
        self.ids = alerts.ids
        self.client = alerts.client
        self.retries = alerts.retries
        self.read_lag = alerts.read_lag
        self.guards = alerts.guards
        self.text = note_text(option, text, self.longest)

    def desired(self, alert_id: str, fields: Fields) -> Fields:
        return {"text": self.text}

    def note(self, there: bool) -> Fields:
        """The fields where nothing but the text matters."""
        return {"text": self.text if there else None}


class NotesReadOneByOne(Notes, ReadsOneByOne):
    """Notes of an API that reads those of one alert at a time."""

    def read_one(self, alert_id: str) -> Fields | None:
        # The guards are told how the alert itself is.
        if self.guards.set and not self.alerts.read_batch([alert_id]):
            return None
        return self.read_note(alert_id)

    @abc.abstractmethod
    def read_note(self, alert_id: str) -> Fields | None:
        """The note as `desired`, with V(None) in all fields if it is not there; V(None) if there is no such alert."""


def with_provenance_notes(
    platform: Alerts, params: Params, notes: t.Callable[[Alerts, str, Params, str], Notes]
) -> Alerts:
    """A platform whose changes are noted, if O(provenance) asks for it."""
    line = provenance(params, platform.client.scrub)
    if line is not None:
        platform.provenance_notes = notes(platform, line, params, "provenance")
        # They were for the change, after which the alert stands as the task wants it.
        platform.provenance_notes.guards = Guards()
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
