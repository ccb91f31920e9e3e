# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Datadog Cloud SIEM: the v2 and v1 signal APIs, users and incidents."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable
from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from .base import Call, RefusedError, answer
from .datadog_account import V1, V2
from .datadog_reads import DatadogReads
from .datadog_signals import REASONS, STATES, Signal, make_incident, written

BULK_LIMIT = 199
LOCKED_AFTER = 30 * 86400


class Datadog(DatadogReads):
    """Datadog, as one organisation sees it."""

    name = "datadog"

    def routes(self) -> list[Route]:
        """Reads, searches, writes of both versions, users and incidents."""
        return [
            self.route("POST", f"{V2}/search", self._search, "signals_read"),
            self.route("GET", V2, self._list, "signals_read"),
            self.route("PATCH", f"{V2}/bulk/update", self._bulk, "signals_write"),
            self.route("GET", f"{V2}/{{id}}", self._get, "signals_read"),
            self.route("PATCH", f"{V2}/{{id}}/update", self._writer("version"), "signals_write"),
            self.route("PATCH", f"{V2}/{{id}}/state", self._writer("state"), "signals_write"),
            self.route("PATCH", f"{V2}/{{id}}/assignee", self._writer("assignee"), "signals_write"),
            self.route("PATCH", f"{V2}/{{id}}/incidents", self._writer("incident_ids"), "signals_write"),
            self.route("PATCH", f"{V1}/{{id}}/add_to_incident", self._v1_link, "signals_write"),
            self.route("PATCH", f"{V1}/{{id}}/state", self._v1_state, "signals_write"),
            self.route("PATCH", f"{V1}/{{id}}/assignee", self._v1_assignee, "signals_write"),
            self.route("GET", "/api/v2/users", self._list_users, "user_access_read"),
            self.route("GET", "/api/v2/users/{id}", self._get_user, "user_access_read"),
            self.route("GET", "/api/v2/incidents", self._list_incidents, "incident_read"),
            self.route("POST", "/api/v2/incidents", self._create_incident, "incident_write"),
            self.route("GET", "/api/v2/incidents/search", self._search_incidents, "incident_read"),
            self.route("GET", "/api/v2/incidents/{id}", self._get_incident, "incident_read"),
        ]

    # Writing

    def _writer(self, required: str) -> Callable[[Call], Response]:
        """The handler of a v2 write, which must name ``required`` (``version`` stands for: anything)."""

        def write(call: Call) -> Response:
            signal = self._signal(call)
            attributes = self._attributes(call, call.body)
            if required != "version" and required not in attributes:
                raise self._invalid(call, f"data.attributes.{required} is required")
            allowed = {required, "version"} if required in ("assignee", "incident_ids") else set(attributes)
            self._write(call, signal, {key: value for key, value in attributes.items() if key in allowed})
            data = {"type": "signal_metadata", "id": signal.id, "attributes": written(signal, self.users)}
            return self._answer({"data": data})

        return write

    def _attributes(self, call: Call, body: Any) -> dict[str, Any]:
        data = body.get("data") if isinstance(body, dict) else None
        attributes = data.get("attributes") if isinstance(data, dict) else None
        if not isinstance(attributes, dict):
            raise self._invalid(call, "data.attributes is required")
        if data is not None and data.get("type", "signal_metadata") not in ("signal_metadata", "signal"):
            raise self._invalid(call, "data.type must be signal_metadata")
        self._validate(call, attributes)
        return attributes

    def _validate(self, call: Call, attributes: dict[str, Any]) -> None:
        """Refuse values that are not of the API page's types and enums."""
        state, reason = attributes.get("state", "open"), attributes.get("archive_reason", "none")
        assignee, version = attributes.get("assignee", {"uuid": ""}), attributes.get("version", 0)
        incidents = attributes.get("incident_ids", [])
        if state not in STATES:
            raise self._invalid(call, f"invalid state {state!r}, expected one of {', '.join(STATES)}")
        if reason not in REASONS:
            raise self._invalid(call, f"invalid archive_reason {reason!r}, expected one of {', '.join(REASONS)}")
        if not isinstance(attributes.get("archive_comment", ""), str):
            raise self._invalid(call, "archive_comment must be a string")
        if not isinstance(assignee, dict) or not isinstance(assignee.get("uuid"), str):
            raise self._invalid(call, "assignee.uuid is required")
        if not isinstance(version, int) or isinstance(version, bool):
            raise self._invalid(call, "version must be an integer")
        if not isinstance(incidents, list) or not all(isinstance(one, int) for one in incidents):
            raise self._invalid(call, "incident_ids must be a list of integers")
        user = self.users.get(assignee["uuid"])
        if assignee["uuid"] and (user is None or user.status == "Disabled"):
            raise self._refused(call, self.settings.unknown_assignee_status, "Bad Request", "assignee was not found")
        if not set(incidents) <= set(self.incident_ids):
            raise self._refused(call, 404, "Not Found", "incident was not found")

    def _write(self, call: Call, signal: Signal, attributes: dict[str, Any]) -> None:
        """Apply a valid write. It leaves its marks even where it changes nothing."""
        if time.time() * 1000 - signal.timestamp > LOCKED_AFTER * 1000:
            raise self._invalid(call, "the signal is older than 30 days and cannot be updated")
        version = attributes.get("version")
        if version is not None and version < signal.version:
            detail = f"version {version} is lower than the current version {signal.version}"
            raise self._refused(call, self.settings.conflict_status, "Conflict", detail)
        self.remember(call.entry, signal.id, signal)
        before, now = signal.triage_state(), int(time.time() * 1000)
        if self.settings.search_lag:
            seen = {**before, "state_update_timestamp": signal.state_update_timestamp}
            signal.indexed = signal.indexed if signal.index_lag else seen
            signal.index_lag = self.settings.search_lag
        me = next(iter(self.users))
        if attributes.get("state") == "open" != signal.state and self.settings.reopening_clears_archive:
            signal.archive_reason, signal.archive_comment = "none", None
        signal.state = attributes.get("state", signal.state)
        signal.archive_reason = attributes.get("archive_reason", signal.archive_reason)
        if "archive_comment" in attributes:
            signal.archive_comment = attributes["archive_comment"]
            signal.comment_timestamp, signal.comment_user = now, me
        if "assignee" in attributes:
            signal.assignee = attributes["assignee"]["uuid"]
        if "incident_ids" in attributes:
            signal.incident_ids = list(attributes["incident_ids"])
        signal.triaged = True
        # Two writes within a millisecond must still be told apart.
        signal.state_update_timestamp = max(now, (signal.state_update_timestamp or 0) + 1)
        signal.state_update_user = me
        signal.version += 1
        self.record(call.entry, signal.id, before, signal.triage_state())

    def _bulk(self, call: Call) -> Response:
        """Many updates at once; what cannot be applied is left out of the answer without a word."""
        if self.settings.bulk != "on":
            raise self._refused(call, int(self.settings.bulk), "Not Found", "")
        items = call.body.get("data") if isinstance(call.body, dict) else None
        if not isinstance(items, list) or not 1 <= len(items) <= BULK_LIMIT:
            raise self._invalid(call, f"data must have 1 to {BULK_LIMIT} items")
        updates = [(item, self._attributes(call, {"data": item})) for item in items]
        events = []
        for item, attributes in updates:
            signal = self.signals.get(item.get("id", ""))
            try:
                if signal is not None:
                    self._write(call, signal, attributes)
                    event = {"id": signal.id, **written(signal, self.users)}
                    events.append({"id": signal.id, "event": event})
            except RefusedError:
                continue
        result = {"count": len(events), "events": events}
        return self._answer({"type": "status", "status": "done", "result": result})

    def _create_incident(self, call: Call) -> Response:
        """One more incident, on each call."""
        data: Any = call.body.get("data") if isinstance(call.body, dict) else None
        attributes = data.get("attributes") if isinstance(data, dict) else None
        if not isinstance(attributes, dict) or data.get("type") != "incidents":
            raise self._invalid(call, "data.attributes is required, and data.type must be incidents")
        if not isinstance(attributes.get("title"), str) or not attributes["title"]:
            raise self._invalid(call, "title is required")
        if not isinstance(attributes.get("customer_impacted"), bool):
            raise self._invalid(call, "customer_impacted is required")
        made = make_incident(self._chance, max(self.incident_ids, default=4099) + 1, attributes["title"])
        self.remember(call.entry, "incidents", self.incidents)
        # In its place, so that a write can be taken back.
        self.incidents.append(made)
        self.hidden_incidents[made["id"]] = self.settings.incident_search_lag
        return answer({"data": made}, 201, self._rate_headers())

    def _v1_body(self, call: Call) -> dict[str, Any]:
        if not isinstance(call.body, dict):
            raise self._invalid(call, "the body is not an object")
        return call.body

    def _v1_done(self, call: Call, signal: Signal, attributes: dict[str, Any]) -> Response:
        self._validate(call, attributes)
        self._write(call, signal, attributes)
        hits = 1 if self.settings.hit_count is None else self.settings.hit_count
        request_id = base64.b64encode(f"request {call.entry.number}".encode()).decode()
        body = {"status": "done", "elapsed": 3, "hitCount": hits, "type": "status", "requestId": request_id}
        return self._answer(body)

    def _v1_link(self, call: Call) -> Response:
        """Append an incident; reads may lag behind."""
        body, signal = self._v1_body(call), self._signal(call)
        incident = body.get("incident_id")
        if not isinstance(incident, int) or isinstance(incident, bool):
            raise self._invalid(call, "incident_id is required")
        if not isinstance(body.get("add_to_signal_timeline", False), bool):
            raise self._invalid(call, "add_to_signal_timeline must be a boolean")
        if incident not in self.incident_ids:
            raise self._refused(call, 404, "Not Found", "Incident not found")
        old = list(signal.incident_ids)
        linked = old if incident in old else [*old, incident]
        versions = {"version": body["version"]} if "version" in body else {}
        response = self._v1_done(call, signal, {"incident_ids": linked, **versions})
        signal.lag, signal.lagging_ids = self.settings.incident_lag_reads, old
        return response

    def _v1_state(self, call: Call) -> Response:
        names = {"state": "state", "archiveReason": "archive_reason", "archiveComment": "archive_comment"}
        body, signal = self._v1_body(call), self._signal(call)
        if "state" not in body:
            raise self._invalid(call, "state is required")
        given = {name: body[key] for key, name in {**names, "version": "version"}.items() if key in body}
        return self._v1_done(call, signal, given)

    def _v1_assignee(self, call: Call) -> Response:
        body, signal = self._v1_body(call), self._signal(call)
        if "assignee" not in body:
            raise self._invalid(call, "assignee is required")
        versions = {"version": body["version"]} if "version" in body else {}
        return self._v1_done(call, signal, {"assignee": {"uuid": body["assignee"]}, **versions})
