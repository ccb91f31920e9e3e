# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: native_verdict
short_description: A verdict in the words of a platform
version_added: 1.1.0
author: secops.triage contributors (!UNKNOWN)
description:
  - Takes a verdict of the common vocabulary, and says how Datadog, Elastic Security, Security Deck or Calseta call it.
  - The platform's own words are also accepted. Upper and lower case, spaces, hyphens and underscores make no
    difference.
  - Where a platform has no such verdict, it is the nearest one; the page on the vocabulary says what is lost then.
positional: _input, platform
options:
  _input:
    description:
      - V(true_positive), V(benign), V(false_positive), V(test), V(duplicate), V(insufficient_data), V(disregard),
        V(managed_externally), V(suspicious), V(security_risk) or V(unknown), or a word of the platform.
      - Anything else is an error that lists what is taken, and so are V(suspicious) and V(security_risk) where the
        platform has nothing for them.
    type: str
    required: true
  platform:
    description: The platform, by the name that the info modules return. V(elastic) is another name of V(kibana).
    type: str
    choices: [datadog, kibana, elastic, security_deck, calseta]
    required: true
  verdict_map:
    description: What to write instead of what the table says, as O(secops.triage.triage#role:main:triage_verdict_map).
    type: dict
    default: {}
seealso:
  - plugin: secops.triage.native_status
    plugin_type: filter
  - plugin: secops.triage.common_status
    plugin_type: filter
  - plugin: secops.triage.common_verdict
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Archive a signal as what it was found to be
  secops.triage.signal_state:
    signal_id: "{{ signal_id }}"
    state: archived
    archive_reason: "{{ 'benign' | secops.triage.native_verdict('datadog') }}"

- name: The same for Kibana, where some verdicts are left out
  secops.triage.kibana_alert_status:
    alert_id: "{{ alert_id }}"
    status: closed
    reason: "{{ verdict | secops.triage.native_verdict('kibana', verdict_map=our_words) | default(omit, true) }}"
  vars:
    our_words:
      kibana:
        test: red_team_exercise
"""

RETURN = r"""
_value:
  description: The platform's word, or V(null) where it is to be left out.
  type: str
  sample: true_positive_benign
"""

import typing as t

from ansible_collections.secops.triage.plugins.plugin_utils import _vocabulary as vocabulary
from ansible_collections.secops.triage.plugins.plugin_utils._filters import as_filter


def native_verdict(word: t.Any, platform: t.Any, verdict_map: t.Any = None) -> str | None:
    """The platform's word. Raises `vocabulary.VocabularyError` where there is none."""
    name = vocabulary.platform_named(platform)
    return vocabulary.verdict_of(word, name, vocabulary.checked_map(verdict_map or {}).get(name)).native


class FilterModule:
    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"native_verdict": as_filter(native_verdict)}
