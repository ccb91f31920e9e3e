# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tasks that make sense, on a small world that is always the same, and what is made of their options to break them."""

from __future__ import annotations

import contextlib
import dataclasses
import decimal
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
#: The small world.
WORLD = World(alerts=dict.fromkeys(_PLATFORMS, ALERTS))


def _guards(states: str, severities: str, people: t.Sequence[str]) -> dict[str, Values]:
    among = {
        "only_from": st.lists(st.sampled_from(states.split()), max_size=3),
        "only_assigned_to": st.lists(st.sampled_from(["", *people]), max_size=3),
        "protect_severity": st.lists(st.sampled_from(severities.split()), max_size=2),
    }
    return {**among, "on_guard": st.sampled_from(["skip", "skip", "fail"])}


_ASSIGNED = {
    "datadog": [user.handle for user in WORLD.platforms["datadog"].users.values()],  # type: ignore[attr-defined]
    "kibana": ["amira", "greta", WORLD.platforms["kibana"].users[0][0]],  # type: ignore[attr-defined]
    "security_deck": WORLD.platforms["security_deck"].subjects,  # type: ignore[attr-defined]
}
#: The guards that each platform knows.
GUARDS = {
    "datadog": _guards("open under_review archived", "info low medium high critical", _ASSIGNED["datadog"]),
    "kibana": _guards("open acknowledged closed in-progress", "low medium high critical", _ASSIGNED["kibana"]),
    "security_deck": _guards("OPEN IN_PROGRESS NEED_INFO RESOLVED", "INFO LOW HIGH", _ASSIGNED["security_deck"]),
    "calseta": _guards("Open Triaging Escalated Closed", "Pending Informational Low High Critical", []),
}
del GUARDS["calseta"]["only_assigned_to"]


@dataclasses.dataclass(frozen=True)
class Task:
    """What a module can be asked for on a platform. ``changes`` are the options that say what should be, of which a
    task has at least one of ``needs``; ``more`` are others. Modules that only look have no ``changes``."""

    module: str
    platform: str
    ids_option: str
    changes: dict[str, Values]
    more: dict[str, Values]
    needs: tuple[str, ...] = ()
    #: A query, with what goes with it, for modules that can search.
    queries: Values = dataclasses.field(default_factory=st.nothing)

    @property
    def ids(self) -> list[str]:
        return list(WORLD.platforms[self.platform].overview())

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
        if "provider" in self.spec:
            own["provider"] = self.platform
        # Each further try waits, and what is wrong here does not pass.
        return {"api_url": sim.world.platforms[self.platform].url, "retries": 0, **own}

    def asked(self) -> st.SearchStrategy[Params]:
        """Options that make sense: alerts that are there, and what they should be."""
        ids = st.lists(st.sampled_from(self.ids), min_size=1, max_size=4)
        chosen = st.fixed_dictionaries({self.ids_option: ids}) | self.queries
        every = {**self.changes, **self.more}
        needed: list[tuple[str, ...]] = [(need,) for need in (self.needs or self.changes)] or [()]
        parts = st.one_of(
            [
                st.fixed_dictionaries(
                    {need: every[need] for need in needs},
                    optional={name: one for name, one in every.items() if name not in needs},
                )
                for needs in needed
            ]
        )
        return st.builds(_joined, chosen, parts, self._guards())

    def _guards(self) -> Values:
        """Guards for some of the tasks; those of the platform, where an alert can be guarded."""
        if "only_from" not in self.spec:
            return st.just({})
        return st.just({}) | st.just({}) | st.fixed_dictionaries({}, optional=GUARDS[self.platform])

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
        if option["type"] == "int":
            return usual.map(_finite)
        if option.get("options"):
            inner = {name: self._odd(one) for name, one in option["options"].items()}
            return usual.map(_iterable) | st.fixed_dictionaries({}, optional=inner)
        if option["type"] == "list" and not option.get("choices"):
            return usual | st.lists(ids | texts, max_size=4) | ids
        if option["type"] == "str" and not option.get("choices"):
            return usual | addresses
        return usual


def _finite(value: t.Any) -> t.Any:
    """Without what breaks Ansible itself where it takes a text for a whole number: one that says infinity."""
    try:
        return value if decimal.Decimal(value).is_finite() else f"<{value}>"
    except (TypeError, ValueError, decimal.DecimalException):
        return value


def _iterable(value: t.Any) -> t.Any:
    """Without what breaks Ansible itself where it looks for suboptions: numbers, truth values, lists of nothing."""
    inner = [str(one) if one is None else _iterable(one) for one in value] if isinstance(value, list) else value
    return str(inner) if isinstance(inner, (bool, int, float)) else inner


def _joined(chosen: Params, *others: Params) -> Params:
    options = {**chosen, **{name: value for other in others for name, value in other.items()}}
    # A version is one alert's.
    return {name: value for name, value in options.items() if name != "version" or "query" not in options}


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
