# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: undo
short_description: The steps that put alerts back as a task has found them
version_added: 1.1.0
author: secops.triage contributors (!UNKNOWN)
description:
  - Takes the alerts that a writing module of this collection has returned, and returns the steps that restore them.
  - Alerts that are restored in the same way are one step, so that a play needs one task, looped over the steps.
  - The steps leave out alerts that the task did not change, and alerts whose outcome or current state is unknown. If
    RV(secops.triage.signal_state#module:signals[].changed) is V(null), the outcome is unknown; check these alerts.
  - A change that somebody else made between the task's read of an alert and its write looks like a change of the task,
    and is in the step.
  - A row that no writing module can have returned is an error, which names it.
  - The playbook C(secops.triage.restore) takes the steps of every module, but of those that leave notes, for a note
    stays.
positional: _input
options:
  _input:
    description:
      - What a module has returned as RV(secops.triage.signal_state#module:signals), or as
        RV(secops.triage.alert_update#module:alerts).
    type: list
    elements: dict
    required: true
"""

EXAMPLES = r"""
- name: Put back what the task before has changed, where nobody else has changed it since
  secops.triage.signal_state:
    signal_ids: "{{ step.ids }}"
    state: "{{ step.before.state | default(omit) }}"
    archive_reason: "{{ step.before.archive_reason | default(omit) }}"
    archive_comment: "{{ step.before.archive_comment | default(omit) }}"
    only_from: "{{ [step.now.state] }}"
    on_guard: skip
  loop: "{{ archived.signals | secops.triage.undo }}"
  loop_control:
    loop_var: step
"""

RETURN = r"""
_value:
  description: The steps.
  type: list
  elements: dict
  contains:
    ids:
      description: The alerts.
      type: list
      elements: str
    before:
      description: The fields that the task has changed, as they were.
      type: dict
    now:
      description: All fields that the module returns, as the task has left them.
      type: dict
  sample:
    - ids: [AQAAAZexample000000000000000000000000000000000000000000]
      before: {state: open, archive_reason: none}
      now: {state: archived, archive_reason: other, archive_comment: "", assignee: "", incident_ids: []}
"""

import typing as t

from ansible.errors import AnsibleFilterError

#: The types that the fields of a row may have, and their names.
_TYPES: dict[str, tuple[tuple[type, ...], str]] = {
    "id": ((str,), "a text"),
    "changed": ((bool, type(None)), "true, false or null"),
    "before": ((dict, type(None)), "a mapping or null"),
}
_SOURCE = "Give undo the list of alerts (or signals) that a writing module has returned."


def undo(rows: t.Any) -> list[dict[str, t.Any]]:
    """The steps, in the order of the rows. Raises `AnsibleFilterError` if a row is not one of a writing module."""
    if not isinstance(rows, (list, tuple)):
        raise AnsibleFilterError(f"undo takes a list of alerts, and this is {type(rows).__name__}. {_SOURCE}")
    steps: dict[t.Hashable, dict[str, t.Any]] = {}
    for number, row in enumerate(rows, 1):
        _check(row, number)
        fields = row["before"] or {}
        now = {name: row[name] for name in fields if name in row}
        before = {name: fields[name] for name, value in now.items() if value != fields[name]}
        # If nobody knows whether the task made the change, undoing it might undo the decision of somebody else.
        if before and row["changed"]:
            step = steps.setdefault(_key([before, now]), {"ids": [], "before": before, "now": now})
            step["ids"].append(row["id"])
    return list(steps.values())


def _check(row: t.Any, number: int) -> None:
    if not isinstance(row, dict):
        raise AnsibleFilterError(f"undo cannot use row {number}, which is no mapping. {_SOURCE}")
    for field, (types, expected) in _TYPES.items():
        if field not in row or not isinstance(row[field], types):
            name = f"row {number} ({row['id']})" if row.get("id") else f"row {number}"
            raise AnsibleFilterError(f"undo cannot use {name}, which has no {field} that is {expected}. {_SOURCE}")


def _key(value: t.Any) -> t.Hashable:
    """A hashable value; those of equal values are equal, so that rows are grouped without comparing each with each."""
    if isinstance(value, dict):
        return frozenset((name, _key(one)) for name, one in value.items())
    if isinstance(value, (list, tuple)):
        return tuple(map(_key, value))
    return value if isinstance(value, t.Hashable) else repr(value)


class FilterModule:
    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"undo": undo}
