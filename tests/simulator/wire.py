# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A client's connection below HTTP: what breaks it, and what pours over it without end."""

from __future__ import annotations

import asyncio
import functools
import socket
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response
from starlette.types import Receive

_JSON = "HTTP/1.1 {0} X\r\nContent-Type: application/json\r\n"
_CHUNK = b" " * 65536
_BACKLOG = 1 << 20
_MEBIBYTE = 1 << 20
# What the bomb unpacks to, in MiB; a thousandth of that is sent.
BOMB_SIZE = 1400


@dataclass(frozen=True)
class Flood:
    """A head, then the same bytes again and again.

    ``head`` is a format that takes the status. ``times`` is how often (``None``: until the client leaves), with
    ``pause`` seconds after each; at its end the connection is closed, or with ``holds`` left open in silence.
    """

    says: str
    head: str
    chunk: Callable[[], bytes]
    times: int | None = None
    pause: float = 0.0
    holds: bool = False


@functools.cache
def bomb(size: int) -> bytes:
    """A valid gzip of so many MiB of blanks and an empty object: one MiB packed once, and repeated."""
    blanks = b" " * _MEBIBYTE
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    # After a full flush the same input gives the same output.
    block = packer.compress(blanks) + packer.flush(zlib.Z_FULL_FLUSH)
    end = packer.compress(b"{}") + packer.flush()
    check = functools.reduce(lambda check, _position: zlib.crc32(blanks, check), range(size), 0)
    length = (size * _MEBIBYTE + 2) % 2**32
    header = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff"
    return header + block * size + end + struct.pack("<II", zlib.crc32(b"{}", check), length)


FLOODS = {
    "endless": Flood(
        "sends a chunked body without end, at full speed",
        _JSON + "Transfer-Encoding: chunked\r\n\r\n",
        lambda: b"10000\r\n" + _CHUNK + b"\r\n",
    ),
    "endless_unframed": Flood(
        "sends a body of no declared length without end, at full speed",
        _JSON + "Connection: close\r\n\r\n",
        lambda: _CHUNK,
    ),
    "endless_headers": Flood(
        "sends header lines without end, at full speed",
        _JSON,
        lambda: b"X-Filler: %s\r\n" % (b"x" * 1000),
    ),
    "endless_continue": Flood(
        "sends 100 Continue without end, at full speed", "", lambda: b"HTTP/1.1 100 Continue\r\n\r\n" * 100
    ),
    "gzip_bomb": Flood(
        "sends 1.4 MB of gzip that unpack to 1.4 GB of valid JSON",
        _JSON + "Content-Encoding: gzip\r\nConnection: close\r\n\r\n",
        lambda: bomb(BOMB_SIZE),
        times=1,
    ),
    "trickle": Flood(
        "sends a body of a declared length, a byte every 0.1 s",
        _JSON + "Content-Length: 1000000\r\n\r\n",
        lambda: b" ",
        pause=0.1,
    ),
    "trickle_headers": Flood("sends a header line, a byte every 0.1 s", _JSON + "X-Filler: ", lambda: b"x", pause=0.1),
    "short_body": Flood(
        "sends 2 bytes under a Content-Length of 1000, then nothing more",
        _JSON + "Content-Length: 1000\r\n\r\n",
        lambda: b"{}",
        times=1,
        holds=True,
    ),
}


@dataclass
class Wire:
    """One connection; ``answered`` is when it had its last answer, ``owed`` what goes out before the next one."""

    number: int
    protocol: Any
    transport: asyncio.Transport
    answered: float | None = None
    owed: bytes = b""

    def pay(self) -> None:
        """Send what is owed."""
        if self.owed:
            self.transport.write(self.owed)
            self.owed = b""

    async def drop(self, receive: Receive, reset: bool = False) -> None:
        """Close the connection now: with a FIN, or with a RST."""
        if reset:
            connection = self.transport.get_extra_info("socket")
            # A linger time of zero makes the kernel send RST instead of FIN.
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.transport.abort()
        else:
            self.transport.close()
        await self.left(receive)

    async def left(self, receive: Receive) -> None:
        """Wait until the client is gone; before the server knows that, it would send an error of its own."""
        while (await receive())["type"] != "http.disconnect":
            pass

    async def pour(self, flood: Flood, status: int, receive: Receive) -> None:
        """Send a flood, as fast as the client takes it."""
        self.transport.write(flood.head.format(status).encode())
        # A bomb takes a second to make, in which others are to be served.
        chunk, sent = await asyncio.to_thread(flood.chunk), 0
        while sent != flood.times and not self.transport.is_closing():
            self.transport.write(chunk)
            sent += 1
            await asyncio.sleep(flood.pause)
            while self.transport.get_write_buffer_size() > _BACKLOG and not self.transport.is_closing():
                await asyncio.sleep(0.001)
        if not flood.holds:
            self.transport.close()
        await self.left(receive)


def raw(response: Response) -> bytes:
    """An answer as it is on the wire."""
    head = b"HTTP/1.1 %d X\r\n" % response.status_code
    return head + b"".join(b"%s: %s\r\n" % pair for pair in response.raw_headers) + b"\r\n" + bytes(response.body)
