# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The event source and the info modules take the same options the same way, and say the same."""

from __future__ import annotations

import json
import logging
import time
import typing as t

import pytest

from ansible_collections.secops.triage.tests.simulator import Fault, Simulator
from ansible_collections.secops.triage.tests.unit.extensions.eda.sources import (
    PLATFORMS,
    add,
    args_of,
    error_of,
    everywhere,
    ids_of,
)
from ansible_collections.secops.triage.tests.unit.harness import run_module

Args = dict[str, t.Any]
Change = t.Callable[[Simulator], Args]

MODULES = {"datadog": "signal_info", "kibana": "kibana_alert_info"}


def module_error(sim: Simulator, platform: str, **options: t.Any) -> str:
    """The message of the info module that fails with these options."""
    params = {**args_of(sim, platform), "retries": 0, **options}
    query = params.pop("query", None)
    name = MODULES.get(platform, "alert_info")
    if name == "alert_info":
        params["provider"] = platform
    params["query"] = query or {"datadog": "*", "kibana": {"match_all": {}}, "calseta": {}}[platform]
    params.pop("platform")
    params.pop("interval")
    result = run_module(name, {name: value for name, value in params.items() if value is not None})
    assert result["failed"]
    return str(result["msg"])


REFUSED: list[tuple[str, Args]] = [
    *((platform, {"api_url": "https://h.example/a b"}) for platform in PLATFORMS),
    *((platform, {"api_url": "https://u:Kq7ZxT5vLm9Nc3J@h.example"}) for platform in PLATFORMS),
    *((platform, {"api_url": "http://h.example"}) for platform in PLATFORMS),
    *((platform, {"api_url": "ftp://h.example"}) for platform in PLATFORMS),
    *((platform, {"proxy": "socks5://h.example"}) for platform in PLATFORMS),
    *((platform, {"timeout": 0}) for platform in PLATFORMS),
    ("datadog", {"site": "datadog.eu", "api_url": None}),
    ("datadog", {"api_key": None}),
    ("datadog", {"access_token": "Kq7ZxT5vLm9Nc3JdHs8PyGbF2Rt6Wd"}),
    ("datadog", {"api_key": "Kq7ZxT5vLm9Nc3JdHs\n8PyGbF2Rt6Wd"}),
    ("kibana", {"api_url": None}),
    ("kibana", {"space_id": "Soc"}),
    ("kibana", {"api_key": "VuaCfGcBCdbkQm-e5aOx:ui2lp2axTNmsyakw9tvNnw"}),
    ("security_deck", {"api_host": "a b"}),
    ("security_deck", {"iam_token": None}),
    ("security_deck", {"iam_token": "y0_AgAAAABqKx7ZxT5vLm9Nc3JdHs8PyGbF2Rt6Wd"}),
    ("security_deck", {"iam_token": None, "service_account_key_file": '{"id": "a"}'}),
    ("security_deck", {"query": {"sink_id": "../x"}}),
    ("calseta", {"api_url": None}),
    ("calseta", {"api_key": None}),
    ("calseta", {"query": {"source_name": ["a,b"]}}),
]


@pytest.mark.parametrize(("platform", "given"), REFUSED, ids=[f"{one[0]} {', '.join(one[1])}" for one in REFUSED])
def test_bad_options_are_refused_in_the_same_words(sim: Simulator, platform: str, given: Args) -> None:
    assert error_of({**args_of(sim, platform), **given}) == module_error(sim, platform, **given)
    assert not len(sim.log)


@everywhere
@pytest.mark.parametrize("status", [400, 401, 403, 404])
def test_refusals_are_reported_in_the_same_words(sim: Simulator, platform: str, status: int) -> None:
    """With the permission that reading alerts takes."""
    sim.faults.add(Fault("status", platform=platform, status=status, count=None))
    source, module = error_of(args_of(sim, platform)), module_error(sim, platform)
    # The info modules find out first whether a search leaves anything out; the request may be another.
    assert source.partition(": ")[2] == module.partition(": ")[2]


WAITS = [
    ("Retry-After", "1e2", 0),
    ("Retry-After", "1500000000", 0),
    ("Retry-After", "2", 2),
    ("X-RateLimit-Reset", "Thu, 01 Jan 1970 00:00:00 GMT", 0),
    ("X-RateLimit-Reset", "DATE", 3),
]


@pytest.mark.parametrize(("name", "value", "seconds"), WAITS)
def test_both_wait_as_long_as_the_server_asks(
    sim: Simulator, caplog: t.Any, name: str, value: str, seconds: int
) -> None:
    """As far as it can be told; otherwise the source's own first wait is below a second."""
    alert_id = add(sim, "datadog", 60)

    def fault() -> None:
        moment = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(time.time() + seconds + 1))
        headers = {name: value.replace("DATE", moment)}
        sim.faults.add(Fault("status", platform="datadog", status=429, headers=headers))

    fault()
    with caplog.at_level(logging.WARNING, "secops.triage.alerts"):
        assert ids_of(args_of(sim, "datadog", since="now-10m"), 1) == [alert_id]
    waited = float(caplog.messages[0].rpartition("Trying again in ")[2].removesuffix(" s"))
    assert seconds <= waited <= 1.5 * (seconds + 1)
    fault()
    start = time.monotonic()
    params = {name: value for name, value in args_of(sim, "datadog").items() if name not in ("platform", "interval")}
    assert not run_module("signal_info", {**params, "signal_ids": [alert_id]}).get("failed")
    assert time.monotonic() - start >= seconds


@pytest.mark.parametrize("blank", ["", " "])
def test_blank_variables_count_as_unset(sim: Simulator, monkeypatch: pytest.MonkeyPatch, blank: str) -> None:
    alert_id = add(sim, "datadog", 60)
    args = args_of(sim, "datadog", since="now-10m")
    for name in ("DD_API_KEY", "DD_APP_KEY", "DD_SITE", "DD_ACCESS_TOKEN"):
        monkeypatch.setenv(name, blank)
    monkeypatch.setenv("DATADOG_API_KEY", args.pop("api_key"))
    monkeypatch.setenv("DATADOG_APP_KEY", args.pop("app_key"))
    assert ids_of(args, 1) == [alert_id]
    result = run_module("signal_info", {"api_url": args["api_url"], "signal_ids": [alert_id]})
    assert [signal["id"] for signal in result["signals"]] == [alert_id]


def test_an_endpoint_with_a_port_has_no_port_in_the_audience(sim: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YC_ENDPOINT", "api.cloud.yandex.net:443")
    alert_id = add(sim, "security_deck", 60)
    key = json.dumps(sim.security_deck.service_account_key())
    args = args_of(sim, "security_deck", since="now-10m", iam_token=None, service_account_key_file=key)
    assert ids_of(args, 1) == [alert_id]
    options = {"api_url": args["api_url"], "service_account_key_file": key}
    result = run_module("alert_info", {"provider": "security_deck", "alert_ids": [alert_id], **options})
    assert [alert["id"] for alert in result["alerts"]] == [alert_id]
