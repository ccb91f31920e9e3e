# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What every platform of the simulator has: routes, refusals, settings, credentials and a history of its alerts.

A new platform is one file with one subclass of :class:`Platform`; it is found by itself, given a base path of its name,
and appears in the log, the faults, the settings and the credentials.
"""

from __future__ import annotations

import abc
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, ClassVar

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, Router

from .log import Entry


class RefusedError(Exception):
    """An answer that ends the handling of a request: raised by handlers, sent as it is."""

    def __init__(self, status: int, body: Any, headers: dict[str, str] | None = None) -> None:
        super().__init__(status, body)
        self.status, self.body, self.headers = status, body, headers


@dataclass(frozen=True)
class Change:
    """One accepted write of one alert: the alert's own state before and after, and the request that did it.

    ``time`` is when it took effect, by ``time.monotonic()``.
    """

    request: int
    alert_id: str
    before: dict[str, Any]
    after: dict[str, Any]
    time: float = field(default_factory=time.monotonic)

    @property
    def real(self) -> bool:
        """Whether anything differs."""
        return self.before != self.after


class Call:
    """One request as the handlers see it."""

    def __init__(self, entry: Entry, raw: bytes, query_string: bytes, url: str) -> None:
        self.entry, self.raw, self.url = entry, raw, url
        self.params: dict[str, str] = {}
        self._query_string = query_string
        self._query: QueryParams | None = None

    @property
    def body(self) -> Any:
        """The parsed JSON body; ``None`` where there is none."""
        return self.entry.body

    @property
    def headers(self) -> dict[str, str]:
        """The headers, keys in lower case."""
        return self.entry.headers

    @property
    def query(self) -> QueryParams:
        """The query parameters."""
        if self._query is None:
            self._query = QueryParams(self._query_string)
        return self._query


Handler = Callable[[Call], Response]


def answer(body: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """A JSON answer."""
    return Response(json.dumps(body, separators=(",", ":")), status, headers, "application/json")


class Platform(abc.ABC):
    """One vendor's API, with the alerts it holds."""

    name: ClassVar[str] = ""
    credentials: ClassVar[dict[str, str]] = {}
    # Paths outside the base path that belong to the platform all the same.
    root_paths: ClassVar[tuple[str, ...]] = ()
    # Methods and path endings of requests that cannot change anything although they are not GETs.
    harmless: ClassVar[tuple[str, ...]] = ()
    kinds: ClassVar[dict[str, type[Platform]]] = {}

    settings: Any

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if cls.name:
            Platform.kinds[cls.name] = cls

    def __init__(self) -> None:
        self.url = ""
        self.history: dict[str, list[Change]] = {}

    # What a platform provides

    @abc.abstractmethod
    def routes(self) -> list[Route]:
        """The routes, made by :meth:`route`."""

    @abc.abstractmethod
    def seed(self, alerts: int, seed: int) -> None:
        """Forget everything, then hold this many alerts, always the same for the same seed."""

    @abc.abstractmethod
    def overview(self) -> dict[str, dict[str, Any]]:
        """The present triage state of every alert, by id."""

    @abc.abstractmethod
    def authorize(self, call: Call, needs: str) -> None:
        """Refuse a request whose credentials are missing, wrong or too weak for ``needs``."""

    def error_body(self, status: int, call: Call) -> Any:
        """The body this platform gives an error of this status; faults use it."""
        return {"message": f"HTTP {status}"}

    def credential_files(self) -> dict[str, Any]:
        """The contents of credentials that come as files, by name."""
        return {}

    def not_found(self, call: Call) -> Response:
        """The answer to a path or method that the platform does not have."""
        return answer(self.error_body(404, call), 404)

    def finish(self, call: Call, response: Response) -> Response:
        """The answer with the headers that every answer of the platform has."""
        return response

    def forget(self, body: Any, count: int) -> Any:
        """Take ``count`` items out of the body of a bulk request or answer; other bodies stay as they are."""
        return body

    # What it gets

    def router(self) -> Router:
        """The platform as an ASGI application."""
        # The last route takes wrong methods too: none of these services answers 405.
        unknown = Route("/{rest:path}", self._endpoint(self.not_found, None), methods=None)
        unknown.methods = None
        return Router([*self.routes(), unknown], redirect_slashes=False)

    def route(self, method: str, path: str, handler: Handler, needs: str | None = "") -> Route:
        """A route; with ``needs`` other than ``None`` the request is authorized first."""
        made = Route(path, self._endpoint(handler, needs), methods=[method])
        # Not HEAD, which comes with GET uninvited.
        made.methods = {method}
        return made

    def _endpoint(self, handler: Handler, needs: str | None) -> Any:
        async def endpoint(request: Request) -> Response:
            call: Call = request.scope["call"]
            call.params = request.path_params
            try:
                if needs is not None:
                    self.authorize(call, needs)
                response = handler(call)
            except RefusedError as refusal:
                response = answer(refusal.body, refusal.status, refusal.headers)
            return self.finish(call, response)

        return endpoint

    def reset(self, alerts: int, seed: int) -> None:
        """Begin again: settings as they were, no history, fresh alerts."""
        vars(self.settings).update(vars(type(self.settings)()))
        self.history.clear()
        self.seed(alerts, seed)

    def ids(self, **state: Any) -> list[str]:
        """The ids of the alerts whose state has these values, as in ``ids(state="open", assignee="")``."""
        return [
            alert_id
            for alert_id, present in self.overview().items()
            if all(present.get(name) == value for name, value in state.items())
        ]

    def record(self, entry: Entry, alert_id: str, before: dict[str, Any], after: dict[str, Any]) -> None:
        """Note an accepted write, in the history and in the log."""
        change = Change(entry.number, alert_id, before, after)
        self.history.setdefault(alert_id, []).append(change)
        entry.wrote.append(alert_id)
        if change.real:
            entry.changed.append(alert_id)

    def writes_of(self, alert_id: str) -> int:
        """How many writes the alert has taken, those that changed nothing included."""
        return len(self.history.get(alert_id, []))

    def earlier(self, alert_id: str, seconds: float) -> dict[str, Any]:
        """The alert's state so many seconds ago, as far as writes have changed it since."""
        since = time.monotonic() - seconds
        return next((change.before for change in self.history.get(alert_id, []) if change.time > since), {})

    def changes_of(self, alert_id: str) -> list[Change]:
        """The writes that really changed the alert, oldest first."""
        return [change for change in self.history.get(alert_id, []) if change.real]

    def is_write(self, method: str, path: str) -> bool:
        """Whether such a request could change state."""
        return method not in ("GET", "HEAD", "OPTIONS") and not path.partition("?")[0].endswith(self.harmless)
