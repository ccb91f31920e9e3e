# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One request on its way through a platform and, perhaps, a fault."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .base import Call, Platform, answer
from .faults import PAGE, Fault
from .wire import FLOODS, Wire, raw

if TYPE_CHECKING:
    from .app import World


def _another(platform: Platform, fault: Fault, call: Call, body: Any) -> Any:
    """The body with another alert's id in place of the one that was asked for, or that the answer names."""
    text, asked = json.dumps(body), f"{call.entry.path} {json.dumps(call.body)}"
    ids = list(platform.overview())
    named = [one for where in (asked, text) for one in ids if one in where]
    others = [one for one in (fault.other, *ids) if one and one not in named]
    return json.loads(text.replace(named[0], others[0])) if named and others else body


def _forgotten(platform: Platform, fault: Fault, call: Call, body: Any) -> Any:
    """The body of a bulk without its last items; a request has lost them before."""
    return platform.with_rows(body, lambda rows: rows[: -fault.forget]) if fault.when == "after" else body


def _repeated(platform: Platform, fault: Fault, call: Call, body: Any) -> Any:
    """The body with its first item once more at the end."""
    return platform.with_rows(body, lambda rows: [*rows, *map(fault.altered, rows[:1])])


# The actions that send what the platform answers, and those among them that change its JSON first.
AS_ANSWERED = ("delay", "truncate", "cut", "stale", "twice")
CHANGES: dict[str, Callable[[Platform, Fault, Call, Any], Any]] = {
    "merge": lambda platform, fault, call, body: fault.altered(body),
    "another": lambda *about: about[1].altered(_another(*about)),
    "forget": _forgotten,
    "repeat": _repeated,
}
# Those that let the platform handle the request whatever their "when" is.
_HANDLED = ("delay", "stale", "twice", *CHANGES)


class Exchange:
    """One request and its answer."""

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
        else:
            await self._spoil(fault, scope, receive, send)

    async def _spoil(self, fault: Fault, scope: Scope, receive: Receive, send: Send) -> None:
        wire: Wire = scope["state"]["wire"]
        if fault.prelude:
            wire.transport.write(fault.prelude.encode("latin-1"))
        response = await self._handled_amid(fault, scope)
        if fault.action in FLOODS:
            await wire.pour(FLOODS[fault.action], fault.code, receive)
        elif fault.action in ("reset", "close"):
            await wire.drop(receive, fault.action == "reset")
        elif fault.action in ("truncate", "cut"):
            await self._halved(self._spoiled(fault, response))(scope, receive, send)
            await wire.drop(receive, fault.action == "cut")
        else:
            spoiled = self._spoiled(fault, response)
            wire.owed = raw(spoiled) if fault.action == "twice" else b""
            await spoiled(scope, receive, send)

    async def _handled_amid(self, fault: Fault, scope: Scope) -> Response | None:
        """What the platform answers, if it is to handle the request at all."""
        assert self._platform is not None
        response = None
        self._call.stale = fault.action == "stale"
        if fault.when == "before":
            await asyncio.sleep(fault.delay)
            if fault.action == "forget":
                entry = self._call.entry
                entry.body = self._platform.with_rows(entry.body, lambda rows: rows[: -fault.forget])
        if fault.when == "after" or fault.action in _HANDLED:
            response = await self._handled(scope)
        if fault.lost:
            self._platform.undo(self._call.entry)
        if fault.when == "after":
            await asyncio.sleep(fault.delay)
        return response

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
        if response is not None and fault.action in AS_ANSWERED:
            return response
        if response is None or fault.action not in CHANGES:
            made = self._made_up(fault)
        else:
            body = CHANGES[fault.action](self._platform, fault, self._call, json.loads(bytes(response.body)))
            made = answer(body, response.status_code)
            made.raw_headers += [one for one in response.raw_headers if not one[0].startswith(b"content-")]
        for name, value in fault.all_headers():
            made.headers.append(name, value)
        return made

    def _made_up(self, fault: Fault) -> Response:
        """An answer that has nothing to do with what the platform would say."""
        assert self._platform is not None
        if fault.action in ("empty", "redirect"):
            return Response(b"", fault.code)
        if fault.html or fault.action == "html":
            return Response(PAGE.format(f"{fault.code}"), fault.code, media_type="text/html")
        if isinstance(fault.body, (str, bytes)):
            return Response(
                fault.body, fault.code, media_type=None if "Content-Type" in fault.headers else "text/plain"
            )
        body = fault.body if fault.body is not None else self._platform.error_body(fault.code, self._call)
        return answer(body, fault.code)

    @staticmethod
    def _halved(response: Response) -> ASGIApp:
        """Half of what Content-Length promises."""

        async def send_half(scope: Scope, receive: Receive, send: Send) -> None:
            await send({"type": "http.response.start", "status": response.status_code, "headers": response.raw_headers})
            half = bytes(response.body)[: len(response.body) // 2]
            await send({"type": "http.response.body", "body": half, "more_body": True})

        return send_half
