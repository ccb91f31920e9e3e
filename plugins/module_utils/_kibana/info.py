# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Elastic Security: detection alerts as they are, named by ids or by a query.

API: https://www.elastic.co/docs/api/doc/kibana/operation/operation-searchalerts
"""

from __future__ import annotations

import typing as t
from urllib.parse import urlencode

from .._core.errors import OptionError, TriageError
from .._core.options import Params, TaskContext
from .._core.times import utc
from .._core.urls import segment
from .._core.values import text
from .._flow.change import Alert
from .._flow.info import common
from .._flow.search import Selection
from .api import KibanaApi, KibanaReader, malformed
from .hits import Hit, field, first_text, listed, rule_of, status_of, title_of
from .search import Search
from .users import names_of
from .words import (
    ASSIGNEES,
    LEGACY_RULE,
    LEGACY_SEVERITY,
    LEGACY_STATUS,
    REASON,
    REASON_TEXT,
    RULE,
    SEVERITY,
    STATUS,
    TAGS,
)

_START, _TIME = "kibana.alert.start", "@timestamp"

_UPDATED = "kibana.alert.workflow_status_updated_at"

_URL = "kibana.alert.url"

#: The fields that a row is made of.
_SOURCE = (
    *(STATUS, LEGACY_STATUS, SEVERITY, LEGACY_SEVERITY, REASON, TAGS, ASSIGNEES),
    *(REASON_TEXT, RULE, LEGACY_RULE, _START, _TIME, _UPDATED, _URL),
)


class KibanaInfo(KibanaReader):
    """Reads alerts as they are. An alert that is in several indices is shown once for each."""

    def __init__(self, params: Params, context: TaskContext) -> None:
        self._raw: bool = params["raw"]
        self._wants_fields = bool(params["fields"])
        self._resolves_names: bool = params["resolve_names"]
        source = True if self._raw else _SOURCE
        super().__init__(KibanaApi(params, context), params, source, self._alert, by_index=True)
        order = _sort(params["sort"])
        search = Search(self, params)
        if self.query is not None:
            self.selection = Selection(params, lambda limit: search.run(limit, sort=order), search, search.says_nothing)
        elif params["sort"] is not None:
            raise OptionError("sort goes only with query or kql")

    def _alert(self, alert_id: str, hit: Hit) -> Alert:
        fields = common(
            platform="kibana",
            title=title_of(hit),
            severity=first_text(hit, SEVERITY, LEGACY_SEVERITY),
            status=status_of(hit),
            verdict=text(field(hit, REASON)),
            created=utc(field(hit, _START)) or utc(field(hit, _TIME)),
            updated=utc(field(hit, _UPDATED)),
            url=self._url(alert_id, hit),
            rule=rule_of(hit),
        )
        fields.update(tags=listed(hit, TAGS), **self._assignees(listed(hit, ASSIGNEES)))
        if self._wants_fields:
            extra = hit.get("fields") or {}
            if not isinstance(extra, dict):
                raise malformed("search", f"the answer shows no readable fields of the alert {alert_id}")
            fields["fields"] = extra
        return Alert(alert_id, {**fields, "raw": hit["_source"]} if self._raw else fields)

    def with_names(self, alerts: dict[str, Alert]) -> dict[str, Alert]:
        """These alerts, with the names of their assignees. Without names they are shown all the same."""
        uids = [uid for alert in alerts.values() for uid in alert.fields["assignees"] or []]
        if self._resolves_names and uids:
            try:
                names = names_of(self.api, uids)
            except TriageError as error:
                self.read_warnings.append(f"The names of assignees could not be looked up: {error}")
                return alerts
            for alert in alerts.values():
                alert.fields.update(self._assignees(alert.fields["assignees"], names))
        return alerts

    def _assignees(self, uids: list[str] | None, names: t.Mapping[str, str] | None = None) -> dict[str, t.Any]:
        """What a row says of the assignees, V(None) if their field cannot be read, with the names that are known."""
        found = None if uids is None else [(names or {}).get(uid) for uid in uids]
        first = {
            "assignee": None if uids is None else next(iter(uids), ""),
            "assignee_name": None if found is None else next(iter(found), ""),
        }
        return {**first, "assignees": uids, **({"assignee_names": found} if self._resolves_names else {})}

    def _url(self, alert_id: str, hit: Hit) -> str | None:
        """The alert's page: what the alert says, if Kibana knows its public address, else Kibana's redirect to it."""
        url = text(field(hit, _URL))
        if url and url.startswith(("https://", "http://")):
            return url
        moment = utc(field(hit, _TIME))
        if not moment:
            return None
        place = urlencode({"index": self.api.index, "timestamp": moment})
        return f"{self.api.base}/app/security/alerts/redirect/{segment(alert_id)}?{place}"


def _sort(desired: t.Sequence[t.Mapping[str, t.Any]] | None) -> list[dict[str, str]]:
    """The order that a task names, one field at a time. Alerts that are equal in it come newest first."""
    order = [{str(name): str(way)} for one in desired or [] for name, way in one.items()]
    if not all(map(_is_sort, order)) or (desired is not None and not order):
        raise OptionError("sort takes fields of the alert, each with asc or desc, as in: - '@timestamp': desc")
    return order if any(_TIME in one for one in order) else [*order, {_TIME: "desc"}]


def _is_sort(one: t.Mapping[str, str]) -> bool:
    ((name, way),) = one.items()
    return not name.startswith("_") and way in ("asc", "desc")
