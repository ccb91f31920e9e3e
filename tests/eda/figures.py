# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What one machine bears: run it as C(make eda-figures). Nothing here is a test, for figures are those of a machine.

Processor time is what counts, for it is the same on a machine that has other things to do.
"""

from __future__ import annotations

import asyncio
import os
import resource
import sys
import tempfile
import time
import typing as t
from collections.abc import Iterator
from pathlib import Path

import aiohttp

from ansible_collections.secops.triage.tests.eda.rulebook import Rulebook
from ansible_collections.secops.triage.tests.simulator import Simulator
from ansible_collections.secops.triage.tests.unit.extensions.eda.sources import add
from ansible_collections.secops.triage.tests.unit.loopback import closed_port
from ansible_collections.secops.triage.tests.unit.playbooks.playing import played

TOKEN = "wbh9KqX7ZxT5vLm3Nc8JdHs2PyGbF6Rt"
WEBHOOKS, CALLERS = 3000, 50


def processor_seconds() -> float:
    """The processor time of all commands that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def runbooks(sim: Simulator, folder: Path, count: int) -> float:
    """The processor time of a runbook, with so many alerts in a play; the remediation does nothing."""
    alerts = [{"platform": "kibana", "id": add(sim, "kibana", 60)} for _number in range(count)]
    (folder / "remediate.yml").write_text("- ansible.builtin.meta: noop\n", encoding="utf-8")
    given = {"runbook_remediation": {"tasks": "remediate.yml"}, "runbook_verdict": "benign"}
    sim.log.clear()
    start = processor_seconds()
    if count == 1:
        run = played(sim, folder, "secops.triage.runbook", {**given, "runbook_alert": alerts[0]})
    else:
        run = played(sim, folder, "secops.triage.runbooks", {**given, "runbook_alerts": alerts})
    assert run.returncode == 0, run.stdout + run.stderr
    return (processor_seconds() - start) / count


async def flood(port: int) -> tuple[float, list[float]]:
    """The seconds for all webhooks, and those that each caller waits for an answer; all of them must get one."""
    waits: list[float] = []
    numbers = iter(range(WEBHOOKS))

    async def caller(session: aiohttp.ClientSession, numbers: Iterator[int]) -> None:
        for number in numbers:
            start = time.monotonic()
            payload = {"platform": "kibana", "id": f"missing-{number}", "severity": "high", "rule": "A rule"}
            async with session.post(f"http://127.0.0.1:{port}/", json=payload) as answer:
                assert answer.status == 200
            waits.append(time.monotonic() - start)

    async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {TOKEN}"}) as session:
        while True:
            try:
                async with session.get(f"http://127.0.0.1:{port}/"):
                    break
            except aiohttp.ClientConnectorError:
                await asyncio.sleep(0.2)
        start = time.monotonic()
        await asyncio.gather(*(caller(session, numbers) for _number in range(CALLERS)))
        return time.monotonic() - start, sorted(waits)


def main() -> None:
    with Simulator(alerts=0) as sim, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for count in (1, 20):
            seconds = runbooks(sim, folder, count)
            print(f"{count} alert(s) in a play: {seconds:.1f} s of a processor for each, {60 / seconds:.0f} a minute;")
            print(f"  {len(sim.log.entries) / count:.0f} requests for each")
        port = closed_port()
        variables: dict[str, t.Any] = {"webhook_port": port, "WEBHOOK_TOKEN": TOKEN}
        with Rulebook(sim, os.environ["JAVA_HOME"], folder, "webhooks", variables):
            seconds, waits = asyncio.run(flood(port))
        half, last = (round(one * 1000) for one in (waits[len(waits) // 2], waits[-1]))
        print(f"{WEBHOOKS} webhooks of {CALLERS} callers while runbooks run: {WEBHOOKS / seconds:.0f} a second;")
        print(f"  half of them were answered within {half} ms, and the last within {last} ms")
        print(f"Python {sys.version.split()[0]}, {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
