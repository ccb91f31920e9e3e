# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The connection: one request at a time, no redirect, and no secret in any message."""

from __future__ import annotations

import asyncio
import json
import re
import ssl
import typing as t
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp

from .answers import Answer
from .errors import SourceError, TransientError
from .platform import Args
from .urls import is_loopback
from .values import environment

#: The most bytes that are read of an answer.
MAX_BODY = 64 * 2**20


class Api:
    """Sends requests, and keeps secrets."""

    def __init__(self, options: Args) -> None:
        self._timeout: float = options["timeout"]
        self._proxy: str = options["proxy"]
        self._tls = _tls(options)
        self._secrets: set[str] = set()

    async def __aenter__(self) -> Api:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=self._tls),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"Accept": "application/json", "User-Agent": "ansible-secops.triage"},
            timeout=aiohttp.ClientTimeout(total=self._timeout),
        )
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._session.close()

    def hide(self, secret: str) -> str:
        """Keep a secret out of all messages. Returns it."""
        if secret:
            self._secrets.add(secret)
        return secret

    def scrub(self, text: str) -> str:
        """A server's text as part of a message: one line without secrets."""
        for secret in sorted(self._secrets, key=len, reverse=True):
            text = text.replace(secret, "********")
        return re.sub("[\x00-\x20\x7f-\x9f\u2028-\u202e\u2066-\u2069]+", " ", text).strip()[:300]

    async def exchange(
        self, method: str, url: str, headers: t.Mapping[str, str], *, direct: bool = False, **body: t.Any
    ) -> Answer:
        """The answer to a request, whatever its status. Raises `TransientError` if there is none."""
        request = f"{method} {urlsplit(url).path}"
        proxy = None if direct else self._proxy_for(url)
        try:
            async with self._session.request(
                method, url, headers=headers, allow_redirects=False, proxy=proxy, **body
            ) as answer:
                text = await _text(answer)
        except aiohttp.ClientConnectorCertificateError as error:
            reason = self.scrub(str(error.certificate_error))
            raise SourceError(f"{request}: no trusted TLS connection: {reason}. Check the host and ca_path") from None
        except asyncio.TimeoutError:
            raise TransientError(f"{request}: no answer within {self._timeout:g} s") from None
        except _TooLargeError:
            raise TransientError(f"{request}: the answer is larger than {MAX_BODY // 2**20} MiB") from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise TransientError(f"{request}: {self.scrub(str(error)) or type(error).__name__}") from None
        return Answer(answer.status, answer.headers, _json(text), text)

    def _proxy_for(self, url: str) -> str | None:
        """The proxy for an address. aiohttp's own lookup would also take passwords from a netrc."""
        proxy = self._proxy or _environment_proxy(url)
        if not proxy:
            return None
        proxy = proxy if "://" in proxy else f"http://{proxy}"
        self.hide(urlsplit(proxy).password or "")
        return proxy


class _TooLargeError(Exception):
    """An answer is larger than `MAX_BODY`."""


async def _text(answer: aiohttp.ClientResponse) -> str:
    """The text of an answer, read no further than `MAX_BODY` after decompression."""
    body = bytearray()
    async for chunk in answer.content.iter_any():
        body += chunk
        if len(body) > MAX_BODY:
            raise _TooLargeError
    return body.decode("utf-8", "replace")


def _environment_proxy(url: str) -> str:
    """The proxy that the environment names for an address; none for this machine."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if is_loopback(host) or proxy_bypass(host):
        return ""
    return getproxies().get(parts.scheme, "").strip()


def _json(text: str) -> t.Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _tls(options: Args) -> ssl.SSLContext | bool:
    if not options["validate_certs"]:
        return False
    place = options["ca_path"] or environment("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")
    try:
        if place and Path(place).is_dir():
            return ssl.create_default_context(capath=place)
        return ssl.create_default_context(cafile=place)
    except OSError as error:
        raise SourceError(f"The CA certificates in {place} cannot be used: {error}") from None
