# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the measurements play on: the simulator with as many alerts as wanted, and the options that reach it."""

from __future__ import annotations

import dataclasses
import typing as t
from pathlib import Path

import requests

from ..simulator import SimulatorProcess
from .ansible import Controller
from .process import Usage

Options = dict[str, t.Any]


@dataclasses.dataclass(frozen=True)
class Counted:
    """A run, and how many requests the simulator saw of it."""

    usage: Usage
    reads: int
    writes: int
    connections: int


class Stage:
    """One simulator for all measurements, so that the processes that Ansible has made stay good."""

    def __init__(
        self,
        simulator: SimulatorProcess,
        controller: Controller,
        *,
        quick: bool,
        counts: t.Sequence[int],
        measurements: Path,
    ) -> None:
        self.simulator = simulator
        self.controller = controller
        self.quick = quick
        #: Of how many signals the ways are compared, and the file that keeps each run of them.
        self.counts = counts
        self.measurements = measurements
        self._credentials = simulator.credentials

    def repetitions(self, many: int) -> int:
        """How often to measure."""
        return max(1, many // 4) if self.quick else many

    def options(self, platform: str) -> Options:
        """The options that connect a module to a platform."""
        known = self._credentials
        keys: dict[str, Options] = {
            "datadog": {"api_key": known.datadog_api_key, "app_key": known.datadog_app_key},
            "kibana": {"api_key": known.kibana_api_key},
            "calseta": {"provider": "calseta", "api_key": known.calseta_api_key},
            "security_deck": {"provider": "security_deck", "iam_token": known.iam_token},
        }
        return {"api_url": self.simulator.platform_url(platform), **keys[platform]}

    def fill(self, platform: str, count: int, latency: float = 0.0) -> list[str]:
        """Fresh alerts, the same every time. Returns the ids of this many that are open."""
        # More than half of those that the simulator makes up are open.
        self.simulator.reset(alerts={platform: 2 * count + 20}, latency=latency)
        there = self.open_ids(platform)
        if len(there) < count:
            raise RuntimeError(f"the simulator has {len(there)} open alerts of {platform}, not {count}")
        return there[:count]

    def open_ids(self, platform: str) -> list[str]:
        """The ids of all open alerts of a platform."""
        alerts = self.simulator.alerts()[platform]
        states = {key: str(alert.get("state", alert.get("status"))) for key, alert in alerts.items()}
        return [key for key, state in states.items() if state.lower() == "open"]

    def close_others(self, ids: t.Collection[str]) -> None:
        """Close all open alerts of Kibana but these."""
        others = [one for one in self.open_ids("kibana") if one not in set(ids)]
        options = self.options("kibana")
        with requests.Session() as session:
            # Loopback needs no proxy, whatever the environment says.
            session.trust_env = False
            session.post(
                f"{options['api_url']}/api/detection_engine/signals/status",
                json={"signal_ids": others, "status": "closed"},
                headers={"Authorization": f"ApiKey {options['api_key']}", "kbn-xsrf": "true"},
                timeout=30,
            ).raise_for_status()

    def counted(self, run: t.Callable[[], Usage]) -> Counted:
        """Run, and count the requests."""
        self.simulator.clear_log()
        usage = run()
        log = self.simulator.log(summary=True)
        return Counted(usage, log["requests"] - log["writes"], log["writes"], log["connections"])
