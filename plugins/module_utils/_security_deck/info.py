# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Yandex Cloud Security Deck: alerts, shown as all info modules show them.

API: https://yandex.cloud/docs/security-deck/api-ref/Alert/get
"""

from __future__ import annotations

from .._core.options import Params, TaskContext
from .._core.times import utc
from .._core.values import dig, text
from .._flow.change import Alert, Fields
from .._flow.info import common
from .api import KINDS, SecurityDeckApi, SecurityDeckReader, fields_of
from .endpoint import READ_ROLE, security_deck_endpoint

_KINDS: dict[str, type] = {
    **KINDS,
    "title": str,
    "category": dict,
    "sinkId": str,
    "createTime": str,
    "updateTime": str,
}


def security_deck_info(params: Params, context: TaskContext) -> SecurityDeckReader:
    """Reads alerts of Security Deck as they are."""
    api = SecurityDeckApi(params, context, security_deck_endpoint(params, context, READ_ROLE))
    return SecurityDeckReader(api, params, lambda alert, _whole: _alert_of(alert, raw=params["raw"]), _KINDS)


def _alert_of(alert: Fields, *, raw: bool) -> Alert:
    fields = fields_of(alert)
    shown = {
        **common(
            platform="security_deck",
            title=text(alert.get("title")),
            severity=_if_set(fields["severity"]),
            status=_if_set(fields["status"]),
            verdict=_if_set(fields["classification"]),
            assignee=fields["assignee_subject_id"],
            # The API tells no name.
            assignee_name=None if fields["assignee_subject_id"] else "",
            created=utc(alert.get("createTime")),
            updated=utc(alert.get("updateTime")),
            # What kind of threat it is. Who reported it, a sensor or a user, is in the API's object.
            rule=text(dig(alert, "category", "name")),
        ),
        "sink_id": text(alert.get("sinkId")),
    }
    return Alert(alert["id"], {**shown, "raw": alert} if raw else shown)


def _if_set(value: str) -> str | None:
    """A value of an enum; V(None) where it is not set."""
    return None if value.endswith("_UNSPECIFIED") else value
