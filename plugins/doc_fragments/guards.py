# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """The options in `GUARDS_OPTIONS`."""

    DOCUMENTATION = r"""
options:
  only_from:
    description:
      - The states, in the platform's own words, from which an alert may be changed.
      - This and the other guards check each alert as it has just been read. They ignore alerts that already are in the
        desired state.
    version_added: 1.1.0
    type: list
    elements: str
  only_assigned_to:
    description:
      - The users to whom an alert may be assigned if it is changed, in the same formats as an assignee; V("") means
        unassigned. If an alert is assigned to several users, the list must contain all of them.
    version_added: 1.1.0
    type: list
    elements: str
  protect_severity:
    description:
      - The severities, in the platform's own words, of alerts that this task never closes.
      - The task may change them in other ways. The option has no effect on modules that never close an alert.
    version_added: 1.1.0
    type: list
    elements: str
  on_guard:
    description:
      - What to do with an alert that a guard protects.
      - With V(fail) the task fails, and nothing at all is written. If there are very many alerts, the guards check them
        again while the task writes; if a guard objects only then, the task writes nothing more.
      - With V(skip) the alert is not changed, its row gives the reason, and the others are changed.
    version_added: 1.1.0
    type: str
    choices: [fail, skip]
    default: fail
"""
