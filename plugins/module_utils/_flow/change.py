# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is, what should be, and the difference; and what can become of a write."""

from __future__ import annotations

import dataclasses
import typing as t

from .._core.errors import AmbiguousError, NotSentError, RefusedError, TriageError
from .._http.transport import Answer

#: An alert as the modules report it: option names to values. What an option does not name is not in it.
Fields = dict[str, t.Any]

#: Statuses that say nothing of what was done: a time-out, a replay, a caller that went away.
_UNCLEAR_4XX = (408, 425, 499)


@dataclasses.dataclass(frozen=True)
class Change:
    """One alert's way from ``before`` to ``wanted``.

    ``wanted`` has only the fields that the task asks for (or that are known to follow from it); a value of V(None),
    V(""), V(False) or V([]) in it means what it says.
    """

    id: str
    before: Fields
    desired: Fields

    @property
    def delta(self) -> Fields:
        """What is wanted and is not so, or is not known to be: a search may show less than a read."""
        return {
            name: value for name, value in self.desired.items() if name not in self.before or self.before[name] != value
        }

    @property
    def after(self) -> Fields:
        return {**self.before, **self.desired}

    def moved(self, fields: Fields) -> bool:
        """Whether anything that the task asks for is otherwise in ``fields`` than it was before."""
        return any(fields.get(name) != self.before.get(name) for name in self.desired)

    def mismatch(self) -> str:
        """What ``before`` shows instead of what is wanted, both named."""
        return "; ".join(
            f"{name} is {self.before.get(name)!r} where {value!r} was asked for" for name, value in self.delta.items()
        )


@dataclasses.dataclass(frozen=True)
class Confirmed:
    """The API's answer shows the alert as it is now, whatever came of the tries before."""

    of_all: t.ClassVar[bool] = True
    error: t.ClassVar[TriageError | None] = None

    after: Fields
    extra: Fields = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class Accepted:
    """The API took the write, but its answer does not show the alert: look, and never send it again.

    ``error`` is what to say where it is not seen in the end.
    """

    of_all: t.ClassVar[bool] = False
    error: TriageError | None = None
    extra: Fields = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class Refused:
    """The API said no, or nothing was sent to it.

    ``of_all`` says that this is the answer to every try before it too, for they had the same idempotency key.
    """

    error: TriageError
    extra: Fields = dataclasses.field(default_factory=dict)
    of_all: bool = False


@dataclasses.dataclass(frozen=True)
class Unknown:
    """Nobody knows whether it was done, or may be done still: look, and send it again only if it sets a state."""

    of_all: t.ClassVar[bool] = False
    error: TriageError
    extra: Fields = dataclasses.field(default_factory=dict)


Outcome = t.Union[Confirmed, Accepted, Refused, Unknown]


def desired_tags(tags: t.Sequence[str], present: t.Sequence[str], purge: bool) -> list[str]:
    """The tags as they should be. They are a set to those who use them: order and repetitions make no difference."""
    if purge and set(tags) != set(present):
        return list(dict.fromkeys(tags))
    return [*present, *(tag for tag in dict.fromkeys(tags) if tag not in present)]


def outcome_of(error: TriageError) -> Refused | Unknown:
    """The outcome of a write that ended in this error: refused if the API itself says so, or if nothing was sent."""
    if isinstance(error, AmbiguousError) or (isinstance(error, RefusedError) and not _is_no(error)):
        return Unknown(error)
    return Refused(error)


def _is_no(error: RefusedError) -> bool:
    """Whether nothing was done for sure. A redirect, and a 4xx of another than the API, need not mean that."""
    if isinstance(error, NotSentError) or error.status in (407, 429):
        return True
    own = isinstance(error.body, (dict, list))
    return own and error.status is not None and 400 <= error.status < 500 and error.status not in _UNCLEAR_4XX


def unconfirmed(method: str, path: str, answer: Answer) -> Unknown:
    """The outcome of a write that was answered without showing the alert: it need not be the API that answered."""
    return Unknown(AmbiguousError(method, path, "the answer does not show what was done", status=answer.status))
