# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tasks that make, taken together, every call that the modules make, each module those of its own."""

from __future__ import annotations

import dataclasses
import json
import typing as t

from ansible_collections.secops.triage.tests.simulator import Simulator
from ansible_collections.secops.triage.tests.unit.api_calls import CALLS
from ansible_collections.secops.triage.tests.unit.harness import Params


@dataclasses.dataclass(frozen=True)
class ApiTask:
    """A task on a world with no other alerts, and the calls that it makes where nothing goes wrong.

    ``options`` are its own, and may depend on the world; ``calls`` the names of the calls, in their order.
    """

    name: str
    platform: str
    module: str
    options: t.Callable[[Simulator], Params]
    calls: tuple[str, ...]

    def params(self, sim: Simulator) -> Params:
        """All options, once the world is as the task needs it."""
        sim.reset(alerts=0)
        # Nobody has to wait for an operation.
        sim.settings.security_deck.operation_seconds = sim.settings.security_deck.poll_interval = 0.02
        url = sim.world.platforms[self.platform].url
        return {"api_url": url, "retries": 0, **_identity(sim, self.platform), **self.options(sim)}


def _identity(sim: Simulator, platform: str) -> Params:
    good = sim.credentials
    if platform == "datadog":
        return {"api_key": good.datadog_api_key, "app_key": good.datadog_app_key}
    if platform == "kibana":
        return {"api_key": good.kibana_api_key}
    if platform == "calseta":
        return {"provider": platform, "api_key": good.calseta_api_key}
    return {"provider": platform}


def _signals(count: int = 1, **options: t.Any) -> t.Callable[[Simulator], Params]:
    """So many signals by their ids, which are linked to the first incident."""

    def of(sim: Simulator) -> Params:
        linked = sim.datadog.incident_ids[:1]
        ids = [sim.datadog.add_signal(version=3, incident_ids=linked).id for dummy in range(count)]
        return {"signal_ids": ids, **options}

    return of


def _signal_query(**options: t.Any) -> t.Callable[[Simulator], Params]:
    def of(sim: Simulator) -> Params:
        sim.datadog.add_signal()
        # One that the query leaves out.
        sim.datadog.add_signal(incident_ids=[4104])
        return {"query": "-@workflow.triage.incidentIds:4104", "from": "now-30d", **options}

    return of


def _link(sim: Simulator) -> Params:
    return {**_signals()(sim), "incident_id": sim.datadog.incident_ids[1]}


def _unlink(sim: Simulator) -> Params:
    return {**_signals()(sim), "incident_id": sim.datadog.incident_ids[0], "state": "absent"}


def _link_query(sim: Simulator) -> Params:
    return {**_signal_query()(sim), "incident_id": sim.datadog.incident_ids[1]}


def _titled(sim: Simulator) -> Params:
    return {**_signals()(sim), "incident_title": "Exposed bucket"}


def _new_title(sim: Simulator) -> Params:
    return {**_signals()(sim), "incident_title": "A new one"}


def _versioned(options: t.Callable[[Simulator], Params]) -> t.Callable[[Simulator], Params]:
    return lambda sim: {**options(sim), "version": 3}


def _assigned_by_handle(sim: Simulator) -> Params:
    return _signals(assignee="amira.haddad@example.com")(sim)


def _assigned_by_uuid(sim: Simulator) -> Params:
    """Reads show a handle, so that the user of the uuid has to be looked up."""
    sim.settings.datadog.assignee_shows = "handle"
    somebody, other = list(sim.datadog.users.values())[:2]
    signal = sim.datadog.add_signal(assignee=other.uuid)
    return {"signal_ids": [signal.id], "assignee": somebody.uuid}


def _alerts(**options: t.Any) -> t.Callable[[Simulator], Params]:
    """One alert of Kibana."""
    return lambda sim: {"alert_ids": [sim.kibana.add_alert()], **options}


def _alert_query(**options: t.Any) -> t.Callable[[Simulator], Params]:
    def of(sim: Simulator) -> Params:
        sim.kibana.add_alert()
        # What a query leaves out.
        sim.kibana.add_alert("closed")
        return {"query": {"term": {"kibana.alert.workflow_status": "open"}}, **options}

    return of


def _findable(**options: t.Any) -> t.Callable[[Simulator], Params]:
    """One alert of Calseta."""
    return lambda sim: {"alert_ids": [sim.calseta.add_alert().uuid], **options}


def _found(**options: t.Any) -> t.Callable[[Simulator], Params]:
    """One alert of Calseta, and another that the query leaves out."""

    def of(sim: Simulator) -> Params:
        sim.calseta.add_alert()
        sim.calseta.add_alert().occurred -= 90 * 86400
        return {"query": {"from_time": "now-60d"}, **options}

    return of


def _deck(who: str, *, by_query: bool = False, **options: t.Any) -> t.Callable[[Simulator], Params]:
    """One alert of Security Deck, another that the query leaves out, and who asks."""

    def of(sim: Simulator) -> Params:
        alert = sim.security_deck.add_alert()
        sim.security_deck.add_alert(status="RESOLVED")
        ways: dict[str, Params] = {
            "token": {"iam_token": sim.credentials.iam_token},
            "key": {"service_account_key_file": json.dumps(sim.security_deck.service_account_key())},
            "machine": {"instance_metadata": True},
        }
        query = {"sink_id": sim.security_deck.sink_id, "filter": 'status = "OPEN"'}
        return {**ways[who], **({"query": query} if by_query else {"alert_ids": [alert.id]}), **options}

    return of


_TEXT: Params = {"text": "The host was taken off the network."}
_AMIRA: Params = {"assignees": ["amira"]}
_TRIAGED: Params = {"status": "Triaging"}
_PROGRESS: Params = {"status": "IN_PROGRESS", "wait_timeout": 0.2}
_COMMENT: Params = {**_TEXT, "wait_timeout": 0.2}
_ARCHIVED: Params = {"state": "archived"}

TASKS = (
    ApiTask("state", "datadog", "signal_state", _signals(**_ARCHIVED), ("read", "update")),
    ApiTask("state, version", "datadog", "signal_state", _signals(**_ARCHIVED, version=3), ("read", "update")),
    ApiTask("states", "datadog", "signal_state", _signals(2, **_ARCHIVED), ("read", "bulk")),
    ApiTask("state, query", "datadog", "signal_state", _signal_query(**_ARCHIVED), ("search", "read", "update")),
    ApiTask("handle", "datadog", "signal_state", _assigned_by_handle, ("users", "read", "update")),
    ApiTask("uuid", "datadog", "signal_state", _assigned_by_uuid, ("read", "user", "update")),
    ApiTask("link", "datadog", "signal_incident_link", _link, ("read", "link")),
    ApiTask("link, version", "datadog", "signal_incident_link", _versioned(_link), ("read", "link")),
    ApiTask("link, query", "datadog", "signal_incident_link", _link_query, ("search", "read", "link")),
    ApiTask("link, title", "datadog", "signal_incident_link", _titled, ("titles", "read", "link")),
    ApiTask("link, new title", "datadog", "signal_incident_link", _new_title, ("titles", "read", "incident", "link")),
    ApiTask("unlink", "datadog", "signal_incident_link", _unlink, ("read", "unlink")),
    ApiTask("unlink, version", "datadog", "signal_incident_link", _versioned(_unlink), ("read", "unlink")),
    ApiTask("look", "datadog", "signal_info", _signals(), ("read",)),
    ApiTask("look, query", "datadog", "signal_info", _signal_query(), ("search",)),
    ApiTask("status", "kibana", "kibana_alert_status", _alerts(status="closed"), ("search", "status")),
    ApiTask("status, query", "kibana", "kibana_alert_status", _alert_query(status="closed"), ("search", "status")),
    ApiTask("tags", "kibana", "kibana_alert_tags", _alerts(tags=["wave-2"]), ("search", "tags")),
    ApiTask("tags, query", "kibana", "kibana_alert_tags", _alert_query(tags=["wave-2"]), ("search", "tags")),
    ApiTask("users", "kibana", "kibana_alert_assignees", _alerts(**_AMIRA), ("users", "search", "assignees")),
    ApiTask(
        "users, query", "kibana", "kibana_alert_assignees", _alert_query(**_AMIRA), ("users", "search", "assignees")
    ),
    ApiTask("look", "kibana", "kibana_alert_info", _alerts(), ("search",)),
    ApiTask("look, query", "kibana", "kibana_alert_info", _alert_query(), ("search",)),
    ApiTask("note", "kibana", "alert_note", _alerts(provider="kibana", **_TEXT), ("search", "notes", "note")),
    ApiTask("update", "security_deck", "alert_update", _deck("token", **_PROGRESS), ("read", "update", "operation")),
    ApiTask(
        "update, query",
        "security_deck",
        "alert_update",
        _deck("key", by_query=True, **_PROGRESS),
        ("token", "search", "read", "update", "operation"),
    ),
    ApiTask("look", "security_deck", "alert_info", _deck("machine"), ("machine", "read")),
    ApiTask("look, query", "security_deck", "alert_info", _deck("key", by_query=True), ("token", "search")),
    ApiTask("note", "security_deck", "alert_note", _deck("key", **_COMMENT), ("token", "notes", "note", "operation")),
    ApiTask("update", "calseta", "alert_update", _findable(**_TRIAGED), ("read", "update")),
    ApiTask("update, query", "calseta", "alert_update", _found(**_TRIAGED), ("search", "read", "update")),
    ApiTask("look", "calseta", "alert_info", _findable(), ("read",)),
    ApiTask("look, query", "calseta", "alert_info", _found(), ("search",)),
    ApiTask("note", "calseta", "alert_note", _findable(**_TEXT), ("notes", "note")),
)
#: A task on one alert, and one call of it.
PAIRS = [(task, CALLS[task.platform, name]) for task in TASKS for name in task.calls]
