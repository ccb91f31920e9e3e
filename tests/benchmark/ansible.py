# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Module processes as Ansible makes them.

A task is played once with ``ANSIBLE_KEEP_REMOTE_FILES``, against a simulator that refuses everything, and the file that
Ansible has made of module, helpers and arguments (AnsiballZ) is kept. Started again, that file is just the process that
a task is on its host: it can be repeated and measured without Ansible's controller around it, and no internal interface
of ansible-core is needed.
"""

from __future__ import annotations

import base64
import json
import re
import shutil
import sys
import typing as t
from pathlib import Path

from ..simulator import Fault, SimulatorProcess
from ..tools.places import ROOT, tool_environment
from .process import Usage, run

COLLECTION = "secops.triage"


class Controller:
    """Ansible with settings of its own, below a folder of its own."""

    def __init__(self, folder: Path, simulator: SimulatorProcess) -> None:
        self.folder = folder
        self._simulator = simulator
        self._remote = folder / "remote"
        collections = folder / "collections"
        link = collections / "ansible_collections" / COLLECTION.replace(".", "/")
        link.parent.mkdir(parents=True)
        link.symlink_to(ROOT, target_is_directory=True)
        self.environment = {
            **tool_environment(),
            "ANSIBLE_COLLECTIONS_PATH": str(collections),
            "ANSIBLE_HOME": str(folder / "home"),
            "ANSIBLE_LIBRARY": str(Path(__file__).with_name("library")),
            "ANSIBLE_PIPELINING": "0",
            "ANSIBLE_REMOTE_TEMP": str(self._remote),
            "PYTHONPATH": "",
        }

    def play(self, module: str, options: dict[str, t.Any], *, diff: bool = False, keep: bool = False) -> Usage:
        """Play one task, with all of ``ansible-playbook`` around it."""
        return self.play_tasks([{module: options}], {}, diff=diff, keep=keep)

    def play_tasks(
        self,
        tasks: t.Sequence[dict[str, t.Any]],
        variables: dict[str, t.Any],
        *,
        diff: bool = False,
        keep: bool = False,
    ) -> Usage:
        """Play several."""
        play = {
            "hosts": "localhost",
            "connection": "local",
            "gather_facts": False,
            "vars": {"ansible_python_interpreter": sys.executable, **variables},
            "tasks": tasks,
        }
        playbook = self.folder / "playbook.json"
        playbook.write_text(json.dumps([play]))
        command = [sys.executable, "-m", "ansible.cli.playbook", "-i", "localhost,", *(["--diff"] if diff else [])]
        environment = {**self.environment, **({"ANSIBLE_KEEP_REMOTE_FILES": "1"} if keep else {})}
        return run([*command, playbook], environment, self.folder)

    def build(self, module: str, options: dict[str, t.Any], *, diff: bool = False) -> Module:
        """The process of a task, ready to be started any number of times."""
        shutil.rmtree(self._remote, ignore_errors=True)
        self._simulator.add_fault(Fault("status", status=401, count=None))
        played = self.play(module, options, diff=diff, keep=True)
        self._simulator.clear_faults()
        made = list(self._remote.glob("*/AnsiballZ_*.py"))
        if len(made) != 1:
            raise RuntimeError(f"Ansible made no process of {module}:\n{played.output[-2000:]}")
        kept = self.folder / f"{module}-{len(list(self.folder.iterdir()))}.py"
        return Module(made[0].rename(kept), self)

    def run(self, command: t.Sequence[str | Path]) -> Usage:
        """Run a Python program of this environment."""
        return run([sys.executable, *command], self.environment, self.folder)


class Module:
    """A task as the file that Ansible copies to the host."""

    def __init__(self, path: Path, controller: Controller) -> None:
        self._path = path
        self._controller = controller

    def run(self) -> Usage:
        """Start it, as Ansible does."""
        return self._controller.run([self._path])

    @property
    def archive_size(self) -> int:
        """Bytes of the zip archive in the file, which is the longest run of base64 there."""
        return len(base64.b64decode(max(re.findall(rb"[A-Za-z0-9+/=]+", self._path.read_bytes()), key=len)))
