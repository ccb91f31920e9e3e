# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Elastic Security: the detection alerts of a Kibana and its spaces."""

from __future__ import annotations

import base64
import json
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, ClassVar

from starlette.responses import Response
from starlette.routing import Route

from .base import Call, Platform, Refused, answer
from .dates import iso
from .query_dsl import Document, QueryError, compile_query, named_ids, values
from .seeds import Scene, generator, hexadecimal, scenes, uuid4

SIGNALS = "/api/detection_engine/signals"
STATUSES = ("open", "acknowledged", "closed", "in-progress")
STATUS, REASON, UPDATED = (
    "kibana.alert.workflow_status",
    "kibana.alert.workflow_reason",
    "kibana.alert.workflow_status_updated_at",
)
TAGS, ASSIGNEES = "kibana.alert.workflow_tags", "kibana.alert.workflow_assignee_ids"
BODY_LIMIT, WINDOW, IDS_LIMIT = 1048576, 10000, 65536
_ERRORS = {400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 413: "Request Entity Too Large"}
_ERRORS.update({415: "Unsupported Media Type", 429: "Too Many Requests", 500: "Internal Server Error"})
_RISK = {"info": 1, "low": 21, "medium": 47, "high": 73, "critical": 99}


@dataclass
class KibanaSettings:
    """What differs between versions and moments."""

    # False is a server before 9.2: a reason is dropped without a word.
    supports_reason: bool = True
    # Alerts that something else is writing to: by id, how many updates will meet a version conflict.
    conflicts: dict[str, int] = field(default_factory=dict)
    # Alerts per batch of an update by query; an aborted update keeps the batches it has finished.
    batch_size: int = 1000
    # The server's limit in bytes on a request's body.
    body_limit: int = BODY_LIMIT


class Kibana(Platform):
    """A Kibana; the alerts of each space are a mapping from id to document."""

    name = "kibana"
    credentials: ClassVar[dict[str, str]] = {
        "kibana_api_key": base64.b64encode(b"vT7xQk2ZpW9sLmN4:Jr8cHd3GyBf6zKq5WxVn").decode(),
        "kibana_read_only_api_key": base64.b64encode(b"bK5wNz8QtX3rVj7M:Pf2yLc9HsGd4ZmTq6WkR").decode(),
        "kibana_username": "wq7zk-runbook-pt3vx",
        "kibana_password": "Zx8vKq3WtN7rLm2JcH5yPd9GsB",
        "kibana_bearer_token": "eyVm6KzQx9WtR3nLbJ7cHd2PsGy8FqZk5XvTw4Nm",
    }
    harmless = (f"{SIGNALS}/search", "/user_profile/_suggest", "/users/_find")
    _index = ".internal.alerts-security.alerts-{}-000001"

    def __init__(self) -> None:
        super().__init__()
        self.settings = KibanaSettings()
        self.spaces: dict[str, dict[str, Document]] = {}
        self.notes: dict[str, list[dict[str, Any]]] = {}

    # The alerts, for tests

    def seed(self, alerts: int, seed: int) -> None:
        """The default space holds them all; the space ``soc-lab`` is there, and empty."""
        self._chance = generator(seed, self.name)
        self.users = [(f"u_{hexadecimal(self._chance, 20)}_0", name) for name in ("amira", "bruno", "greta")]
        self.spaces = {"default": {}, "soc-lab": {}}
        self.notes = {"default": [], "soc-lab": []}
        for scene in scenes(self._chance, alerts):
            status = self._chance.choices(STATUSES[:3], (6, 2, 2))[0]
            reason = self._chance.choice(("false_positive", "duplicate", None)) if status == "closed" else None
            self.add_alert(status=status, reason=reason, scene=scene)

    def alerts(self, space: str = "default") -> dict[str, Document]:
        """The documents of a space by id."""
        return self.spaces[space]

    def overview(self) -> dict[str, dict[str, Any]]:
        """The triage state of every alert of every space."""
        return {
            key: {**self._state(document), "space": space}
            for space, documents in self.spaces.items()
            for key, document in documents.items()
        }

    def add_alert(
        self,
        status: str = "open",
        reason: str | None = None,
        space: str = "default",
        legacy: bool = False,
        scene: Scene | None = None,
        **fields: Any,
    ) -> str:
        """One more alert, and its id; ``legacy`` ones have a nested ``signal.status`` only."""
        scene = scene or next(scenes(self._chance, 1))
        key = hexadecimal(self._chance, 64)
        moment = iso(time.time() - scene.age)
        document: Document = {
            "@timestamp": moment,
            "host": {"name": scene.host, "ip": [scene.address]},
            "source": {"ip": scene.source_address},
            "user": {"name": scene.user},
            "tags": list(scene.tags),
        }
        if legacy:
            rule = {"name": scene.title, "severity": scene.severity}
            document["signal"] = {"status": status, "rule": rule, "original_time": moment}
        else:
            document.update(
                {
                    "event.kind": "signal",
                    STATUS: status,
                    TAGS: [],
                    ASSIGNEES: [],
                    "kibana.alert.uuid": key,
                    "kibana.alert.status": "active",
                    "kibana.alert.start": moment,
                    "kibana.alert.severity": "low" if scene.severity == "info" else scene.severity,
                    "kibana.alert.risk_score": _RISK[scene.severity],
                    "kibana.alert.reason": f"{scene.title} on {scene.host}",
                    "kibana.alert.rule.name": scene.title,
                    "kibana.alert.rule.uuid": uuid4(self._chance),
                    "kibana.space_ids": [space],
                }
            )
            if reason is not None:
                document[REASON] = reason
        self.notes.setdefault(space, [])
        self.spaces.setdefault(space, {})[key] = {**document, **fields}
        return key

    @staticmethod
    def _state(document: Document) -> dict[str, Any]:
        if STATUS not in document:
            return {"status": document.get("signal", {}).get("status")}
        return {
            "status": document[STATUS],
            "reason": document.get(REASON),
            "tags": list(document.get(TAGS, [])),
            "assignees": list(document.get(ASSIGNEES, [])),
        }

    # Refusals

    def routes(self) -> list[Route]:
        """Everything is there twice: for the default space, and below ``/s/{space}``."""
        routes = []
        for prefix in ("", "/s/{space}"):
            routes += [
                self.route("POST", f"{prefix}{SIGNALS}/status", self._set_status, "write"),
                self.route("POST", f"{prefix}{SIGNALS}/search", self._search, "read"),
                self.route("POST", f"{prefix}{SIGNALS}/tags", self._set_tags, "write"),
                self.route("POST", f"{prefix}{SIGNALS}/assignees", self._set_assignees, "write"),
                self.route("PATCH", f"{prefix}/api/note", self._add_note, "write"),
                self.route("GET", f"{prefix}/api/note", self._get_notes, "read"),
                self.route("POST", f"{prefix}/internal/security/user_profile/_suggest", self._suggest, "read"),
                self.route("GET", f"{prefix}/internal/detection_engine/users/_find", self._suggest, "read"),
                self.route("POST", f"{prefix}/internal/detection_engine/users/_find", self._suggest, "read"),
            ]
        return routes

    def authorize(self, call: Call, needs: str) -> None:
        """In the order of the real server: who, how much, in what form, and whether allowed."""
        scheme, _space, secret = call.headers.get("authorization", "").partition(" ")
        good, user = self.credentials, self.credentials["kibana_username"]
        login = base64.b64encode(f"{user}:{good['kibana_password']}".encode()).decode()
        full = {("apikey", good["kibana_api_key"]), ("basic", login), ("bearer", good["kibana_bearer_token"])}
        weak = ("apikey", good["kibana_read_only_api_key"])
        key = (scheme.lower(), secret)
        if key not in full and key != weak:
            what = "unable to authenticate with provided credentials for REST request [/_security/_authenticate]"
            raise self._core(401, f"[security_exception\n\tRoot causes:\n\t\tsecurity_exception: {what}]: {what}")
        if len(call.raw) > self.settings.body_limit:
            limit = self.settings.body_limit
            raise self._core(413, f"Payload content length greater than maximum allowed: {limit}")
        if call.raw and not call.headers.get("content-type", "").startswith("application/json"):
            raise self._core(415, "Unsupported Media Type")
        if call.raw and isinstance(call.body, str):
            raise self._core(400, "Invalid request payload JSON format")
        if call.entry.method != "GET" and "kbn-xsrf" not in call.headers:
            raise self._core(400, "Request must contain a kbn-xsrf header.")
        version = call.headers.get("elastic-api-version", "2023-10-31")
        if version != "2023-10-31" and "/internal/" not in call.entry.path:
            raise self._core(400, f'No version "{version}" available. Available versions are: 2023-10-31')
        space = call.params.get("space", "default")
        if not re.fullmatch(r"[a-z0-9_-]+", space):
            raise self._core(404, "Not Found")
        if needs == "write" and key == weak:
            name = call.entry.path.partition("?")[0]
            what = f"API [{call.entry.method} {name}] is unauthorized for user"
            raise self._core(403, f"{what}, this action is granted by the Kibana privileges [alerts-all]")

    def error_body(self, status: int, call: Call) -> Any:
        """The shape of Kibana's core; the detection engine has another."""
        return {"statusCode": status, "error": _ERRORS.get(status, "Error"), "message": _ERRORS.get(status, "Error")}

    def _core(self, status: int, message: str) -> Refused:
        return Refused(status, {"statusCode": status, "error": _ERRORS[status], "message": message})

    def _engine(self, status: int, message: Any) -> Refused:
        return Refused(status, {"message": message, "status_code": status})

    def _body(self, call: Call) -> dict[str, Any]:
        if not isinstance(call.body, dict):
            raise self._core(400, "[request body]: Expected object, received null")
        return call.body

    def _documents(self, call: Call) -> dict[str, Document]:
        # A space that nobody made is an empty index, not an error.
        return self.spaces.get(call.params.get("space", "default"), {})

    # Status

    def _set_status(self, call: Call) -> Response:
        """By ids (always aborting on conflicts) or by query; unknown keys are dropped, and ids win over a query."""
        body, documents = self._body(call), self._documents(call)
        status, ids, query = body.get("status"), body.get("signal_ids"), body.get("query")
        if status not in STATUSES:
            wanted = " | ".join(f"'{one}'" for one in STATUSES)
            raise self._core(400, f"[request body]: status: Invalid enum value. Expected {wanted}, received {status!r}")
        reason = body.get("reason") if self.settings.supports_reason else None
        if reason is not None and not isinstance(reason, str):
            raise self._core(400, "[request body]: reason: Expected string")
        if ids is not None:
            if not isinstance(ids, list) or not all(isinstance(one, str) and one for one in ids):
                raise self._core(400, "[request body]: signal_ids: Expected array of non-empty strings")
            if not ids:
                raise self._core(400, "[request body].signal_ids: at least one alert id is required to update status")
            if len(ids) > IDS_LIMIT:
                raise self._engine(400, f"illegal_argument_exception: too many terms [{len(ids)}]")
            wanted_ids, conflicts = [one for one in dict.fromkeys(ids) if one in documents], "abort"
        elif isinstance(query, dict):
            conflicts = body.get("conflicts", "abort")
            if conflicts not in ("abort", "proceed"):
                raise self._core(400, "[request body]: conflicts: Invalid enum value. Expected 'abort' | 'proceed'")
            wanted_ids = [key for key, _document in self._matching(documents, query)]
        else:
            raise self._core(400, "[request body]: Invalid input")
        return self._update(call, documents, wanted_ids, status, reason, conflicts)

    def _update(
        self,
        call: Call,
        documents: dict[str, Document],
        ids: list[str],
        status: str,
        reason: str | None,
        conflicts: str,
    ) -> Response:
        """Batch by batch, each done as far as it can be; an abort ends after the batch that met a conflict."""
        updated, batches, failures = 0, 0, 0
        first: list[dict[str, Any]] = []
        for start in range(0, len(ids), self.settings.batch_size):
            batches += 1
            for key in ids[start : start + self.settings.batch_size]:
                if self.settings.conflicts.get(key, 0) > 0:
                    self.settings.conflicts[key] -= 1
                    failures += 1
                    first.append(self._conflict(key, call.params.get("space", "default")))
                    continue
                before = self._state(documents[key])
                _set(documents[key], status, reason)
                updated += 1
                self.record(call.entry, key, before, self._state(documents[key]))
            if failures and conflicts == "abort":
                break
        result = {
            "took": 5,
            "timed_out": False,
            "total": len(ids),
            "updated": updated,
            "deleted": 0,
            "batches": batches,
            "version_conflicts": failures,
            "noops": 0,
            "retries": {"bulk": 0, "search": 0},
            "throttled_millis": 0,
            "requests_per_second": -1,
            "throttled_until_millis": 0,
            "failures": [],
        }
        if failures and conflicts == "abort":
            # The whole result, as a text within the message.
            raise self._engine(409, json.dumps({**result, "failures": first}))
        return answer(result)

    def _conflict(self, key: str, space: str) -> dict[str, Any]:
        index = self._index.format(space)
        reason = f"[{key}]: version conflict, required seqNo [11], primary term [1]. current document has seqNo [12]"
        cause = {"type": "version_conflict_engine_exception", "reason": reason, "shard": "0", "index": index}
        return {"index": index, "id": key, "cause": cause, "status": 409}

    # Search

    def _matching(self, documents: dict[str, Document], query: Any) -> Iterator[tuple[str, Document]]:
        try:
            test = compile_query(query, time.time())
        except QueryError as error:
            raise self._engine(400, str(error)) from error
        ids = named_ids(query)
        keys = documents if ids is None else [key for key in dict.fromkeys(ids) if key in documents]
        return ((key, documents[key]) for key in list(keys) if test(key, documents[key]))

    def _search(self, call: Call) -> Response:
        """Takes what the real route takes, and silently nothing else: neither ``from`` nor ``search_after``."""
        known = ("query", "aggs", "size", "track_total_hits", "_source", "fields", "runtime_mappings", "sort")
        body = {key: value for key, value in self._body(call).items() if key in known}
        if not body:
            raise self._engine(400, '"value" must have at least 1 children')
        size = body.get("size", 10)
        if not isinstance(size, int) or isinstance(size, bool) or size < 0:
            raise self._core(400, "[request body]: size: Expected a number of 0 or more")
        if size > WINDOW:
            raise self._engine(
                400,
                "search_phase_execution_exception: Result window is too large, from + size must be less than or equal "
                f"to: [{WINDOW}] but was [{size}]",
            )
        found = list(self._matching(self._documents(call), body.get("query", {"match_all": {}})))
        total, relation = len(found), "eq"
        if body.get("track_total_hits") is not True and total > WINDOW:
            total, relation = WINDOW, "gte"
        orders = list(_orders(body.get("sort")))
        for name, descending in reversed(orders):
            found.sort(key=lambda hit: _sort_key(hit, name), reverse=descending)
        index = self._index.format(call.params.get("space", "default"))
        hits = [_hit(key, document, index, body, orders) for key, document in found[:size]]
        counts = {"total": {"value": total, "relation": relation}, "max_score": None, "hits": hits}
        shards = {"total": 1, "successful": 1, "skipped": 0, "failed": 0}
        return answer({"took": 2, "timed_out": False, "_shards": shards, "hits": counts})

    # Tags, assignees, notes, users

    def _listed_change(self, call: Call, name: str, add: str, remove: str, target: str) -> Response:
        body, documents = self._body(call), self._documents(call)
        ids, lists = body.get("ids"), body.get(name)
        if not isinstance(ids, list) or not ids or not isinstance(lists, dict):
            raise self._core(400, f"[request body]: ids and {name} are required")
        added, removed = lists.get(add), lists.get(remove)
        if not isinstance(added, list) or not isinstance(removed, list):
            raise self._core(400, f"[request body]: {name}.{add} and {name}.{remove} must be arrays")
        if set(added) & set(removed):
            raise self._engine(400, [f"Duplicate {name} were found in both lists."])
        if not added and not removed:
            raise self._engine(400, [f"No {name} were given to add or remove."])
        items = 0
        for key in dict.fromkeys(ids):
            document = documents.get(key)
            if document is not None and STATUS in document:
                before = self._state(document)
                kept = [one for one in document.get(target, []) if one not in removed]
                document[target] = [*kept, *(one for one in added if one not in kept)]
                items += 1
                self.record(call.entry, key, before, self._state(document))
        return answer({"took": 3, "timed_out": False, "total": items, "updated": items, "failures": []})

    def _set_tags(self, call: Call) -> Response:
        return self._listed_change(call, "tags", "tags_to_add", "tags_to_remove", TAGS)

    def _set_assignees(self, call: Call) -> Response:
        return self._listed_change(call, "assignees", "add", "remove", ASSIGNEES)

    def _add_note(self, call: Call) -> Response:
        """One more note, on each call."""
        note = self._body(call).get("note")
        if not isinstance(note, dict) or "timelineId" not in note:
            raise self._core(400, "[request body]: note.timelineId: Required")
        user = self.credentials["kibana_username"]
        now = int(time.time() * 1000)
        made = {
            "eventId": note.get("eventId"),
            "note": note.get("note"),
            "timelineId": note["timelineId"],
            "noteId": uuid4(self._chance),
            "version": "WzEsMV0=",
            "created": now,
            "createdBy": user,
            "updated": now,
            "updatedBy": user,
        }
        self.notes.setdefault(call.params.get("space", "default"), []).append(made)
        return answer({"note": made})

    def _get_notes(self, call: Call) -> Response:
        notes = self.notes.get(call.params.get("space", "default"), [])
        wanted = call.query.getlist("documentIds")
        found = [note for note in notes if not wanted or note["eventId"] in wanted]
        return answer({"totalCount": len(found), "notes": found})

    def _suggest(self, call: Call) -> Response:
        """Profiles whose user name begins with the text; alerts want their ``uid``."""
        text = call.query.get("searchTerm", "")
        if isinstance(call.body, dict):
            text = str(call.body.get("name", text))
        return answer(
            [
                {"uid": uid, "enabled": True, "user": {"username": name, "email": f"{name}@example.com"}, "data": {}}
                for uid, name in self.users
                if text.lower() in name
            ]
        )


def _set(document: Document, status: str, reason: str | None) -> None:
    """What the server's update script does: only a transition touches reason and moment."""
    if STATUS in document and document[STATUS] != status:
        document[STATUS] = status
        document[UPDATED] = iso(time.time())
        document.pop(REASON, None)
        if status == "closed" and reason is not None:
            document[REASON] = reason
    if "signal" in document:
        document["signal"]["status"] = status


def _orders(sort: Any) -> Iterator[tuple[str, bool]]:
    """Field and direction of each sort, from the forms that Elasticsearch takes."""
    for one in sort if isinstance(sort, list) else [sort] if sort else []:
        if isinstance(one, str):
            yield one, False
        elif isinstance(one, dict):
            for name, order in one.items():
                yield name, (order.get("order") if isinstance(order, dict) else order) == "desc"


def _sort_key(hit: tuple[str, Document], name: str) -> tuple[bool, Any]:
    key, document = hit
    found = [key] if name in ("_id", "_doc") else values(document, name)
    return (not found, found[0] if found else "")


def _hit(
    key: str, document: Document, index: str, body: dict[str, Any], orders: list[tuple[str, bool]]
) -> dict[str, Any]:
    source = body.get("_source", True)
    hit: dict[str, Any] = {"_index": index, "_id": key, "_score": None if orders else 1.0}
    if source is not False:
        hit["_source"] = document if source is True else _filtered(document, source)
    if body.get("fields"):
        names = [one["field"] if isinstance(one, dict) else one for one in body["fields"]]
        hit["fields"] = {name: values(document, name) for name in _expanded(document, names)}
    if orders:
        hit["sort"] = [_sort_key((key, document), name)[1] for name, _descending in orders]
    return hit


def _filtered(document: Document, source: Any) -> Document:
    """The part of the document that ``_source`` names; keys stay as they are stored, the flat ones flat."""
    if isinstance(source, dict):
        includes, excludes = source.get("includes", ["*"]), source.get("excludes", [])
    else:
        includes, excludes = source, []
    includes = [includes] if isinstance(includes, str) else includes
    kept: Document = {}
    for path, value in _leaves(document):
        name = ".".join(path)
        if _named(name, includes) and not _named(name, [excludes] if isinstance(excludes, str) else excludes):
            inner = kept
            for part in path[:-1]:
                inner = inner.setdefault(part, {})
            inner[path[-1]] = value
    return kept


def _leaves(document: Document, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    for key, value in document.items():
        if isinstance(value, dict):
            yield from _leaves(value, (*path, key))
        else:
            yield (*path, key), value


def _named(name: str, patterns: list[str]) -> bool:
    return any(
        name == pattern
        or name.startswith(f"{pattern}.")
        or ("*" in pattern and re.fullmatch(re.escape(pattern).replace(r"\*", ".*"), name) is not None)
        for pattern in patterns
    )


def _expanded(document: Document, names: list[str]) -> list[str]:
    return [".".join(path) for path, _value in _leaves(document) if _named(".".join(path), names)]
