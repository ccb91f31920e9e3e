# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Elastic Security: its states, severities and field names, and the options that its modules share."""

from __future__ import annotations

from .._core.options import ArgumentSpec

KIBANA_OPTIONS = ArgumentSpec(
    {
        # Not "required", because a linter would flag every task that takes it from the environment.
        "api_url": {
            "type": "str",
            "aliases": ["kibana_url"],
            "env": ["KIBANA_URL", "KIBANA_ENDPOINT"],
        },
        "api_key": {"type": "str", "no_log": True, "env": ["KIBANA_API_KEY"]},
        "username": {"type": "str", "env": ["KIBANA_USERNAME"]},
        "password": {"type": "str", "no_log": True, "env": ["KIBANA_PASSWORD"]},
        "bearer_token": {"type": "str", "no_log": True, "env": ["KIBANA_BEARER_TOKEN"]},
        "space_id": {"type": "str", "env": ["KIBANA_SPACE_ID"]},
    }
)

#: The ways to authenticate: the options that each needs.
AUTH_METHODS = (("api_key",), ("username", "password"), ("bearer_token",))

#: The header of calls that have public versions.
API_VERSION = {"elastic-api-version": "2023-10-31"}

#: What the ids of alerts look like, as far as texts are searched for them.
ID = r"[A-Za-z0-9_.:=~+-]{1,512}"

SIGNALS = "/api/detection_engine/signals"

STATUSES = ("open", "acknowledged", "closed", "in-progress")

SEVERITIES = ("low", "medium", "high", "critical")

STATUS, LEGACY_STATUS = "kibana.alert.workflow_status", "signal.status"

SEVERITY, LEGACY_SEVERITY = "kibana.alert.severity", "signal.rule.severity"

REASON = "kibana.alert.workflow_reason"

#: The fields that an alert's title is made of. The first one says in words what set the alert off.
REASON_TEXT, RULE, LEGACY_RULE = "kibana.alert.reason", "kibana.alert.rule.name", "signal.rule.name"

TAGS = "kibana.alert.workflow_tags"

ASSIGNEES = "kibana.alert.workflow_assignee_ids"

KQL_OPTIONS = ArgumentSpec({"kql": {"type": "str"}})

KIBANA_ALERTS_OPTIONS = ArgumentSpec(
    {
        "alert_ids": {"type": "list", "elements": "str", "aliases": ["alert_id", "signal_ids"]},
        # Not "dict", because Ansible would refuse a text without naming kql, and read one with = in it as a mapping.
        "query": {"type": "raw"},
        **KQL_OPTIONS.options,
        "runtime_mappings": {"type": "dict"},
    },
    [("alert_ids", "query"), ("alert_ids", "kql")],
    [("alert_ids", "query", "kql")],
)

#: Fields that alerts from before 8.0 cannot have.
LACKED_BY_LEGACY = ("reason", "tags", "assignees")

#: Seconds after a write in which a read may still show the old state: an index may refresh every 30.
READ_LAG = 35.0
