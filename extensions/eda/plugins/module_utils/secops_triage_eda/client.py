# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reading from a platform with its credentials."""

from __future__ import annotations

import re
import typing as t

from .api import Api
from .credentials import headers_of, select_credentials
from .errors import TransientError
from .iam import request_token
from .platform import Args, Platform
from .values import Raw


class Client:
    """Reads from one platform, with the credentials that the options name. Raises `SourceError` if there are none."""

    def __init__(self, platform: Platform, options: Args, api: Api) -> None:
        self.raw: bool = options["raw"]
        self._platform = platform
        self._options = options
        self._api = api
        self._base: str = options["api_url"]
        method = select_credentials(platform, options)
        self._fetches_tokens = method.headers is None
        self._authorization = headers_of(method, options, api.hide)

    async def read(self, method: str, path: str, **body: t.Any) -> Raw:
        """The JSON object of an answer. Raises `TransientError`, and `SourceError` for a permanent refusal."""
        fetched = self._fetches_tokens and not self._authorization
        if fetched:
            await self._fetch_token()
        answer = await self._send(method, path, body)
        if answer.status == 401 and self._fetches_tokens and not fetched:
            # The token has expired.
            await self._fetch_token()
            answer = await self._send(method, path, body)
        answer.raise_for_status(f"{method} {path}", self._platform.permission, self._api.scrub)
        if not isinstance(answer.body, dict):
            raise TransientError(f"{method} {path}: {answer.status} with a body that is no JSON object")
        return answer.body

    async def _send(self, method: str, path: str, body: Args) -> t.Any:
        headers = {**self._authorization, **self._platform.headers}
        return await self._api.exchange(method, self._base + path, headers, **body)

    async def _fetch_token(self) -> None:
        answer, name = await request_token(self._api, self._options)
        answer.raise_for_status("The request for a token", self._platform.permission, self._api.scrub)
        token = answer.body.get(name) if isinstance(answer.body, dict) else None
        if not isinstance(token, str) or not re.fullmatch(r"[\x21-\x7e]+", token):
            raise TransientError("The answer to the request for a token has none in it")
        self._authorization = {"Authorization": f"Bearer {self._api.hide(token)}"}
