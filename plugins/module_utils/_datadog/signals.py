# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Datadog: a signal as answers show it, which differs between reading one and searching many."""

from __future__ import annotations

import dataclasses
import re
import typing as t

from .._core.values import dig, has_types, integer, text
from .words import SIGNAL_ID

#: The places below C(attributes) where a read and a search keep what they show.
_PLACES = ("gated", "custom", "attributes")

_TEXTS = dict.fromkeys(("state", "archiveReason", "archive_reason", "archiveComment", "archive_comment"), str)

_CAMEL = {"archive_reason": "archiveReason", "archive_comment": "archiveComment", "incident_ids": "incidentIds"}

Triage = dict[str, t.Any]


@dataclasses.dataclass(frozen=True)
class Signal:
    """What an answer shows of a signal."""

    id: str
    triage: Triage
    #: The API's object, an item of C(data) or all of it.
    raw: dict[str, t.Any]
    #: Whether it is what a search has found, which may be behind the truth, and need not show all.
    found: bool = False
    #: The fields of the triage that different parts of the answer tell differently. What `triage` has is the last.
    contradicted: t.AbstractSet[str] = frozenset()

    @classmethod
    def of(cls, raw: t.Any, found: bool = False) -> Signal | None:
        """The signal; V(None) where the answer shows none, or a triage of other types than the API names.

        The ``triage`` of a signal that has none is empty, and its `state` V(None).
        """
        signal_id, parts = dig(raw, "id"), _triage_parts(raw)
        known = isinstance(signal_id, str) and re.fullmatch(SIGNAL_ID, signal_id)
        return cls(signal_id, _merged(parts), raw, found, _contradicted(parts)) if known and parts is not None else None

    @property
    def state(self) -> str | None:
        """The triage state; V(None) if the answer shows none. To take it for open or archived would be a guess."""
        return text(self.triage.get("state"))

    def has_field(self, name: str) -> bool:
        """Whether the answer tells a field of the triage. Where a read shows a triage, an absent field is told, too."""
        # Where there is a reason, no comment means that there is none.
        name = "archive_reason" if name == "archive_comment" else name
        return (bool(self.triage) and not self.found) or triage_field(self.triage, name) is not None

    @property
    def version(self) -> int | None:
        return integer(dig(self.raw, "attributes", "version"))

    @property
    def severity(self) -> str | None:
        """The severity in a word, which the API calls the status: what the first place tells, as it is written there.

        What is there and no text is an unknown severity, and no other place speaks for it.
        """
        return text(next(iter(self._severities), None)) or None

    @property
    def agreed_severity(self) -> str | None:
        """The severity, if all places that tell one tell the same; V(None) if they differ: one of them is wrong."""
        told = self._severities
        return self.severity if all(one == told[0] for one in told) else None

    @property
    def _severities(self) -> list[t.Any]:
        """The severity that the answer shows.

        A read that was recorded has it right in C(attributes). No page says that C(status) means anything else in
        the objects below, which the API calls the attributes of the signal, so it may be the severity there, too.
        """
        paths = (("attributes", "status"), *(("attributes", place, "status") for place in _PLACES))
        return [value for value in (dig(self.raw, *path) for path in paths) if value is not None]

    @property
    def title(self) -> str | None:
        places = (("attributes", place, "title") for place in ("searchable", *_PLACES))
        return self._first(*places)

    @property
    def rule(self) -> str | None:
        """The name of the detection rule."""
        return self._first(*(("attributes", place, "workflow", "rule", "name") for place in _PLACES))

    @property
    def timestamp(self) -> t.Any:
        return dig(self.raw, "attributes", "timestamp")

    def _first(self, *paths: t.Sequence[str]) -> str | None:
        return next(filter(None, (text(dig(self.raw, *path)) for path in paths)), None)


def triage_field(triage: Triage, name: str) -> t.Any:
    """A field of a triage object: a read spells its keys in camelCase, a write's answer does not. V(None) is absent."""
    value = triage.get(_CAMEL.get(name, name))
    return triage.get(name) if value is None else value


def is_valid(triage: t.Any) -> bool:
    """Whether all that we look at in a triage object is of the types that the API names, in either spelling."""
    return (
        has_types(triage, _TEXTS)
        and has_types(triage, dict.fromkeys(("incidentIds", "incident_ids"), list), int)
        and has_types(triage, {"assignee": dict})
        and has_types(triage.get("assignee") or {}, dict.fromkeys(("uuid", "handle", "name"), str))
    )


def _triage_parts(raw: t.Any) -> list[Triage] | None:
    """The triage objects in an answer, of which each shows another half; V(None) where one is malformed."""
    attributes = dig(raw, "attributes")
    places = [dig(attributes, place) for place in _PLACES]
    workflows = [dig(place, "workflow") for place in places]
    parts = [dig(workflow, "triage") for workflow in workflows]
    objects = all(isinstance(one, (dict, type(None))) for one in (*places, *workflows))
    told = [part for part in parts if part is not None]
    # Each by itself: in the merged one, a sound value would replace a malformed one.
    return told if isinstance(attributes, dict) and objects and all(map(_is_part, told)) else None


def _is_part(triage: t.Any) -> bool:
    return is_valid(triage) and triage.get("state") != ""


def _merged(parts: t.Iterable[Triage]) -> Triage:
    """The triage object of its parts. A V(null) is absent, and takes the place of nothing."""
    merged: Triage = {}
    for part in parts:
        for key, value in part.items():
            known = merged.get(key)
            if isinstance(known, dict) and isinstance(value, dict):
                merged[key] = {**known, **{name: one for name, one in value.items() if one is not None}}
            else:
                merged[key] = known if value is None else value
    return merged


def _contradicted(parts: t.Iterable[Triage]) -> frozenset[str]:
    """The fields that two of the parts tell differently: whole, or a key of the object that they are."""
    told: dict[tuple[str, ...], t.Any] = {}
    contradicted = set()
    for part in parts:
        for path, value in _leaves(part):
            known = told.setdefault(path, value)
            # 1 is no True, nor is -1 the -1.0 of another part.
            if type(known) is not type(value) or known != value:  # pylint: disable=unidiomatic-typecheck
                contradicted.add(path[0])
    return frozenset(contradicted)


def _leaves(part: Triage) -> t.Iterator[tuple[tuple[str, ...], t.Any]]:
    """What a part tells, each with the way to it. A V(null) tells nothing."""
    for key, value in part.items():
        if isinstance(value, dict):
            yield from (((key, name), one) for name, one in value.items() if one is not None)
        elif value is not None:
            yield (key,), value
