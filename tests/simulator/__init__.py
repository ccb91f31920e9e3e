# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A server for development only that speaks the APIs of all platforms on loopback, with state and with faults.

In a test::

    with Simulator(alerts=40, seed=7) as sim:
        sim.datadog.url                              # what a module gets as api_url; likewise kibana, ...
        sim.credentials.datadog_api_key              # what works; some are read-only
        sim.faults.add(Fault("reset", platform="kibana", writes=True, when="after"))
        sim.faults.add("no_content", writes=True)    # one of many with a name; see faults.py
        sim.settings.kibana.read_lag = 2.0           # seconds that reads are behind
        sim.settings.datadog.bulk = 404              # what differs between servers; see each platform's settings
        sim.log.writes("kibana")                     # what was sent
        sim.kibana.changes_of(alert_id)              # what really happened

By hand: ``python -m tests.simulator --port 8900``, with the same controls under ``/_simulator/``; for a benchmark
:class:`SimulatorProcess` does that.
"""

from __future__ import annotations

from .faults import Fault
from .log import Entry, Log
from .process import SimulatorProcess
from .server import Simulator

__all__ = ["Entry", "Fault", "Log", "Simulator", "SimulatorProcess"]
