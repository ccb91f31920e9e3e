# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What every platform offers to the flow, and the ways to look into answers that may hold anything."""

from __future__ import annotations

import typing as t
from urllib.parse import quote

from ._change import Change, Fields, Outcome, Refused, Unknown
from ._errors import RefusedError, TriageError, UnknownFateError


class Platform:
    """Alerts of one API, as the flow sees them. Knows the API, and nothing of Ansible's module object."""

    #: What the API calls its alerts; the name of the list that the module returns.
    kind = "alerts"

    #: How often a write whose fate is unknown is looked at, and sent again if it was not done.
    retries: int

    #: The ids that the task names, checked.
    ids: t.Sequence[str]

    def select(self) -> dict[str, Fields]:
        """The alerts that the task is about, as they are. One that is not found is left out."""
        return self.read(self.ids)

    def read(self, ids: t.Sequence[str]) -> dict[str, Fields]:
        """These alerts as they are now. One that is not found is left out; any other trouble is a `TriageError`."""
        raise NotImplementedError

    def wanted(self, alert_id: str, fields: Fields) -> Fields:
        """The fields as the task wants them, given how they are. Raises `OptionError` where that cannot be."""
        raise NotImplementedError

    def write(self, changes: t.Sequence[Change]) -> dict[str, Outcome]:
        """Make these changes. Every id has an outcome."""
        raise NotImplementedError

    def warnings(self, alerts: t.Mapping[str, Fields]) -> list[str]:
        """What the user should know of the alerts as they are in the end."""
        return []

    def facts(self) -> Fields:
        """Further results of the task."""
        return {}


def fate(error: TriageError) -> Refused | Unknown:
    """The outcome of a write that ended in this error."""
    return Unknown(error) if isinstance(error, UnknownFateError) else Refused(error)


Piece = t.TypeVar("Piece")


def batches(pieces: t.Sequence[Piece], size: int) -> list[t.Sequence[Piece]]:
    return [pieces[start : start + size] for start in range(0, len(pieces), size)]


def segment(alert_id: str) -> str:
    """An id as one segment of a path, which it cannot leave."""
    return quote(alert_id, safe="")


def not_found(error: RefusedError) -> bool:
    """Whether the API itself says that there is no such alert: a page of HTML is a proxy or a wrong address."""
    return error.status == 404 and isinstance(error.body, dict)


def dig(value: t.Any, *path: str) -> t.Any:
    """What stands at the end of the path, or V(None) if there is no such place: answers may hold anything."""
    for step in path:
        value = value.get(step) if isinstance(value, dict) else None
    return value


def text(value: t.Any) -> str | None:
    """A string out of an answer, without the halves of surrogate pairs that JSON may hold but no output can."""
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else None


def texts(value: t.Any) -> list[str]:
    """The strings of a list out of an answer."""
    return [text(item) or "" for item in value if isinstance(item, str)] if isinstance(value, list) else []
