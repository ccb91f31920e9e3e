# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The tasks of the storm on Kibana."""

from __future__ import annotations

import random
import typing as t

from ansible_collections.secops.triage.tests.simulator import Simulator
from ansible_collections.secops.triage.tests.simulator.kibana_documents import ASSIGNEES, TAGS
from ansible_collections.secops.triage.tests.unit.harness import Params

from .case import Case, guards, some
from .expected_state import State

_STATUSES = ["open", "acknowledged", "closed", "in-progress"]


def _world(sim: Simulator, chance: random.Random, alerts: int, legacy: t.Sequence[int] = (0, 0, 2)) -> Params:
    sim.reset({"kibana": alerts}, chance.randrange(10**6))
    for _legacy in range(chance.choice(legacy)):
        sim.kibana.add_alert(legacy=True)
    settings = sim.settings.kibana
    settings.supports_reason = chance.random() < 0.7
    settings.batch_size = chance.choice([3, 10, 1000])
    busy = chance.sample(list(sim.kibana.alerts()), min(alerts, chance.choice([0, 0, 1, 3])))
    settings.conflicts = {alert_id: chance.choice([1, 2, 99]) for alert_id in busy}
    users = dict(sim.kibana.users)
    for document in sim.kibana.alerts().values():
        if ASSIGNEES in document and chance.random() < 0.3:
            document[ASSIGNEES] = chance.sample(list(users), chance.choice([1, 1, 2]))
    guard = guards(chance, _STATUSES, ["low", "medium", "high", "critical"], [*list(users)[:1], *users.values()])
    return {**_connection(sim), **guard}


def _connection(sim: Simulator) -> Params:
    return {"api_url": sim.kibana.url, "api_key": sim.credentials.kibana_api_key}


def notes(sim: Simulator, alert_id: str) -> list[str]:
    """The notes on an alert."""
    return [note["note"] for note in sim.kibana.notes["default"] if note["eventId"] == alert_id]


def _status(sim: Simulator, chance: random.Random) -> Params:
    params = _world(sim, chance, some(chance, chance.choice([60, 60, 60, 1100])))
    params["status"] = chance.choice([*_STATUSES, "closed"])
    return {**params, "reason": "duplicate"} if params["status"] == "closed" and chance.random() < 0.5 else params


def _status_case(sim: Simulator, chance: random.Random, params: Params, ids: list[str]) -> Case:
    case = Case(
        "kibana_alert_status",
        sim.kibana,
        params,
        ids,
        lambda fields: bool(fields["status"] == params["status"]),
    )
    return _with_line(sim, chance, case)


def status_by_ids(sim: Simulator, chance: random.Random) -> Case:
    params = _status(sim, chance)
    ids = list(sim.kibana.alerts())
    return _status_case(sim, chance, {**params, "alert_ids": chance.sample(ids, len(ids))}, ids)


def status_by_query(sim: Simulator, chance: random.Random) -> Case:
    params = _status(sim, chance)
    query, ids = _query(sim, chance)
    ids = [alert_id for alert_id in ids if sim.kibana.overview()[alert_id]["status"] != params["status"]]
    return _status_case(sim, chance, {**params, **query, "conflicts": chance.choice(["abort", "proceed"])}, ids)


def _query(sim: Simulator, chance: random.Random) -> tuple[Params, list[str]]:
    """A query, with what goes with it, and the alerts that match."""
    open_ones: Params = {"term": {"kibana.alert.workflow_status": "open"}}
    words: Params = {"kql": 'kibana.alert.workflow_status: "open"'}
    search = chance.choice([{"query": {"match_all": {}}}, {"query": open_ones}, words, {**words, "query": open_ones}])
    states = sim.kibana.overview()
    # Legacy alerts, which have no reason, have their status elsewhere.
    found = [one for one in states if states[one]["status"] == "open" and "reason" in states[one]]
    ids = list(states) if search == {"query": {"match_all": {}}} else found
    return {**search, "max_alerts": 2000, "allow_unbounded": True}, ids


def lists(sim: Simulator, chance: random.Random) -> Case:
    """Tags or assignees."""
    params = _world(sim, chance, some(chance, chance.choice([60, 60, 1100])), legacy=[0])
    users = dict(sim.kibana.users)
    name = chance.choice(["tags", "assignees"])
    entries = ["contained", "wave-2", "pci"] if name == "tags" else list(users)
    for document in sim.kibana.alerts().values():
        document[TAGS if name == "tags" else ASSIGNEES] = chance.sample(entries, chance.choice([0, 0, 1, 2]))
    asked = set(chance.sample(entries, chance.choice([0, 1, 1, 2])))
    params[name] = [chance.choice([one, users.get(one, one)]) for one in asked]
    params["state"] = state = chance.choice(["present", "absent", "exact"])

    def reached(fields: State) -> bool:
        there = set(fields[name])
        return not there & asked if state == "absent" else there == asked if state == "exact" else there >= asked

    if chance.random() < 0.5:
        query, ids = _query(sim, chance)
        params |= query
    else:
        ids = list(sim.kibana.alerts())
        params["alert_ids"] = chance.sample(ids, len(ids))
    return _with_line(sim, chance, Case(f"kibana_alert_{name}", sim.kibana, params, ids, reached))


def for_notes(sim: Simulator, chance: random.Random, alerts: int) -> tuple[Params, list[str]]:
    """A world for a task that leaves notes, its connection, and the alerts."""
    params = _world(sim, chance, alerts)
    sim.settings.kibana.notes_before_9 = chance.random() < 0.3
    return params, list(sim.kibana.alerts())


def _with_line(sim: Simulator, chance: random.Random, case: Case) -> Case:
    case.notes = lambda alert_id: notes(sim, alert_id)
    if chance.random() < 0.3 and len(case.ids) < 100:
        sim.settings.kibana.notes_before_9 = chance.random() < 0.3
        case.params["provenance"] = "drill"
    return case


def info(sim: Simulator, chance: random.Random) -> Case:
    _world(sim, chance, some(chance, chance.choice([60, 60, 1100])))
    absent: list[str] = []
    if chance.random() < 0.5:
        choice, ids = _query(sim, chance)
        del choice["allow_unbounded"]
        choice["max_alerts"] = chance.choice([1, 10, 2000])
    else:
        ids = list(sim.kibana.alerts())
        absent = ["0" * 64, "1" * 64][: chance.choice([0, 1, 2])]
        choice = {"alert_ids": [*ids, *absent]}
    params = {**_connection(sim), **choice}
    return Case("kibana_alert_info", sim.kibana, params, ids, lambda fields: True, absent=absent)
