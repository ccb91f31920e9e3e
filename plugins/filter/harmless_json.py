# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: harmless_json
short_description: What a service has said, as JSON in which no template begins
version_added: 1.1.0
author: secops.triage contributors (!UNKNOWN)
description:
  - Writes a value in JSON, with the escape C(\u007b) for the first brace of every C({{), C({%) and C({#) in its texts.
    Whoever reads the JSON has the same value again; Ansible finds no template in it.
  - Use it to keep what a module has returned exactly. Read it by P(secops.triage.kept#lookup).
positional: _input
options:
  _input:
    description: The value.
    type: raw
    required: true
  indent:
    description: How many blanks stand before each level. Without it, all of it is one line.
    type: int
seealso:
  - plugin: secops.triage.harmless
    plugin_type: filter
  - plugin: secops.triage.kept
    plugin_type: lookup
"""

EXAMPLES = r"""
- name: Keep what is needed to take the task back
  ansible.builtin.copy:
    dest: /var/lib/secops/closed.json
    content: "{{ kept | secops.triage.harmless_json }}"
    mode: "0600"
  vars:
    kept: {restore_module: kibana_alert_status, restore_alerts: "{{ closed.alerts }}"}
"""

RETURN = r"""
_value:
  description: The JSON.
  type: str
  sample: '{"title": "Login \\u007b{ 1 + 1 }}"}'
"""

import typing as t

from ansible_collections.secops.triage.plugins.plugin_utils._filters import as_filter
from ansible_collections.secops.triage.plugins.plugin_utils._harmless import harmless_json


class FilterModule:
    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"harmless_json": as_filter(harmless_json)}
