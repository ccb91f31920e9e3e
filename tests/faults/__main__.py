# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The whole storm, or one task of it again, with everything that can be seen of that."""

from __future__ import annotations

import argparse
import collections
import secrets
import sys
import time

from .storm import RATE, TIMEOUT, Outcome, Weather, run_storm, run_task


def _table(title: str, numbers: collections.Counter[str]) -> str:
    return "\n".join([title, *(f"  {name:<28}{number:>8,}" for name, number in sorted(numbers.items()))])


def _tell(outcome: Outcome, seed: int) -> None:
    print(f"\ntask {outcome.number}, {outcome.name}: {len(outcome.findings)} findings")
    for finding in outcome.findings[:5]:
        print(f"  {finding}")
    print(f'  see it: make faults ARGS="--seed {seed} --task {outcome.number}"', flush=True)


def main() -> int:
    """Run; 1 if a report was not true."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--seed", type=int, default=None, help="of what is done and of what goes wrong; drawn by lot")
    parser.add_argument("--operations", type=int, default=12000, help="alerts to bring to a state (%(default)s)")
    parser.add_argument("--rate", type=float, default=RATE, help="share of requests that go wrong (%(default)s)")
    parser.add_argument("--timeout", type=float, default=TIMEOUT, help="of each task, in seconds (%(default)s)")
    parser.add_argument("--good-weather", action="store_true", help="no faults, but lag: nothing may end as null")
    parser.add_argument("--workers", type=int, default=10, help="simulators side by side (%(default)s)")
    parser.add_argument("--task", type=int, help="only this task, with its requests and its result")
    options = parser.parse_args()
    seed = secrets.randbelow(10**6) if options.seed is None else options.seed
    rate = 0.0 if options.good_weather else options.rate
    weather = Weather(rate, options.timeout, options.good_weather)
    if options.task is not None:
        outcome = run_task(seed, options.task, weather, show=True)
        _tell(outcome, seed)
        return int(bool(outcome.findings))
    print(f"seed {seed}", flush=True)
    start = time.monotonic()
    total = Outcome(0, "")
    names: collections.Counter[str] = collections.Counter()
    for outcome in run_storm(seed, options.operations, options.workers, weather):
        total.number += 1
        total.operations += outcome.operations
        total.requests += outcome.requests
        total.seconds = max(total.seconds, outcome.seconds)
        total.findings += outcome.findings
        total.faults += outcome.faults
        total.fates += outcome.fates
        names[outcome.name] += outcome.operations
        if outcome.findings:
            _tell(outcome, seed)
    struck = sum(total.faults.values())
    print(_table("\noperations", names))
    print(_table("faults", total.faults))
    print(_table("reported", total.fates))
    print(
        f"\nseed {seed}: {total.number} tasks, {total.operations:,} operations, {total.requests:,} requests,"
        f" {struck:,} of them struck ({struck / max(total.requests, 1):.0%});"
        f" the longest task took {total.seconds:.1f} s, all {time.monotonic() - start:.0f} s"
    )
    print(f"{len(total.findings)} findings")
    return int(bool(total.findings))


if __name__ == "__main__":
    sys.exit(main())
