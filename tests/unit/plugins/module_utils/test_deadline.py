# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Servers that never end, send more than an answer, or answer twice: every exchange ends in time, and stays its own."""

from __future__ import annotations

import concurrent.futures
import gzip
import itertools
import resource
import socket
import threading
import time
import typing as t
from pathlib import Path

import pytest

from ansible_collections.secops.triage.plugins.module_utils._core.errors import AmbiguousError, UnreachableError
from ansible_collections.secops.triage.plugins.module_utils._http.deadline import break_off
from ansible_collections.secops.triage.tests.unit.client import make_client
from ansible_collections.secops.triage.tests.unit.harness import without_environment
from ansible_collections.secops.triage.tests.unit.loopback import (
    Loopback,
    Reply,
    Wire,
    answer_bytes,
    join,
    make_certificate,
    next_request,
)

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
HINTS = b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\n"

Serve = t.Callable[[socket.socket], None]


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    without_environment(monkeypatch)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_certificate(tmp_path_factory.mktemp("tls"))


# One clock


def floods(head: bytes, piece: bytes, pause: float = 0.0) -> Serve:
    """After a request this head, and then the same again and again, at full speed or with pauses."""

    def serve(connection: socket.socket) -> None:
        next_request(connection)
        connection.sendall(head)
        while True:
            connection.sendall(piece)
            time.sleep(pause)

    return serve


ENDLESS = {
    "a body without a length": floods(HEAD + b"\r\n", b" " * 65536),
    "a body in chunks": floods(CHUNKED, b"2000\r\n" + b" " * 0x2000 + b"\r\n"),
    "a body in chunks of one byte": floods(CHUNKED, b"1\r\n \r\n" * 4000),
    "a chunk of negative length": floods(CHUNKED + b"-1\r\n", b" " * 65536),
    "a body that trickles": floods(HEAD + b"Content-Length: 99999\r\n\r\n", b" ", 0.05),
    "a header that trickles": floods(HEAD + b"X: ", b"x", 0.05),
    "headers that trickle": floods(HEAD, b"X: y\r\n", 0.1),
    "trailers": floods(CHUNKED + b"0\r\n", b"X: y\r\n" * 1000),
    "Continue": floods(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 100),
    "Early Hints": floods(b"", HINTS * 100),
    "nothing but Processing": floods(b"HTTP/1.1 102 Processing\r\n\r\n", b"", 0.2),
}


@pytest.mark.parametrize("secure", [False, True])
@pytest.mark.parametrize("what", ENDLESS)
def test_what_never_ends_ends_in_time(what: str, secure: bool, certificate: Path) -> None:
    with Wire(ENDLESS[what], certificate if secure else None) as server:
        client = make_client(timeout=0.5, ca_path=str(certificate))
        start = time.monotonic()
        with pytest.raises(AmbiguousError):
            client.request("PATCH", server.url, {})
        assert time.monotonic() - start < 4


@pytest.mark.parametrize("status", [200, 403])
def test_the_status_of_an_answer_that_never_ends_is_told(status: int) -> None:
    with Wire(floods(answer_bytes(b"", f"{status} X").replace(b"h: 0", b"h: 99"), b" ", 0.05)) as server:
        with pytest.raises(AmbiguousError, match=r"within 1 s") as caught:
            make_client(timeout=1).request("PATCH", server.url, {})
        assert caught.value.status == status


@pytest.mark.parametrize("proxied", [False, True])
def test_a_name_server_that_does_not_answer(monkeypatch: pytest.MonkeyPatch, proxied: bool) -> None:
    released = threading.Event()
    look_up = socket.getaddrinfo

    def hangs(host: str, *arguments: t.Any, **options: t.Any) -> t.Any:
        if host.endswith(".example"):
            released.wait(60)
        return look_up("127.0.0.1", *arguments, **options)

    monkeypatch.setattr(socket, "getaddrinfo", hangs)
    proxy: dict[str, t.Any] = {"proxy": "http://proxy.example:3128"} if proxied else {}
    start = time.monotonic()
    with pytest.raises(UnreachableError, match=r"within 0\.3 s"):
        make_client(timeout=0.3, retries=0, **proxy).request("PATCH", "https://service.example/", {})
    assert time.monotonic() - start < 10
    released.set()


def test_a_stopped_task_does_not_wait_for_a_name_server(monkeypatch: pytest.MonkeyPatch) -> None:
    asked, released = threading.Event(), threading.Event()

    def hangs(*_arguments: t.Any, **_options: t.Any) -> t.Any:
        asked.set()
        released.wait(60)
        raise OSError

    monkeypatch.setattr(socket, "getaddrinfo", hangs)
    with concurrent.futures.ThreadPoolExecutor() as pool:
        request = pool.submit(make_client(timeout=50, retries=0).request, "PATCH", "https://service.example/", {})
        assert asked.wait(20)
        break_off()
        try:
            with pytest.raises(UnreachableError):
                request.result(timeout=20)
        finally:
            released.set()


def test_the_handshake_and_the_answer_share_the_time(certificate: Path) -> None:
    def serve(connection: socket.socket) -> None:
        next_request(connection)
        time.sleep(0.5)
        connection.sendall(answer_bytes())

    class Slow(Wire):
        def _talk(self, connection: socket.socket) -> None:
            time.sleep(0.5)
            super()._talk(connection)

    with Slow(serve, certificate) as server, pytest.raises(AmbiguousError, match=r"within 0\.8 s"):
        make_client(timeout=0.8, ca_path=str(certificate)).request("PATCH", server.url, {})


def test_a_handshake_that_trickles() -> None:
    def serve(connection: socket.socket) -> None:
        connection.sendall(b"\x16\x03\x03\x40\x00")
        while True:
            connection.sendall(b"\x02")
            time.sleep(0.05)

    with Wire(serve) as server:
        start = time.monotonic()
        with pytest.raises(UnreachableError, match=r"within 0\.3 s"):
            make_client(timeout=0.3, retries=0).request("PATCH", server.url.replace("http:", "https:"), {})
        assert time.monotonic() - start < 3


@pytest.mark.parametrize(
    "serve",
    [
        floods(b"HTTP/1.1 200 Connected\r\n", b"X: y\r\n", 0.05),
        floods(b"HTTP/1.1 200 Connected\r\n", b"X: y\r\n" * 1000),
        floods(b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 100 Continue\r\n\r\n" * 100),
    ],
)
def test_a_tunnel_that_never_opens(serve: Serve) -> None:
    with Wire(serve) as proxy:
        start = time.monotonic()
        with pytest.raises(UnreachableError, match="through the proxy"):
            make_client(timeout=0.3, retries=0, proxy=proxy.url).request("PATCH", "https://service.example/", {})
        assert time.monotonic() - start < 3


def test_a_tunnel_and_the_answer_share_the_time(certificate: Path) -> None:
    def serve(connection: socket.socket) -> None:
        next_request(connection)
        time.sleep(0.5)
        connection.sendall(answer_bytes())

    def tunnel(connection: socket.socket) -> None:
        next_request(connection)
        time.sleep(0.5)
        with socket.create_connection(("127.0.0.1", server.port)) as other:
            connection.sendall(b"HTTP/1.1 200 Connected\r\n\r\n")
            join(connection, other)

    with Wire(serve, certificate) as server, Wire(tunnel) as proxy:
        client = make_client(timeout=0.8, ca_path=str(certificate), proxy=proxy.url)
        with pytest.raises(AmbiguousError, match=r"within 0\.8 s"):
            client.request("PATCH", server.url, {})


def test_all_addresses_of_a_host_share_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of them is a port whose queue is full: there, nobody answers at all."""
    with socket.create_server(("0.0.0.0", 0), backlog=0) as full:
        port = full.getsockname()[1]
        addresses = [f"127.0.0.{number}" for number in range(1, 9)]
        waiting = [socket.socket() for dummy in range(4)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(("127.0.0.1", port))
        found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_kwargs: found)
        start = time.monotonic()
        with pytest.raises(UnreachableError, match=r"no connection to service\.example:\d+ within 0\.3 s"):
            make_client(timeout=0.3, retries=0).get(f"http://service.example:{port}/")
        assert time.monotonic() - start < 1.5
        for one in waiting:
            one.close()


@pytest.mark.parametrize("secure", [False, True])
def test_a_server_that_does_not_read(secure: bool, certificate: Path) -> None:
    """A byte now and then keeps no request alive that is too large to be sent at once."""

    def serve(connection: socket.socket) -> None:
        while connection.recv(1000):
            time.sleep(0.05)

    with Wire(serve, certificate if secure else None) as server:
        start = time.monotonic()
        with pytest.raises(AmbiguousError, match=r"within 0\.5 s"):
            make_client(timeout=0.5, ca_path=str(certificate)).request("PATCH", server.url, {"x": "x" * 20_000_000})
        assert time.monotonic() - start < 4


# Size


def peak_memory() -> int:
    """Bytes that this process has had at most."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def times_of(function: t.Callable[[], t.Any]) -> tuple[float, int]:
    """Processor seconds and further memory that a call takes at most."""
    memory, start = peak_memory(), time.process_time()
    function()
    return time.process_time() - start, peak_memory() - memory


def bomb(layers: int = 1) -> bytes:
    """A GiB of spaces, for each further layer compressed once more."""
    data = b"".join(itertools.repeat(gzip.compress(b" " * 2**20), 1024))
    for _turn in range(layers - 1):
        data = gzip.compress(data)
    return data


@pytest.mark.parametrize(("encoding", "layers"), [("gzip", 1), ("gzip, gzip", 2), ("x-gzip", 1)])
def test_a_bomb_costs_neither_memory_nor_time(encoding: str, layers: int) -> None:
    with Loopback() as server:
        server.reply = Reply(headers={"Content-Encoding": encoding}, body=bomb(layers))

        def attack() -> None:
            with pytest.raises(AmbiguousError) as caught:
                make_client().request("PATCH", server.url, {})
            assert caught.value.status == 200

        seconds, memory = times_of(attack)
    assert seconds < 3
    assert memory < 400 * 2**20


def test_a_body_beyond_the_limit() -> None:
    with Loopback() as server:
        server.reply = Reply(body=b'"' + b"x" * (64 * 2**20) + b'"')
        with pytest.raises(AmbiguousError, match="larger than 64 MiB") as caught:
            make_client(retries=0).get(server.url)
    assert caught.value.status == 200


def test_a_large_body_is_read() -> None:
    text = "x" * (10 * 2**20)
    with Loopback() as server:
        server.reply = Reply(body=f'"{text}"'.encode())
        assert make_client().get(server.url).body == text


@pytest.mark.parametrize("encoding", ["br", "deflate", "zstd", "gzip, gzip"])
def test_an_encoding_that_nobody_asked_for(encoding: str) -> None:
    with Loopback() as server:
        server.reply = Reply(headers={"Content-Encoding": encoding})
        with pytest.raises(AmbiguousError, match=encoding):
            make_client(retries=0).get(server.url)
        assert server.seen[0].headers["accept-encoding"] == "gzip"


@pytest.mark.parametrize("cut", [1, 9, 20])
def test_a_compressed_body_that_is_cut_short(cut: int) -> None:
    with Loopback() as server:
        server.reply = Reply(headers={"Content-Encoding": "gzip"}, body=gzip.compress(b'{"ok": true}')[:-cut])
        with pytest.raises(AmbiguousError):
            make_client(retries=0).get(server.url)


# One answer to a request


def numbered(before: bytes = b"", after: bytes = b"", headers: str = "") -> Serve:
    """Answers that count the requests over all connections, with something before and after each."""
    count = itertools.count(1)

    def serve(connection: socket.socket) -> None:
        while next_request(connection):
            connection.sendall(before + answer_bytes(b'{"number": %d}' % next(count), headers=headers) + after)

    return serve


ODD: dict[str, dict[str, t.Any]] = {
    "Early Hints": {"before": HINTS},
    "two Early Hints": {"before": HINTS * 2},
    "Continue": {"before": b"HTTP/1.1 100 Continue\r\n\r\n"},
    "Switching Protocols": {"before": b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n"},
    "another answer": {"after": answer_bytes(b'{"number": 0}')},
    "more than its length": {"after": b"  "},
    "a line that is no header": {"headers": "no header\r\nX: y\r\n"},
}


@pytest.mark.parametrize("secure", [False, True])
@pytest.mark.parametrize("what", ODD)
def test_every_request_gets_its_own_answer(what: str, secure: bool, certificate: Path) -> None:
    with Wire(numbered(**ODD[what]), certificate if secure else None) as server:
        client = make_client(ca_path=str(certificate), timeout=5)
        assert [client.get(server.url).body["number"] for dummy in range(6)] == [1, 2, 3, 4, 5, 6]
        assert server.connections == 6, "where something odd was read, the connection is not used again"


def test_what_comes_unasked_is_no_answer() -> None:
    count = itertools.count(1)

    def serve(connection: socket.socket) -> None:
        while next_request(connection):
            connection.sendall(answer_bytes(b'{"number": %d}' % next(count)))
            time.sleep(0.1)
            connection.sendall(answer_bytes(b'{"number": 0}'))

    with Wire(serve) as server:
        client = make_client()
        numbers = []
        for _turn in range(3):
            numbers.append(client.get(server.url).body["number"])
            time.sleep(0.3)
        assert numbers == [1, 2, 3]


def test_a_connection_is_not_used_after_an_answer_that_was_too_late() -> None:
    count = itertools.count(1)

    def serve(connection: socket.socket) -> None:
        while next_request(connection):
            number = next(count)
            time.sleep(0.6 if number == 1 else 0)
            connection.sendall(answer_bytes(b'{"number": %d}' % number))

    with Wire(serve) as server:
        client = make_client(timeout=0.4)
        with pytest.raises(AmbiguousError):
            client.request("PATCH", server.url, {})
        time.sleep(0.4)
        assert client.get(server.url).body == {"number": 2}


# Connections that were idle


def test_a_connection_that_was_idle_is_not_used_again(monkeypatch: pytest.MonkeyPatch) -> None:
    with Loopback() as server:
        client = make_client()
        client.get(server.url)
        client.get(server.url)
        assert server.connections == 1
        now = time.monotonic
        monkeypatch.setattr(time, "monotonic", lambda: now() + 2.5)
        client.request("POST", server.url, {})
        assert server.connections == 2


def test_a_write_on_a_connection_that_the_server_has_closed_is_sent() -> None:
    def serve(connection: socket.socket) -> None:
        next_request(connection)
        connection.sendall(answer_bytes())

    with Wire(serve) as server:
        client = make_client()
        for _turn in range(3):
            client.request("PATCH", server.url, {})
            time.sleep(0.05)
        assert server.connections == 3
