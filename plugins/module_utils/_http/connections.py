# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""urllib3's connections, on sockets with a deadline, and not used again after an unexpected byte."""

from __future__ import annotations

import contextlib
import http.client
import queue
import socket
import threading
import time
import typing as t

from .._core.backoff import GLANCE
from .deadline import CURRENT, DeadlineSocket

try:
    from urllib3.connection import HTTPConnection, HTTPSConnection
    from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
    from urllib3.exceptions import NewConnectionError
    from urllib3.util.connection import allowed_gai_family
except ImportError:
    # The missing package is reported as requests, which needs it.
    HTTPConnection = HTTPSConnection = HTTPConnectionPool = HTTPSConnectionPool = object  # type: ignore[assignment,misc]

#: Bytes that are sent between two checks of the deadline.
_PIECE = 65536

#: Seconds of idleness after which a connection is not used again. Servers close idle connections, often after 5 s. A
#: request sent at that moment gets no answer, so its outcome would be unknown.
_LONGEST_IDLE = 2.0


class _Response(http.client.HTTPResponse):
    """An answer that skips every 1xx (http.client skips one), and checks whether bytes follow its end."""

    def __init__(self, sock: t.Any, *args: t.Any, **kwargs: t.Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self._socket = sock

    def _read_status(self) -> tuple[str, int, str]:
        status: tuple[str, int, str] = super()._read_status()  # type: ignore[misc]
        while 100 <= status[1] < 200:
            self._socket.odd = True
            http.client.parse_headers(self.fp)
            status = super()._read_status()  # type: ignore[misc]
        return status

    def begin(self) -> None:
        super().begin()
        # Python's parser ends the headers at a line that is not a header.
        if self.headers.defects or self.headers.get_payload():
            self._socket.odd = True

    def _close_conn(self) -> None:
        """Called at the end of the answer."""
        if self._has_more():
            self._socket.odd = True
        super()._close_conn()  # type: ignore[misc]

    def _has_more(self) -> bool:
        """Whether unread bytes are in the buffer or on the socket."""
        current, timeout = CURRENT.get(None), self._socket.gettimeout()
        if current is None:
            # The exchange is over, so the answer was not read to its end.
            return True
        current.polls = True
        try:
            return bool(self.fp.peek(1))
        except OSError:
            # TLS has no data, or the connection has ended.
            return False
        finally:
            current.polls = False
            self._socket.settimeout(timeout)


class _HTTPConnection(HTTPConnection):
    """A connection that records in its exchange whether any byte of the request was sent."""

    response_class = _Response
    idle_since = 0.0
    #: Whether bytes that are sent belong to the request, rather than to the set-up of a tunnel.
    _is_ready = False

    def connect(self) -> None:
        super().connect()
        self._is_ready = True

    def close(self) -> None:
        self._is_ready = False
        super().close()

    def _tunnel(self) -> None:
        """As http.client's, but the proxy's answer is closed: before Python 3.11 it keeps the socket open."""
        answers: list[_Response] = []

        def remembered(*args: t.Any, **kwargs: t.Any) -> _Response:
            answers.append(_Response(*args, **kwargs))
            return answers[-1]

        self.response_class = remembered  # type: ignore[assignment]
        try:
            super()._tunnel()
        finally:
            self.response_class = _Response
            for answer in answers:
                answer.close()

    def send(self, data: t.Any) -> None:
        if self.sock is None:
            if not self.auto_open:
                raise http.client.NotConnected
            self.connect()
        current, rest = CURRENT.get(), memoryview(data)
        while rest:
            rest = rest[self.sock.send(rest[:_PIECE]) :]
            current.sent = current.sent or self._is_ready

    def _new_conn(self) -> DeadlineSocket:
        """As urllib3's, but all addresses of a host share one deadline."""
        trouble: Exception = OSError("the host has no address")
        try:
            found = _addresses(self._dns_host, self.port)
        except (OSError, UnicodeError) as error:
            found, trouble = [], error
        for family, kind, protocol, _name, address in found:
            sock = DeadlineSocket(family, kind, protocol)
            try:
                for option in self.socket_options or ():
                    sock.setsockopt(*option)
                sock.connect(address)
            except OSError as error:
                trouble = error
                sock.close()
            else:
                return sock
        raise NewConnectionError(self, f"Failed to establish a new connection: {trouble}")


def _addresses(host: str, port: int) -> list[t.Any]:
    """The addresses of a host, looked up within the exchange's deadline.

    The system's resolver takes no time-out, and cannot be interrupted, so a thread calls it. A lookup that hangs ends
    with the process. Raises C(socket.timeout) at the deadline, else what the resolver raises.
    """
    answers: queue.SimpleQueue[list[t.Any] | Exception] = queue.SimpleQueue()

    def look_up() -> None:
        try:
            answers.put(socket.getaddrinfo(host, port, allowed_gai_family(), socket.SOCK_STREAM))
        except Exception as error:  # noqa: BLE001  # it is raised below
            answers.put(error)

    threading.Thread(target=look_up, daemon=True).start()
    found: list[t.Any] | Exception | None = None
    while found is None:
        # A task that is stopped moves the deadline.
        remaining = CURRENT.get().remaining("the name server does not answer")
        with contextlib.suppress(queue.Empty):
            found = answers.get(timeout=min(remaining, GLANCE))
    if isinstance(found, Exception):
        raise found
    return found


class _HTTPSConnection(_HTTPConnection, HTTPSConnection):
    pass


class _HTTPPool(HTTPConnectionPool):
    """A pool that drops connections after unexpected bytes, and those that were idle for too long."""

    ConnectionCls = _HTTPConnection

    def _get_conn(self, timeout: float | None = None) -> t.Any:
        connection: t.Any = super()._get_conn(timeout)
        if connection.sock is None or time.monotonic() - connection.idle_since < _LONGEST_IDLE:
            return connection
        connection.close()
        return self._new_conn()

    def _put_conn(self, connection: t.Any) -> None:
        if connection is not None:
            connection.idle_since = time.monotonic()
            if getattr(connection.sock, "odd", False):
                connection.close()
        super()._put_conn(connection)


class _HTTPSPool(_HTTPPool, HTTPSConnectionPool):
    ConnectionCls = _HTTPSConnection


def pools() -> dict[str, t.Any]:
    """For a pool manager's C(pool_classes_by_scheme)."""
    return {"http": _HTTPPool, "https": _HTTPSPool}
