# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A proxy that asks for a password, and tells those without one what they gave."""

from __future__ import annotations

import base64
import http.client
import http.server
import socket
import threading
import typing as t
from urllib.parse import quote, urlsplit

from ansible_collections.secops.triage.tests.unit.loopback import join

USER = "runbook"
#: With characters that have to be written otherwise in a URL.
PASSWORD = "Qz7/vK@3xW:9#tN5r%LmB2jc"
#: A host that only the proxy knows, for it is this machine.
THERE = "service.example"
PAIR = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()


class Proxy:
    """Takes plain requests and tunnels."""

    def __init__(self) -> None:
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.proxy = self
        self.host = f"127.0.0.1:{self._server.server_address[1]}"
        #: Method and target of every request that had the password, and of those that had not.
        self.passed: list[tuple[str, str]] = []
        self.refused: list[tuple[str, str]] = []

    def url(self, password: str = PASSWORD, host: str | None = None) -> str:
        """The proxy as an option, or a variable, names it."""
        return f"http://{USER}:{quote(password, safe='')}@{host or self.host}"

    def __enter__(self) -> Proxy:
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *error: object) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Server(http.server.ThreadingHTTPServer):
    proxy: Proxy
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: t.Any, client_address: t.Any) -> None:
        """Nothing: clients go away as they like."""


class _Handler(http.server.BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"

    def _is_let_in(self) -> bool:
        given = self.headers.get("Proxy-Authorization", "")
        let_in = given == f"Basic {PAIR}"
        proxy = self.server.proxy
        (proxy.passed if let_in else proxy.refused).append((self.command, self.path))
        if not let_in:
            pair = base64.b64decode(given.removeprefix("Basic ")).decode()
            self._answer(407, {"Proxy-Authenticate": 'Basic realm="proxy"'}, f"not let in: {given} {pair}".encode())
        return let_in

    def _answer(self, status: int, headers: t.Mapping[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _forward(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if not self._is_let_in():
            return
        there = urlsplit(self.path)
        kept = {name: value for name, value in self.headers.items() if not name.lower().startswith("proxy-")}
        connection = http.client.HTTPConnection(there.netloc.replace(THERE, "127.0.0.1"), timeout=30)
        try:
            connection.request(self.command, there._replace(scheme="", netloc="").geturl(), body, kept)
            answer = connection.getresponse()
            self._answer(answer.status, {"Content-Type": "application/json"}, answer.read())
        except OSError:
            self._answer(502, {}, f"no way to {there.netloc} for {self.headers['Proxy-Authorization']}".encode())
        finally:
            connection.close()

    def do_GET(self) -> None:
        self._forward()

    def do_PATCH(self) -> None:
        self._forward()

    def do_POST(self) -> None:
        self._forward()

    def do_CONNECT(self) -> None:
        self.close_connection = True
        if not self._is_let_in():
            return
        host, _colon, port = self.path.rpartition(":")
        with socket.create_connection((host.replace(THERE, "127.0.0.1"), int(port))) as other:
            self.send_response(200)
            self.end_headers()
            join(self.connection, other)

    def log_message(self, format: str, *args: t.Any) -> None:  # noqa: A002
        """Nothing: the test reads what passed."""
