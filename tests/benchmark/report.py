# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What was measured, beside what is aimed at."""

from __future__ import annotations

import dataclasses
import os
import platform
import statistics
import typing as t
from importlib.metadata import version


@dataclasses.dataclass(frozen=True)
class Row:
    """One figure. ``exact`` ones must be the target, the others at most that."""

    what: str
    value: float
    unit: str = ""
    target: float | None = None
    exact: bool = False
    samples: t.Sequence[float] = ()

    @property
    def verdict(self) -> str:
        if self.target is None:
            return ""
        if self.exact:
            return "right" if self.value == self.target else "WRONG"
        return "reached" if self.value <= self.target else "missed"

    @property
    def line(self) -> str:
        sign = "=" if self.exact else "<="
        target = "" if self.target is None else f"{sign} {_shown(self.target, self.unit)}"
        spread = ""
        if len(self.samples) > 1 and not self.exact:
            low, high = (_shown(one, self.unit) for one in (min(self.samples), max(self.samples)))
            spread = f"{len(self.samples)} runs, {low} to {high}"
        value = _shown(self.value, self.unit)
        return f"  {self.what:<58}{value:>9}  {target:<11}{self.verdict:<9}{spread}".rstrip()


def median(what: str, samples: t.Sequence[float], unit: str, target: float | None = None) -> Row:
    """The middle one of several measurements."""
    return Row(what, statistics.median(samples), unit, target, samples=tuple(samples))


def exactly(what: str, counts: t.Sequence[int], target: int) -> Row:
    """A count that must be the same in every run; shows one that is not, if there is any."""
    return Row(what, next((one for one in counts if one != target), target), "", target, exact=True, samples=counts)


def _shown(value: float, unit: str) -> str:
    form = {"": ",.0f", "x": ".2f", "s": ".2f", "ms": ".0f", "MB": ".0f", "KB": ".0f"}[unit]
    return f"{value:{form}} {unit}".strip()


def machine() -> dict[str, t.Any]:
    """What the figures depend on."""
    return {
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "ansible-core": version("ansible-core"),
        "requests": version("requests"),
    }
