# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The ways in which signals can be archived, and the order in which they are measured."""

from __future__ import annotations

import dataclasses
import typing as t


@dataclasses.dataclass(frozen=True)
class Way:
    """One of the ways. ``loop``: it starts at least one process for each signal, which takes long."""

    name: str
    label: str
    short: str
    loop: bool = False
    # Measured with more than 1,000 signals, too.
    beyond: bool = True


WAYS = (
    Way("play", "the module, one task (ansible-playbook)", "one task"),
    Way("process", "the module's own process", "the module's process"),
    Way("loop", "a loop over the module (ansible-playbook)", "loop over the module", loop=True, beyond=False),
    Way("uri", "a loop of uri, blind PATCH (ansible-playbook)", "uri, blind PATCH", loop=True, beyond=False),
    Way("uri_read", "loops of uri, GET then PATCH (ansible-playbook)", "uri, GET then PATCH", loop=True, beyond=False),
    Way("vendor", "datadog-api-client, sequential", "datadog-api-client"),
    Way("threaded", "datadog-api-client, 8 threads", "the same, 8 threads"),
    Way("ideal", "bare thread pool, 8 threads (the ideal)", "bare thread pool"),
)
COUNTS = (1, 10, 100, 1000, 2000)
#: In milliseconds. The one that the aims speak of comes first.
LATENCIES = (20, 0, 100)
_QUICK_COUNT = 100
_BEYOND = 1000
_SHORT_LOOP = 10


class Point(t.NamedTuple):
    """One run: ``latency`` in milliseconds, ``turn`` from 0."""

    way: str
    latency: int
    signals: int
    turn: int


def plan(counts: t.Sequence[int], *, quick: bool) -> list[Point]:
    """Every run, by turns. What takes minutes comes last, so that the rest is there soon."""
    points = []
    for slow in (False, True):
        for count in [one for one in counts if not quick or one <= _QUICK_COUNT]:
            for latency in LATENCIES[:1] if quick else LATENCIES:
                ways = [one for one in WAYS if _slow(one, count) is slow and (one.beyond or count <= _BEYOND)]
                turns = {one: _turns(one, count) // (3 if quick else 1) or 1 for one in ways}
                points += [
                    Point(way.name, latency, count, turn)
                    for turn in range(max(turns.values(), default=0))
                    for way in ways
                    if turn < turns[way]
                ]
    return points


def _slow(way: Way, count: int) -> bool:
    return way.loop and count > _SHORT_LOOP


def _turns(way: Way, count: int) -> int:
    """How often: what is short varies most."""
    if _slow(way, count) or (way.name == "vendor" and count >= _BEYOND):
        return 1
    return 7 if count == 1 else 5 if count <= 10 else 3
