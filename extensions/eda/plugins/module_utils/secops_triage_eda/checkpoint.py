# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How far the source has come, kept in a file over restarts."""

from __future__ import annotations

import json
import logging
import os
import tempfile
import typing as t
from pathlib import Path

from ......plugins.module_utils._core.errors import OptionError
from ......plugins.module_utils._core.times import earlier, now, utc

_LOG = logging.getLogger("secops.triage.alerts")
#: The most ids that are remembered. At about 200 bytes each that is 20 MB.
MAX_SEEN = 100_000


class Seen:
    """The ids of alerts that became events, and their times. Past ``most`` of them the oldest tenth is forgotten.

    ``forgotten`` is the newest moment of those that were forgotten.
    """

    def __init__(self, most: int = MAX_SEEN) -> None:
        self.forgotten = ""
        self._most = most
        self._moments: dict[str, str] = {}

    def __contains__(self, alert_id: str) -> bool:
        return alert_id in self._moments

    def __len__(self) -> int:
        return len(self._moments)

    def add(self, alert_id: str, moment: str) -> None:
        """Remember an alert."""
        self._moments[alert_id] = moment
        if len(self._moments) > self._most:
            oldest_first = sorted(self._moments.items(), key=lambda item: item[1])
            tenth = len(oldest_first) // 10 + 1
            self.forgotten = max(self.forgotten, oldest_first[tenth - 1][1])
            self._moments = dict(oldest_first[tenth:])
            _LOG.warning("More than %d alerts are remembered: the oldest are forgotten", self._most)

    def drop_before(self, start: str) -> None:
        """Drop the alerts that no search shows again."""
        self._moments = {alert_id: moment for alert_id, moment in self._moments.items() if moment >= start}


class Checkpoint:
    """Where searches begin.

    ``since`` is the time of the newest alert, once no older one is missing, and not later than the search for it began.
    A search begins ``overlap`` seconds before
    it. The first search after a start begins ``lookback`` seconds before it: what became of the events of the process
    before is unknown, so the alerts that are still new become events again. No search goes back behind the first start.
    """

    def __init__(self, options: dict[str, t.Any], place: str) -> None:
        self.since: str = options["since"]
        self._first: str = self.since
        self.seen = Seen()
        self._overlap: float = options["overlap"]
        self._reach = max(options["lookback"], self._overlap)
        self._newest = ""
        self._floor = ""
        self._began = now()
        self._place = place
        self._file = Path(options["checkpoint"]) if options["checkpoint"] else None
        if self._file and self._file.exists():
            self._load(self._file)
        # The first start counts, and a file that cannot be written is reported at once.
        self._save()

    @property
    def start(self) -> str:
        """Where the next search begins."""
        return self._before(self._reach)

    @property
    def following(self) -> str:
        """Where the search after that begins."""
        return self._before(self._overlap)

    def _before(self, seconds: float) -> str:
        return max(self._first, earlier(self.since, seconds))

    def is_due(self, alert_id: str, moment: str, start: str) -> bool:
        """Whether an alert that a search from this start shows was not noted yet."""
        return moment >= start and moment > self._floor and alert_id not in self.seen

    def begin(self) -> None:
        """Note that a search begins."""
        self._began = now()

    def note(self, alert_id: str, moment: str) -> None:
        """Note an alert as done with: it is an event, or needs none."""
        self.seen.add(alert_id, moment)
        # Alerts may become searchable behind the place that this search has come to, however long it takes.
        self._newest = max(self._newest, min(moment, self._began))

    def advance(self) -> None:
        """Move ``since`` to the newest alert noted, because no older one is missing. Raises `OptionError`."""
        # Alerts that were forgotten would become events with every search.
        self._floor = self.seen.forgotten
        if self._newest > self.since:
            self.since = self._newest
            self._save()

    def complete(self) -> None:
        """Note that a search came to its end: the next ones go back by ``overlap`` only."""
        self._reach = self._overlap
        self.seen.drop_before(self.start)

    def _save(self) -> None:
        """Replace the file in one step: readers find the old one or the new one. Raises `OptionError`."""
        if self._file is None:
            return
        content = json.dumps({"place": self._place, "first": self._first, "since": self.since})
        try:
            handle, name = tempfile.mkstemp(prefix=f".{self._file.name}.", dir=self._file.parent)
            try:
                with os.fdopen(handle, "w", encoding="utf-8") as file:
                    file.write(content)
                    file.flush()
                    os.fsync(file.fileno())
                Path(name).replace(self._file)
            finally:
                Path(name).unlink(missing_ok=True)
        except OSError as error:
            raise OptionError(f"checkpoint {self._file} cannot be written: {error.strerror}") from None

    def _load(self, file: Path) -> None:
        try:
            content = json.loads(file.read_text(encoding="utf-8"))
            place, first, since = content["place"], utc(content["first"]), utc(content["since"])
        except (OSError, ValueError, TypeError, KeyError, RecursionError):
            place = first = since = None
        if first is None or since is None:
            # Starting anew in silence would repeat everything, or miss the alerts of the meantime.
            raise OptionError(f"checkpoint {file} cannot be read; remove it to begin at since again")
        if place != self._place:
            raise OptionError(f"checkpoint {file} is that of another source, {place}: each needs one of its own")
        self._first, self.since = first, since
