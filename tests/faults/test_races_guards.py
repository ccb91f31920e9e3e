# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An analyst who takes an alert while a task is at it that may only have those that nobody has."""

from __future__ import annotations

import functools
import typing as t

import pytest

from ansible_collections.secops.triage.tests.simulator import Fault, Simulator
from ansible_collections.secops.triage.tests.simulator.base import Platform
from ansible_collections.secops.triage.tests.simulator.kibana_documents import ASSIGNEES
from ansible_collections.secops.triage.tests.unit.harness import Params, run_module

from .concurrent_tasks import meanwhile, only


class Race(t.NamedTuple):
    """A task for one alert, which is found by a query too, and what an analyst does who takes it."""

    module: str
    platform: Platform
    params: Params
    named: Params
    query: Params
    alert_id: str
    take: t.Callable[[], object]


def _datadog(sim: Simulator, name: str) -> Race:
    signal, user = sim.datadog.add_signal(), sim.datadog.user("greta@example.com").uuid
    for other in list(sim.datadog.signals.values()):
        if other is not signal and other.scene.host == signal.scene.host:
            del sim.datadog.signals[other.id]
    change: Params = {"state": "archived"} if name == "signal_state" else {"incident_id": sim.datadog.incident_ids[0]}
    query = {"query": f"host:{signal.scene.host}", "from": "now-2h"}
    take = functools.partial(setattr, signal, "assignee", user)
    return Race(name, sim.datadog, change, {"signal_ids": [signal.id]}, query, signal.id, take)


def _security_deck(sim: Simulator) -> Race:
    sim.settings.security_deck.operation_seconds = 0.0
    alert = sim.security_deck.add_alert(status="NEED_INFO")
    for other in sim.security_deck.alerts.values():
        other.status = "NEED_INFO" if other is alert else "OPEN"
    query: Params = {"query": {"sink_id": sim.security_deck.sink_id, "filter": 'status = "NEED_INFO"'}}
    take = functools.partial(setattr, alert, "assignee", sim.security_deck.subjects[0])
    named = {"alert_ids": [alert.id]}
    return Race("alert_update", sim.security_deck, {"status": "RESOLVED"}, named, query, alert.id, take)


def _kibana(sim: Simulator, name: str) -> Race:
    alert_id = sim.kibana.add_alert(host={"name": "race-01"})
    uid, other_uid = (user[0] for user in sim.kibana.users[:2])
    change: Params = {name: {"status": "closed", "tags": ["x"], "assignees": [uid]}[name]}
    take = functools.partial(sim.kibana.alerts()[alert_id].update, {ASSIGNEES: [other_uid]})
    query: Params = {"query": {"term": {"host.name": "race-01"}}}
    return Race(f"kibana_alert_{name}", sim.kibana, change, {"alert_ids": [alert_id]}, query, alert_id, take)


@pytest.fixture(params=["signal_state", "signal_incident_link", "security_deck", "status", "tags", "assignees"])
def race(
    request: pytest.FixtureRequest, sim: Simulator, datadog: Params, kibana: Params, security_deck: Params
) -> Race:
    name: str = request.param
    guards: Params = {"only_assigned_to": [""], "retries": 2}
    if name.startswith("signal"):
        made, connection = _datadog(sim, name), datadog
    elif name == "security_deck":
        made, connection = _security_deck(sim), security_deck
    else:
        made, connection = _kibana(sim, name), kibana
    return made._replace(params={**connection, **made.params, **guards})


def test_between_the_search_and_the_write(sim: Simulator, race: Race) -> None:
    """What a search has found is looked at once more."""
    # Kibana's alerts are all read by searches.
    look: Params = {"path": "/signals/search$", "nth": 3} if race.platform is sim.kibana else {"path": race.alert_id}
    meanwhile(sim, race.take, **look)
    result = run_module(race.module, {**race.params, **race.query})
    assert "A guard forbids the change" in only(result)["error"]["message"]
    assert not result["changed"]
    assert not sim.log.writes()


def test_between_a_lost_write_and_its_retry(sim: Simulator, race: Race) -> None:
    """The retry would be the one that crosses the guard."""
    meanwhile(sim, race.take)
    sim.faults.add(Fault("close", writes=True, count=1))
    result = run_module(race.module, {**race.params, **race.named})
    row = only(result)
    assert row["changed"] is None
    # A link is not sent again in any case: it could be linked twice.
    said = "broke" if race.module == "signal_incident_link" else "Not tried again"
    assert said in row["error"]["message"]
    assert not race.platform.changes_of(race.alert_id)
    assert len(sim.log.writes()) == 1


def test_between_the_look_and_the_write_only_a_version_can_tell(sim: Simulator, race: Race) -> None:
    """Nothing but a version closes that gap: the write is done, and what is reported is so."""
    meanwhile(sim, race.take)
    result = run_module(race.module, {**race.params, **race.named})
    assert result["changed"]
    assert len(race.platform.changes_of(race.alert_id)) == 1
