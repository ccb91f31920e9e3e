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

ROOT = PROJECT.parents[2]
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
