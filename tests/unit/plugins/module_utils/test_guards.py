# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Guards as a table: every guard with every state, and what is said where one objects."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.secops.triage.plugins.module_utils._core.errors import OptionError
from ansible_collections.secops.triage.plugins.module_utils._flow.guards import GuardedState, Guards, Owner, folded

STATUSES = ("open", "closed")
RATED = ("low", "high")

ANA = Owner("Ana", {"uuid": "uuid-1", "handle": "ana@example.com"})
BO = Owner("Bo", {"uuid": "uuid-2", "handle": "bo@example.com"})

STATES: dict[str, GuardedState | None] = {
    "not read": None,
    "nothing told": GuardedState(None),
    "free": GuardedState("open", "low", []),
    "free, high": GuardedState("open", "high", []),
    "free, unrated": GuardedState("open", "pending", []),
    "free, severity untold": GuardedState("open", None, []),
    "free, closed": GuardedState("closed", "low", []),
    "free, odd status": GuardedState("OPEN", "low", []),
    "free, empty status": GuardedState("", "low", []),
    "free, odd severity": GuardedState("open", "High", []),
    "owner untold": GuardedState("open", "low", None),
    "ana": GuardedState("open", "low", [ANA]),
    "ana by handle": GuardedState("open", "low", [Owner("somebody", {"handle": "ANA@Example.com"})]),
    "ana by name only": GuardedState("open", "low", [Owner("ana@example.com", {})]),
    "bo": GuardedState("open", "low", [BO]),
    "ana and bo": GuardedState("open", "low", [ANA, BO]),
    "bo, closed, high": GuardedState("closed", "high", [BO]),
}

GUARDS = {
    "none": Guards(),
    "open": Guards(only_from=["open"]),
    "both": Guards(only_from=["open", "closed"]),
    "from []": Guards(only_from=[]),
    "nobody": Guards(only_assigned_to=[""]),
    "ana": Guards(only_assigned_to=["ana@example.com"]),
    "ana, ''": Guards(only_assigned_to=["ana@example.com", ""]),
    "to []": Guards(only_assigned_to=[]),
    "high": Guards(protect_severity=["high"], severities=RATED),
    "all": Guards(protect_severity=["low", "high"], severities=RATED),
    "sev []": Guards(protect_severity=[], severities=RATED),
    "mixed": Guards(["open"], ["ana@example.com", ""], ["high"], severities=RATED),
}

#: Which guard objects where the change closes the alert: by S(tatus), by O(wner) or by the se(V)erity; "." is none.
TABLE = """
                      | none | open | both | from [] | nobody | ana | ana, '' | to [] | high | all | sev [] | mixed
not read              |  .   |  S   |  S   |    S    |   O    |  O  |    O    |   O   |  V   |  V  |   .    |   S
nothing told          |  .   |  S   |  S   |    S    |   O    |  O  |    O    |   O   |  V   |  V  |   .    |   S
free                  |  .   |  .   |  .   |    S    |   .    |  O  |    .    |   O   |  .   |  V  |   .    |   .
free, high            |  .   |  .   |  .   |    S    |   .    |  O  |    .    |   O   |  V   |  V  |   .    |   V
free, unrated         |  .   |  .   |  .   |    S    |   .    |  O  |    .    |   O   |  V   |  V  |   .    |   V
free, severity untold |  .   |  .   |  .   |    S    |   .    |  O  |    .    |   O   |  V   |  V  |   .    |   V
free, closed          |  .   |  S   |  .   |    S    |   .    |  O  |    .    |   O   |  .   |  V  |   .    |   S
free, odd status      |  .   |  S   |  S   |    S    |   .    |  O  |    .    |   O   |  .   |  V  |   .    |   S
free, empty status    |  .   |  S   |  S   |    S    |   .    |  O  |    .    |   O   |  .   |  V  |   .    |   S
free, odd severity    |  .   |  .   |  .   |    S    |   .    |  O  |    .    |   O   |  V   |  V  |   .    |   V
owner untold          |  .   |  .   |  .   |    S    |   O    |  O  |    O    |   O   |  .   |  V  |   .    |   O
ana                   |  .   |  .   |  .   |    S    |   O    |  .  |    .    |   O   |  .   |  V  |   .    |   .
ana by handle         |  .   |  .   |  .   |    S    |   O    |  .  |    .    |   O   |  .   |  V  |   .    |   .
ana by name only      |  .   |  .   |  .   |    S    |   O    |  O  |    O    |   O   |  .   |  V  |   .    |   O
bo                    |  .   |  .   |  .   |    S    |   O    |  O  |    O    |   O   |  .   |  V  |   .    |   O
ana and bo            |  .   |  .   |  .   |    S    |   O    |  O  |    O    |   O   |  .   |  V  |   .    |   O
bo, closed, high      |  .   |  S   |  .   |    S    |   O    |  O  |    O    |   O   |  V   |  V  |   .    |   S
"""

#: The option that each letter's objection names.
OPTIONS = {"S": "only_from", "O": "only_assigned_to", "V": "protect_severity"}


def cells() -> t.Iterator[tuple[str, str, str]]:
    """The state, the guard and the letter of every cell."""
    heading, *lines = [[cell.strip() for cell in line.split("|")] for line in TABLE.strip("\n").splitlines()]
    for state, *letters in lines:
        yield from ((state, guard, letter) for guard, letter in zip(heading[1:], letters))


CELLS = list(cells())


def test_the_table_has_every_cell() -> None:
    assert [(state, guard) for state, guard, _letter in CELLS] == [
        (state, guard) for state in STATES for guard in GUARDS
    ]


@pytest.mark.parametrize(("state", "guard", "letter"), CELLS)
def test_which_guard_objects(state: str, guard: str, letter: str) -> None:
    def named(closes: bool) -> list[str]:
        objection = GUARDS[guard].objection(STATES[state], closes=closes) or ""
        return [option for option in OPTIONS.values() if option in objection]

    assert named(closes=True) == ([OPTIONS[letter]] if letter != "." else [])
    # A severity protects from being closed only.
    assert named(closes=False) == ([OPTIONS[letter]] if letter in "SO" else [])


@pytest.mark.parametrize(
    ("guard", "state", "words"),
    [
        ("open", "nothing told", "it is in an unknown status, and only_from is open"),
        ("both", "free, odd status", "it is OPEN, and only_from is open, closed"),
        ("from []", "free", "it is open, and only_from is empty"),
        ("nobody", "ana and bo", "Ana, Bo has it, and only_assigned_to is nobody"),
        ("ana", "free", "nobody has it, and only_assigned_to is ana@example.com"),
        ("ana, ''", "ana and bo", "Bo has it, and only_assigned_to is ana@example.com, nobody"),
        ("to []", "owner untold", "the service does not say who has it, and only_assigned_to is empty"),
        ("high", "free, high", "its severity is high, which protect_severity keeps from being closed"),
        (
            "high",
            "not read",
            "its severity is not known, and protect_severity keeps such alerts from being closed",
        ),
        (
            "high",
            "free, unrated",
            ("its severity is pending, an unknown word, and protect_severity keeps such alerts from being closed"),
        ),
    ],
)
def test_words_of_an_objection(guard: str, state: str, words: str) -> None:
    assert GUARDS[guard].objection(STATES[state], closes=True) == words


@pytest.mark.parametrize(
    ("word", "identities", "allowed"),
    [
        ("ana", {"ana": {"uuid": "uuid-1"}}, True),
        # Where a word was looked up, it is no identity any more.
        ("uuid-1", {"uuid-1": {"uuid": "uuid-9"}}, False),
        ("uuid-1", {"uuid-1": {}}, False),
        ("uuid-1", {}, True),
        ("UUID-1", {}, True),
        ("ana", {}, False),
        # A display name is nobody's identity.
        ("Ana", {}, False),
        # The empty word is nobody, not a user without an identity.
        ("", {}, False),
    ],
)
def test_who_is_allowed(word: str, identities: dict[str, dict[str, str]], allowed: bool) -> None:
    guards = Guards(only_assigned_to=[word], identities=identities)
    owner = Owner("Ana", {"uuid": "uuid-1", "handle": ""})
    assert (guards.objection(GuardedState("open", "low", [owner]), closes=False) is None) is allowed


@pytest.mark.parametrize(
    ("told", "allowed"),
    [
        ({"uuid": "UUID-1", "handle": "Ana@example.com"}, True),
        ({"uuid": "uuid-1"}, True),
        ({"handle": "ana@example.com"}, True),
        ({"uuid": "uuid-1", "handle": ""}, True),
        ({"uuid": "uuid-1", "handle": "bo@example.com"}, False),
        ({"uuid": "uuid-2", "handle": "ana@example.com"}, False),
        # Nor where the guard names both of whom it tells a half.
        ({"uuid": "uuid-9", "handle": "ana@example.com"}, False),
        ({"uuid": "uuid-1", "handle": "cy@example.com"}, False),
        # A handle is no uuid.
        ({"uuid": "ana@example.com"}, False),
        ({"uid": "uuid-1"}, False),
        ({}, False),
    ],
)
def test_no_told_identity_may_be_another_users(told: dict[str, str], allowed: bool) -> None:
    known = {"ana": ANA.identities, "cy": {"uuid": "uuid-9", "handle": "cy@example.com"}}
    guards = Guards(only_assigned_to=["ana", "cy"], identities=known)
    assert (guards.objection(GuardedState("open", "low", [Owner("?", told)]), closes=False) is None) is allowed


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Ana@Example.COM", "ana@example.com", True),
        # Unicode has letters that fold into those of other users.
        ("\u212aim", "kim", False),
        ("stra\u00dfe", "strasse", False),
        ("\u0130da", "ida", False),
        ("\u00c4na", "\u00e4na", False),
    ],
)
def test_which_identities_are_the_same(one: str, other: str, same: bool) -> None:
    assert (folded(one) == folded(other)) is same


def params(**given: t.Any) -> dict[str, t.Any]:
    empty = dict.fromkeys(("only_from", "only_assigned_to", "protect_severity"))
    return {**empty, "on_guard": "fail", **given}


def test_guards_of_a_task() -> None:
    given = params(only_from=["open"], only_assigned_to=[" ana ", ""], protect_severity=["high"], on_guard="skip")
    guards = Guards.of(given, STATUSES, [*RATED, "pending"], unrated=["pending"])
    assert guards == Guards(["open"], ["ana", ""], ["high"], True, ["low", "high"])
    assert guards.people == ["ana"]


@pytest.mark.parametrize(
    ("given", "is_set"),
    [
        ({}, False),
        ({"on_guard": "skip"}, False),
        ({"only_from": []}, True),
        ({"only_assigned_to": []}, True),
        ({"protect_severity": []}, True),
    ],
)
def test_which_guards_are_set(given: dict[str, t.Any], is_set: bool) -> None:
    assert Guards.of(params(**given), STATUSES, RATED).set is is_set


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"only_from": ["open", "gone"]}, "only_from has 'gone' in it; here it takes open, closed"),
        ({"only_from": ["Open", ""]}, "only_from has 'Open', '' in it; here it takes open, closed"),
        ({"protect_severity": ["pending"]}, "protect_severity has 'pending' in it; here it takes low, high"),
    ],
)
def test_words_that_the_platform_does_not_have_are_refused(given: dict[str, t.Any], words: str) -> None:
    with pytest.raises(OptionError) as refused:
        Guards.of(params(**given), STATUSES, [*RATED, "pending"], unrated=["pending"])
    assert str(refused.value) == words
