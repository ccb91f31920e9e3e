# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a terminal can be given of a text that somebody else wrote."""

from __future__ import annotations

import math
import re
import typing as t

#: Characters that move the cursor, colour, or turn the direction of what follows; and halves of surrogate pairs.
CONTROL_CHARACTERS = "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff"


def one_line(text: str) -> str:
    """A text as part of a message: with spaces in place of such characters, and of line breaks."""
    return re.sub(f"[{CONTROL_CHARACTERS}\t\n\r]+", " ", text)


def has_control_characters(text: str) -> bool:
    """Whether a text has characters that move the cursor, colour, break the line, or turn its direction."""
    return re.search(f"[{CONTROL_CHARACTERS}\t\n\r]", text) is not None


def printable(value: t.Any) -> t.Any:
    """A value as part of a result: every such character in its texts is replaced, so that it can be seen.

    Lines may end as they do on Windows, but not be written over.
    """
    if isinstance(value, str):
        return re.sub(f"[{CONTROL_CHARACTERS}]|\r(?!\n)", "\ufffd", value)
    if isinstance(value, list):
        return [printable(item) for item in value]
    if isinstance(value, dict):
        return {printable(key): printable(item) for key, item in value.items()}
    if isinstance(value, float) and not math.isfinite(value):
        # JSON has no such number, but what reads and writes it here does.
        return str(value)
    return value
