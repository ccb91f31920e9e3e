# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Datadog: signals to look at, in the shape that all info modules share."""

from __future__ import annotations

from .._core.options import Params, TaskContext
from .._core.times import utc
from .._core.values import text
from .._flow.change import Alert
from .._flow.info import common
from .api import SignalApi, SignalReader
from .signals import Signal, triage_field
from .users import User

#: The fields of a row that a triage may leave out, and the fields of the triage that tell them.
_TOLD_BY = {
    "assignee": "assignee",
    "assignee_name": "assignee",
    "archive_comment": "archive_comment",
    "incident_ids": "incident_ids",
}


def signal_info(params: Params, context: TaskContext) -> SignalReader:
    """Reads signals as they are."""
    api = SignalApi(params, context)
    return SignalReader(api, params, lambda signal: _alert_of(signal, api.site, raw=params["raw"]))


def _alert_of(signal: Signal, site: str | None, *, raw: bool) -> Alert:
    reason = text(triage_field(signal.triage, "archive_reason"))
    user = User.of(signal.triage.get("assignee"))
    fields = common(
        platform="datadog",
        title=signal.title,
        severity=signal.severity,
        status=signal.state,
        verdict=None if reason in ("none", "") else reason,
        assignee=user and user.shown,
        assignee_name=user and user.shown_name,
        created=utc(signal.timestamp),
        updated=utc(signal.triage.get("stateUpdateTimestamp")),
        url=site and page_of(site, signal.id),
        rule=signal.rule,
    )
    fields["archive_comment"] = text(triage_field(signal.triage, "archive_comment")) or ""
    fields["incident_ids"] = triage_field(signal.triage, "incident_ids") or []
    fields["version"] = signal.version
    # A search need not show all, and a signal may have no triage. What is left out is not known.
    fields.update(dict.fromkeys(name for name, told in _TOLD_BY.items() if not signal.has_field(told)))
    return Alert(signal.id, {**fields, "raw": signal.raw} if raw else fields)


def page_of(site: str, signal_id: str) -> str:
    """The address of a signal's page: on C(app.datadoghq.com), but on C(us3.datadoghq.com) without the C(app)."""
    host = f"app.{site}" if site.count(".") == 1 else site
    return f"https://{host}/security?event={signal_id}"
