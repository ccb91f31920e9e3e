# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The simulator's alerts as info modules should show them; said without the modules."""

from __future__ import annotations

from ansible_collections.secops.triage.tests.simulator.base import Platform
from ansible_collections.secops.triage.tests.simulator.calseta import Calseta
from ansible_collections.secops.triage.tests.simulator.datadog import Datadog
from ansible_collections.secops.triage.tests.simulator.kibana import Kibana
from ansible_collections.secops.triage.tests.simulator.security_deck import SecurityDeck

from .expected_state import State, guarded_alert, shown


def view(platform: Platform, alert_id: str) -> State:
    """An alert as it is now, as far as it is not only a matter of form; a set is any of its values."""
    present, guarded = shown(platform, platform.overview()[alert_id]), guarded_alert(platform, alert_id)
    common = {"platform": platform.name, "status": guarded.status, "severity": guarded.severity}
    if isinstance(platform, Datadog):
        signal = platform.signals[alert_id]
        verdict = None if signal.archive_reason == "none" else signal.archive_reason
        own = {name: present[name] for name in ("assignee", "archive_comment", "incident_ids")}
        # No search shows the version.
        version = frozenset([signal.version, None])
        return {**common, **own, "title": signal.scene.title, "verdict": verdict, "version": version}
    if isinstance(platform, Kibana):
        assignees = present.get("assignees", [])
        lists = {"tags": present.get("tags", []), "assignees": assignees}
        return {**common, **lists, "assignee": (assignees or [""])[0], "verdict": present["reason"]}
    if isinstance(platform, Calseta):
        alert = platform.alerts[alert_id]
        verdict = alert.close_classification
        return {**common, "tags": present["tags"], "assignee": None, "verdict": verdict, "title": alert.scene.title}
    assert isinstance(platform, SecurityDeck)
    mine = platform.alerts[alert_id]
    verdict = mine.classification or None
    return {
        **common,
        "assignee": mine.assignee,
        "verdict": verdict,
        "title": mine.scene.title,
        "sink_id": mine.sink_id,
    }
