# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run sessions of ``noxfile.py``: where they find pip's settings and real interpreters, and nothing of the user's."""

from __future__ import annotations

import subprocess
import sys

from . import pip_home
from .interpreters import search_path
from .places import ROOT, binary, tool_environment

# A session looks for the collection where it has put it.
_NOT_THEIRS = ("ANSIBLE_COLLECTIONS_PATH", "PYTHONPATH", "VIRTUAL_ENV")


def main() -> int:
    """Hand all arguments on to nox."""
    pip_home.prepare()
    environment = {
        **{key: value for key, value in tool_environment(path=search_path()).items() if key not in _NOT_THEIRS},
        # Under this sign the formatters check, and change nothing.
        "CI": "true",
    }
    return subprocess.run(
        [binary("python"), "-m", "nox", *sys.argv[1:]], cwd=ROOT, env=environment, check=False
    ).returncode


if __name__ == "__main__":
    sys.exit(main())
