# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The flow of all modules that write: read, compare, write what differs, confirm, report.

It contains no code for any API.
"""

from __future__ import annotations

import typing as t

from .._core.errors import GuardError, TriageError
from .._core.options import ArgumentSpec, Params, TaskContext
from .._core.values import batches
from .change import Alert, Change
from .plan import Plan, Result
from .platform import WritablePlatform
from .report import report
from .settle import ProvenanceNotes, Writes
from .task import Report, Task

#: Makes the platform of a task. Raises `OptionError` if the options are invalid.
Connect = t.Callable[[Params, TaskContext], WritablePlatform]

#: The alerts of a task by their ids, as they were read or found. V(None) is an alert that does not exist.
Present = dict[str, t.Optional[Alert]]


def writing_task(connect: Connect, spec: ArgumentSpec) -> Task:
    """The task of a module that changes alerts to the desired state, and reports every alert."""

    def work(params: Params, context: TaskContext) -> Report:
        platform = connect(params, context)
        return report(platform, reconcile(platform, context.read_only), with_diff=context.diff)

    return Task(work, spec)


def reconcile(platform: WritablePlatform, check_mode: bool) -> dict[str, Result]:
    """Read all alerts, compare, and write what differs, unless in check mode or an alert has an error that stops."""
    platform.prepare()
    (changes, results), present, last_read = _planned(platform)
    # Nothing is written unless all alerts exist, can be changed, and are not protected.
    if not any(result.error and result.error.stops for result in results.values()):
        if check_mode:
            results.update((change.id, Result(change.before, change.after, True)) for change in changes)
        else:
            results.update(_begun_and_written(platform, changes, last_read))
    for alert_id, alert in present.items():
        results[alert_id].title = alert.title if alert else None
    return results


def _begun_and_written(platform: WritablePlatform, changes: t.Sequence[Change], last_read: int) -> dict[str, Result]:
    """Make the changes. Without what they need, such as an incident, none of them is made."""
    try:
        changes = platform.begin(changes)
    except TriageError as error:
        return {change.id: Result(change.before, change.before, error=error) for change in changes}
    return _write(platform, changes, last_read)


def _planned(platform: WritablePlatform) -> tuple[Plan, Present, int]:
    """The plan for the alerts of the task, these alerts as they are, and how many were read last."""
    alerts = platform.alerts
    present: Present = {**dict.fromkeys(alerts.ids), **alerts.select()}
    plan = Plan.of(platform, present)
    if alerts.selection is None or (alerts.search_is_current and not platform.guards.set):
        return plan, present, len(present)
    # A search may lag, and the alerts may have changed since. Those that seem to need a change are read again, and so
    # are those with an error or a guard's objection, which may be outdated too.
    planned = {change.id for change in plan.changes}
    ids = [key for key, result in plan.results.items() if key in planned or result.error or result.skipped]
    present.update({**dict.fromkeys(ids), **alerts.read(ids)})
    return Plan.of(platform, present), present, len(ids)


def _write(platform: WritablePlatform, changes: t.Sequence[Change], last_read: int) -> dict[str, Result]:
    """Make the changes: all at once, or in chunks if the task has guards or provenance, or replaces whole lists.

    Each chunk is read again just before it is written if the platform replaces whole lists, or if there are guards and
    more alerts were ``last_read`` than a chunk has: that read may be minutes old by then. Under guards, the first error
    or objection stops the task. Provenance is added after each chunk, because a task may be killed.
    """
    outdated = platform.replaces or (platform.guards.set and last_read > platform.chunk)
    chunks = batches(changes, platform.chunk) if outdated or platform.provenance_notes else [changes]
    writer = _Writer(platform, read_again=outdated)
    for chunk in chunks:
        writer.write(chunk)
    return writer.finish()


class _Writer:
    """Writes chunk after chunk, until an error or a guard stops it."""

    def __init__(self, platform: WritablePlatform, *, read_again: bool) -> None:
        self._platform = platform
        self._read_again = read_again
        self._writes = Writes(platform)
        self._provenance = ProvenanceNotes(platform.provenance_notes)
        self._done: dict[str, Result] = {}
        self._stopped: TriageError | None = None

    def write(self, chunk: t.Sequence[Change]) -> None:
        """Write the changes that are still due, unless the task has stopped."""
        if self._stopped is None:
            chunk = self._still_due(chunk)
        if self._stopped:
            unwritten = {change.id: Result(change.before, change.before, error=self._stopped) for change in chunk}
            self._done.update(unwritten)
            return
        results = self._writes.send(chunk)
        self._done.update(results)
        self._provenance.add(results)
        if not self._platform.guards.skip_protected:
            self._stop_at(results, GuardError)

    def finish(self) -> dict[str, Result]:
        """Read the alerts whose outcome is still open. Returns the result of every alert."""
        self._done.update(self._writes.confirm())
        self._provenance.add(self._done)
        self._provenance.confirm(self._done)
        return self._done

    def _still_due(self, chunk: t.Sequence[Change]) -> t.Sequence[Change]:
        if not self._read_again:
            return chunk
        plan = Plan.anew(self._platform, chunk)
        self._done.update(plan.results)
        if self._platform.guards.set:
            self._stop_at(plan.results, TriageError)
        return plan.changes

    def _stop_at(self, results: t.Mapping[str, Result], reason: type[TriageError]) -> None:
        """Stop the task if one of these results is such an error. All later chunks are reported as not written."""
        for alert_id, result in results.items():
            if isinstance(result.error, reason):
                self._stopped = TriageError(f"Not written, for the task stopped at {alert_id}: {result.error}")
                return
