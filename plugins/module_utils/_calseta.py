# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Calseta: alerts, one by one.

API: https://docs.calseta.com/api-reference/alerts/patch-alert
"""

from __future__ import annotations

import os
import re
import typing as t
import uuid

from ansible.module_utils.basic import env_fallback

from ._change import Change, Confirmed, Fields, Outcome, tags_wanted
from ._errors import OptionError, RefusedError, TriageError, UnknownFateError
from ._guards import Guards, Standing
from ._http import Authorization, Client
from ._options import Connection, Params, Run, base_url, checked_text, secret
from ._platform import Platform, dig, fate, fits, segment, text, texts, untold

CALSETA_OPTIONS: dict[str, t.Any] = {
    "api_key": {"type": "str", "no_log": True, "fallback": (env_fallback, ["CALSETA_API_KEY"])},
    "close_classification": {
        "type": "str",
        "choices": [
            "True Positive - Suspicious Activity",
            "Benign Positive - Suspicious but Expected",
            "False Positive - Incorrect Detection Logic",
            "False Positive - Inaccurate Data",
            "Undetermined",
            "Duplicate",
            "Not Applicable",
        ],
    },
    "malice_override": {"type": "str", "choices": ["Pending", "Benign", "Suspicious", "Malicious"]},
    "reset_malice_override": {"type": "bool"},
}

#: What this provider takes of the options that not all providers have, and the values of those that all have.
CALSETA_TAKES: dict[str, t.Sequence[str] | None] = {
    "status": ("Open", "Triaging", "Escalated", "Closed"),
    "severity": ("Pending", "Informational", "Low", "Medium", "High", "Critical"),
    "tags": None,
    **dict.fromkeys(CALSETA_OPTIONS),
}

_KINDS = {"status": str, "severity": str, "tags": list, "close_classification": str, "malice_override": str}
_ASKED = ("status", "severity", "tags", "close_classification", "malice_override")


class Calseta(Platform):
    """Alerts of Calseta as they are."""

    closing: t.ClassVar[Fields] = {"status": "Closed"}

    def __init__(self, params: Params, run: Run) -> None:
        self.ids = _uuids(params["alert_ids"])
        # Not an environment fallback of the option: with the other provider, the token would go to this address.
        api_url = params["api_url"] or os.environ.get("CALSETA_API_URL")
        if not api_url:
            raise OptionError("api_url is missing: give it, or set CALSETA_API_URL")
        if not params["api_key"]:
            raise OptionError("api_key is missing: give it, or set CALSETA_API_KEY")
        self.base = re.sub(r"/v1$", "", base_url(api_url, allow_http=params["allow_http"])) + "/v1/alerts/"
        statuses, severities = (CALSETA_TAKES[name] or () for name in ("status", "severity"))
        self.guards = Guards.of(params, statuses, severities)
        self._standings: dict[str, Standing] = {}
        connection = Connection.of(params, run)
        self.retries = connection.retries
        authorization = Authorization({"Authorization": f"Bearer {secret(params, 'api_key', run)}"})
        self.client = Client(connection, authorization, run, self._hint)

    @staticmethod
    def _hint(status: int, writing: bool) -> str | None:
        if status == 401:
            return "Check api_key, and that it has not expired."
        if status == 403:
            return "The key needs both scopes, alerts:read and alerts:write: neither includes the other."
        if status == 404:
            return "Check api_url: it is the server's address, without /v1."
        return None

    def read_one(self, alert_id: str) -> Fields | None:
        try:
            answer = self.client.get(self.base + segment(alert_id))
        except RefusedError as error:
            # A wrong base address is a 404 too, with other words.
            if error.status == 404 and dig(error.body, "error", "message") == "Alert not found.":
                return None
            raise
        fields = _fields(dig(answer.body, "data"), alert_id)
        if fields is None:
            raise UnknownFateError("GET", f"/v1/alerts/{alert_id}", "the answer does not show this alert")
        self._standings[alert_id] = Standing(fields["status"], fields["severity"])
        return fields

    def standing(self, alert_id: str) -> Standing:
        return self._standings[alert_id]


class CalsetaAlerts(Calseta):
    """Alerts of Calseta, brought to what the task names."""

    def __init__(self, params: Params, run: Run) -> None:
        super().__init__(params, run)
        if params["reset_malice_override"] and params["malice_override"]:
            raise OptionError("malice_override and reset_malice_override: true exclude each other")
        self._asked = {name: params[name] for name in _ASKED if params[name] is not None}
        for tag in self._asked.get("tags", []):
            checked_text("tags", tag)
        if params["reset_malice_override"]:
            self._asked["malice_override"] = None
        self._purge_tags: bool = params["purge_tags"]

    def wanted(self, alert_id: str, fields: Fields) -> Fields:
        wanted = dict(self._asked)
        if "tags" in wanted:
            wanted["tags"] = tags_wanted(wanted["tags"], fields["tags"], self._purge_tags)
        if wanted.get("status") == "Closed" and fields["status"] != "Closed":
            # It must be in the request that closes, even where the alert has one already.
            wanted.setdefault("close_classification", fields["close_classification"])
            if not wanted["close_classification"]:
                raise OptionError("To close an alert that has none yet, close_classification is needed")
        return wanted

    def write(self, changes: t.Sequence[Change]) -> dict[str, Outcome]:
        outcomes = self.client.each(self._write_one, changes)
        return {change.id: outcome for change, outcome in zip(changes, outcomes)}

    def _write_one(self, change: Change) -> Outcome:
        body = dict(change.delta)
        if body.get("status") == "Closed":
            body["close_classification"] = change.wanted["close_classification"]
        if "malice_override" in body and body["malice_override"] is None:
            # A null means "not sent" here.
            del body["malice_override"]
            body["reset_malice_override"] = True
        try:
            answer = self.client.request("PATCH", self.base + segment(change.id), body)
        except TriageError as error:
            return fate(error)
        fields = _fields(dig(answer.body, "data"), change.id)
        return Confirmed(fields) if fields else untold("PATCH", f"/v1/alerts/{change.id}", answer)


def _fields(alert: t.Any, alert_id: str) -> Fields | None:
    """An alert's fields, or V(None) if it is not this alert."""
    readable = fits(alert, _KINDS) and alert.get("status") and alert.get("severity")
    if dig(alert, "uuid") != alert_id or not readable:
        return None
    return {
        "status": text(dig(alert, "status")),
        "severity": text(dig(alert, "severity")),
        "tags": texts(dig(alert, "tags")),
        "close_classification": text(dig(alert, "close_classification")),
        "malice_override": text(dig(alert, "malice_override")),
    }


def _uuids(values: t.Iterable[str]) -> list[str]:
    """The ids as the API writes them: it takes other forms of a UUID too, but answers with this one."""
    ids: dict[str, None] = {}
    bad = []
    for value in values:
        try:
            ids[str(uuid.UUID(value.strip()))] = None
        except ValueError:
            bad.append(repr(value[:80]))
    if bad:
        raise OptionError(f"alert_ids: not the UUID of a Calseta alert: {', '.join(bad[:5])}{', …' if bad[5:] else ''}")
    return list(ids)
