# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An alert in the one shape that events have, of what any platform shows of it."""

from __future__ import annotations

import datetime as dt
import re
import typing as t

Raw = dict[str, t.Any]

#: The platforms, by the names that they go by.
PLATFORMS = {
    "datadog": "datadog",
    "kibana": "kibana",
    "elastic": "kibana",
    "security_deck": "security_deck",
    "calseta": "calseta",
}
#: What an id looks like. None of these characters means anything to a template, a shell or a path.
_IDS = {
    "datadog": r"[A-Za-z0-9_=-]{1,256}",
    "kibana": r"[A-Za-z0-9_.:=~+-]{1,512}",
    "security_deck": r"[A-Za-z0-9_-]{1,50}",
    "calseta": r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}",
}
_LONGEST = 1000
#: Control characters, those that turn the direction of a text, and halves of surrogate pairs.
_UNPRINTABLE = "[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]+"


def _places(path: str) -> tuple[str, ...]:
    """Where Datadog's API shows something of a signal, depending on the call."""
    return tuple(f"attributes.{place}.{path}" for place in ("attributes", "custom", "gated"))


#: Where an alert has what, the first that is there. What this filter gives can be read again.
_PATHS: dict[str, dict[str, tuple[str, ...]]] = {
    "datadog": {
        "id": ("id", "signal_id"),
        "severity": ("severity", *_places("status")),
        "rule": ("rule", "rule_name", *_places("workflow.rule.name")),
        "host": ("host", "hostname", *_places("host")),
        "title": ("title", "attributes.searchable.title", *_places("title")),
        "status": ("status", *_places("workflow.triage.state")),
        "created": ("created", "attributes.timestamp"),
        "url": ("url", "link"),
    },
    "kibana": {
        "id": ("_id", "kibana.alert.uuid", "id"),
        "severity": ("kibana.alert.severity", "signal.rule.severity", "severity"),
        "rule": ("kibana.alert.rule.name", "signal.rule.name", "rule.name", "rule"),
        "host": ("host.name", "host.hostname", "host"),
        "title": ("kibana.alert.reason", "title", "kibana.alert.rule.name", "signal.rule.name"),
        "status": ("kibana.alert.workflow_status", "signal.status", "status"),
        "created": ("kibana.alert.start", "@timestamp", "created"),
        "url": ("kibana.alert.url", "url"),
    },
    "security_deck": {
        "id": ("id",),
        "severity": ("severity",),
        "rule": ("category.name", "rule"),
        "host": ("details.host", "host"),
        "title": ("title",),
        "status": ("status",),
        "created": ("createTime", "created"),
        "url": ("url",),
    },
    "calseta": {
        "id": ("uuid", "id"),
        "severity": ("severity",),
        "rule": ("detection_rule.name", "rule"),
        "host": ("raw_payload.host", "host"),
        "title": ("title",),
        "status": ("status",),
        "created": ("created_at", "created"),
        "url": ("url",),
    },
}
#: What may stand once, around all alerts of a payload.
_AROUND = {
    "severity": ("context.rule.severity", "rule.severity", "severity"),
    "rule": ("context.rule.name", "rule.name", "rule", "detection_rule.name"),
}


def fields_of(platform: str) -> list[str]:
    """All that `alert_of` looks at."""
    return sorted({path for paths in _PATHS[platform].values() for path in paths})


def alert_of(platform: str, document: Raw, around: Raw) -> Raw:
    """The alert in the common shape; without an id that could be one, its ``id`` is V(None)."""
    if isinstance(document.get("_source"), dict):
        # A hit of Elasticsearch's.
        document = {**document["_source"], "_id": document.get("_id")}
    paths = _PATHS[platform]
    alert: Raw = {"platform": platform}
    for name in ("id", "severity", "rule", "host", "title", "status"):
        alert[name] = _text(document, *paths[name]) or _text(around, *_AROUND.get(name, ()))
    if alert["id"] and not re.fullmatch(_IDS[platform], alert["id"]):
        alert["id"] = None
    if alert["severity"]:
        alert["severity"] = re.sub("^informational$", "info", alert["severity"].lower())
    alert["host"] = alert["host"] or _host(document, around)
    if platform == "datadog" and alert["status"] not in (None, "open", "under_review", "archived"):
        # What its webhooks call the status of an alert is not the state of a signal.
        alert["status"] = None
    # All four call the first state of an alert open.
    alert["new"] = alert["status"] is None or alert["status"].lower() == "open"
    alert["created"] = next(filter(None, (moment_of(field(document, path)) for path in paths["created"])), None)
    url = _text(document, *paths["url"])
    alert["url"] = url if url and url.startswith(("https://", "http://")) else None
    return alert


def _host(document: Raw, around: Raw) -> str | None:
    """The host, where no field of its own names it: among Datadog's tags, or Calseta's indicators."""
    tags = field(document, "attributes.tags") or document.get("tags")
    tags = tags.split(",") if isinstance(tags, str) else tags if isinstance(tags, list) else []
    hosts: list[t.Any] = [
        one.strip()[len("host:") :] for one in tags if isinstance(one, str) and one.strip().startswith("host:")
    ]
    indicators = around.get("indicators")
    known = [one for one in indicators if isinstance(one, dict)] if isinstance(indicators, list) else []
    hosts += [one.get("value") for one in known if one.get("type") == "hostname"]
    return next(filter(None, (_text({"host": one}, "host") for one in hosts)), None)


def field(document: Raw, path: str) -> t.Any:
    """A field by its dotted name, whether that is one key or several, one within the other."""
    if path in document:
        return document[path]
    value: t.Any = document
    for key in path.split("."):
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _text(document: Raw, *paths: str) -> str | None:
    """The first of these fields with a text in it, made harmless. Of several texts it is the first."""
    for path in paths:
        value = field(document, path)
        value = value[0] if isinstance(value, list) and value else value
        # What a webhook could not fill in stays the variable's name.
        if isinstance(value, str) and not re.fullmatch(r"\$[A-Z_]+", value):
            text = re.sub(r"\{(?=[{%#])", "{ ", re.sub(_UNPRINTABLE, " ", value[:_LONGEST])).strip()
            if text:
                return text
    return None


def moment_of(value: t.Any) -> str | None:
    """A moment (ISO 8601, or milliseconds since 1970) in ISO 8601, UTC, to the millisecond."""
    try:
        if isinstance(value, str):
            # Python before 3.11 knows neither the Z, nor fractions of other than three or six digits.
            text = re.sub(r"\.(\d{1,6})\d*", lambda digits: "." + digits[1].ljust(6, "0"), value[:40])
            moment = dt.datetime.fromisoformat(re.sub("[Zz]$", "+00:00", text))
            moment = moment if moment.tzinfo else moment.replace(tzinfo=dt.timezone.utc)
        elif isinstance(value, (int, float)) and not isinstance(value, bool):
            moment = dt.datetime.fromtimestamp(value / 1000, dt.timezone.utc)
        else:
            return None
        return moment.astimezone(dt.timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    except (ValueError, OverflowError, OSError):
        return None


def earlier(moment: str, seconds: float) -> str:
    """A moment that many seconds before, in the same form, in which moments sort as texts do."""
    then = dt.datetime.fromisoformat(moment.replace("Z", "+00:00"))
    try:
        return moment_of((then - dt.timedelta(seconds=seconds)).isoformat()) or moment
    except OverflowError:
        return moment
