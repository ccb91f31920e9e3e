# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A plain HTTP client: what the simulator is asked with."""

from __future__ import annotations

import typing as t

import requests


class Client:
    """Sends requests with the headers of one platform."""

    def __init__(self, session: requests.Session, url: str, headers: dict[str, str]) -> None:
        self.session, self.url, self.headers = session, url, headers

    def __call__(self, method: str, path: str, body: t.Any = None, **options: t.Any) -> requests.Response:
        headers = {**self.headers, **options.pop("headers", {})}
        headers = {name: value for name, value in headers.items() if value is not None}
        if body is not None:
            options["json"] = body
        return self.session.request(
            method, self.url + path, headers=headers, timeout=options.pop("timeout", 10), **options
        )

    def ask(self, method: str, path: str, body: t.Any = None, status: int = 200, **options: t.Any) -> t.Any:
        """The parsed answer, whose status must be the one expected."""
        response = self(method, path, body, **options)
        assert response.status_code == status, response.text
        return response.json()

    def given(self, **headers: t.Any) -> Client:
        """The same client with other headers; ``None`` removes one."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return Client(self.session, self.url, {**self.headers, **named})
