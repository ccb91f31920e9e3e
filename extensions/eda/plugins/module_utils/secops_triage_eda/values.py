# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Access to the values in a platform's objects and in the environment, and moments.

Moments have one form, ISO 8601, UTC, to the millisecond, in which they sort as texts do.
"""

from __future__ import annotations

import datetime as dt
import os
import re
import time
import typing as t

from .errors import TransientError

Raw = dict[str, t.Any]

#: The most levels of an event's C(raw), as in the modules: whoever gets it recurses several calls deep for each level.
DEEPEST = 64

_MAX_LENGTH = 1000
#: Control characters, characters that turn the direction of a text, and halves of surrogate pairs.
_UNPRINTABLE = "[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]+"


def field(document: t.Any, path: str) -> t.Any:
    """A field by its dotted name, which may be one key or several nested ones; V(None) if it is not there."""
    if isinstance(document, dict) and path in document:
        return document[path]
    value = document
    for key in path.split("."):
        value = value.get(key) if isinstance(value, dict) else None
    return value


def text_of(document: t.Any, *paths: str) -> str | None:
    """The first of these fields that holds a text, or a list that begins with one."""
    for path in paths:
        value = field(document, path)
        text = harmless(value[0] if isinstance(value, list) and value else value)
        if text:
            return text
    return None


def harmless(value: t.Any) -> str | None:
    """A text without control characters and without what Ansible would run as a template; V(None) if none is left."""
    # A variable that a webhook could not fill in stays the variable's name.
    if not isinstance(value, str) or re.fullmatch(r"\$[A-Z_]+", value):
        return None
    text = re.sub(_UNPRINTABLE, " ", value[:_MAX_LENGTH])
    return re.sub(r"\{(?=[{%#])", "{ ", text).strip() or None


def environment(*names: str) -> str | None:
    """The first of these environment variables that is set. One that holds nothing but blanks counts as unset."""
    return next(filter(None, (os.environ.get(name, "").strip() for name in names)), None)


def mapping(value: t.Any) -> Raw:
    """The value if it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def objects(value: t.Any) -> list[Raw]:
    """The value if it is a list of objects. Raises `TransientError`."""
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise TransientError("The answer is not a page of alerts")
    return value


def moment_of(value: t.Any) -> str | None:
    """A time (ISO 8601, or milliseconds since 1970) as a moment; V(None) if it is neither."""
    try:
        moment = _parse(value)
        if moment is None:
            return None
        return moment.astimezone(dt.timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    except (ValueError, OverflowError, OSError):
        return None


def _parse(value: t.Any) -> dt.datetime | None:
    if isinstance(value, str):
        # Before Python 3.11 fromisoformat() takes neither Z nor fractions of other than three or six digits.
        text = re.sub(r"\.(\d{1,6})\d*", lambda digits: "." + digits[1].ljust(6, "0"), value[:40])
        moment = dt.datetime.fromisoformat(re.sub("[Zz]$", "+00:00", text))
        return moment if moment.tzinfo else moment.replace(tzinfo=dt.timezone.utc)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return dt.datetime.fromtimestamp(value / 1000, dt.timezone.utc)
    return None


def now() -> str:
    """The current moment."""
    return str(moment_of(time.time() * 1000))


def earlier(moment: str, seconds: float) -> str:
    """The moment that many seconds before; the same moment if there is none that early."""
    then = dt.datetime.fromisoformat(moment.replace("Z", "+00:00"))
    try:
        return moment_of((then - dt.timedelta(seconds=seconds)).isoformat()) or moment
    except OverflowError:
        return moment


def shallow(value: t.Any, levels: int = DEEPEST) -> t.Any:
    """A value without what is nested deeper than so many levels; a text is in its place."""
    if not isinstance(value, (list, dict)):
        return value
    if not levels:
        return f"(left out: nested deeper than {DEEPEST} levels)"
    if isinstance(value, list):
        return [shallow(item, levels - 1) for item in value]
    return {key: shallow(item, levels - 1) for key, item in value.items()}
