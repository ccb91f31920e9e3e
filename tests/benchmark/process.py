# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Programs as the benchmark runs them: what they took, and what they said."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
import typing as t
from pathlib import Path

_LAUNCHER = Path(__file__).with_name("launcher.py")


@dataclasses.dataclass(frozen=True)
class Usage:
    """What one run took. ``started`` is a moment of ``time.monotonic()``; times in seconds, ``peak`` in bytes."""

    started: float
    seconds: float
    cpu: float
    peak: int
    status: int
    output: str

    @property
    def changed(self) -> int:
        """How many alerts a module says it has changed."""
        counts: dict[str, int] = self.result()["counts"]
        return counts["changed"]

    def result(self) -> dict[str, t.Any]:
        """What a module printed. Raises `RuntimeError` where that is no result, or one of a failure."""
        try:
            result: dict[str, t.Any] = json.loads(self.output)
        except ValueError:
            raise RuntimeError(f"the module printed no result:\n{self.output[-2000:]}") from None
        if self.status or result.get("failed"):
            raise RuntimeError(f"the module failed: {result.get('msg')}")
        return result


def run(command: t.Sequence[str | Path], environment: t.Mapping[str, str], folder: Path) -> Usage:
    """Run a program to its end. ``folder`` takes its output."""
    output = folder / "output"
    # Isolated and without site-packages: the smaller the launcher, the less it can hide.
    launcher = [sys.executable, "-I", "-S", _LAUNCHER, output, *command]
    launched = subprocess.run(launcher, env=environment, stdout=subprocess.PIPE, check=True)
    return Usage(**json.loads(launched.stdout), output=output.read_text(encoding="utf-8"))
