# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Yandex Cloud Security Deck: alerts, operations, comments and tokens, the three hosts behind one base."""

from __future__ import annotations

import base64
import re
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from .base import Call, answer
from .dates import iso
from .query_string import compile_text
from .security_deck_account import TYPE, SecurityDeckAccount
from .security_deck_alerts import ENUMS, Alert, Operation
from .seeds import cloud_id

ALERTS = "/securitydeck/alerts/v1/alerts"
MASK = (*ENUMS, "assigneeSubjectId", "tags")


class SecurityDeck(SecurityDeckAccount):
    """Security Deck, as one cloud organisation sees it."""

    name = "security_deck"

    def routes(self) -> list[Route]:
        """The alert sink's, the operation's, the IAM's and the metadata service's paths."""
        metadata = "/computeMetadata/v1/instance/service-accounts/default/token"
        return [
            self.route("GET", f"{ALERTS}/{{id}}", self._get, "read"),
            self.route("PATCH", f"{ALERTS}/{{id}}", self._patch, "write"),
            self.route("GET", f"{ALERTS}/{{id}}/comments", self._comments, "read"),
            self.route("POST", f"{ALERTS}/{{id}}/comments", self._comment, "write"),
            self.route("GET", "/securitydeck/alerts/v1/sinks/{sink}/alerts", self._list, "read"),
            self.route("GET", "/operations/{id}", self._get_operation, "read"),
            self.route("POST", "/iam/v1/tokens", self._token, None),
            self.route("GET", metadata, self._metadata, None),
        ]

    # Alerts

    def _alert(self, call: Call) -> Alert:
        alert = self.alerts.get(call.params["id"])
        if alert is None:
            raise self._refused(call, 5, f"Alert {call.params['id']} not found")
        if call.entry.is_write and alert.sink_id in self.settings.read_only_sinks:
            raise self._refused(call, 7, "Permission denied")
        return alert

    def _get(self, call: Call) -> Response:
        alert = self._alert(call)
        return answer(self.as_read(call, alert.id, alert).shown(True, self.settings.shows_unset))

    def _list(self, call: Call) -> Response:
        """A sink's alerts, without descriptions."""
        if call.params["sink"] != self.sink_id:
            raise self._refused(call, 5, "Alert sink not found")
        query = call.query
        try:
            size, start = int(query.get("pageSize", 100) or 100), self._page_start(query.get("pageToken", ""))
            # Its filters are `field = "value"` joined by AND; the query language says it with a colon.
            terms = re.sub(r"([\w.]+)\s*!=\s*", r"-\1:", query.get("filter", ""))
            test = compile_text(re.sub(r"([\w.]+)\s*=\s*", r"\1:", terms))
        except ValueError as error:
            raise self._refused(call, 3, f"Invalid argument: {error}") from error
        if not 0 < size <= 1000:
            raise self._refused(call, 3, "pageSize must be between 1 and 1000")
        name, _space, direction = query.get("orderBy", "create_time desc").partition(" ")
        keys = {"create_time": "created", "update_time": "updated", "severity": "severity", "status": "status"}
        if name not in keys or direction not in ("", "asc", "desc"):
            raise self._refused(call, 3, f"Invalid orderBy {name}")
        if len(query.get("filter", "")) > 2048:
            raise self._refused(call, 3, "Invalid argument: filter is too long")
        found = [alert for alert in self._as_indexed(call) if test(alert.has)]
        found.sort(key=lambda alert: (getattr(alert, keys[name]), alert.id), reverse=direction == "desc")
        shown = [alert.shown(False, self.settings.shows_unset) for alert in found]
        return answer(self._page("alerts", shown, start, size))

    def _as_indexed(self, call: Call) -> Iterator[Alert]:
        """The alerts as lists see them, which may be a while behind."""
        for alert in self.all_as_read(call, self.alerts).values():
            state = self.earlier(alert.id, self.settings.search_lag) if self.settings.search_lag else {}
            yield replace(alert, **{name.replace("assignee_subject_id", "assignee"): state[name] for name in state})

    @staticmethod
    def _page(name: str, rows: list[dict[str, Any]], start: int, size: int) -> dict[str, Any]:
        body: dict[str, Any] = {name: rows[start : start + size]}
        if start + size < len(rows):
            body["nextPageToken"] = base64.urlsafe_b64encode(f"from {start + size}".encode()).decode()
        return body

    @staticmethod
    def _page_start(token: str) -> int:
        return int(base64.urlsafe_b64decode(token).decode()[5:]) if token else 0

    # Updates

    def _patch(self, call: Call) -> Response:
        """Update what the mask names; what it names without a value is reset, and an empty mask names everything."""
        alert, body = self._alert(call), call.body
        if not isinstance(body, dict):
            raise self._refused(call, 3, "Invalid argument: body")
        mask = body.get("updateMask") or ""
        if not isinstance(mask, str):
            raise self._refused(call, 3, "Invalid argument: updateMask")
        names = mask.split(",") if mask else list(MASK)
        unknown = [name for name in names if name not in MASK] or sorted(set(body) - {*MASK, "updateMask"})
        if unknown:
            raise self._refused(call, 3, f"Invalid argument: unknown field {unknown[0]!r}")
        values: dict[str, Any] = {}
        for name in MASK:
            values[name] = self._value(call, name, body.get(name))
        repeated = self._repeated(call)
        if repeated is not None:
            return self._operation_answer(repeated)
        wanted = {("assignee" if name == "assigneeSubjectId" else name): values[name] for name in names}
        if all(getattr(alert, name) == value for name, value in wanted.items()):
            raise self._refused(call, 9, "no changes detected")
        return self._begin(call, alert, "UpdateAlert", wanted)

    def _value(self, call: Call, name: str, value: Any) -> Any:
        """A valid value of a field; unset where there is none."""
        if name == "tags":
            if value is not None and not (isinstance(value, list) and all(isinstance(one, str) for one in value)):
                raise self._refused(call, 3, "Invalid argument: tags")
            return list(value or [])
        if value is not None and not isinstance(value, str):
            raise self._refused(call, 3, f"Invalid argument: {name}")
        if name == "assigneeSubjectId":
            if value and value not in self.subjects:
                raise self._refused(call, 3, f"Subject {value} not found")
            return value or ""
        if value in (None, f"{name.upper()}_UNSPECIFIED"):
            return ""
        if value not in ENUMS[name]:
            raise self._refused(call, 3, f"Invalid argument: {name} has no value {value!r}")
        return value

    def _repeated(self, call: Call) -> Operation | None:
        """The operation that this idempotency key has begun already."""
        key = call.headers.get("idempotency-key")
        operation = self._by_key.get(key) if key else None
        if operation is not None and (operation.body, operation.alert.id) != (call.body, call.params["id"]):
            raise self._refused(call, 3, "Idempotency-Key was used for another request")
        return operation

    def _begin(self, call: Call, alert: Alert, kind: str, values: dict[str, Any]) -> Response:
        now, settings = time.time(), self.settings
        operation = Operation(
            cloud_id(self._chance, "fpo"),
            alert,
            call.entry,
            call.body,
            kind,
            now,
            now + settings.operation_seconds,
            values,
        )
        operation.lag = settings.operation_lag_404s
        if settings.failing_operations > 0:
            settings.failing_operations -= 1
            operation.fails = True
        self._operations[operation.id] = operation
        self._pending.append(operation)
        if "idempotency-key" in call.headers:
            self._by_key[call.headers["idempotency-key"]] = operation
        return self._operation_answer(operation)

    def _operation_answer(self, operation: Operation) -> Response:
        self._settle()
        noted = operation.kind == "CreateComment"
        about = {"commentId": operation.values["id"]} if noted else {"alertId": operation.alert.id}
        body: dict[str, Any] = {
            "id": operation.id,
            "description": operation.kind,
            "createdAt": iso(operation.created),
            "createdBy": self.subjects[0],
            "modifiedAt": iso(operation.due if operation.done else operation.created),
            "done": operation.done,
            "metadata": {"@type": f"{TYPE}.{operation.kind}Metadata", **about},
        }
        middle = operation.created + (operation.due - operation.created) / 2
        if operation.fails and (operation.done or time.time() >= middle):
            settings = self.settings
            body["error"] = self._status(settings.failure_code, settings.failure_message, operation.entry)
        elif operation.done:
            body["response"] = operation.response
        interval = self.settings.poll_interval
        return answer(body, 200, None if interval is None else {"x-operation-poll-interval": f"{interval:g}"})

    def _get_operation(self, call: Call) -> Response:
        operation = self._operations.get(call.params["id"])
        if operation is None or operation.lag > 0:
            if operation is not None:
                operation.lag -= 1
            raise self._refused(call, 5, f"Operation {call.params['id']} not found")
        return self._operation_answer(operation)

    # Comments

    def _comments(self, call: Call) -> Response:
        """One page, oldest first."""
        alert = self._alert(call)
        comments = self.as_read(call, alert.id, alert).comments
        try:
            size, start = int(call.query.get("pageSize", 100) or 100), self._page_start(call.query.get("pageToken", ""))
        except ValueError as error:
            raise self._refused(call, 3, f"Invalid argument: {error}") from error
        if not 0 < size <= 1000:
            raise self._refused(call, 3, "pageSize must be between 1 and 1000")
        return answer(self._page("comments", comments, start, min(size, self.settings.comments_page)))

    def _comment(self, call: Call) -> Response:
        alert = self._alert(call)
        text = call.body.get("text") if isinstance(call.body, dict) else None
        if not isinstance(text, str) or not 0 < len(text) <= 4096:
            raise self._refused(call, 3, "Invalid argument: text must have 1 to 4096 characters")
        repeated = self._repeated(call)
        if repeated is not None:
            return self._operation_answer(repeated)
        author = {"subject": {"id": self.subjects[0]}}
        comment = {"id": cloud_id(self._chance, "fvc"), "alertId": alert.id, "text": text, "createdBy": author}
        return self._begin(call, alert, "CreateComment", {**comment, "createTime": iso(time.time())})
