# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""``launcher.py OUTPUT PROGRAM ARGUMENT...``: run a program, and print what it took, as JSON.

The kernel counts the memory that a process had before it became another program into its peak. Started from this small
process, not from the big one that measures, a program's peak is its own. Standard output and errors go to ``OUTPUT``.
"""

from __future__ import annotations

import os
import sys
import time


def main() -> None:
    output, program = sys.argv[1], sys.argv[2:]
    files = [
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600),
        (os.POSIX_SPAWN_DUP2, 1, 2),
    ]
    started = time.monotonic()
    process = os.posix_spawn(program[0], program, os.environ, file_actions=files)
    status, usage = os.wait4(process, 0)[1:]
    seconds = time.monotonic() - started
    # Linux counts in KiB, macOS in bytes.
    peak = usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    print(
        f'{{"started": {started}, "seconds": {seconds}, "cpu": {usage.ru_utime + usage.ru_stime}, "peak": {peak},'
        f' "status": {os.waitstatus_to_exitcode(status)}}}'
    )


if __name__ == "__main__":
    main()
