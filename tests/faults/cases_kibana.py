# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The tasks of the storm on Kibana."""

from __future__ import annotations

import random

from ansible_collections.secops.triage.tests.simulator import Simulator
from ansible_collections.secops.triage.tests.simulator.kibana_documents import ASSIGNEES
from ansible_collections.secops.triage.tests.unit.harness import Params

from .case import Case, guards, some

_STATUSES = ["open", "acknowledged", "closed", "in-progress"]


def _world(sim: Simulator, chance: random.Random, alerts: int) -> Params:
    sim.reset({"kibana": alerts}, chance.randrange(10**6))
    for _legacy in range(chance.choice([0, 0, 2])):
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
    return {"api_url": sim.kibana.url, "api_key": sim.credentials.kibana_api_key, **guard}


def _status(sim: Simulator, chance: random.Random) -> Params:
    params = _world(sim, chance, some(chance, chance.choice([60, 60, 60, 1100])))
    params["status"] = chance.choice([*_STATUSES, "closed"])
    return {**params, "reason": "duplicate"} if params["status"] == "closed" and chance.random() < 0.5 else params


def _status_case(sim: Simulator, params: Params, ids: list[str]) -> Case:
    return Case(
        "kibana_alert_status",
        sim.kibana,
        params,
        ids,
        lambda fields: bool(fields["status"] == params["status"]),
    )


def status_by_ids(sim: Simulator, chance: random.Random) -> Case:
    params = _status(sim, chance)
    ids = list(sim.kibana.alerts())
    return _status_case(sim, {**params, "alert_ids": chance.sample(ids, len(ids))}, ids)


def status_by_query(sim: Simulator, chance: random.Random) -> Case:
    params = _status(sim, chance)
    open_ones: Params = {"term": {"kibana.alert.workflow_status": "open"}}
    params["query"] = chance.choice([{"match_all": {}}, open_ones])
    ids = [
        alert_id
        for alert_id, state in sim.kibana.overview().items()
        if state["status"] != params["status"] and (params["query"] != open_ones or state["status"] == "open")
    ]
    legacy = {alert_id for alert_id in ids if "reason" not in sim.kibana.overview()[alert_id]}
    ids = [alert_id for alert_id in ids if params["query"] != open_ones or alert_id not in legacy]
    more = {"conflicts": chance.choice(["abort", "proceed"]), "max_alerts": 2000, "allow_unbounded": True}
    return _status_case(sim, {**params, **more}, ids)
