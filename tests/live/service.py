# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What every real service offers: what it needs, and its alerts looked at and put back without our modules."""

from __future__ import annotations

import abc
import dataclasses
import re
import typing as t

import requests

from ansible_collections.secops.triage.tests.unit.harness import Params

Fields = dict[str, t.Any]


class LiveError(Exception):
    """Something that ends the run on this service, with what to tell the user."""


@dataclasses.dataclass(frozen=True)
class Scenario:
    """A task. One that only ``prepares`` for the next may find nothing to change; any other changes every alert.

    One ``by_query`` finds the alerts by the query that matches them and no others. ``skipped`` is why it cannot be
    played, if it cannot.
    """

    name: str
    module: str
    params: Params
    prepares: bool = False
    by_query: bool = False
    skipped: str = ""


class Service(abc.ABC):
    """One service, chosen by the variables of the environment."""

    name: t.ClassVar[str]
    #: The variable with the ids of the alerts that may be touched.
    ids_variable: t.ClassVar[str]
    #: The options of the modules, of which the variables' names are taken.
    options: t.ClassVar[dict[str, t.Any]]
    #: The ways to say where and who, each by the options that it needs.
    ways: t.ClassVar[t.Sequence[t.Sequence[str]]]
    #: Further variables, each with what it is good for.
    extras: t.ClassVar[dict[str, str]] = {}
    #: Those of them that a query needs.
    query_variables: t.ClassVar[t.Sequence[str]] = ()

    def __init__(self, environment: t.Mapping[str, str]) -> None:
        self.environment = environment
        self.ids = [one for one in re.split(r"[\s,]+", environment.get(self.ids_variable, "")) if one]
        self.session = requests.Session()

    # What it needs

    def variables(self, option: str) -> t.Sequence[str]:
        names: t.Sequence[str] = self.options[option]["env"]
        return names

    def setting(self, option: str) -> str:
        """The value that the modules take for an option from the environment, "" if there is none."""
        return next((self.environment[one] for one in self.variables(option) if self.environment.get(one)), "")

    @property
    def way(self) -> t.Sequence[str] | None:
        return next((way for way in self.ways if all(map(self.setting, way))), None)

    @property
    def needs(self) -> str:
        """What must be set, and what may be."""
        ways = ", or ".join(" and ".join(self.variables(option)[0] for option in way) for way in self.ways)
        lines = [f"{self.ids_variable}: ids of alerts that may be touched, between commas or blanks", ways]
        lines += [f"if wanted, {name}: {use}" for name, use in self.extras.items()]
        return "".join(f"\n  {line}" for line in lines)

    def lacking(self, *extras: str) -> str:
        """Why what further variables are good for is skipped, "" if they are set."""
        missing = [extra for extra in extras if not self.environment.get(extra)]
        return f"{' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} not set" if missing else ""

    # What a service provides

    @abc.abstractmethod
    def connect(self) -> None:
        """Make the session ready to send requests."""

    @property
    @abc.abstractmethod
    def params(self) -> Params:
        """The options that every task on this service has."""

    @property
    def named(self) -> Params:
        """The options that name the alerts."""
        return {"alert_ids": self.ids}

    @property
    @abc.abstractmethod
    def query(self) -> Params:
        """The options that find the alerts, and no others; none if there is no such query."""

    @abc.abstractmethod
    def seen(self, row: Fields) -> Fields:
        """The fields of `look` in a row of an info module; without those that it does not tell."""

    def notes(self, alert_id: str) -> list[str]:
        """The texts of the notes on an alert; none where the service has no such thing."""
        return []

    @abc.abstractmethod
    def look(self, alert_id: str) -> tuple[Fields, t.Any]:
        """The alert's fields by the modules' names, and a mark that every write moves (or V(None))."""

    @abc.abstractmethod
    def put_back(self, alert_id: str, before: Fields, now: Fields) -> None:
        """Give the alert the fields that it had."""

    @abc.abstractmethod
    def scenarios(self, before: t.Mapping[str, Fields]) -> t.Iterator[Scenario]:
        """The tasks in their order; ``before`` has the alerts as they were found."""

    def looks(self, module: str) -> t.Iterator[Scenario]:
        """The info module, by ids and by query."""
        yield Scenario("look", module, {})
        yield Scenario("look by query", module, {}, by_query=True, skipped=self.lacking(*self.query_variables))

    def leaves_note(self, variable: str) -> Scenario:
        """A note, which nobody takes back, and so only where it is asked for."""
        note = {"provider": self.name, "text": self.environment.get(variable)}
        return Scenario("leave a note, which stays", "alert_note", note, skipped=self.lacking(variable))

    def send(self, method: str, url: str, body: t.Any = None) -> t.Any:
        """Send one request, and return what was answered."""
        answer = self.session.request(method, url, json=body, timeout=60, allow_redirects=False)
        if not 200 <= answer.status_code < 300:
            raise LiveError(f"{method} {url}: {answer.status_code} {answer.text[:300]}")
        return answer.json()
