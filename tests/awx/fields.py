# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The types of a controller's objects: the fields that can be written, and which objects belong together."""

from __future__ import annotations

import typing as t
from collections.abc import Sequence

Item = dict[str, t.Any]


def _fields(texts: str, flags: str = "", **others: t.Any) -> Item:
    """Fields with what they are where they are not given: empty, false, or as said."""
    return {**dict.fromkeys(texts.split(), ""), **dict.fromkeys(flags.split(), False), **others}


#: The fields of each type that can be written.
FIELDS: dict[str, Item] = {
    "organizations": _fields("name description"),
    "credential_types": _fields("name description", "managed", kind="cloud", inputs={}, injectors={}),
    "credentials": _fields("name description", organization=None, credential_type=None, inputs={}),
    "execution_environments": _fields("name description image pull", organization=None, credential=None),
    "projects": _fields(
        "name description scm_type scm_url scm_branch",
        "scm_update_on_launch",
        organization=None,
        default_environment=None,
    ),
    "inventories": _fields("name description kind", organization=None, host_filter=None),
    "hosts": _fields("name description variables", inventory=None, enabled=True),
    "job_templates": _fields(
        "name description playbook extra_vars limit",
        "diff_mode allow_simultaneous survey_enabled"
        " ask_job_slice_count_on_launch ask_variables_on_launch ask_job_type_on_launch",
        job_type="run",
        inventory=None,
        project=None,
        execution_environment=None,
        job_slice_count=1,
    ),
    "workflow_job_templates": _fields(
        "name description extra_vars",
        "allow_simultaneous survey_enabled ask_variables_on_launch ask_inventory_on_launch ask_limit_on_launch",
        organization=None,
        inventory=None,
        limit=None,
    ),
    "workflow_job_template_nodes": _fields(
        "identifier",
        "all_parents_must_converge",
        workflow_job_template=None,
        unified_job_template=None,
        extra_data={},
    ),
    "workflow_approval_templates": _fields("name description", timeout=0),
}
#: What objects can be linked to, and of which type that is.
LINKS: dict[str, dict[str, str]] = {
    "job_templates": {"credentials": "credentials"},
    "workflow_job_template_nodes": dict.fromkeys(
        ("success_nodes", "failure_nodes", "always_nodes"), "workflow_job_template_nodes"
    ),
}
#: The types that a workflow can run.
JOBS = ("job_templates", "projects", "workflow_job_templates", "workflow_approval_templates")
#: Fields that hold the number of another object, and the types that it may be of.
RELATED: dict[str, Sequence[str]] = {
    "organization": ["organizations"],
    "credential_type": ["credential_types"],
    "default_environment": ["execution_environments"],
    "execution_environment": ["execution_environments"],
    "inventory": ["inventories"],
    "project": ["projects"],
    "workflow_job_template": ["workflow_job_templates"],
    "unified_job_template": JOBS,
}
#: What makes an object of a type unique.
IDENTITY: dict[str, Sequence[str]] = {
    "hosts": ["name", "inventory"],
    "credentials": ["name", "organization", "credential_type"],
    "workflow_job_template_nodes": ["identifier", "workflow_job_template"],
    "workflow_approval_templates": [],
}
