# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A client as the platforms make it, for tests of the client itself."""

from __future__ import annotations

import typing as t

from ansible_collections.secops.triage.plugins.module_utils._core.options import (
    CONNECTION_OPTIONS,
    Connection,
    TaskContext,
)
from ansible_collections.secops.triage.plugins.module_utils._http.circuit import Cause
from ansible_collections.secops.triage.plugins.module_utils._http.client import Authorization, Client

_DEFAULTS = {name: option.get("default") for name, option in CONNECTION_OPTIONS.options.items()}


def connection(**options: t.Any) -> Connection:
    """The connection options with their defaults, checked."""
    return Connection.of({**_DEFAULTS, **options}, TaskContext(read_only=True, hide=lambda _secret: None))


def make_client(
    headers: t.Mapping[str, str] | None = None,
    *,
    read_only: bool = False,
    hide: t.Callable[[str], None] = lambda _secret: None,
    cause_of: Cause = lambda _path, _writing: None,
    **options: t.Any,
) -> Client:
    """A client that sends these headers to say who asks, with one retry unless told otherwise."""
    run = TaskContext(read_only=read_only, hide=hide)
    checked = Connection.of({**_DEFAULTS, "retries": 1, **options}, run)
    authorization = Authorization(headers or {})
    return Client(checked, authorization, run, lambda status, writing: f"hint for {status} {writing}", cause_of)
