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
      - The most alerts that the search may find. With more than this the task fails, and writes nothing.
    type: int
    default: 1000
  expected_count:
    description:
      - How many alerts match, as far as you know. If it is another number the task fails, and writes nothing.
      - All that match are counted, also those that are as they should be.
    version_added: 1.1.0
    type: int
  allow_unbounded:
    description:
      - Whether the search may have no bounds at all, so that it finds every alert there is, and every one to come.
      - One that only says what it leaves out has none, either, and a beginning before the year 2000 is none.
    version_added: 1.1.0
    type: bool
    default: false
"""
