# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Holds a report against the truth, which is the simulator's own state, history and log."""

from __future__ import annotations

import json
import time
import typing as t

from ansible_collections.secops.triage.tests.simulator import Entry
from ansible_collections.secops.triage.tests.unit.harness import Result, rows, warnings_of

from .case import Case
from .evidence import Evidence, listed_in
from .expected_state import State, differences
from .oracle_lines import judge_line
from .oracle_views import judge_view


def judge(evidence: Evidence) -> list[str]:
    """Everything in the report that is not so, and everything that was done and should not have been."""
    result, case = evidence.result, evidence.case
    said = json.dumps(result)
    wrong = [f"the secret {name} is in the output" for name in _secrets(case) if name in said]
    warned = case.module == "kibana_alert_status" or "provenance_error" in said
    if warnings_of(result) and not warned:
        wrong.append(f"warnings: {warnings_of(result)}")
    if case.check and any(entry.is_write for entry in evidence.entries):
        wrong.append("a write in check mode")
    if case.looks and not result.get("failed"):
        return wrong + judge_view(evidence)
    if "counts" not in result:
        return wrong + _judge_refusal(evidence)
    listed = listed_in(result)
    if sorted(row["id"] for row in listed) != sorted(case.ids):
        wrong.append(f"lists {len(listed)} alerts, and the task is about {len(case.ids)}")
        return wrong
    nothing_tried = any(row.get("error") for row in listed) and not any(entry.is_write for entry in evidence.entries)
    for row in listed:
        judge_row = _judge_prediction if case.check else _judge_row
        findings = judge_row(evidence, row, nothing_tried) + _judge_guards(evidence, row) + judge_line(evidence, row)
        wrong += [f"{row['id']}: {finding}" for finding in findings]
    return wrong + _judge_sums(evidence)


def _secrets(case: Case) -> list[str]:
    names = ("api_key", "app_key", "access_token", "iam_token")
    return [value for name in names if isinstance(value := case.params.get(name), str)]


def _judge_refusal(evidence: Evidence) -> list[str]:
    """A task that failed before it had anything to report of single alerts."""
    result, wrong = evidence.result, []
    if not result.get("failed") or result.get("changed") is not False:
        wrong.append("no list of alerts, and yet no failure without a change")
    if not result.get("error", {}).get("message"):
        wrong.append(f"a failure without an error: {result.get('msg')}")
    if not any(entry.fault or evidence.late(entry) for entry in evidence.entries):
        wrong.append(f"a failure without faults: {result['msg']}")
    wrong += ["a write, and no report of it" for entry in evidence.entries if entry.is_write][:1]
    return wrong


def _judge_row(evidence: Evidence, row: Result, nothing_tried: bool) -> list[str]:
    case, alert_id = evidence.case, row["id"]
    before, after = evidence.before[alert_id], evidence.after[alert_id]
    changes = case.changes(alert_id)
    wrong = _judge_error(case, row) + _judge_writes(evidence, alert_id)
    if changes > 1:
        wrong.append(f"changed {changes} times")
    fields = _fields(row)
    if row["changed"] is None:
        if "error" not in row:
            wrong.append("nobody knows, and yet no error")
        if fields and differences(fields, before) and differences(fields, after):
            wrong.append(f"shows {fields}, which it never was")
        return wrong + _judge_doubt(evidence, alert_id)
    if row["changed"] != bool(changes):
        wrong.append(f"reports changed {row['changed']}, and was changed {changes} times")
    different = differences(_told(case, fields), after)
    if different or not fields:
        wrong.append(f"reports {fields}, and is {after}")
    reached = case.reached(after) or "skipped" in row
    if reached == ("error" in row) and not (nothing_tried and reached is False):
        wrong.append(f"is {'' if reached else 'not '}as asked for, and the error is {row.get('error')}")
    return wrong


def _judge_prediction(evidence: Evidence, row: Result, nothing_tried: bool) -> list[str]:
    case, alert_id = evidence.case, row["id"]
    before = evidence.before[alert_id]
    reached = case.reached(before) or "skipped" in row
    wrong = _judge_error(case, row)
    if before != evidence.after[alert_id]:
        wrong.append("changed in check mode")
    if nothing_tried:
        return wrong
    if row["changed"] != (not reached):
        wrong.append(f"predicts changed {row['changed']} of {before}")
    if not case.reached(_fields(row)) and "skipped" not in row:
        wrong.append(f"predicts {_fields(row)}")
    return wrong


def _judge_guards(evidence: Evidence, row: Result) -> list[str]:
    """What was before is told as it was, and no write crosses a guard that objects."""
    case, alert_id, wrong = evidence.case, row["id"], []
    if not row["before"] or differences(_told(case, row["before"]), evidence.before[alert_id]):
        wrong.append(f"it was {evidence.before[alert_id]} before, and it says {row['before']}")
    guarded, skips = alert_id in evidence.guarded, case.params.get("on_guard") == "skip"
    if guarded and any(entry.is_write for entry in evidence.about(alert_id)):
        wrong.append("written, although a guard forbids it")
    if ("skipped" in row) != (guarded and skips):
        wrong.append(f"skipped is {row.get('skipped')}, and a guard {'forbids' if guarded else 'allows'} it")
    if "skipped" in row and (not row["skipped"] or row["changed"] is not False or "error" in row):
        wrong.append(f"skipped, and yet {row}")
    if guarded and not skips and "A guard forbids the change" not in row.get("error", {}).get("message", ""):
        wrong.append(f"a guard forbids it, and the error is {row.get('error')}")
    return wrong


def _judge_error(case: Case, row: Result) -> list[str]:
    error = row.get("error")
    if error is None:
        return []
    wrong = []
    if not error.get("message") or set(error) != {"kind", "message", "status", "method", "path", "request_id", "hint"}:
        wrong.append(f"an error that says nothing: {error}")
    others = set(str(error["path"]).split("/")) & set(case.ids) - {row["id"]}
    if others:
        wrong.append(f"its error is about {', '.join(others)}")
    return wrong


def _judge_writes(evidence: Evidence, alert_id: str) -> list[str]:
    """A write that the service took is not followed by another, unless nobody could know, and a look showed nothing."""
    entries = evidence.about(alert_id)
    by_number = {entry.number: entry for entry in entries}
    history = sorted(evidence.case.platform.history.get(alert_id, []), key=lambda change: change.request)
    wrong = []
    for first, second in zip(history, history[1:]):
        one, two = by_number[first.request], by_number[second.request]
        # A conflict leaves a batch in part undone, and reads that lag do not show in which.
        in_part = (one.status == 409 or evidence.case.params.get("conflicts") == "proceed") and _lags(evidence)
        # After a broken connection, what Calseta has just confirmed is looked for, and a read that lags misses it.
        in_part = in_part or (evidence.case.platform.name == "calseta" and _lags(evidence))
        if not evidence.doubtful(one) and not in_part:
            wrong.append(f"written by request {two.number}, although {one.number} was answered")
        looks = [entry for entry in entries if not entry.is_write and one.time < entry.time < two.time]
        # By their number: what came in before the change took effect could not see it.
        unseen = [entry for entry in looks if evidence.clean(entry) and entry.time < first.time]
        if not unseen and not _lags(evidence):
            wrong.append(f"written by request {two.number}, although no look since {one.number} showed it undone")
    tries = [entry for entry in entries if entry.is_write and entry.status not in (401, 404, 405, 429)]
    if len(tries) > evidence.case.params["retries"] + 1:
        wrong.append(f"{len(tries)} writes with retries {evidence.case.params['retries']}")
    return wrong


def _lags(evidence: Evidence) -> bool:
    return bool(evidence.read_lag) or _lags_by_reads(evidence)


def _lags_by_reads(evidence: Evidence) -> bool:
    return bool(getattr(evidence.case.platform.settings, "incident_lag_reads", 0))


def _judge_doubt(evidence: Evidence, alert_id: str) -> list[str]:
    """``changed: null`` is for what could not be known: a write in doubt that no read has shown to be done."""
    entries = evidence.about(alert_id)
    if evidence.case.platform.name == "security_deck":
        return _judge_operations(evidence, alert_id)
    silent = evidence.case.module == "signal_incident_link" or evidence.case.module.startswith("kibana_alert_")
    doubtful = [
        entry
        for entry in entries
        if entry.is_write
        and (evidence.doubtful(entry) or _left_out(entry, alert_id) or (silent and entry.status in (200, 409)))
    ]
    if not doubtful and not _may_be_lost(evidence):
        return ["nobody knows, and yet every write was answered"]
    done = [change.time for change in evidence.case.platform.history.get(alert_id, []) if change.real]
    looks = [entry for entry in entries if not entry.is_write and evidence.clean(entry)]
    shown = [one for one in looks if done and one.time > done[-1] + evidence.read_lag]
    if shown and evidence.case.reached(evidence.after[alert_id]) and not _lags_by_reads(evidence):
        return ["nobody knows, although a read after the change has shown it"]
    return []


def _may_be_lost(evidence: Evidence) -> bool:
    """Whether a write that was answered may be undone: Calseta answers before it commits, and loses rows in a crash."""
    return evidence.case.platform.name == "calseta" and any(
        entry.is_write and evidence.doubtful(entry) for entry in evidence.entries
    )


def _judge_operations(evidence: Evidence, alert_id: str) -> list[str]:
    """Every write there is an operation: what came of it is not known until a look at it shows that it is done."""
    elapsed = time.time() - time.monotonic()
    operations = evidence.case.operations()
    for entry in evidence.about(alert_id):
        operation = operations.get(entry.path.rpartition("/")[2])
        if operation and evidence.clean(entry) and entry.time + elapsed > operation.due:
            return ["nobody knows, although its operation was seen to be done"]
    return []


def _left_out(entry: Entry, alert_id: str) -> bool:
    """Whether a bulk was answered without a word about the alert; one that was refused may have been so in part."""
    return entry.path.endswith("/bulk/update") and alert_id not in entry.wrote and entry.status not in (401, 429)


def _judge_sums(evidence: Evidence) -> list[str]:
    """What the result says of all alerts together."""
    result, wrong = evidence.result, []
    listed = rows(result)
    failed = [row for row in listed if "error" in row]
    changed = [row for row in listed if row["changed"] and "error" not in row]
    skipped = [row for row in listed if "skipped" in row]
    sums = {
        "requested": len(listed),
        "changed": len(changed),
        "unchanged": len(listed) - len(changed) - len(skipped) - len(failed),
        "skipped": len(skipped),
        "failed": len(failed),
        "unconfirmed": sum(row["changed"] is None for row in listed),
    }
    if (
        evidence.guarded
        and evidence.case.params["on_guard"] == "fail"
        and any(one.is_write for one in evidence.entries)
    ):
        wrong.append("a write, although a guard forbids all of it")
    if result["counts"] != sums:
        wrong.append(f"counts {result['counts']}, and it is {sums}")
    if result["changed"] != any(row["changed"] is not False for row in listed):
        wrong.append(f"changed is {result['changed']}")
    if bool(result.get("failed")) != bool(failed):
        wrong.append(f"failed is {result.get('failed')}, with {len(failed)} errors")
    if failed and result["error"] != failed[0]["error"]:
        wrong.append("the error is not the first alert's")
    if failed and ("Nothing was changed" in result["msg"]) == result["changed"]:
        wrong.append(f"changed is {result['changed']}, and it says: {result['msg']}")
    return wrong + _judge_diff(evidence, {row["id"]: row for row in listed if row["changed"]})


def _judge_diff(evidence: Evidence, changed: dict[str, Result]) -> list[str]:
    wrong = []
    diff = {one["before_header"].split(" ")[0]: one for one in evidence.result["diff"]}
    if set(diff) != set(changed):
        wrong.append(f"a diff of {len(diff)} alerts, and {len(changed)} were changed")
    for alert_id, one in diff.items():
        if differences(one["before"], evidence.before[alert_id]):
            wrong.append(f"{alert_id}: the diff begins with {one['before']}, and it was {evidence.before[alert_id]}")
        if one["after"] != _fields(changed.get(alert_id, {})):
            wrong.append(f"{alert_id}: the diff ends with {one['after']}")
    return wrong


def _told(case: Case, fields: State) -> State:
    """Without what a search has not told of an alert that was not read for itself."""
    return {name: value for name, value in fields.items() if value is not None or name not in case.untold}


def _fields(row: t.Mapping[str, t.Any]) -> State:
    others = ("id", "title", "changed", "error", "operation_id", "before", "skipped", "provenance_error")
    return {name: value for name, value in row.items() if name not in others}
