# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Are job templates, surveys and the workflow what a controller takes and the playbooks know, with no way around it?"""

from __future__ import annotations

import json
import re
import typing as t
from pathlib import Path

import pytest
import yaml

from ansible_collections.secops.triage.tests.unit.awx.conftest import KEY_FILE, Definitions
from ansible_collections.secops.triage.tests.unit.awx.jobs import PROJECT, Definition, answered
from ansible_collections.secops.triage.tests.unit.awx.rules import playbooks, wrong_survey
from ansible_collections.secops.triage.tests.unit.test_docs import blocks

ROOT = PROJECT.parents[2]
PAGE = ROOT / "docs" / "docsite" / "rst" / "awx.rst"
#: The fields that infra.aap_configuration documents for each of its variables, of those that are used here.
DOCUMENTED = {
    "controller_credential_types": "name description kind inputs injectors",
    "controller_credentials": "name organization credential_type inputs",
    "controller_execution_environments": "name description image organization pull",
    "controller_projects": "name description organization scm_type scm_url scm_branch default_environment",
    "controller_inventories": "name description organization kind",
    "controller_hosts": "name inventory variables enabled",
    "controller_templates": "name description playbook organization project inventory execution_environment credentials"
    " extra_vars job_type limit job_tags skip_tags start_at_task verbosity become_enabled diff_mode job_slice_count"
    " allow_simultaneous survey_enabled survey_spec ask_variables_on_launch ask_inventory_on_launch ask_limit_on_launch"
    " ask_scm_branch_on_launch ask_labels_on_launch ask_tags_on_launch ask_skip_tags_on_launch ask_diff_mode_on_launch"
    " ask_job_type_on_launch ask_verbosity_on_launch ask_credential_on_launch ask_execution_environment_on_launch"
    " ask_forks_on_launch ask_instance_groups_on_launch ask_job_slice_count_on_launch ask_timeout_on_launch",
    "controller_workflows": "name description organization extra_vars allow_simultaneous survey_enabled survey_spec"
    " ask_variables_on_launch ask_inventory_on_launch ask_limit_on_launch ask_scm_branch_on_launch ask_labels_on_launch"
    " ask_tags_on_launch ask_skip_tags_on_launch simplified_workflow_nodes",
    "controller_roles": "role teams users job_templates workflows lookup_organization",
}
NODE = "identifier unified_job_template lookup_organization approval_node success_nodes"


def templates(definitions: Definitions) -> dict[str, Definition]:
    """The job templates, by their names without the prefix."""
    return {one["name"].removeprefix("secops.triage: "): one for one in definitions["controller_templates"]}


def questions(*templates: Definition) -> t.Iterator[Definition]:
    for one in templates:
        yield from one["survey_spec"].get("spec", [])


def workflow(definitions: Definitions) -> Definition:
    (one,) = definitions["controller_workflows"]
    return one


def known_words(playbook: str) -> set[str]:
    """What a playbook's text, and the argument specs of the roles that it uses, speak of."""
    text = (ROOT / "playbooks" / playbook).read_text(encoding="utf-8")
    for role in re.findall(r"name: secops\.triage\.(\w+)", text):
        specs = ROOT / "roles" / role / "meta" / "argument_specs.yml"
        text += specs.read_text(encoding="utf-8") if specs.exists() else ""
    return set(re.findall(r"\w+", text))


def test_definitions_are_what_infra_aap_configuration_takes(definitions: Definitions) -> None:
    assert {one for one in definitions if not one.startswith("eda_")} == set(DOCUMENTED)
    for variable, fields in DOCUMENTED.items():
        for item in definitions[variable]:
            assert set(item) <= set(fields.split()), item
    for node in workflow(definitions)["simplified_workflow_nodes"]:
        assert set(node) <= set(NODE.split())
        assert ("approval_node" in node) is not ("unified_job_template" in node)


def test_page_hands_all_of_them_over() -> None:
    (shown,) = [one.code for one in blocks(PAGE) if one.caption == "aap.yml"]
    (play,) = yaml.safe_load(shown)
    assert play["vars"] == {
        "awx_setup_project_url": "https://git.example.com/soc/triage-project.git",
        **{one: f"{{{{ awx_setup_definitions.{one} }}}}" for one in DOCUMENTED},
    }


def test_everything_that_is_named_is_defined(definitions: Definitions) -> None:
    names = {variable: {one.get("name") for one in items} for variable, items in definitions.items()}
    for one in definitions["controller_templates"]:
        assert one["project"] in names["controller_projects"]
        assert one["inventory"] in names["controller_inventories"]
        assert one["execution_environment"] in names["controller_execution_environments"]
        # The last is there already.
        assert one["credentials"] == ["Calseta of the SOC", "Security Deck of the SOC", "Datadog of the SOC"]
    nodes = {one["identifier"]: one for one in workflow(definitions)["simplified_workflow_nodes"]}
    assert {one["unified_job_template"] for one in nodes.values() if "approval_node" not in one} <= names[
        "controller_templates"
    ]
    assert {name for one in nodes.values() for name in one.get("success_nodes", [])} <= set(nodes)
    for one in definitions["controller_roles"]:
        assert set(one.get("job_templates", [])) <= names["controller_templates"]
        assert set(one.get("workflows", [])) <= names["controller_workflows"]


def test_credentials_are_made_where_they_have_inputs(definitions: Definitions) -> None:
    made = {one["name"]: one["inputs"] for one in definitions["controller_credentials"]}
    assert list(made) == ["Calseta of the SOC", "Security Deck of the SOC"]
    # As texts, with the defaults of the type, which no controller fills in.
    key = made["Security Deck of the SOC"].pop("service_account_key")
    assert json.loads(key) == KEY_FILE
    assert made["Security Deck of the SOC"] == {"api_host": "api.cloud.yandex.net"}


def test_project_has_the_playbooks(definitions: Definitions) -> None:
    # A controller takes rulebooks for playbooks.
    found = [one for one in playbooks(PROJECT) if not one.startswith("extensions/")]
    assert set(found) == {one["playbook"] for one in definitions["controller_templates"]}
    for name in found:
        (play,) = yaml.safe_load((PROJECT / name).read_text(encoding="utf-8"))
        assert play["import_playbook"] == f"secops.triage.{Path(name).stem}"
        assert (ROOT / "playbooks" / name).is_file()
    wanted = yaml.safe_load((PROJECT / "collections" / "requirements.yml").read_text(encoding="utf-8"))
    assert wanted == {"collections": [{"name": "secops.triage"}]}


def test_a_controller_takes_the_surveys(definitions: Definitions) -> None:
    for one in [*definitions["controller_templates"], workflow(definitions)]:
        assert one["survey_enabled"] is bool(one["survey_spec"])
        if one["survey_enabled"]:
            assert not list(wrong_survey(one["survey_spec"])), one["name"]


def test_playbooks_know_what_the_surveys_ask_for(definitions: Definitions) -> None:
    for one in definitions["controller_templates"]:
        asked = {question["variable"] for question in questions(one)} | set(one["extra_vars"])
        assert asked <= known_words(one["playbook"]), one["name"]


def test_choices_are_those_of_the_roles(definitions: Definitions) -> None:
    """Where a role says what there is to choose from."""
    compared = 0
    for one in definitions["controller_templates"]:
        specs = ROOT / "roles" / Path(one["playbook"]).stem / "meta" / "argument_specs.yml"
        if not specs.exists():
            continue
        options = yaml.safe_load(specs.read_text(encoding="utf-8"))["argument_specs"]["main"]["options"]
        for question in questions(one):
            choices = options.get(question["variable"], {}).get("choices")
            if choices:
                compared += 1
                assert question["choices"] == choices
    assert compared


def test_nobody_is_asked_for_more_than_the_surveys_say(definitions: Definitions) -> None:
    for one in [*definitions["controller_templates"], workflow(definitions)]:
        asked = {key for key, value in one.items() if key.startswith("ask_") and value}
        assert asked <= {"ask_job_type_on_launch"}


def test_no_job_is_sliced(definitions: Definitions) -> None:
    for one in definitions["controller_templates"]:
        assert one["job_slice_count"] == 1
        assert one["ask_job_slice_count_on_launch"] is False


def test_only_the_preview_says_what_is_closed(definitions: Definitions) -> None:
    """Answers of the workflow's survey win over what the preview hands on: none may be about that."""
    preview, close = templates(definitions)["preview noise"], templates(definitions)["close noise"]
    asked = {question["variable"] for question in questions(workflow(definitions), preview)}
    assert not {one for one in asked if re.search("preview|ids|file|step", one)}
    assert (preview["extra_vars"]["close_noise_step"], close["extra_vars"]["close_noise_step"]) == ("preview", "apply")
    assert not answered(close, {"close_noise_preview": {"ids": ["x"]}, "close_noise_step": "preview"})
    assert not close["ask_job_type_on_launch"]
    # A workflow's own variables win, too.
    assert workflow(definitions)["extra_vars"] == {}


def test_the_close_waits_for_the_consent_and_that_for_the_preview(definitions: Definitions) -> None:
    nodes = {one["identifier"]: one for one in workflow(definitions)["simplified_workflow_nodes"]}
    assert {name: one.get("success_nodes") for name, one in nodes.items()} == {
        "preview": ["approval"],
        "approval": ["close"],
        "close": None,
    }
    assert nodes["approval"]["approval_node"]["timeout"] == 600


def test_approvers_may_approve_and_see_the_preview_and_nothing_else(definitions: Definitions) -> None:
    whose = {"teams": ["SOC leads"], "users": [], "lookup_organization": "Default"}
    assert definitions["controller_roles"] == [
        {"role": "approval", "workflows": ["secops.triage: close noise, with approval"], **whose},
        {"role": "read", "job_templates": ["secops.triage: preview noise"], **whose},
    ]


def test_no_field_with_a_default_is_required(definitions: Definitions) -> None:
    """A controller would start no job with a credential that was made without the browser that fills it in."""
    for one in definitions["controller_credential_types"]:
        filled_in = {field["id"] for field in one["inputs"]["fields"] if "default" in field}
        assert not filled_in & set(one["inputs"].get("required", [])), one["name"]


def test_surveys_warn_of_answers_that_arrive_as_something_else(definitions: Definitions) -> None:
    warnings = {"_comment": "a single word such as yes, no or null", "_query": "The search * ends the job"}
    for one in questions(*definitions["controller_templates"], workflow(definitions)):
        for ending, warning in warnings.items():
            assert not one["variable"].endswith(ending) or warning in one["question_description"], one["variable"]


def test_only_the_report_shows_no_difference(definitions: Definitions) -> None:
    assert [name for name, one in templates(definitions).items() if not one["diff_mode"]] == ["report"]


def test_modules_have_static_names_of_one_collection() -> None:
    """ansible-core before 2.19 warns of others, and keeps the defaults of their action group from them."""
    for collection in ("awx.awx", "ansible.controller"):
        tasks = yaml.safe_load((ROOT / "roles/awx_setup/tasks" / f"{collection}.yml").read_text(encoding="utf-8"))
        used = {key for one in tasks for key in one if "." in key}
        assert {one.rpartition(".")[0] for one in used} == {collection}
        assert not [one for one in tasks if "action" in one]


@pytest.mark.parametrize("variable", ["ansible_connection", "ansible_python_interpreter"])
def test_jobs_run_on_their_own_machine(definitions: Definitions, variable: str) -> None:
    (host,) = definitions["controller_hosts"]
    assert host["name"] == "localhost"
    assert host["variables"][variable] in ("local", "{{ ansible_playbook_python }}")
