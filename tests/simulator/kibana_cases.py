# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Kibana's cases: made, found, closed, with alerts attached to them.

The public calls only. A case with ``syncAlerts`` hands its status on to its alerts.
"""

from __future__ import annotations

import time
from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from .base import Call, answer
from .dates import iso
from .kibana_account import KibanaAccount
from .kibana_documents import set_status, state_of
from .query_dsl import Document
from .seeds import uuid4

CASES = "/api/cases"
CASE_IDS = "kibana.alert.case_ids"
ALERTS_PER_CASE = 1000
PER_PAGE = 100
#: A case's statuses, and what its alerts get.
STATUSES = {"open": "open", "in-progress": "acknowledged", "closed": "closed"}
SEVERITIES = ("low", "medium", "high", "critical")
_NONE = {"id": "none", "name": "none", "type": ".none", "fields": None}
_REQUIRED = ("title", "description", "tags", "connector", "settings", "owner")
_CHANGEABLE = ("title", "description", "tags", "connector", "settings", "severity", "status", "assignees", "category")
_TOO_MANY = f"The provided perPage value is too high. The maximum allowed perPage value is {PER_PAGE}."

Case = dict[str, Any]


class KibanaCases(KibanaAccount):
    """The cases of each space, in the order in which they were made."""

    def __init__(self) -> None:
        super().__init__()
        self.cases: dict[str, list[Case]] = {}

    def seed(self, alerts: int, seed: int) -> None:
        self.cases = {}
        super().seed(alerts, seed)

    def case_routes(self, prefix: str) -> list[Route]:
        base = f"{prefix}{CASES}"
        return [
            self.route("GET", f"{base}/_find", self._find_cases, "read"),
            self.route("POST", base, self._create_case, "write"),
            self.route("PATCH", base, self._update_cases, "write"),
            self.route("GET", f"{base}/alerts/{{alert}}", self._cases_of_alert, "read"),
            self.route("GET", f"{base}/{{case}}", self._get_case, "read"),
            self.route("GET", f"{base}/{{case}}/alerts", self._alerts_of_case, "read"),
            self.route("GET", f"{base}/{{case}}/comments/_find", self._find_comments, "read"),
            self.route("POST", f"{base}/{{case}}/comments", self._attach, "write"),
            self.route("DELETE", f"{base}/{{case}}/comments/{{comment}}", self._detach, "write"),
        ]

    # For tests

    def add_case(self, title: str, space: str = "default", **fields: Any) -> str:
        """One more case, and its id."""
        made = {"title": title, "description": title, "tags": [], "severity": "low", "owner": "securitySolution"}
        return str(
            self._new_case(space, {**made, "settings": {"syncAlerts": False}, "connector": _NONE, **fields})["id"]
        )

    def case(self, case_id: str, space: str = "default") -> Case:
        """A case as it is, with its attachments."""
        return next(one for one in self.cases[space] if one["id"] == case_id)

    def alerts_of(self, case_id: str, space: str = "default") -> list[str]:
        """The alerts that are attached to a case, as often as they are."""
        return [alert for one in self.case(case_id, space)["attachments"] for alert in _listed(one.get("alertId"))]

    # Cases

    def _new_case(self, space: str, fields: Case) -> Case:
        now = iso(time.time())
        made: Case = {
            "id": uuid4(self._chance),
            "status": "open",
            "severity": "low",
            "assignees": [],
            "category": None,
            **fields,
            "created_at": now,
            "updated_at": None,
            "closed_at": None,
            "revision": 1,
            "attachments": [],
        }
        self.cases.setdefault(space, []).append(made)
        return made

    def _shown(self, case: Case) -> Case:
        attachments = case["attachments"]
        alerts = {alert for one in attachments for alert in _listed(one.get("alertId"))}
        shown = {name: value for name, value in case.items() if name not in ("revision", "attachments")}
        user = {"username": self.credentials["kibana_username"], "full_name": None, "email": None}
        counts = {"totalAlerts": len(alerts), "totalComment": sum(one["type"] == "user" for one in attachments)}
        return {**shown, **counts, "version": _version(case), "created_by": user, "comments": []}

    def _of_space(self, call: Call) -> list[Case]:
        space = call.params.get("space", "default")
        cases = self.as_read(call, f"cases of {space}", self.cases.get(space, []))
        return [self.as_read(call, f"case {case['id']}", case) for case in cases]

    def _named(self, call: Call, *, reads: bool = True) -> Case:
        space, case_id = call.params.get("space", "default"), call.params["case"]
        for case in self._of_space(call) if reads else self.cases.get(space, []):
            if case["id"] == case_id:
                return case
        raise self._core(404, f"Saved object [cases/{case_id}] not found")

    def _find_cases(self, call: Call) -> Response:
        """Page by page, the newest first. A search finds single words of a title or a description."""
        query = call.query
        page, size = int(query.get("page", "1")), int(query.get("perPage", "20"))
        if page < 1 or not 0 < size <= PER_PAGE:
            raise self._core(400, _TOO_MANY)
        owners, statuses = query.getlist("owner"), query.getlist("status")
        fields = query.getlist("searchFields") or ["title", "description"]
        words = query.get("search", "").replace('"', " ").lower().split()
        every = [one for one in self._of_space(call)[::-1] if not owners or one["owner"] in owners]
        every = [one for one in every if all(any(word in one[name].lower() for name in fields) for word in words)]
        found = [one for one in every if not statuses or one["status"] in statuses]
        counts = {
            f"count_{status.replace('-', '_')}_cases": sum(one["status"] == status for one in every)
            for status in STATUSES
        }
        shown = [self._shown(one) for one in found[(page - 1) * size : page * size]]
        return answer({"cases": shown, "page": page, "per_page": size, "total": len(found), **counts})

    def _get_case(self, call: Call) -> Response:
        return answer(self._shown(self._named(call)))

    def _create_case(self, call: Call) -> Response:
        """One more case on each call: titles may repeat."""
        body, space = self._body(call), call.params.get("space", "default")
        missing = [name for name in _REQUIRED if name not in body]
        unknown = [name for name in body if name not in (*_REQUIRED, *_CHANGEABLE) or name == "status"]
        if missing or unknown:
            wrong = (
                f'Invalid value "undefined" supplied to "{missing[0]}"' if missing else f'invalid keys "{unknown[0]}"'
            )
            raise self._core(400, wrong)
        self._check_fields(body)
        self.remember(call.entry, f"cases of {space}", self.cases.setdefault(space, []))
        made = self._new_case(space, body)
        return answer(self._shown(made))

    def _check_fields(self, fields: Case) -> None:
        for name, longest in (("title", 160), ("description", 30000)):
            if name in fields and not str(fields[name]).strip():
                raise self._core(400, f"The {name} field cannot be an empty string.")
            if len(str(fields.get(name, ""))) > longest:
                raise self._core(400, f"The length of the {name} is too long. The maximum length is {longest}.")
        for name, known in (("status", tuple(STATUSES)), ("severity", SEVERITIES)):
            if name in fields and fields[name] not in known:
                raise self._core(400, f'Invalid value "{fields[name]}" supplied to "{name}"')

    def _update_cases(self, call: Call) -> Response:
        """Each with the version that was read; what changes nothing at all is refused."""
        space = call.params.get("space", "default")
        there = {one["id"]: one for one in self.cases.get(space, [])}
        asked = self._body(call).get("cases")
        if not isinstance(asked, list) or not asked:
            raise self._core(400, 'Invalid value "undefined" supplied to "cases"')
        lost = [one["id"] for one in asked if one.get("id") not in there]
        if lost:
            raise self._core(404, f"These cases {', '.join(lost)} do not exist. Please check you have the correct ids.")
        late = [one["id"] for one in asked if one.get("version") != _version(there[one["id"]])]
        if late:
            what = "has been updated. Please refresh before saving additional updates."
            raise self._core(409, f"These cases {', '.join(late)} {what}")
        changes = {one["id"]: _differing(there[one["id"]], one) for one in asked}
        if not any(changes.values()):
            raise self._core(406, "All update fields are identical to current version.")
        for fields in changes.values():
            self._check_fields(fields)
        for case_id, fields in changes.items():
            self._change(call, there[case_id], fields)
        return answer([self._shown(there[case_id]) for case_id in changes])

    def _change(self, call: Call, case: Case, fields: Case) -> None:
        if not fields:
            return
        now = iso(time.time())
        self.remember(call.entry, f"case {case['id']}", case)
        case.update(fields, updated_at=now, revision=case["revision"] + 1)
        if "status" in fields:
            case["closed_at"] = now if fields["status"] == "closed" else None
            self._sync(call, case, [alert for one in case["attachments"] for alert in _listed(one.get("alertId"))])

    # Alerts

    def _cases_of_alert(self, call: Call) -> Response:
        owners = call.query.getlist("owner")
        found = [one for one in self._of_space(call) if call.params["alert"] in _alerts(one)]
        shown = [one for one in found if not owners or one["owner"] in owners]
        return answer([{"id": one["id"], "title": one["title"]} for one in shown])

    def _alerts_of_case(self, call: Call) -> Response:
        """As often as an alert is attached."""
        listed = [
            {"id": alert, "index": index, "attached_at": one["created_at"]}
            for one in self._named(call)["attachments"]
            for alert, index in zip(_listed(one.get("alertId")), _listed(one.get("index")))
        ]
        return answer(listed)

    def _find_comments(self, call: Call) -> Response:
        page, size = int(call.query.get("page", "1")), int(call.query.get("perPage", "20"))
        if size > PER_PAGE:
            raise self._core(400, _TOO_MANY)
        comments = self._named(call)["attachments"]
        shown = comments[(page - 1) * size : page * size]
        return answer({"comments": shown, "page": page, "per_page": size, "total": len(comments)})

    def _attach(self, call: Call) -> Response:
        """A comment, or alerts of one rule. Newer servers leave out alerts that are there already."""
        case, body = self._named(call, reads=False), self._body(call)
        if body.get("owner") != case["owner"]:
            raise self._core(400, "The owner field of the comment must match the case")
        if body.get("type") == "alert":
            body = self._new_alerts(case, body)
        elif body.get("type") != "user" or not str(body.get("comment", "")).strip():
            raise self._core(400, 'Invalid value "undefined" supplied to "comment"')
        if body.get("alertId") != []:
            self.remember(call.entry, f"case {case['id']}", case)
            made = {**body, "id": uuid4(self._chance), "created_at": iso(time.time()), "version": "WzEsMV0="}
            before = self._states(_listed(body.get("alertId")), call)
            case.update(attachments=[*case["attachments"], made], revision=case["revision"] + 1)
            self._tell(call, case, _listed(body.get("alertId")), before)
        return answer(self._shown(case))

    def _new_alerts(self, case: Case, body: Case) -> Case:
        """The request, less what is attached already."""
        alerts, indices, rule = _listed(body.get("alertId")), _listed(body.get("index")), body.get("rule")
        if not alerts or len(alerts) != len(indices) or not isinstance(rule, dict) or {"id", "name"} - set(rule):
            raise self._core(400, "alertId and index must be of the same length, and rule has an id and a name")
        if case["status"] == "closed":
            raise self._core(400, "Alert cannot be attached to a closed case")
        there = _alerts(case)
        if len(there) + len(alerts) > ALERTS_PER_CASE:
            limit = f"maximum allowed number ({ALERTS_PER_CASE}) of attached alerts"
            raise self._core(400, f"Case has reached the {limit}.")
        if self.settings.attaches_alerts_twice:
            return body
        fresh = {alert: index for alert, index in zip(alerts, indices) if alert not in there}
        return {**body, "alertId": list(fresh), "index": list(fresh.values())}

    def _detach(self, call: Call) -> Response:
        """One comment, which may be several alerts."""
        case = self._named(call, reads=False)
        gone = [one for one in case["attachments"] if one["id"] == call.params["comment"]]
        if not gone:
            raise self._core(404, f"This comment {call.params['comment']} does not exist in {case['id']}.")
        self.remember(call.entry, f"case {case['id']}", case)
        alerts = _listed(gone[0].get("alertId"))
        before = self._states(alerts, call)
        kept = [one for one in case["attachments"] if one is not gone[0]]
        case.update(attachments=kept, revision=case["revision"] + 1)
        for alert in alerts:
            self._write(call, alert, before, [one for one in before[alert].get("cases", []) if one != case["id"]])
        return Response(status_code=204)

    def _tell(self, call: Call, case: Case, alerts: list[str], before: dict[str, Case]) -> None:
        """Alerts know which cases have them, and get the status of a case that hands it on."""
        for alert in alerts:
            self._write(call, alert, before, list(dict.fromkeys([*before[alert].get("cases", []), case["id"]])))
        self._sync(call, case, alerts)

    def _write(self, call: Call, alert: str, before: dict[str, Case], cases: list[str]) -> None:
        document = self._documents(call).get(alert)
        if document is not None:
            self.remember(call.entry, alert, document)
            document[CASE_IDS] = cases
            self.record(call.entry, alert, before[alert], _state(document))

    def _states(self, alerts: list[str], call: Call) -> dict[str, Case]:
        documents = self._documents(call)
        return {alert: _state(documents[alert]) if alert in documents else {} for alert in alerts}

    def _sync(self, call: Call, case: Case, alerts: list[str]) -> None:
        if not case["settings"].get("syncAlerts"):
            return
        documents, status = self._documents(call), STATUSES[case["status"]]
        for alert in [one for one in dict.fromkeys(alerts) if one in documents]:
            self.remember(call.entry, alert, documents[alert])
            before = _state(documents[alert])
            set_status(documents[alert], status, None)
            self.record(call.entry, alert, before, _state(documents[alert]))


def _state(document: Document) -> Case:
    return {**state_of(document), "cases": list(document.get(CASE_IDS) or [])}


def _alerts(case: Case) -> set[str]:
    return {alert for one in case["attachments"] for alert in _listed(one.get("alertId"))}


def _listed(value: Any) -> list[Any]:
    return [] if value is None else value if isinstance(value, list) else [value]


def _version(case: Case) -> str:
    """Another one after each change."""
    return f"Wz{case['revision']},1]"


def _differing(case: Case, asked: Case) -> Case:
    return {name: asked[name] for name in _CHANGEABLE if name in asked and asked[name] != case.get(name)}
