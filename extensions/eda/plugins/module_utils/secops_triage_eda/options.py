# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of the source: their names, defaults and variables, and the checks on what users write."""

from __future__ import annotations

import ipaddress
import os
import re
import time
import typing as t
from urllib.parse import urlsplit

from .errors import SourceError
from .shape import earlier, moment_of

Args = dict[str, t.Any]

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}

#: The options of all platforms: a default, whose type is that of the value.
COMMON: Args = {
    "platform": "",
    "query": None,
    "only_new": True,
    "since": "now",
    "interval": 60.0,
    "overlap": 300.0,
    "max_alerts": 1000,
    "checkpoint": "",
    "raw": False,
    "api_url": "",
    "allow_http": False,
    "validate_certs": True,
    "ca_path": "",
    "proxy": "",
    "timeout": 30.0,
}
#: Those of one platform.
OWN: dict[str, Args] = {
    "datadog": {"api_key": "", "app_key": "", "access_token": "", "site": "datadoghq.com"},
    "kibana": {"api_key": "", "username": "", "password": "", "bearer_token": "", "space_id": ""},
    "security_deck": {
        "iam_token": "",
        "service_account_key_file": "",
        "instance_metadata": False,
        "api_host": "api.cloud.yandex.net",
    },
    "calseta": {"api_key": ""},
}
#: The variables that stand in for options, as with the modules.
VARIABLES: dict[str, dict[str, list[str]]] = {
    "datadog": {
        "api_key": ["DD_API_KEY", "DATADOG_API_KEY"],
        "app_key": ["DD_APP_KEY", "DATADOG_APP_KEY"],
        "access_token": ["DD_ACCESS_TOKEN", "DD_BEARER_TOKEN"],
        "site": ["DD_SITE"],
    },
    "kibana": {
        "api_url": ["KIBANA_URL", "KIBANA_ENDPOINT"],
        "api_key": ["KIBANA_API_KEY"],
        "username": ["KIBANA_USERNAME"],
        "password": ["KIBANA_PASSWORD"],
        "bearer_token": ["KIBANA_BEARER_TOKEN"],
        "space_id": ["KIBANA_SPACE_ID"],
    },
    "security_deck": {
        "iam_token": ["YC_IAM_TOKEN", "YC_TOKEN"],
        "service_account_key_file": ["YC_SERVICE_ACCOUNT_KEY_FILE"],
        "api_host": ["YC_ENDPOINT"],
    },
    "calseta": {"api_url": ["CALSETA_API_URL"], "api_key": ["CALSETA_API_KEY"]},
}
#: The ways to say who asks, each the options that it needs.
WAYS: dict[str, list[list[str]]] = {
    "datadog": [["api_key", "app_key"], ["access_token"]],
    "kibana": [["api_key"], ["username", "password"], ["bearer_token"]],
    "security_deck": [["iam_token"], ["service_account_key_file"], ["instance_metadata"]],
    "calseta": [["api_key"]],
}
_BOUNDS = {"interval": (0.1, 86400), "overlap": (0, 604800), "timeout": (0.1, 3600), "max_alerts": (1, 100_000)}


def checked(args: Args) -> Args:
    """The options of the right types, with what the environment adds. Raises `SourceError`."""
    platform = args.get("platform")
    if not isinstance(platform, str) or platform not in OWN:
        raise SourceError(f"platform is one of {', '.join(OWN)}, not {platform!r}")
    defaults = {**COMMON, **OWN[platform]}
    # ansible-rulebook may add a queue of its own.
    given = {name: value for name, value in args.items() if value is not None and name != "eda_feedback_queue"}
    unknown = sorted(map(str, set(given) - set(defaults)))
    if unknown:
        raise SourceError(f"{', '.join(unknown)}: no option for platform {platform}, which takes {', '.join(defaults)}")
    options = {name: _typed(name, given.get(name, default), default) for name, default in defaults.items()}
    for name, (low, high) in _BOUNDS.items():
        if not low <= options[name] <= high:
            raise SourceError(f"{name} must be between {low} and {high}, not {options[name]:g}")
    for name, variables in VARIABLES[platform].items():
        # Keys may belong to another organisation: those given here are not mixed with those of the environment.
        if name not in given and not (_is_secret(platform, name) and any(_is_secret(platform, one) for one in given)):
            options[name] = next(filter(None, map(os.environ.get, variables)), options[name]).strip()
    options["since"] = _moment(options["since"])
    options["query"] = _query(platform, options["query"])
    options["api_url"] = _base(options)
    return options


def _is_secret(platform: str, name: str) -> bool:
    return any(name in way for way in WAYS[platform])


def _typed(name: str, value: t.Any, default: t.Any) -> t.Any:
    """The value as its default's type. A template of a rulebook may have made a text of it, or a number."""
    if isinstance(default, bool):
        if str(value).lower() in ("true", "yes", "on", "false", "no", "off"):
            return str(value).lower() in ("true", "yes", "on")
        raise SourceError(f"{name} must be true or false")
    if isinstance(default, (int, float)):
        try:
            return type(default)(value)
        except (TypeError, ValueError, OverflowError):
            raise SourceError(f"{name} must be a number") from None
    if default is None or (name == "service_account_key_file" and isinstance(value, dict)):
        return value
    if isinstance(value, (dict, list)):
        raise SourceError(f"{name} must be a text")
    return str(value).strip()


def _query(platform: str, query: t.Any) -> t.Any:
    """What to look for, in the form of the platform's info module."""
    if platform == "datadog":
        if isinstance(query, (dict, list)):
            raise SourceError("query must be a text in Datadog's query language")
        return str(query or "*")
    query = query or {}
    if not isinstance(query, dict):
        raise SourceError(f"query must be a mapping for platform {platform}")
    if platform == "kibana":
        return query or {"match_all": {}}
    names = ("sink_id", "filter") if platform == "security_deck" else ("status", "severity", "source_name")
    unknown = sorted(map(str, set(query) - set(names)))
    if unknown:
        raise SourceError(f"query has {', '.join(unknown)}; for platform {platform} it takes {', '.join(names)}")
    if platform == "security_deck" and not re.fullmatch(r"[A-Za-z0-9_-]{1,50}", str(query.get("sink_id", ""))):
        raise SourceError("query.sink_id is missing, or is not the id of a sink")
    return {name: ",".join(map(str, value)) if isinstance(value, list) else str(value) for name, value in query.items()}


def now() -> str:
    """This moment, as all moments in here are: in ISO 8601, UTC, to the millisecond."""
    return str(moment_of(time.time() * 1000))


def _moment(text: str) -> str:
    relative = re.fullmatch(r"now(?:-(\d{1,9})([smhdw]))?", text)
    if relative:
        return earlier(now(), int(relative[1] or 0) * _UNITS[relative[2] or "s"])
    moment = moment_of(text)
    if not moment:
        raise SourceError(f"since {text!r} is not a time: write it as 2026-01-31T08:00:00Z, 2026-01-31, now or now-1h")
    return moment


def _base(options: Args) -> str:
    """The address that paths are appended to."""
    platform, url = options["platform"], options["api_url"]
    if url:
        url = _address(url, allow_http=options["allow_http"])
    elif platform == "datadog":
        site = re.sub(r"^https?://", "", options["site"].lower()).split("/")[0]
        url = f"https://api.{_host('site', re.sub(r'^(app|api)[.]', '', site))}"
    elif platform == "security_deck":
        url = f"https://alert-sink.{_host('api_host', options['api_host'])}"
    else:
        raise SourceError(f"api_url is missing: give it, or set {VARIABLES[platform]['api_url'][0]}")
    if platform == "calseta":
        return re.sub(r"/v1$", "", url)
    if platform == "kibana" and options["space_id"] not in ("", "default"):
        if not re.fullmatch(r"[a-z0-9_-]+", options["space_id"]):
            raise SourceError(f"space_id {options['space_id']!r} is not the id of a space")
        return f"{url}/s/{options['space_id']}"
    return url


def _host(name: str, value: str) -> str:
    host = re.sub(r":443$", "", value)
    if not re.fullmatch(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+", host):
        raise SourceError(f"{name} {value!r} is not the name of a host")
    return host


def _address(value: str, *, allow_http: bool) -> str:
    url = value if "://" in value else f"https://{value}"
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname or "", parts.port
    except ValueError:
        raise SourceError("api_url is not a URL that can be used") from None
    if parts.username is not None or parts.password is not None or "?" in url or "#" in url:
        # Not repeated: people put tokens there.
        raise SourceError("api_url must be an address and perhaps a base path, without credentials and without a query")
    if parts.scheme not in ("http", "https") or not re.fullmatch(r"[A-Za-z0-9._:-]+", host):
        raise SourceError(f"api_url is not a URL that can be used: {url!r}")
    if parts.scheme == "http" and not allow_http and not _is_loopback(host):
        raise SourceError(f"api_url {url} is plain HTTP, which would show the credentials: use https, or allow_http")
    return url.rstrip("/")


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
