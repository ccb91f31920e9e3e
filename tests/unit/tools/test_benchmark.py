# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the benchmark computes of its measurements."""

from __future__ import annotations

import dataclasses
import typing as t

import pytest

from ansible_collections.secops.triage.tests.benchmark.ways.growth import fit
from ansible_collections.secops.triage.tests.benchmark.ways.measurement import Measurement, medians
from ansible_collections.secops.triage.tests.benchmark.ways.plan import COUNTS, WAYS, plan
from ansible_collections.secops.triage.tests.benchmark.ways.tables import others, wall

_RUN = Measurement("process", 20, 200, 0, 1.5, 0.7, 2**26, reads=200, writes=2, archived=200, strays=0, status=0)


def test_a_line_through_costs_on_a_line() -> None:
    assert fit({1: 1.25, 10: 3.5, 1000: 251}) == pytest.approx((1, 0.25), rel=0.01)
    assert fit({5: 3, 7: 4}) == pytest.approx((0.5, 0.5))


def test_a_small_count_matters_as_much_as_a_large_one() -> None:
    fixed = fit({1: 1, 10: 1, 100: 1, 1000: 100})[0]
    assert 0 < fixed < 2


def test_one_count_makes_no_line() -> None:
    with pytest.raises(ValueError, match="two points"):
        fit({1: 1})


def test_a_run_is_right_with_its_own_signals_and_the_due_requests_only() -> None:
    assert _RUN.right
    changes: list[dict[str, t.Any]] = [{"archived": 199}, {"strays": 1}, {"reads": 201}, {"writes": 1}, {"status": 2}]
    for wrong in changes:
        assert not dataclasses.replace(_RUN, **wrong).right
    assert dataclasses.replace(_RUN, way="uri", reads=0, writes=200).right


def test_each_run_is_planned_once_and_the_slow_ones_last() -> None:
    points = plan(COUNTS, quick=False)
    assert len(set(points)) == len(points)
    slow = [point.way in ("loop", "uri", "uri_read") and point.signals > 10 for point in points]
    assert slow == sorted(slow)
    assert {point.way for point in points} == {way.name for way in WAYS}
    assert {point.way for point in points if point.signals == 2000} == {way.name for way in WAYS if not way.loop}
    assert max(point.signals for point in plan(COUNTS, quick=True)) == 100


def test_tables_have_the_middle_of_the_runs() -> None:
    runs = [dataclasses.replace(_RUN, turn=turn, seconds=seconds) for turn, seconds in enumerate((1.5, 9, 2.25))]
    assert medians(runs, "seconds") == {("process", 20): {200: 2.25}}
    assert "| the module's own process | 2.25 |" in wall(runs)
    assert "| the module's own process | 64 |" in others(runs)
    assert "| the module's own process | 202 |" in others(runs)
