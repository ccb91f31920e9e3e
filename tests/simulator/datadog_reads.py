# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What can be looked for in Datadog: signals, by its query language, users, and incidents."""

from __future__ import annotations

import base64
import json
import re
import time
from collections.abc import Callable
from typing import Any

from starlette.responses import Response

from .base import Call, RefusedError
from .datadog_account import V2, DatadogAccount
from .datadog_signals import Signal, listed, read
from .dates import parse_moment
from .query_string import compile_text, matches


class DatadogReads(DatadogAccount):
    """The handlers that change nothing."""

    def _signal(self, call: Call) -> Signal:
        signal = self.signals.get(call.params["id"])
        if signal is None:
            raise RefusedError(404, {"errors": ["Signal not found"]})
        return signal

    def _get(self, call: Call) -> Response:
        shows, archive_in = self.settings.assignee_shows, self.settings.archive_in
        signal = self._signal(call)
        return self._answer(read(self.as_read(call, signal.id, signal), self.users, shows, archive_in))

    def _search(self, call: Call) -> Response:
        body = call.body if call.body is not None else {}
        if not isinstance(body, dict):
            raise self._invalid(call, "the body is not an object")
        bounds, page = body.get("filter") or {}, body.get("page") or {}
        return self._found(call, bounds, body.get("sort"), page.get("limit", 10), page.get("cursor"))

    def _list(self, call: Call) -> Response:
        bounds = {
            name: call.query[f"filter[{name}]"] for name in ("query", "from", "to") if f"filter[{name}]" in call.query
        }
        limit = self._number(call, "page[limit]", 10)
        return self._found(call, bounds, call.query.get("sort"), limit, call.query.get("page[cursor]"))

    def _found(self, call: Call, bounds: dict[str, Any], sort: Any, limit: Any, cursor: Any) -> Response:
        """One page of the signals within the bounds; the cursor names the last signal of the page before."""
        if not isinstance(limit, int) or not 1 <= limit <= 1000:
            raise self._invalid(call, "page.limit must be between 1 and 1000")
        if sort not in (None, "timestamp", "-timestamp"):
            raise self._invalid(call, "sort must be timestamp or -timestamp")
        now = time.time()
        try:
            test = compile_text(bounds.get("query") or "*")
            since = parse_moment(bounds["from"], now) * 1000 if "from" in bounds else 0.0
            until = parse_moment(bounds["to"], now) * 1000 if "to" in bounds else float("inf")
            after = tuple(json.loads(base64.urlsafe_b64decode(cursor))) if cursor else None
        except (ValueError, TypeError) as error:
            raise self._invalid(call, str(error)) from error
        backwards = sort == "-timestamp"
        keys = sorted(((one.timestamp, one.id) for one in self.signals.values()), reverse=backwards)
        seen = self.all_as_read(call, self.signals)
        page: list[Signal] = []
        more = False
        for key in keys:
            if after is not None and (key >= after if backwards else key <= after):
                continue
            signal = seen[key[1]].as_indexed()
            if since <= signal.timestamp <= until and test(self._lookup(signal)):
                if len(page) == limit:
                    more = True
                    break
                page.append(signal)
        for signal in self.signals.values():
            signal.index_lag = max(0, signal.index_lag - 1)
        shows, hides = self.settings.assignee_shows, self.settings.search_hides
        body: dict[str, Any] = {"data": [listed(one, self.users, shows, hides) for one in page]}
        body["meta"] = {"elapsed": 1, "status": "done", "page": {}}
        if more:
            last = json.dumps([page[-1].timestamp, page[-1].id]).encode()
            body["meta"]["page"]["after"] = base64.urlsafe_b64encode(last).decode()
            body["links"] = {"next": f"{self.url}{V2}?page[cursor]={body['meta']['page']['after']}"}
        return self._answer(body)

    def _lookup(self, signal: Signal) -> Callable[[str | None, str], bool]:
        """What the query language sees of a signal."""
        scene, user = signal.scene, self.users.get(signal.assignee)
        facets = {
            "@workflow.triage.state": [signal.state] if signal.triaged else [],
            "@workflow.triage.archiveReason": [signal.archive_reason],
            "@workflow.triage.incidentIds": [str(number) for number in signal.incident_ids],
            "@workflow.triage.assignee.uuid": [user.uuid] if user else [],
            "@workflow.triage.assignee.handle": [user.handle] if user else [],
            "@workflow.triage.assignee.name": [user.name] if user else ["Unassigned"],
            "@workflow.rule.name": [scene.title],
            "@network.client.ip": [scene.source_address],
            "@usr.email": [scene.user],
            "status": [scene.severity],
            "service": [scene.host.partition("-")[0]],
            "host": [scene.host],
            "source": [scene.source],
        }

        def lookup(name: str | None, pattern: str) -> bool:
            if name == "*":
                return any(lookup(one, pattern) for one in (None, *facets))
            if name is None:
                return pattern == "*" or matches(f"*{pattern.strip('*')}*", f"{scene.title} {scene.advice}")
            if name in facets:
                return any(matches(pattern, value) for value in facets[name])
            return any(matches(f"{name}:{pattern}", tag) for tag in scene.tags)

        return lookup

    # Users and incidents

    def _number(self, call: Call, name: str, default: int) -> int:
        try:
            return int(call.query.get(name, default))
        except ValueError as error:
            raise self._invalid(call, f"{name} must be an integer") from error

    def _list_users(self, call: Call) -> Response:
        """Users by free text: any part of a name or handle fits, so that one handle may bring several users."""
        text = call.query.get("filter", "").lower()
        statuses = [one for one in call.query.get("filter[status]", "").split(",") if one]
        size, number = self._number(call, "page[size]", 10), self._number(call, "page[number]", 0)
        found = [
            user
            for user in self.users.values()
            if text in f"{user.name} {user.handle}".lower() and (not statuses or user.status in statuses)
        ]
        page = found[number * size : (number + 1) * size]
        counts = {"total_filtered_count": len(found), "total_count": len(self.users)}
        return self._answer({"data": [user.resource() for user in page], "meta": {"page": counts}})

    def _get_user(self, call: Call) -> Response:
        user = self.users.get(call.params["id"])
        if user is None:
            raise self._refused(call, 404, "Not Found", "User not found")
        return self._answer({"data": user.resource()})

    def _list_incidents(self, call: Call) -> Response:
        size, offset = self._number(call, "page[size]", 10), self._number(call, "page[offset]", 0)
        page = self.incidents[offset : offset + size]
        pagination: dict[str, Any] = {"size": len(page), "offset": offset}
        if offset + size < len(self.incidents):
            pagination["next_offset"] = offset + size
        return self._answer({"data": page, "meta": {"pagination": pagination}})

    def _search_incidents(self, call: Call) -> Response:
        """A page of the incidents in some states. Of the query language, that facet is known here."""
        found = re.fullmatch(r"state:\(?(\w+(?: OR \w+)*)\)?", call.query.get("query", ""))
        if not found:
            raise self._invalid(call, "query must name states")
        size, offset = self._number(call, "page[size]", 10), self._number(call, "page[offset]", 0)
        if not 1 <= size <= 100:
            raise self._invalid(call, "page[size] must be between 1 and 100")
        states = found[1].split(" OR ")
        shown = [
            {"data": one}
            for one in reversed(self.as_read(call, "incidents", self.incidents))
            if one["attributes"]["state"] in states and self.hidden_incidents.get(one["id"], 0) <= 0
        ]
        for key, left in self.hidden_incidents.items():
            self.hidden_incidents[key] = left - 1
        page = shown[offset : offset + size]
        attributes = {"facets": {}, "incidents": page, "total": len(shown)}
        pagination = {"offset": offset, "size": len(page), "next_offset": offset + len(page)}
        data = {"type": "incidents_search_results", "attributes": attributes}
        return self._answer({"data": data, "meta": {"pagination": pagination}})

    def _get_incident(self, call: Call) -> Response:
        for incident in self.incidents:
            if incident["id"] == call.params["id"]:
                return self._answer({"data": incident})
        raise self._refused(call, 404, "Not Found", "Incident not found")
