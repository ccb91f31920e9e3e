# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The line that says who has changed an alert: what it is made of, and what it never has in it."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.secops.triage.plugins.module_utils._core.errors import OptionError
from ansible_collections.secops.triage.plugins.module_utils._core.provenance import (
    compose,
    is_provenance,
    provenance,
    with_provenance,
    without_provenance,
)
from ansible_collections.secops.triage.tests.unit.harness import without_environment


@pytest.fixture(autouse=True)
def _nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    without_environment(monkeypatch)
    for variable in ("JOB_ID", "AWX_PRIVATE_DATA_DIR", "USER", "LOGNAME"):
        monkeypatch.delenv(variable, raising=False)


@pytest.mark.parametrize(
    ("asked", "line"),
    [
        ("none", None),
        ("", None),
        (" none ", None),
        ("Night shift", "Ansible · Night shift"),
        (" ticket 4711\n", "Ansible · ticket 4711"),
        ("Ansible · ticket 4711", "Ansible · ticket 4711"),
        ("auto", "Ansible"),
        # As a boolean of YAML arrives.
        ("True", "Ansible"),
        ("yes", "Ansible"),
        ("False", None),
        ("no", None),
    ],
)
def test_what_a_task_asks_for(asked: str, line: str | None) -> None:
    assert provenance({"provenance": asked}, str) == line


@pytest.mark.parametrize(
    ("variables", "line"),
    [
        ({"JOB_ID": "4711", "AWX_PRIVATE_DATA_DIR": "/runner", "USER": "runner"}, "Ansible · AWX job 4711"),
        ({"JOB_ID": "4711", "USER": "amira"}, "Ansible · user amira"),
        ({"LOGNAME": "amira"}, "Ansible · user amira"),
        ({"JOB_ID": "", "AWX_PRIVATE_DATA_DIR": "/runner"}, "Ansible"),
    ],
)
def test_what_the_environment_tells(variables: dict[str, str], line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert provenance({"provenance": "auto"}, str) == line


@pytest.mark.parametrize("asked", ["a\nb", "a\x00b", "a\x1b[31m", "\ud800", "a\tb", "a" * 191, "a\u202eb"])
def test_what_is_no_line_is_refused(asked: str) -> None:
    with pytest.raises(OptionError, match="provenance"):
        provenance({"provenance": asked}, str)


def test_longest_line() -> None:
    assert provenance({"provenance": "a" * 190}, str) == f"Ansible · {'a' * 190}"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("close_noise", " · play close_noise"),
        (4711, " · play 4711"),
        ("  two\n words\x1b", " · play two words"),
        ("a" * 61, f" · play {'a' * 59}…"),
        (None, ""),
        ("", ""),
        (" ", ""),
        (True, ""),
        (["a"], ""),
        ({"secret": "q7ZwKx3vTn9LrMb2JcH8"}, ""),
        ("{{ vault_token }}", ""),
        ("{% if a %}", ""),
    ],
)
def test_parts(value: t.Any, shown: str) -> None:
    assert compose([("play", value)]) == f"Ansible{shown}"


def test_line_of_many_parts_is_shortened() -> None:
    line = compose([("part", str(number) * 60) for number in range(9)])
    assert len(line) == 200
    assert line.endswith("…")


@pytest.mark.parametrize(
    ("text", "without"),
    [
        ("", ""),
        ("Noise", "Noise"),
        ("Noise\nAnsible · AWX job 4711", "Noise"),
        ("Ansible · AWX job 4711", ""),
        ("Ansible", ""),
        ("Two\nlines\nAnsible · a", "Two\nlines"),
        ("Ansible · a\nNoise", "Ansible · a\nNoise"),
        ("Ansible is fine", "Ansible is fine"),
        ("Noise\nAnsible·a", "Noise\nAnsible·a"),
    ],
)
def test_line_at_the_end_of_a_text(text: str, without: str) -> None:
    assert without_provenance(text) == without
    replaced = with_provenance(text, "Ansible · b")
    assert without_provenance(replaced) == without
    assert is_provenance(replaced.rpartition("\n")[2])
    assert with_provenance(replaced, "Ansible · b") == replaced
