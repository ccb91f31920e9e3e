# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: native_status
short_description: A status in the words of a platform
version_added: 1.1.0
author: secops.triage contributors (!UNKNOWN)
description:
  - Takes a status of the common vocabulary, and says how Datadog, Elastic Security, Security Deck or Calseta call it.
  - The platform's own words are also accepted. Upper and lower case, spaces, hyphens and underscores make no
    difference.
  - Where a platform has no such status, it is the nearest one; the page on the vocabulary says what is lost then.
positional: _input, platform
options:
  _input:
    description:
      - V(new), V(in_progress), V(on_hold), V(escalated) or V(resolved), or a word of the platform. Anything else is an
        error that lists what is taken.
    type: str
    required: true
  platform:
    description: The platform, by the name that the info modules return. V(elastic) is another name of V(kibana).
    type: str
    choices: [datadog, kibana, elastic, security_deck, calseta]
    required: true
  verdict:
    description:
      - The verdict that an alert is to be closed with, for with some of them it is not closed. Calseta's status for
        V(managed_externally) is V(Escalated), and in Security Deck such an alert keeps the status that it has.
    type: str
  verdict_map:
    description: What to write instead of what the table says, as O(secops.triage.triage#role:main:triage_verdict_map).
    type: dict
    default: {}
seealso:
  - plugin: secops.triage.native_verdict
    plugin_type: filter
  - plugin: secops.triage.common_status
    plugin_type: filter
  - plugin: secops.triage.common_verdict
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Take alerts on, on whichever platform they are
  ansible.builtin.debug:
    msg: "{{ 'in progress' | secops.triage.native_status(alert.platform) }}"
"""

RETURN = r"""
_value:
  description: The platform's word, or V(null) where the status is to stay as it is.
  type: str
  sample: under_review
"""

import typing as t

from ansible_collections.secops.triage.plugins.plugin_utils import _vocabulary as vocabulary
from ansible_collections.secops.triage.plugins.plugin_utils._filters import as_filter


def native_status(word: t.Any, platform: t.Any, verdict: t.Any = None, verdict_map: t.Any = None) -> str | None:
    """The platform's word. Raises `vocabulary.VocabularyError` where there is none."""
    name = vocabulary.platform_named(platform)
    status = vocabulary.status_of(word, name)
    overrides = vocabulary.checked_map(verdict_map or {}).get(name)
    closing = vocabulary.verdict_of(verdict, name, overrides) if verdict else None
    if closing and closing.stays_open and vocabulary.closes(status, name):
        return closing.status
    return status.native


class FilterModule:
    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"native_status": as_filter(native_status)}
