# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The connection to a platform: one request at a time, no redirect, and no secret in any message."""

from __future__ import annotations

import asyncio
import email.utils
import json
import os
import re
import ssl
import time
import typing as t
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp

from .errors import PassingError, SourceError
from .options import Args

#: No server may hold the source longer than this for one refusal, in seconds.
LONGEST_WAIT = 300.0


class Answer(t.NamedTuple):
    """A server's answer. ``body`` is V(None) where it is no JSON."""

    status: int
    headers: t.Mapping[str, str]
    body: t.Any
    text: str

    def passing(self) -> bool:
        """Whether it is trouble that may pass."""
        return self.status in (408, 429) or self.status >= 500

    def wait(self) -> float:
        """The seconds that it says to wait, or 0."""
        return told_wait(self.headers, limited=self.status == 429)


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

    async def __aexit__(self, *trouble: object) -> None:
        await self._session.close()

    def hide(self, secret: str) -> str:
        """Keep it out of all messages."""
        if secret:
            self._secrets.add(secret)
        return secret

    def scrubbed(self, text: str) -> str:
        """A text of somebody else's in one line, without secrets, as part of a message."""
        for secret in sorted(self._secrets, key=len, reverse=True):
            text = text.replace(secret, "********")
        return re.sub("[\x00-\x20\x7f-\x9f\u2028-\u202e\u2066-\u2069]+", " ", text).strip()[:300]

    async def exchange(
        self, method: str, url: str, headers: t.Mapping[str, str], *, direct: bool = False, **asked: t.Any
    ) -> Answer:
        """The answer to a request, whatever it is. Raises `PassingError` where there is none."""
        what = f"{method} {urlsplit(url).path}"
        proxy = None if direct else self._proxy_for(url)
        try:
            async with self._session.request(
                method, url, headers=headers, allow_redirects=False, proxy=proxy, **asked
            ) as answer:
                text = (await answer.read()).decode("utf-8", "replace")
        except aiohttp.ClientConnectorCertificateError as error:
            said = self.scrubbed(str(error.certificate_error))
            raise SourceError(f"{what}: no trusted TLS connection: {said}. Check the host and ca_path") from None
        except asyncio.TimeoutError:
            raise PassingError(f"{what}: no answer within {self._timeout:g} s") from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise PassingError(f"{what}: {self.scrubbed(str(error)) or type(error).__name__}") from None
        try:
            body = json.loads(text)
        except (ValueError, RecursionError):
            body = None
        return Answer(answer.status, answer.headers, body, text)

    def _proxy_for(self, url: str) -> str | None:
        """The proxy for an address. aiohttp's own way to the environment would take passwords from a netrc, too."""
        parts = urlsplit(url)
        proxy = self._proxy
        if not proxy and not proxy_bypass(parts.hostname or ""):
            proxy = getproxies().get(parts.scheme, "")
        if not proxy:
            return None
        proxy = proxy if "://" in proxy else f"http://{proxy}"
        self.hide(urlsplit(proxy).password or "")
        return proxy


def _tls(options: Args) -> ssl.SSLContext | bool:
    if not options["validate_certs"]:
        return False
    variables = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")
    place = options["ca_path"] or next(filter(None, map(os.environ.get, variables)), None)
    try:
        if place and Path(place).is_dir():
            return ssl.create_default_context(capath=place)
        return ssl.create_default_context(cafile=place)
    except OSError as error:
        raise SourceError(f"The CA certificates in {place} cannot be used: {error}") from None


def told_wait(headers: t.Mapping[str, str], *, limited: bool) -> float:
    """Seconds that an answer says to wait, or 0: C(Retry-After) as seconds or a date.

    In one that is ``limited`` (a 429) also C(X-RateLimit-Reset), as seconds or an epoch; all other answers have it too.
    """
    names = ("Retry-After", "X-RateLimit-Reset") if limited else ("Retry-After",)
    for text in (headers.get(name, "").strip() for name in names):
        try:
            if re.fullmatch(r"\d{1,12}(\.\d+)?", text):
                # A count of seconds is never as large as an epoch always is.
                wait = float(text) - (time.time() if float(text) > 1_000_000_000 else 0)
            else:
                wait = email.utils.parsedate_to_datetime(text).timestamp() - time.time()
        except (TypeError, ValueError, OverflowError):
            continue
        return min(max(wait, 0.0), LONGEST_WAIT)
    return 0.0
