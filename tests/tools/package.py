# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Build the collection's tarball, and check that it works once installed."""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

from .places import CACHE, ROOT, binary, tool_environment

_BUILD = CACHE / "build"
_INSTALLED = CACHE / "install-check"
# Files that no user needs, and that Galaxy complains about.
_UNWANTED = re.compile(r"(^|/)(\.[^/]|__pycache__(/|$))|^tests/output(/|$)|\.(pyc|tar\.gz)$")


def build() -> Path:
    """Build the tarball, and check which files it has."""
    # A tarball of another version would be mistaken for the new one.
    shutil.rmtree(_BUILD, ignore_errors=True)
    command = [binary("ansible-galaxy"), "collection", "build", "--output-path", str(_BUILD)]
    subprocess.run(command, cwd=ROOT, env=tool_environment(), check=True, stdout=subprocess.DEVNULL)
    tarball = next(_BUILD.glob("*.tar.gz"))
    with tarfile.open(tarball) as archive:
        names = archive.getnames()
    unwanted = [name for name in names if _UNWANTED.search(name)]
    if unwanted:
        raise SystemExit(f"{tarball.name} has what it should not have: {', '.join(unwanted)}")
    print(f"{tarball.relative_to(ROOT)}: {len(names)} files, {tarball.stat().st_size // 1024} KiB", flush=True)
    return tarball


def check() -> None:
    """Install the tarball into a new folder, and play the demo and the smoke test from there."""
    tarball = build()
    shutil.rmtree(_INSTALLED, ignore_errors=True)
    environment = {
        **tool_environment(),
        "ANSIBLE_COLLECTIONS_PATH": str(_INSTALLED),
        "PYTHONPATH": str(_INSTALLED),
    }
    install = ["collection", "install", "--offline", "--collections-path", str(_INSTALLED), str(tarball)]
    subprocess.run([binary("ansible-galaxy"), *install], env=environment, check=True, stdout=subprocess.DEVNULL)
    demo = [binary("python"), "-m", "ansible_collections.secops.triage.tests.tools.demo"]
    # The folder is no checkout, so only the installed collection can be found.
    subprocess.run(demo, cwd=_INSTALLED, env=environment, check=True)
    smoke = [binary("ansible-playbook"), "--inventory", "localhost,", "secops.triage.smoke"]
    subprocess.run(smoke, cwd=_INSTALLED, env=environment, check=True, stdout=subprocess.DEVNULL)
    print("The collection works as installed from its tarball.")


def main() -> int:
    """Build, or build and check."""
    parser = argparse.ArgumentParser(prog="python -m tests.tools.package", description=__doc__)
    parser.add_argument("what", choices=["build", "check"])
    try:
        build() if parser.parse_args().what == "build" else check()
    except subprocess.CalledProcessError as error:
        # The command has printed why.
        return int(error.returncode)
    return 0


if __name__ == "__main__":
    sys.exit(main())
