# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Yandex Cloud Security Deck: its states and severities, and the options that its modules take."""

from __future__ import annotations

import typing as t

from .._core.options import ArgumentSpec

YANDEX_IAM_OPTIONS = ArgumentSpec(
    {
        "iam_token": {"type": "str", "no_log": True, "env": ["YC_IAM_TOKEN", "YC_TOKEN"]},
        # Not C(jsonarg), which alters the text: Ansible would then not know it for a secret, and print it.
        "service_account_key_file": {
            "type": "raw",
            "no_log": True,
            "env": ["YC_SERVICE_ACCOUNT_KEY_FILE"],
        },
        "instance_metadata": {"type": "bool", "default": False},
        "api_host": {"type": "str", "default": "api.cloud.yandex.net", "env": ["YC_ENDPOINT"]},
    }
)

#: The ways to authenticate: the options that each needs.
AUTH_METHODS = (("iam_token",), ("service_account_key_file",), ("instance_metadata",))

YANDEX_OPERATIONS_OPTIONS = ArgumentSpec(
    {
        "wait": {"type": "bool", "default": True},
        "wait_timeout": {"type": "float", "default": 120},
    }
)

#: How to reach Security Deck.
SECURITY_DECK_OPTIONS = YANDEX_IAM_OPTIONS

#: Which alerts to find there.
SECURITY_DECK_QUERY: dict[str, t.Any] = {"sink_id": {"type": "str"}, "filter": {"type": "str"}}

#: What the ids of alerts and sinks look like.
ID = r"[A-Za-z0-9_-]{1,50}"

STATUSES = ("OPEN", "IN_PROGRESS", "NEED_INFO", "RESOLVED")

SEVERITIES = ("INFO", "LOW", "MEDIUM", "HIGH")

UNCLASSIFIED = "CLASSIFICATION_UNSPECIFIED"

#: Which alerts to find, and in which order.
SECURITY_DECK_SEARCH: dict[str, t.Any] = {**SECURITY_DECK_QUERY, "order_by": {"type": "str"}}

#: What can be changed with this provider only, and how.
SECURITY_DECK_CHANGES = ArgumentSpec(
    {
        "classification": {
            "type": "str",
            "choices": [
                "TRUE_POSITIVE",
                "BENIGN_POSITIVE",
                "FALSE_POSITIVE",
                "UNDETERMINED",
                "CLASSIFICATION_UNSPECIFIED",
            ],
        },
        "assignee_subject_id": {"type": "str"},
    }
).merge(YANDEX_OPERATIONS_OPTIONS)

#: What this provider takes of the options that not all providers have, and the values of those that all have.
SECURITY_DECK_PROVIDER_OPTIONS: dict[str, t.Sequence[str] | None] = {
    "status": STATUSES,
    **dict.fromkeys([*SECURITY_DECK_OPTIONS.options, *SECURITY_DECK_CHANGES.options]),
    "only_assigned_to": None,
}

#: Seconds after a write for which a read may still show what was before it: an operation that is done is seen at once.
READ_LAG = 5.0
