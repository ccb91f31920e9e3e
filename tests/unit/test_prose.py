# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Turns of phrase that readers stumble over do not come back, in pages, options, messages and comments."""

from __future__ import annotations

import re
import typing as t
from pathlib import Path

import pytest

_ROOT = Path(__file__).resolve().parents[2]

#: What is not written, as a regular expression, and what to write instead.
TURNS = {
    r"\b(comes?|came|coming) up\b": "an alert fires, is raised",
    r"\bha(s|ve) no say\b": "ignores, does not apply",
    r"\b(that|which) (is|are) none\b": "an invalid, unknown or missing ...",
    r"\btells? of\b": "says, returns, shows",
    r"\bdo(es)? not tell\b": "does not say, does not return",
    r"\btells (who|what|how|whether|when|which|whose)\b": "says, shows, returns",
    r"\bcounts? as not given\b|\bis not given, as\b": "is treated as unset",
    r"\bstands? in (its|their|the) place\b": "replaces",
    r"\bcome about\b": "be carried out, happen",
    r"\bsets? (it|them|this) off\b": "triggers, causes",
    r"\bpass(es)? by itself\b": "is temporary",
    r"\bas far as you know\b": "that you expect",
    r"\bnothing but\b": "only",
}

_READ = ("README.md", "CONTRIBUTING.md", "SECURITY.md", "docs/**/*.rst", "docs/**/*.md", "changelogs/fragments/*.yml")
_SHIPPED = tuple(
    f"{folder}/**/*{suffix}"
    for folder in ("plugins", "extensions", "playbooks", "roles")
    for suffix in (".py", ".yml", ".md", ".j2")
)


def texts() -> t.Iterator[tuple[Path, int, str]]:
    """Every line that somebody reads: the file, the line's number, and the line."""
    for pattern in (*_READ, *_SHIPPED):
        for file in sorted(_ROOT.glob(pattern)):
            for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
                yield file, number, line


def test_everything_that_is_read_is_looked_at() -> None:
    suffixes = {file.suffix for file, _number, _line in texts()}
    assert suffixes == {".rst", ".md", ".yml", ".py", ".j2"}


@pytest.mark.parametrize("turn", TURNS)
def test_no_such_turn(turn: str) -> None:
    found = [
        f"{file.relative_to(_ROOT)}:{number}: {line.strip()}"
        for file, number, line in texts()
        if re.search(turn, line, re.IGNORECASE)
    ]
    assert not found, f"write: {TURNS[turn]}\n" + "\n".join(found)
