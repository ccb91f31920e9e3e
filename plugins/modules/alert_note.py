#!/usr/bin/python
# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: alert_note
short_description: Leave notes on alerts of Yandex Security Deck, Calseta or Elastic Security
version_added: 1.1.0
author: secops.triage contributors (!UNKNOWN)
description:
  - Adds a note to alerts, a comment of Yandex Cloud Security Deck, a finding of Calseta, or a note of Elastic Security.
  - Reads all existing notes first, and adds only a note that does not exist yet, whoever wrote it.
  - Datadog has no call for notes. Use O(secops.triage.signal_state#module:archive_comment) instead.
options:
  provider:
    description: Where the alerts are.
    type: str
    choices: [security_deck, calseta, kibana]
    required: true
  alert_ids:
    description:
      - The alerts. Those of Calseta are UUIDs.
      - Nothing is written unless all of them exist. An empty list is not an error, and changes nothing.
    type: list
    elements: str
    required: true
    aliases: [alert_id, alert_uuid]
  text:
    description:
      - The note. Differences in the space around it and in line endings are ignored.
      - For O(provider=security_deck) it may have 4,096 characters, for O(provider=calseta) 50,000, where it is the
        finding's summary, and for O(provider=kibana) 100,000.
    type: str
    required: true
  agent_name:
    description:
      - Who the finding is by, for O(provider=calseta). The same text by somebody else is another finding.
    type: str
    default: Ansible
  confidence:
    description: How sure the finding is, for O(provider=calseta).
    type: str
    choices: [low, medium, high]
  recommended_action:
    description: What should be done, for O(provider=calseta).
    type: str
  evidence:
    description: What the finding rests on, in any structure, for O(provider=calseta).
    type: dict
  wait:
    description:
      - Whether to wait until the service has stored the comment, for O(provider=security_deck), where that is an
        operation.
      - With V(false) the result shows the requested state, and the module does not check the outcome.
    type: bool
    default: true
  wait_timeout:
    description: How long to wait for an operation, in seconds, for O(provider=security_deck).
    type: float
    default: 120
  api_url:
    description:
      - The address of the API, with a base path if there is one.
      - Required for O(provider=calseta), without C(/v1). If not given there, the value of the environment variable
        E(CALSETA_API_URL) is used.
      - Required for O(provider=kibana). If not given there, the value of the environment variable E(KIBANA_URL) is
        used, else E(KIBANA_ENDPOINT).
      - For O(provider=security_deck) it replaces all hosts of the cloud, for use with a gateway.
    type: str
    aliases: [kibana_url]
  api_key:
    description:
      - The API key for O(provider=calseta), with both scopes C(alerts:read) and C(alerts:write). If not given there,
        the value of the environment variable E(CALSETA_API_KEY) is used.
      - An API key in its encoded form for O(provider=kibana). If not given there, the value of the environment variable
        E(KIBANA_API_KEY) is used.
    type: str
extends_documentation_fragment:
  - secops.triage.attributes
  - secops.triage.attributes.actiongroup_alerts
  - secops.triage.security_deck
  - secops.triage.kibana
  - secops.triage.guards
  - secops.triage.connection
seealso:
  - module: secops.triage.alert_update
  - module: secops.triage.alert_info
  - module: secops.triage.kibana_alert_info
  - name: Security Deck API reference
    description: The call that this module is about, for O(provider=security_deck).
    link: https://yandex.cloud/docs/security-deck/api-ref/Comment/create
  - name: Calseta API reference
    description: The API that this module is about, for O(provider=calseta).
    link: https://docs.calseta.com
  - name: Kibana API reference
    description: The call that this module is about, for O(provider=kibana).
    link: https://www.elastic.co/docs/api/doc/kibana/operation/operation-persistnoteroute
"""

EXAMPLES = r"""
- name: Tell analysts what the runbook has done
  secops.triage.alert_note:
    provider: security_deck
    iam_token: "{{ vault_iam_token }}"
    alert_ids: "{{ alert_ids }}"
    text: The host was taken off the network, and its disk was copied.

- name: Leave a finding for whoever looks at the alert next
  secops.triage.alert_note:
    provider: calseta
    api_url: https://calseta.example.com
    api_key: "{{ vault_calseta_api_key }}"
    alert_id: 3fa85f64-5717-4562-b3fc-2c963f66afa6
    agent_name: Phishing runbook
    text: The link leads to a page that asks for a password.
    confidence: high
    recommended_action: Reset the passwords of all who have opened it.
    evidence:
      url: https://login.example.net/
      opened_by: [amira@example.com, bruno@example.com]

- name: Note the ticket on alerts of a Kibana space, but on none that is closed
  secops.triage.alert_note:
    provider: kibana
    api_url: https://kibana.example.com
    api_key: "{{ vault_kibana_api_key }}"
    space_id: soc
    alert_ids: "{{ alert_ids }}"
    text: "Followed up in ticket {{ ticket }}."
    only_from: [open, acknowledged]
    on_guard: skip
"""

RETURN = r"""
alerts:
  description:
    - The alerts, in the order of O(alert_ids), as they are after the task, or would be in check mode.
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
      description:
        - The title; V(null) if the platform does not return one.
        - For Calseta and Security Deck, V(null) if the task has no guard, because only guards need the alert itself.
      type: str
      sample: Brute force of SSH on db-07
    changed:
      description: Whether the note was added; V(null) if the outcome is unknown.
      type: bool
    text:
      description: The note, or V(null) if it is not there.
      type: str
      sample: Followed up in ticket 4711.
    agent_name:
      description: Who the finding is by, or V(null) if it is not there.
      returned: for O(provider=calseta)
      type: str
      sample: Ansible
    confidence:
      description: How sure the finding is, or V(null).
      returned: for O(provider=calseta)
      type: str
      sample: high
    recommended_action:
      description: What should be done, or V(null).
      returned: for O(provider=calseta)
      type: str
      sample: Reset the passwords of all who have opened it.
    evidence:
      description: What the finding rests on, or V(null).
      returned: for O(provider=calseta)
      type: dict
      sample: {url: "https://login.example.net/"}
    operation_id:
      description: The operation that added the comment.
      returned: for O(provider=security_deck), where there was one
      type: str
      sample: fdvexample0000000001
    before:
      description: The same fields before the task; V(null) if unknown. A note cannot be removed.
      type: dict
    skipped:
      description: The reason why a guard protects this alert.
      returned: for an alert that is skipped with O(on_guard=skip)
      type: str
      sample: it is closed, and only_from is open, acknowledged
    error:
      description: The error of this alert, as in RV(error).
      returned: for an alert that failed
      type: dict
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
    message: "POST /v1/alerts/3fa85f64-5717-4562-b3fc-2c963f66afa6/findings: 403 Forbidden: Forbidden"
    status: 403
    method: POST
    path: /v1/alerts/3fa85f64-5717-4562-b3fc-2c963f66afa6/findings
    request_id: null
    hint: "The key needs both scopes, alerts:read and alerts:write."
"""

from ansible_collections.secops.triage.plugins.module_utils._core.python import require_python

require_python()

import typing as t

from ansible_collections.secops.triage.plugins.module_utils._calseta.notes import calseta_notes
from ansible_collections.secops.triage.plugins.module_utils._calseta.words import CALSETA_NOTES_OPTIONS, CALSETA_OPTIONS
from ansible_collections.secops.triage.plugins.module_utils._core.options import (
    CONNECTION_OPTIONS,
    ArgumentSpec,
    Params,
    TaskContext,
    reject_other_providers,
    with_environment,
)
from ansible_collections.secops.triage.plugins.module_utils._flow.guards import GUARDS_OPTIONS
from ansible_collections.secops.triage.plugins.module_utils._flow.notes import Notes
from ansible_collections.secops.triage.plugins.module_utils._flow.reconcile import writing_task
from ansible_collections.secops.triage.plugins.module_utils._flow.task import run_task
from ansible_collections.secops.triage.plugins.module_utils._kibana.notes import kibana_notes
from ansible_collections.secops.triage.plugins.module_utils._kibana.words import KIBANA_OPTIONS
from ansible_collections.secops.triage.plugins.module_utils._security_deck.notes import security_deck_notes
from ansible_collections.secops.triage.plugins.module_utils._security_deck.words import (
    SECURITY_DECK_OPTIONS,
    YANDEX_OPERATIONS_OPTIONS,
)

#: Two providers share them, so the environment is looked at only once it is known for which one.
SHARED: dict[str, t.Any] = {
    "api_url": {"type": "str", "aliases": ["kibana_url"]},
    "api_key": {"type": "str", "no_log": True},
}
#: What makes the notes of each provider, and its options that the environment may hold.
PROVIDERS: dict[str, tuple[t.Callable[[Params, TaskContext], Notes], dict[str, t.Any]]] = {
    "security_deck": (security_deck_notes, {}),
    "calseta": (calseta_notes, CALSETA_OPTIONS.options),
    "kibana": (kibana_notes, KIBANA_OPTIONS.options),
}
#: What each provider takes of the options that not all providers have.
PROVIDER_OPTIONS: dict[str, dict[str, None]] = {
    "security_deck": dict.fromkeys(
        [*SECURITY_DECK_OPTIONS.options, *YANDEX_OPERATIONS_OPTIONS.options, "api_url", "only_assigned_to"]
    ),
    "calseta": dict.fromkeys([*SHARED, *CALSETA_NOTES_OPTIONS.options]),
    "kibana": dict.fromkeys([*KIBANA_OPTIONS.options, "only_assigned_to"]),
}
SPEC = ArgumentSpec(
    {
        "provider": {"type": "str", "choices": list(PROVIDER_OPTIONS), "required": True},
        "alert_ids": {"type": "list", "elements": "str", "required": True, "aliases": ["alert_id", "alert_uuid"]},
        "text": {"type": "str", "required": True},
        **SHARED,
    }
).merge(
    SECURITY_DECK_OPTIONS,
    YANDEX_OPERATIONS_OPTIONS,
    CALSETA_NOTES_OPTIONS,
    ArgumentSpec({name: option for name, option in KIBANA_OPTIONS.options.items() if name not in SHARED}),
    GUARDS_OPTIONS,
    CONNECTION_OPTIONS,
)


def connect(params: Params, context: TaskContext) -> Notes:
    provider = params["provider"]
    reject_other_providers(params, SPEC.options, provider, PROVIDER_OPTIONS)
    notes, options = PROVIDERS[provider]
    return notes(with_environment(params, options), context)


TASK = writing_task(connect, SPEC)


def main() -> None:
    run_task(TASK)


if __name__ == "__main__":
    main()
