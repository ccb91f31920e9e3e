# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What services refuse of their own accord: told with their words, and with what to look at."""

from __future__ import annotations

import json
import typing as t

import pytest

from ansible_collections.secops.triage.tests.simulator import Simulator
from ansible_collections.secops.triage.tests.unit.api_calls import CALLS, hint_of
from ansible_collections.secops.triage.tests.unit.api_tasks import TASKS
from ansible_collections.secops.triage.tests.unit.harness import Params, run_module

#: Makes a task, or its world, one that the service refuses; what it returns are other options.
Spoil = t.Callable[[Simulator, Params], Params]


class Refusal(t.NamedTuple):
    """A task, what is wrong with it, and what is said of that in answer to which call."""

    platform: str
    task: str
    spoil: Spoil
    call: str
    status: int
    words: str


def options(**given: t.Any) -> Spoil:
    return lambda sim, params: given


def credential(option: str, name: str) -> Spoil:
    """Another credential of the simulator."""
    return lambda sim, params: {option: getattr(sim.credentials, name)}


def setting(platform: str, **values: t.Any) -> Spoil:
    def spoil(sim: Simulator, params: Params) -> Params:
        vars(getattr(sim.settings, platform)).update(values)
        return {}

    return spoil


def aged(sim: Simulator, params: Params) -> Params:
    """Signals that were created long ago, and are locked."""
    for signal in sim.datadog.signals.values():
        signal.timestamp = 0
    return {}


def written_to(sim: Simulator, params: Params) -> Params:
    """Alerts that something else is writing to."""
    sim.settings.kibana.conflicts = dict.fromkeys(sim.kibana.alerts(), 9)
    return {}


def unreadable(sim: Simulator, params: Params) -> Params:
    """Alerts that store a value which the server itself does not know."""
    for alert in sim.calseta.alerts.values():
        alert.severity = "Grave"
    return {}


def of_another_account(sim: Simulator, params: Params) -> Params:
    key = {**sim.security_deck.service_account_key(), "service_account_id": "ajeanotheraccount"}
    return {"service_account_key_file": json.dumps(key)}


def revoked(sim: Simulator, params: Params) -> Params:
    sim.settings.security_deck.revoked_tokens = [params["iam_token"]]
    return {}


NOBODY = "3fa85f64-5717-4562-b3fc-2c963f66afa6"
READ_ONLY = credential("app_key", "datadog_read_only_app_key")
NO_USERS = credential("app_key", "datadog_no_users_app_key")
LIMITED = setting("datadog", rate_limit=0)
KIBANA_READ_ONLY = credential("api_key", "kibana_read_only_api_key")
DECK_READ_ONLY = credential("iam_token", "iam_read_only_token")
SINK: Params = {"query": {"sink_id": "fd8nosuchsink", "filter": 'status = "OPEN"'}}
CASES = [
    Refusal("datadog", "state", options(app_key="Xk4vB9zRt7WqLm2NcH8s"), "read", 403, "Forbidden"),
    Refusal("datadog", "look, query", options(app_key="Xk4vB9zRt7WqLm2NcH8s"), "search", 403, "Forbidden"),
    Refusal("datadog", "state", READ_ONLY, "update", 403, "security_monitoring_signals_write is missing"),
    Refusal("datadog", "link", READ_ONLY, "link", 403, "security_monitoring_signals_write is missing"),
    Refusal("datadog", "unlink", READ_ONLY, "unlink", 403, "security_monitoring_signals_write is missing"),
    Refusal("datadog", "handle", NO_USERS, "users", 403, "permission user_access_read is missing"),
    Refusal("datadog", "uuid", NO_USERS, "user", 403, "permission user_access_read is missing"),
    Refusal("datadog", "uuid", options(assignee=NOBODY), "user", 404, "User not found"),
    Refusal("datadog", "state", options(assignee=NOBODY), "update", 400, "assignee was not found"),
    Refusal("datadog", "state", aged, "update", 400, "older than 30 days and cannot be updated"),
    Refusal("datadog", "state", options(version=1), "update", 409, "lower than the current version 3"),
    Refusal("datadog", "link", options(version=1), "link", 409, "lower than the current version 3"),
    Refusal("datadog", "unlink", options(version=1), "unlink", 409, "lower than the current version 3"),
    Refusal("datadog", "link", options(incident_id=999999), "link", 404, "Incident not found"),
    Refusal("datadog", "look, query", options(query="status:("), "search", 400, "Bad Request"),
    Refusal("datadog", "state", LIMITED, "read", 429, "Too many requests"),
    Refusal("datadog", "look, query", LIMITED, "search", 429, "Too many requests"),
    Refusal("kibana", "status", options(api_key="dlQ3eFFrMlpwVzlz"), "search", 401, "unable to authenticate"),
    Refusal("kibana", "users", options(api_key="dlQ3eFFrMlpwVzlz"), "users", 401, "unable to authenticate"),
    Refusal("kibana", "status", KIBANA_READ_ONLY, "status", 403, "Kibana privileges [alerts-all]"),
    Refusal("kibana", "tags", KIBANA_READ_ONLY, "tags", 403, "Kibana privileges [alerts-all]"),
    Refusal("kibana", "users", KIBANA_READ_ONLY, "assignees", 403, "Kibana privileges [alerts-all]"),
    Refusal("kibana", "note", KIBANA_READ_ONLY, "note", 403, "Kibana privileges [alerts-all]"),
    Refusal("kibana", "look, query", options(query={"nosuch": {}}), "search", 400, "nosuch"),
    Refusal("kibana", "tags", setting("kibana", body_limit=10), "search", 413, "Payload content length"),
    Refusal("kibana", "status", written_to, "status", 409, "version conflict, required seqNo"),
    Refusal("kibana", "status, query", written_to, "status", 409, "version conflict, required seqNo"),
    Refusal("kibana", "tags", written_to, "tags", 409, "version conflict, required seqNo"),
    Refusal("kibana", "users", written_to, "assignees", 409, "version conflict, required seqNo"),
    Refusal("security_deck", "update", revoked, "read", 401, "The token is invalid"),
    Refusal("security_deck", "update", DECK_READ_ONLY, "update", 403, "Permission denied"),
    Refusal("security_deck", "update", options(assignee_subject_id="ajenobody"), "update", 400, "ajenobody not found"),
    Refusal("security_deck", "look, query", options(**SINK), "search", 404, "Alert sink not found"),
    Refusal("security_deck", "update, query", options(**SINK), "search", 404, "Alert sink not found"),
    Refusal("security_deck", "note", of_another_account, "token", 401, "JWT"),
    Refusal("security_deck", "look", setting("security_deck", metadata_available=False), "machine", 404, "not found"),
    Refusal("calseta", "update", credential("api_key", "calseta_expired_key"), "read", 401, "out of date"),
    Refusal("calseta", "look, query", credential("api_key", "calseta_no_scope_key"), "search", 403, "alerts:read"),
    Refusal("calseta", "update", credential("api_key", "calseta_writer_only_key"), "read", 403, "alerts:read"),
    Refusal("calseta", "update", credential("api_key", "calseta_read_only_key"), "update", 403, "alerts:write"),
    Refusal("calseta", "note", credential("api_key", "calseta_read_only_key"), "note", 403, "alerts:write"),
    Refusal("calseta", "look", setting("calseta", rate_limit=0), "read", 429, "Too many requests"),
    Refusal("calseta", "look", unreadable, "read", 500, "Something went wrong"),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.platform}: {case.task}: {case.call} {case.status}")
def test_refusal_is_told(sim: Simulator, case: Refusal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YC_METADATA_ADDR", sim.host)
    task = next(one for one in TASKS if (one.platform, one.name) == (case.platform, case.task))
    params = task.params(sim)
    params |= case.spoil(sim, params)
    result = run_module(task.module, params)
    assert result["failed"]
    # A conflict after which nothing was updated leaves no doubt, either.
    assert result["changed"] is False
    assert not sim.log.changes()
    error, call = result["error"], CALLS[case.platform, case.call]
    assert (error["status"], error["method"]) == (case.status, call.method)
    assert case.words in error["message"]
    assert case.words in result["msg"]
    hint = hint_of(call, case.status, task.module, params)
    assert (hint in error["hint"]) if hint else error["hint"] is None
    refused = [entry.path.partition("?")[0] for entry in sim.log if call.is_made_by(entry)]
    assert error["path"] in refused
