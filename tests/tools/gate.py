# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run the checks: all of them with a table at the end, or some by name with their output as it comes.

Where all run, two run side by side: while one waits, or keeps but one processor busy, the other takes what is left.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import dataclasses
import os
import re
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from .places import LINK, LOGS, ROOT, binary, tool_environment

_AT_ONCE = 2
_NUMBER = re.compile(r"(\d+) (passed|failed|error)")


@dataclasses.dataclass(frozen=True)
class Step:
    """A command that checks something. `counts`: it ends by saying how many tests passed."""

    name: str
    what: str
    command: Sequence[str]
    counts: bool = False
    # ansible-test asks pip's settings of the user's own environment before it hides that from the tests.
    own_environment: bool = False
    # Where pytest finds the tests, unless others are named.
    folder: str = ""
    # Not one of the steps that decide: it runs where it is named.
    extra: bool = False
    # What leaves some of its tests out where all steps run.
    short: Sequence[str] = ()
    # Half of its time it waits for servers that are slow on purpose, so that more workers than processors help.
    waits: bool = False


@dataclasses.dataclass(frozen=True)
class Result:
    """How a step went."""

    step: Step
    passed: int
    failed: int
    seconds: float
    output: str
    log: Path

    def __str__(self) -> str:
        if not self.failed:
            return f"{self.passed} passed, {self.seconds:.0f} s"
        return f"FAILED; this is all of its output, also in {self.log.relative_to(ROOT)}\n\n{self.output}"


_PACKAGE = "ansible_collections.secops.triage"


def _tool(name: str, *arguments: str) -> list[str]:
    return [binary("python"), "-m", f"tests.tools.{name}", *arguments]


def _tests(
    name: str, what: str, folder: str, *, extra: bool = False, short: Sequence[str] = (), waits: bool = False
) -> Step:
    command = [binary("python"), "-m", "pytest", "-p", "no:pytest_ansible"]
    return Step(name, what, command, counts=True, folder=folder, extra=extra, short=short, waits=waits)


# Where all run, they begin in this order: what is quick to fail, then what takes long.
STEPS = [
    Step("lint", "ruff check", [binary("ruff"), "check", "--output-format=concise", "."]),
    Step("format", "ruff format --check", [binary("ruff"), "format", "--check", "."]),
    Step("yaml", "yamllint", [binary("yamllint"), "--strict", "."]),
    _tests("units", "unit and contract tests", "tests/unit", short=["-m", "not whole"], waits=True),
    Step(
        "integration",
        "ansible-test integration",
        _tool("ansible_test", "integration"),
        counts=True,
        own_environment=True,
    ),
    Step(
        "sanity",
        "ansible-test sanity",
        _tool("ansible_test", "sanity"),
        counts=True,
        own_environment=True,
        # A minute and a half, and ruff knows most of it; pylint itself is in the gate and the matrix.
        short=["--skip-test", "pylint"],
    ),
    Step(
        "types",
        "mypy --strict",
        [
            binary("mypy"),
            *(
                f"--package={_PACKAGE}.{one}"
                for one in (
                    "extensions",
                    "plugins",
                    "tests.awx",
                    "tests.benchmark",
                    "tests.eda",
                    "tests.faults",
                    "tests.fuzz",
                    "tests.live",
                    "tests.secrets",
                    "tests.simulator",
                    "tests.tools",
                    "tests.unit",
                )
            ),
        ],
    ),
    _tests("faults", "faults and races, in short", "tests/faults"),
    _tests("secrets", "secrets, in short", "tests/secrets"),
    _tests("fuzz", "fuzzing, in short", "tests/fuzz"),
    _tests("awx", "setting AWX up, with its own collection", "tests/awx", extra=True),
    _tests("eda", "Event-Driven Ansible, with the real ansible-rulebook", "tests/eda", extra=True),
    _tests("conformance", "conformance with other people's clients", "tests/conformance", extra=True),
]


def _arguments(step: Step, given: Sequence[str]) -> list[str]:
    """The step's own and the user's. pytest must meet the tests where they are part of the collection."""
    if not step.folder:
        return [*step.command, *given]
    if not given and not step.extra:
        # All of them at once: worth the moment that it takes to start more processes.
        workers = 2 * (os.cpu_count() or 1) if step.waits else "auto"
        given = [f"--numprocesses={workers}", "--dist=worksteal"]
    linked = [str(LINK / one) if (ROOT / one.partition("::")[0]).exists() else one for one in given]
    chosen = any(one.startswith(str(LINK)) for one in linked)
    return [*step.command, f"--rootdir={LINK}", f"--config-file={LINK / 'pyproject.toml'}", *linked] + (
        [] if chosen else [str(LINK / step.folder)]
    )


def run(step: Step, given: Sequence[str], show: bool) -> Result:
    """Run one step. Its output goes to a log, and is shown at once or else if it fails."""
    start = time.monotonic()
    log = LOGS / f"{step.name}.log"
    lines = []
    with (
        # Line by line, for whoever looks into it meanwhile.
        log.open("w", buffering=1) as file,
        subprocess.Popen(
            _arguments(step, given),
            cwd=ROOT,
            env=None if step.own_environment else tool_environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
        ) as process,
    ):
        for line in process.stdout or ():
            file.write(line)
            lines.append(line)
            if show:
                print(line, end="", flush=True)
    passed, failed = _numbers(step, lines, process.returncode)
    return Result(step, passed, failed, time.monotonic() - start, "".join(lines), log)


def _numbers(step: Step, lines: Sequence[str], status: int) -> tuple[int, int]:
    """Tests passed and failed. A step that fails counts as a failure, and so does one that ran no test."""
    if not step.counts:
        return int(not status), int(bool(status))
    amounts = {word: int(number) for number, word in _NUMBER.findall(lines[-1] if lines else "")}
    passed, failed = amounts.get("passed", 0), amounts.get("failed", 0) + amounts.get("error", 0)
    return passed, failed or int(bool(status) or not passed)


def run_all(steps: Sequence[Step]) -> Iterator[Result]:
    """Run them without their output, say how each went, and give the results as they come."""
    print(f"{_AT_ONCE} at a time: {', '.join(one.what for one in steps)}", flush=True)
    with concurrent.futures.ThreadPoolExecutor(_AT_ONCE) as lanes:
        try:
            for ended in concurrent.futures.as_completed([lanes.submit(run, one, [], show=False) for one in steps]):
                result = ended.result()
                print(f"{result.step.what} ... {result}", flush=True)
                yield result
        except BaseException:
            # Whoever interrupts this does not wait for those that have not begun.
            lanes.shutdown(cancel_futures=True)
            raise


def _table(results: Sequence[Result], seconds: float) -> str:
    rows = [f"{'step':<14}{'passed':>8}{'failed':>8}{'seconds':>9}"]
    rows += [f"{one.step.name:<14}{one.passed:>8}{one.failed:>8}{one.seconds:>9.1f}" for one in results]
    passed, failed = sum(one.passed for one in results), sum(one.failed for one in results)
    minutes, rest = divmod(round(seconds), 60)
    return "\n".join(["", *rows, "", f"{passed} passed, {failed} failed in {minutes} min {rest:02} s"])


def _run_named(names: Sequence[str], given: str) -> list[Result]:
    """Run the steps of these names, one after the other, and show their output."""
    results = []
    for step in (one for one in STEPS if one.name in names):
        print(f"{step.what} ...", flush=True)
        results.append(run(step, shlex.split(given), show=True))
    return results


def _run_deciding() -> list[Result]:
    """Run the steps that decide, in their short form. The results are in the order of the steps."""
    chosen = [dataclasses.replace(one, command=[*one.command, *one.short]) for one in STEPS if not one.extra]
    return sorted(run_all(chosen), key=lambda one: chosen.index(one.step))


def main() -> int:
    """Run the steps that are named, or all."""
    parser = argparse.ArgumentParser(prog="python -m tests.tools.gate", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="step", help=", ".join(one.name for one in STEPS))
    parser.add_argument("--with", dest="given", default="", help="arguments for the steps' own commands")
    options = parser.parse_args()
    unknown = set(options.names) - {one.name for one in STEPS}
    if unknown:
        parser.error(f"no such step: {', '.join(sorted(unknown))}")
    if options.given and not options.names:
        parser.error("arguments are for steps that are named: no two take the same")
    LOGS.mkdir(parents=True, exist_ok=True)
    start = time.monotonic()
    results = _run_named(options.names, options.given) if options.names else _run_deciding()
    print(_table(results, time.monotonic() - start))
    return int(any(one.failed for one in results))


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
