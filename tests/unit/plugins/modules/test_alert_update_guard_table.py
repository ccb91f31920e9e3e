# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Guards on Security Deck and Calseta, with every kind of value that a read may show: they fail closed."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.secops.triage.tests.simulator import Fault, Simulator
from ansible_collections.secops.triage.tests.unit.alert_providers import Provider, provider
from ansible_collections.secops.triage.tests.unit.harness import Params, Result, by_id, predicted, run_module

#: What becomes of the alert: it is closed, a guard keeps it as it is, or nobody can say how it is, so the task fails.
CLOSED, KEPT, UNREADABLE = "closed", "kept", "unreadable"

MINE, OTHER = "ajemine00000000000001", "ajeother0000000000001"

#: By provider and guard: what a read shows in that field, and what becomes of the alert.
TABLE: dict[tuple[str, str], list[tuple[t.Any, str]]] = {
    ("calseta", "only_from"): [
        ("Open", CLOSED),
        ("Triaging", KEPT),
        ("Escalated", KEPT),
        ("open", KEPT),
        ("OPEN", KEPT),
        ("Reopened", KEPT),
        (None, UNREADABLE),
        ("", UNREADABLE),
        (5, UNREADABLE),
        (["Open"], UNREADABLE),
        ({"name": "Open"}, UNREADABLE),
    ],
    ("calseta", "protect_severity"): [
        ("Low", CLOSED),
        ("Informational", CLOSED),
        ("High", CLOSED),
        ("Critical", KEPT),
        ("Pending", KEPT),
        ("critical", KEPT),
        ("CRITICAL", KEPT),
        ("low", KEPT),
        ("Catastrophic", KEPT),
        (None, UNREADABLE),
        ("", UNREADABLE),
        (5, UNREADABLE),
        (["Low"], UNREADABLE),
    ],
    ("security_deck", "only_from"): [
        ("OPEN", CLOSED),
        ("IN_PROGRESS", KEPT),
        ("NEED_INFO", KEPT),
        ("Open", KEPT),
        ("REOPENED", KEPT),
        ("STATUS_UNSPECIFIED", KEPT),
        (None, KEPT),
        ("", KEPT),
        (5, UNREADABLE),
        (["OPEN"], UNREADABLE),
    ],
    ("security_deck", "protect_severity"): [
        ("LOW", CLOSED),
        ("INFO", CLOSED),
        ("HIGH", KEPT),
        ("CRITICAL", KEPT),
        ("low", KEPT),
        ("High", KEPT),
        ("SEVERITY_UNSPECIFIED", KEPT),
        (None, KEPT),
        ("", KEPT),
        (5, UNREADABLE),
        (["LOW"], UNREADABLE),
    ],
    ("security_deck", "only_assigned_to"): [
        ({"subject": {"id": MINE}}, CLOSED),
        ({"subject": {"id": MINE.upper()}}, CLOSED),
        ({"subject": {"id": OTHER}}, KEPT),
        (None, KEPT),
        ({}, KEPT),
        ({"groupId": MINE}, KEPT),
        ({"subject": {}}, KEPT),
        ({"subject": None}, KEPT),
        ({"subject": {"id": ""}}, KEPT),
        ({"subject": {"name": MINE}}, KEPT),
        ({"subject": {"id": f"{MINE} "}}, KEPT),
        ({"subject": {"id": MINE.replace("m", "\uff4d")}}, KEPT),
        ({"subject": {"id": 7}}, UNREADABLE),
        ({"subject": MINE}, UNREADABLE),
        (MINE, UNREADABLE),
        ([], UNREADABLE),
    ],
    ("security_deck", "nobody"): [
        (None, CLOSED),
        ({}, CLOSED),
        ({"subject": {"id": OTHER}}, KEPT),
        ({"groupId": "g1"}, KEPT),
        ({"subject": {}}, KEPT),
        ({"subject": None}, KEPT),
        ({"subject": {"id": ""}}, KEPT),
        ({"subject": {"id": "nobody"}}, KEPT),
        ({"subject": {"id": 7}}, UNREADABLE),
        ("", UNREADABLE),
        ([], UNREADABLE),
        (False, UNREADABLE),
    ],
}

FIELDS = {"only_from": "status", "protect_severity": "severity", "only_assigned_to": "assignee", "nobody": "assignee"}

GUARDS: dict[tuple[str, str], Params] = {
    ("calseta", "only_from"): {"only_from": ["Open"]},
    ("calseta", "protect_severity"): {"protect_severity": ["Critical"]},
    ("security_deck", "only_from"): {"only_from": ["OPEN"]},
    ("security_deck", "protect_severity"): {"protect_severity": ["HIGH"]},
    ("security_deck", "only_assigned_to"): {"only_assigned_to": [MINE]},
    ("security_deck", "nobody"): {"only_assigned_to": [""]},
}

CELLS = [(*row, shown, becomes) for row, cells in TABLE.items() for shown, becomes in cells]


def shows(on: Provider, field: str, value: t.Any) -> None:
    """From now on, reads of alerts show this."""
    body = {"data": {field: value}} if on.name == "calseta" else {field: value}
    on.sim.faults.add(Fault("merge", method="GET", path="/alerts/[^?/]+$", body=body, count=None))


def row_of(result: Result, key: str) -> Result:
    assert "alerts" in result, result["msg"]
    return by_id(result)[key]


@pytest.mark.parametrize("by", ["ids", "query"])
@pytest.mark.parametrize(("name", "guard", "shown", "becomes"), CELLS)
def test_cell(
    sim: Simulator, request: pytest.FixtureRequest, name: str, guard: str, shown: t.Any, becomes: str, by: str
) -> None:
    """As the read just before the write shows it, whatever the search has shown; check mode says the same."""
    on = provider(name, sim, request.getfixturevalue(name))
    (key,) = on.noise()
    on.sim.log.clear()
    shows(on, FIELDS[guard], shown)
    task = {**({"alert_ids": [key]} if by == "ids" else {"query": on.query()}), **GUARDS[name, guard]}
    check, skip = on.run(check=True, **task), on.run(check=True, on_guard="skip", **task)
    assert not on.sim.log.writes()
    real = on.run(**task)
    if becomes == CLOSED:
        assert row_of(check, key)["changed"] is row_of(skip, key)["changed"] is row_of(real, key)["changed"] is True
        assert on.alert(key).status == on.states[2]
        return
    assert (check["failed"], check["changed"]) == (real["failed"], real["changed"]) == (True, False)
    assert check["msg"] == real["msg"]
    assert not on.sim.log.writes()
    if becomes == UNREADABLE:
        assert check["error"]["kind"] == skip["error"]["kind"] == "ambiguous"
        assert "does not show this alert" in check["msg"]
        return
    assert row_of(check, key)["error"]["kind"] == row_of(real, key)["error"]["kind"] == "guarded"
    assert row_of(skip, key)["skipped"]
    assert predicted(skip) == predicted(on.run(on_guard="skip", **task))
    assert not on.sim.log.writes()


@pytest.mark.parametrize(("name", "guard", "shown", "becomes"), CELLS)
def test_cell_of_notes(
    sim: Simulator, request: pytest.FixtureRequest, name: str, guard: str, shown: t.Any, becomes: str
) -> None:
    """A note closes nothing, so no severity keeps it out; the other guards do, just as they keep a change out."""
    on = provider(name, sim, request.getfixturevalue(name))
    (key,) = on.noise()
    sim.log.clear()
    shows(on, FIELDS[guard], shown)
    task = {**on.connection, "alert_ids": [key], "text": "Seen.", "retries": 0, **GUARDS[name, guard]}
    check, real = (run_module("alert_note", task, check=one) for one in (True, False))
    skips = [run_module("alert_note", {**task, "on_guard": "skip"}, check=one) for one in (True, False)]
    assert check["changed"] is real["changed"]
    if becomes == CLOSED or (guard == "protect_severity" and becomes == KEPT):
        assert check["changed"] is real["changed"] is True
        assert len(sim.log.writes()) == 1
        assert not skips[1]["changed"]
        return
    assert (real["failed"], real["changed"]) == (True, False)
    assert (check["msg"], check["error"]) == (real["msg"], real["error"])
    assert real["error"]["kind"] == ("ambiguous" if becomes == UNREADABLE else "guarded")
    assert all(one.get("failed", False) is (becomes == UNREADABLE) for one in skips)
    assert becomes == UNREADABLE or all(row_of(one, key)["skipped"] for one in skips)
    assert not sim.log.writes()


@pytest.mark.parametrize("name", ["calseta", "security_deck"])
def test_guards_are_words_of_the_platform(sim: Simulator, request: pytest.FixtureRequest, name: str) -> None:
    """A severity that says that there is none yet cannot be named: it is protected by any of them."""
    on = provider(name, sim, request.getfixturevalue(name))
    for word in ("Pending", "SEVERITY_UNSPECIFIED", "", "critical"):
        result = on.run(alert_ids=[], protect_severity=[word])
        assert (result["failed"], result["error"]["kind"]) == (True, "option")
        assert f"protect_severity has {word!r} in it; here it takes " in result["msg"]
