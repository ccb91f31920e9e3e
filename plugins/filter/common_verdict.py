# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: common_verdict
short_description: A platform's verdict in the common vocabulary
version_added: 1.1.0
author: secops.triage contributors (!UNKNOWN)
description:
  - Takes a verdict as a module of this collection has returned it, and says what it is in the vocabulary of all
    platforms.
positional: _input, platform
options:
  _input:
    description:
      - The platform's word. Nothing is V(unknown).
      - A word that says what no caption does is V(other), and so is one that is not known, for services get new words,
        and administrators define some.
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
  - plugin: secops.triage.common_status
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Was it a true positive, on whichever platform it is?
  ansible.builtin.debug:
    msg: "{{ alert.verdict | secops.triage.common_verdict(alert.platform) == 'true_positive' }}"
"""

RETURN = r"""
_value:
  description: A verdict as P(secops.triage.native_verdict#filter) takes it, or V(other).
  type: str
  sample: benign
"""

import typing as t

from ansible_collections.secops.triage.plugins.plugin_utils import _vocabulary as vocabulary
from ansible_collections.secops.triage.plugins.plugin_utils._filters import as_filter


def common_verdict(word: t.Any, platform: t.Any) -> str:
    """The caption. Raises `vocabulary.VocabularyError` where there is no such platform."""
    return vocabulary.common_verdict(word, vocabulary.platform_named(platform))


class FilterModule:
    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"common_verdict": as_filter(common_verdict)}
