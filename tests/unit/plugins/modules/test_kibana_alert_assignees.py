# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Assignees of Elastic Security's alerts: who is meant by a name. All else is as with tags."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.secops.triage.tests.simulator import Fault, Simulator
from ansible_collections.secops.triage.tests.unit.harness import Params, Result, by_id, four_runs, run_module

ASSIGNEES = "kibana.alert.workflow_assignee_ids"
NAME = "kibana_alert_assignees"
USERS = "users/_find"


@pytest.fixture
def uids(sim: Simulator) -> dict[str, str]:
    """The uids of the profiles, by the users' names."""
    return {name: uid for uid, name in sim.kibana.users}


def assigned(*users: str) -> Params:
    """The field of an alert that these users have."""
    return {ASSIGNEES: list(users)}


def run(kibana: Params, *, check: bool = False, **options: t.Any) -> Result:
    return run_module(NAME, {**kibana, "retries": 1, **options}, check=check)


def fails_unwritten(sim: Simulator, result: Result, *said: str) -> None:
    assert result["failed"]
    assert all(one in result["msg"] for one in said), result["msg"]
    assert not sim.log.writes()
    assert not sim.log.select(path="signals/")


@pytest.mark.versions
@pytest.mark.parametrize(
    ("state", "before", "after"),
    [
        ("present", ["greta"], ["greta", "amira", "bruno"]),
        ("present", ["bruno", "amira"], ["bruno", "amira"]),
        ("absent", ["amira", "greta"], ["greta"]),
        ("exact", ["greta", "bruno"], ["bruno", "amira"]),
    ],
)
def test_every_state(
    sim: Simulator, kibana: Params, uids: dict[str, str], state: str, before: list[str], after: list[str]
) -> None:
    key = sim.kibana.add_alert(**assigned(*(uids[name] for name in before)))
    task = {**kibana, "alert_ids": [key], "assignees": ["amira", uids["bruno"], uids["amira"]], "state": state}
    runs = four_runs(sim, NAME, task)
    assert by_id(runs.real)[key]["assignees"] == sim.kibana.alerts()[key][ASSIGNEES] == [uids[name] for name in after]
    assert runs.real["changed"] is (before != after)


def test_nobody(sim: Simulator, kibana: Params, uids: dict[str, str]) -> None:
    key = sim.kibana.add_alert(**assigned(*uids.values()))
    runs = four_runs(sim, NAME, {**kibana, "alert_ids": [key], "assignees": [], "state": "exact"})
    assert sim.kibana.alerts()[key][ASSIGNEES] == []
    (write,) = runs.writes
    assert write.body == {"ids": [key], "assignees": {"add": [], "remove": list(uids.values())}}


def test_an_empty_text_is_an_empty_list(sim: Simulator, kibana: Params, uids: dict[str, str]) -> None:
    """As a survey gives it. Beside a name it is refused."""
    key = sim.kibana.add_alert(**assigned(*uids.values()))
    assert not four_runs(sim, NAME, {**kibana, "alert_ids": [key], "assignees": ""}).real["changed"]
    assert four_runs(sim, NAME, {**kibana, "alert_ids": [key], "assignees": "", "state": "exact"}).real["changed"]
    assert sim.kibana.alerts()[key][ASSIGNEES] == []
    sim.log.clear()
    fails_unwritten(sim, run(kibana, alert_ids=[key], assignees=["amira", ""]), "assignees has an empty text in it")


UIDS = ("u_79HkWkwmnBH5gqFKwoxggWPjEBOur1zLPXQPEl1VBW0_0", "u_jane.doe@example.com_es", "u_1782345678_cloud")


@pytest.mark.parametrize("uid", UIDS)
def test_a_uid_is_not_looked_up(sim: Simulator, kibana: Params, uid: str) -> None:
    """Whether it ends in a number or in a word: what a row shows can be given back."""
    key = sim.kibana.add_alert()
    task: Params = {**kibana, "alert_ids": [key], "assignees": [uid]}
    runs = four_runs(sim, NAME, task)
    assert by_id(runs.real)[key]["assignees"] == sim.kibana.alerts()[key][ASSIGNEES] == [uid]
    assert not [entry for entry in runs.requests if USERS in entry.path]
    guarded = {"only_assigned_to": [uid], "state": "absent"}
    assert by_id(four_runs(sim, NAME, {**task, **guarded}).real)[key]["assignees"] == []


@pytest.mark.parametrize("uid", UIDS)
def test_a_uid_is_known_to_guards(sim: Simulator, kibana: Params, uid: str) -> None:
    ids = [sim.kibana.add_alert(**assigned(who)) for who in (uid, f"{uid}0")]
    task: Params = {"alert_ids": ids, "assignees": [], "state": "exact", "only_assigned_to": [uid]}
    result = run(kibana, **task, on_guard="skip")
    assert [sim.kibana.alerts()[key][ASSIGNEES] for key in ids] == [[], [f"{uid}0"]]
    assert by_id(result)[ids[1]]["skipped"] == f"{uid}0 has it, and only_assigned_to is {uid}"
    assert not sim.log.select(path=USERS)


@pytest.mark.parametrize("odd", [5, {"uid": "u_1"}, ["u_1", 5]], ids=str)
def test_assignees_that_are_no_texts_are_an_error_of_that_alert(sim: Simulator, kibana: Params, odd: t.Any) -> None:
    bad, good = sim.kibana.add_alert(**{ASSIGNEES: odd}), sim.kibana.add_alert()
    result = run(kibana, alert_ids=[bad, good], assignees=[UIDS[0]])
    assert (by_id(result)[bad]["assignees"], by_id(result)[bad]["error"]["kind"]) == (None, "unreadable")
    assert sim.kibana.alerts()[good][ASSIGNEES] == [UIDS[0]]
    assert (result["counts"]["changed"], result["counts"]["failed"]) == (1, 1)
    assert not sim.kibana.writes_of(bad)


def test_names_are_looked_up_in_the_space(sim: Simulator, kibana: Params, uids: dict[str, str]) -> None:
    key = sim.kibana.add_alert(space="soc-lab")
    task = {**kibana, "space_id": "soc-lab", "alert_ids": [key], "assignees": ["amira"]}
    runs = four_runs(sim, NAME, task)
    assert by_id(runs.real)[key]["assignees"] == [uids["amira"]]
    (asked,) = [entry for entry in runs.requests if USERS in entry.path]
    assert asked.path.endswith("/s/soc-lab/internal/detection_engine/users/_find?searchTerm=amira")


@pytest.mark.parametrize(
    "name", ["ami", "Amira", "amira@example.co", "@example.com", "nobody&size=1", "*", "u_short", "u__0"]
)
def test_unknown_names_are_refused_before_anything_is_sent(sim: Simulator, kibana: Params, name: str) -> None:
    result = run(kibana, alert_ids=[sim.kibana.add_alert()], assignees=["amira", name, "zoe"])
    fails_unwritten(sim, result, repr(name), "'zoe'")
    assert "'amira'" not in result["msg"]


def test_several_users_of_one_name(sim: Simulator, kibana: Params, uids: dict[str, str]) -> None:
    """Each realm has users of its own."""
    other = "u_0123456789abcdef0123_0"
    sim.kibana.users.append((other, "amira"))
    result = run(kibana, alert_ids=[sim.kibana.add_alert()], assignees=["amira"])
    fails_unwritten(sim, result, f"'amira' could be any of {uids['amira']}, {other}")


@pytest.mark.parametrize("email", ["amira@example.com", "Amira@Example.COM"])
def test_an_email_is_looked_up(sim: Simulator, kibana: Params, uids: dict[str, str], email: str) -> None:
    """On Elastic Cloud the user name is a number, which nobody knows."""
    sim.kibana.users[0] = (uids["amira"], "1782345678")
    sim.kibana.people[uids["amira"]] = {"email": "amira@example.com"}
    key = sim.kibana.add_alert(**assigned(uids["bruno"]))
    task: Params = {**kibana, "alert_ids": [key], "assignees": [email], "state": "exact"}
    guarded = {**task, "only_assigned_to": ["bruno@example.com", email]}
    assert by_id(four_runs(sim, NAME, guarded).real)[key]["assignees"] == [uids["amira"]]


@pytest.mark.parametrize("name", ["zoe", "amira@example.com"])
def test_an_email_of_several_users_is_refused(sim: Simulator, kibana: Params, uids: dict[str, str], name: str) -> None:
    """Be it the e-mail of both, or the name of one: in some realms users set their own."""
    other = "u_0123456789abcdef0123_0"
    sim.kibana.users.append((other, name))
    sim.kibana.people[other] = {"email": "AMIRA@example.com"}
    result = run(kibana, alert_ids=[sim.kibana.add_alert()], assignees=["amira@example.com"])
    fails_unwritten(sim, result, f"could be any of {uids['amira']}, {other}")


@pytest.mark.parametrize("status", [400, 403, 404])
def test_a_kibana_that_lets_nobody_look(sim: Simulator, kibana: Params, status: int) -> None:
    sim.faults.add(Fault(status=status, path=USERS, count=None))
    result = run(kibana, alert_ids=[sim.kibana.add_alert()], assignees=["amira"])
    fails_unwritten(sim, result, "give the uids of their profiles")
    assert result["error"]["status"] == status


@pytest.mark.parametrize(
    "fault", [{"status": 429, "wait_form": "retry_after"}, {"status": 500}, {"action": "reset"}, {"action": "truncate"}]
)
def test_a_look_that_fails_once_is_tried_again(sim: Simulator, kibana: Params, fault: dict[str, t.Any]) -> None:
    key = sim.kibana.add_alert()
    sim.faults.add(Fault(path=USERS, **fault))
    assert run(kibana, alert_ids=[key], assignees=["amira"])["changed"]


@pytest.mark.parametrize(
    "odd",
    [
        {"uid": None, "user": {"username": "amira"}},
        {"uid": 5, "user": {"username": "amira"}},
        {"uid": "", "user": {"username": "amira"}},
        {"user": {"username": "amira"}},
        {"uid": "u_1", "user": "amira"},
        "amira",
        None,
    ],
)
def test_odd_profiles_are_nobody(sim: Simulator, kibana: Params, odd: t.Any) -> None:
    sim.faults.add(Fault(status=200, body=[odd], path=USERS, count=None))
    result = run(kibana, alert_ids=[sim.kibana.add_alert()], assignees=["amira"])
    fails_unwritten(sim, result, "no user called 'amira'")


@pytest.mark.parametrize("odd", [{}, {"users": []}, None, 5])
def test_an_answer_without_users(sim: Simulator, kibana: Params, odd: t.Any) -> None:
    sim.faults.add(Fault(status=200, body=odd, path=USERS, count=None))
    result = run(kibana, alert_ids=[sim.kibana.add_alert()], assignees=["amira"], retries=0)
    fails_unwritten(sim, result, "does not show users")


def test_alerts_from_before_8_0_have_no_assignees(sim: Simulator, kibana: Params) -> None:
    key = sim.kibana.add_alert(legacy=True)
    result = run(kibana, alert_ids=[key], assignees=["amira"])
    assert "has no place for assignees" in result["msg"]
    assert not sim.log.writes()


def test_takes_over_only_what_nobody_has(sim: Simulator, kibana: Params, uids: dict[str, str]) -> None:
    ids = [sim.kibana.add_alert(**assigned(*who)) for who in ([], [uids["greta"]], [uids["amira"]])]
    query = {"ids": {"values": ids}}
    task: Params = {"query": query, "assignees": ["amira"], "only_assigned_to": [""], "on_guard": "skip"}
    result = run(kibana, **task)
    assert [row["changed"] for row in result["alerts"] if row["id"] == ids[0]] == [True]
    assert by_id(result)[ids[1]]["skipped"] == f"{uids['greta']} has it, and only_assigned_to is nobody"
    assert "skipped" not in by_id(result)[ids[2]], "it is as it should be"
