# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The platforms."""

from __future__ import annotations

import importlib
import re
import typing as t

from ......plugins.module_utils import platforms
from .platform import Platform
from .values import Raw


def _of(name: str) -> Platform:
    """The file beside this one has the platform under its name in capitals."""
    return t.cast(Platform, getattr(importlib.import_module(f".{name}", __package__), name.upper()))


PLATFORMS: dict[str, Platform] = {name: _of(name) for name in platforms.PLATFORMS}
_BY_NAME = {
    name: PLATFORMS[row.name]
    for row in platforms.PLATFORMS.values()
    for name in (row.name, row.alias, *row.event_names)
}


def platform_named(name: t.Any) -> Platform | None:
    """The platform with this name, whatever its case, and with blanks or hyphens for underscores."""
    return _BY_NAME.get(re.sub("[ -]", "_", name.strip().lower())) if isinstance(name, str) else None


def platform_of(document: Raw) -> Platform | None:
    """The platform that an object names, or looks like an alert of."""
    if isinstance(document.get("platform"), str):
        return platform_named(document["platform"])
    return next((one for one in PLATFORMS.values() if one.looks_like(document)), None)
