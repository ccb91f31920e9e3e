# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Do the credential types give the modules what they read in the environment, and keep secret what is?"""

from __future__ import annotations

import json
import re
import typing as t
from pathlib import Path

import pytest

from ansible_collections.secops.triage.tests.simulator import Simulator
from ansible_collections.secops.triage.tests.tools.generate import OTHER_VARIABLES, PLATFORMS, variables
from ansible_collections.secops.triage.tests.unit.awx.conftest import Definitions
from ansible_collections.secops.triage.tests.unit.awx.jobs import Definition, inject
from ansible_collections.secops.triage.tests.unit.awx.rules import wrong_injectors, wrong_inputs
from ansible_collections.secops.triage.tests.unit.harness import Params, run_module

#: What no credential is for: where the machine finds a service of its own, what the controller says, and its proxies.
NOT_INJECTED = {"YC_METADATA_ADDR", "JOB_ID", "HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY"}
SIMULATED: dict[str, tuple[str, Params]] = {
    "Datadog": ("signal_info", {"query": "*"}),
    "Elastic Security": ("kibana_alert_info", {"query": {"match_all": {}}}),
    "Security Deck": ("alert_info", {"provider": "security_deck"}),
    "Calseta": ("alert_info", {"provider": "calseta", "query": {"status": ["Open"]}}),
}


def types(definitions: Definitions) -> dict[str, Definition]:
    """The credential types, by their names without the prefix."""
    return {one["name"].removeprefix("secops.triage "): one for one in definitions["controller_credential_types"]}


def test_a_controller_takes_them(definitions: Definitions) -> None:
    for name, one in types(definitions).items():
        assert not [*wrong_inputs(one["inputs"]), *wrong_injectors(one["inputs"], one["injectors"])], name
        assert one["kind"] == "cloud"


def test_they_set_every_variable_that_modules_read_first_and_no_other(definitions: Definitions) -> None:
    own = {variables(spec)[0] for one in PLATFORMS for spec in one.options.values() if variables(spec)}
    read = own | {names[0] for _platform, _option, names, _file in OTHER_VARIABLES}
    injected = [name for one in types(definitions).values() for name in one["injectors"]["env"]]
    assert set(injected) == read - NOT_INJECTED
    # An empty one of one credential would win over that of another.
    assert len(injected) == len(set(injected))


def test_inputs_are_secret_where_the_option_is(definitions: Definitions) -> None:
    secret = {
        name: bool(spec.get("no_log")) for one in PLATFORMS for spec in one.options.values() for name in variables(spec)
    }
    for one in types(definitions).values():
        for name, template in one["injectors"]["env"].items():
            (used,) = re.findall(r"{{ (?:tower\.filename\.)?(\w+)", template)
            (field,) = [field for field in one["inputs"]["fields"] if field["id"] == used]
            assert field.get("secret", False) is secret.get(name, False), name


def ways(sim: Simulator) -> t.Iterator[tuple[str, dict[str, str]]]:
    """Each type with each way to fill it in."""
    keys, url = sim.credentials, {"url": sim.kibana.url}
    datadog = {"site": "datadoghq.com"}
    yield "Datadog", {**datadog, "api_key": keys.datadog_api_key, "app_key": keys.datadog_app_key}
    yield "Datadog", {**datadog, "access_token": keys.datadog_access_token}
    # What has a default may be missing.
    yield "Datadog", {"access_token": keys.datadog_access_token}
    yield "Elastic Security", {**url, "api_key": keys.kibana_api_key}
    yield "Elastic Security", {**url, "username": keys.kibana_username, "password": keys.kibana_password}
    yield "Elastic Security", {**url, "bearer_token": keys.kibana_bearer_token}
    deck = {"api_host": "api.cloud.yandex.net"}
    yield "Security Deck", {**deck, "iam_token": keys.iam_token}
    yield "Security Deck", {"iam_token": keys.iam_token}
    yield "Security Deck", {**deck, "service_account_key": json.dumps(sim.security_deck.service_account_key())}
    yield "Calseta", {"url": sim.calseta.url, "api_key": keys.calseta_api_key}


def test_every_way_to_fill_them_in_signs_in(
    definitions: Definitions, sim: Simulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever else is left empty, as it is then in the environment."""
    urls = {"Datadog": sim.datadog.url, "Security Deck": sim.security_deck.url}
    for name, inputs in ways(sim):
        with monkeypatch.context() as patch:
            for variable, value in inject(types(definitions)[name], inputs, tmp_path).items():
                patch.setenv(variable, value)
            module, params = SIMULATED[name]
            asked: Params = {**params, **({"api_url": urls[name]} if name in urls else {})}
            if name == "Security Deck":
                asked["alert_ids"] = [sim.security_deck.add_alert().id]
            result = run_module(module, asked)
        assert not result.get("failed"), (name, list(inputs), result)


def test_files_are_for_nobody_else_and_where_the_variables_say(definitions: Definitions, tmp_path: Path) -> None:
    for name, field, variable in [
        ("Security Deck", "service_account_key", "YC_SERVICE_ACCOUNT_KEY_FILE"),
        ("CA certificates", "certificates", "REQUESTS_CA_BUNDLE"),
    ]:
        path = Path(inject(types(definitions)[name], {field: '{"a": "b"}\n'}, tmp_path)[variable])
        assert path.read_text() == '{"a": "b"}\n'
        assert path.stat().st_mode & 0o777 == 0o600
    assert not inject(types(definitions)["Security Deck"], {"iam_token": "x"}, tmp_path)["YC_SERVICE_ACCOUNT_KEY_FILE"]
