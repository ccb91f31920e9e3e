#!/usr/bin/python
# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: alert_info
short_description: Show alerts of Yandex Security Deck or Calseta
version_added: 1.1.0
author: secops.triage contributors (!UNKNOWN)
description:
  - Shows alerts of Yandex Cloud Security Deck, or of Calseta, by their ids or as a query finds them, and changes
    nothing.
  - The fields are the same on every platform, except for a few that only these platforms have.
options:
  provider:
    description: Where the alerts are.
    type: str
    choices: [security_deck, calseta]
    required: true
  alert_ids:
    description:
      - The alerts. Those of Calseta are UUIDs. An empty list is not an error, and returns no alerts.
      - Exactly one of O(alert_ids) and O(query) is needed.
    type: list
    elements: str
    aliases: [alert_id, alert_uuid]
  query:
    description:
      - Which alerts to find. No more than O(max_alerts) are shown.
      - Exactly one of O(alert_ids) and O(query) is needed.
    type: dict
    suboptions:
      sink_id:
        description: The alert sink to search, for O(provider=security_deck), where it is required.
        type: str
      filter:
        description: A filter in the API's syntax, for O(provider=security_deck).
        type: str
      order_by:
        description:
          - A field of the API, and V(asc) or V(desc), for O(provider=security_deck).
          - If not given, the service shows the newest alerts first.
        type: str
      status:
        description: The current states; an alert matches if it has one of them. For O(provider=calseta).
        type: list
        elements: str
        choices: [Open, Triaging, Escalated, Closed]
      severity:
        description: The severities; an alert matches if it has one of them. For O(provider=calseta).
        type: list
        elements: str
        choices: [Pending, Informational, Low, Medium, High, Critical]
      source_name:
        description: The sources; an alert matches if it has one of them. For O(provider=calseta).
        type: list
        elements: str
      from_time:
        description:
          - The start of the search, for O(provider=calseta), such as V(2026-01-31T08:00:00Z), V(2026-01-31) or
            V(now-24h). Without a zone it is UTC.
          - It is compared with RV(alerts[].occurred), which may be days before RV(alerts[].created).
        type: str
      to_time:
        description: The end of the search, in the same formats, for O(provider=calseta).
        type: str
      sort_by:
        description:
          - What to sort by, for O(provider=calseta). If not given, it is V(created_at).
          - Alerts with equal values are sorted from the newest.
        type: str
        choices: [created_at, occurred_at, severity, source_name, status, title]
      sort_order:
        description: Which way to sort, for O(provider=calseta). If not given, it is V(desc), so the newest come first.
        type: str
        choices: [asc, desc]
  api_url:
    description:
      - The address of the API, with a base path if there is one.
      - Required for O(provider=calseta), without C(/v1). If not given there, the value of the environment variable
        E(CALSETA_API_URL) is used.
      - For O(provider=security_deck) it replaces all hosts of the cloud, for use with a gateway.
    type: str
extends_documentation_fragment:
  - secops.triage.attributes.info_module
  - secops.triage.attributes.actiongroup_alerts
  - secops.triage.security_deck
  - secops.triage.calseta
  - secops.triage.info
  - secops.triage.connection
seealso:
  - module: secops.triage.alert_update
  - module: secops.triage.alert_note
  - name: Security Deck API reference
    description: The search that this module is about, for O(provider=security_deck).
    link: https://yandex.cloud/docs/security-deck/api-ref/Alert/list
  - name: Calseta API reference
    description: An alert and its fields, for O(provider=calseta).
    link: https://docs.calseta.com/api-reference/alerts/patch-alert
"""

EXAMPLES = r"""
- name: See what is open in a sink
  secops.triage.alert_info:
    provider: security_deck
    iam_token: "{{ vault_iam_token }}"
    query:
      sink_id: fd8example0000000001
      filter: status = "OPEN"
  register: open_alerts

- name: See the newest fifty alerts of Calseta since yesterday that are serious
  secops.triage.alert_info:
    provider: calseta
    api_url: https://calseta.example.com
    api_key: "{{ vault_calseta_api_key }}"
    query:
      status: [Open, Triaging]
      severity: [High, Critical]
      from_time: now-24h
    max_alerts: 50

- name: Show the alerts of an event, with all that Calseta returns
  secops.triage.alert_info:
    provider: calseta
    alert_ids: "{{ alert_ids }}"
    raw: true
"""

RETURN = r"""
alerts:
  description: The alerts, in the order of O(alert_ids) or of the search.
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description: The alert's id.
      type: str
      sample: 3fa85f64-5717-4562-b3fc-2c963f66afa6
    platform:
      description: The O(provider).
      type: str
      sample: calseta
    title:
      description: The title; V(null) if the platform does not return one.
      type: str
      sample: Brute force of SSH on db-07
    severity:
      description: The severity, as in M(secops.triage.alert_update); V(null) if it has none.
      type: str
      sample: High
    status:
      description: The status, as in M(secops.triage.alert_update); V(null) if it has none.
      type: str
      sample: Open
    verdict:
      description:
        - The C(classification) of Security Deck, or the C(close_classification) of Calseta, as in
          M(secops.triage.alert_update); V(null) without one.
      type: str
      sample: Duplicate
    assignee:
      description:
        - The subject id of the user account to whom the alert of Security Deck is assigned; V("") means unassigned.
        - Calseta has no assignees, so there it is V(null).
      type: str
      sample: ajeexample0000000001
    assignee_name:
      description: The name of the assignee. Neither platform returns it, so it is V(null), or V("") if unassigned.
      type: str
    created:
      description: When the alert came in, in UTC; V(null) if unknown.
      type: str
      sample: "2026-01-31T08:00:00.000Z"
    updated:
      description: When it was last changed, in UTC; V(null) if unknown.
      type: str
      sample: "2026-01-31T09:30:00.000Z"
    url:
      description: Its page in the product. Neither platform returns it, so it is V(null).
      type: str
    rule:
      description:
        - The name of the category of an alert of Security Deck, which is the kind of threat, or of the detection rule
          of an alert of Calseta.
        - V(null) if there is none, or if a search of Calseta has found the alert, because a search does not return it.
      type: str
      sample: Brute force of SSH
    occurred:
      description:
        - When the event that caused the alert happened, in UTC; V(null) if unknown.
        - O(query.from_time) and O(query.to_time) refer to this time.
      returned: for O(provider=calseta)
      type: str
      sample: "2026-01-20T23:10:00.000Z"
    acknowledged:
      description:
        - When the alert first left the status V(Open), in UTC; V(null) if it never did.
        - A search of Calseta does not return it, so there it is V(null).
      returned: for O(provider=calseta)
      type: str
      sample: "2026-01-31T08:05:00.000Z"
    closed:
      description:
        - When the alert was first closed, in UTC; V(null) if it never was.
        - It remains when the alert is reopened.
      returned: for O(provider=calseta)
      type: str
      sample: "2026-01-31T09:30:00.000Z"
    tags:
      description: The tags.
      returned: for O(provider=calseta)
      type: list
      elements: str
      sample: [phishing]
    sink_id:
      description: The sink that the alert is in; V(null) if unknown.
      returned: for O(provider=security_deck)
      type: str
      sample: fd8example0000000001
    source_name:
      description: The source of the alert in Calseta; V(null) if unknown.
      returned: for O(provider=calseta)
      type: str
      sample: generic
    raw:
      description: The API's object. A search shows less of it than a read.
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
  returned: with O(query)
  type: bool
total:
  description: How many alerts match. Security Deck does not return it, so there it is V(null).
  returned: with O(query)
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
    message: "GET /v1/alerts: 403 Forbidden: Forbidden"
    status: 403
    method: GET
    path: /v1/alerts
    request_id: null
    hint: "The key needs the scope alerts:read, which alerts:write does not include."
"""

from ansible_collections.secops.triage.plugins.module_utils._core.python import require_python

require_python()

import typing as t

from ansible_collections.secops.triage.plugins.module_utils._calseta.info import calseta_info
from ansible_collections.secops.triage.plugins.module_utils._calseta.words import CALSETA_OPTIONS, CALSETA_SEARCH
from ansible_collections.secops.triage.plugins.module_utils._core.options import (
    CONNECTION_OPTIONS,
    ArgumentSpec,
    Params,
    TaskContext,
    reject_other_providers,
)
from ansible_collections.secops.triage.plugins.module_utils._flow.info import INFO_OPTIONS, info_task
from ansible_collections.secops.triage.plugins.module_utils._flow.platform import Platform
from ansible_collections.secops.triage.plugins.module_utils._flow.task import run_task
from ansible_collections.secops.triage.plugins.module_utils._security_deck.info import security_deck_info
from ansible_collections.secops.triage.plugins.module_utils._security_deck.words import (
    SECURITY_DECK_OPTIONS,
    SECURITY_DECK_SEARCH,
)

PROVIDERS: dict[str, t.Callable[[Params, TaskContext], Platform]] = {
    "security_deck": security_deck_info,
    "calseta": calseta_info,
}
PROVIDER_OPTIONS = {
    "security_deck": dict.fromkeys(SECURITY_DECK_OPTIONS.options),
    "calseta": dict.fromkeys(CALSETA_OPTIONS.options),
}
PROVIDER_QUERIES = {"security_deck": dict.fromkeys(SECURITY_DECK_SEARCH), "calseta": dict.fromkeys(CALSETA_SEARCH)}
QUERY = {**SECURITY_DECK_SEARCH, **CALSETA_SEARCH}

SPEC = ArgumentSpec(
    {
        "provider": {"type": "str", "choices": list(PROVIDERS), "required": True},
        "alert_ids": {"type": "list", "elements": "str", "aliases": ["alert_id", "alert_uuid"]},
        "query": {"type": "dict", "options": QUERY},
        "api_url": {"type": "str"},
    },
    mutually_exclusive=[("alert_ids", "query")],
    required_one_of=[("alert_ids", "query")],
).merge(SECURITY_DECK_OPTIONS, CALSETA_OPTIONS, INFO_OPTIONS, CONNECTION_OPTIONS)


def connect(params: Params, context: TaskContext) -> Platform:
    reject_other_providers(params, SPEC.options, params["provider"], PROVIDER_OPTIONS)
    reject_other_providers(params["query"] or {}, QUERY, params["provider"], PROVIDER_QUERIES, "query.")
    return PROVIDERS[params["provider"]](params, context)


TASK = info_task(connect, SPEC)


def main() -> None:
    run_task(TASK)


if __name__ == "__main__":
    main()
