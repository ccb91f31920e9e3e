# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every call that the modules make, with every status other than success that it may answer with.

Written by hand after the vendors' pages: what a page says of one call, or is known of its service, is held against all
calls of that service, for its gateway answers for all of them. C(500) and C(503) are those of any gateway.
"""

from __future__ import annotations

import dataclasses
import re
import typing as t

from ansible_collections.secops.triage.tests.simulator import Entry
from ansible_collections.secops.triage.tests.unit.harness import Params

#: "Bad Request", "Forbidden", "Not Found" and "Too many requests" stand on all pages of signals; 401 is without keys.
_DATADOG = (400, 401, 403, 404, 429, 500, 503)
#: As the page of a signal's update: "if server side version is higher, update will be rejected".
_VERSIONED = (*_DATADOG, 409)
#: "Invalid input data", "Unsuccessful authentication" and "Internal server error" stand on all pages of alerts. The
#: others come from the server around them: privileges, paths, bodies that are too large or of another type.
_KIBANA = (400, 401, 403, 404, 413, 415, 429, 500, 503)
#: An update by query that meets another write.
_CONFLICTING = (*_KIBANA, 409)
#: The statuses of all google.rpc codes.
_YANDEX = (400, 401, 403, 404, 409, 429, 500, 503, 504)
#: What the server was seen to answer, in the order of its checks, and 400 for a sort that it does not know.
_CALSETA = (413, 401, 403, 400, 422, 429, 404, 500, 503)

_SIGNALS = "/api/v2/security_monitoring/signals"
_ENGINE = "/api/detection_engine/signals"
_DECK = "/securitydeck/alerts/v1"
_METADATA = "/computeMetadata/v1/instance/service-accounts/default/token"


@dataclasses.dataclass(frozen=True)
class Call:
    """A call of an API. In its path, names in braces stand for one segment each."""

    platform: str
    name: str
    method: str
    path: str
    statuses: tuple[int, ...]

    @property
    def route(self) -> str:
        """What it is called where the simulator serves it."""
        return f"{self.platform} {self.method} {self.path}"

    @property
    def pattern(self) -> str:
        """A regular expression for the addresses of this call, as a fault takes one."""
        # Datadog's call for many at once is not the update of a signal called "bulk".
        path = re.sub(r"\\\{\w+\\\}", r"(?!bulk/)[^/?]+", re.escape(self.path))
        return rf"^(/{self.platform})?(/s/[^/]+)?{path}(\?|$)"

    def is_made_by(self, entry: Entry) -> bool:
        return (entry.platform, entry.method) == (self.platform, self.method) and bool(
            re.search(self.pattern, entry.path)
        )

    def refusal(self, status: int, words: str) -> t.Any:
        """The body of an answer with this status, in the shape that its page shows."""
        if self.platform == "datadog" and (self.name, status) == ("read", 404):
            # Behind an api_url, only by these words can it be told from a wrong address.
            return {"errors": ["Signal not found"]}
        if self.platform == "datadog":
            return {"errors": [words if "/v1/" in self.path else {"status": str(status), "title": words}]}
        if self.platform == "kibana":
            if status == 500:
                return {"message": words, "status_code": status}
            return {"statusCode": status, "error": "Error", "message": words}
        if self.platform == "calseta":
            # Only by these words can it be told from a wrong address.
            message = "Alert not found." if status == 404 and "{id}" in self.path else words
            return {"error": {"code": "ERROR", "message": message, "details": {}}}
        return {"code": 13, "message": words, "details": []}


_CALLS = (
    Call("datadog", "read", "GET", f"{_SIGNALS}/{{id}}", _DATADOG),
    Call("datadog", "search", "POST", f"{_SIGNALS}/search", _DATADOG),
    Call("datadog", "update", "PATCH", f"{_SIGNALS}/{{id}}/update", _VERSIONED),
    Call("datadog", "bulk", "PATCH", f"{_SIGNALS}/bulk/update", _VERSIONED),
    Call("datadog", "unlink", "PATCH", f"{_SIGNALS}/{{id}}/incidents", _VERSIONED),
    Call("datadog", "link", "PATCH", "/api/v1/security_analytics/signals/{id}/add_to_incident", _VERSIONED),
    Call("datadog", "titles", "GET", "/api/v2/incidents/search", _DATADOG),
    Call("datadog", "incident", "POST", "/api/v2/incidents", _DATADOG),
    Call("datadog", "users", "GET", "/api/v2/users", _DATADOG),
    Call("datadog", "user", "GET", "/api/v2/users/{id}", _DATADOG),
    Call("kibana", "search", "POST", f"{_ENGINE}/search", _KIBANA),
    Call("kibana", "status", "POST", f"{_ENGINE}/status", _CONFLICTING),
    Call("kibana", "tags", "POST", f"{_ENGINE}/tags", _CONFLICTING),
    Call("kibana", "assignees", "POST", f"{_ENGINE}/assignees", _CONFLICTING),
    Call("kibana", "notes", "GET", "/api/note", _KIBANA),
    Call("kibana", "note", "PATCH", "/api/note", _KIBANA),
    Call("kibana", "users", "GET", "/internal/detection_engine/users/_find", _KIBANA),
    Call("security_deck", "read", "GET", f"{_DECK}/alerts/{{id}}", _YANDEX),
    Call("security_deck", "search", "GET", f"{_DECK}/sinks/{{sink}}/alerts", _YANDEX),
    Call("security_deck", "update", "PATCH", f"{_DECK}/alerts/{{id}}", _YANDEX),
    Call("security_deck", "notes", "GET", f"{_DECK}/alerts/{{id}}/comments", _YANDEX),
    Call("security_deck", "note", "POST", f"{_DECK}/alerts/{{id}}/comments", _YANDEX),
    Call("security_deck", "operation", "GET", "/operations/{id}", _YANDEX),
    Call("security_deck", "token", "POST", "/iam/v1/tokens", _YANDEX),
    Call("security_deck", "machine", "GET", _METADATA, _YANDEX),
    Call("calseta", "read", "GET", "/v1/alerts/{id}", _CALSETA),
    Call("calseta", "search", "GET", "/v1/alerts", _CALSETA),
    Call("calseta", "update", "PATCH", "/v1/alerts/{id}", _CALSETA),
    Call("calseta", "notes", "GET", "/v1/alerts/{id}/findings", _CALSETA),
    Call("calseta", "note", "POST", "/v1/alerts/{id}/findings", _CALSETA),
)
CALLS = {(call.platform, call.name): call for call in _CALLS}

#: What the simulator serves to other clients, and no module needs.
OTHERS = frozenset(
    (
        f"datadog GET {_SIGNALS}",
        f"datadog PATCH {_SIGNALS}/{{id}}/state",
        f"datadog PATCH {_SIGNALS}/{{id}}/assignee",
        "datadog PATCH /api/v1/security_analytics/signals/{id}/state",
        "datadog PATCH /api/v1/security_analytics/signals/{id}/assignee",
        "datadog GET /api/v2/incidents",
        "datadog GET /api/v2/incidents/{id}",
        "kibana GET /api/spaces/space/{space}",
        # A module does ask for it, but does not fail without.
        "kibana POST /internal/security/user_profile/_bulk_get",
        # No module uses Kibana's cases.
        "kibana GET /api/cases/_find",
        "kibana POST /api/cases",
        "kibana PATCH /api/cases",
        "kibana GET /api/cases/alerts/{alert}",
        "kibana GET /api/cases/{case}",
        "kibana GET /api/cases/{case}/alerts",
        "kibana GET /api/cases/{case}/comments/_find",
        "kibana POST /api/cases/{case}/comments",
        "kibana DELETE /api/cases/{case}/comments/{comment}",
        "calseta GET /health",
        "calseta GET /v1/alerts/{id}/activity",
    )
)

#: What there is to look at after a status, by service and status; of some calls it is another thing.
_HINTS: dict[tuple[str, int], str] = {
    ("datadog", 401): "Check api_key and app_key, or access_token",
    ("datadog", 403): "security_monitoring_signals_{right}",
    ("kibana", 401): "Check api_key, username and password, or bearer_token",
    ("kibana", 403): "Kibana's privilege to {change} security alerts",
    ("kibana", 404): "Check api_url and space_id",
    ("security_deck", 401): "Check the IAM token",
    ("security_deck", 403): "security-deck.alertSinks.{role}",
    ("calseta", 401): "Check api_key",
    ("calseta", 403): "alerts:read",
    ("calseta", 404): "Check api_url",
}
_HINTS_OF_CALLS: dict[tuple[str, str, int], str] = {
    **{("datadog", call, 403): "user_access_read" for call in ("users", "user")},
    **{("datadog", call, 403): "incident_read, and incident_write" for call in ("titles", "incident")},
    **{("datadog", "incident", status): "was created: look for it in Datadog" for status in (500, 503)},
    **{("datadog", call, 404): "Check api_url" for call in ("search", "users", "user", "titles")},
    **{("kibana", call, 403): "Kibana's privilege for notes" for call in ("notes", "note")},
    **{("kibana", "users", status): "give the uids of their profiles" for status in (400, 403, 404)},
    **{("security_deck", "token", status): "Check the service account's key" for status in _YANDEX if status != 429},
    **{("security_deck", "machine", status): "a virtual machine of the cloud" for status in _YANDEX},
}


def hint_of(call: Call, status: int, module: str, params: Params) -> str | None:
    """What the hint must say at least; V(None) where there is nothing to say but the API's own words."""
    if status == 409 and params.get("version") is not None:
        return f"Conflict: version {params['version']} was sent, and the signal is at version 3"
    said = _HINTS_OF_CALLS.get((call.platform, call.name, status))
    if said is None:
        said = "Refused 1 times" if status == 429 else _HINTS.get((call.platform, status))
    writes = call.method in ("PATCH", "POST") and call.name != "search"
    role = "viewer" if module.endswith("_info") else "editor"
    return said and said.format(right="write" if writes else "read", change="change" if writes else "read", role=role)
