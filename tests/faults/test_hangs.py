# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A server that says just enough not to be silent: the time-out is for the whole answer, not for each byte of it."""

from __future__ import annotations

import contextlib
import itertools
import socket
import threading
import time
import typing as t

import pytest

from ansible_collections.secops.triage.tests.simulator import Fault, Simulator
from ansible_collections.secops.triage.tests.unit.harness import Params, by_id, run_module

from .concurrent_tasks import calm, only

#: What comes before the trickle.
BEGINNINGS = {
    "body": b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 400\r\n\r\n",
    "chunk": b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n190\r\n",
    "headers": b"HTTP/1.1 200 OK\r\nX-Trickle: ",
    "status line": b"HTTP/1.1 200 ",
    "error": b"HTTP/1.1 500 Oh\r\nContent-Length: 400\r\n\r\n",
    "redirect": b"HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 400\r\n\r\n",
}
BYTES = 400


class Trickle:
    """Answers each connection with a beginning, and then twenty bytes a second. ``sent`` has how many each one took."""

    def __init__(self, beginning: bytes) -> None:
        self._beginning = beginning
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = "http://{}:{}".format(*self._listener.getsockname())
        self.sent: list[int] = []
        self._threads = [threading.Thread(target=self._accept, daemon=True)]

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _address = self._listener.accept()
                self._threads.append(threading.Thread(target=self._answer, args=(connection,), daemon=True))
                self._threads[-1].start()

    def _answer(self, connection: socket.socket) -> None:
        sent = 0
        with connection, contextlib.suppress(OSError):
            connection.recv(65536)
            connection.sendall(self._beginning)
            while sent < BYTES:
                connection.sendall(b" ")
                sent += 1
                time.sleep(0.05)
        self.sent.append(sent)

    def __enter__(self) -> Trickle:
        self._threads[0].start()
        return self

    def __exit__(self, *_error: object) -> None:
        """Wait until every client has hung up, or has taken all."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in list(self._threads):
            thread.join()


@pytest.mark.parametrize("beginning", BEGINNINGS.values(), ids=list(BEGINNINGS))
def test_an_answer_that_trickles_in_is_given_up(sim: Simulator, calseta: Params, beginning: bytes) -> None:
    with Trickle(beginning) as server:
        task = {**calseta, "api_url": server.url, "status": "Triaging", "timeout": 0.3, "retries": 1}
        result = run_module("alert_update", {**task, "alert_ids": ["3fa85f64-5717-4562-b3fc-2c963f66afa6"]})
    assert result["failed"]
    assert "within 0.3 s" in result["msg"]
    # The first look, and its retry: the client hung up each time, long before all was said.
    assert len(server.sent) == 2
    assert max(server.sent) < BYTES / 2


@pytest.mark.parametrize("retries", [0, 2])
def test_a_request_is_tried_no_more_often_than_told(sim: Simulator, calseta: Params, retries: int) -> None:
    sim.faults.add(Fault("delay", delay=0.5, count=None))
    alert = sim.calseta.add_alert()
    task = {**calseta, "alert_ids": [alert.uuid], "status": "Triaging", "timeout": 0.2, "retries": retries}
    assert run_module("alert_update", task)["failed"]
    assert len(sim.log) == retries + 1


def test_a_write_that_never_gets_an_answer_ends_with_the_retries(sim: Simulator, calseta: Params) -> None:
    alert = sim.calseta.add_alert()
    sim.faults.add(Fault("close", method="PATCH", count=None))
    task = {**calseta, "alert_ids": [alert.uuid], "status": "Triaging", "retries": 2}
    row = only(run_module("alert_update", task))
    assert row["changed"] is None
    kinds: t.Iterator[tuple[bool, t.Any]] = itertools.groupby(entry.is_write for entry in sim.log)
    # Read; then three times written, and looked for; in the end for as long as reads may lag.
    groups = [(is_write, len(list(group))) for is_write, group in kinds]
    assert groups[:-1] == [(False, 1), *[(True, 1), (False, 1)] * 2, (True, 1)]
    assert groups[-1][1] > 1


@pytest.mark.parametrize("fault", [{"action": "close"}, {"action": "delay", "delay": 0.4}])
def test_a_server_that_falls_silent_is_not_waited_for_by_every_write(
    sim: Simulator, calseta: Params, fault: Params
) -> None:
    ids = [sim.calseta.add_alert().uuid for _each in range(60)]
    sim.faults.add(Fault(nth=len(ids) + 1, count=None, **fault))
    task = {**calseta, "alert_ids": ids, "status": "Triaging", "timeout": 0.2, "retries": 0, "concurrency": 2}
    result = run_module("alert_update", task)
    sent = {entry.path.rpartition("/")[2] for entry in sim.log.writes()}
    assert len(sent) < 12
    for alert_id, row in by_id(result).items():
        assert row["changed"] is (None if alert_id in sent else False)
        assert ("not sent" in row["error"]["message"]) == (alert_id not in sent)
    calm(sim)


def test_maintenance_that_begins_between_writes_costs_no_alert_its_own_wait(sim: Simulator, calseta: Params) -> None:
    ids = [sim.calseta.add_alert().uuid for _each in range(60)]
    sim.faults.add(Fault(status=503, nth=len(ids) + 2, count=None, wait_form="retry_after", wait=1))
    task = {**calseta, "alert_ids": ids, "status": "Triaging", "retries": 2, "concurrency": 2}
    start = time.monotonic()
    result = run_module("alert_update", task)
    assert time.monotonic() - start < 12
    sent = {entry.path.rpartition("/")[2] for entry in sim.log.writes()}
    assert len(sent) <= 1 + 2 + 2
    assert result["counts"]["changed"] == 1
    for alert_id, row in by_id(result).items():
        assert row["changed"] in ((True, None) if alert_id in sent else (False,))


def test_a_server_that_answers_now_and_then_is_not_given_up(sim: Simulator, calseta: Params) -> None:
    ids = [sim.calseta.add_alert().uuid for _each in range(24)]
    for nth in range(len(ids) + 1, 2 * len(ids), 3):
        sim.faults.add(Fault("close", nth=nth, count=2))
    task = {**calseta, "alert_ids": ids, "status": "Triaging", "retries": 3, "concurrency": 2}
    result = run_module("alert_update", task)
    assert not result.get("failed"), result["msg"]
    assert result["counts"]["changed"] == 24
