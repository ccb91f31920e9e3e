# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Two runbooks at once on the same alert: does only one of them claim it?"""

from __future__ import annotations

import concurrent.futures
import contextlib
import http.server
import json
import threading
import typing as t
from pathlib import Path

import requests

from ansible_collections.secops.triage.tests.simulator import Simulator
from ansible_collections.secops.triage.tests.unit.playbooks.playing import played
from ansible_collections.secops.triage.tests.unit.playbooks.runbooks import lay_out, new_alert, state, statistics

#: A play that leaves its modules time for an answer that has to wait.
PLAY = {
    "hosts": "localhost",
    "gather_facts": False,
    "module_defaults": {"group/secops.triage.all": {"timeout": 600}},
    "roles": ["secops.triage.runbook"],
}
#: How long one waits for the other before the test is given up, in seconds.
PATIENCE = 600


class Meeting:
    """Lets two runbooks look at the gate before either claims, and then the first one claim before the second looks."""

    def __init__(self) -> None:
        self.seen = [0, 0]
        self.both = threading.Barrier(2, timeout=PATIENCE)
        self.claimed = threading.Event()

    def before(self, number: int, method: str, path: str) -> None:
        """Before a request of that runbook goes on to the service."""
        if method == "GET" and "/signals/" in path:
            self.seen[number] += 1
            # The first look is the gate's, and the second the claim's.
            if self.seen[number] == 2:
                self.both.wait()
                assert number == 0 or self.claimed.wait(PATIENCE)

    def after(self, number: int, method: str) -> None:
        """After it was answered."""
        if number == 0 and method == "PATCH":
            self.claimed.set()


@contextlib.contextmanager
def gateway(url: str, number: int, meeting: Meeting) -> t.Iterator[str]:
    """The address of a gateway before the service, through which that runbook goes."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def pass_on(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            meeting.before(number, self.command, self.path)
            headers = {name: value for name, value in self.headers.items() if name.lower() != "host"}
            answer = requests.request(self.command, url + self.path, data=body, headers=headers, timeout=60)
            meeting.after(number, self.command)
            self.send_response(answer.status_code)
            self.send_header("Content-Type", answer.headers.get("Content-Type", ""))
            self.end_headers()
            self.wfile.write(answer.content)

        def do_GET(self) -> None:
            self.pass_on()

        def do_PATCH(self) -> None:
            self.pass_on()

        def log_message(self, format: str, *args: t.Any) -> None:  # noqa: A002
            """Say nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def test_only_one_claims(sim: Simulator, tmp_path: Path) -> None:
    """Both find it new, and both would give it to the same user, so that the second has nothing left to change."""
    alert, meeting = new_alert(sim, "datadog"), Meeting()
    folders = [tmp_path / name for name in ("first", "second")]
    with contextlib.ExitStack() as stack, concurrent.futures.ThreadPoolExecutor(2) as both:
        runs = []
        for number, folder in enumerate(folders):
            folder.mkdir()
            lay_out(folder)
            (folder / "runbook.yml").write_text(json.dumps([PLAY]))
            variables = {
                "folder": str(folder),
                "runbook_alert": alert,
                "runbook_assignee": "greta@example.com",
                "runbook_remediation": {"tasks": "works.yml"},
                "runbook_verdict": "benign",
                "runbook_api_urls": {"datadog": stack.enter_context(gateway(sim.datadog.url, number, meeting))},
            }
            runs.append(both.submit(played, sim, folder, "runbook.yml", variables))
        first, second = [run.result() for run in runs]
    assert first.returncode == 0, first.stdout
    assert statistics(first.stdout)["runbook_outcome"]["outcome"] == "closed"
    told = statistics(second.stdout)["runbook_outcome"]
    assert (told["outcome"], told["stage"], told["changed"]) == ("refused", "claim", False), second.stdout
    assert told["reason"] == "somebody else has claimed it in the same moment"
    assert second.returncode
    assert [len(list(folder.glob("isolated-*"))) for folder in folders] == [1, 0]
    # The claim of the first one, and its closing.
    assert len(sim.log.writes()) == 2
    assert state(sim, alert)["status"] == "archived"
