# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The shapes of the answers that were recorded of Calseta."""

from __future__ import annotations

from ansible_collections.secops.triage.tests.conformance.shapes import ANY, Shape

_OPTIONAL = (str, None)
_META = {"total": int, "page": int, "page_size": int, "total_pages": int}

ROW = {
    "uuid": str,
    "title": str,
    "description": None,
    "severity": str,
    "status": str,
    "enrichment_status": str,
    "source_name": str,
    "occurred_at": str,
    "ingested_at": str,
    "is_enriched": bool,
    "duplicate_count": int,
    "tags": [str],
    "close_classification": _OPTIONAL,
    "closed_at": _OPTIONAL,
    "created_at": str,
    "updated_at": str,
}
INDICATOR = {
    **dict.fromkeys(("uuid", "type", "value", "first_seen", "last_seen", "malice", "malice_source"), str),
    **dict.fromkeys(("created_at", "updated_at"), str),
    "is_enriched": bool,
    "malice_overridden_at": None,
    "enrichment_results": ANY,
}
RULE: Shape = {
    **dict.fromkeys(("uuid", "name", "source_rule_id", "source_name", "created_by", "created_at", "updated_at"), str),
    **dict.fromkeys(("severity", "run_frequency", "documentation"), None),
    **{key: [] for key in ("mitre_tactics", "mitre_techniques", "mitre_subtechniques", "data_sources")},
    "is_active": bool,
}
DOCUMENT: Shape = {
    **dict.fromkeys(("uuid", "title", "document_type", "content", "created_at", "updated_at"), str),
    **dict.fromkeys(("description", "targeting_rules"), None),
    "is_global": bool,
    "tags": [],
    "version": int,
}
FINDING = {
    **dict.fromkeys(("id", "agent_name", "summary", "posted_at"), str),
    **dict.fromkeys(("confidence", "recommended_action"), _OPTIONAL),
    "evidence": ANY,
}
ALERT = {
    **ROW,
    "enriched_at": str,
    "fingerprint": str,
    "last_seen_at": None,
    **dict.fromkeys(("acknowledged_at", "triaged_at"), _OPTIONAL),
    "detection_rule_id": (int, None),
    "raw_payload": ANY,
    "malice": str,
    **dict.fromkeys(("malice_override", "malice_override_source", "malice_override_at"), _OPTIONAL),
    "indicators": [INDICATOR],
}
META = {
    "generated_at": str,
    "alert_source": str,
    "indicator_count": int,
    "enrichment": {"succeeded": [str], "failed": [str], "enriched_at": str},
    "detection_rule_matched": bool,
    "context_documents_applied": int,
}
READ = {
    "data": {
        **ALERT,
        "detection_rule": (RULE, None),
        "context_documents": [DOCUMENT],
        "agent_findings": ([FINDING], None),
    },
    "meta": META,
}
WRITTEN = {"data": {**ALERT, "detection_rule": None, "context_documents": [], "agent_findings": None}, "meta": META}
LIST = {"data": [ROW], "meta": _META}
ACTIVITY = {
    "data": [
        {
            **dict.fromkeys(("uuid", "event_type", "actor_type", "created_at"), str),
            "actor_key_prefix": _OPTIONAL,
            "alert_id": int,
            "workflow_id": None,
            "detection_rule_id": None,
            "references": ANY,
        }
    ],
    "meta": _META,
}
HEALTH = {
    **dict.fromkeys(("status", "version", "database", "queue"), str),
    "queue_depth": int,
    "enrichment_providers": ANY,
}


def _error(details: Shape) -> Shape:
    return {"error": {"code": str, "message": str, "details": details}}


PLAIN = _error({})
SCOPE = _error({"required_scopes": [str]})
LIMITED = _error({"retry_after_seconds": int})
INVALID = _error({"errors": [{"type": str, "loc": [(str, int)], "msg": str}]})
