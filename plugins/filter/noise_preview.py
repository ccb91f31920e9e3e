# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: noise_preview
short_description: The list of alerts that the playbook close_noise would close
version_added: 1.1.0
author: secops.triage contributors (!UNKNOWN)
description:
  - Makes the list that the playbook C(secops.triage.close_noise) shows, and later takes. No template can begin in what
    it shows of the alerts.
  - An id that does not look like one of the platform is an error.
positional: _input, search, closing, bounded
options:
  _input:
    description: The alerts that an info module has returned.
    type: list
    elements: dict
    required: true
  search:
    description: What the preview was asked for, by the names of the playbook's variables less C(close_noise_).
    type: dict
    required: true
  closing:
    description: The ids of the alerts that would be closed. The others are only counted.
    type: list
    elements: str
    required: true
  bounded:
    description: Whether the search was seen to leave something out. The list says so, too.
    type: bool
    required: true
seealso:
  - plugin: secops.triage.noise_list
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Make the list
  ansible.builtin.set_fact:
    listed: "{{ found.signals | secops.triage.noise_preview(search, found.signals | map(attribute='id'), true) }}"
  vars:
    search: {platform: datadog, query: "source:scanner", verdict: test}
"""

RETURN = r"""
_value:
  description: The list, with a checksum, by which P(secops.triage.noise_list#filter) sees whether it is whole.
  type: dict
  contains:
    kind:
      description: What kind of list it is.
      type: str
    bounded:
      description: Whether the search was seen to leave something out.
      type: bool
    search:
      description: What the preview was asked for.
      type: dict
    alerts:
      description: By its id, what is shown of each alert, C(severity), C(created) and C(title).
      type: dict
    counts:
      description: How many alerts were C(found), and how many of these are C(listed).
      type: dict
    checksum:
      description: A checksum of all the others.
      type: str
"""

import typing as t

from ansible_collections.secops.triage.plugins.plugin_utils._filters import as_filter
from ansible_collections.secops.triage.plugins.plugin_utils._noise import noise_preview


class FilterModule:
    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"noise_preview": as_filter(noise_preview)}
