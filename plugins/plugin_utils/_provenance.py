# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What runs on the controller before a module: V(auto) becomes a line that says which job changes the alerts.

Only here are the variables known that AWX and Event-Driven Ansible give to a play. Those that are named here are used,
and no others: what else a play knows may be secret.
"""

from __future__ import annotations

import importlib
import os
import typing as t

from ansible.plugins.action.normal import ActionModule as NormalAction

from ansible_collections.secops.triage.plugins.module_utils._core.provenance import compose


class ProvenanceAction(NormalAction):  # type: ignore[misc]  # ansible-core carries no types
    """Runs the module of the same name, as any module is run, with its O(provenance) filled in."""

    def run(self, tmp: t.Any = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        if str(self._task.args.get("provenance", "")).strip() == "auto":
            self._task.args = {**self._task.args, "provenance": told_by_play(task_vars or {})}
        result: dict[str, t.Any] = super().run(tmp, task_vars)
        return result


def main_of(module: str) -> t.Callable[[], None]:
    """The module's own C(main), which is imported when it is called.

    ansible-lint checks the options of a task by it, and looks for it in the action plugin where there is one.
    """

    def main() -> None:
        importlib.import_module(f"ansible_collections.secops.triage.plugins.modules.{module}").main()

    return main


def told_by_play(variables: t.Mapping[str, t.Any]) -> str:
    """The line, out of a play's variables."""
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
    """A variable of AWX, which some versions call by its older name only."""
    return variables.get(f"awx_{name}") or variables.get(f"tower_{name}")
