# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How soon a module's first request is sent, beside a module that only imports what all of them need."""

from __future__ import annotations

import typing as t

from .ansible import Module
from .report import Row, median
from .stage import Options, Stage

TITLE = "Start: from the start of the process to its first request at the server"
_MILLISECONDS = 60
_LEAST = "the least: imports requests and AnsibleModule"

#: Modules, platforms, and options with which there is nothing to change, or only once.
_TASKS: tuple[tuple[str, str, Options], ...] = (
    ("signal_state", "datadog", {"state": "open"}),
    ("signal_incident_link", "datadog", {"incident_id": 1, "state": "absent"}),
    ("kibana_alert_status", "kibana", {"status": "open"}),
    ("alert_update", "calseta", {"status": "Open"}),
    ("alert_update", "security_deck", {"status": "OPEN"}),
    ("kibana_alert_tags", "kibana", {"tags": []}),
    ("kibana_alert_assignees", "kibana", {"assignees": []}),
    ("signal_info", "datadog", {}),
    ("kibana_alert_info", "kibana", {}),
    ("alert_info", "calseta", {}),
    ("alert_info", "security_deck", {}),
    ("alert_note", "calseta", {"text": "Seen"}),
    ("alert_note", "security_deck", {"text": "Seen"}),
)


def measure(stage: Stage) -> t.Iterator[Row]:
    """By turns, each as Ansible starts it; the least one is packed in the same way."""
    modules = _modules(stage)
    needed: dict[str, list[float]] = {name: [] for name in modules}
    for _turn in range(stage.repetitions(25)):
        for name, module in modules.items():
            stage.simulator.clear_log()
            usage = module.run()
            first = stage.simulator.log()["entries"][0]["time"]
            needed[name].append((first - usage.started) * 1000)

    for name, samples in needed.items():
        yield median(name, samples, "ms")
        if name != _LEAST:
            more = [one - least for one, least in zip(samples, needed[_LEAST])]
            yield median(f"   {name}: more than the least", more, "ms", _MILLISECONDS)
    for name, module in modules.items():
        yield Row(f"AnsiballZ: {name}", module.archive_size / 1000, "KB")


def _modules(stage: Stage) -> dict[str, Module]:
    stage.simulator.reset(alerts=80, latency=0)
    modules = {_LEAST: stage.controller.build("only_imports", {"url": stage.simulator.platform_url("datadog")})}
    for name, platform, options in _TASKS:
        ids = {"signal_ids" if platform == "datadog" else "alert_ids": stage.open_ids(platform)[:1]}
        task = {**stage.options(platform), **options, **ids}
        label = f"{name}, {platform}" if name.startswith("alert_") else name
        modules[label] = stage.controller.build(f"secops.triage.{name}", task)
    return modules
