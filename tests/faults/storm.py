# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tasks under a fault mix: each has a simulator of its own, several run at a time, and each is judged at the end."""

from __future__ import annotations

import collections
import concurrent.futures
import dataclasses
import faulthandler
import json
import multiprocessing
import random
import time
import traceback
import typing as t

import pytest

from ansible_collections.secops.triage.tests.simulator import Simulator
from ansible_collections.secops.triage.tests.simulator.faults import Faults
from ansible_collections.secops.triage.tests.unit.harness import (
    Result,
    by_id,
    rows,
    run_module,
    short_read_lag,
    without_environment,
)

from .case import Case
from .cases import make_case
from .evidence import Evidence, listed_in
from .fault_mix import FaultMix
from .oracle import judge

#: The share of requests that go wrong; a fifth of all, as long as those of the first look are mostly spared.
RATE = 0.35
TIMEOUT = 0.4
#: Good weather: the lag of reads, and the idleness after which the server closes a connection, in seconds.
LAG, KIBANA_LAG, IDLE = 2.0, 30.0, 5.0
#: No task of these may ever take this long, in seconds; one that does is a finding, with every thread's stack.
_HANG = 240.0


@dataclasses.dataclass(frozen=True)
class Weather:
    """What a storm is like. ``good``: nothing goes wrong, but reads lag as they do on the services, and no retries."""

    rate: float = RATE
    #: The client's, in seconds. On a machine that is busy otherwise, 0.4 s are too short to connect.
    timeout: float = TIMEOUT
    good: bool = False


@dataclasses.dataclass
class Outcome:
    """What became of one task. An operation is one alert that the task is about."""

    number: int
    name: str
    operations: int = 0
    requests: int = 0
    seconds: float = 0.0
    findings: list[str] = dataclasses.field(default_factory=list)
    faults: collections.Counter[str] = dataclasses.field(default_factory=collections.Counter)
    fates: collections.Counter[str] = dataclasses.field(default_factory=collections.Counter)


_sim: Simulator | None = None


def _simulator() -> Simulator:
    """The simulator of this process."""
    global _sim  # noqa: PLW0603
    if _sim is None:
        _sim = Simulator(alerts=0).start()
    return _sim


def run_task(seed: int, number: int, weather: Weather | None = None, show: bool = False) -> Outcome:
    """One task of the storm, and everything that was wrong with it."""
    faulthandler.dump_traceback_later(_HANG, exit=True)
    weather = weather or Weather()
    with pytest.MonkeyPatch.context() as patch:
        without_environment(patch)
        if not weather.good:
            short_read_lag(patch)
        sim = _simulator()
        patch.setenv("YC_METADATA_ADDR", sim.host)
        case = make_case(sim, random.Random(f"{seed} {number}"), weather.timeout)
        late = number % 4 != 0 and not case.looks
        fault_mix = FaultMix(sim, f"{seed} {number}", weather.rate, weather.timeout, late=late)
        outcome = Outcome(number, f"{case.module} {case.platform.name}", len(case.ids))
        # Shorter than what the modules wait for reads.
        read_lag = random.Random(f"lag {seed} {number}").choice([0.0, 0.0, 0.1, 0.2])
        if weather.good:
            read_lag = _clear(sim, case)
        case.platform.settings.read_lag = read_lag
        sim.log.clear()
        start = time.monotonic()
        before, guarded = case.states(), case.guarded()
        sim.world.faults = fault_mix
        try:
            result = run_module(case.module, case.params, check=case.check)
        except BaseException:  # noqa: BLE001  # pytest's own outcome for a module that does not exit is one
            outcome.findings.append(f"a crash:\n{traceback.format_exc()}")
            result = None
        finally:
            # To judge a large task may take longer.
            faulthandler.cancel_dump_traceback_later()
            outcome.seconds = time.monotonic() - start
            _calm(sim, case)
        outcome.requests, outcome.faults = len(sim.log), fault_mix.struck_kinds
        if result is not None:
            evidence = Evidence(case, result, before, case.states(), list(sim.log), fault_mix.bodies, guarded, read_lag)
            outcome.findings += judge(evidence)
            outcome.fates = _fates(result)
            outcome.findings += _doubts(result) if weather.good else []
            if show:
                _show(evidence)
            outcome.findings += _again(sim, case) if number % 5 == 0 and not (case.check or case.looks) else []
    return outcome


def _clear(sim: Simulator, case: Case) -> float:
    """Nothing of the world goes wrong by itself. Returns the seconds for which reads lag."""
    case.params.update(retries=0, timeout=30.0)
    # A bulk answer does not say which signals have another version.
    case.params.pop("version", None)
    if "wait_timeout" in case.params:
        case.params["wait_timeout"] = 60.0
    settings = sim.settings
    settings.datadog.incident_lag_reads = 0
    settings.kibana.conflicts = {}
    deck = settings.security_deck
    deck.operation_seconds = min(deck.operation_seconds, 1.0)
    deck.operation_lag_404s = min(deck.operation_lag_404s, 1)
    deck.failing_operations = 0
    case.platform.settings.idle_seconds = IDLE
    return KIBANA_LAG if case.platform.name == "kibana" else LAG


def _doubts(result: Result) -> list[str]:
    """The alerts of which a task does not know what became."""
    listed = rows(result) if "counts" in result else []
    return [
        f"in good weather: {row['id']} is null: {row['error']['message']}" for row in listed if row["changed"] is None
    ]


def _calm(sim: Simulator, case: Case) -> None:
    """No more faults, nor lag; what is still on its way comes to its end, operations too unless they never do."""
    sim.world.faults = Faults()
    case.platform.settings.read_lag = 0.0
    while sim.log.in_flight:
        time.sleep(0.01)
    if case.platform.name == "security_deck":
        due = [one.due for one in sim.security_deck.operations.values() if not one.done]
        soon = [moment for moment in due if moment < time.time() + 60]
        time.sleep(max(0.0, max(soon, default=0.0) - time.time()))


def _again(sim: Simulator, case: Case) -> list[str]:
    """Without faults, a second run finishes the rest, or says of each alert why it cannot be."""
    sim.log.clear()
    result = run_module(case.module, case.params)
    states = case.states()
    listed = by_id(result) if "counts" in result else {}
    if result.get("failed") and not sim.log.writes():
        # One that cannot be changed stops them all.
        return [] if any("error" in row for row in listed.values()) else [f"a second run fails: {result['msg']}"]
    return [
        f"{alert_id}: after a second run it is {states[alert_id]}"
        for alert_id, row in listed.items()
        if not {"error", "skipped"} & set(row) and not case.reached(states[alert_id])
    ]


def _fates(result: Result) -> collections.Counter[str]:
    if "missing" in result or "truncated" in result:
        return collections.Counter({"shown": len(listed_in(result))})
    if "counts" not in result:
        return collections.Counter({"not begun": 1})
    return collections.Counter(_fate(row) for row in rows(result))


def _fate(row: Result) -> str:
    changed = {True: "changed", False: "unchanged", None: "unknown"}[row["changed"]]
    return "skipped" if "skipped" in row else f"{changed} failed" if "error" in row else changed


def _show(evidence: Evidence) -> None:
    """All that there is to see of a task, for whoever looks for the cause of a finding."""
    case = evidence.case
    print(
        json.dumps({name: str(value)[:200] for name, value in case.params.items()}, indent=1),
        vars(case.platform.settings),
    )
    start = evidence.entries[0].time if evidence.entries else 0.0
    for entry in evidence.entries:
        moments = f"{entry.time - start:7.3f} {(entry.ended or 0.0) - start:7.3f}"
        print(f"{entry.number:4} {moments} {entry.method} {entry.path} {entry.status} {entry.fault} {entry.wrote[:9]}")
        print(f"        {json.dumps(entry.body)[:300]}")
    print(json.dumps(evidence.result, indent=1))


def run_storm(seed: int, operations: int, workers: int, weather: Weather | None = None) -> t.Iterator[Outcome]:
    """Tasks until so many operations have been made, as they end."""
    context = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(workers, context) as pool:
        made = number = 0
        running: set[concurrent.futures.Future[Outcome]] = set()
        while running or made < operations:
            while made < operations and len(running) < workers:
                running.add(pool.submit(run_task, seed, number, weather))
                number += 1
            done, running = concurrent.futures.wait(running, return_when=concurrent.futures.FIRST_COMPLETED)
            for future in done:
                outcome = future.result()
                made += outcome.operations
                yield outcome
