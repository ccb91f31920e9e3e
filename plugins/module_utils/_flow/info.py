# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The flow of all modules that only read: read the named alerts, or search, and report what was found.

It contains no code for any API.
"""

from __future__ import annotations

import dataclasses
import typing as t

from .._core.options import ArgumentSpec, Params, TaskContext
from .change import Fields
from .platform import Platform
from .task import Report, Task

#: The fields that every info module returns of an alert besides its ``id``, in order. V(None) is unknown. Severity,
#: status and verdict are in the platform's words; the assignee is V("") for nobody, and so is the name.
COMMON = (
    *("platform", "title", "severity", "status", "verdict", "assignee", "assignee_name"),
    *("created", "updated", "url", "rule"),
)


def common(**known: str | None) -> Fields:
    """The fields of every alert: all of `COMMON`."""
    return {name: known.get(name) for name in COMMON}


INFO_OPTIONS = ArgumentSpec(
    {
        "max_alerts": {"type": "int", "default": 1000},
        "allow_unbounded": {"type": "bool", "default": True},
        "raw": {"type": "bool", "default": False},
    }
)


def info_task(connect: t.Callable[[Params, TaskContext], Platform], spec: ArgumentSpec) -> Task:
    """The task of a module that reports alerts. Its client is read-only, outside check mode too."""

    def work(params: Params, context: TaskContext) -> Report:
        platform = connect(params, dataclasses.replace(context, read_only=True))
        fields: Fields = {"changed": False, platform.noun: []}
        if platform.selection:
            found = platform.selection.find()
            alerts = platform.with_names(found.alerts)
            fields.update(truncated=found.more, total=found.total)
        else:
            alerts = platform.with_names(platform.read(platform.ids))
            found_ids = {alert.id for alert in alerts.values()}
            fields["missing"] = [alert_id for alert_id in platform.ids if alert_id not in found_ids]
        fields[platform.noun] = [{"id": alert.id, **alert.fields} for alert in alerts.values()]
        return Report(fields, platform.read_warnings)

    return Task(work, spec)
