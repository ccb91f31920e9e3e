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
      - Needed unless O(query) or O(kql) is given. Neither goes with it.
    type: list
    elements: str
    aliases: [alert_id, signal_ids]
  query:
    description:
      - The alerts that match this query, a mapping in Elasticsearch's query DSL.
      - One that matches every alert, as V(match_all) does, is refused unless O(allow_unbounded=true).
    type: raw
  runtime_mappings:
    description:
      - Runtime fields that O(query) or O(kql) uses, as in a search. One that has only a type shows what the alert's
        C(_source) has under that name.
      - The calls that write do not use them, because they get the alerts that were found, not the query.
    type: dict
"""
