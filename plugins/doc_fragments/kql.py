# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """The options in `KQL_OPTIONS`."""

    DOCUMENTATION = r"""
options:
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
"""
