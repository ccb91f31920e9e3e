# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Calseta: alerts, shown as all info modules show them.

API: https://docs.calseta.com/api-reference/alerts/patch-alert
"""

from __future__ import annotations

from .._core.options import Params, TaskContext
from .._core.times import utc
from .._core.values import dig, text, texts
from .._flow.change import Alert, Fields
from .._flow.info import common
from .api import KINDS, CalsetaApi, CalsetaReader
from .endpoint import READ_SCOPES, calseta_endpoint

_KINDS: dict[str, type] = {
    **KINDS,
    "title": str,
    "detection_rule": dict,
    "source_name": str,
    "created_at": str,
    "updated_at": str,
    "occurred_at": str,
    "acknowledged_at": str,
    "closed_at": str,
}


def calseta_info(params: Params, context: TaskContext) -> CalsetaReader:
    """Reads alerts of Calseta as they are."""
    api = CalsetaApi(params, context, calseta_endpoint(params, context, READ_SCOPES))
    return CalsetaReader(api, params, lambda alert, _whole: _alert_of(alert, raw=params["raw"]), _KINDS)


def _alert_of(alert: Fields, *, raw: bool) -> Alert:
    fields = {
        **common(
            platform="calseta",
            title=text(alert.get("title")),
            severity=text(alert.get("severity")),
            status=text(alert.get("status")),
            verdict=text(alert.get("close_classification")),
            created=utc(alert.get("created_at")),
            updated=utc(alert.get("updated_at")),
            # No list shows it, and the source is another thing.
            rule=text(dig(alert, "detection_rule", "name")),
        ),
        # What from_time and to_time go by; it may be days before the alert came in.
        "occurred": utc(alert.get("occurred_at")),
        # Each is written once: closed stays what it was when the alert is reopened. No list shows acknowledged.
        "acknowledged": utc(alert.get("acknowledged_at")),
        "closed": utc(alert.get("closed_at")),
        "tags": texts(alert.get("tags")),
        "source_name": text(alert.get("source_name")),
    }
    return Alert(alert["uuid"], {**fields, "raw": alert} if raw else fields)
