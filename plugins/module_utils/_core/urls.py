# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Addresses: of APIs, of proxies, and one segment of a path."""

from __future__ import annotations

import base64
import ipaddress
import re
import typing as t
from urllib.parse import SplitResult, quote, unquote, urlsplit

from .errors import OptionError


def proxy_url(value: str, name: str, hide: t.Callable[[str], None]) -> str:
    """The proxy's URL, with a scheme. Its password is hidden in every form in which it is sent."""
    url = _with_scheme(value, "http")
    parts = _split(url)
    # An unquoted slash in a password would end it, and the rest would be parsed as a path.
    if parts is None or parts.port == 0 or "@" in parts.path + parts.query + parts.fragment:
        raise OptionError(
            f"{name} is not a URL such as http://proxy.example.com:3128",
            "Only HTTP proxies can be used, not SOCKS. In its password, write / # ? and the like with a percent sign.",
        )
    if parts.password is not None:
        user, password = unquote(parts.username or ""), unquote(parts.password)
        pair = base64.b64encode(f"{user}:{password}".encode("latin-1", "replace")).decode()
        for secret in (url, parts.password, password or user, pair):
            hide(secret)
    return url


def refuse_plain(url: str, *, allow_http: bool) -> None:
    """Raise `OptionError` if a proxy would see the credentials that are sent to an address."""
    parts = urlsplit(url)
    if parts.scheme == "http" and not allow_http:
        raise OptionError(
            f"{parts.netloc} is plain HTTP, which would show the credentials to the proxy",
            "Use https, unset proxy, or set allow_http: true if you accept that.",
        )


def base_url(value: str, *, allow_http: bool, option: str = "api_url") -> str:
    """The address that paths are appended to, with a scheme and without a slash at its end.

    Raises `OptionError` for plain HTTP to another host, unless ``allow_http``, and for credentials in the address: they
    would appear in logs and process lists.
    """
    url = _with_scheme(value, "https")
    parts = _split(url)
    if parts and parts.netloc.rpartition("@")[1]:
        raise OptionError(f"{option} must not have credentials in it; give them in the options made for them")
    if re.search(r"[\s\\?#\x00-\x1f\x7f]", url):
        # Nothing behind one of these is part of a path. The message does not quote it, for it may be a token.
        raise OptionError(f"{option} must be an address and perhaps a base path, without a query")
    if parts is None or not re.fullmatch(r"[A-Za-z0-9._:-]+", str(parts.hostname)):
        raise OptionError(f"{option} is not a URL that can be used")
    if parts.scheme == "http" and not (allow_http or is_loopback(str(parts.hostname))):
        raise OptionError(
            f"{option} {url} is plain HTTP, which would show the credentials to everybody on the way",
            "Use https, or set allow_http: true if you accept that.",
        )
    return url.rstrip("/")


def _with_scheme(value: str, scheme: str) -> str:
    url = value.strip()
    return url if "://" in url else f"{scheme}://{url}"


def _split(url: str) -> SplitResult | None:
    """The parts of an HTTP address; V(None) if it is none."""
    try:
        parts = urlsplit(url)
        # Raises ValueError if the port is not a number.
        parts.port  # noqa: B018
    except ValueError:
        return None
    return parts if parts.hostname and parts.scheme in ("http", "https") else None


def is_loopback(host: str) -> bool:
    """Whether a host is certainly this machine. C(localhost.) is not: some systems resolve it by DNS."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def segment(alert_id: str) -> str:
    """An id, quoted as one segment of a path."""
    return quote(alert_id, safe="")
