# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The only code that uses Ansible's module object: it parses the options, runs the task and reports its result.

Secrets are hidden, and failures are reported without a traceback.
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
from .._core.secret_forms import forms_of
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


def run_task(work: t.Callable[[Params, TaskContext], Report], spec: ArgumentSpec) -> None:
    """Run a module: parse the options, do the work, and report."""
    caller = Caller()
    module = AnsibleModule(
        argument_spec={name: _for_ansible(option) for name, option in spec.options.items()},
        mutually_exclusive=spec.mutually_exclusive,
        required_one_of=spec.required_one_of,
        supports_check_mode=True,
    )
    if REQUESTS_IMPORT_ERROR:
        module.fail_json(msg=missing_required_lib("requests"), exception=REQUESTS_IMPORT_ERROR)
    context = _context(module, caller)
    try:
        report = work(module.params, context)
        for warning in report.warnings:
            # Newer cores do not scrub warnings.
            module.warn(context.scrub(one_line(warning)))
        fields = printable(shallow(report.fields))
        if report.failure:
            module.fail_json(msg=report.failure, **fields)
        module.exit_json(**fields)
    except TriageError as error:
        module.fail_json(msg=str(error), error=error.report(), changed=False, **error.extra_results)
    except Exception as error:  # noqa: BLE001  # what Ansible would print of it itself may have secrets in it
        said = one_line(f"{type(error).__name__}: {error}")
        module.fail_json(msg=f"{CRASH}: {said}", exception=traceback.format_exc())


def _for_ansible(option: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """The spec of an option in Ansible's form, which reads environment variables by a function."""
    plain = {name: value for name, value in option.items() if name != "env"}
    return {**plain, "fallback": (_from_environment, option["env"])} if "env" in option else plain


def _from_environment(*names: str) -> str:
    value = environment_value(names)
    if value is None:
        raise AnsibleFallbackNotFound
    return value


def _context(module: AnsibleModule, caller: Caller) -> TaskContext:
    """The context of the task. Its secrets are hidden also in forms that Ansible does not know."""
    context = TaskContext(
        read_only=module.check_mode,
        diff=module._diff,
        is_stopped=lambda: caller.is_gone,
        hide=lambda secret: module.no_log_values.update(forms_of(secret)),
        # A copy is needed, because another thread may add a token meanwhile.
        scrub=lambda answer: remove_values(answer, module.no_log_values.copy()),
    )
    for secret in list(module.no_log_values):
        # A file lookup leaves a newline at the end.
        context.hide(secret.strip())
    # An address with a password is refused, but the result shows it among the task's options.
    password = re.search(r"://[^:/@]*:(.+)@", module.params["api_url"] or "")
    context.hide(password.group(1) if password else "")
    return context
