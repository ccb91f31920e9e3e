# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A server's answer to a request, and what its status means."""

from __future__ import annotations

import typing as t

from .errors import SourceError, TransientError
from .waits import retry_after


class Answer(t.NamedTuple):
    """A server's answer. ``body`` is V(None) if the text is no JSON."""

    status: int
    headers: t.Mapping[str, str]
    body: t.Any
    text: str

    def raise_for_status(self, request: str, permission: str, scrub: t.Callable[[str], str]) -> None:
        """Raise `TransientError` or `SourceError` unless the status is a 2xx. ``request`` begins the message."""
        if 200 <= self.status < 300:
            return
        message = f"{request}: {self.status}"
        if self.status in (408, 429) or self.status >= 500:
            raise TransientError(message, retry_after(self.headers, limited=self.status == 429))
        if 300 <= self.status < 400:
            raise SourceError(
                f"{message}, a redirect, which is not followed: check the address (https, host, base path)"
            )
        refused = f". It takes {permission}"
        hint = {401: refused, 403: refused, 404: ". Check the address"}.get(self.status, "")
        raise SourceError(f"{message} {scrub(self.text)}".strip() + hint)
