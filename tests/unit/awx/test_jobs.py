# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Does each job template do its work as a controller runs it, with credentials that are seen nowhere?"""

from __future__ import annotations

import datetime as dt
import json
import typing as t
from pathlib import Path

import pytest

from ansible_collections.secops.triage.tests.simulator import Simulator
from ansible_collections.secops.triage.tests.unit.awx.conftest import Definitions
from ansible_collections.secops.triage.tests.unit.awx.jobs import (
    NUMBER,
    Definition,
    Ended,
    Variables,
    answered,
    inject,
    run_job,
)
from ansible_collections.secops.triage.tests.unit.harness import run_module

#: What a controller says to each job of a workflow.
WORKFLOW = {"awx_workflow_job_id": 40}
#: A text that a template would turn into a secret.
TRAP = "{{ lookup('ansible.builtin.env', 'KIBANA_API_KEY') }} is no noise"


class Awx:
    """The job templates and the workflow, launched one by one, with credentials for all platforms of the simulator."""

    def __init__(self, definitions: Definitions, sim: Simulator, folder: Path) -> None:
        self.definitions, self.sim, self.folder = definitions, sim, folder
        self.jobs = 0
        keys = sim.credentials
        self.inputs = {
            "Datadog": {"api_key": keys.datadog_api_key, "app_key": keys.datadog_app_key, "site": "datadoghq.com"},
            "Elastic Security": {"url": sim.kibana.url, "api_key": keys.kibana_api_key},
            "Security Deck": {
                "service_account_key": json.dumps(sim.security_deck.service_account_key()),
                "api_host": "api.cloud.yandex.net",
            },
            "Calseta": {"url": sim.calseta.url, "api_key": keys.calseta_api_key},
        }

    @property
    def secrets(self) -> list[str]:
        key = json.loads(self.inputs["Security Deck"]["service_account_key"])
        # A line of it is the same in the escapes of JSON.
        private = key["private_key"].splitlines()[2]
        keys = self.sim.credentials
        return [keys.datadog_api_key, keys.datadog_app_key, keys.kibana_api_key, keys.calseta_api_key, private]

    def template(self, name: str) -> Definition:
        return next(one for one in self.definitions["controller_templates"] if one["name"].endswith(f": {name}"))

    def launch(self, name: str, answers: t.Mapping[str, t.Any], *options: str) -> Ended:
        """Start a job of the template by itself."""
        return self.run(name, answered(self.template(name), answers), *options)

    def run(
        self,
        name: str,
        given: t.Mapping[str, t.Any],
        *options: str,
        hosts: t.Sequence[Definition] | None = None,
    ) -> Ended:
        """Run a job, and see that it has shown no secret."""
        self.jobs += 1
        folder = self.folder / str(self.jobs)
        (folder / "env").mkdir(parents=True)
        environment: dict[str, str] = {}
        for one in self.definitions["controller_credential_types"]:
            inputs = self.inputs.get(one["name"].removeprefix("secops.triage "))
            environment.update(inject(one, inputs, folder / "env") if inputs else {})
        # The two whose addresses no variable of the environment has.
        urls = {"datadog": self.sim.datadog.url, "security_deck": self.sim.security_deck.url}
        own = {
            **{f"{role}_api_urls": urls for role in ("triage", "runbook", "report")},
            "close_noise_api_url": self.sim.datadog.url,
            "runbook_remediation": {"tasks": "tasks/remediation.yml"},
        }
        template = self.template(name)
        template = {**template, "extra_vars": {**own, **template["extra_vars"]}}
        ended = run_job(folder, template, environment, given, hosts or self.definitions["controller_hosts"], *options)
        assert not ended.leaks(self.secrets)
        # What ansible-runner notes of the environment has the credentials in their own variables, and in no other.
        noted = json.loads((folder / "artifacts" / str(NUMBER) / "command").read_text(encoding="utf-8"))["env"]
        assert {key for key, value in noted.items() if any(one in value for one in self.secrets)} <= set(environment)
        return ended


@pytest.fixture
def awx(definitions: Definitions, sim: Simulator, tmp_path: Path) -> Awx:
    sim.settings.security_deck.operation_seconds = 0
    return Awx(definitions, sim, tmp_path)


def test_triage(awx: Awx, sim: Simulator) -> None:
    alerts = [sim.kibana.add_alert(), sim.kibana.add_alert()]
    answers = {
        "triage_platform": "kibana",
        "triage_alert_ids": "\n".join(alerts),
        "triage_status": "resolved",
        "triage_verdict": "false_positive",
        "triage_comment": TRAP,
        # As a controller gives what nobody has answered.
        "triage_assignee": "",
        # No question asks for it.
        "triage_alerts": [],
    }
    ended = awx.launch("triage", answers)
    assert ended.code == 0, ended.stdout
    for alert in alerts:
        assert sim.kibana.overview()[alert]["status"] == "closed"
        notes = "\n".join(one["note"] for one in sim.kibana.notes["default"] if one["eventId"] == alert)
        assert TRAP in notes
        assert f"AWX job {NUMBER}" in notes


def test_a_slice_would_do_all_of_the_work_whatever_hosts_it_has(awx: Awx, sim: Simulator) -> None:
    """What the inventory says of this machine is not needed, either; nor is a token, where there is a key file."""
    alert = sim.security_deck.add_alert().id
    answers = {"triage_platform": "security_deck", "triage_alert_ids": alert, "triage_status": "in_progress"}
    another = [{"name": "web-02.example.com", "variables": {}}]
    ended = awx.run("triage", answered(awx.template("triage"), answers), "-vvvv", hosts=another)
    assert ended.code == 0, ended.stdout
    assert sim.security_deck.overview()[alert]["status"] == "IN_PROGRESS"


@pytest.mark.whole
def test_report(awx: Awx, sim: Simulator) -> None:
    """With nothing chosen, and no sinks to look into, though there is a credential for Security Deck: that is told."""
    ended = awx.launch("report", {})
    assert ended.code == 0, ended.stdout
    errors = {one["platform"]: one["error"] for one in ended.artifacts["report_outcome"]["platforms"]}
    assert [name for name, error in errors.items() if not error] == ["datadog", "kibana", "calseta"]
    assert errors["security_deck"].startswith("Name the sinks")
    # The HTML would be in the difference.
    assert "<html" not in ended.stdout
    assert not sim.log.writes()


@pytest.mark.versions
def test_runbook(awx: Awx, sim: Simulator) -> None:
    alert = sim.calseta.add_alert().uuid
    answers = {
        "runbook_platform": "calseta",
        "runbook_id": alert,
        "runbook_severities": [],
        "runbook_assignee": "",
        "runbook_verdict": "benign",
        "runbook_comment": TRAP,
        # No question asks for it.
        "runbook_remediation": {"role": "another"},
    }
    ended = awx.launch("runbook", answers)
    assert ended.code == 0, ended.stdout
    assert sim.calseta.overview()[alert]["status"] == "Closed"
    outcome = ended.artifacts["runbook_outcome"]
    assert (outcome["platform"], outcome["id"], outcome["outcome"]) == ("calseta", alert, "closed")


@pytest.fixture
def noise(awx: Awx) -> Variables:
    """What the survey of the workflow is answered with: a search for the open signals of three days."""
    (workflow,) = awx.definitions["controller_workflows"]
    return answered(
        workflow,
        {
            "close_noise_platform": "datadog",
            "close_noise_query": "-@workflow.triage.state:archived",
            "close_noise_since": (dt.datetime.now(dt.timezone.utc) - dt.timedelta(days=3)).date().isoformat(),
            "close_noise_verdict": "false_positive",
            "close_noise_comment": TRAP,
            # No question asks for it.
            "close_noise_preview": {"ids": ["AAAAAWgN8Xwgr1vKDQAAAABBV2dOOFh3ZzZobm1mWXJFYTR0OA"]},
        },
    )


@pytest.mark.versions
def test_workflow_closes_what_its_preview_has_listed(awx: Awx, sim: Simulator, noise: Variables) -> None:
    sim.reset(alerts=0)
    listed = [sim.datadog.add_signal().id, sim.datadog.add_signal().id]
    # A search that leaves nothing out is refused.
    sim.datadog.add_signal(state="archived")
    preview = awx.run("preview noise", {**noise, **WORKFLOW})
    assert preview.code == 0, preview.stdout
    assert not sim.log.writes()
    # While it waits for a consent, one more is raised that the search would find.
    late = sim.datadog.add_signal().id
    # What was handed on comes first, and what was answered wins.
    closed = awx.run("close noise", {**preview.artifacts, **noise, **WORKFLOW})
    assert closed.code == 0, closed.stdout
    states = sim.datadog.overview()
    assert {states[one]["state"] for one in listed} == {"archived"}
    assert states[late]["state"] == "open"
    assert TRAP in states[listed[0]]["archive_comment"]


def test_no_other_workflows_list_is_closed(awx: Awx, sim: Simulator, noise: Variables) -> None:
    """Its checksum is right, for a preview made it; but nobody who approves this workflow has seen it."""
    preview = awx.run("preview noise", {**noise, **WORKFLOW})
    assert preview.code == 0, preview.stdout
    another = {"awx_workflow_job_id": WORKFLOW["awx_workflow_job_id"] + 1}
    closed = awx.run("close noise", {**noise, **preview.artifacts, **another})
    assert closed.code
    assert "the list of a job of the same workflow" in closed.stdout
    assert not sim.log.writes()


def test_a_list_in_the_variables_of_the_workflow_ends_its_preview(awx: Awx, sim: Simulator, noise: Variables) -> None:
    """It would win over the artifact of the preview, and so be closed in place of what was approved."""
    ended = awx.run("preview noise", {**noise, **WORKFLOW, "close_noise_preview": '{"alerts": {}}'})
    assert ended.code
    assert "Take close_noise_preview out of" in ended.stdout
    assert "close_noise_preview" not in ended.artifacts
    assert not sim.log.writes()


def test_a_preview_of_nothing_asks_nobody_for_consent(awx: Awx, sim: Simulator, noise: Variables) -> None:
    sim.reset(alerts=0)
    ended = awx.run("preview noise", {**noise, **WORKFLOW})
    assert ended.code
    assert "there is nothing to consent to" in ended.stdout


def test_without_a_preview_nothing_is_closed(awx: Awx, sim: Simulator) -> None:
    """Whoever may start the second job by itself closes nothing by that."""
    ended = awx.launch("close noise", {"close_noise_platform": "datadog"})
    assert ended.code
    assert not sim.log.writes()


@pytest.mark.whole
def test_restore(awx: Awx, sim: Simulator) -> None:
    alert = sim.kibana.add_alert()
    keys = {"api_url": sim.kibana.url, "api_key": sim.credentials.kibana_api_key}
    result = run_module("kibana_alert_status", {**keys, "alert_ids": [alert], "status": "closed"})
    answers = {
        "restore_module": "kibana_alert_status",
        "restore_alerts": json.dumps(result["alerts"]),
        "restore_provider": "",
    }
    ended = awx.launch("restore", answers, "--check", "--diff")
    assert ended.code == 0, ended.stdout
    assert sim.kibana.overview()[alert]["status"] == "closed"
    ended = awx.launch("restore", answers)
    assert ended.code == 0, ended.stdout
    assert sim.kibana.overview()[alert]["status"] == "open"
