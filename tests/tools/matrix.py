# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What ``noxfile.py`` runs with every ansible-core, and what it takes for ansible-test to run without containers."""

from __future__ import annotations

import re
import shutil
import xml.etree.ElementTree as ET
from collections.abc import Iterable
from pathlib import Path

from . import pip_home
from .places import CACHE, ROOT

NOX = CACHE / "nox"
# The modules' oldest Python; tests/config.yml tells ansible-test the same.
OLDEST_PYTHON = "3.9"
_SANITY = ["sanity", "--local", "--junit", "--color", "no"]
_VENV = ["--venv", "--requirements", "--color", "no", "--python"]


def version(text: str) -> tuple[int, ...]:
    """To compare by."""
    return tuple(map(int, text.split(".")))


def newest_core() -> str:
    """The newest ansible-core that the project knows: the one that it is developed with where Python is new enough."""
    pins = (ROOT / "tests" / "constraints.txt").read_text()
    found: list[str] = re.findall(r"^ansible-core==(\d+\.\d+)", pins, re.MULTILINE)
    return max(found, key=version)


def _here(versions: Iterable[str]) -> list[str]:
    return [one for one in versions if shutil.which(f"python{one}")]


def _ends(controllers: Iterable[str], hosts: Iterable[str]) -> list[str]:
    """The oldest Python that modules run on, the oldest and the newest that Ansible runs on."""
    runs_on, supports = sorted(controllers, key=version), sorted(hosts, key=version)
    # Where the modules run on hosts there are Pythons that no controller has any more.
    oldest = next(one for one in supports if version(one) >= version(OLDEST_PYTHON))
    return list(dict.fromkeys([oldest, runs_on[0], runs_on[-1]]))


def missing(controllers: Iterable[str], hosts: Iterable[str]) -> list[str]:
    """The Pythons that ought to be tested with, and that this machine has not."""
    ends = _ends(controllers, hosts)
    return [one for one in ends if one not in _here(ends)]


def sessions(controllers: Iterable[str], hosts: Iterable[str]) -> dict[str, list[str]]:
    """The arguments for ansible-test by the name of the session; empty if no Python of this machine can run it.

    `controllers` are the Pythons that the ansible-core runs on, `hosts` those that it supports on managed hosts.
    """
    runs_on = _here(controllers)
    if not runs_on:
        return {}
    pythons = _ends(runs_on, _here(hosts))
    found = {"sanity": _SANITY}
    found |= {f"units-{one}": ["units", *_VENV, one] for one in pythons}
    found |= {f"integration-{one}": ["integration", *_VENV, one] for one in pythons if one in runs_on}
    return found


def end(controllers: Iterable[str], *, newest: bool) -> dict[str, list[str]]:
    """The arguments for ansible-test with the newest, or the oldest, Python of this machine that Ansible runs on.

    pylint takes a minute and a half, and the newest ansible-core knows all that the oldest says, and more.
    """
    python = _here(sorted(controllers, key=version))[-1 if newest else 0]
    return {
        "sanity": [*_SANITY, *([] if newest else ["--skip-test", "pylint"])],
        "units": ["units", *_VENV, python],
        "integration": ["integration", *_VENV, python],
    }


def prepare() -> None:
    """What ansible-test would fetch from a host that is not a registry."""
    # Only nox knows which of them is the session's own.
    for venv in NOX.iterdir():
        pip_home.place_get_pip(venv)
        _mend_first_line(venv / "bin" / "ansible-test")


def _mend_first_line(script: Path) -> None:
    """ansible-test of ansible-core 2.16 is a plain script, which pip ties to its Python by a path without spaces."""
    if script.is_file():
        first, line_end, rest = script.read_text().partition("\n")
        if " " in first.rpartition("/bin/")[0]:
            # The session's own Python comes first on PATH.
            script.write_text(f"#!/usr/bin/env python3{line_end}{rest}")


def oldest_packages() -> None:
    """In the copy that a session works on: the modules meet the oldest packages that they are said to work with."""
    # What is not always needed has its bound where the tests ask for it.
    wanted = "\n".join((ROOT / one).read_text() for one in ("requirements.txt", "tests/unit/requirements.txt"))
    bounds = dict(re.findall(r"^(\w+)(?:\[\w+\])?>=(\S+)", wanted, re.MULTILINE))
    Path("tests/unit/constraints.txt").write_text("".join(f"{name}=={bounds[name]}\n" for name in bounds))


def only_versions() -> None:
    """In the copy that a session works on: of the unit tests only those with the marker `versions`.

    ansible-test hands neither arguments nor variables on to pytest; conftest.py looks for this file.
    """
    Path("tests/unit/only.txt").write_text("versions")


def count() -> None:
    """Fail where ansible-test had nothing to do, which it takes for success."""
    # Its own environments lie there; nox would copy them.
    shutil.rmtree("tests/output/.tmp", ignore_errors=True)
    suites = [suite for file in Path("tests/output/junit").glob("*.xml") for suite in ET.parse(file).iter("testsuite")]
    ran = sum(int(suite.get("tests", 0)) - int(suite.get("skipped") or 0) for suite in suites)
    if not ran:
        raise RuntimeError("ansible-test tested nothing, which is not a success.")
    # Where one fails, the session has ended before this.
    print(f"{ran} passed, 0 failed")
