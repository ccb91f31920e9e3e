# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Alerts of Elastic Security that a task must leave alone, or finds in another number than expected."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.secops.triage.tests.simulator import Entry, Fault, Simulator
from ansible_collections.secops.triage.tests.unit.harness import (
    Meanwhile,
    Params,
    Result,
    by_id,
    four_runs,
    run_module,
)

NAME = "kibana_alert_status"
STATUS = "kibana.alert.workflow_status"
SEVERITY = "kibana.alert.severity"
ASSIGNEES = "kibana.alert.workflow_assignee_ids"
NOISE: Params = {"term": {"kibana.alert.rule.name": "Noise"}}
NOISY: Params = {"kibana.alert.rule.name": "Noise"}
CRITICAL: Params = {SEVERITY: "critical"}


def run(kibana: Params, *, check: bool = False, **options: t.Any) -> Result:
    return run_module(NAME, {**kibana, "status": "closed", "retries": 1, **options}, check=check)


def assigned(*users: str) -> Params:
    """The field of an alert that these users have."""
    return {ASSIGNEES: list(users)}


def named(sim: Simulator, ids: list[str], by_query: bool) -> Params:
    """These alerts, one way or the other."""
    return {"query": {"ids": {"values": ids}}} if by_query else {"alert_ids": ids}


@pytest.fixture(params=[False, True], ids=["ids", "query"])
def by_query(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


def changed(result: Result) -> list[str]:
    return [key for key, row in by_id(result).items() if row["changed"]]


def fails_unwritten(sim: Simulator, result: Result, *said: str) -> None:
    assert result["failed"]
    assert not result["changed"]
    assert all(one in result["msg"] for one in said), result["msg"]
    assert not sim.log.writes()


# Guards


def held(sim: Simulator, kibana: Params, task: Params, ids: list[str], said: str, *, exactly: bool = False) -> None:
    """The first alert is protected, and the other is not: nothing at all is written, or it is left alone."""
    protected, other = ids
    for check in (True, False):
        fails_unwritten(sim, run(kibana, **task, check=check), said)
    skips = [run(kibana, **task, on_guard="skip", check=check) for check in (True, False)]
    assert skips[0]["alerts"] == skips[1]["alerts"]
    for result in skips:
        assert changed(result) == [other]
        skipped = by_id(result)[protected]["skipped"]
        assert skipped == said if exactly else said in skipped
        assert (result["counts"]["changed"], result["counts"]["skipped"]) == (1, 1)
    assert not sim.kibana.writes_of(protected)
    again = run(kibana, **task, on_guard="skip")
    assert not again["changed"]


def test_only_from(sim: Simulator, kibana: Params, by_query: bool) -> None:
    ids = [sim.kibana.add_alert(status) for status in ("acknowledged", "open")]
    task = {**named(sim, ids, by_query), "only_from": ["open", "in-progress"]}
    held(sim, kibana, task, ids, "it is acknowledged, and only_from is open, in-progress")


@pytest.mark.parametrize("who", ["uid", "name"])
def test_only_assigned_to(sim: Simulator, kibana: Params, by_query: bool, who: str) -> None:
    (amira, name), (bruno, _name) = sim.kibana.users[:2]
    ids = [sim.kibana.add_alert(**assigned(*users)) for users in ([amira, bruno], [amira])]
    task = {**named(sim, ids, by_query), "only_assigned_to": [" " + (amira if who == "uid" else name)]}
    # Who may have it is not named among those who are in the way.
    shown = amira if who == "uid" else name
    held(sim, kibana, task, ids, f"{bruno} has it, and only_assigned_to is {shown}", exactly=True)


def test_only_what_nobody_has(sim: Simulator, kibana: Params, by_query: bool) -> None:
    uid = sim.kibana.users[0][0]
    ids = [sim.kibana.add_alert(**assigned(*users)) for users in ([uid], [])]
    task = {**named(sim, ids, by_query), "only_assigned_to": [""]}
    held(sim, kibana, task, ids, f"{uid} has it, and only_assigned_to is nobody")


def test_several_who_may_have_it(sim: Simulator, kibana: Params, by_query: bool) -> None:
    (amira, _name), (bruno, _name), (greta, _name) = sim.kibana.users
    ids = [sim.kibana.add_alert(**assigned(*users)) for users in ([greta], [bruno, amira])]
    task = {**named(sim, ids, by_query), "only_assigned_to": ["amira", bruno, ""]}
    held(sim, kibana, task, ids, f"{greta} has it")


@pytest.mark.parametrize("legacy", [False, True])
def test_protect_severity(sim: Simulator, kibana: Params, by_query: bool, legacy: bool) -> None:
    ids = [sim.kibana.add_alert(legacy=legacy) for _each in range(2)]
    for key, severity in zip(ids, ("critical", "low")):
        document = sim.kibana.alerts()[key]
        document.update(
            {"signal": {"status": "open", "rule": {"severity": severity}}} if legacy else {SEVERITY: severity}
        )
    task = {**named(sim, ids, by_query), "protect_severity": ["high", "critical"]}
    held(sim, kibana, task, ids, "its severity is critical, which protect_severity keeps from being closed")


UID, OTHER = "u_jane.doe@example.com_es", "u_1782345678_cloud"
RULE = "kibana.alert.rule.name"
FROM: Params = {"only_from": ["open", "in-progress"]}
ONE: Params = {"only_assigned_to": [UID]}
NOBODY: Params = {"only_assigned_to": [""]}
SEVERE: Params = {"protect_severity": ["high", "critical"]}
UNTOLD = "the service does not say who has it"
#: Each guard, the alert's field as it is stored, and why the alert is left alone; None where it is written.
CELLS: list[tuple[Params, Params, str | None]] = [
    (FROM, {STATUS: "open"}, None),
    (FROM, {STATUS: "in-progress"}, None),
    (FROM, {STATUS: "acknowledged"}, "it is acknowledged, and only_from is open, in-progress"),
    (FROM, {STATUS: "Open"}, "it is Open, and only_from is open, in-progress"),
    (FROM, {STATUS: "reopened"}, "it is reopened, and only_from is open, in-progress"),
    (ONE, {ASSIGNEES: [UID]}, None),
    (ONE, {ASSIGNEES: UID}, None),
    (ONE, {ASSIGNEES: [UID.replace("u_jane", "u_Jane")]}, None),
    (ONE, {ASSIGNEES: [OTHER]}, f"{OTHER} has it, and only_assigned_to is {UID}"),
    (ONE, {ASSIGNEES: [UID, OTHER]}, f"{OTHER} has it"),
    (ONE, {ASSIGNEES: [f"{UID}x"]}, f"{UID}x has it"),
    (ONE, {ASSIGNEES: [UID.replace("s", "\u017f")]}, f"has it, and only_assigned_to is {UID}"),
    (ONE, {ASSIGNEES: [""]}, " has it"),
    (ONE, {ASSIGNEES: []}, "nobody has it"),
    (ONE, {ASSIGNEES: None}, "nobody has it"),
    (ONE, {ASSIGNEES: 5}, "the service does not say who has it"),
    (ONE, {ASSIGNEES: {"uid": UID}}, "the service does not say who has it"),
    (ONE, {ASSIGNEES: [UID, 5]}, "the service does not say who has it"),
    (NOBODY, {ASSIGNEES: []}, None),
    (NOBODY, {ASSIGNEES: None}, None),
    (NOBODY, {ASSIGNEES: [OTHER]}, f"{OTHER} has it, and only_assigned_to is nobody"),
    (NOBODY, {ASSIGNEES: [""]}, " has it"),
    (NOBODY, {ASSIGNEES: 5}, "the service does not say who has it"),
    (NOBODY, {ASSIGNEES: {"uid": UID}}, "the service does not say who has it"),
    (NOBODY, {ASSIGNEES: [None]}, "the service does not say who has it"),
    (SEVERE, {SEVERITY: "low"}, None),
    (SEVERE, {SEVERITY: "medium"}, None),
    (SEVERE, {SEVERITY: "critical"}, "its severity is critical, which protect_severity keeps from being closed"),
    (SEVERE, {SEVERITY: "Critical"}, "its severity is Critical, an unknown word"),
    (SEVERE, {SEVERITY: "urgent"}, "its severity is urgent, an unknown word"),
    (SEVERE, {SEVERITY: "low "}, "an unknown word"),
    (SEVERE, {SEVERITY: None}, "its severity is not known"),
    (SEVERE, {SEVERITY: ""}, "its severity is not known"),
    (SEVERE, {SEVERITY: 5}, "its severity is not known"),
    (SEVERE, {SEVERITY: ["low"]}, "its severity is not known"),
    # The field of before 8.0 does not speak for that of today.
    (SEVERE, {SEVERITY: ["critical"], "signal.rule.severity": "low"}, "its severity is not known"),
    (SEVERE, {SEVERITY: 5, "signal.rule.severity": "low"}, "its severity is not known"),
    (SEVERE, {SEVERITY: "", "signal.rule.severity": "low"}, "its severity is not known"),
    # What is told twice has to be told alike.
    (SEVERE, {SEVERITY: "low", "signal.rule.severity": "low"}, None),
    (SEVERE, {SEVERITY: "low", "signal": {"rule": {"severity": "low"}}}, None),
    (SEVERE, {SEVERITY: "low", "signal.rule.severity": "critical"}, "its severity is not known"),
    (SEVERE, {SEVERITY: "low", "signal": {"rule": {"severity": "critical"}}}, "its severity is not known"),
    (SEVERE, {SEVERITY: "low", "signal.rule.severity": ["low"]}, "its severity is not known"),
    (SEVERE, {SEVERITY: "low", "kibana": {"alert": {"severity": "critical"}}}, "its severity is not known"),
    (SEVERE, {SEVERITY: "low", "kibana.alert": {"severity": "critical"}}, "its severity is not known"),
    (SEVERE, {SEVERITY: "low", "kibana": {"alert.severity": "critical"}}, "its severity is not known"),
    (SEVERE, {SEVERITY: "low", "kibana": {"alert": {"severity": "low"}}}, None),
    (FROM, {STATUS: "open", "signal": {"status": "open"}}, None),
    (FROM, {STATUS: "open", "signal": {"status": "in-progress"}}, "it is in an unknown status"),
    (FROM, {STATUS: "open", "kibana": {"alert": {"workflow_status": "acknowledged"}}}, "it is in an unknown status"),
    (NOBODY, {ASSIGNEES: [], "kibana": {"alert": {"workflow_assignee_ids": [OTHER]}}}, UNTOLD),
    (ONE, {ASSIGNEES: [UID], "kibana": {"alert": {"workflow_assignee_ids": [OTHER]}}}, UNTOLD),
]


@pytest.mark.parametrize(("guard", "stored", "said"), CELLS, ids=str)
def test_every_guard_with_every_kind_of_value(
    sim: Simulator, kibana: Params, by_query: bool, guard: Params, stored: Params, said: str | None
) -> None:
    """Only what Kibana itself writes lets an alert through: what is missing, odd or in another word does not."""
    harmless = {STATUS: "open", SEVERITY: "low", ASSIGNEES: [] if guard is NOBODY else [UID]}
    ids = [sim.kibana.add_alert(**fields) for fields in ({**harmless, **stored}, harmless)]
    task = {**named(sim, ids, by_query), **guard}
    if said is None:
        assert set(changed(run(kibana, **task))) == set(ids)
        return
    for check in (True, False):
        result = run(kibana, **task, check=check)
        fails_unwritten(sim, result, said)
        assert result["error"]["kind"] == "guarded"
    result = run(kibana, **task, on_guard="skip")
    assert changed(result) == [ids[1]]
    assert said in by_id(result)[ids[0]]["skipped"]
    assert not sim.kibana.writes_of(ids[0])


#: Tasks that close nothing, by module.
OTHERS: dict[str, Params] = {
    "kibana_alert_tags": {"tags": ["noise"]},
    "kibana_alert_assignees": {"assignees": ["u_greta_0"]},
    "alert_note": {"provider": "kibana", "text": "Seen."},
}


@pytest.mark.parametrize("module", OTHERS)
@pytest.mark.parametrize(("guard", "stored", "said"), CELLS, ids=str)
def test_every_guard_of_those_that_close_nothing(
    sim: Simulator, kibana: Params, module: str, guard: Params, stored: Params, said: str | None
) -> None:
    """The same, but for the severity, which keeps an alert from being closed and from nothing else."""
    key = sim.kibana.add_alert(
        **{STATUS: "open", SEVERITY: "low", ASSIGNEES: [] if guard is NOBODY else [UID], **stored}
    )
    task: Params = {**kibana, "alert_ids": [key], **OTHERS[module], **guard, "retries": 0}
    check, real = (run_module(module, task, check=one) for one in (True, False))
    assert check["changed"] == real["changed"]
    if said is None or guard is SEVERE:
        assert real["changed"]
        return
    fails_unwritten(sim, real)
    assert check["msg"] == real["msg"]
    if module != "kibana_alert_assignees" or real["error"]["kind"] == "guarded":
        assert said in real["msg"]
        assert said in by_id(run_module(module, {**task, "on_guard": "skip"}))[key]["skipped"]
    assert not sim.log.writes()


@pytest.mark.parametrize("guard", [ONE, NOBODY], ids=str)
def test_a_field_that_is_not_there_is_nobody(sim: Simulator, kibana: Params, guard: Params) -> None:
    """Kibana's own form of nobody: an empty list, or no field at all."""
    key = sim.kibana.add_alert()
    del sim.kibana.alerts()[key][ASSIGNEES]
    result = run(kibana, alert_ids=[key], **guard, on_guard="skip")
    assert by_id(result)[key].get("skipped") == (
        f"nobody has it, and only_assigned_to is {UID}" if guard is ONE else None
    )


@pytest.mark.parametrize("module", ["kibana_alert_tags", "kibana_alert_assignees"])
@pytest.mark.parametrize("odd", [None, 5, ["open"]], ids=str)
def test_a_status_that_is_not_known_is_not_among_those_of_only_from(
    sim: Simulator, kibana: Params, module: str, odd: t.Any
) -> None:
    """Tags and assignees do not need a status, but this guard does."""
    stored: list[dict[str, t.Any]] = [{STATUS: odd}, {STATUS: "open"}]
    ids = [sim.kibana.add_alert(**fields) for fields in stored]
    entries = {"tags": ["noise"]} if module == "kibana_alert_tags" else {"assignees": [UID]}
    task: Params = {**kibana, "alert_ids": ids, **entries, "only_from": ["open"], "retries": 0}
    fails_unwritten(sim, run_module(module, task), "it is in an unknown status, and only_from is open")
    result = run_module(module, {**task, "on_guard": "skip"})
    assert changed(result) == [ids[1]]


@pytest.mark.parametrize("odd", [5, ["acknowledged"], ""], ids=str)
def test_the_status_of_before_8_does_not_speak_for_that_of_today(sim: Simulator, kibana: Params, odd: t.Any) -> None:
    key = sim.kibana.add_alert(**{STATUS: odd, "signal.status": "open"})
    result = run(kibana, alert_ids=[key], only_from=["open"], retries=0)
    fails_unwritten(sim, result, "has no status, so it cannot be changed")


def test_a_protected_severity_may_be_acknowledged(sim: Simulator, kibana: Params) -> None:
    key = sim.kibana.add_alert(**CRITICAL)
    task = {**kibana, "alert_ids": [key], "status": "acknowledged", "protect_severity": ["critical"]}
    assert four_runs(sim, NAME, task).real["changed"]


def test_what_is_as_it_should_be_is_in_nobodys_way(sim: Simulator, kibana: Params) -> None:
    key = sim.kibana.add_alert("closed", **CRITICAL, **assigned(sim.kibana.users[0][0]))
    guards = {"only_from": ["open"], "only_assigned_to": [""], "protect_severity": ["critical"]}
    four_runs(sim, NAME, {**kibana, "alert_ids": [key], "status": "closed", **guards})


def test_what_a_query_has_found_is_read_again_just_before_the_write(sim: Simulator, kibana: Params) -> None:
    ids = [sim.kibana.add_alert(**NOISY) for _each in range(3)]
    taken = {STATUS: "acknowledged"}
    sim.faults.add(Meanwhile(lambda entry: sim.kibana.alerts()[ids[1]].update(taken), path="search", nth=3))
    result = run(kibana, query=NOISE, only_from=["open"], on_guard="skip")
    assert set(changed(result)) == {ids[0], ids[2]}
    assert by_id(result)[ids[1]]["skipped"] == "it is acknowledged, and only_from is open"
    assert [entry.is_write for entry in sim.log] == [False, False, False, True, False]


def test_without_a_guard_it_is_not(sim: Simulator, kibana: Params) -> None:
    sim.kibana.add_alert(**NOISY)
    run(kibana, query=NOISE)
    assert [entry.is_write for entry in sim.log] == [False, False, True, False]
    assert SEVERITY not in sim.log[1].body["_source"]


def test_who_takes_an_alert_after_a_lost_write_keeps_it(sim: Simulator, kibana: Params) -> None:
    """A write of which nobody knows what became is sent again only where no guard is in the way by then."""
    key, uid = sim.kibana.add_alert(), sim.kibana.users[0][0]
    sim.faults.add(Fault(status=503, writes=True))
    taken = Meanwhile(lambda entry: sim.kibana.alerts()[key].update({ASSIGNEES: [uid]}), path="search", nth=2)
    sim.faults.add(taken)
    result = run(kibana, alert_ids=[key], only_assigned_to=[""])
    assert "Not tried again" in result["msg"]
    assert len(sim.log.writes()) == 1
    assert sim.kibana.alerts()[key][STATUS] == "open"


@pytest.mark.parametrize(
    ("guards", "said"),
    [
        ({"only_from": ["opened"]}, "only_from has 'opened' in it"),
        ({"protect_severity": ["info"]}, "protect_severity has 'info' in it"),
        ({"only_assigned_to": ["zoe", "amira"]}, "only_assigned_to: there is no user called 'zoe'"),
    ],
)
def test_guards_that_make_no_sense(sim: Simulator, kibana: Params, guards: Params, said: str) -> None:
    fails_unwritten(sim, run(kibana, alert_ids=[sim.kibana.add_alert()], **guards), said)
    assert not sim.log.select(path="signals/")


# The number of alerts


def test_expected_count_is_of_all_that_match(sim: Simulator, kibana: Params) -> None:
    """So that a second run, which finds all of them closed, does not fail."""
    for status in ("open", "open", "closed", "acknowledged"):
        sim.kibana.add_alert(status, **NOISY)
    runs = four_runs(sim, NAME, {**kibana, "query": NOISE, "status": "closed", "expected_count": 4})
    assert (runs.real["matched"], runs.again["matched"]) == (3, 0)
    # The count of all alerts, the search, and one request more, which shows nothing but a number.
    assert [entry.body.get("size") for entry in runs.requests] == [0, 100, 0, None, 6]


@pytest.mark.parametrize("check", [True, False])
@pytest.mark.parametrize("expected", [0, 2, 4])
def test_another_number_is_an_error(sim: Simulator, kibana: Params, expected: int, check: bool) -> None:
    for status in ("open", "open", "closed"):
        sim.kibana.add_alert(status, **NOISY)
    result = run(kibana, query=NOISE, expected_count=expected, check=check)
    fails_unwritten(sim, result, f"matches 3 alerts, and expected_count is {expected}")


def test_the_total_of_a_count_must_be_told(sim: Simulator, kibana: Params) -> None:
    sim.kibana.add_alert(**NOISY)
    sim.faults.add(Fault("merge", path="search", nth=3, count=None, body={"hits": {"total": None}}))
    fails_unwritten(sim, run(kibana, query=NOISE, expected_count=1, retries=0), "does not say how many alerts match")


@pytest.mark.parametrize("name", ["expected_count", "runtime_mappings", "conflicts"])
def test_what_goes_only_with_a_query(sim: Simulator, kibana: Params, name: str) -> None:
    given: Params = {"runtime_mappings": {"day": {"type": "keyword"}}, "conflicts": "proceed"}
    result = run(kibana, alert_ids=[sim.kibana.add_alert()], **{name: given.get(name, 1)})
    fails_unwritten(sim, result, name)
    assert not sim.log


def test_no_count_makes_good_for_alerts_that_were_found(sim: Simulator, kibana: Params) -> None:
    """Two of five match no more when they are counted; three are as expected, but they are not what was found."""
    name = "kibana.alert.rule.name"
    alerts = [sim.kibana.alerts()[sim.kibana.add_alert(**NOISY)] for _number in range(5)]

    def leave(_entry: Entry) -> None:
        for alert in alerts[:2]:
            alert[name] = "Signal"

    sim.faults.add(Meanwhile(leave, path="signals/search$", nth=3))
    result = run(kibana, query={"term": {name: "Noise"}}, expected_count=3)
    fails_unwritten(sim, result, "matches 5 alerts, and expected_count is 3")


def twice(sim: Simulator, severity: str) -> list[str]:
    """The ids of two alerts; a search shows the first one again, with this severity, where the other one should be."""
    when = ("2026-03-01T00:00:00.000Z", "2026-03-01T00:00:01.000Z")
    ids = [sim.kibana.add_alert(**{SEVERITY: "low", "@timestamp": time, **NOISY}) for time in when]
    hits = [{}, {"_id": ids[0], "_source": {SEVERITY: severity}}]
    sim.faults.add(Fault("merge", path="signals/search$", nth=2, body={"hits": {"hits": hits}}))
    return ids


def test_two_of_one_id_that_stand_differently_are_not_written(sim: Simulator, kibana: Params) -> None:
    """What is written goes to both, and a guard may have seen only one of them."""
    ids = twice(sim, "critical")
    result = run(kibana, query=NOISE, protect_severity=["critical"], on_guard="skip", retries=0)
    fails_unwritten(sim, result, f"two alerts with the id {ids[0]}")


def test_two_of_one_id_that_are_alike_are_one(sim: Simulator, kibana: Params) -> None:
    ids = twice(sim, "low")
    result = run(kibana, check=True, query=NOISE, protect_severity=["critical"])
    assert changed(result) == ids
    # Read by their ids, two of one do not keep another one out.
    assert list(sim.log)[-1].body["size"] == 4
