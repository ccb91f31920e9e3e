# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What has become of alerts of several platforms, out of the answers of the modules that were called for them."""

from __future__ import annotations

import typing as t

from ansible_collections.secops.triage.plugins.plugin_utils import _vocabulary as vocabulary

Fields = dict[str, t.Any]

#: The fields in which the modules return a status and a verdict; the first one that is there counts.
_STATUS = ("state", "status")
_VERDICT = ("archive_reason", "reason", "classification", "close_classification", "verdict")
#: What can become of an alert, in the order of a module's counts, and how much each one weighs.
_FATES = {"changed": 2, "unchanged": 0, "skipped": 1, "failed": 3}
#: As the modules that write tell it.
_NOT_THERE = {"message": "There is no such alert", "status": 404}


def triage_result(answers: t.Any) -> Fields:
    """C(changed), C(counts), C(alerts), C(lost) and C(failed), of C({step, answer}) each.

    Raises `vocabulary.VocabularyError` where they are something else.
    """
    if not isinstance(answers, (list, tuple)) or not all(isinstance(one, dict) for one in answers):
        raise vocabulary.VocabularyError("triage_result takes the list of steps, each with the answer to it")
    rows: list[Fields] = []
    lost: list[Fields] = []
    failed: list[Fields] = []
    for one in answers:
        step, answer = one["step"], one["answer"]
        its_rows = [_row(step, row) for row in _rows(step, answer)]
        rows += its_rows
        lost += step["lost"]
        if answer.get("failed") or answer.get("missing"):
            failed.append(_failure(step, answer, [row for row in its_rows if "error" in row]))
    return {
        "changed": any(row["changed"] is not False for row in rows),
        "counts": _counts(rows),
        "alerts": rows,
        "lost": lost,
        "failed": failed,
    }


def _rows(step: t.Mapping[str, t.Any], answer: t.Mapping[str, t.Any]) -> list[Fields]:
    """The rows of an answer, and one for every alert that it should have in it, and has not."""
    found = answer.get("signals", answer.get("alerts"))
    if isinstance(found, (list, tuple)):
        # To a module that only looks, one that is not there is no error.
        missing = [{"id": key, "changed": False, "error": _NOT_THERE} for key in answer.get("missing") or ()]
        return [*found, *missing]
    if not answer.get("failed"):
        return []
    error = answer.get("error") or {"message": answer.get("msg", "")}
    # A module that broke off has not told what it did before.
    changed = None if "module_stdout" in answer else False
    return [{"id": key, "changed": changed, "error": error} for key in step["ids"]]


def _failure(step: t.Mapping[str, t.Any], answer: t.Mapping[str, t.Any], rows: t.Sequence[Fields]) -> Fields:
    ids = [row["id"] for row in rows]
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
    """How many alerts there are, and what became of each one over all its rows."""
    fates: dict[tuple[str, str], str] = {}
    for row in rows:
        key, fate = (row["platform"], row["id"]), _fate(row)
        fates[key] = max(fates.get(key, fate), fate, key=_FATES.__getitem__)
    return {"requested": len(fates), **{name: list(fates.values()).count(name) for name in _FATES}}


def _fate(row: t.Mapping[str, t.Any]) -> str:
    if "error" in row:
        return "failed"
    if "skipped" in row:
        return "skipped"
    return "changed" if row["changed"] else "unchanged"
