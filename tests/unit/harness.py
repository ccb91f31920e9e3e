# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs modules as Ansible does, and holds every run to what all modules promise."""

from __future__ import annotations

import contextlib
import dataclasses
import importlib
import io
import json
import os
import sys
import typing as t
from unittest import mock

import pytest
from ansible.module_utils import basic
from ansible.module_utils.common import warnings as ansible_warnings
from ansible.module_utils.common.parameters import PASS_VARS

from ansible_collections.secops.triage.plugins.module_utils._calseta.notes import CalsetaNotes
from ansible_collections.secops.triage.plugins.module_utils._calseta.update import CalsetaAlerts
from ansible_collections.secops.triage.plugins.module_utils._datadog.writable import WritableSignals
from ansible_collections.secops.triage.plugins.module_utils._flow.platform import WritablePlatform
from ansible_collections.secops.triage.plugins.module_utils._flow.task import CRASH
from ansible_collections.secops.triage.plugins.module_utils._kibana.notes import KibanaNotes
from ansible_collections.secops.triage.plugins.module_utils._kibana.writable import WritableAlerts
from ansible_collections.secops.triage.plugins.module_utils._security_deck.notes import SecurityDeckNotes
from ansible_collections.secops.triage.plugins.module_utils._security_deck.update import SecurityDeckAlerts
from ansible_collections.secops.triage.tests.simulator import Entry, Fault

try:
    from ansible.module_utils.testing import patch_module_args
except ImportError:
    # Cores before 2.19 have no public way to hand arguments to a module.
    @contextlib.contextmanager
    def patch_module_args(args: dict[str, t.Any]) -> t.Iterator[None]:
        basic._ANSIBLE_ARGS = json.dumps({"ANSIBLE_MODULE_ARGS": args}).encode()
        try:
            yield
        finally:
            basic._ANSIBLE_ARGS = None


Result = dict[str, t.Any]
Params = dict[str, t.Any]

#: A run may differ from its prediction in these: only the service can tell them.
UNPREDICTABLE = ("operation_id",)

#: What writes, and the seconds for which reads may lag behind it.
READ_LAGS: dict[type[WritablePlatform], float] = {
    platform: platform.read_lag
    for platform in (
        *(WritableSignals, WritableAlerts, KibanaNotes),
        *(SecurityDeckAlerts, SecurityDeckNotes, CalsetaAlerts, CalsetaNotes),
    )
}


def run_module(name: str, params: Params, *, check: bool = False, diff: bool = True) -> Result:
    """Run a module in this process, and return what it prints: JSON that can be encoded, and nothing beside it."""
    module = importlib.import_module(f"ansible_collections.secops.triage.plugins.modules.{name}")
    # A module is a process of its own; here its warnings would pile up.
    for pile in ("_global_warnings", "_global_deprecations"):
        getattr(ansible_warnings, pile).clear()
    output, errors = io.TextIOWrapper(io.BytesIO(), "utf-8"), io.StringIO()
    arguments = {**params, "_ansible_check_mode": check, "_ansible_diff": diff}
    if "inject_invocation" in PASS_VARS:
        # Newer cores show a result without it unless they are told to be verbose.
        arguments["_ansible_inject_invocation"] = True
    with contextlib.ExitStack() as stack:
        stack.enter_context(patch_module_args(arguments))
        stack.enter_context(contextlib.redirect_stdout(output))
        stack.enter_context(contextlib.redirect_stderr(errors))
        # Whatever else this process has loaded, a module is not on Ansible's own side.
        internal = sys.modules.get("ansible.module_utils._internal")
        if hasattr(internal, "is_controller"):
            stack.enter_context(mock.patch.object(internal, "is_controller", False))
        # Tests do not fill the log of the machine that they run on.
        stack.enter_context(mock.patch.object(basic, "HAS_SYSLOG", False))
        with pytest.raises(SystemExit) as ended:
            module.main()
        output.flush()
    result: Result = json.loads(output.buffer.getvalue())
    assert not errors.getvalue()
    assert CRASH not in result.get("msg", ""), result["msg"]
    assert_before(result)
    assert ended.value.code == int(bool(result.get("failed")))
    return result


def assert_before(result: Result) -> None:
    """Assert that every alert which was changed was otherwise before."""
    for row in [*result.get("signals", ()), *result.get("alerts", ())]:
        if row.get("changed") and "error" not in row:
            assert any(row[name] != value for name, value in row["before"].items()), row


def rows(result: Result) -> list[Result]:
    """The alerts that a result lists."""
    listed: list[Result] = result["signals"] if "signals" in result else result["alerts"]
    # What was before is the same in every test, and every run is held to it. Titles have tests of their own.
    hidden = ("before", "title")
    return [{key: value for key, value in row.items() if "before" not in row or key not in hidden} for row in listed]


def by_id(result: Result) -> dict[str, Result]:
    """The alerts that a result lists, by their ids."""
    return {row["id"]: row for row in rows(result)}


def counts_of(requested: int, **others: int) -> dict[str, int]:
    """The counts of a result, all of them: those that are not named are zero."""
    none = dict.fromkeys(("changed", "unchanged", "skipped", "failed", "unconfirmed"), 0)
    return {"requested": requested, **none, **others}


def warnings_of(result: Result) -> list[str]:
    """The words of a result's warnings; newer cores wrap them up."""
    return [one if isinstance(one, str) else one["event"]["msg"] for one in result.get("warnings", [])]


@dataclasses.dataclass(frozen=True)
class FourRuns:
    """A scenario in check mode, for real, once more, and once more in check mode; and what the real run has sent."""

    check: Result
    real: Result
    again: Result
    check_again: Result
    requests: list[Entry]

    @property
    def writes(self) -> list[Entry]:
        return [entry for entry in self.requests if entry.is_write]


class Log(t.Protocol):
    """What was sent since it was last cleared."""

    def clear(self) -> None:
        """Forget it."""

    def writes(self) -> t.Sized:
        """What could have written."""

    def __iter__(self) -> t.Iterator[Entry]:
        """All of it, in the order in which it came."""


class Witness(t.Protocol):
    """Who sees what is sent: the simulator, or somebody who looks at a real service."""

    @property
    def log(self) -> Log:
        """What they have seen."""


def four_runs(sim: Witness, name: str, params: Params, *, warns: bool = False) -> FourRuns:
    """Run a scenario four times, and assert what is promised of every one.

    Check mode writes nothing and predicts the real run; a second run changes nothing and writes nothing; nothing warns
    but where the scenario is about a warning.
    """
    results: list[Result] = []
    requests: list[list[Entry]] = []
    for check in (True, False, False, True):
        sim.log.clear()
        result = run_module(name, params, check=check)
        assert not result.get("failed"), result["msg"]
        assert bool(result.get("warnings")) == warns, result.get("warnings")
        assert not result.get("deprecations")
        counts = result["counts"]
        assert counts["requested"] == counts["changed"] + counts["unchanged"] == len(rows(result))
        assert counts["failed"] == counts["skipped"] == 0
        assert result["changed"] == bool(counts["changed"]) == bool(result["diff"])
        assert len(result["diff"]) == counts["changed"]
        for row in [*result.get("signals", ()), *result.get("alerts", ())]:
            assert row["changed"] or all(row[name] == value for name, value in row["before"].items()), row
        if len(results) != 1:
            assert not sim.log.writes(), "a write in check mode, or on the repeat"
        results.append(result)
        requests.append(list(sim.log))
    check_result, real, again, check_again = results
    runs = FourRuns(check_result, real, again, check_again, requests[1])
    assert predicted(runs.check) == predicted(runs.real)
    assert not runs.again["changed"]
    assert predicted(runs.again) == predicted(runs.check_again)
    return runs


def predicted(result: Result) -> Result:
    """What check mode can know of a result."""
    kind = "signals" if "signals" in result else "alerts"
    known: Result = {key: result[key] for key in ("changed", "counts", "diff", "matched") if key in result}
    known[kind] = [{key: value for key, value in row.items() if key not in UNPREDICTABLE} for row in result[kind]]
    return known


class Meanwhile(Fault):
    """Lets something happen in the moment that a request comes in, before it is handled; spoils nothing."""

    def __init__(self, happens: t.Callable[[Entry], object], **which: t.Any) -> None:
        super().__init__("delay", **which)
        self._happens = happens

    def matches(self, entry: Entry) -> bool:
        if super().matches(entry):
            self.seen += 1
            if self.seen == self.nth:
                self._happens(entry)
        return False


def short_read_lag(monkeypatch: pytest.MonkeyPatch, seconds: float = 0.3) -> None:
    """Let every platform's reads be trusted after so many seconds; the simulator's lag only where a test says so."""
    for platform in READ_LAGS:
        monkeypatch.setattr(platform, "read_lag", seconds)


@contextlib.contextmanager
def without_rsa() -> t.Iterator[None]:
    """PyJWT as it is where the package cryptography is missing."""
    jwt = importlib.import_module("jwt")
    algorithm = jwt.algorithms.get_default_algorithms()["PS256"]
    jwt.unregister_algorithm("PS256")
    try:
        yield
    finally:
        jwt.register_algorithm("PS256", algorithm)


def without_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take out of the environment whatever the modules would read there."""
    prefixes = ("DD_", "DATADOG_", "KIBANA_", "YC_", "CALSETA_")
    names = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")
    for variable in list(os.environ):
        if variable.startswith(prefixes) or variable in names or variable.lower().endswith("_proxy"):
            monkeypatch.delenv(variable)
