# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Webhooks are answered at once, whatever the rules do, and no alert of theirs is lost or comes twice."""

from __future__ import annotations

import asyncio
import contextlib
import json
import typing as t
from pathlib import Path

import aiohttp
import pytest

from ansible_collections.secops.triage.tests.unit.extensions.eda.sources import loaded
from ansible_collections.secops.triage.tests.unit.loopback import closed_port

SOURCE = Path(__file__).parents[4] / "extensions" / "eda" / "plugins" / "event_source" / "webhooks.py"
TOKEN = "0123456789"
PAIR = {"platform": "kibana", "id": "a"}


class Hooks:
    """A running source. Its queue holds one event, as that of ansible-rulebook does."""

    def __init__(self, port: int, session: aiohttp.ClientSession) -> None:
        self.queue: asyncio.Queue[dict[str, t.Any]] = asyncio.Queue(1)
        self._port, self._session = port, session

    async def send(self, payload: t.Any, token: str | None = TOKEN) -> int:
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        body = payload if isinstance(payload, bytes) else json.dumps(payload)
        url = f"http://127.0.0.1:{self._port}/any/path"
        async with self._session.post(url, data=body, headers=headers) as answer:
            return answer.status

    async def ids(self) -> list[str]:
        event = await asyncio.wait_for(self.queue.get(), 60)
        assert list(event) == ["alerts"]
        assert all(list(one) == ["platform", "id"] for one in event["alerts"])
        return [one["id"] for one in event["alerts"]]


def run(scenario: t.Callable[[Hooks], t.Awaitable[None]], **options: t.Any) -> None:
    async def whole() -> None:
        port = closed_port()
        async with aiohttp.ClientSession() as session:
            hooks = Hooks(port, session)
            task = asyncio.create_task(loaded(SOURCE)["main"](hooks.queue, {"token": TOKEN, "port": port, **options}))
            try:
                # Until it listens.
                while True:
                    with contextlib.suppress(aiohttp.ClientConnectorError):
                        await hooks.send({}, None)
                        break
                    await asyncio.sleep(0.01)
                await scenario(hooks)
            finally:
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task

    asyncio.run(whole())


def numbered(count: int) -> list[str]:
    return [f"alert-{number}" for number in range(count)]


def test_a_flood_is_answered_while_the_rules_are_busy() -> None:
    """Nobody takes an event before all callers have their answers."""

    async def scenario(hooks: Hooks) -> None:
        ids = numbered(500)
        assert [await hooks.send({"platform": "kibana", "id": one}) for one in ids] == [200] * 500
        lists: list[list[str]] = []
        while sum(len(one) for one in lists) < 500:
            lists.append(await hooks.ids())
        assert [one for ids in lists for one in ids] == numbered(500)
        # The first ones while the queue had room, and then as many as there may be.
        assert max(map(len, lists)) == 100
        assert len(lists) <= 8

    run(scenario)


def test_an_alert_that_comes_again_is_left_out() -> None:
    async def scenario(hooks: Hooks) -> None:
        twice = {"platform": "kibana", "alerts": [{"_id": "a"}, {"_id": "b"}, {"_id": "a"}]}
        assert await hooks.send(twice) == 200
        assert await hooks.ids() == ["a", "b"]
        assert await hooks.send(twice) == 200
        assert await hooks.send({"platform": "datadog", "id": "a"}) == 200
        assert await hooks.ids() == ["a"]

    run(scenario)


def test_an_alert_that_is_not_new_is_left_out() -> None:
    async def scenario(hooks: Hooks) -> None:
        assert await hooks.send({**PAIR, "status": "closed"}) == 200
        assert await hooks.send({**PAIR, "status": "open"}) == 200
        assert await hooks.ids() == ["a"]
        assert hooks.queue.empty()

    run(scenario)


def test_there_is_an_end_to_what_waits() -> None:
    """A payload for which there is no room is refused as a whole, and its sender can send it again."""

    async def scenario(hooks: Hooks) -> None:
        # One is with the rules, one in the queue, and one on its way there.
        for one in ("x", "y", "z"):
            assert await hooks.send({"platform": "kibana", "id": one}) == 200
            await asyncio.sleep(0.05)
        several = {"platform": "kibana", "alerts": [{"_id": one} for one in numbered(4)]}
        assert await hooks.send(several) == 503
        taken = [*await hooks.ids(), *await hooks.ids(), *await hooks.ids()]
        assert taken == ["x", "y", "z"]
        assert await hooks.send({"platform": "kibana", "alerts": several["alerts"][:3]}) == 200
        assert await hooks.ids() == numbered(3)

    run(scenario, max_waiting=3)


@pytest.mark.parametrize(
    ("payload", "token", "status"),
    [
        (PAIR, None, 401),
        (PAIR, "another", 401),
        (PAIR, "", 401),
        (PAIR, "\udcff", 401),
        (b"{", TOKEN, 400),
        (b"[" * 100_000, TOKEN, 400),
        ({"issue": "SEC-1"}, TOKEN, 422),
        ({"platform": "kibana", "id": "{{ 7 * 7 }}"}, TOKEN, 422),
        ([], TOKEN, 422),
        ("text", TOKEN, 422),
    ],
    ids=str,
)
def test_what_is_no_alert_of_a_known_caller_is_refused(payload: t.Any, token: str | None, status: int) -> None:
    async def scenario(hooks: Hooks) -> None:
        assert await hooks.send(payload, token) == status
        assert hooks.queue.empty()

    run(scenario)


@pytest.mark.parametrize(
    ("args", "said"),
    [
        ({}, "token is missing or not a text"),
        ({"token": 123456}, "token is missing or not a text"),
        ({"token": " "}, "token is missing or not a text"),
        ({"token": TOKEN, "batch": 0}, "batch must be a positive integer, and is 0"),
        ({"token": TOKEN, "port": "x"}, "port must be a positive integer"),
        ({"token": TOKEN, "bacth": 5}, "There is no option bacth"),
    ],
)
def test_wrong_options_end_it_before_it_listens(args: t.Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        asyncio.run(loaded(SOURCE)["main"](asyncio.Queue(), args))
