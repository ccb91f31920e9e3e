# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Calseta: alerts, shown as all info modules show them.

API: https://docs.calseta.com/api-reference/alerts/patch-alert
"""

from __future__ import annotations

import typing as t

from .._core.options import Params, TaskContext
from .._core.times import utc
from .._core.values import dig, text, texts
from .._flow.change import Fields
from .._flow.info import common
from .api import Calseta


class CalsetaInfo(Calseta):
    """Alerts of Calseta, to look at."""

    scopes = "The key needs the scope alerts:read, which alerts:write does not include."

    kinds: t.ClassVar[t.Mapping[str, type]] = {
        **Calseta.kinds,
        "title": str,
        "detection_rule": dict,
        "source_name": str,
        "created_at": str,
        "updated_at": str,
    }

    def __init__(self, params: Params, context: TaskContext) -> None:
        super().__init__(params, context)
        self._raw: bool = params["raw"]

    def shown(self, alert: Fields, *, whole: bool) -> Fields:
        return {
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
            "tags": texts(alert.get("tags")),
            "source_name": text(alert.get("source_name")),
            **({"raw": alert} if self._raw else {}),
        }
