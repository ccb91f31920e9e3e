# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Elastic Security: the detection alerts of a Kibana and its spaces."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from .base import Call, answer
from .kibana_account import PROFILES, SIGNALS, STATUSES, USERS
from .kibana_cases import KibanaCases
from .kibana_documents import ASSIGNEES, TAGS, change_list, set_status, state_of
from .kibana_search import matching, search
from .query_dsl import Document, QueryError
from .seeds import uuid4

IDS_LIMIT = 65536
# Kibana asks Elasticsearch for profiles by a path that has all uids in it.
LINE_LIMIT = 4000


class Kibana(KibanaCases):
    """A Kibana with its detection engine and its cases."""

    name = "kibana"

    def routes(self) -> list[Route]:
        """Everything is there twice: for the default space, and below ``/s/{space}``."""
        routes = [self.route("GET", "/api/spaces/space/{space}", self._get_space, "read")]
        for prefix in ("", "/s/{space}"):
            routes += [
                self.route("POST", f"{prefix}{SIGNALS}/status", self._set_status, "write"),
                self.route("POST", f"{prefix}{SIGNALS}/search", self._search, "read"),
                self.route("POST", f"{prefix}{SIGNALS}/tags", self._set_tags, "write"),
                self.route("POST", f"{prefix}{SIGNALS}/assignees", self._set_assignees, "write"),
                self.route("PATCH", f"{prefix}/api/note", self._add_note, "write"),
                self.route("GET", f"{prefix}/api/note", self._get_notes, "read"),
                self.route("GET", f"{prefix}{USERS}", self._find_users, "read"),
                *self.case_routes(prefix),
                self.route("POST", f"{prefix}{PROFILES}", self._get_profiles, "read"),
            ]
        return routes

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
        if reason is not None and self.settings.reasons is not None and reason not in self.settings.reasons:
            raise self._engine(400, f"Invalid reason: {reason}")
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
            wanted_ids = self._found(documents, query)
        else:
            raise self._core(400, "[request body]: Invalid input")
        return self._update(
            call, documents, wanted_ids, conflicts, lambda document: set_status(document, status, reason)
        )

    def _found(self, documents: dict[str, Document], query: Any) -> list[str]:
        try:
            return [key for key, _document in matching(documents, query)]
        except QueryError as error:
            raise self._engine(400, str(error)) from error

    def _update(
        self,
        call: Call,
        documents: dict[str, Document],
        ids: list[str],
        conflicts: str,
        change: Callable[[Document], None],
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
                    first.append(self._conflict(key, self._index(call)))
                    continue
                self.remember(call.entry, key, documents[key])
                before = state_of(documents[key])
                change(documents[key])
                updated += 1
                self.record(call.entry, key, before, state_of(documents[key]))
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

    def _conflict(self, key: str, index: str) -> dict[str, Any]:
        reason = f"[{key}]: version conflict, required seqNo [11], current document has seqNo [12]"
        place = {"index": index, "index_uuid": "Zk3vQx8WTt6nLm2JcH5yPd", "shard": "0"}
        cause = {"type": "version_conflict_engine_exception", "reason": reason, **place}
        return {"index": index, "id": key, "cause": cause, "status": 409}

    # Search

    def _search(self, call: Call) -> Response:
        try:
            documents = self.all_as_read(call, self._documents(call))
            return answer(search(documents, self._body(call), self._index(call)))
        except QueryError as error:
            raise self._engine(400, str(error)) from error

    # Tags, assignees, notes, users

    def _listed_change(self, call: Call, name: str, add: str, remove: str, target: str) -> Response:
        body, documents = self._body(call), self._documents(call)
        ids, lists = body.get("ids"), body.get(name)
        if not isinstance(ids, list) or not ids or not isinstance(lists, dict):
            raise self._core(400, f"[request body]: ids and {name} are required")
        added, removed = lists.get(add), lists.get(remove)
        if not isinstance(added, list) or not isinstance(removed, list):
            raise self._core(400, f"[request body]: {name}.{add} and {name}.{remove} must be arrays")
        if not all(isinstance(one, str) and one for one in [*ids, *added, *removed]):
            raise self._core(400, f"[request body]: ids and {name}: Expected array of non-empty strings")
        both = [one for one in added if one in removed]
        if both:
            raise self._engine(
                400, [f"Duplicate {name} {json.dumps(both)} were found in the {add} and {remove} lists."]
            )
        # Those from before 8.0 have no such list.
        wanted = [one for one in dict.fromkeys(ids) if target in documents.get(one, {})]
        return self._update(
            call, documents, wanted, "abort", lambda document: change_list(document, target, added, removed)
        )

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
        space = call.params.get("space", "default")
        notes = self.notes.setdefault(space, [])
        self.remember(call.entry, f"notes of {space}", notes)
        told: dict[str, Any] = {"note": made}
        if len(notes) < self.settings.most_notes:
            notes.append(made)
        else:
            # Not an error: it answers with a note that is not there.
            made["version"] = ""
            told.update(code=403, message="There are as many notes as there may be")
        return answer({"data": {"persistNote": told}} if self.settings.notes_before_9 else told)

    def _get_notes(self, call: Call) -> Response:
        space = call.params.get("space", "default")
        notes = self.as_read(call, f"notes of {space}", self.notes.get(space, []))
        wanted = call.query.getlist("documentIds")
        found = [note for note in notes if not wanted or note["eventId"] in wanted]
        # Asked by alerts, it has no second page, and shows as many as a space may have.
        return answer({"totalCount": len(found), "notes": found[: self.settings.shown_notes]})

    def _get_space(self, call: Call) -> Response:
        """A space, which other clients look up before they use it."""
        space = call.params["space"]
        if space not in self.spaces:
            raise self._core(404, "Not Found")
        return answer({"id": space, "name": space, "disabledFeatures": []})

    def _find_users(self, call: Call) -> Response:
        """Ten profiles at the most that have the text at the beginning of a name or an e-mail."""
        text = call.query.get("searchTerm", "").lower()
        profiles = [self.profile(uid, name) for uid, name in self.users]
        found = [one for one in profiles if any(value.lower().startswith(text) for value in one["user"].values())]
        return answer(found[:10])

    def _get_profiles(self, call: Call) -> Response:
        """The profiles of these uids, in any order; what is no uid of a profile is left out without a word."""
        uids = self._body(call).get("uids")
        if not isinstance(uids, list) or not uids or not all(isinstance(one, str) for one in uids):
            raise self._core(400, "[request body.uids]: expected value of type [array] of at least one string")
        if len(",".join(uids)) > LINE_LIMIT:
            raise self._core(400, "too_long_http_line_exception: An HTTP line is larger than 4096 bytes.")
        return answer([self.profile(uid, name) for uid, name in reversed(self.users) if uid in uids])
