# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Elastic Security: the address of a space, and the credentials.

API: https://www.elastic.co/docs/api/doc/kibana/authentication
"""

from __future__ import annotations

import base64
import contextlib
import json
import re

from .._core.credentials import secret, select_credentials
from .._core.endpoint import Endpoint, bearer
from .._core.errors import OptionError
from .._core.options import Params, TaskContext
from .._core.urls import base_url
from .._core.values import dig
from .words import AUTH_METHODS, KIBANA_OPTIONS


def kibana_endpoint(params: Params, context: TaskContext) -> Endpoint:
    """The API of one space."""
    base, space = address(params)

    def hint(status: int, writing: bool) -> str | None:
        if status == 401:
            return "Check api_key, username and password, or bearer_token."
        if status == 403:
            needed = "maintenance, write, read and view_index_metadata" if writing else "read and view_index_metadata"
            return (
                f"In the space {space}, the user needs Kibana's privilege to {'change' if writing else 'read'}"
                f" security alerts, and {needed} on the indices {index_of(space)} and .internal{index_of(space)}-* (and"
                f" .siem-signals-{space}, where the stack was upgraded)."
            )
        if status == 404:
            return (
                "Check api_url and space_id, that Elastic Security is available in this space, and that this Kibana is"
                " new enough for the call."
            )
        return None

    return Endpoint(base, hint, {**_authentication(params, context), "kbn-xsrf": "true"})


def index_of(space: str) -> str:
    """The alias of the indices that hold the alerts of a space."""
    return f".alerts-security.alerts-{space}"


def address(params: Params) -> tuple[str, str]:
    """The address of the space, and its id. An address copied from a browser may end in C(/s/SPACE)."""
    if not params["api_url"]:
        raise OptionError("api_url is missing: give it, or set KIBANA_URL")
    base = base_url(params["api_url"], allow_http=params["allow_http"])
    inside = re.search(r"/s/([a-z0-9_-]+)$", base)
    space = params["space_id"] or (inside[1] if inside else "default")
    if not re.fullmatch(r"[a-z0-9_-]+", space):
        raise OptionError(f"space_id {space!r} is not the id of a space: lower case, digits, - and _")
    if inside and inside[1] != space:
        raise OptionError(f"api_url names the space {inside[1]}, and space_id is {space}", "Leave one of them out.")
    base = base[: inside.start()] if inside else base
    return (base if space == "default" else f"{base}/s/{space}"), space


def _authentication(params: Params, context: TaskContext) -> dict[str, str]:
    method = select_credentials(params, KIBANA_OPTIONS.options, AUTH_METHODS)
    if method[0] == "api_key":
        return {"Authorization": f"ApiKey {_encoded_key(params, context)}"}
    if method[0] == "bearer_token":
        return bearer(secret(params, "bearer_token", context))
    password = str(params["password"]).rstrip("\r\n")
    pair = base64.b64encode(f"{params['username']}:{password}".encode()).decode()
    context.hide(password)
    context.hide(pair)
    return {"Authorization": f"Basic {pair}"}


def _encoded_key(params: Params, context: TaskContext) -> str:
    """The key as it goes into the header. The option may hold that, the header's value, or Elasticsearch's answer."""
    given = str(params["api_key"]).strip()
    context.hide(given)
    if given.startswith("{"):
        with contextlib.suppress(ValueError):
            given = str(dig(json.loads(given), "encoded") or given)
    key = secret({"api_key": re.sub(r"(?i)^ApiKey\s+", "", given)}, "api_key", context)
    if ":" in key:
        raise OptionError(
            "api_key is the decoded form, id:key",
            "Give the value of encoded that Elasticsearch returned with it: both in base64.",
        )
    # The encoded key holds the id and the key itself, which is a secret, too.
    with contextlib.suppress(ValueError):
        context.hide(base64.b64decode(key).decode().partition(":")[2])
    return key
