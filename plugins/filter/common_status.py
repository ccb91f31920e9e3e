# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: common_status
short_description: A platform's status in the common vocabulary
version_added: 1.1.0
author: secops.triage contributors (!UNKNOWN)
description:
  - Takes a status as a module of this collection has returned it, and says what it is in the vocabulary of all
    platforms.
  - What tells V(escalated) and V(on_hold) from V(in_progress) on some platforms is not in the status, so there it is
    V(in_progress).
positional: _input, platform
options:
  _input:
    description: The platform's word. What is none of it, or V(null), is V(unknown), for services get new words.
    type: str
    required: true
  platform:
    description: The platform, by the name that the info modules return. V(elastic) is another name of V(kibana).
    type: str
    choices: [datadog, kibana, elastic, security_deck, calseta]
    required: true
seealso:
  - plugin: secops.triage.native_status
    plugin_type: filter
  - plugin: secops.triage.native_verdict
    plugin_type: filter
  - plugin: secops.triage.common_verdict
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Count the open alerts of all platforms
  ansible.builtin.debug:
    msg: "{{ states | reject('eq', 'resolved') | length }}"
  vars:
    states: >-
      {{ signals | map(attribute='status') | map('secops.triage.common_status', 'datadog')
      + alerts | map(attribute='status') | map('secops.triage.common_status', 'calseta') }}
"""

RETURN = r"""
_value:
  description: V(new), V(in_progress), V(on_hold), V(escalated), V(resolved) or V(unknown).
  type: str
  sample: in_progress
"""

import typing as t

from ansible_collections.secops.triage.plugins.plugin_utils import _vocabulary as vocabulary
from ansible_collections.secops.triage.plugins.plugin_utils._filters import as_filter


def common_status(word: t.Any, platform: t.Any) -> str:
    """The caption. Raises `vocabulary.VocabularyError` where there is no such platform."""
    return vocabulary.common_status(word, vocabulary.platform_named(platform))


class FilterModule:
    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"common_status": as_filter(common_status)}
