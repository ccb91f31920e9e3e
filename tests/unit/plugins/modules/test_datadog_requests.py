# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How many requests it takes to archive a thousand signals of five thousand by a query, to the last one."""

from __future__ import annotations

import collections
import re
import typing as t

import pytest

from ansible_collections.secops.triage.tests.simulator import Entry, Simulator
from ansible_collections.secops.triage.tests.unit.harness import Params, Result, run_module

SIGNALS = "/api/v2/security_monitoring/signals"


@pytest.fixture
def task(sim: Simulator, datadog: Params) -> Params:
    """A query that a thousand open signals of five thousand match."""
    sim.reset(alerts={"datadog": 5000})
    for number, signal in enumerate(sim.datadog.signals.values()):
        signal.state, signal.archive_reason, signal.archive_comment = "open", "none", None
        signal.incident_ids = [4104] if number % 5 == 0 else []
    query = "@workflow.triage.incidentIds:4104 @workflow.triage.state:open"
    wanted = {"state": "archived", "archive_reason": "other"}
    return {**datadog, "query": query, "from": "now-30d", "max_alerts": 1000, **wanted}


def sent(sim: Simulator, params: Params, check: bool = False) -> tuple[Result, dict[str, int]]:
    """A run, and how many requests of each kind it took."""
    sim.log.clear()
    result = run_module("signal_state", params, check=check)
    assert not result.get("failed"), result.get("msg")
    return result, dict(collections.Counter(map(kind, sim.log)))


def kind(entry: Entry) -> str:
    return re.sub(r"AQ[\w-]+", "ID", f"{entry.method} {entry.path.partition(SIGNALS)[2]}")


def test_check_mode_the_run_and_the_repeat(sim: Simulator, task: Params) -> None:
    """The search carries the triage; those that differ are read anew before they are written, 199 to a request.

    Another search shows that the query leaves signals out.
    """
    result, requests = sent(sim, task, check=True)
    assert result["counts"]["changed"] == 1000
    assert requests == {"POST /search": 2, "GET /ID": 1000}
    result, requests = sent(sim, task)
    assert result["counts"]["changed"] == 1000
    assert requests == {"POST /search": 2, "GET /ID": 1000, "PATCH /bulk/update": 6}
    assert len(sim.datadog.ids(state="archived")) == 1000
    result, requests = sent(sim, task)
    assert (result["changed"], result["matched"]) == (False, 0)
    assert requests == {"POST /search": 2}


def test_a_repeat_where_they_still_match(sim: Simulator, task: Params) -> None:
    """What the search shows as it should be is not read."""
    params = {**task, "query": "@workflow.triage.incidentIds:4104"}
    sent(sim, params)
    result, requests = sent(sim, params)
    assert (result["changed"], result["counts"]["unchanged"]) == (False, 1000)
    assert requests == {"POST /search": 2}


def test_a_repeat_while_the_search_lags(sim: Simulator, task: Params) -> None:
    sim.settings.datadog.search_lag = 1000
    sent(sim, task)
    result, requests = sent(sim, task)
    assert (result["changed"], result["counts"]["unchanged"]) == (False, 1000)
    assert requests == {"POST /search": 2, "GET /ID": 1000}


def test_a_limit_that_is_exceeded(sim: Simulator, task: Params) -> None:
    sim.log.clear()
    result = run_module("signal_state", {**task, "max_alerts": 999})
    assert result["failed"]
    limits: list[t.Any] = [entry.body["page"]["limit"] for entry in sim.log]
    assert limits == [1000, 999, 1], "the listing of all, and the search"


def test_the_same_by_ids(sim: Simulator, task: Params) -> None:
    ids = sim.datadog.ids(incident_ids=[4104])
    params = {name: value for name, value in task.items() if name not in ("query", "from", "max_alerts")}
    assert sent(sim, {**params, "signal_ids": ids})[1] == {"GET /ID": 1000, "PATCH /bulk/update": 6}
    assert sent(sim, {**params, "signal_ids": ids})[1] == {"GET /ID": 1000}
