# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Times in the options of tasks: a window that is read wrongly is another search."""

from __future__ import annotations

import datetime as dt

import pytest

from ansible_collections.secops.triage.plugins.module_utils._core.errors import OptionError
from ansible_collections.secops.triage.plugins.module_utils._core.times import moment


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2026-01-31", "2026-01-31T00:00:00.000Z"),
        (" 2026-01-31 ", "2026-01-31T00:00:00.000Z"),
        ("2026-01-31T08:00", "2026-01-31T08:00:00.000Z"),
        ("2026-01-31 08:00:01", "2026-01-31T08:00:01.000Z"),
        ("2026-01-31T08:00:00Z", "2026-01-31T08:00:00.000Z"),
        ("2026-01-31T08:00:00z", "2026-01-31T08:00:00.000Z"),
        ("2026-01-31T08:00:00.1234567Z", "2026-01-31T08:00:00.123Z"),
        ("2026-01-31T08:00:00+03:00", "2026-01-31T05:00:00.000Z"),
        ("2026-01-31T23:30:00-11:45", "2026-02-01T11:15:00.000Z"),
        ("1970-01-01T00:00:00+05:00", "1969-12-31T19:00:00.000Z"),
    ],
)
def test_moment(value: str, expected: str) -> None:
    assert moment("from", value) == expected


@pytest.mark.parametrize(("value", "seconds"), [("now", 0), ("now-15m", 900), ("now-2w", 1_209_600), ("now-0s", 0)])
def test_moment_before_now(value: str, seconds: float) -> None:
    before = dt.datetime.now(dt.timezone.utc)
    text = moment("from", value)
    after = dt.datetime.now(dt.timezone.utc)
    assert text
    found = dt.datetime.fromisoformat(text.replace("Z", "+00:00")) + dt.timedelta(seconds=seconds)
    assert before - dt.timedelta(milliseconds=1) <= found <= after


@pytest.mark.parametrize(
    "value",
    [
        # Milliseconds and seconds since 1970: the first would be read as a day of the year 1712.
        "1712021512345",
        "1701010112345",
        "1764576000",
        "1764576000000",
        "20260131",
        "20260131T080000",
        "2026-W05-6",
        "2026W056",
        "2026",
        "2026-01",
        "2026-1-31",
        "2026-01-31x08:00",
        "2026-01-3108:00",
        "2026-01-31T",
        "2026-02-30",
        "2026-01-31T25:00",
        "0001-01-01T00:00:00+05:00",
        "9999-12-31T23:59:59-05:00",
        "now-",
        "now+1d",
        "now-1d/d",
        "now-1M",
        "now-1y",
        "now-1.5h",
        "now - 1h",
        "NOW",
        "now-999999999w",
        "now-\uff11\uff15m",
        "\uff12\uff10\uff12\uff16-01-31",
        "*",
        "",
        " ",
        "-1d",
        "yesterday",
    ],
)
def test_what_is_no_time(value: str) -> None:
    with pytest.raises(OptionError, match="is not a time: write it as "):
        moment("from", value)
