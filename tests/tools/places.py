# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where things are, and the environment that the tools run in: nothing of the user's home or shell leaks in or out."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / ".cache"
VENV = CACHE / "venv"
HOME = CACHE / "home"
COLLECTIONS = CACHE / "collections"
LINK = COLLECTIONS / "ansible_collections" / "secops" / "triage"
#: The collections that only `make awx` needs.
AWX = CACHE / "awx"
LOGS = CACHE / "logs"

# Somebody's own settings must not decide how a test ends, and somebody's own keys have no business here.
# Proxies: everything but pip talks to loopback, and pip's are in the pip.conf of HOME.
_FOREIGN = (
    "ANSIBLE_",
    "AWX_",
    "CALSETA_",
    "CONTROLLER_",
    "DATADOG_",
    "DD_",
    "GIT_",
    "KIBANA_",
    "PYTEST_",
    "PYTHONHOME",
    "PYTHONPATH",
    "TOWER_",
    "VIRTUAL_ENV",
    "XDG_",
    "YC_",
)
_PROXIES = ("all_proxy", "ftp_proxy", "http_proxy", "https_proxy", "no_proxy")


def binary(name: str) -> str:
    """The path of a program of the virtual environment."""
    return str(VENV / "bin" / name)


def tool_environment(*folders: str | Path, path: Sequence[str] | None = None) -> dict[str, str]:
    """The variables for every tool that is started. `folders` go onto PATH after the virtual environment's own."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(_FOREIGN) and name.lower() not in _PROXIES
    }
    search = os.environ.get("PATH", os.defpath).split(os.pathsep) if path is None else path
    return {
        **kept,
        "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS),
        "ANSIBLE_HOME": str(HOME / ".ansible"),
        "ANSIBLE_NOCOWS": "1",
        "HOME": str(HOME),
        "PATH": os.pathsep.join([str(VENV / "bin"), *map(str, folders), *search]),
        "PYTHONPATH": str(COLLECTIONS),
        "VIRTUAL_ENV": str(VENV),
    }
