# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.secops.triage.tests.simulator import Simulator
from ansible_collections.secops.triage.tests.unit.harness import Params, by_id, four_runs, run_module


def test_archives_with_reason_and_comment(sim: Simulator, datadog: Params) -> None:
    ids = sim.datadog.ids(state="open")
    wanted = {"state": "archived", "archive_reason": "false_positive", "archive_comment": "Announced scan"}
    runs = four_runs(sim, "signal_state", {**datadog, "signal_ids": ids, **wanted})
    assert runs.real["counts"]["changed"] == len(ids)
    for row in by_id(runs.real).values():
        assert {key: row[key] for key in wanted} == wanted


def test_unknown_signal_fails_and_nothing_is_written(sim: Simulator, datadog: Params) -> None:
    ids = [*sim.datadog.ids(state="open"), "AQAAAunknown"]
    result = run_module("signal_state", {**datadog, "signal_ids": ids, "state": "archived"})
    assert result["failed"]
    assert not result["changed"]
    assert "AQAAAunknown" in result["msg"]
    assert by_id(result)["AQAAAunknown"]["error"]["status"] == 404
    assert not sim.log.writes()
