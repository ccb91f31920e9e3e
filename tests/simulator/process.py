# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The simulator in a process of its own, and a small client of its controls."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.request
from pathlib import Path
from types import SimpleNamespace, TracebackType
from typing import Any

from .faults import Fault


class SimulatorProcess:
    """Like :class:`Simulator`, but elsewhere, so that it takes no time from the process that measures::

    with SimulatorProcess(alerts=1000, latency=0.02) as sim:
        sim.add_fault(Fault("reset", platform="kibana"))
        print(sim.log()["requests"])
    """

    def __init__(
        self, alerts: int = 40, seed: int = 7, latency: float = 0.0, host: str = "127.0.0.1", port: int = 0
    ) -> None:
        self.url = ""
        self._arguments = ["--alerts", str(alerts), "--seed", str(seed), "--latency-ms", str(latency * 1000)]
        self._arguments += ["--host", host, "--port", str(port)]
        self._process: subprocess.Popen[str] | None = None
        # Loopback needs no proxy, whatever the environment says.
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def start(self) -> SimulatorProcess:
        """Start the process; returns once it listens."""
        package = Path(__file__).parent
        # The package is run by its own name from its parent folder: "tests" may be another package elsewhere.
        search = os.pathsep.join([str(package.parent), *filter(None, [os.environ.get("PYTHONPATH")])])
        self._process = subprocess.Popen(
            [sys.executable, "-m", package.name, *self._arguments],
            env={**os.environ, "PYTHONPATH": search},
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        self.url = self._process.stdout.readline().strip()
        if not self.url:
            raise RuntimeError("the simulator did not start")
        # The port is open by now; connections wait until the server takes them.
        self.control("GET", "health")
        return self

    def stop(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(10)
            if self._process.stdout is not None:
                self._process.stdout.close()
            self._process = None

    def __enter__(self) -> SimulatorProcess:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def control(self, method: str, what: str, body: Any = None) -> Any:
        """One call of ``/_simulator/``; returns the parsed answer."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}/_simulator/{what}", data, method=method)
        with self._opener.open(request, timeout=60) as response:
            return json.load(response)

    def platform_url(self, name: str) -> str:
        """The base URL of a platform."""
        return f"{self.url}/{name}"

    @property
    def host(self) -> str:
        """Host and port, as ``YC_METADATA_ADDR`` wants them."""
        return self.url.partition("//")[2]

    @property
    def credentials(self) -> SimpleNamespace:
        """All credentials that work, by name."""
        return SimpleNamespace(**self.control("GET", "credentials"))

    def service_account_key(self) -> dict[str, str]:
        """The contents of a Security Deck key file whose JWTs are accepted."""
        key: dict[str, str] = self.control("GET", "credential_files")["service_account_key"]
        return key

    def log(self, summary: bool = False) -> dict[str, Any]:
        """The counts, and unless only they are wanted the ``entries``."""
        log: dict[str, Any] = self.control("GET", "log?summary=true" if summary else "log")
        return log

    def clear_log(self) -> None:
        """Forget all requests."""
        self.control("DELETE", "log")

    def add_fault(self, fault: Fault) -> None:
        """Put a fault in force."""
        self.control("POST", "faults", fault.as_dict())

    def clear_faults(self) -> None:
        """Behave well again."""
        self.control("DELETE", "faults")

    def configure(self, **settings: Any) -> dict[str, Any]:
        """Change settings, as in ``configure(latency=0.02, kibana={"supports_reason": False})``; returns them all."""
        changed: dict[str, Any] = self.control("PATCH", "settings", settings)
        return changed

    def alerts(self) -> dict[str, dict[str, dict[str, Any]]]:
        """The present triage state of every alert, by platform and id."""
        alerts: dict[str, dict[str, dict[str, Any]]] = self.control("GET", "alerts")
        return alerts

    def reset(self, **numbers: Any) -> None:
        """Begin again; takes ``alerts``, ``seed`` and ``latency``."""
        self.control("POST", "reset", numbers)
