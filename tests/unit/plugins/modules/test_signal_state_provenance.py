# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The line that says who has archived a signal: the last one of its archive comment, and no reason to write."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.secops.triage.tests.simulator import Fault, Simulator
from ansible_collections.secops.triage.tests.unit.harness import FourRuns, Params, by_id, four_runs, run_module

NAME = "signal_state"
LINE = "Ansible · AWX job 4711"
ARCHIVE: Params = {"state": "archived", "archive_reason": "other", "archive_comment": "Noise"}
ARCHIVED: Params = {**ARCHIVE, "archive_comment": f"Noise\n{LINE}"}


def brought(sim: Simulator, datadog: Params, ids: t.Sequence[str], **options: t.Any) -> FourRuns:
    return four_runs(sim, NAME, {**datadog, "signal_ids": list(ids), "provenance": "AWX job 4711", **options})


def comment(sim: Simulator, signal_id: str) -> str:
    return str(sim.datadog.overview()[signal_id]["archive_comment"])


@pytest.mark.parametrize(
    ("asked", "after"),
    [
        (ARCHIVE, f"Noise\n{LINE}"),
        ({**ARCHIVE, "archive_comment": "Two\nlines"}, f"Two\nlines\n{LINE}"),
        ({**ARCHIVE, "archive_comment": ""}, LINE),
        ({"state": "archived"}, LINE),
    ],
)
def test_line_is_the_last_one_of_the_comment(sim: Simulator, datadog: Params, asked: Params, after: str) -> None:
    ids = [sim.datadog.add_signal().id for _number in range(2)]
    runs = brought(sim, datadog, ids, **asked)
    assert {comment(sim, signal_id) for signal_id in ids} == {after}
    assert {row["archive_comment"] for row in by_id(runs.check).values()} == {after}
    assert len(runs.writes) == 1


def test_secret_of_the_task_is_in_no_line(sim: Simulator, datadog: Params) -> None:
    signal = sim.datadog.add_signal()
    brought(sim, datadog, [signal.id], state="archived", provenance=f"job {datadog['app_key']} of the night")
    assert comment(sim, signal.id) == "Ansible · job ******** of the night"


@pytest.mark.parametrize("provenance", ["AWX job 4712", "AWX job 4711", "none again"])
def test_line_of_another_job_is_no_difference(sim: Simulator, datadog: Params, provenance: str) -> None:
    signal = sim.datadog.add_signal(**ARCHIVED)
    runs = brought(sim, datadog, [signal.id], **ARCHIVE, provenance=provenance)
    assert not runs.real["changed"]
    assert comment(sim, signal.id) == f"Noise\n{LINE}"


@pytest.mark.parametrize(
    ("asked", "after"),
    [
        ({"archive_comment": "Not noise"}, "Not noise\nAnsible · job 2"),
        ({"archive_reason": "remediated"}, "Noise\nAnsible · job 2"),
        ({"assignee": "greta@example.com"}, "Noise\nAnsible · job 2"),
        ({"archive_comment": ""}, "Ansible · job 2"),
    ],
)
def test_change_of_an_archived_signal_has_the_line_of_its_job(
    sim: Simulator, datadog: Params, asked: Params, after: str
) -> None:
    signal = sim.datadog.add_signal(**ARCHIVED)
    runs = brought(sim, datadog, [signal.id], **asked, provenance="job 2")
    assert runs.real["changed"]
    assert comment(sim, signal.id) == after


@pytest.mark.parametrize("asked", [{"state": "open"}, {"state": "under_review"}, {"assignee": "greta@example.com"}])
def test_signal_that_is_not_archived_has_no_place_for_it(sim: Simulator, datadog: Params, asked: Params) -> None:
    signal = sim.datadog.add_signal(state="under_review" if asked.get("state") == "open" else "open")
    runs = brought(sim, datadog, [signal.id], **asked)
    assert runs.real["changed"]
    assert not any("archive_comment" in str(entry.body) for entry in runs.writes)


def test_without_the_option_the_comment_is_as_the_task_says(sim: Simulator, datadog: Params) -> None:
    signal = sim.datadog.add_signal(**ARCHIVED)
    assert brought(sim, datadog, [signal.id], **ARCHIVE, provenance="none").real["changed"]
    assert comment(sim, signal.id) == "Noise"


def test_by_a_query(sim: Simulator, datadog: Params) -> None:
    task = {"query": "@workflow.triage.state:(open OR archived)", "from": "now-30d", **ARCHIVE}
    runs = four_runs(sim, NAME, {**datadog, **task, "provenance": "AWX job 4711"})
    changed = [row for row in by_id(runs.real).values() if row["changed"]]
    assert {row["archive_comment"] for row in changed} == {f"Noise\n{LINE}"}


@pytest.mark.parametrize("action", ["close", "status"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_lost_answer(sim: Simulator, datadog: Params, action: str, when: str) -> None:
    ids = [sim.datadog.add_signal().id for _number in range(2)]
    sim.faults.add(Fault(action, writes=True, when=when))
    task = {**datadog, "signal_ids": ids, **ARCHIVE, "provenance": "AWX job 4711"}
    result = run_module(NAME, {**task, "retries": 2})
    assert not result.get("failed"), result["msg"]
    assert {comment(sim, signal_id) for signal_id in ids} == {f"Noise\n{LINE}"}


def test_auto_without_an_action_plugin(sim: Simulator, datadog: Params, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JOB_ID", "4711")
    monkeypatch.setenv("AWX_PRIVATE_DATA_DIR", "/runner")
    signal = sim.datadog.add_signal()
    brought(sim, datadog, [signal.id], **ARCHIVE, provenance="auto")
    assert comment(sim, signal.id) == f"Noise\n{LINE}"
