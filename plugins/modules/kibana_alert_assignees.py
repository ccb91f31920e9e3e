#!/usr/bin/python
# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: kibana_alert_assignees
short_description: Assign Elastic Security alerts to users
version_added: 1.1.0
author: secops.triage contributors (!UNKNOWN)
description:
  - Assigns detection alerts of Elastic Security to users, takes users off them, or sees to it that an alert is assigned
    to just these. The alerts are named by their ids or found by a query.
  - Reads the alerts before and after it writes. The counters in Kibana's answer do not show what changed, because
    they count alerts that had the users already.
options:
  assignees:
    description:
      - The users, by their user names, their e-mail addresses, or the uids of their profiles. On Elastic Cloud the user
        name is often a number, so use the e-mail address there.
      - A user name or an e-mail address is looked up, and must be that of just one user who has logged in to Kibana and
        may see the space. If it is not, nothing is written. Kibana has no public call to look users up, so a later
        version may not let this module do so. A uid is taken as it is.
      - An empty list with O(state=exact) unassigns the alerts, and changes nothing otherwise.
    type: list
    elements: str
    required: true
  state:
    description:
      - With V(present) the alerts are assigned to these users, beside those who have them.
      - With V(absent) these users lose them.
      - With V(exact) these users have them, and nobody else.
      - An alert from before Elastic Security 8.0 has no place for assignees. It fails the task if it would have to be
        changed.
    type: str
    choices: [present, absent, exact]
    default: present
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
  - module: secops.triage.kibana_alert_status
  - module: secops.triage.kibana_alert_tags
  - name: Kibana API reference
    description: The call that this module is about.
    link: https://www.elastic.co/docs/api/doc/kibana/operation/operation-setalertassignees
"""

EXAMPLES = r"""
- name: Hand the alerts over to the analyst on duty
  secops.triage.kibana_alert_assignees:
    api_url: https://kibana.example.com
    api_key: "{{ vault_kibana_api_key }}"
    alert_ids: "{{ alert_ids }}"
    assignees: [amira]
    state: exact

- name: Give critical alerts that nobody has to two analysts, but never more than twenty
  secops.triage.kibana_alert_assignees:
    query:
      bool:
        filter:
          - term:
              kibana.alert.severity: critical
          - term:
              kibana.alert.workflow_status: open
    assignees: [amira@example.com, bruno@example.com]
    only_assigned_to: [""]
    on_guard: skip
    max_alerts: 20

- name: Unassign an alert
  secops.triage.kibana_alert_assignees:
    alert_id: 80e1383f856e67c1b7f7a1634744fa6d66b6e2ef7aa26d226e57afb5a7b2b4a1
    assignees: []
    state: exact
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
    assignees:
      description: The users who have it, by the uids of their profiles; V(null) if they are not texts.
      type: list
      elements: str
      sample: [u_79HkWkwmnBH5gqFKwoxggWPjEBOur1zLPXQPEl1VBW0_0]
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
  description: How many alerts match O(query) and O(kql).
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
    message: "POST /api/detection_engine/signals/assignees: 403 Forbidden: Forbidden"
    status: 403
    method: POST
    path: /api/detection_engine/signals/assignees
    request_id: null
    hint: "In the space default, the user needs Kibana's privilege to change security alerts."
"""

from ansible_collections.secops.triage.plugins.module_utils._core.python import require_python

require_python()

from ansible_collections.secops.triage.plugins.module_utils._core.options import ArgumentSpec
from ansible_collections.secops.triage.plugins.module_utils._flow.reconcile import writing_task
from ansible_collections.secops.triage.plugins.module_utils._flow.task import run_task
from ansible_collections.secops.triage.plugins.module_utils._kibana.tags_assignees import alert_assignees
from ansible_collections.secops.triage.plugins.module_utils._kibana.writable import KIBANA_CHANGE_OPTIONS

SPEC = ArgumentSpec(
    {
        "assignees": {"type": "list", "elements": "str", "required": True},
        "state": {"type": "str", "choices": ["present", "absent", "exact"], "default": "present"},
    }
).merge(KIBANA_CHANGE_OPTIONS)


TASK = writing_task(alert_assignees, SPEC)


def main() -> None:
    run_task(TASK)


if __name__ == "__main__":
    main()
