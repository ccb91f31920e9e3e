# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plays whose variables are full of secrets, as AWX and Event-Driven Ansible fill them: C(provenance: auto) tells none.

Neither what is printed nor what is sent has anything of them in it.
"""

from __future__ import annotations

import dataclasses

import pytest

from ansible_collections.secops.triage.tests.secrets.cases import (
    WAYS,
    Options,
    Way,
    add_alert,
    task_of,
    value_of,
    working_secrets,
)
from ansible_collections.secops.triage.tests.secrets.forms import found
from ansible_collections.secops.triage.tests.secrets.stage import Played, Stage
from ansible_collections.secops.triage.tests.secrets.test_nowhere import PLACES, is_credential
from ansible_collections.secops.triage.tests.simulator import Simulator
from ansible_collections.secops.triage.tests.unit.documented import documented

#: Each is somewhere among the variables of a play, or in its environment.
PLANTED = {
    "payload": "wJ4xKq8ZvTn2LrMb7HcP5dGs",
    "webhook": "ghp_Rt6ZwKq3XvNb9LmJc2Hd",
    "e-mail": "Mz5vQx8KtWr2NbLj7CdH9pGs",
    "survey": "Yk3wTz7VxQn5RmLb8JcF2hDs",
    "vault": "Pb9xNw4ZqKv6TrMj3LcG8dHy",
    "launch": "Gd2zXv7QwLk5NtRb9McJ4hPs",
    "environment": "Hs8vKx3ZtQw6LnRb5McJ9dGp",
    "name": "Vc7tKz4XqWn9RbLm2JdH5gPs",
}
#: As a job of AWX that a rule has launched has them.
AWX: Options = {
    "awx_job_id": 4711,
    "awx_job_template_name": "Close noise",
    "awx_user_name": "amira",
    "awx_user_email": f"{PLANTED['e-mail']}@example.com",
    "awx_webhook_payload": {"repository": {"token": PLANTED["webhook"]}},
    "tower_webhook_payload": f"token={PLANTED['webhook']}",
    "tower_job_launch_type": PLANTED["launch"],
    "awx_inventory_name": PLANTED["launch"],
    "survey_password": PLANTED["survey"],
    "vault_token": PLANTED["vault"],
    "ansible_eda": {
        "ruleset": "Alerts",
        "rule": "Scanner",
        "event": {"payload": {"token": PLANTED["payload"]}, "meta": {"headers": {"Authorization": PLANTED["payload"]}}},
    },
}
#: Where a name or a number should be, there is something else; or it is one that another variable would fill in.
ODD: Options = {
    **AWX,
    "awx_job_id": "{{ vault_token }}",
    "tower_job_id": {"token": PLANTED["payload"]},
    "awx_job_template_name": {"token": PLANTED["name"]},
    "awx_workflow_job_id": [PLANTED["name"]],
    "awx_user_name": "{{ survey_password }}",
    "ansible_eda": {"ruleset": {"token": PLANTED["payload"]}, "rule": "{{ vault_token }}", "event": PLANTED["payload"]},
}
LINE = "Ansible · AWX job 4711 · template Close noise · ruleset Alerts · rule Scanner · play Night shift"
TRACED = [
    way
    for way in {(way.module, way.platform): way for way in reversed(WAYS)}.values()
    if "provenance" in documented(way.module).spec
]


@dataclasses.dataclass(frozen=True)
class Job:
    """A play: where it has its variables, what they are, and what every line must begin with."""

    name: str
    variables: Options
    line: str
    extra: bool = False
    #: Whether the template is called as a secret of the very task is.
    own: bool = False


JOBS = [
    Job("extra variables", AWX, LINE, extra=True),
    Job("variables of the play", ODD, "Ansible · play Night shift"),
    Job("own secrets", AWX, "Ansible · AWX job 4711 · template ********", own=True),
]


@dataclasses.dataclass(frozen=True)
class Show:
    """All runs on a simulator, with the alerts of each, by the names of the tasks."""

    sim: Simulator
    played: dict[str, Played]
    alerts: dict[str, dict[str, str]]
    secrets: dict[str, str]


@pytest.fixture(scope="module")
def show(sim: Simulator, whole: bool, tmp_path_factory: pytest.TempPathFactory) -> Show:
    folder = tmp_path_factory.mktemp("provenance")
    environment = {"CONTROLLER_OAUTH_TOKEN": PLANTED["environment"], "TOWER_PASSWORD": PLANTED["environment"]}
    played, alerts = {}, {}
    platforms = list({way.platform: way for way in TRACED[::-1]}.values())
    for number, job in enumerate(JOBS):
        # In short, each job is one platform's.
        ways = TRACED if whole else [platforms[number]]
        alerts[job.name] = {str(way): add_alert(sim, way.platform) for way in ways}
        play: Options = {"name": "Night shift", "tasks": [_task(sim, way, alerts[job.name], job) for way in ways]}
        play |= {} if job.extra else {"vars": job.variables}
        variables = {**_secrets(sim), **(job.variables if job.extra else {})}
        played[job.name] = Stage(folder / job.name.replace(" ", "-")).play([play], variables, environment)
    return Show(sim, played, alerts, {**PLANTED, **working_secrets(sim)})


def _secrets(sim: Simulator) -> Options:
    return {f"{way.platform}_{name}": value_of(sim, way.platform, name) for way in TRACED for name in way.secrets}


def _task(sim: Simulator, way: Way, alerts: dict[str, str], job: Job) -> Options:
    given = {name: f"{{{{ {way.platform}_{name} }}}}" for name in way.secrets}
    options = {**task_of(sim, way, alerts[str(way)]), **given}
    # As it is, for what is a template is no name.
    variables = {"awx_job_template_name": value_of(sim, way.platform, way.secrets[-1])} if job.own else {}
    return {"name": str(way), f"secops.triage.{way.module}": options, "vars": variables}


def _lines(sim: Simulator, way: Way, alert_id: str) -> list[str]:
    if way.platform == "datadog":
        return str(sim.datadog.signals[alert_id].archive_comment).splitlines()[-1:]
    if way.platform == "kibana":
        return [note["note"] for note in sim.kibana.notes["default"] if note["eventId"] == alert_id]
    if way.platform == "calseta":
        return [finding["summary"] for finding in sim.calseta.alerts[alert_id].findings]
    return [comment["text"] for comment in sim.security_deck.alerts[alert_id].comments]


@pytest.mark.parametrize("job", JOBS, ids=lambda job: job.name)
def test_every_change_has_its_line(show: Show, job: Job) -> None:
    """Otherwise nothing would be learned from the others."""
    told = [way for way in TRACED if str(way) in show.alerts[job.name]]
    assert told
    for way in told:
        result = show.played[job.name].results[str(way)]
        assert result["counts"]["changed"] == 1, (str(way), result)
        (line,) = _lines(show.sim, way, show.alerts[job.name][str(way)])
        assert line.startswith(job.line), (str(way), line)


@pytest.mark.parametrize("place", PLACES)
def test_planted_secrets_are_found_nowhere(show: Show, place: str) -> None:
    for name, played in show.played.items():
        assert played.places[place], "it is there"
        assert not found(show.secrets, played.places[place]), name


def test_nothing_of_them_is_sent(show: Show) -> None:
    """But for the credentials, in the headers made for them."""
    assert len(show.sim.log.writes()) > sum(map(len, show.alerts.values()))
    for entry in show.sim.log:
        headers = {name: value for name, value in entry.headers.items() if not is_credential(name)}
        assert not found(show.secrets, f"{entry.path} {headers} {entry.body}".encode()), entry.path
