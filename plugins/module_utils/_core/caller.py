# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether anybody still waits for this process.

Ansible ends a task, but not its module: at a task's time-out, and when a job is cancelled or killed, the module process
lives on. It would go on writing after somebody else has taken over.
"""

from __future__ import annotations

import contextlib
import os
import select
import sys
from pathlib import Path

#: The place of the parent's id in /proc/PID/stat, after the name of the program.
_PARENT = 1


class Caller:
    """The process that started this one and reads its output, as it is when the object is made."""

    def __init__(self) -> None:
        self._parent = os.getppid()
        self._worker = _ansible_worker()
        self._worker_parent = _parent_of(self._worker)
        self._output: int | None = None
        # Standard output may be closed, or an object of Python's.
        with contextlib.suppress(AttributeError, OSError, ValueError):
            self._output = sys.stdout.fileno()

    @property
    def is_gone(self) -> bool:
        """Whether the output has no reader any more, or the processes that wait for this one have changed."""
        return (
            os.getppid() != self._parent
            or _parent_of(self._worker) != self._worker_parent
            or (self._output is not None and _has_no_reader(self._output))
        )


def _has_no_reader(output: int) -> bool:
    # Threads cannot share one: only a single poll() may be under way.
    poll = select.poll()
    # Errors are reported without being asked for. Data that nobody has read yet is not an error.
    poll.register(output, 0)
    return bool(poll.poll(0))


def _ansible_worker() -> int | None:
    """The worker of Ansible that runs this process; V(None) if it is on another host, or cannot be recognised.

    A worker outlives ansible-playbook if that is killed, and still reads the output. It leads a session of its own
    since ansible-core 2.19, and has the command line of its parent, of which it is a fork.
    """
    leader = os.getsid(0)
    above = _parent_of(leader)
    forked = above is not None and _command_of(leader) is not None and _command_of(leader) == _command_of(above)
    return leader if forked and _is_above(leader) else None


def _is_above(process: int) -> bool:
    """Whether this process descends from ``process``."""
    above: int | None = os.getppid()
    while above and above != process:
        above = _parent_of(above)
    return above == process


def _parent_of(process: int | None) -> int | None:
    """The parent of a process; V(None) without a process, and where there is no Linux to ask."""
    if process is None:
        return None
    try:
        # This runs before every request, and takes a quarter of the time of Path.read_text.
        with open(f"/proc/{process}/stat", "rb", buffering=0) as stat:  # noqa: PTH123
            return int(stat.read(4096).rpartition(b")")[2].split()[_PARENT])
    except (OSError, ValueError, IndexError):
        return None


def _command_of(process: int) -> bytes | None:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{process}/cmdline").read_bytes()
    return None
