# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Yandex Cloud Security Deck."""

from __future__ import annotations

import time
import typing as t

from ansible_collections.secops.triage.plugins.module_utils._security_deck.words import SECURITY_DECK_OPTIONS
from ansible_collections.secops.triage.tests.live.service import Fields, LiveError, Scenario, Service
from ansible_collections.secops.triage.tests.unit.harness import Params

_UNSET = "CLASSIFICATION_UNSPECIFIED"
_OPEN = {"status": "OPEN", "classification": _UNSET}


class SecurityDeck(Service):
    name = "security_deck"
    ids_variable = "LIVE_SECURITY_DECK_ALERTS"
    options = SECURITY_DECK_OPTIONS.options
    ways = (("iam_token",),)
    extras: t.ClassVar[dict[str, str]] = {
        "LIVE_SECURITY_DECK_ASSIGNEE": "the id of the user account that alerts are assigned to",
        "LIVE_SECURITY_DECK_SINK": "the id of the sink that the alerts are in",
        "LIVE_SECURITY_DECK_FILTER": "a filter there that matches these alerts and no others, whatever their state",
        "LIVE_SECURITY_DECK_NOTE": "the text of a comment that is left on them, and stays",
        "LIVE_SECURITY_DECK_URL": "another address than those of YC_ENDPOINT",
    }

    query_variables = ("LIVE_SECURITY_DECK_SINK", "LIVE_SECURITY_DECK_FILTER")

    def connect(self) -> None:
        host = (self.setting("api_host") or "api.cloud.yandex.net").removesuffix(":443")
        self._one = self.environment.get("LIVE_SECURITY_DECK_URL")
        self._alerts = f"{self._one or f'https://alert-sink.{host}'}/securitydeck/alerts/v1/alerts"
        self._operations = f"{self._one or f'https://operation.{host}'}/operations"
        self.session.headers["Authorization"] = f"Bearer {self.setting('iam_token')}"

    @property
    def params(self) -> Params:
        return {"provider": "security_deck", "api_url": self._one}

    @property
    def query(self) -> Params:
        sink, asked = (self.environment[name] for name in self.query_variables)
        return {"query": {"sink_id": sink, "filter": asked}}

    def seen(self, row: Fields) -> Fields:
        shown = {"status": row["status"], "classification": row["verdict"]}
        shown["assignee_subject_id"] = row["assignee"]
        return {name: value for name, value in shown.items() if value is not None}

    def notes(self, alert_id: str) -> list[str]:
        page = self.send("GET", f"{self._alerts}/{alert_id}/comments?pageSize=1000")
        return [comment["text"] for comment in page.get("comments", [])]

    def look(self, alert_id: str) -> tuple[Fields, t.Any]:
        alert = self.send("GET", f"{self._alerts}/{alert_id}")
        fields = {
            "status": alert["status"],
            "classification": alert.get("classification") or _UNSET,
            "assignee_subject_id": alert.get("assignee", {}).get("subject", {}).get("id", ""),
        }
        return fields, alert.get("updateTime")

    def put_back(self, alert_id: str, before: Fields, now: Fields) -> None:
        names = {name: "assigneeSubjectId" if name == "assignee_subject_id" else name for name in before}
        moved = {name: value for name, value in before.items() if value != now[name]}
        body = {names[name]: value for name, value in moved.items() if value not in ("", _UNSET)}
        body["updateMask"] = ",".join(names[name] for name in moved)
        operation = self.send("PATCH", f"{self._alerts}/{alert_id}", body)
        for _second in range(120):
            if operation.get("done"):
                break
            time.sleep(1)
            operation = self.send("GET", f"{self._operations}/{operation['id']}")
        if operation.get("error") or not operation.get("done"):
            raise LiveError(f"operation {operation['id']} on {alert_id}: {operation.get('error', 'it does not end')}")

    def scenarios(self, before: t.Mapping[str, Fields]) -> t.Iterator[Scenario]:
        module = "alert_update"
        yield from self.looks("alert_info")
        yield Scenario("open", module, _OPEN, prepares=True)
        yield Scenario("take on", module, {"status": "IN_PROGRESS"})
        yield Scenario("resolve with a verdict", module, {"status": "RESOLVED", "classification": "FALSE_POSITIVE"})
        yield Scenario("reopen, and take the verdict back", module, _OPEN)
        need = self.lacking(*self.query_variables)
        yield Scenario("ask for more, by query", module, {"status": "NEED_INFO"}, by_query=True, skipped=need)
        assignee = self.environment.get("LIVE_SECURITY_DECK_ASSIGNEE")
        skipped = self.lacking("LIVE_SECURITY_DECK_ASSIGNEE")
        yield Scenario("unassign", module, {"assignee_subject_id": ""}, prepares=True, skipped=skipped)
        yield Scenario("assign", module, {"assignee_subject_id": assignee}, skipped=skipped)
        yield Scenario("unassign again", module, {"assignee_subject_id": ""}, skipped=skipped)
        yield self.leaves_note("LIVE_SECURITY_DECK_NOTE")
