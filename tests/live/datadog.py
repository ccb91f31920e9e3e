# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Datadog Cloud SIEM."""

from __future__ import annotations

import typing as t

from ansible_collections.secops.triage.plugins.module_utils._datadog.endpoint import site
from ansible_collections.secops.triage.plugins.module_utils._datadog.words import DATADOG_OPTIONS
from ansible_collections.secops.triage.tests.live.service import Fields, LiveError, Scenario, Service
from ansible_collections.secops.triage.tests.unit.harness import Params

_OPEN = {"state": "open", "archive_reason": "none", "archive_comment": ""}


class Datadog(Service):
    name = "datadog"
    ids_variable = "LIVE_DATADOG_SIGNALS"
    options = DATADOG_OPTIONS.options
    ways = (("api_key", "app_key"), ("access_token",))
    extras: t.ClassVar[dict[str, str]] = {
        "LIVE_DATADOG_ASSIGNEE": "the user whom signals are assigned to",
        "LIVE_DATADOG_INCIDENT": "the public id of the incident that signals are linked to",
        "LIVE_DATADOG_QUERY": "a query that matches these signals and no others, whatever their state and assignee",
        "LIVE_DATADOG_URL": "another address than that of DD_SITE",
    }

    query_variables = ("LIVE_DATADOG_QUERY",)

    def connect(self) -> None:
        self._base = (
            self.environment.get("LIVE_DATADOG_URL") or f"https://api.{site(self.setting('site') or 'datadoghq.com')}"
        )
        if self.way == ("access_token",):
            self.session.headers["Authorization"] = f"Bearer {self.setting('access_token')}"
        else:
            keys = {"DD-API-KEY": self.setting("api_key"), "DD-APPLICATION-KEY": self.setting("app_key")}
            self.session.headers.update(keys)

    @property
    def params(self) -> Params:
        return {"api_url": self._base}

    @property
    def named(self) -> Params:
        return {"signal_ids": self.ids}

    @property
    def query(self) -> Params:
        # Nothing can be written to signals that are older.
        return {"query": self.environment["LIVE_DATADOG_QUERY"], "from": "now-30d"}

    def seen(self, row: Fields) -> Fields:
        shown = {"state": row["status"], "archive_reason": row["verdict"]}
        shown |= {name: row[name] for name in ("archive_comment", "incident_ids")}
        return {name: value for name, value in shown.items() if value is not None}

    def _url(self, signal_id: str, what: str = "") -> str:
        return f"{self._base}/api/v2/security_monitoring/signals/{signal_id}{what}"

    def look(self, alert_id: str) -> tuple[Fields, t.Any]:
        attributes = self.send("GET", self._url(alert_id))["data"]["attributes"]
        parts = [attributes.get(part, {}).get("workflow", {}).get("triage", {}) for part in ("gated", "custom")]
        triage = {**parts[0], **parts[1]}
        assignee = {**parts[0].get("assignee", {}), **parts[1].get("assignee", {})}
        fields = {
            "state": triage["state"],
            "archive_reason": triage.get("archiveReason") or "none",
            "archive_comment": triage.get("archiveComment") or "",
            "assignee": "" if assignee.get("id") == -1 else self._uuid(assignee),
            "incident_ids": triage.get("incidentIds") or [],
        }
        return fields, triage.get("stateUpdateTimestamp")

    def _uuid(self, assignee: Fields) -> str:
        """The uuid of an assignee, which alone can give the signal back to them."""
        if assignee.get("uuid"):
            return str(assignee["uuid"])
        handle = assignee.get("handle")
        found = self.send("GET", f"{self._base}/api/v2/users?filter={handle}")["data"] if handle else []
        uuids = [str(user["id"]) for user in found if user["attributes"]["handle"] == handle]
        if len(uuids) != 1:
            raise LiveError(f"the assignee {assignee} could not be put back: take signals that nobody has")
        return uuids[0]

    def put_back(self, alert_id: str, before: Fields, now: Fields) -> None:
        triage = {name: before[name] for name in _OPEN}
        triage["assignee"] = {"uuid": before["assignee"]}
        if any(before[name] != now[name] for name in (*_OPEN, "assignee")):
            self.send("PATCH", self._url(alert_id, "/update"), {"data": {"attributes": triage}})
        if before["incident_ids"] != now["incident_ids"]:
            incidents = {"incident_ids": before["incident_ids"]}
            self.send("PATCH", self._url(alert_id, "/incidents"), {"data": {"attributes": incidents}})

    def scenarios(self, before: t.Mapping[str, Fields]) -> t.Iterator[Scenario]:
        yield from self.looks("signal_info")
        yield Scenario("open", "signal_state", _OPEN, prepares=True)
        yield Scenario("take on", "signal_state", {"state": "under_review"})
        archived = {"archive_reason": "testing_or_maintenance", "archive_comment": "secops.triage: live test"}
        yield Scenario("archive with reason and comment", "signal_state", {"state": "archived", **archived})
        yield Scenario("reopen", "signal_state", _OPEN)
        traced = {"state": "archived", "provenance": "live test"}
        yield Scenario("archive with a line of provenance", "signal_state", traced)
        skipped = self.lacking("LIVE_DATADOG_QUERY")
        yield Scenario("reopen by query", "signal_state", _OPEN, by_query=True, skipped=skipped)
        yield Scenario("reopen", "signal_state", _OPEN, prepares=True)
        assignee, skipped = self.environment.get("LIVE_DATADOG_ASSIGNEE"), self.lacking("LIVE_DATADOG_ASSIGNEE")
        yield Scenario("unassign", "signal_state", {"assignee": ""}, prepares=True, skipped=skipped)
        yield Scenario("assign", "signal_state", {"assignee": assignee}, skipped=skipped)
        yield Scenario("unassign again", "signal_state", {"assignee": ""}, skipped=skipped)
        link = {"incident_id": self.environment.get("LIVE_DATADOG_INCIDENT")}
        skipped, unlink = self.lacking("LIVE_DATADOG_INCIDENT"), {**link, "state": "absent"}
        no_query = self.lacking("LIVE_DATADOG_INCIDENT", "LIVE_DATADOG_QUERY")
        yield Scenario("unlink", "signal_incident_link", unlink, prepares=True, skipped=skipped)
        yield Scenario("link to the incident", "signal_incident_link", link, skipped=skipped)
        yield Scenario("unlink by query", "signal_incident_link", unlink, by_query=True, skipped=no_query)
        yield Scenario("unlink again", "signal_incident_link", unlink, prepares=True, skipped=skipped)
