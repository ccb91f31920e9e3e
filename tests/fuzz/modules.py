# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What each module can be asked for on the small world."""

from __future__ import annotations

import typing as t

from hypothesis import strategies as st

from ansible_collections.secops.triage.tests.unit.documented import documented

from .tasks import ALERTS, WORLD, Task
from .values import Values

_SUBJECTS = WORLD.platforms["security_deck"].subjects  # type: ignore[attr-defined]
_USERS = list(WORLD.platforms["datadog"].users.values())  # type: ignore[attr-defined]
_INCIDENTS = WORLD.platforms["datadog"].incident_ids  # type: ignore[attr-defined]
_SINK = WORLD.platforms["security_deck"].sink_id  # type: ignore[attr-defined]
_PROFILES = WORLD.platforms["kibana"].users  # type: ignore[attr-defined]
_TAGS = st.lists(st.sampled_from(["env:prod", "team:web", "a", "ä ö", "x" * 300, "a,b", " "]), max_size=4)
_MOST = st.sampled_from([ALERTS, 1000, 10**9, 2**70, 3, 1])
_CONCURRENCY: dict[str, Values] = {"concurrency": st.sampled_from([1, 2, 8, 64])}
#: Who changes the alerts, as tasks may say: any one line that is not too long with what it begins with.
_LINES: dict[str, Values] = {
    "provenance": st.one_of(
        st.sampled_from(["none", "auto", "auto ", "", "AWX job 4711", "Ansible", "Ansible · nightly", "Ansible·x"]),
        st.sampled_from(
            ["ä 🦊 Ж 中文", "x" * 190, "🦊" * 190, f"Ansible · {'ü' * 190}", "%s {{ a }} <b>&amp;", "None", "· · ·"]
        ),
        st.text(st.characters(categories=("L", "N", "P", "S")), min_size=1, max_size=190),
    )
}
_MOMENTS = st.sampled_from(["now-30d", "now-2w", "2024-02-29", "2026-01-31T08:00:00+01:00", "now"])

#: What goes with every query that is to write.
_COUNTS: dict[str, Values] = {"max_alerts": _MOST, "expected_count": st.sampled_from([0, 1, ALERTS])}


def _searched(queries: Values, writes: bool, **more: Values) -> Values:
    """A query, which a module that writes refuses where it has no bounds."""
    if not writes:
        return st.fixed_dictionaries({"query": queries}, optional={"max_alerts": _MOST, **more})
    bounds = st.sampled_from([{"allow_unbounded": True}] * 3 + [{}])
    counts: Values = st.just({}) | st.just({}) | st.fixed_dictionaries({}, optional=_COUNTS)
    rest = st.fixed_dictionaries({"query": queries}, optional=more)
    return st.builds(lambda *parts: {**parts[0], **parts[1], **parts[2]}, bounds, counts, rest)


_DATADOG = st.sampled_from(
    ["*", "", "status:(high OR critical)", "@workflow.triage.state:open", "-status:low", "nothing:such", "(* OR *)"]
)
_DSL = st.sampled_from(
    [
        {"match_all": {}},
        {"match_none": {}},
        {"ids": {"values": []}},
        {"term": {"kibana.alert.workflow_status": "open"}},
        {"bool": {"filter": [{"terms": {"kibana.alert.severity": ["high", "medium"]}}]}},
        {"bool": {"must_not": {"term": {"kibana.alert.workflow_status": "closed"}}}},
        {"range": {"@timestamp": {"gte": "now-30d"}}},
        {"exists": {"field": "host.name"}},
    ]
)
_KQL = st.sampled_from(
    [
        "*",
        "",
        "kibana.alert.severity: (high or medium)",
        "not kibana.alert.workflow_status: closed",
        "host.name: *",
        "a:",
    ]
)
_KIBANA = {"runtime_mappings": st.just({"day": {"type": "keyword"}}), "kql": _KQL}
_DECK: dict[str, Values] = {"filter": st.sampled_from(['status = "OPEN"', 'severity = "HIGH"', 'tags = "none"', ""])}
_CALSETA: dict[str, Values] = {
    "status": st.lists(st.sampled_from(["Open", "Closed", "Triaging"]), min_size=1, max_size=3),
    "severity": st.lists(st.sampled_from(["High", "Medium", "Low"]), min_size=1, max_size=3),
    "source_name": st.lists(st.sampled_from(["okta", "zeek", "sshd", "falco", "x"]), min_size=1, max_size=3),
    "from_time": _MOMENTS,
    "to_time": _MOMENTS,
}


def _signals(writes: bool) -> Values:
    return _searched(_DATADOG, writes, **{"from": _MOMENTS, "to": _MOMENTS})


def _deck(writes: bool, more: dict[str, Values] | None = None) -> Values:
    return _searched(st.fixed_dictionaries({"sink_id": st.just(_SINK)}, optional={**_DECK, **(more or {})}), writes)


def _calseta(writes: bool, more: dict[str, Values] | None = None) -> Values:
    return _searched(st.fixed_dictionaries({}, optional={**_CALSETA, **(more or {})}), writes)


def _choices(module: str, name: str, among: t.Collection[str] = ()) -> Values:
    return st.sampled_from([one for one in documented(module).spec[name]["choices"] if not among or one in among])


_STATUSES = {
    "security_deck": ("OPEN", "IN_PROGRESS", "NEED_INFO", "RESOLVED"),
    "calseta": ("Open", "Triaging", "Escalated", "Closed"),
}


def _alert_update(platform: str, queries: Values, own: dict[str, Values], more: dict[str, Values]) -> Task:
    changes = {"status": _choices("alert_update", "status", _STATUSES[platform]), **own}
    return Task(
        "alert_update", platform, "alert_ids", changes, {**more, **_LINES, **_CONCURRENCY}, tuple(changes), queries
    )


def _kibana_list(name: str, entries: Values) -> Task:
    more = {"state": st.sampled_from(["present", "absent", "exact"]), **_LINES, **_CONCURRENCY}
    queries = _searched(_DSL, True, **_KIBANA)
    return Task(f"kibana_alert_{name}", "kibana", "alert_ids", {name: entries}, more, (), queries)


def _info(module: str, platform: str, queries: Values) -> Task:
    ids = "signal_ids" if platform == "datadog" else "alert_ids"
    return Task(module, platform, ids, {}, {"raw": st.booleans(), **_CONCURRENCY}, (), queries)


def _note(provider: str) -> Task:
    words = st.sampled_from(["Seen.", "ä\n\U0001d54f b", " x \r\n y ", "z" * 4096, "\x1b[31m", " "])
    own: dict[str, Values] = {"space_id": st.just("default")} if provider == "kibana" else {}
    if provider == "calseta":
        own = {
            "agent_name": st.sampled_from(["Ansible", "runbook ä"]),
            "confidence": st.sampled_from(["low", "high"]),
            "recommended_action": st.sampled_from(["Look.", ""]),
            "evidence": st.sampled_from([{}, {"seen": [1, None, "x"]}, {"a": {"b": 1.5}}]),
        }
    return Task("alert_note", provider, "alert_ids", {"text": words}, {**own, **_CONCURRENCY})


_VERSIONS: dict[str, Values] = {"version": st.sampled_from([0, 1, 59, 2**53, 2**70])}
_TASKS = [
    Task(
        "signal_state",
        "datadog",
        "signal_ids",
        {
            **{name: _choices("signal_state", name) for name in ("state", "archive_reason")},
            "archive_comment": st.sampled_from(["", "Drill.", "ä\n\u202e\x1b[31m", "x" * 5000]),
            "assignee": st.sampled_from(["", *(user.handle for user in _USERS), *(user.uuid for user in _USERS)]),
        },
        {**_VERSIONS, **_LINES, **_CONCURRENCY},
        queries=_signals(True),
    ),
    Task(
        "signal_incident_link",
        "datadog",
        "signal_ids",
        {"incident_id": st.sampled_from([*_INCIDENTS, 1, f"IR-{_INCIDENTS[0]}"])},
        {
            "state": _choices("signal_incident_link", "state"),
            "add_to_signal_timeline": st.booleans(),
            **_VERSIONS,
            **_CONCURRENCY,
        },
        queries=_signals(True),
    ),
    Task(
        "kibana_alert_status",
        "kibana",
        "alert_ids",
        {"status": _choices("kibana_alert_status", "status")},
        {
            "reason": st.sampled_from(["duplicate", "own words \u202e"]),
            "space_id": st.just("default"),
            **_LINES,
            **_CONCURRENCY,
        },
        queries=_searched(_DSL, True, conflicts=st.sampled_from(["abort", "proceed"]), **_KIBANA),
    ),
    _kibana_list("tags", _TAGS),
    _kibana_list(
        "assignees", st.lists(st.sampled_from([*(name for pair in _PROFILES for name in pair), "nobody"]), max_size=3)
    ),
    _alert_update(
        "security_deck",
        _deck(True),
        {
            "classification": _choices("alert_update", "classification"),
            "assignee_subject_id": st.sampled_from(["", *_SUBJECTS, "ajenobody"]),
        },
        {"wait": st.booleans(), "wait_timeout": st.sampled_from([0.02, 5, "60"])},
    ),
    _alert_update(
        "calseta",
        _calseta(True),
        {
            "severity": _choices("alert_update", "severity"),
            "tags": _TAGS,
            "close_classification": _choices("alert_update", "close_classification"),
            "malice_override": _choices("alert_update", "malice_override"),
            "reset_malice_override": st.booleans(),
        },
        {"purge_tags": st.booleans()},
    ),
    *map(_note, ("security_deck", "calseta", "kibana")),
    _info("signal_info", "datadog", _signals(False)),
    _info(
        "kibana_alert_info",
        "kibana",
        _searched(
            _DSL,
            False,
            sort=st.sampled_from([[{"@timestamp": "asc"}], [{"kibana.alert.severity": "desc"}, {"@timestamp": "asc"}]]),
            **_KIBANA,
        ),
    ),
    _info(
        "alert_info",
        "security_deck",
        _deck(False, {"order_by": st.sampled_from(["severity", "create_time asc", "status desc"])}),
    ),
    _info(
        "alert_info",
        "calseta",
        _calseta(
            False,
            {"sort_by": st.sampled_from(["severity", "occurred_at"]), "sort_order": st.sampled_from(["asc", "desc"])},
        ),
    ),
]
#: All tasks, by the names of their module and their platform.
TASKS = {f"{task.module}-{task.platform}": task for task in _TASKS}
#: Those that change the triage, those that leave notes, and those that only look.
NOTING = {name: task for name, task in TASKS.items() if task.module == "alert_note"}
WRITING = {name: task for name, task in TASKS.items() if not task.module.endswith(("_info", "_note"))}
LOOKING = {name: task for name, task in TASKS.items() if task.module.endswith("_info")}
