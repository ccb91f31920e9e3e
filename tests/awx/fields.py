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


def _asked(names: str) -> str:
    return " ".join(f"ask_{name}_on_launch" for name in names.split())


_ASKED_OF_WORKFLOWS = _asked("variables inventory limit scm_branch labels tags skip_tags")
_ASKED = _asked(
    "variables inventory limit scm_branch labels tags skip_tags diff_mode job_type verbosity credential"
    " execution_environment forks instance_groups job_slice_count timeout"
)

#: The fields of each type that can be written.
FIELDS: dict[str, Item] = {
    "organizations": _fields("name description"),
    "teams": _fields("name description", organization=None),
    "users": _fields("username", "is_superuser"),
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
        "name description playbook extra_vars limit job_tags skip_tags start_at_task",
        f"diff_mode allow_simultaneous survey_enabled become_enabled {_ASKED}",
        job_type="run",
        verbosity=0,
        inventory=None,
        project=None,
        execution_environment=None,
        job_slice_count=1,
    ),
    "workflow_job_templates": _fields(
        "name description extra_vars",
        f"allow_simultaneous survey_enabled {_ASKED_OF_WORKFLOWS}",
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
    # These are made by the controller itself.
    "roles": {},
    "project_updates": {},
    "jobs": {},
    "workflow_jobs": {},
    "workflow_approvals": {},
}
#: What objects can be linked to, and of which type that is.
LINKS: dict[str, dict[str, str]] = {
    "organizations": {"galaxy_credentials": "credentials"},
    "teams": {"users": "users"},
    "roles": {"users": "users", "teams": "teams"},
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
    "users": ["username"],
    "hosts": ["name", "inventory"],
    "credentials": ["name", "organization", "credential_type"],
    "workflow_job_template_nodes": ["identifier", "workflow_job_template"],
    "workflow_approval_templates": [],
}
#: The roles that objects of a type have.
ROLES: dict[str, Sequence[str]] = {
    "job_templates": ["admin_role", "execute_role", "read_role"],
    "workflow_job_templates": ["admin_role", "execute_role", "read_role", "approval_role"],
}
#: The roles that let a user launch, approve, or see an object and its jobs. A system administrator needs none.
ALLOWED_BY: dict[str, Sequence[str]] = {
    "launch": ["admin_role", "execute_role"],
    "approve": ["admin_role", "approval_role"],
    "read": ["admin_role", "execute_role", "read_role", "approval_role"],
}
#: What only a system administrator can write.
ONLY_ADMINISTRATORS = ("credential_types",)
