# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Signals that a task should leave alone: both writing modules under guards, by ids and by a query."""

from __future__ import annotations

import dataclasses
import typing as t

import pytest

from ansible_collections.secops.triage.tests.simulator import Entry, Fault, Simulator
from ansible_collections.secops.triage.tests.unit.harness import (
    Meanwhile,
    Params,
    Result,
    by_id,
    counts_of,
    four_runs,
    rows,
    run_module,
)

READ = r"/api/v2/security_monitoring/signals/AQ[\w-]+$"
MINE, OTHER = 4100, 4101
WANTED: dict[str, Params] = {
    "signal_state": {"state": "archived", "archive_reason": "other"},
    "signal_incident_link": {"incident_id": MINE},
}
GRETA = "greta@example.com"
BRUNO = "bruno.costa@example.com"


@pytest.fixture(params=WANTED)
def module(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(params=["ids", "query"])
def by_query(request: pytest.FixtureRequest) -> bool:
    return bool(request.param == "query")


@pytest.fixture
def task(module: str, datadog: Params) -> Params:
    return {**datadog, **WANTED[module], "retries": 2}


def named(sim: Simulator, ids: list[str], by_query: bool) -> Params:
    """These signals, one way or the other: beside them there is only one, which the query leaves out."""
    sim.datadog.signals = {one: sim.datadog.signals[one] for one in ids}
    sim.datadog.add_signal(incident_ids=[4104])
    return {"query": "-@workflow.triage.incidentIds:4104", "from": "now-30d"} if by_query else {"signal_ids": ids}


def add(sim: Simulator, severity: str = "high", **fields: t.Any) -> str:
    """One more signal, later than those before it."""
    signal = sim.datadog.add_signal(age=3600.0 - len(sim.datadog.signals), **fields)
    signal.scene = dataclasses.replace(signal.scene, severity=severity)
    return signal.id


def uuid_of(sim: Simulator, handle: str) -> str:
    return sim.datadog.user(handle).uuid


def fails_unwritten(sim: Simulator, result: Result, *said: str) -> None:
    assert result["failed"]
    assert not result["changed"]
    assert all(one in result["msg"] for one in said), result["msg"]
    assert not sim.log.writes()


def held(sim: Simulator, module: str, task: Params, ids: list[str], said: str) -> None:
    """The first signal is protected, the other is not: nothing at all is written, or the one is left alone."""
    protected, other = ids
    before = sim.datadog.overview()[protected]
    for check in (True, False):
        result = run_module(module, task, check=check)
        fails_unwritten(sim, result, said, "A guard forbids the change")
        assert by_id(result)[protected]["error"]["message"].endswith(said)
        assert "error" not in by_id(result)[other]
    skips = [run_module(module, {**task, "on_guard": "skip"}, check=check) for check in (True, False)]
    assert skips[0]["signals"] == skips[1]["signals"]
    for result in skips:
        assert not result.get("failed"), result.get("msg")
        assert [row["id"] for row in rows(result) if row["changed"]] == [other]
        assert by_id(result)[protected]["skipped"] == said
        assert "skipped" not in by_id(result)[other]
        counts = counts_of(2, changed=1, skipped=1)
        assert result["counts"] == counts
        assert len(result["diff"]) == 1
    assert sim.datadog.overview()[protected] == before
    assert sim.datadog.writes_of(protected) == 0
    sim.log.clear()
    again = run_module(module, {**task, "on_guard": "skip"})
    assert not again["changed"]
    assert not sim.log.writes()
    assert (again["counts"]["unchanged"], again["counts"]["skipped"]) == (1, 1)


def test_only_from(sim: Simulator, module: str, task: Params, by_query: bool) -> None:
    ids = [add(sim, state="under_review"), add(sim)]
    guarded = {**task, **named(sim, ids, by_query), "only_from": ["open", "archived"]}
    held(sim, module, guarded, ids, "it is under_review, and only_from is open, archived")


@pytest.mark.parametrize("shows", ["uuid", "handle"])
@pytest.mark.parametrize("word", ["uuid", "UUID", "handle", "HANDLE"])
def test_only_assigned_to(sim: Simulator, module: str, task: Params, by_query: bool, shows: str, word: str) -> None:
    """In whatever form the task names a user, and whatever of one the API shows."""
    sim.settings.datadog.assignee_shows = shows
    greta, bruno = sim.datadog.user(GRETA), sim.datadog.user(BRUNO)
    ids = [add(sim, assignee=bruno.uuid), add(sim, assignee=greta.uuid)]
    allowed = getattr(greta, word.lower())
    allowed = allowed.upper() if word.isupper() else allowed
    guarded = {**task, **named(sim, ids, by_query), "only_assigned_to": [f" {allowed} "]}
    held(sim, module, guarded, ids, f"{getattr(bruno, shows)} has it, and only_assigned_to is {allowed}")


def test_only_assigned_to_an_e_mail_that_is_not_the_handle(sim: Simulator, module: str, task: Params) -> None:
    alias = {"data": [{"attributes": {"handle": "greta", "email": "Greta.Lind@example.com"}}]}
    sim.faults.add(Fault("merge", path=r"/api/v2/users\?.*filter=greta.lind", body=alias, count=None))
    user = dataclasses.replace(sim.datadog.user(GRETA), handle="greta.lind@example.com")
    sim.datadog.users[user.uuid] = user
    ids = [add(sim), add(sim, assignee=user.uuid)]
    custom = {"workflow": {"triage": {"assignee": {"handle": "greta"}}}}
    shown = {"data": {"attributes": {"custom": custom}}}
    sim.faults.add(Fault("merge", path=rf"/signals/{ids[1]}$", body=shown, count=None))
    guarded = {**task, "signal_ids": ids, "only_assigned_to": ["greta.lind@example.com"]}
    held(sim, module, guarded, ids, "nobody has it, and only_assigned_to is greta.lind@example.com")


@pytest.mark.parametrize("shows", ["uuid", "handle", "name"])
def test_only_what_nobody_has(sim: Simulator, module: str, task: Params, by_query: bool, shows: str) -> None:
    sim.settings.datadog.assignee_shows = shows
    ids = [add(sim, assignee=uuid_of(sim, GRETA)), add(sim)]
    guarded = {**task, **named(sim, ids, by_query), "only_assigned_to": [""]}
    sim.log.clear()
    who = getattr(sim.datadog.user(GRETA), shows)
    held(sim, module, guarded, ids, f"{who} has it, and only_assigned_to is nobody")
    assert not sim.log.select(path="/users"), "nobody is not looked up"


def test_several_who_may_have_it(sim: Simulator, module: str, task: Params) -> None:
    ids = [add(sim, assignee=uuid_of(sim, who)) if who else add(sim) for who in (GRETA, BRUNO, "")]
    guarded = {**task, "signal_ids": ids, "only_assigned_to": [GRETA, uuid_of(sim, BRUNO), ""]}
    assert four_runs(sim, module, guarded).real["counts"]["changed"] == 3


def test_nobody_at_all_may_have_it(sim: Simulator, module: str, task: Params) -> None:
    """An empty list lets nothing through."""
    ids = [add(sim), add(sim, assignee=uuid_of(sim, GRETA))]
    for guard in ("only_assigned_to", "only_from"):
        result = run_module(module, {**task, "signal_ids": ids, guard: [], "on_guard": "skip"})
        assert (result["changed"], result["counts"]["skipped"]) == (False, 2)


@pytest.mark.parametrize("word", ["uuid", "handle"])
@pytest.mark.parametrize("who", [GRETA, BRUNO])
def test_a_name_is_nobodys_identity(
    sim: Simulator, module: str, task: Params, by_query: bool, word: str, who: str
) -> None:
    """Where the API shows name and number only: anybody can choose a name, and it may be that of the very user."""
    sim.settings.datadog.assignee_shows = "name"
    user = sim.datadog.user(who)
    namesake = dataclasses.replace(sim.datadog.user("b.costa@example.com"), name=user.name)
    sim.datadog.users[namesake.uuid] = namesake
    ids = [add(sim, assignee=one) for one in (namesake.uuid, user.uuid)]
    allowed = getattr(user, word)
    guarded = {**task, **named(sim, ids, by_query), "only_assigned_to": [allowed]}
    said = f"{user.name} has it, and only_assigned_to is {allowed}"
    for check in (True, False):
        result = run_module(module, guarded, check=check)
        fails_unwritten(sim, result, said)
        assert [row["error"]["kind"] for row in rows(result)] == ["guarded", "guarded"]


@pytest.mark.parametrize("shows", ["uuid", "handle"])
def test_a_user_who_has_left(sim: Simulator, module: str, task: Params, by_query: bool, shows: str) -> None:
    """A disabled account's signals are what such a task is often for."""
    sim.settings.datadog.assignee_shows = shows
    femi = sim.datadog.user("femi.left@example.com")
    ids = [add(sim, assignee=uuid_of(sim, GRETA)), add(sim, assignee=femi.uuid)]
    guarded = {**task, **named(sim, ids, by_query), "only_assigned_to": [femi.handle]}
    held(
        sim,
        module,
        guarded,
        ids,
        f"{getattr(sim.datadog.user(GRETA), shows)} has it, and only_assigned_to is {femi.handle}",
    )


@pytest.mark.parametrize("who", ["nobody@example.com", "Greta Lind", "5", "2000004", "greta"])
def test_a_user_that_there_is_not_fails_before_a_signal_is_read(
    sim: Simulator, module: str, task: Params, by_query: bool, who: str
) -> None:
    guarded = {**task, **named(sim, [add(sim)], by_query), "only_assigned_to": [who]}
    sim.log.clear()
    result = run_module(module, guarded)
    fails_unwritten(sim, result, f"only_assigned_to '{who}' is neither the handle nor the e-mail")
    assert not sim.log.select(path="/signals/")


def test_users_are_looked_up_once_for_all_signals(sim: Simulator, module: str, task: Params) -> None:
    sim.settings.datadog.assignee_shows = "name"
    ids = [add(sim, assignee=uuid_of(sim, GRETA)) for dummy in range(20)]
    sim.log.clear()
    run_module(module, {**task, "signal_ids": ids, "only_assigned_to": [uuid_of(sim, GRETA), BRUNO]}, check=True)
    assert len(sim.log.select(path="/users")) == 2, "the handle, and the handle of the uuid"


def test_protect_severity(sim: Simulator, datadog: Params, by_query: bool) -> None:
    ids = [add(sim, "critical"), add(sim, "low")]
    task = {**datadog, **WANTED["signal_state"], **named(sim, ids, by_query)}
    said = "its severity is critical, which protect_severity keeps from being closed"
    held(sim, "signal_state", {**task, "protect_severity": ["high", "critical"]}, ids, said)


def test_a_protected_severity_may_be_changed_but_not_closed(sim: Simulator, datadog: Params) -> None:
    ids = [add(sim, "critical"), add(sim, "critical", state="archived")]
    guarded = {**datadog, "signal_ids": ids, "protect_severity": ["critical"]}
    wanted = {"state": "under_review", "assignee": GRETA}
    assert four_runs(sim, "signal_state", {**guarded, **wanted}).real["counts"]["changed"] == 2
    signal_id = add(sim, "critical", state="archived")
    comment = {**guarded, "signal_ids": signal_id, "state": "archived", "archive_comment": "Closed by hand"}
    assert four_runs(sim, "signal_state", comment).real["changed"]


# What a read tells: what is known, not known, missing, and of an odd shape

STATES = "it is {}, and only_from is open"
OWNERS = "{}, and only_assigned_to is {}"
SEVERITIES = "its severity is {}, and protect_severity keeps such alerts from being closed"
UNTOLD = "the service does not say who has it"
#: A triage that cannot be read ends the task before anything is planned.
MALFORMED = "or its triage is malformed"
NO_STATE = "has no triage state, so it cannot be changed"


def told(sim: Simulator, name: str, value: t.Any) -> None:
    """From now on, reads tell this of a signal, in place of what is so."""
    if name == "severity":
        attributes = {"status": value}
    else:
        parts = {part: {"workflow": {"triage": {name: None}}} for part in ("gated", "custom")}
        attributes = {**parts, "attributes": {"workflow": {"triage": {name: value}}}}
    sim.faults.add(Fault("merge", path=READ, body={"data": {"attributes": attributes}}, count=None))


def judged(sim: Simulator, module: str, params: Params, kind: str | None, said: str) -> None:
    """Check mode and the real run say the same, and so does a second run."""
    for check in (True, False, False):
        result = run_module(module, params, check=check)
        if kind is None:
            assert not result.get("failed"), result["msg"]
            assert result["changed"] or not check
        else:
            fails_unwritten(sim, result, said)
            assert result["error"]["kind"] == kind


@pytest.mark.parametrize(
    ("state", "kind", "said"),
    [
        ("open", None, ""),
        ("archived", "guarded", STATES.format("archived")),
        ("under_review", "guarded", STATES.format("under_review")),
        ("Open", "guarded", STATES.format("Open")),
        ("reopened", "guarded", STATES.format("reopened")),
        (None, "unreadable", NO_STATE),
        ("", "ambiguous", MALFORMED),
        (5, "ambiguous", MALFORMED),
        (["open"], "ambiguous", MALFORMED),
        ({"name": "open"}, "ambiguous", MALFORMED),
    ],
)
def test_only_from_by_what_is_told(sim: Simulator, datadog: Params, state: t.Any, kind: str | None, said: str) -> None:
    told(sim, "state", state)
    params = {**datadog, "signal_ids": add(sim), "only_from": ["open"], "retries": 0}
    judged(sim, "signal_incident_link", {**params, "incident_id": MINE}, kind, said)


@pytest.mark.parametrize(
    ("assignee", "allowed", "kind", "said"),
    [
        ({"id": 5, "uuid": "UUID"}, GRETA, None, ""),
        ({"uuid": "UUID", "handle": GRETA.upper()}, GRETA, None, ""),
        # One identity of somebody else is enough.
        ({"uuid": "UUID", "handle": BRUNO}, GRETA, "guarded", OWNERS.format("UUID has it", GRETA)),
        ({"uuid": "u-other", "handle": GRETA}, GRETA, "guarded", OWNERS.format("u-other has it", GRETA)),
        ({"id": 5, "handle": GRETA}, GRETA, None, ""),
        ({"id": 5, "handle": "GRETA@Example.com"}, GRETA, None, ""),
        ({"id": -1, "name": "Unassigned"}, "", None, ""),
        ({"id": -1, "name": "Greta Lind"}, "", None, ""),
        ({"id": -1}, "", None, ""),
        ({"id": -1, "uuid": "", "handle": ""}, "", None, ""),
        ({"id": -1, "uuid": "UUID"}, "", "guarded", OWNERS.format(UNTOLD, "nobody")),
        ({"id": -1, "uuid": "UUID"}, GRETA, "guarded", OWNERS.format(UNTOLD, GRETA)),
        ({"id": -1, "handle": BRUNO}, "", "guarded", OWNERS.format(UNTOLD, "nobody")),
        ({"id": -1.0}, "", "guarded", OWNERS.format("-1.0 has it", "nobody")),
        ({"id": ""}, "", "guarded", OWNERS.format(UNTOLD, "nobody")),
        ({"id": -1, "name": GRETA}, GRETA, "guarded", OWNERS.format("nobody has it", GRETA)),
        ({"id": 5, "handle": BRUNO}, GRETA, "guarded", OWNERS.format(f"{BRUNO} has it", GRETA)),
        ({"id": 5, "handle": BRUNO}, "", "guarded", OWNERS.format(f"{BRUNO} has it", "nobody")),
        ({"id": 2000004, "name": "Greta Lind"}, GRETA, "guarded", OWNERS.format("Greta Lind has it", GRETA)),
        ({"id": 5, "name": GRETA}, GRETA, "guarded", OWNERS.format(f"{GRETA} has it", GRETA)),
        ({"id": 55, "name": "Unassigned"}, "", "guarded", OWNERS.format("Unassigned has it", "nobody")),
        ({"name": "Unassigned"}, "", "guarded", OWNERS.format("Unassigned has it", "nobody")),
        ({"id": "5"}, "", "guarded", OWNERS.format("5 has it", "nobody")),
        ({"id": "-1"}, "", "guarded", OWNERS.format("-1 has it", "nobody")),
        ({"id": 0}, "", "guarded", OWNERS.format("0 has it", "nobody")),
        ({"id": 5, "handle": "stra\u00dfe@example.com"}, "strasse@example.com", "guarded", "only_assigned_to"),
        ({"id": 5, "handle": "\u212aim@example.com"}, "kim@example.com", "guarded", "only_assigned_to"),
        (None, "", "guarded", OWNERS.format(UNTOLD, "nobody")),
        (None, GRETA, "guarded", OWNERS.format(UNTOLD, GRETA)),
        ({}, "", "guarded", OWNERS.format(UNTOLD, "nobody")),
        ({}, GRETA, "guarded", OWNERS.format(UNTOLD, GRETA)),
        ({"uuid": "", "handle": "", "name": ""}, "", "guarded", OWNERS.format(UNTOLD, "nobody")),
        ("greta", GRETA, "ambiguous", MALFORMED),
        (GRETA, GRETA, "ambiguous", MALFORMED),
        ([], "", "ambiguous", MALFORMED),
        ("", "", "ambiguous", MALFORMED),
        (False, "", "ambiguous", MALFORMED),
        (-1, "", "ambiguous", MALFORMED),
        ({"uuid": 5}, "", "ambiguous", MALFORMED),
        ({"handle": [GRETA]}, GRETA, "ambiguous", MALFORMED),
    ],
)
def test_only_assigned_to_by_what_is_told(
    sim: Simulator, module: str, task: Params, assignee: t.Any, allowed: str, kind: str | None, said: str
) -> None:
    if allowed not in ("", GRETA):
        user = dataclasses.replace(sim.datadog.user(BRUNO), handle=allowed)
        sim.datadog.users[user.uuid] = user
    uuid = uuid_of(sim, GRETA).upper()
    if isinstance(assignee, dict) and assignee.get("uuid") == "UUID":
        assignee = {**assignee, "uuid": uuid}
    said = said.replace("UUID", uuid)
    told(sim, "assignee", assignee)
    judged(sim, module, {**task, "signal_ids": add(sim), "only_assigned_to": [allowed], "retries": 0}, kind, said)


@pytest.mark.parametrize(
    ("severity", "kind", "said"),
    [
        ("low", None, ""),
        ("LOW", "guarded", SEVERITIES.format("LOW, an unknown word")),
        ("Low", "guarded", SEVERITIES.format("Low, an unknown word")),
        ("critical", "guarded", "its severity is critical, which protect_severity keeps from being closed"),
        ("CRITICAL", "guarded", SEVERITIES.format("CRITICAL, an unknown word")),
        ("urgent", "guarded", SEVERITIES.format("urgent, an unknown word")),
        ("critical ", "guarded", SEVERITIES.format("critical , an unknown word")),
        (None, "guarded", SEVERITIES.format("not known")),
        ("", "guarded", SEVERITIES.format("not known")),
        (4, "guarded", SEVERITIES.format("not known")),
        (["low"], "guarded", SEVERITIES.format("not known")),
        ({"name": "low"}, "guarded", SEVERITIES.format("not known")),
    ],
)
def test_protect_severity_by_what_is_told(
    sim: Simulator, datadog: Params, severity: t.Any, kind: str | None, said: str
) -> None:
    told(sim, "severity", severity)
    params = {**datadog, "signal_ids": add(sim, "low"), "state": "archived", "protect_severity": ["critical"]}
    judged(sim, "signal_state", params, kind, said)


@pytest.mark.parametrize("odd", [["critical"], 5, ""], ids=str)
def test_no_other_place_speaks_for_a_severity_that_is_no_word(sim: Simulator, datadog: Params, odd: t.Any) -> None:
    attributes = {"status": odd, "custom": {"status": "low"}}
    sim.faults.add(Fault("merge", path=READ, body={"data": {"attributes": attributes}}, count=None))
    params = {**datadog, "signal_ids": add(sim, "low"), "state": "archived", "protect_severity": ["critical"]}
    judged(sim, "signal_state", params, "guarded", SEVERITIES.format("not known"))


@pytest.mark.parametrize(
    ("attributes", "kind"),
    [
        ({"status": "low", "custom": {"status": "low"}}, None),
        ({"status": None, "gated": {"status": "low"}, "custom": {"status": "low"}}, None),
        ({"status": "low", "custom": {"status": None}}, None),
        ({"status": "low", "custom": {"status": "critical"}}, "guarded"),
        ({"status": "low", "gated": {"status": "critical"}}, "guarded"),
        ({"status": "low", "attributes": {"status": "critical"}}, "guarded"),
        ({"status": "low", "custom": {"status": "LOW"}}, "guarded"),
        ({"status": "low", "custom": {"status": ""}}, "guarded"),
        ({"status": "low", "custom": {"status": ["low"]}}, "guarded"),
        ({"status": None, "gated": {"status": "low"}, "custom": {"status": "medium"}}, "guarded"),
    ],
    ids=str,
)
def test_a_severity_that_is_told_differently_is_not_known(
    sim: Simulator, datadog: Params, attributes: Params, kind: str | None
) -> None:
    sim.faults.add(Fault("merge", path=READ, body={"data": {"attributes": attributes}}, count=None))
    params = {**datadog, "signal_ids": add(sim, "low"), "state": "archived", "protect_severity": ["critical"]}
    judged(sim, "signal_state", params, kind, SEVERITIES.format("not known"))


def told_in_halves(sim: Simulator, name: str, *values: t.Any) -> None:
    """From now on, reads tell each of these in a part of its own, in the order in which the parts are merged."""
    # What the simulator tells there itself is absent: objects are merged key by key.
    nothing = dict.fromkeys(("id", "uuid", "handle", "name"))
    parts = {
        part: {"workflow": {"triage": {name: {**nothing, **value} if isinstance(value, dict) else value}}}
        for part, value in zip(("gated", "custom", "attributes"), values)
    }
    sim.faults.add(Fault("merge", path=READ, body={"data": {"attributes": parts}}, count=None))


@pytest.mark.parametrize(
    ("halves", "allowed", "kind"),
    [
        (({"id": -1}, {"name": "Unassigned"}), "", None),
        (({"id": -1}, {"id": -1, "name": "Unassigned"}), "", None),
        (({"id": -1}, {"id": None, "name": "Unassigned"}), "", None),
        (({"uuid": "UUID"}, {"handle": GRETA}), GRETA, None),
        (({"uuid": "UUID", "id": 7}, {"uuid": None, "name": "Greta Lind"}), GRETA, None),
        (({"uuid": "u-other", "id": 7}, {"id": -1}), "", "guarded"),
        (({"id": -1}, {"uuid": "u-other", "id": 7}), "", "guarded"),
        (({"id": -1}, {"uuid": "u-other"}), "", "guarded"),
        (({"handle": BRUNO}, {"id": -1}), "", "guarded"),
        (({"id": -1}, {"id": True}), "", "guarded"),
        (({"id": -1.0}, {"id": -1}), "", "guarded"),
        (({"id": 7}, None, {"id": -1}), "", "guarded"),
        (({"id": 7}, {"id": -1}, {"id": -1}), "", "guarded"),
        (({"uuid": "u-other"}, {"uuid": "UUID"}), GRETA, "guarded"),
        (({"uuid": "UUID"}, {"uuid": "u-other"}), GRETA, "guarded"),
        (({"uuid": "u-other"}, {"uuid": "", "handle": GRETA}), GRETA, "guarded"),
        (({"uuid": "u-other"}, {"uuid": None, "handle": GRETA}), GRETA, "guarded"),
        (({"handle": BRUNO}, {"handle": GRETA}), GRETA, "guarded"),
        (({"uuid": "UUID"}, {"handle": BRUNO}), GRETA, "guarded"),
        (("bruno", {"id": -1}), "", "ambiguous"),
        (([], {"id": -1}), "", "ambiguous"),
        (({"uuid": 5}, {"uuid": "UUID"}), GRETA, "ambiguous"),
    ],
    ids=str,
)
def test_who_has_a_signal_by_halves(
    sim: Simulator, module: str, task: Params, halves: tuple[t.Any, ...], allowed: str, kind: str | None
) -> None:
    """Halves that contradict each other never become nobody, nor a user whom the guard lets through."""
    greta = uuid_of(sim, GRETA)
    told_in_halves(
        sim,
        "assignee",
        *({**one, "uuid": greta} if isinstance(one, dict) and one.get("uuid") == "UUID" else one for one in halves),
    )
    guarded = {**task, "signal_ids": add(sim), "only_assigned_to": [allowed], "retries": 0}
    judged(sim, module, guarded, kind, MALFORMED if kind == "ambiguous" else "only_assigned_to")


@pytest.mark.parametrize(
    ("halves", "kind", "said"),
    [
        (("open", "open"), None, ""),
        (("open", None), None, ""),
        ((None, "open"), None, ""),
        (("archived", "open"), "guarded", STATES.format("in an unknown status")),
        (("open", "archived"), "guarded", STATES.format("in an unknown status")),
        (("under_review", None, "open"), "guarded", STATES.format("in an unknown status")),
        ((["archived"], "open"), "ambiguous", MALFORMED),
        (("", "open"), "ambiguous", MALFORMED),
    ],
    ids=str,
)
def test_the_state_by_halves(
    sim: Simulator, datadog: Params, halves: tuple[t.Any, ...], kind: str | None, said: str
) -> None:
    told_in_halves(sim, "state", *halves)
    params = {**datadog, "signal_ids": add(sim), "only_from": ["open"], "retries": 0}
    judged(sim, "signal_incident_link", {**params, "incident_id": MINE}, kind, said)


@pytest.mark.parametrize("answered", [{"id": "u-other"}, {"id": None}], ids=str)
def test_another_users_handle_is_not_taken_for_that_of_the_uuid(
    sim: Simulator, module: str, task: Params, answered: Params
) -> None:
    greta = sim.datadog.user(GRETA)
    other = {"data": {**answered, "attributes": {"handle": BRUNO}}}
    sim.faults.add(Fault("merge", path=rf"/api/v2/users/{greta.uuid}", body=other, count=None))
    told(sim, "assignee", {"id": 5, "handle": BRUNO})
    guarded = {**task, "signal_ids": add(sim), "only_assigned_to": [greta.uuid]}
    judged(sim, module, guarded, "guarded", OWNERS.format(f"{BRUNO} has it", greta.uuid))


@pytest.mark.parametrize(
    "bad",
    [
        {"only_from": ["open", "closed"]},
        {"only_from": ["Open"]},
        {"protect_severity": ["severe"]},
        {"on_guard": "ignore"},
        {"only_assigned_to": ["a\x00b"]},
    ],
)
def test_refuses_guards_that_make_no_sense(
    sim: Simulator, module: str, task: Params, by_query: bool, bad: Params
) -> None:
    guarded = {**task, **named(sim, [add(sim)], by_query), **bad}
    sim.log.clear()
    result = run_module(module, guarded)
    assert result["failed"]
    assert next(iter(bad)) in result["msg"]
    assert len(sim.log) == 0


def test_what_is_as_it_should_be_is_in_no_guards_way(
    sim: Simulator, module: str, datadog: Params, task: Params, by_query: bool
) -> None:
    ids = [add(sim), add(sim, "critical")]
    run_module(module, {**datadog, **WANTED[module], "signal_ids": ids})
    guards = {"only_from": [], "only_assigned_to": [GRETA], "protect_severity": ["critical"]}
    runs = four_runs(sim, module, {**task, **named(sim, ids, by_query), **guards})
    assert runs.real["counts"]["unchanged"] == 2


# What happens meanwhile


def test_a_guard_looks_at_what_was_read_not_at_what_a_search_shows(sim: Simulator, module: str, task: Params) -> None:
    """Neither where the search shows what the guard forbids, nor where it shows what it lets through."""
    sim.settings.datadog.search_lag = 1000
    ids = [add(sim, state="under_review"), add(sim)]
    guarded = {**task, **named(sim, ids, by_query=True), "only_from": ["open"]}
    connection = {name: task[name] for name in ("api_url", "api_key", "app_key")}
    for signal_id, state in zip(ids, ("open", "under_review")):
        run_module("signal_state", {**connection, "signal_ids": signal_id, "state": state})
    result = run_module(module, {**guarded, "on_guard": "skip"}, check=True)
    assert [row["changed"] for row in rows(result)] == [True, False]
    assert by_id(result)[ids[1]]["skipped"] == "it is under_review, and only_from is open"
    sim.log.clear()
    fails_unwritten(sim, run_module(module, guarded), "it is under_review")


def test_somebody_takes_a_signal_on_after_the_search(sim: Simulator, module: str, task: Params) -> None:
    ids = [add(sim), add(sim)]
    guarded = {**task, **named(sim, ids, by_query=True), "only_assigned_to": [""], "on_guard": "skip"}
    greta = uuid_of(sim, GRETA)
    taken = sim.datadog.signals[ids[0]]
    sim.faults.add(Meanwhile(lambda _entry: setattr(taken, "assignee", greta), path=READ))
    result = run_module(module, guarded)
    assert [row["changed"] for row in rows(result)] == [False, True]
    assert by_id(result)[ids[0]]["skipped"] == f"{greta} has it, and only_assigned_to is nobody"
    assert sim.datadog.writes_of(ids[0]) == 0


@pytest.mark.parametrize("on_guard", ["fail", "skip"])
def test_somebody_takes_a_signal_on_between_a_lost_write_and_its_retry(
    sim: Simulator, module: str, task: Params, by_query: bool, on_guard: str
) -> None:
    """What was not done is not tried again then, and the row says why."""
    signal_id = add(sim)
    signal, greta = sim.datadog.signals[signal_id], uuid_of(sim, GRETA)
    guarded = {**task, **named(sim, [signal_id], by_query), "only_assigned_to": [""], "on_guard": on_guard}
    sim.faults.add(Fault("status", writes=True, status=500, when="before"))
    take = Meanwhile(lambda _entry: setattr(signal, "assignee", greta), path=READ, nth=2)
    sim.faults.add(take)
    result = run_module(module, guarded)
    assert result["failed"]
    (row,) = rows(result)
    assert row["changed"] is None
    if module == "signal_incident_link":
        # A second one could link twice, whoever has the signal.
        assert row["error"]["status"] == 500
    else:
        assert "Not tried again" in row["error"]["message"]
        assert f"{greta} has it" in row["error"]["message"]
    assert len(sim.log.writes()) == 1
    assert sim.datadog.writes_of(signal_id) == 0


def test_a_lost_write_that_was_done_needs_no_guard(sim: Simulator, module: str, task: Params, by_query: bool) -> None:
    signal_id = add(sim)
    guarded = {**task, **named(sim, [signal_id], by_query), "only_from": ["open"]}
    sim.faults.add(Fault("close", writes=True, when="after"))
    result = run_module(module, guarded)
    assert not result.get("failed"), result.get("msg")
    assert result["changed"]
    assert sim.datadog.writes_of(signal_id) == 1


@pytest.mark.parametrize("on_guard", ["fail", "skip"])
def test_in_a_bulk_only_those_that_are_free_are_tried_again(sim: Simulator, datadog: Params, on_guard: str) -> None:
    """And none at all where the task is not to go on without those that are not."""
    ids = [add(sim) for dummy in range(5)]
    greta = uuid_of(sim, GRETA)
    sim.faults.add(Fault("status", path="/bulk/update", status=503))
    sim.faults.add(
        Meanwhile(lambda _entry: setattr(sim.datadog.signals[ids[2]], "assignee", greta), path=READ, nth=len(ids) + 1)
    )
    params = {**datadog, "signal_ids": ids, "state": "archived", "only_assigned_to": [""], "retries": 2}
    result = run_module("signal_state", {**params, "concurrency": 1, "on_guard": on_guard})
    assert result["failed"]
    goes_on = on_guard == "skip"
    assert [row["changed"] for row in rows(result)] == [goes_on or None] * 2 + [None] + [goes_on or None] * 2
    assert [sim.datadog.writes_of(one) for one in ids] == [int(goes_on), int(goes_on), 0, int(goes_on), int(goes_on)]
    assert "Not tried again" in rows(result)[2]["error"]["message"]
    assert sum("error" in row for row in rows(result)) == (1 if goes_on else 5)


def test_a_link_is_not_taken_away_from_what_a_guard_has_come_to_protect(sim: Simulator, datadog: Params) -> None:
    """The list is read once more just before it is written, and so is the rest."""
    signal_id = add(sim, incident_ids=[MINE, OTHER])
    signal = sim.datadog.signals[signal_id]
    sim.faults.add(Meanwhile(lambda _entry: setattr(signal, "state", "under_review"), path=READ, nth=2))
    params = {**datadog, "signal_ids": signal_id, "incident_id": MINE, "state": "absent", "only_from": ["open"]}
    fails_unwritten(sim, run_module("signal_incident_link", params), "it is under_review, and only_from is open")
    assert signal.incident_ids == [MINE, OTHER]


# What has to wait


@pytest.mark.parametrize("on_guard", ["fail", "skip"])
@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("action", ["status", "close"])
def test_a_write_that_was_told_to_wait_asks_the_guards_again(
    sim: Simulator, datadog: Params, count: int, action: str, on_guard: str
) -> None:
    ids = [sim.datadog.add_signal().id for _position in range(count)]

    def taken(_entry: Entry) -> None:
        sim.datadog.signals[ids[0]].state = "under_review"

    fault = {"status": 429, "wait_form": "retry_after", "wait": 0.2} if action == "status" else {"action": "close"}
    sim.faults.add(Meanwhile(taken, writes=True))
    sim.faults.add(Fault(**fault, writes=True))
    task = {**datadog, "signal_ids": ids, "state": "archived", "archive_reason": "other", "only_from": ["open"]}
    result = run_module("signal_state", {**task, "on_guard": on_guard})
    assert sim.datadog.signals[ids[0]].state == "under_review"
    row = by_id(result)[ids[0]]
    if (action, on_guard) == ("status", "skip"):
        assert not result.get("failed"), result["msg"]
        assert row["skipped"] == "it is under_review, and only_from is open"
    else:
        assert "only_from is open" in row["error"]["message"]
    assert row["changed"] is (False if action == "status" else None)
    state = "archived" if on_guard == "skip" else "open"
    assert [sim.datadog.signals[one].state for one in ids[1:]] == [state] * (count - 1)
    # Without an answer, what is not sent again may still come about.
    changed = True if on_guard == "skip" else False if action == "status" else None
    assert [by_id(result)[one]["changed"] for one in ids[1:]] == [changed] * (count - 1)
    assert ["error" in by_id(result)[one] for one in ids[1:]] == [on_guard == "fail"] * (count - 1)


def test_a_write_that_was_told_to_wait_is_sent_where_no_guard_objects(sim: Simulator, datadog: Params) -> None:
    signal = sim.datadog.add_signal()
    sim.faults.add(Fault(status=429, wait_form="retry_after", wait=0.2, writes=True, count=2))
    task = {**datadog, "signal_ids": [signal.id], "state": "archived", "archive_reason": "other", "only_from": ["open"]}
    result = run_module("signal_state", task)
    assert not result.get("failed"), result["msg"]
    assert signal.state == "archived"
    assert [entry.status for entry in sim.log.writes()] == [429, 429, 200]
    sim.faults.clear()
    sim.faults.add(Fault(status=429, wait_form="retry_after", wait=0.01, writes=True, count=None))
    late = run_module("signal_state", {**task, "state": "under_review", "only_from": ["archived"], "retries": 2})
    assert late["failed"]
    assert late["error"]["status"] == 429
    assert by_id(late)[signal.id]["changed"] is False


@pytest.mark.parametrize("on_guard", ["fail", "skip"])
def test_writes_that_wait_for_another_one_ask_the_guards_again(sim: Simulator, calseta: Params, on_guard: str) -> None:
    """The others are held back by the 429 of the first, and in that time somebody takes one of them on."""
    ids = [sim.calseta.add_alert().uuid for _position in range(10)]

    def taken(_entry: Entry) -> None:
        sim.calseta.alerts[ids[-1]].status = "Escalated"

    sim.faults.add(Meanwhile(taken, writes=True))
    sim.faults.add(Fault(status=429, wait_form="retry_after", wait=1, writes=True))
    task = {**calseta, "alert_ids": ids, "status": "Triaging", "only_from": ["Open"], "on_guard": on_guard}
    result = run_module("alert_update", {**task, "concurrency": 1})
    assert sim.calseta.alerts[ids[-1]].status == "Escalated"
    state = "Triaging" if on_guard == "skip" else "Open"
    assert [sim.calseta.alerts[one].status for one in ids[:-1]] == [state] * 9
    if on_guard == "skip":
        assert by_id(result)[ids[-1]]["skipped"] == "it is Escalated, and only_from is Open"
        assert result["counts"] == counts_of(10, changed=9, skipped=1)
    else:
        assert result["counts"]["failed"] == 10


def test_rounds_that_only_wait_give_no_write_more_tries(sim: Simulator, calseta: Params) -> None:
    ids = [sim.calseta.add_alert().uuid for _position in range(4)]
    sim.faults.add(Fault(status=500, writes=True, path=ids[0], count=None))
    sim.faults.add(Fault(status=429, wait_form="retry_after", wait=0.01, writes=True, path=ids[-1], count=None))
    task = {**calseta, "alert_ids": ids, "status": "Triaging", "only_from": ["Open"], "concurrency": 1, "retries": 1}
    result = run_module("alert_update", task)
    tries = [sum(ids[place] in entry.path for entry in sim.log.writes()) for place in range(4)]
    assert tries == [2, 1, 1, 3], "the last one was only told to wait, once while the others got on"
    assert result["counts"] == counts_of(4, changed=2, failed=2, unconfirmed=1)
