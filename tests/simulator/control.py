# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""``/_simulator``: the simulator's own controls over HTTP, for the demo and for tests in other processes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route, Router

from .base import answer
from .faults import Fault

if TYPE_CHECKING:
    from .app import World


def control_app(world: World) -> Router:
    """The control routes of a world."""
    controls = _Controls(world)
    routes = [
        Route("/health", controls.health),
        Route("/log", controls.log, methods=["GET", "DELETE"]),
        Route("/faults", controls.faults, methods=["GET", "POST", "DELETE"]),
        Route("/settings", controls.settings, methods=["GET", "PATCH"]),
        Route("/reset", controls.reset, methods=["POST"]),
        Route("/alerts", controls.alerts),
        Route("/history", controls.history),
        Route("/credentials", controls.credentials),
        Route("/credential_files", controls.credential_files),
    ]
    return Router([Mount("/_simulator", routes=routes)])


class _Controls:
    def __init__(self, world: World) -> None:
        self._world = world

    async def health(self, request: Request) -> Response:
        """Ready, and the base URLs."""
        return answer({"status": "ok", "platforms": {name: one.url for name, one in self._world.platforms.items()}})

    async def log(self, request: Request) -> Response:
        """The requests so far (``?platform=``, ``?writes=true``, ``?summary=true``), or a fresh start."""
        log = self._world.log
        if request.method == "DELETE":
            log.clear()
            return answer(log.summary())
        if request.query_params.get("summary"):
            return answer(log.summary())
        entries = log.select(request.query_params.get("platform"))
        if request.query_params.get("writes"):
            entries = [entry for entry in entries if entry.is_write]
        return answer({**log.summary(), "entries": [entry.as_dict() for entry in entries]})

    async def faults(self, request: Request) -> Response:
        """The faults in force, one (or a list) more, or none."""
        faults = self._world.faults
        if request.method == "DELETE":
            faults.clear()
        elif request.method == "POST":
            given = await request.json()
            try:
                for fault in given if isinstance(given, list) else [given]:
                    faults.add(Fault.named(fault.pop("name", None), **fault))
            except (TypeError, ValueError) as error:
                return answer({"message": str(error)}, 400)
        return answer([fault.as_dict() for fault in faults])

    async def settings(self, request: Request) -> Response:
        """The settings by platform and the latency in seconds; a PATCH names only what it changes."""
        if request.method == "PATCH":
            given = await request.json()
            unknown = [
                f"{name}.{key}"
                for name, values in given.items()
                if name != "latency"
                for key in values
                if name not in self._world.platforms or key not in vars(self._world.platforms[name].settings)
            ]
            if unknown:
                return answer({"message": f"unknown settings: {', '.join(unknown)}"}, 400)
            self._world.latency = given.pop("latency", self._world.latency)
            for name, values in given.items():
                vars(self._world.platforms[name].settings).update(values)
        settings: dict[str, Any] = {name: vars(one.settings) for name, one in self._world.platforms.items()}
        return answer({"latency": self._world.latency, **settings})

    async def reset(self, request: Request) -> Response:
        """Begin again; the body may name ``alerts``, ``seed`` and ``latency``."""
        raw = await request.body()
        self._world.reset(**(json.loads(raw) if raw else {}))
        return await self.alerts(request)

    async def alerts(self, request: Request) -> Response:
        """The present triage state of every alert, by platform (``?platform=`` for one alone) and id."""
        wanted = request.query_params.get("platform")
        platforms = self._world.platforms
        return answer({name: platforms[name].overview() for name in platforms if wanted in (None, name)})

    async def history(self, request: Request) -> Response:
        """The accepted writes of every alert, by platform and id."""
        return answer(
            {
                name: {
                    alert_id: [{**vars(change), "real": change.real} for change in changes]
                    for alert_id, changes in one.history.items()
                }
                for name, one in self._world.platforms.items()
            }
        )

    async def credentials(self, request: Request) -> Response:
        """All credentials that work, by name."""
        return answer(vars(self._world.credentials))

    async def credential_files(self, request: Request) -> Response:
        """Credentials that come as files, by name, parsed; made on the first call, for that may take a while."""
        files: dict[str, Any] = {}
        for platform in self._world.platforms.values():
            files.update(platform.credential_files())
        return answer(files)
