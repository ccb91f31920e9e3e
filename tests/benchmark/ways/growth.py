# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How cost grows: a fixed part, and one for each alert."""

from __future__ import annotations

import typing as t


class Growth(t.NamedTuple):
    """``fixed + each * count``, in the unit of what was fitted."""

    fixed: float
    each: float


def fit(costs: t.Mapping[int, float]) -> Growth:
    """The line through the costs by counts whose relative errors are least, so that small counts matter as large ones.

    Raises `ValueError` where there are fewer than two counts, for they make no line.
    """
    if len(costs) < 2:
        raise ValueError("a line takes two points")
    # Least squares with the weights 1 / cost squared.
    weights = {count: cost**-2 for count, cost in costs.items()}
    total = sum(weights.values())
    mean_count = sum(weights[count] * count for count in costs) / total
    mean_cost = sum(weights[count] * cost for count, cost in costs.items()) / total
    covariance = sum(weights[count] * (count - mean_count) * (cost - mean_cost) for count, cost in costs.items())
    variance = sum(weights[count] * (count - mean_count) ** 2 for count in costs)
    each = covariance / variance
    return Growth(mean_cost - each * mean_count, each)
