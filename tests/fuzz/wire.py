# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A server that answers every request with the same bytes, be they HTTP or not, and hangs up."""

from __future__ import annotations

import contextlib
import re
import socket
import threading

from hypothesis import strategies as st

from .spoiled import headers, statuses
from .values import json_values

_line = st.text(st.characters(max_codepoint=0xFF), max_size=30).map(lambda text: text.encode("latin-1"))
_names = st.sampled_from([b"Content-Length", b"Transfer-Encoding", b"Content-Encoding", b"Connection", b"Location"])
_values = st.sampled_from(
    [b"-1", b"0", b"5", b"9" * 30, b"abc", b"5, 6", b"", b"chunked", b"gzip", b"gzip, chunked", b"close", b"http://["]
)
_bodies = st.one_of(
    st.binary(max_size=60),
    json_values.map(repr).map(lambda text: text.encode("utf-8", "replace")),
    st.sampled_from(
        [b"0\r\n\r\n", b'5\r\n{"a":\r\n0\r\n\r\n', b"zz\r\n\r\n", b"fffffffffffffffff\r\n", b"\x1f\x8b\x08\x00"]
    ),
)


def _answer(first: bytes, lines: list[bytes], body: bytes, length: bool) -> bytes:
    lines = [*lines, b"Content-Length: %d" % len(body)] if length else lines
    return b"\r\n".join([first, *lines, b"", body])


_first_lines = st.one_of(
    st.builds(b"HTTP/1.%d %d %s".__mod__, st.tuples(st.integers(0, 9), st.integers(0, 1000) | statuses, _line)),
    st.sampled_from(
        [b"HTTP/1.1 200", b"HTTP/2 200 OK", b"HTTP/1.1 100 Continue", b"HTTP/1.1 -1 x", b"ICY 200 OK", b"GET / x"]
    ),
    _line,
)
_header_lines = st.lists(
    st.one_of(st.builds(lambda name, value: name + b": " + value, _names, _values | _line), _line), max_size=4
) | st.sampled_from([[b"X: y"] * 200, [b"X: " + b"y" * 70_000], [b"\x00: \x1b[31m"], [b" folded"]])
_sane_headers = headers.map(
    lambda given: [f"{name}: {value}".encode("latin-1", "replace") for name, value in given.items()]
)
#: What comes over the wire: anything, or something that looks like an answer.
answers = st.binary(max_size=80) | st.builds(
    _answer, _first_lines, _header_lines | _sane_headers, _bodies, st.booleans()
)


class Wire:
    """The server, on a free port of loopback. ``answer`` is what it sends."""

    def __init__(self) -> None:
        self.answer = b""
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port: int = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Wire:
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(self, *error: object) -> None:
        self._listener.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _address = self._listener.accept()
            except OSError:
                return
            # One at a time: it is over at once.
            with connection, contextlib.suppress(OSError):
                connection.settimeout(5)
                self._read(connection)
                connection.sendall(self.answer)
                connection.shutdown(socket.SHUT_WR)

    @staticmethod
    def _read(connection: socket.socket) -> None:
        """All of a request, for a reset would follow on what is left unread."""
        seen = b""
        while b"\r\n\r\n" not in seen:
            seen += connection.recv(65536) or b"\r\n\r\n"
        head, _blank, body = seen.partition(b"\r\n\r\n")
        length = re.search(rb"(?i)content-length: (\d+)", head)
        missing = int(length.group(1)) - len(body) if length else 0
        while missing > 0:
            missing -= len(connection.recv(65536) or b"x" * missing)
