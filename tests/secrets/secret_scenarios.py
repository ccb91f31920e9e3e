# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Playbooks of many tasks: each authenticates in one way, from one source of secrets, and meets one outcome."""

from __future__ import annotations

import dataclasses
import itertools
import json
import typing as t
from pathlib import Path

from ansible_collections.secops.triage.tests.secrets.cases import (
    OUTCOMES,
    WAYS,
    WAYS_BY_PROXY,
    Options,
    Way,
    add_alert,
    secret_options,
    task_of,
    value_of,
)
from ansible_collections.secops.triage.tests.secrets.echo_server import REFUSED_ACCOUNT, Echo, break_pythons
from ansible_collections.secops.triage.tests.secrets.stage import Played, Stage
from ansible_collections.secops.triage.tests.simulator import Simulator
from ansible_collections.secops.triage.tests.unit.loopback import closed_port

#: What is met however the secrets came.
_FEW = ("success", "401", "403", "choice", "crash")
_FEWEST = ("success", "401")
#: An id in each platform's form that no alert has.
_UNKNOWN = "3fa85f64-5717-4562-b3fc-2c963f66afa6"


@dataclasses.dataclass(frozen=True)
class Case:
    """One task."""

    way: Way
    outcome: str

    def __str__(self) -> str:
        return f"{self.way}, {self.outcome}"

    @property
    def possible(self) -> bool:
        """Whether this can be met: only key files are exchanged for tokens, and who only looks cannot be refused."""
        if self.outcome == "token":
            return bool(self.way.form)
        return self.outcome not in ("403", "404") or not self.way.module.endswith("_info")


@dataclasses.dataclass
class Script:
    """What is to be played: cases whose secrets come from one source."""

    source: str
    cases: list[Case]
    environment: dict[str, str] = dataclasses.field(default_factory=dict)


class SecretScenarios:
    """All scripts, on one simulator: ``whole``, or with each outcome once in every script."""

    def __init__(self, sim: Simulator, elsewhere: str, proxy: str, folder: Path, *, whole: bool) -> None:
        self._sim = sim
        self._proxy = proxy
        self._folder = folder
        self._whole = whole
        self._echo = Echo(elsewhere)
        sim.faults.add(self._echo)
        self._unreachable = f"http://127.0.0.1:{closed_port()}"
        self._broken = break_pythons(folder / "broken")
        self._variables = self._make_variables()

    def scripts(self) -> t.Iterator[Script]:
        # The first module of a platform meets everything; with another one, or another form of key file, there is no
        # other code on the way.
        first = list({(way.platform, way.secrets): way for way in reversed(WAYS)}.values())[::-1]
        others = [way for way in WAYS if way not in first]
        if not self._whole:
            yield Script("options", self._cases(first, OUTCOMES))
            yield Script("options", self._cases([*others, *WAYS_BY_PROXY], ("403", "crash", *_FEWEST, "unreachable")))
            yield Script("defaults", self._cases(WAYS, _FEWEST))
            for ways, environment in itertools.islice(self._environments(), 1):
                yield Script("environment", self._cases(ways, _FEWEST), environment)
            return
        yield Script("options", self._cases(first[:4], OUTCOMES))
        yield Script("options", self._cases(first[4:], OUTCOMES))
        yield Script("options", [*self._cases(others, _FEW), *self._cases(WAYS_BY_PROXY, (*_FEW, "unreachable"))])
        yield Script("defaults", self._cases(WAYS, _FEW))
        for ways, environment in self._environments():
            yield Script("environment", self._cases(ways, _FEW), environment)

    def _cases(self, ways: t.Sequence[Way], outcomes: t.Sequence[str]) -> list[Case]:
        """All cases that are possible; in short each outcome once, with ways from all over the list."""
        if self._whole:
            return [case for way in ways for outcome in outcomes if (case := Case(way, outcome)).possible]
        step = max(1, len(ways) // len(outcomes))
        cases = []
        for number, outcome in enumerate(outcomes):
            first = number * step % len(ways)
            turn = (Case(way, outcome) for way in (*ways[first:], *ways[:first]))
            cases.append(next(case for case in turn if case.possible))
        return cases

    def _environments(self) -> t.Iterator[tuple[list[Way], dict[str, str]]]:
        """Environments that hold a way for every platform, until all variables have had their turn."""
        by_platform: dict[str, list[tuple[list[Way], dict[str, str]]]] = {}
        spec = secret_options()
        for (platform, secrets, form), group in itertools.groupby(WAYS, Way.kind):
            ways = list(group)
            if form == "map" or not secrets:
                continue
            variables = [spec[ways[0].module][name] for name in secrets]
            for number, names in enumerate(zip(*variables)):
                values = [self._value(ways[0], name, newline=bool(number % 2)) for name in secrets]
                given = dict(zip(names, values))
                if "username" in dict(ways[0].open):
                    given["KIBANA_USERNAME"] = dict(ways[0].open)["username"]
                by_platform.setdefault(platform, []).append((ways, given))
        for row in itertools.zip_longest(*by_platform.values(), fillvalue=([], {})):
            every = [way for ways, _given in row for way in ways]
            yield every, {name: value for _ways, given in row for name, value in given.items()}

    def play(self, script: Script, stage: Stage, **settings: str) -> Played:
        """Play a script with a play for each way."""
        plays = []
        for way, cases in itertools.groupby(script.cases, lambda case: case.way):
            play: Options = {"tasks": [self._task(case, script.source) for case in cases]}
            if script.source == "defaults":
                group = "alerts" if way.module.startswith("alert_") else way.platform
                play["module_defaults"] = {f"group/secops.triage.{group}": self._secrets(way, "", True)}
            plays.append(play)
        environment = {"YC_METADATA_ADDR": self._sim.host, **script.environment}
        return stage.play(plays, self._variables, environment, **settings)

    def _task(self, case: Case, source: str) -> Options:
        options = task_of(self._sim, case.way, self._alert(case))
        if source == "options":
            options |= self._secrets(case.way, case.outcome)
        elif source == "environment":
            options.pop("username", None)
        if case.outcome == "unreachable":
            options["api_url"] = self._unreachable
        elif case.outcome == "choice":
            options["timeout"] = "soon"
        elif case.outcome == "range":
            options["timeout"] = 0
        task: Options = {"name": str(case), f"secops.triage.{case.way.module}": options, "ignore_errors": True}
        if case.outcome in self._broken:
            task["environment"] = {"PYTHONPATH": str(self._broken[case.outcome])}
        return task

    def _secrets(self, way: Way, outcome: str, alias: bool = False) -> Options:
        kind = outcome if outcome in ("newline", "token") else "plain"
        names = {name: f"{way.platform}_{name}{way.form}" for name in way.secrets}
        given: Options = {name: f"{{{{ secrets.{kind}.{variable} }}}}" for name, variable in names.items()}
        if "proxy" in given:
            given["proxy"] = "{{ secrets.plain.proxy }}"
            # The server is plain HTTP, so the proxy sees all there is.
            given["allow_http"] = True
        if alias and "app_key" in given:
            given["application_key"] = given.pop("app_key")
        return given

    def _make_variables(self) -> Options:
        plain: Options = {"proxy": self._proxy}
        token: Options = {}
        for way in WAYS:
            for name in way.secrets:
                plain[f"{way.platform}_{name}{way.form}"] = self._value(way, name)
                if way.form:
                    token[f"{way.platform}_{name}{way.form}"] = self._value(way, name, account=REFUSED_ACCOUNT)
        newline = {name: f"{value}\n" if isinstance(value, str) else value for name, value in plain.items()}
        return {"secrets": {"plain": plain, "newline": newline, "token": token}}

    def _value(self, way: Way, name: str, *, account: str = "", newline: bool = False) -> t.Any:
        value = value_of(self._sim, way.platform, name)
        if not way.form:
            return value + "\n" * newline
        key = {**json.loads(value), **({"service_account_id": account} if account else {})}
        if way.form == "map":
            return key
        text = json.dumps(key, indent=2)
        if way.form == "text":
            return text
        path = self._folder / f"key-{account}.json"
        path.write_text(text)
        return str(path)

    def _alert(self, case: Case) -> str:
        """An alert for the case alone, which is met as the case wants it."""
        if case.outcome == "404":
            return _UNKNOWN
        alert_id = add_alert(self._sim, case.way.platform)
        if case.outcome in ("401", "403", "500", "redirect"):
            self._echo.about[alert_id] = case.outcome
        return alert_id
