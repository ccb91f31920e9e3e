# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The figures of the ways as pictures. The same figures make the same bytes."""

from __future__ import annotations

import typing as t
from pathlib import Path

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from .measurement import Measurement, medians
from .plan import LATENCIES, WAYS, Way

#: Colours that colour-blind people can tell apart; plays have solid lines, single processes dashed ones.
_LOOKS = {
    "play": ("#0072B2", "o", "-"),
    "process": ("#56B4E9", "s", "--"),
    "loop": ("#E69F00", "^", "-"),
    "uri": ("#D55E00", "v", "-"),
    "uri_read": ("#CC79A7", "D", "-"),
    "vendor": ("#009E73", "P", "--"),
    "threaded": ("#7A7A00", "X", "--"),
    "ideal": ("#000000", "*", ":"),
}
_SETTINGS: dict[t.Any, t.Any] = {
    "svg.hashsalt": "secops.triage",
    "font.size": 11,
    "axes.grid": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "grid.color": "#DDDDDD",
}
_MEGABYTE = 2**20


def draw(runs: t.Sequence[Measurement], folder: Path, form: str = "svg") -> list[Path]:
    """Write ``ways-time`` and ``ways-resources``, as SVG or another `form` that matplotlib knows."""
    latencies = sorted({one.latency for one in runs})
    main = LATENCIES[0]
    with mpl.rc_context(_SETTINGS):
        time = _figure(len(latencies), "Time to archive N open signals")
        for axes, latency in zip(time.axes, latencies):
            _lines(axes, medians(runs, "seconds"), latency)
            axes.set_title(f"latency {latency} ms")
            axes.set_ylim(*_limits([one.seconds for one in runs]))
        next(iter(time.axes)).set_ylabel("seconds, from start to end")

        resources = _figure(3, f"What it takes to archive N open signals, at a latency of {main} ms")
        cpu, memory, requests = resources.axes
        _lines(cpu, medians(runs, "cpu"), main)
        cpu.set_title("processor time, s")
        _lines(memory, medians(runs, "peak"), main, _MEGABYTE)
        memory.set_title("peak memory of the largest process, MB", fontsize=11)
        memory.set_yscale("linear")
        memory.set_ylim(bottom=0)
        _groups(requests, medians(runs, "requests"), main)
        requests.set_title("requests")
        return [
            _saved(time, folder / f"ways-time.{form}"),
            _saved(resources, folder / f"ways-resources.{form}"),
        ]


def _figure(panels: int, title: str) -> Figure:
    figure = Figure(figsize=(13, 6.2), facecolor="white", layout="constrained")
    figure.suptitle(title, fontweight="bold")
    for axes in figure.subplots(1, panels, squeeze=False)[0]:
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.set_xlabel("N, signals")
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_formatter(lambda value, _position: f"{value:,g}")
    return figure


def _lines(axes: Axes, found: dict[tuple[str, int], dict[int, float]], latency: int, unit: float = 1) -> None:
    """A line for each way."""
    for way in WAYS:
        values = found.get((way.name, latency), {})
        _line(axes, way, {count: value / unit for count, value in values.items()}, way.label)


def _groups(axes: Axes, found: dict[tuple[str, int], dict[int, float]], latency: int) -> None:
    """One line for all ways with the same values, for theirs would hide each other, and a legend that names them."""
    groups: dict[tuple[tuple[int, float], ...], list[Way]] = {}
    for way in WAYS:
        groups.setdefault(tuple(found.get((way.name, latency), {}).items()), []).append(way)
    for values, ways in groups.items():
        _line(axes, ways[0], dict(values), ",\n".join(way.short for way in ways))
    axes.legend(loc="upper left", fontsize=9, frameon=True, edgecolor="#DDDDDD", framealpha=1)


def _line(axes: Axes, way: Way, values: dict[int, float], label: str) -> None:
    colour, marker, line = _LOOKS[way.name]
    axes.plot(
        list(values),
        list(values.values()),
        color=colour,
        marker=marker,
        linestyle=line,
        linewidth=1.8,
        markersize=7,
        markeredgecolor="white",
        markeredgewidth=0.6,
        label=label,
    )


def _limits(values: t.Sequence[float]) -> tuple[float, float]:
    """The same for all panels, so that they compare."""
    return min(values) * 0.7, max(values) * 1.4


def _saved(figure: Figure, file: Path) -> Path:
    handles, labels = figure.axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3, frameon=False)
    # Neither a date nor a version of what has drawn it.
    nothing = {"Date": None, "Creator": None} if file.suffix == ".svg" else {}
    figure.savefig(file, metadata=nothing, dpi=80)
    if file.suffix == ".svg":
        # matplotlib leaves blanks at the ends of lines.
        file.write_text("".join(f"{line.rstrip()}\n" for line in file.read_text().splitlines()))
    return file
