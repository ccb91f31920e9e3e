# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The figures of the playbook report: what is open, since when, how fast alerts are handled, and what has changed."""

from __future__ import annotations

import collections
import datetime as dt
import math
import statistics
import typing as t

from ansible_collections.secops.triage.plugins.module_utils import platforms
from ansible_collections.secops.triage.plugins.module_utils._core.times import utc

from ._harmless import harmless
from ._vocabulary import PLATFORMS, VocabularyError, common_status, folded

Fields = dict[str, t.Any]

#: What the file of a report says of itself.
KIND = "secops.triage.report"
SEVERITIES = ("critical", "high", "medium", "low", "informational", "unknown")
#: The most days that times are measured on.
LONGEST = 365
#: The ages of open alerts: what they are called, and the seconds that they end with.
_AGES = (
    ("under 1 hour", 3600.0),
    ("1 to 24 hours", 86400.0),
    ("1 to 7 days", 7 * 86400.0),
    ("7 to 30 days", 30 * 86400.0),
    ("over 30 days", math.inf),
)
_NO_REPORT = "it is not a JSON file that this playbook has written"


def report_figures(rows: t.Any, time: t.Any, days: t.Any = 7, last: t.Any = None) -> Fields:
    """The figures of the platforms' ``rows`` at a ``time``, and how they differ from the ``last`` report.

    Raises `VocabularyError` for what no playbook would give.
    """
    now = _checked(rows, time, days)
    rows = harmless(rows)
    alerts = _newest_first(rows)
    return {
        "groups": [_group(alerts, severity) for severity in SEVERITIES],
        "platforms": _bars(alerts, lambda one: str(one["platform"]), [row["platform"] for row in rows]),
        "ages": _bars(alerts, lambda one: _age_of(one, now), [name for name, dummy in _AGES]),
        "rules": _by_count(_bars(alerts, lambda one: _text(one.get("rule")) or "unknown")),
        "assignees": _by_count(_bars(alerts, assignee_of)),
        "oldest": _oldest(alerts),
        "days": days,
        "times": [_times(row, now, days) for row in rows] if days else [],
        "trend": _trend(rows, last) if last else None,
    }


def _checked(rows: t.Any, time: t.Any, days: t.Any) -> dt.datetime:
    """The moment of the report. Raises `VocabularyError` for what no playbook would give."""
    now = _moment(time)
    if now is None or not _are_rows(rows):
        raise VocabularyError("report_figures takes the list of platforms, each with its alerts, and a time")
    if isinstance(days, bool) or not isinstance(days, int) or not 0 <= days <= LONGEST:
        raise VocabularyError(f"report_figures measures times of 0 to {LONGEST} days, not of {days!r}")
    return now


def _newest_first(rows: t.Sequence[Fields]) -> list[Fields]:
    """The open alerts of all platforms. What has no time comes last."""
    return sorted((one for row in rows for one in row.get("alerts", [])), key=lambda one: _text(one.get("created")))[
        ::-1
    ]


def _group(alerts: t.Sequence[Fields], severity: str) -> Fields:
    return {"severity": severity, "alerts": [one for one in alerts if severity_of(one) == severity]}


def severity_of(alert: Fields) -> str:
    """The severity in the words of the report."""
    word = folded(_text(alert.get("severity")))
    word = "informational" if word == "info" else word
    return word if word in SEVERITIES else "unknown"


def assignee_of(alert: Fields) -> str:
    """Who has the alert: a name where the platform tells one; nobody, or unknown."""
    if alert.get("assignee") is None:
        return "unknown"
    return _text(alert.get("assignee_name")) or _text(alert["assignee"]) or "nobody"


def _are_rows(rows: t.Any) -> bool:
    """Whether these are platforms with their alerts."""
    return isinstance(rows, (list, tuple)) and all(
        isinstance(row, dict)
        and row.get("platform") in PLATFORMS
        and all(_are_alerts(row.get(name, [])) for name in ("alerts", "closed"))
        for row in rows
    )


def _are_alerts(alerts: t.Any) -> bool:
    return isinstance(alerts, (list, tuple)) and all(
        isinstance(one, dict) and isinstance(one.get("id"), str) and one.get("platform") in PLATFORMS for one in alerts
    )


def _text(value: t.Any) -> str:
    return " ".join(value.split()) if isinstance(value, str) else ""


def _moment(value: t.Any) -> dt.datetime | None:
    """A time as the modules write it."""
    written = utc(value) if isinstance(value, str) else None
    return dt.datetime.fromisoformat(written.replace("Z", "+00:00")) if written else None


def _bars(alerts: t.Sequence[Fields], label: t.Callable[[Fields], str], labels: t.Sequence[str] = ()) -> list[Fields]:
    """The alerts counted by a label, and in that by severity. The ``labels`` are there in any case, and first."""
    found: dict[str, dict[str, int]] = {one: {} for one in labels}
    for alert in alerts:
        counts, severity = found.setdefault(label(alert), {}), severity_of(alert)
        counts[severity] = counts.get(severity, 0) + 1
    return [
        {
            "label": name,
            "total": sum(counts.values()),
            "severities": {one: counts[one] for one in SEVERITIES if one in counts},
        }
        for name, counts in found.items()
    ]


def _by_count(bars: list[Fields]) -> list[Fields]:
    """The largest first."""
    return sorted(bars, key=lambda bar: (-bar["total"], bar["label"]))


def _age_of(alert: Fields, now: dt.datetime) -> str:
    created = _moment(alert.get("created"))
    if created is None:
        return "unknown"
    age = (now - created).total_seconds()
    return next(name for name, end in _AGES if age < end)


def _oldest(alerts: t.Sequence[Fields]) -> Fields | None:
    """The alert that is open for the longest time; V(None) if no time is known."""
    dated = [one for one in alerts if _moment(one.get("created"))]
    oldest = min(dated, key=lambda one: str(one["created"]), default=None)
    names = ("platform", "id", "title", "rule", "severity", "created", "url")
    return None if oldest is None else {name: oldest.get(name) for name in names}


def _times(row: Fields, now: dt.datetime, days: int) -> Fields:
    """How long a platform's alerts of the last days took until they were acknowledged, and until they were closed."""
    start = now - dt.timedelta(days=days)
    found = {
        status: _spans([*row.get("alerts", []), *row.get("closed", [])], row["platform"], status, start)
        for status in ("in_progress", "resolved")
    }
    return {
        "platform": row["platform"],
        "acknowledged": found["in_progress"],
        "closed": found["resolved"],
        "truncated": bool(row.get("closed_truncated")) or bool(row.get("truncated")),
        "error": _text(row.get("closed_error")),
    }


def _spans(alerts: t.Sequence[Fields], platform: str, status: str, start: dt.datetime) -> Fields | None:
    """The seconds from creation until a status, of the alerts that are in it; V(None) if the platform tells no time."""
    field = platforms.PLATFORMS[platform].status_times.get(status)
    if field is None:
        return None
    pairs = [
        (_moment(one.get("created")), _moment(one.get(field)))
        for one in alerts
        if common_status(one.get("status"), platform) == status
    ]
    # A clock that is behind may say that an alert was closed before it was created.
    spans = [(end - created).total_seconds() for created, end in pairs if created and end and start <= created <= end]
    if not spans:
        return {"count": 0, "mean": None, "median": None}
    return {"count": len(spans), "mean": round(statistics.fmean(spans)), "median": round(statistics.median(spans))}


def _trend(rows: t.Sequence[Fields], last: t.Any) -> Fields:
    """What has changed since the last report, on the platforms that both reports show in full."""
    if not _is_report(last):
        return {"error": _NO_REPORT}
    before = {row["platform"]: row for row in last["platforms"]}
    same = [row["platform"] for row in rows if _is_comparable(row, before.get(row["platform"]))]
    now_open = _keyed(_newest_first(rows), same)
    then_open = _keyed(last["alerts"], same)
    now_counts, then_counts = (_counts(one.values()) for one in (now_open, then_open))
    return {
        "error": "",
        "since": utc(last["time"]),
        "platforms": same,
        "missing": [row["platform"] for row in rows if row["platform"] not in same],
        "open": len(now_open) - len(then_open),
        "new": len(now_open.keys() - then_open.keys()),
        "gone": len(then_open.keys() - now_open.keys()),
        "severities": {name: now_counts[name] - then_counts[name] for name in SEVERITIES},
    }


def _counts(alerts: t.Iterable[Fields]) -> collections.Counter[str]:
    return collections.Counter(map(severity_of, alerts))


def _is_report(last: t.Any) -> bool:
    """Whether this is what the playbook has written into its JSON file."""
    return (
        isinstance(last, dict)
        and last.get("kind") == KIND
        and _moment(last.get("time")) is not None
        and _are_rows(last.get("platforms"))
        and _are_alerts(last.get("alerts"))
    )


def _is_comparable(row: Fields, before: Fields | None) -> bool:
    """Whether both reports show all open alerts of the same place."""
    if before is None or row.get("scope", []) != before.get("scope", []):
        return False
    return not any(one.get(name) for one in (row, before) for name in ("error", "truncated"))


def _keyed(alerts: t.Iterable[Fields], platforms: t.Collection[str]) -> dict[tuple[str, str], Fields]:
    """The alerts by what names them. An alert that is in several indices of Elastic counts once."""
    return {(one["platform"], one["id"]): one for one in alerts if one["platform"] in platforms}
