#!/usr/bin/python
# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: alert_update
short_description: Update alerts of Yandex Security Deck or Calseta
version_added: 1.0.0
author: secops.triage contributors (!UNKNOWN)
description:
  - Brings alerts of Yandex Cloud Security Deck to a status, a verdict and an assignee.
  - Brings alerts of Calseta to a status, a severity, tags and verdicts.
  - Takes alerts by their ids, or those that a query finds. Reads every alert first, and writes only what differs.
  - Each provider has values of its own, and some options of its own. What belongs to the other one is refused.
options:
  provider:
    description: Where the alerts are.
    type: str
    choices: [security_deck, calseta]
    required: true
  alert_ids:
    description:
      - The alerts. Those of Calseta are UUIDs.
      - Nothing is written unless all of them exist. An empty list is not an error, and changes nothing.
      - Exactly one of O(alert_ids) and O(query) is needed.
    type: list
    elements: str
    aliases: [alert_id, alert_uuid]
  query:
    description:
      - Which alerts to find. The search runs once. If it finds more than O(max_alerts), the task fails; no other alerts
        are touched.
      - Alerts that differ are read again before they are written, because a search index can be out of date.
      - Exactly one of O(alert_ids) and O(query) is needed.
    type: dict
    version_added: 1.1.0
    suboptions:
      sink_id:
        description: The alert sink to search, for O(provider=security_deck), where it is required.
        type: str
      filter:
        description:
          - A filter in the API's syntax, for O(provider=security_deck).
          - Without one, every alert of the sink would match; that requires O(allow_unbounded=true).
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
          - It goes by when an alert occurred, which may be days before it came in.
        type: str
      to_time:
        description: The end of the search, in the same formats, for O(provider=calseta).
        type: str
  status:
    description:
      - The status.
      - For O(provider=security_deck) V(OPEN), V(IN_PROGRESS), V(NEED_INFO) or V(RESOLVED).
      - For O(provider=calseta) V(Open), V(Triaging), V(Escalated) or V(Closed). To close an alert takes a
        O(close_classification), unless the alert has one already.
    type: str
    choices: [OPEN, IN_PROGRESS, NEED_INFO, RESOLVED, Open, Triaging, Escalated, Closed]
  severity:
    description:
      - The severity, for O(provider=calseta). The API of Security Deck has no way to change it.
    type: str
    choices: [Pending, Informational, Low, Medium, High, Critical]
  tags:
    description:
      - The tags, for O(provider=calseta). Neither their order nor repetitions matter.
      - An empty text alone stands for no tags, as a survey gives it.
    type: list
    elements: str
  purge_tags:
    description:
      - Whether to remove tags that are not in O(tags), for O(provider=calseta). With V(false) they are added to what is
        there.
    type: bool
    default: true
  classification:
    description:
      - The verdict, for O(provider=security_deck). V(CLASSIFICATION_UNSPECIFIED) removes it.
    type: str
    choices: [TRUE_POSITIVE, BENIGN_POSITIVE, FALSE_POSITIVE, UNDETERMINED, CLASSIFICATION_UNSPECIFIED]
  assignee_subject_id:
    description: The id of the user account that has the alert, for O(provider=security_deck). V("") unassigns it.
    type: str
  wait:
    description:
      - Whether to wait until the service has made the change, for O(provider=security_deck), where each one is an
        operation.
      - With V(false) the result shows the requested state, and the module does not check the outcome.
    type: bool
    default: true
  wait_timeout:
    description: How long to wait for an operation, in seconds, for O(provider=security_deck).
    type: float
    default: 120
  close_classification:
    description:
      - The verdict, for O(provider=calseta). On its own it reclassifies an alert without closing it.
      - Calseta has no way to remove it.
    type: str
    choices:
      - True Positive - Suspicious Activity
      - Benign Positive - Suspicious but Expected
      - False Positive - Incorrect Detection Logic
      - False Positive - Inaccurate Data
      - Undetermined
      - Duplicate
      - Not Applicable
  malice_override:
    description: A verdict on the indicators that stands above the computed one, for O(provider=calseta).
    type: str
    choices: [Pending, Benign, Suspicious, Malicious]
  reset_malice_override:
    description: Whether to remove the override, for O(provider=calseta). Excludes O(malice_override).
    type: bool
  api_url:
    description:
      - The address of the API, with a base path if there is one.
      - Required for O(provider=calseta), without C(/v1). If not given there, the value of the environment variable
        E(CALSETA_API_URL) is used.
      - For O(provider=security_deck) it replaces all hosts of the cloud, for use with a gateway.
    type: str
extends_documentation_fragment:
  - secops.triage.attributes
  - secops.triage.attributes.actiongroup_alerts
  - secops.triage.security_deck
  - secops.triage.calseta
  - secops.triage.guards
  - secops.triage.provenance
  - secops.triage.selection
  - secops.triage.connection
seealso:
  - module: secops.triage.alert_info
  - module: secops.triage.alert_note
  - name: Security Deck API reference
    description: The call that this module is about, for O(provider=security_deck).
    link: https://yandex.cloud/docs/security-deck/alerts/api-ref/Alert/update
  - name: Calseta API reference
    description: The call that this module is about, for O(provider=calseta).
    link: https://docs.calseta.com/api-reference/alerts/patch-alert
"""

EXAMPLES = r"""
- name: Resolve alerts of Security Deck
  secops.triage.alert_update:
    provider: security_deck
    iam_token: "{{ vault_iam_token }}"
    alert_ids: "{{ alert_ids }}"
    status: RESOLVED
    classification: FALSE_POSITIVE

- name: Take an alert of Security Deck on, with the key of a service account
  secops.triage.alert_update:
    provider: security_deck
    service_account_key_file: /etc/secops/triage-robot.json
    alert_id: cpnexample0000000001
    status: IN_PROGRESS
    assignee_subject_id: ajeexample0000000001

- name: Resolve what is noise in a sink, but nothing that is high or that somebody works on
  secops.triage.alert_update:
    provider: security_deck
    query:
      sink_id: fd8example0000000001
      filter: category.name = "port-scan"
    max_alerts: 200
    only_assigned_to: [""]
    protect_severity: [HIGH]
    on_guard: skip
    status: RESOLVED
    classification: BENIGN_POSITIVE

- name: Close an alert of Calseta
  secops.triage.alert_update:
    provider: calseta
    api_url: https://calseta.example.com
    api_key: "{{ vault_calseta_api_key }}"
    alert_uuid: 3fa85f64-5717-4562-b3fc-2c963f66afa6
    status: Closed
    close_classification: Benign Positive - Suspicious but Expected

- name: Mark alerts of Calseta, and leave the tags that they have
  secops.triage.alert_update:
    provider: calseta
    alert_ids: "{{ alert_ids }}"
    tags: [phishing, wave-3]
    purge_tags: false
    malice_override: Malicious

- name: Close the three alerts of Calseta that the exercise is known to have made
  secops.triage.alert_update:
    provider: calseta
    query:
      source_name: [generic]
      from_time: now-24h
    expected_count: 3
    status: Closed
    close_classification: Not Applicable
"""

RETURN = r"""
alerts:
  description:
    - The alerts, in the order of O(alert_ids) or as the search found them, as they are after the task, or would be in
      check mode.
    - Fields that the search does not show are missing where the alert did not have to be read.
    - An alert that does not exist, or could not be read again, has only its id, its title and RV(alerts[].error).
  returned: always, unless the options are refused or the alerts cannot be read
  type: list
  elements: dict
  contains:
    id:
      description: The alert's id.
      type: str
      sample: 3fa85f64-5717-4562-b3fc-2c963f66afa6
    title:
      description: The title; V(null) if the platform does not return one.
      type: str
      sample: Brute force of SSH on db-07
    changed:
      description: Whether the alert was changed; V(null) if the outcome is unknown.
      type: bool
    status:
      description: The status.
      type: str
      sample: Closed
    severity:
      description: The severity.
      type: str
      sample: High
    tags:
      description: The tags.
      returned: for O(provider=calseta)
      type: list
      elements: str
      sample: [phishing]
    classification:
      description: The verdict; V(CLASSIFICATION_UNSPECIFIED) where there is none.
      returned: for O(provider=security_deck), if the alert was read, or the search shows it
      type: str
      sample: FALSE_POSITIVE
    assignee_subject_id:
      description: The id of the user account that has the alert, or V("").
      returned: for O(provider=security_deck), if the alert was read, or the search shows it
      type: str
      sample: ajeexample0000000001
    operation_id:
      description: The operation that made the change.
      returned: for O(provider=security_deck), where there was one
      type: str
      sample: fdvexample0000000001
    close_classification:
      description: The verdict, or V(null).
      returned: for O(provider=calseta)
      type: str
      sample: Duplicate
    malice_override:
      description: The override of the computed verdict on the indicators, or V(null).
      returned: for O(provider=calseta), if the alert was read
      type: str
      sample: Benign
    before:
      description: The same fields before the task, for a play that restores them; V(null) if unknown.
      type: dict
    skipped:
      description: The reason why a guard protects this alert.
      returned: for an alert that is skipped with O(on_guard=skip)
      type: str
      sample: it is IN_PROGRESS, and only_from is OPEN
    provenance_error:
      description: The reason why the line of O(provenance) could not be added to this alert.
      returned: for an alert that was changed, but did not get the line
      type: str
      sample: "POST /v1/alerts/3fa85f64-5717-4562-b3fc-2c963f66afa6/findings: 403 Forbidden: Forbidden"
    error:
      description: The error of this alert, as in RV(error).
      returned: for an alert that failed
      type: dict
matched:
  description:
    - How many alerts match the O(query), including those that already are in the desired state.
    - V(null) if there are more than O(max_alerts), and the provider does not return their number.
  returned: with O(query)
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
    message: "PATCH /v1/alerts/3fa85f64-5717-4562-b3fc-2c963f66afa6: 403 Forbidden: Forbidden"
    status: 403
    method: PATCH
    path: /v1/alerts/3fa85f64-5717-4562-b3fc-2c963f66afa6
    request_id: null
    hint: "The key needs both scopes, alerts:read and alerts:write."
"""

from ansible_collections.secops.triage.plugins.module_utils._core.python import require_python

require_python()

import typing as t

from ansible_collections.secops.triage.plugins.module_utils._calseta.update import calseta_update
from ansible_collections.secops.triage.plugins.module_utils._calseta.words import (
    CALSETA_CHANGES,
    CALSETA_OPTIONS,
    CALSETA_PROVIDER_OPTIONS,
    CALSETA_QUERY,
)
from ansible_collections.secops.triage.plugins.module_utils._core.options import (
    CONNECTION_OPTIONS,
    ArgumentSpec,
    Params,
    TaskContext,
    reject_other_providers,
)
from ansible_collections.secops.triage.plugins.module_utils._core.provenance import PROVENANCE_OPTIONS
from ansible_collections.secops.triage.plugins.module_utils._flow.guards import GUARDS_OPTIONS
from ansible_collections.secops.triage.plugins.module_utils._flow.platform import WritablePlatform
from ansible_collections.secops.triage.plugins.module_utils._flow.reconcile import writing_task
from ansible_collections.secops.triage.plugins.module_utils._flow.search import SELECTION_OPTIONS
from ansible_collections.secops.triage.plugins.module_utils._flow.task import run_task
from ansible_collections.secops.triage.plugins.module_utils._security_deck.update import security_deck_update
from ansible_collections.secops.triage.plugins.module_utils._security_deck.words import (
    SECURITY_DECK_CHANGES,
    SECURITY_DECK_OPTIONS,
    SECURITY_DECK_PROVIDER_OPTIONS,
    SECURITY_DECK_QUERY,
)

PROVIDERS: dict[str, t.Callable[[Params, TaskContext], WritablePlatform]] = {
    "security_deck": security_deck_update,
    "calseta": calseta_update,
}
PROVIDER_OPTIONS = {"security_deck": SECURITY_DECK_PROVIDER_OPTIONS, "calseta": CALSETA_PROVIDER_OPTIONS}
PROVIDER_QUERIES = {"security_deck": dict.fromkeys(SECURITY_DECK_QUERY), "calseta": dict.fromkeys(CALSETA_QUERY)}
QUERY = {**SECURITY_DECK_QUERY, **CALSETA_QUERY}
CHANGES = (
    "status",
    "severity",
    "tags",
    "classification",
    "assignee_subject_id",
    "close_classification",
    "malice_override",
    "reset_malice_override",
)


SPEC = ArgumentSpec(
    {
        "provider": {"type": "str", "choices": list(PROVIDERS), "required": True},
        "alert_ids": {"type": "list", "elements": "str", "aliases": ["alert_id", "alert_uuid"]},
        "query": {"type": "dict", "options": QUERY},
        **{
            name: {
                "type": "str",
                "choices": [value for takes in PROVIDER_OPTIONS.values() for value in takes.get(name) or ()],
            }
            for name in ("status", "severity")
        },
        "tags": {"type": "list", "elements": "str"},
        "purge_tags": {"type": "bool", "default": True},
        "api_url": {"type": "str"},
    },
    mutually_exclusive=[("alert_ids", "query")],
    required_one_of=[CHANGES, ("alert_ids", "query")],
).merge(
    SECURITY_DECK_OPTIONS,
    SECURITY_DECK_CHANGES,
    CALSETA_OPTIONS,
    CALSETA_CHANGES,
    GUARDS_OPTIONS,
    PROVENANCE_OPTIONS,
    SELECTION_OPTIONS,
    CONNECTION_OPTIONS,
)


def connect(params: Params, context: TaskContext) -> WritablePlatform:
    provider = params["provider"]
    reject_other_providers(params, SPEC.options, provider, PROVIDER_OPTIONS)
    reject_other_providers(params["query"] or {}, QUERY, provider, PROVIDER_QUERIES, "query.")
    return PROVIDERS[provider](params, context)


TASK = writing_task(connect, SPEC)


def main() -> None:
    run_task(TASK)


if __name__ == "__main__":
    main()
