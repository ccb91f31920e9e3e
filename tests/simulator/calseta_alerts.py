# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Calseta's alert: what it stores, what it shows, and what a change does to it."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass, field
from typing import Any

from .dates import iso
from .seeds import Scene

ENUMS: dict[str, tuple[str, ...]] = {
    "status": ("Open", "Triaging", "Escalated", "Closed"),
    "severity": ("Pending", "Informational", "Low", "Medium", "High", "Critical"),
    "close_classification": (
        "True Positive - Suspicious Activity",
        "Benign Positive - Suspicious but Expected",
        "False Positive - Incorrect Detection Logic",
        "False Positive - Inaccurate Data",
        "Undetermined",
        "Duplicate",
        "Not Applicable",
    ),
    "malice_override": ("Pending", "Benign", "Suspicious", "Malicious"),
}
ROW = (
    "uuid",
    "title",
    "description",
    "severity",
    "status",
    "enrichment_status",
    "source_name",
    "occurred_at",
    "ingested_at",
    "is_enriched",
    "duplicate_count",
    "tags",
    "close_classification",
    "closed_at",
    "created_at",
    "updated_at",
)


@dataclass
class Alert:
    """An alert; moments are in seconds, ``None`` where it never came to that."""

    uuid: str
    scene: Scene
    occurred: float
    status: str = "Open"
    severity: str = "Medium"
    close_classification: str | None = None
    tags: list[str] = field(default_factory=list)
    malice: str = "Pending"
    malice_override: str | None = None
    malice_override_at: float | None = None
    acknowledged_at: float | None = None
    triaged_at: float | None = None
    closed_at: float | None = None
    updated_at: float = 0.0
    findings: list[dict[str, Any]] = field(default_factory=list)
    activity: list[dict[str, Any]] = field(default_factory=list)

    def triage_state(self) -> dict[str, Any]:
        """What a user would call the alert's state."""
        return {
            "status": self.status,
            "severity": self.severity,
            "close_classification": self.close_classification,
            "tags": list(self.tags),
            "malice_override": self.malice_override,
        }

    def readable_with(self, given: dict[str, Any]) -> bool:
        """Whether the server could show the alert, once changed so: it cannot show values outside of its enums."""
        stored = [(name, given.get(name, getattr(self, name))) for name in ENUMS]
        return all(value is None or value in ENUMS[name] for name, value in stored)

    def shown(self, whole: bool) -> dict[str, Any]:
        """The alert as JSON; a PATCH does not load its rule and documents."""
        scene, ingested = self.scene, self.occurred + 1
        moments = ("acknowledged_at", "triaged_at", "closed_at", "malice_override_at", "updated_at")
        return {
            "uuid": self.uuid,
            "title": scene.title,
            "description": None,
            "severity": self.severity,
            "status": self.status,
            "enrichment_status": "Enriched",
            "source_name": scene.source,
            "occurred_at": iso(self.occurred, 6),
            "ingested_at": iso(ingested, 6),
            "enriched_at": iso(ingested, 6),
            "is_enriched": True,
            "fingerprint": self.uuid.replace("-", ""),
            "duplicate_count": 0,
            "last_seen_at": None,
            "close_classification": self.close_classification,
            "tags": list(self.tags),
            "detection_rule_id": 1,
            "raw_payload": {"title": scene.title, "host": scene.host, "src_ip": scene.source_address},
            "malice": self.malice_override or self.malice,
            "malice_override": self.malice_override,
            "malice_override_source": "analyst" if self.malice_override else None,
            "indicators": [],
            "detection_rule": self._rule() if whole else None,
            "context_documents": [self._document()] if whole else [],
            "agent_findings": list(self.findings) or None,
            "created_at": iso(ingested, 6),
            **{name: _moment(getattr(self, name)) for name in moments},
        }

    def _rule(self) -> dict[str, Any]:
        source, begun = self.scene.source, iso(self.occurred - 86400, 6)
        return {
            "uuid": str(uuid.uuid5(uuid.NAMESPACE_DNS, source)),
            "name": source,
            "source_rule_id": source,
            "source_name": source,
            "is_active": True,
            "created_by": "system",
            "created_at": begun,
            "updated_at": begun,
            **dict.fromkeys(("severity", "run_frequency", "documentation")),
            **{key: [] for key in ("mitre_tactics", "mitre_techniques", "mitre_subtechniques", "data_sources")},
        }

    def _document(self) -> dict[str, Any]:
        begun = iso(self.occurred - 86400, 6)
        return {
            "uuid": str(uuid.uuid5(uuid.NAMESPACE_DNS, self.scene.advice)),
            "title": f"Runbook for {self.scene.source}",
            "document_type": "runbook",
            "is_global": True,
            "description": None,
            "tags": [],
            "version": 1,
            "content": self.scene.advice,
            "targeting_rules": None,
            "created_at": begun,
            "updated_at": begun,
        }

    def meta(self, whole: bool) -> dict[str, Any]:
        """What stands beside the alert in an answer."""
        enriched = iso(self.occurred + 1, 6)
        return {
            "generated_at": iso(time.time(), 6),
            "alert_source": self.scene.source,
            "indicator_count": 0,
            "enrichment": {"succeeded": ["internal_ip_intel"], "failed": [], "enriched_at": enriched},
            "detection_rule_matched": True,
            "context_documents_applied": int(whole),
        }

    def row(self) -> dict[str, Any]:
        """The alert as a list shows it."""
        shown = self.shown(False)
        return {key: shown[key] for key in ROW}

    def change(self, given: dict[str, Any], reset: bool, now: float) -> None:
        """Apply a valid PATCH."""
        status, old = given.get("status"), self.triage_state()
        for name in ("status", "severity", "close_classification", "tags"):
            if name in given:
                setattr(self, name, given[name])
        # Each of these moments is written once, whatever happens later.
        if status in ("Triaging", "Escalated", "Closed") and self.acknowledged_at is None:
            self.acknowledged_at = now
        if status == "Triaging" and self.triaged_at is None:
            self.triaged_at = now
        if status == "Closed" and self.closed_at is None:
            self.closed_at = now
        if reset:
            self.malice_override = self.malice_override_at = None
        elif "malice_override" in given:
            # The same verdict again is a new verdict.
            self.malice_override, self.malice_override_at = given["malice_override"], now
            self.updated_at = now
        self._note_changes(old)

    def _note_changes(self, old: dict[str, Any]) -> None:
        if self.status == "Closed" and old["status"] != "Closed":
            references = {"from_status": old["status"], "close_classification": self.close_classification}
            self.note("alert_closed", references)
        elif self.status != old["status"]:
            self.note("alert_status_updated", {"from_status": old["status"], "to_status": self.status})
        if self.severity != old["severity"]:
            references = {"from_severity": old["severity"], "to_severity": self.severity}
            self.note("alert_severity_updated", references)
        if self.malice_override != old["malice_override"]:
            references = {"from_malice": old["malice_override"], "to_malice": self.malice_override}
            self.note("alert_malice_updated", references)

    def note(self, event: str, references: dict[str, Any], actor: str = "api") -> None:
        """Add to the audit trail, newest first."""
        entry = {
            "uuid": str(uuid.uuid4()),
            "event_type": event,
            "actor_type": actor,
            "actor_key_prefix": "cai_0000" if actor == "api" else None,
            "alert_id": 1,
            "workflow_id": None,
            "detection_rule_id": None,
            "references": references,
            "created_at": iso(time.time(), 6),
        }
        self.activity = [entry, *self.activity]


def _moment(moment: float | None) -> str | None:
    return None if moment is None else iso(moment, 6)
