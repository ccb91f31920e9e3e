# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The mechanical part of a release: version, changelog, tarball. It commits, tags and publishes nothing."""

from __future__ import annotations

import argparse
import re
import subprocess
import sys

import yaml

from . import package
from .places import ROOT, binary, tool_environment

_VERSION = re.compile(r"(?P<major>\d+)\.(?P<minor>\d+)\.(?P<patch>\d+)")
_LINE = re.compile(r"^version: *(\S+)$", re.MULTILINE)
_GALAXY = ROOT / "galaxy.yml"


def _stop(why: str) -> None:
    raise SystemExit(f"No release: {why}")


def _key(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


def _sections() -> set[str]:
    """The sections that the fragments have."""
    fragments = (ROOT / "changelogs" / "fragments").glob("*.y*ml")
    return {section for one in fragments for section in yaml.safe_load(one.read_text(encoding="utf-8"))}


def _check(version: str) -> None:
    """Stop if the release would be incomplete, empty or not newer than the last one."""
    if not _VERSION.fullmatch(version):
        _stop(f"{version!r} is not MAJOR.MINOR.PATCH. Say make release VERSION=1.2.3")
    changed = subprocess.run(["git", "status", "--porcelain"], cwd=ROOT, check=True, capture_output=True, text=True)
    if changed.stdout:
        _stop(f"what is not committed would not be in it:\n{changed.stdout}")
    changes = (ROOT / "changelogs" / "changelog.yaml").read_text()
    released = re.findall(r"^  (\d+\.\d+\.\d+):$", changes, re.MULTILINE)
    newest = max(released, key=_key)
    if _key(version) <= _key(newest):
        _stop(f"{newest} has been released, and {version} is not newer")
    sections = _sections()
    if not sections:
        _stop("nothing is said to have changed, there is no fragment in changelogs/fragments")
    if "release_summary" not in sections:
        _stop("no fragment in changelogs/fragments has a release_summary, which says what the release is about")


def _run(*command: str) -> None:
    subprocess.run([binary(command[0]), *command[1:]], cwd=ROOT, env=tool_environment(), check=True)


def main() -> int:
    """Prepare the release of a version, and print what is left to do."""
    parser = argparse.ArgumentParser(prog="python -m tests.tools.release", description=__doc__)
    parser.add_argument("version")
    version = parser.parse_args().version
    _check(version)
    takes_away = sorted(_sections() & {"breaking_changes", "removed_features"})
    try:
        _run("antsibull-changelog", "lint")
        _GALAXY.write_text(_LINE.sub(f"version: {version}", _GALAXY.read_text(), count=1))
        _run("antsibull-changelog", "release", "--version", version)
        package.check()
    except (subprocess.CalledProcessError, SystemExit) as error:
        print(f"\nThis failed, and `git checkout -- .` takes it all back: {error}")
        return 1
    if takes_away and not version.endswith(".0.0"):
        print(f"\nIt has {' and '.join(takes_away)}. CONTRIBUTING.md says what of this needs a major version.")
    print(f"""
{version} is ready, and nothing of it is published. What is left:

  git diff                                  is this what you want to say?
  make test gate matrix                     does it hold?
  git commit --all --message "Release {version}" && git tag {version}
  git push origin HEAD {version}
  ansible-galaxy collection publish .cache/build/secops-triage-{version}.tar.gz
""")
    return 0


if __name__ == "__main__":
    sys.exit(main())
