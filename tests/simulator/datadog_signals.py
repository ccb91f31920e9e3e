# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What Datadog holds: signals, users, incidents, and the shapes in which its two APIs show them."""

from __future__ import annotations

import random
import time
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from typing import Any

from .dates import iso
from .seeds import SEVERITIES, TRIAGED_AFTER, Scene, scenes, signal_id, uuid4

STATES = ("open", "archived", "under_review")
REASONS = (
    "none",
    "false_positive",
    "testing_or_maintenance",
    "remediated",
    "investigated_case_opened",
    "true_positive_benign",
    "true_positive_malicious",
    "other",
)
_ORGANISATION = "9b2c6f3e-0000-4000-8000-000000000001"
NOBODY = {"id": -1, "name": "Unassigned"}


@dataclass(frozen=True)
class User:
    """A user; only those that are not disabled can be assigned."""

    uuid: str
    number: int
    handle: str
    name: str
    status: str = "Active"

    def triage(self) -> dict[str, Any]:
        """The user as triage objects show it."""
        icon = f"https://avatars.example.com/{self.number}"
        return {"id": self.number, "uuid": self.uuid, "handle": self.handle, "name": self.name, "icon": icon}

    def resource(self) -> dict[str, Any]:
        """The user as the users API shows it."""
        attributes = {
            "name": self.name,
            "handle": self.handle,
            "email": self.handle,
            "created_at": "2024-02-03T09:00:00.000000+00:00",
            "modified_at": "2024-02-03T09:00:00.000000+00:00",
            "icon": f"https://avatars.example.com/{self.number}",
            "title": "analyst",
            "allowed_login_methods": [],
            "status": self.status,
            "disabled": self.status == "Disabled",
            "service_account": False,
            "verified": self.status != "Pending",
        }
        relationships = {"roles": {"data": []}, "org": {"data": {"type": "orgs", "id": _ORGANISATION}}}
        return {"type": "users", "id": self.uuid, "attributes": attributes, "relationships": relationships}


@dataclass
class Signal:
    """A signal. Moments are in milliseconds; ``assignee`` is a user's uuid or empty."""

    id: str
    scene: Scene
    timestamp: int
    version: int = 1
    state: str = "open"
    archive_reason: str = "none"
    archive_comment: str | None = None
    assignee: str = ""
    incident_ids: list[int] = field(default_factory=list)
    state_update_timestamp: int | None = None
    state_update_user: str = ""
    comment_timestamp: int | None = None
    comment_user: str = ""
    # One that nobody has written to may have no triage in reads.
    triaged: bool = True
    # Reads that still see the incidents of before, and what they see.
    lag: int = 0
    lagging_ids: list[int] = field(default_factory=list)
    # Searches that still see the signal as it was before it was written, and how that was.
    index_lag: int = 0
    indexed: dict[str, Any] = field(default_factory=dict)

    @property
    def severity(self) -> str:
        """The signal's severity, which the API calls its status."""
        return self.scene.severity

    def triage_state(self) -> dict[str, Any]:
        """What a user would call the signal's state, without the marks that every write leaves."""
        return {
            "state": self.state,
            "archive_reason": self.archive_reason,
            "archive_comment": self.archive_comment,
            "assignee": self.assignee,
            "incident_ids": list(self.incident_ids),
        }

    def as_indexed(self) -> Signal:
        """The signal as a search sees it now."""
        return replace(self, **self.indexed, lag=0) if self.index_lag else self

    def shown_incidents(self) -> list[int]:
        """The incidents that a read sees, each read bringing the truth nearer."""
        if self.lag > 0:
            self.lag -= 1
            return self.lagging_ids
        return self.incident_ids


def written(signal: Signal, users: dict[str, User]) -> dict[str, Any]:
    """The answer of v2 to a write: the whole triage in snake case, without the version."""
    attributes: dict[str, Any] = {
        "state": signal.state,
        "archive_reason": signal.archive_reason,
        "assignee": users[signal.assignee].triage() if signal.assignee else {**NOBODY, "uuid": ""},
        "incident_ids": list(signal.incident_ids),
        "state_update_timestamp": signal.state_update_timestamp,
    }
    if signal.state_update_user:
        attributes["state_update_user"] = users[signal.state_update_user].triage()
    if signal.archive_comment is not None:
        attributes["archive_comment"] = signal.archive_comment
        attributes["archive_comment_timestamp"] = signal.comment_timestamp
        if signal.comment_user:
            attributes["archive_comment_user"] = users[signal.comment_user].triage()
    return attributes


def _triage(signal: Signal, users: dict[str, User], shows: str) -> dict[str, dict[str, Any]]:
    """The triage in camel case, in the parts that a GET scatters over its subtrees."""
    assignee: dict[str, Any] = {"id": NOBODY["id"]}
    person: dict[str, Any] = {"name": NOBODY["name"]}
    if signal.assignee:
        user = users[signal.assignee]
        assignee["id"] = user.number
        keys = {"uuid": ("uuid", "handle", "name"), "handle": ("handle", "name"), "name": ("name",)}[shows]
        person = {key: getattr(user, key) for key in keys}
    archive: dict[str, Any] = {"archiveReason": signal.archive_reason}
    if signal.archive_comment is not None:
        archive["archiveComment"] = signal.archive_comment
    state: dict[str, Any] = {"state": signal.state, "assignee": person}
    if signal.state_update_timestamp is not None:
        state["stateUpdateTimestamp"] = signal.state_update_timestamp
    return {
        "state": state,
        "gated": {"assignee": assignee, "incidentIds": signal.shown_incidents()},
        "archive": archive,
    }


def _workflow(signal: Signal, fields: dict[str, Any], triage: dict[str, Any]) -> dict[str, Any]:
    return {**fields, "triage": triage} if signal.triaged else fields


def read(signal: Signal, users: dict[str, User], shows: str, archive_in: str) -> dict[str, Any]:
    """The answer to a GET: triage split over ``custom`` and ``gated``, with the version."""
    parts = _triage(signal, users, shows)
    custom, gated = parts["state"], parts["gated"]
    (gated if archive_in == "gated" else custom).update(parts["archive"])
    scene = signal.scene
    moment = iso(signal.timestamp / 1000)
    rule = {
        "id": scene.source,
        "name": scene.title,
        "type": "Log Detection",
        "detectionMethod": "threshold",
        "version": 1,
    }
    default = {"isDefaultRule": False, "defaultRuleVersion": 0, "defaultRuleId": None}
    seen = {"events_matched": 1, "first_seen": moment, "last_seen": moment, "rule": default}
    attributes = {
        "version": signal.version,
        "event_id": signal.id[8:],
        "event_tracker_id": signal.id,
        "message": scene.advice,
        "host": scene.host,
        "service": [scene.host.partition("-")[0]],
        "severity": SEVERITIES.index(scene.severity),
        "status": scene.severity,
        "tags": list(scene.tags),
        "tag": {"source": scene.source},
        "timestamp": moment,
        "triggering_log_timestamp": moment,
        "searchable": {"title": scene.title},
        "custom": {"title": scene.title, "entities": [], "workflow": _workflow(signal, {"rule": rule}, custom)},
        "gated": {"workflow": _workflow(signal, seen, gated)},
    }
    return {"data": {"type": "signal", "id": signal.id, "attributes": attributes}}


def listed(signal: Signal, users: dict[str, User], shows: str, hides: Collection[str] = ()) -> dict[str, Any]:
    """One item of a list or search: triage in one place but for what it ``hides``, without a version."""
    parts = _triage(signal, users, shows)
    person = {**parts["state"]["assignee"], **parts["gated"]["assignee"]}
    triage = {**parts["gated"], **parts["archive"], **parts["state"], "assignee": person}
    triage = {key: value for key, value in triage.items() if key not in hides}
    scene = signal.scene
    attributes = {
        "message": scene.advice,
        "tags": [f"source:{scene.source}", f"host:{scene.host}", *scene.tags],
        "timestamp": iso(signal.timestamp / 1000),
        "attributes": {
            "title": scene.title,
            "status": scene.severity,
            "service": scene.host.partition("-")[0],
            "host": scene.host,
            "source": scene.source,
            "network": {"client": {"ip": scene.source_address}},
            "usr": {"email": scene.user},
            "workflow": _workflow(signal, {"rule": {"name": scene.title}}, triage),
        },
    }
    return {"type": "signal", "id": signal.id, "attributes": attributes}


def make_users(chance: random.Random) -> list[User]:
    """Eight users: two share a name, one handle begins another, one is disabled, one pending."""
    people = (
        ("runbook@example.com", "Runbook Account", "Active"),
        ("amira.haddad@example.com", "Amira Haddad", "Active"),
        ("bruno.costa@example.com", "Bruno Costa", "Active"),
        ("b.costa@example.com", "Bruno Costa", "Active"),
        ("greta@example.com", "Greta Lind", "Active"),
        ("greta@example.com.au", "Greta Lindqvist", "Active"),
        ("femi.left@example.com", "Femi Left", "Disabled"),
        ("ines.new@example.com", "Ines New", "Pending"),
    )
    return [
        User(uuid4(chance), 2000000 + position, handle, name, status)
        for position, (handle, name, status) in enumerate(people)
    ]


def make_incidents(chance: random.Random) -> list[dict[str, Any]]:
    """Five incidents; ``public_id`` is the number that links want."""
    titles = ("Phishing wave", "Leaked deploy key", "Ransomware drill", "Exposed bucket", "Lost laptop")
    return [
        make_incident(chance, 4100 + position, title, f"SEV-{position + 1}", "active" if position < 4 else "resolved")
        for position, title in enumerate(titles)
    ]


def make_incident(
    chance: random.Random, number: int, title: str, severity: str = "UNKNOWN", state: str = "active"
) -> dict[str, Any]:
    """An incident, as answers show it."""
    return {
        "type": "incidents",
        "id": uuid4(chance),
        "attributes": {
            "public_id": number,
            "title": title,
            "severity": severity,
            "state": state,
            "fields": {"slug": {"type": "textbox", "value": f"IR-{number}"}},
        },
    }


def make_signals(chance: random.Random, count: int, users: list[User], incidents: list[int]) -> list[Signal]:
    """This many signals; most are open, some are assigned, archived or linked to an incident."""
    now = time.time()
    signals = []
    for scene in scenes(chance, count):
        signal = Signal(signal_id(chance), scene, int((now - scene.age) * 1000), chance.randrange(1, 60))
        signal.state = chance.choices(STATES, (6, 2, 2))[0]
        if signal.state == "archived":
            signal.archive_reason = chance.choice(REASONS[1:])
            signal.archive_comment = chance.choice((None, "Known scanner of the platform team.", "Drill."))
        if signal.state != "open":
            signal.state_update_timestamp = int((now - scene.age * TRIAGED_AFTER) * 1000)
        if chance.random() < 0.4:
            signal.assignee = chance.choice(users[1:5]).uuid
        if chance.random() < 0.2:
            signal.incident_ids = [chance.choice(incidents)]
        signals.append(signal)
    return signals
