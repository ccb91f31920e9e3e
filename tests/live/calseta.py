# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Calseta."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.secops.triage.plugins.module_utils._calseta.words import CALSETA_OPTIONS
from ansible_collections.secops.triage.plugins.module_utils._core.urls import base_url
from ansible_collections.secops.triage.tests.live.service import Fields, Scenario, Service
from ansible_collections.secops.triage.tests.unit.harness import Params

_TAG = "secops-triage-live-test"
_FIELDS = ("status", "severity", "tags", "close_classification", "malice_override")


class Calseta(Service):
    name = "calseta"
    ids_variable = "LIVE_CALSETA_ALERTS"
    # The address is no fallback of the modules' option, for it is that of one provider only.
    options: t.ClassVar[dict[str, t.Any]] = {**CALSETA_OPTIONS.options, "api_url": {"env": ["CALSETA_API_URL"]}}
    ways = (("api_url", "api_key"),)
    extras: t.ClassVar[dict[str, str]] = {
        "LIVE_CALSETA_SOURCE": "the source_name of these alerts and no others of the last year",
        "LIVE_CALSETA_NOTE": "the text of a finding that is left on them, and stays",
    }
    query_variables = ("LIVE_CALSETA_SOURCE",)

    def connect(self) -> None:
        self._base = re.sub(r"/v1$", "", base_url(self.setting("api_url"), allow_http=False)) + "/v1/alerts"
        self.session.headers["Authorization"] = f"Bearer {self.setting('api_key')}"

    @property
    def params(self) -> Params:
        return {"provider": "calseta"}

    @property
    def query(self) -> Params:
        return {"query": {"source_name": [self.environment["LIVE_CALSETA_SOURCE"]], "from_time": "now-365d"}}

    def seen(self, row: Fields) -> Fields:
        return {**{name: row[name] for name in ("status", "severity", "tags")}, "close_classification": row["verdict"]}

    def notes(self, alert_id: str) -> list[str]:
        return [finding["summary"] for finding in self.send("GET", f"{self._base}/{alert_id}/findings")["data"]]

    def look(self, alert_id: str) -> tuple[Fields, t.Any]:
        alert = self.send("GET", f"{self._base}/{alert_id}")["data"]
        return {name: alert[name] for name in _FIELDS}, alert["updated_at"]

    def put_back(self, alert_id: str, before: Fields, now: Fields) -> None:
        body = {name: value for name, value in before.items() if value is not None}
        if before["malice_override"] is None:
            body["reset_malice_override"] = True
        elif before["malice_override"] == now["malice_override"]:
            # The same verdict again would be a new one.
            del body["malice_override"]
        self.send("PATCH", f"{self._base}/{alert_id}", body)

    def scenarios(self, before: t.Mapping[str, Fields]) -> t.Iterator[Scenario]:
        module = "alert_update"
        yield from self.looks("alert_info")
        yield Scenario("open", module, {"status": "Open", "severity": "Low"}, prepares=True)
        yield Scenario("take on, and raise the severity", module, {"status": "Triaging", "severity": "High"})
        lower, no_query = {"severity": "Low"}, self.lacking("LIVE_CALSETA_SOURCE")
        yield Scenario("lower the severity by query", module, lower, by_query=True, skipped=no_query)
        there = any(_TAG in fields["tags"] for fields in before.values())
        tagged = {"tags": [_TAG], "purge_tags": False}
        yield Scenario("add a tag", module, tagged, skipped=f"the tag {_TAG} is there" if there else "")
        yield Scenario("no override", module, {"reset_malice_override": True}, prepares=True)
        yield Scenario("override the verdict", module, {"malice_override": "Suspicious"})
        yield Scenario("take the override back", module, {"reset_malice_override": True})
        bare = [alert_id for alert_id, fields in before.items() if not fields["close_classification"]]
        never = f"a close_classification could never be taken away again from {', '.join(bare)}" if bare else ""
        yield Scenario("close with the classification that is there", module, {"status": "Closed"}, skipped=never)
        yield Scenario("reopen", module, {"status": "Open"}, skipped=never)
        yield self.leaves_note("LIVE_CALSETA_NOTE")
