# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The one flow of all modules that write: read, compare, write what differs, confirm, report.

Knows no API.
"""

from __future__ import annotations

import re
import typing as t

from .._core.errors import GuardError, RequestError, TriageError
from .._core.options import ArgumentSpec, Params, TaskContext
from .._core.values import batches
from .change import Change, Fields
from .plan import Plan, Result
from .platform import WritablePlatform
from .settle import ProvenanceNotes, Writes
from .task import Report, run_task

#: Makes the platform that a task is for; raises `OptionError` where the options make no sense.
Connect = t.Callable[[Params, TaskContext], WritablePlatform]


def run_module(connect: Connect, spec: ArgumentSpec) -> None:
    """Be a module that brings the alerts to the state that the options name, and reports every one."""

    def work(params: Params, context: TaskContext) -> Report:
        platform = connect(params, context)
        return _report(platform, _reconcile(platform, context.read_only), context)

    run_task(work, spec)


def _reconcile(platform: WritablePlatform, check_mode: bool) -> dict[str, Result]:
    present: dict[str, Fields | None] = {**dict.fromkeys(platform.ids), **platform.select()}
    changes, results = Plan.of(platform, present)
    last_read = len(present)
    if platform.selection and (platform.guards.set or not platform.search_is_current):
        # Just before they are written: a search may lag, and somebody may have been at them since. What stands in the
        # way of a change may be long over, too.
        planned = {change.id for change in changes}
        ids = [key for key, result in results.items() if key in planned or result.error or result.skipped]
        present.update({**dict.fromkeys(ids), **platform.read(ids)})
        changes, results = Plan.of(platform, present)
        last_read = len(ids)
    if any(result.error for result in results.values()):
        # Nothing is written unless everything that was named is there and can be brought to what was asked for.
        return results
    if check_mode:
        results.update((change.id, Result(change.before, change.after, True)) for change in changes)
    else:
        results.update(_write(platform, changes, last_read))
    return results


def _write(platform: WritablePlatform, changes: t.Sequence[Change], last_read: int) -> dict[str, Result]:
    """Make the changes: all at once, but where guards or provenance are set in chunks.

    Where very many alerts were ``last_read``, to be changed or not, that is minutes old when they are written. So each
    chunk is read once more just before, and nothing more is written from where that shows an error, or a guard objects.
    Provenance is added after each chunk, for a task may be killed.
    """
    anew = platform.guards.set and last_read > platform.chunk
    writes, provenance = Writes(platform), ProvenanceNotes(platform.provenance_notes)
    done: dict[str, Result] = {}
    stop: TriageError | None = None
    size = platform.chunk if anew or platform.provenance_notes else max(1, len(changes))
    for chunk in batches(changes, size):
        to_write, results = Plan.anew(platform, chunk) if anew and not stop else Plan(list(chunk), {})
        done.update(results)
        stop = stop or _stop(results, TriageError)
        if stop:
            done.update((change.id, Result(change.before, change.before, error=stop)) for change in to_write)
            continue
        results = writes.send(to_write)
        provenance.add(results)
        done.update(results)
        stop = None if platform.guards.skip else _stop(results, GuardError)
    done.update(writes.confirm())
    provenance.add(done)
    provenance.confirm(done)
    return done


def _stop(results: t.Mapping[str, Result], reason: type[TriageError]) -> TriageError | None:
    """What to say of all that follows, where one of these results is such an error."""
    stopped = ((key, result.error) for key, result in results.items() if isinstance(result.error, reason))
    return next((TriageError(f"Not written, for the task stopped at {key}: {error}") for key, error in stopped), None)


def _report(platform: WritablePlatform, results: t.Mapping[str, Result], context: TaskContext) -> Report:
    failed = {key: result.error for key, result in results.items() if result.error}
    changed = [key for key, result in results.items() if result.changed and not result.error]
    skipped = [key for key, result in results.items() if result.skipped]
    fields: Fields = {
        "changed": any(result.changed is not False for result in results.values()),
        platform.noun: [result.report(key) for key, result in results.items()],
        "counts": {
            "requested": len(results),
            "changed": len(changed),
            "unchanged": len(results) - len(changed) - len(skipped) - len(failed),
            "skipped": len(skipped),
            "failed": len(failed),
            "unconfirmed": sum(result.changed is None for result in results.values()),
        },
        **platform.extra_results(),
    }
    if context.diff:
        fields["diff"] = [_diff(key, result) for key, result in results.items() if result.changed]
    warnings = platform.warnings({key: result.after for key, result in results.items() if result.after})
    failures = [result.extra["provenance_error"] for result in results.values() if "provenance_error" in result.extra]
    if failures:
        many = f"{len(failures)} {platform.noun} were changed, but provenance could not be left with them"
        warnings.append(f"{many}: {failures[0]}")
    if not failed:
        return Report(fields, warnings)
    fields["error"] = next(iter(failed.values())).report()
    return Report(fields, warnings, _summary(platform, results, failed))


def _diff(alert_id: str, result: Result) -> Fields:
    return {
        "before": result.before,
        "after": result.after,
        "before_header": alert_id,
        "after_header": alert_id,
    }


def _summary(platform: WritablePlatform, results: t.Mapping[str, Result], failed: t.Mapping[str, TriageError]) -> str:
    """One line for all failures: the same words once, with the alerts that they are about."""
    alike: dict[str, list[str]] = {}
    for alert_id, error in failed.items():
        # An id may be as short as a word, or a part of one.
        story = re.sub(rf"(?<!\w){re.escape(alert_id)}(?!\w)", "ID", str(error))
        alike.setdefault(story, []).append(alert_id)
    stories = [
        f"{story} ({', '.join(ids[:5])}{f', and {len(ids) - 5} more' if len(ids) > 5 else ''})"
        for story, ids in list(alike.items())[:5]
    ]
    more = f" and {len(alike) - 5} more kinds of failure" if len(alike) > 5 else ""
    written = "" if any(result.changed is not False for result in results.values()) else " Nothing was changed."
    doubt = _unconfirmed(platform, results)
    return f"{len(failed)} of {len(results)} {platform.noun} failed.{written} {'; '.join(stories)}{more}{doubt}"


def _unconfirmed(platform: WritablePlatform, results: t.Mapping[str, Result]) -> str:
    """Which alerts may have been changed, and what to do about that."""
    unconfirmed = {alert_id: result for alert_id, result in results.items() if result.changed is None}
    if not unconfirmed:
        return ""
    ids = list(unconfirmed)
    listed = ", ".join(ids[:20]) + (f" and {len(ids) - 20} more" if len(ids) > 20 else "")
    todo = "Look at them again in a minute, before you run the task again."
    if all(result.failing for result in unconfirmed.values()):
        error = t.cast(RequestError, unconfirmed[ids[0]].error)
        request = f" (request id {error.request_id})" if error.request_id else ""
        todo = f"The service answered {error.status} to every try{request}: have that mended first."
    return f". Nobody knows whether these {platform.noun} were changed: {listed}. {todo}"
