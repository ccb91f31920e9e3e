# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Elastic Security: detection alerts as they are, named by ids or by a query.

API: https://www.elastic.co/docs/api/doc/kibana/operation/operation-searchalerts
"""

from __future__ import annotations

import typing as t
from urllib.parse import urlencode

from .._core.errors import OptionError
from .._core.options import Params, TaskContext
from .._core.times import utc
from .._core.urls import segment
from .._core.values import text
from .._flow.change import Fields
from .._flow.info import common
from .._flow.search import SearchResult, Selection
from .api import Alerts, field, listed, malformed
from .search import Search
from .words import ASSIGNEES, LEGACY_SEVERITY, LEGACY_STATUS, REASON, SEVERITY, STATUS, TAGS

_TITLE = "kibana.alert.reason"

_RULE, _LEGACY_RULE = "kibana.alert.rule.name", "signal.rule.name"

_START, _TIME = "kibana.alert.start", "@timestamp"

_UPDATED = "kibana.alert.workflow_status_updated_at"

_URL = "kibana.alert.url"


class AlertInfo(Alerts):
    """Alerts that a task looks at."""

    source: t.Sequence[str] | bool = (
        *(STATUS, LEGACY_STATUS, SEVERITY, LEGACY_SEVERITY, REASON, TAGS, ASSIGNEES),
        *(_TITLE, _RULE, _LEGACY_RULE, _START, _TIME, _UPDATED, _URL),
    )

    def __init__(self, params: Params, context: TaskContext) -> None:
        super().__init__(params, context)
        self._raw: bool = params["raw"]
        #: In which index the first alert of an id is.
        self._indices: dict[str, str] = {}
        if self._raw:
            self.source = True
        self._search = Search(params)
        self.extra = {name: params[name] for name in ("fields", "runtime_mappings") if params[name]}
        self._sort = _sort(params["sort"])
        self.selection = Selection.of(params, self._find)
        if params["sort"] is not None and not self.selection:
            raise OptionError("sort goes only with query")

    def _find(self, limit: int) -> SearchResult:
        return self._search.run(self, limit, sort=self._sort)

    def read(self, ids: t.Sequence[str]) -> dict[str, Fields]:
        places = {alert_id: place for place, alert_id in enumerate(ids)}
        found: dict[str, Fields] = {}
        for part in self.client.each(self.read_batch, self.read_batches(ids)):
            found.update((key, alert) for key, alert in part.items() if alert["id"] in places)
        return dict(sorted(found.items(), key=lambda one: places[one[1]["id"]]))

    def key(self, alert_id: str, hit: dict[str, t.Any]) -> str:
        """One that is in another index than the first of its id is an alert of its own; no id has a space in it."""
        index = str(hit.get("_index"))
        return alert_id if index == self._indices.setdefault(alert_id, index) else f"{alert_id} {index}"

    def shown(self, alert_id: str, status: str, hit: dict[str, t.Any]) -> Fields:
        assignees = listed(alert_id, hit, ASSIGNEES)
        rule = text(field(hit, _RULE)) or text(field(hit, _LEGACY_RULE))
        alert = common(
            platform="kibana",
            title=text(field(hit, _TITLE)) or rule,
            severity=text(field(hit, SEVERITY)) or text(field(hit, LEGACY_SEVERITY)),
            status=status,
            verdict=text(field(hit, REASON)),
            assignee=assignees[0] if assignees else "",
            created=utc(field(hit, _START)) or utc(field(hit, _TIME)),
            updated=utc(field(hit, _UPDATED)),
            url=self._url(alert_id, hit),
            rule=rule,
        )
        alert.update(id=alert_id, tags=listed(alert_id, hit, TAGS), assignees=assignees)
        if "fields" in self.extra:
            extra = hit.get("fields") or {}
            if not isinstance(extra, dict):
                raise malformed("search", f"the answer shows no fields that could be read, of the alert {alert_id}")
            alert["fields"] = extra
        return {**alert, "raw": hit["_source"]} if self._raw else alert

    def _url(self, alert_id: str, hit: dict[str, t.Any]) -> str | None:
        """The alert's page: as the alert has it, if Kibana is told its own address, else where it redirects to that."""
        url = text(field(hit, _URL))
        if url and url.startswith(("https://", "http://")):
            return url
        moment = utc(field(hit, _TIME))
        if not moment:
            return None
        place = urlencode({"index": self.index, "timestamp": moment})
        return f"{self.base}/app/security/alerts/redirect/{segment(alert_id)}?{place}"


def _sort(asked: t.Sequence[t.Mapping[str, t.Any]] | None) -> list[dict[str, str]]:
    """The order that a task asks for, each field by itself. Of those that are alike there, the newest come first."""
    order = [{str(name): str(way)} for one in asked or [] for name, way in one.items()]
    bad = [one for one in order for name, way in one.items() if name.startswith("_") or way not in ("asc", "desc")]
    if bad or (asked is not None and not order):
        raise OptionError("sort takes fields of the alert, each with asc or desc, as in: - '@timestamp': desc")
    return order if any(_TIME in one for one in order) else [*order, {_TIME: "desc"}]
