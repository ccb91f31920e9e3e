# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The documents that Kibana keeps its alerts in: most with flat keys, those of old rules with nested ones."""

from __future__ import annotations

import time
from typing import Any

from .dates import iso
from .query_dsl import Document
from .seeds import TRIAGED_AFTER, Scene

STATUS, REASON, UPDATED = (
    "kibana.alert.workflow_status",
    "kibana.alert.workflow_reason",
    "kibana.alert.workflow_status_updated_at",
)
TAGS, ASSIGNEES = "kibana.alert.workflow_tags", "kibana.alert.workflow_assignee_ids"
_RISK = {"info": 1, "low": 21, "medium": 47, "high": 73, "critical": 99}


def make_document(key: str, scene: Scene, status: str | None, space: str) -> Document:
    """An alert as today's rules write it; with ``None`` as one that a migration has left without a status."""
    return {
        **_common(scene),
        "event.kind": "signal",
        **({} if status is None else {STATUS: status}),
        **({} if status in (None, "open") else {UPDATED: iso(time.time() - scene.age * TRIAGED_AFTER)}),
        TAGS: [],
        ASSIGNEES: [],
        "kibana.alert.uuid": key,
        "kibana.alert.status": "active",
        "kibana.alert.start": iso(time.time() - scene.age),
        "kibana.alert.severity": "low" if scene.severity == "info" else scene.severity,
        "kibana.alert.risk_score": _RISK[scene.severity],
        "kibana.alert.reason": f"{scene.title} on {scene.host}",
        "kibana.alert.rule.name": scene.title,
        "kibana.space_ids": [space],
    }


def make_legacy_document(scene: Scene, status: str | None) -> Document:
    """An alert as rules wrote it before: its status is nested, and it has no reason, tags or assignees."""
    rule = {"name": scene.title, "severity": scene.severity}
    return {**_common(scene), "signal": {"status": status, "rule": rule}}


def _common(scene: Scene) -> Document:
    return {
        "@timestamp": iso(time.time() - scene.age),
        "host": {"name": scene.host, "ip": [scene.address]},
        "source": {"ip": scene.source_address},
        "user": {"name": scene.user},
        "tags": list(scene.tags),
    }


def state_of(document: Document) -> dict[str, Any]:
    """What a user would call the alert's state."""
    if STATUS not in document and "signal" in document:
        return {"status": document["signal"].get("status")}
    return {
        "status": document.get(STATUS),
        "reason": document.get(REASON),
        "tags": list(document.get(TAGS) or []),
        "assignees": list(document.get(ASSIGNEES) or []),
    }


def set_status(document: Document, status: str, reason: str | None) -> None:
    """What the server's update script does: only a transition touches reason and moment."""
    if STATUS in document and document[STATUS] != status:
        document[STATUS] = status
        document[UPDATED] = iso(time.time())
        document.pop(REASON, None)
        if status == "closed" and reason is not None:
            document[REASON] = reason
    if "signal" in document:
        document["signal"] = {**document["signal"], "status": status}


def change_list(document: Document, name: str, added: list[str], removed: list[str]) -> None:
    """What the server's script for tags and assignees does: what stays keeps its place, what is new comes last."""
    kept = [one for one in document.get(name) or [] if one not in removed]
    document[name] = [*kept, *(one for one in dict.fromkeys(added) if one not in kept)]
