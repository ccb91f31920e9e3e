# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An alert, its desired state and the difference; and the possible outcomes of a write."""

from __future__ import annotations

import dataclasses
import typing as t

from .._core.errors import AmbiguousError, NotSentError, RefusedError, TriageError
from .._http.answer import Answer
from .guards import GuardedState

#: The fields of an alert as the modules report them: values by the names of options.
Fields = dict[str, t.Any]

#: Statuses that do not say whether the request was carried out: a time-out, a replay, a closed connection.
_UNCLEAR_4XX = (408, 425, 499)


@dataclasses.dataclass(frozen=True)
class Alert:
    """An alert as a read or a search shows it."""

    id: str
    #: The fields that the module reports.
    fields: Fields
    #: The state that guards check; V(None) if the task has no guards.
    guarded_state: GuardedState | None = None
    #: The version of the alert, if the service has versions.
    version: int | None = None
    #: Fields that the service cannot store for this alert.
    lacks: t.Collection[str] = ()
    #: The title, as info modules show it; V(None) if the read did not show one. No comparison is about it.
    title: str | None = dataclasses.field(default=None, compare=False)


@dataclasses.dataclass(frozen=True)
class Change:
    """The change of one alert to its ``desired`` state.

    ``desired`` has only the fields that the task sets, and those that are known to follow from them. V(None), V(""),
    V(False) and V([]) are values like others.
    """

    alert: Alert
    desired: Fields

    @property
    def id(self) -> str:
        return self.alert.id

    @property
    def before(self) -> Fields:
        return self.alert.fields

    @property
    def delta(self) -> Fields:
        """The desired fields that differ, or that are unknown, for a search may show less than a read."""
        return {
            name: value for name, value in self.desired.items() if name not in self.before or self.before[name] != value
        }

    @property
    def after(self) -> Fields:
        return {**self.before, **self.desired}

    def moved(self, fields: Fields) -> bool:
        """Whether ``fields`` differ from what was before in any field that the task sets."""
        return any(fields.get(name) != self.before.get(name) for name in self.desired)

    def mismatch(self) -> str:
        """The fields that differ, with their present and their desired values, as a text."""
        return "; ".join(
            f"{name} is {self.before.get(name)!r} where {value!r} was asked for" for name, value in self.delta.items()
        )


@dataclasses.dataclass(frozen=True)
class Confirmed:
    """The answer shows the alert as it is now, so earlier tries no longer matter."""

    of_all: t.ClassVar[bool] = True
    error: t.ClassVar[TriageError | None] = None

    after: Fields
    extra: Fields = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class Accepted:
    """The API accepted the write, but its answer does not show the alert. It is read, and the write is not sent again.

    ``error`` is reported if no read shows the desired state.
    """

    of_all: t.ClassVar[bool] = False
    error: TriageError | None = None
    extra: Fields = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class Refused:
    """The API refused the write, or the write was not sent.

    ``of_all``: the refusal covers all earlier tries too, because they had the same idempotency key. ``again``: another
    try may succeed.
    """

    error: TriageError
    extra: Fields = dataclasses.field(default_factory=dict)
    of_all: bool = False
    again: bool = False


@dataclasses.dataclass(frozen=True)
class Unknown:
    """The write may have been carried out, or may still be. The alert is read; only a write that sets is sent again."""

    of_all: t.ClassVar[bool] = False
    error: TriageError
    extra: Fields = dataclasses.field(default_factory=dict)


Outcome = t.Union[Confirmed, Accepted, Refused, Unknown]


def desired_tags(tags: t.Sequence[str], present: t.Sequence[str], purge: bool) -> list[str]:
    """The desired tags. Tags are a set: their order and repetitions make no difference."""
    if purge and set(tags) != set(present):
        return list(dict.fromkeys(tags))
    return [*present, *(tag for tag in dict.fromkeys(tags) if tag not in present)]


def outcome_of(error: TriageError) -> Refused | Unknown:
    """The outcome of a write that ended in this error: refused if the API itself refused it, or if it was not sent."""
    if isinstance(error, AmbiguousError) or (isinstance(error, RefusedError) and not _is_no(error)):
        return Unknown(error)
    return Refused(error)


def _is_no(error: RefusedError) -> bool:
    """Whether the write was certainly not carried out. A redirect, or a 4xx of a proxy, leaves that open."""
    if isinstance(error, NotSentError) or error.status in (407, 429):
        return True
    own = isinstance(error.body, (dict, list))
    return own and error.status is not None and 400 <= error.status < 500 and error.status not in _UNCLEAR_4XX


def unconfirmed(method: str, path: str, answer: Answer) -> Unknown:
    """The outcome of a write whose answer does not show the alert. A proxy may have answered."""
    return Unknown(AmbiguousError(method, path, "the answer does not show what was done", status=answer.status))
