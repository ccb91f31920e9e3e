# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Does Datadog's own client get along with the simulator, and do its models know every answer?"""

from __future__ import annotations

import json
import typing as t

import pytest
from datadog_api_client import ApiClient, Configuration
from datadog_api_client.exceptions import ApiException, ApiValueError, ForbiddenException, NotFoundException
from datadog_api_client.v1 import models as v1
from datadog_api_client.v1.api.security_monitoring_api import SecurityMonitoringApi as SignalsV1
from datadog_api_client.v2 import models as v2
from datadog_api_client.v2.api.incidents_api import IncidentsApi
from datadog_api_client.v2.api.security_monitoring_api import SecurityMonitoringApi as SignalsV2
from datadog_api_client.v2.api.users_api import UsersApi

from ansible_collections.secops.triage.plugins.module_utils._datadog.state import BULK_LIMIT
from ansible_collections.secops.triage.tests.conformance.datadog_edits import (
    add_to_incident,
    bulk_update,
    set_assignee,
    set_incidents,
    set_state,
    update,
)
from ansible_collections.secops.triage.tests.simulator import Simulator


def understood(answer: t.Any) -> t.Any:
    """The answer as plain values, once its model has known every value of it."""
    assert not answer._unparsed, f"values that the client's model does not know: {answer}"
    return answer.to_dict()


def undeclared(model: t.Any, values: dict[str, t.Any]) -> set[str]:
    """The keys that the client's model does not declare; it would take them all the same."""
    return set(values) - set(model.attribute_map.values())


def test_gets_a_signal_with_its_triage_in_two_places(sim: Simulator, datadog_client: ApiClient) -> None:
    signal = sim.datadog.add_signal(state="under_review", incident_ids=[4101])
    data = understood(SignalsV2(datadog_client).get_security_monitoring_signal(signal.id))["data"]
    assert data["id"] == signal.id
    assert data["attributes"]["custom"]["workflow"]["triage"]["state"] == "under_review"
    assert data["attributes"]["gated"]["workflow"]["triage"]["incidentIds"] == [4101]


@pytest.mark.parametrize("edit", [update, set_state, set_assignee, set_incidents])
def test_a_write_answers_the_whole_triage(
    sim: Simulator, datadog_client: ApiClient, edit: t.Callable[[ApiClient, Simulator, str], t.Any]
) -> None:
    signal = sim.datadog.add_signal()
    data = understood(edit(datadog_client, sim, signal.id))["data"]
    assert (data["id"], data["type"]) == (signal.id, v2.SecurityMonitoringSignalMetadataType("signal_metadata").value)
    triage = data["attributes"]
    assert not undeclared(v2.SecurityMonitoringSignalTriageAttributes, triage)
    for user in (triage["assignee"], triage["state_update_user"]):
        assert not undeclared(v2.SecurityMonitoringTriageUser, user)
    assert sim.datadog.changes_of(signal.id)


def test_a_bulk_update_answers_for_each_signal(sim: Simulator, datadog_client: ApiClient) -> None:
    ids = [sim.datadog.add_signal().id for _position in range(3)]
    answer = understood(bulk_update(datadog_client, sim, ids))
    assert answer["result"]["count"] == 3
    assert [event["id"] for event in answer["result"]["events"]] == ids
    for event in answer["result"]["events"]:
        assert event["event"]["state"] == "archived"
        assert not undeclared(v2.SecurityMonitoringSignalsBulkTriageEventAttributes, event["event"])


def test_the_clients_limit_of_a_bulk_is_that_of_the_module_and_of_the_simulator(
    sim: Simulator, datadog_client: ApiClient
) -> None:
    ids = [sim.datadog.add_signal().id for _position in range(BULK_LIMIT + 1)]
    assert understood(bulk_update(datadog_client, sim, ids[1:]))["result"]["count"] == BULK_LIMIT
    with pytest.raises(ApiValueError, match=f"less than or equal to `{BULK_LIMIT}`"):
        bulk_update(datadog_client, sim, ids)


def test_a_signal_is_linked_by_the_first_version(sim: Simulator, datadog_client: ApiClient) -> None:
    signal = sim.datadog.add_signal()
    assert understood(add_to_incident(datadog_client, sim, signal.id))["status"] == "done"
    assert sim.datadog.signals[signal.id].incident_ids == [4101]


@pytest.mark.filterwarnings("ignore:edit_security_monitoring_signal:DeprecationWarning")
def test_the_older_calls_of_the_first_version(sim: Simulator, datadog_client: ApiClient) -> None:
    signal, api = sim.datadog.add_signal(), SignalsV1(datadog_client)
    greta = sim.datadog.user("greta@example.com").uuid
    archived = v1.SignalStateUpdateRequest(
        state=v1.SignalTriageState.ARCHIVED, archive_reason=v1.SignalArchiveReason.OTHER, archive_comment="Drill"
    )
    assert understood(api.edit_security_monitoring_signal_state(signal.id, archived))["status"] == "done"
    assigned = v1.SignalAssigneeUpdateRequest(assignee=greta)
    assert understood(api.edit_security_monitoring_signal_assignee(signal.id, assigned))["status"] == "done"
    state = sim.datadog.overview()[signal.id]
    assert (state["state"], state["archive_reason"], state["assignee"]) == ("archived", "other", greta)


@pytest.mark.parametrize("way", ["list", "search"])
def test_pages_through_all_signals_once(sim: Simulator, datadog_client: ApiClient, way: str) -> None:
    ids, api = set(sim.datadog.signals), SignalsV2(datadog_client)
    found: t.Iterable[t.Any]
    if way == "list":
        found = api.list_security_monitoring_signals_with_pagination(page_limit=3)
    else:
        page = v2.SecurityMonitoringSignalListRequestPage(limit=3)
        wanted = v2.SecurityMonitoringSignalListRequest(page=page, sort=v2.SecurityMonitoringSignalsSort("timestamp"))
        found = api.search_security_monitoring_signals_with_pagination(body=wanted)
    signals = [understood(signal) for signal in found]
    assert [len(signals), {signal["id"] for signal in signals}] == [len(ids), ids]
    assert len(sim.log.reads("datadog")) == len(ids) // 3 + 1
    times = [signal["attributes"]["timestamp"] for signal in signals]
    assert times == sorted(times)


def test_searches_by_the_triage(sim: Simulator, datadog_client: ApiClient) -> None:
    bounds = v2.SecurityMonitoringSignalListRequestFilter(query="@workflow.triage.state:under_review")
    wanted = v2.SecurityMonitoringSignalListRequest(filter=bounds)
    found = understood(SignalsV2(datadog_client).search_security_monitoring_signals(body=wanted))["data"]
    assert {signal["id"] for signal in found} == set(sim.datadog.ids(state="under_review")) != set()
    assert all("version" not in signal["attributes"] for signal in found)


def test_lists_users(sim: Simulator, datadog_client: ApiClient) -> None:
    api = UsersApi(datadog_client)
    found = understood(api.list_users(filter="costa", filter_status="Active,Pending", page_size=100))
    assert {user["attributes"]["handle"] for user in found["data"]} == {
        "bruno.costa@example.com",
        "b.costa@example.com",
    }
    everyone = [understood(user) for user in api.list_users_with_pagination(page_size=3)]
    assert {user["id"] for user in everyone} == set(sim.datadog.users)
    for user in everyone:
        # The real service answers this too, as recorded.
        assert undeclared(v2.UserAttributes, user["attributes"]) == {"allowed_login_methods"}
        assert understood(api.get_user(user["id"]))["data"] == user


@pytest.mark.filterwarnings("ignore:Using unstable operation:UserWarning")
def test_lists_incidents(sim: Simulator, datadog_client: ApiClient) -> None:
    for operation in ("list_incidents", "get_incident"):
        datadog_client.configuration.unstable_operations[operation] = True
    api = IncidentsApi(datadog_client)
    found = [understood(incident) for incident in api.list_incidents_with_pagination(page_size=2)]
    assert [incident["attributes"]["public_id"] for incident in found] == sim.datadog.incident_ids
    assert understood(api.get_incident(found[0]["id"]))["data"]["id"] == found[0]["id"]


def test_an_access_token_instead_of_keys(sim: Simulator) -> None:
    configuration = Configuration(host=sim.datadog.url, access_token=sim.credentials.datadog_access_token)
    # They come out of the environment otherwise, and would go along.
    configuration.api_key.clear()
    signal = next(iter(sim.datadog.signals))
    with ApiClient(configuration) as client:
        assert understood(SignalsV2(client).get_security_monitoring_signal(signal))["data"]["id"] == signal


# Errors

#: The model of each shape that errors come in; the third has none in the client.
SHAPES = {"strings": v2.APIErrorResponse, "objects": v2.JSONAPIErrorResponse, "error": None}


def _unknown(client: ApiClient, sim: Simulator) -> None:
    UsersApi(client).get_user("00000000-0000-4000-8000-000000000000")


def _outdated(client: ApiClient, sim: Simulator) -> None:
    update(client, sim, sim.datadog.add_signal(version=7).id, version=3)


def _locked(client: ApiClient, sim: Simulator) -> None:
    update(client, sim, sim.datadog.add_signal(age=31 * 86400.0).id)


def _stranger(client: ApiClient, sim: Simulator) -> None:
    set_assignee(client, sim, sim.datadog.add_signal().id, "00000000-0000-4000-8000-000000000000")


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("ask", "status"), [(_unknown, 404), (_outdated, 409), (_locked, 400), (_stranger, 400)])
def test_errors_of_the_second_version(
    sim: Simulator,
    datadog_client: ApiClient,
    shape: str,
    ask: t.Callable[[ApiClient, Simulator], None],
    status: int,
) -> None:
    sim.settings.datadog.error_shape = shape
    with pytest.raises(ApiException) as refused:
        ask(datadog_client, sim)
    assert refused.value.status == status
    model, body = SHAPES[shape], refused.value.body
    if model is None:
        assert set(body["error"]) == {"code", "message", "details"}
    else:
        assert understood(datadog_client.deserialize(json.dumps(body), (model,), True)) == body


def test_errors_of_the_first_version(sim: Simulator, datadog_client: ApiClient) -> None:
    with pytest.raises(NotFoundException) as refused:
        add_to_incident(datadog_client, sim, "AQAAAunknown")
    body = refused.value.body
    assert understood(datadog_client.deserialize(json.dumps(body), (v1.APIErrorResponse,), True)) == body


def test_an_unknown_signal_is_not_found(datadog_client: ApiClient) -> None:
    with pytest.raises(NotFoundException) as refused:
        SignalsV2(datadog_client).get_security_monitoring_signal("AQAAAunknown")
    assert refused.value.body == {"errors": ["Signal not found"]}


def test_a_weak_key_is_forbidden(sim: Simulator, datadog_client: ApiClient) -> None:
    datadog_client.configuration.api_key["appKeyAuth"] = sim.credentials.datadog_read_only_app_key
    signal = sim.datadog.add_signal()
    with pytest.raises(ForbiddenException):
        set_state(datadog_client, sim, signal.id)
    assert understood(SignalsV2(datadog_client).get_security_monitoring_signal(signal.id))["data"]["id"] == signal.id


def test_the_clients_own_retry_heeds_the_rate_limit(sim: Simulator) -> None:
    sim.settings.datadog.rate_limit, sim.settings.datadog.rate_period = 1, 0.5
    keys = {"apiKeyAuth": sim.credentials.datadog_api_key, "appKeyAuth": sim.credentials.datadog_app_key}
    configuration = Configuration(host=sim.datadog.url, api_key=keys)
    configuration.enable_retry = True
    signal = next(iter(sim.datadog.signals))
    with ApiClient(configuration) as client:
        for _time in range(2):
            understood(SignalsV2(client).get_security_monitoring_signal(signal))
    assert [entry.status for entry in sim.log] == [200, 429, 200]
