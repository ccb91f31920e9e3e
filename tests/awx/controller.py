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

from .fields import LINKS
from .store import RefusedError, Store

TOKEN = "token-of-nobody-Zq8sT1vXw4"
_PREFIX = "/api/v2/"

Answer = tuple[int, t.Any]


class Controller:
    """`url` and `TOKEN` are what awx.awx takes; `store` is what there is, `log` what was asked."""

    def __init__(self, playbooks: Sequence[str]) -> None:
        self.store = Store(playbooks)
        self.log: list[tuple[str, str, t.Any]] = []
        self.url = ""

    def writes(self) -> list[tuple[str, str, t.Any]]:
        """The requests that were to change something."""
        return [one for one in self.log if one[0] != "GET"]

    def answer(self, method: str, target: str, body: t.Any) -> Answer:
        """The status and the body of the answer to a request."""
        parts = urlsplit(target)
        kind, *rest = parts.path.removeprefix(_PREFIX).strip("/").split("/")
        self.log.append((method, parts.path, body))
        try:
            if not rest:
                return self._collection(method, kind, dict(parse_qsl(parts.query)), body)
            number = int(rest[0])
            if number not in self.store.items[kind]:
                return 404, {"detail": "Not found."}
            if len(rest) > 1:
                return self._below(method, kind, number, rest[1], body)
            if method == "PATCH":
                self.store.change(kind, number, body)
            return 200, self.store.shown(kind, self.store.items[kind][number])
        except RefusedError as error:
            return 400, {error.args[0]: error.args[1]}

    def _collection(self, method: str, kind: str, query: dict[str, str], body: t.Any) -> Answer:
        if method == "POST":
            return 201, self.store.shown(kind, self.store.create(kind, body))
        return 200, _page([self.store.shown(one, item) for one, item in self.store.find(kind, query)])

    def _below(self, method: str, kind: str, number: int, name: str, body: t.Any) -> Answer:
        store = self.store
        if name == "survey_spec":
            if method == "POST":
                store.write_survey(kind, number, body)
            elif method == "DELETE":
                store.surveys.pop((kind, number), None)
            return 200, store.surveys.get((kind, number), {}) if method == "GET" else {}
        if name == "create_approval_template":
            made = store.create("workflow_approval_templates", body)
            store.items[kind][number]["unified_job_template"] = made["id"]
            return 201, store.shown("workflow_approval_templates", made)
        if name not in LINKS.get(kind, {}):
            return 404, {"detail": "Not found."}
        linked = store.links.setdefault((kind, number, name), [])
        other = LINKS[kind][name]
        if method == "GET":
            return 200, _page([store.shown(other, store.items[other][one]) for one in linked])
        if body.get("disassociate"):
            linked.remove(body["id"])
        elif body["id"] in store.items[other]:
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
        known = request.headers["Authorization"] == f"Bearer {TOKEN}"
        status, content = controller.answer(request.command, request.path, body) if known else (401, {})
        text = b"" if content is None else json.dumps(content).encode()
        request.send_response(status)
        request.send_header("Content-Type", "application/json")
        request.send_header("Content-Length", str(len(text)))
        request.send_header("X-API-Product-Name", "AWX")
        request.send_header("X-API-Product-Version", "24.6.1")
        request.end_headers()
        request.wfile.write(text)

    methods = {f"do_{method}": serve for method in ("GET", "POST", "PATCH", "DELETE")}
    return type("Handler", (BaseHTTPRequestHandler,), {**methods, "log_message": lambda *dummy: None})


@contextlib.contextmanager
def controller(playbooks: Sequence[str]) -> Iterator[Controller]:
    """A controller that is listening; its projects have these playbooks."""
    one = Controller(playbooks)
    with ThreadingHTTPServer(("127.0.0.1", 0), _handler(one)) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        one.url = f"http://127.0.0.1:{server.server_port}"
        try:
            yield one
        finally:
            server.shutdown()
            thread.join()
