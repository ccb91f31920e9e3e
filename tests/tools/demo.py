# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Play the demo's runbook on a simulator: in check mode, for real, and once more; then say what happened.

Needs a Python with the packages of ``tests/requirements-run.txt``, and works from a checkout as well as from an
installed collection (``python -m ansible_collections.secops.triage.tests.tools.demo``).
"""

from __future__ import annotations

import argparse
import contextlib
import json
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..simulator import SimulatorProcess
from .places import COLLECTIONS, ROOT, tool_environment

_RUNBOOK = "secops.triage.demo.runbook"
_RUNS = {
    "check": ("What would happen", ["--check", "--diff"]),
    "real": ("Make it so", ["--diff"]),
    "again": ("Once more", ["--diff"]),
}
_PLATFORMS = {
    "datadog": "Datadog",
    "kibana": "Kibana",
    "security_deck": "Security Deck",
    "calseta": "Calseta",
}

Alerts = dict[str, dict[str, dict[str, Any]]]


def _choose(alerts: Alerts, simulator: SimulatorProcess) -> dict[str, Any]:
    """The runbook's variables: some of the alerts that are still open, and where they are."""
    deck = alerts["security_deck"]

    def still(platform: str, field: str, value: str) -> list[str]:
        return [key for key, one in alerts[platform].items() if one[field] == value]

    signals = still("datadog", "state", "open")
    return {
        "datadog_url": simulator.platform_url("datadog"),
        "security_deck_url": simulator.platform_url("security_deck"),
        "scanner_signals": signals[:3],
        "incident_signals": signals[4:6],
        "incident": next(number for one in alerts["datadog"].values() for number in one["incident_ids"]),
        "deck_alerts": still("security_deck", "status", "OPEN")[:2],
        "deck_analyst": next(filter(None, (one["assignee_subject_id"] for one in deck.values()))),
        "calseta_alerts": still("calseta", "status", "Open")[:2],
    }


def _connections(simulator: SimulatorProcess) -> dict[str, str]:
    """Addresses and credentials as variables. For the runs they are nowhere else, on no command line and in no file."""
    keys = simulator.credentials
    return {
        "CALSETA_API_KEY": keys.calseta_api_key,
        "CALSETA_API_URL": simulator.platform_url("calseta"),
        "DD_API_KEY": keys.datadog_api_key,
        "DD_APP_KEY": keys.datadog_app_key,
        "KIBANA_API_KEY": keys.kibana_api_key,
        "KIBANA_URL": simulator.platform_url("kibana"),
        "YC_IAM_TOKEN": keys.iam_token,
    }


def _settings(folder: Path) -> dict[str, str]:
    """Where Ansible finds the collection and the demo's settings, and leaves what it wants to leave."""
    # As an installed collection this is in the right place already; as a checkout it is linked to one.
    installed = ROOT.parts[-3:] == ("ansible_collections", "secops", "triage")
    return {
        "ANSIBLE_COLLECTIONS_PATH": str(ROOT.parents[2] if installed else COLLECTIONS),
        "ANSIBLE_CONFIG": str(ROOT / "playbooks" / "demo" / "ansible.cfg"),
        "ANSIBLE_HOME": str(folder / "ansible"),
    }


def _say(title: str, command: Sequence[str]) -> None:
    width = min(shutil.get_terminal_size().columns, 100)
    print(f"\n{'=' * width}\n{title}\n$ {shlex.join(command)}\n{'=' * width}", flush=True)


def _play(simulator: SimulatorProcess, folder: Path, environment: dict[str, str], run: str) -> list[dict[str, Any]]:
    """Play the runbook once. Returns a row for each platform."""
    title, options = _RUNS[run]
    command = ["ansible-playbook", _RUNBOOK, "--extra-vars", "@alerts.json", *options]
    tally = folder / f"{run}.tally"
    simulator.clear_log()
    _say(title, command)
    program = str(Path(sys.executable).with_name(command[0]))
    variables = {**environment, "SECOPS_TRIAGE_TALLY": str(tally)}
    subprocess.run([program, *command[1:]], cwd=folder, env=variables, check=True)
    said = [json.loads(line) for line in tally.read_text().splitlines()]
    entries = simulator.log()["entries"]
    rows = []
    for platform, name in _PLATFORMS.items():
        counts: Counter[str] = Counter()
        for one in said:
            counts.update(one["counts"] if one["task"].partition(" - ")[0].endswith(name) else {})
        sent = Counter(bool(one["is_write"]) for one in entries if one["platform"] == platform)
        rows.append({"platform": name, "run": run, **counts, "reads": sent[False], "writes": sent[True]})
    return rows


def _table(rows: Sequence[dict[str, Any]]) -> str:
    lines = [f"{'platform':<15}{'run':<8}{'alerts':>7}{'changed':>9}{'reads':>7}{'writes':>8}"]
    for name in _PLATFORMS.values():
        for row in (one for one in rows if one["platform"] == name):
            first = name if row["run"] == "check" else ""
            changed = f"({row['changed']})" if row["run"] == "check" else f"{row['changed']} "
            lines.append(
                f"{first:<15}{row['run']:<8}{row['requested']:>7}{changed:>10}{row['reads']:>6}{row['writes']:>8}"
            )
    return "\n".join(lines)


_FIRST = """\
A simulator of four platforms with {amount} alerts listens on {url}. The runbook
{runbook} says what state some of them should be in. It is
played three times with Ansible as it is: in check mode, for real, and once more.
"""

_LAST = """
In check mode changes are foretold, in brackets, and nothing is written. The third run
finds nothing left to do: it only reads. Kibana's alerts are chosen by a query, which
by then matches none that is still open.

What to try next
  read the runbook        playbooks/demo/runbook.yml
  read a module's page    make doc MODULE=signal_state
  write one of your own   make demo ARGS=--stay
  run the tests           make test
"""

_STAY = """
The simulator stays until you press Ctrl-C. In another terminal:

  source {folder}/environment
  ansible-playbook {runbook} -e @$ALERTS --check --diff
  curl -s $SIMULATOR/_simulator/alerts
"""


def _stay(simulator: SimulatorProcess, folder: Path) -> None:
    """Give the user the simulator as it was in the beginning, for as long as it is wanted."""
    simulator.reset()
    given = {
        **_connections(simulator),
        **_settings(folder),
        "ALERTS": str(folder / "alerts.json"),
        "SIMULATOR": simulator.url,
    }
    lines = [f"export {name}={shlex.quote(value)}\n" for name, value in sorted(given.items())]
    lines += [f"PATH={shlex.quote(str(Path(sys.executable).parent))}:$PATH\n"]
    (folder / "environment").write_text("".join(lines))
    print(_STAY.format(folder=folder, runbook=_RUNBOOK), flush=True)
    with contextlib.suppress(KeyboardInterrupt):
        signal.pause()


def main() -> int:
    """Start the simulator, play, and say what happened."""
    parser = argparse.ArgumentParser(prog="python -m tests.tools.demo", description=__doc__)
    parser.add_argument("--stay", action="store_true", help="keep the simulator afterwards, to try things by hand")
    options = parser.parse_args()
    # However this ends, the simulator ends with it.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with tempfile.TemporaryDirectory(prefix="triage-demo-") as name:
        folder = Path(name)
        with SimulatorProcess(alerts=40) as simulator:
            before = simulator.alerts()
            amount = sum(map(len, before.values()))
            runbook = "playbooks/demo/runbook.yml"
            print(_FIRST.format(amount=amount, url=simulator.url, runbook=runbook), end="", flush=True)
            (folder / "alerts.json").write_text(json.dumps(_choose(before, simulator), indent=2))
            environment = {
                **tool_environment(),
                **_settings(folder),
                **_connections(simulator),
                "ANSIBLE_CALLBACKS_ENABLED": "tally",
                "ANSIBLE_CALLBACK_PLUGINS": str(Path(__file__).with_name("callback_plugins")),
                "HOME": str(folder),
            }
            rows = [row for run in _RUNS for row in _play(simulator, folder, environment, run)]
            print(f"{_table(rows)}\n{_LAST}", flush=True)
            if options.stay:
                _stay(simulator, folder)
    # What the table shows is what is promised; a demo that breaks the promise must not look like a success.
    wrote = [row for row in rows if row["run"] != "real" and row["writes"]]
    changed = [row for row in rows if row["run"] == "again" and row["changed"]]
    return int(bool(wrote or changed))


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
    except subprocess.CalledProcessError as error:
        # Ansible has said why.
        sys.exit(error.returncode)
