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
      - This and the other guards look at each alert that is about to be changed, as it has just been read. One that is
        as it should be already is never in their way.
    version_added: 1.1.0
    type: list
    elements: str
  only_assigned_to:
    description:
      - The users who may have an alert that is changed, in the forms in which the platform takes an assignee; V("") is
        nobody. Of an alert that several users have, all must be among them.
    version_added: 1.1.0
    type: list
    elements: str
  protect_severity:
    description:
      - The severities, in the platform's own words, of alerts that this task never closes.
      - Any other change of them is allowed. To modules that never close an alert it makes no difference.
    version_added: 1.1.0
    type: list
    elements: str
  on_guard:
    description:
      - What to do with an alert that a guard keeps from being changed.
      - With V(fail) the task fails, and nothing at all is written. Very many alerts are looked at again while they are
        written, and if a guard objects only then, nothing more is.
      - With V(skip) the alert is left alone, its row says why, and the others are changed.
    version_added: 1.1.0
    type: str
    choices: [fail, skip]
    default: fail
"""
