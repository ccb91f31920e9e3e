# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The variables, hosts and keys of the documentation's examples, on the simulator.

Examples name ``example.com`` and sites, and take ids and secrets from variables. They get values here, so that every
example runs as it is printed.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from typing import Any

from jinja2 import StrictUndefined
from jinja2.nativetypes import NativeEnvironment

from ..simulator import Simulator

_COLLECTION = "secops.triage."
_GROUP = f"group/{_COLLECTION}"
_MODULE_PLATFORMS = {
    "signal_info": "datadog",
    "signal_state": "datadog",
    "signal_incident_link": "datadog",
    "kibana_alert_assignees": "kibana",
    "kibana_alert_info": "kibana",
    "kibana_alert_status": "kibana",
    "kibana_alert_tags": "kibana",
}
#: The hosts that the pages show.
_HOSTS = {
    "datadog": "https://api.datadoghq.com",
    "kibana": "https://kibana.example.com",
    "security_deck": "https://alert-sink.api.cloud.yandex.net",
    "calseta": "https://calseta.example.com",
}


def variables(sim: Simulator) -> dict[str, Any]:
    """The variables that examples may use."""
    keys = sim.credentials
    signals = sim.datadog.ids(state="open")
    # Too old to be changed.
    locked = sim.datadog.add_signal(age=31 * 86400.0, state="open")
    return {
        "incident_id": sim.datadog.incident_ids[0],
        "locked_signal_id": locked.id,
        "signal_ids": signals[:3],
        "scanner_signals": signals[1:2],
        "signal": {"id": signals[0], "attributes": {"version": 1}},
        "kibana_alert_ids": sim.kibana.ids(status="open")[:3],
        "deck_sink_id": sim.security_deck.sink_id,
        "deck_alert_ids": sim.security_deck.ids(status="OPEN")[:2],
        "calseta_alert_ids": sim.calseta.ids(status="Open")[:2],
        "vault_datadog_api_key": keys.datadog_api_key,
        "vault_datadog_app_key": keys.datadog_app_key,
        "vault_datadog_access_token": keys.datadog_access_token,
        "vault_kibana_api_key": keys.kibana_api_key,
        "vault_kibana_username": keys.kibana_username,
        "vault_kibana_password": keys.kibana_password,
        "vault_kibana_bearer_token": keys.kibana_bearer_token,
        "vault_iam_token": keys.iam_token,
        "vault_calseta_api_key": keys.calseta_api_key,
        "read_only_app_key": keys.datadog_read_only_app_key,
        "app_key_without_users": keys.datadog_no_users_app_key,
        "read_only_kibana_api_key": keys.kibana_read_only_api_key,
        "read_only_iam_token": keys.iam_read_only_token,
        "read_only_calseta_api_key": keys.calseta_read_only_key,
        "write_only_calseta_api_key": keys.calseta_writer_only_key,
        "calseta_url": sim.calseta.url,
        "service_account_key": sim.security_deck.service_account_key(),
    }


def environment(sim: Simulator) -> dict[str, str]:
    """The environment of examples that give no credentials."""
    keys = sim.credentials
    return {
        "DD_API_KEY": keys.datadog_api_key,
        "DD_APP_KEY": keys.datadog_app_key,
        "KIBANA_URL": sim.kibana.url,
        "KIBANA_API_KEY": keys.kibana_api_key,
        "YC_IAM_TOKEN": keys.iam_token,
        "CALSETA_API_URL": sim.calseta.url,
        "CALSETA_API_KEY": keys.calseta_api_key,
        "YC_METADATA_ADDR": sim.host,
    }


def tasks(playbook: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """The modules of this collection that a playbook, a play or a list of tasks names, with their arguments."""
    if isinstance(playbook, list):
        for part in playbook:
            yield from tasks(part)
    elif isinstance(playbook, dict):
        for key, value in playbook.items():
            if key.startswith(_COLLECTION):
                yield key.removeprefix(_COLLECTION), {} if value is None else value
            elif not key.startswith("module_defaults"):
                yield from tasks(value)


def registers(playbook: Any) -> Iterator[str | None]:
    """For each of its `tasks`, the variable that the result goes into, if any."""
    if isinstance(playbook, list):
        for part in playbook:
            yield from registers(part)
    elif isinstance(playbook, dict):
        for key, value in playbook.items():
            if key.startswith(_COLLECTION):
                yield playbook.get("register")
            elif not key.startswith("module_defaults"):
                yield from registers(value)


def defaults(playbook: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """The ``module_defaults`` in a playbook: names of groups and modules, with arguments."""
    if isinstance(playbook, list):
        for part in playbook:
            yield from defaults(part)
    elif isinstance(playbook, dict):
        for key, value in playbook.items():
            if key == "module_defaults":
                yield from (
                    (name.removeprefix(_GROUP).removeprefix(_COLLECTION), given) for name, given in value.items()
                )
            else:
                yield from defaults(value)


def place(playbook: Any, sim: Simulator) -> None:
    """Make every task of a playbook use the simulator instead of the hosts that it names."""
    for _name, given in defaults(playbook):
        for option in ("api_url", "site", "api_host"):
            given.pop(option, None)
    for module, arguments in tasks(playbook):
        platform = _MODULE_PLATFORMS.get(module) or arguments.get("provider")
        for option in ("site", "api_host", "kibana_url"):
            arguments.pop(option, None)
        url = arguments.get("api_url", "https://example.com")
        if platform in _HOSTS and re.match(r"https://[\w.-]*(example\.com|datadoghq|yandex)", url):
            arguments["api_url"] = sim.world.platforms[platform].url


def rendered(value: Any, known: dict[str, Any]) -> Any:
    """A task's arguments with the values of their variables. An unknown variable is an error."""
    if isinstance(value, str) and "{{" in value:
        return _jinja().from_string(value).render(known)
    if isinstance(value, dict):
        return {key: rendered(part, known) for key, part in value.items()}
    return [rendered(part, known) for part in value] if isinstance(value, list) else value


@functools.cache
def _jinja() -> NativeEnvironment:
    return NativeEnvironment(undefined=StrictUndefined)


def displaced(text: str, sim: Simulator) -> str:
    """Output with the hosts of the pages instead of the simulator's."""
    # Users of Datadog give a site instead of an address.
    text = text.replace(f"at {sim.datadog.url}", "on the site datadoghq.com")
    for name, host in _HOSTS.items():
        text = text.replace(sim.world.platforms[name].url, host).replace(f"/{name}/", "/")
    return text.replace(sim.host, "api.example.com")
