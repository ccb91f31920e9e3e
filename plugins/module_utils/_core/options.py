# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options that all modules share, and the checks on what users type: addresses, secrets, ids, text."""

from __future__ import annotations

import dataclasses
import os
import re
import typing as t
from pathlib import Path

from .errors import OptionError
from .urls import proxy_url

Params = t.Mapping[str, t.Any]


@dataclasses.dataclass(frozen=True)
class ArgumentSpec:
    """Options with the constraints between them. Specs merge, and their constraints with them.

    An option is specified as Ansible does it, with one key more: ``env`` names the environment variables that stand in
    for the option, in order of precedence. A variable that is set but empty counts as unset.
    """

    options: dict[str, dict[str, t.Any]]
    mutually_exclusive: t.Sequence[t.Sequence[str]] = ()
    required_one_of: t.Sequence[t.Sequence[str]] = ()

    def merge(self, *others: ArgumentSpec) -> ArgumentSpec:
        """This spec followed by the others. Raises `ValueError` if two specs differ about an option."""
        options = dict(self.options)
        for other in others:
            differing = [name for name, spec in other.options.items() if options.get(name, spec) != spec]
            if differing:
                raise ValueError(f"two specs differ about {', '.join(differing)}")
            options.update(other.options)
        specs = (self, *others)
        return ArgumentSpec(
            options,
            [one for spec in specs for one in spec.mutually_exclusive],
            [one for spec in specs for one in spec.required_one_of],
        )


CONNECTION_OPTIONS = ArgumentSpec(
    {
        "allow_http": {"type": "bool", "default": False},
        "validate_certs": {"type": "bool", "default": True},
        "ca_path": {"type": "path"},
        "timeout": {"type": "float", "default": 30},
        "retries": {"type": "int", "default": 4},
        "proxy": {"type": "str", "no_log": True},
        "concurrency": {"type": "int", "default": 8},
    }
)


@dataclasses.dataclass(frozen=True)
class TaskContext:
    """What a platform knows of its task. It does not see Ansible's module object."""

    #: Whether requests that could write are refused, as in check mode.
    read_only: bool
    #: Called with every secret, so that it is removed from all output.
    hide: t.Callable[[str], None]
    #: Removes the secrets from an answer before a message quotes it. The message may cut a secret in half, and Ansible,
    #: which scrubs the output last, would not recognise the half.
    scrub: t.Callable[[t.Any], t.Any] = lambda answer: answer
    #: Whether the task runs in diff mode.
    diff: bool = False
    #: Whether the task was stopped from outside, so that nobody waits for its result.
    is_stopped: t.Callable[[], bool] = lambda: False


@dataclasses.dataclass(frozen=True)
class Connection:
    """The shared options, checked. ``timeout`` is in seconds."""

    timeout: float
    retries: int
    concurrency: int
    validate_certs: bool
    ca_path: str | None
    proxy: str | None
    #: Whether credentials may be sent unencrypted to other hosts.
    allow_http: bool = False
    #: Whether to bypass all proxies, also those of the environment.
    direct: bool = False

    @property
    def authorities(self) -> str | None:
        """The CA certificates of the option or the environment, a file or a folder; V(None) if neither names any."""
        return self.ca_path or environment_value(("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"))

    @classmethod
    def of(cls, params: Params, context: TaskContext) -> Connection:
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
            proxy=proxy_url(params["proxy"], "proxy", context.hide) if params["proxy"] else None,
            allow_http=params["allow_http"],
        )


def _exists(path: str) -> bool:
    try:
        return Path(path).exists()
    except OSError:
        # For example, the name is too long for the file system.
        return False


def reject_other_providers(
    params: Params,
    spec: t.Mapping[str, t.Any],
    provider: str,
    provider_options: t.Mapping[str, t.Mapping[str, t.Sequence[str] | None]],
    within: str = "",
) -> None:
    """Refuse options, and values of options, that belong to another provider.

    ``provider_options`` has the options of each provider, with the values that it takes, or V(None) for any value.
    ``within`` is the prefix of the options in messages, such as C(query.).
    """
    own = provider_options[provider]
    for name in dict.fromkeys(name for options in provider_options.values() for name in options):
        if name not in own and is_given(params, spec, name):
            takes_here = ", ".join(within + one for one in own)
            raise OptionError(f"{within}{name} is not for provider {provider}, which takes {takes_here}")
        values = own.get(name)
        if values and params[name] is not None and params[name] not in values:
            raise OptionError(f"{name} is {params[name]!r}; for provider {provider} it is one of {', '.join(values)}")


def checked_ids(option: str, values: t.Iterable[str], pattern: str, kind: str) -> list[str]:
    """The ids in their order, each once. Raises `OptionError`, which names the invalid ones."""
    ids = list(dict.fromkeys(value.strip() for value in values))
    bad = [value for value in ids if not re.fullmatch(pattern, value)]
    if bad:
        shown = ", ".join(repr(value[:80]) for value in bad[:5]) + (", …" if len(bad) > 5 else "")
        raise OptionError(f"{option}: not the id of a {kind}: {shown}")
    return ids


def checked_text(option: str, value: str | None) -> str | None:
    """A text that every platform can store. Raises `OptionError` for a NUL, or half of a surrogate pair."""
    if value is not None and re.search("[\x00\ud800-\udfff]", value):
        raise OptionError(f"{option} has a character in it that cannot be stored (NUL, or half of a surrogate pair)")
    return value


def is_given(params: Params, options: t.Mapping[str, t.Any], name: str) -> bool:
    """Whether the task itself sets the option, rather than its default or its environment variables."""
    value = params.get(name)
    if value is None or value == options[name].get("default"):
        return False
    return all(os.environ.get(variable) != value for variable in options[name].get("env", ()))


def environment_value(names: t.Iterable[str]) -> str | None:
    """The first of these environment variables that is set and not blank (AWX sets empty ones)."""
    return next((value for value in map(os.environ.get, names) if value and value.strip()), None)


def with_environment(params: Params, options: t.Mapping[str, t.Any]) -> Params:
    """The options, with those of one provider that the task does not set filled in from the environment.

    Ansible's own fallback cannot be used where providers share an option: it would send the key of one to the other.
    """
    found = dict(params)
    for name, spec in options.items():
        if found[name] is None:
            found[name] = environment_value(spec.get("env", ()))
    return found


def desired_list(option: str, values: t.Sequence[str]) -> list[str]:
    """The entries of a list option. A single empty entry, as an AWX survey sends it, is an empty list."""
    entries = [] if list(values) == [""] else list(values)
    for entry in entries:
        checked_text(option, entry)
        if not entry.strip():
            raise OptionError(f"{option} has an empty text in it; for none at all, give an empty list")
    return entries
