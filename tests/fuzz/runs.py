# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs of a module on the small world, and what must hold of every one of them."""

from __future__ import annotations

import contextlib
import faulthandler
import math
import typing as t
import unicodedata
from pathlib import Path

from ansible_collections.secops.triage.plugins.module_utils._core.text import printable
from ansible_collections.secops.triage.tests.faults.expected_state import (
    State,
    differences,
    forbidden,
    guarded_alert,
    shown,
)
from ansible_collections.secops.triage.tests.simulator import Entry, Simulator
from ansible_collections.secops.triage.tests.unit.documented import checked, documented
from ansible_collections.secops.triage.tests.unit.harness import Params, Result, run_module

from .tasks import ALERTS, Task, hidden
from .write_oracle import check_write, named

#: No run may take this long, in seconds; one that does ends the tests, and leaves here where each thread stood.
_HANG = 100.0
_HUNG = Path(__file__).resolve().parents[2] / ".cache" / "hung-fuzz.txt"


def fresh_world(sim: Simulator, task: Task) -> None:
    """The world that the task is made for, on a server that is quick and does as it is told."""
    sim.reset(alerts={task.platform: ALERTS})
    sim.settings.security_deck.operation_seconds = 0.0


def run(sim: Simulator, task: Task, options: Params, *, check: bool) -> Result:
    """Run the module, and assert what must hold whatever it was given and whatever the server has answered."""
    sim.log.clear()
    params = {**task.connection(sim), **options}
    platform = sim.world.platforms[task.platform]
    present = platform.overview()
    found = present if any(params.get(name) is not None for name in ("query", "kql")) else ()
    guarded_alerts = {alert_id: guarded_alert(platform, alert_id) for alert_id in present}
    with _no_hang():
        result = run_module(task.module, params, check=check)
    assert not {"exception", "deprecations"} & set(result), f"a crash: {result['exception']}"
    if "error" not in result and result.get("failed"):
        # Refused by Ansible itself, in its own words, which are not for us to check.
        assert not len(sim.log), result
        return result
    _check_texts(result)
    looks = task.module.endswith("_info")
    writes = sim.log.writes()
    assert not ((check or looks) and writes), "a write in check mode, or by a module that only looks"
    if hidden(options):
        # In the arguments as the result shows them, too, a secret of one character hides most.
        return result
    checked(documented(task.module), result)
    if looks:
        return result
    _check_counts(result)
    arguments = result["invocation"]["module_args"]
    for entry in writes:
        _check_write(task, arguments, entry, found)
    if all(entry.is_write for entry in sim.log if entry.fault):
        # The answers have shown the true state of the alerts.
        guarded = {alert_id for alert_id in guarded_alerts if forbidden(platform, arguments, guarded_alerts[alert_id])}
        assert not guarded & {alert_id for entry in writes for alert_id in entry.wrote}, "a guard forbids it"
        _check_before(result, guarded, {key: shown(platform, state) for key, state in present.items()}, arguments)
    return result


@contextlib.contextmanager
def _no_hang() -> t.Iterator[None]:
    _HUNG.parent.mkdir(exist_ok=True)
    with _HUNG.open("a") as file:
        faulthandler.dump_traceback_later(_HANG, exit=True, file=file)
        try:
            yield
        finally:
            faulthandler.cancel_dump_traceback_later()


def _check_write(task: Task, arguments: Params, entry: Entry, found: t.Collection[str]) -> None:
    try:
        check_write(task, arguments, entry, found)
    except (AssertionError, KeyError, TypeError, ValueError) as error:
        raise AssertionError(f"nobody asked for {entry.method} {entry.path} {entry.body!r}") from error
    assert entry.platform == task.platform
    assert set(entry.wrote) <= set(found or named(task, arguments))


def _check_texts(result: Result) -> None:
    """All that is our own can be encoded, and nothing that is said for a terminal can paint it."""
    own = {key: value for key, value in result.items() if key != "invocation"}
    for text in _texts(own):
        text.encode()
    if "error" in result:
        for text in _texts([result["msg"], *(row.get("error") for row in rows(result)), result["error"]]):
            assert not any(unicodedata.category(one) in ("Cc", "Cs") for one in text), f"control characters in {text!r}"


def _texts(value: t.Any) -> t.Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, one in value.items():
            yield key
            yield from _texts(one)
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one)
    elif isinstance(value, float):
        assert math.isfinite(value), "no JSON has such a number"


def rows(result: Result) -> list[Result]:
    """The alerts that a result lists; none where a task has failed before it knew of any."""
    return t.cast("list[Result]", result.get("signals", result.get("alerts", [])))


def _check_before(result: Result, guarded: set[str], present: dict[str, State], arguments: Params) -> None:
    for row in rows(result):
        if row["before"] is not None:
            expected = printable(present[row["id"]])
            # A note is no part of the triage.
            before = {name: value for name, value in row["before"].items() if name in expected}
            assert not differences(before, expected), (before, expected)
        if "skipped" in row:
            assert row["id"] in guarded, row
            assert arguments["on_guard"] == "skip"
            assert {**row, **row["before"]} == row
            assert row["changed"] is False
            assert "error" not in row


def _check_counts(result: Result) -> None:
    listed = rows(result)
    failed = [row for row in listed if "error" in row]
    assert bool(result.get("failed")) == ("error" in result)
    assert not failed or result["failed"]
    assert result["changed"] == any(row["changed"] is not False for row in listed)
    if listed:
        changed = [row for row in listed if row["changed"] and "error" not in row]
        skipped = [row for row in listed if "skipped" in row]
        assert result["counts"] == {
            "requested": len(listed),
            "changed": len(changed),
            "unchanged": len(listed) - len(changed) - len(skipped) - len(failed),
            "skipped": len(skipped),
            "failed": len(failed),
            "unconfirmed": sum(row["changed"] is None for row in listed),
        }
        assert len({row["id"] for row in listed}) == len(listed)
