#!/usr/bin/python
# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: kibana_alert_status
short_description: Set the status of Elastic Security alerts
version_added: 1.0.0
author: secops.triage contributors (!UNKNOWN)
description:
  - Sets the workflow status of detection alerts of Elastic Security, by ids or by a query.
  - Reads the alerts before and after it writes. The counters in Kibana's answer do not show what changed, because
    they count alerts that had the status already.
  - With a query, the module searches for alerts that match and have another status, compares their number with
    O(max_alerts), and writes only those that were found and still match.
options:
  query:
    description:
      - The alerts that match this query, a mapping in Elasticsearch's query DSL, and do not have the O(status) yet.
      - A query that matches every alert of the space is refused unless O(allow_unbounded=true).
    type: raw
  status:
    description:
      - The status. V(in-progress) is that of alerts from before Elastic Security 8.0, later V(acknowledged).
    type: str
    choices: [open, acknowledged, closed, in-progress]
    required: true
  reason:
    description:
      - Why the alerts are closed, with O(status=closed) only. V(false_positive), V(duplicate), V(true_positive),
        V(benign_positive), V(automated_closure), V(other), or what the administrators have defined.
      - The newest versions of Kibana refuse a reason that they do not know. Check mode cannot know that.
      - Kibana stores it only in the step to V(closed), not before version 9.2, and not for alerts from before 8.0.
        An alert that ends up without it, or was closed with another one before, earns a warning.
      - Reopening an alert removes its reason.
    type: str
  conflicts:
    description:
      - What to do when an alert is changed by somebody else in the very moment of the write, with O(query) or O(kql).
      - V(abort) sends nothing more, and reports the alerts that were not reached as failed.
      - V(proceed) goes on, and sends what met a conflict again.
    type: str
    choices: [abort, proceed]
    default: abort
extends_documentation_fragment:
  - secops.triage.attributes
  - secops.triage.attributes.actiongroup_kibana
  - secops.triage.kibana
  - secops.triage.kql
  - secops.triage.kibana_alerts
  - secops.triage.selection
  - secops.triage.guards
  - secops.triage.provenance
  - secops.triage.connection
seealso:
  - module: secops.triage.kibana_alert_info
  - module: secops.triage.kibana_alert_tags
  - module: secops.triage.kibana_alert_assignees
  - name: Kibana API reference
    description: The call that this module is about.
    link: https://www.elastic.co/docs/api/doc/kibana/operation/operation-setalertsstatus
"""

EXAMPLES = r"""
- name: Close the alerts that the runbook has dealt with
  secops.triage.kibana_alert_status:
    api_url: https://kibana.example.com
    api_key: "{{ vault_kibana_api_key }}"
    alert_ids: "{{ alert_ids }}"
    status: closed
    reason: true_positive

- name: Close what a noisy rule has found on the build hosts in the last day
  secops.triage.kibana_alert_status:
    space_id: production
    query:
      bool:
        filter:
          - term:
              kibana.alert.rule.name: Unusual process on a build host
          - prefix:
              host.name: build-
          - range:
              "@timestamp":
                gte: now-1d
    status: closed
    reason: false_positive
    max_alerts: 200

- name: Close what a search in Kibana has shown, if it still is the same number of alerts
  secops.triage.kibana_alert_status:
    kql: 'kibana.alert.rule.name: "Port scan" and source.ip: 192.0.2.0/24 and @timestamp >= now-7d'
    status: closed
    reason: false_positive
    expected_count: 17

- name: Close low alerts that nobody has looked at for a month, and leave alone whatever an analyst has taken on
  secops.triage.kibana_alert_status:
    query:
      bool:
        filter:
          - term:
              kibana.alert.severity: low
          - range:
              "@timestamp":
                lt: now-30d
    status: closed
    only_from: [open]
    only_assigned_to: [""]
    on_guard: skip

- name: Take an alert on
  secops.triage.kibana_alert_status:
    alert_id: 80e1383f856e67c1b7f7a1634744fa6d66b6e2ef7aa26d226e57afb5a7b2b4a1
    status: acknowledged
"""

RETURN = r"""
alerts:
  description:
    - The alerts, in the order of O(alert_ids) or by their time, as they are after the task, or would be in check mode.
    - An alert that does not exist, or could not be read again, has only its id, its title and RV(alerts[].error).
  returned: always, unless the options are refused or the alerts cannot be read
  type: list
  elements: dict
  contains:
    id:
      description: The alert's id.
      type: str
      sample: 80e1383f856e67c1b7f7a1634744fa6d66b6e2ef7aa26d226e57afb5a7b2b4a1
    title:
      description:
        - What has been seen, which is C(kibana.alert.reason), or else the name of the rule; V(null) if the alert has
          neither.
      type: str
      sample: event on build-07 created high alert Unusual process on a build host.
    changed:
      description: Whether the alert was changed; V(null) if the outcome is unknown.
      type: bool
    status:
      description: The workflow status; V(null) if the alert has none, which is an error of that alert alone.
      type: str
      sample: closed
    reason:
      description: Why it is closed, or V(null).
      type: str
      sample: false_positive
    before:
      description: The same fields before the task, for a play that restores them; V(null) if unknown.
      type: dict
    skipped:
      description: The reason why a guard protects this alert.
      returned: for an alert that is skipped with O(on_guard=skip)
      type: str
      sample: it is acknowledged, and only_from is open
    provenance_error:
      description: The reason why the line of O(provenance) could not be added to this alert.
      returned: for an alert that was changed, but did not get the line
      type: str
      sample: "PATCH /api/note: 403 Forbidden: Forbidden"
    error:
      description: The error of this alert, as in RV(error).
      returned: for an alert that failed
      type: dict
matched:
  description:
    - The number of alerts that match O(query) and O(kql) and do not have the O(status) yet.
    - O(expected_count) is another number, because it includes alerts that already have the status.
  returned: with O(query) or O(kql)
  type: int
  sample: 17
total:
  description: The number of all alerts, every one of which the search matches.
  returned: if a search that matches everything was refused
  type: int
  sample: 40
counts:
  description: The number of alerts by outcome. C(changed), C(unchanged), C(skipped) and C(failed) add up to
    C(requested).
  returned: as RV(alerts)
  type: dict
  contains:
    requested:
      description: Those that were named by id, or found by a query.
      type: int
    changed:
      description: Those that were changed.
      type: int
    unchanged:
      description: Those that were in the desired state, or not changed because the task failed before it wrote.
      type: int
    skipped:
      description: Those that a guard protects.
      type: int
    failed:
      description: Those that have an error.
      type: int
    unconfirmed:
      description:
        - Those of RV(counts.failed) that may have been changed. Their C(changed) is V(null).
        - Check them again in a minute, before you run the task again; C(msg) names them.
      type: int
  sample: {requested: 3, changed: 2, unchanged: 1, skipped: 0, failed: 0, unconfirmed: 0}
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
    message: "POST /api/detection_engine/signals/status: 403 Forbidden: Forbidden"
    status: 403
    method: POST
    path: /api/detection_engine/signals/status
    request_id: null
    hint: "In the space default, the user needs Kibana's privilege to change security alerts."
"""

from ansible_collections.secops.triage.plugins.module_utils._core.python import require_python

require_python()

from ansible_collections.secops.triage.plugins.module_utils._core.options import ArgumentSpec
from ansible_collections.secops.triage.plugins.module_utils._flow.reconcile import writing_task
from ansible_collections.secops.triage.plugins.module_utils._flow.task import run_task
from ansible_collections.secops.triage.plugins.module_utils._kibana.status import alert_status
from ansible_collections.secops.triage.plugins.module_utils._kibana.writable import KIBANA_CHANGE_OPTIONS

SPEC = ArgumentSpec(
    {
        "status": {"type": "str", "choices": ["open", "acknowledged", "closed", "in-progress"], "required": True},
        "reason": {"type": "str"},
        "conflicts": {"type": "str", "choices": ["abort", "proceed"], "default": "abort"},
    }
).merge(KIBANA_CHANGE_OPTIONS)


TASK = writing_task(alert_status, SPEC)


def main() -> None:
    run_task(TASK)


if __name__ == "__main__":
    main()
