# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which proxy a request goes through."""

from __future__ import annotations

import contextlib
import typing as t
from urllib.parse import urlsplit

from .._core.options import Connection
from .._core.urls import is_loopback, proxy_url, refuse_plain

# transport reports that requests is missing.
with contextlib.suppress(ImportError):
    from requests.utils import get_environ_proxies, select_proxy

#: What to do about a 407.
PROXY_ASKS = "It is the proxy that asks for a user and a password: check proxy."


def proxies_for(url: str, connection: Connection, hide: t.Callable[[str], None]) -> dict[str, str]:
    """The proxies for an address, as requests takes them. ``hide`` gets the secrets of the environment's proxy.

    Raises `OptionError` if the proxy would see credentials in plain HTTP.
    """
    if connection.direct:
        return {}
    proxy = connection.proxy or _environment_proxy(url, hide)
    if not proxy:
        return {}
    refuse_plain(url, allow_http=connection.allow_http)
    return {urlsplit(url).scheme: proxy}


def _environment_proxy(url: str, hide: t.Callable[[str], None]) -> str | None:
    """The environment's proxy for an address; V(None) for addresses of this machine."""
    if is_loopback(urlsplit(url).hostname or ""):
        return None
    proxy = select_proxy(url, get_environ_proxies(url))
    return proxy_url(proxy, "The proxy in the environment", hide) if proxy else None
