# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The tasks of the storm on Datadog."""

from __future__ import annotations

import random

from ansible_collections.secops.triage.tests.simulator import Simulator
from ansible_collections.secops.triage.tests.simulator.datadog_signals import STATES, Signal
from ansible_collections.secops.triage.tests.simulator.seeds import SEVERITIES
from ansible_collections.secops.triage.tests.unit.harness import Params

from .case import Case, alike, guards, pick, some
from .expected_state import State, user_names
from .oracle_lines import THEIRS, bare


def _world(sim: Simulator, chance: random.Random, signals: int) -> Params:
    sim.reset({"datadog": signals}, chance.randrange(10**6))
    settings = sim.settings.datadog
    settings.assignee_shows = chance.choice(["uuid", "handle", "name"])
    settings.archive_in = chance.choice(["custom", "gated"])
    settings.bulk = chance.choice(["on", "on", "on", "on", 404, 405])
    settings.error_shape = chance.choice(["objects", "strings", "error"])
    settings.conflict_status = chance.choice([409, 400])
    settings.reopening_clears_archive = chance.random() < 0.3
    good = sim.credentials
    keys = {"api_key": good.datadog_api_key, "app_key": good.datadog_app_key}
    return {
        "api_url": sim.datadog.url,
        **chance.choice([keys, {"access_token": good.datadog_access_token}]),
    }


#: What searches can hide of a signal, and the fields that this leaves unknown.
_HIDES = {
    "incidentIds": ["incident_ids"],
    "archiveReason": ["archive_reason", "archive_comment"],
    "assignee": ["assignee"],
}


def _chosen(sim: Simulator, chance: random.Random, *, lags: bool) -> tuple[Params, list[str]]:
    """The options by which a task chooses signals, by their ids or by a query, and these signals.

    ``lags`` says whether the index may have open ones that are not: what it shows to be as the task wants it is not
    read again, and so is reported as it shows it.
    """
    signals = sim.datadog.signals
    if chance.random() < 0.55:
        ids = chance.sample(list(signals), len(signals))
        return {"signal_ids": ids}, ids
    sim.settings.datadog.search_hides = chance.choice([(), (), *((one,) for one in _HIDES)])
    sim.settings.datadog.search_lag = chance.choice([0, 0, 2, 99])
    if lags:
        for signal in signals.values():
            if signal.state != "open" and chance.random() < 0.3:
                # The index has not seen yet that somebody has been at it.
                signal.index_lag, signal.indexed = 99, {"state": "open", "archive_reason": "none"}
    states = ("@workflow.triage.state:open", "source:* -@workflow.triage.state:open")
    query = chance.choice([*states, "status:(high OR medium)"])
    found = [signal.id for signal in signals.values() if _matches(query, signal.as_indexed())]
    return {"query": query, "from": "now-30d", "max_alerts": 2000, "allow_unbounded": True}, found


def _matches(query: str, signal: Signal) -> bool:
    if query.startswith("status:("):
        return signal.severity in ("high", "medium")
    return (signal.state == "open") != ("-" in query)


def _people(sim: Simulator) -> list[str]:
    users = [sim.datadog.user(handle) for handle in ("amira.haddad@example.com", "greta@example.com")]
    return [*(user.handle for user in users), *(user.uuid for user in users)]


def signal_state(sim: Simulator, chance: random.Random) -> Case:
    params = {**_world(sim, chance, some(chance, 230)), **guards(chance, STATES, SEVERITIES, _people(sim))}
    asked = pick(
        chance,
        {
            "state": ["open", "under_review", "archived", "archived"],
            "archive_reason": ["none", "false_positive", "other"],
            "archive_comment": ["", "Announced scan"],
            "assignee": [*_people(sim), ""],
        },
    )
    if asked.get("state") == "open" and asked.get("archive_reason") != "none":
        # A reason goes only with a signal that is archived.
        asked.pop("archive_reason", None)
    choice, ids = _chosen(sim, chance, lags=asked.get("state", "open") != "open")
    if "signal_ids" in choice and chance.random() < 0.1:
        params["version"] = chance.randrange(1, 60)
    _leave_lines(sim, chance)
    if chance.random() < 0.5:
        params["provenance"] = "drill"

    def reached(fields: State) -> bool:
        # Whose line there is at the end of a comment makes no difference to a task that leaves one.
        now = {**fields, "archive_comment": bare(fields["archive_comment"])} if "provenance" in params else fields
        return all(
            alike(now[name], user_names(sim.datadog, value) if name == "assignee" else value)
            for name, value in asked.items()
        )

    return Case(
        "signal_state",
        sim.datadog,
        {**params, **choice, **asked},
        ids,
        reached,
        untold=[name for hidden in sim.settings.datadog.search_hides for name in _HIDES[hidden]],
    )


def _leave_lines(sim: Simulator, chance: random.Random) -> None:
    """Some signals have been archived by another job, which has left its line there."""
    for signal in sim.datadog.signals.values():
        if signal.state == "archived" and chance.random() < 0.4:
            signal.archive_comment = "\n".join(filter(None, (signal.archive_comment, THEIRS)))


def signal_incident_link(sim: Simulator, chance: random.Random) -> Case:
    params = {**_world(sim, chance, some(chance)), **guards(chance, STATES, SEVERITIES, _people(sim))}
    incident, present = chance.choice(sim.datadog.incident_ids), chance.random() < 0.5
    sim.settings.datadog.incident_lag_reads = chance.choice([0, 0, 0, 1, 3, 9])
    for signal in sim.datadog.signals.values():
        if chance.random() < (0.3 if present else 0.8):
            signal.incident_ids = chance.sample(sim.datadog.incident_ids, chance.randrange(1, 4))
    choice, ids = _chosen(sim, chance, lags=True)
    if "signal_ids" in choice and chance.random() < 0.1:
        params["version"] = chance.randrange(1, 60)
    params |= {"incident_id": incident, "state": "present" if present else "absent"}
    return Case(
        "signal_incident_link",
        sim.datadog,
        {**params, **choice},
        ids,
        lambda fields: (incident in fields["incident_ids"]) == present,
    )


def signal_info(sim: Simulator, chance: random.Random) -> Case:
    params = _world(sim, chance, some(chance, 1200))
    choice, ids = _chosen(sim, chance, lags=False)
    sim.settings.datadog.search_hides = ()
    absent = ["AQAAAWnosuchsignal", "AQAAAWanother"][: chance.choice([0, 0, 1, 2])] if "signal_ids" in choice else []
    if absent:
        choice["signal_ids"] = [*choice["signal_ids"], *absent]
    else:
        choice |= {"max_alerts": chance.choice([1, 10, 1000])} if "query" in choice else {}
    return Case("signal_info", sim.datadog, {**params, **choice}, ids, lambda fields: True, absent=absent)
