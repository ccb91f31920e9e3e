# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The demo's second half: an alert fires on each platform, and the runbook closes it, once."""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .demo_stage import PLATFORMS, Stage, program, say
from .places import ROOT

_PLAYBOOK = "secops.triage.demo.alerts"
_OLDEST_JAVA = 17
_LONGEST = 300
#: The beginning of the last block of every play.
_PLAYED = "PLAY RECAP"
#: The output of a task that changed nothing.
_IDLE = re.compile(r"\s*|TASK .*\n((ok|skipping): \[\w+\]( => \(item=.*\))?\s*\n|included: .*\n)*\s*")
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")

_EVENTS = """
On each platform an alert has come up. The platforms tell ansible-rulebook by webhooks, of
which the filter normalize makes events, and it starts the runbook for each: claim, remediate,
verify, close with a verdict. All of them are told twice, as senders do that are not sure.
"""

_NO_EVENTS = """
On each platform an alert has come up. {because},
so the runbook is started by hand: claim, remediate, verify, close with a verdict.
"""

_TABLE = """
platform         told as new   after the runbook   writes   once more   writes
"""


def play(stage: Stage) -> bool:
    """Play the runbook on new alerts, twice. Returns whether the first run closed all and the second wrote nothing."""
    chosen = _new_alerts(stage)
    _prepare(stage, chosen)
    stage.simulator.clear_log()
    because = _why_no_rules()
    if because:
        print(_NO_EVENTS.format(because=because), flush=True)
        _by_hand(stage, "What has come up")
    else:
        print(_EVENTS, end="", flush=True)
        _by_events(stage, chosen)
    first, closed = stage.sent(), _states(stage, chosen)
    stage.simulator.clear_log()
    _by_hand(stage, "Once more, by hand")
    again, still = stage.sent(), _states(stage, chosen)
    print(_TABLE, end="")
    for platform, name in PLATFORMS.items():
        print(
            f"{name:<17}{_state(chosen[platform]):<14}{closed[platform]:<18}{first[platform][1]:>8}"
            f"   {still[platform]:<9}{again[platform][1]:>9}"
        )
    ended = {"datadog": "archived", "kibana": "closed", "security_deck": "RESOLVED", "calseta": "Closed"}
    return closed == still == ended and not any(writes for dummy, writes in again.values())


def _state(alert: dict[str, Any]) -> str:
    return str(alert.get("state") or alert["status"])


def _states(stage: Stage, chosen: dict[str, dict[str, Any]]) -> dict[str, str]:
    now = stage.simulator.alerts()
    return {platform: _state(now[platform][one["id"]]) for platform, one in chosen.items()}


def _new_alerts(stage: Stage) -> dict[str, dict[str, Any]]:
    """An alert of each platform that nobody has looked at."""
    found = {}
    for platform, alerts in stage.simulator.alerts().items():
        for key, one in alerts.items():
            nobodys = not any(one.get(name) for name in ("assignee", "assignees", "assignee_subject_id"))
            if _state(one).lower() == "open" and nobodys:
                found[platform] = {**one, "id": key}
                break
    return found


def _prepare(stage: Stage, chosen: dict[str, dict[str, Any]]) -> None:
    """The variables of the runbook, for ansible-rulebook and for ansible-playbook."""
    shared = {
        "demo_blocklist": str(stage.folder / "blocklist"),
        "runbook_api_urls": {name: stage.simulator.platform_url(name) for name in ("datadog", "security_deck")},
    }
    runbook = {
        "runbook_remediation": {"tasks": str(ROOT / "playbooks" / "demo" / "remediate.yml")},
        "runbook_verdict": "true_positive",
    }
    alerts = [{"platform": platform, "id": one["id"]} for platform, one in chosen.items()]
    local = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
    files: dict[str, Any] = {
        "new.json": {**shared, **runbook, "demo_alerts": alerts},
        "rules.json": {**runbook, "webhook_port": _free_port()},
        "inventory.json": {"all": {"hosts": {"localhost": local}, "vars": shared}},
    }
    for name, content in files.items():
        (stage.folder / name).write_text(json.dumps(content, indent=2), encoding="utf-8")


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def _by_hand(stage: Stage, title: str) -> None:
    command = ["ansible-playbook", _PLAYBOOK, "--extra-vars", "@new.json"]
    say(title, command)
    with subprocess.Popen(
        [program(command[0]), *command[1:]],
        cwd=stage.folder,
        env=stage.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        for block in _blocks(process):
            print(f"{block}\n", flush=True)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)


def _blocks(process: subprocess.Popen[str]) -> Iterator[str]:
    """Ansible's output in blocks, without the tasks that changed nothing; a runbook has many of these."""
    block = ""
    for line in process.stdout or ():
        block += line
        # No blank line comes after the last recap, until there is something else to say.
        if not line.strip() or (block.startswith(_PLAYED) and block != line):
            if not _IDLE.fullmatch(_COLOURS.sub("", block)):
                yield block.rstrip("\n")
            block = ""
    yield block


def _why_no_rules() -> str:
    """Why ansible-rulebook cannot run here; nothing if it can."""
    if not program("ansible-rulebook").exists():
        return "ansible-rulebook is not installed, for it needs Java 17 or newer"
    return "" if _java_home() else "ansible-rulebook needs Java 17 or newer"


def _java_home() -> str:
    place = os.environ.get("JAVA_HOME")
    java = shutil.which("java", path=f"{place}/bin" if place else None)
    if not java:
        return ""
    settings = subprocess.run(
        [java, "-XshowSettings:properties", "-version"], capture_output=True, text=True, check=False
    ).stderr
    version, home = re.search(r"java\.version = (\d+)", settings), re.search(r"java\.home = (.+)", settings)
    return home[1].strip() if version and home and int(version[1]) >= _OLDEST_JAVA else ""


def _by_events(stage: Stage, chosen: dict[str, dict[str, Any]]) -> None:
    """Start ansible-rulebook, send it every alert twice, and stop it when it has run all runbooks."""
    token = secrets.token_urlsafe(24)
    command = ["ansible-rulebook", "--rulebook", "secops.triage.webhook", "--inventory", "inventory.json"]
    command += ["--vars", "rules.json", "--env-vars", "WEBHOOK_TOKEN"]
    say("What has come up", command)
    home = _java_home()
    with subprocess.Popen(
        [program(command[0]), *command[1:]],
        cwd=stage.folder,
        env={
            **stage.environment(),
            "JAVA_HOME": home,
            "PATH": os.pathsep.join([str(program(command[0]).parent), str(Path(home) / "bin"), os.environ["PATH"]]),
            "WEBHOOK_TOKEN": token,
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        # A session of its own, so that it is stopped together with the playbooks that it runs.
        start_new_session=True,
    ) as process:
        done = threading.Event()
        reader = threading.Thread(target=_show, args=(process, len(chosen), done))
        reader.start()
        try:
            port = json.loads((stage.folder / "rules.json").read_text(encoding="utf-8"))["webhook_port"]
            for platform, one in [*chosen.items(), *chosen.items()]:
                _post(port, token, _payload(platform, one), process)
            if not done.wait(_LONGEST):
                raise TimeoutError(f"ansible-rulebook has not run all runbooks within {_LONGEST} seconds")
        finally:
            # After an interrupt it ends the plays that it has begun.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGINT)
            reader.join(_LONGEST)


def _show(process: subprocess.Popen[str], runbooks: int, done: threading.Event) -> None:
    """Print its output until it ends. Sets ``done`` after so many plays, or at its end."""
    for block in _blocks(process):
        print(f"{block}\n", flush=True)
        runbooks -= block.startswith(_PLAYED)
        if not runbooks:
            done.set()
    done.set()


def _payload(platform: str, alert: dict[str, Any]) -> dict[str, Any]:
    """The body of the platform's webhook, as far as the rulebook reads it."""
    key = {"kibana": "_id", "calseta": "uuid"}.get(platform, "id")
    status = {"kibana": "kibana.alert.workflow_status"}.get(platform, "status")
    return {"platform": platform, "alerts": [{key: alert["id"], status: _state(alert)}]}


def _post(port: int, token: str, payload: dict[str, Any], process: subprocess.Popen[str]) -> None:
    """Call the webhook, as soon as ansible-rulebook listens."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/alerts",
        json.dumps(payload).encode(),
        {"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
    )
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    deadline = time.monotonic() + _LONGEST
    while True:
        try:
            with opener.open(request, timeout=_LONGEST):
                return
        except urllib.error.URLError as error:
            early = isinstance(error.reason, ConnectionRefusedError) and time.monotonic() < deadline
            if not early or process.poll() is not None:
                raise
            time.sleep(0.1)
