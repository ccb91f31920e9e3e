# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Datadog Cloud SIEM: the connection, and how signals are read and searched.

API: https://docs.datadoghq.com/api/latest/security-monitoring/
"""

from __future__ import annotations

import abc
import re
import typing as t

from .._core.credentials import secret, select_credentials
from .._core.errors import AmbiguousError, OptionError, RefusedError
from .._core.lucene import matches_everything
from .._core.options import Connection, Params, TaskContext, checked_ids, checked_text
from .._core.times import before_all, moment
from .._core.urls import base_url, segment
from .._core.values import dig
from .._flow.change import Fields
from .._flow.platform import ReadsOneByOne, not_found
from .._flow.search import Page, SearchResult, Selection, collect_pages
from .._http.client import Authorization, Client
from .signal import Signal
from .words import DATADOG_OPTIONS, SIGNAL_ID

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


class Signals(ReadsOneByOne):
    """Security signals, by their ids or by a search; what is shown of one is up to `shown`."""

    noun = "signals"
    read_lag = 10.0

    def __init__(self, params: Params, context: TaskContext) -> None:
        self.ids = checked_ids("signal_ids", params["signal_ids"] or [], SIGNAL_ID, "signal")
        self.selection = Selection.of(params, self._find)
        if self.selection:
            self._search = Search(params)
            self.selection.refuse(self._search.unbounded)
        own_site = site(params["site"])
        #: Where the organisation is; V(None) behind a gateway, where that cannot be known.
        self.site = None if params["api_url"] else own_site
        self.base = base_url(params["api_url"] or f"https://api.{own_site}", allow_http=params["allow_http"])
        way = select_credentials(params, DATADOG_OPTIONS.options, [("api_key", "app_key"), ("access_token",)])
        secrets = {name: secret(params, name, context) for name in way}
        if "access_token" in secrets:
            headers = {"Authorization": f"Bearer {secrets['access_token']}"}
        else:
            headers = {"DD-API-KEY": secrets["api_key"], "DD-APPLICATION-KEY": secrets["app_key"]}
        connection = Connection.of(params, context)
        self.retries = connection.retries
        self.client = Client(connection, Authorization(headers), context, self._hint)

    def _hint(self, status: int, writing: bool) -> str | None:
        if status == 401:
            return "Check api_key and app_key, or access_token."
        if status == 403:
            where = f"on the site {self.site}" if self.site else f"at {self.base}"
            return (
                f"Check that the keys are those of an organisation {where}, and that the application key may use"
                f" security_monitoring_signals_{'write' if writing else 'read'}."
            )
        return None

    @abc.abstractmethod
    def shown(self, signal: Signal) -> Fields:
        """The fields of a signal that was read or found."""

    def _find(self, limit: int) -> SearchResult:
        return collect_pages(self._page, limit, PAGE)

    def _page(self, cursor: str | None, limit: int) -> Page:
        answer = self.client.request("POST", self.base + PATH, self._search.body(cursor, limit), safe=True)
        items, meta = dig(answer.body, "data"), dig(answer.body, "meta")
        after = dig(meta, "page", "after") or None
        signals = [Signal.of(item, found=True) for item in items] if isinstance(items, list) else [None]
        complete = [signal for signal in signals if signal]
        in_full = len(complete) == len(signals) and dig(meta, "status") != "timeout"
        if not (in_full and isinstance(after, (str, type(None)))):
            why = "the answer does not show all signals that were found, each with its triage"
            raise AmbiguousError("POST", PATH, why, status=answer.status)
        # Behind an empty page there are no more, whatever cursor comes with it.
        return Page({signal.id: self.shown(signal) for signal in complete}, after if signals else None)

    def read_one(self, signal_id: str) -> Fields | None:
        path = f"/api/v2/security_monitoring/signals/{segment(signal_id)}"
        try:
            answer = self.client.get(self.base + path)
        except RefusedError as error:
            if not_found(error):
                return None
            raise
        signal = Signal.of(dig(answer.body, "data"))
        if signal is None or signal.id != signal_id:
            why = "the answer does not show the triage of this signal"
            raise AmbiguousError("GET", path, why, status=answer.status)
        return self.shown(signal)


def site(value: str) -> str:
    """A site as in C(us3.datadoghq.com), of whatever part of an address users paste."""
    host = re.sub(r"^https?://", "", value.strip().lower()).split("/")[0]
    host = re.sub(r"^(app|api)\.", "", host)
    if not re.fullmatch(r"[a-z0-9-]+(\.[a-z0-9-]+)+", host):
        raise OptionError(
            f"site {value!r} is not a Datadog site such as datadoghq.com, us3.datadoghq.com or datadoghq.eu"
        )
    return host
