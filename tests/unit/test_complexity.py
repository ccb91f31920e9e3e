# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""No function has more than ten ways through it, as radon counts them.

The linter counts branches and loops. radon also counts comprehensions, conditions within them, and boolean operators.
"""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest
from radon.visitors import ComplexityVisitor, Function

from ansible_collections.secops.triage.tests.unit.documented import ROOT

MOST = 10
FOLDERS = ("plugins", "extensions", "tests/tools")


def functions(blocks: t.Iterable[t.Any]) -> t.Iterator[Function]:
    """The functions among blocks of radon, with methods, inner classes and the functions in functions."""
    for block in blocks:
        if isinstance(block, Function):
            yield block
            yield from functions(block.closures)
        else:
            yield from functions([*block.methods, *block.inner_classes])


def above(folder: Path) -> t.Iterator[tuple[str, int]]:
    """The functions of a folder that are above the limit, by file and name, with their complexity."""
    for path in sorted(folder.rglob("*.py")):
        visitor = ComplexityVisitor.from_code(path.read_text(encoding="utf-8"))
        for function in functions([*visitor.functions, *visitor.classes]):
            if function.complexity > MOST:
                yield f"{path.relative_to(folder).as_posix()} {function.fullname}", function.complexity


@pytest.mark.parametrize("folder", FOLDERS)
def test_complexity(folder: str) -> None:
    assert dict(above(ROOT / folder)) == {}


def test_what_is_counted(tmp_path: Path) -> None:
    """Comprehensions, their conditions and boolean operators; in functions, methods, and what is within them."""
    ten = "[one for one in given if one if one if one if one and one and one and one or one]"
    (tmp_path / "odd.py").write_text(
        f"""
def ten(given):
    return {ten}

def eleven(given):
    return {ten} if given else []

class Outer:
    def method(self, given):
        def closure():
            return {ten} or []
        return closure()

    class Inner:
        def method(self, given):
            return {ten} or []
"""
    )
    assert list(above(tmp_path)) == [("odd.py eleven", 11), ("odd.py closure", 11), ("odd.py Inner.method", 11)]
