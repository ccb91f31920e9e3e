# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Yandex Cloud Security Deck: alerts, shown as all info modules show them.

API: https://yandex.cloud/docs/security-deck/api-ref/Alert/get
"""

from __future__ import annotations

import typing as t

from .._core.options import Params, TaskContext
from .._core.times import utc
from .._core.values import dig, text
from .._flow.change import Fields
from .._flow.info import common
from .api import SecurityDeck, fields_of


class SecurityDeckInfo(SecurityDeck):
    """Alerts of Security Deck, to look at."""

    role = "security-deck.alertSinks.viewer"

    kinds: t.ClassVar[t.Mapping[str, type]] = {
        **SecurityDeck.kinds,
        "title": str,
        "category": dict,
        "sinkId": str,
        "createTime": str,
        "updateTime": str,
    }

    def __init__(self, params: Params, context: TaskContext) -> None:
        super().__init__(params, context)
        self._raw: bool = params["raw"]

    def shown(self, alert: Fields, *, whole: bool) -> Fields:
        fields = fields_of(alert)
        return {
            **common(
                platform="security_deck",
                title=text(alert.get("title")),
                severity=_set(fields["severity"]),
                status=_set(fields["status"]),
                verdict=_set(fields["classification"]),
                assignee=fields["assignee_subject_id"],
                created=utc(alert.get("createTime")),
                updated=utc(alert.get("updateTime")),
                # What kind of threat it is. Who reported it, a sensor or a user, is in the API's object.
                rule=text(dig(alert, "category", "name")),
            ),
            "tags": fields["tags"],
            "sink_id": text(alert.get("sinkId")),
            **({"raw": alert} if self._raw else {}),
        }


def _set(value: str) -> str | None:
    """A value of an enum; V(None) where it is not set."""
    return None if value.endswith("_UNSPECIFIED") else value
