# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The titles of alerts, in rows and in the headers of diffs: people know alerts by them, and attackers write them."""

from __future__ import annotations

import dataclasses
import re
import typing as t

import pytest

from ansible_collections.secops.triage.plugins.module_utils._core.text import has_control_characters
from ansible_collections.secops.triage.tests.simulator import Fault, Simulator
from ansible_collections.secops.triage.tests.simulator.seeds import Scene
from ansible_collections.secops.triage.tests.unit.harness import Params, Result, four_runs, run_module

#: What a terminal would act on, a line that looks like another header, a template, and more than a line can hold.
HOSTILE = f"Scan\r\x1b[2K\x00\u202e\n+++ after: other\u2028\tof  {{{{ 7 * 7 }}}} {'x' * 500}"


@dataclasses.dataclass(frozen=True)
class Case:
    """A task that changes an alert, and the requests that it takes, in order."""

    module: str
    platform: str
    options: Params
    requests: list[str]
    info: str
    info_options: Params = dataclasses.field(default_factory=dict)

    @property
    def ids(self) -> str:
        return "signal_ids" if self.platform == "datadog" else "alert_ids"


def alert_case(module: str, provider: str, options: Params, requests: list[str]) -> Case:
    """A task of a module of several providers."""
    return Case(module, provider, {"provider": provider, **options}, requests, "alert_info", {"provider": provider})


CASES = {
    "signal_state": Case("signal_state", "datadog", {"state": "under_review"}, ["GET", "PATCH"], "signal_info"),
    # The answer never shows the link, so it is looked at.
    "link": Case("signal_incident_link", "datadog", {"incident_id": 4100}, ["GET", "PATCH", "GET"], "signal_info"),
    "status": Case(
        "kibana_alert_status", "kibana", {"status": "closed"}, ["search", "status", "search"], "kibana_alert_info"
    ),
    "tags": Case("kibana_alert_tags", "kibana", {"tags": ["a"]}, ["search", "tags", "search"], "kibana_alert_info"),
    "assignees": Case(
        "kibana_alert_assignees",
        "kibana",
        {"assignees": ["u_1_0"]},
        ["search", "assignees", "search"],
        "kibana_alert_info",
    ),
    "kibana_note": Case(
        "alert_note", "kibana", {"provider": "kibana", "text": "Seen."}, ["search", "GET", "PATCH"], "kibana_alert_info"
    ),
    "security_deck": alert_case("alert_update", "security_deck", {"status": "RESOLVED"}, ["GET", "PATCH"]),
    "security_deck_note": alert_case(
        "alert_note",
        "security_deck",
        {"text": "Seen.", "only_from": ["OPEN"]},
        ["GET", "GET", "POST"],
    ),
    "calseta": alert_case("alert_update", "calseta", {"severity": "High", "status": "Triaging"}, ["GET", "PATCH"]),
    "calseta_note": alert_case(
        "alert_note", "calseta", {"text": "Seen.", "only_from": ["Open"]}, ["GET", "GET", "POST"]
    ),
}


def add_alert(sim: Simulator, platform: str, title: str) -> str:
    """A new alert with this title. Its id."""
    scene = Scene(title, "low", "scanner", "", "web-01", "", "", "", (), 60.0)
    if platform == "datadog":
        signal = sim.datadog.add_signal(age=60)
        signal.scene = scene
        return signal.id
    if platform == "kibana":
        return sim.kibana.add_alert(scene=scene)
    account: t.Any = getattr(sim, platform)
    alert = account.add_alert(scene)
    return str(alert.id if platform == "security_deck" else alert.uuid)


def row_of(result: Result) -> Result:
    assert not result.get("failed"), result["msg"]
    (row,) = result["signals"] if "signals" in result else result["alerts"]
    return t.cast(Result, row)


@pytest.fixture(params=list(CASES.values()), ids=list(CASES))
def case(request: pytest.FixtureRequest, sim: Simulator) -> Case:
    sim.settings.security_deck.operation_seconds = 0
    return t.cast(Case, request.param)


@pytest.fixture
def connection(case: Case, request: pytest.FixtureRequest) -> Params:
    return t.cast(Params, request.getfixturevalue(case.platform))


@pytest.mark.versions
@pytest.mark.parametrize("title", ["Port scan", HOSTILE], ids=["usual", "hostile"])
def test_rows_and_diffs_tell_the_title(sim: Simulator, case: Case, connection: Params, title: str) -> None:
    """In rows it is what an info module shows; in a header it is a part of one line, after the id."""
    alert_id = add_alert(sim, case.platform, title)
    shown = row_of(run_module(case.info, {**connection, **case.info_options, case.ids: alert_id}))["title"]
    runs = four_runs(sim, case.module, {**connection, **case.options, case.ids: alert_id})
    assert [row_of(one)["title"] for one in (runs.check, runs.real, runs.again, runs.check_again)] == [shown] * 4
    for result in (runs.check, runs.real):
        (diff,) = result["diff"]
        header = diff["before_header"]
        assert diff["after_header"] == header
        assert header.startswith(f"{alert_id} ({title[:4]}")
        assert not has_control_characters(header)
        assert "  " not in header
        assert len(header) <= len(alert_id) + 123
        assert "title" not in {**diff["before"], **diff["after"]}


def test_a_title_takes_no_request(sim: Simulator, case: Case, connection: Params) -> None:
    alert_id = add_alert(sim, case.platform, "Port scan")
    runs = four_runs(sim, case.module, {**connection, **case.options, case.ids: alert_id})
    assert [named(entry.method, entry.path) for entry in runs.requests] == case.requests


def named(method: str, path: str) -> str:
    """What a request is called in a case."""
    call = re.search(r"/signals/(search|status|tags|assignees)$", path)
    return call[1] if call else method


def test_a_title_that_is_no_text_hinders_nothing(sim: Simulator, case: Case, connection: Params) -> None:
    alert_id = add_alert(sim, case.platform, "Port scan")
    odd: t.Any = ["Port scan"]
    bodies = {
        "datadog": {"data": {"attributes": {part: {"title": odd} for part in ("searchable", "custom", "gated")}}},
        "kibana": {
            "hits": {"hits": [{"_source": {"kibana.alert.reason": odd, "kibana.alert.rule.name": odd, "signal": None}}]}
        },
        "security_deck": {"title": odd},
        "calseta": {"data": {"title": odd}},
    }
    path = r"signals/search" if case.platform == "kibana" else rf"{alert_id}$"
    sim.faults.add(Fault("merge", path=path, writes=False, body=bodies[case.platform], count=None))
    result = run_module(case.module, {**connection, **case.options, case.ids: alert_id})
    assert result["changed"] is True
    assert row_of(result)["title"] is None
    assert result["diff"][0]["before_header"] == alert_id


QUERIES: dict[str, tuple[str, Params]] = {
    "datadog": ("signal_state", {"query": "host:web-01", "from": "now-1h", "state": "under_review"}),
    "kibana": ("kibana_alert_status", {"query": {"term": {"host.name": "web-01"}}, "status": "acknowledged"}),
    "security_deck": ("alert_update", {"query": {"filter": 'title = "Port scan"'}, "status": "IN_PROGRESS"}),
    "calseta": ("alert_update", {"query": {"source_name": ["scanner"]}, "status": "Triaging"}),
}


@pytest.mark.parametrize("platform", QUERIES)
def test_a_search_tells_titles_too(sim: Simulator, platform: str, request: pytest.FixtureRequest) -> None:
    sim.settings.security_deck.operation_seconds = 0
    connection = request.getfixturevalue(platform)
    module, options = QUERIES[platform]
    alert_id = add_alert(sim, platform, "Port scan")
    if module == "alert_update":
        options = {**options, "provider": platform}
    if platform == "security_deck":
        options = {**options, "query": {**options["query"], "sink_id": sim.security_deck.sink_id}}
    result = run_module(module, {**connection, **options, "allow_unbounded": True})
    row = row_of(result)
    assert (row["id"], row["changed"]) == (alert_id, True)
    assert row["title"].startswith("Port scan")
    assert result["diff"][0]["before_header"] == f"{alert_id} ({row['title']})"


def test_an_alert_that_does_not_exist_has_no_title(sim: Simulator, datadog: Params) -> None:
    there, gone = add_alert(sim, "datadog", "Port scan"), sim.datadog.ids()[0]
    del sim.datadog.signals[gone]
    result = run_module("signal_state", {**datadog, "signal_ids": [there, gone], "state": "archived"})
    assert result["failed"]
    assert [row["title"] for row in result["signals"]] == ["Port scan", None]


@pytest.mark.parametrize("provider", ["security_deck", "calseta"])
def test_a_note_without_guards_reads_no_alert(sim: Simulator, provider: str, request: pytest.FixtureRequest) -> None:
    sim.settings.security_deck.operation_seconds = 0
    alert_id = add_alert(sim, provider, "Port scan")
    connection = request.getfixturevalue(provider)
    options = {"provider": provider, "alert_ids": alert_id, "text": "Seen."}
    result = run_module("alert_note", {**connection, **options})
    assert row_of(result)["title"] is None
    assert result["diff"][0]["before_header"] == alert_id


def test_alerts_of_one_id_may_differ_in_their_titles(sim: Simulator, kibana: Params) -> None:
    """As there may be after a rollover of the index: whoever changes the status has the same to do with both."""
    alert_id = add_alert(sim, "kibana", "Port scan")
    source = {"kibana.alert.workflow_status": "open", "kibana.alert.reason": "Another title"}
    hits = [{}, {"_id": alert_id, "_index": "other", "_source": source}]
    sim.faults.add(Fault("merge", path="signals/search", body={"hits": {"hits": hits}}))
    result = run_module("kibana_alert_status", {**kibana, "alert_ids": alert_id, "status": "closed"}, check=True)
    assert row_of(result)["title"] == "Port scan on web-01"
