# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A signal without a triage state, which hides no other one: a look says so, and a write is an error of it alone."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.secops.triage.tests.simulator import Fault, Simulator
from ansible_collections.secops.triage.tests.unit.harness import Params, Result, by_id, predicted, rows, run_module

MINE, LEFT_OUT = 4100, 4104
WANTED: dict[str, tuple[str, Params]] = {
    "state": ("signal_state", {"state": "archived", "archive_reason": "other"}),
    "assign": ("signal_state", {"assignee": ""}),
    "link": ("signal_incident_link", {"incident_id": MINE}),
    "unlink": ("signal_incident_link", {"incident_id": 4101, "state": "absent"}),
}
QUERY = {"query": f"-@workflow.triage.incidentIds:{LEFT_OUT}", "from": "now-30d"}


@pytest.fixture(params=["no triage", "no state", "null"])
def ids(request: pytest.FixtureRequest, sim: Simulator) -> list[str]:
    """Three signals, the second of which has no state; beside them there is one that the query leaves out.

    "no triage" is what both reads and searches show, and the others are what reads show.
    """
    sim.datadog.signals.clear()
    user = sim.datadog.user("greta@example.com").uuid
    sim.datadog.add_signal(incident_ids=[LEFT_OUT], age=3700)
    made = [sim.datadog.add_signal(age=3600 - age, incident_ids=[4101], assignee=user).id for age in range(3)]
    if request.param == "no triage":
        sim.datadog.signals[made[1]].triaged = False
        return made
    triage: dict[str, t.Any] = {"state": None} if request.param == "no state" else None  # type: ignore[assignment]
    parts = {part: {"workflow": {"triage": triage}} for part in ("custom", "gated")}
    sim.faults.add(Fault("merge", path=f"{made[1]}$", body={"data": {"attributes": parts}}, count=None))
    return made


@pytest.fixture(params=["ids", "query"])
def named(request: pytest.FixtureRequest, ids: list[str]) -> Params:
    return {"signal_ids": ids} if request.param == "ids" else QUERY


def test_a_look_says_that_it_has_none(sim: Simulator, datadog: Params, ids: list[str], named: Params) -> None:
    result = run_module("signal_info", {**datadog, **named})
    assert not result.get("failed"), result.get("msg")
    assert by_id(result).keys() == set(ids)
    # A search is the only one to show what a fault hides from reads.
    hidden = "open" if "query" in named and sim.datadog.signals[ids[1]].triaged else None
    assert [by_id(result)[one]["status"] for one in ids] == ["open", hidden, "open"]
    assert all(row["title"] and row["severity"] for row in rows(result))


def test_what_a_signal_without_a_triage_has_is_not_known(sim: Simulator, datadog: Params) -> None:
    signal = sim.datadog.add_signal(triaged=False)
    (row,) = rows(run_module("signal_info", {**datadog, "signal_ids": signal.id}))
    hidden = ("status", "verdict", "assignee", "archive_comment", "incident_ids")
    assert {name: row[name] for name in hidden} == dict.fromkeys(hidden)


def is_right(result: Result, ids: list[str], changed: bool) -> None:
    assert result["failed"]
    assert result["changed"] is changed
    assert [row["changed"] for row in rows(result)] == [changed, False, changed]
    row = by_id(result)[ids[1]]
    assert row["error"]["kind"] == "unreadable"
    assert f"The signal {ids[1]} has no triage state" in row["error"]["message"]
    assert "error" not in by_id(result)[ids[0]]
    assert "error" not in by_id(result)[ids[2]]
    assert result["counts"]["failed"] == 1
    assert result["counts"]["unconfirmed"] == 0


@pytest.mark.parametrize(
    "guards", [{}, {"only_from": ["open", "archived"]}, {"on_guard": "skip", "only_from": ["open"]}]
)
@pytest.mark.parametrize("wanted", WANTED)
def test_a_write_is_an_error_of_that_one_alone(
    sim: Simulator, datadog: Params, ids: list[str], named: Params, wanted: str, guards: Params
) -> None:
    module, desired = WANTED[wanted]
    params = {**datadog, **named, **desired, **guards, "retries": 0}
    if "on_guard" in guards and wanted == "state":
        params["only_from"] = ["open", "archived"]
    check = run_module(module, params, check=True)
    assert not sim.log.writes()
    result = run_module(module, params)
    is_right(check, ids, changed=True)
    is_right(result, ids, changed=True)
    assert predicted(check) == predicted(result)
    assert [sim.datadog.writes_of(one) for one in ids] == [1, 0, 1]
    sim.log.clear()
    again = run_module(module, params)
    is_right(again, ids, changed=False)
    assert not sim.log.writes()
