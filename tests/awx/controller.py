# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A controller for tests only, on loopback: the part of its API that awx.awx uses to make things, with state."""

from __future__ import annotations

import contextlib
import json
import threading
import typing as t
from collections.abc import Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

from .fields import LINKS, ONLY_ADMINISTRATORS, Item
from .launch import Launcher, Run
from .store import RefusedError, Store

TOKEN = "token-of-nobody-Zq8sT1vXw4"
VERSION = "24.6.1"
_PREFIX = "/api/v2/"

Answer = tuple[int, t.Any]
_FORBIDDEN = 403, {"detail": "You do not have permission to perform this action."}
_MISSING = 404, {"detail": "Not found."}


class Controller:
    """`url` and `TOKEN` are what awx.awx takes; `store` is what there is, `log` what was asked, `jobs` what is run."""

    def __init__(self, playbooks: Sequence[str], run: Run = lambda _template, _variables: (True, {})) -> None:
        self.store = Store(playbooks)
        self.jobs = Launcher(self.store, run)
        self.users = {TOKEN: self.store.create("users", {"username": "admin", "is_superuser": True})}
        self.log: list[tuple[str, str, t.Any]] = []
        self.url = ""

    def writes(self) -> list[tuple[str, str, t.Any]]:
        """The requests that were to change something."""
        return [one for one in self.log if one[0] != "GET"]

    def sign_in(self, username: str) -> str:
        """The token of a user who has no right to anything, yet."""
        token = f"token-of-{username}-Zq8sT1vXw4"
        self.users[token] = self.store.create("users", {"username": username})
        return token

    def answer(self, token: str, method: str, target: str, body: t.Any) -> Answer:
        """The status and the body of the answer to a request."""
        parts = urlsplit(target)
        kind, *rest = parts.path.removeprefix(_PREFIX).strip("/").split("/")
        self.log.append((method, parts.path, body))
        user = self.users.get(token)
        if not user:
            return 401, {"detail": "Authentication credentials were not provided."}
        if method != "GET" and kind in ONLY_ADMINISTRATORS and not user["is_superuser"]:
            return _FORBIDDEN
        if kind == "config":
            return 200, {"version": VERSION}
        try:
            if not rest:
                return self._collection(method, kind, dict(parse_qsl(parts.query)), body)
            number = int(rest[0])
            if number not in self.store.items[kind]:
                return _MISSING
            return (
                self._one(user, method, kind, number, body)
                if len(rest) == 1
                else (self._below(user, method, kind, number, rest[1], body))
            )
        except RefusedError as error:
            return 400, {error.args[0]: error.args[1]}

    def _collection(self, method: str, kind: str, query: dict[str, str], body: t.Any) -> Answer:
        if method == "POST":
            return 201, self.store.shown(kind, self.store.create(kind, body))
        return 200, _page([self.store.shown(one, item) for one, item in self.store.find(kind, query)])

    def _one(self, user: Item, method: str, kind: str, number: int, body: t.Any) -> Answer:
        item = self.store.items[kind][number]
        if kind == "jobs" and not self.store.allows(user, "read", "job_templates", item["job_template"]):
            return _FORBIDDEN
        if kind == "project_updates":
            self.store.finish_update(item)
        if method == "PATCH":
            self.store.change(kind, number, body)
        return 200, self.store.shown(kind, item)

    def _below(self, user: Item, method: str, kind: str, number: int, name: str, body: t.Any) -> Answer:
        actions: dict[str, t.Callable[[], Answer]] = {
            "survey_spec": lambda: self._survey(method, kind, number, body),
            "create_approval_template": lambda: self._approval(kind, number, body),
            "update": lambda: self._update(number),
            "launch": lambda: self._launch(user, kind, number, body),
            "approve": lambda: self._decide(user, number, name),
            "deny": lambda: self._decide(user, number, name),
        }
        if name in actions:
            return actions[name]()
        return self._links(method, kind, number, name, body) if name in LINKS.get(kind, {}) else _MISSING

    def _survey(self, method: str, kind: str, number: int, body: t.Any) -> Answer:
        if method == "POST":
            self.store.write_survey(kind, number, body)
        elif method == "DELETE":
            self.store.surveys.pop((kind, number), None)
        return 200, self.store.surveys.get((kind, number), {}) if method == "GET" else {}

    def _approval(self, kind: str, number: int, body: t.Any) -> Answer:
        made = self.store.create("workflow_approval_templates", body)
        self.store.items[kind][number]["unified_job_template"] = made["id"]
        return 201, self.store.shown("workflow_approval_templates", made)

    def _update(self, number: int) -> Answer:
        update = self.store.update_project(self.store.items["projects"][number])
        return 202, self.store.shown("project_updates", update)

    def _launch(self, user: Item, kind: str, number: int, body: t.Any) -> Answer:
        if not self.store.allows(user, "launch", kind, number):
            return _FORBIDDEN
        return self.jobs.launch(kind, number, body or {})

    def _decide(self, user: Item, number: int, decision: str) -> Answer:
        workflow = self.store.items["workflow_jobs"][self.store.items["workflow_approvals"][number]["workflow_job"]]
        if not self.store.allows(user, "approve", "workflow_job_templates", workflow["workflow_job_template"]):
            return _FORBIDDEN
        self.jobs.decide(number, decision)
        return 204, None

    def _links(self, method: str, kind: str, number: int, name: str, body: t.Any) -> Answer:
        linked = self.store.links.setdefault((kind, number, name), [])
        other = LINKS[kind][name]
        if method == "GET":
            return 200, _page([self.store.shown(other, self.store.items[other][one]) for one in linked])
        if body.get("disassociate"):
            linked.remove(body["id"])
        elif body["id"] in self.store.items[other]:
            linked.append(body["id"])
        else:
            return 400, {"detail": "Not found."}
        return 204, None


def _page(results: list[t.Any]) -> dict[str, t.Any]:
    return {"count": len(results), "next": None, "previous": None, "results": results}


def _handler(controller: Controller) -> type[BaseHTTPRequestHandler]:
    def serve(request: BaseHTTPRequestHandler) -> None:
        length = int(request.headers.get("Content-Length") or 0)
        body = json.loads(request.rfile.read(length)) if length else None
        token = (request.headers["Authorization"] or "").removeprefix("Bearer ")
        status, content = controller.answer(token, request.command, request.path, body)
        text = b"" if content is None else json.dumps(content).encode()
        request.send_response(status)
        request.send_header("Content-Type", "application/json")
        request.send_header("Content-Length", str(len(text)))
        request.send_header("X-API-Product-Name", "AWX")
        request.send_header("X-API-Product-Version", VERSION)
        request.end_headers()
        request.wfile.write(text)

    methods = {f"do_{method}": serve for method in ("GET", "POST", "PATCH", "DELETE")}
    return type("Handler", (BaseHTTPRequestHandler,), {**methods, "log_message": lambda *dummy: None})


@contextlib.contextmanager
def controller(playbooks: Sequence[str], **options: t.Any) -> Iterator[Controller]:
    """A controller that is listening; its projects have these playbooks."""
    one = Controller(playbooks, **options)
    with ThreadingHTTPServer(("127.0.0.1", 0), _handler(one)) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        one.url = f"http://127.0.0.1:{server.server_port}"
        try:
            yield one
        finally:
            server.shutdown()
            thread.join()
