# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The real ansible-rulebook, with a rulebook of the collection, on the simulator."""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
import typing as t
from pathlib import Path

from ansible_collections.secops.triage.tests.awx.controller import TOKEN as CONTROLLER_TOKEN
from ansible_collections.secops.triage.tests.simulator import Simulator
from ansible_collections.secops.triage.tests.unit.playbooks.playing import connections

# The checkout below .cache, or an installation.
COLLECTIONS = Path(__file__).parents[5]
#: Said once by each playbook that was run.
PLAYED = "PLAY RECAP"
#: Seconds. Java takes its time to start, on a machine that has much to do.
LONGEST = 900


class Rulebook:
    """A running ansible-rulebook. The runbook's remediation leaves a line for each alert in `done`.

    With the address of a controller, it launches jobs there, and has no inventory.
    """

    def __init__(
        self,
        sim: Simulator,
        java_home: str,
        folder: Path,
        name: str,
        variables: dict[str, t.Any],
        controller: str = "",
    ) -> None:
        self.done = folder / "done"
        self.done.touch()
        tasks = folder / "remediate.yml"
        line = {"path": str(self.done), "line": "{{ runbook_alert.platform }} {{ runbook_alert.id }}"}
        tasks.write_text(json.dumps([{"name": "Remediate", "ansible.builtin.lineinfile": line}]), encoding="utf-8")
        # What else the role takes can stand in the inventory.
        there = {"runbook_api_urls": {"datadog": sim.datadog.url, "security_deck": sim.security_deck.url}}
        localhost = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
        inventory = folder / "inventory.json"
        inventory.write_text(json.dumps({"all": {"hosts": {"localhost": localhost}, "vars": there}}), encoding="utf-8")
        file = folder / "vars.json"
        given = {"runbook_remediation": {"tasks": str(tasks)}, "runbook_verdict": "benign", **variables}
        file.write_text(json.dumps(given), encoding="utf-8")
        where = ["--controller-url", controller] if controller else ["--inventory", str(inventory)]
        command = ["ansible-rulebook", "--rulebook", f"secops.triage.{name}", "--vars", str(file), "--verbose"]
        binaries = Path(sys.executable).parent
        self._process = subprocess.Popen(
            [str(binaries / command[0]), *command[1:], *where],
            env={
                **os.environ,
                **connections(sim),
                "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS),
                "ANSIBLE_HOME": str(folder / "home"),
                "ANSIBLE_NOCOLOR": "1",
                # Seconds between two looks at a job.
                "EDA_JOB_TEMPLATE_REFRESH_DELAY": "0.2",
                "EDA_CONTROLLER_TOKEN": CONTROLLER_TOKEN,
                "JAVA_HOME": java_home,
                "PATH": f"{binaries}{os.pathsep}{os.environ['PATH']}",
            },
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            # ansible-rulebook and the playbooks that it runs are stopped together, as from a terminal.
            start_new_session=True,
        )
        self._said: list[str] = []
        self._lines: queue.Queue[str | None] = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> Rulebook:
        return self

    def __exit__(self, *error: object) -> None:
        self.kill()
        self._reader.join(20)
        if self._process.stdout is not None:
            self._process.stdout.close()

    @property
    def said(self) -> str:
        """What it has said so far."""
        return "".join(self._said)

    def wait_for(self, words: str, times: int = 1) -> None:
        """Wait until it has said this so many times. Raises `AssertionError` if it ends or takes too long."""
        deadline = time.monotonic() + LONGEST
        while self.said.count(words) < times:
            try:
                line = self._lines.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                raise AssertionError(f"It does not say {words!r} {times} times:\n{self.said}") from None
            assert line is not None, f"It has ended:\n{self.said}"
            self._said.append(line)

    def kill(self) -> None:
        """End it and the playbooks that it runs at once, as a machine that goes down does."""
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(20)

    def stop(self) -> int:
        """Stop it as Ctrl-C does, and return its exit status once it has."""
        os.killpg(self._process.pid, signal.SIGINT)
        status = self._process.wait(60)
        while (line := self._lines.get(timeout=20)) is not None:
            self._said.append(line)
        return status

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._lines.put(line)
        self._lines.put(None)
