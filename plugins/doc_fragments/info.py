# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """The options in `INFO_OPTIONS`."""

    DOCUMENTATION = r"""
options:
  max_alerts:
    description: The most alerts that a search shows. It looks for no more, and says whether there are more.
    type: int
    default: 1000
  allow_unbounded:
    description:
      - Whether the search may match every alert there is. With V(false) a search that leaves nothing out fails, as it
        does in the modules that change alerts; C(error.kind) is then V(unbounded).
    type: bool
    default: true
  raw:
    description: Whether to return the API's own object, too.
    type: bool
    default: false
"""
