# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Replaces ansible-playbook when antsibull-docs writes the output of an example.

It runs the example on a simulator of its own. The ``env`` of the page's ``ansible-output-data`` has its settings:

- ``ARGUMENTS`` for ansible-playbook, such as ``--check --diff``;
- ``RUNS``, how often the example runs; the output of the last run is shown;
- ``SHOW``, keys of the last task's result to show, instead of what ansible-playbook prints; ``msg`` alone is shown as
  plain text. The modules then run without ansible-playbook, which is faster;
- ``FAILS``, if ansible-playbook must fail;
- ``UNSET``, environment variables to leave out;
- ``FAULTS`` and ``SETTINGS`` of the simulator, in YAML.

An example is a playbook, a list of tasks, or a command that begins with ``ansible``.
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import yaml

from ..simulator import Fault, Simulator
from .docs_world import displaced, environment, place, rendered, tasks, variables

_QUIET = {
    "ANSIBLE_CALLBACK_RESULT_FORMAT": "yaml",
    "ANSIBLE_DEPRECATION_WARNINGS": "false",
    "ANSIBLE_INVENTORY_UNPARSED_WARNING": "false",
    "ANSIBLE_LOCALHOST_WARNING": "false",
    "ANSIBLE_NOCOLOR": "true",
    "ANSIBLE_PYTHON_INTERPRETER": sys.executable,
    "PYTHONDONTWRITEBYTECODE": "1",
}
_MODULES = f"{(__package__ or '').removesuffix('.tests.tools')}.plugins.modules"
_ARGUMENTS = os.environ.get("ARGUMENTS", "").split()


class _Dumper(yaml.SafeDumper):
    """Indents lists below their key, as Ansible's users do."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)


def _call(command: list[str], folder: Path, sim: Simulator, may_fail: bool) -> str:
    """Run the command. Returns its output."""
    settings = {**_QUIET, **os.environ, **environment(sim)}
    for name in os.environ.get("UNSET", "").split():
        settings.pop(name, None)
    pipe = subprocess.PIPE
    ran = subprocess.run(command, cwd=folder, env=settings, stdout=pipe, stderr=pipe, text=True, check=False)
    if not ran.stdout or (ran.returncode and not may_fail):
        raise SystemExit(ran.stdout + ran.stderr)
    return ran.stdout


def _playbook(given: Any, known: dict[str, Any], folder: Path, sim: Simulator) -> str:
    """Run it with ansible-playbook. Returns the output."""
    plays = given if "hosts" in given[0] else [{"hosts": "localhost", "gather_facts": False, "tasks": given}]
    (folder / "playbook.yml").write_text(yaml.safe_dump(plays, sort_keys=False))
    return _ansible(["ansible-playbook", "playbook.yml", *_ARGUMENTS], known, folder, sim)


def _ansible(command: list[str], known: dict[str, Any], folder: Path, sim: Simulator) -> str:
    (folder / "variables.json").write_text(json.dumps(known))
    program = str(Path(sys.executable).with_name(command[0]))
    arguments = [*command[1:], "--extra-vars", "@variables.json"]
    return _call([program, *arguments], folder, sim, bool(os.environ.get("FAILS")))


def _result(given: Any, known: dict[str, Any], folder: Path, sim: Simulator) -> str:
    """Run its modules. Returns the chosen keys of the last result."""
    keys = os.environ["SHOW"].split()
    result: dict[str, Any] = {}
    for module, arguments in tasks(given):
        sent = {**rendered(arguments, known), "_ansible_check_mode": "--check" in _ARGUMENTS, "_ansible_diff": True}
        (folder / "arguments.json").write_text(json.dumps({"ANSIBLE_MODULE_ARGS": sent}))
        printed = _call([sys.executable, "-m", f"{_MODULES}.{module}", "arguments.json"], folder, sim, True)
        result = json.loads(printed)
    missing = [name for name in keys if name not in result]
    if missing:
        raise SystemExit(f"The result has no {', '.join(missing)}: {json.dumps(result)}")
    if keys == ["msg"]:
        return str(result["msg"])
    chosen = {name: result[name] for name in keys}
    return yaml.dump(chosen, Dumper=_Dumper, sort_keys=False, width=100, allow_unicode=True)


def main() -> int:
    """Run as ``ansible-playbook FILE``."""
    text = Path(sys.argv[1]).read_text()
    command = text.startswith("ansible ")
    output = ""
    with tempfile.TemporaryDirectory() as name, Simulator(alerts=40) as sim:
        for platform, settings in yaml.safe_load(os.environ.get("SETTINGS", "{}")).items():
            vars(getattr(sim.settings, platform)).update(settings)
        for fault in yaml.safe_load(os.environ.get("FAULTS", "[]")):
            sim.faults.add(Fault(**fault))
        given = None if command else yaml.safe_load(text)
        place(given, sim)
        # All runs use the same alerts, whatever state the first run has left them in.
        known = variables(sim)
        for _run in range(int(os.environ.get("RUNS", "1"))):
            if command:
                output = _ansible(shlex.split(text), known, Path(name), sim)
            elif os.environ.get("SHOW"):
                output = _result(given, known, Path(name), sim)
            else:
                output = _playbook(given, known, Path(name), sim)
        print(displaced(output, sim))
    return 0


if __name__ == "__main__":
    sys.exit(main())
