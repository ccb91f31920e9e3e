# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """The options in `KIBANA_ALERTS_OPTIONS`."""

    DOCUMENTATION = r"""
options:
  alert_ids:
    description:
      - The alerts.
      - Nothing is written unless all of them exist in the space. An empty list is not an error, and changes nothing.
      - Exactly one of O(alert_ids) and O(query) is needed.
    type: list
    elements: str
    aliases: [alert_id, signal_ids]
  query:
    description:
      - The alerts that match this query, in Elasticsearch's query DSL.
      - One that matches every alert, as V(match_all) does, is refused unless O(allow_unbounded=true).
      - Exactly one of O(alert_ids) and O(query) is needed.
    type: dict
  runtime_mappings:
    description:
      - Runtime fields that the O(query) uses, as in a search.
      - The calls that write do not use them, because they get the alerts that were found, not the query.
    type: dict
"""
