# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Yandex Cloud Security Deck: alerts, operations, comments and tokens, the three hosts behind one base."""

from __future__ import annotations

import base64
import time
import uuid
from dataclasses import dataclass, field
from typing import Any, ClassVar

from starlette.responses import Response
from starlette.routing import Route

from .base import Call, Platform, Refused, answer
from .dates import iso
from .log import Entry
from .query_string import compile_text, matches
from .seeds import Scene, cloud_id, generator, scenes
from .tokens import TokenIssuer, TokenRefused

ALERTS = "/securitydeck/alerts/v1/alerts"
TYPE = "type.googleapis.com/yandex.cloud.securitydeck.alerts.v1"
ENUMS = {
    "status": ("OPEN", "IN_PROGRESS", "NEED_INFO", "RESOLVED"),
    "classification": ("TRUE_POSITIVE", "BENIGN_POSITIVE", "FALSE_POSITIVE", "UNDETERMINED"),
    "severity": ("INFO", "LOW", "MEDIUM", "HIGH"),
}
MASK = (*ENUMS, "assigneeSubjectId", "tags")
_STATUS = {3: 400, 5: 404, 6: 409, 7: 403, 8: 429, 9: 400, 10: 409, 13: 500, 14: 503, 16: 401}


@dataclass
class SecurityDeckSettings:
    """How long things take, and what goes wrong with them."""

    # 0 answers the write itself with a finished operation.
    operation_seconds: float = 0.05
    # Sent as x-operation-poll-interval with every operation, in seconds; None sends none.
    poll_interval: float | None = None
    # Reads of each new operation that find nothing: a replica that lags.
    operation_lag_404s: int = 0
    # How many of the next operations fail: first `error` while not done (rolling back), then done.
    failing_operations: int = 0
    failure_code: int = 13
    failure_message: str = "internal error while applying the update"
    # What a read shows for a value that is not set: "absent" or "unspecified".
    shows_unset: str = "absent"
    revoked_tokens: list[str] = field(default_factory=list)
    token_seconds: float = 43200.0
    # Whether the machine has a metadata service with a service account.
    metadata_available: bool = True


@dataclass
class Alert:
    """An alert; empty texts are values that are not set."""

    id: str
    sink_id: str
    scene: Scene
    created: float
    updated: float
    status: str = "OPEN"
    severity: str = "MEDIUM"
    classification: str = ""
    assignee: str = ""
    tags: list[str] = field(default_factory=list)
    comments: list[dict[str, Any]] = field(default_factory=list)

    def triage_state(self) -> dict[str, Any]:
        """What a user would call the alert's state."""
        return {
            "status": self.status,
            "severity": self.severity,
            "classification": self.classification,
            "assignee_subject_id": self.assignee,
            "tags": list(self.tags),
        }


@dataclass
class Operation:
    """A change under way. It is applied at ``due``; one that fails shows its error from the middle on."""

    id: str
    alert: Alert
    entry: Entry
    body: Any
    kind: str
    created: float
    due: float
    values: dict[str, Any]
    fails: bool = False
    done: bool = False
    lag: int = 0
    response: dict[str, Any] | None = None


class SecurityDeck(Platform):
    """Security Deck, as one cloud organisation sees it."""

    name = "security_deck"
    root_paths = ("/computeMetadata",)
    harmless = ("/iam/v1/tokens",)
    credentials: ClassVar[dict[str, str]] = {
        "iam_token": "t1.9euelZqKxWvTzNb7LrJ3cHd8PsGy5FmZq4XtVk2Qw6Rn",
        "iam_read_only_token": "t1.9euelZrXm3VkTzQ8LbN5cJd7PsGy2HtZw6RqKv9Wx4Fn",
    }

    def __init__(self) -> None:
        super().__init__()
        self.settings = SecurityDeckSettings()
        self._alerts: dict[str, Alert] = {}
        self._operations: dict[str, Operation] = {}
        self._by_key: dict[str, Operation] = {}

    # The alerts, for tests

    def seed(self, alerts: int, seed: int) -> None:
        """One sink with this many alerts, and four subjects that can be assigned."""
        self._chance = generator(seed, self.name)
        self.tokens = TokenIssuer(tuple(self.credentials.values()), self._chance)
        self.sink_id = cloud_id(self._chance, "fd8")
        self.subjects = [cloud_id(self._chance, "aje") for _position in range(4)]
        self._alerts, self._operations, self._by_key = {}, {}, {}
        for scene in scenes(self._chance, alerts):
            status = self._chance.choices(ENUMS["status"], (6, 2, 1, 1))[0]
            classification = self._chance.choice(ENUMS["classification"]) if status == "RESOLVED" else ""
            assignee = self._chance.choice(self.subjects) if status != "OPEN" else ""
            self.add_alert(scene, status=status, classification=classification, assignee=assignee)

    @property
    def alerts(self) -> dict[str, Alert]:
        """The alerts by id, as they are now."""
        self._settle()
        return self._alerts

    def overview(self) -> dict[str, dict[str, Any]]:
        """The triage state of every alert."""
        return {alert.id: alert.triage_state() for alert in self.alerts.values()}

    def add_alert(self, scene: Scene | None = None, **fields: Any) -> Alert:
        """One more alert, open and unassigned unless ``fields`` say otherwise."""
        scene = scene or next(scenes(self._chance, 1))
        created = time.time() - scene.age
        given = {
            "id": cloud_id(self._chance, "fv4"),
            "severity": "HIGH" if scene.severity == "critical" else scene.severity.upper(),
            "tags": list(scene.tags),
            **fields,
        }
        alert = Alert(sink_id=self.sink_id, scene=scene, created=created, updated=created, **given)
        self._alerts[alert.id] = alert
        return alert

    def service_account_key(self) -> dict[str, str]:
        """The contents of a key file whose JWTs are accepted."""
        return self.tokens.key_file()

    # Refusals

    def routes(self) -> list[Route]:
        """The alert sink's, the operation's, the IAM's and the metadata service's paths."""
        metadata = "/computeMetadata/v1/instance/service-accounts/default/token"
        return [
            self.route("GET", f"{ALERTS}/{{id}}", self._get, "read"),
            self.route("PATCH", f"{ALERTS}/{{id}}", self._patch, "write"),
            self.route("GET", f"{ALERTS}/{{id}}/comments", self._comments, "read"),
            self.route("POST", f"{ALERTS}/{{id}}/comments", self._comment, "write"),
            self.route("GET", "/securitydeck/alerts/v1/sinks/{sink}/alerts", self._list, "read"),
            self.route("GET", "/operations/{id}", self._get_operation, "read"),
            self.route("POST", "/iam/v1/tokens", self._token, None),
            self.route("GET", metadata, self._metadata, None),
        ]

    def authorize(self, call: Call, needs: str) -> None:
        """A bearer token that is known, not revoked and not expired; the read-only one may not write."""
        scheme, _space, token = call.headers.get("authorization", "").partition(" ")
        wrong = self.tokens.check(token, self.settings.revoked_tokens) if scheme == "Bearer" else "Unauthenticated"
        if wrong:
            raise self._refused(call, 16, wrong)
        if needs == "write" and token == self.credentials["iam_read_only_token"]:
            raise self._refused(call, 7, "Permission denied")

    def error_body(self, status: int, call: Call) -> Any:
        """A google.rpc.Status with the request's id."""
        code = next((code for code, one in _STATUS.items() if one == status), 13)
        return self._status(code, f"HTTP {status}", call.entry)

    def not_found(self, call: Call) -> Response:
        """The gateway's answer to a path it does not have."""
        return answer({"code": 5, "message": "Not Found", "details": []}, 404)

    def _status(self, code: int, message: str, entry: Entry) -> dict[str, Any]:
        request_id = str(uuid.UUID(int=entry.number, version=4))
        details = {"@type": "type.googleapis.com/google.rpc.RequestInfo", "requestId": request_id}
        return {"code": code, "message": message, "details": [details]}

    def _refused(self, call: Call, code: int, message: str) -> Refused:
        return Refused(_STATUS[code], self._status(code, message, call.entry))

    # Alerts

    def _alert(self, call: Call) -> Alert:
        alert = self.alerts.get(call.params["id"])
        if alert is None:
            raise self._refused(call, 5, f"Alert {call.params['id']} not found")
        return alert

    def _shown(self, alert: Alert, whole: bool) -> dict[str, Any]:
        """The alert as JSON; only a GET shows all of it."""
        scene = alert.scene
        shown: dict[str, Any] = {
            "id": alert.id,
            "sinkId": alert.sink_id,
            "title": scene.title,
            "category": {"name": scene.source},
            "createdBy": {"sensor": {"id": f"sensor-{scene.source}"}},
            "createTime": iso(alert.created),
            "updateTime": iso(alert.updated),
        }
        if alert.tags:
            shown["tags"] = list(alert.tags)
        for name in ENUMS:
            value = getattr(alert, name)
            if value or self.settings.shows_unset == "unspecified":
                shown[name] = value or f"{name.upper()}_UNSPECIFIED"
        if alert.assignee or self.settings.shows_unset == "unspecified":
            shown["assignee"] = {"subject": {"id": alert.assignee}} if alert.assignee else {}
        if whole:
            shown["description"] = f"{scene.title}, seen on **{scene.host}**."
            shown["recommendations"] = scene.advice
            shown["details"] = {"host": scene.host, "address": scene.address, "source": scene.source_address}
        return shown

    def _get(self, call: Call) -> Response:
        return answer(self._shown(self._alert(call), True))

    def _list(self, call: Call) -> Response:
        """A sink's alerts, without descriptions."""
        if call.params["sink"] != self.sink_id:
            raise self._refused(call, 5, "Alert sink not found")
        query = call.query
        try:
            size, start = int(query.get("pageSize", 100) or 100), self._page_start(query.get("pageToken", ""))
            terms = query.get("filter", "").replace(" = ", "=").replace("=", ":").replace("!:", ":")
            test = compile_text(terms)
        except ValueError as error:
            raise self._refused(call, 3, f"Invalid argument: {error}") from error
        if not 0 < size <= 1000:
            raise self._refused(call, 3, "pageSize must be between 1 and 1000")
        name, _space, direction = query.get("orderBy", "createTime desc").partition(" ")
        keys = {"createTime": "created", "updateTime": "updated", "severity": "severity", "status": "status"}
        if name not in keys or direction not in ("", "asc", "desc"):
            raise self._refused(call, 3, f"Invalid orderBy {name}")
        found = [alert for alert in self.alerts.values() if test(lambda key, text: _has(alert, key, text))]
        found.sort(key=lambda alert: (getattr(alert, keys[name]), alert.id), reverse=direction == "desc")
        body: dict[str, Any] = {"alerts": [self._shown(alert, False) for alert in found[start : start + size]]}
        if start + size < len(found):
            body["nextPageToken"] = base64.urlsafe_b64encode(f"from {start + size}".encode()).decode()
        return answer(body)

    @staticmethod
    def _page_start(token: str) -> int:
        return int(base64.urlsafe_b64decode(token).decode()[5:]) if token else 0

    # Updates

    def _patch(self, call: Call) -> Response:
        """Update what the mask names; what it names without a value is reset, and an empty mask names everything."""
        alert, body = self._alert(call), call.body
        if not isinstance(body, dict):
            raise self._refused(call, 3, "Invalid argument: body")
        mask = body.get("updateMask") or ""
        if not isinstance(mask, str):
            raise self._refused(call, 3, "Invalid argument: updateMask")
        names = mask.split(",") if mask else list(MASK)
        unknown = [name for name in names if name not in MASK] or sorted(set(body) - {*MASK, "updateMask"})
        if unknown:
            raise self._refused(call, 3, f"Invalid argument: unknown field {unknown[0]!r}")
        values: dict[str, Any] = {}
        for name in MASK:
            values[name] = self._value(call, name, body.get(name))
        repeated = self._repeated(call)
        if repeated is not None:
            return self._operation_answer(repeated)
        wanted = {("assignee" if name == "assigneeSubjectId" else name): values[name] for name in names}
        if all(getattr(alert, name) == value for name, value in wanted.items()):
            raise self._refused(call, 9, "no changes detected")
        return self._begin(call, alert, "UpdateAlert", wanted)

    def _value(self, call: Call, name: str, value: Any) -> Any:
        """A valid value of a field; unset where there is none."""
        if name == "tags":
            if value is not None and not (isinstance(value, list) and all(isinstance(one, str) for one in value)):
                raise self._refused(call, 3, "Invalid argument: tags")
            return list(value or [])
        if value is not None and not isinstance(value, str):
            raise self._refused(call, 3, f"Invalid argument: {name}")
        if name == "assigneeSubjectId":
            if value and value not in self.subjects:
                raise self._refused(call, 3, f"Subject {value} not found")
            return value or ""
        if value in (None, f"{name.upper()}_UNSPECIFIED"):
            return ""
        if value not in ENUMS[name]:
            raise self._refused(call, 3, f"Invalid argument: {name} has no value {value!r}")
        return value

    def _repeated(self, call: Call) -> Operation | None:
        """The operation that this idempotency key has begun already."""
        key = call.headers.get("idempotency-key")
        operation = self._by_key.get(key) if key else None
        if operation is not None and (operation.body, operation.alert.id) != (call.body, call.params["id"]):
            raise self._refused(call, 3, "Idempotency-Key was used for another request")
        return operation

    def _begin(self, call: Call, alert: Alert, kind: str, values: dict[str, Any]) -> Response:
        now, settings = time.time(), self.settings
        operation = Operation(
            cloud_id(self._chance, "fpo"),
            alert,
            call.entry,
            call.body,
            kind,
            now,
            now + settings.operation_seconds,
            values,
        )
        operation.lag = settings.operation_lag_404s
        if settings.failing_operations > 0:
            settings.failing_operations -= 1
            operation.fails = True
        self._operations[operation.id] = operation
        if "idempotency-key" in call.headers:
            self._by_key[call.headers["idempotency-key"]] = operation
        return self._operation_answer(operation)

    def _settle(self) -> None:
        """Apply the operations whose time has come, in their order."""
        now = time.time()
        for operation in list(self._operations.values()):
            if not operation.done and now >= operation.due:
                operation.done = True
                if not operation.fails:
                    self._apply(operation)

    def _apply(self, operation: Operation) -> None:
        alert = operation.alert
        if operation.kind == "CreateComment":
            alert.comments.append(operation.values)
            operation.response = {"@type": f"{TYPE}.Comment", **operation.values}
            return
        before = alert.triage_state()
        for name, value in operation.values.items():
            setattr(alert, name, value)
        alert.updated = operation.due
        self.record(operation.entry, alert.id, before, alert.triage_state())
        operation.response = {"@type": f"{TYPE}.Alert", **self._shown(alert, False)}

    def _operation_answer(self, operation: Operation) -> Response:
        self._settle()
        body: dict[str, Any] = {
            "id": operation.id,
            "description": operation.kind,
            "createdAt": iso(operation.created),
            "createdBy": self.subjects[0],
            "modifiedAt": iso(operation.due if operation.done else operation.created),
            "done": operation.done,
            "metadata": {"@type": f"{TYPE}.{operation.kind}Metadata", "alertId": operation.alert.id},
        }
        middle = operation.created + (operation.due - operation.created) / 2
        if operation.fails and (operation.done or time.time() >= middle):
            settings = self.settings
            body["error"] = self._status(settings.failure_code, settings.failure_message, operation.entry)
        elif operation.done:
            body["response"] = operation.response
        interval = self.settings.poll_interval
        return answer(body, 200, None if interval is None else {"x-operation-poll-interval": f"{interval:g}"})

    def _get_operation(self, call: Call) -> Response:
        operation = self._operations.get(call.params["id"])
        if operation is None or operation.lag > 0:
            if operation is not None:
                operation.lag -= 1
            raise self._refused(call, 5, f"Operation {call.params['id']} not found")
        return self._operation_answer(operation)

    # Comments

    def _comments(self, call: Call) -> Response:
        return answer({"comments": self._alert(call).comments})

    def _comment(self, call: Call) -> Response:
        alert = self._alert(call)
        text = call.body.get("text") if isinstance(call.body, dict) else None
        if not isinstance(text, str) or not 0 < len(text) <= 4096:
            raise self._refused(call, 3, "Invalid argument: text must have 1 to 4096 characters")
        repeated = self._repeated(call)
        if repeated is not None:
            return self._operation_answer(repeated)
        author = {"subject": {"id": self.subjects[0]}}
        comment = {"id": cloud_id(self._chance, "fvc"), "alertId": alert.id, "text": text, "createdBy": author}
        return self._begin(call, alert, "CreateComment", {**comment, "createTime": iso(time.time())})

    # Tokens

    def _token(self, call: Call) -> Response:
        """A token for a service account's JWT."""
        try:
            self.tokens.exchange(call.body.get("jwt") if isinstance(call.body, dict) else None)
        except TokenRefused as refusal:
            raise self._refused(call, 16, str(refusal)) from refusal
        seconds = self.settings.token_seconds
        return answer({"iamToken": self.tokens.issue(seconds), "expiresAt": iso(time.time() + seconds, 6)})

    def _metadata(self, call: Call) -> Response:
        """A token for the machine's own service account."""
        if call.headers.get("metadata-flavor") != "Google":
            return Response("Missing Metadata-Flavor:Google header.", 403, media_type="text/plain")
        if not self.settings.metadata_available:
            return Response("404 page not found", 404, media_type="text/plain")
        seconds = self.settings.token_seconds
        token = self.tokens.issue(seconds)
        return answer({"access_token": token, "expires_in": int(seconds), "token_type": "Bearer"})


def _has(alert: Alert, name: str | None, text: str) -> bool:
    """What a list's filter sees of an alert."""
    fields = {
        "status": alert.status,
        "severity": alert.severity,
        "classification": alert.classification,
        "title": alert.scene.title,
        "assignee.subject.id": alert.assignee,
    }
    if name is None:
        return text.lower() in alert.scene.title.lower()
    return matches(text, fields.get(name, ""))
