# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Checks on the addresses that users give."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import urlsplit

from .errors import SourceError

_URL = re.compile(r"https?://[][\w.:-]+(/[^\s\\\x00-\x1f\x7f]*)?", re.ASCII | re.IGNORECASE)


def host_name(option: str, value: str) -> str:
    """The name of a host without the port 443. Raises `SourceError`."""
    host = re.sub(r":443$", "", value)
    if not re.fullmatch(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+", host):
        raise SourceError(f"{option} {value!r} is not the name of a host")
    return host


def base_url(value: str, *, allow_http: bool) -> str:
    """The option api_url as an address that paths can be appended to. Raises `SourceError`."""
    url = value if "://" in value else f"https://{value}"
    if re.search("[@?#]", url):
        # The message does not repeat the URL: people put tokens there.
        raise SourceError("api_url must be an address and perhaps a base path, without credentials and without a query")
    try:
        parts = urlsplit(url)
        usable = (
            bool(re.fullmatch(r"https?://[][\w.:-]+(/[^\s\\\x00-\x1f\x7f]*)?", url, re.ASCII | re.IGNORECASE))
            and parts.port != 0
        )
    except ValueError:
        usable = False
    if not usable:
        raise SourceError(f"api_url is not a URL that can be used: {url!r}")
    if parts.scheme == "http" and not (allow_http or is_loopback(parts.hostname or "")):
        raise SourceError(f"api_url {url} is plain HTTP, which would show the credentials: use https, or allow_http")
    return url.rstrip("/")


def is_loopback(host: str) -> bool:
    """Whether a host is this machine."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
