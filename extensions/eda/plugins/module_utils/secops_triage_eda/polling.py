# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The loop: search, put an event for each new alert into the queue, wait."""

from __future__ import annotations

import asyncio
import collections
import logging
import random
import typing as t

from ......plugins.module_utils._core.backoff import LONGEST_WAIT
from ......plugins.module_utils._core.errors import TriageError
from ......plugins.module_utils._core.times import now
from .api import Api
from .checkpoint import Checkpoint
from .client import Client
from .errors import TransientError
from .options import validate
from .platform import Args
from .registry import PLATFORMS
from .shape import alert_of
from .values import Raw

_LOG = logging.getLogger("secops.triage.alerts")
_FIRST_BACKOFF = 0.5
#: The most times that a search of several pages is made in a row.
_MAX_PASSES = 3
#: How many pages in a row may show nothing new before the search counts as a circle.
_MAX_IDLE_PAGES = 5
#: How many pages are remembered for that.
_RECENT_PAGES = 10


class Found(t.NamedTuple):
    """An alert that a search shows. Sorted, the oldest come first."""

    moment: str
    id: str
    event: Raw


async def poll(queue: t.Any, args: Args) -> None:
    """Put an event for each new alert into the queue, until cancelled. Raises `TriageError`."""
    options = validate(args)
    async with Api(options) as api:
        source = _Poll(options, api, queue)
        beating = asyncio.create_task(source.beat())
        try:
            await source.run()
        finally:
            beating.cancel()


class _Poll:
    def __init__(self, options: Args, api: Api, queue: t.Any) -> None:
        self._options = options
        self._queue = queue
        self._platform = PLATFORMS[options["platform"]]
        self._client = Client(self._platform, options, api)
        self._checkpoint = Checkpoint(options, f"{self._platform.name} {self._client.base}")
        #: Events since this start, failures since the last search that came to its end.
        self._events = self._failures = 0
        self._last_search: str | None = None

    async def beat(self) -> None:
        """Put a heartbeat into the queue and the log once an interval, if the option says so."""
        while self._options["heartbeat"]:
            await asyncio.sleep(self._options["heartbeat"])
            _LOG.info(
                "%s: alive, %d events so far, %d failures in a row, last search %s",
                *(self._platform.name, self._events, self._failures, self._last_search),
            )
            state = {
                "platform": self._platform.name,
                "time": now(),
                "last_search": self._last_search,
                "newest_alert": self._checkpoint.since,
                "events": self._events,
                "failures": self._failures,
            }
            await self._queue.put({"heartbeat": state})

    async def run(self) -> None:
        """Search, wait, and so on. Raises `TriageError`."""
        while True:
            try:
                await self._search()
                self._failures = 0
                wait = float(self._options["interval"])
            except TransientError as error:
                self._failures += 1
                first = min(_FIRST_BACKOFF, self._options["interval"])
                longest = min(first * 2.0 ** min(self._failures - 1, 20), LONGEST_WAIT)
                # Many clients may wait for the same server: spread them.
                wait = max(error.wait, longest) * random.uniform(1.0, 1.5)  # noqa: S311
                _LOG.warning("%s: %s. Trying again in %.1f s", self._platform.name, error, wait)
            await asyncio.sleep(wait)

    async def _search(self) -> None:
        """Search, and put out the new alerts page by page, so that no number of alerts holds them up.

        An alert that is closed between two pages may move another one to a page that was read before. Therefore a
        search of several pages is repeated if it found alerts that the next one does not cover.
        """
        start = self._checkpoint.start
        for _pass in range(_MAX_PASSES):
            pages = 0
            oldest = None
            self._checkpoint.begin()
            async for page in self._pages(start):
                pages += 1
                oldest = min(filter(None, (oldest, await self._put_out(page, start))), default=None)
                if self._platform.oldest_first:
                    self._checkpoint.advance()
            self._checkpoint.advance()
            if pages < 2 or oldest is None or oldest >= self._checkpoint.following:
                break
        self._checkpoint.complete()

    async def _pages(self, start: str) -> t.AsyncIterator[list[Found]]:
        """The pages of a search. Raises `TransientError` where it must begin again."""
        recent: collections.deque[set[str]] = collections.deque(maxlen=_RECENT_PAGES)
        idle = 0
        try:
            async for raw_page in self._platform.search(self._client, self._options["query"], start):
                self._last_search = now()
                page = [found for found in map(self._found, raw_page) if found]
                ids = {found.id for found in page}
                idle = 0 if ids.difference(*recent) else idle + 1
                if idle > _MAX_IDLE_PAGES:
                    raise TransientError("The search goes round in circles: its pages show nothing new")
                recent.append(ids)
                yield page
        except TriageError as error:
            if not recent:
                raise
            # The place in the search may have expired while rules held the source up.
            raise TransientError(str(error)) from None

    def _found(self, raw: Raw) -> Found | None:
        alert = alert_of(self._platform, raw, {}, raw=self._options["raw"])
        moment = self._platform.time_of(raw)
        if alert["id"] is None or moment is None:
            _LOG.warning("%s: an alert without an id or a time is left out", self._platform.name)
            return None
        return Found(moment, alert["id"], {"alert": alert})

    async def _put_out(self, page: list[Found], start: str) -> str | None:
        """Put an event for each new alert into the queue. Returns the time of the oldest one, or V(None)."""
        due = sorted(found for found in page if self._checkpoint.is_due(found.id, found.moment, start))
        for found in due:
            if found.event["alert"]["new"] or not self._options["only_new"]:
                await self._queue.put(found.event)
                self._events += 1
            self._checkpoint.note(found.id, found.moment)
        return due[0].moment if due else None
