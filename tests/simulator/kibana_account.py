# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A Kibana's users, spaces and errors, and the alerts that tests look at."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, field
from typing import Any, ClassVar

from .base import Call, Platform, RefusedError, Settings
from .kibana_documents import REASON, make_document, make_legacy_document, state_of
from .query_dsl import Document
from .seeds import Scene, generator, hexadecimal, scenes

SIGNALS = "/api/detection_engine/signals"
USERS = "/internal/detection_engine/users/_find"
PROFILES = "/internal/security/user_profile/_bulk_get"
STATUSES = ("open", "acknowledged", "closed", "in-progress")
BODY_LIMIT = 1048576
_ERRORS = {400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 413: "Request Entity Too Large"}
_ERRORS.update({406: "Not Acceptable", 409: "Conflict"})
_ERRORS.update({415: "Unsupported Media Type", 429: "Too Many Requests", 500: "Internal Server Error"})


@dataclass
class KibanaSettings(Settings):
    """What differs between versions and moments."""

    # False is a server before 9.2: a reason is dropped without a word.
    supports_reason: bool = True
    # The only reasons that the newest server takes; None is a server that takes any.
    reasons: tuple[str, ...] | None = None
    # Alerts that something else is writing to: by id, how many updates will meet a version conflict.
    conflicts: dict[str, int] = field(default_factory=dict)
    # Alerts per batch of an update by query; an aborted update keeps the batches it has finished.
    batch_size: int = 1000
    # The most notes of a space, and how many of them an answer shows: what it may have now, if it had more once.
    most_notes: int = 1000
    shown_notes: int = 1000
    # Whether an added note is told as it was before 9.0.
    notes_before_9: bool = False
    # Whether an alert that a case has can be attached once more, as on older servers.
    attaches_alerts_twice: bool = False
    # The server's limit in bytes on a request's body.
    body_limit: int = BODY_LIMIT


class KibanaAccount(Platform):
    """What all requests have in common; the alerts of each space are a mapping from id to document."""

    credentials: ClassVar[dict[str, str]] = {
        "kibana_api_key": base64.b64encode(b"vT7xQk2ZpW9sLmN4:Jr8cHd3GyBf6zKq5WxVn").decode(),
        "kibana_read_only_api_key": base64.b64encode(b"bK5wNz8QtX3rVj7M:Pf2yLc9HsGd4ZmTq6WkR").decode(),
        "kibana_username": "wq7zk-runbook-pt3vx",
        "kibana_password": "Zx8vKq3WtN7rLm2JcH5yPd9GsB",
        "kibana_bearer_token": "eyVm6KzQx9WtR3nLbJ7cHd2PsGy8FqZk5XvTw4Nm",
    }
    harmless = (f"{SIGNALS}/search", PROFILES)
    rows = (("hits", "hits"), ("notes",), ("signal_ids",), ("ids",))

    def __init__(self) -> None:
        super().__init__()
        self.settings = KibanaSettings()
        self.spaces: dict[str, dict[str, Document]] = {}
        self.notes: dict[str, list[dict[str, Any]]] = {}
        # What else the profiles of users say, by their uids: on Cloud the user name is a number.
        self.people: dict[str, dict[str, str]] = {}

    # The alerts, for tests

    def seed(self, alerts: int, seed: int) -> None:
        """The default space holds them all; the space ``soc-lab`` is there, and empty."""
        self._chance = generator(seed, "kibana")
        self.users = [(f"u_{hexadecimal(self._chance, 20)}_0", name) for name in ("amira", "bruno", "greta")]
        self.people = {}
        self.spaces = {"default": {}, "soc-lab": {}}
        self.notes = {"default": [], "soc-lab": []}
        for scene in scenes(self._chance, alerts):
            status = self._chance.choices(STATUSES[:3], (6, 2, 2))[0]
            reason = self._chance.choice(("false_positive", "duplicate", None)) if status == "closed" else None
            self.add_alert(status=status, reason=reason, scene=scene)

    def profile(self, uid: str, name: str) -> dict[str, Any]:
        """A user's profile, as Kibana shows it."""
        user = {"username": name, "email": f"{name}@example.com", **self.people.get(uid, {})}
        return {"uid": uid, "enabled": True, "user": user, "data": {}}

    def alerts(self, space: str = "default") -> dict[str, Document]:
        """The documents of a space by id."""
        return self.spaces[space]

    def overview(self) -> dict[str, dict[str, Any]]:
        """The triage state of every alert of every space."""
        return {
            key: {**state_of(document), "space": space}
            for space, documents in self.spaces.items()
            for key, document in documents.items()
        }

    def add_alert(
        self,
        status: str | None = "open",
        reason: str | None = None,
        space: str = "default",
        legacy: bool = False,
        scene: Scene | None = None,
        **fields: Any,
    ) -> str:
        """One more alert, and its id; ``legacy`` ones have a nested ``signal.status`` only, some have no status."""
        scene = scene or next(scenes(self._chance, 1))
        key = hexadecimal(self._chance, 64)
        document = make_legacy_document(scene, status) if legacy else make_document(key, scene, status, space)
        if reason is not None:
            document[REASON] = reason
        self.notes.setdefault(space, [])
        self.spaces.setdefault(space, {})[key] = {**document, **fields}
        return key

    def authorize(self, call: Call, needs: str) -> None:
        """In the order of the real server: who, how much, in what form, and whether allowed."""
        scheme, _space, secret = call.headers.get("authorization", "").partition(" ")
        good, user = self.credentials, self.credentials["kibana_username"]
        login = base64.b64encode(f"{user}:{good['kibana_password']}".encode()).decode()
        full = {("apikey", good["kibana_api_key"]), ("basic", login), ("bearer", good["kibana_bearer_token"])}
        weak = ("apikey", good["kibana_read_only_api_key"])
        key = (scheme.lower(), secret)
        if key not in full and key != weak:
            what = "unable to authenticate with provided credentials for REST request [/_security/_authenticate]"
            raise self._core(401, f"[security_exception\n\tRoot causes:\n\t\tsecurity_exception: {what}]: {what}")
        if len(call.raw) > self.settings.body_limit:
            limit = self.settings.body_limit
            raise self._core(413, f"Payload content length greater than maximum allowed: {limit}")
        if call.raw and not call.headers.get("content-type", "").startswith("application/json"):
            raise self._core(415, "Unsupported Media Type")
        if call.raw and isinstance(call.body, str):
            raise self._core(400, "Invalid request payload JSON format")
        if call.entry.method != "GET" and "kbn-xsrf" not in call.headers:
            raise self._core(400, "The header kbn-xsrf is missing from the request.")
        self._check_version(call)
        space = call.params.get("space", "default")
        if not re.fullmatch(r"[a-z0-9_-]+", space):
            raise self._core(404, "Not Found")
        if needs == "write" and key == weak:
            name = call.entry.path.partition("?")[0]
            what = f"API [{call.entry.method} {name}] is unauthorized for user"
            raise self._core(403, f"{what}, this action is granted by the Kibana privileges [alerts-all]")

    def _check_version(self, call: Call) -> None:
        """Public calls are of one version unless told; internal ones are for those who say which, and who they are."""
        internal = "/internal/" in call.entry.path
        known = "1" if internal else "2023-10-31"
        version = call.headers.get("elastic-api-version", "" if internal else known)
        if internal and "x-elastic-internal-origin" not in call.headers:
            name, method = call.entry.path.partition("?")[0], call.entry.method.lower()
            what = "exists but is not available with the current configuration"
            raise self._core(400, f"uri [{name}] with method [{method}] {what}")
        if version != known:
            raise self._core(400, f'No version "{version}" available. Available versions are: {known}')

    def error_body(self, status: int, call: Call) -> Any:
        """The shape of Kibana's core; the detection engine, in which a 500 arises, has another."""
        if status == 500:
            return {"message": _ERRORS[status], "status_code": status}
        return {"statusCode": status, "error": _ERRORS.get(status, "Error"), "message": _ERRORS.get(status, "Error")}

    def _core(self, status: int, message: str) -> RefusedError:
        return RefusedError(status, {"statusCode": status, "error": _ERRORS[status], "message": message})

    def _engine(self, status: int, message: Any) -> RefusedError:
        return RefusedError(status, {"message": message, "status_code": status})

    def _body(self, call: Call) -> dict[str, Any]:
        if not isinstance(call.body, dict):
            raise self._core(400, "[request body]: Expected object, received null")
        return call.body

    def _documents(self, call: Call) -> dict[str, Document]:
        # A space that nobody made is an empty index, not an error.
        return self.spaces.get(call.params.get("space", "default"), {})

    def _index(self, call: Call) -> str:
        return f".internal.alerts-security.alerts-{call.params.get('space', 'default')}-000001"
