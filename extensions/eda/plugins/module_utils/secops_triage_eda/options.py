# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of the source: their names, defaults and environment variables, and the checks on what users write."""

from __future__ import annotations

import json
import re
import typing as t

from .errors import SourceError
from .platform import Args, Platform
from .registry import PLATFORMS
from .urls import base_url
from .values import earlier, environment, moment_of, now

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
#: The options of all platforms: a default, whose type is that of the value.
COMMON: Args = {
    "platform": "",
    "query": None,
    "only_new": True,
    "since": "now",
    "interval": 60.0,
    "overlap": 300.0,
    "lookback": 86400.0,
    "heartbeat": 0.0,
    "checkpoint": "",
    "raw": False,
    "api_url": "",
    "allow_http": False,
    "validate_certs": True,
    "ca_path": "",
    "proxy": "",
    "timeout": 30.0,
}
_BOUNDS = {
    "interval": (0.1, 86400),
    "overlap": (0, 604800),
    "lookback": (0, 2592000),
    "heartbeat": (0, 86400),
    "timeout": (0.1, 3600),
}
#: A template of a rulebook makes a mapping of JSON, which these may be.
_JSON = ("service_account_key_file", "api_key")
_BOOLEANS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}


def validate(args: Args) -> Args:
    """The options of the right types, with what the environment adds. Raises `SourceError`."""
    name = args.get("platform")
    if not isinstance(name, str) or name not in PLATFORMS:
        raise SourceError(f"platform is one of {', '.join(PLATFORMS)}, not {name!r}")
    platform = PLATFORMS[name]
    defaults = {**COMMON, **platform.options}
    # ansible-rulebook may add a queue of its own.
    given = {name: value for name, value in args.items() if not _is_empty(value) and name != "eda_feedback_queue"}
    unknown = sorted(map(str, set(given) - set(defaults)))
    if unknown:
        raise SourceError(f"{', '.join(unknown)}: no option for platform {name}, which takes {', '.join(defaults)}")
    options = {name: _typed(name, given.get(name, default), default) for name, default in defaults.items()}
    options.update(_from_environment(platform, given))
    _check_bounds(options)
    options["since"] = _since(options["since"])
    options["query"] = platform.query(options["query"])
    options["api_url"] = _base_url(platform, options)
    return options


def _base_url(platform: Platform, options: Args) -> str:
    if options["api_url"]:
        options["api_url"] = base_url(options["api_url"], allow_http=options["allow_http"])
    url = platform.base_url(options)
    if options["proxy"] and url.startswith("http:") and not options["allow_http"]:
        raise SourceError(
            "api_url is plain HTTP and goes through a proxy, which would see the credentials: use https, or allow_http"
        )
    return url


def _is_empty(value: t.Any) -> bool:
    """Whether a value counts as not given."""
    return value is None or (isinstance(value, str) and not value.strip())


def _from_environment(platform: Platform, given: Args) -> Args:
    """The options that are not given and whose variables are set."""
    # Keys may belong to another organisation: given credentials are not mixed with those of the environment.
    taken = set(given) | (platform.credentials if platform.credentials & set(given) else set())
    found = {name: environment(*variables) for name, variables in platform.variables.items() if name not in taken}
    return {name: value for name, value in found.items() if value}


def _check_bounds(options: Args) -> None:
    for name, (low, high) in _BOUNDS.items():
        if not low <= options[name] <= high:
            raise SourceError(f"{name} must be between {low} and {high}, not {options[name]:g}")


def _typed(name: str, value: t.Any, default: t.Any) -> t.Any:
    """The value in its default's type. A template of a rulebook may have made a text of it, or a number."""
    if default is None:
        return value
    return _CONVERTERS[type(default)](name, value)


def _boolean(name: str, value: t.Any) -> bool:
    if str(value).lower() not in _BOOLEANS:
        raise SourceError(f"{name} must be true or false")
    return _BOOLEANS[str(value).lower()]


def _number(name: str, value: t.Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        raise SourceError(f"{name} must be a number") from None


def _text(name: str, value: t.Any) -> str:
    if name in _JSON and isinstance(value, dict):
        return json.dumps(value, default=str)
    if isinstance(value, (dict, list)):
        raise SourceError(f"{name} must be a text")
    return str(value).strip()


_CONVERTERS: dict[type, t.Callable[[str, t.Any], t.Any]] = {bool: _boolean, float: _number, str: _text}


def _since(text: str) -> str:
    """The option since as a moment."""
    relative = re.fullmatch(r"now(?:-(\d{1,9})([smhdw]))?", text)
    if relative:
        return earlier(now(), int(relative[1] or 0) * _UNITS[relative[2] or "s"])
    moment = moment_of(text)
    if not moment:
        raise SourceError(f"since {text!r} is not a time: write it as 2026-01-31T08:00:00Z, 2026-01-31, now or now-1h")
    return moment
