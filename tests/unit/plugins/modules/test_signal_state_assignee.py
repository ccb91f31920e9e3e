# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How ``signal_state`` finds the user that a task means, and sees whether a signal is assigned to them."""

from __future__ import annotations

import dataclasses
import uuid

import pytest

from ansible_collections.secops.triage.tests.simulator import Fault, Simulator
from ansible_collections.secops.triage.tests.unit.harness import Params, four_runs, rows, run_module

USERS = r"/api/v2/users"


def new_user(sim: Simulator, handle: str) -> str:
    """One more user of the simulator with this handle, and their uuid."""
    user = dataclasses.replace(sim.datadog.user("greta@example.com"), uuid=str(uuid.uuid4()), handle=handle)
    sim.datadog.users[user.uuid] = user
    return user.uuid


@pytest.mark.parametrize("shows", ["uuid", "handle", "name"])
@pytest.mark.parametrize("wanted", ["uuid", "UUID", "handle", "HANDLE"])
def test_by_uuid_or_handle_whatever_reads_show(sim: Simulator, datadog: Params, shows: str, wanted: str) -> None:
    sim.settings.datadog.assignee_shows = shows
    user = sim.datadog.user("amira.haddad@example.com")
    other = sim.datadog.user("greta@example.com")
    ids = [sim.datadog.add_signal(assignee=assignee).id for assignee in ("", other.uuid, user.uuid)]
    assignee = getattr(user, wanted.lower())
    assignee = assignee.upper() if wanted.isupper() else assignee
    runs = four_runs(sim, "signal_state", {**datadog, "signal_ids": ids, "assignee": assignee})
    assert [row["changed"] for row in rows(runs.real)] == [True, True, False]
    assert {row["assignee"] for row in rows(runs.real)} == {user.uuid}
    assert {sim.datadog.signals[one].assignee for one in ids} == {user.uuid}


def test_a_uuid_is_not_looked_up_where_reads_show_it(sim: Simulator, datadog: Params) -> None:
    user = sim.datadog.user("amira.haddad@example.com")
    signal = sim.datadog.add_signal(assignee=sim.datadog.user("greta@example.com").uuid)
    params = {**datadog, "app_key": sim.credentials.datadog_no_users_app_key}
    runs = four_runs(sim, "signal_state", {**params, "signal_ids": signal.id, "assignee": user.uuid})
    assert runs.real["changed"]
    assert not sim.log.select(path=USERS)


def test_a_handle_is_looked_up_once_for_all_signals(sim: Simulator, datadog: Params) -> None:
    ids = [sim.datadog.add_signal().id for dummy in range(30)]
    sim.log.clear()
    run_module("signal_state", {**datadog, "signal_ids": ids, "assignee": "greta@example.com"})
    (lookup,) = sim.log.select(path=USERS)
    assert "filter%5Bstatus%5D=Active%2CPending" in lookup.path


def test_the_lookup_finds_an_e_mail_that_is_not_the_handle(sim: Simulator, datadog: Params) -> None:
    user = sim.datadog.user("ines.new@example.com")
    signal = sim.datadog.add_signal()
    alias = {"data": [{"attributes": {"handle": "ines", "email": "Ines.New@example.com"}}]}
    sim.faults.add(Fault("merge", path=USERS, body=alias, count=None))
    runs = four_runs(sim, "signal_state", {**datadog, "signal_ids": signal.id, "assignee": "ines.new@example.com"})
    assert runs.real["changed"]
    assert signal.assignee == user.uuid


def test_a_handle_that_begins_another_is_the_exact_one(sim: Simulator, datadog: Params) -> None:
    signal = sim.datadog.add_signal(assignee=sim.datadog.user("greta@example.com.au").uuid)
    runs = four_runs(sim, "signal_state", {**datadog, "signal_ids": signal.id, "assignee": "greta@example.com"})
    assert runs.real["changed"]
    assert signal.assignee == sim.datadog.user("greta@example.com").uuid


@pytest.mark.parametrize(
    "assignee",
    [
        "nobody@example.com",
        "greta@example",
        "greta",
        "Greta Lind",
        "example.com",
        "femi.left@example.com",
        "%",
        "*",
        "Unassigned",
        "-1",
    ],
)
def test_none_of_that_name_fails_and_nothing_is_written(sim: Simulator, datadog: Params, assignee: str) -> None:
    signal_id = sim.datadog.add_signal().id
    result = run_module("signal_state", {**datadog, "signal_ids": signal_id, "assignee": assignee})
    assert result["failed"]
    assert "is neither the handle nor the e-mail of an active or invited user" in result["msg"]
    assert repr(assignee) in result["msg"]
    assert not sim.log.writes()


def test_two_of_that_name_fail_and_are_named(sim: Simulator, datadog: Params) -> None:
    first = sim.datadog.user("greta@example.com").uuid
    second = new_user(sim, "Greta@Example.com")
    result = run_module(
        "signal_state", {**datadog, "signal_ids": sim.datadog.add_signal().id, "assignee": "greta@example.com"}
    )
    assert result["failed"]
    assert first in result["msg"]
    assert second in result["msg"]
    assert result["error"]["hint"] == "Give the uuid."
    assert not sim.log.writes()


def test_the_lookup_goes_through_all_pages(sim: Simulator, datadog: Params) -> None:
    for number in range(250):
        new_user(sim, f"zoe@example.com.{number:03d}")
    wanted = new_user(sim, "zoe@example.com")
    signal = sim.datadog.add_signal()
    runs = four_runs(sim, "signal_state", {**datadog, "signal_ids": signal.id, "assignee": "zoe@example.com"})
    assert runs.real["changed"]
    assert signal.assignee == wanted
    assert len(sim.log.select(path=USERS)) == 3


def test_an_ambiguity_on_a_later_page_is_seen(sim: Simulator, datadog: Params) -> None:
    new_user(sim, "zoe@example.com")
    for number in range(120):
        new_user(sim, f"zoe@example.com.{number:03d}")
    new_user(sim, "Zoe@example.com")
    result = run_module(
        "signal_state", {**datadog, "signal_ids": sim.datadog.add_signal().id, "assignee": "zoe@example.com"}
    )
    assert result["failed"]
    assert "could be any of" in result["msg"]


@pytest.mark.parametrize("shows", ["uuid", "handle", "name"])
@pytest.mark.parametrize("nothing", ["", "  "])
def test_an_empty_assignee_unassigns(sim: Simulator, datadog: Params, shows: str, nothing: str) -> None:
    sim.settings.datadog.assignee_shows = shows
    taken = sim.datadog.add_signal(assignee=sim.datadog.user("greta@example.com").uuid)
    free = sim.datadog.add_signal()
    params = {**datadog, "signal_ids": [taken.id, free.id], "assignee": nothing}
    sim.log.clear()
    runs = four_runs(sim, "signal_state", params)
    assert [row["changed"] for row in rows(runs.real)] == [True, False]
    assert [row["assignee"] for row in rows(runs.real)] == ["", ""]
    assert taken.assignee == ""


def test_unassigning_sends_an_empty_uuid(sim: Simulator, datadog: Params) -> None:
    signal = sim.datadog.add_signal(assignee=sim.datadog.user("greta@example.com").uuid)
    sim.log.clear()
    run_module("signal_state", {**datadog, "signal_ids": signal.id, "assignee": ""})
    (write,) = sim.log.writes()
    assert write.body["data"]["attributes"] == {"assignee": {"uuid": ""}}


@pytest.mark.parametrize(
    "shown",
    [
        {"id": -1, "name": "Unassigned"},
        {"id": -1},
        {"id": -1, "name": "Unassigned", "uuid": ""},
        {"id": -1, "name": "Greta Lind"},
    ],
)
def test_every_form_of_unassigned(sim: Simulator, datadog: Params, shown: Params | None) -> None:
    signal = sim.datadog.add_signal()
    halves = {part: {"workflow": {"triage": {"assignee": None}}} for part in ("custom", "gated")}
    halves["custom"]["workflow"]["triage"]["assignee"] = shown  # type: ignore[assignment]
    sim.faults.add(Fault("merge", method="GET", body={"data": {"attributes": halves}}, count=None))
    runs = four_runs(sim, "signal_state", {**datadog, "signal_ids": signal.id, "assignee": ""})
    assert not runs.real["changed"]
    assert rows(runs.real)[0]["assignee"] == ""


@pytest.mark.parametrize("shown", [None, {}, {"uuid": "", "handle": "", "name": ""}])
@pytest.mark.parametrize("wanted", ["", "greta@example.com"])
def test_an_assignee_that_a_read_does_not_tell_is_not_nobody(
    sim: Simulator, datadog: Params, shown: Params | None, wanted: str
) -> None:
    """The row says V(null), and the answer to the write confirms what was set."""
    signal = sim.datadog.add_signal()
    halves = {part: {"workflow": {"triage": {"assignee": None}}} for part in ("custom", "gated")}
    halves["attributes"] = {"workflow": {"triage": {"assignee": shown}}}  # type: ignore[dict-item]
    sim.faults.add(Fault("merge", method="GET", path="/signals/AQ", body={"data": {"attributes": halves}}, count=None))
    params = {**datadog, "signal_ids": signal.id}
    look = run_module("signal_info", params)
    assert rows(look)[0]["assignee"] is None
    user = sim.datadog.user(wanted) if wanted else None
    for check in (True, False):
        result = run_module("signal_state", {**params, "assignee": wanted}, check=check)
        assert not result.get("failed"), result["msg"]
        assert result["changed"]
        assert result["signals"][0]["before"]["assignee"] is None
        assert rows(result)[0]["assignee"] == (user.uuid if user else "")
    assert signal.assignee == (user.uuid if user else "")
    other = run_module("signal_state", {**params, "state": "under_review"})
    assert rows(other)[0]["assignee"] is None or other["changed"]


@pytest.mark.parametrize("shape", ["objects", "strings", "error"])
def test_a_key_that_may_not_look_up_users_is_told_so(sim: Simulator, datadog: Params, shape: str) -> None:
    sim.settings.datadog.error_shape = shape
    signal_id = sim.datadog.add_signal().id
    params = {**datadog, "app_key": sim.credentials.datadog_no_users_app_key, "signal_ids": signal_id}
    result = run_module("signal_state", {**params, "assignee": "greta@example.com"})
    assert result["failed"]
    assert "user_access_read" in result["error"]["hint"]
    assert "give the uuid" in result["error"]["hint"]
    assert "permission user_access_read is missing" in result["error"]["message"]
    assert not sim.log.writes()


@pytest.mark.parametrize("status", [400, 404])
def test_a_uuid_of_nobody_is_the_apis_to_refuse(sim: Simulator, datadog: Params, status: int) -> None:
    sim.settings.datadog.unknown_assignee_status = status
    ids = [sim.datadog.add_signal().id for dummy in range(2)]
    params = {**datadog, "signal_ids": ids, "retries": 1}
    result = run_module("signal_state", {**params, "assignee": str(uuid.uuid4())})
    assert result["failed"]
    assert not result["changed"]
    assert all("assignee was not found" in row["error"]["message"] for row in rows(result))


def test_a_write_is_not_forgotten_where_its_answer_names_the_user_otherwise(sim: Simulator, datadog: Params) -> None:
    """The answer shows a handle, and the user of the uuid cannot be looked up: what was written is still reported."""
    user = sim.datadog.user("greta@example.com")
    signal = sim.datadog.add_signal()
    sim.faults.add(Fault("merge", writes=True, body={"data": {"attributes": {"assignee": {"uuid": None}}}}))
    params = {**datadog, "app_key": sim.credentials.datadog_no_users_app_key, "retries": 0}
    result = run_module("signal_state", {**params, "signal_ids": signal.id, "assignee": user.uuid})
    assert signal.assignee == user.uuid
    assert result["changed"]
    assert rows(result)[0]["assignee"] == user.uuid
    assert not result.get("failed"), result["msg"]


@pytest.mark.parametrize("shows", ["uuid", "handle", "name"])
def test_who_has_it_is_told_as_it_was_where_the_task_does_not_say(sim: Simulator, datadog: Params, shows: str) -> None:
    """A write's answer tells more of a user than a read may: check mode could not foretell that."""
    sim.settings.datadog.assignee_shows = shows
    user = sim.datadog.user("greta@example.com")
    ids = [sim.datadog.add_signal(assignee=user.uuid).id for dummy in range(2)]
    for some in (ids[:1], ids):
        runs = four_runs(sim, "signal_state", {**datadog, "signal_ids": some, "state": "archived"})
        assert {row["assignee"] for row in rows(runs.real)} == {getattr(user, shows)}
