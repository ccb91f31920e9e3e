# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Secrets, and the forms of them by which somebody could read them."""

from __future__ import annotations

import base64
import functools
import html
import json
import typing as t
from urllib.parse import quote

#: Characters in a row that nobody may see of a secret: one that is cut off at its end has leaked as well.
_PIECE = 10
_LONG = 80


def found(secrets: t.Mapping[str, str], text: bytes) -> dict[str, str]:
    """The secrets that the text gives away, each with a part of where."""
    windows = {line[at : at + _PIECE] for line in set(text.split(b"\n")) for at in range(len(line) - _PIECE + 1)}
    shown: dict[str, str] = {}
    for name, secret in secrets.items():
        for piece in _pieces(secret) & windows:
            at = text.find(piece)
            shown[name] = text[max(at - 200, 0) : at + 100].decode("utf-8", "replace")
    return shown


@functools.cache
def _pieces(secret: str) -> frozenset[bytes]:
    """What gives a secret away: any part of it, as it is, or as it is written in other places."""
    forms: set[str] = set()
    for line in filter(None, (line.strip() for line in secret.splitlines())):
        encoded = line.encode()
        forms |= {line, json.dumps(line)[1:-1], json.dumps(line, ensure_ascii=False)[1:-1], html.escape(line)}
        forms |= {quote(line, safe=""), encoded.hex(), base64.b64encode(encoded).decode().rstrip("=")}
    return frozenset(piece for form in forms for piece in _parts(form.encode()))


def _parts(form: bytes) -> t.Iterator[bytes]:
    # Of a long one, pieces beside each other are enough: who reads twenty characters of it has a whole one.
    for start in range(0, len(form) - _PIECE + 1, 1 if len(form) <= _LONG else _PIECE):
        yield form[start : start + _PIECE]
