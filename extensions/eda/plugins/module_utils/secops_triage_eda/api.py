# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""HTTP with aiohttp: TLS, proxies, and answers without secrets."""

from __future__ import annotations

import asyncio
import ssl
import typing as t
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
from multidict import CIMultiDict

from ......plugins.module_utils._core.backoff import retry_after
from ......plugins.module_utils._core.errors import AmbiguousError, NotSentError, OptionError
from ......plugins.module_utils._core.options import Connection, TaskContext
from ......plugins.module_utils._core.secret_forms import forms_of
from ......plugins.module_utils._core.urls import is_loopback, proxy_url, refuse_plain
from ......plugins.module_utils._http.answer import Answer, answer_of
from ......plugins.module_utils._http.call import Call, Hint
from ......plugins.module_utils._http.deadline import LARGEST_BODY
from .errors import TransientError
from .platform import Args

#: How deep the text of an error may be in its body.
_DEPTH = 10


class Api:
    """Sends requests, and keeps secrets."""

    def __init__(self, options: Args) -> None:
        self._secrets: set[str] = set()
        self.context = TaskContext(read_only=True, hide=self._hide, scrub=self._scrub)
        self._connection = Connection.of(options, self.context)
        self._tls = _tls(self._connection)

    async def __aenter__(self) -> Api:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=self._tls),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"Accept": "application/json", "User-Agent": "ansible-secops.triage"},
            timeout=aiohttp.ClientTimeout(total=self._connection.timeout),
        )
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._session.close()

    def _hide(self, secret: str) -> None:
        self._secrets |= forms_of(secret)

    def _scrub(self, value: t.Any, depth: int = 0) -> t.Any:
        """The value without secrets. What is deeper than any text of an error is left out."""
        if isinstance(value, str):
            for secret in sorted(self._secrets, key=len, reverse=True):
                value = value.replace(secret, "********")
        elif isinstance(value, list):
            return [self._scrub(one, depth + 1) for one in value] if depth < _DEPTH else []
        elif isinstance(value, dict):
            return {key: self._scrub(one, depth + 1) for key, one in value.items()} if depth < _DEPTH else {}
        return value

    async def exchange(
        self, method: str, url: str, headers: t.Mapping[str, str], hint: Hint, *, direct: bool = False, **body: t.Any
    ) -> t.Any:
        """The JSON of an answer that is a success.

        Raises `TransientError` for a failure after which a module would try again, and `TriageError` for others.
        """
        call = Call(method, url, None, headers, None, safe=True, anonymous=False, ticket=0)
        try:
            answer = await self._answer(call, direct, body)
        except AmbiguousError as error:
            raise TransientError(error.message) from None
        if 200 <= answer.status < 300:
            return answer.body
        failure = call.refused(answer, hint)
        if failure.kind.read_again:
            wait = retry_after(answer.headers, limited=answer.status == 429)
            raise TransientError(failure.error.message, wait)
        raise failure.error

    async def _answer(self, call: Call, direct: bool, body: Args) -> Answer:
        """The answer, whatever its status. Raises `AmbiguousError`, `TransientError` and `TriageError`."""
        proxy = None if direct else self._proxy_for(call.url)
        request = f"{call.method} {call.path}"
        try:
            async with self._session.request(
                call.method, call.url, headers=call.headers, allow_redirects=False, proxy=proxy, **body
            ) as answer:
                content = await _content(answer)
        except aiohttp.ClientConnectorCertificateError as error:
            reason = f"no trusted TLS connection: {self._scrub(str(error.certificate_error))}"
            raise NotSentError(call.method, call.path, reason, hint="Check the host and ca_path.") from None
        except asyncio.TimeoutError:
            raise TransientError(f"{request}: no answer within {self._connection.timeout:g} s") from None
        except _TooLargeError:
            raise TransientError(f"{request}: the answer is larger than {LARGEST_BODY // 2**20} MiB") from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise TransientError(f"{request}: {self._scrub(str(error)) or type(error).__name__}") from None
        # A header that was sent twice is one with a comma, as for the modules.
        headers = CIMultiDict((name, ", ".join(answer.headers.getall(name))) for name in answer.headers)
        head = Answer(answer.status, answer.reason or "", headers, None)
        return answer_of(call.method, call.path, head, content, self._scrub)

    def _proxy_for(self, url: str) -> str | None:
        """The proxy for an address. aiohttp's own lookup would also take passwords from a netrc."""
        proxy = self._connection.proxy or _environment_proxy(url)
        if not proxy:
            return None
        refuse_plain(url, allow_http=self._connection.allow_http)
        return proxy_url(proxy, "The proxy in the environment", self._hide)


class _TooLargeError(Exception):
    """An answer is larger than `LARGEST_BODY`."""


async def _content(answer: aiohttp.ClientResponse) -> bytes:
    """The body of an answer, read no further than `LARGEST_BODY` after decompression."""
    body = bytearray()
    async for chunk in answer.content.iter_any():
        body += chunk
        if len(body) > LARGEST_BODY:
            raise _TooLargeError
    return bytes(body)


def _environment_proxy(url: str) -> str:
    """The proxy that the environment names for an address; none for this machine."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if is_loopback(host) or proxy_bypass(host):
        return ""
    proxies = getproxies()
    return (proxies.get(parts.scheme) or proxies.get("all") or "").strip()


def _tls(connection: Connection) -> ssl.SSLContext | bool:
    if not connection.validate_certs:
        return False
    authorities = connection.authorities
    try:
        if authorities and Path(authorities).is_dir():
            return ssl.create_default_context(capath=authorities)
        return ssl.create_default_context(cafile=authorities)
    except OSError as error:
        raise OptionError(f"The CA certificates in {authorities} cannot be used: {error}") from None
