# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: report_figures
short_description: Count open alerts, measure how fast alerts are handled, and compare with the last report
version_added: 1.1.0
author: secops.triage contributors (!UNKNOWN)
description:
  - Computes the figures of the playbook C(secops.triage.report) from the alerts that info modules return.
  - No template can begin in the texts that it returns.
positional: _input, time
options:
  _input:
    description:
      - The platforms. Each has its C(platform), its open C(alerts), and optionally its C(closed) alerts, as the info
        modules return them.
      - Optional are also C(truncated) and C(error), if alerts are missing; C(closed_truncated) and C(closed_error), if
        closed alerts are missing; and C(scope), a list that says which part of the platform was searched.
    type: list
    elements: dict
    required: true
  time:
    description: The time of the report, in ISO 8601.
    type: str
    required: true
  days:
    description: Times are measured on alerts that were raised in this number of days. With V(0) none are measured.
    type: int
    default: 7
  last:
    description: The content of the last report's JSON file. If it is empty, nothing is compared.
    type: dict
seealso:
  - plugin: secops.triage.harmless
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Show the rules with the most open alerts
  ansible.builtin.debug:
    msg: "{{ (platforms | secops.triage.report_figures(now(utc=true).isoformat())).rules[:3] }}"
  vars:
    platforms:
      - platform: datadog
        alerts: "{{ found.signals }}"
"""

RETURN = r"""
_value:
  description: The figures.
  type: dict
  contains:
    groups:
      description: The open alerts by C(severity), the most severe first; in each of them the newest come first.
      type: list
      elements: dict
    platforms:
      description: The number of open alerts on each platform, with C(label), C(total), and C(severities).
      type: list
      elements: dict
    ages:
      description: The number of open alerts by age, in the same form.
      type: list
      elements: dict
    rules:
      description: The number of open alerts by rule, in the same form, the largest first.
      type: list
      elements: dict
    assignees:
      description:
        - The number of open alerts by assignee, in the same form. Alerts without an assignee have the label V(nobody).
          If the assignee is not known, it is V(unknown).
      type: list
      elements: dict
    oldest:
      description: The oldest open alert; V(null) if there is none.
      type: dict
    days:
      description: The number of days.
      type: int
    times:
      description:
        - For each platform, the seconds from the creation of an alert until it was C(acknowledged) and until it was
          C(closed), with C(count), C(mean) and C(median); V(null) if the platform does not return these times.
      type: list
      elements: dict
    trend:
      description:
        - What changed since the last report, on the C(platforms) of which both reports list all open alerts; V(null)
          without a last report.
        - C(since) is the time of the last report. C(open) and C(severities) are differences, C(new) and C(gone) count
          the alerts that only this report lists, or only the last one. C(missing) lists the platforms that could not
          be compared. If the last report could not be used, C(error) is the reason, and it is the only key.
      type: dict
"""

import typing as t

from ansible_collections.secops.triage.plugins.plugin_utils._figures import report_figures
from ansible_collections.secops.triage.plugins.plugin_utils._filters import as_filter


class FilterModule:
    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"report_figures": as_filter(report_figures)}
