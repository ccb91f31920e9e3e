# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The platforms."""

from __future__ import annotations

import re
import typing as t

from .calseta import CALSETA
from .datadog import DATADOG
from .kibana import KIBANA
from .platform import Platform
from .security_deck import SECURITY_DECK
from .values import Raw

PLATFORMS: dict[str, Platform] = {one.name: one for one in (DATADOG, KIBANA, SECURITY_DECK, CALSETA)}
_BY_NAME = {name: one for one in PLATFORMS.values() for name in (one.name, *one.aliases)}


def platform_named(name: t.Any) -> Platform | None:
    """The platform with this name, whatever its case, and with blanks or hyphens for underscores."""
    return _BY_NAME.get(re.sub("[ -]", "_", name.strip().lower())) if isinstance(name, str) else None


def platform_of(document: Raw) -> Platform | None:
    """The platform that an object names, or looks like an alert of."""
    if isinstance(document.get("platform"), str):
        return platform_named(document["platform"])
    return next((one for one in PLATFORMS.values() if one.looks_like(document)), None)
