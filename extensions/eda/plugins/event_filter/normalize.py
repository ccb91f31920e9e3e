# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One event for one alert, in one shape, out of what the platforms send."""

from __future__ import annotations

import importlib
import json
import sys
import typing as t
from pathlib import Path

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
      condition: event.alert.new == true
      action:
        print_event:
"""

_LIBRARY = str(Path(__file__).parents[1] / "module_utils")
if _LIBRARY not in sys.path:
    # ansible-rulebook runs this file by its path: what plugins share is found from there.
    sys.path.append(_LIBRARY)
_shape = importlib.import_module("secops_triage_eda.shape")

Event = dict[str, t.Any]

_UNKNOWN = "this is no alert of a platform that is known"


def main(event: t.Any, raw: bool = False) -> Event | list[Event]:
    """The event, or the events, for the alerts in an event."""
    if not isinstance(event, dict):
        return {"payload": event, "unrecognized": "the event is not a mapping"}
    payload = _parsed(event.get("payload", event.get("body", event)))
    alerts: dict[tuple[str, str], Event] = {}
    refused: list[Event] = []
    found = list(_found(payload))
    for platform, document, around in found:
        alert = _shape.alert_of(platform, document, around) if platform else {}
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
    platform = _shape.PLATFORMS.get(named.lower()) if isinstance(named, str) else None
    several = _several(payload)
    if several is None:
        inner = [payload.get(name) for name in ("alert", "signal", "data")]
        several = [next((one for one in [*inner, payload] if _guess(one)), payload)]
    for document in several:
        yield (platform or _guess(document) or "") if isinstance(document, dict) else "", document, payload


def _several(payload: Event) -> list[t.Any] | None:
    """The list of alerts in a payload, in the ways in which Kibana's templates give one."""
    alerts = _parsed(_shape.field(payload, "alerts") or _shape.field(payload, "context.alerts"))
    if isinstance(alerts, dict):
        # A summary: what is new in it, else all of it.
        alerts = _parsed(_shape.field(alerts, "new.data") or _shape.field(alerts, "all.data"))
    return alerts if isinstance(alerts, list) else None


def _guess(document: t.Any) -> str | None:
    """Whose alert this looks like."""
    if not isinstance(document, dict):
        return None
    named = document.get("platform")
    if isinstance(named, str):
        return t.cast("str | None", _shape.PLATFORMS.get(named.lower()))
    if (document.get("type") == "signal" and "attributes" in document) or "signal_id" in document:
        return "datadog"
    if "_source" in document or _shape.field(document, "kibana.alert") or _shape.field(document, "kibana.alert.uuid"):
        return "kibana"
    if "sinkId" in document:
        return "security_deck"
    if "uuid" in document and "source_name" in document:
        return "calseta"
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
