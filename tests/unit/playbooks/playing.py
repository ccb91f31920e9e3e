# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plays of the collection as users start them, on the simulator."""

from __future__ import annotations

import base64
import json
import os
import re
import subprocess
import sys
import typing as t
from pathlib import Path

from ansible_collections.secops.triage.tests.simulator import Simulator


def connections(sim: Simulator) -> dict[str, str]:
    """The environment variables that connect to the simulator's platforms."""
    keys = sim.credentials
    return {
        "CALSETA_API_KEY": keys.calseta_api_key,
        "CALSETA_API_URL": sim.calseta.url,
        "DD_API_KEY": keys.datadog_api_key,
        "DD_APP_KEY": keys.datadog_app_key,
        "KIBANA_API_KEY": keys.kibana_api_key,
        "KIBANA_URL": sim.kibana.url,
        "YC_IAM_TOKEN": keys.iam_token,
    }


def tells(name: str, what: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """A task that says so in a line of output, for a module that writes a file takes half a second."""
    return {
        "ansible.builtin.debug": {"msg": f"{name} ENDED {{{{ ended | to_json | b64encode }}}}"},
        "vars": {"ended": dict(what)},
    }


def told(output: str) -> dict[str, t.Any]:
    """What tasks of `tells` have said, by their names."""
    said = re.findall(r"(\w+) ENDED ([\w+/=]+)", output)
    return {name: json.loads(base64.b64decode(what)) for name, what in said}


def settings(sim: Simulator, folder: Path) -> dict[str, str]:
    """The whole environment of a command of Ansible's: it finds this collection, and the simulator."""
    return {
        **os.environ,
        **connections(sim),
        # The checkout, or where ansible-test has put it.
        "ANSIBLE_COLLECTIONS_PATH": str(Path(__file__).parents[6]),
        "ANSIBLE_HOME": str(folder / "home"),
        "ANSIBLE_LOCALHOST_WARNING": "false",
        "ANSIBLE_INVENTORY_UNPARSED_WARNING": "false",
        "ANSIBLE_NOCOLOR": "1",
        "ANSIBLE_SHOW_CUSTOM_STATS": "true",
    }


def played(
    sim: Simulator,
    folder: Path,
    playbook: str | Path,
    variables: dict[str, t.Any],
    *options: str,
    without: t.Sequence[str] = (),
) -> subprocess.CompletedProcess[str]:
    """Play it against the simulator, whether it succeeds or fails. What it sets by ``set_stats`` is printed, too.

    ``without`` are variables of the environment that it does not get.
    """
    file = folder / "variables.json"
    file.write_text(json.dumps(variables), encoding="utf-8")
    command = [sys.executable, "-m", "ansible.cli.playbook", str(playbook), "-e", f"@{file}"]
    environment = settings(sim, folder)
    for name in without:
        environment.pop(name)
    return subprocess.run(
        [*command, *options], env=environment, cwd=folder, capture_output=True, text=True, check=False, timeout=900
    )


def play(sim: Simulator, folder: Path, playbook: str | Path, variables: dict[str, t.Any], *options: str) -> str:
    """Play it against the simulator. Returns what it printed; raises `AssertionError` where it fails."""
    run = played(sim, folder, playbook, variables, *options)
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stdout
