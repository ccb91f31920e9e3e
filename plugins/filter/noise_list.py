# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: noise_list
short_description: The list that a preview of the playbook close_noise has made, after a look at it
version_added: 1.1.0
author: secops.triage contributors (!UNKNOWN)
description:
  - Sees that a list is as P(secops.triage.noise_preview#filter) makes them, that it is whole, that its ids look like
    ids of its platform, and that it answers what is asked for now. Whatever is not so is an error that names it.
  - The checksum says that a list is whole, not who has made it. So no guard is in the list.
positional: _input, asked, allow_unbounded
options:
  _input:
    description: The list.
    type: raw
    required: true
  asked:
    description:
      - What is asked for now, by the names of the playbook's variables less C(close_noise_). Fewer fields than the
        preview was asked for are fine, but for C(api_url), the address, and C(workflow), the workflow of AWX, which
        must be the same in any case.
    type: dict
    required: true
  allow_unbounded:
    description: Whether to take the list of a search that was not seen to leave something out.
    type: bool
    default: false
seealso:
  - plugin: secops.triage.noise_preview
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Count what would be closed
  ansible.builtin.debug:
    msg: "{{ (listed | secops.triage.noise_list({'platform': 'datadog'})).alerts | length }}"
"""

RETURN = r"""
_value:
  description: The list.
  type: dict
"""

import typing as t

from ansible_collections.secops.triage.plugins.plugin_utils._filters import as_filter
from ansible_collections.secops.triage.plugins.plugin_utils._noise import noise_list


class FilterModule:
    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"noise_list": as_filter(noise_list)}
