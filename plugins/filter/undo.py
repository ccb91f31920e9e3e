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
  - Takes the alerts that a writing module of this collection has returned, and says how they were before.
  - Alerts with the same way back are one step, so that a play needs one task for all of them, looped over the steps.
  - Alerts that the task did not change are in no step, nor are those of which nobody knows whether it did, or how they
    are now. Of the latter, RV(secops.triage.signal_state#module:signals[].changed) is V(null); look at them.
  - What somebody else has changed between the task's read of an alert and its write looks like the doing of the task,
    and is in the step.
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

Row = t.Mapping[str, t.Any]


def undo(rows: t.Any) -> list[dict[str, t.Any]]:
    """The steps. Raises `AnsibleFilterError` where the rows are not those of a writing module."""
    if not isinstance(rows, (list, tuple)) or not all(isinstance(row, dict) and "before" in row for row in rows):
        raise AnsibleFilterError("undo takes the list of alerts (or signals) that a writing module has returned")
    steps: list[dict[str, t.Any]] = []
    for row in rows:
        present = {name: row[name] for name in row["before"] or () if name in row}
        lost = {name: value for name, value in (row["before"] or {}).items() if name in row and row[name] != value}
        # Without a word on whose doing it is, to put it back could be to take back what somebody else has decided.
        if not lost or not row["changed"]:
            continue
        step = next((one for one in steps if (one["before"], one["now"]) == (lost, present)), None)
        if step is None:
            step = {"ids": [], "before": lost, "now": present}
            steps.append(step)
        step["ids"].append(row["id"])
    return steps


class FilterModule:
    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"undo": undo}
