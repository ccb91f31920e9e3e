# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Datadog: its states and severities, and the options that its modules share."""

from __future__ import annotations

from .._core.options import ArgumentSpec

DATADOG_OPTIONS = ArgumentSpec(
    {
        "api_key": {"type": "str", "no_log": True, "env": ["DD_API_KEY", "DATADOG_API_KEY"]},
        "app_key": {
            "type": "str",
            "no_log": True,
            "aliases": ["application_key"],
            "env": ["DD_APP_KEY", "DATADOG_APP_KEY"],
        },
        "access_token": {"type": "str", "no_log": True, "env": ["DD_ACCESS_TOKEN", "DD_BEARER_TOKEN"]},
        "site": {"type": "str", "default": "datadoghq.com", "env": ["DD_SITE"]},
        "api_url": {"type": "str", "aliases": ["api_host"]},
    }
)

#: The ways to authenticate: the options that each needs.
AUTH_METHODS = (("api_key", "app_key"), ("access_token",))

STATES = ("open", "under_review", "archived")

SEVERITIES = ("info", "low", "medium", "high", "critical")

SIGNALS_OPTIONS = ArgumentSpec(
    {
        "signal_ids": {"type": "list", "elements": "str", "aliases": ["signal_id"]},
        "query": {"type": "str"},
        "from": {"type": "str"},
        "to": {"type": "str"},
    },
    [("signal_ids", other) for other in ("query", "from", "to")],
    [("signal_ids", "query")],
)

#: What an id looks like.
SIGNAL_ID = r"[A-Za-z0-9_=-]{1,256}"

#: The domains of all sites.
DOMAINS = ("datadoghq.com", "datadoghq.eu", "ddog-gov.com")
