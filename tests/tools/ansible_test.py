# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run ansible-test on a copy of the checkout, and see to it that it tested something.

ansible-test refuses links, wants a path that ends in ``ansible_collections/NAMESPACE/NAME``, and asks git which files
there are: a copy below an ignored folder looks empty to it, whereupon it skips everything and succeeds. The copy is
therefore a repository of its own, and each command has one, so that they can run side by side.
"""

from __future__ import annotations

import argparse
import fcntl
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from . import pip_home
from .interpreters import search_path
from .places import CACHE, ROOT, VENV, binary, tool_environment

_PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
_VENV = ["--venv", "--python", _PYTHON, "--requirements"]
_OPTIONS = {"sanity": ["--local"], "units": _VENV, "integration": [*_VENV, "--continue-on-error"]}

# What ansible-test says when it has nothing to do, and counts as success.
_NOTHING = ("All targets skipped", "No tests applicable", "No targets found")
_RAN = {
    "sanity": re.compile(r'^Running sanity test "'),
    "integration": re.compile(r"^Running (?!setup_)\S+ integration test role"),
}
_FAILED = re.compile(r"^(?:FATAL|ERROR): The (\d+) \w+ test\(s\) listed below \(out of \d+\) failed")
_PYTEST = re.compile(r"^=+ .*\bin [\d.]+s")


def _files() -> Iterator[Path]:
    """What git knows of, and what it would be told of next: a new module is checked before it is added."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        check=True,
    )
    for name in filter(None, os.fsdecode(listed.stdout).split("\0")):
        if os.path.lexists(ROOT / name):
            yield Path(name)


def _same(one: Path, other: Path) -> bool:
    if not other.is_file() or other.is_symlink() or one.is_symlink():
        return False
    left, right = one.stat(), other.stat()
    return (left.st_size, left.st_mtime_ns, left.st_mode) == (right.st_size, right.st_mtime_ns, right.st_mode)


def refresh_copy(copy: Path) -> None:
    """Make the copy equal to the checkout. ansible-test's own output stays: its virtual environments are in there."""
    copy.mkdir(parents=True, exist_ok=True)
    if not (copy / ".git").is_dir():
        subprocess.run(["git", "init", "--quiet", "."], cwd=copy, env=tool_environment(), check=True)
    wanted = set(_files())
    for path in wanted:
        target = copy / path
        if not _same(ROOT / path, target):
            target.parent.mkdir(parents=True, exist_ok=True)
            target.unlink(missing_ok=True)
            shutil.copy2(ROOT / path, target, follow_symlinks=False)
    for folder, folders, names in os.walk(copy):
        here = Path(folder).relative_to(copy)
        folders[:] = [one for one in folders if here / one not in {Path(".git"), Path("tests/output")}]
        for stray in (here / name for name in names if here / name not in wanted):
            (copy / stray).unlink()


def _count(command: str, lines: Iterable[str]) -> tuple[int, int]:
    """How many tests passed, and how many failed."""
    ran = failed = 0
    for line in lines:
        if command in _RAN:
            ran += bool(_RAN[command].match(line))
            if found := _FAILED.match(line):
                failed += int(found[1])
        elif _PYTEST.match(line):
            amounts = {word: int(number) for number, word in re.findall(r"(\d+) (passed|failed|error)", line)}
            ran += sum(amounts.values())
            failed += amounts.get("failed", 0) + amounts.get("error", 0)
    return ran - failed, failed


def run(command: str, arguments: list[str]) -> int:
    """Run it, let its output through, and add one line with the numbers. Returns an exit status."""
    pip_home.prepare()
    copy = CACHE / "ansible-test" / command / "ansible_collections" / "secops" / "triage"
    refresh_copy(copy)
    lines: list[str] = []
    environment = tool_environment(path=search_path())
    with subprocess.Popen(
        [binary("ansible-test"), command, *_OPTIONS[command], "--color", "no", *arguments],
        cwd=copy,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
    ) as process:
        for line in process.stdout or ():
            print(line, end="", flush=True)
            lines.append(line)
    passed, failed = _count(command, lines)
    status = process.returncode
    if any(sign in line for line in lines for sign in _NOTHING) or not passed + failed:
        print(f"ansible-test {command} tested nothing, which is not a success.")
        status = status or 1
    elif status and not failed:
        failed = 1
    print(f"{passed} passed, {failed} failed")
    return status


def main() -> int:
    """Take the name of the command, and further arguments for it."""
    parser = argparse.ArgumentParser(prog="python -m tests.tools.ansible_test", description=__doc__)
    parser.add_argument("command", choices=sorted(_OPTIONS))
    options, arguments = parser.parse_known_args()
    if Path(sys.prefix) != VENV:
        parser.error("this wants to run with the Python of .cache/venv")
    # The commands run beside each other, each on its own copy; two runs of one would pull that from under each other.
    with (CACHE / f".ansible-test-{options.command}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return run(options.command, arguments)


if __name__ == "__main__":
    sys.exit(main())
