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
  kql:
    description:
      - The alerts that match this text, in KQL, the language of Kibana's search bar.
      - It is turned into query DSL as Kibana does it. A text that Kibana refuses fails the task, with the position.
      - Times without an offset are in UTC, as in Elastic Security. The time range beside the search bar is not part of
        the text, so add C(@timestamp >= now-24h) or the like.
      - The task does not know which fields are keywords. A value with both an asterisk and a blank is taken as a whole,
        as Kibana takes that of a keyword; only in C(message) and in fields that end in C(.message) or C(.text) it is
        taken as words.
      - With O(query) beside it, the alerts must match both.
    version_added: 1.1.0
    type: str
  runtime_mappings:
    description:
      - Runtime fields that O(query) or O(kql) uses, as in a search. One that has only a type shows what the alert's
        C(_source) has under that name.
      - The calls that write do not use them, because they get the alerts that were found, not the query.
    type: dict
"""
