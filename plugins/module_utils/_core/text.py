# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Texts from elsewhere, made safe to print on a terminal."""

from __future__ import annotations

import math
import re
import typing as t

#: Characters that control a terminal or change the direction of text, and halves of surrogate pairs.
CONTROL_CHARACTERS = "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff"

#: The most levels of a result. Ansible recurses several calls deep for each level, so an attacker who can nest data in
#: an alert could make every play fail that reads it.
DEEPEST = 64


def one_line(text: str) -> str:
    """A text as part of a message: control characters and line breaks become spaces."""
    return re.sub(f"[{CONTROL_CHARACTERS}\t\n\r]+", " ", text)


def short_line(text: str, longest: int = 120) -> str:
    """A text as a part of one line: no control characters, no line breaks, no repeated spaces, and not too long."""
    line = " ".join(one_line(text).split())
    return line if len(line) <= longest else line[: longest - 1] + "…"


def without_templates(text: str) -> str:
    """A text in which nothing begins a template of Ansible: a blank is in each beginning."""
    return re.sub(r"\{(?=[{%#])", "{ ", text)


def has_control_characters(text: str) -> bool:
    """Whether a text has control characters or line breaks."""
    return re.search(f"[{CONTROL_CHARACTERS}\t\n\r]", text) is not None


def printable(value: t.Any) -> t.Any:
    """A value as part of a result: control characters in its texts become U+FFFD, so that they can be seen.

    A carriage return is kept only before a line feed: alone, it would let a line be written over.
    """
    if isinstance(value, str):
        return re.sub(f"[{CONTROL_CHARACTERS}]|\r(?!\n)", "\ufffd", value)
    if isinstance(value, list):
        return [printable(item) for item in value]
    if isinstance(value, dict):
        return {printable(key): printable(item) for key, item in value.items()}
    if isinstance(value, float) and not math.isfinite(value):
        # JSON has neither NaN nor infinity, but Python's reader and writer take both.
        return str(value)
    return value


def shallow(value: t.Any, levels: int = DEEPEST) -> t.Any:
    """A value without what is nested deeper than so many levels; a text is in its place."""
    if not isinstance(value, (list, dict)):
        return value
    if not levels:
        return f"(left out: nested deeper than {DEEPEST} levels)"
    if isinstance(value, list):
        return [shallow(item, levels - 1) for item in value]
    return {key: shallow(item, levels - 1) for key, item in value.items()}
