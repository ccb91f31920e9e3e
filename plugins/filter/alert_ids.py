# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: alert_ids
short_description: The ids of alerts, as a survey, an event or a list gives them
version_added: 1.1.0
author: secops.triage contributors (!UNKNOWN)
description:
  - Takes ids in a list, in JSON, or in a text with blanks, commas or line ends between them. Each is returned once.
  - What does not look like an id of the platform is an error, which names it. Ids of Calseta are written in small
    letters and with hyphens.
positional: _input, platform
options:
  _input:
    description: The ids. V(null) and an empty text are none.
    type: raw
    required: true
  platform:
    description: The platform. V(elastic) is another name of V(kibana).
    type: str
    choices: [datadog, kibana, elastic, security_deck, calseta]
    required: true
"""

EXAMPLES = r"""
- name: Look at the alerts that somebody has pasted
  secops.triage.kibana_alert_info:
    alert_ids: "{{ pasted | secops.triage.alert_ids('kibana') }}"
"""

RETURN = r"""
_value:
  description: The ids, in their order.
  type: list
  elements: str
  sample: [3fa85f64-5717-4562-b3fc-2c963f66afa6]
"""

import typing as t

from ansible_collections.secops.triage.plugins.plugin_utils._filters import as_filter
from ansible_collections.secops.triage.plugins.plugin_utils._harmless import alert_ids


class FilterModule:
    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"alert_ids": as_filter(alert_ids)}
