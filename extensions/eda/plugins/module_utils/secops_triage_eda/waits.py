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


def retry_after(headers: t.Mapping[str, str], *, limited: bool) -> float:
    """Seconds that an answer asks to wait, at most `MAX_WAIT`, or 0: C(Retry-After) as seconds or a date.

    In one that is ``limited`` (a 429) also C(X-RateLimit-Reset), as seconds or an epoch; all other answers have it too.
    """
    names = ("Retry-After", "X-RateLimit-Reset") if limited else ("Retry-After",)
    for text in (headers.get(name, "").strip() for name in names):
        try:
            if re.fullmatch(r"\d{1,12}(\.\d+)?", text):
                # A count of seconds is never as large as an epoch always is.
                wait = float(text) - (time.time() if float(text) > 1_000_000_000 else 0)
            else:
                wait = email.utils.parsedate_to_datetime(text).timestamp() - time.time()
        except (TypeError, ValueError, OverflowError):
            continue
        return min(max(wait, 0.0), MAX_WAIT)
    return 0.0
