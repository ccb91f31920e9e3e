# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the event source and the filter know of a platform: one row of data and small functions each."""

from __future__ import annotations

import dataclasses
import typing as t

from .errors import SourceError
from .values import Raw, field, moment_of

Args = dict[str, t.Any]
Headers = dict[str, str]
#: Keeps a secret out of all messages, and returns it.
Hide = t.Callable[[str], str]
#: Pages of a platform's own objects.
Pages = t.AsyncIterator[list[Raw]]


class Reader(t.Protocol):
    """The connection to a platform, as its search sees it."""

    #: Whether the platform's own objects are wanted whole.
    raw: bool

    async def read(self, method: str, path: str, **body: t.Any) -> Raw:
        """The JSON object of an answer. Raises `TransientError` and `SourceError`."""


class AuthMethod(t.NamedTuple):
    """One way to authenticate: the options that it needs, and the headers that their values become."""

    options: tuple[str, ...]
    #: V(None) if a token has to be fetched.
    headers: t.Callable[[t.Mapping[str, str], Hide], Headers] | None
    #: Why values cannot be what the options are for, if so: the message of an error.
    objection: t.Callable[[Args], str | None] = lambda options: None


@dataclasses.dataclass(frozen=True)
class Platform:
    """One platform."""

    name: str
    #: Other names, in lower case with underscores.
    aliases: t.Sequence[str]
    #: An id. None of its characters means anything to a template, a shell or a path.
    id_pattern: str
    #: Where an alert has each field of an event; the first path that is there counts. An event can be read again.
    fields: t.Mapping[str, tuple[str, ...]]
    #: When an alert was raised, by the clock that the search goes by.
    time_field: str
    #: Whether an object without a platform's name is an alert of this one.
    looks_like: t.Callable[[Raw], bool]
    #: The options of its own and their defaults. The default's type is the option's.
    options: Args
    #: The environment variables of options, the first one that is set counts; those of the modules.
    variables: t.Mapping[str, list[str]]
    auth_methods: t.Sequence[AuthMethod]
    #: What reading alerts takes, for the hint of a 401 or 403.
    permission: str
    #: The address that paths are appended to. ``api_url`` in the options was checked. Raises `SourceError`.
    base_url: t.Callable[[Args], str]
    #: The option query in the form that ``search`` takes. Raises `SourceError`.
    query: t.Callable[[t.Any], t.Any]
    #: All alerts from a moment on, and maybe older ones. Raises `TransientError` and `SourceError`.
    search: t.Callable[[Reader, t.Any, str], Pages]
    #: Whether the search shows the oldest alerts first; otherwise it shows the newest first.
    oldest_first: bool
    #: Headers of all requests.
    headers: t.Mapping[str, str] = dataclasses.field(default_factory=dict)
    #: The texts that a status can be; others count as not told. Empty: any.
    statuses: t.Sequence[str] = ()

    @property
    def credentials(self) -> set[str]:
        """The names of all options that authenticate."""
        return {name for method in self.auth_methods for name in method.options}

    def time_of(self, raw: Raw) -> str | None:
        """The moment when an alert was raised."""
        return moment_of(field(raw, self.time_field))


def bearer(name: str, objection: t.Callable[[Args], str | None] = lambda options: None) -> AuthMethod:
    """The option as a bearer token."""
    return AuthMethod((name,), lambda values, hide: {"Authorization": f"Bearer {values[name]}"}, objection)


def texts_of(query: t.Any, platform: str, names: tuple[str, ...]) -> dict[str, str]:
    """The option query as texts, where it is a mapping with no other keys than these. Raises `SourceError`."""
    query = query or {}
    if not isinstance(query, dict):
        raise SourceError(f"query must be a mapping for platform {platform}")
    unknown = sorted(map(str, set(query) - set(names)))
    if unknown:
        raise SourceError(f"query has {', '.join(unknown)}; for platform {platform} it takes {', '.join(names)}")
    return {name: ",".join(map(str, value)) if isinstance(value, list) else str(value) for name, value in query.items()}
