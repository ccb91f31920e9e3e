# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How many examples are tried, and the world that they are tried on."""

from __future__ import annotations

import errno
import os
import socket
import sys
import typing as t
from pathlib import Path

import pytest
from hypothesis import HealthCheck, configuration, settings
from hypothesis.database import DirectoryBasedExampleDatabase

from ansible_collections.secops.triage.tests.simulator import Simulator
from ansible_collections.secops.triage.tests.unit.harness import short_read_lag, without_environment

from .wire import Wire

_HOME = Path(__file__).resolve().parents[2] / ".cache" / "hypothesis"
configuration.set_hypothesis_home_dir(_HOME)
_COMMON: dict[str, t.Any] = {"deadline": None, "suppress_health_check": list(HealthCheck), "print_blob": False}
# The same examples each time, some seconds of them.
settings.register_profile("short", max_examples=15, derandomize=True, **_COMMON)
# With those of the options, of the answers and of the wire, more than 10,000 for each module.
settings.register_profile(
    "long", max_examples=3400, database=DirectoryBasedExampleDatabase(_HOME / "examples"), **_COMMON
)
settings.load_profile("short")


class _Island:
    """A machine whose network ends at itself, and there at a few ports: options are fuzzed that say whom to talk to."""

    def __init__(self) -> None:
        self.ports: set[int] = set()
        sys.addaudithook(self._watch)

    def _watch(self, event: str, arguments: tuple[t.Any, ...]) -> None:
        if not self.ports or not event.startswith("socket."):
            return
        if event == "socket.getaddrinfo" and arguments[0] not in ("127.0.0.1", "localhost", "::1"):
            raise socket.gaierror(socket.EAI_NONAME, "there is nobody else")
        if event == "socket.connect" and arguments[1] not in {("127.0.0.1", port) for port in self.ports}:
            raise OSError(errno.ECONNREFUSED, os.strerror(errno.ECONNREFUSED))


_island = _Island()


@pytest.fixture(scope="package")
def sim() -> t.Iterator[Simulator]:
    """A simulator, and nothing else that could be reached; nothing of the user's environment shows through."""
    with Simulator(alerts=0) as simulator, pytest.MonkeyPatch.context() as patch:
        without_environment(patch)
        short_read_lag(patch, 0.05)
        patch.setenv("YC_METADATA_ADDR", simulator.host)
        _island.ports.add(int(simulator.host.rpartition(":")[2]))
        yield simulator
        _island.ports.clear()


@pytest.fixture(scope="package")
def wire(sim: Simulator) -> t.Iterator[Wire]:
    """A server that sends bytes."""
    with Wire() as server:
        _island.ports.add(server.port)
        yield server
