# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The pace of a client: how many requests are under way, and when the next may go.

A 429 that one worker sees holds all of them for as long as the server said. Afterwards one request goes first, and each
success lets twice as many follow, so that a server that has just said "too many" is not met by everybody at once.
The request that has waited longest goes first, so that none of them is refused again and again.
"""

from __future__ import annotations

import itertools
import threading
import time

from .._core.backoff import backoff


class Throttle:
    """Admits at most ``width`` requests at a time, in the order in which they first asked."""

    def __init__(self, width: int) -> None:
        self._width = width
        self._open = width
        self._under_way = 0
        self._resume_at = 0.0
        self._holds = 0
        #: How often in a row the service put requests off, with no success in between.
        self._rounds = 0
        self._waiting: list[int] = []
        self._tickets = itertools.count()
        self._changed = threading.Condition()

    def ticket(self) -> int:
        """A place in the queue, kept by a request over all of its tries."""
        return next(self._tickets)

    def enter(self, ticket: int) -> int:
        """Wait until the request with this ticket may be sent. Returns a mark for `recover`."""
        with self._changed:
            self._waiting.append(ticket)
            while True:
                pause = self._resume_at - time.monotonic()
                if pause <= 0 and self._under_way < self._open and ticket == min(self._waiting):
                    break
                self._changed.wait(pause if pause > 0 else None)
            self._waiting.remove(ticket)
            self._under_way += 1
            self._changed.notify_all()
            return self._holds

    def leave(self) -> None:
        """The request is over, whatever came of it."""
        with self._changed:
            self._under_way -= 1
            self._changed.notify_all()

    def hold(self, seconds: float) -> None:
        """Nobody sends anything for that long, and then one goes first."""
        with self._changed:
            self._resume_at = max(self._resume_at, time.monotonic() + seconds)
            self._open = 1
            self._holds += 1
            self._changed.notify_all()

    def put_off(self, mark: int, seconds: float) -> int:
        """A request was put off: hold everybody, for as long as the service said, else by back-off.

        Returns how often in a row that has happened by now. A request that was sent before the last hold, beside the
        one that has led to it, does not count once more.
        """
        with self._changed:
            self._rounds += 1 if mark == self._holds else 0
            self.hold(seconds or backoff(self._rounds))
            return self._rounds

    def release(self) -> None:
        """Nobody has to wait any more."""
        with self._changed:
            self._resume_at = 0.0
            self._open = self._width
            self._changed.notify_all()

    def recover(self, mark: int) -> None:
        """A request was answered: twice as many may go, up to the full width.

        One that was sent before the last refusal says nothing about what the server bears now.
        """
        with self._changed:
            if mark == self._holds:
                self._rounds = 0
                self._open = min(self._width, self._open * 2)
                self._changed.notify_all()
