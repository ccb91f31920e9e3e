# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A Datadog account: its settings, keys, errors and limits, and the alerts that tests look at."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any, ClassVar

from starlette.responses import Response

from .base import Call, Platform, RefusedError, Settings, answer
from .datadog_signals import Signal, User, make_incidents, make_signals, make_users
from .seeds import generator, scenes, signal_id

V1 = "/api/v1/security_analytics/signals"
V2 = "/api/v2/security_monitoring/signals"
_READS = frozenset(("signals_read", "user_access_read", "incident_read"))
_ALL = _READS | {"signals_write", "incident_write"}


@dataclass
class DatadogSettings(Settings):
    """What is unknown of the real service, or may differ; each value here is one that clients must survive."""

    # How much of the assignee reads show: "uuid" (with handle and name), "handle" (with name), "name".
    assignee_shows: str = "uuid"
    # The subtree of a GET that holds the archive reason and comment: "custom" or "gated".
    archive_in: str = "custom"
    # Bulk updates: "on", or the status that refuses them (404, 405).
    bulk: str | int = "on"
    # Reads that do not see the incidents yet after a link by v1.
    incident_lag_reads: int = 0
    # Searches and lists that do not see the triage yet after a write.
    search_lag: int = 0
    # Keys of the triage that searches and lists do not show.
    search_hides: tuple[str, ...] = ()
    # Searches that do not see a new incident yet.
    incident_search_lag: int = 0
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
    # Whether each of these headers comes twice.
    rate_headers_twice: bool = False


class DatadogAccount(Platform):
    """What all requests to an account have in common."""

    credentials: ClassVar[dict[str, str]] = {
        "datadog_api_key": "q7Zt3WvK9xLr2MbN8sHd5GcJ4yPf6TnQ",
        "datadog_app_key": "Xk4vB9zRt7WqLm2NcH8sJd3PfGy6TnZq5KvMx9Lb",
        "datadog_read_only_app_key": "Jw8nC3xQz5VtKr7LbM2hPd9GsFy4TjXk6WvNq8Zc",
        "datadog_no_users_app_key": "Rz6mV2wKx9TqNb4LcJ7hGd8PsFy3XtZk5QvMj7Wn",
        "datadog_access_token": "ddpat_Vn5xK8zQw3TrMb7LcH2jGd9PsFy6XtZk4QvWm",
        "datadog_read_only_access_token": "ddpat_Hq3zM6xVw9TkNb2LcR8jGd5PsFy7XtZn4KvWp",
    }
    harmless = (f"{V2}/search",)
    rows = (("data",), ("result", "events"))
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
        # The incidents that searches do not see yet, and how many more of them will not.
        self.hidden_incidents: dict[str, int] = {}

    # The alerts, for tests

    def seed(self, alerts: int, seed: int) -> None:
        """Users, incidents and this many signals."""
        self._chance = generator(seed, "datadog")
        self.users = {user.uuid: user for user in make_users(self._chance)}
        self.incidents = make_incidents(self._chance)
        self.hidden_incidents = {}
        made = make_signals(self._chance, alerts, list(self.users.values()), self.incident_ids)
        self.signals = {signal.id: signal for signal in made}
        self._window = (0.0, 0)

    def overview(self) -> dict[str, dict[str, Any]]:
        """The triage state of every signal."""
        return {signal.id: signal.triage_state() for signal in self.signals.values()}

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

    def authorize(self, call: Call, needs: str) -> None:
        """Two keys or a bearer token; a wrong one is a bare 403, a weak one a 403 that says what is missing."""
        bearer = call.headers.get("authorization", "")
        api_key, app_key = call.headers.get("dd-api-key"), call.headers.get("dd-application-key")
        if not bearer and not (api_key and app_key):
            raise RefusedError(401, {"errors": ["Unauthorized"]})
        secret = app_key or ""
        if bearer:
            secret = bearer[7:] if bearer.startswith("Bearer ddpat_") else ""
        elif api_key != self.credentials["datadog_api_key"] or secret.startswith("ddpat_"):
            secret = ""
        permissions = self._permissions.get(secret)
        if permissions is None:
            raise RefusedError(403, {"errors": ["Forbidden"]})
        self._count_request()
        if needs not in permissions:
            name = f"security_monitoring_{needs}" if needs.startswith("signals") else needs
            raise self._refused(call, 403, "Forbidden", f"permission {name} is missing")

    def _count_request(self) -> None:
        start, count = self._window
        now = time.monotonic()
        if now - start >= self.settings.rate_period:
            start, count = now, 0
        self._window = (start, count + 1)
        limit = self.settings.rate_limit
        if limit is not None and count >= limit:
            raise RefusedError(429, {"errors": ["Too many requests"]}, self._rate_headers())

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

    def finish(self, call: Call, response: Response) -> Response:
        """The answer with the headers of the limit once more, where they come twice."""
        if self.settings.rate_headers_twice:
            response.raw_headers += [one for one in response.raw_headers if one[0].startswith(b"x-ratelimit-")]
        return response

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

    def _refused(self, call: Call, status: int, title: str, detail: str) -> RefusedError:
        return RefusedError(status, self._error(call, status, title, detail))

    def _invalid(self, call: Call, detail: str) -> RefusedError:
        return self._refused(call, 400, "Bad Request", detail)
