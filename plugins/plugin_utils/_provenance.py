# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The provenance line that a play makes of what it knows of its job.

Only the controller knows the variables that AWX and Event-Driven Ansible give to a play. The line has the variables
that are named here and no others, for a play may know secrets.
"""

from __future__ import annotations

import os
import typing as t

from ansible_collections.secops.triage.plugins.module_utils._core.provenance import compose


def provenance_from_play(variables: t.Mapping[str, t.Any]) -> str:
    """The line that these variables of a play make."""
    job = _awx(variables, "job_id")
    event = variables.get("ansible_eda")
    rule = event if isinstance(event, dict) else {}
    user = _awx(variables, "user_name") if job else os.environ.get("USER") or os.environ.get("LOGNAME")
    return compose(
        [
            ("AWX job", job),
            ("template", _awx(variables, "job_template_name")),
            ("workflow job", _awx(variables, "workflow_job_id")),
            ("ruleset", rule.get("ruleset")),
            ("rule", rule.get("rule")),
            ("play", variables.get("ansible_play_name")),
            ("user", user),
        ]
    )


def _awx(variables: t.Mapping[str, t.Any], name: str) -> t.Any:
    """A variable of AWX. Some versions set only its older name."""
    return variables.get(f"awx_{name}") or variables.get(f"tower_{name}")
