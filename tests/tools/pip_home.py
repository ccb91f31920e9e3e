# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A home for ansible-test, which hides the environment from pip and fetches one where there is none."""

from __future__ import annotations

import ast
import configparser
import fcntl
import io
import os
import re
import subprocess
from pathlib import Path

from .places import CACHE, HOME, VENV, binary

# What ansible-test would fetch from a host that not every machine can reach: a program that puts pip into a virtual
# environment without one. The pip that is here can do that, in less than half of the time that ensurepip takes.
_GET_PIP = f"""\
import subprocess
import sys

wanted = [argument for argument in sys.argv[1:] if argument not in ("--no-setuptools", "--no-wheel")]
pip = [{binary("python")!r}, "-m", "pip", "--python", sys.executable]
subprocess.check_call([*pip, "install", "--quiet", *wanted])
"""


def _pip_settings() -> configparser.RawConfigParser:
    """pip's present settings, wherever they come from: its files, its variables, and those that all programs heed."""
    run = subprocess.run(
        [binary("python"), "-m", "pip", "config", "list"], stdout=subprocess.PIPE, text=True, check=False
    )
    settings = configparser.RawConfigParser()
    settings["global"] = {}
    listed = re.findall(r"^(\S+)\.([\w-]+)=('.*'|\".*\")$", run.stdout, re.MULTILINE)
    # Variables win over files, so they come last; a file has no better place for them than "global".
    for source, key, value in sorted(listed, key=lambda one: one[0] == ":env:"):
        section = "global" if source == ":env:" else source
        if not settings.has_section(section):
            settings.add_section(section)
        settings[section][key] = str(ast.literal_eval(value))
    for key, variables in {
        "cert": ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"),
        "proxy": ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"),
    }.items():
        for value in filter(None, map(os.environ.get, variables)):
            settings["global"].setdefault(key, value)
    settings["global"]["quiet"] = "2"
    return settings


def _write(path: Path, text: str) -> None:
    """In one move, for somebody else may be reading it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.write_text(text)
    draft.replace(path)


def prepare() -> None:
    """Put into HOME what pip needs to know, and what ansible-test would fetch."""
    settings = io.StringIO()
    _pip_settings().write(settings)
    with (CACHE / ".home.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        _write(HOME / ".config" / "pip" / "pip.conf", settings.getvalue())
        netrc = Path.home() / ".netrc"
        if netrc.is_file() and not (HOME / ".netrc").is_symlink():
            (HOME / ".netrc").symlink_to(netrc)
        place_get_pip(VENV)


def place_get_pip(venv: Path) -> None:
    """Put where ansible-test looks for it what the ansible-test of that environment would fetch."""
    # It names the version of pip that it wants in its own source.
    cache = HOME / ".ansible" / "test" / "cache"
    for source in venv.glob("lib/python3.*/site-packages/ansible_test/_internal/python_requirements.py"):
        for version in re.findall(r"pip='([\d.]+)'", source.read_text()):
            _write(cache / f"get_pip_{version.replace('.', '_')}.py", _GET_PIP)
