# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Calseta: alerts, their findings and their activity."""

from __future__ import annotations

import hashlib
import json
import time
import uuid
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from .base import Call, Platform, Settings, answer
from .calseta_alerts import ENUMS, Alert
from .calseta_checks import (
    body_of,
    broken,
    fault,
    flag_of,
    invalid,
    page_of,
    refused,
    storable,
    time_of,
    validated,
    whole_of,
)
from .dates import iso
from .seeds import TRIAGED_AFTER, Scene, generator, scenes, uuid4

SORTS = ("created_at", "occurred_at", "severity", "source_name", "status", "title")
BODY_LIMIT = 10 * 1024 * 1024
_SCOPES = {
    "calseta_api_key": ("alerts:read", "alerts:write"),
    "calseta_writer_only_key": ("alerts:write",),
    "calseta_read_only_key": ("alerts:read",),
    "calseta_no_scope_key": (),
}
# bcrypt takes no more, and the real server does not expect that.
_LONGEST_KEY = 72
_HEALTH = {
    "status": "ok",
    "version": "v1.1.0",
    "database": "ok",
    "queue": "ok",
    "queue_depth": 0,
    "enrichment_providers": {"internal_ip_intel": "configured"},
}


@dataclass
class CalsetaSettings(Settings):
    """The rate limit, which counts by key and path; and how lists are read."""

    idle_seconds: float = 5.0
    rate_limit: int = 600
    rate_window: float = 60.0
    # What a 429 asks for in Retry-After, in seconds.
    retry_after: int = 60
    # How many seconds lists are behind what was written.
    search_lag: float = 0.0
    # False is the real server: each page of a list has its own order among rows of equal keys, so that pages repeat
    # some rows and lose others; the same page is always the same.
    tiebreaker: bool = True


class Calseta(Platform):
    """A Calseta server."""

    name = "calseta"
    rows = (("data",),)
    credentials: ClassVar[dict[str, str]] = {
        "calseta_api_key": "cai_Wz7kQx3vTn9LrMb2JcH8dPs5GyFq4ZtX",
        "calseta_writer_only_key": "cai_Vm4xKz8QwTr3NbL7JcH2dGp9SyFt6ZkX",
        "calseta_read_only_key": "cai_Nq5zVx2WkTb8MrL3JhC7dGp4SyFm9ZtQ",
        "calseta_no_scope_key": "cai_Bt8vXz4KqWn2MrL6JcH9dGs3PyFk7ZxR",
        "calseta_expired_key": "cai_Hk2wQz6VxTm9NrL4JbC8dGp7SyFn3ZtV",
    }

    def __init__(self) -> None:
        super().__init__()
        self.settings = CalsetaSettings()
        self.alerts: dict[str, Alert] = {}
        self._hits: dict[tuple[str, str], tuple[float, int]] = {}

    # The alerts, for tests

    def seed(self, alerts: int, seed: int) -> None:
        """This many alerts."""
        self._chance, self._seed = generator(seed, self.name), seed
        self._hits = {}
        self.alerts = {}
        for scene in scenes(self._chance, alerts):
            status = self._chance.choices(ENUMS["status"], (6, 2, 1, 1))[0]
            alert = self.add_alert(scene, status=status)
            if status == "Closed":
                alert.close_classification = self._chance.choice(ENUMS["close_classification"])

    def overview(self) -> dict[str, dict[str, Any]]:
        """The triage state of every alert."""
        return {alert.uuid: alert.triage_state() for alert in self.alerts.values()}

    def add_alert(self, scene: Scene | None = None, **fields: Any) -> Alert:
        """One more alert, open unless ``fields`` say otherwise; they may hold values the API would refuse."""
        scene = scene or next(scenes(self._chance, 1))
        severity = "Informational" if scene.severity == "info" else scene.severity.title()
        malice = "Malicious" if scene.severity == "critical" else "Pending"
        given = {
            "uuid": uuid4(self._chance),
            "severity": severity,
            "malice": malice,
            "tags": list(scene.tags),
            **fields,
        }
        alert = Alert(scene=scene, occurred=time.time() - scene.age, **given)
        alert.updated_at = alert.occurred + 2
        if alert.status != "Open":
            alert.updated_at = max(alert.updated_at, time.time() - scene.age * TRIAGED_AFTER)
            alert.acknowledged_at = alert.updated_at
        alert.triaged_at = alert.updated_at if alert.status == "Triaging" else None
        alert.closed_at = alert.updated_at if alert.status == "Closed" else None
        alert.note("alert_ingested", {"title": scene.title, "source_name": scene.source}, "system")
        self.alerts[alert.uuid] = alert
        return alert

    # Refusals

    def routes(self) -> list[Route]:
        """Alerts, findings, activity and health."""
        return [
            self.route("GET", "/health", lambda call: answer(_HEALTH), None),
            self.route("GET", "/v1/alerts", self._list, "alerts:read"),
            self.route("GET", "/v1/alerts/{id}", self._get, "alerts:read"),
            self.route("PATCH", "/v1/alerts/{id}", self._patch, "alerts:write"),
            self.route("GET", "/v1/alerts/{id}/findings", self._findings, "alerts:read"),
            self.route("POST", "/v1/alerts/{id}/findings", self._add_finding, "alerts:write"),
            self.route("GET", "/v1/alerts/{id}/activity", self._activity, "alerts:read"),
        ]

    def authorize(self, call: Call, needs: str) -> None:
        """Size first, then who, then what for."""
        if int(call.headers.get("content-length", 0)) > BODY_LIMIT:
            raise refused(413, "PAYLOAD_TOO_LARGE", "The body is larger than 10 MB.")
        header = call.headers.get("authorization", "")
        if not header.startswith("Bearer "):
            message = "There is no usable Authorization header, which reads: Bearer cai_..."
            raise refused(401, "UNAUTHORIZED", message)
        key = header[7:]
        if not key.startswith("cai_"):
            raise refused(401, "UNAUTHORIZED", "An API key does not look like this.")
        if key == self.credentials["calseta_expired_key"]:
            raise refused(401, "KEY_EXPIRED", "The API key is out of date.")
        name = next((name for name, secret in self.credentials.items() if secret == key), None)
        if len(key) > _LONGEST_KEY and any(key[:8] == secret[:8] for secret in self.credentials.values()):
            raise broken()
        if name is None:
            raise refused(401, "UNAUTHORIZED", "There is no such API key.")
        if needs not in _SCOPES[name]:
            message = f"The API key lacks the scope {needs}."
            raise refused(403, "FORBIDDEN", message, {"required_scopes": [needs]})

    def finish(self, call: Call, response: Response) -> Response:
        """Every answer names its request, but for the errors that nobody caught."""
        if response.status_code != 500:
            response.headers["X-Request-ID"] = call.headers.get("x-request-id") or str(uuid.uuid4())
        return response

    def error_body(self, status: int, call: Call) -> Any:
        """The server's envelope."""
        codes = {404: "NOT_FOUND", 429: "RATE_LIMITED", 401: "UNAUTHORIZED", 403: "FORBIDDEN", 500: "INTERNAL_ERROR"}
        return {"error": {"code": codes.get(status, "ERROR"), "message": f"HTTP {status}", "details": {}}}

    def not_found(self, call: Call) -> Response:
        """Wrong paths and wrong methods alike; a trailing slash is sent on its way."""
        if call.url.endswith("/") and call.entry.path.count("/") > 3:
            return RedirectResponse(call.url.rstrip("/"), 307)
        raise refused(404, "NOT_FOUND", "The requested resource was not found.")

    def _alert(self, call: Call) -> Alert:
        """The alert, once the request has passed the limiter, which comes before the look-up."""
        self._limit(call)
        alert = self.alerts.get(str(uuid.UUID(call.params["id"])))
        if alert is None:
            raise refused(404, "NOT_FOUND", "Alert not found.")
        return alert

    def _limit(self, call: Call) -> None:
        place = (call.headers["authorization"], call.entry.path.partition("?")[0])
        now = time.monotonic()
        start, count = self._hits.get(place, (now, 0))
        if now - start >= self.settings.rate_window:
            start, count = now, 0
        self._hits[place] = (start, count + 1)
        if count >= self.settings.rate_limit:
            seconds = self.settings.retry_after
            message = f"Too many requests; the next one in {seconds} seconds."
            headers = {"Retry-After": str(seconds)}
            raise refused(429, "RATE_LIMITED", message, {"retry_after_seconds": seconds}, headers)

    def _check_id(self, call: Call) -> None:
        try:
            uuid.UUID(call.params["id"])
        except ValueError as error:
            message = f"must be a UUID: {error}"
            raise invalid([fault("uuid_parsing", ["path", "alert_uuid"], message)]) from error

    # Reading

    def _answer(self, alert: Alert, whole: bool) -> Response:
        if not alert.readable_with({}):
            raise broken()
        return answer({"data": alert.shown(whole), "meta": alert.meta(whole)})

    def _seen(self, call: Call) -> Alert:
        """The alert as a read sees it."""
        alert = self._alert(call)
        return self.as_read(call, alert.uuid, alert)

    def _get(self, call: Call) -> Response:
        self._check_id(call)
        return self._answer(self._seen(call), True)

    def _list(self, call: Call) -> Response:
        """One page, newest first; what is no value of a filter's enum simply matches nothing."""
        query = call.query
        number, size = whole_of(call, "page", 1), whole_of(call, "page_size", 50, 500)
        enriched = flag_of(call, "is_enriched")
        since, until = time_of(call, "from_time"), time_of(call, "to_time")
        self._limit(call)
        by, order = query.get("sort_by", "created_at"), query.get("sort_order", "desc")
        if by not in SORTS:
            raise refused(400, "VALIDATION_ERROR", f"sort_by is one of {', '.join(SORTS)}, not {by}.")
        if order not in ("asc", "desc"):
            raise refused(400, "VALIDATION_ERROR", f"sort_order is asc or desc, not {order}.")
        # Both break in the real server's database driver.
        if "tags" in query or number > 2**63:
            raise broken()
        rows = [
            replace(alert, **self.earlier(alert.uuid, self.settings.search_lag)).row()
            for alert in self.all_as_read(call, self.alerts).values()
            if (since is None or alert.occurred >= since)
            and (until is None or alert.occurred <= until)
            and enriched is not False
            and alert.readable_with({})
        ]
        for name in ("status", "severity", "source_name"):
            if name in query:
                rows = [row for row in rows if row[name] in query[name].split(",")]
        page = f"{self._seed} {number} {size}"
        rows.sort(key=lambda row: (row[by], self._among_equals(row["uuid"], page)), reverse=order == "desc")
        return answer(page_of(rows, number, size))

    def _among_equals(self, key: str, page: str) -> str:
        """Where a row stands among those of equal keys: in the same place on every page, or in another on each."""
        return key if self.settings.tiebreaker else hashlib.sha256(f"{page} {key}".encode()).hexdigest()

    # Writing

    def _patch(self, call: Call) -> Response:
        """Change what is given. Closing wants its classification in the same request, whatever is stored."""
        self._check_id(call)
        given, reset = validated(body_of(call))
        alert = self._alert(call)
        if given.get("status") == "Closed" and "close_classification" not in given:
            message = "Closing takes a close_classification in the same request."
            raise refused(422, "VALIDATION_ERROR", message)
        # An alert that stores a value outside of its enum cannot be answered, and what was done for that is undone.
        if not all(storable(tag) for tag in given.get("tags", [])) or not alert.readable_with(given):
            raise broken()
        self.remember(call.entry, alert.uuid, alert)
        before, now = alert.triage_state(), time.time()
        alert.change(given, reset, now)
        after = alert.triage_state()
        if before != after:
            alert.updated_at = now
        self.record(call.entry, alert.uuid, before, after)
        return self._answer(alert, False)

    def _findings(self, call: Call) -> Response:
        self._check_id(call)
        return answer({"data": self._seen(call).findings, "meta": {}})

    def _add_finding(self, call: Call) -> Response:
        self._check_id(call)
        body = body_of(call)
        faults = [
            fault("missing" if name not in body else "string_type", ["body", name], "must be a string")
            for name in ("agent_name", "summary")
            if not isinstance(body.get(name), str)
        ]
        for name, most in (("agent_name", 255), ("summary", 50_000)):
            if isinstance(body.get(name), str) and not 0 < len(body[name]) <= most:
                faults.append(fault("string_length", ["body", name], f"must have 1 to {most} characters"))
        if body.get("confidence") not in (None, "low", "medium", "high"):
            faults.append(fault("enum", ["body", "confidence"], "must be low, medium or high"))
        if not isinstance(body.get("evidence"), (dict, type(None))):
            faults.append(fault("dict_type", ["body", "evidence"], "must be an object"))
        if faults:
            raise invalid(faults)
        alert = self._alert(call)
        if not storable(json.dumps(body, ensure_ascii=False)):
            raise broken()
        names = ("agent_name", "summary", "confidence", "recommended_action", "evidence")
        finding = {"id": uuid4(self._chance), **{name: body.get(name) for name in names}}
        finding["posted_at"] = iso(time.time(), 6)
        self.remember(call.entry, alert.uuid, alert)
        alert.findings = [*alert.findings, finding]
        alert.note("alert_finding_added", {"finding_id": finding["id"], "summary": finding["summary"]})
        return answer({"data": finding, "meta": {}}, 201)

    def _activity(self, call: Call) -> Response:
        self._check_id(call)
        number, size = whole_of(call, "page", 1), whole_of(call, "page_size", 50, 500)
        return answer(page_of(self._seen(call).activity, number, size))
