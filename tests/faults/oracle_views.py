# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Holds what an info module shows against the truth."""

from __future__ import annotations

from .evidence import Evidence, listed_in
from .expected_state import differences
from .views import view


def judge_view(evidence: Evidence) -> list[str]:
    """Everything that is shown and is not so, or that is not shown and should be; of a task that has not failed."""
    result, case, wrong = evidence.result, evidence.case, []
    if result["changed"] or any(entry.is_write for entry in evidence.entries):
        wrong.append("a module that only looks has written")
    rows = listed_in(result)
    for row in rows:
        expected = view(case.platform, row["id"])
        wrong += [
            f"{row['id']}: {name} is {row[name]!r}, and should be {expected[name]!r}"
            for name in differences({name: row[name] for name in expected}, expected)
        ]
    ids = [row["id"] for row in rows]
    if not {"query", "kql"} & set(case.params):
        asked = next(value for name, value in case.params.items() if name.endswith("_ids"))
        if ids != [one for one in asked if one not in case.absent] or result["missing"] != list(case.absent):
            wrong.append(f"shows {len(ids)} of {len(asked)}, and misses {result['missing']}, not {case.absent}")
        return wrong
    most = case.params.get("max_alerts", 1000)
    if len(set(ids)) != min(most, len(case.ids)) or len(ids) != len(set(ids)) or not set(ids) <= set(case.ids):
        wrong.append(f"shows {len(ids)} of {len(case.ids)}, and the most are {most}")
    if result["truncated"] != (len(case.ids) > most):
        wrong.append(f"truncated is {result['truncated']}, with {len(case.ids)} that match, and the most are {most}")
    told = case.platform.name in ("kibana", "calseta")
    if result["total"] != (len(case.ids) if told else None):
        wrong.append(f"total is {result['total']}, and {len(case.ids)} match")
    return wrong
