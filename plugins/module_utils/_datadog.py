# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Datadog Cloud SIEM: the connection, and how a signal is read.

API: https://docs.datadoghq.com/api/latest/security-monitoring/
"""

from __future__ import annotations

import contextlib
import re
import typing as t

from ansible.module_utils.basic import env_fallback

from ._change import Fields
from ._datadog_users import User, Users
from ._errors import OptionError, RefusedError, TriageError, UnknownFateError
from ._guards import Guards, Standing
from ._http import Authorization, Client
from ._options import Connection, Params, Run, base_url, checked_ids, choose, secret
from ._platform import Platform, dig, fits, not_found, segment, text

DATADOG_OPTIONS: dict[str, t.Any] = {
    "api_key": {"type": "str", "no_log": True, "fallback": (env_fallback, ["DD_API_KEY", "DATADOG_API_KEY"])},
    "app_key": {
        "type": "str",
        "no_log": True,
        "aliases": ["application_key"],
        "fallback": (env_fallback, ["DD_APP_KEY", "DATADOG_APP_KEY"]),
    },
    "access_token": {"type": "str", "no_log": True, "fallback": (env_fallback, ["DD_ACCESS_TOKEN", "DD_BEARER_TOKEN"])},
    "site": {"type": "str", "default": "datadoghq.com", "fallback": (env_fallback, ["DD_SITE"])},
    "api_url": {"type": "str", "aliases": ["api_host"]},
}

STATES = ("open", "under_review", "archived")
SEVERITIES = ("info", "low", "medium", "high", "critical")

_TEXTS = dict.fromkeys(("state", "archiveReason", "archive_reason", "archiveComment", "archive_comment"), str)


class Signals(Platform):
    """Security signals by their ids; what is read of one is up to `fields_of`."""

    kind = "signals"
    closing: t.ClassVar[Fields] = {"state": "archived"}

    def __init__(self, params: Params, run: Run) -> None:
        self.ids = checked_ids("signal_ids", params["signal_ids"], r"[A-Za-z0-9_=-]{1,256}", "signal")
        self.version: int | None = params["version"]
        own_site = site(params["site"])
        self._where = f"at {params['api_url']}" if params["api_url"] else f"on the site {own_site}"
        self.base = base_url(params["api_url"] or f"https://api.{own_site}", allow_http=params["allow_http"])
        way = choose(params, DATADOG_OPTIONS, [("api_key", "app_key"), ("access_token",)])
        secrets = {name: secret(params, name, run) for name in way}
        if "access_token" in secrets:
            headers = {"Authorization": f"Bearer {secrets['access_token']}"}
        else:
            headers = {"DD-API-KEY": secrets["api_key"], "DD-APPLICATION-KEY": secrets["app_key"]}
        connection = Connection.of(params, run)
        self.retries = connection.retries
        self.client = Client(connection, Authorization(headers), run, self._hint)
        self.users = Users(self.client, self.base)
        self.guards = Guards.of(params, STATES, SEVERITIES)
        #: Those that only_assigned_to names, in its words.
        self._allowed: dict[str, User] = {}
        self._standings: dict[str, Standing] = {}
        self._versions: dict[str, int | None] = {}

    def _hint(self, status: int, writing: bool) -> str | None:
        if status == 401:
            return "Check api_key and app_key, or access_token."
        if status == 403:
            return (
                f"Check that the keys are those of an organisation {self._where}, and that the application key may use"
                f" security_monitoring_signals_{'write' if writing else 'read'}."
            )
        return None

    def select(self) -> dict[str, Fields]:
        if self.ids or self.selection:
            self._allowed = {word: self.users.find(word) for word in self.guards.only_assigned_to or () if word}
        return super().select()

    def standing(self, alert_id: str) -> Standing:
        return self._standings[alert_id]

    def noted(self, signal_id: str, triage: dict[str, t.Any], severity: t.Any) -> Fields:
        """The fields in a triage object that was read; how the signal stands is kept for the guards."""
        if self.guards.set:
            user = User.of(triage.get("assignee"))
            named = [word for word, allowed in self._allowed.items() if self.users.same(user, allowed)]
            has_it = named[:1] or ([user.shown] if user.shown else [])
            self._standings[signal_id] = Standing(text(triage.get("state")), text(severity), has_it)
        return self.fields_of(triage)

    def read_one(self, signal_id: str) -> Fields | None:
        path = f"/api/v2/security_monitoring/signals/{segment(signal_id)}"
        try:
            answer = self.client.get(self.base + path)
        except RefusedError as error:
            if not_found(error):
                return None
            raise
        attributes = dig(answer.body, "data", "attributes")
        triage = _merged(dig(attributes, part, "workflow", "triage") for part in ("gated", "custom"))
        if dig(answer.body, "data", "id") != signal_id or not (triage.get("state") and readable(triage)):
            # To take a signal without a state for an open or an archived one would be a guess.
            raise UnknownFateError(
                "GET", path, "the answer does not show the triage of this signal", status=answer.status
            )
        version = dig(attributes, "version")
        self._versions[signal_id] = version if isinstance(version, int) else None
        return self.noted(signal_id, triage, dig(attributes, "status"))

    def fields_of(self, triage: dict[str, t.Any]) -> Fields:
        """The fields in a triage object: a read spells its keys in camelCase, a write's answer does not."""
        raise NotImplementedError

    def explained(self, error: RefusedError, signal_id: str) -> RefusedError:
        """The error, which in the case of a version conflict names both versions."""
        about_version = error.status == 409 or (error.status == 400 and "version" in str(error).lower())
        if self.version is not None and about_version:
            # The version that was read before need not be the one that it was refused for.
            with contextlib.suppress(TriageError):
                self.read([signal_id])
            error.hint = (
                f"Conflict: version {self.version} was sent, and the signal is at version"
                f" {self._versions.get(signal_id)}. Somebody else changed it: look at it, and decide anew."
            )
        return error


def _merged(parts: t.Iterable[t.Any]) -> dict[str, t.Any]:
    """The triage object, of which each part of an answer shows another half."""
    merged: dict[str, t.Any] = {}
    for part in parts:
        for key, value in (part if isinstance(part, dict) else {}).items():
            known = merged.get(key)
            merged[key] = {**known, **value} if isinstance(known, dict) and isinstance(value, dict) else value
    return merged


def readable(triage: t.Any) -> bool:
    """Whether all that we look at in a triage object is of the types that the API names, in either spelling."""
    return (
        fits(triage, _TEXTS)
        and fits(triage, dict.fromkeys(("incidentIds", "incident_ids"), list), int)
        and fits(triage.get("assignee") or {}, dict.fromkeys(("uuid", "handle", "name"), str))
    )


def site(value: str) -> str:
    """A site as in C(us3.datadoghq.com), of whatever part of an address users paste."""
    host = re.sub(r"^https?://", "", value.strip().lower()).split("/")[0]
    host = re.sub(r"^(app|api)\.", "", host)
    if not re.fullmatch(r"[a-z0-9-]+(\.[a-z0-9-]+)+", host):
        raise OptionError(
            f"site {value!r} is not a Datadog site such as datadoghq.com, us3.datadoghq.com or datadoghq.eu"
        )
    return host
