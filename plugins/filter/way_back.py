# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: way_back
short_description: What the playbook restore needs to take back what the role triage has done
version_added: 1.1.0
author: secops.triage contributors (!UNKNOWN)
description:
  - Takes C(triage_result) of alerts of one platform, and returns the variables of the playbook C(secops.triage.restore)
    that put back their status. Notes stay.
  - C(restore_alerts) is a text in JSON in which no template can begin, so that the whole can be kept in a file, or be
    handed on by C(ansible.builtin.set_stats).
positional: _input
options:
  _input:
    description: The result, as P(secops.triage.triage_result#filter) returns it.
    type: dict
    required: true
seealso:
  - plugin: secops.triage.undo
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Keep what is needed to take that back
  ansible.builtin.copy:
    dest: /var/lib/secops/closed.json
    content: "{{ triage_result | secops.triage.way_back | to_json }}"
    mode: "0600"
  when: triage_result is changed
"""

RETURN = r"""
_value:
  description: The variables, or an empty mapping where nothing can have been changed.
  type: dict
  sample: {restore_module: signal_state, restore_alerts: "[...]"}
"""

import typing as t

from ansible_collections.secops.triage.plugins.plugin_utils._filters import as_filter
from ansible_collections.secops.triage.plugins.plugin_utils._noise import way_back


class FilterModule:
    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"way_back": as_filter(way_back)}
