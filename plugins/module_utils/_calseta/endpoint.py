# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Calseta: the address of the server, and the key.

API: https://docs.calseta.com/api-reference/alerts/patch-alert
"""

from __future__ import annotations

import re

from .._core.credentials import secret
from .._core.endpoint import Endpoint, bearer
from .._core.errors import OptionError
from .._core.options import Params, TaskContext, environment_value
from .._core.urls import base_url

#: What to say of a key that may not do what it should.
READ_SCOPES = "The key needs the scope alerts:read, which alerts:write does not include."
_WRITE_SCOPES = "The key needs both scopes, alerts:read and alerts:write: neither includes the other."


def calseta_endpoint(params: Params, context: TaskContext, scopes: str = _WRITE_SCOPES) -> Endpoint:
    """The API of the server. ``scopes`` is the hint of a 403."""
    # Not an environment variable of the option: with the other provider, the token would go to this address.
    api_url = params["api_url"] or environment_value(["CALSETA_API_URL"])
    if not api_url:
        raise OptionError("api_url is missing: give it, or set CALSETA_API_URL")
    if not params["api_key"]:
        raise OptionError("api_key is missing: give it, or set CALSETA_API_KEY")
    hints = {
        401: "Check api_key, and that it has not expired.",
        403: scopes,
        404: "Check api_url: it is the server's address, without /v1.",
    }
    base = re.sub(r"/v1$", "", base_url(api_url, allow_http=params["allow_http"]))
    return Endpoint(base, lambda status, writing: hints.get(status), bearer(secret(params, "api_key", context)))
