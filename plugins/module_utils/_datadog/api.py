# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Datadog Cloud SIEM: the connection, and how signals are read and searched.

API: https://docs.datadoghq.com/api/latest/security-monitoring/
"""

from __future__ import annotations

import re
import typing as t

from .._core.error_text import words
from .._core.errors import AmbiguousError, OptionError, RefusedError
from .._core.options import Connection, Params, TaskContext, checked_ids, checked_text
from .._core.times import moment, now
from .._core.urls import segment
from .._core.values import dig
from .._flow.change import Alert
from .._flow.platform import ReadsOneByOne, not_found
from .._flow.search import ListedPopulation, Page, SearchResult, Selection, collect_pages
from .._http.client import Authorization, Client
from .endpoint import datadog_endpoint, site
from .signals import Signal
from .words import SIGNAL_ID

_SIGNALS = "/api/v2/security_monitoring/signals"
_SEARCH = f"{_SIGNALS}/search"

#: The most signals of one answer.
PAGE = 1000

#: The oldest moment that the API takes: with it, a search goes back to the first signal.
_BEGINNING = "1970-01-01T00:00:00.000Z"


class SignalApi:
    """The connection to Datadog."""

    def __init__(self, params: Params, context: TaskContext) -> None:
        endpoint = datadog_endpoint(params, context)
        #: Where the organisation is; V(None) behind a gateway, where that cannot be known.
        self.site = None if params["api_url"] else site(params["site"])
        self.base = endpoint.base
        connection = Connection.of(params, context)
        self.client = Client(connection, Authorization(endpoint.headers), context, endpoint.hint, _cause_of)

    def get(self, signal_id: str) -> Signal | None:
        """Read one signal; V(None) if it does not exist."""
        path = f"{_SIGNALS}/{segment(signal_id)}"
        try:
            answer = self.client.get(self.base + path)
        except RefusedError as error:
            if self._says_missing(error):
                return None
            raise
        signal = Signal.of(dig(answer.body, "data"))
        if signal is None or signal.id != signal_id:
            why = "the answer does not show this signal, or its triage is malformed"
            raise AmbiguousError("GET", path, why, status=answer.status)
        return signal

    def _says_missing(self, error: RefusedError) -> bool:
        """Whether there is no such signal. Behind an ``api_url``, a wrong base path is a 404 too, in other words."""
        return not_found(error) and (self.site is not None or "signal" in words(error.body).lower())

    def search(self, body: t.Mapping[str, t.Any], cursor: str | None, limit: int) -> tuple[list[Signal], str | None]:
        """The signals of a page, and the cursor of the next one, V(None) at the end."""
        page = {"limit": limit} if cursor is None else {"limit": limit, "cursor": cursor}
        answer = self.client.request("POST", self.base + _SEARCH, {**body, "page": page}, safe=True)
        signals, after = _found(answer.body), dig(answer.body, "meta", "page", "after")
        if signals is None or not isinstance(after, (str, type(None))):
            why = "the answer does not show all signals that were found, or the triage of one is malformed"
            raise AmbiguousError("POST", _SEARCH, why, status=answer.status)
        # Behind an empty page there are no more, whatever cursor comes with it.
        return signals, (after or None) if signals else None


def _found(body: t.Any) -> list[Signal] | None:
    """The signals in the answer to a search; V(None) if it does not show all of them."""
    items = dig(body, "data")
    if not isinstance(items, list) or dig(body, "meta", "status") == "timeout":
        return None
    signals = [Signal.of(item, found=True) for item in items]
    complete = [signal for signal in signals if signal]
    return complete if len(complete) == len(signals) else None


class SignalReader(ReadsOneByOne):
    """Reads signals, by their ids or by a search; ``alert_of`` says what is reported of one."""

    noun = "signals"

    def __init__(self, api: SignalApi, params: Params, alert_of: t.Callable[[Signal], Alert]) -> None:
        ids = checked_ids("signal_ids", params["signal_ids"] or [], SIGNAL_ID, "signal")
        super().__init__(api.client, ids)
        self._api = api
        self._alert_of = alert_of
        if params["query"] is not None:
            query, everything = search_of(params), _everything()
            self.selection = Selection(
                params,
                lambda limit: self._collect(query, limit),
                ListedPopulation(lambda cursor, limit: self._page(everything, cursor, limit), PAGE),
                _says_nothing(query),
            )
        elif params.get("expected_count") is not None:
            raise OptionError("Without a query there is no use for expected_count")

    def read_one(self, alert_id: str) -> Alert | None:
        signal = self._api.get(alert_id)
        return None if signal is None else self._alert_of(signal)

    def _collect(self, query: t.Mapping[str, t.Any], limit: int) -> SearchResult:
        return collect_pages(lambda cursor, size: self._page(query, cursor, size), limit, PAGE)

    def _page(self, query: t.Mapping[str, t.Any], cursor: str | None, limit: int) -> Page:
        signals, after = self._api.search(query, cursor, limit)
        return Page({signal.id: self._alert_of(signal) for signal in signals}, after)


def search_of(params: Params) -> dict[str, t.Any]:
    """The request body of the task's search, without its page."""
    since, until = (moment(name, params[name]) for name in ("from", "to"))
    if since and until and since > until:
        # In the task's own words, which are the same in every run.
        raise OptionError(f"from is {params['from']}, which is after to, {params['to']}")
    times = {name: time for name, time in (("from", since), ("to", until)) if time}
    query = (checked_text("query", params["query"]) or "").strip()
    # The oldest first: signals that are raised meanwhile are at the end, and shift nothing.
    return {"filter": {"query": query, **times}, "sort": params.get("sort") or "timestamp"}


def _says_nothing(query: t.Mapping[str, t.Any]) -> str | None:
    """Why a search has neither a filter nor a window; V(None) if it has one."""
    asked = query["filter"]
    bounded = asked["query"] not in ("", "*", "*:*") or "from" in asked or "to" in asked
    return None if bounded else f"query is {asked['query']!r}, and there is neither from nor to"


def _everything() -> dict[str, t.Any]:
    """The search for all signals that exist by now, the oldest first."""
    return {"filter": {"query": "*", "from": _BEGINNING, "to": now()}, "sort": "timestamp"}


def _cause_of(path: str, writing: bool) -> t.Hashable | None:
    """What a 403 is due to: a key may do something with every signal, or user, or with none.

    That of a bulk update is a cause of its own, for it may be about one signal of many.
    """
    return writing, re.sub(r"/(signals|users)/(?!bulk/)[^/]+", r"/\1/*", path)
