# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Webhooks that are answered at once, and lists of the alerts in them."""

from __future__ import annotations

import asyncio
import hmac
import importlib.util
import json
import logging
import time
import typing as t
from pathlib import Path

from aiohttp import web

DOCUMENTATION = r"""
short_description: Take webhooks, answer them at once, and collect their alerts into lists
version_added: 1.1.0
description:
  - Takes the payloads that the filter C(secops.triage.normalize) recognises, at any path. Every caller gets its answer
    at once, however long the rules take.
  - While the rules are busy, new alerts are collected. The next event has up to O(batch) of them, in C(alerts), a list
    of mappings with C(platform) and C(id), for the playbook C(secops.triage.runbooks). Texts of alerts are left out.
  - An alert that is not new is left out, and one that came less than an hour ago, too.
  - The answer is 200 if there was an alert in the payload, 401 without the token, 422 for a payload that is not
    recognised, and 503 while O(max_waiting) alerts wait. The log says why a payload was not recognised.
  - Alerts that wait are lost when the process ends. Poll as well if you must not miss one.
options:
  token:
    description: What callers send as C(Authorization: Bearer ...). Texts only; quote one that consists of digits.
    type: str
    required: true
  host:
    description: The address to listen on. The source speaks plain HTTP, so put a TLS proxy in front of it.
    type: str
    default: 127.0.0.1
  port:
    description: The port to listen on.
    type: int
    default: 5000
  batch:
    description: The most alerts in an event.
    type: int
    default: 100
  max_waiting:
    description:
      - The most alerts that wait. A caller that would exceed it gets a 503, and nothing of its payload is taken.
    type: int
    default: 10000
author:
  - secops.triage contributors (@ansible-collections)
"""

EXAMPLES = r"""
- name: Show new alerts, a list at a time
  hosts: localhost
  sources:
    - secops.triage.webhooks:
        # Without the filters a token of digits would become a number.
        token: "{{ WEBHOOK_TOKEN | string | tojson }}"
  rules:
    - name: Show them
      condition: event.alerts is defined
      action:
        print_event:
"""

_LOG = logging.getLogger("secops.triage.webhooks")
_DEFAULTS: dict[str, t.Any] = {"token": "", "host": "127.0.0.1", "port": 5000, "batch": 100, "max_waiting": 10_000}
#: A platform may send all alerts of a rule's run in one request.
_MAX_BODY = 16 * 1024 * 1024
#: Seconds in which an alert that comes again is left out, and how many alerts are remembered for that.
_REPEAT, _REMEMBERED = 3600, 100_000

Alert = tuple[str, str]


def _normalize() -> t.Callable[[t.Any], t.Any]:
    """The filter. ansible-rulebook runs this file by its path: the filter is found from there."""
    path = Path(__file__).parents[1] / "event_filter" / "normalize.py"
    spec = importlib.util.spec_from_file_location("secops_triage_normalize", path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} cannot be loaded")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return t.cast("t.Callable[[t.Any], t.Any]", module.main)


class Backlog:
    """The alerts that wait for the rules, in the order in which they came."""

    def __init__(self, batch: int, max_waiting: int) -> None:
        self._batch, self._max_waiting = batch, max_waiting
        self._waiting: dict[Alert, None] = {}
        self._seen: dict[Alert, float] = {}
        self._some = asyncio.Event()

    def add(self, alerts: t.Sequence[Alert]) -> bool:
        """Take all of the alerts that did not come before, or none if there is no room: V(False)."""
        now = time.monotonic()
        fresh = [one for one in dict.fromkeys(alerts) if now - self._seen.get(one, -_REPEAT) >= _REPEAT]
        if len(self._waiting) + len(fresh) > self._max_waiting:
            return False
        for one in fresh:
            self._waiting[one] = None
            # At the end again, for the oldest are forgotten first.
            self._seen.pop(one, None)
            self._seen[one] = now
        while len(self._seen) > _REMEMBERED:
            del self._seen[next(iter(self._seen))]
        if fresh:
            self._some.set()
        return True

    async def take(self) -> list[dict[str, str]]:
        """The next alerts, as soon as there are any."""
        await self._some.wait()
        taken = list(self._waiting)[: self._batch]
        for one in taken:
            del self._waiting[one]
        if not self._waiting:
            self._some.clear()
        return [{"platform": platform, "id": alert_id} for platform, alert_id in taken]


def _options(args: dict[str, t.Any]) -> dict[str, t.Any]:
    """The options with their defaults. Raises `ValueError`."""
    unknown = sorted(set(args) - set(_DEFAULTS) - {"eda_feedback_queue"})
    if unknown:
        raise ValueError(f"There is no option {', '.join(unknown)}; there are {', '.join(_DEFAULTS)}")
    options = {name: default if args.get(name) is None else args[name] for name, default in _DEFAULTS.items()}
    if not isinstance(options["token"], str) or not options["token"].strip():
        raise ValueError('token is missing or not a text; write it as "{{ WEBHOOK_TOKEN | string | tojson }}"')
    for name in ("port", "batch", "max_waiting"):
        value = options[name]
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            raise ValueError(f"{name} must be a positive integer, and is {value!r}")
    return options


def _is_known(request: web.Request, token: str) -> bool:
    """Whether the caller has sent the token."""
    scheme, _blank, given = request.headers.get("Authorization", "").partition(" ")
    return scheme.lower() == "bearer" and hmac.compare_digest(_bytes(given.strip()), _bytes(token))


def _bytes(text: str) -> bytes:
    """A header as it came: bytes that are no UTF-8 are in it as halves of surrogate pairs."""
    return text.encode("utf-8", "surrogateescape")


def _alerts(found: t.Any) -> list[dict[str, t.Any]]:
    """The alerts in what the filter has found. The log says why anything else was not recognised."""
    events = found if isinstance(found, list) else [found]
    for reason in {event["unrecognized"] for event in events if "alert" not in event}:
        _LOG.warning("A webhook was not recognized: %s", reason)
    return [event["alert"] for event in events if "alert" in event]


def _handler(token: str, backlog: Backlog) -> t.Callable[[web.Request], t.Coroutine[t.Any, t.Any, web.StreamResponse]]:
    normalize = _normalize()

    async def answer(request: web.Request) -> web.StreamResponse:
        if not _is_known(request, token):
            return web.Response(status=401, text="The token is missing or wrong")
        try:
            payload = json.loads(await request.read())
        except (ValueError, RecursionError):
            return web.Response(status=400, text="The body is not JSON")
        alerts = _alerts(normalize({"payload": payload}))
        if not alerts:
            return web.Response(status=422, text="There is no alert in it that is recognized")
        if not backlog.add([(one["platform"], one["id"]) for one in alerts if one["new"]]):
            _LOG.warning("Too many alerts wait for the rules. A webhook was refused")
            return web.Response(status=503, headers={"Retry-After": "60"}, text="Too many alerts wait")
        return web.Response()

    return answer


async def main(queue: t.Any, args: dict[str, t.Any]) -> None:
    """Put lists of alerts into the queue until cancelled."""
    options = _options(args)
    backlog = Backlog(options["batch"], options["max_waiting"])
    app = web.Application(client_max_size=_MAX_BODY)
    app.router.add_post("/{path:.*}", _handler(options["token"].strip(), backlog))
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, options["host"], options["port"]).start()
        while True:
            await queue.put({"alerts": await backlog.take()})
    finally:
        await runner.cleanup()
