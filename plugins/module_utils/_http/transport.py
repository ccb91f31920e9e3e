# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One exchange with a server, over kept-alive connections: TLS, proxies, time limits, and what the answer is."""

from __future__ import annotations

import dataclasses
import http.cookiejar
import json
import os
import re
import ssl
import threading
import traceback
import typing as t
from pathlib import Path
from urllib.parse import urlsplit

from .._core.errors import AmbiguousError, NotSentError, OptionError, RequestError, UnreachableError
from .._core.options import Connection, TaskContext
from .._core.urls import proxy_url
from .deadline import pools

try:
    import requests
    import urllib3
    from requests import Session
    from requests.adapters import HTTPAdapter
    from requests.utils import DEFAULT_CA_BUNDLE_PATH, get_environ_proxies, select_proxy
    from urllib3.exceptions import HTTPError, MaxRetryError, NewConnectionError, ReadTimeoutError

    REQUESTS_IMPORT_ERROR = None
except ImportError:
    REQUESTS_IMPORT_ERROR = traceback.format_exc()
    HTTPAdapter = Session = object  # type: ignore[assignment,misc]

#: Characters of another's words about a connection.
_LONGEST = 300

#: In the words of OpenSSL, and of a urllib3 that compares the names by itself.
_NOT_TRUSTED = "CERTIFICATE_VERIFY_FAILED|CertificateError"

_REQUEST_ID_HEADERS = ("x-request-id", "x-server-trace-id", "x-opaque-id")


@dataclasses.dataclass(frozen=True)
class Answer:
    """A server's answer. ``body`` is the JSON in it, or, on an error, the text where it is not JSON."""

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
    """Connections that share one TLS context: loading the CAs costs some 25 ms, once for each otherwise."""

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
        """Nothing: the context knows the CAs, and whether to look."""


class _Session(Session):
    """A session that looks at no redirect: it would read the body for that, with no limit of time, and might break at
    an address that is none."""

    def get_redirect_target(self, resp: requests.Response) -> None:
        return None


class Transport:
    """Sends one request at a time and thread; follows no redirect, keeps no cookie, reads no netrc."""

    def __init__(self, connection: Connection, run: TaskContext) -> None:
        self._timeout = connection.timeout
        self._connection = connection
        self._run = run
        self._proxies: dict[str, dict[str, str]] = {}
        self._session = _Session()
        # What requests would take from the environment at every call is looked up once; a netrc could replace our keys.
        self._session.trust_env = False
        self._session.verify = connection.validate_certs
        self._session.cookies.set_policy(http.cookiejar.DefaultCookiePolicy(allowed_domains=[]))
        self._session.headers["User-Agent"] = "ansible-secops.triage"
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
        path = urlsplit(url).path
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
                # urllib3 before 2 would take an answer that was cut short for a whole one.
                response.raw.enforce_content_length = True
                content = response.content
        except (requests.RequestException, HTTPError, UnicodeError) as error:
            raise self._failure(error, method, url, path) from None
        return self._answer(method, path, response, content)

    def _answer(self, method: str, path: str, response: requests.Response, content: bytes) -> Answer:
        answer = Answer(response.status_code, response.reason or "", response.headers, None)
        good = 200 <= answer.status < 300
        try:
            body = json.loads(content) if content else None
        except (ValueError, RecursionError):
            body = self._run.scrub(content.decode("utf-8", "replace"))[:20000]
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
        return dataclasses.replace(answer, body=body if good else self._run.scrub(body))

    def _failure(self, error: Exception, method: str, url: str, path: str) -> RequestError:
        place = urlsplit(url).netloc
        cause = error.args[0] if error.args else None
        reason = getattr(cause, "reason", cause)
        said = self._run.scrub(_last_words(reason))[:_LONGEST]
        if isinstance(error, requests.exceptions.SSLError) and re.search(_NOT_TRUSTED, str(error)):
            return NotSentError(
                method,
                path,
                f"no trusted TLS connection to {place}: {said}",
                hint="Check the host's name, its certificate and the CA that signed it (ca_path).",
            )
        if isinstance(error, requests.exceptions.ProxyError):
            origin = getattr(reason, "original_error", None)
            if isinstance(origin, NewConnectionError) or "Tunnel connection failed" in str(origin):
                return UnreachableError(
                    method,
                    path,
                    f"no connection to {place} through the proxy: {self._run.scrub(_last_words(origin))[:_LONGEST]}",
                    hint="Check proxy.",
                )
        if isinstance(error, requests.ConnectTimeout):
            return UnreachableError(method, path, f"no connection to {place} within {self._timeout:g} s")
        if isinstance(cause, MaxRetryError) and isinstance(reason, NewConnectionError):
            return UnreachableError(method, path, f"no connection to {place}: {said}")
        if isinstance(error, requests.Timeout) or isinstance(cause, ReadTimeoutError):
            return AmbiguousError(method, path, f"no answer from {place} within {self._timeout:g} s")
        return AmbiguousError(method, path, f"the connection to {place} broke: {said}")

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
        if self._connection.proxy:
            return {"http": self._connection.proxy, "https": self._connection.proxy}
        proxy = select_proxy(url, get_environ_proxies(url))
        if not proxy:
            return {}
        # The others may stand there for other programs.
        return {urlsplit(url).scheme: proxy_url(proxy, "The proxy in the environment", self._run.hide, schemes=None)}

    def _tls_context(self) -> ssl.SSLContext:
        if not self._connection.validate_certs:
            urllib3.disable_warnings()
            context = ssl.create_default_context()
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
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
        # urllib3 before 2 does not tell OpenSSL a host that is an address, which then could not check it. It compares
        # the certificate's names and addresses by itself wherever OpenSSL does not.
        context.check_hostname = not getattr(urllib3, "__version__", "").startswith("1.")
        return context


def _last_words(error: t.Any) -> str:
    """The end of a nested exception's text, where the cause is: before it stand Python's names of objects."""
    text = str(error.args[-1] if getattr(error, "args", None) else error)
    text = re.sub(r"^<?[\w.]*HTTPS?Connection(Pool)?(\(.*?\)| object at \w+>): ", "", text)
    return text.removeprefix("Failed to establish a new connection: ") or type(error).__name__
