# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where an API is, and what every request to it needs. Modules and the event source connect by it."""

from __future__ import annotations

import dataclasses
import re
import typing as t

from .errors import AmbiguousError
from .values import dig


@dataclasses.dataclass(frozen=True)
class TokenRequest:
    """The request that fetches a token. It has no credentials in its headers."""

    method: str
    url: str
    #: The path, as errors name it.
    path: str
    #: The key of the answer that has the token.
    key: str
    #: What to do if the token cannot be fetched.
    hint: str
    headers: t.Mapping[str, str] = dataclasses.field(default_factory=dict)
    #: Makes the body, which may depend on the time; V(None) is no body.
    body: t.Callable[[], t.Any] = lambda: None
    #: Whether the server is this machine's own, and not reached through a proxy.
    local: bool = False

    def token_in(self, body: t.Any) -> str:
        """The token in the body of an answer. Raises `AmbiguousError` if there is none."""
        token = dig(body, self.key)
        if not isinstance(token, str) or not re.fullmatch(r"[\x21-\x7e]+", token):
            raise AmbiguousError(self.method, self.path, "the answer has no token in it")
        return token


@dataclasses.dataclass(frozen=True)
class Endpoint:
    """An API, as the options of a task name it."""

    #: The address that paths are appended to.
    base: str
    #: Called with the status of a refused request and whether it was a write: what to do about it.
    hint: t.Callable[[int, bool], str | None]
    #: The headers of every request, with those that authenticate unless there is a ``token``.
    headers: t.Mapping[str, str] = dataclasses.field(default_factory=dict)
    token: TokenRequest | None = None


def bearer(token: str) -> dict[str, str]:
    """The header of a bearer token."""
    return {"Authorization": f"Bearer {token}"}
