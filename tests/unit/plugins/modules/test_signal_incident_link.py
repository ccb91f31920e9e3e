# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.secops.triage.tests.simulator import Fault, Simulator
from ansible_collections.secops.triage.tests.unit.harness import (
    Meanwhile,
    Params,
    by_id,
    counts_of,
    four_runs,
    rows,
    run_module,
)

MINE, OTHER, THIRD = 4100, 4101, 4102
LINK = r"/api/v1/security_analytics/signals/[^/]+/add_to_incident$"
LIST = r"/api/v2/security_monitoring/signals/[^/]+/incidents$"


@pytest.fixture
def link(datadog: Params) -> Params:
    return {**datadog, "incident_id": MINE, "retries": 2}


@pytest.mark.versions
def test_links_only_what_is_not_linked(sim: Simulator, link: Params) -> None:
    free = sim.datadog.add_signal()
    other = sim.datadog.add_signal(incident_ids=[OTHER])
    linked = sim.datadog.add_signal(incident_ids=[OTHER, MINE])
    ids = [free.id, other.id, linked.id]
    runs = four_runs(sim, "signal_incident_link", {**link, "signal_ids": ids})
    assert [(row["changed"], row["incident_ids"]) for row in rows(runs.real)] == [
        (True, [MINE]),
        (True, [OTHER, MINE]),
        (False, [OTHER, MINE]),
    ]
    assert set(rows(runs.real)[0]) == {"id", "changed", "incident_ids"}
    assert sim.datadog.writes_of(linked.id) == 0
    assert free.incident_ids == [MINE]


def test_present_is_the_default_and_sends_only_the_incident(sim: Simulator, link: Params) -> None:
    signal_id = sim.datadog.add_signal().id
    sim.log.clear()
    run_module("signal_incident_link", {**link, "signal_ids": signal_id})
    (write,) = sim.log.writes()
    assert write.method == "PATCH"
    assert write.path.endswith(f"/api/v1/security_analytics/signals/{signal_id}/add_to_incident")
    assert write.body == {"incident_id": MINE}
    assert [entry.is_write for entry in sim.log] == [False, True, False], "read, link, confirm by reading"


@pytest.mark.parametrize("timeline", [True, False])
def test_timeline_is_sent_when_linking(sim: Simulator, link: Params, timeline: bool) -> None:
    ids = [sim.datadog.add_signal().id, sim.datadog.add_signal(incident_ids=[MINE]).id]
    params = {**link, "signal_ids": ids, "add_to_signal_timeline": timeline}
    runs = four_runs(sim, "signal_incident_link", params)
    assert [row["changed"] for row in rows(runs.real)] == [True, False]
    sim.datadog.signals[ids[0]].incident_ids = []
    sim.log.clear()
    run_module("signal_incident_link", params)
    assert [entry.body for entry in sim.log.writes()] == [{"incident_id": MINE, "add_to_signal_timeline": timeline}]


@pytest.mark.parametrize("timeline", [True, False])
def test_timeline_is_not_sent_when_unlinking(sim: Simulator, link: Params, timeline: bool) -> None:
    signal_id = sim.datadog.add_signal(incident_ids=[MINE]).id
    params = {**link, "signal_ids": signal_id, "state": "absent", "add_to_signal_timeline": timeline}
    sim.log.clear()
    run_module("signal_incident_link", params)
    assert [entry.body for entry in sim.log.writes()] == [{"data": {"attributes": {"incident_ids": []}}}]


def test_absent_keeps_the_other_incidents(sim: Simulator, link: Params) -> None:
    linked = {
        name: sim.datadog.add_signal(incident_ids=ids)
        for name, ids in {"all": [OTHER, MINE, THIRD], "one": [MINE], "other": [OTHER], "none": []}.items()
    }
    ids = [signal.id for signal in linked.values()]
    runs = four_runs(sim, "signal_incident_link", {**link, "signal_ids": ids, "state": "absent"})
    assert [(row["changed"], row["incident_ids"]) for row in rows(runs.real)] == [
        (True, [OTHER, THIRD]),
        (True, []),
        (False, [OTHER]),
        (False, []),
    ]
    assert linked["all"].incident_ids == [OTHER, THIRD]


def test_absent_keeps_an_incident_that_somebody_adds_meanwhile(sim: Simulator, link: Params) -> None:
    signal = sim.datadog.add_signal(incident_ids=[MINE])
    sim.faults.add(Meanwhile(lambda _entry: signal.incident_ids.append(OTHER), method="GET", nth=2))
    result = run_module("signal_incident_link", {**link, "signal_ids": signal.id, "state": "absent"})
    assert not result.get("failed"), result["msg"]
    assert signal.incident_ids == [OTHER]
    assert rows(result)[0]["incident_ids"] == [OTHER]


def test_absent_reads_each_list_just_before_it_is_written(sim: Simulator, link: Params) -> None:
    """Of many signals, too: as many are read and then written as go out at once."""
    signals = [sim.datadog.add_signal(incident_ids=[MINE]) for _each in range(7)]
    sim.faults.add(Meanwhile(lambda _entry: signals[-1].incident_ids.append(OTHER), writes=True, nth=6))
    params = {**link, "signal_ids": [signal.id for signal in signals], "state": "absent", "concurrency": 2}
    sim.log.clear()
    result = run_module("signal_incident_link", params)
    assert result["counts"]["changed"] == 7
    assert [signal.incident_ids for signal in signals] == [[]] * 6 + [[OTHER]]
    assert rows(result)[-1]["incident_ids"] == [OTHER]
    methods = "".join(entry.method[0] for entry in sim.log)
    assert methods == "G" * 7 + "GGPP" * 3 + "GP"


@pytest.mark.parametrize("times", [1, 2])
def test_absent_reads_the_list_again_after_it_was_told_to_wait(sim: Simulator, link: Params, times: int) -> None:
    """A service may ask to wait for a minute, and the list of before would take away what was linked in that time."""
    signal = sim.datadog.add_signal(incident_ids=[MINE])
    sim.faults.add(Meanwhile(lambda _entry: signal.incident_ids.append(OTHER), writes=True, nth=times))
    sim.faults.add(Fault(status=429, wait_form="retry_after", wait=0.2, writes=True, count=times))
    result = run_module("signal_incident_link", {**link, "signal_ids": signal.id, "state": "absent"})
    assert not result.get("failed"), result["msg"]
    assert rows(result)[0]["incident_ids"] == signal.incident_ids == [OTHER]


def test_present_reports_an_incident_that_somebody_adds_meanwhile(sim: Simulator, link: Params) -> None:
    signal = sim.datadog.add_signal()
    sim.faults.add(Meanwhile(lambda _entry: signal.incident_ids.append(OTHER), path=LINK))
    result = run_module("signal_incident_link", {**link, "signal_ids": signal.id})
    assert not result.get("failed"), result["msg"]
    assert rows(result)[0]["incident_ids"] == signal.incident_ids == [OTHER, MINE]


def test_absent_leaves_alone_what_somebody_else_unlinks_meanwhile(sim: Simulator, link: Params) -> None:
    signal = sim.datadog.add_signal(incident_ids=[OTHER, MINE])
    sim.faults.add(Meanwhile(lambda _entry: signal.incident_ids.remove(MINE), method="GET", nth=2))
    result = run_module("signal_incident_link", {**link, "signal_ids": signal.id, "state": "absent"})
    assert not result.get("failed"), result["msg"]
    assert not sim.log.writes()
    assert rows(result)[0]["incident_ids"] == [OTHER]


def test_an_incident_that_is_listed_twice(sim: Simulator, link: Params) -> None:
    signal = sim.datadog.add_signal(incident_ids=[MINE, OTHER, MINE])
    runs = four_runs(sim, "signal_incident_link", {**link, "signal_ids": signal.id})
    assert not runs.real["changed"]
    runs = four_runs(sim, "signal_incident_link", {**link, "signal_ids": signal.id, "state": "absent"})
    assert signal.incident_ids == [OTHER]


@pytest.mark.parametrize("lag", [1, 2])
def test_a_read_that_lags_behind_brings_no_second_write(sim: Simulator, link: Params, lag: int) -> None:
    sim.settings.datadog.incident_lag_reads = lag
    signal = sim.datadog.add_signal(incident_ids=[OTHER])
    result = run_module("signal_incident_link", {**link, "signal_ids": signal.id})
    assert not result.get("failed"), result["msg"]
    assert rows(result)[0]["incident_ids"] == [OTHER, MINE]
    assert len(sim.log.writes()) == 1


def test_a_link_that_never_shows_is_a_failure_but_no_second_write(sim: Simulator, link: Params) -> None:
    sim.settings.datadog.incident_lag_reads = 99
    signal = sim.datadog.add_signal(incident_ids=[OTHER])
    result = run_module("signal_incident_link", {**link, "signal_ids": signal.id, "retries": 1})
    assert result["failed"]
    assert f"incident_ids is [{OTHER}] where [{OTHER}, {MINE}] was asked for" in result["msg"]
    assert len(sim.log.writes()) == 1


def test_no_hit_is_a_failure_where_the_link_does_not_show(sim: Simulator, link: Params) -> None:
    signal = sim.datadog.add_signal()
    sim.faults.add(Fault("status", path=LINK, status=200, body={"status": "done", "hitCount": 0}))
    result = run_module("signal_incident_link", {**link, "signal_ids": signal.id, "retries": 1})
    assert result["failed"]
    assert rows(result)[0]["changed"] is None, "its counters are no proof"
    assert "no signal was hit (hitCount 0)" in result["msg"]
    assert result["error"]["path"].endswith("/add_to_incident")
    assert len(sim.log.writes()) == 1


def test_no_hit_is_believed_less_than_the_link_that_shows(sim: Simulator, link: Params) -> None:
    sim.settings.datadog.hit_count = 0
    signal = sim.datadog.add_signal()
    result = run_module("signal_incident_link", {**link, "signal_ids": signal.id, "retries": 1})
    assert not result.get("failed"), result["msg"]
    assert result["changed"]
    assert rows(result)[0]["incident_ids"] == [MINE]


@pytest.mark.parametrize("state", ["present", "absent"])
@pytest.mark.parametrize("action", ["close", "reset", "html", "empty", "status"])
def test_a_write_whose_answer_is_lost_is_not_repeated(sim: Simulator, link: Params, state: str, action: str) -> None:
    signal = sim.datadog.add_signal(incident_ids=[OTHER] if state == "present" else [OTHER, MINE])
    sim.faults.add(Fault(action, writes=True, when="after"))
    result = run_module("signal_incident_link", {**link, "signal_ids": signal.id, "state": state})
    assert not result.get("failed"), result["msg"]
    assert result["changed"]
    assert signal.incident_ids == ([OTHER, MINE] if state == "present" else [OTHER])
    assert len(sim.log.writes()) == 1


def test_an_unlinking_that_was_lost_is_sent_again_after_a_read(sim: Simulator, link: Params) -> None:
    signal = sim.datadog.add_signal(incident_ids=[MINE])
    sim.faults.add(Fault("close", writes=True, when="before"))
    result = run_module("signal_incident_link", {**link, "signal_ids": signal.id, "state": "absent"})
    assert not result.get("failed"), result["msg"]
    assert sim.datadog.writes_of(signal.id) == 1
    assert len(sim.log.writes()) == 2


def test_a_link_that_was_lost_is_not_sent_again(sim: Simulator, link: Params) -> None:
    signal = sim.datadog.add_signal()
    sim.faults.add(Fault("close", writes=True, when="before"))
    result = run_module("signal_incident_link", {**link, "signal_ids": signal.id})
    assert rows(result)[0]["changed"] is None
    assert len(sim.log.writes()) == 1


@pytest.mark.parametrize("state", ["present", "absent"])
@pytest.mark.parametrize("status", [400, 409])
def test_a_version_conflict_names_both(sim: Simulator, link: Params, state: str, status: int) -> None:
    sim.settings.datadog.conflict_status = status
    signal = sim.datadog.add_signal(version=9, incident_ids=[] if state == "present" else [MINE])
    result = run_module("signal_incident_link", {**link, "signal_ids": signal.id, "state": state, "version": 4})
    assert result["failed"]
    assert not result["changed"]
    assert result["error"]["status"] == status
    assert "version 4 was sent, and the signal is at version 9" in result["error"]["hint"]


@pytest.mark.parametrize("state", ["present", "absent"])
def test_version_is_sent_only_as_given(sim: Simulator, link: Params, state: str) -> None:
    signals = [
        sim.datadog.add_signal(version=9, incident_ids=[] if state == "present" else [MINE]) for dummy in range(2)
    ]
    for signal, version in zip(signals, ({}, {"version": 9})):
        params = {**link, "signal_ids": signal.id, "state": state, **version}
        assert four_runs(sim, "signal_incident_link", params).real["changed"]
        signal.incident_ids, signal.version = ([] if state == "present" else [MINE]), 9
        sim.log.clear()
        run_module("signal_incident_link", params)
        (write,) = sim.log.writes()
        body = write.body if state == "present" else write.body["data"]["attributes"]
        assert {key: value for key, value in body.items() if key == "version"} == version


@pytest.mark.parametrize("incident_id", [MINE, str(MINE), f"IR-{MINE}", f" ir-{MINE}\n", f"0{MINE}"])
def test_every_form_of_a_public_id(sim: Simulator, link: Params, incident_id: t.Any) -> None:
    signal = sim.datadog.add_signal()
    runs = four_runs(sim, "signal_incident_link", {**link, "signal_ids": signal.id, "incident_id": incident_id})
    assert rows(runs.real)[0]["incident_ids"] == signal.incident_ids == [MINE]


@pytest.mark.parametrize(
    "incident_id",
    [0, -5, 2**63, "", "IR-", "IR-0", "IR 4100", "IR-4100-1", "INC-4100", "4100.0", "1e3", "\u0664\u0661", "4100,4101"],
)
def test_what_is_no_public_id_is_refused(sim: Simulator, link: Params, incident_id: t.Any) -> None:
    signal_id = sim.datadog.add_signal().id
    result = run_module("signal_incident_link", {**link, "signal_ids": signal_id, "incident_id": incident_id})
    assert result["failed"]
    assert f"incident_id {str(incident_id)!r} is not the public id of an incident" in result["msg"]
    assert len(sim.log) == 0


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"incident_id": None}, "one of the following is required: incident_id, incident_title"),
        ({"incident_id": "4100 phishing"}, "incident_id"),
        ({"signal_ids": None}, "one of the following is required: signal_ids, query"),
        ({"state": "linked"}, "value of state must be one of: present, absent"),
        ({"signal_ids": ["../bulk/update"]}, "not the id of a signal"),
    ],
)
def test_refuses_options_before_anything_is_sent(sim: Simulator, link: Params, params: Params, said: str) -> None:
    given = {**link, "signal_ids": [sim.datadog.add_signal().id], **params}
    given = {name: value for name, value in given.items() if value is not None}
    result = run_module("signal_incident_link", given)
    assert result["failed"]
    assert said in result["msg"]
    assert len(sim.log) == 0


def test_an_unknown_incident_is_told_by_every_signal(sim: Simulator, link: Params) -> None:
    ids = [sim.datadog.add_signal().id for dummy in range(3)]
    result = run_module("signal_incident_link", {**link, "signal_ids": ids, "incident_id": 999})
    assert result["failed"]
    assert not result["changed"]
    assert all("Incident not found" in row["error"]["message"] for row in rows(result))


def test_an_unknown_signal_fails_and_nothing_is_written(sim: Simulator, link: Params) -> None:
    ids = [sim.datadog.add_signal().id, "AQAAAunknown"]
    result = run_module("signal_incident_link", {**link, "signal_ids": ids})
    assert result["failed"]
    assert by_id(result)["AQAAAunknown"]["error"]["status"] == 404
    assert not sim.log.writes()


def test_one_locked_signal_does_not_keep_the_others_from_it(sim: Simulator, link: Params) -> None:
    locked = sim.datadog.add_signal(age=31 * 86400).id
    fine = sim.datadog.add_signal().id
    result = run_module("signal_incident_link", {**link, "signal_ids": [locked, fine]})
    assert result["failed"]
    assert result["changed"]
    assert result["counts"] == counts_of(2, changed=1, failed=1)
    assert "older than 30 days" in by_id(result)[locked]["error"]["message"]
    assert by_id(result)[fine]["incident_ids"] == [MINE]


def test_repeated_ids_and_an_empty_list(sim: Simulator, link: Params) -> None:
    signal = sim.datadog.add_signal()
    runs = four_runs(sim, "signal_incident_link", {**link, "signal_ids": [signal.id, signal.id]})
    assert len(rows(runs.real)) == 1
    assert sim.datadog.writes_of(signal.id) == 1
    four_runs(sim, "signal_incident_link", {**link, "signal_ids": []})
    assert len(sim.log) == 0
