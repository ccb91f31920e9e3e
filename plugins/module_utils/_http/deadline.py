# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Connections whose time-out is for the whole answer.

That of a socket, which is all that requests and urllib3 know, begins anew with every byte: an answer that trickles in
could hold a task for hours.
"""

from __future__ import annotations

import contextlib
import http.client
import io
import time
import typing as t

# Where it is missing, that is told of requests.
with contextlib.suppress(ImportError):
    from urllib3 import connectionpool


class _Within(io.RawIOBase):
    """Reads from a socket until the time is over that it grants to a single read."""

    def __init__(self, sock: t.Any, stream: t.Any) -> None:
        self._sock = sock
        self._stream = stream
        self._timeout: float | None = sock.gettimeout()
        self._end = time.monotonic() + (self._timeout or 0.0)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: t.Any) -> int | None:
        if self._timeout is None:
            return t.cast("int | None", self._stream.readinto1(buffer))
        # Nought would mean not to wait at all, which is another error.
        self._sock.settimeout(max(self._end - time.monotonic(), 0.001))
        try:
            return t.cast("int | None", self._stream.readinto1(buffer))
        finally:
            # The connection is used again.
            self._sock.settimeout(self._timeout)

    def close(self) -> None:
        if not self.closed:
            self._stream.close()
        super().close()


class _Response(http.client.HTTPResponse):
    def __init__(self, sock: t.Any, *args: t.Any, **kwargs: t.Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self.fp = io.BufferedReader(_Within(sock, self.fp))


def _pool(pool: t.Any) -> t.Any:
    connection = type(pool.ConnectionCls.__name__, (pool.ConnectionCls,), {"response_class": _Response})
    return type(pool.__name__, (pool,), {"ConnectionCls": connection})


def pools() -> dict[str, t.Any]:
    """For a pool manager's C(pool_classes_by_scheme)."""
    return {"http": _pool(connectionpool.HTTPConnectionPool), "https": _pool(connectionpool.HTTPSConnectionPool)}
