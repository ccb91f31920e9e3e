# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a module does, and the only code that uses Ansible's module object.

A task runs in a module's process (`run_task`), or in Ansible's own worker (``plugin_utils/_in_process.py``). Both parse
the options by `Task.arguments`, and have `perform` do the work. Secrets are hidden, and failures are reported without
a traceback.
"""

from __future__ import annotations

import dataclasses
import re
import traceback
import typing as t

from ansible.module_utils.basic import AnsibleFallbackNotFound, AnsibleModule, missing_required_lib
from ansible.module_utils.common.parameters import remove_values

from .._core.caller import Caller
from .._core.errors import TriageError
from .._core.options import ArgumentSpec, Params, TaskContext, environment_value
from .._core.secret_forms import Secrets, forms_of
from .._core.text import one_line, printable, shallow
from .._http.transport import REQUESTS_IMPORT_ERROR
from .change import Fields

#: The beginning of the message for an unexpected exception.
CRASH = "The module has crashed; what it did before is not known, so look, or run the task again"


@dataclasses.dataclass(frozen=True)
class Report:
    """The result of a task. It has failed if it has a ``failure``, the message."""

    fields: Fields
    warnings: t.Sequence[str] = ()
    failure: str | None = None
    #: Where an unexpected exception was raised.
    traceback: str | None = None


@dataclasses.dataclass(frozen=True)
class Task:
    """What a module does with its options."""

    work: t.Callable[[Params, TaskContext], Report]
    spec: ArgumentSpec

    def arguments(self) -> dict[str, t.Any]:
        """The options and their constraints in Ansible's form."""
        return {
            "argument_spec": {name: _for_ansible(option) for name, option in self.spec.options.items()},
            "mutually_exclusive": self.spec.mutually_exclusive,
            "required_one_of": self.spec.required_one_of,
        }


def run_task(task: Task) -> None:
    """Run a module: parse the options, do the work, and report."""
    caller = Caller()
    module = AnsibleModule(**task.arguments(), supports_check_mode=True)
    module.no_log_values = Secrets(module.no_log_values)
    if REQUESTS_IMPORT_ERROR:
        module.fail_json(msg=missing_required_lib("requests"), exception=REQUESTS_IMPORT_ERROR)
    context = context_of(
        module.params,
        module.no_log_values,
        read_only=module.check_mode,
        diff=module._diff,
        is_stopped=lambda: caller.is_gone,
    )
    report = perform(task, module.params, context)
    for warning in report.warnings:
        module.warn(warning)
    if not report.failure:
        module.exit_json(**report.fields)
    crash = {"exception": report.traceback} if report.traceback else {}
    module.fail_json(msg=report.failure, **crash, **report.fields)


def perform(task: Task, params: Params, context: TaskContext) -> Report:
    """Do the work of a task. Any exception becomes the failure of the report."""
    try:
        report = task.work(params, context)
        # Newer cores do not scrub warnings.
        warnings = [context.scrub(one_line(warning)) for warning in report.warnings]
        return dataclasses.replace(report, fields=printable(shallow(report.fields)), warnings=warnings)
    except TriageError as error:
        return Report({"error": error.report(), "changed": False, **error.extra_results}, failure=str(error))
    except Exception as error:  # noqa: BLE001  # what Ansible would print of it itself may have secrets in it
        said = one_line(f"{type(error).__name__}: {error}")
        return Report(
            {"changed": not context.read_only, "error": TriageError(f"{CRASH}: {said}").report()},
            failure=f"{CRASH}: {said}",
            traceback=traceback.format_exc(),
        )


def _for_ansible(option: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """The spec of an option in Ansible's form, which reads environment variables by a function."""
    plain = {name: value for name, value in option.items() if name != "env"}
    return {**plain, "fallback": (_from_environment, option["env"])} if "env" in option else plain


def _from_environment(*names: str) -> str:
    value = environment_value(names)
    if value is None:
        raise AnsibleFallbackNotFound
    return value


def context_of(
    params: Params,
    secrets: Secrets,
    *,
    read_only: bool,
    diff: bool,
    is_stopped: t.Callable[[], bool] = lambda: False,
) -> TaskContext:
    """The context of a task. ``secrets``, those of its options, grows by further forms and by those found later."""
    context = TaskContext(
        read_only=read_only,
        diff=diff,
        hide=lambda secret: secrets.update(forms_of(secret)),
        scrub=lambda answer: remove_values(answer, secrets),
        is_stopped=is_stopped,
    )
    for secret in secrets:
        # A file lookup leaves a newline at the end.
        context.hide(secret.strip())
    # An address with a password is refused, but the result shows it among the task's options.
    password = re.search(r"://[^:/@]*:(.+)@", params["api_url"] or "")
    context.hide(password.group(1) if password else "")
    return context
