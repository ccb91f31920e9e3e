# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What every module returns, held against what it says that it returns: in success, check mode and failure."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.secops.triage.plugins.module_utils._flow.info import COMMON
from ansible_collections.secops.triage.tests.simulator import Fault, Simulator
from ansible_collections.secops.triage.tests.unit.documented import (
    MODULES,
    TYPES,
    Documented,
    Yaml,
    checked,
    documented,
)
from ansible_collections.secops.triage.tests.unit.harness import Params, run_module

UNKNOWN = "3fa85f64-5717-4562-b3fc-2c963f66afa6"
INFO = [name for name in MODULES if documented(name).info]
WRITING = [name for name in MODULES if name not in INFO]


def signal_state(sim: Simulator) -> t.Iterator[Params]:
    yield {"signal_ids": sim.datadog.ids(state="open")[:1], "state": "archived", "archive_reason": "other"}
    yield {"query": "status:(low OR medium OR high)", "from": "now-30d", "state": "under_review"}


def signal_incident_link(sim: Simulator) -> t.Iterator[Params]:
    yield {"signal_ids": sim.datadog.ids()[:1], "incident_id": sim.datadog.incident_ids[0]}
    yield {
        "query": "status:(low OR medium OR high)",
        "from": "now-30d",
        "incident_id": sim.datadog.incident_ids[1],
    }
    yield {"signal_ids": sim.datadog.ids()[:1], "incident_title": "A new one"}


def signal_info(sim: Simulator) -> t.Iterator[Params]:
    assignee = sim.datadog.user("greta@example.com").uuid
    triage: Params = {"state": "archived", "archive_reason": "other", "assignee": assignee, "incident_ids": [4100]}
    yield {"signal_ids": [sim.datadog.add_signal(state_update_timestamp=1700000000000, **triage).id]}
    yield {"query": "*"}


def kibana_alert_status(sim: Simulator) -> t.Iterator[Params]:
    yield {"alert_ids": [sim.kibana.add_alert()], "status": "closed", "reason": "duplicate"}
    yield {"query": {"match_all": {}}, "allow_unbounded": True, "status": "acknowledged"}
    yield {"kql": "kibana.alert.severity: *", "allow_unbounded": True, "status": "open"}


def kibana_alert_tags(sim: Simulator) -> t.Iterator[Params]:
    yield {"alert_ids": [sim.kibana.add_alert()], "tags": ["a", "b"]}
    yield {"query": {"exists": {"field": "host.name"}}, "allow_unbounded": True, "tags": ["c"], "state": "exact"}


def kibana_alert_assignees(sim: Simulator) -> t.Iterator[Params]:
    yield {"alert_ids": [sim.kibana.add_alert()], "assignees": ["amira"]}
    everything: Params = {"query": {"exists": {"field": "host.name"}}, "allow_unbounded": True}
    yield {**everything, "assignees": [sim.kibana.users[1][0]], "state": "exact"}


def kibana_alert_info(sim: Simulator) -> t.Iterator[Params]:
    fields: Params = {
        "kibana.alert.workflow_status_updated_at": "2026-03-01T00:00:00.000Z",
        "kibana.alert.workflow_assignee_ids": [sim.kibana.users[0][0]],
    }
    yield {"alert_ids": [sim.kibana.add_alert("closed", "duplicate", **fields)], "fields": ["host.*"]}
    yield {"query": {"match_all": {}}, "resolve_names": True}


def alert_update(sim: Simulator) -> t.Iterator[Params]:
    alert = sim.security_deck.add_alert(assignee=sim.security_deck.subjects[0], classification="TRUE_POSITIVE")
    yield {"provider": "security_deck", "alert_ids": [alert.id], "status": "RESOLVED"}
    verdict = {"malice_override": "Benign", "close_classification": "Duplicate"}
    yield {"provider": "calseta", "alert_ids": [sim.calseta.add_alert().uuid], **verdict}
    query = {"sink_id": sim.security_deck.sink_id, "filter": 'status = "OPEN"'}
    yield {"provider": "security_deck", "query": query, "classification": "UNDETERMINED"}
    yield {
        "provider": "calseta",
        "query": {"severity": ["Low", "Medium", "High"], "from_time": "2000-01-01"},
        "malice_override": "Benign",
    }


def alert_info(sim: Simulator) -> t.Iterator[Params]:
    alert = sim.security_deck.add_alert(assignee=sim.security_deck.subjects[0], classification="TRUE_POSITIVE")
    yield {"provider": "security_deck", "alert_ids": [alert.id]}
    closed = sim.calseta.add_alert(status="Closed", close_classification="Duplicate")
    yield {"provider": "calseta", "alert_ids": [closed.uuid]}
    yield {"provider": "security_deck", "query": {"sink_id": sim.security_deck.sink_id}}
    yield {"provider": "calseta", "query": {}}


def alert_note(sim: Simulator) -> t.Iterator[Params]:
    ids = {
        "security_deck": sim.security_deck.add_alert().id,
        "calseta": sim.calseta.add_alert().uuid,
        "kibana": sim.kibana.add_alert(),
    }
    finding = {"confidence": "low", "recommended_action": "Look.", "evidence": {"seen": [1]}}
    for provider, alert_id in ids.items():
        more = finding if provider == "calseta" else {}
        yield {"provider": provider, "alert_ids": [alert_id], "text": "The host was taken off the network.", **more}


#: By the names of the modules, tasks that change something, or show something.
TASKS: dict[str, t.Callable[[Simulator], t.Iterator[Params]]] = {
    name: function for name, function in list(globals().items()) if name in MODULES
}


def test_every_module_has_its_tasks() -> None:
    assert sorted(TASKS) == MODULES


@pytest.fixture(params=MODULES)
def module(request: pytest.FixtureRequest) -> Documented:
    return documented(request.param)


@pytest.fixture
def tasks(module: Documented, sim: Simulator, request: pytest.FixtureRequest) -> list[Params]:
    """The module's tasks, each with its connection."""
    sim.settings.security_deck.operation_seconds = 0
    return [
        {**task, **request.getfixturevalue(task.get("provider", module.platforms[0])), "retries": 0}
        for task in TASKS[module.name](sim)
    ]


def listed(module: Documented) -> str:
    """The name of the list of alerts."""
    (name,) = [name for name, doc in module.returns.items() if doc.get("elements") == "dict"]
    return name


@pytest.mark.versions
@pytest.mark.parametrize("module", WRITING, indirect=True)
def test_results_are_as_documented(module: Documented, tasks: list[Params], sim: Simulator) -> None:
    """Every key that comes is documented, and every key that is documented comes at some time."""
    came: set[str] = set()
    ids = next(name for name in module.spec if name.endswith("_ids"))
    if "provenance_error" in module.returns[listed(module)]["contains"]:
        # Whoever may change the alerts need not be allowed to leave notes.
        sim.faults.add(Fault("status", status=403, writes=True, path=r"/(comments|findings|note)$", count=None))
        tasks = [{**task, "provenance": "auto"} for task in tasks]
    for task in tasks:
        if "only_from" in module.spec:
            left_alone = run_module(module.name, {**task, "only_from": [], "on_guard": "skip"}, check=True)
            came |= checked(module, left_alone)
        for check in (True, False, False):
            result = run_module(module.name, task, check=check)
            assert not result.get("failed"), result["msg"]
            assert {listed(module), "counts"} <= set(result)
            assert "error" not in result
            came |= checked(module, result)
        assert not result["changed"]
        if ids in task:
            failed = run_module(module.name, {**task, ids: [*task[ids], UNKNOWN]})
            assert {listed(module), "counts", "error", "msg"} <= set(failed)
            came |= checked(module, failed)
    empty = {f"error.{key}" for key in module.returns["error"]["contains"]} - came
    # The tests of searches see it, where one that leaves nothing out is refused.
    empty |= {"total"}
    assert set(paths(module.returns)) - empty == {path for path in came if ".error." not in path}


@pytest.mark.versions
@pytest.mark.parametrize("module", INFO, indirect=True)
def test_what_info_modules_show_is_as_documented(module: Documented, tasks: list[Params], sim: Simulator) -> None:
    """With all that every platform shows alike, and without a write, in check mode or not."""
    came: set[str] = set()
    sim.log.clear()
    for task in tasks:
        ids = next((name for name in task if name.endswith("_ids")), None)
        more = {ids: [*task[ids], UNKNOWN]} if ids else {}
        shown = [run_module(module.name, {**task, **more, "raw": True}, check=check) for check in (True, False)]
        assert shown[0] == shown[1]
        assert shown[0].get("missing") == ([UNKNOWN] if ids else None)
        assert shown[0][listed(module)]
        assert not shown[0]["changed"]
        came |= checked(module, shown[0])
        for row in shown[0][listed(module)]:
            assert {"id", *COMMON} <= set(row)
    told = {path for path in paths(module.returns) if path.partition(".")[0] != "error"}
    # Not every API tells how many there are, or is asked at an address that tells where its web pages are.
    assert came <= told <= came | {"total", f"{listed(module)}.url"}
    assert not sim.log.writes()


def paths(returns: Yaml, prefix: str = "") -> t.Iterator[str]:
    for name, doc in returns.items():
        yield prefix + name
        yield from paths(doc.get("contains", {}), f"{prefix}{name}.")


@pytest.mark.parametrize(
    "fault",
    [
        {"action": "status", "status": 400, "writes": True},
        {"action": "status", "status": 403, "writes": True, "html": True},
        {"action": "status", "status": 500},
        {"action": "status", "status": 429, "wait_form": "retry_after"},
        {"action": "close"},
        {"action": "reset", "writes": True},
        {"action": "reset", "writes": True, "when": "after"},
        {"action": "empty"},
        {"action": "html"},
        {"action": "redirect", "location": "https://login.example.com/"},
        {"action": "truncate"},
        {"action": "status", "status": 403},
    ],
    ids=lambda fault: "-".join(map(str, fault.values())),
)
def test_failures_are_as_documented(
    module: Documented, tasks: list[Params], sim: Simulator, fault: dict[str, t.Any]
) -> None:
    for task in tasks:
        sim.faults.clear()
        sim.faults.add(Fault(**{"count": None, **fault}))
        result = run_module(module.name, task)
        checked(module, result)
        if "after" not in fault.values() and not (module.info and fault.get("writes")):
            assert result["failed"]
            assert set(result["error"]) == set(module.returns["error"]["contains"])
            assert result["msg"]


@pytest.mark.versions
def test_options_that_make_no_sense_have_an_error_and_no_alerts(module: Documented, tasks: list[Params]) -> None:
    for task in tasks:
        result = run_module(module.name, {**task, "timeout": -1})
        assert result["failed"]
        assert checked(module, result) == {"error", "error.kind", "error.message"}


@pytest.mark.parametrize("module", [name for name in WRITING if "query" in documented(name).options], indirect=True)
@pytest.mark.parametrize("limit", [{"max_alerts": 1}, {"expected_count": 10**6}], ids=lambda limit: next(iter(limit)))
def test_too_many_alerts_are_as_documented(
    module: Documented, tasks: list[Params], sim: Simulator, limit: Params
) -> None:
    for task in [task for task in tasks if "query" in task]:
        result = run_module(module.name, {**task, **limit})
        assert result["failed"]
        assert "matched" in result
        checked(module, result)
        assert not sim.log.writes()


def test_samples_are_of_the_documented_type(module: Documented) -> None:
    def check(returns: Yaml) -> None:
        for name, doc in returns.items():
            assert doc["description"], name
            if "sample" in doc:
                assert isinstance(doc["sample"], TYPES[doc["type"]]), name
                if "contains" in doc and doc["type"] == "dict":
                    assert set(doc["sample"]) == set(doc["contains"]), name
            check(doc.get("contains", {}))

    check(module.returns)
    for name, doc in module.returns.items():
        assert doc["returned"], name


def test_the_same_things_have_the_same_names_everywhere() -> None:
    """Who knows one module knows all: counts and error are word for word the same, but for samples and the kind."""
    for name, modules in (("counts", WRITING), ("error", MODULES)):
        for key in documented(modules[0]).returns[name]["contains"]:
            told = {str(documented(module).returns[name]["contains"][key]) for module in modules}
            assert len(told) == 1, (name, key)
