# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of the source: their types, defaults and environment variables, and the checks on what users write."""

from __future__ import annotations

import json
import typing as t
from pathlib import Path

from ......plugins.module_utils._core.errors import OptionError
from ......plugins.module_utils._core.options import CONNECTION_OPTIONS, environment_value
from ......plugins.module_utils._core.times import moment
from .platform import Args, Platform, Specs
from .registry import PLATFORMS

#: The options that are the source's own, in the form of the modules' argument specs.
_OWN: Specs = {
    "platform": {"type": "str"},
    "query": {"type": "raw"},
    "only_new": {"type": "bool", "default": True},
    "since": {"type": "str", "default": "now"},
    "interval": {"type": "float", "default": 60},
    "overlap": {"type": "float", "default": 300},
    "lookback": {"type": "float", "default": 86400},
    "heartbeat": {"type": "float", "default": 0},
    "checkpoint": {"type": "path"},
    "raw": {"type": "bool", "default": False},
    "api_url": {"type": "str"},
}
#: The modules' options of a connection that the source does not have: it sends one request at a time.
_UNUSED = ("retries", "concurrency")
#: The options of all platforms.
COMMON: Specs = {**_OWN, **{name: spec for name, spec in CONNECTION_OPTIONS.options.items() if name not in _UNUSED}}
_BOUNDS = {
    "interval": (0.1, 86400),
    "overlap": (0, 604800),
    "lookback": (0, 2592000),
    "heartbeat": (0, 86400),
}
_BOOLEANS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}


def validate(args: Args) -> Args:
    """The options of the right types, with what the environment adds. Raises `OptionError`."""
    name = args.get("platform")
    if not isinstance(name, str) or name not in PLATFORMS:
        raise OptionError(f"platform is one of {', '.join(PLATFORMS)}, not {name!r}")
    platform = PLATFORMS[name]
    specs = {**COMMON, **platform.options}
    # ansible-rulebook may add a queue of its own.
    given = {name: value for name, value in args.items() if not _is_empty(value) and name != "eda_feedback_queue"}
    unknown = sorted(map(str, set(given) - set(specs)))
    if unknown:
        raise OptionError(f"{', '.join(unknown)}: no option for platform {name}, which takes {', '.join(specs)}")
    options: Args = {name: spec.get("default") for name, spec in {**CONNECTION_OPTIONS.options, **specs}.items()}
    options.update(_from_environment(platform, given))
    options.update({name: _CONVERTERS[specs[name]["type"]](name, value) for name, value in given.items()})
    _check_bounds(options)
    options["since"] = moment("since", options["since"])
    options["query"] = platform.query(options["query"])
    return options


def _is_empty(value: t.Any) -> bool:
    """Whether a value is treated as unset."""
    return value is None or (isinstance(value, str) and not value.strip())


def _from_environment(platform: Platform, given: Args) -> Args:
    """The options that are not given and whose variables are set."""
    # Keys may belong to another organisation: given credentials are not mixed with those of the environment.
    taken = set(given) | (platform.credentials if platform.credentials & set(given) else set())
    found = {
        name: environment_value(spec.get("env", ())) for name, spec in platform.options.items() if name not in taken
    }
    return {name: value for name, value in found.items() if value}


def _check_bounds(options: Args) -> None:
    for name, (low, high) in _BOUNDS.items():
        if not low <= options[name] <= high:
            raise OptionError(f"{name} must be between {low} and {high}, not {options[name]:g}")


def _boolean(name: str, value: t.Any) -> bool:
    if str(value).lower() not in _BOOLEANS:
        raise OptionError(f"{name} must be true or false")
    return _BOOLEANS[str(value).lower()]


def _number(name: str, value: t.Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        raise OptionError(f"{name} must be a number") from None


def _text(name: str, value: t.Any) -> str:
    if name == "api_key" and isinstance(value, dict):
        # A template of a rulebook makes a mapping of JSON, which Kibana's key may be.
        return json.dumps(value, default=str)
    if isinstance(value, (dict, list)):
        raise OptionError(f"{name} must be a text")
    return str(value)


def _path(name: str, value: t.Any) -> str:
    try:
        return str(Path(_text(name, value).strip()).expanduser())
    except RuntimeError as error:
        raise OptionError(f"{name} {value} cannot be used: {error}") from None


_CONVERTERS: dict[str, t.Callable[[str, t.Any], t.Any]] = {
    "bool": _boolean,
    "float": _number,
    "str": _text,
    "path": _path,
    "raw": lambda name, value: value,
}
