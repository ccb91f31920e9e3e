# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Calseta: its states and severities, and the options that its modules take."""

from __future__ import annotations

import typing as t

from .._core.options import ArgumentSpec

#: How to reach Calseta, beside its address.
CALSETA_OPTIONS = ArgumentSpec(
    {
        "api_key": {"type": "str", "no_log": True, "env": ["CALSETA_API_KEY"]},
    }
)

#: The ways to authenticate: the options that each needs.
AUTH_METHODS = (("api_key",),)

#: What the ids of alerts look like.
ID = r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"

STATUSES = ("Open", "Triaging", "Escalated", "Closed")

SEVERITIES = ("Pending", "Informational", "Low", "Medium", "High", "Critical")

#: Severities that say that there is none yet.
UNRATED = ("Pending",)

#: Which alerts to find there.
CALSETA_QUERY: dict[str, t.Any] = {
    "status": {"type": "list", "elements": "str", "choices": list(STATUSES)},
    "severity": {"type": "list", "elements": "str", "choices": list(SEVERITIES)},
    "source_name": {"type": "list", "elements": "str"},
    "from_time": {"type": "str"},
    "to_time": {"type": "str"},
}

#: Which alerts to find, and in which order.
CALSETA_SEARCH: dict[str, t.Any] = {
    **CALSETA_QUERY,
    "sort_by": {
        "type": "str",
        "choices": ["created_at", "occurred_at", "severity", "source_name", "status", "title"],
    },
    "sort_order": {"type": "str", "choices": ["asc", "desc"]},
}

#: What can be changed with this provider only.
CALSETA_CHANGES = ArgumentSpec(
    {
        "close_classification": {
            "type": "str",
            "choices": [
                "True Positive - Suspicious Activity",
                "Benign Positive - Suspicious but Expected",
                "False Positive - Incorrect Detection Logic",
                "False Positive - Inaccurate Data",
                "Undetermined",
                "Duplicate",
                "Not Applicable",
            ],
        },
        "malice_override": {"type": "str", "choices": ["Pending", "Benign", "Suspicious", "Malicious"]},
        "reset_malice_override": {"type": "bool"},
    }
)

#: What this provider takes of the options that not all providers have, and the values of those that all have.
CALSETA_PROVIDER_OPTIONS: dict[str, t.Sequence[str] | None] = {
    "status": STATUSES,
    "severity": SEVERITIES,
    "tags": None,
    "purge_tags": None,
    **dict.fromkeys([*CALSETA_OPTIONS.options, *CALSETA_CHANGES.options]),
}

CALSETA_NOTES_OPTIONS = ArgumentSpec(
    {
        "agent_name": {"type": "str", "default": "Ansible"},
        "confidence": {"type": "str", "choices": ["low", "medium", "high"]},
        "recommended_action": {"type": "str"},
        "evidence": {"type": "dict"},
    }
)

#: Seconds after a write for which a read may still show what was before it.
READ_LAG = 5.0
