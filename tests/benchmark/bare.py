# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""``bare.py FILE``: the least that reads and archives signals, to hold the module against.

A thread pool, one session a thread, the same requests: one GET a signal, then the bulk call for batches of 199. It
looks at no answer but its status. ``FILE`` is JSON with ``url``, ``headers``, ``ids``, ``attributes`` and
``concurrency``.
"""

from __future__ import annotations

import concurrent.futures
import json
import sys
import threading
import typing as t
from pathlib import Path

import requests

_SIGNALS = "/api/v2/security_monitoring/signals"
_BATCH = 199


def main() -> None:
    task = json.loads(Path(sys.argv[1]).read_text())
    base, ids = task["url"] + _SIGNALS, task["ids"]
    local = threading.local()

    def send(method: str, url: str, body: t.Any = None) -> None:
        if not hasattr(local, "session"):
            local.session = requests.Session()
            local.session.trust_env = False
            local.session.headers.update(task["headers"])
        local.session.request(method, url, json=body, timeout=30).raise_for_status()

    def write(batch: list[str]) -> None:
        items = [{"id": one, "type": "signal", "attributes": task["attributes"]} for one in batch]
        send("PATCH", f"{base}/bulk/update", {"data": items})

    with concurrent.futures.ThreadPoolExecutor(task["concurrency"]) as pool:
        list(pool.map(lambda one: send("GET", f"{base}/{one}"), ids))
        list(pool.map(write, [ids[start : start + _BATCH] for start in range(0, len(ids), _BATCH)]))


if __name__ == "__main__":
    main()
