# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Elastic Security."""

from __future__ import annotations

import typing as t

from ansible_collections.secops.triage.plugins.module_utils._kibana import KIBANA_OPTIONS
from ansible_collections.secops.triage.plugins.module_utils._options import base_url
from ansible_collections.secops.triage.tests.live.service import Fields, LiveError, Scenario, Service
from ansible_collections.secops.triage.tests.unit.harness import Params

_STATUS, _REASON = "kibana.alert.workflow_status", "kibana.alert.workflow_reason"
_MOMENT, _LEGACY = "kibana.alert.workflow_status_updated_at", "signal.status"


class Kibana(Service):
    name = "kibana"
    ids_variable = "LIVE_KIBANA_ALERTS"
    options = KIBANA_OPTIONS
    ways = (("api_url", "api_key"), ("api_url", "username", "password"), ("api_url", "bearer_token"))
    extras: t.ClassVar[dict[str, str]] = {"LIVE_KIBANA_REASON": "a reason to close with, on 9.2 or newer"}

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

    def look(self, alert_id: str) -> tuple[Fields, t.Any]:
        wanted = {"query": {"ids": {"values": [alert_id]}}, "_source": [_STATUS, _REASON, _MOMENT, _LEGACY]}
        hits = self.send("POST", f"{self._base}/api/detection_engine/signals/search", wanted)["hits"]["hits"]
        if len(hits) != 1:
            raise LiveError(f"there is no such alert in this space: {alert_id}")
        source = hits[0]["_source"]
        status = source.get(_STATUS) or source.get("signal", {}).get("status")
        return {"status": status, "reason": source.get(_REASON)}, source.get(_MOMENT)

    def _set(self, alert_id: str, status: str, **more: t.Any) -> None:
        body = {"signal_ids": [alert_id], "status": status, **more}
        self.send("POST", f"{self._base}/api/detection_engine/signals/status", body)

    def put_back(self, alert_id: str, before: Fields, now: Fields) -> None:
        if before["status"] == now["status"]:
            # The server stores a reason in the step to closed, and at no other time.
            self._set(alert_id, "acknowledged")
        self._set(alert_id, before["status"], **({"reason": before["reason"]} if before["reason"] else {}))

    def scenarios(self, before: t.Mapping[str, Fields]) -> t.Iterator[Scenario]:
        named, module = {"alert_ids": self.ids}, "kibana_alert_status"
        asked = {"query": {"ids": {"values": self.ids}}, "max_alerts": len(self.ids)}
        yield Scenario("open", module, {**named, "status": "open"}, prepares=True)
        yield Scenario("acknowledge", module, {**named, "status": "acknowledged"})
        yield Scenario("close", module, {**named, "status": "closed"})
        yield Scenario("reopen by query", module, {**asked, "status": "open"})
        closed = {"status": "closed", "reason": self.environment.get("LIVE_KIBANA_REASON")}
        yield Scenario("close with a reason", module, {**named, **closed}, skipped=self.lacking("LIVE_KIBANA_REASON"))
        yield Scenario("reopen", module, {**named, "status": "open"}, prepares=True)
        yield Scenario(
            "close by query, conflicts or not", module, {**asked, "status": "closed", "conflicts": "proceed"}
        )
