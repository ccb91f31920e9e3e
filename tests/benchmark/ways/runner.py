# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How each way is run, and looked after."""

from __future__ import annotations

import functools
import typing as t

from .. import clients
from ..ansible import Module
from ..process import Usage
from ..stage import Options, Stage
from .measurement import Measurement
from .plan import Point

_MODULE = "secops.triage.signal_state"
_WANTED = {"state": "archived", "archive_reason": "testing_or_maintenance"}
_THREADS = 8
_OUTPUT = 2000


class Runner:
    """Runs one point after the other, each with fresh signals."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._modules: dict[int, Module] = {}

    def run(self, point: Point) -> Measurement:
        """Run it, and look in the simulator at what became of every signal."""
        ids = self._stage.fill("datadog", point.signals)
        run = self._prepared(point, ids)
        self._stage.fill("datadog", point.signals, point.latency / 1000)
        before = self._archived()
        counted = self._stage.counted(run)
        new, usage = self._archived() - before, counted.usage
        measured = Measurement(
            *point,
            round(usage.seconds, 4),
            round(usage.cpu, 4),
            usage.peak,
            counted.reads,
            counted.writes,
            archived=len(new & set(ids)),
            strays=len(new - set(ids)),
            status=usage.status,
        )
        if not measured.right:
            print(usage.output[-_OUTPUT:])
        return measured

    def _archived(self) -> set[str]:
        signals = self._stage.simulator.alerts()["datadog"]
        return {key for key, signal in signals.items() if signal["state"] == "archived"}

    def _prepared(self, point: Point, ids: list[str]) -> t.Callable[[], Usage]:
        if point.way == "process":
            if point.signals not in self._modules:
                options = {**self._stage.options("datadog"), **_WANTED, "signal_ids": ids}
                self._modules[point.signals] = self._stage.controller.build(_MODULE, options)
            return self._modules[point.signals].run
        if point.way in ("vendor", "threaded"):
            return clients.vendor(self._stage, ids, _WANTED, _THREADS if point.way == "threaded" else 0)
        if point.way == "ideal":
            return clients.bare(self._stage, ids, _WANTED, _THREADS)
        tasks = _tasks(point.way, self._stage.options("datadog"))
        return functools.partial(self._stage.controller.play_tasks, tasks, {"signals": ids})


def _tasks(way: str, connection: Options) -> list[dict[str, t.Any]]:
    """What a user would write into a playbook that has ``signals``."""
    if way == "play":
        return [{_MODULE: {**connection, **_WANTED, "signal_ids": "{{ signals }}"}}]
    if way == "loop":
        return [{_MODULE: {**connection, **_WANTED, "signal_id": "{{ item }}"}, "loop": "{{ signals }}"}]
    base = f"{connection['api_url']}/api/v2/security_monitoring/signals"
    request = {"headers": {"DD-API-KEY": connection["api_key"], "DD-APPLICATION-KEY": connection["app_key"]}}
    patch = {
        **request,
        "method": "PATCH",
        "body_format": "json",
        "body": {"data": {"type": "signal_metadata", "attributes": _WANTED}},
    }
    if way == "uri":
        return [{"ansible.builtin.uri": {**patch, "url": f"{base}/{{{{ item }}}}/update"}, "loop": "{{ signals }}"}]
    read = {
        "ansible.builtin.uri": {**request, "url": f"{base}/{{{{ item }}}}"},
        "loop": "{{ signals }}",
        "register": "before",
    }
    write = {
        "ansible.builtin.uri": {**patch, "url": f"{base}/{{{{ item.item }}}}/update"},
        "loop": "{{ before.results }}",
        "loop_control": {"label": "{{ item.item }}"},
        "when": f"item.json.data.attributes.custom.workflow.triage.state != '{_WANTED['state']}'",
    }
    return [read, write]
