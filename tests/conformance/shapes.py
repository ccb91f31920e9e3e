# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The shape of an answer: its keys and the types of its values; and how an answer differs from one.

A type stands for itself, ``None`` for null, ``ANY`` for anything. ``[shape]`` is a list of such, ``[]`` one that is
always empty. A tuple is any of its members. A mapping has these keys and no others; one that ends in ``?`` may be
missing.
"""

from __future__ import annotations

import dataclasses
import re
import typing as t

from ansible_collections.secops.triage.tests.simulator import Fault

ANY = object()
Shape = t.Any


@dataclasses.dataclass(frozen=True)
class Case:
    """A recorded answer, and the request that brings the simulator to give the same one.

    ``path`` may name an alert of the case's own, as in ``{open}``. ``differs`` has the places (regular expressions)
    where the simulator differs on purpose, with the reason.
    """

    recorded: str
    method: str
    path: str
    status: int
    shape: Shape
    body: t.Any = None
    key: str = ""
    headers: dict[str, str] = dataclasses.field(default_factory=dict)
    data: t.Any = None
    settings: dict[str, t.Any] = dataclasses.field(default_factory=dict)
    fault: Fault | None = None
    differs: t.Mapping[str, str] = dataclasses.field(default_factory=dict)

    def unexpected(self, value: t.Any) -> list[str]:
        """How the answer differs from what was recorded, but for what differs on purpose."""
        found = differences(self.shape, value)
        stale = [place for place in self.differs if not any(re.fullmatch(place, one) for one in found)]
        assert not stale, f"these differ no longer: {stale}"
        return [one for one in found if not any(re.fullmatch(place, one) for place in self.differs)]


def differences(shape: Shape, value: t.Any, place: str = "") -> list[str]:
    """The places where a value is not of a shape, each with what is wrong there."""
    if isinstance(shape, tuple):
        ways = [differences(one, value, place) for one in shape]
        return [] if [] in ways else max(ways, key=len) if isinstance(value, (dict, list)) else ways[0]
    if isinstance(shape, dict) and isinstance(value, dict):
        return _of_keys(shape, value, place)
    if isinstance(shape, list) and isinstance(value, list):
        if not shape:
            return [f"{place}[]: not empty"] if value else []
        return list(dict.fromkeys(one for item in value for one in differences(shape[0], item, f"{place}[]")))
    return [] if shape is ANY or _is(shape, value) else [f"{place}: {_name(value)}"]


def _is(shape: Shape, value: t.Any) -> bool:
    if shape is None:
        return value is None
    # To Python a bool is an int, too.
    return isinstance(shape, type) and isinstance(value, shape) and isinstance(value, bool) == (shape is bool)


def _of_keys(shape: dict[str, Shape], value: dict[str, t.Any], place: str) -> list[str]:
    inner = f"{place}." if place else ""
    known = {key.rstrip("?"): one for key, one in shape.items()}
    found = [f"{inner}{key}: missing" for key in shape if not key.endswith("?") and key not in value]
    for key, one in value.items():
        found += differences(known[key], one, inner + key) if key in known else [f"{inner}{key}: unknown"]
    return found


def _name(value: t.Any) -> str:
    return "null" if value is None else type(value).__name__
