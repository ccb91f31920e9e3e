# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The event source's options are documented, checked before a request, and those of the modules."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest
import yaml

from ansible_collections.secops.triage.plugins.module_utils._calseta.words import CALSETA_OPTIONS
from ansible_collections.secops.triage.plugins.module_utils._core.options import CONNECTION_OPTIONS
from ansible_collections.secops.triage.plugins.module_utils._datadog.words import DATADOG_OPTIONS
from ansible_collections.secops.triage.plugins.module_utils._kibana.words import KIBANA_OPTIONS
from ansible_collections.secops.triage.plugins.module_utils._security_deck.words import SECURITY_DECK_OPTIONS
from ansible_collections.secops.triage.tests.simulator import Simulator
from ansible_collections.secops.triage.tests.unit.extensions.eda.sources import (
    SOURCE,
    add,
    args_of,
    error_of,
    ids_of,
    library,
    loaded,
)

FILTER = SOURCE.parents[1] / "event_filter" / "normalize.py"
MODULES: dict[str, dict[str, t.Any]] = {
    "datadog": DATADOG_OPTIONS.options,
    "kibana": KIBANA_OPTIONS.options,
    "security_deck": SECURITY_DECK_OPTIONS.options,
    "calseta": CALSETA_OPTIONS.options,
}


def options() -> t.Any:
    return library("options")


def platforms() -> dict[str, t.Any]:
    return dict(library("registry").PLATFORMS)


def page(file: Path) -> dict[str, t.Any]:
    documentation: dict[str, t.Any] = yaml.safe_load(loaded(file)["DOCUMENTATION"])
    return documentation


BAD: list[tuple[str, dict[str, t.Any], str]] = [
    ("datadog", {"platform": "jira"}, "platform is one of datadog, kibana, security_deck, calseta, not 'jira'"),
    ("datadog", {"platform": None}, "platform is one of"),
    ("datadog", {"platform": ["kibana"]}, "platform is one of"),
    ("datadog", {"intervals": 5}, "intervals: no option for platform datadog, which takes platform, query"),
    ("calseta", {"space_id": "x"}, "space_id: no option for platform calseta"),
    ("datadog", {"interval": 0}, "interval must be between 0.1 and 86400, not 0"),
    ("datadog", {"interval": "soon"}, "interval must be a number"),
    ("datadog", {"interval": "nan"}, "interval must be between"),
    ("datadog", {"lookback": -1}, "lookback must be between 0"),
    ("datadog", {"lookback": [1]}, "lookback must be a number"),
    ("datadog", {"overlap": -1}, "overlap must be between 0"),
    ("datadog", {"only_new": "perhaps"}, "only_new must be true or false"),
    ("datadog", {"checkpoint": ["a"]}, "checkpoint must be a text"),
    ("datadog", {"since": "yesterday"}, "since 'yesterday' is not a time"),
    ("datadog", {"query": {"a": 1}}, "query must be a text in Datadog's query language"),
    ("kibana", {"query": "a:b"}, "query must be a mapping for platform kibana"),
    ("calseta", {"query": {"from_time": "now"}}, "query has from_time; for platform calseta it takes status"),
    ("security_deck", {"query": None}, "query.sink_id is missing"),
    ("security_deck", {"query": {"sink_id": "../x"}}, "query.sink_id: not the id of a Security Deck sink: '../x'"),
    ("security_deck", {"query": {"sink_id": "x", "filter": "a" * 2049}}, "query.filter is longer than the 2048"),
    ("calseta", {"query": {"status": "open"}}, "query.status is one of Open, Triaging, Escalated, Closed, not 'open'"),
    ("calseta", {"query": {"source_name": ["a", ""]}}, "query.source_name has '' in it, which is no name"),
    ("datadog", {"access_token": "x"}, "Give only one of api_key and app_key, or access_token"),
    ("datadog", {"timeout": 0}, "timeout must be between 0.1 and 3600, not 0"),
    ("datadog", {"ca_path": "/no/such/file"}, "ca_path /no/such/file does not exist"),
    ("datadog", {"proxy": "socks://proxy"}, "proxy is not a URL such as http://proxy.example.com:3128"),
    ("kibana", {"api_url": None}, "api_url is missing: give it, or set KIBANA_URL"),
    ("calseta", {"api_url": None}, "api_url is missing: give it, or set CALSETA_API_URL"),
    (
        "kibana",
        {"api_url": "http://kibana.example.com"},
        "is plain HTTP, which would show the credentials",
    ),
    ("kibana", {"api_url": "https://a:b@kibana.example.com"}, "api_url must not have credentials in it"),
    ("kibana", {"api_url": "https://kibana.example.com?key=s"}, "api_url must be an address and perhaps a base path"),
    ("kibana", {"api_url": "https://kibana.example.com/#"}, "api_url must be an address and perhaps a base path"),
    ("kibana", {"api_url": "ftp://kibana.example.com"}, "api_url is not a URL that can be used"),
    ("kibana", {"api_url": "https://kibana.example.com:port"}, "api_url is not a URL that can be used"),
    ("kibana", {"api_url": "https://kibana.example.com/base path"}, "api_url must be an address and perhaps a"),
    ("kibana", {"api_url": "https://kibana .example.com"}, "api_url must be an address and perhaps a"),
    ("kibana", {"api_url": "https://kibana.example.com/a\tb"}, "api_url must be an address and perhaps a"),
    ("kibana", {"api_url": "https://kibana.example.com/a\\b"}, "api_url must be an address and perhaps a"),
    ("datadog", {"api_url": None, "site": "datadog.eu"}, "site 'datadog.eu' is not a Datadog site"),
    ("datadog", {"api_url": None, "site": "evil-datadoghq.com"}, "is not a Datadog site"),
    ("kibana", {"space_id": "../x"}, "space_id '../x' is not the id of a space"),
    ("datadog", {"api_url": None, "site": "datadog"}, "site 'datadog' is not a Datadog site"),
    ("security_deck", {"api_url": None, "api_host": "x/y"}, "api_host 'x/y' is not a host such as"),
    ("datadog", {"api_key": None}, "No credentials: api_key is missing. Give api_key and app_key, or access_token"),
    ("security_deck", {"iam_token": None}, "No credentials: none were given. Give iam_token, or service_account"),
    ("calseta", {"api_key": "a\nb"}, "api_key is empty, or has characters in it that no such credential has"),
]


@pytest.mark.parametrize(("platform", "given", "said"), BAD, ids=[one[2][:50] for one in BAD])
def test_bad_options_are_refused_before_a_request(
    sim: Simulator, platform: str, given: dict[str, t.Any], said: str
) -> None:
    assert said in error_of({**args_of(sim, platform), **given})
    assert not len(sim.log)


@pytest.mark.parametrize(
    ("given", "base"),
    [
        ({}, "https://api.datadoghq.com"),
        ({"site": "us3.datadoghq.com"}, "https://api.us3.datadoghq.com"),
        ({"site": "https://app.datadoghq.eu/"}, "https://api.datadoghq.eu"),
        ({"site": "us2.ddog-gov.com"}, "https://api.us2.ddog-gov.com"),
        ({"api_url": "gateway.example.com/dd/"}, "https://gateway.example.com/dd"),
        ({"platform": "security_deck"}, "https://alert-sink.api.cloud.yandex.net"),
        ({"platform": "security_deck", "api_host": "api.yandexcloud.kz:443"}, "https://alert-sink.api.yandexcloud.kz"),
        ({"platform": "kibana", "api_url": "https://k/base", "space_id": "soc"}, "https://k/base/s/soc"),
        ({"platform": "kibana", "api_url": "https://k", "space_id": "default"}, "https://k"),
        ({"platform": "calseta", "api_url": "http://localhost:8000/v1"}, "http://localhost:8000"),
        ({"platform": "calseta", "api_url": "http://c", "allow_http": "yes"}, "http://c"),
        ({"platform": "kibana", "api_url": "https://k/s/soc"}, "https://k/s/soc"),
    ],
)
def test_addresses(sim: Simulator, given: dict[str, t.Any], base: str) -> None:
    platform = given.get("platform", "datadog")
    args = options().validate({**args_of(sim, platform), "api_url": None, **given})
    context = library("api").Api(args).context
    assert platforms()[platform].endpoint(args, context).base == base


@pytest.mark.parametrize("platform", MODULES)
def test_connects_by_the_variables_of_the_modules(
    sim: Simulator, platform: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = {name: spec["env"] for name, spec in MODULES[platform].items() if "env" in spec}
    if platform == "calseta":
        # The module's option is also another platform's, so it has no fallback.
        expected["api_url"] = ["CALSETA_API_URL"]
    alert_id = add(sim, platform, 60)
    args = args_of(sim, platform, since="now-10m")
    for name, variables in expected.items():
        if args.get(name):
            monkeypatch.setenv(variables[-1], f"{args.pop(name)}\n")
    assert ids_of(args, 1) == [alert_id]


def test_credentials_given_are_not_mixed_with_those_of_the_environment(
    sim: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DD_APP_KEY", sim.credentials.datadog_app_key)
    assert "No credentials" in error_of(args_of(sim, "datadog", app_key=None))
    monkeypatch.setenv("DD_API_KEY", "another")
    ids = [add(sim, "datadog", 60)]
    assert ids_of(args_of(sim, "datadog", since="now-10m"), 1) == ids


def test_numbers_as_templates_of_a_rulebook_give_them(sim: Simulator) -> None:
    ids = [add(sim, "calseta", 60)]
    args = args_of(sim, "calseta", since="now-10m", lookback="5", overlap="60", validate_certs="False")
    assert ids_of({**args, "interval": "0.5", "eda_feedback_queue": object()}, 1) == ids


def test_options_are_documented() -> None:
    documented = page(SOURCE)["options"]
    known: dict[str, t.Any] = dict(options().COMMON)
    for platform in platforms().values():
        known.update({name: spec for name, spec in platform.options.items() if name not in known})
    assert set(documented) == set(known)
    for name, spec in known.items():
        one, default = documented[name], spec.get("default")
        assert one["type"] == spec["type"], name
        if name in options().COMMON or not isinstance(default, str):
            assert one.get("default") == default, name
        else:
            assert f"V({default})" in str(one["description"]), name
    assert documented["platform"]["choices"] == list(platforms())
    variables = [one for own in platforms().values() for spec in own.options.values() for one in spec.get("env", ())]
    assert not [one for one in [*variables, "CALSETA_API_URL"] if f"E({one})" not in str(documented)]


def test_options_have_the_names_of_the_modules() -> None:
    for platform, spec in MODULES.items():
        assert dict(platforms()[platform].options) == spec
    assert set(CONNECTION_OPTIONS.options) - set(options().COMMON) == {"retries", "concurrency"}


@pytest.mark.parametrize("file", [SOURCE, FILTER], ids=["alerts", "normalize"])
def test_page_is_complete(file: Path) -> None:
    documentation = page(file)
    assert {"short_description", "description", "version_added", "author"} <= set(documentation)
    (ruleset,) = yaml.safe_load(loaded(file)["EXAMPLES"])
    assert {"name", "hosts", "sources", "rules"} <= set(ruleset)
