# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The flow of a task that writes: what is read and written, in which order, and where it stops."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.secops.triage.plugins.module_utils._core.errors import AmbiguousError, GuardError, TriageError
from ansible_collections.secops.triage.plugins.module_utils._flow.change import (
    Accepted,
    Fields,
    Outcome,
    Refused,
    Unknown,
)
from ansible_collections.secops.triage.plugins.module_utils._flow.guards import Guards
from ansible_collections.secops.triage.plugins.module_utils._flow.platform import WritablePlatform
from ansible_collections.secops.triage.plugins.module_utils._flow.reconcile import reconcile
from ansible_collections.secops.triage.plugins.module_utils._flow.search import SearchResult, Selection
from ansible_collections.secops.triage.tests.unit.client import make_client
from ansible_collections.secops.triage.tests.unit.memory_platform import (
    CLOSED,
    NO_GUARDS,
    OPEN,
    OWN,
    SKIP,
    STUCK,
    TAKEN,
    UNREADABLE,
    Log,
    MemoryAlerts,
    MemoryNotes,
    MemoryPlatform,
    alert_of,
    memory_platform,
)

FIVE = dict.fromkeys("abcde", OPEN)


def ways(platform: MemoryPlatform, *, check: bool = False) -> dict[str, t.Any]:
    """What became of every alert: the kind of its error, why it was skipped, or whether it changed."""
    results = reconcile(platform, check)
    return {
        key: result.error.kind if result.error else "skipped" if result.skipped else result.changed
        for key, result in results.items()
    }


@pytest.mark.parametrize("check", [True, False])
@pytest.mark.parametrize(
    ("stored", "guards", "expected", "written"),
    [
        ({"a": OPEN, "b": CLOSED, "c": TAKEN}, NO_GUARDS, {"a": True, "b": False, "c": True}, "ac"),
        ({"a": CLOSED}, NO_GUARDS, {"a": False}, ""),
        # One that cannot be changed stops all others.
        ({"a": OPEN, "b": STUCK}, NO_GUARDS, {"a": False, "b": "option"}, ""),
        ({"a": OPEN, "b": TAKEN}, OWN, {"a": False, "b": "guarded"}, ""),
        ({"a": OPEN, "b": TAKEN}, SKIP, {"a": True, "b": "skipped"}, "a"),
        # One whose state is unknown stops nothing.
        ({"a": UNREADABLE, "b": OPEN}, NO_GUARDS, {"a": "unreadable", "b": True}, "b"),
        ({"a": UNREADABLE, "b": STUCK, "c": OPEN}, SKIP, {"a": "unreadable", "b": "option", "c": False}, ""),
    ],
)
def test_check_mode_predicts_and_writes_nothing(
    stored: dict[str, Fields], guards: Guards, expected: dict[str, t.Any], written: str, check: bool
) -> None:
    platform = memory_platform(stored, guards)
    assert ways(platform, check=check) == expected
    writes = "".join(ids for event, ids in platform.alerts.log if event == "write")
    assert writes == ("" if check else written)


def test_check_mode_shows_the_desired_state() -> None:
    platform = memory_platform({"a": OPEN})
    (result,) = reconcile(platform, True).values()
    assert (result.before, result.after) == (OPEN, CLOSED)
    assert platform.alerts.stored["a"] == OPEN


def test_nothing_is_written_unless_all_alerts_exist() -> None:
    platform = memory_platform(FIVE)
    del platform.alerts.stored["c"]
    assert ways(platform) == {"a": False, "b": False, "c": "not_found", "d": False, "e": False}
    assert platform.alerts.log == [("read", "abcde")]


@pytest.mark.parametrize(
    ("guards", "replaces", "notes", "log"),
    [
        (NO_GUARDS, False, False, "read abcde, write abcde"),
        (OWN, False, False, "read abcde, read ab, write ab, read cd, write cd, read e, write e"),
        (NO_GUARDS, True, False, "read abcde, read ab, write ab, read cd, write cd, read e, write e"),
        (NO_GUARDS, False, True, "read abcde, write ab, note ab, write cd, note cd, write e, note e"),
        (
            OWN,
            True,
            True,
            "read abcde, read ab, write ab, note ab, read cd, write cd, note cd, read e, write e, note e",
        ),
    ],
)
def test_chunks(guards: Guards, replaces: bool, notes: bool, log: str) -> None:
    platform = memory_platform(FIVE, guards)
    platform.replaces = replaces
    platform.provenance_notes = MemoryNotes(platform.alerts) if notes else None
    assert ways(platform) == dict.fromkeys("abcde", True)
    assert platform.alerts.log == [tuple(event.split()) for event in log.split(", ")]


def test_what_was_read_just_before_is_not_read_again() -> None:
    platform = memory_platform({"a": OPEN, "b": OPEN}, OWN)
    assert ways(platform) == {"a": True, "b": True}
    assert platform.alerts.log == [("read", "ab"), ("write", "ab")]


@pytest.mark.parametrize(("replaces", "chunk"), [(True, 4), (False, 40)])
def test_size_of_a_chunk(replaces: bool, chunk: int) -> None:
    class Plain(MemoryPlatform):
        chunk = WritablePlatform.chunk

    platform = Plain(MemoryAlerts({}, ""))
    platform.alerts.client = make_client(concurrency=4)
    platform.replaces = replaces
    assert platform.chunk == chunk


def interrupted(platform: MemoryPlatform, before: tuple[str, str], alert_id: str, fields: Fields | None) -> None:
    """Let an alert become otherwise just before an event, or disappear."""

    def happens(event: str, ids: str) -> None:
        if (event, ids) == before and fields is None:
            del platform.alerts.stored[alert_id]
        elif (event, ids) == before:
            platform.alerts.stored[alert_id] = dict(t.cast(Fields, fields))

    platform.alerts.meanwhile = happens


@pytest.mark.parametrize(
    ("guards", "fields", "expected", "written"),
    [
        # A guard, or any error while there are guards, stops the chunks that follow, not the own one.
        (OWN, TAKEN, {"a": True, "b": True, "c": "guarded", "d": "failed", "e": "failed"}, "ab"),
        (OWN, None, {"a": True, "b": True, "c": "not_found", "d": "failed", "e": "failed"}, "ab"),
        (SKIP, TAKEN, {"a": True, "b": True, "c": "skipped", "d": True, "e": True}, "abde"),
        (SKIP, None, {"a": True, "b": True, "c": "not_found", "d": "failed", "e": "failed"}, "ab"),
        # Without guards there is nothing to stop for.
        (NO_GUARDS, None, {"a": True, "b": True, "c": "not_found", "d": True, "e": True}, "abde"),
        (NO_GUARDS, CLOSED, {"a": True, "b": True, "c": False, "d": True, "e": True}, "abde"),
    ],
)
def test_an_alert_that_changes_before_its_chunk(
    guards: Guards, fields: Fields | None, expected: dict[str, t.Any], written: str
) -> None:
    platform = memory_platform(FIVE, guards)
    platform.replaces = True
    interrupted(platform, ("read", "cd"), "c", fields)
    assert ways(platform) == expected
    assert "".join(ids for event, ids in platform.alerts.log if event == "write") == written


def test_the_stop_is_told_with_every_alert_that_was_not_written() -> None:
    platform = memory_platform(FIVE, OWN)
    interrupted(platform, ("read", "cd"), "c", TAKEN)
    results = reconcile(platform, False)
    why = "Not written, for the task stopped at c: A guard forbids the change: bo has it"
    assert all(str(results[one].error).startswith(why) for one in "de")
    assert ("read", "e") not in platform.alerts.log


@pytest.mark.parametrize(
    ("error", "guards", "written"),
    [
        (GuardError("bo has it"), OWN, "ab"),
        # Where protected alerts are skipped, one that a read shows as free is tried once more.
        (GuardError("bo has it"), SKIP, "abbcde"),
        (TriageError("No"), OWN, "abcde"),
    ],
)
def test_a_guard_that_objects_during_a_write_stops_the_chunks_that_follow(
    error: TriageError, guards: Guards, written: str
) -> None:
    platform = memory_platform(FIVE, guards)
    platform.outcomes = {"b": Refused(error)}
    reconcile(platform, False)
    assert "".join(ids for event, ids in platform.alerts.log if event == "write") == written


@pytest.mark.parametrize(("guards", "written"), [(OWN, "ab"), (SKIP, "abcde")])
def test_a_guard_that_objects_to_a_further_try_stops_the_chunks_that_follow_unless_the_task_skips(
    guards: Guards, written: str
) -> None:
    platform = memory_platform(FIVE, guards)
    platform.outcomes = {"b": Unknown(AmbiguousError("PATCH", "/b", "no answer"))}
    platform.retries = 1
    interrupted(platform, ("read", "b"), "b", TAKEN)
    results = reconcile(platform, False)
    assert isinstance(results["b"].error, GuardError)
    assert results["b"].changed is None
    assert "".join(ids for event, ids in platform.alerts.log if event == "write") == written


class TestProvenance:
    """The notes that say who has changed an alert."""

    def platform(self, **outcomes: Outcome) -> MemoryPlatform:
        platform = memory_platform({**FIVE, "b": CLOSED})
        platform.provenance_notes = self.notes = MemoryNotes(platform.alerts)
        platform.outcomes = outcomes
        return platform

    def log(self, platform: MemoryPlatform) -> Log:
        return [(event, ids) for event, ids in platform.alerts.log if event != "read"]

    def test_only_alerts_that_were_changed_have_one_and_at_once(self) -> None:
        platform = self.platform(c=Refused(TriageError("No")))
        assert ways(platform) == {"a": True, "b": False, "c": "failed", "d": True, "e": True}
        assert self.log(platform) == [("write", "ac"), ("note", "a"), ("write", "de"), ("note", "de")]

    def test_an_alert_that_only_the_last_read_shows_as_changed_has_one_too(self) -> None:
        platform = self.platform(a=Accepted())
        platform.read_lag = 0.01

        def closes(event: str, ids: str) -> None:
            if (event, ids) == ("write", "de"):
                platform.alerts.stored["a"]["status"] = "closed"

        platform.alerts.meanwhile = closes
        assert ways(platform) == {"a": True, "b": False, "c": True, "d": True, "e": True}
        notes = [ids for event, ids in self.log(platform) if event == "note"]
        assert notes == ["c", "de", "a"], "after each chunk, and after the last read; none twice"

    def test_a_failure_goes_with_the_alert_and_does_not_fail_it(self) -> None:
        platform = self.platform()
        self.notes.outcomes = {"d": Refused(TriageError("No room"))}
        results = reconcile(platform, False)
        assert {key: result.extra for key, result in results.items() if result.extra} == {
            "d": {"provenance_error": "No room"}
        }
        assert (results["d"].changed, results["d"].error) == (True, None)

    def test_check_mode_adds_none(self) -> None:
        platform = self.platform()
        reconcile(platform, True)
        assert self.log(platform) == []


class TestSearched:
    """Alerts that a search found: what it shows is read once more before it is acted upon."""

    def platform(self, shown: dict[str, Fields], guards: Guards = NO_GUARDS, **now: Fields) -> MemoryPlatform:
        found = SearchResult({one: alert_of(one, fields) for one, fields in shown.items()})
        params = {"max_alerts": 100, "allow_unbounded": True}
        selection = Selection(params, lambda _limit: found, t.cast(t.Any, None))
        return memory_platform({**shown, **now}, guards, selection)

    def test_what_seems_to_differ_is_read_once_more(self) -> None:
        platform = self.platform({"a": OPEN, "b": CLOSED, "c": OPEN}, c=CLOSED)
        assert ways(platform) == {"a": True, "b": False, "c": False}
        assert platform.alerts.log == [("read", "ac"), ("write", "a")]

    def test_what_seems_to_be_guarded_or_stuck_is_read_once_more(self) -> None:
        for guards in (OWN, SKIP):
            platform = self.platform({"a": TAKEN, "b": STUCK, "c": CLOSED}, guards, a=OPEN, b=OPEN)
            assert ways(platform) == {"a": True, "b": True, "c": False}
            assert platform.alerts.log[0] == ("read", "ab")

    def test_what_is_gone_by_now_is_missing(self) -> None:
        platform = self.platform({"a": OPEN, "b": OPEN})
        del platform.alerts.stored["a"]
        assert ways(platform) == {"a": "not_found", "b": False}

    @pytest.mark.parametrize(("guards", "read"), [(NO_GUARDS, False), (OWN, True)])
    def test_a_search_that_lags_in_nothing_is_acted_upon_at_once_unless_there_are_guards(
        self, guards: Guards, read: bool
    ) -> None:
        platform = self.platform({"a": OPEN, "b": OPEN}, guards)
        platform.alerts.search_is_current = True
        assert ways(platform) == {"a": True, "b": True}
        assert (("read", "ab") in platform.alerts.log) is read


def test_users_are_looked_up_before_anything_is_read() -> None:
    class Prepared(MemoryPlatform):
        def prepare(self) -> None:
            self.alerts.happens("prepare", "")

    platform = Prepared(MemoryAlerts({"a": dict(OPEN)}, "a"))
    reconcile(platform, True)
    assert platform.alerts.log == [("prepare", ""), ("read", "a")]
