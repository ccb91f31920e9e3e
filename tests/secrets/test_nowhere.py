# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Real runs of Ansible that give every secret in every way: it is found nowhere.

Nowhere is: what is printed with C(-vvvv) and C(--diff), Ansible's log, what callbacks are told, the journal, the
process list, and what stays on the disk.
"""

from __future__ import annotations

import concurrent.futures
import dataclasses
import re
import typing as t

import pytest

from ansible_collections.secops.triage.tests.secrets.cases import (
    OUTCOMES,
    WAYS,
    WAYS_BY_PROXY,
    secret_options,
    working_secrets,
)
from ansible_collections.secops.triage.tests.secrets.echo_server import credentials_in
from ansible_collections.secops.triage.tests.secrets.forms import found
from ansible_collections.secops.triage.tests.secrets.proxy import PAIR, PASSWORD, Proxy
from ansible_collections.secops.triage.tests.secrets.secret_scenarios import Case, Script, SecretScenarios
from ansible_collections.secops.triage.tests.secrets.stage import Played, Stage
from ansible_collections.secops.triage.tests.simulator import Simulator
from ansible_collections.secops.triage.tests.unit.loopback import Loopback

PLACES = ("screen", "log", "callback", "junit", "tree", "journal", "processes")
#: What a result says of itself when the task met this, for the outcomes that come without a status.
SAID = {
    "unreachable": r"no connection to|no way to",
    "choice": r"timeout.* unable to convert to float",
    "range": r"timeout must be between",
    "crash": r"no room for .*\*\*\*\*",
    "import": r"this installation is broken",
    "killed": r"MODULE FAILURE|No start of json|exited unexpectedly|rc=-9|Module result deserialization failed",
    "404": r"There is no such",
}


@dataclasses.dataclass(frozen=True)
class Show:
    """All runs, and the secrets that were in play."""

    scripts: list[Script]
    played: list[Played]
    secrets: dict[str, str]
    simulator: Simulator
    elsewhere: Loopback

    def results(self) -> t.Iterator[tuple[str, Case, dict[str, t.Any]]]:
        for script, played in zip(self.scripts, self.played):
            for case in script.cases:
                yield script.source, case, played.results[str(case)]


@pytest.fixture(scope="module")
def show(sim: Simulator, whole: bool, tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Show]:
    folder = tmp_path_factory.mktemp("secrets")
    with Proxy() as proxy, Loopback() as elsewhere:
        scenarios = SecretScenarios(sim, elsewhere.url, proxy.url(), folder, whole=whole)
        scripts = list(scenarios.scripts())
        stages = [Stage(folder / f"stage-{number}") for number in range(len(scripts))]
        # Each one waits a lot: for its modules, and for its simulator.
        with concurrent.futures.ThreadPoolExecutor(3) as pool:
            played = list(pool.map(scenarios.play, scripts, stages))
        yield Show(scripts, played, secrets_of(sim), sim, elsewhere)


def secrets_of(sim: Simulator) -> dict[str, str]:
    """The secrets by their names, with what was made of them, and what they were exchanged for."""
    made = {f"token {number}": token for number, token in enumerate(sim.security_deck.tokens.tokens)}
    sent = {f"sent {secret[:8]}": secret for entry in sim.log for secret in credentials_in(entry)}
    return {**sent, **made, **working_secrets(sim), "proxy": PASSWORD, "proxy's pair": PAIR}


def test_every_secret_option_and_variable_is_there() -> None:
    """A new one has to be put on the list of ways."""
    known = {(way.module, secret) for way in [*WAYS, *WAYS_BY_PROXY] for secret in way.secrets}
    assert known == {(module, option) for module, options in secret_options().items() for option in options}


def test_every_outcome_is_met(show: Show) -> None:
    """In short, too."""
    assert {case.outcome for _source, case, _result in show.results()} == set(OUTCOMES)


def test_every_case_is_what_it_says(show: Show) -> None:
    """Otherwise nothing would be learned from the others."""
    for source, case, result in show.results():
        told = str(result)
        if case.outcome in ("success", "newline"):
            shown = result.get("signals", result.get("alerts", []))
            done = len(shown) == 1 if case.way.module.endswith("_info") else result["counts"]["changed"] == 1
            assert done, (source, str(case), told)
        elif case.outcome in SAID:
            assert result["failed"], (source, str(case))
            assert re.search(SAID[case.outcome], told), (source, str(case), told)
        else:
            status = {"redirect": 307, "token": 400}.get(case.outcome) or int(case.outcome)
            assert result["error"]["status"] == status, (source, str(case), told)


def test_refusals_had_the_secrets_in_them(show: Show) -> None:
    for source, case, result in show.results():
        if case.outcome in ("401", "500", "token"):
            said = result["error"]["message"]
            assert "********" in said or "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER" in said, (source, str(case), said)


@pytest.mark.parametrize("place", PLACES)
def test_found_nowhere(show: Show, place: str) -> None:
    for script, played in zip(show.scripts, show.played):
        assert played.places[place], "it is there"
        assert not found(show.secrets, played.places[place]), script.source


def test_nothing_stays_on_the_disk(show: Show) -> None:
    """But of a module that was killed: then it is its code."""
    for played in show.played:
        for path in played.left_behind:
            assert path.name.endswith("_payload.zip")
            assert not found(show.secrets, path.read_bytes())


def test_environments_of_processes_hold_only_what_the_environment_held(show: Show) -> None:
    for script, played in zip(show.scripts, show.played):
        shown = found(show.secrets, b"\n".join(played.environments))
        assert bool(shown) == (script.source == "environment" and bool(script.cases)), (script.source, shown)


def test_no_secret_in_an_address(show: Show) -> None:
    """Nor anywhere else in a request but in the headers made for it."""
    assert len(show.simulator.log) > len(show.scripts)
    for entry in show.simulator.log:
        headers = {name: value for name, value in entry.headers.items() if not is_credential(name)}
        body = {} if entry.path.endswith("/iam/v1/tokens") else entry.body
        assert not found(show.secrets, f"{entry.path} {headers} {body}".encode())


def is_credential(name: str) -> bool:
    return name in ("authorization", "dd-api-key", "dd-application-key")


def test_nothing_follows_a_redirect(show: Show) -> None:
    assert [case for _place, case, _found in show.results() if case.outcome == "redirect"]
    assert show.elsewhere.seen == []
