#!/usr/bin/python
# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: kibana_alert_info
short_description: Show Elastic Security alerts
version_added: 1.1.0
author: secops.triage contributors (!UNKNOWN)
description:
  - Shows detection alerts of Elastic Security, by their ids or as a query finds them, and changes nothing.
  - What is shown of an alert is the same on every platform, with a few fields that only Elastic Security has.
options:
  alert_ids:
    description:
      - The alerts. Those that do not exist in the space are listed under RV(missing).
      - An empty list is no error.
      - Needed unless O(query) or O(kql) is given. Neither goes with it.
    type: list
    elements: str
    aliases: [alert_id, signal_ids]
  query:
    description:
      - The alerts that match this query, a mapping in Elasticsearch's query DSL.
    type: raw
  runtime_mappings:
    description:
      - Runtime fields that O(query), O(kql), O(sort) and O(fields) may use, as in a search. One that has only a type
        shows what the alert's C(_source) has under that name.
    type: dict
  sort:
    description:
      - Which of the alerts that match come first. A list of fields, each with V(asc) or V(desc).
      - An alert that does not have the field comes last, whatever the order.
      - For more than 10,000 alerts these must be fields of which every alert has one value at the most.
      - The newest come first, unless this says otherwise, and among alerts that are alike in it.
    type: list
    elements: dict
  fields:
    description:
      - Further fields to return, under RV(alerts[].fields), such as V(host.name), V(user.*) or runtime fields.
    type: list
    elements: str
  resolve_names:
    description:
      - Whether to look up the names of assignees, by one more request for all alerts.
      - Kibana has no public call for this. If Kibana refuses it, the names are V(null), and the task warns.
    type: bool
    default: false
extends_documentation_fragment:
  - secops.triage.attributes.info_module
  - secops.triage.attributes.actiongroup_kibana
  - secops.triage.kibana
  - secops.triage.kql
  - secops.triage.info
  - secops.triage.connection
seealso:
  - module: secops.triage.kibana_alert_status
  - module: secops.triage.kibana_alert_tags
  - module: secops.triage.kibana_alert_assignees
  - name: Kibana API reference
    description: The search that this module is about.
    link: https://www.elastic.co/docs/api/doc/kibana/operation/operation-searchalerts
"""

EXAMPLES = r"""
- name: See what is open and critical since yesterday, the riskiest first
  secops.triage.kibana_alert_info:
    api_url: https://kibana.example.com
    api_key: "{{ vault_kibana_api_key }}"
    query:
      bool:
        filter:
          - term:
              kibana.alert.workflow_status: open
          - term:
              kibana.alert.severity: critical
          - range:
              "@timestamp":
                gte: now-24h
    sort:
      - kibana.alert.risk_score: desc
      - "@timestamp": desc
    fields: [host.name, user.name]
    resolve_names: true
  register: critical

- name: See what the search bar of Kibana shows for this text
  secops.triage.kibana_alert_info:
    kql: >-
      kibana.alert.rule.name: "Unusual process on a build host" and host.name: build-*
      and not user.name: (jenkins or root) and @timestamp >= now-24h

- name: See how the alerts of an event stand, with all that Elastic Security knows of them
  secops.triage.kibana_alert_info:
    space_id: production
    alert_ids: "{{ alert_ids }}"
    raw: true
"""

RETURN = r"""
alerts:
  description:
    - The alerts, in the order of O(alert_ids) or as O(sort) says.
    - After a rollover of the index there may be two of one id, which are both listed.
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description: The alert's id.
      type: str
      sample: 80e1383f856e67c1b7f7a1634744fa6d66b6e2ef7aa26d226e57afb5a7b2b4a1
    platform:
      description: Always V(kibana).
      type: str
      sample: kibana
    title:
      description:
        - What has been seen, which is C(kibana.alert.reason), or else the name of the rule; V(null) if the alert has
          neither.
      type: str
      sample: event on build-07 created high alert Unusual process on a build host.
    severity:
      description: The severity, V(low), V(medium), V(high) or V(critical); V(null) if unknown.
      type: str
      sample: high
    status:
      description: The workflow status; V(null) if the alert has none.
      type: str
      sample: closed
    verdict:
      description: Why it is closed, as in M(secops.triage.kibana_alert_status); V(null) without a reason.
      type: str
      sample: false_positive
    assignee:
      description: The first of RV(alerts[].assignees); V("") for nobody, V(null) if unknown.
      type: str
      sample: u_79HkWkwmnBH5gqFKwoxggWPjEBOur1zLPXQPEl1VBW0_0
    assignee_name:
      description:
        - The full name of the assignee, else the e-mail address, else the user name; V("") for nobody.
        - V(null) if unknown, and without O(resolve_names).
      type: str
      sample: Amira Haddad
    created:
      description: When it was raised, in UTC; V(null) if unknown.
      type: str
      sample: "2026-01-31T08:00:00.000Z"
    updated:
      description: When its status was last changed, in UTC; V(null) if it never was.
      type: str
      sample: "2026-01-31T09:30:00.000Z"
    url:
      description:
        - Its page in Kibana. As the alert has it, where Kibana knows its own public address; else below O(api_url).
        - V(null) if it cannot be known.
      type: str
      sample: "https://kibana.example.com/app/security/alerts/redirect/80e1383f856e67c1b7f7a1634744fa6d66b6e2ef7aa26d22\
        6e57afb5a7b2b4a1?index=.alerts-security.alerts-default&timestamp=2026-01-31T08%3A00%3A00.000Z"
    rule:
      description: The name of the detection rule; V(null) if unknown.
      type: str
      sample: Unusual process on a build host
    tags:
      description: The tags that analysts have given to it; V(null) if they are not texts.
      type: list
      elements: str
      sample: [exercise-7]
    assignees:
      description: The users who have it, by the uids of their profiles; V(null) if they are not texts.
      type: list
      elements: str
      sample: [u_79HkWkwmnBH5gqFKwoxggWPjEBOur1zLPXQPEl1VBW0_0]
    assignee_names:
      description: The names of RV(alerts[].assignees), in the same order; V(null) in place of an unknown name.
      returned: with O(resolve_names=true)
      type: list
      elements: str
      sample: [Amira Haddad]
    fields:
      description: Those of O(fields) that it has, each by its name with the list of its values.
      returned: with O(fields)
      type: dict
      sample: {host.name: [build-07]}
    raw:
      description: The alert's whole C(_source).
      returned: with O(raw=true)
      type: dict
missing:
  description: Those of O(alert_ids) that do not exist.
  returned: with O(alert_ids)
  type: list
  elements: str
  sample: []
truncated:
  description: Whether more alerts match than O(max_alerts), so that some are not shown.
  returned: with O(query) or O(kql)
  type: bool
total:
  description: How many alerts match.
  returned: with O(query) or O(kql)
  type: int
  sample: 17
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
    message: "POST /api/detection_engine/signals/search: 403 Forbidden: Forbidden"
    status: 403
    method: POST
    path: /api/detection_engine/signals/search
    request_id: null
    hint: "In the space default, the user needs Kibana's privilege to read security alerts."
"""

from ansible_collections.secops.triage.plugins.module_utils._core.python import require_python

require_python()

from ansible_collections.secops.triage.plugins.module_utils._core.options import CONNECTION_OPTIONS, ArgumentSpec
from ansible_collections.secops.triage.plugins.module_utils._flow.info import INFO_OPTIONS, info_task
from ansible_collections.secops.triage.plugins.module_utils._flow.task import run_task
from ansible_collections.secops.triage.plugins.module_utils._kibana.info import KibanaInfo
from ansible_collections.secops.triage.plugins.module_utils._kibana.words import KIBANA_ALERTS_OPTIONS, KIBANA_OPTIONS

SPEC = KIBANA_ALERTS_OPTIONS.merge(
    ArgumentSpec(
        {
            "sort": {"type": "list", "elements": "dict"},
            "fields": {"type": "list", "elements": "str"},
            "resolve_names": {"type": "bool", "default": False},
        }
    ),
    INFO_OPTIONS,
    KIBANA_OPTIONS,
    CONNECTION_OPTIONS,
)


TASK = info_task(KibanaInfo, SPEC)


def main() -> None:
    run_task(TASK)


if __name__ == "__main__":
    main()
