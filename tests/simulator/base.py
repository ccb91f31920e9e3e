# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What every platform of the simulator has: routes, refusals, settings, credentials and a history of its alerts.

A new platform is one file with one subclass of :class:`Platform`; it is found by itself, given a base path of its name,
and appears in the log, the faults, the settings and the credentials.
"""

from __future__ import annotations

import abc
import copy
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, ClassVar, NamedTuple, TypeVar

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, Router

from .log import Entry

Thing = TypeVar("Thing")


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


@dataclass
class Settings:
    """What every platform can be told to do."""

    # Seconds for which reads, of alerts and of notes and links alike, still show what was before a write. 0 also ends
    # a lag under way, so that infinity lasts until then.
    read_lag: float = 0.0
    # Seconds after which the server closes an idle connection.
    idle_seconds: float = 75.0


class _Past(NamedTuple):
    """A thing as it was before the write of a request, and until when reads that lag show that."""

    request: int
    until: float
    thing: Any
    old: Any

    def restore(self) -> None:
        """Put the thing back into its old state."""
        if isinstance(self.thing, list):
            self.thing[:] = self.old
            return
        values = self.thing if isinstance(self.thing, dict) else vars(self.thing)
        values.clear()
        values.update(self.old if isinstance(self.old, dict) else vars(self.old))


class Call:
    """One request as the handlers see it; a ``stale`` one reads what was before the last write."""

    def __init__(self, entry: Entry, raw: bytes, query_string: bytes, url: str) -> None:
        self.entry, self.raw, self.url = entry, raw, url
        self.stale = False
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
    # Where the bodies of its requests and answers have a list of alerts or notes: the keys that lead there.
    rows: ClassVar[tuple[tuple[str, ...], ...]] = ()
    kinds: ClassVar[dict[str, type[Platform]]] = {}

    settings: Any

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if cls.name:
            Platform.kinds[cls.name] = cls

    def __init__(self) -> None:
        self.url = ""
        self.history: dict[str, list[Change]] = {}
        self._past: dict[str, list[_Past]] = {}

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
        self._past.clear()
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

    def remember(self, entry: Entry, key: str, thing: Any) -> None:
        """Keep a shallow copy of what a write is about to change, for reads that lag and for :meth:`undo`."""
        until = time.monotonic() + self.settings.read_lag
        self._past.setdefault(key, []).append(_Past(entry.number, until, thing, copy.copy(thing)))

    def as_read(self, call: Call, key: str, thing: Thing) -> Thing:
        """The thing as a read sees it."""
        past = self._past.get(key, [])
        if call.stale:
            return past[-1].old if past else thing
        if not self.settings.read_lag:
            return thing
        now = time.monotonic()
        return next((one.old for one in past if one.until > now), thing)

    def all_as_read(self, call: Call, things: dict[str, Thing]) -> dict[str, Thing]:
        """The things as a read sees them."""
        if not (call.stale or self.settings.read_lag):
            return things
        return {key: self.as_read(call, key, thing) for key, thing in things.items()}

    def undo(self, entry: Entry) -> None:
        """Take back what a request has written, as if the server had died before it committed."""
        for key, past in self._past.items():
            for one in reversed(past):
                if one.request == entry.number:
                    one.restore()
            self._past[key] = [one for one in past if one.request != entry.number]
        for alert_id in entry.wrote:
            self.history[alert_id] = [one for one in self.history[alert_id] if one.request != entry.number]
        entry.wrote, entry.changed = [], []

    def with_rows(self, body: Any, change: Callable[[list[Any]], list[Any]]) -> Any:
        """The body with its list of alerts or notes changed; a body without one stays as it is."""
        body = copy.deepcopy(body)
        for *parents, name in self.rows:
            holder = body
            for parent in parents:
                holder = holder.get(parent) if isinstance(holder, dict) else None
            if isinstance(holder, dict) and isinstance(holder.get(name), list):
                holder[name] = change(holder[name])
                if "count" in holder:
                    holder["count"] = len(holder[name])
        return body

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
