# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Holds the lines of provenance against what was changed: one with each change, and none with anything else."""

from __future__ import annotations

from ansible_collections.secops.triage.tests.simulator.datadog import Datadog
from ansible_collections.secops.triage.tests.unit.harness import Result

from .evidence import Evidence

#: What a task of the storm leaves, and what somebody else's has left before.
OURS, THEIRS = "Ansible · drill", "Ansible · AWX job 7"


def judge_line(evidence: Evidence, row: Result) -> list[str]:
    """What is wrong with the lines on the alert of a row."""
    if evidence.case.noted:
        return []
    if isinstance(evidence.case.platform, Datadog):
        return _judge_comments(evidence, row) if evidence.case.module == "signal_state" else []
    lines = len(evidence.case.notes(row["id"]))
    due = bool(row["changed"]) and "provenance" in evidence.case.params and not evidence.case.check
    if lines > due or (lines < due) > ("provenance_error" in row):
        return [f"{lines} lines of provenance, and it says {row.get('provenance_error')}"]
    return []


def _judge_comments(evidence: Evidence, row: Result) -> list[str]:
    """There the line is the last one of the comment, which has one at the most; only an archived signal has a place
    for it."""
    case, alert_id, wrong = evidence.case, row["id"], []
    before, after = evidence.before[alert_id], evidence.after[alert_id]
    changes = case.platform.changes_of(alert_id)
    for comment in [after["archive_comment"], *(change.after["archive_comment"] or "" for change in changes)]:
        kept, _newline, last = comment.rpartition("\n")
        if "Ansible" in kept or ("Ansible" in last and last not in (OURS, THEIRS)):
            wrong.append(f"a line of provenance where none should be: {comment!r}")
    ours = after["archive_comment"].endswith(OURS)
    due = bool(changes) and "provenance" in case.params and after["state"] == "archived"
    if ours != due:
        wrong.append(
            f"changed {len(changes)} times, is {after['state']}, and its comment is {after['archive_comment']!r}"
        )
    if changes and case.reached(before):
        wrong.append(f"was changed for nothing but its line, from {before}")
    if row["changed"] and "error" not in row:
        shown, was_due = row["archive_comment"], "provenance" in case.params and row["state"] == "archived"
        if shown.endswith(OURS) != was_due:
            wrong.append(f"reports the comment {shown!r} of a signal that is {row['state']}")
    return wrong


def bare(comment: str) -> str:
    """A comment without the line at its end."""
    return comment.removesuffix(OURS).removesuffix(THEIRS).removesuffix("\n")
