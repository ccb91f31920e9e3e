# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How both Datadog modules connect: sites, keys, tokens, and what is said where they do not fit."""

from __future__ import annotations

import pytest

from ansible_collections.secops.triage.tests.simulator import Fault, Simulator
from ansible_collections.secops.triage.tests.unit.harness import Params, Result, four_runs, run_module
from ansible_collections.secops.triage.tests.unit.loopback import Loopback

MODULES: dict[str, Params] = {"signal_state": {"state": "archived"}, "signal_incident_link": {"incident_id": 4100}}
READ = "security_monitoring_signals_read"
WRITE = "security_monitoring_signals_write"


@pytest.fixture(params=MODULES)
def task(request: pytest.FixtureRequest, sim: Simulator) -> tuple[str, Params]:
    """A module, and a task for it without credentials."""
    name: str = request.param
    params = {"api_url": sim.datadog.url, "signal_ids": [sim.datadog.add_signal().id], "retries": 1}
    sim.log.clear()
    return name, {**params, **MODULES[name]}


def run(task: tuple[str, Params], **more: object) -> Result:
    return run_module(task[0], {**task[1], **more})


def keys(sim: Simulator) -> Params:
    return {"api_key": sim.credentials.datadog_api_key, "app_key": sim.credentials.datadog_app_key}


def used(sim: Simulator) -> set[tuple[str, ...]]:
    """The headers by which the requests said who asks."""
    names = ("dd-api-key", "dd-application-key", "authorization")
    return {tuple(name for name in names if name in entry.headers) for entry in sim.log}


KEYS, TOKEN = ("dd-api-key", "dd-application-key"), ("authorization",)


def test_with_keys(sim: Simulator, task: tuple[str, Params]) -> None:
    assert four_runs(sim, task[0], {**task[1], **keys(sim)}).real["changed"]
    assert used(sim) == {KEYS}


def test_with_an_access_token(sim: Simulator, task: tuple[str, Params]) -> None:
    assert four_runs(sim, task[0], {**task[1], "access_token": sim.credentials.datadog_access_token}).real["changed"]
    assert used(sim) == {TOKEN}


def test_by_alias(sim: Simulator, task: tuple[str, Params]) -> None:
    params = {**task[1], "api_key": sim.credentials.datadog_api_key}
    params["application_key"] = sim.credentials.datadog_app_key
    params["api_host"] = params.pop("api_url")
    params["signal_id"] = params.pop("signal_ids")
    assert four_runs(sim, task[0], params).real["changed"]


@pytest.mark.parametrize(
    ("variables", "header"),
    [
        ({"DD_API_KEY": "api", "DD_APP_KEY": "app"}, KEYS),
        ({"DATADOG_API_KEY": "api", "DATADOG_APP_KEY": "app"}, KEYS),
        ({"DD_API_KEY": "api", "DATADOG_API_KEY": "bad", "DD_APP_KEY": "app", "DATADOG_APP_KEY": "bad"}, KEYS),
        ({"DD_ACCESS_TOKEN": "token"}, TOKEN),
        ({"DD_BEARER_TOKEN": "token"}, TOKEN),
        ({"DD_ACCESS_TOKEN": "token", "DD_BEARER_TOKEN": "bad"}, TOKEN),
        ({"DD_API_KEY": "bad", "DD_ACCESS_TOKEN": "token"}, TOKEN),
        ({"DD_API_KEY": "api", "DD_APP_KEY": "app", "DD_ACCESS_TOKEN": "bad"}, KEYS),
    ],
)
def test_from_the_environment(
    sim: Simulator,
    task: tuple[str, Params],
    monkeypatch: pytest.MonkeyPatch,
    variables: dict[str, str],
    header: tuple[str, ...],
) -> None:
    values = {**keys(sim), "access_token": sim.credentials.datadog_access_token}
    real = {"api": values["api_key"], "app": values["app_key"], "token": values["access_token"]}
    for name, kind in variables.items():
        monkeypatch.setenv(name, real.get(kind, "nWq8ZtLx3VbKr7McHs2JdGf9PyTv5XnQ"))
    result = run(task)
    assert result["changed"], result.get("msg")
    assert used(sim) == {header}


def test_a_token_in_the_task_comes_before_keys_in_the_environment(
    sim: Simulator, task: tuple[str, Params], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DD_API_KEY", sim.credentials.datadog_api_key)
    monkeypatch.setenv("DD_APP_KEY", sim.credentials.datadog_app_key)
    assert run(task, access_token=sim.credentials.datadog_access_token)["changed"]
    assert used(sim) == {TOKEN}


def test_keys_in_the_task_come_before_a_token_in_the_environment(
    sim: Simulator, task: tuple[str, Params], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DD_ACCESS_TOKEN", sim.credentials.datadog_access_token)
    assert run(task, **keys(sim))["changed"]
    assert used(sim) == {KEYS}


def test_half_of_the_keys_may_come_from_the_environment(
    sim: Simulator, task: tuple[str, Params], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DD_APP_KEY", sim.credentials.datadog_app_key)
    monkeypatch.setenv("DD_ACCESS_TOKEN", sim.credentials.datadog_access_token)
    assert run(task, api_key=sim.credentials.datadog_api_key)["changed"]
    assert used(sim) == {KEYS}


def test_a_task_that_names_half_of_the_keys_does_not_fall_back_on_another_identity(
    sim: Simulator, task: tuple[str, Params], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DD_ACCESS_TOKEN", sim.credentials.datadog_access_token)
    result = run(task, api_key=sim.credentials.datadog_api_key)
    assert result["failed"]
    assert "app_key is missing" in result["msg"]
    assert len(sim.log) == 0


def test_both_in_the_task_are_refused(sim: Simulator, task: tuple[str, Params]) -> None:
    result = run(task, **keys(sim), access_token=sim.credentials.datadog_access_token)
    assert result["failed"]
    assert "Give only one of api_key and app_key, or access_token" in result["msg"]
    assert len(sim.log) == 0


@pytest.mark.parametrize("half", ["api_key", "app_key"])
def test_half_of_the_keys_says_which_is_missing(sim: Simulator, task: tuple[str, Params], half: str) -> None:
    result = run(task, **{half: keys(sim)[half]})
    assert result["failed"]
    assert f"{({'api_key', 'app_key'} - {half}).pop()} is missing" in result["msg"]


def test_no_credentials_names_options_and_variables(task: tuple[str, Params]) -> None:
    result = run(task)
    assert result["failed"]
    for name in ("api_key and app_key, or access_token", "DD_API_KEY", "DATADOG_APP_KEY", "DD_ACCESS_TOKEN"):
        assert name in result["msg"]


@pytest.mark.parametrize("around", ["{}\n", " {}", "{}\r\n", "\t{}\t"])
def test_keys_lose_the_space_around_them(sim: Simulator, task: tuple[str, Params], around: str) -> None:
    assert run(task, **{name: around.format(value) for name, value in keys(sim).items()})["changed"]


@pytest.mark.parametrize("bad", ["two words", "with\nnewline", "schlüssel", "nul\x00nul", " "])
def test_a_key_that_fits_in_no_header_is_refused(sim: Simulator, task: tuple[str, Params], bad: str) -> None:
    secret = f"Lw5x{bad}8Kq"
    result = run(task, **{**keys(sim), "app_key": secret})
    assert result["failed"]
    assert "app_key is empty, or has characters in it that no such credential has" in result["msg"]
    assert secret not in str(result)
    assert len(sim.log) == 0


@pytest.mark.parametrize(
    ("key", "permission"), [("datadog_read_only_app_key", WRITE), ("datadog_api_key", READ)], ids=["weak", "wrong"]
)
def test_a_403_says_which_permission_and_where(
    sim: Simulator, task: tuple[str, Params], key: str, permission: str
) -> None:
    result = run(task, **{**keys(sim), "app_key": getattr(sim.credentials, key)})
    assert result["failed"]
    assert not result["changed"]
    assert result["error"]["status"] == 403
    assert permission in result["error"]["hint"]
    assert sim.datadog.url in result["error"]["hint"]


def test_a_401_says_which_credentials(sim: Simulator, task: tuple[str, Params]) -> None:
    sim.faults.add(Fault("status", status=401, body={"errors": ["Unauthorized"]}, count=None))
    result = run(task, **keys(sim))
    assert result["failed"]
    assert result["error"]["status"] == 401
    assert "api_key and app_key, or access_token" in result["error"]["hint"]
    assert len(sim.log) == 1


@pytest.mark.parametrize("writes", [False, True])
def test_a_429_that_is_a_page_is_waited_out(sim: Simulator, task: tuple[str, Params], writes: bool) -> None:
    sim.faults.add(Fault("status", status=429, html=True, writes=writes, wait_form="retry_after", wait=0.1))
    result = run(task, **keys(sim))
    assert not result.get("failed"), result["msg"]
    assert result["changed"]
    assert [entry.status for entry in sim.log].count(429) == 1


@pytest.mark.parametrize("writes", [False, True])
def test_a_429_that_stays_says_what_to_do(sim: Simulator, task: tuple[str, Params], writes: bool) -> None:
    sim.faults.add(
        Fault("status", status=429, html=True, writes=writes, wait_form="retry_after", wait=0.05, count=None)
    )
    result = run(task, **keys(sim))
    assert result["failed"]
    assert not result["changed"]
    assert result["error"]["status"] == 429
    assert "an HTML page: 429" in result["error"]["message"]
    assert "Refused 2 times" in result["error"]["hint"]
    assert [entry.status for entry in sim.log].count(429) == 2


@pytest.mark.parametrize(
    ("variable", "option", "host"),
    [
        (None, None, "api.datadoghq.com"),
        (None, "datadoghq.eu", "api.datadoghq.eu"),
        ("us3.datadoghq.com", None, "api.us3.datadoghq.com"),
        ("us3.datadoghq.com", "datadoghq.eu", "api.datadoghq.eu"),
        (None, "https://app.datadoghq.eu/security?query=x", "api.datadoghq.eu"),
        (None, "api.us5.datadoghq.com", "api.us5.datadoghq.com"),
        (None, "http://ap1.datadoghq.com/", "api.ap1.datadoghq.com"),
        (None, " AP2.Datadoghq.com\n", "api.ap2.datadoghq.com"),
        (None, "app.ddog-gov.com", "api.ddog-gov.com"),
        (None, "us2.ddog-gov.com", "api.us2.ddog-gov.com"),
        (None, "xy9.datadoghq.com", "api.xy9.datadoghq.com"),
        (None, "new.xy9.datadoghq.eu", "api.new.xy9.datadoghq.eu"),
    ],
)
def test_the_site_names_the_host(
    sim: Simulator,
    task: tuple[str, Params],
    monkeypatch: pytest.MonkeyPatch,
    variable: str | None,
    option: str | None,
    host: str,
) -> None:
    if variable:
        monkeypatch.setenv("DD_SITE", variable)
    params = {**task[1], **keys(sim), **({"site": option} if option else {}), "retries": 0}
    del params["api_url"]
    with Loopback() as proxy:
        result = run_module(task[0], {**params, "proxy": proxy.url})
    assert [seen.target for seen in proxy.seen] == [f"{host}:443"]
    assert result["failed"]
    assert host in result["msg"]


@pytest.mark.parametrize(
    "bad",
    [
        *("us3", "", "datadoghq com", "https://", "-", "a..b", "..datadoghq.com", "us 3.datadoghq.com"),
        *(
            "datadog.eu",
            "datadog.com",
            "datadoghq.example",
            "xdatadoghq.com",
            "us3-datadoghq.com",
            "datadoghq.com.example",
        ),
        *("datadoghq.com@a.example", "a.example#.datadoghq.com", "a.example?.datadoghq.com", "a.example/datadoghq.com"),
        *("https://a.example/api.datadoghq.com", "datadoghq.com:8443", "datadoghq.com\n.a.example", "ddog-gov.com.cn"),
    ],
)
def test_what_is_no_site_is_refused(sim: Simulator, task: tuple[str, Params], bad: str) -> None:
    """Whoever has such a domain would be handed the keys."""
    result = run(task, **keys(sim), site=bad)
    assert result["failed"]
    assert "is not a Datadog site such as" in result["msg"]
    assert result["error"]["kind"] == "option"
    assert "api_url" in result["error"]["hint"]
    assert len(sim.log) == 0


@pytest.mark.parametrize("module", MODULES)
def test_a_key_that_may_not_write_is_not_tried_on_every_signal(sim: Simulator, module: str) -> None:
    ids = [sim.datadog.add_signal().id for _each in range(60)]
    credentials = {**keys(sim), "app_key": sim.credentials.datadog_read_only_app_key}
    task = {"api_url": sim.datadog.url, "signal_ids": ids, "concurrency": 4, "retries": 2, **MODULES[module]}
    sim.log.clear()
    result = run_module(module, {**task, **credentials})
    bulk = [entry for entry in sim.log.writes() if entry.path.endswith("/bulk/update")]
    assert len(bulk) == (1 if module == "signal_state" else 0)
    single = len(sim.log.writes()) - len(bulk)
    assert single == 0 if bulk else 1 <= single <= 4
    assert result["counts"]["failed"] == 60
    assert {row["error"]["status"] for row in result["signals"]} == {403}
    assert {row["changed"] for row in result["signals"]} == {False}
    assert WRITE in result["msg"]


@pytest.mark.parametrize("shape", ["objects", "strings", "error"])
@pytest.mark.parametrize("named", [{"signal_ids": ["AQAAAone"]}, {"query": "source:okta", "from": "now-1d"}])
def test_a_wrong_base_path_is_told(sim: Simulator, task: tuple[str, Params], named: Params, shape: str) -> None:
    """That of an API, whose 404 is JSON, too: it does not say that there is no such signal."""
    sim.settings.datadog.error_shape = shape
    module, params = task
    base = {name: value for name, value in params.items() if name != "signal_ids"}
    wrong = f"{sim.datadog.url}/gateway"
    result = run_module(module, {**base, **keys(sim), **named, "api_url": wrong})
    assert result["failed"]
    assert (result["error"]["status"], result["error"]["kind"]) == (404, "refused")
    assert "Check api_url" in result["error"]["hint"]
    assert "no such signal" not in result["msg"]
    assert not sim.log.writes()
