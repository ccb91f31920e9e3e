# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Values that nobody expects: texts, numbers, JSON of any shape, and what an option may be given for a good value."""

from __future__ import annotations

import functools
import math
import re
import typing as t

from hypothesis import strategies as st

Values = st.SearchStrategy[t.Any]

#: Deeper than this, Ansible itself cannot print a task's arguments any more.
DEEPEST_ARGUMENT = 150

_TROUBLE = "\x00\x1b\t\n\r\x7f\x85\x9b\ud800\udfff\u202e\ufeff/\\.%?#@:;=&'\"<>{}[]() é…\U0001d54f"
#: Any text: halves of surrogate pairs and control characters too, and those that mean something somewhere.
texts = st.one_of(
    st.text(st.sampled_from(_TROUBLE + "ab01"), max_size=8),
    st.text(st.characters(exclude_categories=()), max_size=12),
    st.sampled_from(["", " ", "null", "None", "true", "0", "-1", "NaN", "1e400", "..", "../..", "%2e%2e", "a" * 5000]),
    st.sampled_from(["{{ 7 }}", "{}", "[]", "<html>", "a,b", "\ud83d", "Unassigned", "STATUS_UNSPECIFIED"]),
)
numbers = st.one_of(
    st.integers(),
    st.floats(),
    st.sampled_from([0, -1, 2**31, 2**63 - 1, 2**63, 2**64, 10**400, -(10**400), 1e308, math.inf, -math.inf, math.nan]),
)
scalars = st.one_of(st.none(), st.booleans(), numbers, texts)
#: The words that the platforms' answers are made of.
_WORDS = re.findall(
    r"\S+",
    """
    data id type attributes custom gated workflow triage state assignee uuid handle name incidentIds incident_ids
    archiveReason archive_reason archiveComment version result events event hitCount hits total value _id _source sort
    kibana.alert.workflow_status kibana.alert.workflow_reason signal status timed_out _shards failed failures updated
    version_conflicts errors error message title detail details code loc msg reason cause requestId done response
    subject severity classification tags close_classification malice_override iamToken access_token
    """,
)
_keys = st.one_of(st.sampled_from(_WORDS), texts)
json_values = st.recursive(
    scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(_keys, inner, max_size=4)),
    max_leaves=10,
)


def nested(depth: int, key: str | None, core: t.Any) -> t.Any:
    """``core`` within so many lists, or objects with one key."""
    for _level in range(depth):
        core = [core] if key is None else {key: core}
    return core


def deep(most: int) -> Values:
    """Values within values, down to a depth."""
    return st.builds(nested, st.integers(most // 10, most), st.none() | st.sampled_from(_WORDS), scalars)


def near(choice: str) -> list[str]:
    """What somebody types who means this."""
    return [choice.lower(), choice.upper(), choice.title(), f" {choice}", f"{choice}\n", choice[:-1], f"{choice}s"]


@functools.cache
def odd(kind: str, choices: tuple[str, ...] = (), elements: str = "str", *, secret: bool = False) -> Values:
    """What an option of this type may be given instead of a good value."""
    ways: list[Values] = [json_values, texts]
    if choices:
        ways.append(st.sampled_from([wrong for choice in choices for wrong in near(choice)]))
        ways.append(st.sampled_from(choices))
    if kind in ("int", "float"):
        ways += [
            numbers,
            numbers.map(str),
            st.integers(-3, 70),
            st.sampled_from(["0x10", "1_0", " 7 ", "9" * 5000]),
        ]
    if kind == "bool":
        ways.append(st.sampled_from(["yes", "no", "True", "on", "OFF", "y", "2", 1, 0, 1.0, "truthy"]))
    if kind == "list":
        ways += [
            st.lists(odd(elements), max_size=4),
            texts.map(lambda text: [text] * 3000),
            st.lists(texts, max_size=6),
        ]
    if kind in ("dict", "raw"):
        ways += [st.dictionaries(_keys, json_values, max_size=3), deep(DEEPEST_ARGUMENT), st.just("a=b c=d")]
    if kind in ("path", "raw"):
        ways.append(
            st.sampled_from(["/", ".", "~", "~nobody-there/x", "$HOME", "/dev/null", "a\x00b", "/" + "a" * 300])
        )
    return st.one_of(ways).map(lambda value: _bearable(value, kind, secret))


def _bearable(value: t.Any, kind: str, secret: bool) -> t.Any:
    """Without what breaks Ansible before it comes to us: texts that it cannot log, and numbers that it cannot convert,
    infinite ones and such with thousands of digits."""
    if isinstance(value, str):
        value = value[:4000].replace("inf", "int").replace("Inf", "Int") if kind == "int" else value
        return value if secret else value.encode("utf-8", "replace").decode()
    if isinstance(value, float) and kind == "int":
        return value if math.isfinite(value) else 1e300
    # A bool, which is an int, stays one.
    return value % 10**308 if kind == "float" and isinstance(value, int) and abs(value) > 1 else value
