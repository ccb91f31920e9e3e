# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tasks that make sense, on a small world that is always the same, and what is made of their options to break them."""

from __future__ import annotations

import contextlib
import dataclasses
import typing as t

from hypothesis import strategies as st

from ansible_collections.secops.triage.tests.simulator import Simulator
from ansible_collections.secops.triage.tests.simulator.app import World
from ansible_collections.secops.triage.tests.unit.documented import documented
from ansible_collections.secops.triage.tests.unit.harness import Params

from .values import Values, odd, texts

ALERTS = 8
_SECRETS = {
    "api_key",
    "app_key",
    "application_key",
    "access_token",
    "iam_token",
    "service_account_key_file",
    "proxy",
} | {
    "password",
    "bearer_token",
}

_PLATFORMS = ("datadog", "kibana", "security_deck", "calseta")
_WORLD = World(alerts=dict.fromkeys(_PLATFORMS, ALERTS))
_SUBJECTS = _WORLD.platforms["security_deck"].subjects  # type: ignore[attr-defined]
_USERS = list(_WORLD.platforms["datadog"].users.values())  # type: ignore[attr-defined]
_INCIDENTS = _WORLD.platforms["datadog"].incident_ids  # type: ignore[attr-defined]
_TAGS = st.lists(st.sampled_from(["env:prod", "team:web", "a", "ä ö", "x" * 300, "a,b", " "]), max_size=4)


@dataclasses.dataclass(frozen=True)
class Task:
    """What a module can be asked for on a platform. ``changes`` are the options that say what should be, of which a
    task has at least one of ``needs``; ``more`` are others."""

    module: str
    platform: str
    ids_option: str
    changes: dict[str, Values]
    more: dict[str, Values]
    needs: tuple[str, ...] = ()

    @property
    def ids(self) -> list[str]:
        return list(_WORLD.platforms[self.platform].overview())

    @property
    def spec(self) -> dict[str, t.Any]:
        return documented(self.module).spec

    def connection(self, sim: Simulator) -> Params:
        """The options that lead to the simulator."""
        good = sim.credentials
        own: Params = {
            "datadog": {"api_key": good.datadog_api_key, "app_key": good.datadog_app_key},
            "kibana": {"api_key": good.kibana_api_key},
            "security_deck": {"provider": "security_deck", "iam_token": good.iam_token},
            "calseta": {"provider": "calseta", "api_key": good.calseta_api_key},
        }[self.platform]
        # Each further try waits, and what is wrong here does not pass.
        return {"api_url": sim.world.platforms[self.platform].url, "retries": 0, **own}

    def asked(self) -> st.SearchStrategy[Params]:
        """Options that make sense: alerts that are there, and what they should be."""
        ids = st.lists(st.sampled_from(self.ids), min_size=1, max_size=4)
        named: Values = st.fixed_dictionaries({self.ids_option: ids})
        if self.platform == "kibana":
            named = named | st.fixed_dictionaries({"query": _QUERIES}, optional=_WITH_QUERY)
        every = {**self.changes, **self.more}
        parts = st.one_of(
            [
                st.fixed_dictionaries(
                    {need: every[need]}, optional={name: one for name, one in every.items() if name != need}
                )
                for need in (self.needs or self.changes)
            ]
        )
        return st.builds(lambda one, other: {**one, **other}, named, parts)

    def garbled(self) -> st.SearchStrategy[Params]:
        """The same with a few options that hold anything, are there twice by an alias, or make no sense together."""
        return st.builds(lambda good, bad: _calm({**good, **bad}), self.asked(), self._odd_options())

    def _odd_options(self) -> st.SearchStrategy[Params]:
        names = {name: option for own, option in self.spec.items() for name in [own, *option.get("aliases", [])]}
        values = {name: self._odd(option) for name, option in names.items()}
        return st.lists(st.sampled_from(sorted(values)), max_size=3, unique=True).flatmap(
            lambda chosen: st.fixed_dictionaries({name: values[name] for name in chosen})
        )

    def _odd(self, option: dict[str, t.Any]) -> Values:
        ids = st.sampled_from([*self.ids, f" {self.ids[0]}\n", self.ids[0][:-1], "bulk/update", ",".join(self.ids)])
        usual = odd(
            option["type"],
            tuple(option.get("choices", ())),
            option.get("elements", "str"),
            secret=bool(option.get("no_log")),
        )
        if option["type"] == "list" and option.get("required"):
            return usual | st.lists(ids | texts, max_size=4) | ids
        if option["type"] == "str" and not option.get("choices"):
            return usual | addresses
        return usual


#: Addresses that are none, or such of hosts that are not there.
addresses = st.sampled_from(
    [
        "http://[",
        "http://[::1",
        "https://[::1]:1/x",
        "http://127.0.0.1:1",
        "127.0.0.1:1",
        "localhost:65536",
        "localhost:-1",
        "http://localhost:0",
        "//nowhere.invalid",
        "https://user:pw@nowhere.invalid",
        "https://nowhere.invalid/a?b=c#d",
        "http://nowhere.invalid",
        "HTTPS://NOWHERE.INVALID:443/",
        "ftp://nowhere.invalid",
        "socks5://nowhere.invalid:1",
        "file:///etc/passwd",
        "https://\u2100.invalid",
        "https://xn--\u00e4.invalid",
        f"https://{'a' * 64}.invalid",
        f"https://{'a.' * 200}invalid",
        "https://nowhere.invalid\\@other.invalid",
        "https://..invalid",
        "nowhere.invalid",
        "app.nowhere.invalid/x",
        "soc-lab",
        "../default",
    ]
)


def hidden(params: Params) -> bool:
    """Whether the task gives secrets of its own: any part of a result may then be hidden."""
    return bool(_SECRETS & set(params))


def _calm(params: Params) -> Params:
    """Without what would only make a task wait, as it should: to try again, or for its own pace."""
    for name, low, high, instead in (("timeout", 0.05, 5, 30), ("retries", 1, 20, 1)):
        with contextlib.suppress(KeyError, TypeError, ValueError, OverflowError):
            if low <= float(params[name]) <= high:
                params[name] = instead
    return params


_QUERIES = st.sampled_from(
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
_WITH_QUERY: dict[str, Values] = {
    "conflicts": st.sampled_from(["abort", "proceed"]),
    "max_alerts": st.sampled_from([1, 3, ALERTS, 1000, 10**9, 2**70]),
    "runtime_mappings": st.just({"day": {"type": "keyword"}}),
}
_CONCURRENCY: dict[str, Values] = {"concurrency": st.sampled_from([1, 2, 8, 64])}


def _choices(module: str, name: str, among: t.Collection[str] = ()) -> Values:
    return st.sampled_from([one for one in documented(module).spec[name]["choices"] if not among or one in among])


_STATUSES = {
    "security_deck": ("OPEN", "IN_PROGRESS", "NEED_INFO", "RESOLVED", "INFO", "LOW", "MEDIUM", "HIGH"),
    "calseta": ("Open", "Triaging", "Escalated", "Closed", "Pending", "Informational", "Low", "Medium", "Critical"),
}


def _alert_update(platform: str, own: dict[str, Values], more: dict[str, Values]) -> Task:
    both = {name: _choices("alert_update", name, _STATUSES[platform]) for name in ("status", "severity")}
    return Task(
        "alert_update",
        platform,
        "alert_ids",
        {**both, "tags": _TAGS, **own},
        {"purge_tags": st.booleans(), **more, **_CONCURRENCY},
        (*both, "tags", *own),
    )


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
        {**_VERSIONS, **_CONCURRENCY},
    ),
    Task(
        "signal_incident_link",
        "datadog",
        "signal_ids",
        {"incident_id": st.sampled_from([*_INCIDENTS, 1])},
        {
            "state": _choices("signal_incident_link", "state"),
            "add_to_signal_timeline": st.booleans(),
            **_VERSIONS,
            **_CONCURRENCY,
        },
    ),
    Task(
        "kibana_alert_status",
        "kibana",
        "alert_ids",
        {"status": _choices("kibana_alert_status", "status")},
        {"reason": st.sampled_from(["duplicate", "own words \u202e"]), "space_id": st.just("default"), **_CONCURRENCY},
    ),
    _alert_update(
        "security_deck",
        {
            "classification": _choices("alert_update", "classification"),
            "assignee_subject_id": st.sampled_from(["", *_SUBJECTS, "ajenobody"]),
        },
        {"wait": st.booleans(), "wait_timeout": st.sampled_from([0.02, 5, "60"])},
    ),
    _alert_update(
        "calseta",
        {
            "close_classification": _choices("alert_update", "close_classification"),
            "malice_override": _choices("alert_update", "malice_override"),
            "reset_malice_override": st.booleans(),
        },
        {},
    ),
]
#: All tasks, by the names of their module and their platform.
TASKS = {f"{task.module}-{task.platform}": task for task in _TASKS}
