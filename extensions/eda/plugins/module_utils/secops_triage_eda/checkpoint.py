# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How far the source has come, kept in a file over restarts."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path

from .errors import SourceError
from .values import earlier, moment_of, now


class Checkpoint:
    """``since`` is the time of the newest alert that was seen. Every search begins an ``overlap`` of seconds before
    that, but never before the first of all, and ``seen`` are the ids from then on, with their times."""

    def __init__(self, file: str, place: str, since: str, overlap: float) -> None:
        self.since = self._first = since
        self.seen: dict[str, str] = {}
        self._overlap = overlap
        self._place = place
        self._file = Path(file).expanduser() if file else None
        if self._file and self._file.exists():
            self._load(self._file)
        # The first start counts, and a file that cannot be written is reported at once.
        self.save()

    @property
    def start(self) -> str:
        """The moment where a search begins."""
        return max(self._first, earlier(self.since, self._overlap))

    def note(self, alert_id: str, moment: str) -> None:
        """Note an alert as seen. A time in the future does not move ``since`` past the present."""
        self.seen[alert_id] = moment
        self.since = max(self.since, min(moment, now()))

    def save(self) -> None:
        """Replace the file in one step: readers find the old one or the new one. Raises `SourceError`."""
        start = self.start
        self.seen = {alert_id: moment for alert_id, moment in self.seen.items() if moment >= start}
        if self._file is None:
            return
        kept = json.dumps({"place": self._place, "first": self._first, "since": self.since, "seen": self.seen})
        try:
            handle, name = tempfile.mkstemp(prefix=f".{self._file.name}.", dir=self._file.parent)
            try:
                with os.fdopen(handle, "w", encoding="utf-8") as file:
                    file.write(kept)
                    file.flush()
                    os.fsync(file.fileno())
                Path(name).replace(self._file)
            finally:
                Path(name).unlink(missing_ok=True)
        except OSError as error:
            raise SourceError(f"checkpoint {self._file} cannot be written: {error.strerror}") from None

    def _load(self, file: Path) -> None:
        try:
            kept = json.loads(file.read_text(encoding="utf-8"))
            place, seen = kept["place"], dict(kept["seen"])
            first, since = moment_of(kept["first"]), moment_of(kept["since"])
        except (OSError, ValueError, TypeError, KeyError, RecursionError):
            place = first = since = None
            seen = {}
        if first is None or since is None or not all(isinstance(moment, str) for moment in seen.values()):
            # Starting anew in silence would repeat everything, or miss the alerts of the meantime.
            raise SourceError(f"checkpoint {file} cannot be read; remove it to begin at since again")
        if place != self._place:
            raise SourceError(f"checkpoint {file} is that of another source, {place}: each needs one of its own")
        self._first, self.since, self.seen = first, since, seen
