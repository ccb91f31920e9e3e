# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Play scenarios on a real service, and leave its alerts as they were."""

from __future__ import annotations

import dataclasses
import time
import typing as t

import requests

from ansible_collections.secops.triage.tests.live.service import Fields, LiveError, Scenario, Service
from ansible_collections.secops.triage.tests.simulator import Entry
from ansible_collections.secops.triage.tests.unit.harness import Params, four_runs, rows, run_module


class Watch:
    """What the simulator's log is to the unit tests: tells by the alerts' marks whether anything was written, and where
    a task is about notes, by these."""

    def __init__(self, service: Service, *, notes: bool = False) -> None:
        self._service = service
        self._notes = notes
        self._marks = self._now()

    @property
    def log(self) -> Watch:
        return self

    def _now(self) -> dict[str, t.Any]:
        look = self._service.notes if self._notes else self._service.look
        return {alert_id: look(alert_id) for alert_id in self._service.ids}

    def clear(self) -> None:
        self._marks = self._now()

    def writes(self) -> list[str]:
        now = self._now()
        return [alert_id for alert_id in now if now[alert_id] != self._marks[alert_id]]

    def __iter__(self) -> t.Iterator[Entry]:
        return iter(())


@dataclasses.dataclass
class Tally:
    """How it went on one service."""

    passed: int = 0
    failed: int = 0


def play(service: Service, patience: float) -> Tally:
    """All scenarios on one service. What was there before is told first, and put back last, come what may."""
    tally, done = Tally(), False
    service.connect()
    before = {alert_id: service.look(alert_id)[0] for alert_id in service.ids}
    for alert_id, fields in before.items():
        print(f"  found      {alert_id}: {fields}")
    try:
        done = _play_all(service, before, patience, tally)
    finally:
        lost = _put_back(service, before, patience)
        if not done:
            # What was under way when it ended may come about even now.
            time.sleep(patience)
            lost = _put_back(service, before, patience)
        tally.failed += lost
        if not lost:
            print("  put back   all as they were found", flush=True)
    return tally


def _play_all(service: Service, before: t.Mapping[str, Fields], patience: float, tally: Tally) -> bool:
    """Play until one fails, for the next ones build upon it; returns whether none did."""
    for scenario in service.scenarios(before):
        if scenario.skipped:
            print(f"  skipped    {scenario.name}: {scenario.skipped}")
            continue
        try:
            _play_one(service, scenario, patience)
        except Exception as error:  # noqa: BLE001  # whatever it was, it is told, and the other services are tested
            tally.failed += 1
            print(f"  FAILED     {scenario.name}: {type(error).__name__}: {error}")
            return False
        tally.passed += 1
        print(f"  {'prepared' if scenario.prepares else 'passed':<10} {scenario.name}", flush=True)
    return True


def _play_one(service: Service, scenario: Scenario, patience: float) -> None:
    chosen = {**service.query, "max_alerts": len(service.ids)} if scenario.by_query else service.named
    params = {**service.params, **chosen, **scenario.params}
    if scenario.module.endswith("_info"):
        _look(service, scenario.module, params)
    elif scenario.module == "alert_note":
        _note(service, params)
    else:
        _write(service, scenario, params, patience)


def _write(service: Service, scenario: Scenario, params: Params, patience: float) -> None:
    if scenario.by_query:
        # Whatever came up since it was looked at, only as many as were named are written.
        params["expected_count"] = len(service.ids)
    runs = four_runs(Watch(service), scenario.module, params)
    changed = runs.real["counts"]["changed"]
    if not scenario.prepares and changed != len(service.ids):
        raise LiveError(f"{changed} of {len(service.ids)} alerts were changed")
    for row in rows(runs.real):
        _await(service, row["id"], row, patience)


def _look(service: Service, module: str, params: Params) -> None:
    """The alerts that were named are shown as they are, and no others."""
    watch = Watch(service)
    for check in (True, False):
        result = run_module(module, params, check=check)
        if result.get("failed") or result["changed"] or watch.writes():
            raise LiveError(f"an info module that fails, or writes: {result.get('msg', result['changed'])}")
        shown = {row["id"]: service.seen(row) for row in rows(result)}
        if set(shown) != set(service.ids) or result.get("truncated"):
            more = ", and more" if result.get("truncated") else ""
            raise LiveError(f"not the alerts that were named are shown, but {', '.join(shown) or 'none'}{more}")
        for alert_id, fields in shown.items():
            present, _mark = service.look(alert_id)
            other = {name: value for name, value in fields.items() if present[name] != value}
            if other:
                raise LiveError(f"{alert_id} is {present}, and it shows {other}")


def _note(service: Service, params: Params) -> None:
    """The note is left once on each alert that has none like it."""
    before = {alert_id: service.notes(alert_id).count(params["text"]) for alert_id in service.ids}
    runs = four_runs(Watch(service, notes=True), "alert_note", params)
    for row in rows(runs.real):
        there = service.notes(row["id"]).count(params["text"])
        if row["changed"] != (not before[row["id"]]) or there != max(before[row["id"]], 1):
            raise LiveError(f"{row['id']} has the note {there} times; before it was {before[row['id']]}")


def _await(service: Service, alert_id: str, wanted: Fields, patience: float) -> None:
    """Look at an alert until it is as wanted, for reads may lag behind writes."""
    end = time.monotonic() + patience
    while True:
        fields, _mark = service.look(alert_id)
        other = {name: value for name, value in fields.items() if name in wanted and wanted[name] != value}
        if not other:
            return
        if time.monotonic() > end:
            expected = {name: wanted[name] for name in other}
            raise LiveError(f"{alert_id} shows {other} where {expected} was expected")
        time.sleep(1)


def _put_back(service: Service, before: t.Mapping[str, Fields], patience: float) -> int:
    """Put all alerts back; returns for how many that failed."""
    failed = 0
    for alert_id, fields in before.items():
        try:
            now, _mark = service.look(alert_id)
            if now != fields:
                service.put_back(alert_id, fields, now)
                _await(service, alert_id, fields, patience)
        except (LiveError, requests.RequestException, LookupError, TypeError, ValueError) as error:
            failed += 1
            print(f"  NOT PUT BACK: {alert_id} was {fields}: {error}")
    return failed
