# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The figures of the report: what is counted, what is measured, and what is compared."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.secops.triage.plugins.plugin_utils._figures import KIND, report_figures
from ansible_collections.secops.triage.plugins.plugin_utils._vocabulary import VocabularyError

pytestmark = pytest.mark.versions

NOW = "2026-01-31T08:00:00.000Z"


def alert(number: int, platform: str = "datadog", **fields: t.Any) -> dict[str, t.Any]:
    return {"id": f"id{number}", "platform": platform, "created": "2026-01-31T07:00:00.000Z", **fields}


def row(platform: str, *alerts: dict[str, t.Any], **fields: t.Any) -> dict[str, t.Any]:
    return {"platform": platform, "alerts": list(alerts), **fields}


def last(*rows: dict[str, t.Any], **fields: t.Any) -> dict[str, t.Any]:
    """What the JSON file of a report has."""
    alerts = [one for platform in rows for one in platform["alerts"]]
    platforms = [{key: value for key, value in platform.items() if key != "alerts"} for platform in rows]
    return {"kind": KIND, "time": "2026-01-30T08:00:00.000Z", "platforms": platforms, "alerts": alerts, **fields}


def test_alerts_are_counted_by_what_they_say() -> None:
    alerts = [
        alert(1, severity="critical", rule="R", assignee=""),
        alert(2, severity="info", rule="R", assignee="a@example.com", assignee_name="Ann"),
        alert(3, severity="strange", rule=None, assignee=None, created=None),
        alert(4, severity="HIGH", rule=" R ", assignee="b", created="2025-01-01T00:00:00Z"),
    ]
    found = report_figures([row("datadog", *alerts), row("kibana")], NOW)
    assert [(one["severity"], [each["id"] for each in one["alerts"]]) for one in found["groups"] if one["alerts"]] == [
        ("critical", ["id1"]),
        ("high", ["id4"]),
        ("informational", ["id2"]),
        ("unknown", ["id3"]),
    ]
    assert [(one["label"], one["total"]) for one in found["platforms"]] == [("datadog", 4), ("kibana", 0)]
    assert {one["label"]: one["total"] for one in found["ages"] if one["total"]} == {
        "1 to 24 hours": 2,
        "over 30 days": 1,
        "unknown": 1,
    }
    assert found["rules"][0] == {
        "label": "R",
        "total": 3,
        "severities": {"critical": 1, "high": 1, "informational": 1},
    }
    assert [one["label"] for one in found["assignees"]] == ["Ann", "b", "nobody", "unknown"]
    assert found["oldest"]["id"] == "id4"
    assert found["trend"] is None


def test_times_are_those_of_the_status_that_an_alert_is_in() -> None:
    """An alert that was closed does not tell when it was acknowledged; a clock that is behind tells nothing."""
    kinds = [("archived", 10), ("archived", 20), ("archived", 90), ("archived", -5), ("under_review", 7), ("open", 3)]
    closed = [
        alert(number, status=status, updated=f"2026-01-31T0{7 + minutes // 60}:{minutes % 60:02d}:00.000Z")
        for number, (status, minutes) in enumerate(kinds)
    ]
    times = report_figures([row("datadog", *closed[4:], closed=closed[:4])], NOW)["times"][0]
    assert times["closed"] == {"count": 3, "mean": 2400, "median": 1200}
    assert times["acknowledged"] == {"count": 1, "mean": 420, "median": 420}
    assert report_figures([row("datadog", closed=closed)], NOW, days=0)["times"] == []


def test_only_what_both_reports_show_in_full_is_compared() -> None:
    then = [
        row("datadog", alert(1), alert(2, severity="high")),
        row("kibana", alert(1, "kibana"), truncated=True),
        row("security_deck", alert(1, "security_deck"), scope=["a"]),
    ]
    now = [
        row("datadog", alert(2, severity="low"), alert(3), alert(4)),
        row("kibana"),
        row("security_deck", scope=["a", "b"]),
        row("calseta", alert(1, "calseta")),
    ]
    trend = report_figures(now, NOW, last=last(*then))["trend"]
    assert trend["platforms"] == ["datadog"]
    assert trend["missing"] == ["kibana", "security_deck", "calseta"]
    assert (trend["open"], trend["new"], trend["gone"]) == (1, 2, 1)
    assert {name: number for name, number in trend["severities"].items() if number} == {
        "high": -1,
        "low": 1,
        "unknown": 1,
    }


@pytest.mark.parametrize(
    "changed",
    [{"kind": "x"}, {"time": 1}, {"time": "{{ 1 }}"}, {"platforms": [{}]}, {"platforms": {}}, {"alerts": [{"id": 1}]}],
)
def test_what_is_no_report_is_not_compared(changed: dict[str, t.Any]) -> None:
    trend = report_figures([row("datadog")], NOW, last={**last(row("datadog")), **changed})["trend"]
    assert list(trend) == ["error"]


def test_no_template_begins_in_a_figure() -> None:
    hostile = "{{ 1 }}{% x %}\x1b"
    found = report_figures([row("datadog", alert(1, rule=hostile, assignee=hostile, title=hostile))], NOW)
    assert found["rules"][0]["label"] == found["assignees"][0]["label"] == "{ { 1 }}{ % x %}\ufffd"
    assert found["oldest"]["title"] == "{ { 1 }}{ % x %}\ufffd"


@pytest.mark.parametrize(
    ("rows", "time", "days"),
    [
        (None, NOW, 7),
        ([{"platform": "splunk", "alerts": []}], NOW, 7),
        ([row("datadog", {"id": 1})], NOW, 7),
        ([], "yesterday", 7),
        ([], NOW, -1),
        ([], NOW, "seven"),
        ([], NOW, True),
    ],
)
def test_what_no_playbook_gives_is_refused(rows: t.Any, time: t.Any, days: t.Any) -> None:
    with pytest.raises(VocabularyError, match="report_figures"):
        report_figures(rows, time, days)
