# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: harmless
short_description: What a service has said, as text that is no template
version_added: 1.1.0
author: secops.triage contributors (!UNKNOWN)
description:
  - Puts a blank into every C({{), C({%) and C({#) in all texts of a value, and C(\ufffd) in place of control
    characters.
  - Alerts have text in them that attackers wrote. Ansible marks what a module returns, and never runs templates in it.
    The mark is gone once the text is an extra variable of another job, which it becomes by
    C(ansible.builtin.set_stats), by an event, or by a file. Use this filter there.
positional: _input
options:
  _input:
    description: A text, or lists and mappings that hold texts.
    type: raw
    required: true
seealso:
  - plugin: secops.triage.harmless_json
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Tell the jobs that follow which alert it was
  ansible.builtin.set_stats:
    data:
      worked_on: "{{ {'id': found.signals[0].id, 'title': found.signals[0].title} | secops.triage.harmless }}"
"""

RETURN = r"""
_value:
  description: The value, in which no template can begin.
  type: raw
  sample: "Login { { lookup('ansible.builtin.pipe', 'id') }}"
"""

import typing as t

from ansible_collections.secops.triage.plugins.plugin_utils._filters import as_filter
from ansible_collections.secops.triage.plugins.plugin_utils._harmless import harmless


class FilterModule:
    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"harmless": as_filter(harmless)}
