# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Yandex Cloud: IAM tokens, given, exchanged for a service account's key, or from an instance's metadata.

API: https://yandex.cloud/docs/iam/api-ref/IamToken/create
"""

from __future__ import annotations

import dataclasses
import threading
import typing as t

from .._core.endpoint import Endpoint, TokenRequest, bearer
from .._core.errors import CredentialsError, RequestError, TriageError
from .._core.options import Connection, TaskContext
from .._http.client import Authorization, Client


class IamToken(Authorization):
    """A token, fetched when it is first needed and once more if it is refused: they live for 12 hours at most."""

    def __init__(self, fetch: t.Callable[[], str], hide: t.Callable[[str], None]) -> None:
        super().__init__({})
        self._fetch = fetch
        self._hide = hide
        self._fetched = 0
        self._failure: TriageError | None = None
        self._lock = threading.Lock()

    def headers(self) -> t.Mapping[str, str]:
        with self._lock:
            if not self._fetched:
                self._get()
            return dict(self._headers)

    def renew(self, stale: t.Mapping[str, str]) -> bool:
        with self._lock:
            if self._headers == stale:
                if self._fetched > 1:
                    return False
                self._get()
            return self._headers != stale

    def _get(self) -> None:
        if self._failure:
            # One refusal is enough: every alert would ask anew.
            raise self._failure
        try:
            token = self._fetch()
        except TriageError as error:
            # Not as it is: to whoever reads an alert, a 404 would say that there is no such alert.
            self._failure = CredentialsError(error)
            raise self._failure from None
        self._hide(token)
        self._headers = bearer(token)
        self._fetched += 1


def iam_authorization(endpoint: Endpoint, context: TaskContext, connection: Connection) -> Authorization:
    """The authorization that the endpoint asks for."""
    request = endpoint.token
    if request is None:
        return Authorization(endpoint.headers)
    if request.local:
        connection = dataclasses.replace(connection, direct=True, timeout=min(connection.timeout, 5.0))
    client = Client(connection, Authorization({}), context, lambda status, writing: request.hint)
    return IamToken(lambda: _fetched(client, request), context.hide)


def _fetched(client: Client, request: TokenRequest) -> str:
    try:
        answer = client.request(
            request.method, request.url, request.body(), headers=request.headers, safe=True, anonymous=True
        )
    except RequestError as error:
        if request.local:
            error.hint = request.hint
        raise
    return request.token_in(answer.body)
