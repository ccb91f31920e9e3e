# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: triage_result
short_description: What has become of alerts of several platforms
version_added: 1.1.0
author: secops.triage contributors (!UNKNOWN)
description:
  - Takes the steps of P(secops.triage.triage_steps#filter) with what the modules have answered, and says what became of
    every alert.
  - The role P(secops.triage.triage#role) sets it as the fact C(triage_result).
positional: _input
options:
  _input:
    description: The calls that were made, each with its C(step) and its C(answer), which is what the task has returned.
    type: list
    elements: dict
    required: true
seealso:
  - plugin: secops.triage.triage_steps
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Make the only call that it takes
  secops.triage.signal_state:
    signal_ids: "{{ step.ids }}"
    state: "{{ step.args.state }}"
  vars:
    step: "{{ alerts | secops.triage.triage_steps | first }}"
  register: answer

- name: Count what has become of them
  ansible.builtin.debug:
    msg: "{{ ([{'step': step, 'answer': answer}] | secops.triage.triage_result).counts }}"
  vars:
    step: "{{ alerts | secops.triage.triage_steps | first }}"
"""

RETURN = r"""
_value:
  description: What has become of them.
  type: dict
  contains:
    changed:
      description: Whether anything was changed, or may have been.
      type: bool
    counts:
      description: How many alerts were C(changed), C(unchanged), C(skipped) and C(failed), out of those C(requested).
      type: dict
    alerts:
      description:
        - The rows that the modules have returned, one for each alert and call.
        - Each has the C(platform), the C(module), and what its status and its verdict are in the common vocabulary, as
          C(common_status) and C(common_verdict), which are V(null) where the module does not show them.
        - An alert of a call that failed before it had any rows has one with its C(error).
      type: list
      elements: dict
    lost:
      description: What was lost, as in the steps.
      type: list
      elements: dict
    failed:
      description:
        - The calls that failed, each with its C(platform), its C(module), the C(ids) that have an error, its C(msg),
          and the C(error) of the module, or V(null).
      type: list
      elements: dict
  sample:
    changed: true
    counts: {requested: 1, changed: 1, unchanged: 0, skipped: 0, failed: 0}
    alerts:
      - id: AQAAAZexample000000000000000000000000000000000000000000
        changed: true
        state: archived
        archive_reason: true_positive_benign
        platform: datadog
        module: signal_state
        common_status: resolved
        common_verdict: benign
    lost: []
    failed: []
"""

import typing as t

from ansible_collections.secops.triage.plugins.plugin_utils._filters import as_filter
from ansible_collections.secops.triage.plugins.plugin_utils._triage_result import triage_result


class FilterModule:
    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"triage_result": as_filter(triage_result)}
