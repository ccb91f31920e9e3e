# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The outcome of alerts of several platforms, by table."""

from __future__ import annotations

import typing as t

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.secops.triage.plugins.filter.triage_result import FilterModule

Fields = dict[str, t.Any]

triage_result = FilterModule().filters()["triage_result"]


def made(platform: str, module: str, answer: Fields, *ids: str, lost: t.Sequence[Fields] = ()) -> Fields:
    step = {"platform": platform, "module": module, "ids": list(ids), "lost": list(lost)}
    return {"step": step, "answer": answer}


def row(name: str, changed: t.Any, **more: t.Any) -> Fields:
    return {"id": name, "changed": changed, **more}


def test_nothing() -> None:
    counts = dict.fromkeys(("requested", "changed", "unchanged", "skipped", "failed"), 0)
    assert triage_result([]) == {"changed": False, "counts": counts, "alerts": [], "lost": [], "failed": []}


@pytest.mark.parametrize(
    ("platform", "fields", "status", "verdict"),
    [
        ("datadog", {"state": "archived", "archive_reason": "remediated"}, "resolved", "true_positive"),
        ("datadog", {"state": "open", "archive_reason": "none"}, "new", "unknown"),
        ("kibana", {"status": "closed", "reason": None}, "resolved", "unknown"),
        ("kibana", {"tags": ["escalated"]}, None, None),
        ("security_deck", {"status": "NEED_INFO", "classification": "BENIGN_POSITIVE"}, "on_hold", "benign"),
        ("calseta", {"status": "Escalated", "close_classification": None}, "escalated", "unknown"),
        ("calseta", {"status": "Snoozed", "verdict": "Duplicate"}, "unknown", "duplicate"),
        ("calseta", {"text": "Seen"}, None, None),
    ],
)
def test_row(platform: str, fields: Fields, status: str | None, verdict: str | None) -> None:
    result = triage_result([made(platform, "module", {"alerts": [{"id": "a", **fields}]}, "a")])
    common = {"platform": platform, "module": "module", "common_status": status, "common_verdict": verdict}
    assert result["alerts"] == [{"id": "a", "changed": False, **fields, **common}]
    assert not result["changed"]


def test_alert_counts_once() -> None:
    """The worst outcome of its calls counts."""
    first = [row("a", True), row("b", False), row("c", False, skipped="by a guard"), row("d", True), row("e", False)]
    second = [row("a", False), row("b", True), row("d", False, error={"message": "No"})]
    failed = {"failed": True, "msg": "1 failed", "error": {"message": "No"}, "alerts": second}
    answers = [
        made("kibana", "kibana_alert_status", {"alerts": first}, *"abcde"),
        made("kibana", "alert_note", failed, "a", "b", "d"),
        # The same id elsewhere is another alert.
        made("datadog", "signal_state", {"signals": [row("a", False)]}, "a"),
    ]
    result = triage_result(answers)
    assert result["counts"] == {"requested": 6, "changed": 2, "unchanged": 2, "skipped": 1, "failed": 1}
    assert result["failed"] == [
        {"platform": "kibana", "module": "alert_note", "ids": ["d"], "msg": "1 failed", "error": {"message": "No"}}
    ]


@pytest.mark.parametrize(
    ("answer", "changed", "error"),
    [
        (
            {"failed": True, "msg": "No", "error": {"message": "No", "status": 403}},
            False,
            {"message": "No", "status": 403},
        ),
        ({"failed": True, "msg": "No such option"}, False, {"message": "No such option"}),
        # It crashed.
        ({"failed": True, "msg": "Killed", "module_stdout": ""}, None, {"message": "Killed"}),
        ({"failed": True, "msg": "Crashed", "exception": "Traceback"}, None, {"message": "Crashed"}),
        ({"failed": True, "msg": "Stopped", "changed": True}, None, {"message": "Stopped"}),
        ({"failed": True, "msg": "Late", "timedout": {"period": 4}}, None, {"message": "Late"}),
    ],
)
def test_call_that_failed_before_it_had_rows(answer: Fields, changed: bool | None, error: Fields) -> None:
    result = triage_result([made("calseta", "alert_update", answer, "a", "b")])
    common = {"platform": "calseta", "module": "alert_update", "common_status": None, "common_verdict": None}
    assert result["alerts"] == [{"id": name, "changed": changed, "error": error, **common} for name in "ab"]
    assert result["failed"][0]["ids"] == ["a", "b"]
    assert result["counts"]["failed"] == 2
    assert result["changed"] is (changed is None)


def test_alert_that_is_not_there_to_look_at() -> None:
    answer = {"alerts": [{"id": "a", "status": "OPEN", "verdict": None}], "missing": ["b"]}
    result = triage_result([made("security_deck", "alert_info", answer, "a", "b")])
    assert [(row["id"], "error" in row) for row in result["alerts"]] == [("a", False), ("b", True)]
    [failed] = result["failed"]
    assert (failed["ids"], failed["msg"]) == (["b"], "There is no such alert (b)")
    assert result["counts"] == {"requested": 2, "changed": 0, "unchanged": 1, "skipped": 0, "failed": 1}


def test_what_was_lost() -> None:
    one, two = {"id": "a", "option": "status"}, {"id": "b", "option": "verdict"}
    result = triage_result(
        [made("kibana", "x", {"alerts": []}, lost=[one]), made("datadog", "y", {"signals": []}, lost=[two])]
    )
    assert result["lost"] == [one, two]


@pytest.mark.parametrize("answers", [None, "a", {}, ["a"], [{"step": {}}]])
def test_what_is_no_answers(answers: t.Any) -> None:
    with pytest.raises(AnsibleFilterError, match="triage_result takes the list of steps, each with the answer to it"):
        triage_result(answers)
