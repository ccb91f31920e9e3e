# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where a task runs: in Ansible's own worker process, or as a module in a process of its own.

A module takes a second of processor time to start. The worker runs the same code on the same machine, if the module
would run there: not on another host, as another user, with another Python, or in another environment.
"""

from __future__ import annotations

import dataclasses
import sys
import typing as t
from pathlib import Path

from ansible.plugins import connection as connection_plugins

#: The variable, and the environment variable, that switch it off.
SWITCH, SWITCH_VARIABLE = "secops_triage_in_process", "SECOPS_TRIAGE_IN_PROCESS"


@dataclasses.dataclass(frozen=True)
class Surroundings:
    """What the place of a task depends on, as it is after delegation and templating."""

    #: The values of the variable; if it is not set, that of the environment variable.
    switches: t.Sequence[t.Any]
    #: The file of the connection plugin that was loaded.
    connection: str
    become: bool
    #: The seconds that the task may run in the background.
    asynchronous: int
    #: The assignments before the command of a module.
    environment: str
    interpreter: str
    keeps_files: bool


def obstacle(around: Surroundings) -> str | None:
    """Why the task must run as a module; V(None) if it can run in the worker."""
    reasons = {
        f"{SWITCH} is false": not all(map(_is_on, around.switches)),
        "the connection is not local": not _is_local(around.connection),
        "it becomes another user": around.become,
        "it is asynchronous": around.asynchronous != 0,
        "it has an environment": around.environment.strip() != "",
        f"its Python is {around.interpreter}": not _is_ours(around.interpreter),
        "ANSIBLE_KEEP_REMOTE_FILES is set": around.keeps_files,
    }
    return next((reason for reason, stands in reasons.items() if stands), None)


def _is_on(value: t.Any) -> bool:
    """Whether a switch is on. A value that is no boolean switches off."""
    return str(value).strip().lower() in ("true", "yes", "on", "1")


def _is_local(connection: str) -> bool:
    return Path(connection) == Path(connection_plugins.__file__).with_name("local.py")


def _is_ours(interpreter: str) -> bool:
    """Whether a module would be run by this Python.

    Comparing the files is not enough: the Python of a virtual environment is a link to its base.
    """
    if interpreter.startswith("auto"):
        return True
    here, there = Path(sys.executable), Path(interpreter)
    return there.is_absolute() and here.parent == there.parent and there.exists() and here.samefile(there)
