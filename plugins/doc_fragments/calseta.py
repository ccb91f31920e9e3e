# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """The connection options in `CALSETA_OPTIONS`."""

    DOCUMENTATION = r"""
options:
  api_key:
    description:
      - The API key, for O(provider=calseta), with the scope C(alerts:read), and with C(alerts:write), too, to change
        alerts.
      - If not set, the value of the environment variable E(CALSETA_API_KEY) is used.
    type: str
"""
