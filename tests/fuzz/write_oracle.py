# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The writes that the arguments of a task ask for, and the state that they desire; computed without the modules.

The arguments are those of the result's C(invocation): with their defaults, and of their types.
"""

from __future__ import annotations

import contextlib
import json
import re
import typing as t
import uuid

from ansible_collections.secops.triage.plugins.module_utils._core.text import printable
from ansible_collections.secops.triage.plugins.module_utils._kibana.query_dsl import searched
from ansible_collections.secops.triage.tests.simulator import Entry, Simulator
from ansible_collections.secops.triage.tests.simulator.base import Change
from ansible_collections.secops.triage.tests.unit.harness import Params

from .lines import bare, is_line, is_note, leaves_line, line_of
from .tasks import Task

State = dict[str, t.Any]

_MASK = {
    "status": "status",
    "classification": "classification",
    "assigneeSubjectId": "assignee_subject_id",
}
_SIGNALS = "/api/v2/security_monitoring/signals"


def named(task: Task, params: Params) -> set[str]:
    """The ids that the task names."""
    ids = {str(one).strip() for one in params[task.ids_option] or []}
    if task.platform == "calseta":
        with contextlib.suppress(ValueError):
            return {str(uuid.UUID(one)) for one in ids}
    return ids


def check_write(task: Task, params: Params, entry: Entry, found: t.Collection[str]) -> None:
    """Assert that the arguments ask for this write. ``found`` are the alerts that a query may be about."""
    if is_note(entry.path) and task.module != "alert_note":
        assert is_line(params, _noted(entry, found or named(task, params)))
        return
    {
        "signal_state": _signal_state,
        "signal_incident_link": _link,
        "kibana_alert_status": _kibana,
        "kibana_alert_tags": _kibana_lists,
        "kibana_alert_assignees": _kibana_lists,
        "alert_note": _note,
        "alert_update": _security_deck if task.platform == "security_deck" else _calseta,
    }[task.module](params, entry, found or named(task, params))


def _signal_state(params: Params, entry: Entry, ids: t.Collection[str]) -> None:
    assert entry.method == "PATCH"
    if entry.path.endswith(f"{_SIGNALS}/bulk/update"):
        items = entry.body["data"]
        assert 1 <= len(items) <= 199
    else:
        (alert_id,) = re.findall(rf"{_SIGNALS}/([^/?]+)/update$", entry.path)
        items = [{"id": alert_id, **entry.body["data"]}]
    for item in items:
        assert item["id"] in ids
        for name, value in item["attributes"].items():
            if name == "assignee":
                assert set(value) == {"uuid"}
                assert bool(value["uuid"]) == bool(params["assignee"].strip())
            else:
                assert name in ("state", "archive_reason", "archive_comment", "version")
                assert value is not None
                assert value == params[name] or (name == "archive_comment" and _is_traced(params, value))
        assert set(item["attributes"]) - {"version"}


def _is_traced(params: Params, comment: str) -> bool:
    """Whether this is the comment that is asked for, or the one that was there, with the line of the task."""
    asked = params["archive_comment"]
    return is_line(params, line_of(comment)) and (asked is None or bare(params, comment) == bare(params, asked))


def _incident(params: Params) -> int:
    """The number of the incident, which a task may give by its name, too."""
    return int(str(params["incident_id"]).rpartition("-")[2])


def _link(params: Params, entry: Entry, ids: t.Collection[str]) -> None:
    assert entry.method == "PATCH"
    if params["state"] == "present":
        (alert_id,) = re.findall(r"/api/v1/security_analytics/signals/([^/?]+)/add_to_incident$", entry.path)
        given = {name: params[name] for name in ("add_to_signal_timeline", "version") if params[name] is not None}
        assert entry.body == {"incident_id": _incident(params), **given}
    else:
        (alert_id,) = re.findall(rf"{_SIGNALS}/([^/?]+)/incidents$", entry.path)
        attributes = entry.body["data"]["attributes"]
        assert _incident(params) not in attributes["incident_ids"]
        assert attributes.get("version") == params["version"]
        assert not set(attributes) - {"incident_ids", "version"}
    assert alert_id in ids


def _kibana(params: Params, entry: Entry, ids: t.Collection[str]) -> None:
    assert re.search(r"/api/detection_engine/signals/status$", entry.path)
    body = dict(entry.body)
    assert body.pop("status") == params["status"]
    assert body.pop("reason", None) == params["reason"]
    if not _searches(params):
        assert list(body) == ["signal_ids"]
        written = body["signal_ids"]
    else:
        assert body.pop("conflicts") == params["conflicts"]
        filters = body["query"]["bool"]["filter"]
        assert list(body) == ["query"]
        assert list(body["query"]["bool"]) == ["filter"]
        # An empty query is one that matches everything.
        query = searched(params) or {"match_all": {}}
        assert params["runtime_mappings"] or query in filters
        (written,) = [one["ids"]["values"] for one in filters if one != query or len(filters) == 1]
        assert len(written) <= params["max_alerts"]
    assert written
    # With a query it is the server's answer that names them, and the write is bound to the query as well.
    assert set(written) <= set(ids) or _searches(params)


def _searches(params: Params) -> bool:
    return params["query"] is not None or params["kql"] is not None


def _kibana_lists(params: Params, entry: Entry, ids: t.Collection[str]) -> None:
    (name,) = re.findall(r"/api/detection_engine/signals/(tags|assignees)$", entry.path)
    assert list(entry.body) == ["ids", name]
    assert entry.body["ids"]
    assert set(entry.body["ids"]) <= set(ids) or _searches(params)
    assert len(entry.body["ids"]) <= params["max_alerts"] or not _searches(params)
    add, remove = (entry.body[name][key] for key in _LISTS[name])
    assert add or remove
    assert not add or params["state"] != "absent"
    assert not remove or params["state"] != "present"
    if name == "tags":
        assert set(add) <= set(params["tags"])
        assert (
            not set(remove) & set(params["tags"]) if params["state"] == "exact" else set(remove) <= set(params["tags"])
        )


def _note(params: Params, entry: Entry, ids: t.Collection[str]) -> None:
    assert _noted(entry, ids) == params["text"].replace("\r\n", "\n").strip()


def _noted(entry: Entry, ids: t.Collection[str]) -> str:
    """The text of a note that is left on one of these alerts."""
    if entry.path.endswith("/api/note"):
        note = entry.body["note"]
        assert (entry.method, note["timelineId"]) == ("PATCH", "")
        alert_id, text = note["eventId"], note["note"]
    else:
        ((alert_id, kind),) = re.findall(r"/alerts/([^/?]+)/(comments|findings)$", entry.path)
        assert entry.method == "POST"
        text = entry.body["text" if kind == "comments" else "summary"]
    assert alert_id in ids
    assert isinstance(text, str)
    return text


#: What is added and what is taken away, as the two calls say it.
_LISTS = {"tags": ("tags_to_add", "tags_to_remove"), "assignees": ("add", "remove")}


def _security_deck(params: Params, entry: Entry, ids: t.Collection[str]) -> None:
    assert entry.method == "PATCH"
    (alert_id,) = re.findall(r"/securitydeck/alerts/v1/alerts/([^/?]+)$", entry.path)
    assert alert_id in ids
    body = dict(entry.body)
    mask = body.pop("updateMask").split(",")
    assert set(body) <= set(mask) <= set(_MASK)
    for name in mask:
        asked = params[_MASK[name]]
        assert asked is not None
        assert body.get(name, "") == ("" if asked == "CLASSIFICATION_UNSPECIFIED" else asked)


def _calseta(params: Params, entry: Entry, ids: t.Collection[str]) -> None:
    assert entry.method == "PATCH"
    (alert_id,) = re.findall(r"/v1/alerts/([^/?]+)$", entry.path)
    assert alert_id in ids
    assert entry.body
    for name, value in entry.body.items():
        if name == "tags":
            assert set(params["tags"]) <= set(value)
            assert not params["purge_tags"] or set(value) <= set(params["tags"])
        elif name == "close_classification" and params[name] is None:
            # Closing needs it, and then it is the alert's own.
            assert params["status"] == entry.body["status"] == "Closed"
        else:
            assert name in ("status", "severity", "close_classification", "malice_override", "reset_malice_override")
            assert value is not None
            assert value == params[name]


def unreached(task: Task, params: Params, state: State, sim: Simulator) -> list[str]:
    """What the task wants an alert of the simulator to be, and it is not; as it stands in JSON, C("") for nothing."""
    if task.module == "signal_incident_link":
        linked = _incident(params) in state["incident_ids"]
        missing = [] if linked == (params["state"] == "present") else [str(_incident(params))]
        return missing if params["state"] == "present" else [""] * len(missing)
    if task.module == "kibana_alert_status":
        return [params["status"]] * (state["status"] != params["status"])
    if task.module in ("kibana_alert_tags", "kibana_alert_assignees"):
        (name,) = task.changes
        return _unlisted(params, name, _uids(sim, params[name]) if name == "assignees" else params[name], state)
    if params.get("reset_malice_override") and state["malice_override"] is not None:
        return [""]
    names = [name for name in task.changes if params[name] is not None and name != "reset_malice_override"]
    return [_written(params[name]) for name in names if not _is(name, params, state.get(name), sim)]


def _unlisted(params: Params, name: str, asked: list[str], state: State) -> list[str]:
    there, wanted = set(state.get(name, [])), set(asked)
    if params["state"] == "absent":
        return [""] * len(there & wanted)
    missing = [_written(one) for one in wanted - there]
    return missing + [""] * len(there - wanted) if params["state"] == "exact" else missing


def _uids(sim: Simulator, names: list[str]) -> list[str]:
    known = {name: uid for uid, name in sim.kibana.users}
    return [known.get(name, name) for name in names]


def unshown(task: Task, params: Params, row: State) -> list[str]:
    """The options that a reported alert is not as. A user has several names; what could paint is shown otherwise."""
    if task.module == "signal_incident_link":
        linked = _incident(params) in row["incident_ids"]
        return [] if linked == (params["state"] == "present") else ["incident_id"]
    if task.module in ("kibana_alert_tags", "kibana_alert_assignees"):
        (name,) = task.changes
        shown, asked = set(row[name]), set(printable(params[name]))
        if name == "assignees" or params["state"] == "absent":
            return [name] if params["state"] == "absent" and shown & asked else []
        return [] if asked <= shown and (params["state"] != "exact" or shown == asked) else [name]
    wanted = {name: params[name] for name in task.changes if params[name] is not None}
    if wanted.pop("reset_malice_override", False):
        wanted["malice_override"] = None
    if wanted.get("assignee", "").strip():
        del wanted["assignee"]
    if "archive_comment" in wanted and leaves_line(params):
        row = {**row, "archive_comment": bare(params, row["archive_comment"])}
        wanted["archive_comment"] = bare(params, wanted["archive_comment"])
    return [
        name
        for name, value in wanted.items()
        if (not set(printable(value)) <= set(row[name]) if name == "tags" else row[name] != printable(value))
    ]


def lost(task: Task, params: Params, change: Change) -> list[str]:
    """The fields that a write has changed and nobody asked for."""
    asked = {"incident_ids"} if task.module == "signal_incident_link" else {*task.changes, "reason"}
    changed = [name for name, value in change.after.items() if value != change.before.get(name)]
    if "archive_comment" in changed and is_line(params, line_of(change.after["archive_comment"])):
        before, after = (bare(params, one["archive_comment"]) for one in (change.before, change.after))
        changed = [name for name in changed if name != "archive_comment" or before != after]
    wrong = [name for name in changed if name not in asked]
    if params.get("purge_tags") is False and not set(change.before["tags"]) <= set(change.after["tags"]):
        wrong.append("tags")
    if "incident_ids" in changed:
        moved = set(change.before["incident_ids"]) ^ set(change.after["incident_ids"])
        wrong += ["incident_ids"] * (moved != {_incident(params)})
    return wrong + [name for name in changed if name in params and params[name] is None and name not in _IMPLIED]


#: What another option changes too: taking back the override, and reopening, which takes away the reason.
_IMPLIED = ("malice_override", "reason")


def _written(value: t.Any) -> str:
    """A value as it may stand in an answer. Of what clears a field, and of many tags or a user, nothing need stand."""
    unsaid = isinstance(value, list) or "@" in value or value in ("CLASSIFICATION_UNSPECIFIED", "none")
    return "" if unsaid else json.dumps(value)[1:-1]


def _is(name: str, params: Params, value: t.Any, sim: Simulator) -> bool:
    asked = params[name]
    if name == "tags":
        return set(asked) == set(value) if params["purge_tags"] else set(asked) <= set(value)
    if name == "assignee":
        user = sim.datadog.users.get(value)
        return asked.strip().lower() in ((user.uuid, user.handle) if user else ("",))
    if name == "archive_comment":
        return bare(params, value) == bare(params, asked)
    if asked in ("CLASSIFICATION_UNSPECIFIED", ""):
        return not value
    return bool(value == asked)
