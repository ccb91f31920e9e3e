# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The event source as ansible-rulebook runs it, on the simulator."""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import random
import typing as t
from dataclasses import replace
from pathlib import Path

import pytest

from ansible_collections.secops.triage.tests.simulator import Simulator
from ansible_collections.secops.triage.tests.simulator.seeds import Scene, scenes

SOURCE = Path(__file__).parents[4] / "extensions" / "eda" / "plugins" / "event_source" / "alerts.py"
LOADING = SOURCE.parents[1] / "module_utils" / "secops_triage_eda" / "loading.py"
PLATFORMS = ("datadog", "kibana", "security_deck", "calseta")

everywhere = pytest.mark.parametrize("platform", PLATFORMS)

Args = dict[str, t.Any]
Event = dict[str, t.Any]

#: The first state of an alert, and the last.
STATES = {
    "datadog": ("open", "archived"),
    "kibana": ("open", "closed"),
    "security_deck": ("OPEN", "RESOLVED"),
    "calseta": ("Open", "Closed"),
}
#: The path of each platform's search.
SEARCHES = {
    "datadog": r"/signals/search",
    "kibana": r"/signals/search",
    "security_deck": r"/sinks/",
    "calseta": r"/v1/alerts\?",
}


def searches(sim: Simulator, platform: str) -> int:
    """How many pages of searches the platform was asked for."""
    return len(sim.log.select(platform, path=SEARCHES[platform]))


def args_of(sim: Simulator, platform: str, **more: t.Any) -> Args:
    """The arguments that connect to the simulator, with a short interval."""
    keys = sim.credentials
    own: dict[str, Args] = {
        "datadog": {"api_key": keys.datadog_api_key, "app_key": keys.datadog_app_key},
        "kibana": {"api_key": keys.kibana_api_key},
        "security_deck": {"iam_token": keys.iam_token, "query": {"sink_id": sim.security_deck.sink_id}},
        "calseta": {"api_key": keys.calseta_api_key},
    }
    url = getattr(sim, platform).url
    return {"platform": platform, "api_url": url, "interval": 0.1, **own[platform], **more}


def add(sim: Simulator, platform: str, age: float = 0.0, *, closed: bool = False) -> str:
    """Add an alert that was raised so many seconds ago. Returns its id."""
    state = STATES[platform][closed]
    scene: Scene = replace(next(scenes(random.Random(7), 1)), age=age)
    if platform == "datadog":
        return sim.datadog.add_signal(age=age, state=state).id
    if platform == "kibana":
        return sim.kibana.add_alert(state, scene=scene)
    if platform == "security_deck":
        return sim.security_deck.add_alert(scene, status=state).id
    # Calseta stores an alert a second after it occurred.
    classification = {"close_classification": "Duplicate"} if closed else {}
    return sim.calseta.add_alert(replace(scene, age=age + 1), status=state, **classification).uuid


def close(sim: Simulator, platform: str, alert_id: str) -> None:
    """Close an alert, as a runbook or somebody else does."""
    closed = STATES[platform][1]
    if platform == "datadog":
        sim.datadog.signals[alert_id].state = closed
    elif platform == "kibana":
        sim.kibana.alerts()[alert_id]["kibana.alert.workflow_status"] = closed
    else:
        getattr(sim, platform).alerts[alert_id].status = closed


class Feed:
    """The events of a running source."""

    def __init__(self, queue: asyncio.Queue[Event], task: asyncio.Task[None]) -> None:
        self._queue = queue
        self.task = task

    async def events(self, count: int) -> list[Event]:
        """The next events. If the source ends instead, its error is raised."""
        return [await self._next() for _position in range(count)]

    @property
    def full(self) -> bool:
        return self._queue.full()

    async def ids(self, count: int) -> list[str]:
        return [event["alert"]["id"] for event in await self.events(count)]

    async def _next(self) -> Event:
        waiting = asyncio.create_task(self._queue.get())
        await asyncio.wait({waiting, self.task}, timeout=60, return_when=asyncio.FIRST_COMPLETED)
        if waiting.done():
            return waiting.result()
        waiting.cancel()
        if self.task.done():
            self.task.result()
        raise AssertionError("no event came")


def loaded(file: Path) -> dict[str, t.Any]:
    """The names that a plugin defines, loaded by its path. C(runpy) would take the path for a folder."""
    spec = importlib.util.spec_from_file_location("plugin", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return vars(module)


def library(name: str) -> t.Any:
    """A file of the code that the plugins share."""
    return loaded(LOADING)["load"](name)


@contextlib.asynccontextmanager
async def running(args: Args, size: int = 0) -> t.AsyncIterator[Feed]:
    """The source, until the end of the block. ``size`` is how many events its queue holds."""
    queue: asyncio.Queue[Event] = asyncio.Queue(size)
    task = asyncio.create_task(loaded(SOURCE)["main"](queue, args))
    try:
        yield Feed(queue, task)
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.wait_for(task, 20)


def ids_of(args: Args, count: int) -> list[str]:
    """The ids of the first events of a source that is stopped afterwards."""

    async def scenario() -> list[str]:
        async with running(args) as feed:
            return await feed.ids(count)

    return asyncio.run(scenario())


def error_of(args: Args) -> str:
    """The error that ends a source, with nothing behind it that a traceback would show."""

    async def scenario() -> None:
        async with running(args) as feed:
            await feed.events(1)

    with pytest.raises(Exception, match=r"\w") as caught:
        asyncio.run(scenario())
    error = caught.value
    assert "TriageError" in [kind.__name__ for kind in type(error).__mro__], repr(error)
    assert error.__suppress_context__ or error.__context__ is None
    return str(error)
