# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Secrets as a server may repeat them: in a URL, on a page, in JSON, in base64, in hexadecimal digits."""

from __future__ import annotations

import base64
import html
import json
import re
import typing as t
from urllib.parse import quote, quote_plus

#: Of a shorter secret only the text itself is hidden: its other forms could occur in any text.
_SHORTEST = 8


class Secrets(set[str]):
    """Texts to hide, which are iterated by their length, the longest first.

    One may be a part of another, such as a form in base64 of the key itself. Ansible replaces one after the other, so
    that the rest of the longer one would remain.
    """

    def __iter__(self) -> t.Iterator[str]:
        # The copy is needed, because another thread may add a token meanwhile.
        return iter(sorted(frozenset(self), key=len, reverse=True))


def _json(secret: str) -> str:
    return json.dumps(secret)[1:-1]


def _base64(offset: int) -> t.Callable[[str], str]:
    """The part of base64 that depends on the secret alone, where ``offset`` bytes (modulo 3) stand before it."""

    def encode(secret: str) -> str:
        data = bytes(offset) + secret.encode()
        return base64.b64encode(data).decode()[-(-offset * 4 // 3) : len(data) * 4 // 3]

    return encode


_FORMS: tuple[t.Callable[[str], str], ...] = (
    quote,
    quote_plus,
    lambda secret: quote(secret, safe=""),
    lambda secret: re.sub("%..", lambda code: code.group().lower(), quote(secret, safe="")),
    html.escape,
    lambda secret: html.escape(secret, quote=False),
    lambda secret: html.escape(secret).replace("&#x27;", "&#39;"),
    _json,
    lambda secret: _json(secret).replace("/", "\\/"),
    lambda secret: json.dumps(secret, ensure_ascii=False)[1:-1],
    lambda secret: secret.encode().hex(),
    lambda secret: secret.encode().hex().upper(),
    *(_base64(offset) for offset in range(3)),
)


def forms_of(secret: str) -> set[str]:
    """The texts to hide for a secret: itself, and all of its forms if it is long enough. None for an empty secret."""
    if len(secret) < _SHORTEST:
        return {secret} if secret else set()
    clean = secret.encode("utf-8", "replace").decode()
    forms = {form(clean) for form in _FORMS}
    return {secret, *forms, *(form.replace("+", "-").replace("/", "_") for form in forms)}
