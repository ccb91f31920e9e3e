# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The state of the simulator's alerts as modules should report it, and the changes that the guards of a task forbid.

Nothing here is computed by the modules' own code.
"""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.secops.triage.tests.simulator.base import Platform
from ansible_collections.secops.triage.tests.simulator.calseta import Calseta
from ansible_collections.secops.triage.tests.simulator.datadog import Datadog
from ansible_collections.secops.triage.tests.simulator.kibana import Kibana
from ansible_collections.secops.triage.tests.simulator.kibana_documents import ASSIGNEES
from ansible_collections.secops.triage.tests.simulator.security_deck import SecurityDeck
from ansible_collections.secops.triage.tests.unit.harness import Params

State = dict[str, t.Any]

#: What closes an alert, by platform: the option and its value.
CLOSING = {
    "datadog": ("state", "archived"),
    "kibana": ("status", "closed"),
    "security_deck": ("status", "RESOLVED"),
    "calseta": ("status", "Closed"),
}
_NOBODY = frozenset([""])


@dataclasses.dataclass(frozen=True)
class GuardedAlert:
    """What guards look at: the status, the severity, and the owners, each with all of their names."""

    status: str
    severity: str
    people: t.Sequence[t.Collection[str]] = ()


def shown(platform: Platform, state: State) -> State:
    """An alert's state out of the simulator's overview, as modules report it; a set is any of its values."""
    if isinstance(platform, Datadog):
        names = user_names(platform, state["assignee"])
        return {**state, "archive_comment": state["archive_comment"] or "", "assignee": names}
    if isinstance(platform, SecurityDeck):
        return {**state, "classification": state["classification"] or "CLASSIFICATION_UNSPECIFIED"}
    return {"reason": None, **state} if isinstance(platform, Kibana) else dict(state)


def differences(fields: State, state: State) -> list[str]:
    """The fields that are otherwise than in a state that is `shown`."""
    return [
        name
        for name, value in fields.items()
        if (value not in state[name] if isinstance(state[name], frozenset) else value != state[name])
    ]


def user_names(platform: Datadog, name: str) -> frozenset[str]:
    """All names of the user of Datadog who has this one; C("") is nobody."""
    everybody = (frozenset((user.uuid, user.handle, user.name)) for user in platform.users.values())
    return next((names for names in everybody if name in names), _NOBODY)


def guarded_alert(platform: Platform, alert_id: str) -> GuardedAlert:
    """The present state of an alert as guards see it."""
    if isinstance(platform, Datadog):
        signal = platform.signals[alert_id]
        # A display name identifies nobody.
        is_unknown = signal.assignee and platform.settings.assignee_shows == "name"
        people = frozenset[str]() if is_unknown else user_names(platform, signal.assignee)
        return GuardedAlert(signal.state, signal.severity, [people])
    if isinstance(platform, Kibana):
        return _in_kibana(platform, alert_id)
    if isinstance(platform, Calseta):
        closable = platform.alerts[alert_id]
        return GuardedAlert(closable.status, closable.severity)
    assert isinstance(platform, SecurityDeck)
    alert = platform.alerts[alert_id]
    return GuardedAlert(alert.status, alert.severity, [frozenset([alert.assignee])])


def _in_kibana(platform: Kibana, alert_id: str) -> GuardedAlert:
    document = next(documents[alert_id] for documents in platform.spaces.values() if alert_id in documents)
    severity = document.get("kibana.alert.severity") or document["signal"]["rule"]["severity"]
    users = dict(platform.users)
    people = [frozenset([uid, users.get(uid, uid)]) for uid in document.get(ASSIGNEES, ())]
    return GuardedAlert(platform.overview()[alert_id]["status"], severity, people or [_NOBODY])


def forbidden(platform: Platform, params: Params, present: GuardedAlert) -> bool:
    """Whether the guards among these options forbid a task to change an alert in this state."""
    option, value = CLOSING[platform.name]
    from_, allowed, protected = (params.get(name) for name in ("only_from", "only_assigned_to", "protect_severity"))
    closes = params.get(option) == value != present.status
    return (
        (from_ is not None and present.status not in from_)
        or (allowed is not None and not all(set(allowed) & set(names) for names in present.people))
        or (closes and present.severity in (protected or ()))
    )
