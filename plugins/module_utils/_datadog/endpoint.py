# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Datadog: the address of a site, and the keys.

API: https://docs.datadoghq.com/api/latest/authentication/
"""

from __future__ import annotations

import re

from .._core.credentials import secret, select_credentials
from .._core.endpoint import Endpoint, bearer
from .._core.errors import OptionError
from .._core.options import Params, TaskContext
from .._core.urls import base_url
from .words import AUTH_METHODS, DATADOG_OPTIONS, DOMAINS


def datadog_endpoint(params: Params, context: TaskContext) -> Endpoint:
    """The API of the site, or the gateway at C(api_url)."""
    own_site = site(params["site"])
    base = base_url(params["api_url"] or f"https://api.{own_site}", allow_http=params["allow_http"])
    where = f"at {base}" if params["api_url"] else f"on the site {own_site}"

    def hint(status: int, writing: bool) -> str | None:
        if status == 401:
            return "Check api_key and app_key, or access_token."
        if status == 403:
            return (
                f"Check that the keys are those of an organisation {where}, and that the application key may use"
                f" security_monitoring_signals_{'write' if writing else 'read'}."
            )
        if status == 404 and params["api_url"] and not writing:
            # What is written has been read before, at the same address.
            return "Check api_url: it is the gateway's address with its base path, if it has one, without /api."
        return None

    return Endpoint(base, hint, _authentication(params, context))


def _authentication(params: Params, context: TaskContext) -> dict[str, str]:
    names = select_credentials(params, DATADOG_OPTIONS.options, AUTH_METHODS)
    secrets = {name: secret(params, name, context) for name in names}
    if "access_token" in secrets:
        return bearer(secrets["access_token"])
    return {"DD-API-KEY": secrets["api_key"], "DD-APPLICATION-KEY": secrets["app_key"]}


def site(value: str) -> str:
    """A site as in C(us3.datadoghq.com), of whatever part of an address users paste.

    Any name under Datadog's domains is taken, for new sites come. Another domain would be handed the keys.
    """
    host = re.sub(r"^https?://", "", value.strip().lower()).split("/")[0]
    host = re.sub(r"^(app|api)\.", "", host)
    if not re.fullmatch(rf"([a-z0-9-]+\.)*({'|'.join(map(re.escape, DOMAINS))})", host):
        raise OptionError(
            f"site {value!r} is not a Datadog site such as datadoghq.com, us3.datadoghq.com or datadoghq.eu",
            "For a gateway of your own, give api_url.",
        )
    return host
