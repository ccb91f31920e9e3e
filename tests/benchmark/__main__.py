# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""``python -m tests.benchmark``: measure, print a table, and fail where a count of requests is not what it must be."""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
import tempfile
import time
import typing as t
from pathlib import Path

from ..simulator import SimulatorProcess
from ..tools.places import CACHE, ROOT
from . import kibana_batches, many_signals, memory, page, start, tasks, ways
from .ansible import Controller
from .report import Row, machine
from .stage import Stage
from .ways.plan import COUNTS


class Case(t.Protocol):
    """A module of this package that measures something."""

    TITLE: str

    def measure(self, stage: Stage) -> t.Iterator[Row]:
        """The figures, as soon as they are there."""


CASES: dict[str, Case] = {
    "signals": many_signals,
    "kibana": kibana_batches,
    "memory": memory,
    "start": start,
    "tasks": tasks,
    "ways": ways,
}


_MEASUREMENTS = CACHE / "benchmark" / "ways.jsonl"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmark", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer repetitions, for a first look")
    parser.add_argument("--only", action="append", choices=CASES, metavar="NAME", help=f"one of {', '.join(CASES)}")
    parser.add_argument("--counts", type=int, nargs="+", default=COUNTS, metavar="N", help="signals for the ways")
    parser.add_argument(
        "--measurements",
        type=Path,
        default=_MEASUREMENTS,
        metavar="FILE",
        help=f"takes every run of the ways as soon as it is done ({_MEASUREMENTS.relative_to(ROOT)})",
    )
    parser.add_argument("--resume", action="store_true", help="go on with what that file has, and measure the rest")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    parser.add_argument(
        "--write",
        type=Path,
        nargs="?",
        const=ROOT / "docs",
        metavar="FOLDER",
        help="write benchmarks.md, with its plots and figures, below docs or another folder",
    )
    return parser.parse_args()


def main() -> int:
    """Measure; the exit status tells whether all counts were right."""
    options = _arguments()
    chosen = options.only or list(CASES)
    if "ways" in chosen and not options.resume:
        options.measurements.unlink(missing_ok=True)
    about = machine()
    print(", ".join(f"{name} {value}" for name, value in about.items()), flush=True)
    print("Medians of processes run by turns; the simulator is another process on the same machine.")
    report: dict[str, list[Row]] = {}
    with tempfile.TemporaryDirectory(prefix="benchmark-") as name, SimulatorProcess(alerts=0) as simulator:
        controller = Controller(Path(name), simulator)
        stage = Stage(
            simulator, controller, quick=options.quick, counts=options.counts, measurements=options.measurements
        )
        for case in chosen:
            began = time.monotonic()
            print(f"\n{case}: {CASES[case].TITLE}", flush=True)
            report[case] = []
            for row in CASES[case].measure(stage):
                print(row.line, flush=True)
                report[case].append(row)
            print(f"  ({time.monotonic() - began:.0f} s)")
    if options.write:
        titles = {case: CASES[case].TITLE for case in report}
        page.write(options.write, about, titles, report, options.measurements)
    return _finish(options.json, about, report)


def _finish(file: Path | None, about: dict[str, t.Any], report: dict[str, list[Row]]) -> int:
    rows = [row for case in report.values() for row in case]
    wrong = [row for row in rows if row.verdict == "WRONG"]
    missed = [row for row in rows if row.verdict == "missed"]
    aims = [row for row in rows if row.target is not None and not row.exact]
    print(f"\n{len(aims) - len(missed)} of {len(aims)} aims reached; {len(wrong)} wrong counts")
    if file:
        shown = {
            case: [{**dataclasses.asdict(row), "verdict": row.verdict} for row in of_case]
            for case, of_case in report.items()
        }
        file.write_text(json.dumps({"machine": about, "cases": shown}, indent=1) + "\n")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
