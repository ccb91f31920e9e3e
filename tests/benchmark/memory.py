# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The peak memory of a module's process that has 10,000 alerts to change, with ``--diff``, which takes the most."""

from __future__ import annotations

import dataclasses
import typing as t

from ..simulator import Fault
from .process import Usage
from .report import Row, exactly
from .stage import Options, Stage

TITLE = "Peak memory of a module's process with 10,000 alerts to change, with --diff"
_COUNT = 10_000
_MEGABYTES = 120


@dataclasses.dataclass(frozen=True)
class _Path:
    """A way through the modules. ``options`` are those beside the connection and the ids."""

    name: str
    platform: str
    module: str
    options: Options
    ids: str = "alert_ids"


_PATHS = (
    _Path("Datadog signals", "datadog", "signal_state", {"state": "archived", "archive_reason": "other"}, "signal_ids"),
    _Path("Kibana alerts by ids", "kibana", "kibana_alert_status", {"status": "closed"}),
    _Path(
        "Kibana alerts by query",
        "kibana",
        "kibana_alert_status",
        {"query": {"term": {"kibana.alert.workflow_status": "open"}}, "max_alerts": _COUNT, "status": "closed"},
        "",
    ),
    _Path("Calseta alerts", "calseta", "alert_update", {"status": "Closed", "close_classification": "Duplicate"}),
)


def measure(stage: Stage) -> t.Iterator[Row]:
    """The peak of the resident set, as the kernel keeps it, for as many alerts and for one."""
    for path in _PATHS:
        for count in (1, _COUNT):
            usage = _run(stage, path, count)
            target = _MEGABYTES if count > 1 else None
            yield Row(f"{path.name}: {count:,}", usage.peak / 2**20, "MB", target)
        yield exactly(f"{path.name}: reported as changed", [usage.changed], _COUNT)


def _run(stage: Stage, path: _Path, count: int) -> Usage:
    ids = stage.fill(path.platform, count)
    options = {**stage.options(path.platform), **path.options, **({path.ids: ids} if path.ids else {})}
    module = stage.controller.build(f"secops.triage.{path.module}", options, diff=True)
    if not path.ids:
        stage.close_others(ids)
    if path.platform == "datadog":
        _enlarge_signals(stage)
    return module.run()


def _enlarge_signals(stage: Stage) -> None:
    """Make answers as large as real ones: a recorded signal has 55 KB, of which the query behind it, twice, is 49."""
    query = "x" * 24_400
    details = {"gated": {"relatedQuery": {"query": query, "queries": {"a": query}}}}
    body = {"data": {"attributes": details}}
    stage.simulator.add_fault(Fault("merge", platform="datadog", method="GET", probability=0.5, count=None, body=body))
