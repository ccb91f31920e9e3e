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

from ansible.module_utils.basic import env_fallback

from ._change import Fields
from ._datadog_search import PAGE, PATH, Search
from ._datadog_signal import SIGNAL_ID, Signal
from ._errors import OptionError, RefusedError, UnknownFateError
from ._http import Authorization, Client
from ._options import Connection, Params, Run, base_url, checked_ids, choose, secret
from ._platform import OneByOne, dig, not_found, segment
from ._selection import Found, Page, Selection, gather

DATADOG_OPTIONS: dict[str, t.Any] = {
    "api_key": {"type": "str", "no_log": True, "fallback": (env_fallback, ["DD_API_KEY", "DATADOG_API_KEY"])},
    "app_key": {
        "type": "str",
        "no_log": True,
        "aliases": ["application_key"],
        "fallback": (env_fallback, ["DD_APP_KEY", "DATADOG_APP_KEY"]),
    },
    "access_token": {"type": "str", "no_log": True, "fallback": (env_fallback, ["DD_ACCESS_TOKEN", "DD_BEARER_TOKEN"])},
    "site": {"type": "str", "default": "datadoghq.com", "fallback": (env_fallback, ["DD_SITE"])},
    "api_url": {"type": "str", "aliases": ["api_host"]},
}

STATES = ("open", "under_review", "archived")
SEVERITIES = ("info", "low", "medium", "high", "critical")


class Signals(OneByOne):
    """Security signals, by their ids or by a search; what is shown of one is up to `shown`."""

    kind = "signals"

    def __init__(self, params: Params, run: Run) -> None:
        self.ids = checked_ids("signal_ids", params["signal_ids"] or [], SIGNAL_ID, "signal")
        self.selection = Selection.of(params, self._find)
        if self.selection:
            self._search = Search(params)
            self.selection.refuse(self._search.unbounded)
        own_site = site(params["site"])
        #: Where the organisation is; V(None) behind a gateway, where that cannot be known.
        self.site = None if params["api_url"] else own_site
        self.base = base_url(params["api_url"] or f"https://api.{own_site}", allow_http=params["allow_http"])
        way = choose(params, DATADOG_OPTIONS, [("api_key", "app_key"), ("access_token",)])
        secrets = {name: secret(params, name, run) for name in way}
        if "access_token" in secrets:
            headers = {"Authorization": f"Bearer {secrets['access_token']}"}
        else:
            headers = {"DD-API-KEY": secrets["api_key"], "DD-APPLICATION-KEY": secrets["app_key"]}
        connection = Connection.of(params, run)
        self.retries = connection.retries
        self.client = Client(connection, Authorization(headers), run, self._hint)

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

    def _find(self, limit: int) -> Found:
        return gather(self._page, limit, PAGE)

    def _page(self, cursor: str | None, limit: int) -> Page:
        answer = self.client.request("POST", self.base + PATH, self._search.body(cursor, limit), safe=True)
        items, meta = dig(answer.body, "data"), dig(answer.body, "meta")
        after = dig(meta, "page", "after") or None
        signals = [Signal.of(item, found=True) for item in items] if isinstance(items, list) else [None]
        complete = [signal for signal in signals if signal]
        in_full = len(complete) == len(signals) and dig(meta, "status") != "timeout"
        if not (in_full and isinstance(after, (str, type(None)))):
            why = "the answer does not show all signals that were found, each with its triage"
            raise UnknownFateError("POST", PATH, why, status=answer.status)
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
            raise UnknownFateError("GET", path, why, status=answer.status)
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
