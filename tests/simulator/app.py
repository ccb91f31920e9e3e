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
import socket
import struct
from types import SimpleNamespace
from typing import Any, Union

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .base import Call, Platform, answer
from .control import control_app
from .faults import PAGE, Fault, Faults
from .log import Log

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
        headers = {key.decode("latin-1"): value.decode("latin-1") for key, value in scope["headers"]}
        query = scope["query_string"]
        full_path = f"{path}?{query.decode('latin-1')}" if query else path
        name = platform.name if platform else None
        entry = self.world.log.open(name, scope["method"], full_path, headers, scope["state"].get("connection", 0))
        entry.body = _parsed(raw)
        entry.is_write = bool(platform and platform.is_write(entry.method, full_path))
        closed = False

        async def send_noted(message: Message) -> None:
            """Send; the log is complete before the client has the answer, and may look there."""
            nonlocal closed
            if message["type"] == "http.response.start":
                entry.status = message["status"]
            elif not message.get("more_body"):
                closed = True
                self.world.log.close(entry, entry.status)
            await send(message)

        try:
            call = Call(entry, raw, query, f"{scope['scheme']}://{headers.get('host', '')}{path}")
            exchange = _Exchange(self.world, platform, router, call)
            if self.world.latency:
                await asyncio.sleep(self.world.latency)
            await exchange.run({**scope, "root_path": root_path, "call": call}, receive, send_noted)
        finally:
            if not closed:
                self.world.log.close(entry, entry.status)


class _Exchange:
    """One request on its way through a platform and, perhaps, a fault."""

    def __init__(self, world: World, platform: Platform | None, router: ASGIApp | None, call: Call) -> None:
        self._world, self._platform, self._router, self._call = world, platform, router, call

    async def run(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or drop the connection."""
        if self._platform is None or self._router is None:
            await answer({"message": "no such platform"}, 404)(scope, receive, send)
            return
        fault = self._world.faults.strike(self._call.entry)
        if fault is None:
            await (await self._handled(scope))(scope, receive, send)
            return
        if fault.when == "before" and fault.delay:
            await asyncio.sleep(fault.delay)
        response: Response | None = None
        if fault.when == "after" or fault.action in ("delay", "forget", "merge"):
            if fault.action == "forget" and fault.when == "before":
                self._call.entry.body = self._platform.forget(self._call.body, fault.forget)
            response = await self._handled(scope)
        if fault.when == "after" and fault.delay:
            await asyncio.sleep(fault.delay)
        if fault.action in ("reset", "close"):
            await _drop(scope, receive, reset=fault.action == "reset")
            return
        spoiled = self._spoiled(fault, response)
        if fault.action == "truncate":
            await _truncate(spoiled, scope, receive, send)
        else:
            await spoiled(scope, receive, send)

    async def _handled(self, scope: Scope) -> Response:
        """What the platform answers."""
        response = Response()
        response.raw_headers = []
        body = bytearray()

        async def keep(message: Message) -> None:
            if message["type"] == "http.response.start":
                response.status_code, response.raw_headers = message["status"], list(message["headers"])
            else:
                body.extend(message.get("body", b""))

        async def nothing() -> Message:
            return {"type": "http.request", "body": b"", "more_body": False}

        assert self._router is not None
        await self._router(scope, nothing, keep)
        response.body = bytes(body)
        return response

    def _spoiled(self, fault: Fault, response: Response | None) -> Response:
        """The answer as the fault wants it."""
        assert self._platform is not None
        if response is not None and fault.action in ("delay", "truncate"):
            return response
        if response is not None and fault.action in ("merge", "forget"):
            body = json.loads(bytes(response.body))
            if fault.action == "merge":
                body = fault.altered(body)
            elif fault.when == "after":
                body = self._platform.forget(body, fault.forget)
            headers = {k.decode(): v.decode() for k, v in response.raw_headers if not k.startswith(b"content-")}
            return answer(body, response.status_code, {**headers, **fault.headers})
        headers = {**fault.wait_headers(), **fault.headers}
        if fault.action == "redirect":
            headers["Location"] = fault.location or "/"
        if fault.action in ("empty", "redirect"):
            return Response(b"", fault.code, headers)
        if fault.html or fault.action == "html":
            return Response(PAGE.format(f"{fault.code}"), fault.code, headers, "text/html")
        if isinstance(fault.body, (str, bytes)):
            return Response(fault.body, fault.code, headers, headers.get("Content-Type", "text/plain"))
        body = fault.body if fault.body is not None else self._platform.error_body(fault.code, self._call)
        return answer(body, fault.code, headers)


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


async def _truncate(response: Response, scope: Scope, receive: Receive, send: Send) -> None:
    """Send half of what Content-Length promises."""
    await send({"type": "http.response.start", "status": response.status_code, "headers": response.raw_headers})
    half = bytes(response.body)[: len(response.body) // 2]
    await send({"type": "http.response.body", "body": half, "more_body": True})
    await _drop(scope, receive, reset=False)


async def _drop(scope: Scope, receive: Receive, reset: bool) -> None:
    """Close the connection now: with a FIN, or with a RST."""
    transport: asyncio.Transport = scope["state"]["transport"]
    if reset:
        connection = transport.get_extra_info("socket")
        # A linger time of zero makes the kernel send RST instead of FIN.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
    else:
        transport.close()
    # Until the server knows that the client is gone it would send an error of its own.
    while (await receive())["type"] != "http.disconnect":
        pass
