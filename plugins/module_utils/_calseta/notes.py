# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Calseta: the findings of an alert.

API: https://docs.calseta.com/api-reference/alerts/create-finding
"""

from __future__ import annotations

import json
import typing as t

from .._core.errors import AmbiguousError, OptionError, RefusedError, TriageError
from .._core.options import Params, TaskContext
from .._core.text import printable
from .._core.urls import segment
from .._core.values import dig, has_types, text
from .._flow.change import Alert, Change, Confirmed, Fields, Outcome, outcome_of, unconfirmed
from .._flow.guards import Guards
from .._flow.notes import NoteReader, Notes, note_text, plain
from .._flow.platform import Platform
from .api import CalsetaApi, CalsetaReader, doubted, guarded_state, guards_of, no_such_alert
from .words import CALSETA_NOTES_OPTIONS, READ_LAG

_LONGEST_NAME = 255

#: Bytes of JSON that the server takes as evidence.
_MOST_EVIDENCE = 64 * 1024

#: The fields, and what they are called in a finding.
_NAMES = {"text": "summary", **{name: name for name in CALSETA_NOTES_OPTIONS.options}}

_KINDS = {"agent_name": str, "summary": str, "confidence": str, "recommended_action": str, "evidence": dict}


class CalsetaNotes(Notes):
    """A finding on alerts of Calseta: the same if it is by the same agent, with the same text and whatever is given."""

    longest = 50_000
    read_lag = READ_LAG

    def __init__(
        self, api: CalsetaApi, alerts: Platform, guards: Guards, text: str, params: Params, option: str = "text"
    ) -> None:
        super().__init__(NoteReader(alerts, self._read_note, guards), guards, text, option)
        self._api = api
        self._desired: Fields = {"text": self.text, **_given(params, self.longest)}

    def desired(self, alert: Alert) -> Fields:
        return dict(self._desired)

    def _read_note(self, alert_id: str) -> Fields | None:
        try:
            answer = self._api.client.get(self._api.base + _path(alert_id))
        except RefusedError as error:
            if no_such_alert(error):
                return None
            raise
        findings = dig(answer.body, "data")
        if not isinstance(findings, list) or not all(has_types(finding, _KINDS) for finding in findings):
            path = f"/v1/alerts/{_path(alert_id)}"
            raise AmbiguousError("GET", path, "the answer does not show findings", status=answer.status)
        return next((found for found in map(self._same, findings) if found), dict.fromkeys(_NAMES))

    def _same(self, finding: t.Any) -> Fields | None:
        """The fields of a finding, or V(None) if it is another one than the task asks for."""
        fields = {name: finding.get(key) for name, key in _NAMES.items()}
        fields["text"] = plain(fields["text"])
        same = all(_alike(value, fields[name]) for name, value in self._desired.items())
        return {**fields, **self._desired} if same else None

    def write(self, changes: t.Sequence[Change]) -> dict[str, Outcome]:
        client = self._api.client
        outcomes = doubted(client.each(self._write_one, changes), client.connection.concurrency)
        return {change.id: outcome for change, outcome in zip(changes, outcomes)}

    def _write_one(self, change: Change) -> Outcome:
        body = {_NAMES[name]: value for name, value in self._desired.items()}
        try:
            answer = self._api.client.request("POST", self._api.base + _path(change.id), body)
        except TriageError as error:
            return outcome_of(error)
        finding = dig(answer.body, "data")
        fields = self._same(finding) if has_types(finding, _KINDS) else None
        return Confirmed(fields) if fields else unconfirmed("POST", f"/v1/alerts/{_path(change.id)}", answer)


def calseta_notes(params: Params, context: TaskContext) -> CalsetaNotes:
    """The finding that a task adds to alerts."""
    api = CalsetaApi(params, context)
    reader = CalsetaReader(
        api,
        params,
        lambda alert, _whole: Alert(alert["uuid"], {}, guarded_state(alert), title=text(alert.get("title"))),
    )
    return CalsetaNotes(api, reader, guards_of(params), params["text"], params)


def _given(params: Params, longest: int) -> Fields:
    """The fields of a finding, but for its text, that the task gives."""
    given: Fields = {"agent_name": note_text("agent_name", params.get("agent_name") or "Ansible", _LONGEST_NAME)}
    if params.get("confidence"):
        given["confidence"] = params["confidence"]
    if params.get("recommended_action") is not None:
        given["recommended_action"] = note_text("recommended_action", params["recommended_action"], longest)
    if params.get("evidence") is not None:
        given["evidence"] = _evidence(params["evidence"])
    return given


def _evidence(value: dict[t.Any, t.Any]) -> Fields:
    try:
        evidence: Fields = json.loads(json.dumps(value, allow_nan=False))
    except (TypeError, ValueError, RecursionError) as error:
        raise OptionError(f"evidence cannot be put as JSON: {error}") from None
    if printable(evidence) != evidence:
        raise OptionError("evidence has control characters in it")
    size = len(json.dumps(evidence).encode())
    if size > _MOST_EVIDENCE:
        raise OptionError(f"evidence has {size} bytes as JSON; here it may have {_MOST_EVIDENCE}")
    return evidence


def _alike(ours: t.Any, theirs: t.Any) -> bool:
    """Whether two values are the same JSON. Numbers are compared as such: the server gives 1e23 back as an integer."""
    pairs = [(ours, theirs)]
    while pairs:
        one, other = pairs.pop()
        if isinstance(one, dict) and isinstance(other, dict) and one.keys() == other.keys():
            pairs += [(value, other[key]) for key, value in one.items()]
        elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
            pairs += zip(one, other)
        elif _plain_value(one, other) != _plain_value(other, one):
            return False
    return True


def _plain_value(value: t.Any, beside: t.Any) -> tuple[bool, t.Any]:
    """What a value that is no object is compared by: a truth value is no number, an integer beside a float is one."""
    if isinstance(value, int) and isinstance(beside, float):
        # The text of a number that is too large for a float is read as infinity.
        value = value if isinstance(value, bool) else float(str(value))
    return isinstance(value, bool), value


def _path(alert_id: str) -> str:
    return f"{segment(alert_id)}/findings"
