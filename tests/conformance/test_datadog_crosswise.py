# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What our modules wrote, Datadog's own client reads; what the client wrote, our modules find already done."""

from __future__ import annotations

import typing as t

import pytest
from datadog_api_client import ApiClient
from datadog_api_client.v2 import models as v2
from datadog_api_client.v2.api.security_monitoring_api import SecurityMonitoringApi
from datadog_api_client.v2.api.users_api import UsersApi

from ansible_collections.secops.triage.tests.conformance.datadog_edits import (
    ARCHIVED,
    HANDLE,
    INCIDENT,
    REVIEWED,
    add_to_incident,
    bulk_update_one,
    set_assignee,
    set_incidents,
    set_state,
    update,
)
from ansible_collections.secops.triage.tests.simulator import Simulator
from ansible_collections.secops.triage.tests.unit.harness import Params, four_runs


def triage(client: ApiClient, signal_id: str) -> dict[str, t.Any]:
    """The triage of a signal as the client sees it: a GET has it in two places."""
    data = SecurityMonitoringApi(client).get_security_monitoring_signal(signal_id).to_dict()["data"]
    parts = [data["attributes"][part]["workflow"]["triage"] for part in ("gated", "custom")]
    assignee = {**parts[0].pop("assignee"), **parts[1].pop("assignee")}
    return {**parts[0], **parts[1], "assignee": assignee}


def search(client: ApiClient, query: str) -> set[str]:
    """The signals that the client's search finds."""
    bounds = v2.SecurityMonitoringSignalListRequestFilter(query=query)
    wanted = v2.SecurityMonitoringSignalListRequest(filter=bounds)
    found = SecurityMonitoringApi(client).search_security_monitoring_signals_with_pagination(body=wanted)
    return {signal["id"] for signal in found}


@pytest.mark.parametrize("together", [1, 3])
def test_the_client_reads_what_was_archived(
    sim: Simulator, datadog: Params, datadog_client: ApiClient, together: int
) -> None:
    ids = [sim.datadog.add_signal().id for _position in range(together)]
    archived = {"state": "archived", "archive_reason": "true_positive_benign", "archive_comment": "Pentest"}
    runs = four_runs(sim, "signal_state", {**datadog, "signal_ids": ids, **archived})
    assert runs.real["counts"]["changed"] == together
    for signal_id in ids:
        seen = triage(datadog_client, signal_id)
        assert (seen["state"], seen["archiveReason"], seen["archiveComment"]) == tuple(archived.values())
    assert search(datadog_client, "@workflow.triage.archiveReason:true_positive_benign") >= set(ids)


def test_the_client_knows_who_was_assigned(sim: Simulator, datadog: Params, datadog_client: ApiClient) -> None:
    ids = [sim.datadog.add_signal().id for _position in range(2)]
    four_runs(sim, "signal_state", {**datadog, "signal_ids": ids, "assignee": HANDLE})
    user = next(
        one for one in UsersApi(datadog_client).list_users(filter=HANDLE).data if one.attributes.handle == HANDLE
    )
    assert [triage(datadog_client, one)["assignee"]["uuid"] for one in ids] == [user.id, user.id]
    four_runs(sim, "signal_state", {**datadog, "signal_ids": ids, "assignee": ""})
    assert [triage(datadog_client, one)["assignee"] for one in ids] == [{"id": -1, "name": "Unassigned"}] * 2


def test_the_client_reads_what_was_linked_and_unlinked(
    sim: Simulator, datadog: Params, datadog_client: ApiClient
) -> None:
    signal = sim.datadog.add_signal(incident_ids=[4103])
    params = {**datadog, "signal_ids": [signal.id], "incident_id": INCIDENT}
    four_runs(sim, "signal_incident_link", params)
    assert triage(datadog_client, signal.id)["incidentIds"] == [4103, INCIDENT]
    four_runs(sim, "signal_incident_link", {**params, "incident_id": 4103, "state": "absent"})
    assert triage(datadog_client, signal.id)["incidentIds"] == [INCIDENT]
    assert signal.id in search(datadog_client, f"@workflow.triage.incidentIds:{INCIDENT}")


@pytest.mark.parametrize(
    ("edit", "module", "params"),
    [
        (update, "signal_state", ARCHIVED),
        (bulk_update_one, "signal_state", ARCHIVED),
        (set_state, "signal_state", REVIEWED),
        (set_assignee, "signal_state", {"assignee": HANDLE}),
        (set_incidents, "signal_incident_link", {"incident_id": INCIDENT}),
        (add_to_incident, "signal_incident_link", {"incident_id": INCIDENT}),
    ],
)
def test_the_module_finds_done_what_the_client_wrote(
    sim: Simulator,
    datadog: Params,
    datadog_client: ApiClient,
    edit: t.Callable[[ApiClient, Simulator, str], t.Any],
    module: str,
    params: Params,
) -> None:
    signal = sim.datadog.add_signal()
    edit(datadog_client, sim, signal.id)
    assert len(sim.datadog.changes_of(signal.id)) == 1
    runs = four_runs(sim, module, {**datadog, "signal_ids": [signal.id], **params})
    assert not runs.real["changed"]
    assert sim.datadog.writes_of(signal.id) == 1
