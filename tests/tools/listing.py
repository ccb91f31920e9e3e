# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Lists of all platforms, in YAML and in prose: they are written from the registry.

A list is one of all platforms if it names more than two of those that are known, and nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from ansible_collections.secops.triage.plugins.module_utils import platforms

from .places import ROOT

#: Where such lists are. A module's are the choices of its own argument spec, and the role triage is left alone.
_PATTERNS = (
    "playbooks/*.yml",
    "roles/*/**/*.yml",
    "extensions/eda/rulebooks/*.yml",
    "extensions/eda/plugins/event_*/*.py",
    "plugins/filter/*.py",
)

_NAMES = frozenset(platforms.names_with_aliases())
_NAME = "|".join(map(re.escape, sorted(_NAMES, key=len, reverse=True)))
_FLOW = re.compile(rf"\[((?:{_NAME})(?:, (?:{_NAME})){{2,}})\]")
_PROSE = re.compile(rf"\b((?:{_NAME})(?:, (?:{_NAME}))+) (or|and) ({_NAME})\b")


def files() -> Iterator[Path]:
    """The files that may have lists of all platforms."""
    for pattern in _PATTERNS:
        yield from (path for path in sorted(ROOT.glob(pattern)) if "triage" not in path.relative_to(ROOT).parts[:2])


def current(text: str) -> str:
    """The text with all platforms in each list of them."""
    text = _FLOW.sub(lambda found: f"[{', '.join(_all(found[1].split(', ')))}]", text)
    return _PROSE.sub(_prose, text)


def _prose(found: re.Match[str]) -> str:
    *most, last = _all([*found[1].split(", "), found[3]])
    return f"{', '.join(most)} {found[2]} {last}"


def _all(listed: list[str]) -> list[str]:
    """All platforms, with their other names if the list has any."""
    return platforms.names_with_aliases() if platforms.ALIASES.keys() & set(listed) else list(platforms.PLATFORMS)
