# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What stands behind the Makefile must not take nothing for a success, nor a broken interpreter for a good one."""

from __future__ import annotations

import os
import re
import sys
import textwrap
import typing as t
from pathlib import Path

import pytest

from ansible_collections.secops.triage.tests.tools import ansible_test, gate, interpreters, places

SANITY = """\
Running sanity test "compile" on Python 3.9
Running sanity test "pep8"
ERROR: Found 2 pep8 issue(s) which need to be resolved:
Running sanity test "pylint"
FATAL: The 1 sanity test(s) listed below (out of 3) failed. See error output above for details.
pep8
"""
INTEGRATION = """\
Running signal_state integration test role
TASK [setup_simulator : Running it]
Running module_defaults integration test role
ERROR: The 1 integration test(s) listed below (out of 2) failed. See error output above for details:
"""
UNITS = """\
============================== 1 failed, 11 passed in 0.52s ===============================
===================== 20 passed, 2 skipped, 1 warning in 0.99s ======================
"""


@pytest.mark.parametrize(
    ("command", "output", "numbers"),
    [
        ("sanity", SANITY, (2, 1)),
        ("sanity", "WARNING: All targets skipped.\n", (0, 0)),
        ("integration", INTEGRATION, (1, 1)),
        ("units", UNITS, (31, 1)),
    ],
)
def test_counts_what_ansible_test_says(command: str, output: str, numbers: tuple[int, int]) -> None:
    assert ansible_test._count(command, output.splitlines()) == numbers


@pytest.mark.parametrize(
    ("last", "status", "numbers"),
    [
        ("12 passed in 0.35s", 0, (12, 0)),
        ("3 passed, 1 failed", 1, (3, 1)),
        ("2 failed, 1 error, 4 passed in 3s", 1, (4, 3)),
        # It said nothing of a failure, or of any test.
        ("12 passed in 0.35s", 2, (12, 1)),
        ("no tests ran in 0.01s", 0, (0, 1)),
        ("", 0, (0, 1)),
    ],
)
def test_a_step_without_a_test_has_failed(last: str, status: int, numbers: tuple[int, int]) -> None:
    step = gate.Step("units", "unit tests", ["pytest"], counts=True)

    assert gate._numbers(step, [last], status) == numbers


def test_all_tests_take_all_processors_and_some_take_what_they_are_given() -> None:
    step = gate.Step("faults", "faults", ["pytest"], folder="tests/faults")

    assert "--numprocesses=auto" in gate._arguments(step, [])
    assert not [one for one in gate._arguments(step, ["-x"]) if one.startswith("--numprocesses")]


def test_tests_that_wait_have_more_workers_than_processors() -> None:
    (step,) = (one for one in gate.STEPS if one.waits)
    assert step.name == "units"
    assert f"--numprocesses={2 * (os.cpu_count() or 1)}" in gate._arguments(step, [])


def python(name: str, code: str, **settings: t.Any) -> gate.Step:
    return gate.Step(name, f"look at {name}", [sys.executable, "-c", textwrap.dedent(code)], **settings)


@pytest.fixture
def logs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the steps' output goes."""
    monkeypatch.setattr(gate, "LOGS", tmp_path)
    monkeypatch.setattr(gate, "ROOT", tmp_path)
    return tmp_path


@pytest.mark.parametrize(("names", "said"), [([], "short"), (["only"], "whole")])
def test_what_takes_long_is_left_out_where_all_steps_run(
    logs: Path, monkeypatch: pytest.MonkeyPatch, names: list[str], said: str
) -> None:
    code = "import sys; sys.exit(sys.argv[1:] != ['--short'])"
    step = python("only", code, short=["--short"])
    monkeypatch.setattr(gate, "STEPS", [step])
    monkeypatch.setattr(sys, "argv", ["gate", *names])

    assert gate.main() == (said == "whole")


def test_steps_run_side_by_side_and_say_what_they_have_to_say_in_one_piece(
    logs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("there", "back"):
        os.mkfifo(logs / name)
    # Each waits for a word of the other between its own. Who waits in vain is ended.
    code = """
        import signal
        signal.alarm(60)
        print({name!r}, "begins", flush=True)
        {first}
        {second}
        print({name!r}, "ends", flush=True)
        raise SystemExit({status})
    """
    say, hear = 'open("{0}", "w").write("word")', 'assert open("{0}").read() == "word"'
    steps = [
        python("one", code.format(name="one", first=say.format("there"), second=hear.format("back"), status=1)),
        python("two", code.format(name="two", first=hear.format("there"), second=say.format("back"), status=0)),
    ]

    results = {one.step.name: one for one in gate.run_all(steps)}

    assert {name: (one.passed, one.failed) for name, one in results.items()} == {"one": (0, 1), "two": (1, 0)}
    said = capsys.readouterr().out
    assert "look at one ... FAILED; this is all of its output, also in one.log\n\none begins\none ends\n" in said
    assert re.search(r"^look at two \.\.\. 1 passed, \d+ s$", said, re.MULTILINE)
    assert "two begins" not in said
    assert (logs / "two.log").read_text() == "two begins\ntwo ends\n"


def test_the_table_keeps_its_order_whoever_ends_first(
    logs: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    os.mkfifo(logs / "word")
    steps = [
        python("first", 'import signal; signal.alarm(60); open("word").read()'),
        python("second", 'import signal; signal.alarm(60); open("word", "w").close(); raise SystemExit(3)'),
        python("third", "raise SystemExit(9)", extra=True),
    ]
    monkeypatch.setattr(gate, "STEPS", steps)
    monkeypatch.setattr(sys, "argv", ["gate"])

    assert gate.main() == 1

    table = capsys.readouterr().out.partition("step ")[2]
    assert re.findall(r"^(\w+) +(\d+) +(\d+)", table, re.MULTILINE)[:2] == [("first", "1", "0"), ("second", "0", "1")]
    assert "third" not in table
    assert "1 passed, 1 failed in " in table


@pytest.fixture
def shims(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """A folder with an interpreter that refuses to run, and one with a good one of another version, on PATH."""
    broken, good = tmp_path / "shims", tmp_path / "good"
    for folder in (broken, good):
        folder.mkdir()
    refusal = broken / "python3.90"
    refusal.write_text("#!/bin/sh\necho 'python3.90: command not found' >&2\nexit 127\n")
    refusal.chmod(0o755)
    (good / "python3.91").symlink_to(sys.executable)
    monkeypatch.setenv("PATH", f"{broken}:{good}")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("PYENV_ROOT", raising=False)
    return broken, good


def test_an_interpreter_that_does_not_run_is_none(shims: tuple[Path, Path]) -> None:
    broken, good = shims

    assert interpreters.usable() == ({"3.91": good}, {broken})
    assert interpreters.search_path() == [str(good)]


def test_tools_get_nobodys_keys_and_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DD_API_KEY", "ANSIBLE_CONFIG", "KIBANA_URL", "https_proxy", "HTTP_PROXY", "YC_TOKEN"):
        monkeypatch.setenv(name, "mine")

    environment = places.tool_environment()

    assert "mine" not in environment.values()
    assert environment["HOME"] == str(places.HOME)
