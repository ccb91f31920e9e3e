# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Does the EDA controller take the credential types and the rulebooks of the kit, and sign in with them?"""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest
import yaml

from ansible_collections.secops.triage.tests.unit.awx.conftest import Definitions
from ansible_collections.secops.triage.tests.unit.awx.eda_rules import (
    environment,
    rulebooks,
    wrong_injectors,
    wrong_schema,
)
from ansible_collections.secops.triage.tests.unit.awx.jobs import PROJECT, Definition
from ansible_collections.secops.triage.tests.unit.test_docs import blocks

ROOT = PROJECT.parents[2]
PAGE = ROOT / "docs" / "docsite" / "rst" / "eda_controller.rst"
#: The options that the modules of ansible.eda document, of those that the page uses.
DOCUMENTED = {
    "credential_type": "name description inputs injectors",
    "credential": "name organization_name credential_type_name inputs",
    "project": "name organization_name url",
    "decision_environment": "name organization_name image_url",
    "event_stream": "name organization_name credential_name event_stream_type forward_events",
    "rulebook_activation": "name organization_name project_name rulebook_name decision_environment_name"
    " eda_credentials event_streams extra_vars restart_policy",
}
#: The credential types that the EDA controller has itself.
MANAGED = ["Red Hat Ansible Automation Platform", "Token Event Stream"]
KEY = '{"id": "ajek2Lp0zR7wq9x"}'


def types(definitions: Definitions) -> dict[str, Definition]:
    """The credential types of the EDA controller, by their names without the prefix."""
    return {one["name"].removeprefix("secops.triage "): one for one in definitions["eda_credential_types"]}


def test_the_eda_controller_takes_them(definitions: Definitions) -> None:
    for name, one in types(definitions).items():
        assert set(one) == {"name", "description", "inputs", "injectors"}
        assert not [*wrong_schema(one["inputs"]), *wrong_injectors(one["inputs"], one["injectors"])], name


def test_it_would_not_take_those_of_the_automation_controller(definitions: Definitions) -> None:
    """Or take them, and sign in with none: what is undefined passes where an input in a condition is empty."""
    (one,) = [one for one in definitions["controller_credential_types"] if one["name"].endswith("CA certificates")]
    assert list(wrong_injectors(one["inputs"], one["injectors"])) == ["REQUESTS_CA_BUNDLE refers to what is not there"]


def test_they_are_those_of_the_automation_controller_but_for_files(definitions: Definitions) -> None:
    known = {one["name"].removeprefix("secops.triage "): one for one in definitions["controller_credential_types"]}
    assert list(types(definitions)) == list(known)
    for name, one in types(definitions).items():
        assert one["inputs"] == known[name]["inputs"]
        assert list(one["injectors"]["env"]) == list(known[name]["injectors"]["env"])
        assert list(one["injectors"]["file"]) == list(known[name]["injectors"].get("file", {}))


@pytest.mark.parametrize(
    ("inputs", "expected"),
    [
        ({"Security Deck": {"iam_token": "t1.x"}}, {"YC_IAM_TOKEN": "t1.x", "YC_SERVICE_ACCOUNT_KEY_FILE": ""}),
        ({"Datadog": {"api_key": "a", "app_key": "b"}}, {"DD_API_KEY": "a", "DD_SITE": "datadoghq.com"}),
        (
            {"Elastic Security": {"url": "https://kibana.example.com", "username": "1e5", "password": "c"}},
            {"KIBANA_URL": "https://kibana.example.com", "KIBANA_USERNAME": "1e5", "KIBANA_SPACE_ID": ""},
        ),
        (
            {
                "Calseta": {"url": "https://calseta.example.com", "api_key": "d"},
                "CA certificates": {"certificates": ""},
            },
            {"CALSETA_API_KEY": "d", "REQUESTS_CA_BUNDLE": ""},
        ),
    ],
)
def test_credentials_become_the_environment(
    definitions: Definitions, inputs: t.Any, expected: t.Any, tmp_path: Path
) -> None:
    found = environment([types(definitions)[name] for name in inputs], list(inputs.values()), tmp_path)
    assert {name: found[name] for name in expected} == expected


def test_files_are_where_the_variables_say(definitions: Definitions, tmp_path: Path) -> None:
    """Of credentials of all types in one activation."""
    inputs = {
        "Datadog": {"access_token": "x"},
        "Elastic Security": {"url": "https://kibana.example.com", "bearer_token": "x"},
        "Security Deck": {"service_account_key": KEY},
        "Calseta": {"url": "https://calseta.example.com", "api_key": "x"},
        "CA certificates": {"certificates": "-----BEGIN CERTIFICATE-----"},
    }
    found = environment([types(definitions)[name] for name in inputs], list(inputs.values()), tmp_path)
    # Templates are native there, and make a mapping of JSON.
    assert Path(found["YC_SERVICE_ACCOUNT_KEY_FILE"]).read_text() == KEY
    assert Path(found["REQUESTS_CA_BUNDLE"]).read_text() == "-----BEGIN CERTIFICATE-----"


def test_project_has_the_rulebooks_that_run_in_the_eda_controller() -> None:
    assert rulebooks(PROJECT) == ["polling_controller.yml", "webhook_controller.yml"]
    for name in rulebooks(PROJECT):
        text = (PROJECT / "extensions/eda/rulebooks" / name).read_text(encoding="utf-8")
        assert text == (ROOT / "extensions/eda/rulebooks" / name).read_text(encoding="utf-8")
        actions = [key for one in yaml.safe_load(text) for rule in one["rules"] for key in rule["action"]]
        # What needs an inventory ends an activation.
        assert set(actions) == {"run_job_template", "debug"}


def made_by_the_page() -> dict[str, list[t.Any]]:
    """What the play of the page makes, by the module."""
    (shown,) = [one.code for one in blocks(PAGE) if one.caption == "eda.yml"]
    (play,) = yaml.safe_load(shown)
    made: dict[str, list[t.Any]] = {}
    for task in play["tasks"]:
        for key, options in task.items():
            if key.startswith("ansible.eda."):
                made.setdefault(key.rpartition(".")[2], []).append(options)
    return made


def test_page_uses_options_that_there_are() -> None:
    made = made_by_the_page()
    assert set(made) == set(DOCUMENTED)
    for module, tasks in made.items():
        for options in tasks:
            assert set(options) <= set(DOCUMENTED[module].split())


def test_page_names_what_there_is(definitions: Definitions) -> None:
    made = made_by_the_page()
    names = {module: [one["name"] for one in tasks] for module, tasks in made.items()}
    known = {one["name"]: one for one in definitions["eda_credential_types"]}
    for one in made["credential"]:
        assert one["credential_type_name"] in [*known, *MANAGED]
        fields = known.get(one["credential_type_name"], {}).get("inputs", {}).get("fields", [])
        assert not fields or set(one["inputs"]) <= {field["id"] for field in fields}
    for one in made["rulebook_activation"]:
        assert one["project_name"] in names["project"]
        assert one["decision_environment_name"] in names["decision_environment"]
        assert set(one["eda_credentials"]) <= set(names["credential"])
        assert one["restart_policy"] == "always"
        text = (PROJECT / "extensions/eda/rulebooks" / one["rulebook_name"]).read_text(encoding="utf-8")
        ((source,),) = [ruleset["sources"] for ruleset in yaml.safe_load(text)]
        assert [stream["source_name"] for stream in one.get("event_streams", [])] in ([], [source["name"]])
        assert all(f"{{{{ {name}" in text or f"={name}" in text for name in yaml.safe_load(one["extra_vars"]))
