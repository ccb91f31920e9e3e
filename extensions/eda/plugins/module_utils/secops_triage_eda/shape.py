# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An alert in the one shape that events have."""

from __future__ import annotations

import itertools
import re
import typing as t

from ......plugins.module_utils._core.text import shallow
from ......plugins.module_utils._core.times import utc
from .platform import Platform
from .values import Raw, field, text_of

#: Where the envelope, the payload around all alerts, may hold a field of theirs.
_ENVELOPE_FIELDS = {
    "severity": ("context.rule.severity", "rule.severity", "severity"),
    "rule": ("context.rule.name", "rule.name", "rule", "detection_rule.name"),
}


def alert_of(platform: Platform, document: Raw, envelope: Raw, *, raw: bool = False) -> Raw:
    """The alert in the common shape. Its ``id`` is V(None) if the document has none that could be one.

    With ``raw``, the document is there too, without what is nested so deep that a play could not read it.
    """
    whole = document
    if isinstance(document.get("_source"), dict):
        # A hit of a search in Elasticsearch.
        document = {**document["_source"], "_id": document.get("_id")}
    alert: Raw = {"platform": platform.name, "id": _id_of(platform, document)}
    for name in ("severity", "rule", "host", "title", "status"):
        alert[name] = text_of(document, *platform.fields[name]) or text_of(envelope, *_ENVELOPE_FIELDS.get(name, ()))
    alert["severity"] = _severity(alert["severity"])
    alert["host"] = alert["host"] or _tagged_host(document) or _indicated_host(envelope)
    if platform.statuses and alert["status"] not in platform.statuses:
        alert["status"] = None
    # The first state of an alert is called open on all platforms.
    alert["new"] = (alert["status"] or "open").lower() == "open"
    alert["created"] = _created(platform, document)
    alert["url"] = _matching("https?://.*", text_of(document, *platform.fields["url"]))
    return {**alert, "raw": shallow(whole)} if raw else alert


def _id_of(platform: Platform, document: Raw) -> str | None:
    # An id that is there and is none, such as a variable that was not filled in, gives way to no other.
    paths = (path for path in platform.fields["id"] if field(document, path) is not None)
    return _matching(platform.id_pattern, text_of(document, *itertools.islice(paths, 1)))


def _created(platform: Platform, document: Raw) -> str | None:
    moments = (utc(field(document, path)) for path in platform.fields["created"])
    return next(filter(None, moments), None)


def _matching(pattern: str, text: str | None) -> str | None:
    return text if text and re.fullmatch(pattern, text) else None


def _severity(text: str | None) -> str | None:
    return re.sub("^informational$", "info", text.lower()) if text else None


def _tagged_host(document: Raw) -> str | None:
    """The host among Datadog's tags."""
    tags = field(document, "attributes.tags") or document.get("tags")
    tags = tags.split(",") if isinstance(tags, str) else tags
    texts = (tag.strip() for tag in _list(tags) if isinstance(tag, str))
    return _first_text(text[len("host:") :] for text in texts if text.startswith("host:"))


def _indicated_host(envelope: Raw) -> str | None:
    """The host among Calseta's indicators."""
    indicators = (one for one in _list(envelope.get("indicators")) if isinstance(one, dict))
    return _first_text(one.get("value") for one in indicators if one.get("type") == "hostname")


def _list(value: t.Any) -> list[t.Any]:
    return value if isinstance(value, list) else []


def _first_text(values: t.Iterable[t.Any]) -> str | None:
    return next(filter(None, (text_of({"value": value}, "value") for value in values)), None)
