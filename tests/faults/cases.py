# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The tasks of the storm: every module with many combinations of options, on servers that differ in what may differ."""

from __future__ import annotations

import random

from ansible_collections.secops.triage.tests.simulator import Simulator

from . import cases_alerts, cases_datadog, cases_kibana
from .case import Case
from .cases_notes import alert_note

#: Those whose code differs most from that of others come more often.
_MAKERS = [
    *[cases_datadog.signal_state] * 3,
    *[cases_datadog.signal_incident_link] * 2,
    cases_datadog.signal_info,
    *[cases_alerts.security_deck] * 2,
    *[cases_alerts.calseta] * 2,
    cases_alerts.info,
    cases_kibana.status_by_ids,
    cases_kibana.status_by_query,
    *[cases_kibana.lists] * 2,
    cases_kibana.info,
    *[alert_note] * 2,
]


def make_case(sim: Simulator, chance: random.Random, timeout: float) -> Case:
    """A fresh world, and a task in it."""
    case = chance.choice(_MAKERS)(sim, chance)
    case.check = chance.random() < 0.08
    case.params.update(
        timeout=timeout, retries=chance.choice([0, 1, 1, 2, 2, 3]), concurrency=chance.choice([1, 4, 8, 8, 16])
    )
    return case
