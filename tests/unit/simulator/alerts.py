# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One alert on each platform, and what a client can ask about it: the same questions everywhere."""

from __future__ import annotations

import abc
import typing as t

import requests

from ansible_collections.secops.triage.tests.simulator import Simulator
from ansible_collections.secops.triage.tests.simulator.base import Platform
from ansible_collections.secops.triage.tests.unit.simulator.client import Client


class OnPlatform(abc.ABC):
    """An open alert; ``open`` and ``closed`` are the platform's words."""

    name: t.ClassVar[str]
    open: t.ClassVar[str]
    closed: t.ClassVar[str]
    id: str

    def __init__(self, sim: Simulator, client: Client) -> None:
        self.sim, self.client = sim, client
        self.platform: Platform = sim.world.platforms[self.name]
        self.id = self.added()

    @abc.abstractmethod
    def added(self) -> str:
        """One more open alert."""

    @abc.abstractmethod
    def write(self, **options: t.Any) -> requests.Response:
        """Close it."""

    @abc.abstractmethod
    def read(self) -> str:
        """Its state, by a read of this alert."""

    @abc.abstractmethod
    def listed(self) -> str:
        """Its state, by a list or search."""

    @abc.abstractmethod
    def add(self) -> requests.Response:
        """Add a note, or a link."""

    @abc.abstractmethod
    def added_things(self) -> int:
        """How many notes or links a read shows."""

    @property
    def state(self) -> str:
        """Its true state."""
        overview = self.platform.overview()[self.id]
        return str(overview.get("state") or overview["status"])

    @property
    def changes(self) -> int:
        """How often it was really changed."""
        return len(self.platform.changes_of(self.id))


class OnDatadog(OnPlatform):
    name, open, closed = "datadog", "open", "archived"

    def added(self) -> str:
        return self.sim.datadog.add_signal().id

    @property
    def path(self) -> str:
        return f"/api/v2/security_monitoring/signals/{self.id}"

    def write(self, **options: t.Any) -> requests.Response:
        return self.client("PATCH", f"{self.path}/state", {"data": {"attributes": {"state": "archived"}}}, **options)

    def shown(self) -> t.Any:
        return self.client.ask("GET", self.path)["data"]["attributes"]

    def read(self) -> str:
        return str(self.shown()["custom"]["workflow"]["triage"]["state"])

    def listed(self) -> str:
        found = self.client.ask("POST", "/api/v2/security_monitoring/signals/search", {"page": {"limit": 1000}})["data"]
        (row,) = [row for row in found if row["id"] == self.id]
        return str(row["attributes"]["attributes"]["workflow"]["triage"]["state"])

    def add(self) -> requests.Response:
        path = f"/api/v1/security_analytics/signals/{self.id}/add_to_incident"
        return self.client("PATCH", path, {"incident_id": self.sim.datadog.incident_ids[0]})

    def added_things(self) -> int:
        return len(self.shown()["gated"]["workflow"]["triage"]["incidentIds"])


class OnKibana(OnPlatform):
    name, open, closed = "kibana", "open", "closed"
    path = "/api/detection_engine/signals"

    def added(self) -> str:
        return self.sim.kibana.add_alert()

    def write(self, **options: t.Any) -> requests.Response:
        return self.client("POST", f"{self.path}/status", {"status": "closed", "signal_ids": [self.id]}, **options)

    def source(self, query: t.Any) -> t.Any:
        hits = self.client.ask("POST", f"{self.path}/search", {"query": query, "size": 1000})["hits"]["hits"]
        (row,) = [row for row in hits if row["_id"] == self.id]
        return row["_source"]

    def read(self) -> str:
        return str(self.source({"ids": {"values": [self.id]}})["kibana.alert.workflow_status"])

    def listed(self) -> str:
        return str(self.source({"match_all": {}})["kibana.alert.workflow_status"])

    def add(self) -> requests.Response:
        note = {"eventId": self.id, "note": "seen", "timelineId": ""}
        return self.client("PATCH", "/api/note", {"note": note})

    def added_things(self) -> int:
        return len(self.client.ask("GET", "/api/note", params={"documentIds": self.id})["notes"])


class OnSecurityDeck(OnPlatform):
    name, open, closed = "security_deck", "OPEN", "RESOLVED"

    def added(self) -> str:
        self.sim.settings.security_deck.operation_seconds = 0
        return self.sim.security_deck.add_alert().id

    @property
    def path(self) -> str:
        return f"/securitydeck/alerts/v1/alerts/{self.id}"

    def write(self, **options: t.Any) -> requests.Response:
        return self.client("PATCH", self.path, {"updateMask": "status", "status": "RESOLVED"}, **options)

    def read(self) -> str:
        return str(self.client.ask("GET", self.path)["status"])

    def listed(self) -> str:
        rows = self.client.ask("GET", f"/securitydeck/alerts/v1/sinks/{self.sim.security_deck.sink_id}/alerts")
        (row,) = [row for row in rows["alerts"] if row["id"] == self.id]
        return str(row["status"])

    def add(self) -> requests.Response:
        return self.client("POST", f"{self.path}/comments", {"text": "seen"})

    def added_things(self) -> int:
        return len(self.client.ask("GET", f"{self.path}/comments")["comments"])


class OnCalseta(OnPlatform):
    name, open, closed = "calseta", "Open", "Closed"

    def added(self) -> str:
        return self.sim.calseta.add_alert().uuid

    @property
    def path(self) -> str:
        return f"/v1/alerts/{self.id}"

    def write(self, **options: t.Any) -> requests.Response:
        body = {"status": "Closed", "close_classification": "Undetermined"}
        return self.client("PATCH", self.path, body, **options)

    def read(self) -> str:
        return str(self.client.ask("GET", self.path)["data"]["status"])

    def listed(self) -> str:
        rows = self.client.ask("GET", "/v1/alerts", params={"page_size": 500})["data"]
        (row,) = [row for row in rows if row["uuid"] == self.id]
        return str(row["status"])

    def add(self) -> requests.Response:
        return self.client("POST", f"{self.path}/findings", {"agent_name": "runbook", "summary": "seen"})

    def added_things(self) -> int:
        return len(self.client.ask("GET", f"{self.path}/findings")["data"])


KINDS: tuple[type[OnPlatform], ...] = (OnDatadog, OnKibana, OnSecurityDeck, OnCalseta)
