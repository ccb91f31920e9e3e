# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The throttle of a client: how many requests run at once, and when the next is sent.

A 429 holds all workers for as long as the server asks. Then one request is sent, and each success doubles the number of
requests that may run, so that they do not all return at once. The request that has waited longest goes first, so that
no request is put off again and again.
"""

from __future__ import annotations

import itertools
import threading
import time
import typing as t

from .._core.backoff import GLANCE, backoff


class Throttle:
    """Admits at most ``width`` requests at a time, in the order of their tickets; none waits in a stopped task."""

    def __init__(self, width: int, is_stopped: t.Callable[[], bool] = lambda: False) -> None:
        self._width = width
        self._is_stopped = is_stopped
        self._open = width
        self._under_way = 0
        self._resume_at = 0.0
        self._holds = 0
        #: How often in a row the service asked to wait, with no success in between.
        self._rounds = 0
        self._waiting: list[int] = []
        self._tickets = itertools.count()
        self._changed = threading.Condition()

    def ticket(self) -> int:
        """A place in the queue, which a request keeps over all of its tries."""
        return next(self._tickets)

    def enter(self, ticket: int) -> int:
        """Wait until the request with this ticket may be sent. Returns a mark for `recover`."""
        with self._changed:
            self._waiting.append(ticket)
            while not self._is_stopped():
                pause = self._resume_at - time.monotonic()
                if pause <= 0 and self._under_way < self._open and ticket == min(self._waiting):
                    break
                self._changed.wait(min(pause, GLANCE) if pause > 0 else GLANCE)
            self._waiting.remove(ticket)
            self._under_way += 1
            self._changed.notify_all()
            return self._holds

    def leave(self) -> None:
        """Record that a request has ended, with any outcome."""
        with self._changed:
            self._under_way -= 1
            self._changed.notify_all()

    def hold(self, seconds: float) -> None:
        """Hold all requests for so many seconds; then let one go first."""
        with self._changed:
            self._resume_at = max(self._resume_at, time.monotonic() + seconds)
            self._open = 1
            self._holds += 1
            self._changed.notify_all()

    def put_off(self, mark: int, seconds: float) -> int:
        """Hold all requests because one was put off: for ``seconds``, or with 0 by back-off.

        Returns how often in a row this has happened. Of several requests that were under way together, only the first
        to be put off counts.
        """
        with self._changed:
            self._rounds += 1 if mark == self._holds else 0
            self.hold(seconds or backoff(self._rounds))
            return self._rounds

    def release(self) -> None:
        """End all waiting."""
        with self._changed:
            self._resume_at = 0.0
            self._open = self._width
            self._changed.notify_all()

    def recover(self, mark: int) -> None:
        """Record a success: twice as many requests may run, up to the full width.

        A success of a request that was sent before the last hold changes nothing: it says nothing about the present.
        """
        with self._changed:
            if mark == self._holds:
                self._rounds = 0
                self._open = min(self._width, self._open * 2)
                self._changed.notify_all()
