# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ansible on a stage of its own: what it is given, and everything that anybody could see of it."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import json
import subprocess
import sys
import threading
import time
import typing as t
from pathlib import Path

import yaml

from ansible_collections.secops.triage.tests.tools.places import tool_environment

Options = dict[str, t.Any]
_HERE = Path(__file__).parent
_MARK = "SECRETS_STAGE"
#: Whom this machine trusts is not what the tests are about.
_AUTHORITIES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")


@dataclasses.dataclass(frozen=True)
class Played:
    """A run that is over."""

    folder: Path
    status: int
    #: The result of every task, by its name.
    results: dict[str, Options]
    #: The command lines, and environments, of all of its processes.
    command_lines: t.AbstractSet[bytes]
    environments: t.AbstractSet[bytes]

    @functools.cached_property
    def places(self) -> dict[str, bytes]:
        """Whatever somebody could look into, by what it is."""
        files = {
            "screen": ["screen"],
            "log": ["log"],
            "callback": ["results"],
            "junit": ["junit/*.xml"],
            "tree": ["tree/*"],
            "journal": ["journal"],
        }
        found = {place: b"\n".join(self._read(*patterns)) for place, patterns in files.items()}
        return {**found, "processes": b"\n".join(self.command_lines)}

    def _read(self, *patterns: str) -> t.Iterator[bytes]:
        for pattern in patterns:
            for path in sorted(self.folder.glob(pattern)):
                yield path.read_bytes()

    @property
    def left_behind(self) -> list[Path]:
        """What is left of the modules, and of what Ansible keeps for itself."""
        return [
            path for name in ("remote", "home", "tmp") for path in (self.folder / name).rglob("*") if path.is_file()
        ]


class Stage:
    """A folder in which Ansible is at home, and finds the collection."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in ("home", "tmp"):
            (folder / name).mkdir(parents=True)

    def play(
        self,
        plays: t.Sequence[Options],
        variables: Options,
        environment: t.Mapping[str, str] | None = None,
        **settings: str,
    ) -> Played:
        """Play these with C(-vvvv) and C(--diff). ``variables`` come from a file, as secrets do from a vault."""
        common = {"hosts": "localhost", "connection": "local", "gather_facts": False}
        self._file("playbook.yml").write_text(yaml.safe_dump([{**common, **play} for play in plays], sort_keys=False))
        self._file("variables.json").write_text(json.dumps({"ansible_python_interpreter": sys.executable, **variables}))
        command = ["playbook", "-vvvv", "--diff", "--extra-vars", "@variables.json", "playbook.yml"]
        return self.run(command, environment, **settings)

    def run(self, command: t.Sequence[str], environment: t.Mapping[str, str] | None = None, **settings: str) -> Played:
        """Run ``ansible`` (or ``ansible-playbook``), watched."""
        variables = {**self._environment(), **(environment or {})}
        variables.update({f"ANSIBLE_{name.upper()}": value for name, value in settings.items()})
        with _Watch(str(self.folder)) as watch, self._file("screen").open("wb") as screen:
            ended = subprocess.run(
                [sys.executable, "-m", f"ansible.cli.{command[0]}", *command[1:]],
                cwd=self.folder,
                env=variables,
                stdin=subprocess.DEVNULL,
                stdout=screen,
                stderr=subprocess.STDOUT,
                check=False,
            )
        recorded = self._file("results")
        lines = recorded.read_text().splitlines() if recorded.exists() else []
        results = {said["task"]: {**said["result"], "failed": said["failed"]} for said in map(json.loads, lines)}
        return Played(self.folder, ended.returncode, results, watch.command_lines, watch.environments)

    def _file(self, name: str) -> Path:
        return self.folder / name

    def _environment(self) -> dict[str, str]:
        """Every way that Ansible has to tell what it does is open."""
        switches = {
            "ANSIBLE_CALLBACKS_ENABLED": "record,junit,tree",
            "ANSIBLE_CALLBACK_PLUGINS": str(_HERE / "callback_plugins"),
            "ANSIBLE_DISPLAY_ARGS_TO_STDOUT": "1",
            # Newer cores tell where an error came from only if they are asked to.
            "ANSIBLE_DISPLAY_TRACEBACK": "always",
            "ANSIBLE_INVENTORY_UNPARSED_WARNING": "0",
            "ANSIBLE_LOCALHOST_WARNING": "0",
            "ANSIBLE_NOCOLOR": "1",
            "PYTHONPATH": str(_HERE / "machine"),
        }
        places = {
            _MARK: ".",
            "ANSIBLE_CALLBACK_TREE_DIR": "tree",
            "ANSIBLE_HOME": "home",
            "ANSIBLE_LOG_PATH": "log",
            "ANSIBLE_REMOTE_TEMP": "remote",
            "HOME": "home",
            "JUNIT_OUTPUT_DIR": "junit",
            "SECRETS_JOURNAL": "journal",
            "SECRETS_RESULTS": "results",
            "TMPDIR": "tmp",
        }
        machine = {name: value for name, value in tool_environment().items() if name not in _AUTHORITIES}
        return {**machine, **switches, **{name: str(self.folder / place) for name, place in places.items()}}


class _Watch:
    """Looks at the process list all the while, as any user of the machine can."""

    def __init__(self, mark: str) -> None:
        self._mark = f"{_MARK}={mark}".encode()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self.command_lines: set[bytes] = set()
        self.environments: set[bytes] = set()

    def __enter__(self) -> _Watch:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.is_set():
            for process in Path("/proc").iterdir():
                # Most are gone before they are looked at, and others belong to somebody else.
                with contextlib.suppress(OSError):
                    if process.name.isdigit():
                        self._look(process)
            time.sleep(0.05)

    def _look(self, process: Path) -> None:
        environment = (process / "environ").read_bytes()
        if self._mark in environment.split(b"\0"):
            self.environments.add(environment)
            self.command_lines.add((process / "cmdline").read_bytes())
