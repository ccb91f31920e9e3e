# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Datadog: which signals a task is about, by ids or by a search in Datadog's query language.

API: https://docs.datadoghq.com/api/latest/security-monitoring/#get-a-list-of-security-signals
"""

from __future__ import annotations

import typing as t

from ._alert import before_all, moment
from ._errors import OptionError
from ._lucene import matches_everything
from ._options import Params, checked_text

SIGNALS_OPTIONS: dict[str, t.Any] = {
    "signal_ids": {"type": "list", "elements": "str", "aliases": ["signal_id"]},
    "query": {"type": "str"},
    "from": {"type": "str"},
    "to": {"type": "str"},
}

#: Signals are named or searched, and what goes with the one does not go with the other.
SIGNALS_EXCLUSIVE = [("signal_ids", other) for other in ("query", "from", "to")]
SIGNALS_REQUIRED = [("signal_ids", "query")]

PATH = "/api/v2/security_monitoring/signals/search"

#: The most signals of one answer.
PAGE = 1000

#: What every signal has.
_EVERYWHERE = ("status", "@workflow.triage.state")


class Search:
    """What a task looks for."""

    def __init__(self, params: Params) -> None:
        self._query = (checked_text("query", params["query"]) or "").strip()
        since, until = (moment(name, params[name]) for name in ("from", "to"))
        if since and until and since > until:
            # In the task's own words, which are the same in every run.
            raise OptionError(f"from is {params['from']}, which is after to, {params['to']}")
        self._times = {name: time for name, time in (("from", since), ("to", until)) if time}
        # The oldest first: what comes up meanwhile is then at the end, and shifts nothing.
        self._sort = params.get("sort") or "timestamp"

    @property
    def unbounded(self) -> str | None:
        """Why it finds every signal that there is; V(None) where it does not."""
        if matches_everything(self._query, _EVERYWHERE):
            return f"the query {self._query!r} matches every signal, or all but what it leaves out"
        if before_all(self._times.get("from", "")):
            return "it has no from, or one so long ago that it goes back to the first signal"
        return None

    def body(self, cursor: str | None, limit: int) -> dict[str, t.Any]:
        """The request for the page behind the cursor, at first V(None)."""
        page = {"limit": limit} if cursor is None else {"limit": limit, "cursor": cursor}
        return {"filter": {"query": self._query, **self._times}, "sort": self._sort, "page": page}
