# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""``docs/benchmarks.md``, its pictures, and the figures behind them."""

from __future__ import annotations

import dataclasses
import json
import re
import typing as t
from pathlib import Path

from ..tools.places import ROOT
from .report import Row, shown
from .ways import measurement, plots, tables

_NAME = "benchmarks"
_LICENCE = ROOT / "CHANGELOG.rst.license"
Figures = dict[str, t.Any]


def write(folder: Path, machine: Figures, titles: dict[str, str], report: dict[str, list[Row]], runs: Path) -> None:
    """Write all below the folder. Cases that were not measured now stay as they are there."""
    below = folder / _NAME
    below.mkdir(parents=True, exist_ok=True)
    kept = below / "figures.json"
    figures: Figures = json.loads(kept.read_text()) if kept.exists() else {"cases": {}, "measurements": []}
    for case, rows in report.items():
        shown_rows = [{**dataclasses.asdict(row), "verdict": row.verdict, "aim": row.aim} for row in rows]
        figures["cases"][case] = {"title": titles[case], "machine": machine, "rows": shown_rows}
    if "ways" in report:
        figures["measurements"] = [dataclasses.asdict(one) for one in measurement.read(runs)]
    kept.write_text(_as_lines(figures))
    # From the file, so that the page is what the file says.
    ways = [measurement.Measurement(**one) for one in figures["measurements"]]
    made = [kept, *(plots.draw(ways, below) if ways else [])]
    for file in made:
        file.with_name(f"{file.name}.license").write_text(_LICENCE.read_text())
    page = folder / f"{_NAME}.md"
    text = (page if page.exists() else ROOT / "docs" / page.name).read_text()
    page.write_text(filled(text, parts(figures, ways)))


def filled(text: str, made: dict[str, str]) -> str:
    """The page with its generated parts, each between two comments, as they should be."""

    def replaced(place: re.Match[str]) -> str:
        return f"{place[1]}\n\n{made[place[2]]}\n\n{place[3]}" if made.get(place[2]) else place[0]

    return re.sub(r"(<!-- begin: (\w+) -->)\n.*?^(<!-- end: \2 -->)", replaced, text, flags=re.DOTALL | re.MULTILINE)


def parts(figures: Figures, ways: t.Sequence[measurement.Measurement]) -> dict[str, str]:
    """The generated parts by their names; empty where there are no figures yet."""
    cases = figures["cases"]
    made = {"aims": _aims(cases), "cases": "\n\n".join(_case(case) for name, case in cases.items() if name != "ways")}
    if ways:
        made |= {
            "machine": _machine(cases["ways"]["machine"]),
            "outcomes": f"All of {len(ways):,} runs of the comparison ended as they should."
            if all(one.right for one in ways)
            else f"{sum(not one.right for one in ways):,} of {len(ways):,} runs did not end as they should.",
            "wall": tables.wall(ways),
            "growth": tables.growth(ways),
            "others": tables.others(ways),
        }
    return made


def _aims(cases: Figures) -> str:
    rows = [
        [name, row["what"].strip(), shown(row["value"], row["unit"]), row["aim"], row["verdict"]]
        for name, case in cases.items()
        for row in case["rows"]
        if row["target"] is not None and not row["exact"]
    ]
    return tables.markdown(["case", "what", "measured", "aim", ""], rows, texts=2) if rows else ""


def _case(case: Figures) -> str:
    rows = [[row["what"].strip(), shown(row["value"], row["unit"]), row["aim"], row["verdict"]] for row in case["rows"]]
    return f"### {case['title']}\n\n{tables.markdown(['what', 'measured', 'aim', ''], rows)}"


def _machine(machine: Figures) -> str:
    return "\n".join(f"- {name}: {value}" for name, value in machine.items())


def _as_lines(figures: Figures) -> str:
    """JSON with one run a line, as people compare versions of it."""
    runs = ",\n".join(json.dumps(one) for one in figures["measurements"])
    return f'{{"cases": {json.dumps(figures["cases"], indent=1)},\n"measurements": [\n{runs}\n]}}\n'
