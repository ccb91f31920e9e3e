# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The choice of credentials among the options."""

from __future__ import annotations

import re

from .errors import SourceError
from .platform import Args, AuthMethod, Headers, Hide, Platform


def select_credentials(platform: Platform, options: Args) -> AuthMethod:
    """The first way to authenticate whose options are all set and can be what they are for. Raises `SourceError`."""
    complete = [method for method in platform.auth_methods if all(map(options.get, method.options))]
    objections = {method.options: method.objection(options) for method in complete}
    for method in complete:
        if objections[method.options] is None:
            return method
    raise SourceError(next(iter(objections.values()), None) or _missing(platform))


def _missing(platform: Platform) -> str:
    names = ", or ".join(" and ".join(method.options) for method in platform.auth_methods)
    needed = [name for method in platform.auth_methods for name in method.options]
    variables = [variable for name in needed for variable in platform.variables.get(name, [])]
    return f"No credentials: give {names}, or set {', '.join(variables)}"


def headers_of(method: AuthMethod, options: Args, hide: Hide) -> Headers:
    """The headers that authenticate; none if a token has to be fetched first. Raises `SourceError`."""
    if method.headers is None:
        return {}
    values = {name: str(options[name]) for name in method.options}
    for name in set(values) - {"username"}:
        hide(values[name])
    for name in set(values) - {"password"}:
        if not re.fullmatch(r"[\x20-\x7e]+", values[name]):
            raise SourceError(f"{name} has characters in it that no such credential has")
    return method.headers(values, hide)
