# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The loop: search, put an event for each new alert into the queue, wait."""

from __future__ import annotations

import asyncio
import logging
import random
import typing as t

from .api import Api
from .checkpoint import Checkpoint
from .client import Client
from .errors import TransientError
from .options import validate
from .platform import Args
from .registry import PLATFORMS
from .shape import alert_of
from .values import Raw
from .waits import MAX_WAIT

_LOG = logging.getLogger("secops.triage.alerts")
_FIRST_BACKOFF = 0.5
#: How many pages in a row may repeat earlier ones before the search counts as a circle.
_MAX_IDLE_PAGES = 5

#: The time of an alert, its id, and its event. Sorted, the oldest come first.
Fresh = tuple[str, str, Raw]


async def poll(queue: t.Any, args: Args) -> None:
    """Put an event for each new alert into the queue, until cancelled. Raises `SourceError`."""
    options = validate(args)
    async with Api(options) as api:
        await _Poll(options, api).run(queue)


class _Poll:
    def __init__(self, options: Args, api: Api) -> None:
        self._options = options
        self._platform = PLATFORMS[options["platform"]]
        self._client = Client(self._platform, options, api)
        place = f"{self._platform.name} {options['api_url']}"
        self._checkpoint = Checkpoint(options["checkpoint"], place, options["since"], options["overlap"])

    async def run(self, queue: t.Any) -> None:
        failures = 0
        while True:
            try:
                await self._once(queue)
                failures, wait = 0, float(self._options["interval"])
            except TransientError as error:
                failures += 1
                first = min(_FIRST_BACKOFF, self._options["interval"])
                longest = min(first * 2.0 ** min(failures - 1, 20), MAX_WAIT)
                # Many clients may wait for the same server: spread them.
                wait = max(error.wait, longest) * random.uniform(1.0, 1.5)  # noqa: S311
                _LOG.warning("%s: %s. Trying again in %.1f s", self._platform.name, error, wait)
            await asyncio.sleep(wait)

    async def _once(self, queue: t.Any) -> None:
        fresh = sorted(await self._fresh(), key=lambda one: one[:2])[: self._options["max_alerts"]]
        try:
            for moment, alert_id, event in fresh:
                if event["alert"]["new"] or not self._options["only_new"]:
                    await queue.put(event)
                self._checkpoint.note(alert_id, moment)
        finally:
            if fresh:
                self._checkpoint.save()

    async def _fresh(self) -> t.Iterable[Fresh]:
        """The alerts that were not seen yet."""
        found: dict[str, Fresh] = {}
        while True:
            before, pages, idle = len(found), 0, 0
            shown: set[str | None] = set()
            async for page in self._platform.search(self._client, self._options["query"], self._checkpoint.start):
                pages += 1
                ids = {self._add(raw, found) for raw in page}
                idle = 0 if ids - shown else idle + 1
                if idle > _MAX_IDLE_PAGES:
                    raise TransientError("The search goes round in circles: its pages show nothing new")
                shown |= ids
            # An alert that is closed between two pages may move another one from the later page to the earlier.
            if pages < 2 or len(found) == before:
                return found.values()

    def _add(self, raw: Raw, found: dict[str, Fresh]) -> str | None:
        """Add an alert if it was not seen yet. Returns its id."""
        alert, moment = alert_of(self._platform, raw, {}), self._platform.time_of(raw)
        alert_id: str | None = alert["id"]
        if alert_id is None or moment is None:
            _LOG.warning("%s: an alert without an id or a time is left out", self._platform.name)
        elif alert_id not in self._checkpoint.seen and moment >= self._checkpoint.start:
            found[alert_id] = (moment, alert_id, {"alert": {**alert, "raw": raw} if self._options["raw"] else alert})
        return alert_id
