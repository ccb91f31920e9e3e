# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Calseta: alerts, their findings and their activity."""

from __future__ import annotations

import json
import time
import uuid
from dataclasses import dataclass, field
from typing import Any, ClassVar

from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from .base import Call, Platform, Refused, answer
from .dates import iso, parse_iso
from .seeds import Scene, generator, scenes, uuid4

ENUMS: dict[str, tuple[str, ...]] = {
    "status": ("Open", "Triaging", "Escalated", "Closed"),
    "severity": ("Pending", "Informational", "Low", "Medium", "High", "Critical"),
    "close_classification": (
        "True Positive - Suspicious Activity",
        "Benign Positive - Suspicious but Expected",
        "False Positive - Incorrect Detection Logic",
        "False Positive - Inaccurate Data",
        "Undetermined",
        "Duplicate",
        "Not Applicable",
    ),
    "malice_override": ("Pending", "Benign", "Suspicious", "Malicious"),
}
SORTS = ("created_at", "occurred_at", "severity", "source_name", "status", "title")
BODY_LIMIT = 10 * 1024 * 1024
_TRUE, _FALSE = ("true", "yes", "on", "1", "t", "y"), ("false", "no", "off", "0", "f", "n")
_SCOPES = {
    "calseta_api_key": ("alerts:read", "alerts:write"),
    "calseta_writer_only_key": ("alerts:write",),
    "calseta_read_only_key": ("alerts:read",),
    "calseta_no_scope_key": (),
}


@dataclass
class CalsetaSettings:
    """The rate limit, which counts by key and path."""

    rate_limit: int = 600
    rate_window: float = 60.0
    # What a 429 asks for in Retry-After, in seconds.
    retry_after: int = 60


@dataclass
class Alert:
    """An alert; moments are in seconds, ``None`` where it never came to that."""

    uuid: str
    scene: Scene
    occurred: float
    status: str = "Open"
    severity: str = "Medium"
    close_classification: str | None = None
    tags: list[str] = field(default_factory=list)
    malice: str = "Pending"
    malice_override: str | None = None
    malice_override_at: float | None = None
    acknowledged_at: float | None = None
    triaged_at: float | None = None
    closed_at: float | None = None
    updated_at: float = 0.0
    findings: list[dict[str, Any]] = field(default_factory=list)
    activity: list[dict[str, Any]] = field(default_factory=list)

    def triage_state(self) -> dict[str, Any]:
        """What a user would call the alert's state."""
        return {
            "status": self.status,
            "severity": self.severity,
            "close_classification": self.close_classification,
            "tags": list(self.tags),
            "malice_override": self.malice_override,
        }

    @property
    def readable(self) -> bool:
        """Whether every stored value is one that the server can show."""
        stored = [(name, getattr(self, name)) for name in ENUMS]
        return all(value is None or value in ENUMS[name] for name, value in stored)


class Calseta(Platform):
    """A Calseta server."""

    name = "calseta"
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
        self._chance = generator(seed, self.name)
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
            alert.acknowledged_at = alert.updated_at
        alert.triaged_at = alert.updated_at if alert.status == "Triaging" else None
        alert.closed_at = alert.updated_at if alert.status == "Closed" else None
        self._note(alert, "alert_ingested", {"title": scene.title, "source_name": scene.source}, "system")
        self.alerts[alert.uuid] = alert
        return alert

    # Refusals

    def routes(self) -> list[Route]:
        """Alerts, findings, activity and health."""
        return [
            self.route("GET", "/health", lambda call: answer({"status": "ok", "version": "v1.1.0"}), None),
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
            raise _refused(413, "PAYLOAD_TOO_LARGE", "Request body exceeds the 10MB limit for this endpoint.")
        header = call.headers.get("authorization", "")
        if not header.startswith("Bearer "):
            message = "Missing or invalid Authorization header. Expected: Bearer cai_..."
            raise _refused(401, "UNAUTHORIZED", message)
        key = header[7:]
        if not key.startswith("cai_"):
            raise _refused(401, "UNAUTHORIZED", "Invalid API key format.")
        if key == self.credentials["calseta_expired_key"]:
            raise _refused(401, "KEY_EXPIRED", "API key has expired.")
        name = next((name for name, secret in self.credentials.items() if secret == key), None)
        if name is None:
            raise _refused(401, "UNAUTHORIZED", "Invalid API key.")
        if needs not in _SCOPES[name]:
            message = f"Insufficient scope. Required: {needs}"
            raise _refused(403, "FORBIDDEN", message, {"required_scopes": [needs]})

    def finish(self, call: Call, response: Response) -> None:
        """Every answer names its request, but for the errors that nobody caught."""
        if response.status_code != 500:
            response.headers["X-Request-ID"] = call.headers.get("x-request-id") or str(uuid.uuid4())

    def error_body(self, status: int, call: Call) -> Any:
        """The server's envelope."""
        codes = {404: "NOT_FOUND", 429: "RATE_LIMITED", 401: "UNAUTHORIZED", 403: "FORBIDDEN", 500: "INTERNAL_ERROR"}
        return {"error": {"code": codes.get(status, "ERROR"), "message": f"HTTP {status}", "details": {}}}

    def not_found(self, call: Call) -> Response:
        """Wrong paths and wrong methods alike; a trailing slash is sent on its way."""
        if call.url.endswith("/") and call.entry.path.count("/") > 3:
            return RedirectResponse(call.url.rstrip("/"), 307)
        raise _refused(404, "NOT_FOUND", "The requested resource was not found.")

    def _alert(self, call: Call) -> Alert:
        """The alert, once the request has passed the limiter, which comes before the look-up."""
        self._limit(call)
        alert = self.alerts.get(str(uuid.UUID(call.params["id"])))
        if alert is None:
            raise _refused(404, "NOT_FOUND", "Alert not found.")
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
            message = f"Rate limit exceeded. Retry after {seconds} seconds."
            headers = {"Retry-After": str(seconds)}
            raise _refused(429, "RATE_LIMITED", message, {"retry_after_seconds": seconds}, headers)

    def _check_id(self, call: Call) -> None:
        try:
            uuid.UUID(call.params["id"])
        except ValueError as error:
            raise _invalid(
                [_fault("uuid_parsing", ["path", "alert_uuid"], f"Input should be a valid UUID, {error}")]
            ) from error

    def _body(self, call: Call) -> dict[str, Any]:
        """The body, if it is an object that says to be JSON."""
        kind = call.headers.get("content-type", "").partition(";")[0].strip()
        if not call.raw or (call.raw.strip() == b"null" and kind.endswith("json")):
            raise _invalid([_fault("missing", ["body"], "Field required")])
        body = call.body
        if kind == "application/json" or (kind.startswith("application/") and kind.endswith("+json")):
            try:
                json.loads(call.raw)
            except ValueError as error:
                place = len(call.raw)
                raise _invalid([_fault("json_invalid", ["body", place], "JSON decode error")]) from error
        else:
            body = None
        if not isinstance(body, dict):
            message = "Input should be a valid dictionary or object to extract fields from"
            raise _invalid([_fault("model_attributes_type", ["body"], message)])
        return body

    # Reading

    def _shown(self, alert: Alert, whole: bool) -> dict[str, Any]:
        """The alert as JSON; a PATCH does not load its rule and documents."""
        scene, ingested = alert.scene, alert.occurred + 1
        moments = ("acknowledged_at", "triaged_at", "closed_at", "malice_override_at", "updated_at")
        document = {"uuid": alert.uuid, "title": f"Runbook for {scene.source}", "content": scene.advice, "version": 1}
        return {
            "uuid": alert.uuid,
            "title": scene.title,
            "description": None,
            "severity": alert.severity,
            "status": alert.status,
            "enrichment_status": "Enriched",
            "source_name": scene.source,
            "occurred_at": iso(alert.occurred, 6),
            "ingested_at": iso(ingested, 6),
            "enriched_at": iso(ingested, 6),
            "is_enriched": True,
            "fingerprint": alert.uuid.replace("-", ""),
            "duplicate_count": 0,
            "last_seen_at": None,
            "close_classification": alert.close_classification,
            "tags": list(alert.tags),
            "detection_rule_id": 1,
            "raw_payload": {"title": scene.title, "host": scene.host, "src_ip": scene.source_address},
            "malice": alert.malice_override or alert.malice,
            "malice_override": alert.malice_override,
            "malice_override_source": "analyst" if alert.malice_override else None,
            "indicators": [],
            "detection_rule": {"name": scene.source, "is_active": True} if whole else None,
            "context_documents": [document] if whole else [],
            "agent_findings": list(alert.findings) or None,
            "created_at": iso(ingested, 6),
            **{name: _moment(getattr(alert, name)) for name in moments},
        }

    def _answer(self, alert: Alert, whole: bool) -> Response:
        if not alert.readable:
            raise _broken()
        meta = {"generated_at": iso(time.time(), 6), "alert_source": alert.scene.source, "indicator_count": 0}
        return answer({"data": self._shown(alert, whole), "meta": meta})

    def _get(self, call: Call) -> Response:
        self._check_id(call)
        return self._answer(self._alert(call), True)

    def _list(self, call: Call) -> Response:
        """One page, newest first; what is no value of a filter's enum simply matches nothing."""
        query = call.query
        page, size = self._whole(call, "page", 1, None), self._whole(call, "page_size", 50, 500)
        self._flag(call, "is_enriched")
        times = [self._time(call, name) for name in ("from_time", "to_time")]
        self._limit(call)
        by, order = query.get("sort_by", "created_at"), query.get("sort_order", "desc")
        if by not in SORTS:
            raise _refused(400, "VALIDATION_ERROR", f"Invalid sort_by '{by}'. Must be one of: {list(SORTS)}")
        if order not in ("asc", "desc"):
            raise _refused(400, "VALIDATION_ERROR", f"Invalid sort_order '{order}'. Must be 'asc' or 'desc'.")
        # Both break on the real server's database driver.
        if "tags" in query or page > 2**63:
            raise _broken()
        found = [alert for alert in self.alerts.values() if _listed(alert, query, times[0], times[1])]
        rows = sorted((self._shown(alert, False) for alert in found), key=lambda row: (row[by], row["uuid"]))
        if order == "desc":
            rows.reverse()
        keys = ("uuid", "title", "description", "severity", "status", "enrichment_status", "source_name", "occurred_at")
        keys += ("ingested_at", "is_enriched", "duplicate_count", "tags", "close_classification", "closed_at")
        shown = [{key: row[key] for key in (*keys, "created_at", "updated_at")} for row in rows]
        return answer(_page(shown, page, size))

    def _whole(self, call: Call, name: str, default: int, most: int | None) -> int:
        text = call.query.get(name, str(default))
        try:
            number = int(text)
        except ValueError as error:
            message = "Input should be a valid integer, unable to parse string as an integer"
            raise _invalid([_fault("int_parsing", ["query", name], message)]) from error
        if number < 1:
            message = "Input should be greater than or equal to 1"
            raise _invalid([_fault("greater_than_equal", ["query", name], message)])
        if most is not None and number > most:
            message = f"Input should be less than or equal to {most}"
            raise _invalid([_fault("less_than_equal", ["query", name], message)])
        return number

    def _flag(self, call: Call, name: str) -> None:
        if call.query.get(name, "true").lower() not in (*_TRUE, *_FALSE):
            message = "Input should be a valid boolean, unable to interpret input"
            raise _invalid([_fault("bool_parsing", ["query", name], message)])

    def _time(self, call: Call, name: str) -> float | None:
        try:
            return parse_iso(call.query[name]) if name in call.query else None
        except ValueError as error:
            message = "Input should be a valid datetime or date"
            raise _invalid([_fault("datetime_from_date_parsing", ["query", name], message)]) from error

    # Writing

    def _patch(self, call: Call) -> Response:
        """Change what is given; null is not given, and unknown fields are nothing."""
        self._check_id(call)
        body = self._body(call)
        given, reset = _validated(body)
        alert = self._alert(call)
        if given.get("status") == "Closed" and "close_classification" not in given:
            message = "close_classification is required when setting status to Closed."
            raise _refused(422, "VALIDATION_ERROR", message)
        if any("\0" in tag or not _storable(tag) for tag in given.get("tags", [])):
            raise _broken()
        if not _readable_with(alert, given):
            # The answer cannot be made, and what was done for it is undone.
            raise _broken()
        before, now = alert.triage_state(), time.time()
        self._change(alert, given, reset, now)
        after = alert.triage_state()
        if before != after:
            alert.updated_at = now
        self.record(call.entry, alert.uuid, before, after)
        return self._answer(alert, False)

    def _change(self, alert: Alert, given: dict[str, Any], reset: bool, now: float) -> None:
        status, old = given.get("status"), alert.triage_state()
        for name in ("status", "severity", "close_classification", "tags"):
            if name in given:
                setattr(alert, name, given[name])
        # Each of these moments is written once, whatever happens later.
        if status in ("Triaging", "Escalated", "Closed") and alert.acknowledged_at is None:
            alert.acknowledged_at = now
        if status == "Triaging" and alert.triaged_at is None:
            alert.triaged_at = now
        if status == "Closed" and alert.closed_at is None:
            alert.closed_at = now
        if reset:
            alert.malice_override = alert.malice_override_at = None
        elif "malice_override" in given:
            # The same verdict again is a new verdict.
            alert.malice_override, alert.malice_override_at = given["malice_override"], now
            alert.updated_at = now
        self._note_changes(alert, old)

    def _note_changes(self, alert: Alert, old: dict[str, Any]) -> None:
        if alert.status == "Closed" and old["status"] != "Closed":
            references = {"from_status": old["status"], "close_classification": alert.close_classification}
            self._note(alert, "alert_closed", references)
        elif alert.status != old["status"]:
            self._note(alert, "alert_status_updated", {"from_status": old["status"], "to_status": alert.status})
        if alert.severity != old["severity"]:
            references = {"from_severity": old["severity"], "to_severity": alert.severity}
            self._note(alert, "alert_severity_updated", references)
        if alert.malice_override != old["malice_override"]:
            references = {"from_malice": old["malice_override"], "to_malice": alert.malice_override}
            self._note(alert, "alert_malice_updated", references)

    def _note(self, alert: Alert, event: str, references: dict[str, Any], actor: str = "api") -> None:
        alert.activity.insert(
            0,
            {
                "uuid": uuid4(self._chance),
                "event_type": event,
                "actor_type": actor,
                "references": references,
                "created_at": iso(time.time(), 6),
            },
        )

    def _findings(self, call: Call) -> Response:
        self._check_id(call)
        return answer({"data": self._alert(call).findings, "meta": {}})

    def _add_finding(self, call: Call) -> Response:
        self._check_id(call)
        body = self._body(call)
        faults = [
            _fault("missing" if name not in body else "string_type", ["body", name], "Field required")
            for name in ("agent_name", "summary")
            if not isinstance(body.get(name), str)
        ]
        if body.get("confidence") not in (None, "low", "medium", "high"):
            faults.append(_fault("enum", ["body", "confidence"], "Input should be 'low', 'medium' or 'high'"))
        if faults:
            raise _invalid(faults)
        alert = self._alert(call)
        names = ("agent_name", "summary", "confidence", "recommended_action", "evidence")
        finding = {"id": uuid4(self._chance), **{name: body.get(name) for name in names}}
        finding["posted_at"] = iso(time.time(), 6)
        alert.findings.append(finding)
        self._note(alert, "alert_finding_added", {"finding_id": finding["id"], "summary": finding["summary"]})
        return answer({"data": finding, "meta": {}}, 201)

    def _activity(self, call: Call) -> Response:
        self._check_id(call)
        page, size = self._whole(call, "page", 1, None), self._whole(call, "page_size", 50, 500)
        return answer(_page(self._alert(call).activity, page, size))


def _refused(
    status: int, code: str, message: str, details: Any = None, headers: dict[str, str] | None = None
) -> Refused:
    return Refused(status, {"error": {"code": code, "message": message, "details": details or {}}}, headers)


def _invalid(errors: list[dict[str, Any]]) -> Refused:
    return _refused(422, "VALIDATION_ERROR", "Request validation failed.", {"errors": errors})


def _broken() -> Refused:
    return _refused(500, "INTERNAL_ERROR", "An unexpected error occurred.")


def _fault(kind: str, place: list[Any], message: str) -> dict[str, Any]:
    return {"type": kind, "loc": place, "msg": message}


def _moment(moment: float | None) -> str | None:
    return None if moment is None else iso(moment, 6)


def _storable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _validated(body: dict[str, Any]) -> tuple[dict[str, Any], bool]:
    """What a PATCH really asks for, and whether it resets the override; all faults at once if it has any."""
    faults = []
    given: dict[str, Any] = {}
    for name in ("status", "severity", "close_classification", "tags", "malice_override"):
        value = body.get(name)
        if value is None:
            continue
        given[name] = value
        if name == "tags":
            if not isinstance(value, list):
                faults.append(_fault("list_type", ["body", "tags"], "Input should be a valid list"))
                continue
            wrong = [place for place, tag in enumerate(value) if not isinstance(tag, str)]
            faults += [_fault("string_type", ["body", "tags", one], "Input should be a valid string") for one in wrong]
        elif value not in ENUMS[name]:
            *most, last = (f"'{one}'" for one in ENUMS[name])
            faults.append(_fault("enum", ["body", name], f"Input should be {', '.join(most)} or {last}"))
    reset = body.get("reset_malice_override", False)
    lowered = str(reset).lower()
    if reset is None or isinstance(reset, (dict, list)):
        faults.append(_fault("bool_type", ["body", "reset_malice_override"], "Input should be a valid boolean"))
    elif lowered not in (*_TRUE, *_FALSE):
        message = "Input should be a valid boolean, unable to interpret input"
        faults.append(_fault("bool_parsing", ["body", "reset_malice_override"], message))
    if faults:
        raise _invalid(faults)
    return given, lowered in _TRUE


def _readable_with(alert: Alert, given: dict[str, Any]) -> bool:
    stored = [(name, given.get(name, getattr(alert, name))) for name in ENUMS]
    return all(value is None or value in ENUMS[name] for name, value in stored)


def _listed(alert: Alert, query: Any, since: float | None, until: float | None) -> bool:
    fields = {"status": alert.status, "severity": alert.severity, "source_name": alert.scene.source}
    return (
        all(name not in query or value in query[name].split(",") for name, value in fields.items())
        and (since is None or alert.occurred >= since)
        and (until is None or alert.occurred <= until)
        and query.get("is_enriched", "true").lower() in _TRUE
        and alert.readable
    )


def _page(rows: list[dict[str, Any]], page: int, size: int) -> dict[str, Any]:
    pages = -(-len(rows) // size)
    meta = {"total": len(rows), "page": page, "page_size": size, "total_pages": pages}
    return {"data": rows[(page - 1) * size : page * size], "meta": meta}
