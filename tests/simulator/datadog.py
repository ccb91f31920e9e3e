# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Datadog Cloud SIEM: the v2 and v1 signal APIs, users and incidents."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from starlette.responses import Response
from starlette.routing import Route

from .base import Call, Platform, Refused, answer
from .dates import parse_moment
from .datadog_signals import (
    REASONS,
    STATES,
    Signal,
    User,
    listed,
    make_incidents,
    make_signals,
    make_users,
    read,
    written,
)
from .query_string import compile_text, matches
from .seeds import generator, scenes, signal_id

V1 = "/api/v1/security_analytics/signals"
V2 = "/api/v2/security_monitoring/signals"
BULK_LIMIT = 199
LOCKED_AFTER = 30 * 86400
_READS = frozenset(("signals_read", "user_access_read", "incident_read"))
_ALL = _READS | {"signals_write"}


@dataclass
class DatadogSettings:
    """What is unknown of the real service, or may differ; each value here is one that clients must survive."""

    # How much of the assignee reads show: "uuid" (with handle and name), "handle" (with name), "name".
    assignee_shows: str = "uuid"
    # The subtree of a GET that holds the archive reason and comment: "custom" or "gated".
    archive_in: str = "custom"
    # Bulk updates: "on", or the status that refuses them (404, 405).
    bulk: str | int = "on"
    # Reads that do not see the incidents yet after a link by v1.
    incident_lag_reads: int = 0
    # The shape of v2 errors: "objects", "strings" or "error".
    error_shape: str = "objects"
    conflict_status: int = 409
    unknown_assignee_status: int = 400
    # What v1 answers as hitCount, in place of the truth.
    hit_count: int | None = None
    # Whether reopening resets the archive reason and comment.
    reopening_clears_archive: bool = False
    # Requests per period (seconds) before 429; the headers are always there.
    rate_limit: int | None = None
    rate_period: float = 60.0


class Datadog(Platform):
    """Datadog, as one organisation sees it."""

    name = "datadog"
    credentials: ClassVar[dict[str, str]] = {
        "datadog_api_key": "q7Zt3WvK9xLr2MbN8sHd5GcJ4yPf6TnQ",
        "datadog_app_key": "Xk4vB9zRt7WqLm2NcH8sJd3PfGy6TnZq5KvMx9Lb",
        "datadog_read_only_app_key": "Jw8nC3xQz5VtKr7LbM2hPd9GsFy4TjXk6WvNq8Zc",
        "datadog_no_users_app_key": "Rz6mV2wKx9TqNb4LcJ7hGd8PsFy3XtZk5QvMj7Wn",
        "datadog_access_token": "ddpat_Vn5xK8zQw3TrMb7LcH2jGd9PsFy6XtZk4QvWm",
        "datadog_read_only_access_token": "ddpat_Hq3zM6xVw9TkNb2LcR8jGd5PsFy7XtZn4KvWp",
    }
    harmless = (f"{V2}/search",)
    _permissions: ClassVar[dict[str, frozenset[str]]] = {
        credentials["datadog_app_key"]: _ALL,
        credentials["datadog_read_only_app_key"]: _READS,
        credentials["datadog_no_users_app_key"]: _ALL - {"user_access_read"},
        credentials["datadog_access_token"]: _ALL,
        credentials["datadog_read_only_access_token"]: _READS,
    }

    def __init__(self) -> None:
        super().__init__()
        self.settings = DatadogSettings()
        self.signals: dict[str, Signal] = {}
        self.users: dict[str, User] = {}
        self.incidents: list[dict[str, Any]] = []

    # The alerts, for tests

    def seed(self, alerts: int, seed: int) -> None:
        """Users, incidents and this many signals."""
        self._chance = generator(seed, self.name)
        self.users = {user.uuid: user for user in make_users(self._chance)}
        self.incidents = make_incidents(self._chance)
        made = make_signals(self._chance, alerts, list(self.users.values()), self.incident_ids)
        self.signals = {signal.id: signal for signal in made}
        self._window = (0.0, 0)

    def overview(self) -> dict[str, dict[str, Any]]:
        """The triage state of every signal."""
        return {signal.id: signal.triage_state() for signal in self.signals.values()}

    def ids(self, **fields: Any) -> list[str]:
        """The ids of the signals whose fields have these values, as in ``ids(state="open")``."""
        return [
            signal.id
            for signal in self.signals.values()
            if all(getattr(signal, name) == value for name, value in fields.items())
        ]

    def add_signal(self, age: float = 3600.0, **fields: Any) -> Signal:
        """One more signal, open and unassigned unless ``fields`` say otherwise, created ``age`` seconds ago."""
        scene = next(scenes(self._chance, 1))
        given = {"id": signal_id(self._chance), **fields}
        signal = Signal(scene=scene, timestamp=int((time.time() - age) * 1000), **given)
        self.signals[signal.id] = signal
        return signal

    @property
    def incident_ids(self) -> list[int]:
        """The public ids of the incidents."""
        return [incident["attributes"]["public_id"] for incident in self.incidents]

    def user(self, handle: str) -> User:
        """The user with this handle."""
        return next(user for user in self.users.values() if user.handle == handle)

    # Refusals

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
            self.route("GET", "/api/v2/incidents/{id}", self._get_incident, "incident_read"),
        ]

    def authorize(self, call: Call, needs: str) -> None:
        """Two keys or a bearer token; a wrong one is a bare 403, a weak one a 403 that says what is missing."""
        bearer = call.headers.get("authorization", "")
        api_key, app_key = call.headers.get("dd-api-key"), call.headers.get("dd-application-key")
        if not bearer and not (api_key and app_key):
            raise Refused(401, {"errors": ["Unauthorized"]})
        secret = app_key or ""
        if bearer:
            secret = bearer[7:] if bearer.startswith("Bearer ddpat_") else ""
        elif api_key != self.credentials["datadog_api_key"] or secret.startswith("ddpat_"):
            secret = ""
        permissions = self._permissions.get(secret)
        if permissions is None:
            raise Refused(403, {"errors": ["Forbidden"]})
        self._count_request()
        if needs not in permissions:
            raise self._refused(call, 403, "Forbidden", f"permission security_monitoring_{needs} is missing")

    def _count_request(self) -> None:
        start, count = self._window
        now = time.monotonic()
        if now - start >= self.settings.rate_period:
            start, count = now, 0
        self._window = (start, count + 1)
        limit = self.settings.rate_limit
        if limit is not None and count >= limit:
            raise Refused(429, {"errors": ["Too many requests"]}, self._rate_headers())

    def _rate_headers(self) -> dict[str, str]:
        start, count = self._window
        limit = self.settings.rate_limit or 100000
        reset = max(0.0, self.settings.rate_period - (time.monotonic() - start))
        return {
            "X-RateLimit-Limit": str(limit),
            "X-RateLimit-Period": f"{self.settings.rate_period:g}",
            "X-RateLimit-Remaining": str(max(0, limit - count)),
            "X-RateLimit-Reset": str(int(reset) + 1),
            "X-RateLimit-Name": "security_monitoring_signals",
        }

    def _answer(self, body: Any) -> Response:
        return answer(body, 200, self._rate_headers())

    def error_body(self, status: int, call: Call) -> Any:
        """v1: a list of strings. v2: whichever of its three shapes is set."""
        return self._error(call, status, {404: "Not Found", 429: "Too many requests"}.get(status, "Error"), "")

    def _error(self, call: Call, status: int, title: str, detail: str) -> Any:
        if "/api/v1/" in call.entry.path or self.settings.error_shape == "strings":
            return {"errors": [detail or title]}
        if self.settings.error_shape == "error":
            return {"error": {"code": title.upper().replace(" ", "_"), "message": detail or title, "details": []}}
        error = {"status": str(status), "title": title}
        return {"errors": [{**error, "detail": detail} if detail else error]}

    def _refused(self, call: Call, status: int, title: str, detail: str) -> Refused:
        return Refused(status, self._error(call, status, title, detail))

    def _invalid(self, call: Call, detail: str) -> Refused:
        return self._refused(call, 400, "Bad Request", detail)

    # Reading

    def _signal(self, call: Call) -> Signal:
        signal = self.signals.get(call.params["id"])
        if signal is None:
            raise Refused(404, {"errors": ["Signal not found"]})
        return signal

    def _get(self, call: Call) -> Response:
        shows, archive_in = self.settings.assignee_shows, self.settings.archive_in
        return self._answer(read(self._signal(call), self.users, shows, archive_in))

    def _search(self, call: Call) -> Response:
        body = call.body if call.body is not None else {}
        if not isinstance(body, dict):
            raise self._invalid(call, "the body is not an object")
        bounds, page = body.get("filter") or {}, body.get("page") or {}
        return self._found(call, bounds, body.get("sort"), page.get("limit", 10), page.get("cursor"))

    def _list(self, call: Call) -> Response:
        bounds = {
            name: call.query[f"filter[{name}]"] for name in ("query", "from", "to") if f"filter[{name}]" in call.query
        }
        limit = self._number(call, "page[limit]", 10)
        return self._found(call, bounds, call.query.get("sort"), limit, call.query.get("page[cursor]"))

    def _found(self, call: Call, bounds: dict[str, Any], sort: Any, limit: Any, cursor: Any) -> Response:
        """One page of the signals within the bounds; the cursor names the last signal of the page before."""
        if not isinstance(limit, int) or not 1 <= limit <= 1000:
            raise self._invalid(call, "page.limit must be between 1 and 1000")
        if sort not in (None, "timestamp", "-timestamp"):
            raise self._invalid(call, "sort must be timestamp or -timestamp")
        now = time.time()
        try:
            test = compile_text(bounds.get("query") or "*")
            since = parse_moment(bounds["from"], now) * 1000 if "from" in bounds else 0.0
            until = parse_moment(bounds["to"], now) * 1000 if "to" in bounds else float("inf")
            after = tuple(json.loads(base64.urlsafe_b64decode(cursor))) if cursor else None
        except (ValueError, TypeError) as error:
            raise self._invalid(call, str(error)) from error
        backwards = sort == "-timestamp"
        keys = sorted(((one.timestamp, one.id) for one in self.signals.values()), reverse=backwards)
        page: list[Signal] = []
        more = False
        for key in keys:
            if after is not None and (key >= after if backwards else key <= after):
                continue
            signal = self.signals[key[1]]
            if since <= signal.timestamp <= until and test(self._lookup(signal)):
                if len(page) == limit:
                    more = True
                    break
                page.append(signal)
        body: dict[str, Any] = {"data": [listed(one, self.users, self.settings.assignee_shows) for one in page]}
        body["meta"] = {"elapsed": 1, "status": "done", "page": {}}
        if more:
            last = json.dumps([page[-1].timestamp, page[-1].id]).encode()
            body["meta"]["page"]["after"] = base64.urlsafe_b64encode(last).decode()
            body["links"] = {"next": f"{self.url}{V2}?page[cursor]={body['meta']['page']['after']}"}
        return self._answer(body)

    def _lookup(self, signal: Signal) -> Callable[[str | None, str], bool]:
        """What the query language sees of a signal."""
        scene, user = signal.scene, self.users.get(signal.assignee)
        facets = {
            "@workflow.triage.state": [signal.state],
            "@workflow.triage.archiveReason": [signal.archive_reason],
            "@workflow.triage.incidentIds": [str(number) for number in signal.incident_ids],
            "@workflow.triage.assignee.uuid": [user.uuid] if user else [],
            "@workflow.triage.assignee.handle": [user.handle] if user else [],
            "@workflow.triage.assignee.name": [user.name] if user else ["Unassigned"],
            "@workflow.rule.name": [scene.title],
            "@network.client.ip": [scene.source_address],
            "@usr.email": [scene.user],
            "status": [scene.severity],
            "service": [scene.host.partition("-")[0]],
            "host": [scene.host],
            "source": [scene.source],
        }

        def lookup(name: str | None, pattern: str) -> bool:
            if name is None:
                return pattern == "*" or matches(f"*{pattern.strip('*')}*", f"{scene.title} {scene.advice}")
            if name in facets:
                return any(matches(pattern, value) for value in facets[name])
            return any(matches(f"{name}:{pattern}", tag) for tag in scene.tags)

        return lookup

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
        before, now = signal.triage_state(), int(time.time() * 1000)
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
            except Refused:
                continue
        result = {"count": len(events), "events": events}
        return self._answer({"type": "status", "status": "done", "result": result})

    def forget(self, body: Any, count: int) -> Any:
        """Drop the last items of a bulk request or answer."""
        if isinstance(body, dict) and isinstance(body.get("data"), list):
            return {**body, "data": body["data"][:-count]}
        if isinstance(body, dict) and "result" in body:
            events = body["result"]["events"][:-count]
            return {**body, "result": {"count": len(events), "events": events}}
        return body

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

    # Users and incidents

    def _number(self, call: Call, name: str, default: int) -> int:
        try:
            return int(call.query.get(name, default))
        except ValueError as error:
            raise self._invalid(call, f"{name} must be an integer") from error

    def _list_users(self, call: Call) -> Response:
        """Users by free text: any part of a name or handle fits, so that one handle may bring several users."""
        text = call.query.get("filter", "").lower()
        statuses = [one for one in call.query.get("filter[status]", "").split(",") if one]
        size, number = self._number(call, "page[size]", 10), self._number(call, "page[number]", 0)
        found = [
            user
            for user in self.users.values()
            if text in f"{user.name} {user.handle}".lower() and (not statuses or user.status in statuses)
        ]
        page = found[number * size : (number + 1) * size]
        counts = {"total_filtered_count": len(found), "total_count": len(self.users)}
        return self._answer({"data": [user.resource() for user in page], "meta": {"page": counts}})

    def _get_user(self, call: Call) -> Response:
        user = self.users.get(call.params["id"])
        if user is None:
            raise self._refused(call, 404, "Not Found", "User not found")
        return self._answer({"data": user.resource()})

    def _list_incidents(self, call: Call) -> Response:
        size, offset = self._number(call, "page[size]", 10), self._number(call, "page[offset]", 0)
        page = self.incidents[offset : offset + size]
        pagination: dict[str, Any] = {"size": len(page), "offset": offset}
        if offset + size < len(self.incidents):
            pagination["next_offset"] = offset + size
        return self._answer({"data": page, "meta": {"pagination": pagination}})

    def _get_incident(self, call: Call) -> Response:
        for incident in self.incidents:
            if incident["id"] == call.params["id"]:
                return self._answer({"data": incident})
        raise self._refused(call, 404, "Not Found", "Incident not found")
