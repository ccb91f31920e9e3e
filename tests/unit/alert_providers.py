# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The two providers of alert_update, so that one test can be about both."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.secops.triage.tests.simulator import Simulator
from ansible_collections.secops.triage.tests.simulator.seeds import Scene
from ansible_collections.secops.triage.tests.unit.harness import Params, Result, run_module

NAME = "alert_update"


@dataclasses.dataclass(frozen=True)
class Provider:
    """A provider, with the noise that a task is about: nothing else has its title, or its source."""

    name: str
    sim: Simulator
    connection: Params
    states: tuple[str, str, str]
    closing: Params
    severities: tuple[str, str]

    @property
    def platform(self) -> t.Any:
        """The simulator's platform."""
        return getattr(self.sim, self.name)

    @property
    def other_verdict(self) -> Params:
        """Another verdict than that of `closing`."""
        name = "close_classification" if self.name == "calseta" else "classification"
        return {name: "Undetermined" if self.name == "calseta" else "UNDETERMINED"}

    @property
    def settings(self) -> t.Any:
        return getattr(self.sim.settings, self.name)

    @property
    def searches(self) -> str:
        """What all searches have in their address, and nothing else."""
        return "/sinks/" if self.name == "security_deck" else r"/v1/alerts\?"

    def query(self, status: str | None = None) -> Params:
        """All of the noise, or what of it has this status."""
        if self.name == "calseta":
            return {"source_name": ["noise"], "from_time": "now-30d", **({"status": [status]} if status else {})}
        also = f' AND status = "{status}"' if status else ""
        return {"sink_id": self.platform.sink_id, "filter": f'title = "Noise"{also}'}

    def noise(self, count: int = 1, **fields: t.Any) -> list[str]:
        """So many alerts that the query matches, the newest first."""
        scenes = [
            Scene("Noise", "low", "noise", "", "web-01", "", "", "", (), 600.0 + number) for number in range(count)
        ]
        added = [self.platform.add_alert(scene, **fields) for scene in scenes]
        return [alert.uuid if self.name == "calseta" else alert.id for alert in added]

    def alert(self, alert_id: str) -> t.Any:
        """The simulator's alert."""
        return self.platform.alerts[alert_id]

    def task(self, **options: t.Any) -> Params:
        """A task that closes."""
        task = {**self.connection, **self.closing, "retries": 0, **options}
        return {name: value for name, value in task.items() if value is not None}

    def run(self, *, check: bool = False, **options: t.Any) -> Result:
        return run_module(NAME, self.task(**options), check=check)


def provider(name: str, sim: Simulator, connection: Params) -> Provider:
    """A provider by its name, where every operation is done at once."""
    sim.settings.security_deck.operation_seconds = 0
    if name == "calseta":
        closing = {"status": "Closed", "close_classification": "Not Applicable"}
        return Provider(name, sim, connection, ("Open", "Triaging", "Closed"), closing, ("Low", "High"))
    closing = {"status": "RESOLVED", "classification": "BENIGN_POSITIVE"}
    return Provider(name, sim, connection, ("OPEN", "IN_PROGRESS", "RESOLVED"), closing, ("LOW", "HIGH"))
