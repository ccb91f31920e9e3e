# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """The options in `SIGNALS_OPTIONS`."""

    DOCUMENTATION = r"""
options:
  signal_ids:
    description:
      - The signals. An empty list is not an error, and means no signals.
      - Exactly one of O(signal_ids) and O(query) is needed.
    type: list
    elements: str
    aliases: [signal_id]
  query:
    description:
      - The signals that match this query, in Datadog's search syntax, as in
        C(@workflow.triage.state:open source:okta).
      - A search may not show the latest writes yet.
      - Exactly one of O(signal_ids) and O(query) is needed.
    version_added: 1.1.0
    type: str
  from:
    description:
      - The start of the search, with O(query) only. Signals that were raised at this time or later match. V(now-15m),
        V(now-24h), V(now-7d), V(now-2w), V(2026-01-31) or V(2026-01-31T08:00:00Z); a time without a zone is UTC.
      - Without it, Datadog applies its own default, which its documentation does not name, so older signals may be
        missed. Set it to be sure how far back the search goes.
    version_added: 1.1.0
    type: str
  to:
    description:
      - The end of the search, with O(query) only, written as O(from). Signals that were raised until this time match.
    version_added: 1.1.0
    type: str
"""
