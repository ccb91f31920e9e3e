# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The tasks of the storm that leave notes on alerts, on all platforms that have them."""

from __future__ import annotations

import random

from ansible_collections.secops.triage.tests.simulator import Simulator
from ansible_collections.secops.triage.tests.unit.harness import Params

from . import cases_alerts, cases_kibana
from .case import Case, some
from .expected_state import State

_TEXT = "The host was taken off the network."


def alert_note(sim: Simulator, chance: random.Random) -> Case:
    provider = chance.choice(["security_deck", "calseta", "kibana"])
    alerts = some(chance)
    params: Params
    if provider == "kibana":
        params, ids = cases_kibana.for_notes(sim, chance, alerts)
    else:
        params = cases_alerts.for_notes(sim, chance, provider, alerts)
        ids = list(sim.world.platforms[provider].overview())

    def of(alert_id: str) -> list[str]:
        if provider == "kibana":
            return cases_kibana.notes(sim, alert_id)
        return cases_alerts.notes(sim, provider, alert_id)

    def seen(alert_id: str) -> State:
        there = bool(of(alert_id))
        finding = {"agent_name": "Ansible" if there else None, "confidence": None, "recommended_action": None}
        own = {**finding, "evidence": None} if provider == "calseta" else {}
        return {"text": _TEXT if there else None, **own}

    params |= {"provider": provider, "text": _TEXT, "alert_ids": chance.sample(ids, len(ids))}
    platform = sim.world.platforms[provider]
    return Case("alert_note", platform, params, ids, lambda fields: bool(fields["text"] == _TEXT), seen=seen, notes=of)
