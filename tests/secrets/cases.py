# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every secret option of every module, the ways in which it is given, and what a task with it can meet."""

from __future__ import annotations

import dataclasses
import json
import typing as t

from ansible_collections.secops.triage.tests.simulator import Simulator
from ansible_collections.secops.triage.tests.unit.documented import MODULES, documented

Options = dict[str, t.Any]


@dataclasses.dataclass(frozen=True)
class Way:
    """A way to say who asks: ``secrets`` are the options it takes, ``open`` what goes with them and is no secret."""

    module: str
    platform: str
    secrets: tuple[str, ...]
    open: tuple[tuple[str, t.Any], ...] = ()
    #: How a key file is given: by its path, its contents as text, or as a mapping.
    form: str = ""

    def kind(self) -> tuple[str, tuple[str, ...], str]:
        """What is the same for the modules of a platform."""
        return self.platform, self.secrets, self.form

    def __str__(self) -> str:
        return " ".join(filter(None, [self.module, *self.secrets, *(name for name, _value in self.open), self.form]))


_DATADOG = ("signal_state", "signal_incident_link", "signal_info")
_KIBANA = ("kibana_alert_status", "kibana_alert_tags", "kibana_alert_assignees", "kibana_alert_info", "alert_note")
_ALERTS = ("alert_update", "alert_info", "alert_note")
#: Those of a kind stand together.
WAYS = [
    *(Way(module, "datadog", ("api_key", "app_key")) for module in _DATADOG),
    *(Way(module, "datadog", ("access_token",)) for module in _DATADOG),
    *(Way(module, "kibana", ("api_key",)) for module in _KIBANA),
    *(Way(module, "kibana", ("password",), (("username", "wq7zk-runbook-pt3vx"),)) for module in _KIBANA),
    *(Way(module, "kibana", ("bearer_token",)) for module in _KIBANA),
    *(Way(module, "calseta", ("api_key",)) for module in _ALERTS),
    *(Way(module, "security_deck", ("iam_token",)) for module in _ALERTS),
    *(
        Way(module, "security_deck", ("service_account_key_file",), form=form)
        for form in ("path", "text", "map")
        for module in _ALERTS
    ),
    *(Way(module, "security_deck", (), (("instance_metadata", True),)) for module in _ALERTS),
]
WAYS_BY_PROXY = [
    dataclasses.replace(way, secrets=(*way.secrets, "proxy"))
    for way in {way.module: way for way in WAYS[::-1]}.values()
]

#: What a task can meet. The statuses are answers that repeat what they were asked with.
OUTCOMES = (
    "success",
    "newline",
    "401",
    "403",
    "404",
    "500",
    "redirect",
    "unreachable",
    "choice",
    "range",
    "crash",
    "import",
    "killed",
    "token",
)

_TRACED: Options = {"provenance": "auto"}
_TASKS: dict[str, Options] = {
    "signal_state": {"state": "archived", "archive_comment": "Drill", **_TRACED},
    "signal_incident_link": {},
    "kibana_alert_status": {"status": "closed", **_TRACED},
    "kibana_alert_tags": {"tags": ["drill"], **_TRACED},
    "kibana_alert_assignees": {"assignees": ["amira"], **_TRACED},
    "alert_update calseta": {"status": "Triaging", **_TRACED},
    "alert_update security_deck": {"status": "IN_PROGRESS", **_TRACED},
    "alert_note": {"text": "Drill"},
}


def ids_option(module: str) -> str:
    """The option by which the module's alerts are named."""
    return "signal_ids" if module.startswith("signal_") else "alert_ids"


def secret_options() -> dict[str, dict[str, list[str]]]:
    """The secret options of every module, with the variables of the environment that can hold them."""
    return {
        name: {
            option: (spec.get("fallback") or (None, []))[1]
            for option, spec in documented(name).spec.items()
            if spec.get("no_log")
        }
        for name in MODULES
    }


def task_of(sim: Simulator, way: Way, alert_id: str) -> Options:
    """The options of a task, without those that say who asks."""
    options = {**_TASKS.get(way.module, {}), **_TASKS.get(f"{way.module} {way.platform}", {})}
    if way.module.startswith("alert_"):
        options["provider"] = way.platform
    if way.module == "signal_incident_link":
        options["incident_id"] = sim.datadog.incident_ids[0]
    url = {"datadog": sim.datadog, "kibana": sim.kibana, "calseta": sim.calseta, "security_deck": sim.security_deck}
    return {
        **options,
        "api_url": url[way.platform].url,
        ids_option(way.module): [alert_id],
        "retries": 0,
        **dict(way.open),
    }


def value_of(sim: Simulator, platform: str, option: str) -> str:
    """A secret that works; a key file's is its contents."""
    if option == "service_account_key_file":
        return json.dumps(sim.security_deck.service_account_key())
    known: str = getattr(sim.credentials, option if option == "iam_token" else f"{platform}_{option}")
    return known


def working_secrets(sim: Simulator) -> dict[str, str]:
    """Every secret that works, by its name; of a key file, what is secret in it."""
    key = sim.security_deck.service_account_key()["private_key"].partition("-----\n")[2].partition("\n-----")[0]
    return {**{name: value for name, value in vars(sim.credentials).items() if "username" not in name}, "key": key}


def add_alert(sim: Simulator, platform: str) -> str:
    """One more alert, which the task of the platform changes."""
    make: dict[str, t.Callable[[], str]] = {
        "datadog": lambda: sim.datadog.add_signal().id,
        "kibana": sim.kibana.add_alert,
        "calseta": lambda: sim.calseta.add_alert().uuid,
        "security_deck": lambda: sim.security_deck.add_alert().id,
    }
    return make[platform]()
