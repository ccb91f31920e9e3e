# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The provenance line: it says who changed an alert, and names the job to look at."""

from __future__ import annotations

import os
import re
import typing as t

from .errors import OptionError
from .options import ArgumentSpec, Params, checked_text
from .text import has_control_characters, one_line

PROVENANCE_OPTIONS = ArgumentSpec({"provenance": {"type": "str", "default": "none"}})

#: The beginning of every provenance line, by which it is recognised.
PREFIX = "Ansible"

_BETWEEN = " · "

#: What asks for no line, and for one that is made of what is known; a boolean of YAML arrives as its name.
_NONE = ("", "none", "false", "no", "off")
_AUTO = ("auto", "true", "yes", "on")

_LONGEST = 200

_LONGEST_PART = 60


def provenance(params: Params, scrub: t.Callable[[t.Any], t.Any]) -> str | None:
    """The provenance line of a task; V(None) if it has none. Raises `OptionError` if the text is not a valid line.

    The line is scrubbed like the task's output, because more people will read it.
    """
    value = params["provenance"].strip()
    if value.lower() in _NONE:
        return None
    return t.cast(str, scrub(provenance_from_environment() if is_auto(value) else _checked(value)))


def is_auto(value: t.Any) -> bool:
    """Whether the line is to be made of what is known: C(true) asks for a line, and not for this word."""
    return str(value).strip().lower() in _AUTO


def _checked(value: str) -> str:
    line = checked_text("provenance", value) or ""
    line = line if is_provenance(line) else f"{PREFIX}{_BETWEEN}{line}"
    if has_control_characters(line):
        raise OptionError("provenance must be one line, without control characters")
    if len(line) > _LONGEST:
        raise OptionError(f"provenance has {len(line)} characters with what it begins with; it may have {_LONGEST}")
    return line


def is_provenance(line: str) -> bool:
    """Whether a line is a provenance line."""
    return line == PREFIX or line.startswith(PREFIX + _BETWEEN)


def compose(parts: t.Iterable[tuple[str, t.Any]]) -> str:
    """The line made of pairs of words and a name or number. Pairs with any other value are left out."""
    known = [f"{words} {_name(value)}" for words, value in parts if _name(value)]
    line = _BETWEEN.join([PREFIX, *known])
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…"


def provenance_from_environment() -> str:
    """The line made of environment variables: a module does not see the variables of the play."""
    # Other schedulers set JOB_ID too; only AWX sets AWX_PRIVATE_DATA_DIR.
    job = os.environ.get("JOB_ID") if os.environ.get("AWX_PRIVATE_DATA_DIR") else None
    user = None if job else os.environ.get("USER") or os.environ.get("LOGNAME")
    return compose([("AWX job", job), ("user", user)])


def without_provenance(text: str) -> str:
    """A text without the provenance line at its end."""
    kept, _newline, last = text.rpartition("\n")
    return kept if is_provenance(last) else text


def with_provenance(text: str, line: str) -> str:
    """A text with this provenance line at its end; it replaces an earlier one."""
    return "\n".join(filter(None, (without_provenance(text), line)))


def _name(value: t.Any) -> str:
    """A name or a number as a part of the line; ``""`` for anything else, such as an unrendered template."""
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        return ""
    name = re.sub(" +", " ", one_line(str(value))).strip()
    if "{{" in name or "{%" in name:
        return ""
    return name if len(name) <= _LONGEST_PART else name[: _LONGEST_PART - 1] + "…"
