# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """The options in `SELECTION_OPTIONS`."""

    DOCUMENTATION = r"""
options:
  max_alerts:
    description:
      - The maximum number of alerts that the search may match. If more match, the task fails before it writes.
    type: int
    default: 100
  expected_count:
    description:
      - The number of alerts you expect to match. If another number matches, the task fails before it writes.
      - The count includes alerts that already are in the desired state.
    version_added: 1.1.0
    type: int
  allow_unbounded:
    description:
      - Whether the search may match every alert there is.
      - With V(false) the task counts what matches, and all alerts in the same space, sink or organisation, whatever
        their status. If the search matches all of them, the task fails before it writes. A search that has neither
        a filter nor a time is refused without a request.
    version_added: 1.1.0
    type: bool
    default: false
"""
