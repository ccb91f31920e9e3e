# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every promise has tests that exist, and every page that refers to one refers to one that there is."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
RST = ROOT / "docs" / "docsite" / "rst"
PROMISES = (RST / "promises.rst").read_text("utf-8")
#: The pages that say what holds.
PAGES = [
    *(RST / f"{name}.rst" for name in ("races", "bulk", "check_mode", "errors", "guards", "guide_calseta")),
    ROOT / "SECURITY.md",
]


def promises() -> dict[int, list[str]]:
    """The tests of each promise."""
    parts = re.split(r"^\*\*P(\d+)\.\*\* ", PROMISES, flags=re.MULTILINE)[1:]
    return {
        int(number): re.findall(r"^- ``(.*)``$", text, re.MULTILINE) for number, text in zip(parts[::2], parts[1::2])
    }


def references(page: Path) -> list[int]:
    """The promises that a page refers to."""
    return [int(number) for number in re.findall(r"\bP(\d+)\b", page.read_text("utf-8"))]


def test_promises_are_numbered_without_a_gap() -> None:
    assert list(promises()) == list(range(1, 41))


@pytest.mark.parametrize("number", promises())
def test_every_promise_is_held_by_tests_that_exist(number: int) -> None:
    tests = promises()[number]
    assert tests
    for test in tests:
        file, _colons, name = test.partition("::")
        tree = ast.parse((ROOT / file).read_text("utf-8"))
        there = [node.name for node in tree.body if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]
        assert name.startswith("test_")
        assert name in there


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_pages_refer_to_promises_that_there_are(page: Path) -> None:
    assert references(page)
    assert set(references(page)) <= set(promises())


def test_every_promise_is_referred_to() -> None:
    assert {number for page in PAGES for number in references(page)} == set(promises())
