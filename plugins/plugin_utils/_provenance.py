# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The part of a module that runs on the controller: it replaces V(auto), or V(true), by a line that names the job.

Only the controller knows the variables that AWX and Event-Driven Ansible give to a play. The line has the variables
that are named here and no others, for a play may know secrets.
"""

from __future__ import annotations

import importlib
import os
import typing as t

from ansible.plugins.action.normal import ActionModule as NormalAction

from ansible_collections.secops.triage.plugins.module_utils._core.provenance import compose, is_auto


class ProvenanceAction(NormalAction):  # type: ignore[misc]  # ansible-core carries no types
    """Runs the module of the same name, with its O(provenance) filled in."""

    def run(self, tmp: t.Any = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        if is_auto(self._task.args.get("provenance")):
            self._task.args = {**self._task.args, "provenance": provenance_from_play(task_vars or {})}
        result: dict[str, t.Any] = super().run(tmp, task_vars)
        return result


def main_of(module: str) -> t.Callable[[], None]:
    """The module's own C(main), imported when it is called.

    ansible-lint calls it to check the options of a task, and takes it from the action plugin if there is one.
    """

    def main() -> None:
        importlib.import_module(f"ansible_collections.secops.triage.plugins.modules.{module}").main()

    return main


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
