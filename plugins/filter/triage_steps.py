# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: triage_steps
short_description: The fewest calls that bring alerts of several platforms to their desired states
version_added: 1.1.0
author: secops.triage contributors (!UNKNOWN)
description:
  - Takes alerts of Datadog, Elastic Security, Security Deck and Calseta with their desired states, in the common
    vocabulary, and returns the modules to call, with their options. Alerts of one platform with the same desired state
    are one call.
  - Sends nothing. Whatever is wrong with any of the alerts is one error, before anything is sent.
  - For each alert its status comes first, then who has it, then tags and incidents, and the note comes last.
  - The role P(secops.triage.triage#role) makes these calls.
positional: _input
options:
  _input:
    description:
      - The alerts, each with C(platform) and C(id), and with any of C(status), C(verdict), C(comment), C(assignee) and
        C(incident_id), as in O(secops.triage.triage#role:main:triage_alerts).
      - One that is in the list twice must be the same both times.
    type: list
    elements: dict
    required: true
  on_lossy:
    description:
      - What to do where a platform has no word for a status or a verdict, or no place for an assignee or an incident.
      - With V(warn) there is a warning, with V(fail) an error, and with V(allow) neither.
      - The steps report the loss in any case.
    type: str
    choices: [warn, fail, allow]
    default: warn
  verdict_map:
    description: What to write instead of what the table says, by platform and verdict.
    type: dict
    default: {}
  only_from:
    description:
      - The states from which an alert may be changed, in the common vocabulary or in the platforms' own words, which
        count on platforms that have them.
      - V(on_hold) and V(escalated) count only where the platform can tell them from V(in_progress).
      - An empty list is an error, for it would keep every alert.
    type: list
    elements: str
  only_assigned_to:
    description: The users who may have an alert that is changed; V("") is nobody. On Calseta it always is.
    type: list
    elements: str
  protect_severity:
    description:
      - The severities of alerts that are never closed, V(informational), V(low), V(medium), V(high) or V(critical), or
        the platforms' own words. Where a platform does not have one, the nearest one is protected.
    type: list
    elements: str
seealso:
  - plugin: secops.triage.triage_result
    plugin_type: filter
  - plugin: secops.triage.native_status
    plugin_type: filter
  - plugin: secops.triage.native_verdict
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Look which calls it would take
  ansible.builtin.debug:
    msg: "{{ alerts | secops.triage.triage_steps(on_lossy='fail') }}"
  vars:
    alerts:
      - platform: datadog
        id: AQAAAZexample000000000000000000000000000000000000000000
        status: resolved
        verdict: benign
      - platform: calseta
        id: 3fa85f64-5717-4562-b3fc-2c963f66afa6
        status: escalated
        comment: The host answers to a command server.
"""

RETURN = r"""
_value:
  description: The calls, in the order in which they are to be made.
  type: list
  elements: dict
  contains:
    platform:
      description: The platform.
      type: str
    module:
      description:
        - The module. It is one that only looks where there is nothing to be written, as with V(managed_externally) in
          Security Deck.
      type: str
    ids:
      description: The alerts.
      type: list
      elements: str
    args:
      description: Other options of the module.
      type: dict
    guards:
      description: The options of the module that guard it, in the platform's own words.
      type: dict
    lost:
      description: What is lost, with C(platform), C(id), C(option), what was C(desired), and what is C(written).
      type: list
      elements: dict
    alerts:
      description: The alerts as they were given.
      type: list
      elements: dict
  sample:
    - platform: datadog
      module: signal_state
      ids: [AQAAAZexample000000000000000000000000000000000000000000]
      args: {state: archived, archive_reason: true_positive_benign}
      guards: {}
      lost: []
      alerts:
        - platform: datadog
          id: AQAAAZexample000000000000000000000000000000000000000000
          status: resolved
          verdict: benign
"""

import typing as t

from ansible.utils.display import Display

from ansible_collections.secops.triage.plugins.plugin_utils import _triage_steps as steps
from ansible_collections.secops.triage.plugins.plugin_utils._filters import as_filter


def triage_steps(alerts: t.Any, on_lossy: str = "warn", **options: t.Any) -> list[dict[str, t.Any]]:
    """The steps, with a warning if something is lost. Raises `VocabularyError` for alerts that make no sense."""
    found = steps.triage_steps(alerts, on_lossy, **options)
    lost = steps.describe_losses([one for step in found for one in step["lost"]])
    if lost and on_lossy == "warn":
        Display().warning(f"This loses meaning. {'; '.join(lost)}")
    return found


class FilterModule:
    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"triage_steps": as_filter(triage_steps)}
