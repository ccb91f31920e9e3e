# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.secops.triage.plugins.module_utils._core.errors import RequestError, TriageError
from ansible_collections.secops.triage.plugins.module_utils._core.text import (
    DEEPEST,
    has_control_characters,
    one_line,
    printable,
    shallow,
)

CONTROL_CHARACTERS = ["\x00", "\x07", "\x1b", "\x7f", "\x85", "\x9b", "\u2028", "\u202e", "\u2066", "\ud800"]


@pytest.mark.parametrize("character", CONTROL_CHARACTERS)
def test_what_paints_is_seen(character: str) -> None:
    value = {"a": [f"x{character}y", 1, None], f"b{character}": f"{character}{character}", 1: 2}
    assert printable(value) == {"a": ["x\ufffdy", 1, None], "b\ufffd": "\ufffd\ufffd", 1: 2}
    assert one_line(f"x{character}{character}y") == "x y"
    assert has_control_characters(f"x{character}y")


def test_no_line_is_written_over() -> None:
    assert printable("failed\rok\r\nnext") == "failed\ufffdok\r\nnext"


@pytest.mark.parametrize("text", ["", "Zürich 日本", "one\ntwo\tthree", "👩\u200d🚒", "שלום\u200f", "\xa0"])
def test_texts_of_all_languages_stay(text: str) -> None:
    assert printable(text) == text
    assert one_line(text) == text.replace("\n", " ").replace("\t", " ")


def test_no_message_paints() -> None:
    said = {"message": "\x9b31m"}
    error = RequestError("GET", "/here", "a redirect to \x1b[2J", body=said, request_id="\x1b]0;\x07")
    for text in (str(error), str(TriageError("\x1b[2J")), *error.report().values()):
        assert not has_control_characters(str(text))


def test_numbers_that_json_has_not_are_texts() -> None:
    assert printable({"a": [float("inf"), float("nan"), -1e999, 1.5]}) == {"a": ["inf", "nan", "-inf", 1.5]}


def test_what_is_nested_too_deep_is_left_out() -> None:
    deep: t.Any = "the bottom"
    for _level in range(300):
        deep = [{"in": deep}]
    levels, one = 0, shallow({"id": "a", "raw": deep})
    assert one["id"] == "a"
    one = one["raw"]
    while not isinstance(one, str):
        one = one[0] if isinstance(one, list) else one["in"]
        levels += 1
    assert levels == DEEPEST - 1
    assert one == f"(left out: nested deeper than {DEEPEST} levels)"
    assert shallow([1, None, {"a": [deep[0]["in"][:0]]}]) == [1, None, {"a": [[]]}]
