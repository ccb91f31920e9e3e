# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Calseta: which alerts a task looks for.

API: https://docs.calseta.com/api-reference/alerts/patch-alert
"""

from __future__ import annotations

import typing as t

from ._alert import before_all, moment
from ._errors import OptionError
from ._options import Params, checked_text
from ._selection import Selection

STATUSES = ("Open", "Triaging", "Escalated", "Closed")
SEVERITIES = ("Pending", "Informational", "Low", "Medium", "High", "Critical")

#: Which alerts to find there.
CALSETA_QUERY: dict[str, t.Any] = {
    "status": {"type": "list", "elements": "str", "choices": list(STATUSES)},
    "severity": {"type": "list", "elements": "str", "choices": list(SEVERITIES)},
    "source_name": {"type": "list", "elements": "str"},
    "from_time": {"type": "str"},
    "to_time": {"type": "str"},
}


def asked_for(query: Params, selection: Selection) -> dict[str, str]:
    """What to ask for: newest first, unless the task says otherwise."""
    asked = {"sort_by": query.get("sort_by") or "created_at", "sort_order": query.get("sort_order") or "desc"}
    for name in ("status", "severity", "source_name"):
        values = query.get(name)
        if values is None:
            continue
        if not values:
            raise OptionError(f"query.{name} is an empty list, with which nothing could match; leave it out")
        for value in values:
            checked_text(f"query.{name}", value)
            if not value.strip() or "," in value:
                raise OptionError(f"query.{name} has {value!r} in it, which is no name: names are joined by commas")
        asked[name] = ",".join(values)
    for name in ("from_time", "to_time"):
        time = moment(f"query.{name}", query.get(name))
        if time:
            asked[name] = time
    if "from_time" in asked and "to_time" in asked and asked["from_time"] > asked["to_time"]:
        # In the task's own words, which are the same in every run.
        since, until = query["from_time"], query["to_time"]
        raise OptionError(f"query.from_time is {since}, which is after query.to_time, {until}")
    if before_all(asked.get("from_time", "")):
        selection.refuse("query has no from_time, or one that is before all alerts")
    return asked
