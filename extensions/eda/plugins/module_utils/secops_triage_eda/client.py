# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The connection to one platform: an address, and credentials that are renewed."""

from __future__ import annotations

import typing as t

from ......plugins.module_utils._core.endpoint import TokenRequest, bearer
from ......plugins.module_utils._core.errors import AmbiguousError, RefusedError
from .api import Api
from .errors import TransientError
from .platform import Args, Platform
from .values import Raw


class Client:
    """Reads from one platform. Raises `TriageError` if the options name no address, or no credentials."""

    def __init__(self, platform: Platform, options: Args, api: Api) -> None:
        self.raw: bool = options["raw"]
        self._api = api
        self._endpoint = platform.endpoint(options, api.context)
        self._headers = {**platform.headers, **self._endpoint.headers}
        self._has_token = False

    @property
    def base(self) -> str:
        """The address that paths are appended to."""
        return self._endpoint.base

    async def read(self, method: str, path: str, **body: t.Any) -> Raw:
        """The JSON object of an answer. Raises `TransientError`, and `TriageError` for a permanent refusal."""
        token = self._endpoint.token
        is_new = token is not None and not self._has_token
        if token and is_new:
            await self._fetch(token)
        try:
            answer = await self._send(method, path, body)
        except RefusedError as error:
            if error.status != 401 or token is None or is_new:
                raise
            # The token has expired.
            await self._fetch(token)
            answer = await self._send(method, path, body)
        if not isinstance(answer, dict):
            raise TransientError(f"{method} {path}: the answer is not an object")
        return answer

    async def _send(self, method: str, path: str, body: Args) -> t.Any:
        url = self._endpoint.base + path
        return await self._api.exchange(method, url, self._headers, self._endpoint.hint, **body)

    async def _fetch(self, token: TokenRequest) -> None:
        content = token.body()
        body = {} if content is None else {"json": content}
        answer = await self._api.exchange(
            token.method, token.url, token.headers, lambda status, writing: token.hint, direct=token.local, **body
        )
        try:
            text = token.token_in(answer)
        except AmbiguousError as error:
            raise TransientError(error.message) from None
        self._api.context.hide(text)
        self._headers.update(bearer(text))
        self._has_token = True
