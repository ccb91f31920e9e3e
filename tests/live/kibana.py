# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Elastic Security."""

from __future__ import annotations

import typing as t

from ansible_collections.secops.triage.plugins.module_utils._core.urls import base_url
from ansible_collections.secops.triage.plugins.module_utils._kibana.words import KIBANA_OPTIONS
from ansible_collections.secops.triage.tests.live.service import Fields, LiveError, Scenario, Service
from ansible_collections.secops.triage.tests.unit.harness import Params

_STATUS, _REASON = "kibana.alert.workflow_status", "kibana.alert.workflow_reason"
_MOMENT, _LEGACY = "kibana.alert.workflow_status_updated_at", "signal.status"
_TAGS, _ASSIGNEES = "kibana.alert.workflow_tags", "kibana.alert.workflow_assignee_ids"
_TAG = "secops-triage-live-test"


class Kibana(Service):
    name = "kibana"
    ids_variable = "LIVE_KIBANA_ALERTS"
    options = KIBANA_OPTIONS.options
    ways = (("api_url", "api_key"), ("api_url", "username", "password"), ("api_url", "bearer_token"))
    extras: t.ClassVar[dict[str, str]] = {
        "LIVE_KIBANA_REASON": "a reason to close with, on 9.2 or newer",
        "LIVE_KIBANA_ASSIGNEE": "the user whom alerts are assigned to: the uid of a profile, or a user name",
        "LIVE_KIBANA_NOTE": "the text of a note that is left on them, and stays",
    }

    def connect(self) -> None:
        space = self.setting("space_id")
        base = base_url(self.setting("api_url"), allow_http=False)
        self._base = base + (f"/s/{space}" if space not in ("", "default") else "")
        self.session.headers.update({"kbn-xsrf": "true", "elastic-api-version": "2023-10-31"})
        if self.setting("api_key"):
            self.session.headers["Authorization"] = f"ApiKey {self.setting('api_key')}"
        elif self.setting("password"):
            self.session.auth = (self.setting("username"), self.setting("password"))
        else:
            self.session.headers["Authorization"] = f"Bearer {self.setting('bearer_token')}"

    @property
    def params(self) -> Params:
        return {}

    @property
    def query(self) -> Params:
        return {"query": {"ids": {"values": self.ids}}}

    def seen(self, row: Fields) -> Fields:
        return {**{name: row[name] for name in ("status", "tags", "assignees")}, "reason": row["verdict"]}

    def notes(self, alert_id: str) -> list[str]:
        found = self.send("GET", f"{self._base}/api/note?documentIds={alert_id}")["notes"]
        return [note["note"] for note in found]

    def look(self, alert_id: str) -> tuple[Fields, t.Any]:
        wanted = {"query": {"ids": {"values": [alert_id]}}, "_source": True}
        hits = self.send("POST", f"{self._base}/api/detection_engine/signals/search", wanted)["hits"]["hits"]
        if len(hits) != 1:
            raise LiveError(f"there is no such alert in this space: {alert_id}")
        source = hits[0]["_source"]
        status = source.get(_STATUS) or source.get("signal", {}).get("status")
        lists = {"tags": source.get(_TAGS) or [], "assignees": source.get(_ASSIGNEES) or []}
        # Tags and assignees move no mark but themselves.
        return {"status": status, "reason": source.get(_REASON), **lists}, [source.get(_MOMENT), lists]

    def _set(self, alert_id: str, status: str, **more: t.Any) -> None:
        body = {"signal_ids": [alert_id], "status": status, **more}
        self.send("POST", f"{self._base}/api/detection_engine/signals/status", body)

    def put_back(self, alert_id: str, before: Fields, now: Fields) -> None:
        for name, (add, remove) in {"tags": ("tags_to_add", "tags_to_remove"), "assignees": ("add", "remove")}.items():
            was, present = before[name], now[name]
            if was != present:
                change = {add: [one for one in was if one not in present]}
                change[remove] = [one for one in present if one not in was]
                url = f"{self._base}/api/detection_engine/signals/{name}"
                self.send("POST", url, {"ids": [alert_id], name: change})
        if (before["status"], before["reason"]) == (now["status"], now["reason"]):
            return
        if before["status"] == now["status"]:
            # The server stores a reason in the step to closed, and at no other time.
            self._set(alert_id, "acknowledged")
        self._set(alert_id, before["status"], **({"reason": before["reason"]} if before["reason"] else {}))

    def scenarios(self, before: t.Mapping[str, Fields]) -> t.Iterator[Scenario]:
        module = "kibana_alert_status"
        yield from self.looks("kibana_alert_info")
        yield Scenario("open", module, {"status": "open"}, prepares=True)
        yield Scenario("acknowledge", module, {"status": "acknowledged"})
        yield Scenario("close", module, {"status": "closed"})
        yield Scenario("reopen by query", module, {"status": "open"}, by_query=True)
        closed = {"status": "closed", "reason": self.environment.get("LIVE_KIBANA_REASON")}
        yield Scenario("close with a reason", module, closed, skipped=self.lacking("LIVE_KIBANA_REASON"))
        yield Scenario("reopen", module, {"status": "open"}, prepares=True)
        proceed = {"status": "closed", "conflicts": "proceed"}
        yield Scenario("close by query, conflicts or not", module, proceed, by_query=True)
        yield from self._lists(before)
        yield self.leaves_note("LIVE_KIBANA_NOTE")

    def _lists(self, before: t.Mapping[str, Fields]) -> t.Iterator[Scenario]:
        """Tags and assignees."""
        there = any(_TAG in fields["tags"] for fields in before.values())
        skipped = f"the tag {_TAG} is there" if there else ""
        tagged, module = {"tags": [_TAG]}, "kibana_alert_tags"
        yield Scenario("add a tag", module, tagged, skipped=skipped)
        yield Scenario("take it away by query", module, {**tagged, "state": "absent"}, by_query=True, skipped=skipped)
        has_somebody = any(fields["assignees"] for fields in before.values())
        skipped = "somebody has an alert" if has_somebody else self.lacking("LIVE_KIBANA_ASSIGNEE")
        assigned = {"assignees": [self.environment.get("LIVE_KIBANA_ASSIGNEE")]}
        yield Scenario("assign", "kibana_alert_assignees", assigned, skipped=skipped)
        yield Scenario("unassign again", "kibana_alert_assignees", {**assigned, "state": "absent"}, skipped=skipped)
