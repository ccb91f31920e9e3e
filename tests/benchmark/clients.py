# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Scripts that do what the module does, to hold it against. A file tells them what to do: it holds keys."""

from __future__ import annotations

import json
import typing as t
from pathlib import Path

from .process import Usage
from .stage import Options, Stage

_HERE = Path(__file__).parent


def bare(stage: Stage, ids: t.Sequence[str], wanted: Options, concurrency: int) -> t.Callable[[], Usage]:
    """The least that sends the same requests."""
    keys = stage.options("datadog")
    headers = {"DD-API-KEY": keys["api_key"], "DD-APPLICATION-KEY": keys["app_key"]}
    task = {"url": keys["api_url"], "headers": headers, "ids": ids, "attributes": wanted, "concurrency": concurrency}
    return _script(stage, "bare.py", task)


def vendor(stage: Stage, ids: t.Sequence[str], wanted: Options, threads: int) -> t.Callable[[], Usage]:
    """Datadog's own client; 0 threads are its plain one."""
    return _script(stage, "vendor.py", {**stage.options("datadog"), "ids": ids, **wanted, "threads": threads})


def _script(stage: Stage, name: str, task: dict[str, t.Any]) -> t.Callable[[], Usage]:
    file = stage.controller.folder / f"{name}.json"

    def run() -> Usage:
        file.write_text(json.dumps(task))
        return stage.controller.run([_HERE / name, file])

    return run
