# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a release is made of says the same everywhere."""

from __future__ import annotations

import os
import re
import typing as t
from pathlib import Path

import pytest
import yaml

from ansible_collections.secops.triage.tests.unit.documented import ROOT

GALAXY = yaml.safe_load((ROOT / "galaxy.yml").read_text(encoding="utf-8"))
RELEASES = yaml.safe_load((ROOT / "changelogs" / "changelog.yaml").read_text(encoding="utf-8"))["releases"]
#: Others of a dot are a tool's or a user's.
OURS = {".ansible-lint", ".ci", ".github", ".gitignore", ".yamllint"}
NOT_OURS = {"output", "__pycache__"}
#: The versions of others, and what was true of a release when it was made.
ELSEWHERE = {
    "galaxy.yml",
    "CHANGELOG.rst",
    "changelogs/changelog.yaml",
    "tests/constraints.txt",
    "tests/simulator/calseta.py",
}


def _is_ours(name: str) -> bool:
    return name in OURS or not (name.startswith(".") or name in NOT_OURS)


def texts() -> t.Iterator[tuple[str, str]]:
    """The text files of the project, by their paths in it."""
    for folder, folders, names in os.walk(ROOT):
        folders[:] = filter(_is_ours, folders)
        for path in (Path(folder, name) for name in filter(_is_ours, names)):
            try:
                yield path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")
            except UnicodeDecodeError:
                continue


def test_the_version_stands_in_galaxy_yml_alone() -> None:
    version = re.compile(rf"(?<![\d.]){re.escape(GALAXY['version'])}(?![\d.]*\d)")
    said = {
        f"{name}: {line.strip()}"
        for name, text in texts()
        if name not in ELSEWHERE
        for line in text.splitlines()
        if version.search(line) and "version_added" not in line
    }
    assert said == set()


def test_the_version_is_the_newest_in_the_changelog() -> None:
    newest = max(RELEASES, key=lambda one: [int(part) for part in one.split(".")])
    assert GALAXY["version"] == newest
    assert f"v{newest}\n" in (ROOT / "CHANGELOG.rst").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "source"), [("requests", "requirements.txt"), ("PyJWT", "tests/unit/requirements.txt")]
)
def test_a_lower_bound_is_the_same_everywhere(name: str, source: str) -> None:
    bound = re.compile(rf"\b{name}(?:\[crypto\])?`?(?:>=| )(\d[\d.]*\d)")
    (wanted,) = bound.findall((ROOT / source).read_text(encoding="utf-8"))
    said = {where: set(bound.findall(text)) for where, text in texts() if bound.search(text)}
    assert {where: found for where, found in said.items() if found != {wanted}} == {}
    assert {"README.md", source} <= set(said)


def test_the_workflow_has_every_ansible_core() -> None:
    runtime = yaml.safe_load((ROOT / "meta" / "runtime.yml").read_text(encoding="utf-8"))["requires_ansible"]
    pins = re.findall(r"^ansible-core==2\.(\d+)", (ROOT / "tests" / "constraints.txt").read_text(), re.MULTILINE)
    oldest, newest = int(runtime.split(".")[1]), max(map(int, pins))
    workflow = (ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8")
    assert re.findall(r"CORE=2\.(\d+)", workflow) == [str(one) for one in range(oldest, newest + 1)]


def test_no_sanity_test_is_ignored() -> None:
    assert list((ROOT / "tests").glob("sanity/ignore*")) == []


def test_tags_are_what_galaxy_takes() -> None:
    assert "security" in GALAXY["tags"]
    assert len(GALAXY["tags"]) <= 20
