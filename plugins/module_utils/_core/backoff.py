# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How long to wait before a request is tried again."""

from __future__ import annotations

import random
import typing as t

from .._http.throttle import _seconds

#: No server may hold a task longer than this for one refusal, in seconds.
LONGEST_WAIT = 300.0

_FIRST_BACKOFF = 0.5


def backoff(attempt: int) -> float:
    """Seconds before try number ``attempt`` (0 is the first): nothing, then half a second doubling, with jitter."""
    if attempt <= 0:
        return 0.0
    return min(_FIRST_BACKOFF * 2.0 ** (attempt - 1), 30.0) * random.uniform(0.5, 1.0)  # noqa: S311


def told_wait(headers: t.Mapping[str, str], *, limited: bool) -> float:
    """Seconds that an answer says to wait, or 0: those of C(Retry-After).

    In one that is ``limited`` (a 429) also those of C(X-RateLimit-Reset), or, if that cannot be read, of
    C(X-RateLimit-Period); all other answers have both, too.
    """
    names = ("Retry-After", "X-RateLimit-Reset", "X-RateLimit-Period") if limited else ("Retry-After",)
    waits = (_seconds(headers.get(name, "")) for name in names)
    return next((min(max(wait, 0.0), LONGEST_WAIT) for wait in waits if wait is not None), 0.0)
