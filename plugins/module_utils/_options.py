# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options that all modules share, and the checks on what users type: addresses, secrets, ids, text."""

from __future__ import annotations

import dataclasses
import ipaddress
import os
import re
import typing as t
from pathlib import Path
from urllib.parse import urlsplit

from ._errors import OptionError
from ._proxy import proxy_url

Params = t.Mapping[str, t.Any]

CONNECTION_OPTIONS: dict[str, t.Any] = {
    "allow_http": {"type": "bool", "default": False},
    "validate_certs": {"type": "bool", "default": True},
    "ca_path": {"type": "path"},
    "timeout": {"type": "float", "default": 30},
    "retries": {"type": "int", "default": 4},
    "proxy": {"type": "str", "no_log": True},
    "concurrency": {"type": "int", "default": 8},
}


@dataclasses.dataclass(frozen=True)
class Run:
    """What a platform may know of the task that it works for; it sees nothing of Ansible's module object."""

    #: In check mode nothing may be sent that could write.
    read_only: bool
    #: Called with every secret, so that it is taken out of whatever is printed.
    hide: t.Callable[[str], None]
    #: Takes the secrets out of an answer that is about to be quoted. A message shortens it, and Ansible, which looks
    #: last, would not know half of one.
    scrub: t.Callable[[t.Any], t.Any] = lambda answer: answer
    #: Whether the user wants to see what changes.
    diff: bool = False


@dataclasses.dataclass(frozen=True)
class Connection:
    """The shared options, checked. ``timeout`` is in seconds."""

    timeout: float
    retries: int
    concurrency: int
    validate_certs: bool
    ca_path: str | None
    proxy: str | None
    #: Past every proxy, those of the environment too.
    direct: bool = False

    @classmethod
    def of(cls, params: Params, run: Run) -> Connection:
        for name, low, high in (("timeout", 0.1, 3600), ("retries", 0, 20), ("concurrency", 1, 64)):
            if not low <= params[name] <= high:
                raise OptionError(f"{name} must be between {low} and {high}, not {params[name]}")
        if params["ca_path"] and not _exists(params["ca_path"]):
            raise OptionError(f"ca_path {params['ca_path']} does not exist")
        return cls(
            timeout=params["timeout"],
            retries=params["retries"],
            concurrency=params["concurrency"],
            validate_certs=params["validate_certs"],
            ca_path=params["ca_path"],
            proxy=proxy_url(params["proxy"], "proxy", run.hide) if params["proxy"] else None,
        )


def _exists(path: str) -> bool:
    try:
        return Path(path).exists()
    except OSError:
        # Such as a name that is too long for any file system.
        return False


def base_url(value: str, *, allow_http: bool, option: str = "api_url") -> str:
    """The address that paths are appended to: with a scheme, without a slash at its end.

    Plain HTTP to anything but this machine is refused unless allowed, and so are credentials in the address: they would
    stand in logs and process lists.
    """
    url = value.strip()
    if "://" not in url:
        url = f"https://{url}"
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname or "", parts.port
    except ValueError:
        raise OptionError(f"{option} is not a URL that can be used") from None
    if parts.username is not None or parts.password is not None:
        raise OptionError(f"{option} must not have credentials in it; give them in the options made for them")
    if parts.scheme not in ("http", "https") or not re.fullmatch(r"[A-Za-z0-9._:-]+", host):
        raise OptionError(f"{option} is not a URL that can be used: {url!r}")
    if re.search(r"[\s\\?#\x00-\x1f\x7f]", url):
        # Behind one of these, be it the last character, a path is none. Not repeated: people put tokens there.
        raise OptionError(f"{option} must be an address and perhaps a base path, without a query")
    if parts.scheme == "http" and not allow_http and not _is_loopback(host):
        raise OptionError(
            f"{option} {url} is plain HTTP, which would show the credentials to everybody on the way",
            "Use https, or set allow_http: true if you accept that.",
        )
    return url.rstrip("/")


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def secret(params: Params, name: str, run: Run) -> str:
    """A secret option as it goes into a header: without the newline that a file lookup leaves at its end.

    The shortened value is hidden as well: Ansible hides only the value as it was given.
    """
    value = str(params[name]).strip()
    run.hide(value)
    if not value or not re.fullmatch(r"[\x21-\x7e]+", value):
        raise OptionError(f"{name} is empty, or has characters in it that no such credential has")
    return value


def choose(params: Params, spec: t.Mapping[str, t.Any], ways: t.Sequence[t.Sequence[str]]) -> t.Sequence[str]:
    """The one way to authenticate, of ``ways``: each the names of the options that it needs.

    What the task gives comes before what the environment holds: an access token in a task must not lose to an API key
    that somebody exported, nor the other way round, for it may belong to another organisation.
    """
    named = [way for way in ways if any(params.get(name) and _given(params, spec, name) for name in way)]
    # Where the task gives half of one, the other half is missing: nobody whom the environment knows steps in.
    meant = named or ways
    complete = [way for way in meant if all(params.get(name) for name in way)]
    if named and len(complete) > 1:
        raise OptionError(f"Give only one of {_alternatives(complete)}")
    if complete:
        return complete[0]
    missing = [
        f"{name} is missing"
        for way in meant
        if any(params.get(name) for name in way)
        for name in way
        if not params.get(name)
    ]
    raise OptionError(
        f"No credentials: {'; '.join(missing) or 'none were given'}",
        f"Give {_alternatives(ways)}, as options, in module_defaults or in the environment"
        f" ({', '.join(n for way in ways for name in way for n in _variables(spec, name))}).",
    )


def _given(params: Params, spec: t.Mapping[str, t.Any], name: str) -> bool:
    """Whether the option comes from the task, not from its default or its environment fallback."""
    value = params.get(name)
    if value is None or value == spec[name].get("default"):
        return False
    return all(os.environ.get(variable) != value for variable in _variables(spec, name))


def _variables(spec: t.Mapping[str, t.Any], name: str) -> t.Sequence[str]:
    fallback = spec[name].get("fallback")
    return fallback[1] if fallback else []


def _alternatives(ways: t.Iterable[t.Sequence[str]]) -> str:
    return ", or ".join(" and ".join(way) for way in ways)


def refuse_foreign(
    params: Params,
    spec: t.Mapping[str, t.Any],
    provider: str,
    takes: t.Mapping[str, t.Mapping[str, t.Sequence[str] | None]],
    within: str = "",
) -> None:
    """Refuse options, and values of options, that belong to another provider.

    ``takes`` lists what each one knows; ``within`` is where the options stand, such as C(query.).
    """
    mine = takes[provider]
    for name in dict.fromkeys(name for options in takes.values() for name in options):
        if name not in mine and _given(params, spec, name):
            takes_here = ", ".join(within + one for one in mine)
            raise OptionError(f"{within}{name} is not for provider {provider}, which takes {takes_here}")
        values = mine.get(name)
        if values and params[name] is not None and params[name] not in values:
            raise OptionError(f"{name} is {params[name]!r}; for provider {provider} it is one of {', '.join(values)}")


def checked_ids(option: str, values: t.Iterable[str], pattern: str, kind: str) -> list[str]:
    """The ids without repetitions, in their order. All bad ones are named at once."""
    ids = list(dict.fromkeys(value.strip() for value in values))
    bad = [value for value in ids if not re.fullmatch(pattern, value)]
    if bad:
        shown = ", ".join(repr(value[:80]) for value in bad[:5]) + (", …" if len(bad) > 5 else "")
        raise OptionError(f"{option}: not the id of a {kind}: {shown}")
    return ids


def checked_text(option: str, value: str | None) -> str | None:
    """Text that every platform can store: no NUL, no half of a surrogate pair."""
    if value is not None and re.search("[\x00\ud800-\udfff]", value):
        raise OptionError(f"{option} has a character in it that cannot be stored (NUL, or half of a surrogate pair)")
    return value
