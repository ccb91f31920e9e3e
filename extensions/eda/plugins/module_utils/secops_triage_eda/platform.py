# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the event source and the filter know of a platform: one row of data and small functions each."""

from __future__ import annotations

import dataclasses
import typing as t

from ......plugins.module_utils._core.endpoint import Endpoint
from ......plugins.module_utils._core.errors import OptionError
from ......plugins.module_utils._core.options import Params, TaskContext
from ......plugins.module_utils._core.times import utc
from ......plugins.module_utils.platforms import PLATFORMS
from .values import Raw, field

Args = dict[str, t.Any]
#: Options in the form of the modules' argument specs.
Specs = t.Mapping[str, t.Mapping[str, t.Any]]
#: Pages of a platform's own objects.
Pages = t.AsyncIterator[list[Raw]]


class Reader(t.Protocol):
    """The connection to a platform, as its search sees it."""

    #: Whether the platform's own objects are wanted whole.
    raw: bool

    async def read(self, method: str, path: str, **body: t.Any) -> Raw:
        """The JSON object of an answer. Raises `TransientError` and `TriageError`."""


@dataclasses.dataclass(frozen=True)
class Platform:
    """One platform."""

    name: str
    #: Where an alert has each field of an event; the first path that is there counts. An event can be read again.
    fields: t.Mapping[str, tuple[str, ...]]
    #: When an alert was raised, by the clock that the search goes by.
    time_field: str
    #: Whether an object without a platform's name is an alert of this one.
    looks_like: t.Callable[[Raw], bool]
    #: The API, with what reading alerts takes. Raises `TriageError`.
    endpoint: t.Callable[[Params, TaskContext], Endpoint]
    #: The option query in the form that ``search`` takes. Raises `OptionError`.
    query: t.Callable[[t.Any], t.Any]
    #: All alerts from a moment on, and maybe older ones. Raises `TransientError` and `TriageError`.
    search: t.Callable[[Reader, t.Any, str], Pages]
    #: Whether the search shows the oldest alerts first; otherwise it shows the newest first.
    oldest_first: bool
    #: Headers of all requests, beside those of the endpoint.
    headers: t.Mapping[str, str] = dataclasses.field(default_factory=dict)
    #: The texts that a status can be; others count as not told. Empty: any.
    statuses: t.Sequence[str] = ()

    @property
    def id_pattern(self) -> str:
        """An id. None of its characters means anything to a template, a shell or a path."""
        return PLATFORMS[self.name].id_pattern

    @property
    def options(self) -> Specs:
        """How to reach it: the options of the modules."""
        return PLATFORMS[self.name].options.options

    @property
    def credentials(self) -> set[str]:
        """The names of all options that authenticate."""
        return {name for method in PLATFORMS[self.name].auth_methods for name in method}

    def time_of(self, raw: Raw) -> str | None:
        """The moment when an alert was raised."""
        return utc(field(raw, self.time_field))


def query_of(query: t.Any, platform: str, names: t.Sequence[str]) -> Args:
    """The option query, which is a mapping with no other keys than these. Raises `OptionError`."""
    query = query or {}
    if not isinstance(query, dict):
        raise OptionError(f"query must be a mapping for platform {platform}")
    unknown = sorted(map(str, set(query) - set(names)))
    if unknown:
        raise OptionError(f"query has {', '.join(unknown)}; for platform {platform} it takes {', '.join(names)}")
    return query
