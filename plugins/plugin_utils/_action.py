# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The action plugin of every module: it fills in the option provenance, and runs the task where that costs least."""

from __future__ import annotations

import importlib
import inspect
import os
import typing as t

from ansible import constants
from ansible.plugins.action.normal import ActionModule as NormalAction

from ansible_collections.secops.triage.plugins.module_utils._core.errors import TriageError
from ansible_collections.secops.triage.plugins.module_utils._core.provenance import is_auto

from ._provenance import provenance_from_play
from ._where import SWITCH, SWITCH_VARIABLE, Surroundings, obstacle

if t.TYPE_CHECKING:
    from ._in_process import Parsed

Variables = dict[str, t.Any]

#: What is said of a task that was stopped before its work has ended.
UNFINISHED = "What it did before is not known, so look, or run the task again"

_MODULES = "ansible_collections.secops.triage.plugins.modules"


class ModuleAction(NormalAction):  # type: ignore[misc]  # ansible-core carries no types
    """Runs the task of a module in this process, or the module in a process of its own."""

    #: The name of the module.
    module = ""

    def run(self, tmp: t.Any = None, task_vars: Variables | None = None) -> dict[str, t.Any]:
        variables = task_vars if task_vars is not None else {}
        args = self._args(variables)
        try:
            why, parsed = self._parsed(args, variables)
        except Exception as error:  # noqa: BLE001  # whatever it is, the module can be run
            why, parsed = f"that cannot be decided ({type(error).__name__})", None
        place = "in this process" if parsed else f"as a module, because {why}"
        self._display.vvv(f"{self._task.action} runs {place}", host=variables.get("inventory_hostname"))
        if parsed:
            return parsed.run(self._loader.get_basedir(), self._task.timeout)
        if args is not self._task.args:
            self._task.args = args
        try:
            result: dict[str, t.Any] = super().run(tmp, task_vars)
        except BaseException as interruption:
            # Ansible raises it in this thread, and would report a task that has changed nothing.
            if type(interruption).__name__ != "TaskTimeoutError" or self._looks_only():
                raise
            return self._stopped()
        return result

    def _looks_only(self) -> bool:
        return bool(self._task.check_mode) or self.module.endswith("_info")

    def _stopped(self) -> dict[str, t.Any]:
        """The result of a module that was stopped at the task's time-out. Whatever it has written is not known."""
        msg = f"The task was stopped after {self._task.timeout} s, its timeout. {UNFINISHED}"
        error = TriageError(msg).report()
        return {"failed": True, "changed": True, "error": error, "msg": msg, "timedout": {"period": self._task.timeout}}

    def _args(self, variables: Variables) -> dict[str, t.Any]:
        args: dict[str, t.Any] = self._task.args
        if is_auto(args.get("provenance")):
            return {**args, "provenance": provenance_from_play(variables)}
        return args

    def _parsed(self, args: t.Mapping[str, t.Any], variables: Variables) -> tuple[str, Parsed | None]:
        """The options, if the task can run in this process; else why it cannot."""
        why = obstacle(self._surroundings(variables))
        if why:
            return why, None
        # Plays that skip the task do not pay for this import, nor does the process that all workers come from.
        from . import _in_process  # noqa: PLC0415

        task = _in_process.task_of(f"{_MODULES}.{self.module}")
        if task is None:
            return "requests is missing here", None
        internal: dict[str, t.Any] = {}
        self._update_module_args(self._task.action, internal, variables)
        parsed = _in_process.Parsed.of(task, args, internal)
        if parsed:
            parsed.log()
        return "something is to be said about its options", parsed

    def _surroundings(self, variables: Variables) -> Surroundings:
        delegate = self._task.delegate_to
        its_variables = variables["ansible_delegated_vars"][delegate] if delegate else variables
        interpreter = constants.config.get_config_value("INTERPRETER_PYTHON", variables=its_variables)
        switches = [self._templar.template(one[SWITCH]) for one in (variables, its_variables) if SWITCH in one]
        return Surroundings(
            switches=switches or [os.environ.get(SWITCH_VARIABLE) or True],
            connection=inspect.getfile(type(self._connection)),
            become=bool(self._connection.become or self._play_context.become),
            asynchronous=self._task.async_val,
            environment=self._compute_environment_string(),
            interpreter=str(self._templar.template(interpreter)).strip(),
            keeps_files=constants.DEFAULT_KEEP_REMOTE_FILES,
        )


def main_of(module: str) -> t.Callable[[], None]:
    """The module's own C(main), imported when it is called.

    ansible-lint calls it to check the options of a task, and takes it from the action plugin if there is one.
    """

    def main() -> None:
        importlib.import_module(f"{_MODULES}.{module}").main()

    return main
