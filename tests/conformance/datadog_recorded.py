# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The requests that were recorded of Datadog, and the shapes of what they were answered."""

from __future__ import annotations

from ansible_collections.secops.triage.tests.conformance.shapes import ANY, Case, Shape

_REFERENCE = {"data": {"type": str, "id": str}}
_NONE: Shape = {"data": []}

_NAMES = "the users of the simulator have names"
_NEVER_TRIAGED = "documented; the recorded signal was never archived"
_DETECTION = "it tells how the signal came about, which no module reads"
_INCIDENTS = "no module reads incidents; the simulator has what names one"

DONE = {"status": str, "elapsed": int, "hitCount": int, "type": str, "requestId": str}
WRITTEN = {
    "data": {
        "id": str,
        "type": str,
        "attributes": {
            "incident_ids": [int],
            "state_update_user": {"handle": str, "uuid": str, "name": None, "id": int, "icon": str},
            "assignee": {"id": int, "name": str, "uuid": str},
            "state": str,
            "archive_reason": str,
            "state_update_timestamp": int,
        },
    }
}
USERS = {
    "meta": {"page": {"total_filtered_count": int, "total_count": int}},
    "data": [
        {
            "type": str,
            "id": str,
            "attributes": {
                **dict.fromkeys(("handle", "created_at", "modified_at", "email", "icon", "title", "status"), str),
                **dict.fromkeys(("verified", "service_account", "disabled"), bool),
                "name": None,
                "allowed_login_methods": [],
            },
            "relationships": {"roles": _NONE, "org": _REFERENCE},
        }
    ],
}
SIGNAL = {
    "data": {
        "type": str,
        "id": str,
        "attributes": {
            **dict.fromkeys(("event_id", "event_tracker_id", "host", "message", "status", "timestamp"), str),
            **dict.fromkeys(("triggering_log_timestamp", "groupByValuesHash", "reducer_signal_id"), str),
            **dict.fromkeys(("severity", "version", "size_in_bytes", "tiebreaker"), int),
            **dict.fromkeys(("discovery_timestamp", "discovery_hour"), int),
            "datadog.index": str,
            "random_draw": float,
            "searchable": {"title": str},
            "service": [str],
            "tag": ANY,
            "tags": [str],
            "custom": {
                "entities": [str],
                "title": str,
                "workflow": {
                    "rule": {"detectionMethod": str, "id": str, "name": str, "type": str, "version": int},
                    "triage": {"assignee": {"name": str}, "state": str},
                },
            },
            "gated": {
                **dict.fromkeys(("network", "triggeringRuleCase", "relatedQuery", "samples", "queries"), ANY),
                "workflow": {
                    "events_matched": int,
                    "first_seen": str,
                    "high_cardinality": ANY,
                    "last_seen": str,
                    "rule": {"defaultRuleId": None, "defaultRuleVersion": int, "isDefaultRule": bool},
                    "triage": {"assignee": {"id": int}, "incidentIds": []},
                },
            },
        },
    }
}
_RESPONSIBLE = ("created_by_user", "last_modified_by_user")
INCIDENT = {
    "type": str,
    "id": str,
    "attributes": {
        "public_id": int,
        **dict.fromkeys(("title", "created", "modified", "detected", "severity", "state"), str),
        **dict.fromkeys(("created_by_uuid", "last_modified_by_uuid"), str),
        **dict.fromkeys(("time_to_detect", "time_to_repair", "time_to_internal_response", "time_to_resolve"), int),
        **dict.fromkeys(("resolved", "notification_handles", "creation_idempotency_key", "field_analytics"), None),
        **dict.fromkeys(("customer_impact_scope", "customer_impact_start", "customer_impact_end"), None),
        **dict.fromkeys(("incident_type_uuid?", "declared?", "declared_by_uuid?"), str),
        **dict.fromkeys(("archived?", "case_id?", "non_datadog_creator"), None),
        "customer_impact_duration": int,
        "customer_impacted": bool,
        "is_test?": bool,
        "visibility": (str, None),
        "fields": {
            "slug?": {"type": str, "value": str},
            **{
                f"{name}": {"type": str, "value": (str, None)}
                for name in ("severity", "detection_method", "root_cause", "teams", "state", "services", "summary")
            },
        },
    },
    "relationships": {
        **dict.fromkeys(_RESPONSIBLE, _REFERENCE),
        "commander_user": (_REFERENCE, {"data": None}),
        "declared_by_user?": _REFERENCE,
        "user_defined_fields": {"data": [{"type": str, "id": str}]},
        **dict.fromkeys(("integrations", "attachments", "responders", "impacts"), _NONE),
    },
}
_PAGE = {"size": int, "offset": int, "next_offset?": int}
INCIDENTS = {"meta": {"pagination": _PAGE}, "data": [INCIDENT]}

_V1, _V2 = "/api/v1/security_analytics/signals/{signal}", "/api/v2/security_monitoring/signals/{signal}"
_NAMED = {r"data\.attributes\.state_update_user\.name: str": _NAMES}
_LESS = {
    r"data(\[\])?\.attributes\.(?!public_id|title|fields:).*: missing": _INCIDENTS,
    r"data(\[\])?\.relationships: missing": _INCIDENTS,
}


def _writes(**attributes: object) -> dict[str, object]:
    return {"data": {"attributes": attributes}}


CASES = [
    Case("v1 add to incident", "PATCH", f"{_V1}/add_to_incident", 200, DONE, {"incident_id": 4101}),
    Case("v1 state", "PATCH", f"{_V1}/state", 200, DONE, {"archiveReason": "none", "state": "open"}),
    Case("v1 assignee", "PATCH", f"{_V1}/assignee", 200, DONE, {"assignee": "{user}"}),
    Case("v2 incidents", "PATCH", f"{_V2}/incidents", 200, WRITTEN, _writes(incident_ids=[4101]), differs=_NAMED),
    Case(
        "v2 state",
        "PATCH",
        f"{_V2}/state",
        200,
        WRITTEN,
        _writes(archive_reason="none", state="open"),
        differs=_NAMED,
    ),
    Case("v2 assignee", "PATCH", f"{_V2}/assignee", 200, WRITTEN, _writes(assignee={"uuid": ""}), differs=_NAMED),
    Case(
        "v2 signal",
        "GET",
        _V2,
        200,
        SIGNAL,
        differs={
            r"data\.attributes\.custom\.workflow\.triage\.archiveReason: unknown": _NEVER_TRIAGED,
            r"data\.attributes\.(discovery_\w+|groupByValuesHash|reducer_signal_id): missing": _DETECTION,
            r"data\.attributes\.(size_in_bytes|tiebreaker|datadog\.index|random_draw): missing": _DETECTION,
            r"data\.attributes\.gated\.(network|triggeringRuleCase|relatedQuery|samples|queries): missing": _DETECTION,
            r"data\.attributes\.gated\.workflow\.high_cardinality: missing": _DETECTION,
        },
    ),
    Case("v2 unknown signal", "GET", "/api/v2/security_monitoring/signals/AQAAAunknown", 404, {"errors": [str]}),
    Case(
        "v2 users",
        "GET",
        "/api/v2/users?filter=greta%40example.com",
        200,
        USERS,
        differs={r"data\[\]\.attributes\.name: str": _NAMES},
    ),
    Case("v2 incidents, first page", "GET", "/api/v2/incidents?page[size]=2", 200, INCIDENTS, differs=_LESS),
    Case(
        "v2 incidents, next page", "GET", "/api/v2/incidents?page[size]=2&page[offset]=2", 200, INCIDENTS, differs=_LESS
    ),
    Case("v2 incident", "GET", "/api/v2/incidents/{incident}", 200, {"data": INCIDENT}, differs=_LESS),
]
