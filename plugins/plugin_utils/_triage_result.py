# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The outcome of alerts of several platforms, from the answers of the modules that were called for them."""

from __future__ import annotations

import typing as t

from ansible_collections.secops.triage.plugins.plugin_utils import _vocabulary as vocabulary

Fields = dict[str, t.Any]

#: The fields in which modules return a status and a verdict; the first one of a row counts.
_STATUS = ("state", "status")
_VERDICT = ("archive_reason", "reason", "classification", "close_classification", "verdict")
#: The outcomes of an alert in the order of a module's counts, and their weights: the heaviest of its rows counts.
_OUTCOMES = {"changed": 2, "unchanged": 0, "skipped": 1, "failed": 3}
#: The error of the modules that write.
_NOT_THERE = {"message": "There is no such alert", "status": 404}


def triage_result(answers: t.Any) -> Fields:
    """C(changed), C(counts), C(alerts), C(lost) and C(failed), from C({step, answer}) each.

    Raises `vocabulary.VocabularyError` for anything else.
    """
    rows: list[Fields] = []
    lost: list[Fields] = []
    failed: list[Fields] = []
    for step, answer in _pairs(answers):
        new = [_row(step, row) for row in _rows(step, answer)]
        rows += new
        lost += step["lost"]
        if answer.get("failed") or answer.get("missing"):
            failed.append(_failure(step, answer, [row["id"] for row in new if "error" in row]))
    return {
        "changed": any(row["changed"] is not False for row in rows),
        "counts": _counts(rows),
        "alerts": rows,
        "lost": lost,
        "failed": failed,
    }


def _pairs(answers: t.Any) -> list[tuple[Fields, Fields]]:
    """Each step with the answer to it."""
    if not isinstance(answers, (list, tuple)) or not all(
        isinstance(one, dict) and "step" in one and "answer" in one for one in answers
    ):
        raise vocabulary.VocabularyError("triage_result takes the list of steps, each with the answer to it")
    return [(one["step"], one["answer"]) for one in answers]


def _rows(step: t.Mapping[str, t.Any], answer: t.Mapping[str, t.Any]) -> list[Fields]:
    """The rows of an answer, and one for each alert of the step that the answer does not have."""
    found = answer.get("signals", answer.get("alerts"))
    if isinstance(found, (list, tuple)):
        # To an info module a missing alert is no error.
        missing = [{"id": key, "changed": False, "error": _NOT_THERE} for key in answer.get("missing") or ()]
        return [*found, *missing]
    if not answer.get("failed"):
        return []
    error = answer.get("error") or {"message": answer.get("msg", "")}
    # A module that crashed, or was stopped, may have changed alerts before.
    unknown = answer.get("changed") or any(name in answer for name in ("module_stdout", "exception", "timedout"))
    changed = None if unknown else False
    return [{"id": key, "changed": changed, "error": error} for key in step["ids"]]


def _failure(step: t.Mapping[str, t.Any], answer: t.Mapping[str, t.Any], ids: list[str]) -> Fields:
    if answer.get("failed"):
        msg, error = answer.get("msg", ""), answer.get("error")
    else:
        msg, error = f"{_NOT_THERE['message']} ({', '.join(ids)})", _NOT_THERE
    return {"platform": step["platform"], "module": step["module"], "ids": ids, "msg": msg, "error": error}


def _row(step: t.Mapping[str, t.Any], row: t.Mapping[str, t.Any]) -> Fields:
    platform = step["platform"]
    status = next((row[name] for name in _STATUS if name in row), None)
    verdict = next((name for name in _VERDICT if name in row), None)
    return {
        "changed": False,
        **row,
        "platform": platform,
        "module": step["module"],
        "common_status": vocabulary.common_status(status, platform) if status else None,
        "common_verdict": vocabulary.common_verdict(row[verdict], platform) if verdict else None,
    }


def _counts(rows: t.Sequence[t.Mapping[str, t.Any]]) -> dict[str, int]:
    """The number of alerts, and how many of them have each outcome."""
    outcomes: dict[tuple[str, str], str] = {}
    for row in rows:
        key, outcome = (row["platform"], row["id"]), _outcome(row)
        outcomes[key] = max(outcomes.get(key, outcome), outcome, key=_OUTCOMES.__getitem__)
    return {"requested": len(outcomes), **{name: list(outcomes.values()).count(name) for name in _OUTCOMES}}


def _outcome(row: t.Mapping[str, t.Any]) -> str:
    if "error" in row:
        return "failed"
    if "skipped" in row:
        return "skipped"
    return "changed" if row["changed"] else "unchanged"
