# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """The options in `INFO_OPTIONS`."""

    DOCUMENTATION = r"""
options:
  max_alerts:
    description: The maximum number of alerts that a search returns. C(truncated) is true if there are more.
    type: int
    default: 1000
  allow_unbounded:
    description:
      - Whether the search may match every alert there is. With V(false) a search that matches everything fails, as it
        does in the modules that change alerts; C(error.kind) is then V(unbounded).
    type: bool
    default: true
  raw:
    description: Whether to also return the API's own object.
    type: bool
    default: false
"""
