# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""No alert is lost by a restart or a storm of alerts."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import signal
import subprocess
import sys
import threading
import time
import typing as t
from pathlib import Path

import pytest

from ansible_collections.secops.triage.plugins.module_utils._core.times import earlier, now
from ansible_collections.secops.triage.tests.simulator import Fault, Simulator
from ansible_collections.secops.triage.tests.unit.extensions.eda.sources import (
    SEARCHES,
    SOURCE,
    add,
    args_of,
    close,
    everywhere,
    ids_of,
    library,
    running,
    searches,
)


async def all_ids(args: dict[str, t.Any], seconds: float) -> list[str]:
    """The ids of all events that a source gives in this time."""
    ids: list[str] = []
    async with running(args) as feed:
        with contextlib.suppress(asyncio.TimeoutError):
            while True:
                ids += await asyncio.wait_for(feed.ids(1), seconds)
    return ids


# Restarts


@everywhere
def test_restart_repeats_the_alerts_that_are_still_new(sim: Simulator, platform: str, checkpoint: str) -> None:
    """Two of twelve were worked on. The rulebook's queue is lost with its process, and with it the other ten."""
    ids = [add(sim, platform, 500 - number) for number in range(12)]
    args = args_of(sim, platform, since="now-10m", checkpoint=checkpoint, overlap=0)
    assert ids_of(args, 12) == ids
    for alert_id in ids[:2]:
        close(sim, platform, alert_id)
    ids.append(add(sim, platform, 1))
    assert asyncio.run(all_ids(args, 2)) == ids[2:]


@pytest.mark.parametrize("signal_number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT], ids=str)
def test_stopped_by_a_signal(sim: Simulator, checkpoint: str, signal_number: signal.Signals) -> None:
    """The queue holds one event, as ansible-rulebook's does, and the rules behind it hold what they have taken."""
    newest = earlier(now(), 490)
    ids = [add(sim, "datadog", 500 - number) for number in range(12)]
    args = args_of(sim, "datadog", since="now-10m", checkpoint=checkpoint)
    script = (
        "import asyncio, json, runpy, signal, sys\n"
        # Where the tests run in the background, this signal is ignored.
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "async def run():\n"
        "    queue = asyncio.Queue(1)\n"
        "    source = asyncio.create_task(runpy.run_path(sys.argv[1])['main'](queue, json.loads(sys.argv[2])))\n"
        "    while True:\n"
        "        print((await queue.get())['alert']['id'], flush=True)\n"
        "asyncio.run(run())\n"
    )
    command = [sys.executable, "-c", script, str(SOURCE), json.dumps(args)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        assert [process.stdout.readline().strip() for _position in ids] == ids
        # The checkpoint has moved past all of them.
        while json.loads(Path(checkpoint).read_text(encoding="utf-8"))["since"] < newest:
            time.sleep(0.01)
        os.kill(process.pid, signal_number)
    for alert_id in ids[:2]:
        close(sim, "datadog", alert_id)
    assert asyncio.run(all_ids(args, 2)) == ids[2:]


@everywhere
def test_restart_with_a_full_queue_repeats_and_goes_on(sim: Simulator, platform: str, checkpoint: str) -> None:
    """Slow rules hold the source up in the middle of a page."""
    ids = [add(sim, platform, 90 - number) for number in range(5)]
    args = args_of(sim, platform, since="now-10m", checkpoint=checkpoint)

    async def scenario() -> list[str]:
        async with running(args, size=1) as feed:
            taken = await feed.ids(2)
            while not feed.full:
                await asyncio.sleep(0)
            return taken

    assert asyncio.run(scenario()) == ids[:2]
    close(sim, platform, ids[0])
    assert ids_of(args, 4) == ids[1:]


def test_lookback_bounds_what_a_restart_repeats(sim: Simulator, checkpoint: str) -> None:
    ids = [add(sim, "datadog", age) for age in (500, 400, 300, 10)]
    args = args_of(sim, "datadog", since="now-10m", checkpoint=checkpoint, lookback=350, overlap=5)
    assert ids_of(args, 4) == ids
    assert asyncio.run(all_ids(args, 2)) == ids[2:]


def test_lookback_is_for_the_start_only(sim: Simulator, checkpoint: str) -> None:
    """While it runs, the source goes back by the overlap."""
    args = args_of(sim, "datadog", since="now-10m", checkpoint=checkpoint, overlap=5)
    ids = [add(sim, "datadog", 100)]

    async def scenario() -> None:
        async with running(args) as feed:
            assert await feed.ids(1) == ids
            count = searches(sim, "datadog")
            while searches(sim, "datadog") < count + 2:
                await asyncio.sleep(0)
            add(sim, "datadog", 300)
            last = add(sim, "datadog", 50)
            assert await feed.ids(1) == [last]

    asyncio.run(scenario())


def test_without_only_new_a_restart_repeats_all(sim: Simulator, checkpoint: str) -> None:
    """Whether rules have seen a closed alert cannot be told from it."""
    ids = [add(sim, "kibana", 90 - number, closed=bool(number % 2)) for number in range(4)]
    args = args_of(sim, "kibana", since="now-10m", checkpoint=checkpoint, only_new=False)
    assert ids_of(args, 4) == ids
    assert ids_of(args, 4) == ids


# Storms


@contextlib.contextmanager
def storming(sim: Simulator, platform: str, seconds: float = 0.05) -> t.Iterator[list[str]]:
    """New alerts all the time, and their ids. The simulator's own thread adds them, between two requests."""
    server = vars(sim)["_server"]
    loop: asyncio.AbstractEventLoop = vars(server)["_loop"]
    ids: list[str] = []
    done = threading.Event()

    def storm() -> None:
        if not done.is_set():
            ids.append(add(sim, platform))
            loop.call_later(seconds, storm)

    loop.call_soon_threadsafe(storm)
    try:
        yield ids
    finally:
        done.set()


@everywhere
def test_events_flow_while_alerts_storm(sim: Simulator, platform: str) -> None:
    """2,500 alerts, and more while each page is read."""
    old = {add(sim, platform, 550 - number // 10) for number in range(2500)}
    args = args_of(sim, platform, since="now-10m")

    async def scenario(new: list[str]) -> None:
        start = time.monotonic()
        async with running(args) as feed:
            got = await feed.ids(1)
            assert time.monotonic() - start < 10
            while not old <= set(got) or not set(new[:20]) <= set(got):
                got += await feed.ids(1)
            assert time.monotonic() - start < 60
        assert len(new) >= 20
        assert len(got) == len(set(got))

    with storming(sim, platform) as new:
        asyncio.run(scenario(new))


@everywhere
def test_search_is_repeated_a_few_times_only(sim: Simulator, platform: str) -> None:
    for number in range(1100):
        add(sim, platform, 550 - number // 10)

    async def scenario() -> int:
        async with running(args_of(sim, platform, since="now-10m", interval=3600)) as feed:
            await feed.ids(1100)
            count = -1
            while count != searches(sim, platform):
                count = searches(sim, platform)
                await asyncio.sleep(1.5)
            return count

    with storming(sim, platform):
        pages = asyncio.run(scenario())
    assert pages <= 3 * 4


def test_alert_that_moves_to_an_earlier_page_is_found(sim: Simulator) -> None:
    """Calseta's pages are counted: an alert that no longer matches moves all that follow."""
    ids = [add(sim, "calseta", 590 - number) for number in range(505)]
    args = args_of(sim, "calseta", since="now-10m", overlap=0, query={"status": ["Open"]})

    async def scenario() -> list[str]:
        async with running(args, size=1) as feed:
            got = await feed.ids(1)
            for alert_id in ids[-10:]:
                close(sim, "calseta", alert_id)
            return got + await feed.ids(504)

    assert set(asyncio.run(scenario())) == set(ids)


def test_next_search_covers_what_came_during_this_one(checkpoint: str) -> None:
    """An alert may become searchable behind the page that is being read, in a storm and with slow rules."""
    options = {"since": earlier(now(), 600), "overlap": 5, "lookback": 60, "checkpoint": checkpoint}
    place = library("checkpoint").Checkpoint(options, "datadog")
    place.begin()
    began = now()
    time.sleep(0.01)
    place.note("during the search", now())
    place.advance()
    place.complete()
    assert earlier(began, 6) < place.start <= earlier(began, 5)


class Index:
    """Alerts of Elastic Security as a search shows them, with their times in milliseconds."""

    raw = False

    def __init__(self, times: list[int]) -> None:
        self._times = times

    async def read(self, method: str, path: str, **body: t.Any) -> dict[str, t.Any]:
        request = body["json"]
        (_query, within), (without,) = request["query"]["bool"]["filter"], request["query"]["bool"]["must_not"]
        bounds, known = within["range"]["@timestamp"], set(without["ids"]["values"])
        assert len(known) < 15_600
        lowest = int(bounds.get("gte", bounds.get("gt", 0) + 1)) if "format" in bounds else 0
        shown = [(number, moment) for number, moment in enumerate(self._times) if moment >= lowest]
        hits = [{"_id": str(number), "sort": [moment]} for number, moment in shown if str(number) not in known]
        return {"hits": {"hits": hits[: request["size"]]}}


def test_more_alerts_of_one_moment_than_a_search_can_exclude(caplog: t.Any) -> None:
    """They do not stop the search: what is newer follows."""

    async def scenario() -> int:
        index = Index([1000] * 12_500 + [2000])
        shown = [hit["_id"] async for page in library("kibana").KIBANA.search(index, {}, "2026") for hit in page]
        assert shown[-1] == "12500"
        assert len(shown) == len(set(shown))
        return len(shown)

    with caplog.at_level(logging.WARNING, "secops.triage.alerts"):
        assert asyncio.run(scenario()) == 11_001
    assert "more than 10000 alerts have the same time" in caplog.text


def test_refused_cursor_begins_the_search_again(sim: Simulator) -> None:
    """A cursor may expire while rules hold the source up."""
    ids = {add(sim, "datadog", 550 - number // 10) for number in range(1050)}
    sim.faults.add(Fault("status", platform="datadog", nth=2, status=400, path=SEARCHES["datadog"]))
    assert set(ids_of(args_of(sim, "datadog", since="now-10m"), len(ids))) == ids


def test_memory_of_seen_alerts_is_bounded() -> None:
    seen = library("checkpoint").Seen(100)
    for number in range(1000):
        seen.add(str(number), f"{number:04}")
        assert len(seen) <= 100
    assert "999" in seen
    assert seen.forgotten < "0920"
    assert "899" not in seen
