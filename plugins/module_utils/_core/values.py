# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Typed access into answers, which may hold anything."""

from __future__ import annotations

import typing as t

Piece = t.TypeVar("Piece")


def batches(pieces: t.Sequence[Piece], size: int) -> list[t.Sequence[Piece]]:
    """The pieces in their order, at most ``size`` of them together."""
    return [pieces[start : start + size] for start in range(0, len(pieces), size)]


def dig(value: t.Any, *path: str) -> t.Any:
    """What stands at the end of the path, or V(None) if there is no such place: answers may hold anything."""
    for step in path:
        value = value.get(step) if isinstance(value, dict) else None
    return value


def has_types(value: t.Any, kinds: t.Mapping[str, type], items: type = str) -> bool:
    """Whether an answer's object has, under these keys, values of these types only, lists of ``items``; or nothing.

    A guess at anything else could end in a report that is not true, or in a write of what has been misread.
    """
    # Exactly of these types: a truth value is an integer, too.
    # pylint: disable=unidiomatic-typecheck
    return isinstance(value, dict) and all(
        type(value[name]) is kind and (kind is not list or all(type(item) is items for item in value[name]))
        for name, kind in kinds.items()
        if value.get(name) is not None
    )


def text(value: t.Any) -> str | None:
    """A string out of an answer, without the halves of surrogate pairs that JSON may hold but no output can."""
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else None


def integer(value: t.Any) -> int | None:
    """A whole number out of an answer. To Python a truth value is one, too; here it is not."""
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def texts(value: t.Any) -> list[str]:
    """The strings of a list out of an answer."""
    return [text(item) or "" for item in value if isinstance(item, str)] if isinstance(value, list) else []
