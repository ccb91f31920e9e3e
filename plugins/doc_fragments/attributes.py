# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """What holds for every module: what it promises, what it needs, and what it returns beside its alerts."""

    DOCUMENTATION = r"""
options: {}
requirements:
  - python >= 3.9
  - requests >= 2.25.1
attributes:
  check_mode:
    support: full
    description: Predicts what the task would change, by reading; sends nothing that could write.
  diff_mode:
    support: full
    description: Shows the fields of every changed alert, before and after.
  idempotent:
    support: full
    description: A second run changes nothing, and writes nothing.
  platform:
    platforms: all
    support: full
    description: Runs wherever Python and C(requests) are, most often on the controller with C(delegate_to=localhost).
notes:
  - All named alerts are read before the first one is written. If one of them does not exist, the task fails before it
    writes.
  - If some writes fail, the task fails, and still returns every alert, the changed ones as changed. If the answer to a
    write is lost, the module reads the alert again to find the outcome.
"""

    INFO_MODULE = r"""
options: {}
requirements:
  - python >= 3.9
  - requests >= 2.25.1
attributes:
  check_mode:
    support: full
    description: Does the same, because it changes nothing.
  diff_mode:
    support: N/A
    description: There are no changes to show.
  idempotent:
    support: full
    description: Changes nothing, and sends nothing that could write.
  platform:
    platforms: all
    support: full
    description: Runs wherever Python and C(requests) are, most often on the controller with C(delegate_to=localhost).
"""

    ACTIONGROUP_DATADOG = r"""
options: {}
attributes:
  action_group:
    description: Use C(group/secops.triage.datadog) or C(group/secops.triage.all) in C(module_defaults).
    support: full
    membership:
      - secops.triage.datadog
      - secops.triage.all
"""

    ACTIONGROUP_KIBANA = r"""
options: {}
attributes:
  action_group:
    description: Use C(group/secops.triage.kibana) or C(group/secops.triage.all) in C(module_defaults).
    support: full
    membership:
      - secops.triage.kibana
      - secops.triage.all
"""

    ACTIONGROUP_ALERTS = r"""
options: {}
attributes:
  action_group:
    description: Use C(group/secops.triage.alerts) or C(group/secops.triage.all) in C(module_defaults).
    support: full
    membership:
      - secops.triage.alerts
      - secops.triage.all
"""
