# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is planned for an alert, by its state, its guards and what the task desires of it."""

from __future__ import annotations

import pytest

from ansible_collections.secops.triage.plugins.module_utils._core.errors import (
    GuardError,
    NotFoundError,
    OptionError,
    TriageError,
    UnreadableError,
)
from ansible_collections.secops.triage.plugins.module_utils._flow.change import Alert, Fields
from ansible_collections.secops.triage.plugins.module_utils._flow.guards import Guards
from ansible_collections.secops.triage.plugins.module_utils._flow.plan import Plan, Result
from ansible_collections.secops.triage.tests.unit.memory_platform import (
    CLOSED,
    NO_GUARDS,
    OPEN,
    OWN,
    SKIP,
    STUCK,
    TAKEN,
    UNREADABLE,
    alert_of,
    memory_platform,
)


@pytest.mark.parametrize(
    ("fields", "guards", "planned", "error", "skipped"),
    [
        (OPEN, NO_GUARDS, True, None, None),
        (OPEN, OWN, True, None, None),
        (CLOSED, NO_GUARDS, False, None, None),
        (TAKEN, NO_GUARDS, True, None, None),
        (TAKEN, OWN, False, GuardError, None),
        (TAKEN, SKIP, False, None, "bo has it, and only_assigned_to is nobody"),
        # There is nothing to guard where nothing is to be changed.
        ({**TAKEN, "status": "closed"}, OWN, False, None, None),
        ({**TAKEN, "status": "closed"}, SKIP, False, None, None),
        (STUCK, SKIP, False, OptionError, None),
        (UNREADABLE, SKIP, False, UnreadableError, None),
    ],
)
def test_plan_of_one_alert(
    fields: Fields, guards: Guards, planned: bool, error: type[TriageError] | None, skipped: str | None
) -> None:
    plan = Plan.of(memory_platform({}, guards), {"a": alert_of("a", fields)})
    (result,) = plan.results.values()
    assert [(change.id, change.delta) for change in plan.changes] == ([("a", {"status": "closed"})] if planned else [])
    assert result.error.__class__ is (error or type(None))
    assert (result.before, result.after, result.changed, result.skipped) == (fields, fields, False, skipped)


def test_plan_names_the_alert_that_is_missing_by_the_platforms_noun() -> None:
    plan = Plan.of(memory_platform({}), {"a": None, "b": alert_of("b", OPEN)})
    assert [change.id for change in plan.changes] == ["b"]
    missing = plan.results["a"]
    assert isinstance(missing.error, NotFoundError)
    assert (str(missing.error), missing.before, missing.after) == ("There is no such alert", None, None)


def test_plan_keeps_the_order_of_the_alerts() -> None:
    plan = Plan.of(memory_platform({}), {one: alert_of(one, OPEN) for one in "cab"})
    assert [change.id for change in plan.changes] == list(plan.results) == ["c", "a", "b"]


class TestAnew:
    """A plan for changes that were planned some time ago."""

    def test_each_alert_is_read_and_compared_once_more(self) -> None:
        platform = memory_platform({"a": OPEN, "b": OPEN, "c": OPEN, "d": OPEN}, OWN)
        changes = Plan.of(platform, platform.alerts.select()).changes
        platform.alerts.stored.update(b=dict(CLOSED), c=dict(TAKEN))
        del platform.alerts.stored["d"]
        plan = Plan.anew(platform, changes)
        assert platform.alerts.log == [("read", "abcd"), ("read", "abcd")]
        assert [change.id for change in plan.changes] == ["a"]
        assert {key: type(one.error) for key, one in plan.results.items()} == {
            "a": type(None),
            "b": type(None),
            "c": GuardError,
            "d": NotFoundError,
        }
        # What was there and is gone has no state any more.
        assert (plan.results["d"].before, plan.results["d"].after) == (OPEN, None)
        assert (plan.results["c"].before, plan.results["c"].after) == (TAKEN, TAKEN)

    def test_a_read_that_fails_keeps_the_state_of_the_read_before(self) -> None:
        platform = memory_platform({"a": OPEN})
        changes = Plan.of(platform, platform.alerts.select()).changes

        def fails(_event: str, _ids: str) -> None:
            raise TriageError("Nobody answers")

        platform.alerts.meanwhile = fails
        plan = Plan.anew(platform, changes)
        assert (plan.changes, plan.results["a"].after, str(plan.results["a"].error)) == ([], OPEN, "Nobody answers")


@pytest.mark.parametrize(
    ("result", "row"),
    [
        (Result(OPEN, CLOSED, True), {"changed": True, **CLOSED, "before": OPEN}),
        (Result(OPEN, OPEN, title="Rain"), {"title": "Rain", "changed": False, **OPEN, "before": OPEN}),
        (Result(OPEN, None, None), {"changed": None, "before": OPEN}),
        (Result(OPEN, OPEN, extra={"note": 1}), {"changed": False, **OPEN, "note": 1, "before": OPEN}),
        (Result(OPEN, OPEN, skipped="why"), {"changed": False, **OPEN, "before": OPEN, "skipped": "why"}),
        (
            Result(None, None, error=OptionError("No")),
            {"changed": False, "before": None, "error": OptionError("No").report()},
        ),
    ],
)
def test_row_of_a_result(result: Result, row: Fields) -> None:
    assert result.report("a") == {"id": "a", "title": None, **row}


def test_a_field_that_was_not_read_differs_from_whatever_is_desired() -> None:
    (change,) = Plan.of(memory_platform({}), {"a": Alert("a", {"status": "open"})}).changes
    assert (change.delta, change.after) == ({"status": "closed"}, {"status": "closed"})
