# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One event for each alert, in one shape, from the payloads that platforms send."""

from __future__ import annotations

import importlib.util
import json
import typing as t
from pathlib import Path

DOCUMENTATION = r"""
short_description: Turn the payloads of platforms into one event per alert, in one shape
version_added: 1.1.0
description:
  - Takes the payloads of Datadog's webhooks, Kibana's webhook connector, Calseta's agents and Security Deck's API from
    the event's C(payload) or C(body), or the event itself.
  - The event has C(alert), which always has the keys C(platform), C(id), C(severity), C(rule), C(host), C(title),
    C(status), C(new), C(created) and C(url). A value that is missing in the payload is C(null).
  - A payload with several alerts becomes as many events. An alert that is in it twice becomes one.
  - An event that is not recognised is passed through, and C(unrecognized) says why. It never has C(alert); what was
    under that key is then under C(payload). No payload makes the filter fail.
  - Texts come from whoever caused the alert. The filter removes control characters and breaks up C({{), C({%) and
    C({#), which Ansible would run as a template. It drops the payload and the headers of the request.
options:
  raw:
    description:
      - Add the platform's own object to each event as C(alert.raw).
      - The object is as it came. Ansible would run templates in it.
    type: bool
    default: false
author:
  - secops.triage contributors (@ansible-collections)
"""

EXAMPLES = r"""
- name: Show new alerts
  hosts: localhost
  sources:
    - eda.builtin.webhook:
        port: 5000
        # Without the filters a token of digits would become a number, which no caller's token equals.
        token: "{{ EDA_WEBHOOK_TOKEN | string | tojson }}"
      filters:
        - secops.triage.normalize:
  rules:
    - name: Show a new alert
      condition: event.alert.new == true
      action:
        print_event:
"""

# ansible-rulebook runs this file by its path: the shared code is found from there.
_spec: t.Any = importlib.util.spec_from_file_location(
    "secops_triage_loading", Path(__file__).parents[1] / "module_utils" / "secops_triage_eda" / "loading.py"
)
_loading = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_loading)
_registry = _loading.load("registry")
_shape = _loading.load("shape")
_values = _loading.load("values")

Event = dict[str, t.Any]

_UNKNOWN = "this is no alert of a platform that is known"


def main(event: t.Any, raw: bool = False) -> Event | list[Event]:
    """The event, or the events, for the alerts in an event."""
    if not isinstance(event, dict):
        return {"payload": event, "unrecognized": "the event is not a mapping"}
    found = list(_found(_payload(event)))
    alerts: dict[tuple[str, str], Event] = {}
    unrecognized: list[Event] = []
    for platform, document, envelope in found:
        alert = _shape.alert_of(platform, document, envelope, raw=raw) if platform else {}
        if not alert.get("id"):
            rest = event if len(found) == 1 else {"meta": event.get("meta"), "payload": document}
            unrecognized.append(_passed_through(rest, _reason(platform)))
            continue
        alerts.setdefault((platform.name, alert["id"]), {"meta": _meta(event), "alert": alert})
    events = [*alerts.values(), *unrecognized]
    if not events:
        return _passed_through(event, "there is no alert in it")
    return events[0] if len(events) == 1 else events


def _payload(event: Event) -> t.Any:
    """What the platform has sent. An event stream of the EDA controller puts a list below C(body)."""
    payload = _parsed(event.get("payload", event.get("body", event)))
    return _parsed(payload["body"]) if isinstance(payload, dict) and list(payload) == ["body"] else payload


def _passed_through(event: Event, reason: str) -> Event:
    """The event as it came, but with no C(alert): rules hand that on, and nothing in it was made harmless."""
    kept = {name: value for name, value in event.items() if name != "alert"}
    if "alert" in event:
        kept.setdefault("payload", {"alert": event["alert"]})
    return {**kept, "meta": _meta(event), "unrecognized": reason}


def _reason(platform: t.Any) -> str:
    return f"this looks like an alert of {platform.name}, and has no id of one" if platform else _UNKNOWN


def _found(payload: t.Any) -> t.Iterator[tuple[t.Any, t.Any, Event]]:
    """Every alert in a payload: its platform or V(None), its own object, and the envelope around all of them."""
    envelope = {"alerts": payload} if isinstance(payload, list) else payload
    if not isinstance(envelope, dict):
        return
    named = _registry.platform_named(envelope.get("platform"))
    several = _several(envelope)
    for document in [_single(envelope)] if several is None else several:
        yield (named or _registry.platform_of(document)) if isinstance(document, dict) else None, document, envelope


def _single(envelope: Event) -> Event:
    """The only alert in a payload: the object in it that looks like one, else the payload itself."""
    nested = [envelope.get(name) for name in ("alert", "signal", "data")]
    candidates = (one for one in nested if isinstance(one, dict))
    return next((one for one in candidates if _registry.platform_of(one)), envelope)


def _several(envelope: Event) -> list[t.Any] | None:
    """The list of alerts in a payload, in each form that Kibana's templates give it; V(None) if there is none."""
    alerts = _parsed(_values.field(envelope, "alerts") or _values.field(envelope, "context.alerts"))
    if isinstance(alerts, dict):
        # A summary: its new alerts, else all of them.
        alerts = _parsed(_values.field(alerts, "new.data") or _values.field(alerts, "all.data"))
    return alerts if isinstance(alerts, list) else None


def _parsed(value: t.Any) -> t.Any:
    """The value; if it is a text, what its JSON says, or V(None)."""
    if isinstance(value, str):
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            return None
    return value


def _meta(event: Event) -> Event:
    """ansible-rulebook's own data of an event, as a copy without the headers of the request, which hold secrets."""
    meta = event.get("meta")
    meta = {name: value for name, value in meta.items() if name != "headers"} if isinstance(meta, dict) else {}
    if not isinstance(meta.get("source", {}), dict):
        del meta["source"]
    return meta
