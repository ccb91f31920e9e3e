# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a server can do below HTTP: interim answers, answers too many, bodies without end; read from a bare socket."""

from __future__ import annotations

import contextlib
import gzip
import json
import re
import socket
import time
import typing as t
import zlib

import pytest
import requests

from ansible_collections.secops.triage.tests.simulator import Simulator
from ansible_collections.secops.triage.tests.simulator.wire import BOMB_SIZE, FLOODS, bomb
from ansible_collections.secops.triage.tests.unit.simulator.client import Client

MEBIBYTE = 1 << 20


class Line:
    """One connection, by hand."""

    def __init__(self, sim: Simulator, headers: dict[str, str]) -> None:
        host, port = sim.host.split(":")
        self.socket = socket.create_connection((host, int(port)), timeout=5)
        self.file = self.socket.makefile("rb")
        given = {"Content-Type": "application/json", **headers}
        self._headers = "".join(f"{name}: {value}\r\n" for name, value in given.items())

    def send(self, path: str, method: str = "GET", body: str = "") -> None:
        """Send a request."""
        head = f"{method} {path} HTTP/1.1\r\nHost: simulator\r\nContent-Length: {len(body)}\r\n{self._headers}\r\n"
        self.socket.sendall((head + body).encode())

    def head(self) -> tuple[int, dict[str, str]]:
        """Status and headers of the next answer, interim ones too."""
        status = int(self.file.readline().split()[1])
        lines = iter(self.file.readline, b"\r\n")
        return status, dict(line.decode().rstrip().lower().split(": ", 1) for line in lines)

    def answer(self) -> tuple[int, t.Any]:
        """Status and JSON of the next answer."""
        status, headers = self.head()
        body = self.file.read(int(headers.get("content-length", 0)))
        return status, json.loads(body) if body else None

    def close(self) -> None:
        """Hang up."""
        self.file.close()
        self.socket.close()


@pytest.fixture
def line(sim: Simulator, calseta: Client) -> t.Iterator[Line]:
    with contextlib.closing(Line(sim, calseta.headers)) as line:
        yield line


def paths(sim: Simulator, count: int) -> list[str]:
    """So many alerts of Calseta."""
    return [f"/calseta/v1/alerts/{sim.calseta.add_alert().uuid}" for _alert in range(count)]


# Interim answers, and answers too many


def test_early_hints_come_first(sim: Simulator, line: Line) -> None:
    (path,) = paths(sim, 1)
    sim.faults.add("early_hints")
    line.send(path)
    status, headers = line.head()
    assert (status, headers["link"].split(";")[0]) == (103, "</style.css>")
    assert line.answer()[0] == 200
    line.send(path)
    assert line.answer()[0] == 200


def test_many_continues_come_first(sim: Simulator, line: Line) -> None:
    sim.faults.add("continues")
    line.send("/calseta/health")
    assert [line.answer()[0] for _answer in range(501)] == [100] * 500 + [200]


def test_a_connection_that_is_one_answer_behind(sim: Simulator, line: Line) -> None:
    asked = paths(sim, 3)
    sim.faults.add("one_behind")
    line.send(asked[0])
    assert line.head()[0] == 103
    answers = [line.answer()[1]]
    for path in asked[1:]:
        line.send(path)
        answers.append(line.answer()[1])
    named = [one["data"]["uuid"] for one in answers]
    assert named == [path.rpartition("/")[2] for path in (asked[0], asked[0], asked[1])]
    # Another connection is not touched.
    assert len({entry.connection for entry in sim.log}) == 1


# Bodies and headers without end


@pytest.mark.parametrize("name", FLOODS)
def test_the_server_outlives_every_flood(sim: Simulator, line: Line, calseta: Client, name: str) -> None:
    sim.faults.add(name)
    line.send("/calseta/health")
    line.socket.settimeout(0.3)
    started = time.monotonic()
    with contextlib.suppress(TimeoutError):
        while time.monotonic() - started < 0.5 and line.socket.recv(MEBIBYTE):
            pass
    line.close()
    started = time.monotonic()
    assert calseta.ask("GET", "/health")["status"] == "ok"
    assert time.monotonic() - started < 2


@pytest.mark.parametrize("name", ["endless", "endless_unframed", "endless_headers", "endless_continue"])
def test_at_full_speed(sim: Simulator, line: Line, name: str) -> None:
    sim.faults.add(name)
    line.send("/calseta/health")
    started = time.monotonic()
    assert len(line.file.read(16 * MEBIBYTE)) == 16 * MEBIBYTE
    assert time.monotonic() - started < 4


def test_a_bomb(sim: Simulator, line: Line) -> None:
    sim.faults.add("gzip_bomb")
    line.send("/calseta/health")
    status, headers = line.head()
    assert (status, headers["content-encoding"]) == (200, "gzip")
    packed = line.file.read()
    assert len(packed) < 1.5 * MEBIBYTE
    size = len(zlib.decompressobj(16 + zlib.MAX_WBITS).decompress(packed[: len(packed) // 50]))
    assert size > BOMB_SIZE // 60 * MEBIBYTE
    # Unpacking all of it takes its time; a smaller one is made in the same way.
    assert json.loads(gzip.decompress(bomb(3))) == {}
    assert len(gzip.decompress(bomb(3))) == 3 * MEBIBYTE + 2


@pytest.mark.parametrize("name", ["trickle", "trickle_headers"])
def test_drop_by_drop(sim: Simulator, line: Line, name: str) -> None:
    sim.faults.add(name, status=500)
    line.send("/calseta/health")
    time.sleep(0.55)
    head = line.socket.recv(MEBIBYTE)
    assert head.startswith(b"HTTP/1.1 500 X\r\n")
    started = time.monotonic()
    assert [len(line.socket.recv(10)) for _drop in range(3)] == [1, 1, 1]
    assert 0.2 < time.monotonic() - started < 2


def test_less_than_was_promised(sim: Simulator, line: Line) -> None:
    sim.faults.add("short_body")
    line.send("/calseta/health")
    assert line.head() == (200, {"content-type": "application/json", "content-length": "1000"})
    assert line.file.read(2) == b"{}"
    line.socket.settimeout(0.3)
    with pytest.raises(TimeoutError):
        line.socket.recv(1)


def test_a_flood_after_the_write(sim: Simulator, line: Line) -> None:
    alert = sim.calseta.add_alert(severity="High")
    sim.faults.add("endless", when="after", writes=True)
    line.send(f"/calseta/v1/alerts/{alert.uuid}", "PATCH", '{"severity": "Low"}')
    assert line.head()[0] == 200
    assert alert.severity == "Low"


def test_an_answer_that_is_reset_in_its_middle(sim: Simulator, line: Line) -> None:
    (path,) = paths(sim, 1)
    sim.faults.add("cut")
    line.send(path)
    promised = int(line.head()[1]["content-length"])
    with pytest.raises(ConnectionResetError):
        line.file.read(promised)


# Idle connections


def test_idle_connections_are_closed(sim: Simulator, line: Line) -> None:
    assert (sim.settings.calseta.idle_seconds, sim.settings.datadog.idle_seconds) == (5, 75)
    sim.settings.calseta.idle_seconds = 0.3
    line.send("/calseta/health")
    assert line.answer()[0] == 200
    started = time.monotonic()
    assert line.socket.recv(1) == b""
    assert 0.2 < time.monotonic() - started < 2


def test_a_request_that_crosses_the_close(sim: Simulator, line: Line) -> None:
    sim.faults.add("idle_reset", idle=0.3)
    for _request in range(2):
        line.send("/calseta/health")
        assert line.answer()[0] == 200
    time.sleep(0.4)
    line.send("/calseta/health")
    with pytest.raises(ConnectionResetError):
        line.socket.recv(1)
    assert sim.log[-1].idle > 0.3


# Maintenance


@pytest.mark.parametrize(("name", "status"), [("maintenance", 503), ("exhausted", 429)])
def test_what_begins_after_some_writes(sim: Simulator, calseta: Client, name: str, status: int) -> None:
    path = f"/v1/alerts/{sim.calseta.add_alert(severity='High').uuid}"
    sim.faults.add(name, platform="calseta", after_writes=2, wait=7)
    writes = [calseta("PATCH", path, {"severity": one}) for one in ("Low", "Medium")]
    assert [response.status_code for response in writes] == [200, 200]
    later = [calseta("GET", path), calseta("PATCH", path, {"severity": "High"}), calseta("GET", "/health")]
    assert [response.status_code for response in later] == [status] * 3
    assert {response.headers["Retry-After"] for response in later} == {"7"}
    assert requests.get(f"{sim.url}/datadog", timeout=5).status_code == 404
    assert re.search("Medium", str(sim.calseta.overview()))
