# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The simulator as a server: in a thread of the test, or in a process of its own."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import socket
import threading
from pathlib import Path
from types import SimpleNamespace, TracebackType
from typing import Any, TypeVar

import uvicorn
from uvicorn.protocols.http.auto import AutoHTTPProtocol

from .app import Alerts, Application, World
from .base import Platform
from .calseta import Calseta
from .datadog import Datadog
from .faults import Faults
from .kibana import Kibana
from .log import Log
from .security_deck import SecurityDeck
from .wire import Wire

AnyPlatform = TypeVar("AnyPlatform", bound=Platform)
_connections = itertools.count(1)


class _Protocol(AutoHTTPProtocol):  # type: ignore[misc,valid-type]
    """The usual protocol, which also hands its connection to the application."""

    app_state: dict[str, Any]

    def connection_made(self, transport: asyncio.Transport) -> None:
        super().connection_made(transport)
        self.app_state = {**self.app_state, "wire": Wire(next(_connections), self, transport)}


class _Server(uvicorn.Server):
    """A server that stops at once when told to from another thread."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None

    async def main_loop(self) -> None:
        """Tick as uvicorn does, until told to stop."""
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        self.ready.set()
        tick = 0
        while not self._stop.is_set() and not await self.on_tick(tick):
            tick = (tick + 1) % 864000
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._stop.wait(), 0.1)

    def stop(self) -> None:
        """End the main loop, waiting for no request."""
        self.force_exit = True
        if self._loop is not None and self._stop is not None:
            self._loop.call_soon_threadsafe(self._stop.set)


def make_server(
    world: World, host: str = "127.0.0.1", port: int = 0, certificate: Path | None = None
) -> tuple[_Server, socket.socket, str]:
    """A server for the world, its bound socket, and its URL; sets the platforms' URLs."""
    listener = socket.create_server((host, port), backlog=512)
    # asyncio does this only for sockets it has made itself; without it every answer waits 40 ms for an ACK.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    url = "{}://{}:{}".format("https" if certificate else "http", *listener.getsockname()[:2])
    for name, platform in world.platforms.items():
        platform.url = f"{url}/{name}"
    config = uvicorn.Config(
        Application(world),
        http=_Protocol,
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="critical",
        access_log=False,
        timeout_keep_alive=75,
        ssl_certfile=certificate,
    )
    return _Server(config), listener, url


class Simulator:
    """All platforms on a free loopback port, served by a thread.

    ``alerts`` is a total or a number by platform, ``latency`` in seconds, ``certificate`` a PEM file with a key in it,
    by which it speaks TLS::

        with Simulator(alerts=40, seed=7) as sim:
            requests.get(sim.datadog.url + "/api/v2/users", headers=...)
            assert not sim.log.writes()
    """

    def __init__(
        self,
        alerts: Alerts = 40,
        seed: int = 7,
        latency: float = 0.0,
        host: str = "127.0.0.1",
        port: int = 0,
        certificate: Path | None = None,
    ) -> None:
        self.world = World(alerts, seed, latency)
        self.url = ""
        self._address = (host, port, certificate)
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> Simulator:
        """Serve; returns once connections are taken."""
        self._server, listener, self.url = make_server(self.world, *self._address)
        serve = self._server.serve([listener])
        self._thread = threading.Thread(target=asyncio.run, args=(serve,), name="simulator", daemon=True)
        self._thread.start()
        if not self._server.ready.wait(10):
            raise RuntimeError("the simulator did not start")
        return self

    def stop(self) -> None:
        """Close the port and end the thread."""
        if self._server is not None and self._thread is not None:
            self._server.stop()
            self._thread.join(10)
            self._server = self._thread = None

    def __enter__(self) -> Simulator:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def reset(self, alerts: Alerts | None = None, seed: int | None = None, latency: float | None = None) -> None:
        """Begin again on the same port: fresh alerts, default settings, empty log, no faults."""
        self.world.reset(alerts, seed, latency)

    @property
    def host(self) -> str:
        """Host and port, as ``YC_METADATA_ADDR`` wants them."""
        return self.url.partition("//")[2]

    @property
    def log(self) -> Log:
        """The requests so far."""
        return self.world.log

    @property
    def faults(self) -> Faults:
        """The faults in force."""
        return self.world.faults

    @property
    def settings(self) -> SimpleNamespace:
        """The settings, by platform."""
        return self.world.settings

    @property
    def credentials(self) -> SimpleNamespace:
        """All credentials that work, by name."""
        return self.world.credentials

    @property
    def latency(self) -> float:
        """Seconds that every request waits."""
        return self.world.latency

    @latency.setter
    def latency(self, seconds: float) -> None:
        self.world.latency = seconds

    @property
    def datadog(self) -> Datadog:
        """Datadog Cloud SIEM."""
        return self.platform(Datadog)

    @property
    def kibana(self) -> Kibana:
        """Elastic Security."""
        return self.platform(Kibana)

    @property
    def security_deck(self) -> SecurityDeck:
        """Yandex Cloud Security Deck."""
        return self.platform(SecurityDeck)

    @property
    def calseta(self) -> Calseta:
        """Calseta."""
        return self.platform(Calseta)

    def platform(self, kind: type[AnyPlatform]) -> AnyPlatform:
        """The platform of a class; those that come later have no property of their own."""
        found = self.world.platforms[kind.name]
        assert isinstance(found, kind)
        return found
