# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writes by Datadog's own client, each with what it makes of a signal."""

from __future__ import annotations

import typing as t

from datadog_api_client import ApiClient
from datadog_api_client.v1 import models as v1
from datadog_api_client.v1.api.security_monitoring_api import SecurityMonitoringApi as SignalsV1
from datadog_api_client.v2 import models as v2
from datadog_api_client.v2.api.security_monitoring_api import SecurityMonitoringApi as SignalsV2

from ansible_collections.secops.triage.tests.simulator import Simulator

#: What `update` and `bulk_update` ask for, as our module's options.
ARCHIVED = {"state": "archived", "archive_reason": "remediated", "archive_comment": "Patched"}
#: What `set_state` asks for.
REVIEWED = {"state": "under_review"}
#: Who gets the signal by `set_assignee`.
HANDLE = "greta@example.com"
#: What `set_incidents` and `add_to_incident` link.
INCIDENT = 4101


def _archived(**more: t.Any) -> v2.SecurityMonitoringSignalUpdateAttributes:
    return v2.SecurityMonitoringSignalUpdateAttributes(
        state=v2.SecurityMonitoringSignalState(ARCHIVED["state"]),
        archive_reason=v2.SecurityMonitoringSignalArchiveReason(ARCHIVED["archive_reason"]),
        archive_comment=ARCHIVED["archive_comment"],
        **more,
    )


def update(client: ApiClient, sim: Simulator, signal_id: str, **more: t.Any) -> t.Any:
    data = v2.SecurityMonitoringSignalUpdateData(
        attributes=_archived(**more), type=v2.SecurityMonitoringSignalMetadataType("signal_metadata")
    )
    body = v2.SecurityMonitoringSignalUpdateRequest(data=data)
    return SignalsV2(client).edit_security_monitoring_signal(signal_id, body)


def bulk_update(client: ApiClient, sim: Simulator, ids: t.Sequence[str]) -> t.Any:
    kind = v2.SecurityMonitoringSignalType("signal")
    data = [v2.SecurityMonitoringSignalsBulkUpdateData(_archived(), signal_id, type=kind) for signal_id in ids]
    body = v2.SecurityMonitoringSignalsBulkUpdateRequest(data=data)
    return SignalsV2(client).bulk_edit_security_monitoring_signals(body)


def bulk_update_one(client: ApiClient, sim: Simulator, signal_id: str) -> t.Any:
    return bulk_update(client, sim, [signal_id])


def set_state(client: ApiClient, sim: Simulator, signal_id: str) -> t.Any:
    attributes = v2.SecurityMonitoringSignalStateUpdateAttributes(
        state=v2.SecurityMonitoringSignalState(REVIEWED["state"])
    )
    data = v2.SecurityMonitoringSignalStateUpdateData(attributes=attributes)
    body = v2.SecurityMonitoringSignalStateUpdateRequest(data=data)
    return SignalsV2(client).edit_security_monitoring_signal_state(signal_id, body)


def set_assignee(client: ApiClient, sim: Simulator, signal_id: str, uuid: str | None = None) -> t.Any:
    user = v2.SecurityMonitoringTriageUser(uuid=sim.datadog.user(HANDLE).uuid if uuid is None else uuid)
    attributes = v2.SecurityMonitoringSignalAssigneeUpdateAttributes(assignee=user)
    data = v2.SecurityMonitoringSignalAssigneeUpdateData(attributes=attributes)
    body = v2.SecurityMonitoringSignalAssigneeUpdateRequest(data=data)
    return SignalsV2(client).edit_security_monitoring_signal_assignee(signal_id, body)


def set_incidents(client: ApiClient, sim: Simulator, signal_id: str) -> t.Any:
    attributes = v2.SecurityMonitoringSignalIncidentsUpdateAttributes(
        incident_ids=v2.SecurityMonitoringSignalIncidentIds([INCIDENT])
    )
    data = v2.SecurityMonitoringSignalIncidentsUpdateData(attributes=attributes)
    body = v2.SecurityMonitoringSignalIncidentsUpdateRequest(data=data)
    return SignalsV2(client).edit_security_monitoring_signal_incidents(signal_id, body)


def add_to_incident(client: ApiClient, sim: Simulator, signal_id: str) -> t.Any:
    body = v1.AddSignalToIncidentRequest(incident_id=INCIDENT, add_to_signal_timeline=True)
    return SignalsV1(client).add_security_monitoring_signal_to_incident(signal_id, body)
