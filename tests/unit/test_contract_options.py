# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every option of every module, for every provider, alters a request, the connection, a decision or the result, or is
refused: an option that is accepted and ignored would be a promise that nobody keeps.

What is tried comes from the argument specs. An option is given values of its type beside tasks that make sense, in good
weather and bad, until what the task sends or says differs from what it sends and says without the option.
"""

from __future__ import annotations

import base64
import dataclasses
import importlib
import json
import re
import typing as t
from pathlib import Path

import pytest

from ansible_collections.secops.triage.tests.simulator import Entry, Fault, Simulator
from ansible_collections.secops.triage.tests.unit.api_tasks import TASKS, ApiTask
from ansible_collections.secops.triage.tests.unit.documented import MODULES, documented
from ansible_collections.secops.triage.tests.unit.harness import Params, run_module
from ansible_collections.secops.triage.tests.unit.loopback import Loopback, make_certificate

#: Options that only mean something beside others, and these others.
COMPANIONS: dict[str, Params] = {
    "on_guard": {"only_from": "LAST"},
    "purge_tags": {"tags": ["wave-2"]},
    "archive_comment": {"state": "archived", "archive_reason": "other"},
    "allow_unbounded": {"query": "ALL"},
    "reason": {"status": "closed"},
    "close_classification": {"status": "Closed"},
    "reset_malice_override": {"malice_override": "Benign"},
    "provenance": {"state": "archived", "status": "CLOSED", "close_classification": "Undetermined"},
}
#: The queries that leave nothing out.
ALL: dict[str, t.Any] = {
    "datadog": "status:*",
    "kibana": {"exists": {"field": "@timestamp"}},
    "calseta": {"from_time": "now-900d"},
}
#: A request of Kibana is about thousands of alerts, so that few requests are sent at once. That the number of requests
#: is checked shows that it arrives.
OUT_OF_RANGE = {"concurrency": 0}

TEXTS = ("api.example.com", "x", "2026-01-01")


@dataclasses.dataclass(frozen=True)
class Place:
    """What there is beside the simulator: a certificate, a server that has it, and a proxy."""

    certificate: Path
    server: Loopback
    proxy: Loopback


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Place]:
    certificate = make_certificate(tmp_path_factory.mktemp("tls"))
    with Loopback(certificate) as server, Loopback() as proxy:
        yield Place(certificate, server, proxy)


Weather = t.Callable[[Simulator, Place], Params]

# Weather: what a task meets. Each changes the simulator, or the options that a task begins with.


def good(sim: Simulator, place: Place) -> Params:
    return {}


def failing(sim: Simulator, place: Place) -> Params:
    sim.faults.add(Fault("status", status=500, count=1))
    return {}


def slow(sim: Simulator, place: Place) -> Params:
    sim.faults.add(Fault("delay", delay=0.3, count=None))
    return {}


def over_tls(sim: Simulator, place: Place) -> Params:
    return {"api_url": place.server.url}


def elsewhere(sim: Simulator, place: Place) -> Params:
    """Plain HTTP to another host, through a proxy."""
    return {"api_url": "http://soc.example.com", "proxy": place.proxy.url}


def unfinished(sim: Simulator, place: Place) -> Params:
    """An operation that takes longer than the shortest wait."""
    sim.settings.security_deck.operation_seconds = 2
    return {}


WEATHER = (good, failing, unfinished, slow, over_tls, elsewhere)


# The values of an option


def values_of(name: str, spec: Params, place: Place) -> t.Iterator[t.Any]:
    """Values of the option's type, other than its default, those that say most first."""
    if name == "ca_path":
        yield str(place.certificate)
    elif name in OUT_OF_RANGE:
        yield OUT_OF_RANGE[name]
    elif spec["type"] == "list":
        element = {**spec, "type": spec.get("elements", "str")}
        yield from ([value] for value in _plain(element))
    else:
        yield from (value for value in _plain(spec) if value != spec.get("default"))


def _plain(spec: Params) -> t.Sequence[t.Any]:
    if "choices" in spec:
        return tuple(spec["choices"])
    return {
        "bool": (True, False),
        "int": (2, 1, 0),
        "float": (0.1, 5.0),
        "dict": ({"x": "asc"}, {"x": {"type": "keyword"}}),
    }.get(spec["type"], TEXTS)


# What a task sends and says


def seen(sim: Simulator, module: str, params: Params) -> str:
    """The different requests and the result, without what differs between any two runs."""
    result = run_module(module, params)
    result.pop("invocation", None)
    # Several alerts have no order, and an operation is looked at more or less often, or not at all.
    requests = sorted({_request(entry) for entry in sim.log if "/operations/" not in entry.path})
    text = json.dumps([requests, result], sort_keys=True, default=str)
    text = re.sub(r"\d{4}-\d\d-\d\dT\d\d(:|%3A)\d\d(:|%3A)\d\d(\.\d+)?(Z|\+00:00|%2B00%3A00)?", "TIME", text)
    # The ids of operations and comments are drawn anew.
    return re.sub(r"\bfp[a-z0-9]{18}\b", "NEW", re.sub(r"t1\.[\w.~+/=-]+", "TOKEN", text))


def _request(entry: Entry) -> str:
    headers = {name: value for name, value in entry.headers.items() if name != "idempotency-key"}
    text = json.dumps([entry.method, entry.path, headers, entry.body], sort_keys=True, default=str)
    # The request for a token is signed anew each time.
    return re.sub(r'"jwt": "[\w-]+\.([\w-]+)\.[\w-]+"', _claims, re.sub(r"t1\.[\w.~+/=-]+", "TOKEN", text))


def _claims(found: re.Match[str]) -> str:
    claims = json.loads(base64.urlsafe_b64decode(found[1] + "=="))
    return json.dumps({"jwt": claims["aud"]})


def begun(sim: Simulator, task: ApiTask, weather: Weather, place: Place, companions: Params) -> Params:
    """The options of a task in a new world, with the companions of an option."""
    spec = documented(task.module).spec
    params = task.params(sim)
    sim.log.clear()
    fitting = {name: _companion(task.platform, one) for name, one in companions.items() if fits(spec.get(name), one)}
    if "query" not in params or fitting.get("query", "") is None:
        fitting.pop("query", None)
    # Otherwise chance would decide which of several requests fails first.
    return {"concurrency": 1, **params, **weather(sim, place), **fitting}


def fits(spec: Params | None, value: t.Any) -> bool:
    """Whether an option exists, and takes the value."""
    return spec is not None and ("choices" not in spec or value in spec["choices"])


def _companion(platform: str, value: t.Any) -> t.Any:
    if value == "LAST":
        words = importlib.import_module(f"ansible_collections.secops.triage.plugins.module_utils._{platform}.words")
        return [(words.STATES if platform == "datadog" else words.STATUSES)[-1]]
    return ALL.get(platform) if value == "ALL" else value


def with_value(params: Params, path: str, value: t.Any) -> Params:
    option, _dot, inner = path.partition(".")
    return {**params, option: {**params[option], inner: value} if inner else value}


@dataclasses.dataclass
class Trial:
    """An option, and all that is tried with it."""

    sim: Simulator
    place: Place
    module: str
    platform: str
    path: str
    #: What was seen without the option, by what there was.
    known: dict[tuple[t.Any, ...], str]

    @property
    def option(self) -> str:
        return self.path.partition(".")[0]

    @property
    def spec(self) -> Params:
        option, _dot, inner = self.path.partition(".")
        spec: Params = documented(self.module).spec[option]
        return spec["options"][inner] if inner else spec

    def is_noticed(self) -> bool:
        """Whether any value makes any task differ."""
        tasks = [task for task in TASKS if (task.module, task.platform) == (self.module, self.platform)]
        return any(
            self._differs(task, weather, companions)
            for weather in WEATHER
            for task in tasks
            for companions in ({}, COMPANIONS.get(self.option, {}))
        )

    def _differs(self, task: ApiTask, weather: Weather, companions: Params) -> bool:
        params = begun(self.sim, task, weather, self.place, companions)
        if "." in self.path and self.option not in params:
            return False
        without = self._without(task, weather, companions, params)
        for value in values_of(self.path.rpartition(".")[2], self.spec, self.place):
            params = begun(self.sim, task, weather, self.place, companions)
            if seen(self.sim, self.module, with_value(params, self.path, value)) != without:
                # Nothing else made the difference.
                params = begun(self.sim, task, weather, self.place, companions)
                assert seen(self.sim, self.module, self._stripped(params)) == without
                return True
        return False

    def _without(self, task: ApiTask, weather: Weather, companions: Params, params: Params) -> str:
        stripped = self._stripped(params)
        key = (task, weather, str(companions), self.option if len(stripped) < len(params) else "")
        if key not in self.known:
            self.known[key] = seen(self.sim, self.module, stripped)
        return self.known[key]

    def _stripped(self, params: Params) -> Params:
        """The task's options without this one, where the task can do without."""
        needed = self.spec.get("required") or self.option in ("alert_ids", "signal_ids", "api_url")
        kept = needed or "." in self.path
        return params if kept else {name: value for name, value in params.items() if name != self.option}


def paths_of(module: str) -> t.Iterator[str]:
    for name, spec in documented(module).spec.items():
        yield name
        yield from (f"{name}.{inner}" for inner in spec.get("options") or ())


CASES = [
    (module, platform, path)
    for module in MODULES
    for platform in documented(module).platforms
    for path in paths_of(module)
]
_KNOWN: dict[tuple[t.Any, ...], str] = {}


@pytest.mark.parametrize(("module", "platform", "path"), CASES, ids=[" ".join(one) for one in CASES])
def test_no_option_is_ignored(
    sim: Simulator, place: Place, monkeypatch: pytest.MonkeyPatch, module: str, platform: str, path: str
) -> None:
    monkeypatch.setenv("YC_METADATA_ADDR", sim.host)
    trial = Trial(sim, place, module, platform, path, _KNOWN)
    assert trial.is_noticed(), f"{module} takes {path} for {platform}, and ignores it"
