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
    """One figure. ``exact`` ones must be the target, ``at_least`` ones that or more, the others at most that."""

    what: str
    value: float
    unit: str = ""
    target: float | None = None
    exact: bool = False
    samples: t.Sequence[float] = ()
    at_least: bool = False

    @property
    def verdict(self) -> str:
        if self.target is None:
            return ""
        if self.exact:
            return "right" if self.value == self.target else "WRONG"
        reached = self.value >= self.target if self.at_least else self.value <= self.target
        return "reached" if reached else "missed"

    @property
    def aim(self) -> str:
        """What it is held against, in words."""
        sign = "=" if self.exact else ">=" if self.at_least else "<="
        return "" if self.target is None else f"{sign} {shown(self.target, self.unit)}"

    @property
    def line(self) -> str:
        spread = ""
        if len(self.samples) > 1 and not self.exact:
            low, high = (shown(one, self.unit) for one in (min(self.samples), max(self.samples)))
            spread = f"{len(self.samples)} runs, {low} to {high}"
        value = shown(self.value, self.unit)
        return f"  {self.what:<58}{value:>9}  {self.aim:<11}{self.verdict:<9}{spread}".rstrip()


def median(what: str, samples: t.Sequence[float], unit: str, target: float | None = None) -> Row:
    """The middle one of several measurements."""
    return Row(what, statistics.median(samples), unit, target, samples=tuple(samples))


def exactly(what: str, counts: t.Sequence[int], target: int) -> Row:
    """A count that must be the same in every run; shows one that is not, if there is any."""
    return Row(what, next((one for one in counts if one != target), target), "", target, exact=True, samples=counts)


def shown(value: float, unit: str) -> str:
    """A figure as people read it."""
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
        "datadog-api-client": version("datadog-api-client"),
    }
