# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The line of provenance that a task leaves with what it changes, and where that is; said without the modules."""

from __future__ import annotations

import re

from ansible_collections.secops.triage.tests.faults import cases_alerts, cases_kibana
from ansible_collections.secops.triage.tests.simulator import Simulator
from ansible_collections.secops.triage.tests.unit.harness import Params

from .tasks import Task

_NOTES = re.compile(r"/(comments|findings|note)$")


def is_note(path: str) -> bool:
    """Whether a request to this path leaves a note."""
    return bool(_NOTES.search(path))


def notes(sim: Simulator, task: Task, alert_id: str) -> list[str]:
    """The notes on an alert; signals of Datadog have none."""
    if task.platform == "datadog":
        return []
    if task.platform == "kibana":
        return cases_kibana.notes(sim, alert_id)
    return cases_alerts.notes(sim, task.platform, alert_id)


def leaves_line(params: Params) -> bool:
    return str(params.get("provenance", "none")).strip() not in ("", "none")


def is_line(params: Params, line: str) -> bool:
    """Whether this is the line that the task asks for; what C(auto) finds out is up to the machine."""
    asked = params["provenance"].strip()
    if not leaves_line(params):
        return False
    return line in (asked, f"Ansible · {asked}") and _begins(line) if asked != "auto" else _begins(line)


def _begins(line: str) -> bool:
    return line == "Ansible" or line.startswith("Ansible · ")


def bare(params: Params, comment: str | None) -> str:
    """A comment without the line at its end, whosever it is, where the task leaves one."""
    kept, _newline, last = (comment or "").rpartition("\n")
    return kept if leaves_line(params) and _begins(last) else comment or ""


def line_of(comment: str | None) -> str:
    """The line at the end of a comment; C("") where there is none."""
    last = (comment or "").rpartition("\n")[2]
    return last if _begins(last) else ""
