# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What may leave a play of what a service has said: text that is no template, and ids that look like ids.

A variable that another job gets, from C(set_stats) or from a file, is a template wherever Ansible trusts it.
"""

from __future__ import annotations

import json
import re
import typing as t
import uuid

from ansible_collections.secops.triage.plugins.module_utils._core.text import printable, without_templates
from ansible_collections.secops.triage.plugins.module_utils.platforms import PLATFORMS

from ._vocabulary import VocabularyError, platform_named

#: The first of the two characters that a template of Ansible begins with.
_BEGINNING = re.compile(r"\{(?=[{%#])")


def harmless(value: t.Any) -> t.Any:
    """The value with a blank in each beginning of a template, and without control characters, in all of its texts."""
    return _each_text(printable(plain(value)), without_templates)


def harmless_json(value: t.Any, indent: int | None = None) -> str:
    """The value in JSON. What would begin a template is escaped as JSON allows it, so that nothing is lost.

    Outside of JSON's own texts C({) is never followed by one of these characters.
    """
    return _BEGINNING.sub(r"\\u007b", json.dumps(plain(value), indent=indent))


def plain(value: t.Any) -> t.Any:
    """The value as JSON has it, without the marks by which ansible-core knows its own text from others'."""
    return json.loads(json.dumps(_plain(value)))


def alert_ids(value: t.Any, platform: t.Any) -> list[str]:
    """The ids in a list, in the JSON of one, or in a text with blanks, commas or line ends between them, each once.

    Raises `VocabularyError`, which names everything that is no id of the platform.
    """
    name = platform_named(platform)
    ids = list(dict.fromkeys(_listed(value)))
    bad = [one for one in ids if not re.fullmatch(PLATFORMS[name].id_pattern, one)]
    if bad:
        shown = ", ".join(repr(harmless(one[:60])) for one in bad[:5])
        raise VocabularyError(f"Not the id of an alert of {name}: {shown}{', …' if bad[5:] else ''}. Give ids only")
    return list(dict.fromkeys(str(uuid.UUID(one)) for one in ids)) if PLATFORMS[name].has_uuids else ids


def _listed(value: t.Any) -> list[str]:
    if isinstance(value, str) and value.lstrip().startswith("["):
        try:
            value = json.loads(value)
        except ValueError as error:
            raise VocabularyError(f"The list of ids begins as JSON, and is none: {error}") from None
    if isinstance(value, str):
        return re.findall(r"[^\s,]+", value)
    if value is None:
        return []
    # YAML reads an id of digits as a number.
    return [str(one).strip() for one in (value if isinstance(value, (list, tuple)) else [value])]


def _plain(value: t.Any) -> t.Any:
    """Lists, mappings and texts of whatever class, as Python's own."""
    if isinstance(value, dict):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    return value if isinstance(value, (str, int, float, type(None))) else str(value)


def _each_text(value: t.Any, change: t.Callable[[str], str]) -> t.Any:
    if isinstance(value, dict):
        return {_each_text(key, change): _each_text(one, change) for key, one in value.items()}
    if isinstance(value, list):
        return [_each_text(one, change) for one in value]
    return change(value) if isinstance(value, str) else value
