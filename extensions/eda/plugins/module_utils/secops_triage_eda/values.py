# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fields of documents of any shape, and texts that are harmless."""

from __future__ import annotations

import re
import typing as t

from ......plugins.module_utils._core.text import one_line, without_templates
from .errors import TransientError

Raw = dict[str, t.Any]

_MAX_LENGTH = 1000


def field(document: t.Any, path: str) -> t.Any:
    """A field by its dotted name, which may be one key or several nested ones; V(None) if it is not there."""
    if isinstance(document, dict) and path in document:
        return document[path]
    value = document
    for key in path.split("."):
        value = value.get(key) if isinstance(value, dict) else None
    return value


def text_of(document: t.Any, *paths: str) -> str | None:
    """The first of these fields that holds a text, or a list that begins with one."""
    for path in paths:
        value = field(document, path)
        text = harmless(value[0] if isinstance(value, list) and value else value)
        if text:
            return text
    return None


def harmless(value: t.Any) -> str | None:
    """A text without control characters and without what Ansible would run as a template; V(None) if none is left."""
    # A variable that a webhook could not fill in stays the variable's name.
    if not isinstance(value, str) or re.fullmatch(r"\$[A-Z_]+", value):
        return None
    return without_templates(one_line(value[:_MAX_LENGTH])).strip() or None


def objects(value: t.Any) -> list[Raw]:
    """The value if it is a list of objects. Raises `TransientError`."""
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise TransientError("The answer is not a page of alerts")
    return value
