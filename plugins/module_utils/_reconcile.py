# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The one flow of all modules that write: read, compare, write what differs, confirm, report.

Knows Ansible, and no API.
"""

from __future__ import annotations

import dataclasses
import time
import typing as t

from ansible.module_utils.basic import AnsibleModule, missing_required_lib

from ._change import Accepted, Change, Confirmed, Fields, Refused, Unknown
from ._errors import NotFoundError, TriageError
from ._options import Params, Run
from ._pace import backoff
from ._platform import Platform
from ._transport import REQUESTS_IMPORT_ERROR

#: Makes the platform that a task is for; raises `OptionError` where the options make no sense.
Connect = t.Callable[[Params, Run], Platform]


@dataclasses.dataclass
class Result:
    """What became of one alert. ``after`` is V(None), and so is ``changed``, where nobody knows."""

    before: Fields | None
    after: Fields | None
    changed: bool | None = False
    error: TriageError | None = None
    extra: Fields = dataclasses.field(default_factory=dict)

    def report(self, alert_id: str) -> Fields:
        row = {"id": alert_id, "changed": self.changed, **(self.after or {}), **self.extra}
        return {**row, "error": self.error.report()} if self.error else row


def run_module(connect: Connect, **module_arguments: t.Any) -> None:
    """Be a module: parse the options, bring the alerts to the state that they name, and report every one."""
    module = AnsibleModule(supports_check_mode=True, **module_arguments)
    if REQUESTS_IMPORT_ERROR:
        module.fail_json(msg=missing_required_lib("requests"), exception=REQUESTS_IMPORT_ERROR)
    try:
        platform = connect(module.params, Run(read_only=module.check_mode, hide=_hider(module)))
        results = _reconcile(platform, module.check_mode)
    except TriageError as error:
        module.fail_json(msg=str(error), error=error.report(), changed=False, **error.facts)
    for warning in platform.warnings({key: result.after for key, result in results.items() if result.after}):
        module.warn(warning)
    _exit(module, platform, results)


def _hider(module: AnsibleModule) -> t.Callable[[str], None]:
    """Takes secrets out of all output, and knows better than to take out an empty string."""
    return lambda secret: module.no_log_values.add(secret) if secret else None


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
        results.update(_settle(platform, changes))
    return results


def _settle(platform: Platform, changes: t.Sequence[Change]) -> dict[str, Result]:
    """Write the changes, and find out what became of each one."""
    first = {change.id: change for change in changes}
    results: dict[str, Result] = {}
    unseen: dict[str, Accepted | Unknown] = {}
    last_looks: set[str] = set()
    to_write = list(changes)
    for attempt in range(platform.retries + 1):
        if not (to_write or unseen):
            break
        time.sleep(backoff(attempt))
        for alert_id, outcome in (platform.write(to_write) if to_write else {}).items():
            earlier = unseen.pop(alert_id, None)
            if isinstance(outcome, (Accepted, Unknown)):
                unseen[alert_id] = outcome
            elif isinstance(outcome, Refused) and earlier:
                # The try before this one may have come through after it was looked for.
                unseen[alert_id] = Accepted(outcome.error, earlier.under_way, outcome.extra)
                last_looks.update([alert_id] if isinstance(earlier, Unknown) and earlier.answered else [])
            else:
                results[alert_id] = _told(platform, first[alert_id], outcome)
        try:
            seen = platform.read(list(unseen)) if unseen else {}
        except TriageError as error:
            # What became of these, nobody can say now; each keeps the story that it has.
            return {**results, **{key: _lost(first[key], unseen[key], error) for key in unseen}}
        to_write = []
        for alert_id, outcome in list(unseen.items()):
            results[alert_id] = _looked(platform, first[alert_id], outcome, seen.get(alert_id))
            if alert_id not in seen or not results[alert_id].error or alert_id in last_looks:
                del unseen[alert_id]
            elif isinstance(outcome, Unknown):
                to_write.append(Change(alert_id, seen[alert_id], platform.wanted(alert_id, seen[alert_id])))
    return {change.id: results[change.id] for change in changes}


def _told(platform: Platform, change: Change, outcome: Confirmed | Refused) -> Result:
    """The result where the API's answer says what became of a write."""
    if isinstance(outcome, Refused):
        return Result(change.before, change.before, error=outcome.error, extra=outcome.extra)
    shortfall = _shortfall(platform, change.id, outcome.after)
    error = TriageError(f"The change was accepted, but {shortfall}") if shortfall else None
    return Result(change.before, outcome.after, change.moved(outcome.after), error, outcome.extra)


def _looked(platform: Platform, change: Change, outcome: Accepted | Unknown, fields: Fields | None) -> Result:
    """The result where only another look can tell."""
    if fields is None:
        return Result(change.before, None, None, NotFoundError("It was there, and is gone"), outcome.extra)
    shortfall = _shortfall(platform, change.id, fields)
    if not shortfall:
        return Result(change.before, fields, change.moved(fields), None, outcome.extra)
    error = outcome.error or TriageError(f"The change was accepted, but {shortfall}")
    return Result(change.before, fields, None if outcome.under_way else change.moved(fields), error, outcome.extra)


def _lost(change: Change, outcome: Accepted | Unknown, error: TriageError) -> Result:
    """The result where nobody knows: the write's fate is open, and the alert cannot be read."""
    return Result(change.before, None, None, outcome.error or error, outcome.extra)


def _shortfall(platform: Platform, alert_id: str, fields: Fields) -> str:
    try:
        return Change(alert_id, fields, platform.wanted(alert_id, fields)).shortfall()
    except TriageError as error:
        return str(error)


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
