# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Does the role bring a controller, through awx.awx, to what it says, keep it so, and foretell that in check mode?"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import typing as t
from collections.abc import Iterator
from pathlib import Path

import pytest

from ansible_collections.secops.triage.tests.awx.controller import TOKEN, Controller, controller
from ansible_collections.secops.triage.tests.tools.places import AWX, COLLECTIONS
from ansible_collections.secops.triage.tests.unit.awx.jobs import PROJECT
from ansible_collections.secops.triage.tests.unit.awx.rules import playbooks
from ansible_collections.secops.triage.tests.unit.test_docs import blocks

SECRET = "kQ8zT3vLw5Xn2RbY7"
#: A key file, as the roles of ansible-core before 2.19 get it, and a line of it.
PRIVATE = "hV4mJ9cTe6Wd1PsU3"
KEY_FILE = {
    "id": "ajek2Lp0zR7wq9x",
    "private_key": f"-----BEGIN PRIVATE KEY-----\n{PRIVATE}\n-----END PRIVATE KEY-----\n",
}
APPROVERS = {"teams": ["SOC leads"], "users": ["anna"]}
VARIABLES: dict[str, t.Any] = {
    "vault_calseta_api_key": SECRET,
    "awx_setup_project_folder": "triage",
    "awx_setup_approvers": APPROVERS,
}
PAGE = PROJECT.parents[1] / "docsite" / "rst" / "awx.rst"

TRIAGE = "secops.triage: triage"
PREVIEW = "secops.triage: preview noise"
CLOSE = "secops.triage: close noise"
WORKFLOW = "secops.triage: close noise, with approval"
ANSWERS = {"close_noise_platform": "datadog", "close_noise_query": "source:scanner"}
#: What somebody could change by hand: the type, the object, and the field with a value that it must not have.
DRIFT: list[tuple[str, str, str, t.Any]] = [
    ("job_templates", TRIAGE, "job_slice_count", 4),
    ("job_templates", TRIAGE, "become_enabled", True),
    ("job_templates", TRIAGE, "verbosity", 4),
    ("job_templates", TRIAGE, "limit", "web-02.example.com"),
    ("job_templates", TRIAGE, "start_at_task", "Hand the list on"),
    ("job_templates", TRIAGE, "ask_credential_on_launch", True),
    ("job_templates", TRIAGE, "ask_inventory_on_launch", True),
    ("job_templates", TRIAGE, "ask_limit_on_launch", True),
    ("job_templates", TRIAGE, "ask_execution_environment_on_launch", True),
    ("job_templates", TRIAGE, "ask_tags_on_launch", True),
    ("job_templates", TRIAGE, "ask_verbosity_on_launch", True),
    ("workflow_job_templates", WORKFLOW, "ask_variables_on_launch", True),
    ("workflow_job_templates", WORKFLOW, "ask_tags_on_launch", True),
    ("workflow_job_templates", WORKFLOW, "extra_vars", '{"close_noise_preview": "{}"}'),
    ("hosts", "localhost", "enabled", False),
]


class Setup:
    """Plays of the role on one controller."""

    def __init__(self, awx: Controller, folder: Path) -> None:
        self.awx, self.folder = awx, folder
        self.store = awx.store
        #: The tokens of users.
        self.tokens = {"admin": TOKEN}
        # As users have it before them.
        (shown,) = [one.code for one in blocks(PAGE) if one.caption == "setup.yml"]
        (folder / "play.yml").write_text(shown, encoding="utf-8")

    def run(self, *options: str, token: str = TOKEN, **variables: t.Any) -> tuple[int, str]:
        """Play it once: the return code, and what was printed, in which no secret is."""
        (self.folder / "variables.json").write_text(json.dumps({**VARIABLES, **variables}), encoding="utf-8")
        run = subprocess.run(
            [sys.executable, "-m", "ansible.cli.playbook", "play.yml", "-e", "@variables.json", *options],
            env={
                **os.environ,
                "ANSIBLE_COLLECTIONS_PATH": os.pathsep.join(map(str, (AWX, COLLECTIONS))),
                "ANSIBLE_HOME": str(self.folder / "home"),
                "ANSIBLE_INVENTORY_UNPARSED_WARNING": "false",
                "ANSIBLE_LOCALHOST_WARNING": "false",
                "CONTROLLER_HOST": self.awx.url,
                "CONTROLLER_OAUTH_TOKEN": token,
            },
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
            timeout=600,
        )
        said = run.stdout + run.stderr
        assert "WARNING" not in said
        assert not [one for one in (SECRET, PRIVATE, token) if one in said]
        return run.returncode, said

    def play(self, *options: str) -> tuple[int, str]:
        """Play it once, without a failure: how many tasks changed something, and what was printed."""
        code, said = self.run(*options)
        assert code == 0, said
        (changed,) = re.findall(r"changed=(\d+)", said)
        return int(changed), said

    def ask(self, who: str, method: str, target: str, **body: t.Any) -> tuple[int, t.Any]:
        """A request of a user, such as a browser sends."""
        return self.awx.answer(self.tokens[who], method, f"/api/v2/{target}/", body)

    def launch(self, kind: str, name: str, who: str = "admin", **answers: t.Any) -> tuple[int, t.Any]:
        return self.ask(who, "POST", f"{kind}/{self.store.named(kind, name)['id']}/launch", extra_vars=answers)


def preview_of(_template: t.Any, variables: dict[str, t.Any]) -> tuple[bool, dict[str, t.Any]]:
    """The jobs of the controller: a preview has a list as its artifact."""
    preview = variables.get("close_noise_step") == "preview"
    return True, {"close_noise_preview": "the list of the preview"} if preview else {}


@pytest.fixture(scope="module")
def setup(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Setup]:
    with controller([f"triage/{one}" for one in playbooks(PROJECT)], run=preview_of) as awx:
        one = Setup(awx, tmp_path_factory.mktemp("setup"))
        (organization,) = one.store.items["organizations"]
        team = one.store.create("teams", {"name": "SOC leads", "organization": organization})
        one.tokens.update({name: awx.sign_in(name) for name in ("anna", "lea", "otto")})
        # Lea is one of the leads, and Anna is named herself.
        one.store.links["teams", team["id"], "users"] = [one.store.named("users", "lea")["id"]]
        yield one


def kept(awx: Controller, kind: str) -> dict[str, t.Any]:
    return {one.get("name") or one["identifier"]: one for one in awx.store.items[kind].values()}


# In this order, each on what the one before has left.


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        (
            {"awx_setup_credentials": [{"name": "Mine", "credential_type": "secops.triage Datdog", "inputs": {}}]},
            "Mine: credential_type is secops.triage Datdog, and must be one of secops.triage Datadog, ",
        ),
        (
            {
                "awx_setup_credentials": [
                    {"name": "Mine", "credential_type": "secops.triage Datadog", "inputs": {"apikey": SECRET}}
                ]
            },
            "Mine: secops.triage Datadog has no input apikey; its inputs are api_key, ",
        ),
        (
            {
                "awx_setup_credentials": [
                    {
                        "name": "Mine",
                        "credential_type": "secops.triage Calseta",
                        "inputs": {"api_key": SECRET, "url": ""},
                    }
                ]
            },
            "Mine: secops.triage Calseta needs the input url.",
        ),
        ({"awx_setup_organization": "SOC"}, "Set awx_setup_galaxy_credentials to those that SOC should have"),
    ],
)
def test_nothing_is_sent_before_it_is_known_to_make_sense(setup: Setup, variables: t.Any, said: str) -> None:
    code, output = setup.run(**variables)
    assert code
    assert said in " ".join(output.split())
    assert not setup.awx.log


def test_only_a_system_administrator_makes_credential_types(setup: Setup) -> None:
    status, _answer = setup.ask("anna", "POST", "credential_types", name="secops.triage Datadog")
    assert status == 403
    assert "system administrator" in PAGE.read_text(encoding="utf-8")


def test_check_mode_writes_nothing_and_foretells_a_change(setup: Setup) -> None:
    setup.awx.log.clear()
    changed, said = setup.play("--check")
    assert changed
    assert not setup.awx.writes()
    # What needs something that is missing is left out.
    assert re.search(r"Make the job templates\] \*+\nskipping", said)


def test_a_sync_that_fails_is_repeated_and_no_template_is_made(setup: Setup) -> None:
    setup.store.sync = "failed"
    for _time in range(2):
        code, said = setup.run()
        assert code
        assert re.search(r"project update failed|project update - secops\.triage, failed", said, re.IGNORECASE), said
        assert not kept(setup.awx, "job_templates")
    assert len(setup.store.items["project_updates"]) == 2
    setup.store.sync = "successful"


def test_all_of_it_is_made(setup: Setup) -> None:
    changed, _said = setup.play()
    awx = setup.awx
    assert changed
    types = {one["name"] for one in awx.store.items["credential_types"].values() if not one["managed"]}
    assert len(types) == 5
    # Ansible has not filled the templates in.
    datadog = kept(awx, "credential_types")["secops.triage Datadog"]
    assert datadog["injectors"]["env"]["DD_API_KEY"] == "{{ api_key }}"
    assert setup.store.named("credentials", "Calseta of the SOC")["inputs"]["api_key"] == SECRET
    (host,) = kept(awx, "hosts").values()
    assert json.loads(host["variables"])["ansible_python_interpreter"] == "{{ ansible_playbook_python }}"


def test_templates_are_as_the_role_says(setup: Setup) -> None:
    templates = kept(setup.awx, "job_templates")
    credential = setup.store.named("credentials", "Calseta of the SOC")["id"]
    assert len(templates) == 6
    for one in templates.values():
        assert setup.store.links["job_templates", one["id"], "credentials"] == [credential]
        assert one["job_slice_count"] == 1
    extra = json.loads(templates[CLOSE]["extra_vars"])
    assert extra == {"runbook_remediation": {"tasks": "tasks/remediation.yml"}, "close_noise_step": "apply"}
    assert ("job_templates", templates[CLOSE]["id"]) not in setup.store.surveys


def test_nodes_are_linked(setup: Setup) -> None:
    nodes = kept(setup.awx, "workflow_job_template_nodes")
    linked = {
        name: setup.store.links.get(("workflow_job_template_nodes", nodes[name]["id"], "success_nodes"))
        for name in nodes
    }
    assert linked == {"preview": [nodes["approval"]["id"]], "approval": [nodes["close"]["id"]], "close": None}
    (approval,) = kept(setup.awx, "workflow_approval_templates").values()
    assert (nodes["approval"]["unified_job_template"], approval["timeout"]) == (approval["id"], 3600)


def test_the_second_run_changes_nothing(setup: Setup) -> None:
    setup.awx.log.clear()
    assert setup.play()[0] == 0
    assert not setup.awx.writes()


def test_what_nobody_is_asked_for_is_ignored_and_what_is_required_is_missed(setup: Setup) -> None:
    status, answer = setup.launch("job_templates", TRIAGE, triage_platform="datadog")
    assert (status, answer) == (400, {"variables_needed_to_start": ["'triage_alert_ids' value missing"]})
    number = setup.store.named("job_templates", TRIAGE)["id"]
    answers = {"triage_platform": "datadog", "triage_alert_ids": "x", "triage_api_urls": {"datadog": "https://evil"}}
    prompts = {"limit": "all", "verbosity": 4, "credentials": []}
    status, answer = setup.ask("admin", "POST", f"job_templates/{number}/launch", extra_vars=answers, **prompts)
    assert status == 201
    assert answer["ignored_fields"] == {
        "limit": "all",
        "verbosity": 4,
        "extra_vars": {"triage_api_urls": {"datadog": "https://evil"}},
    }


def approval(setup: Setup) -> int:
    """A workflow that waits for a consent: the number of that."""
    status, _answer = setup.launch("workflow_job_templates", WORKFLOW, **ANSWERS)
    assert status == 201
    return max(setup.store.items["workflow_approvals"])


def last_job(setup: Setup, name: str) -> dict[str, t.Any]:
    """The newest job of a template."""
    template = setup.store.named("job_templates", name)["id"]
    return [one for one in setup.store.items["jobs"].values() if one["job_template"] == template][-1]


@pytest.mark.parametrize("who", ["anna", "lea"])
def test_approvers_see_what_they_approve_and_launch_nothing(setup: Setup, who: str) -> None:
    number = approval(setup)
    status, job = setup.ask(who, "GET", f"jobs/{last_job(setup, PREVIEW)['id']}")
    assert (status, job["artifacts"]) == (200, {"close_noise_preview": "the list of the preview"})
    assert setup.launch("job_templates", PREVIEW, who, **ANSWERS)[0] == 403
    assert setup.launch("job_templates", CLOSE, who)[0] == 403
    assert setup.ask("otto", "GET", f"jobs/{job['id']}")[0] == 403
    assert setup.ask("otto", "POST", f"workflow_approvals/{number}/approve")[0] == 403
    assert setup.ask(who, "POST", f"workflow_approvals/{number}/approve")[0] == 204
    given = last_job(setup, CLOSE)["extra_vars"]
    assert given["close_noise_preview"] == "the list of the preview"
    # The preview and the last job know that they are parts of the same workflow.
    assert given["awx_workflow_job_id"] == job["extra_vars"]["awx_workflow_job_id"]


def test_what_is_denied_is_not_closed(setup: Setup) -> None:
    before = last_job(setup, CLOSE)["id"]
    assert setup.ask("lea", "POST", f"workflow_approvals/{approval(setup)}/deny")[0] == 204
    assert last_job(setup, CLOSE)["id"] == before
    assert list(setup.store.items["workflow_jobs"].values())[-1]["status"] == "failed"


def test_a_preview_that_fails_asks_nobody_for_consent(setup: Setup) -> None:
    """As it does where it finds nothing to close."""
    before = list(setup.store.items["workflow_approvals"])
    assert last_job(setup, PREVIEW)["extra_vars"]["close_noise_on_nothing"] == "fail"
    setup.awx.jobs.run = lambda _template, _variables: (False, {})
    assert setup.launch("workflow_job_templates", WORKFLOW, **ANSWERS)[0] == 201
    setup.awx.jobs.run = preview_of
    assert list(setup.store.items["workflow_approvals"]) == before
    assert list(setup.store.items["workflow_jobs"].values())[-1]["status"] == "failed"


def test_a_credential_from_elsewhere_starts_jobs_without_what_has_a_default(setup: Setup) -> None:
    """Without the browser nobody fills in a default, and a controller starts no job without what is required."""
    template = setup.store.named("job_templates", TRIAGE)["id"]
    linked = setup.store.links["job_templates", template, "credentials"]
    answers = {"triage_platform": "datadog", "triage_alert_ids": "x"}
    for name, inputs, ended in [
        ("Datadog", {"access_token": SECRET}, "successful"),
        ("Security Deck", {"iam_token": SECRET}, "successful"),
        ("Calseta", {"api_key": SECRET}, "failed"),
    ]:
        number = setup.store.named("credential_types", f"secops.triage {name}")["id"]
        made = setup.store.create("credentials", {"name": "by hand", "credential_type": number, "inputs": inputs})
        linked.append(made["id"])
        setup.launch("job_templates", TRIAGE, **answers)
        linked.remove(made["id"])
        job = last_job(setup, TRIAGE)
        assert job["status"] == ended, name
        assert ("does not provide one or more required fields (url)" in job["job_explanation"]) is (ended == "failed")


def drifting(setup: Setup) -> list[t.Any]:
    """What the fields are that somebody could change."""
    return [setup.store.named(kind, name)[field] for kind, name, field, _value in DRIFT]


def test_variables_of_the_workflow_win_over_what_its_preview_hands_on(setup: Setup) -> None:
    """All of its jobs get them, the preview too, which fails by that, as its playbook is tested to."""
    workflow = setup.store.named("workflow_job_templates", WORKFLOW)
    kept_variables, workflow["extra_vars"] = workflow["extra_vars"], '{"close_noise_preview": "another list"}'
    setup.ask("anna", "POST", f"workflow_approvals/{approval(setup)}/approve")
    workflow["extra_vars"] = kept_variables
    for name in (PREVIEW, CLOSE):
        assert last_job(setup, name)["extra_vars"]["close_noise_preview"] == "another list"


def test_only_what_somebody_has_changed_is_put_back(setup: Setup) -> None:
    before = drifting(setup)
    for kind, name, field, value in DRIFT:
        setup.store.named(kind, name)[field] = value
    assert not [field for (*_where, field, value), was in zip(DRIFT, before) if value == was]
    setup.awx.log.clear()
    objects = len({(kind, name) for kind, name, _field, _value in DRIFT})
    assert setup.play("--check")[0] == objects
    assert not setup.awx.writes()
    assert setup.play()[0] == objects
    assert [one[0] for one in setup.awx.writes()] == ["PATCH"] * objects
    assert drifting(setup) == before


def test_another_organization_gets_its_galaxy_credentials_and_jobs_find_the_collection(setup: Setup) -> None:
    """There, a credential has a key file, and what it is made of is seen nowhere."""
    setup.store.create("organizations", {"name": "SOC"})
    deck = {
        "name": "Deck of the SOC",
        "credential_type": "SOC Security Deck",
        "inputs": {"service_account_key": KEY_FILE},
    }
    variables: dict[str, t.Any] = {
        "awx_setup_organization": "SOC",
        "awx_setup_prefix": "SOC",
        "awx_setup_credentials": [deck],
        "awx_setup_approvers": {},
    }
    code, said = setup.run(**variables, awx_setup_galaxy_credentials=["Ansible Galaxy"])
    assert code == 0, said
    inputs = setup.store.named("credentials", "Deck of the SOC")["inputs"]
    assert json.loads(inputs.pop("service_account_key")) == KEY_FILE
    assert inputs == {"api_host": "api.cloud.yandex.net"}
    galaxy = setup.store.links["organizations", setup.store.named("organizations", "SOC")["id"], "galaxy_credentials"]
    assert galaxy == [setup.store.named("credentials", "Ansible Galaxy")["id"]]
    for name, ended in [("successful", "successful"), ("without", "failed")]:
        galaxy[:] = galaxy if name == "successful" else []
        setup.launch("job_templates", "SOC: report")
        job = last_job(setup, "SOC: report")
        assert job["status"] == ended
        assert ("Could not find or access" in job["result_stdout"]) is (ended == "failed")
