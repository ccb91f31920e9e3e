# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Moments as the vendors write and read them; inside the simulator they are seconds since the epoch."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from typing import Any

_UNITS = {"s": 1, "m": 60, "h": 3600, "H": 3600, "d": 86400, "w": 604800, "M": 2592000, "y": 31536000}
_STEP = re.compile(r"([+-])(\d+)([smhHdwMy])")
_MATH = re.compile(r"((?:[+-]\d+[smhHdwMy])*)(?:/([smhHdwMy]))?$")
_ISO = re.compile(r"(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?)?\s*(Z|[+-]\d\d:?\d\d)?$")


def iso(moment: float, digits: int = 3) -> str:
    """The moment as ISO 8601 in UTC, with 3 or 6 digits of a second, or 0."""
    whole = datetime.fromtimestamp(moment, timezone.utc)
    fraction = f".{whole.microsecond:06d}"[: digits + 1] if digits else ""
    return f"{whole:%Y-%m-%dT%H:%M:%S}{fraction}Z"


def parse_iso(text: str) -> float:
    """A date or date and time, UTC unless it says otherwise; ``ValueError`` for anything else."""
    found = _ISO.match(text)
    if not found:
        raise ValueError(f"not a date: {text!r}")
    year, month, day, hour, minute, second, fraction, zone = found.groups()
    moment = datetime(
        int(year), int(month), int(day), int(hour or 0), int(minute or 0), int(second or 0), tzinfo=timezone.utc
    ).timestamp() + float(f"0.{fraction or 0}")
    if zone and zone != "Z":
        offset = timedelta(hours=int(zone[1:3]), minutes=int(zone[-2:])).total_seconds()
        moment -= offset if zone[0] == "+" else -offset
    return moment


def parse_moment(value: Any, now: float, up: bool = False) -> float:
    """Epoch milliseconds, ISO 8601, or date math on ``now`` or a date (``now-1d/d``, ``2026-01-01||+1M``).

    ``up`` rounds the end of a range up to the last moment of the unit, as Elasticsearch does. Raises ``ValueError``.
    """
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return value / 1000
    text = str(value).strip()
    if re.fullmatch(r"-?\d{5,}", text):
        return int(text) / 1000
    if text.startswith("now"):
        start, math = now, text[3:]
    else:
        date, _separator, math = text.partition("||")
        start = parse_iso(date)
    found = _MATH.match(math)
    if not found:
        raise ValueError(f"not a date: {value!r}")
    for sign, number, unit in _STEP.findall(found.group(1)):
        start += int(sign + number) * _UNITS[unit]
    if found.group(2):
        size = _UNITS[found.group(2)]
        start = start // size * size + (size - 0.001 if up else 0)
    return start
