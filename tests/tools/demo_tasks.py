# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The demo's first half: a play over all four platforms, in check mode, for real, and once more."""

from __future__ import annotations

import json
import subprocess
from collections import Counter
from collections.abc import Sequence
from typing import Any

from ..simulator import SimulatorProcess
from .demo_stage import PLATFORMS, Stage, program, say
from .places import ROOT

PLAYBOOK = "secops.triage.demo.runbook"
_RUNS = {
    "check": ("What would happen", ["--check", "--diff"]),
    "real": ("Make it so", ["--diff"]),
    "again": ("Once more", ["--diff"]),
}

_LAST = """
In check mode changes are foretold, in brackets, and nothing is written. The third run
finds nothing left to do: it only reads. Kibana's alerts are chosen by a query, which
by then matches none that is still open.
"""

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


def play(stage: Stage) -> bool:
    """Play it three times, and print what happened. Returns whether only the second run has written."""
    before = stage.simulator.alerts()
    (stage.folder / "alerts.json").write_text(json.dumps(_choose(before, stage.simulator), indent=2))
    environment = {
        **stage.environment(),
        "ANSIBLE_CALLBACKS_ENABLED": "tally",
        "ANSIBLE_CALLBACK_PLUGINS": str(ROOT / "tests" / "tools" / "callback_plugins"),
    }
    rows = [row for run in _RUNS for row in _play(stage, environment, run)]
    print(f"{_table(rows)}\n{_LAST}", end="", flush=True)
    wrote = [row for row in rows if row["run"] != "real" and row["writes"]]
    changed = [row for row in rows if row["run"] == "again" and row["changed"]]
    return not wrote and not changed


def _play(stage: Stage, environment: dict[str, str], run: str) -> list[dict[str, Any]]:
    """Play it once. Returns a row for each platform."""
    title, options = _RUNS[run]
    command = ["ansible-playbook", PLAYBOOK, "--extra-vars", "@alerts.json", *options]
    tally = stage.folder / f"{run}.tally"
    stage.simulator.clear_log()
    say(title, command)
    variables = {**environment, "SECOPS_TRIAGE_TALLY": str(tally)}
    subprocess.run([program(command[0]), *command[1:]], cwd=stage.folder, env=variables, check=True)
    said = [json.loads(line) for line in tally.read_text().splitlines()]
    sent = stage.sent()
    rows = []
    for platform, name in PLATFORMS.items():
        counts: Counter[str] = Counter()
        for one in said:
            counts.update(one["counts"] if one["task"].partition(" - ")[0].endswith(name) else {})
        reads, writes = sent[platform]
        rows.append({"platform": name, "run": run, **counts, "reads": reads, "writes": writes})
    return rows


def _table(rows: Sequence[dict[str, Any]]) -> str:
    lines = [f"{'platform':<15}{'run':<8}{'alerts':>7}{'changed':>9}{'reads':>7}{'writes':>8}"]
    for name in PLATFORMS.values():
        for row in (one for one in rows if one["platform"] == name):
            first = name if row["run"] == "check" else ""
            changed = f"({row['changed']})" if row["run"] == "check" else f"{row['changed']} "
            lines.append(
                f"{first:<15}{row['run']:<8}{row['requested']:>7}{changed:>10}{row['reads']:>6}{row['writes']:>8}"
            )
    return "\n".join(lines)
