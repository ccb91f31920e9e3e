# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Typed access into answers, which may have any shape."""

from __future__ import annotations

import typing as t

Piece = t.TypeVar("Piece")


def batches(pieces: t.Sequence[Piece], size: int) -> list[t.Sequence[Piece]]:
    """The pieces in their order, at most ``size`` of them together."""
    return [pieces[start : start + size] for start in range(0, len(pieces), size)]


def dig(value: t.Any, *path: str) -> t.Any:
    """The value at the end of a path of keys; V(None) if the answer has no such path."""
    for step in path:
        value = value.get(step) if isinstance(value, dict) else None
    return value


def has_types(value: t.Any, kinds: t.Mapping[str, type], items: type = str) -> bool:
    """Whether the values under these keys of an object have these types, lists of ``items``, or are absent.

    An object with other types is not interpreted: a wrong guess could end in a false report, or in a wrong write.
    """
    # isinstance would take a boolean for an integer.
    # pylint: disable=unidiomatic-typecheck
    return isinstance(value, dict) and all(
        type(value[name]) is kind and (kind is not list or all(type(item) is items for item in value[name]))
        for name, kind in kinds.items()
        if value.get(name) is not None
    )


def text(value: t.Any) -> str | None:
    """A string in an answer, with halves of surrogate pairs replaced: JSON may have them, output must not."""
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else None


def integer(value: t.Any) -> int | None:
    """An integer in an answer; V(None) for anything else, booleans included."""
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def texts(value: t.Any) -> list[str]:
    """The strings in a list of an answer."""
    return [text(item) or "" for item in value if isinstance(item, str)] if isinstance(value, list) else []
