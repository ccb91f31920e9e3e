# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Small real servers on loopback for what the simulator is not: other hosts, proxies, TLS, and answers of any bytes."""

from __future__ import annotations

import contextlib
import dataclasses
import http.server
import ipaddress
import socket
import ssl
import threading
import typing as t
from datetime import datetime, timedelta, timezone
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec


@dataclasses.dataclass(frozen=True)
class Seen:
    """A request that reached the server. ``target`` is what stood in the request line; headers are in lower case."""

    method: str
    target: str
    headers: dict[str, str]


@dataclasses.dataclass
class Reply:
    """What the server answers. A ``length`` other than the body's is a lie."""

    status: int = 200
    headers: dict[str, str] = dataclasses.field(default_factory=dict)
    body: bytes = b'{"ok": true}'
    length: int | None = None


class Loopback:
    """An HTTP server that gives every request the same reply, and remembers the requests and connections.

    It is a proxy as well: with ``tunnels`` it connects a CONNECT through, without it refuses.
    """

    def __init__(self, certificate: Path | None = None, tunnels: bool = False) -> None:
        self.reply = Reply()
        self.tunnels = tunnels
        self.seen: list[Seen] = []
        self.connections = 0
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.loopback = self
        self.port: int = self._server.server_address[1]
        self.url = f"{'https' if certificate else 'http'}://127.0.0.1:{self.port}"
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)

    def __enter__(self) -> Loopback:
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *error: object) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Server(http.server.ThreadingHTTPServer):
    loopback: Loopback
    # A client may leave a connection open; its thread must not hold the test.
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def handle_error(self, request: t.Any, client_address: t.Any) -> None:
        """Nothing: clients go away as they like."""


class _Handler(http.server.BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def setup(self) -> None:
        super().setup()
        self.server.loopback.connections += 1

    def _answer(self) -> None:
        loopback, reply = self.server.loopback, self.server.loopback.reply
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        loopback.seen.append(self._seen())
        self.send_response(reply.status)
        for name, value in {"Content-Type": "application/json", **reply.headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(reply.body) if reply.length is None else reply.length))
        self.end_headers()
        self.wfile.write(reply.body)
        self.close_connection = reply.length is not None

    def do_GET(self) -> None:
        self._answer()

    def do_PATCH(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def do_CONNECT(self) -> None:
        loopback = self.server.loopback
        loopback.seen.append(self._seen())
        self.close_connection = True
        if not loopback.tunnels:
            self.send_error(502)
            return
        host, _colon, port = self.path.rpartition(":")
        with socket.create_connection((host, int(port))) as other:
            self.send_response(200)
            self.end_headers()
            join(self.connection, other)

    def _seen(self) -> Seen:
        return Seen(self.command, self.path, {name.lower(): value for name, value in self.headers.items()})

    def log_message(self, format: str, *args: t.Any) -> None:  # noqa: A002
        """Nothing: the test reads `Loopback.seen`."""


def join(one: socket.socket, other: socket.socket) -> None:
    """Carry over what each of the two says to the other one, until both have done."""
    back = threading.Thread(target=_pour, args=(other, one), daemon=True)
    back.start()
    _pour(one, other)
    back.join(5)


def _pour(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_WR)


def closed_port() -> int:
    """A port on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


def make_certificate(folder: Path, host: str = "127.0.0.1") -> Path:
    """A self-signed certificate with its key, as one PEM file, which is its own authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "loopback")])
    now = datetime.now(timezone.utc)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(host))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "certificate.pem"
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    return path


class Wire:
    """A server that says whatever bytes a function says: it is given every connection, each in a thread of its own."""

    def __init__(self, serve: t.Callable[[socket.socket], None], certificate: Path | None = None) -> None:
        self.connections = 0
        self._serve = serve
        self._context: ssl.SSLContext | None = None
        if certificate:
            self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._context.load_cert_chain(certificate)
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port: int = self._socket.getsockname()[1]
        self.url = f"{'https' if certificate else 'http'}://127.0.0.1:{self.port}"

    def __enter__(self) -> Wire:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *error: object) -> None:
        # To close it would not wake up the thread that waits in it.
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _address = self._socket.accept()
                self.connections += 1
                threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError), connection:
            if self._context is None:
                self._serve(connection)
            else:
                with self._context.wrap_socket(connection, server_side=True) as secure:
                    self._serve(secure)


def next_request(connection: socket.socket) -> bytes:
    """The head of the next request on a connection, once its body is there too; empty where there are no more."""
    data = b""
    while b"\r\n\r\n" not in data:
        piece = connection.recv(65536)
        if not piece:
            return b""
        data += piece
    head, _gap, body = data.partition(b"\r\n\r\n")
    length = next((int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0)
    while len(body) < length:
        body += connection.recv(65536)
    return head


def answer_bytes(body: bytes = b'{"ok": true}', status: str = "200 OK", headers: str = "") -> bytes:
    """An answer as it goes over the wire; further ``headers`` each end in a line break."""
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n{headers}\r\n"
    return head.encode() + body
