# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The Python interpreters that really run. A version manager's shim can be on PATH for a version that it refuses."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

_NAME = re.compile(r"python3\.\d+")
_PROBE = "import ensurepip, sys, venv; print(sys.executable)"


def _folders() -> Iterator[Path]:
    """Where interpreters are looked for: PATH first, then where version managers keep theirs."""
    yield from map(Path, filter(None, os.environ.get("PATH", os.defpath).split(os.pathsep)))
    home = Path.home()
    managers = [Path(os.environ.get("PYENV_ROOT", home / ".pyenv")) / "versions", home / ".asdf/installs/python"]
    for manager in managers:
        yield from sorted(manager.glob("3.*/bin"))


def _works(program: Path) -> bool:
    # Some shims write an empty executable on success, and explain themselves at length on failure.
    try:
        answer = subprocess.run(
            [program, "-c", _PROBE], capture_output=True, text=True, timeout=20, check=False, stdin=subprocess.DEVNULL
        )
    except (OSError, subprocess.SubprocessError):
        return False
    return answer.returncode == 0 and bool(answer.stdout.strip())


def _programs(folder: Path) -> list[Path]:
    """The interpreters of a folder, by their versioned names."""
    try:
        names = [entry for entry in folder.iterdir() if _NAME.fullmatch(entry.name)]
    except OSError:
        return []
    return sorted(entry for entry in names if os.access(entry, os.X_OK))


def usable() -> tuple[dict[str, Path], set[Path]]:
    """The folder of a usable interpreter by its version ("3.11"), and the folders where one is that does not run."""
    found: dict[str, Path] = {}
    broken: set[Path] = set()
    for folder in dict.fromkeys(_folders()):
        for program in _programs(folder):
            if _works(program):
                found.setdefault(program.name[len("python") :], folder)
            else:
                broken.add(folder)
    return found, broken


def search_path() -> list[str]:
    """PATH for tools that pick interpreters by name: the real ones first, and no folder with a broken one."""
    found, broken = usable()
    # Newest first, so that a plain `python3` after the virtual environment's own is not an ancient one.
    versions = sorted(found, key=lambda version: int(version.partition(".")[2]), reverse=True)
    folders = [found[version] for version in versions if found[version] not in broken]
    rest = [Path(one) for one in os.environ.get("PATH", os.defpath).split(os.pathsep) if one]
    return [str(folder) for folder in dict.fromkeys([*folders, *rest]) if folder not in broken]
