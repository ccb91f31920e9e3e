# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Times, in the forms that tasks and answers use."""

from __future__ import annotations

import contextlib
import datetime as dt
import re
import typing as t

from .errors import OptionError

#: A date, and after it nothing or a time. Newer Pythons also read other digits as a date, such as some milliseconds
#: since 1970 as a day of the year 1712.
_DATE = r"[0-9]{4}-[0-9]{2}-[0-9]{2}([T ].+)?"

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}


def utc(value: t.Any) -> str | None:
    """A time in an answer (ISO 8601, or milliseconds since 1970) as ISO 8601 in UTC, to the millisecond."""
    try:
        if isinstance(value, str):
            moment = _iso(value)
        elif isinstance(value, (int, float)) and not isinstance(value, bool):
            moment = dt.datetime.fromtimestamp(value / 1000, dt.timezone.utc)
        else:
            return None
    except (ValueError, OverflowError, OSError):
        return None
    return written(moment)


def moment(option: str, value: str | None) -> str | None:
    """A time option as APIs take it. It is ISO 8601, or C(now), C(now-15m), C(now-24h), C(now-7d), C(now-2w).

    Without a zone it is UTC. Raises `OptionError` for anything else.
    """
    if value is None:
        return None
    text = value.strip()
    relative = re.fullmatch(r"now(?:-([0-9]{1,9})([smhdw]))?", text)
    with contextlib.suppress(ValueError, OverflowError):
        if relative:
            back = int(relative[1] or 0) * _UNITS[relative[2] or "s"]
            return written(dt.datetime.now(dt.timezone.utc) - dt.timedelta(seconds=back))
        if re.fullmatch(_DATE, text):
            return written(_iso(text))
    raise OptionError(f"{option} {value!r} is not a time: write it as 2026-01-31T08:00:00Z, 2026-01-31, now or now-24h")


def now() -> str:
    """The current moment, in ISO 8601 and UTC."""
    return written(dt.datetime.now(dt.timezone.utc))


def earlier(moment: str, seconds: float) -> str:
    """The moment that many seconds before; the same moment if there is none that early."""
    try:
        return written(_iso(moment) - dt.timedelta(seconds=seconds))
    except OverflowError:
        return moment


def _iso(value: str) -> dt.datetime:
    # Python before 3.11 parses neither the Z, nor fractions that have not three or six digits.
    text = re.sub(r"\.(\d{1,6})\d*", lambda found: "." + found[1].ljust(6, "0"), re.sub(r"[Zz]$", "+00:00", value))
    parsed = dt.datetime.fromisoformat(text)
    if parsed.tzinfo is None:
        parsed = parsed.replace(tzinfo=dt.timezone.utc)
    return parsed.astimezone(dt.timezone.utc)


def written(moment: dt.datetime) -> str:
    """A moment in ISO 8601, UTC, to the millisecond."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
