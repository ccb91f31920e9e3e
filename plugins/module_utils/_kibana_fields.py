# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Elastic Security: what an alert's fields are called, and how they are read out of an answer.

Fields: https://www.elastic.co/docs/reference/security/fields-and-object-schemas/alert-schema
"""

from __future__ import annotations

import typing as t

from ._errors import UnknownFateError
from ._platform import dig, texts

SIGNALS = "/api/detection_engine/signals"

STATUSES = ("open", "acknowledged", "closed", "in-progress")
SEVERITIES = ("low", "medium", "high", "critical")

STATUS, LEGACY_STATUS = "kibana.alert.workflow_status", "signal.status"
SEVERITY, LEGACY_SEVERITY = "kibana.alert.severity", "signal.rule.severity"
REASON = "kibana.alert.workflow_reason"
TAGS = "kibana.alert.workflow_tags"
ASSIGNEES = "kibana.alert.workflow_assignee_ids"


def doubt(name: str, reason: str, answer: t.Any = None) -> UnknownFateError:
    """The error for an answer with status 200 that does not tell what it should."""
    return UnknownFateError("POST", f"{SIGNALS}/{name}", reason, status=200, body=answer)


def field(hit: dict[str, t.Any], name: str) -> t.Any:
    """A field of a hit's source, where keys are dotted; those of alerts from before 8.0 are nested."""
    source = hit.get("_source")
    flat = dig(source, name)
    return dig(source, *name.split(".")) if flat is None else flat


def listed(alert_id: str, hit: dict[str, t.Any], name: str) -> list[str]:
    """A field with any number of texts. To Elasticsearch one alone is as good as a list of one."""
    value = field(hit, name)
    values = [] if value is None else value if isinstance(value, list) else [value]
    if not all(isinstance(one, str) for one in values):
        raise doubt("search", f"the answer shows no {name} that could be read, of the alert {alert_id}")
    return texts(values)
