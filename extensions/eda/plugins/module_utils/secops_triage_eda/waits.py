# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How long a server asks to wait."""

from __future__ import annotations

import email.utils
import re
import time
import typing as t

#: No server may hold the source longer than this for one refusal, in seconds.
MAX_WAIT = 300.0


#: Numbers and dates in a header. One that came twice reads "6, 6", and a date has a comma of its own.
_PART = re.compile(r"[A-Za-z]{3,9}, [^,]+|[^,]+")
#: A count of seconds is never this large; an epoch always is.
_EPOCH = 1_000_000_000


def retry_after(headers: t.Mapping[str, str], *, limited: bool) -> float:
    """Seconds that an answer asks to wait, at most `MAX_WAIT`, or 0.

    The first of these headers that can be read counts: C(Retry-After), and in an answer that is ``limited`` (a 429)
    C(X-RateLimit-Reset) and C(X-RateLimit-Period), which all other answers have, too. A value is a number of seconds,
    an epoch, or a date. Of several values the largest counts.
    """
    names = ("retry-after", "x-ratelimit-reset", "x-ratelimit-period") if limited else ("retry-after",)
    for name in names:
        texts = [value for header, value in headers.items() if header.lower() == name]
        waits = [wait for text in texts for wait in map(_seconds, _PART.findall(text)) if wait is not None]
        if waits:
            return min(max(0.0, *waits), MAX_WAIT)
    return 0.0


def _seconds(text: str) -> float | None:
    try:
        if re.fullmatch(r"\d{1,12}(\.\d+)?([eE]\d{1,3})?", text.strip(), re.ASCII):
            number = float(text)
            return number - time.time() if number > _EPOCH else number
        return email.utils.parsedate_to_datetime(text.strip()).timestamp() - time.time()
    except (TypeError, ValueError, OverflowError):
        return None
