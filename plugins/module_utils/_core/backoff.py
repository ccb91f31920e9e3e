# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How long to wait before a request is tried again, and the waiting."""

from __future__ import annotations

import email.utils
import random
import re
import time
import typing as t
from datetime import timezone

#: The longest wait in seconds after one refusal, whatever the server asks for.
LONGEST_WAIT = 300.0

#: Seconds after which a wait looks whether the task was stopped.
GLANCE = 0.1

_FIRST_BACKOFF = 0.5


def backoff(attempt: int) -> float:
    """Seconds before try number ``attempt`` (0 is the first): nothing, then half a second doubling, with jitter."""
    if attempt <= 0:
        return 0.0
    return min(_FIRST_BACKOFF * 2.0 ** (attempt - 1), 30.0) * random.uniform(0.5, 1.0)  # noqa: S311


def pause(seconds: float, is_stopped: t.Callable[[], bool]) -> None:
    """Sleep, but no longer than until the task is stopped."""
    end = time.monotonic() + seconds
    while (remaining := end - time.monotonic()) > 0 and not is_stopped():
        time.sleep(min(remaining, GLANCE))


def retry_after(headers: t.Mapping[str, str], *, limited: bool) -> float:
    """The seconds that an answer asks to wait, or 0. C(Retry-After) has them.

    In a ``limited`` answer (a 429), C(X-RateLimit-Reset) and then C(X-RateLimit-Period) stand in for it. Datadog sends
    these two with every answer, so they mean nothing in others.
    """
    names = ("Retry-After", "X-RateLimit-Reset", "X-RateLimit-Period") if limited else ("Retry-After",)
    waits = (_seconds(headers.get(name, "")) for name in names)
    return next((min(max(wait, 0.0), LONGEST_WAIT) for wait in waits if wait is not None), 0.0)


def _seconds(text: str) -> float | None:
    """The longest time in the values of a header, or V(None) if none can be read.

    A header that was sent twice (Datadog does that) arrives as one, with a comma between its values. Each value is a
    number of seconds, a moment in seconds since 1970, or a date. A number has digits (RFC 9110), perhaps a fraction.
    """
    # A date has a comma behind the day of the week.
    values = re.findall(r"(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*, *)?[^,]+", text)
    return max((wait for value in values if (wait := _wait(value.strip())) is not None), default=None)


def _wait(value: str) -> float | None:
    if re.fullmatch(r"[0-9]+(\.[0-9]+)?", value):
        number = float(value)
        # A count of seconds is never this large; an epoch always is.
        return number - time.time() if number > 1_000_000_000 else number
    try:
        moment = email.utils.parsedate_to_datetime(value)
        # The form without a zone means GMT.
        return (moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)).timestamp() - time.time()
    except (TypeError, ValueError, OverflowError):
        return None
