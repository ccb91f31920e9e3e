# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Make what the tools need below ``.cache``: a virtual environment, a home, the collection where Ansible finds it.

Runs on a bare Python. What is there and still right is left alone, so that a second run takes no time.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

from .places import AWX, CACHE, HOME, LINK, ROOT, VENV, binary

_OLDEST = (3, 11)
_TESTS = ROOT / "tests"
_REQUIREMENTS = {
    "run": _TESTS / "requirements-run.txt",
    "demo": _TESTS / "requirements-demo.txt",
    "dev": _TESTS / "requirements-dev.txt",
    "awx": _TESTS / "awx" / "requirements.txt",
    "conformance": _TESTS / "conformance" / "requirements.txt",
    "eda": _TESTS / "eda" / "requirements.txt",
    "bench": _TESTS / "benchmark" / "requirements.txt",
    "docs": _TESTS / "requirements-docs.txt",
    "gate": _TESTS / "requirements-gate.txt",
}
# The purposes that each one's packages are part of.
_ENOUGH = {
    "run": ("demo", "dev", "awx", "conformance", "eda", "bench", "docs", "gate"),
    "demo": ("eda",),
    "dev": ("awx", "conformance", "eda", "bench", "gate"),
}
_CONSTRAINTS = _TESTS / "constraints.txt"


class _StepError(Exception):
    """A step that cannot go on, with what to tell the user."""


@contextlib.contextmanager
def _said(what: str) -> Iterator[None]:
    """Say what is being done, and how long it took."""
    start = time.monotonic()
    print(f"{what} ...", end="", flush=True)
    try:
        yield
    except BaseException:
        print(" failed", flush=True)
        raise
    print(f" {time.monotonic() - start:.0f} s", flush=True)


def _call(*command: str | Path) -> None:
    """Run quietly; what the command said comes out only if it fails."""
    run = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if run.returncode:
        raise _StepError(f"{run.stdout}\nThis failed: {' '.join(map(str, command))}")


def _stamped(stamp: Path, text: str) -> bool:
    return stamp.is_file() and stamp.read_text() == text


def _make_venv() -> None:
    # An environment knows its own path and its interpreter's: it survives neither a move nor an upgrade.
    stamp, identity = VENV / ".made-for", f"{VENV}\n{sys.base_prefix}\n{sys.version}\n"
    if _stamped(stamp, identity):
        return
    version = ".".join(map(str, sys.version_info[:3]))
    with _said(f"Making a virtual environment of Python {version} in .cache/venv"):
        shutil.rmtree(VENV, ignore_errors=True)
        _call(sys.executable, "-m", "venv", VENV)
        stamp.write_text(identity)


def _install(purpose: str) -> None:
    files = sorted([*_TESTS.glob("requirements-*.txt"), *_TESTS.glob("*/requirements.txt"), _CONSTRAINTS])
    digest = hashlib.sha256(b"".join(one.name.encode() + one.read_bytes() for one in files)).hexdigest()
    if any(_stamped(VENV / f".installed-{one}", digest) for one in (purpose, *_ENOUGH.get(purpose, ()))):
        return
    wanted = _REQUIREMENTS[purpose]
    with _said(f"Installing the packages of {wanted.relative_to(ROOT)}"):
        # Byte code now, because the machine may forbid to write it later, and every start would pay for that.
        options = ["--quiet", "--disable-pip-version-check", "--compile"]
        _call(binary("python"), "-m", "pip", "install", *options, "--requirement", wanted, "--constraint", _CONSTRAINTS)
        (VENV / f".installed-{purpose}").write_text(digest)


def _make_link() -> None:
    """The checkout under the path that makes it a collection, whatever its own path is."""
    target = os.path.relpath(ROOT, LINK.parent)
    if LINK.is_symlink() and LINK.readlink() == Path(target):
        return
    LINK.parent.mkdir(parents=True, exist_ok=True)
    LINK.unlink(missing_ok=True)
    LINK.symlink_to(target, target_is_directory=True)


def _unpack_awx() -> None:
    """The collection awx.awx, out of a package of a hundred collections that nobody else here needs."""
    found = re.search(r"^ansible==\S+", _CONSTRAINTS.read_text(), re.MULTILINE)
    wanted = found[0] if found else "ansible"
    stamp = AWX / ".made-of"
    if _stamped(stamp, wanted):
        return
    with _said(f"Unpacking the collection awx.awx from {wanted}"), tempfile.TemporaryDirectory(dir=CACHE) as folder:
        shutil.rmtree(AWX, ignore_errors=True)
        options = ["--quiet", "--disable-pip-version-check", "--no-deps", "--only-binary", ":all:", "--dest", folder]
        _call(binary("python"), "-m", "pip", "download", *options, wanted)
        (wheel,) = Path(folder).glob("*.whl")
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(
                AWX, [one for one in archive.namelist() if one.startswith("ansible_collections/awx/awx/")]
            )
        stamp.write_text(wanted)


def make(purpose: str) -> None:
    """Everything for the `purpose`, a key of _REQUIREMENTS."""
    if sys.version_info < _OLDEST:
        wanted = ".".join(map(str, _OLDEST))
        raise _StepError(
            f"Python {wanted} or newer is needed, and this is {sys.version.split()[0]}: make PYTHON=python3.12"
        )
    CACHE.mkdir(exist_ok=True)
    # Two makes at once would install into the same folder.
    with (CACHE / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        _make_venv()
        _install(purpose)
        if purpose == "awx":
            _unpack_awx()
        _make_link()
        # Others have no business there: it will hold the address of the package registry, maybe with a password.
        HOME.mkdir(mode=0o700, exist_ok=True)


def main() -> int:
    """Make it, and say what was done."""
    parser = argparse.ArgumentParser(prog="python -m tests.tools.environment", description=__doc__)
    parser.add_argument("purpose", choices=sorted(_REQUIREMENTS))
    try:
        make(parser.parse_args().purpose)
    except _StepError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
