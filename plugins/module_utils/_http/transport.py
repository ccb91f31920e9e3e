# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One exchange with a server, over kept-alive connections: TLS, proxies, time limits, and the parsed answer."""

from __future__ import annotations

import http.cookiejar
import re
import ssl
import threading
import traceback
import typing as t
import zlib
from urllib.parse import urlsplit

from .._core.errors import AmbiguousError, NotSentError, RequestError, UnreachableError
from .._core.options import Connection, TaskContext
from .answer import TAKES_TLS, Answer, answer_of, read_body
from .connections import pools
from .deadline import Exchange, exchange
from .proxies import PROXY_ASKS, proxies_for
from .tls import tls_context

try:
    import requests
    from requests import Session
    from requests.adapters import HTTPAdapter
    from urllib3.exceptions import HTTPError

    REQUESTS_IMPORT_ERROR = None
except ImportError:
    REQUESTS_IMPORT_ERROR = traceback.format_exc()
    HTTPAdapter = Session = object  # type: ignore[assignment,misc]

#: The most characters of an error text about a connection.
_LONGEST = 300

#: The words of OpenSSL, and of urllib3 where it compares the names itself.
_NOT_TRUSTED = "CERTIFICATE_VERIFY_FAILED|CertificateError"

#: The words of OpenSSL, older and newer, for an answer that is not TLS.
_NOT_TLS = "(?i)wrong.version.number|record.layer.failure"

#: A TLS alert, in the text of the error for an answer that is not HTTP.
_IS_TLS = r"\\x15\\x03|\x15\x03"


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
        # read_body decompresses gzip, with a limit.
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
                    content = read_body(response)
            except (requests.RequestException, HTTPError, OSError, EOFError, zlib.error, UnicodeError) as error:
                # A response is false where its status is an error.
                status = None if response is None else response.status_code
                raise self._failure(error, current, request, status) from None
        head = Answer(response.status_code, response.reason or "", response.headers, None)
        return answer_of(method, parts.path, head, content, self._context.scrub)

    def _failure(self, error: Exception, current: Exchange, request: _Request, status: int | None) -> RequestError:
        """The error of an exchange that ended in ``error``; it depends on how far the exchange got."""
        method, place, path, _proxied = request
        within = f" within {self._timeout:g} s"
        said = within if current.is_over else f": {self._said(error)}"
        if current.sent:
            reason = f"no answer from {place}" if current.is_over else f"the connection to {place} broke"
            hint = TAKES_TLS if re.search(_IS_TLS, str(error)) else None
            return AmbiguousError(method, path, reason + said, status=status, hint=hint)
        if isinstance(error, requests.exceptions.SSLError) and re.search(_NOT_TRUSTED, str(error)):
            hint = "Check the host's name, its certificate and the CA that signed it (ca_path)."
            return NotSentError(method, path, f"no trusted TLS connection to {place}{said}", hint=hint)
        if isinstance(error, requests.exceptions.SSLError) and re.search(_NOT_TLS, str(error)):
            hint = f"The answer is not TLS. Did you mean http://{place}, which needs allow_http: true?"
            return UnreachableError(method, path, f"no TLS connection to {place}{said}", hint=hint)
        return self._not_connected(error, request, said)

    def _not_connected(self, error: Exception, request: _Request, said: str) -> RequestError:
        method, place, path, proxied = request
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
            self._session.mount("https://", _Adapter(tls_context(self._connection), self._connection.concurrency))
            self._has_tls = True
        if parts.netloc not in self._proxies:
            self._proxies[parts.netloc] = proxies_for(url, self._connection, self._context.hide)
        return self._proxies[parts.netloc]


def _last_words(error: t.Any) -> str:
    """The cause of a nested exception: the end of its text, without Python's names of objects before it."""
    text = str(error.args[-1] if getattr(error, "args", None) else error)
    text = re.sub(r"^<?[\w.]*HTTPS?Connection(Pool)?(\(.*?\)| object at \w+>): ", "", text)
    return text.removeprefix("Failed to establish a new connection: ") or type(error).__name__
