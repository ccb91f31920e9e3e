#!/usr/bin/python
# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: kibana_alert_tags
short_description: Set the tags of Elastic Security alerts
version_added: 1.1.0
author: secops.triage contributors (!UNKNOWN)
description:
  - Adds tags to detection alerts of Elastic Security, removes them, or sees to it that an alert has just these. The
    alerts are named by their ids or found by a query.
  - It is about the tags that analysts give to alerts, C(kibana.alert.workflow_tags), not about those of a rule or of an
    event.
  - Reads before it writes, and once more after it. The counters in Kibana's answer do not tell what changed, because
    they count alerts that had the tags already.
options:
  tags:
    description:
      - The tags. Upper and lower case make a difference, and their order makes none.
      - An empty list with O(state=exact) removes all tags, and changes nothing otherwise.
    type: list
    elements: str
    required: true
  state:
    description:
      - With V(present) the alerts get the tags, beside those that they have.
      - With V(absent) they lose them.
      - With V(exact) they have these tags and no others.
      - An alert from before Elastic Security 8.0 has no place for tags. It fails the task if it would have to be
        changed.
    type: str
    choices: [present, absent, exact]
    default: present
extends_documentation_fragment:
  - secops.triage.attributes
  - secops.triage.attributes.actiongroup_kibana
  - secops.triage.kibana
  - secops.triage.kibana_alerts
  - secops.triage.selection
  - secops.triage.guards
  - secops.triage.provenance
  - secops.triage.connection
seealso:
  - module: secops.triage.kibana_alert_info
  - module: secops.triage.kibana_alert_status
  - module: secops.triage.kibana_alert_assignees
  - name: Kibana API reference
    description: The call that this module is about.
    link: https://www.elastic.co/docs/api/doc/kibana/operation/operation-setalerttags
"""

EXAMPLES = r"""
- name: Tag the alerts of an exercise
  secops.triage.kibana_alert_tags:
    api_url: https://kibana.example.com
    api_key: "{{ vault_kibana_api_key }}"
    alert_ids: "{{ alert_ids }}"
    tags: [exercise-7, red-team]

- name: Take a tag off wherever it still is
  secops.triage.kibana_alert_tags:
    query:
      term:
        kibana.alert.workflow_tags: exercise-7
    tags: [exercise-7]
    state: absent

- name: Leave no tag but this one
  secops.triage.kibana_alert_tags:
    alert_id: 80e1383f856e67c1b7f7a1634744fa6d66b6e2ef7aa26d226e57afb5a7b2b4a1
    tags: [duplicate]
    state: exact
"""

RETURN = r"""
alerts:
  description:
    - The alerts, in the order of O(alert_ids) or by their time, as they are after the task, or would be in check mode.
    - Of one that does not exist, or could not be looked at again, there is only RV(alerts[].error) beside its id.
  returned: always, unless the options are refused or the alerts cannot be read
  type: list
  elements: dict
  contains:
    id:
      description: The alert's id.
      type: str
      sample: 80e1383f856e67c1b7f7a1634744fa6d66b6e2ef7aa26d226e57afb5a7b2b4a1
    changed:
      description: Whether the alert was changed; V(null) where its fate is not known.
      type: bool
    tags:
      description: The tags; V(null) if they are not texts.
      type: list
      elements: str
      sample: [exercise-7, red-team]
    before:
      description: The same fields as they were before the task, for a play that puts things back; V(null) if unknown.
      type: dict
    skipped:
      description: Why a guard has left this alert alone.
      returned: for an alert that O(on_guard=skip) has left alone
      type: str
      sample: it is acknowledged, and only_from is open
    provenance_error:
      description: Why the line of O(provenance) could not be left with this alert.
      returned: for an alert that was changed, and is without it
      type: str
      sample: "PATCH /api/note: 403 Forbidden: Forbidden"
    error:
      description: What went wrong with this alert, as in RV(error).
      returned: for an alert that failed
      type: dict
matched:
  description: How many alerts match the O(query).
  returned: with O(query)
  type: int
  sample: 17
total:
  description: The number of alerts that there are, all of which the search matches.
  returned: if a search that leaves nothing out was refused
  type: int
  sample: 40
counts:
  description: How many alerts the task is about, and what became of them. The next four add up to the first.
  returned: as RV(alerts)
  type: dict
  contains:
    requested:
      description: Those that were named, or found.
      type: int
    changed:
      description: Those that were changed.
      type: int
    unchanged:
      description: Those that were as they should be, or were left alone because the task failed before it wrote.
      type: int
    skipped:
      description: Those that a guard has left alone.
      type: int
    failed:
      description: Those that have an error.
      type: int
    unconfirmed:
      description:
        - Those of RV(counts.failed) of which nobody knows whether they were changed, which have V(null) for C(changed).
        - Look at them again in a minute, before you run the task again; C(msg) names them.
      type: int
  sample: {requested: 3, changed: 2, unchanged: 1, skipped: 0, failed: 0, unconfirmed: 0}
error:
  description: What went wrong; if several alerts failed, with the first of them.
  returned: when the task fails for a reason beyond its options' types and choices
  type: dict
  contains:
    kind:
      description:
        - A stable word for what went wrong. Branch on it, for texts may change.
        - V(option), V(limit) and V(unbounded) are about the task's options; V(not_found), V(guarded) and V(unreadable)
          about an alert; V(refused), V(unreachable), V(not_sent) and V(ambiguous) about a request, where nobody knows
          what an V(ambiguous) one did; V(failed) is all else.
      type: str
    message:
      description: What happened, in the words of the API where it said any.
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
      description: What to look at, or V(null).
      type: str
  sample:
    kind: refused
    message: "POST /api/detection_engine/signals/tags: 403 Forbidden: Forbidden"
    status: 403
    method: POST
    path: /api/detection_engine/signals/tags
    request_id: null
    hint: "In the space default, the user needs Kibana's privilege to change security alerts."
"""

from ansible_collections.secops.triage.plugins.module_utils._core.options import ArgumentSpec
from ansible_collections.secops.triage.plugins.module_utils._flow.reconcile import run_module
from ansible_collections.secops.triage.plugins.module_utils._kibana.tags_assignees import alert_tags
from ansible_collections.secops.triage.plugins.module_utils._kibana.writable import KIBANA_CHANGE_OPTIONS

SPEC = ArgumentSpec(
    {
        "tags": {"type": "list", "elements": "str", "required": True},
        "state": {"type": "str", "choices": ["present", "absent", "exact"], "default": "present"},
    }
).merge(KIBANA_CHANGE_OPTIONS)


def main() -> None:
    run_module(alert_tags, SPEC)


if __name__ == "__main__":
    main()
