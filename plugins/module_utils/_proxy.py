# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Proxies as users write them, and what is secret in them."""

from __future__ import annotations

import base64
import typing as t
from urllib.parse import unquote, urlsplit

from ._errors import OptionError


def proxy_url(
    value: str, name: str, hide: t.Callable[[str], None], schemes: t.Collection[str] | None = ("http", "https")
) -> str:
    """The proxy's URL, with a scheme, once its password is hidden in each form that it takes on the way."""
    url = value.strip()
    url = url if "://" in url else f"http://{url}"
    try:
        parts = urlsplit(url)
        usable = bool(parts.hostname) and (parts.port or 1) > 0 and (schemes is None or parts.scheme in schemes)
    except ValueError:
        usable = False
    # A password with a slash or the like in it ends there, and the rest is taken for a path.
    if not usable or "@" in parts.path + parts.query + parts.fragment:
        raise OptionError(
            f"{name} is not a URL such as http://proxy.example.com:3128",
            "In its password, characters such as / # ? are written with a percent sign.",
        )
    if parts.password is not None:
        user, password = unquote(parts.username or ""), unquote(parts.password)
        pair = base64.b64encode(f"{user}:{password}".encode("latin-1", "replace")).decode()
        for secret in (url, parts.password, password or user, pair):
            hide(secret)
    return url
