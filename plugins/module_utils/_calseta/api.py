# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Calseta: the connection, and how alerts are read, one by one or in the pages of a search.

API: https://docs.calseta.com/api-reference/alerts/patch-alert
"""

from __future__ import annotations

import re
import typing as t
import uuid

from .._core.credentials import secret
from .._core.errors import AmbiguousError, OptionError, RefusedError
from .._core.options import Connection, Params, TaskContext, checked_text, environment_value
from .._core.times import before_all, moment
from .._core.urls import base_url, segment
from .._core.values import dig, has_types, integer, text, texts
from .._flow.change import Fields
from .._flow.guards import GuardedState, Guards
from .._flow.platform import ReadsOneByOne
from .._flow.search import Page, SearchResult, Selection, collect_pages
from .._http.client import Authorization, Client
from .words import SEVERITIES, STATUSES


def search_parameters(query: Params, selection: Selection) -> dict[str, str]:
    """What to ask for: newest first, unless the task says otherwise."""
    parameters = {"sort_by": query.get("sort_by") or "created_at", "sort_order": query.get("sort_order") or "desc"}
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
        parameters[name] = ",".join(values)
    for name in ("from_time", "to_time"):
        time = moment(f"query.{name}", query.get(name))
        if time:
            parameters[name] = time
    if "from_time" in parameters and "to_time" in parameters and parameters["from_time"] > parameters["to_time"]:
        # In the task's own words, which are the same in every run.
        since, until = query["from_time"], query["to_time"]
        raise OptionError(f"query.from_time is {since}, which is after query.to_time, {until}")
    if before_all(parameters.get("from_time", "")):
        selection.refuse("query has no from_time, or one that is before all alerts")
    return parameters


_KINDS = {"status": str, "severity": str, "tags": list, "close_classification": str, "malice_override": str}

_PAGE = 500


class Calseta(ReadsOneByOne):
    """Alerts of Calseta, named by their ids or found."""

    read_lag = 5.0

    #: What to say of a key that may not do what it should.
    scopes = "The key needs both scopes, alerts:read and alerts:write: neither includes the other."

    #: What must be of these types, where it is there, for an alert to be readable.
    kinds: t.ClassVar[t.Mapping[str, type]] = _KINDS

    def __init__(self, params: Params, context: TaskContext) -> None:
        self.ids = _uuids(params["alert_ids"] or [])
        # Not an environment fallback of the option: with the other provider, the token would go to this address.
        api_url = params["api_url"] or environment_value(["CALSETA_API_URL"])
        if not api_url:
            raise OptionError("api_url is missing: give it, or set CALSETA_API_URL")
        if not params["api_key"]:
            raise OptionError("api_key is missing: give it, or set CALSETA_API_KEY")
        #: Where the alerts are, each by its id.
        self.base = re.sub(r"/v1$", "", base_url(api_url, allow_http=params["allow_http"])) + "/v1/alerts/"
        self.selection = Selection.of(params, self._find)
        if self.selection:
            self._search = search_parameters(params["query"], self.selection)
        if "only_from" in params:
            self.guards = Guards.of(params, STATUSES, SEVERITIES)
        connection = Connection.of(params, context)
        self.retries = connection.retries
        authorization = Authorization({"Authorization": f"Bearer {secret(params, 'api_key', context)}"})
        self.client = Client(connection, authorization, context, self._hint)

    def _hint(self, status: int, writing: bool) -> str | None:
        if status == 401:
            return "Check api_key, and that it has not expired."
        if status == 403:
            return self.scopes
        if status == 404:
            return "Check api_url: it is the server's address, without /v1."
        return None

    def read_one(self, alert_id: str) -> Fields | None:
        try:
            answer = self.client.get(self.base + segment(alert_id))
        except RefusedError as error:
            if no_such_alert(error):
                return None
            raise
        alert = dig(answer.body, "data")
        if not self.is_valid(alert) or alert["uuid"] != alert_id:
            raise AmbiguousError("GET", f"/v1/alerts/{alert_id}", "the answer does not show this alert")
        return self.shown(alert, whole=True)

    def _find(self, limit: int) -> SearchResult:
        # Pages are counted, so all of them must be of one size. One more than the limit shows whether there are more.
        size = min(_PAGE, limit + 1)
        return collect_pages(lambda after, dummy: self._page(after, size), limit, size)

    def _page(self, after: tuple[int, int] | None, size: int) -> Page:
        """The page of a number, and how many alerts there were before it was asked for; at first there is neither."""
        number, before = after or (1, 0)
        answer = self.client.get(self.base.rstrip("/"), {**self._search, "page": number, "page_size": size})
        found, total = dig(answer.body, "data"), integer(dig(answer.body, "meta", "total"))
        if not isinstance(found, list) or total is None or total < 0:
            raise _doubt("the answer is not a page of alerts")
        alerts: dict[str, Fields] = {}
        for alert in found:
            if not self.is_valid(alert):
                raise _doubt(f"the answer has an alert in it that cannot be read: {_uuid(alert) or 'no uuid'}")
            alerts[alert["uuid"]] = self.shown(alert, whole=False)
        if total < before:
            # Some match no more, and the others have moved up: onto the page that has been read already.
            return Page(alerts, (max(1, number - 1), total), total)
        return Page(alerts, (number + 1, total) if found and number * size < total else None, total)

    def is_valid(self, alert: t.Any) -> bool:
        """Whether this is an object of an alert, with nothing in it that we would have to guess at."""
        known = has_types(alert, self.kinds) and alert.get("status") and alert.get("severity")
        return bool(known and _uuid(alert))

    def shown(self, alert: Fields, *, whole: bool) -> Fields:
        """The fields of the API's alert. A list does not show the ``whole`` of it."""
        fields = fields_of(alert)
        if self.guards.set:
            self.guards.standings[alert["uuid"]] = GuardedState(fields["status"], fields["severity"])
        if not whole:
            del fields["malice_override"]
        return fields


def fields_of(alert: Fields) -> Fields:
    """What can be changed of an alert."""
    return {
        "status": text(alert.get("status")),
        "severity": text(alert.get("severity")),
        "tags": texts(alert.get("tags")),
        "close_classification": text(alert.get("close_classification")),
        "malice_override": text(alert.get("malice_override")),
    }


def no_such_alert(error: RefusedError) -> bool:
    """Whether there is no such alert: a wrong base address is a 404 too, with other words."""
    return error.status == 404 and dig(error.body, "error", "message") == "Alert not found."


def _uuid(alert: t.Any) -> str | None:
    """An alert's id, if it is one: a UUID as the API writes them."""
    value = dig(alert, "uuid")
    try:
        return value if isinstance(value, str) and str(uuid.UUID(value)) == value else None
    except ValueError:
        return None


def _doubt(reason: str) -> AmbiguousError:
    return AmbiguousError("GET", "/v1/alerts", reason, status=200)


def _uuids(values: t.Iterable[str]) -> list[str]:
    """The ids as the API writes them: it takes other forms of a UUID too, but answers with this one."""
    ids: dict[str, None] = {}
    bad = []
    for value in values:
        try:
            ids[str(uuid.UUID(value.strip()))] = None
        except ValueError:
            bad.append(repr(value[:80]))
    if bad:
        raise OptionError(f"alert_ids: not the UUID of a Calseta alert: {', '.join(bad[:5])}{', …' if bad[5:] else ''}")
    return list(ids)
