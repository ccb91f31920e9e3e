# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A server for development only that speaks the APIs of all platforms on loopback, with state and with faults."""

from __future__ import annotations

from .faults import Fault
from .log import Entry, Log
from .process import SimulatorProcess
from .server import Simulator

__all__ = ["Entry", "Fault", "Log", "Simulator", "SimulatorProcess"]
