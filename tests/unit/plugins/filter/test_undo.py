# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The way back, by table."""

from __future__ import annotations

import re
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
        # Equal rows are one step, in the order of the rows.
        (
            [row("a", OPEN, ARCHIVED), row("b", ARCHIVED, OPEN), row("c", OPEN, ARCHIVED)],
            [(["a", "c"], {"state": "open"}, ARCHIVED), (["b"], {"state": "archived"}, OPEN)],
        ),
        # It was not found; it could not be read again; somebody else changed it before the task could.
        ([row("a", None, None, changed=False, error={})], []),
        ([row("a", OPEN, None, changed=None, error={})], []),
        ([row("a", OPEN, ARCHIVED, changed=False)], []),
        # It differs, and nobody knows who changed it.
        ([row("a", OPEN, ARCHIVED, changed=None, error={})], []),
        # The task changed it, though not as far as it should.
        ([row("a", OPEN, ARCHIVED, error={})], [(["a"], {"state": "open"}, ARCHIVED)]),
    ],
)
def test_steps(rows: list[dict[str, t.Any]], steps: list[tuple[t.Any, ...]]) -> None:
    assert [(step["ids"], step["before"], step["now"]) for step in undo(rows)] == steps
    assert FilterModule().filters() == {"undo": undo}


class Counted(str):
    """A text that counts how often one of its kind is compared."""

    __slots__ = ()
    compared = 0
    __hash__ = str.__hash__

    def __eq__(self, other: object) -> bool:
        Counted.compared += 1
        return super().__eq__(other)


@pytest.mark.parametrize("count", [100, 1000])
def test_comparisons_grow_with_the_number_of_rows_and_not_with_its_square(count: int) -> None:
    rows = [row(f"a{one}", {"note": Counted(str(one % 10))}, {"note": Counted(f"now {one}")}) for one in range(count)]
    Counted.compared = 0
    assert len(undo([*rows, *rows])) == count
    assert Counted.compared <= 4 * count


#: A row of each module that can be undone: the fields before, and after.
MODULES: dict[str, tuple[dict[str, t.Any], dict[str, t.Any]]] = {
    "signal_state": (OPEN, ARCHIVED),
    "signal_incident_link": ({"incident_ids": [7]}, {"incident_ids": [7, 8]}),
    "kibana_alert_status": ({"status": "open", "reason": None}, {"status": "closed", "reason": "other"}),
    "kibana_alert_tags": ({"tags": []}, {"tags": ["escalated"]}),
    "kibana_alert_assignees": ({"assignees": ["u1"]}, {"assignees": []}),
    "alert_update on Security Deck": ({"status": "OPEN", "tags": ["a"]}, {"status": "RESOLVED", "tags": ["a"]}),
    "alert_update on Calseta": (
        {"status": "Open", "malice_override": None},
        {"status": "Closed", "malice_override": None},
    ),
}
#: What makes a row one that no module returns, and the words about it.
ODD: list[tuple[dict[str, t.Any], str]] = [
    ({"id": None}, "row 2, which has no id that is a text"),
    ({"id": 7}, "row 2 (7), which has no id that is a text"),
    ({"changed": "yes"}, "row 2 (b), which has no changed that is true, false or null"),
    ({"before": "open"}, "row 2 (b), which has no before that is a mapping or null"),
    ({"before": [1]}, "row 2 (b), which has no before that is a mapping or null"),
]


@pytest.mark.parametrize(("before", "after"), MODULES.values(), ids=list(MODULES))
def test_rows_of_every_module(before: dict[str, t.Any], after: dict[str, t.Any]) -> None:
    [step] = undo([row("a", before, after), row("b", dict(before), dict(after))])
    assert step["ids"] == ["a", "b"]
    assert step["now"] == after
    assert {**after, **step["before"]} == before
    for odd, said in ODD:
        with pytest.raises(AnsibleFilterError, match=re.escape(f"undo cannot use {said}. Give undo the list")):
            undo([row("a", before, after), {**row("b", before, after), **odd}])
    for field in ("id", "changed", "before"):
        whole = row("b", before, after)
        del whole[field]
        with pytest.raises(AnsibleFilterError, match=f"undo cannot use row 1.*, which has no {field} that is "):
            undo([whole])


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (None, "undo takes a list of alerts, and this is NoneType. "),
        ({}, "undo takes a list of alerts, and this is dict. "),
        ("a", "undo takes a list of alerts, and this is str. "),
        ([row("a", OPEN, OPEN), 1], "undo cannot use row 2, which is no mapping. "),
    ],
)
def test_what_no_module_has_returned(rows: t.Any, said: str) -> None:
    with pytest.raises(AnsibleFilterError, match=said):
        undo(rows)
