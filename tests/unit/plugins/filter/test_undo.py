# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The way back, by table."""

from __future__ import annotations

import typing as t

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.secops.triage.plugins.filter.undo import FilterModule, undo

pytestmark = pytest.mark.versions

OPEN, ARCHIVED = {"state": "open", "note": ""}, {"state": "archived", "note": ""}


def row(name: str, before: t.Any, after: t.Any, changed: t.Any = True, **more: t.Any) -> dict[str, t.Any]:
    return {"id": name, "changed": changed, **(after or {}), "before": before, **more}


@pytest.mark.parametrize(
    ("rows", "steps"),
    [
        ([], []),
        ([row("a", OPEN, OPEN, changed=False)], []),
        ([row("a", OPEN, ARCHIVED)], [(["a"], {"state": "open"}, ARCHIVED)]),
        # Alike ones are one step, in the order in which they came.
        (
            [row("a", OPEN, ARCHIVED), row("b", ARCHIVED, OPEN), row("c", OPEN, ARCHIVED)],
            [(["a", "c"], {"state": "open"}, ARCHIVED), (["b"], {"state": "archived"}, OPEN)],
        ),
        # It was not found; nobody could look at it again; somebody else has changed it before this task could.
        ([row("a", None, None, changed=False, error={})], []),
        ([row("a", OPEN, None, changed=None, error={})], []),
        ([row("a", OPEN, ARCHIVED, changed=False)], []),
        # It is otherwise than it was, and nobody knows whose doing that is.
        ([row("a", OPEN, ARCHIVED, changed=None, error={})], []),
        # It is the task's doing, which has not come all the way.
        ([row("a", OPEN, ARCHIVED, error={})], [(["a"], {"state": "open"}, ARCHIVED)]),
    ],
)
def test_steps(rows: list[dict[str, t.Any]], steps: list[tuple[t.Any, ...]]) -> None:
    assert [(step["ids"], step["before"], step["now"]) for step in undo(rows)] == steps
    assert FilterModule().filters() == {"undo": undo}


@pytest.mark.parametrize("rows", [None, {}, "a", [1], [{"id": "a", "changed": True}]])
def test_what_no_module_has_returned(rows: t.Any) -> None:
    with pytest.raises(AnsibleFilterError, match="undo takes the list"):
        undo(rows)
