#!/usr/bin/python
# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: signal_incident_link
short_description: Link Datadog security signals to an incident
version_added: 1.0.0
author: secops.triage contributors (!UNKNOWN)
description:
  - Links security signals of Datadog Cloud SIEM to an incident, or takes the link away.
  - Takes signals by their ids, or those that a query finds. Of signals that are named, nothing is written unless all of
    them exist.
  - Reads every signal first, and never adds a link that already exists. Reads the signals again to confirm each write.
  - Runs a query once, and changes only signals that it finds. A search index can be out of date, so signals that the
    search does not show in the desired state are read again before they are written. A search that matches every signal
    is refused, unless O(allow_unbounded) is true.
  - A signal without a triage state fails alone. The others are written.
  - Datadog has no call to remove a single link. For O(state=absent) the module reads the signal's list of incidents
    again, and writes it without this incident; a link that somebody else adds in between is lost.
options:
  incident_id:
    description:
      - The incident's public id, such as V(2609), or its name with that number, V(IR-2609).
      - Exactly one of O(incident_id) and O(incident_title) is needed.
    type: str
  incident_title:
    description:
      - The title of the incident, for O(state=present). If no open incident has just this title, the module creates
        one, without customer impact and of the default type, once it has a signal to link.
      - Open incidents are active or stable. If several of them have the title, the task fails before it writes.
      - The incident is created by one request. It is not sent again if the answer is unclear; the task then looks for
        the incident, and fails if it is not found. Two tasks that run at the same time may each create an incident.
      - The application key needs C(incident_read), and C(incident_write) to create an incident.
      - Exactly one of O(incident_id) and O(incident_title) is needed.
    type: str
    version_added: 1.1.0
  state:
    description: Whether the signals are to be linked to the incident.
    type: str
    choices: [present, absent]
    default: present
  add_to_signal_timeline:
    description:
      - Whether to post the signal on the incident's timeline when it is linked. Without it the API decides.
      - It has no effect on a signal that is already linked.
    type: bool
  version:
    description:
      - The version of the signal that you expect, with O(signal_ids) only. If the signal has a higher version, the API
        refuses the change, and the error names both.
    type: int
extends_documentation_fragment:
  - secops.triage.attributes
  - secops.triage.attributes.actiongroup_datadog
  - secops.triage.datadog
  - secops.triage.signals
  - secops.triage.selection
  - secops.triage.guards
  - secops.triage.connection
seealso:
  - module: secops.triage.signal_info
  - module: secops.triage.signal_state
  - name: Datadog API reference
    description: The call that this module is about.
    link: https://docs.datadoghq.com/api/latest/security-monitoring/#add-a-security-signal-to-an-incident
"""

EXAMPLES = r"""
- name: Show the signals on the incident that the runbook has opened
  secops.triage.signal_incident_link:
    signal_ids: "{{ signal_ids }}"
    incident_id: 2609
    add_to_signal_timeline: true

- name: Show what a host has set off in the last two hours on the incident
  secops.triage.signal_incident_link:
    query: host:db-07 -@workflow.triage.state:archived
    from: now-2h
    max_alerts: 50
    incident_id: 2609

- name: Show all signals of a campaign on one incident, which the first run creates
  secops.triage.signal_incident_link:
    query: "@usr.email:amira@example.com -@workflow.triage.state:archived"
    from: now-24h
    incident_title: Account of amira@example.com taken over
  register: linked

- name: Take a signal off an incident that it has nothing to do with
  secops.triage.signal_incident_link:
    signal_id: AQAAAZexample000000000000000000000000000000000000000000
    incident_id: 2609
    state: absent
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
    incident_ids:
      description:
        - The public ids of the incidents that it is linked to.
        - In check mode V(0) stands for the incident that the task would create.
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
incident:
  description: The incident.
  returned: with O(incident_title), as RV(signals)
  type: dict
  contains:
    id:
      description: Its public id; V(null) if there is none, or if it is unknown.
      type: int
    title:
      description: Its title.
      type: str
    created:
      description:
        - Whether the task created it, or would create it in check mode.
        - V(null) if that is unknown, because the answer was unclear. The task then counts as changed.
      type: bool
  sample: {id: 2609, title: Account of amira@example.com taken over, created: true}
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
    message: "PATCH /api/v1/security_analytics/signals/AQAAAZexample/add_to_incident: 403 Forbidden: Forbidden"
    status: 403
    method: PATCH
    path: /api/v1/security_analytics/signals/AQAAAZexample/add_to_incident
    request_id: null
    hint: "Check that the application key may use security_monitoring_signals_write."
"""

from ansible_collections.secops.triage.plugins.module_utils._core.python import require_python

require_python()

from ansible_collections.secops.triage.plugins.module_utils._core.options import CONNECTION_OPTIONS, ArgumentSpec
from ansible_collections.secops.triage.plugins.module_utils._datadog.incidents import IncidentLink
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
            "incident_id": {"type": "str"},
            "incident_title": {"type": "str"},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            "add_to_signal_timeline": {"type": "bool"},
            "version": {"type": "int"},
        },
        mutually_exclusive=[("query", "version"), ("incident_id", "incident_title")],
        required_one_of=[("incident_id", "incident_title")],
    ),
    SELECTION_OPTIONS,
    DATADOG_OPTIONS,
    GUARDS_OPTIONS,
    CONNECTION_OPTIONS,
)


TASK = writing_task(IncidentLink, SPEC)


def main() -> None:
    run_task(TASK)


if __name__ == "__main__":
    main()
