# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a task costs beside an empty play, inside Ansible and as a module, and what two tasks of uri cost."""

from __future__ import annotations

import functools
import typing as t

from .process import Usage
from .report import Row, median
from .stage import Stage

TITLE = "Datadog signals archived by a task, less an empty play; processor time, no latency"
_MODULE = "secops.triage.signal_state"
_WANTED = {"state": "archived", "archive_reason": "testing_or_maintenance"}
_LOOP = 50


def measure(stage: Stage) -> t.Iterator[Row]:
    """By turns, each on signals that are open again."""
    for count, title, aim in ((1, "one task", 0.2), (_LOOP, f"a loop of {_LOOP}", 0.1)):
        ways = {
            "an empty play": functools.partial(_empty, stage),
            "inside Ansible": functools.partial(_module, stage, here=True),
            "as a module": functools.partial(_module, stage, here=False),
            "uri, GET then PATCH": functools.partial(_uri, stage),
        }
        samples: dict[str, list[float]] = {way: [] for way in ways}
        for _turn in range(stage.repetitions(8 if count == 1 else 4)):
            for way, play in ways.items():
                ids = stage.fill("datadog", count)
                samples[way].append(play(ids).cpu)
        for way, seconds in samples.items():
            yield median(f"{title}: {way}", seconds, "s")
        less = {
            way: [one - empty for one, empty in zip(seconds, samples["an empty play"])]
            for way, seconds in samples.items()
        }
        ratios = [here / uri for here, uri in zip(less["inside Ansible"], less["uri, GET then PATCH"])]
        yield median(f"{title}, less an empty play: inside Ansible / uri", ratios, "x", aim)


def _empty(stage: Stage, _ids: list[str]) -> Usage:
    return stage.controller.play_tasks([{"ansible.builtin.meta": "noop"}], {})


def _module(stage: Stage, ids: list[str], *, here: bool) -> Usage:
    task = {_MODULE: {**stage.options("datadog"), **_WANTED, "signal_ids": ["{{ item }}"]}, "loop": ids}
    return _checked(stage, stage.controller.play_tasks([task], {"secops_triage_in_process": here}), ids)


def _uri(stage: Stage, ids: list[str]) -> Usage:
    options = stage.options("datadog")
    call = {
        "url": f"{options['api_url']}/api/v2/security_monitoring/signals/{{{{ item }}}}",
        "headers": {"DD-API-KEY": options["api_key"], "DD-APPLICATION-KEY": options["app_key"]},
    }
    body = {"data": {"type": "signal_metadata", "attributes": _WANTED}}
    write = {**call, "url": f"{call['url']}/update", "method": "PATCH", "body_format": "json", "body": body}
    tasks = [{"ansible.builtin.uri": one, "loop": ids} for one in (call, write)]
    return _checked(stage, stage.controller.play_tasks(tasks, {}), ids)


def _checked(stage: Stage, usage: Usage, ids: list[str]) -> Usage:
    still_open = set(stage.open_ids("datadog")) & set(ids)
    if usage.status or still_open:
        raise RuntimeError(f"{len(still_open)} signals are still open:\n{usage.output[-2000:]}")
    return usage
