# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The storm in short: the same every time, so that a failure here can be seen again. ``make faults`` is the whole."""

from __future__ import annotations

import collections

from .storm import Outcome, run_storm

SEED = 11
OPERATIONS = 400
MODULES = {
    *(f"{module} datadog" for module in ("signal_state", "signal_incident_link", "signal_info")),
    *(f"kibana_alert_{what} kibana" for what in ("status", "tags", "assignees", "info")),
    *(f"{module} {provider}" for module in ("alert_update", "alert_info") for provider in ("security_deck", "calseta")),
    *(f"alert_note {provider}" for provider in ("security_deck", "calseta", "kibana")),
}


def test_every_report_is_true() -> None:
    outcomes: list[Outcome] = list(run_storm(SEED, OPERATIONS, workers=6))
    found = [f"task {one.number}, {one.name}: {finding}" for one in outcomes for finding in one.findings]
    assert not found, "\n".join([*found[:20], f'see it: make faults ARGS="--seed {SEED} --task NUMBER"'])
    # No finding says nothing if nothing was done, or nothing went wrong.
    assert {one.name for one in outcomes} == MODULES
    assert sum(one.operations for one in outcomes) >= OPERATIONS
    struck = sum((one.faults for one in outcomes), collections.Counter[str]())
    assert sum(struck.values()) > 0.15 * sum(one.requests for one in outcomes)
    assert len(struck) > 25
    fates = sum((one.fates for one in outcomes), collections.Counter[str]())
    assert {"changed", "unchanged", "skipped", "shown", "unchanged failed", "unknown failed"} <= set(fates)
