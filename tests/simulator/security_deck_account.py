# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A cloud organisation's tokens, subjects and errors, and the alerts that tests look at."""

from __future__ import annotations

import threading
import time
import uuid
from dataclasses import dataclass, field
from typing import Any, ClassVar

from starlette.responses import Response

from .base import Call, Platform, RefusedError, Settings, answer
from .dates import iso
from .log import Entry
from .security_deck_alerts import ENUMS, Alert, Operation
from .seeds import Scene, cloud_id, generator, scenes
from .tokens import TokenError, TokenIssuer

TYPE = "type.googleapis.com/yandex.cloud.securitydeck.alerts.v1"
_STATUS = {3: 400, 5: 404, 6: 409, 7: 403, 8: 429, 9: 400, 10: 409, 13: 500, 14: 503, 16: 401}


@dataclass
class SecurityDeckSettings(Settings):
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
    # How many seconds lists of alerts are behind what was written.
    search_lag: float = 0.0
    # The most comments of a page, whatever is asked for.
    comments_page: int = 1000
    # Sinks in which the service account may only read.
    read_only_sinks: list[str] = field(default_factory=list)
    revoked_tokens: list[str] = field(default_factory=list)
    token_seconds: float = 43200.0
    # Whether the machine has a metadata service with a service account.
    metadata_available: bool = True


class SecurityDeckAccount(Platform):
    """What all requests have in common, and what happens without one: operations come to their end."""

    root_paths = ("/computeMetadata",)
    harmless = ("/iam/v1/tokens",)
    rows = (("alerts",), ("comments",))
    credentials: ClassVar[dict[str, str]] = {
        "iam_token": "t1.9euelZqKxWvTzNb7LrJ3cHd8PsGy5FmZq4XtVk2Qw6Rn",
        "iam_read_only_token": "t1.9euelZrXm3VkTzQ8LbN5cJd7PsGy2HtZw6RqKv9Wx4Fn",
    }

    def __init__(self) -> None:
        super().__init__()
        self.settings = SecurityDeckSettings()
        self._alerts: dict[str, Alert] = {}
        self._operations: dict[str, Operation] = {}
        self._pending: list[Operation] = []
        self._settling = threading.Lock()
        self._by_key: dict[str, Operation] = {}

    # The alerts, for tests

    def seed(self, alerts: int, seed: int) -> None:
        """One sink with this many alerts, and four subjects that can be assigned."""
        self._chance = generator(seed, "security_deck")
        self.tokens = TokenIssuer(tuple(self.credentials.values()), self._chance)
        self.sink_id = cloud_id(self._chance, "fd8")
        self.subjects = [cloud_id(self._chance, "aje") for _position in range(4)]
        self._alerts, self._operations, self._pending, self._by_key = {}, {}, [], {}
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

    @property
    def operations(self) -> dict[str, Operation]:
        """The operations by id."""
        self._settle()
        return self._operations

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

    def end_operations(self) -> None:
        """Bring all operations under way to their end now."""
        for operation in list(self._pending):
            operation.due = time.time()
        self._settle()

    def undo(self, entry: Entry) -> None:
        """Take back what was written, and forget the operation."""
        super().undo(entry)
        self._pending = [one for one in self._pending if one.entry is not entry]
        self._operations = {key: one for key, one in self._operations.items() if one.entry is not entry}
        self._by_key = {key: one for key, one in self._by_key.items() if one.entry is not entry}

    def service_account_key(self) -> dict[str, str]:
        """The contents of a key file whose JWTs are accepted."""
        return self.tokens.key_file()

    def credential_files(self) -> dict[str, Any]:
        """The service account's key."""
        return {"service_account_key": self.service_account_key()}

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

    def _refused(self, call: Call, code: int, message: str) -> RefusedError:
        return RefusedError(_STATUS[code], self._status(code, message, call.entry))

    def _settle(self) -> None:
        """Apply the operations whose time has come, in their order."""
        # A test that looks at the alerts does so from another thread than the server's.
        with self._settling:
            now = time.time()
            for operation in [one for one in self._pending if now >= one.due]:
                self._pending.remove(operation)
                if not operation.fails:
                    self._apply(operation)
                operation.done = True

    def _apply(self, operation: Operation) -> None:
        alert = operation.alert
        self.remember(operation.entry, alert.id, alert)
        if operation.kind == "CreateComment":
            alert.comments = [*alert.comments, operation.values]
            operation.response = {"@type": f"{TYPE}.Comment", **operation.values}
            return
        before = alert.triage_state()
        for name, value in operation.values.items():
            setattr(alert, name, value)
        alert.updated = operation.due
        self.record(operation.entry, alert.id, before, alert.triage_state())
        operation.response = {"@type": f"{TYPE}.Alert", **alert.shown(False, self.settings.shows_unset)}

    # Tokens

    def _token(self, call: Call) -> Response:
        """A token for a service account's JWT."""
        try:
            self.tokens.exchange(call.body.get("jwt") if isinstance(call.body, dict) else None)
        except TokenError as refusal:
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
