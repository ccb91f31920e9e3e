#!/usr/bin/python
# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: signal_info
short_description: Show Datadog security signals
version_added: 1.1.0
author: secops.triage contributors (!UNKNOWN)
description:
  - Shows security signals of Datadog Cloud SIEM, by their ids or as a query finds them, and changes nothing.
  - What is shown of a signal is the same on every platform, with a few fields that only Datadog has.
options:
  sort:
    description: Which of the signals that match come first, the newest (V(-timestamp)) or the oldest (V(timestamp)).
    type: str
    choices: [timestamp, -timestamp]
    default: -timestamp
extends_documentation_fragment:
  - secops.triage.attributes.info_module
  - secops.triage.attributes.actiongroup_datadog
  - secops.triage.datadog
  - secops.triage.signals
  - secops.triage.info
  - secops.triage.connection
seealso:
  - module: secops.triage.signal_state
  - module: secops.triage.signal_incident_link
  - name: Datadog API reference
    description: The search that this module is about.
    link: https://docs.datadoghq.com/api/latest/security-monitoring/#get-a-list-of-security-signals
"""

EXAMPLES = r"""
- name: See what is open and critical since yesterday
  secops.triage.signal_info:
    query: "@workflow.triage.state:open status:critical"
    from: now-24h
  register: critical

- name: Show the signals of an event, with all that Datadog returns
  secops.triage.signal_info:
    signal_ids: "{{ signal_ids }}"
    raw: true
"""

RETURN = r"""
signals:
  description: The signals, in the order of O(signal_ids) or as O(sort) says.
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description: The signal's id.
      type: str
      sample: AQAAAZexample000000000000000000000000000000000000000000
    platform:
      description: Always V(datadog).
      type: str
      sample: datadog
    title:
      description: The title; V(null) if Datadog does not return one.
      type: str
      sample: Brute force of SSH on db-07
    severity:
      description: The severity, V(info), V(low), V(medium), V(high) or V(critical); V(null) if unknown.
      type: str
      sample: high
    status:
      description: The triage state, V(open), V(under_review) or V(archived).
      type: str
      sample: archived
    verdict:
      description: Why it is archived, as in M(secops.triage.signal_state); V(null) without a reason.
      type: str
      sample: false_positive
    assignee:
      description:
        - Who has it, V("") for nobody, V(null) where a search does not show it.
        - The uuid where the API tells it, else the handle, else the name or the number.
      type: str
      sample: 0f1c2d3e-0000-4000-8000-000000000001
    assignee_name:
      description: The name of the assignee, else the handle; V("") for nobody, V(null) if unknown.
      type: str
      sample: Amira Haddad
    created:
      description: When it was raised, in UTC; V(null) if unknown.
      type: str
      sample: "2026-01-31T08:00:00.000Z"
    updated:
      description: When its triage was last changed, in UTC; V(null) if it never was.
      type: str
      sample: "2026-01-31T09:30:00.000Z"
    url:
      description: Its page in Datadog; V(null) where O(api_url) hides on which site that is.
      type: str
      sample: https://app.datadoghq.com/security?event=AQAAAZexample
    rule:
      description: The name of the detection rule; V(null) if unknown.
      type: str
      sample: Brute force of SSH
    archive_comment:
      description: The comment, or V(""); V(null) where a search does not show it.
      type: str
      sample: Announced scan, change CHG-1042
    incident_ids:
      description: The public ids of the incidents that it is linked to; V(null) where a search does not show them.
      type: list
      elements: int
      sample: [2609]
    version:
      description: Its version, for the option C(version) of modules that write; V(null) where a search has found it.
      type: int
      sample: 53
    raw:
      description: The API's object. A search shows it otherwise than a read.
      returned: with O(raw=true)
      type: dict
missing:
  description: Those of O(signal_ids) that do not exist.
  returned: with O(signal_ids)
  type: list
  elements: str
  sample: []
truncated:
  description: Whether more signals match than O(max_alerts), so that some are not shown.
  returned: with O(query)
  type: bool
total:
  description: How many signals match. Datadog does not return it, so it is V(null).
  returned: with O(query)
  type: int
error:
  description: The error; if several alerts failed, the error of the first.
  returned: when the task fails for a reason beyond its options' types and choices
  type: dict
  contains:
    kind:
      description:
        - The kind of the error, which is stable. Branch on it, because texts may change.
        - V(option), V(limit) and V(unbounded) are about the task's options; V(not_found), V(guarded) and V(unreadable)
          about an alert; V(refused), V(unreachable), V(not_sent) and V(ambiguous) about a request, whose outcome is
          unknown if it is V(ambiguous); V(failed) is any other error.
      type: str
    message:
      description: What happened, in the API's own words if it returned any.
      type: str
    status:
      description: The HTTP status, or V(null) if there was no answer.
      type: int
    method:
      description: The method of the request, or V(null) if it is not about one.
      type: str
    path:
      description: The path of the request, or V(null).
      type: str
    request_id:
      description: The id by which the service's support finds the request, or V(null).
      type: str
    hint:
      description: What to check, or V(null).
      type: str
  sample:
    kind: refused
    message: "GET /api/v2/security_monitoring/signals/AQAAAZexample: 403 Forbidden: Forbidden"
    status: 403
    method: GET
    path: /api/v2/security_monitoring/signals/AQAAAZexample
    request_id: null
    hint: "Check that the application key may use security_monitoring_signals_read."
"""

from ansible_collections.secops.triage.plugins.module_utils._core.python import require_python

require_python()

from ansible_collections.secops.triage.plugins.module_utils._core.options import CONNECTION_OPTIONS, ArgumentSpec
from ansible_collections.secops.triage.plugins.module_utils._datadog.info import signal_info
from ansible_collections.secops.triage.plugins.module_utils._datadog.words import (
    DATADOG_OPTIONS,
    SIGNALS_OPTIONS,
)
from ansible_collections.secops.triage.plugins.module_utils._flow.info import INFO_OPTIONS, info_task
from ansible_collections.secops.triage.plugins.module_utils._flow.task import run_task

SPEC = SIGNALS_OPTIONS.merge(
    ArgumentSpec({"sort": {"type": "str", "choices": ["timestamp", "-timestamp"], "default": "-timestamp"}}),
    INFO_OPTIONS,
    DATADOG_OPTIONS,
    CONNECTION_OPTIONS,
)


TASK = info_task(signal_info, SPEC)


def main() -> None:
    run_task(TASK)


if __name__ == "__main__":
    main()
