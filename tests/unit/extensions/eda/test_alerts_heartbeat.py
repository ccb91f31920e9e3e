# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The heartbeat shows that the source lives, and how far it has come."""

from __future__ import annotations

import asyncio
import logging
import typing as t
from datetime import datetime, timezone

from ansible_collections.secops.triage.tests.simulator import Fault, Simulator
from ansible_collections.secops.triage.tests.unit.extensions.eda.sources import Feed, add, args_of, error_of, running

KEYS = {"platform", "time", "last_search", "newest_alert", "events", "failures"}


async def heartbeat(feed: Feed) -> dict[str, t.Any]:
    """The next heartbeat; the alerts before it are dropped."""
    while True:
        (event,) = await feed.events(1)
        if "heartbeat" in event:
            assert set(event) == {"heartbeat"}
            return dict(event["heartbeat"])


def test_heartbeat_tells_what_was_done(sim: Simulator, caplog: t.Any) -> None:
    created = [sim.datadog.signals[add(sim, "datadog", age)].timestamp for age in (60, 30)]

    async def scenario() -> None:
        async with running(args_of(sim, "datadog", since="now-10m", heartbeat=0.5)) as feed:
            beats = [await heartbeat(feed)]
            while beats[-1]["events"] < 2:
                beats.append(await heartbeat(feed))
            last = beats[-1]
            assert set(last) == KEYS
            assert last["platform"] == "datadog"
            assert last["newest_alert"].startswith(moment(created[-1])[:19])
            assert last["last_search"] <= last["time"]
            assert (last["events"], last["failures"]) == (2, 0)
            assert (await heartbeat(feed))["last_search"] > last["last_search"]

    with caplog.at_level(logging.INFO, "secops.triage.alerts"):
        asyncio.run(scenario())
    assert "datadog: alive, 2 events so far, 0 failures in a row, last search 20" in caplog.text


def moment(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds / 1000, timezone.utc).isoformat()


def test_heartbeat_goes_on_while_the_platform_fails(sim: Simulator) -> None:
    sim.faults.add(Fault("status", status=503, wait_form="retry_after", wait=250, count=None))

    async def scenario() -> None:
        async with running(args_of(sim, "datadog", heartbeat=0.2)) as feed:
            beat = await heartbeat(feed)
            while not beat["failures"]:
                beat = await heartbeat(feed)
            assert beat["last_search"] is None
            assert beat["events"] == 0

    asyncio.run(scenario())


def test_heartbeat_stops_while_rules_hold_the_source_up(sim: Simulator) -> None:
    """It stands in the same queue as the alerts: rules that see it have taken what was before it."""
    for number in range(5):
        add(sim, "datadog", 60 - number)

    async def scenario() -> None:
        async with running(args_of(sim, "datadog", since="now-10m", heartbeat=0.1), size=1) as feed:
            while not feed.full:
                await asyncio.sleep(0)
            await asyncio.sleep(1)
            events = await feed.events(8)
            assert sum("heartbeat" in event for event in events) <= 3

    asyncio.run(scenario())


def test_no_heartbeat_by_default(sim: Simulator) -> None:
    async def scenario() -> None:
        async with running(args_of(sim, "datadog", since="now-10m")) as feed:
            await asyncio.sleep(0.5)
            add(sim, "datadog", 30)
            assert await feed.ids(1)

    asyncio.run(scenario())


def test_heartbeat_ends_with_the_source(sim: Simulator) -> None:
    sim.faults.add(Fault("status", status=400, count=None))
    assert ": 400 " in error_of(args_of(sim, "datadog", heartbeat=60))
    assert "heartbeat must be between 0 and 86400" in error_of(args_of(sim, "datadog", heartbeat=-1))
