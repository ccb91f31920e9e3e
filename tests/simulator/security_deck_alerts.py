# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Security Deck's alert and operation: what they hold, and what they show."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from .dates import iso
from .log import Entry
from .query_string import matches
from .seeds import Scene

ENUMS = {
    "status": ("OPEN", "IN_PROGRESS", "NEED_INFO", "RESOLVED"),
    "classification": ("TRUE_POSITIVE", "BENIGN_POSITIVE", "FALSE_POSITIVE", "UNDETERMINED"),
    "severity": ("INFO", "LOW", "MEDIUM", "HIGH"),
}


@dataclass
class Alert:
    """An alert; empty texts are values that are not set."""

    id: str
    sink_id: str
    scene: Scene
    created: float
    updated: float
    status: str = "OPEN"
    severity: str = "MEDIUM"
    classification: str = ""
    assignee: str = ""
    tags: list[str] = field(default_factory=list)
    comments: list[dict[str, Any]] = field(default_factory=list)

    def triage_state(self) -> dict[str, Any]:
        """What a user would call the alert's state."""
        return {
            "status": self.status,
            "severity": self.severity,
            "classification": self.classification,
            "assignee_subject_id": self.assignee,
            "tags": list(self.tags),
        }

    def shown(self, whole: bool, unset: str) -> dict[str, Any]:
        """The alert as JSON; only a GET shows the ``whole``. ``unset`` is "absent" or "unspecified"."""
        scene = self.scene
        shown: dict[str, Any] = {
            "id": self.id,
            "sinkId": self.sink_id,
            "title": scene.title,
            "category": {"name": scene.source},
            "createdBy": {"sensor": {"id": f"sensor-{scene.source}"}},
            "createTime": iso(self.created),
            "updateTime": iso(self.updated),
        }
        if self.tags:
            shown["tags"] = list(self.tags)
        for name in ENUMS:
            value = getattr(self, name)
            if value or unset == "unspecified":
                shown[name] = value or f"{name.upper()}_UNSPECIFIED"
        if self.assignee or unset == "unspecified":
            shown["assignee"] = {"subject": {"id": self.assignee}} if self.assignee else {}
        if whole:
            shown["description"] = f"{scene.title}, seen on **{scene.host}**."
            shown["recommendations"] = scene.advice
            shown["details"] = {"host": scene.host, "address": scene.address, "source": scene.source_address}
        return shown

    def has(self, name: str | None, text: str) -> bool:
        """What a list's filter sees of an self."""
        fields = {
            "status": self.status,
            "severity": self.severity,
            "classification": self.classification,
            "title": self.scene.title,
            "assignee.subject.id": self.assignee,
        }
        if name is None:
            return text.lower() in self.scene.title.lower()
        return matches(text, fields.get(name, ""))


@dataclass(eq=False)
class Operation:
    """A change under way. It is applied at ``due``; one that fails shows its error from the middle on."""

    id: str
    alert: Alert
    entry: Entry
    body: Any
    kind: str
    created: float
    due: float
    values: dict[str, Any]
    fails: bool = False
    done: bool = False
    lag: int = 0
    response: dict[str, Any] | None = None
