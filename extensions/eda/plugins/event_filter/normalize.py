# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One event for one alert, in one shape, out of what the platforms send."""

from __future__ import annotations

import datetime as dt
import json
import re
import typing as t

DOCUMENTATION = r"""
short_description: Turn what the platforms send into one event per alert, in one shape
version_added: 1.1.0
description:
  - Takes what Datadog's webhooks, Kibana's webhook connector, Calseta's agents and Security Deck's API give, out of the
    event's C(payload) or C(body), or the event itself.
  - Gives an event with C(alert), which always has the keys C(platform), C(id), C(severity), C(rule), C(host), C(title),
    C(status), C(new), C(created) and C(url). C(null) is what was not told.
  - A payload with several alerts becomes as many events. An alert that is in it twice becomes one.
  - What is not recognised is passed through, with C(unrecognized) saying why. No payload makes it fail.
  - Texts come from whoever caused the alert. Control characters are taken out of them, and what Ansible would run as a
    template (C({{), C({%), C({#)) is made harmless. The payload is dropped, and so are the headers of the request.
options:
  raw:
    description:
      - Whether each event also has the platform's own object of its alert, as C(alert.raw).
      - That is as it came. Ansible would run the templates in it.
    type: bool
    default: false
author:
  - secops.triage contributors (@ansible-collections)
"""

EXAMPLES = r"""
- name: Close what the remediation has dealt with
  hosts: localhost
  sources:
    - eda.builtin.webhook:
        port: 5000
        token: "{{ EDA_WEBHOOK_TOKEN }}"
      filters:
        - secops.triage.normalize:
  rules:
    - name: Show a new alert
      condition: event.alert is defined and event.alert.new == true
      action:
        print_event:
"""

Event = dict[str, t.Any]

_PLATFORMS = {
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
_UNKNOWN = "this is no alert of a platform that is known"
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


def main(event: t.Any, raw: bool = False) -> Event | list[Event]:
    """The event, or the events, for the alerts in an event."""
    if not isinstance(event, dict):
        return {"payload": event, "unrecognized": "the event is not a mapping"}
    payload = _parsed(event.get("payload", event.get("body", event)))
    alerts: dict[tuple[str, str], Event] = {}
    refused: list[Event] = []
    found = list(_found(payload))
    for platform, document, around in found:
        alert = _alert(platform, document, around) if platform else {}
        if not alert.get("id"):
            why = f"this looks like an alert of {platform}, and has no id of one" if platform else _UNKNOWN
            # Alone, it is passed through as it came.
            rest = {**event, "meta": _meta(event)} if len(found) == 1 else {"meta": _meta(event), "payload": document}
            refused.append({**rest, "unrecognized": why})
            continue
        if raw:
            alert["raw"] = document
        alerts.setdefault((platform, alert["id"]), {"meta": _meta(event), "alert": alert})
    events = [*alerts.values(), *refused]
    if not events:
        return {**event, "meta": _meta(event), "unrecognized": "there is no alert in it"}
    return events[0] if len(events) == 1 else events


def _found(payload: t.Any) -> t.Iterator[tuple[str, t.Any, Event]]:
    """Every alert in a payload: its platform, its own object, and what stands around all of them.

    The platform is V("") where it is not known.
    """
    if isinstance(payload, list):
        payload = {"alerts": payload}
    if not isinstance(payload, dict):
        return
    named = payload.get("platform")
    platform = _PLATFORMS.get(named.lower()) if isinstance(named, str) else None
    several = _several(payload)
    if several is None:
        inner = [payload.get(name) for name in ("alert", "signal", "data")]
        several = [next((one for one in [*inner, payload] if _guess(one)), payload)]
    for document in several:
        whose = (platform or _guess(document) or "") if isinstance(document, dict) else ""
        source = document.get("_source") if whose else None
        yield whose, {**source, "_id": document.get("_id")} if isinstance(source, dict) else document, payload


def _several(payload: Event) -> list[t.Any] | None:
    """The list of alerts in a payload, in the ways in which Kibana's templates give one."""
    alerts = _parsed(_field(payload, "alerts") or _field(payload, "context.alerts"))
    if isinstance(alerts, dict):
        # A summary: what is new in it, else all of it.
        alerts = _parsed(_field(alerts, "new.data") or _field(alerts, "all.data"))
    return alerts if isinstance(alerts, list) else None


def _guess(document: t.Any) -> str | None:
    """Whose alert this looks like."""
    if not isinstance(document, dict):
        return None
    named = document.get("platform")
    if isinstance(named, str):
        return _PLATFORMS.get(named.lower())
    if (document.get("type") == "signal" and "attributes" in document) or "signal_id" in document:
        return "datadog"
    if "_source" in document or _field(document, "kibana.alert") or _field(document, "kibana.alert.uuid"):
        return "kibana"
    if "sinkId" in document:
        return "security_deck"
    if "uuid" in document and "source_name" in document:
        return "calseta"
    return None


def _alert(platform: str, document: Event, around: Event) -> Event:
    """The alert in the common shape; without an id that could be one, its ``id`` is V(None)."""
    paths = _PATHS[platform]
    alert: Event = {"platform": platform}
    for name in ("id", "severity", "rule", "host", "title", "status"):
        alert[name] = _text(document, *paths[name]) or _text(around, *_AROUND.get(name, ()))
    if alert["id"] and not re.fullmatch(_IDS[platform], alert["id"]):
        alert["id"] = None
    if alert["severity"]:
        alert["severity"] = re.sub("^informational$", "info", alert["severity"].lower())
    alert["host"] = alert["host"] or _host(document, around)
    # All four call the first state of an alert open.
    alert["new"] = alert["status"] is None or alert["status"].lower() == "open"
    alert["created"] = next(filter(None, (_moment(_field(document, path)) for path in paths["created"])), None)
    url = _text(document, *paths["url"])
    alert["url"] = url if url and url.startswith(("https://", "http://")) else None
    return alert


def _host(document: Event, around: Event) -> str | None:
    """The host, where no field of its own names it: among Datadog's tags, or Calseta's indicators."""
    tags = _field(document, "attributes.tags") or document.get("tags")
    tags = tags.split(",") if isinstance(tags, str) else tags if isinstance(tags, list) else []
    hosts: list[t.Any] = [
        one.strip()[len("host:") :] for one in tags if isinstance(one, str) and one.strip().startswith("host:")
    ]
    indicators = around.get("indicators")
    known = [one for one in indicators if isinstance(one, dict)] if isinstance(indicators, list) else []
    hosts += [one.get("value") for one in known if one.get("type") == "hostname"]
    return next(filter(None, (_text({"host": one}, "host") for one in hosts)), None)


def _field(document: Event, path: str) -> t.Any:
    """A field by its dotted name, whether that is one key or several, one within the other."""
    if path in document:
        return document[path]
    value: t.Any = document
    for key in path.split("."):
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _text(document: Event, *paths: str) -> str | None:
    """The first of these fields with a text in it, made harmless. Of several texts it is the first."""
    for path in paths:
        value = _field(document, path)
        value = value[0] if isinstance(value, list) and value else value
        # What a webhook could not fill in stays the variable's name.
        if isinstance(value, str) and not re.fullmatch(r"\$[A-Z_]+", value):
            text = re.sub(r"\{(?=[{%#])", "{ ", re.sub(_UNPRINTABLE, " ", value[:_LONGEST])).strip()
            if text:
                return text
    return None


def _moment(value: t.Any) -> str | None:
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


def _parsed(value: t.Any) -> t.Any:
    """The value, or what a text says in JSON, if it does."""
    if isinstance(value, str):
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            return None
    return value


def _meta(event: Event) -> Event:
    """What ansible-rulebook knows of an event, each event's own. Headers may hold what is secret."""
    meta = event.get("meta")
    meta = {name: value for name, value in meta.items() if name != "headers"} if isinstance(meta, dict) else {}
    if not isinstance(meta.get("source", {}), dict):
        del meta["source"]
    return meta
