# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How long to wait before a request is tried again."""

from __future__ import annotations

import email.utils
import random
import time
import typing as t

#: No server may hold a task longer than this for one refusal, in seconds.
LONGEST_WAIT = 300.0

_FIRST_BACKOFF = 0.5


def backoff(attempt: int) -> float:
    """Seconds before try number ``attempt`` (0 is the first): nothing, then half a second doubling, with jitter."""
    if attempt <= 0:
        return 0.0
    return min(_FIRST_BACKOFF * 2.0 ** (attempt - 1), 30.0) * random.uniform(0.5, 1.0)  # noqa: S311


def told_wait(headers: t.Mapping[str, str], *, limited: bool) -> float:
    """Seconds that an answer says to wait, or 0: C(Retry-After) as seconds or a date.

    In one that is ``limited`` (a 429) also C(X-RateLimit-Reset), as seconds or an epoch; all other answers have it too.
    """
    after = headers.get("Retry-After", "").strip()
    wait = _number(after)
    if wait is None and after:
        try:
            wait = email.utils.parsedate_to_datetime(after).timestamp() - time.time()
        except (TypeError, ValueError, OverflowError):
            wait = None
    if wait is None and limited:
        wait = _number(headers.get("X-RateLimit-Reset", ""))
        # A count of seconds is never this large; an epoch always is.
        if wait is not None and wait > 1_000_000_000:
            wait -= time.time()
    return min(max(wait or 0.0, 0.0), LONGEST_WAIT)


def _number(text: str) -> float | None:
    try:
        number = float(text.strip())
    except ValueError:
        return None
    return number if 0 <= number < 1e12 else None
