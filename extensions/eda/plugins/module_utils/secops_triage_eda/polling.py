# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Searching again and again, and what is new of it as events."""

from __future__ import annotations

import asyncio
import logging
import random
import typing as t

from .api import LONGEST_WAIT, Api
from .checkpoint import Checkpoint
from .errors import PassingError
from .options import Args, checked
from .platforms import Platform
from .searches import Raw, search, time_of
from .shape import alert_of

_LOG = logging.getLogger("secops.triage.alerts")
_FIRST_BACKOFF = 0.5
#: How many pages in a row may show nothing that an earlier one has not.
_IDLE_PAGES = 5

#: The time of an alert, its id, and its event. Sorted, the oldest come first.
Fresh = tuple[str, str, Raw]


async def poll(queue: t.Any, args: Args) -> None:
    """Put an event for each alert that comes up into the queue, until cancelled. Raises `SourceError`."""
    options = checked(args)
    async with Api(options) as api:
        await _Poll(options, Platform(options, api)).run(queue)


class _Poll:
    def __init__(self, options: Args, platform: Platform) -> None:
        self._options = options
        self._platform = platform
        place = f"{platform.name} {platform.base}"
        self._reached = Checkpoint(options["checkpoint"], place, options["since"], options["overlap"])

    async def run(self, queue: t.Any) -> None:
        failures = 0
        while True:
            try:
                await self._once(queue)
                failures, wait = 0, float(self._options["interval"])
            except PassingError as error:
                failures += 1
                first = min(_FIRST_BACKOFF, self._options["interval"])
                longest = min(first * 2.0 ** min(failures - 1, 20), LONGEST_WAIT)
                # Not all at once, when a server comes back that many wait for.
                wait = max(error.wait, longest) * random.uniform(1.0, 1.5)  # noqa: S311
                _LOG.warning("%s: %s. Trying again in %.1f s", self._platform.name, error, wait)
            await asyncio.sleep(wait)

    async def _once(self, queue: t.Any) -> None:
        fresh = sorted(await self._fresh(), key=lambda one: one[:2])[: self._options["max_alerts"]]
        try:
            for moment, alert_id, event in fresh:
                if event["alert"]["new"] or not self._options["only_new"]:
                    await queue.put(event)
                self._reached.note(alert_id, moment)
        finally:
            if fresh:
                self._reached.save()

    async def _fresh(self) -> t.Iterable[Fresh]:
        """What was not seen yet."""
        found: dict[str, Fresh] = {}
        while True:
            before, pages, idle = len(found), 0, 0
            shown: set[str | None] = set()
            async for page in search(self._platform, self._options["query"], self._reached.start):
                pages += 1
                ids = {self._add(raw, found) for raw in page}
                idle = 0 if ids - shown else idle + 1
                if idle > _IDLE_PAGES:
                    raise PassingError("The search goes round in circles: its pages show nothing new")
                shown |= ids
            # What was closed between two pages may have moved another alert from the one to the other.
            if pages < 2 or len(found) == before:
                return found.values()

    def _add(self, raw: Raw, found: dict[str, Fresh]) -> str | None:
        """Add it if it was not seen yet. Returns its id."""
        alert, moment = alert_of(self._platform.name, raw, {}), time_of(self._platform.name, raw)
        alert_id: str | None = alert["id"]
        if alert_id is None or moment is None:
            _LOG.warning("%s: an alert is left out, for it shows no id or no time", self._platform.name)
        elif alert_id not in self._reached.seen and moment >= self._reached.start:
            found[alert_id] = (moment, alert_id, {"alert": {**alert, "raw": raw} if self._options["raw"] else alert})
        return alert_id
