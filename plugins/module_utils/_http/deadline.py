# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A time-out for a whole exchange, on one clock.

requests and urllib3 set the time-out of a socket, which starts again with every operation: an answer that trickles in,
or never ends, could hold a task for hours. Here every operation of a socket (connecting, a proxy's tunnel, the TLS
handshake, the request, the answer) checks the deadline of its thread's exchange first.
"""

from __future__ import annotations

import contextlib
import contextvars
import dataclasses
import socket
import ssl
import time
import typing as t

#: Bytes of an answer's body, as they arrive and when they are decompressed.
LARGEST_BODY = 64 * 2**20

#: Bytes of an exchange besides the body, such as headers, of which http.client reads up to some 6 MB.
_OVERHEAD = 8 * 2**20


@dataclasses.dataclass(eq=False)
class Exchange:
    """One request and its answer."""

    #: The deadline, on the monotonic clock.
    end: float
    #: Bytes that may still arrive.
    room: int = LARGEST_BODY + _OVERHEAD
    #: Whether the server may have got a byte of the request.
    sent: bool = False
    #: Whether reads return what has arrived, without waiting.
    polls: bool = False
    #: The connection that was used last.
    socket: DeadlineSocket | None = None

    @property
    def is_over(self) -> bool:
        return time.monotonic() >= self.end

    def remaining(self, late: str = "timed out") -> float:
        """The time-out of the next operation. Raises C(socket.timeout), with the text ``late``, if no time is left."""
        if self.polls:
            return 0.0
        seconds = self.end - time.monotonic()
        if seconds <= 0:
            raise socket.timeout(late)
        return seconds

    def count(self, received: int) -> int:
        """Count the bytes that have arrived. Raises `OSError` if they are too many."""
        self.room -= received
        if self.room < 0:
            raise OSError(f"the answer is larger than {LARGEST_BODY // 2**20} MiB")
        return received


#: The exchange of this thread.
CURRENT: contextvars.ContextVar[Exchange] = contextvars.ContextVar("exchange")

#: The exchanges of all threads.
_UNDER_WAY: set[Exchange] = set()


@contextlib.contextmanager
def exchange(timeout: float) -> t.Iterator[Exchange]:
    """Within this context, the connections of this thread have so many seconds altogether."""
    current = Exchange(time.monotonic() + timeout)
    token = CURRENT.set(current)
    _UNDER_WAY.add(current)
    try:
        yield current
    finally:
        _UNDER_WAY.discard(current)
        CURRENT.reset(token)


def break_off() -> None:
    """End the exchanges of all threads. They fail as if their time were over."""
    for current in list(_UNDER_WAY):
        current.end = 0.0
        if current.socket:
            with contextlib.suppress(OSError):
                # The method of a TLS socket would take its state from the thread that uses it.
                socket.socket.shutdown(current.socket, socket.SHUT_RDWR)


class DeadlineSocket(socket.socket):
    """A socket that checks the deadline of the current exchange before every operation."""

    #: Whether bytes were read that belong to no answer. The next answer could then be that of another request.
    odd = False

    def _begin(self) -> Exchange:
        current = CURRENT.get()
        current.socket = self
        self.settimeout(current.remaining())
        return current

    def connect(self, address: t.Any) -> None:
        self._begin()
        super().connect(address)

    def send(self, *args: t.Any) -> int:
        self._begin()
        return super().send(*args)

    def sendall(self, *args: t.Any) -> None:
        self._begin()
        super().sendall(*args)

    def recv(self, *args: t.Any) -> bytes:
        current = self._begin()
        data = super().recv(*args)
        current.count(len(data))
        return data

    def recv_into(self, *args: t.Any) -> int:
        return self._begin().count(super().recv_into(*args))


class DeadlineSSLSocket(DeadlineSocket, ssl.SSLSocket):
    """The same with TLS; for a context's C(sslsocket_class)."""

    def do_handshake(self, block: bool = False) -> None:
        self._begin()
        super().do_handshake(block)
