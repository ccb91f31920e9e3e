#!/usr/bin/python
# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: signal_state
short_description: Set the triage state of Datadog security signals
version_added: 1.0.0
author: secops.triage contributors (!UNKNOWN)
description:
  - Brings security signals of Datadog Cloud SIEM to a triage state, with the reason and the comment of an archived
    signal, and assigns them to a user.
  - Takes signals by their ids, or those that a query finds. Of signals that are named, nothing is written unless all of
    them exist.
  - Reads every signal first, and writes only those that differ, 199 to a request.
    A write would otherwise move the time of the last change, and who made it, even where nothing changes.
  - Runs a query once, and changes only signals that it finds. A search index can be out of date, so signals that the
    search does not show in the desired state are read again before they are written. A search that matches every signal
    is refused, unless O(allow_unbounded) is true.
  - A signal without a triage state fails alone. The others are written.
  - Signals can be changed for 30 days after they were raised; later the API refuses changes.
options:
  state:
    description: The triage state.
    type: str
    choices: [open, under_review, archived]
  archive_reason:
    description: Why the signal is archived. With O(state=open), only V(none) is accepted.
    type: str
    choices:
      - none
      - false_positive
      - testing_or_maintenance
      - remediated
      - investigated_case_opened
      - true_positive_benign
      - true_positive_malicious
      - other
  archive_comment:
    description:
      - A comment shown on archived signals. It replaces the one that is there; V("") removes it.
      - Datadog has no public API for notes on signals, so this is the place for what a runbook has to say.
    type: str
  assignee:
    description:
      - The user who has the signal, by uuid, handle or e-mail. V("") unassigns it.
      - A handle or an e-mail is looked up once, and must be that of just one active or invited user.
        This needs the permission C(user_access_read).
    type: str
  version:
    description:
      - The version of the signal that you expect, with O(signal_ids) only. If the signal has a higher version, the API
        refuses the change, and the error names both.
      - A signal's version also rises when detections are added to it. Without this option no version is sent.
    type: int
extends_documentation_fragment:
  - secops.triage.attributes
  - secops.triage.attributes.actiongroup_datadog
  - secops.triage.datadog
  - secops.triage.signals
  - secops.triage.selection
  - secops.triage.guards
  - secops.triage.provenance
  - secops.triage.connection
seealso:
  - module: secops.triage.signal_info
  - module: secops.triage.signal_incident_link
  - name: Datadog API reference
    description: The call that this module is about.
    link: https://docs.datadoghq.com/api/latest/security-monitoring/#update-security-signal-triage-state-or-assignee
"""

EXAMPLES = r"""
- name: Archive the signals of a scan that was announced
  secops.triage.signal_state:
    signal_ids: "{{ signal_ids }}"
    state: archived
    archive_reason: testing_or_maintenance
    archive_comment: Announced scan, change CHG-1042

- name: Archive what the scanner has set off since yesterday, but nothing that is critical or that somebody works on
  secops.triage.signal_state:
    query: "@workflow.triage.state:open @network.client.ip:192.0.2.17"
    from: now-24h
    max_alerts: 500
    only_assigned_to: [""]
    protect_severity: [critical]
    on_guard: skip
    state: archived
    archive_reason: testing_or_maintenance

- name: Take a signal on
  secops.triage.signal_state:
    signal_id: AQAAAZexample000000000000000000000000000000000000000000
    state: under_review
    assignee: analyst@example.com

- name: Hand it back
  secops.triage.signal_state:
    signal_id: AQAAAZexample000000000000000000000000000000000000000000
    state: open
    assignee: ""

- name: Archive a signal only as the runbook has seen it, on the European site
  secops.triage.signal_state:
    site: datadoghq.eu
    api_key: "{{ vault_datadog_api_key }}"
    app_key: "{{ vault_datadog_app_key }}"
    signal_id: "{{ signal.id }}"
    state: archived
    archive_reason: remediated
    version: "{{ signal.version }}"
"""

RETURN = r"""
signals:
  description:
    - The signals, in the order of O(signal_ids) or by their time, as they are after the task, or would be in check
      mode.
    - A signal that does not exist, or could not be read again, has only its id, its title and RV(signals[].error).
  returned: always, unless the options are refused or the signals cannot be read
  type: list
  elements: dict
  contains:
    id:
      description: The signal's id.
      type: str
      sample: AQAAAZexample000000000000000000000000000000000000000000
    title:
      description: The title; V(null) if Datadog does not return one.
      type: str
      sample: Brute force of SSH on db-07
    changed:
      description: Whether the signal was changed; V(null) if the outcome is unknown.
      type: bool
    state:
      description: The triage state.
      type: str
      sample: archived
    archive_reason:
      description: Why it is archived, or V(none); V(null) if only a search has returned the signal, without this field.
      type: str
      sample: false_positive
    archive_comment:
      description: The comment, or V(""); V(null) if only a search has returned the signal, without this field.
      type: str
      sample: Announced scan, change CHG-1042
    assignee:
      description:
        - Who has it, in a form that O(assignee) takes, V("") for nobody.
        - The uuid where the API tells it, else the handle, else the name or the number.
        - V(null) if only a search has returned the signal, without this field.
      type: str
      sample: 0f1c2d3e-0000-4000-8000-000000000001
    incident_ids:
      description:
        - The public ids of the incidents that it is linked to.
        - V(null) if only a search has returned the signal, without this field.
      type: list
      elements: int
      sample: [2609]
    before:
      description: The same fields before the task, for a play that restores them; V(null) if unknown.
      type: dict
    skipped:
      description: The reason why a guard protects this signal.
      returned: for a signal that is skipped with O(on_guard=skip)
      type: str
      sample: it is archived, and only_from is open
    error:
      description: The error of this signal, as in RV(error).
      returned: for a signal that failed
      type: dict
matched:
  description:
    - How many signals match the O(query), including those that already are in the desired state.
    - V(null) where there are more than O(max_alerts).
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
  returned: as RV(signals)
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
    message: "PATCH /api/v2/security_monitoring/signals/AQAAAZexample/update: 403 Forbidden: Forbidden"
    status: 403
    method: PATCH
    path: /api/v2/security_monitoring/signals/AQAAAZexample/update
    request_id: null
    hint: "Check that the application key may use security_monitoring_signals_write."
"""

from ansible_collections.secops.triage.plugins.module_utils._core.python import require_python

require_python()

from ansible_collections.secops.triage.plugins.module_utils._core.options import CONNECTION_OPTIONS, ArgumentSpec
from ansible_collections.secops.triage.plugins.module_utils._core.provenance import PROVENANCE_OPTIONS
from ansible_collections.secops.triage.plugins.module_utils._datadog.state import SignalState
from ansible_collections.secops.triage.plugins.module_utils._datadog.words import (
    DATADOG_OPTIONS,
    SIGNALS_OPTIONS,
)
from ansible_collections.secops.triage.plugins.module_utils._flow.guards import GUARDS_OPTIONS
from ansible_collections.secops.triage.plugins.module_utils._flow.reconcile import writing_task
from ansible_collections.secops.triage.plugins.module_utils._flow.search import SELECTION_OPTIONS
from ansible_collections.secops.triage.plugins.module_utils._flow.task import run_task

SPEC = SIGNALS_OPTIONS.merge(
    ArgumentSpec(
        {
            "state": {"type": "str", "choices": ["open", "under_review", "archived"]},
            "archive_reason": {
                "type": "str",
                "choices": [
                    "none",
                    "false_positive",
                    "testing_or_maintenance",
                    "remediated",
                    "investigated_case_opened",
                    "true_positive_benign",
                    "true_positive_malicious",
                    "other",
                ],
            },
            "archive_comment": {"type": "str"},
            "assignee": {"type": "str"},
            "version": {"type": "int"},
        },
        mutually_exclusive=[("query", "version")],
        required_one_of=[("state", "archive_reason", "archive_comment", "assignee")],
    ),
    SELECTION_OPTIONS,
    DATADOG_OPTIONS,
    GUARDS_OPTIONS,
    PROVENANCE_OPTIONS,
    CONNECTION_OPTIONS,
)


TASK = writing_task(SignalState, SPEC)


def main() -> None:
    run_task(TASK)


if __name__ == "__main__":
    main()
