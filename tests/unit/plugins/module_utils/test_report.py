# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The result of a task that writes: its counts, its rows, its diff, and the line that sums up all failures."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.secops.triage.plugins.module_utils._core.errors import (
    AmbiguousError,
    NotFoundError,
    OptionError,
    TriageError,
)
from ansible_collections.secops.triage.plugins.module_utils._flow.change import Fields
from ansible_collections.secops.triage.plugins.module_utils._flow.plan import Result
from ansible_collections.secops.triage.plugins.module_utils._flow.report import report
from ansible_collections.secops.triage.plugins.module_utils._flow.search import SearchResult, Selection
from ansible_collections.secops.triage.plugins.module_utils._flow.task import Report
from ansible_collections.secops.triage.tests.unit.memory_platform import (
    CLOSED,
    OPEN,
    MemoryAlerts,
    MemoryPlatform,
    alert_of,
    memory_platform,
)

CHANGED = Result(OPEN, CLOSED, True)
UNCHANGED = Result(CLOSED, CLOSED)
SKIPPED = Result(OPEN, OPEN, skipped="a guard")
FAILED = Result(OPEN, OPEN, error=TriageError("No"))
CHANGED_BUT = Result(OPEN, CLOSED, True, TriageError("Only half of it"))
UNCONFIRMED = Result(OPEN, None, None, AmbiguousError("PATCH", "/a", "no answer"))
UNCONFIRMED_QUIET = Result(OPEN, OPEN, None)


def reported(**results: Result) -> Report:
    return report(memory_platform({}), results, with_diff=False)


@pytest.mark.parametrize(
    ("results", "counts", "changed", "failed"),
    [
        ({}, {}, False, False),
        ({"a": CHANGED}, {"changed": 1}, True, False),
        ({"a": UNCHANGED}, {"unchanged": 1}, False, False),
        ({"a": SKIPPED}, {"skipped": 1}, False, False),
        ({"a": FAILED}, {"failed": 1}, False, True),
        # Each alert is counted once.
        ({"a": CHANGED_BUT}, {"failed": 1}, True, True),
        # What nobody knows may have been changed, so the task says that it was.
        ({"a": UNCONFIRMED}, {"failed": 1, "unconfirmed": 1}, True, True),
        ({"a": UNCONFIRMED_QUIET}, {"unchanged": 1, "unconfirmed": 1}, True, False),
        (
            {"a": CHANGED, "b": UNCHANGED, "c": SKIPPED, "d": FAILED, "e": CHANGED, "f": UNCONFIRMED},
            {"changed": 2, "unchanged": 1, "skipped": 1, "failed": 2, "unconfirmed": 1},
            True,
            True,
        ),
    ],
)
def test_counts(results: dict[str, Result], counts: dict[str, int], changed: bool, failed: bool) -> None:
    ended = reported(**results)
    zero = dict.fromkeys(("requested", "changed", "unchanged", "skipped", "failed", "unconfirmed"), 0)
    assert ended.fields["counts"] == {**zero, "requested": len(results), **counts}
    assert ended.fields["changed"] is changed
    assert (ended.failure is not None) is failed
    assert ("error" in ended.fields) is failed


def test_rows_are_in_the_order_of_the_alerts_and_the_error_is_the_first() -> None:
    other = Result(OPEN, OPEN, error=OptionError("Not so"))
    ended = reported(c=CHANGED, a=other, b=FAILED)
    assert [row["id"] for row in ended.fields["alerts"]] == ["c", "a", "b"]
    assert ended.fields["alerts"][0] == CHANGED.report("c")
    assert ended.fields["error"] == OptionError("Not so").report()


def test_list_of_alerts_has_the_platforms_noun() -> None:
    platform = memory_platform({})
    platform.alerts.noun = "signals"
    ended = report(platform, {"a": FAILED}, with_diff=False)
    assert [row["id"] for row in ended.fields["signals"]] == ["a"]
    assert "1 of 1 signals failed" in (ended.failure or "")


@pytest.mark.parametrize(
    ("result", "diff"),
    [
        (CHANGED, [{"before": OPEN, "after": CLOSED}]),
        (CHANGED_BUT, [{"before": OPEN, "after": CLOSED}]),
        (UNCHANGED, []),
        (SKIPPED, []),
        (FAILED, []),
        # A diff shows what is known to have happened.
        (UNCONFIRMED, []),
    ],
)
def test_diff(result: Result, diff: list[Fields]) -> None:
    expected = [{**one, "before_header": "a", "after_header": "a"} for one in diff]
    assert report(memory_platform({}), {"a": result}, with_diff=True).fields["diff"] == expected
    assert "diff" not in reported(a=result).fields


def failing(*words: str) -> dict[str, Result]:
    """A failed alert for each of these texts, with ids that count on."""
    return {f"id{number}": Result(OPEN, OPEN, error=TriageError(said)) for number, said in enumerate(words)}


@pytest.mark.parametrize(
    ("results", "summary"),
    [
        ({"a": FAILED}, "1 of 1 alerts failed. Nothing was changed. No (a)"),
        ({"a": FAILED, "b": CHANGED}, "1 of 2 alerts failed. No (a)"),
        ({"a": FAILED, "b": UNCHANGED}, "1 of 2 alerts failed. Nothing was changed. No (a)"),
        # The same words are said once.
        (failing("No", "Yes", "No"), "3 of 3 alerts failed. Nothing was changed. No (id0, id2); Yes (id1)"),
        (failing("GET /id0: no", "GET /id1: no"), "2 of 2 alerts failed. Nothing was changed. GET /ID: no (id0, id1)"),
        # An id that is a part of a word is not the id.
        (
            failing("GET /id0s/xid0: no"),
            "1 of 1 alerts failed. Nothing was changed. GET /id0s/xid0: no (id0)",
        ),
        (failing(*["No"] * 5), "5 of 5 alerts failed. Nothing was changed. No (id0, id1, id2, id3, id4)"),
        (
            failing(*["No"] * 7),
            "7 of 7 alerts failed. Nothing was changed. No (id0, id1, id2, id3, id4, and 2 more)",
        ),
        (
            failing(*"ABCDEFG"),
            (
                "7 of 7 alerts failed. Nothing was changed."
                " A (id0); B (id1); C (id2); D (id3); E (id4) and 2 more kinds of failure"
            ),
        ),
        (failing(*"ABCDE"), "5 of 5 alerts failed. Nothing was changed. A (id0); B (id1); C (id2); D (id3); E (id4)"),
    ],
)
def test_summary(results: dict[str, Result], summary: str) -> None:
    assert reported(**results).failure == summary


def unconfirmed(status: int | None = None, request_id: str | None = None, *, every: bool = False) -> Result:
    error = AmbiguousError("PATCH", "/a", "no answer", status=status, request_id=request_id)
    return Result(OPEN, None, None, error, failing=every)


@pytest.mark.parametrize(
    ("result", "todo"),
    [
        (unconfirmed(), "Look at them again in a minute, before you run the task again."),
        (unconfirmed(503), "Look at them again in a minute, before you run the task again."),
        (unconfirmed(503, every=True), "The service answered 503 to every try: have that mended first."),
        (
            unconfirmed(500, "r-7", every=True),
            "The service answered 500 to every try (request id r-7): have that mended first.",
        ),
    ],
)
def test_what_to_do_about_alerts_that_nobody_knows_of(result: Result, todo: str) -> None:
    said = reported(a=CHANGED, b=result).failure or ""
    assert said.endswith(f". Nobody knows whether these alerts were changed: b. {todo}")
    assert "Nothing was changed" not in said


def test_alerts_that_nobody_knows_of_are_listed_but_not_without_end() -> None:
    said = reported(**{f"id{number}": unconfirmed() for number in range(22)}).failure or ""
    assert "were changed: id0, id1, " in said
    assert ", id19 and 2 more. Look" in said


class TestWarnings:
    def test_provenance_that_could_not_be_left(self) -> None:
        lost = [Result(OPEN, CLOSED, True, extra={"provenance_error": said}) for said in ("No room", "Gone")]
        ended = reported(a=CHANGED, b=lost[0], c=lost[1])
        assert ended.warnings == ["2 alerts were changed, but provenance could not be left with them: No room"]
        assert ended.failure is None

    def test_the_platforms_own_go_by_the_alerts_as_they_are_in_the_end(self) -> None:
        class Warns(MemoryPlatform):
            def warnings(self, alerts: t.Mapping[str, Fields]) -> list[str]:
                return [f"{alert_id} is {fields['status']}" for alert_id, fields in alerts.items()]

        results = {"a": CHANGED, "b": FAILED, "c": Result(None, None, error=NotFoundError("Gone"))}
        ended = report(Warns(MemoryAlerts({}, "")), results, with_diff=False)
        assert ended.warnings == ["a is closed", "b is open"]


def test_a_search_reports_how_many_alerts_it_matched() -> None:
    found = SearchResult({"a": alert_of("a", CLOSED)})
    selection = Selection({"max_alerts": 9, "allow_unbounded": True}, lambda _limit: found, t.cast(t.Any, None))
    platform = memory_platform({}, selection=selection)
    platform.alerts.select()
    assert report(platform, {"a": UNCHANGED}, with_diff=False).fields["matched"] == 1
    assert "matched" not in reported(a=UNCHANGED).fields
