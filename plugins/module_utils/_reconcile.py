# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The one flow of all modules that write: read, compare, write what differs, confirm, report.

Knows Ansible, and no API.
"""

from __future__ import annotations

import re
import traceback
import typing as t

from ansible.module_utils.basic import AnsibleModule, missing_required_lib
from ansible.module_utils.common.parameters import remove_values

from ._change import Change, Fields
from ._errors import NotFoundError, TriageError
from ._options import Params, Run
from ._platform import Platform
from ._printable import one_line, printable
from ._settle import Result, settle
from ._transport import REQUESTS_IMPORT_ERROR

#: What a failure begins with that nobody has thought of.
CRASH = "The module has crashed; what it did before is not known, so look, or run the task again"

#: Makes the platform that a task is for; raises `OptionError` where the options make no sense.
Connect = t.Callable[[Params, Run], Platform]


def run_module(connect: Connect, **module_arguments: t.Any) -> None:
    """Be a module: parse the options, bring the alerts to the state that they name, and report every one."""
    module = AnsibleModule(supports_check_mode=True, **module_arguments)
    if REQUESTS_IMPORT_ERROR:
        module.fail_json(msg=missing_required_lib("requests"), exception=REQUESTS_IMPORT_ERROR)
    run = _run(module)
    try:
        platform = connect(module.params, run)
        results = _reconcile(platform, module.check_mode)
        for warning in platform.warnings({key: result.after for key, result in results.items() if result.after}):
            # Newer cores take no secrets out of warnings.
            module.warn(run.scrub(one_line(warning)))
        _exit(module, platform, results)
    except TriageError as error:
        module.fail_json(msg=str(error), error=error.report(), changed=False, **error.facts)
    except Exception as error:  # noqa: BLE001  # what Ansible would print of it itself may have secrets in it
        said = one_line(f"{type(error).__name__}: {error}")
        module.fail_json(msg=f"{CRASH}: {said}", exception=traceback.format_exc())


def _run(module: AnsibleModule) -> Run:
    """The task as platforms know it, with its secrets hidden in the forms too that Ansible does not know."""
    run = Run(
        read_only=module.check_mode,
        # To take out an empty string would take out everything.
        hide=lambda secret: module.no_log_values.add(secret) if secret else None,
        # A copy, for another thread may just be hiding a token.
        scrub=lambda answer: remove_values(answer, module.no_log_values.copy()),
    )
    for secret in list(module.no_log_values):
        # A file lookup leaves a newline at its end.
        run.hide(secret.strip())
    # An address with a password in it is refused, but shown as what the task was given.
    password = re.search(r"://[^:/@]*:(.+)@", module.params["api_url"] or "")
    run.hide(password.group(1) if password else "")
    return run


def _reconcile(platform: Platform, check_mode: bool) -> dict[str, Result]:
    present = platform.select()
    results: dict[str, Result] = {}
    changes: list[Change] = []
    for alert_id in dict.fromkeys([*platform.ids, *present]):
        before = present.get(alert_id)
        results[alert_id] = Result(before, before)
        try:
            if before is None:
                raise NotFoundError(f"There is no such {platform.kind[:-1]}")
            change = Change(alert_id, before, platform.wanted(alert_id, before))
        except TriageError as error:
            results[alert_id].error = error
        else:
            changes += [change] if change.delta else []
    if any(result.error for result in results.values()):
        # Nothing is written unless everything that was named is there and can be brought to what was asked for.
        return results
    if check_mode:
        results.update((change.id, Result(change.before, change.after, True)) for change in changes)
    else:
        results.update(settle(platform, changes))
    return results


def _exit(module: AnsibleModule, platform: Platform, results: t.Mapping[str, Result]) -> None:
    failed = {key: result.error for key, result in results.items() if result.error}
    changed = [key for key, result in results.items() if result.changed and not result.error]
    report: Fields = {
        "changed": any(result.changed is not False for result in results.values()),
        platform.kind: [result.report(key) for key, result in results.items()],
        "counts": {
            "requested": len(results),
            "changed": len(changed),
            "unchanged": len(results) - len(changed) - len(failed),
            "failed": len(failed),
        },
        **platform.facts(),
    }
    if module._diff:
        report["diff"] = [_diff(key, result) for key, result in results.items() if result.changed]
    report = printable(report)
    if failed:
        module.fail_json(msg=_summary(platform, results, failed), error=next(iter(failed.values())).report(), **report)
    module.exit_json(**report)


def _diff(alert_id: str, result: Result) -> Fields:
    return {
        "before": result.before,
        "after": result.after,
        "before_header": alert_id,
        "after_header": alert_id,
    }


def _summary(platform: Platform, results: t.Mapping[str, Result], failed: t.Mapping[str, TriageError]) -> str:
    """One line for all failures: the same words once, with the alerts that they are about."""
    alike: dict[str, list[str]] = {}
    for alert_id, error in failed.items():
        alike.setdefault(str(error).replace(alert_id, "ID"), []).append(alert_id)
    stories = [
        f"{story} ({', '.join(ids[:5])}{f', and {len(ids) - 5} more' if len(ids) > 5 else ''})"
        for story, ids in list(alike.items())[:5]
    ]
    more = f" and {len(alike) - 5} more kinds of failure" if len(alike) > 5 else ""
    written = "" if any(result.changed is not False for result in results.values()) else " Nothing was changed."
    return f"{len(failed)} of {len(results)} {platform.kind} failed.{written} {'; '.join(stories)}{more}"
