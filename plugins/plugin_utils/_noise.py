# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The list that the playbook close_noise makes, shows, and closes what is in it; and the way back from that."""

from __future__ import annotations

import hashlib
import json
import typing as t

from ansible_collections.secops.triage.plugins.module_utils._core.text import short_line

from ._desired_state import MODULES
from ._harmless import alert_ids, harmless, harmless_json, plain
from ._vocabulary import VocabularyError, platform_named

Fields = dict[str, t.Any]

KIND = "secops.triage.close_noise"
#: What a preview can be asked for. The guards are not among it: they come from the play that closes.
SEARCH = (
    *("platform", "query", "since", "sink", "title", "verdict", "comment", "protect_severity", "api_url", "workflow"),
)
#: What must be the same in any case: the address, for credentials go there, and the workflow that was consented to.
SAME = ("api_url", "workflow")
#: What a list shows of an alert.
SHOWN = ("severity", "created", "title")

_AGAIN = "Make the preview again"


def noise_preview(rows: t.Any, search: t.Any, closing: t.Any, bounded: bool) -> Fields:
    """The list of those rows of the info module that would be closed. Raises `VocabularyError` for what is no id."""
    platform = platform_named(search["platform"])
    wanted = set(closing)
    listed = [row for row in plain(rows) if row["id"] in wanted]
    # Of what a service says only the ids count later, and these cannot say anything else.
    alert_ids([row["id"] for row in listed], platform)
    unsigned = {
        "kind": KIND,
        # Whether the search was seen to leave something out.
        "bounded": bounded,
        "search": {name: value for name, value in plain(search).items() if value},
        "alerts": {row["id"]: {name: _shown(row.get(name)) for name in SHOWN} for row in listed},
        "counts": {"found": len(rows), "listed": len(listed)},
    }
    return {**unsigned, "checksum": _checksum(unsigned)}


def noise_list(given: t.Any, asked: t.Any, allow_unbounded: bool = False) -> Fields:
    """The list of a preview, as it was made, of what is ``asked`` for. Raises `VocabularyError` if it is none.

    What is asked for may be less than the preview was asked for, but for what must be the `SAME`.
    """
    found = plain(given)
    wrong = _defect(found)
    if wrong:
        raise VocabularyError(f"Nothing is closed, for {wrong}")
    search, again = found["search"], {name: value for name, value in plain(asked).items() if value}
    alert_ids(list(found["alerts"]), search["platform"])
    if not (found["bounded"] or allow_unbounded):
        raise VocabularyError(
            f"Nothing is closed, for the search of the preview may leave nothing out. Narrow it. {_AGAIN}, or give"
            " close_noise_allow_unbounded as true"
        )
    other = [name for name in dict.fromkeys([*again, *SAME]) if search.get(name) != again.get(name)]
    if other:
        told = "; ".join(_difference(name, search, again) for name in other)
        raise VocabularyError(f"Nothing is closed, for the preview was asked for something else: {told}")
    return t.cast(Fields, found)


def way_back(result: t.Any) -> Fields:
    """What the playbook restore needs to take back what C(triage_result) says, or {} if nothing may have been changed.

    The rows are one text in JSON, in which no template can begin and nothing is lost.
    """
    rows = [row for row in plain(result)["alerts"] if row.get("changed") is not False and "before" in row]
    closing = [row for row in rows if row["module"] == next(iter(MODULES[row["platform"]]))]
    if not closing:
        return {}
    module, platform = closing[0]["module"], closing[0]["platform"]
    provider = {"restore_provider": platform} if module == "alert_update" else {}
    return {"restore_module": module, **provider, "restore_alerts": harmless_json(closing)}


def _shown(value: t.Any) -> str | None:
    if not isinstance(value, str):
        return None
    return str(harmless(short_line(value)))


def _checksum(unsigned: Fields) -> str:
    return hashlib.sha256(json.dumps(unsigned, sort_keys=True).encode()).hexdigest()


def _defect(found: t.Any) -> str:
    """Why it is no list as a preview makes it, and what to do, or nothing."""
    if not isinstance(found, dict) or found.get("kind") != KIND:
        return (
            "there is no list of a preview. Give it as close_noise_preview or close_noise_file, just as it was made;"
            f" this has {_names(found)}"
        )
    unsigned = {name: value for name, value in found.items() if name != "checksum"}
    if found.get("checksum") != _checksum(unsigned):
        return f"the list is not as a preview has made it. {_AGAIN}"
    misfit = next((name for name, fits in _FITS.items() if not fits(unsigned.get(name))), "")
    return f"the list's {misfit} is none of a preview. {_AGAIN}" if misfit else ""


def _fits_search(search: t.Any) -> bool:
    return isinstance(search, dict) and {"platform", "query", "verdict"} <= set(search) <= set(SEARCH)


def _fit_alerts(alerts: t.Any) -> bool:
    return isinstance(alerts, dict) and all(map(_is_shown, alerts.values()))


def _fit_counts(counts: t.Any) -> bool:
    return isinstance(counts, dict) and all(isinstance(counts.get(name), int) for name in ("found", "listed"))


#: The parts of a list, and whether one is as a preview makes it.
_FITS: dict[str, t.Callable[[t.Any], bool]] = {
    "bounded": lambda verdict: isinstance(verdict, bool),
    "search": _fits_search,
    "alerts": _fit_alerts,
    "counts": _fit_counts,
}


def _is_shown(row: t.Any) -> bool:
    return isinstance(row, dict) and set(row) == set(SHOWN) and all(map(_is_harmless, row.values()))


def _is_harmless(value: t.Any) -> bool:
    return value is None or (isinstance(value, str) and value == harmless(value))


def _names(value: t.Any) -> str:
    return f"{', '.join(map(str, list(value)[:5]))} in it" if isinstance(value, dict) and value else "nothing of it"


def _difference(name: str, search: Fields, asked: Fields) -> str:
    if name == "workflow":
        return "in a workflow of AWX it must be the list of a job of the same workflow"
    here, there = (harmless(str(one.get(name) or "nothing"))[:80] for one in (asked, search))
    return f"close_noise_{name} is {here} now, and was {there}"
