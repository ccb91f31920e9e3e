# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The result of a task that writes: a row for every alert, counts, a diff, and one line for all failures."""

from __future__ import annotations

import re
import typing as t

from .._core.errors import RequestError, TriageError
from .._core.text import short_line
from .change import Fields
from .plan import Result
from .platform import WritablePlatform
from .task import Report


def report(platform: WritablePlatform, results: t.Mapping[str, Result], *, with_diff: bool) -> Report:
    """The report of a task that writes."""
    failed = {key: result.error for key, result in results.items() if result.error}
    changed = any(result.changed is not False for result in results.values())
    fields: Fields = {
        "changed": changed or platform.changed_besides is not False,
        platform.alerts.noun: [result.report(key) for key, result in results.items()],
        "counts": _counts(results),
        **platform.alerts.extra_results(),
        **platform.extra_results(changed),
    }
    if with_diff:
        fields["diff"] = [_diff(key, result) for key, result in results.items() if result.changed]
    if not failed:
        return Report(fields, _warnings(platform, results))
    fields["error"] = next(iter(failed.values())).report()
    return Report(fields, _warnings(platform, results), _summary(platform, results, failed))


def _counts(results: t.Mapping[str, Result]) -> dict[str, int]:
    """The number of alerts by their end. Alerts whose outcome is unknown also count as unconfirmed."""
    counts = dict.fromkeys(("requested", "changed", "unchanged", "skipped", "failed", "unconfirmed"), 0)
    for result in results.values():
        counts["requested"] += 1
        counts["unconfirmed"] += result.changed is None
        counts[_way(result)] += 1
    return counts


def _way(result: Result) -> str:
    if result.error:
        return "failed"
    return "skipped" if result.skipped else "changed" if result.changed else "unchanged"


def _warnings(platform: WritablePlatform, results: t.Mapping[str, Result]) -> list[str]:
    warnings = platform.warnings({key: result.after for key, result in results.items() if result.after})
    failures = [result.extra["provenance_error"] for result in results.values() if "provenance_error" in result.extra]
    if failures:
        many = f"{len(failures)} {platform.alerts.noun} were changed, but provenance could not be left with them"
        warnings.append(f"{many}: {failures[0]}")
    return warnings


def _diff(alert_id: str, result: Result) -> Fields:
    # Whoever set off the alert may have written the title, and Ansible prints a header as it is.
    title = short_line(result.title or "")
    header = f"{alert_id} ({title})" if title else alert_id
    return {
        "before": result.before,
        "after": result.after,
        "before_header": header,
        "after_header": header,
    }


def _summary(platform: WritablePlatform, results: t.Mapping[str, Result], failed: t.Mapping[str, TriageError]) -> str:
    """One line for all failures: each text once, with the alerts that it is about."""
    alike: dict[str, list[str]] = {}
    for alert_id, error in failed.items():
        # An id may be a short word. Only whole words are replaced, not parts of longer ones.
        story = re.sub(rf"(?<!\w){re.escape(alert_id)}(?!\w)", "ID", str(error))
        alike.setdefault(story, []).append(alert_id)
    stories = [
        f"{story} ({', '.join(ids[:5])}{f', and {len(ids) - 5} more' if len(ids) > 5 else ''})"
        for story, ids in list(alike.items())[:5]
    ]
    more = f" and {len(alike) - 5} more kinds of failure" if len(alike) > 5 else ""
    untouched = all(result.changed is False for result in results.values()) and platform.changed_besides is False
    written = " Nothing was changed." if untouched else ""
    doubt = _unconfirmed(platform, results)
    return f"{len(failed)} of {len(results)} {platform.alerts.noun} failed.{written} {'; '.join(stories)}{more}{doubt}"


def _unconfirmed(platform: WritablePlatform, results: t.Mapping[str, Result]) -> str:
    """The alerts whose outcome is unknown, and the next step; V("") if there are none."""
    ids = [alert_id for alert_id, result in results.items() if result.changed is None]
    if not ids:
        return ""
    listed = ", ".join(ids[:20]) + (f" and {len(ids) - 20} more" if len(ids) > 20 else "")
    failing = next((t.cast(RequestError, one.error) for one in results.values() if one.failing), None)
    todo = "Look at them again in a minute, before you run the task again."
    if failing:
        request = f" (request id {failing.request_id})" if failing.request_id else ""
        todo = f"The service answered {failing.status} to every try{request}: have that mended first."
    return f". Nobody knows whether these {platform.alerts.noun} were changed: {listed}. {todo}"
