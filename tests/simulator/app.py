# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The world the simulator serves, and the ASGI application around it.

The application does what is the same for every platform: it reads and logs the request, waits out the latency, lets the
platform answer, and lets a fault spoil the request or the answer.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import pkgutil
import time
from types import SimpleNamespace
from typing import Any, Union

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .base import Call, Platform
from .control import control_app
from .exchange import Exchange
from .faults import Faults
from .log import Entry, Log
from .wire import Wire

CONTROL = "/_simulator"
# A total, spread over the platforms, or a number for each platform named.
Alerts = Union[int, "dict[str, int]"]


def _platforms() -> dict[str, Platform]:
    """One of each platform that a file of this package defines."""
    for module in pkgutil.iter_modules(importlib.import_module(__package__).__path__):
        if not module.name.startswith("_"):
            importlib.import_module(f"{__package__}.{module.name}")
    return {name: kind() for name, kind in sorted(Platform.kinds.items())}


class World:
    """All platforms, the log, the faults, and what is common to them."""

    def __init__(self, alerts: Alerts = 40, seed: int = 7, latency: float = 0.0) -> None:
        self.platforms = _platforms()
        self.log = Log()
        self.faults = Faults(seed)
        self.latency = latency
        self._alerts, self._seed, self._latency = alerts, seed, latency
        self.settings = SimpleNamespace(**{name: one.settings for name, one in self.platforms.items()})
        self.credentials = SimpleNamespace(
            **{name: secret for one in self.platforms.values() for name, secret in one.credentials.items()}
        )
        self.reset()

    def reset(self, alerts: Alerts | None = None, seed: int | None = None, latency: float | None = None) -> None:
        """Begin again, with other numbers where given: fresh alerts, default settings, no log, no faults."""
        self._alerts = alerts if alerts is not None else self._alerts
        self._seed = seed if seed is not None else self._seed
        self._latency = self.latency = latency if latency is not None else self._latency
        for name, share in self._shares().items():
            self.platforms[name].reset(share, self._seed)
        self.faults.clear()
        self.faults.reseed(self._seed)
        self.log.clear()

    def _shares(self) -> dict[str, int]:
        """How many alerts each platform gets."""
        if isinstance(self._alerts, dict):
            return {name: self._alerts.get(name, 0) for name in self.platforms}
        share, rest = divmod(self._alerts, len(self.platforms))
        return {name: share + (position < rest) for position, name in enumerate(self.platforms)}


class Application:
    """The simulator as an ASGI application."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._control = control_app(world)
        self._platforms: dict[str, tuple[Platform, ASGIApp, str]] = {}
        for name, platform in world.platforms.items():
            router = platform.router()
            self._platforms[name] = (platform, router, f"/{name}")
            for path in platform.root_paths:
                self._platforms[path.strip("/")] = (platform, router, "")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            return
        path = scope["path"]
        if path.startswith(CONTROL):
            await self._control(scope, receive, send)
            return
        raw = await _read(receive)
        platform, router, root_path = self._platforms.get(path.split("/", 2)[1], (None, None, ""))
        wire: Wire = scope["state"]["wire"]
        entry = self._opened(scope, platform, wire)
        entry.body = _parsed(raw)
        closed = False

        async def send_noted(message: Message) -> None:
            """Send; the log is complete before the client has the answer, and may look there."""
            nonlocal closed
            if message["type"] == "http.response.start":
                entry.status = message["status"]
            elif not message.get("more_body"):
                closed = True
                wire.answered = time.monotonic()
                self.world.log.close(entry, entry.status)
            await send(message)

        try:
            url = f"{scope['scheme']}://{entry.headers.get('host', '')}{path}"
            call = Call(entry, raw, scope["query_string"], url)
            exchange = Exchange(self.world, platform, router, call)
            if self.world.latency:
                await asyncio.sleep(self.world.latency)
            wire.pay()
            await exchange.run({**scope, "root_path": root_path, "call": call}, receive, send_noted)
        finally:
            if not closed:
                self.world.log.close(entry, entry.status)

    def _opened(self, scope: Scope, platform: Platform | None, wire: Wire) -> Entry:
        """The log's entry of a request, whose body is still to come."""
        query = scope["query_string"].decode("latin-1")
        path = f"{scope['path']}?{query}" if query else scope["path"]
        headers = {key.decode("latin-1"): value.decode("latin-1") for key, value in scope["headers"]}
        name = platform.name if platform else None
        entry = self.world.log.open(name, scope["method"], path, headers, wire.number)
        if wire.answered is not None:
            entry.idle = entry.time - wire.answered
        if platform is not None:
            entry.is_write = platform.is_write(entry.method, path)
            wire.protocol.timeout_keep_alive = platform.settings.idle_seconds
        return entry


async def _read(receive: Receive) -> bytes:
    body = b""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return body
        body += bytes(message.get("body", b""))
        if not message.get("more_body"):
            return body


def _parsed(raw: bytes) -> Any:
    if not raw:
        return None
    try:
        return json.loads(raw)
    except ValueError:
        return raw.decode("utf-8", "replace")
