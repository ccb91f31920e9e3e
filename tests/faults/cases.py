# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The tasks of the storm: every module with many combinations of options, on servers that differ in what may differ."""

from __future__ import annotations

import random

from ansible_collections.secops.triage.tests.simulator import Simulator

from .case import Case
from .cases_alerts import calseta, security_deck
from .cases_datadog import signal_incident_link, signal_state
from .cases_kibana import status_by_ids, status_by_query

_MAKERS = [signal_state, signal_state, signal_incident_link, security_deck, calseta, status_by_ids, status_by_query]


def make_case(sim: Simulator, chance: random.Random, timeout: float) -> Case:
    """A fresh world, and a task in it."""
    case = chance.choice(_MAKERS)(sim, chance)
    case.check = chance.random() < 0.08
    case.params.update(
        timeout=timeout, retries=chance.choice([0, 1, 1, 2, 2, 3]), concurrency=chance.choice([1, 4, 8, 8, 16])
    )
    return case
