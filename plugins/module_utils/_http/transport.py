# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One exchange with a server, over kept-alive connections: TLS, proxies, time limits, and the parsed answer."""

from __future__ import annotations

import dataclasses
import gzip
import http.cookiejar
import json
import os
import re
import ssl
import threading
import traceback
import typing as t
import zlib
from pathlib import Path
from urllib.parse import urlsplit

from .._core.errors import AmbiguousError, NotSentError, OptionError, RequestError, UnreachableError
from .._core.options import Connection, TaskContext
from .._core.urls import is_loopback, proxy_url
from .deadline import LARGEST_BODY, DeadlineSSLSocket, Exchange, exchange, pools

try:
    import requests
    import urllib3
    from requests import Session
    from requests.adapters import HTTPAdapter
    from requests.utils import DEFAULT_CA_BUNDLE_PATH, get_environ_proxies, select_proxy
    from urllib3.exceptions import HTTPError

    REQUESTS_IMPORT_ERROR = None
except ImportError:
    REQUESTS_IMPORT_ERROR = traceback.format_exc()
    HTTPAdapter = Session = object  # type: ignore[assignment,misc]

#: The most characters of an error text about a connection.
_LONGEST = 300

#: The most characters of a body that is not JSON, and the most bytes of an error's body that is parsed as JSON.
_LONGEST_TEXT = 20_000

_LARGEST_ERROR = 4 * 2**20

#: Bytes that are read at a time.
_PIECE = 65536

#: The words of OpenSSL, and of urllib3 where it compares the names itself.
_NOT_TRUSTED = "CERTIFICATE_VERIFY_FAILED|CertificateError"

#: What to do about a 407.
PROXY_ASKS = "It is the proxy that asks for a user and a password: check proxy."

_REQUEST_ID_HEADERS = ("x-request-id", "x-server-trace-id", "x-opaque-id")


@dataclasses.dataclass(frozen=True)
class Answer:
    """A server's answer. ``body`` is the parsed JSON; of an error, the text if it is not JSON."""

    status: int
    reason: str
    headers: t.Mapping[str, str]
    body: t.Any

    @property
    def request_id(self) -> str | None:
        """The id under which the service's operators find this request."""
        for name in _REQUEST_ID_HEADERS:
            if self.headers.get(name):
                return self.headers[name]
        if isinstance(self.body, dict):
            if isinstance(self.body.get("requestId"), str):
                return t.cast(str, self.body["requestId"])
            details = self.body.get("details")
            for detail in details if isinstance(details, list) else []:
                if isinstance(detail, dict) and isinstance(detail.get("requestId"), str):
                    return t.cast(str, detail["requestId"])
        return None


class _Adapter(HTTPAdapter):
    """Connections that share one TLS context, because loading the CAs takes some 25 ms."""

    def __init__(self, context: ssl.SSLContext | None, connections: int) -> None:
        self._context = context
        super().__init__(pool_maxsize=connections, pool_block=True)

    def init_poolmanager(self, *args: t.Any, **kwargs: t.Any) -> None:
        super().init_poolmanager(*args, ssl_context=self._context, **kwargs)
        self.poolmanager.pool_classes_by_scheme = pools()

    def proxy_manager_for(self, proxy: str, **kwargs: t.Any) -> t.Any:
        manager = super().proxy_manager_for(proxy, ssl_context=self._context, **kwargs)
        manager.pool_classes_by_scheme = pools()
        return manager

    def cert_verify(self, conn: t.Any, url: str, verify: t.Any, cert: t.Any) -> None:
        """Do nothing: the TLS context has the CAs, and whether to verify."""


class _Session(Session):
    """A session that ignores redirects: requests would read the body without a deadline, and fail at odd addresses."""

    def get_redirect_target(self, resp: requests.Response) -> None:
        return None


class _Request(t.NamedTuple):
    """A request, as far as an error names it."""

    method: str
    place: str
    path: str
    proxied: bool


class Transport:
    """Sends requests, one at a time in each thread. Follows no redirects, keeps no cookies, reads no netrc."""

    def __init__(self, connection: Connection, context: TaskContext) -> None:
        self._timeout = connection.timeout
        self._connection = connection
        self._context = context
        self._proxies: dict[str, dict[str, str]] = {}
        self._session = _Session()
        # Proxies and CAs of the environment are looked up here, once; a netrc could replace the credentials.
        self._session.trust_env = False
        self._session.verify = connection.validate_certs
        self._session.cookies.set_policy(http.cookiejar.DefaultCookiePolicy(allowed_domains=[]))
        self._session.headers["User-Agent"] = "ansible-secops.triage"
        # _body decompresses gzip, with a limit.
        self._session.headers["Accept-Encoding"] = "gzip"
        self._session.mount("http://", _Adapter(None, connection.concurrency))
        self._has_tls = False
        self._lock = threading.Lock()

    def exchange(
        self, method: str, url: str, params: t.Any, headers: t.Mapping[str, str], data: bytes | None
    ) -> Answer:
        """Send one request. Raises `UnreachableError` or `RefusedError` if it was not sent, `AmbiguousError`
        if no whole answer came."""
        with self._lock:
            proxies = self._route(url)
        parts = urlsplit(url)
        request = _Request(method, parts.netloc, parts.path, bool(proxies))
        response: requests.Response | None = None
        with exchange(self._timeout) as current:
            try:
                response = self._session.request(
                    method,
                    url,
                    params=params,
                    data=data,
                    headers=headers,
                    timeout=self._timeout,
                    proxies=proxies,
                    allow_redirects=False,
                    stream=True,
                )
                with response:
                    content = _body(response)
            except (requests.RequestException, HTTPError, OSError, EOFError, zlib.error, UnicodeError) as error:
                # A response is false where its status is an error.
                status = None if response is None else response.status_code
                raise self._failure(error, current, request, status) from None
        return self._answer(method, parts.path, response, content)

    def _answer(self, method: str, path: str, response: requests.Response, content: bytes) -> Answer:
        answer = Answer(response.status_code, response.reason or "", response.headers, None)
        good = 200 <= answer.status < 300
        try:
            body = _json(content, LARGEST_BODY if good else _LARGEST_ERROR)
        except (ValueError, RecursionError):
            # The first cut may halve a secret, which is not scrubbed then. The second cut removes that half.
            text = content[: 10 * _LONGEST_TEXT].decode("utf-8", "replace")
            body = self._context.scrub(text)[:_LONGEST_TEXT]
            if good:
                kind = response.headers.get("Content-Type", "no content type")
                raise AmbiguousError(
                    method,
                    path,
                    f"{answer.status} with a body that is not JSON ({kind})",
                    status=answer.status,
                    body=body if body.lstrip().startswith("<") else None,
                    request_id=answer.request_id,
                    hint="A proxy or a login page may have answered, or the answer was cut short: check the address.",
                ) from None
        if good and not content and answer.status != 204:
            raise AmbiguousError(method, path, f"{answer.status} with an empty body", status=answer.status)
        return dataclasses.replace(answer, body=body if good else self._context.scrub(body))

    def _failure(self, error: Exception, current: Exchange, request: _Request, status: int | None) -> RequestError:
        """The error of an exchange that ended in ``error``; it depends on how far the exchange got."""
        method, place, path, proxied = request
        within = f" within {self._timeout:g} s"
        said = within if current.is_over else f": {self._said(error)}"
        if current.sent:
            reason = f"no answer from {place}" if current.is_over else f"the connection to {place} broke"
            return AmbiguousError(method, path, reason + said, status=status)
        if isinstance(error, requests.exceptions.SSLError) and re.search(_NOT_TRUSTED, str(error)):
            hint = "Check the host's name, its certificate and the CA that signed it (ca_path)."
            return NotSentError(method, path, f"no trusted TLS connection to {place}{said}", hint=hint)
        if not proxied:
            return UnreachableError(method, path, f"no connection to {place}{said}")
        reason = f"no connection to {place} through the proxy{said}"
        if "Tunnel connection failed: 407" in str(error):
            return NotSentError(method, path, reason, status=407, hint=PROXY_ASKS)
        return UnreachableError(method, path, reason, hint="Check proxy.")

    def _said(self, error: Exception) -> str:
        """The text of an error's cause, without secrets."""
        cause = error.args[0] if error.args else None
        reason = getattr(cause, "reason", cause)
        return t.cast(str, self._context.scrub(_last_words(getattr(reason, "original_error", reason))))[:_LONGEST]

    def _route(self, url: str) -> dict[str, str]:
        """The proxies for this address, and the TLS context if this is the first that needs one."""
        parts = urlsplit(url)
        if parts.scheme == "https" and not self._has_tls:
            self._session.mount("https://", _Adapter(self._tls_context(), self._connection.concurrency))
            self._has_tls = True
        if parts.netloc not in self._proxies:
            proxies = {} if self._connection.direct else self._proxies_for(url)
            self._proxies[parts.netloc] = proxies
        return self._proxies[parts.netloc]

    def _proxies_for(self, url: str) -> dict[str, str]:
        scheme = urlsplit(url).scheme
        proxy = self._connection.proxy or self._environment_proxy(url)
        if proxy and scheme == "http" and not self._connection.allow_http:
            raise OptionError(
                f"{urlsplit(url).netloc} is plain HTTP, which would show the credentials to the proxy",
                "Use https, unset proxy, or set allow_http: true if you accept that.",
            )
        return {scheme: proxy} if proxy else {}

    def _environment_proxy(self, url: str) -> str | None:
        """The environment's proxy for an address; V(None) for addresses of this machine."""
        if is_loopback(urlsplit(url).hostname or ""):
            return None
        proxy = select_proxy(url, get_environ_proxies(url))
        return proxy_url(proxy, "The proxy in the environment", self._context.hide) if proxy else None

    def _tls_context(self) -> ssl.SSLContext:
        if not self._connection.validate_certs:
            urllib3.disable_warnings()
            context = ssl.create_default_context()
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
            context.sslsocket_class = DeadlineSSLSocket
            return context
        variables = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")
        authorities = self._connection.ca_path or next(filter(None, map(os.environ.get, variables)), None)
        authorities = authorities or DEFAULT_CA_BUNDLE_PATH
        try:
            if Path(authorities).is_dir():
                context = ssl.create_default_context(capath=authorities)
            else:
                context = ssl.create_default_context(cafile=authorities)
        except (OSError, ssl.SSLError) as error:
            raise OptionError(f"The CA certificates in {authorities} cannot be used: {error}") from None
        # urllib3 before 2 does not pass IP addresses on to OpenSSL, so OpenSSL cannot check them. That urllib3 compares
        # the certificate's names and addresses itself if OpenSSL does not.
        context.check_hostname = not getattr(urllib3, "__version__", "").startswith("1.")
        context.sslsocket_class = DeadlineSSLSocket
        return context


def _body(response: requests.Response) -> bytes:
    """An answer's body, decompressed. Raises `OSError` if it is too large, or in an encoding that was not asked for."""
    raw = response.raw
    # urllib3 before 2 would accept an answer that was cut short.
    raw.enforce_content_length = True
    # urllib3 must not decompress: before 2.6 it does so without a limit.
    raw.decode_content = False
    encoding = response.headers.get("Content-Encoding", "identity").strip().lower() or "identity"
    if encoding not in ("identity", "gzip", "x-gzip"):
        raise OSError(f"the answer is encoded as {encoding}, which was not asked for")
    source = raw if encoding == "identity" else gzip.GzipFile(fileobj=raw)
    body = bytearray()
    while piece := source.read(_PIECE):
        body += piece
        if len(body) > LARGEST_BODY:
            raise OSError(f"the answer is larger than {LARGEST_BODY // 2**20} MiB")
    return bytes(body)


def _json(content: bytes, largest: int) -> t.Any:
    """The JSON in a body; V(None) if it is empty. Raises `ValueError` if it is not JSON, or too large."""
    if len(content) > largest:
        raise ValueError(f"more than {largest} bytes")
    return json.loads(content) if content else None


def _last_words(error: t.Any) -> str:
    """The cause of a nested exception: the end of its text, without Python's names of objects before it."""
    text = str(error.args[-1] if getattr(error, "args", None) else error)
    text = re.sub(r"^<?[\w.]*HTTPS?Connection(Pool)?(\(.*?\)| object at \w+>): ", "", text)
    return text.removeprefix("Failed to establish a new connection: ") or type(error).__name__
