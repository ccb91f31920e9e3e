# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Elastic Security: what a search's hit says of an alert. Fields may be dotted or nested, and twice.

Fields: https://www.elastic.co/docs/reference/security/fields-and-object-schemas/alert-schema
"""

from __future__ import annotations

import re
import typing as t

from .._core.values import dig, text, texts
from .words import LEGACY_RULE, LEGACY_STATUS, REASON_TEXT, RULE, STATUS

Hit = dict[str, t.Any]


def field(hit: Hit, name: str) -> t.Any:
    """A field of a hit's source. Keys are dotted; in alerts from before 8.0 they are nested."""
    source = hit.get("_source")
    flat = dig(source, name)
    return dig(source, *name.split(".")) if flat is None else flat


def status_of(hit: Hit) -> str | None:
    """An alert's status; V(None) if it has none: documents that were added by hand or by a migration may lack it."""
    return first_text(hit, STATUS, LEGACY_STATUS)


def title_of(hit: Hit) -> str | None:
    """An alert's title: its cause in words, or its rule's name."""
    return text(field(hit, REASON_TEXT)) or rule_of(hit)


def rule_of(hit: Hit) -> str | None:
    """The name of an alert's rule."""
    return text(field(hit, RULE)) or text(field(hit, LEGACY_RULE))


def first_text(hit: Hit, *names: str) -> str | None:
    """The first of these fields that is there; V(None) if it is no text: an older field does not speak for a newer."""
    told = next((value for value in (field(hit, name) for name in names) if value is not None), None)
    return text(told) or None


def agreed(hit: Hit, *names: str) -> bool:
    """Whether these fields tell the same wherever a hit tells them: a field may be there dotted, nested, or both."""
    told = [value for name in names for value in _everywhere(hit.get("_source"), name) if value is not None]
    return all(value == told[0] for value in told)


def _everywhere(source: t.Any, name: str) -> t.Iterator[t.Any]:
    """All values of a field in an object: any dots of its name may be steps into an inner object."""
    if isinstance(source, dict):
        yield source.get(name)
        for dot in re.finditer(r"\.", name):
            yield from _everywhere(source.get(name[: dot.start()]), name[dot.end() :])


def is_legacy(hit: Hit) -> bool:
    """Whether an alert is from before 8.0, with no place for a reason, tags or assignees."""
    return field(hit, STATUS) is None and bool(text(field(hit, LEGACY_STATUS)))


def listed(hit: Hit, name: str) -> list[str] | None:
    """A field with any number of texts; V(None) if it holds anything else. A single text is a list of one."""
    value = field(hit, name)
    values = [] if value is None else value if isinstance(value, list) else [value]
    return texts(values) if all(isinstance(one, str) for one in values) else None
