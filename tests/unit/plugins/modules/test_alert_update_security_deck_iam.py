# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""IAM tokens for Security Deck: given, exchanged for a key, or from the metadata of a machine."""

from __future__ import annotations

import json
import re
import typing as t
from pathlib import Path

import jwt
import pytest

from ansible_collections.secops.triage.tests.simulator import Entry, Fault, Simulator
from ansible_collections.secops.triage.tests.unit.harness import Meanwhile, Params, Result, four_runs, run_module

NAME = "alert_update"
#: Nothing listens there, and nothing goes further.
NOWHERE = "http://127.0.0.1:9"


@pytest.fixture
def deck(sim: Simulator, monkeypatch: pytest.MonkeyPatch) -> Params:
    """A task without credentials; the machine that it runs on has a metadata service."""
    sim.settings.security_deck.operation_seconds = 0
    monkeypatch.setenv("YC_METADATA_ADDR", sim.host)
    alerts = [sim.security_deck.add_alert().id for _number in range(3)]
    return {
        "provider": "security_deck",
        "api_url": sim.security_deck.url,
        "alert_ids": alerts,
        "status": "RESOLVED",
        "retries": 0,
    }


@pytest.fixture
def key(sim: Simulator) -> dict[str, str]:
    return sim.security_deck.service_account_key()


def run(deck: Params, **options: t.Any) -> Result:
    task = {**deck, **options}
    return run_module(NAME, {name: value for name, value in task.items() if value is not None})


def tokens(sim: Simulator) -> list[Entry]:
    """The requests for a token."""
    return sim.log.select(path="/iam/v1/tokens|/computeMetadata/")


def bearers(sim: Simulator) -> set[str]:
    """The tokens that alerts were asked for with."""
    return {entry.headers["authorization"].partition(" ")[2] for entry in sim.log.select(path="/alerts/")}


# Ways to a token


@pytest.mark.versions
@pytest.mark.parametrize("variable", [None, "YC_IAM_TOKEN", "YC_TOKEN"])
def test_token_that_is_given(
    sim: Simulator, deck: Params, variable: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = sim.credentials.iam_token
    if variable:
        monkeypatch.setenv(variable, token)
    else:
        deck["iam_token"] = f"{token}\n"
    four_runs(sim, NAME, deck)
    assert bearers(sim) == {token}
    assert not tokens(sim)


def test_first_variable_comes_first(sim: Simulator, deck: Params, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YC_TOKEN", "t1.other")
    monkeypatch.setenv("YC_IAM_TOKEN", sim.credentials.iam_token)
    run(deck)
    assert bearers(sim) == {sim.credentials.iam_token}


OAUTH = "y0_AgAAAAAkWz7xTvn9LrMb2JcH8dPs5GyFq4ZtX"


@pytest.mark.parametrize("other", ["service_account_key_file", "instance_metadata"])
@pytest.mark.parametrize("place", ["task", "environment"])
def test_oauth_token_of_the_environment_is_not_taken_where_there_is_another_way(
    sim: Simulator, deck: Params, key: dict[str, str], other: str, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Other tools of this cloud take such a token from there."""
    monkeypatch.setenv("YC_TOKEN", OAUTH)
    if other == "instance_metadata":
        deck["instance_metadata"] = True
    elif place == "task":
        deck["service_account_key_file"] = key
    else:
        monkeypatch.setenv("YC_SERVICE_ACCOUNT_KEY_FILE", json.dumps(key))
    four_runs(sim, NAME, deck)
    assert OAUTH not in bearers(sim)


@pytest.mark.parametrize("place", ["task", "YC_TOKEN", "YC_IAM_TOKEN"])
def test_oauth_token_is_named_and_not_sent(
    sim: Simulator, deck: Params, key: dict[str, str], place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if place == "task":
        monkeypatch.setenv("YC_SERVICE_ACCOUNT_KEY_FILE", json.dumps(key))
        deck["iam_token"] = f"{OAUTH}\n"
    else:
        monkeypatch.setenv(place, OAUTH)
    result = run(deck)
    assert "iam_token is an OAuth token" in result["msg"]
    assert "yc iam create-token" in result["error"]["hint"]
    assert (result["error"]["kind"], OAUTH in json.dumps(result)) == ("option", False)
    assert not sim.log


def as_text(key: dict[str, str], folder: Path) -> t.Any:
    return json.dumps(key)


def as_mapping(key: dict[str, str], folder: Path) -> t.Any:
    return key


def as_path(key: dict[str, str], folder: Path) -> t.Any:
    path = folder / "key.json"
    path.write_text(json.dumps(key, indent=2) + "\n", encoding="utf-8")
    return str(path)


def as_text_with_mark(key: dict[str, str], folder: Path) -> t.Any:
    return "\ufeff" + json.dumps(key)


def as_path_with_mark(key: dict[str, str], folder: Path) -> t.Any:
    """As editors of Windows write it."""
    path = folder / "key.json"
    path.write_text(json.dumps(key), encoding="utf-8-sig")
    return str(path)


@pytest.mark.versions
@pytest.mark.parametrize("form", [as_text, as_mapping, as_path, as_text_with_mark, as_path_with_mark])
@pytest.mark.parametrize("warned", [True, False])
def test_key_of_a_service_account(
    sim: Simulator, deck: Params, key: dict[str, str], form: t.Callable[..., t.Any], warned: bool, tmp_path: Path
) -> None:
    assert key["private_key"].startswith("PLEASE DO NOT REMOVE THIS LINE!")
    if not warned:
        key["private_key"] = key["private_key"].partition("\n")[2]
    runs = four_runs(sim, NAME, {**deck, "service_account_key_file": form(key, tmp_path)})
    # One exchange for all alerts, reads and writes.
    assert [entry.path for entry in runs.requests].count("/security_deck/iam/v1/tokens") == 1
    assert len(bearers(sim)) == 1


@pytest.mark.parametrize("form", [as_text, as_path])
@pytest.mark.parametrize("end", ["", "\n"])
def test_key_from_the_environment(
    sim: Simulator,
    deck: Params,
    key: dict[str, str],
    form: t.Callable[..., str],
    end: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("YC_SERVICE_ACCOUNT_KEY_FILE", form(key, tmp_path) + end)
    four_runs(sim, NAME, deck)
    assert len(tokens(sim)) == 1
    # And a token in the task comes before it.
    sim.log.clear()
    assert not run(deck, iam_token=sim.credentials.iam_token).get("failed")
    assert not tokens(sim)


@pytest.mark.versions
@pytest.mark.parametrize(
    ("options", "host"),
    [
        ({}, "api.cloud.yandex.net"),
        ({"api_host": "api.cloud.yandex.net:443"}, "api.cloud.yandex.net"),
        ({"api_host": "api.yandexcloud.kz"}, "api.yandexcloud.kz"),
        ({"api_host": " api.yandexcloud.kz:443 "}, "api.yandexcloud.kz"),
    ],
)
def test_jwt_is_what_the_service_wants(
    sim: Simulator, deck: Params, key: dict[str, str], options: Params, host: str
) -> None:
    run(deck, service_account_key_file=key, **options)
    encoded = tokens(sim)[0].body["jwt"]
    header = jwt.get_unverified_header(encoded)
    assert (header["alg"], header["kid"]) == ("PS256", key["id"])
    audience = f"https://iam.{host}/iam/v1/tokens"
    claims = jwt.decode(encoded, key["public_key"], algorithms=["PS256"], audience=audience)
    assert claims["iss"] == key["service_account_id"]
    assert claims["aud"] == audience
    assert 0 < claims["exp"] - claims["iat"] <= 3600
    assert set(claims) == {"iss", "aud", "iat", "exp"}


def test_token_of_the_machine(sim: Simulator, deck: Params) -> None:
    runs = four_runs(sim, NAME, {**deck, "instance_metadata": True})
    (asked,) = [entry for entry in runs.requests if entry.path.startswith("/computeMetadata/")]
    assert asked.headers["metadata-flavor"] == "Google"
    assert "authorization" not in asked.headers


def test_metadata_is_never_asked_for_through_a_proxy(
    sim: Simulator, deck: Params, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("YC_METADATA_ADDR", sim.host.replace("127.0.0.1", "localhost"))
    monkeypatch.setenv("HTTP_PROXY", NOWHERE)
    monkeypatch.setenv("http_proxy", NOWHERE)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    assert not run(deck, instance_metadata=True).get("failed")
    sim.log.clear()
    # Nor through that of the task, which the alerts do need.
    assert run(deck, instance_metadata=True, proxy=NOWHERE, allow_http=True)["failed"]
    assert [entry.path.split("/")[1] for entry in sim.log] == ["computeMetadata"]


def test_machine_without_a_service_account(sim: Simulator, deck: Params) -> None:
    sim.settings.security_deck.metadata_available = False
    result = run(deck, instance_metadata=True)
    assert result["error"]["status"] == 404
    assert "virtual machine" in result["error"]["hint"]


@pytest.mark.parametrize("address", ["169.254.169.254/latest", "user@host", "a b", "host:port"])
def test_address_of_the_metadata_that_is_none(
    sim: Simulator, deck: Params, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("YC_METADATA_ADDR", address)
    assert "YC_METADATA_ADDR" in run(deck, instance_metadata=True)["msg"]
    assert not sim.log


# Which one


@pytest.mark.parametrize("exported", ["YC_IAM_TOKEN", "YC_TOKEN", "YC_SERVICE_ACCOUNT_KEY_FILE"])
@pytest.mark.parametrize("way", ["iam_token", "service_account_key_file", "instance_metadata"])
def test_the_task_comes_before_the_environment(
    sim: Simulator, deck: Params, key: dict[str, str], way: str, exported: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = {"iam_token": sim.credentials.iam_token, "service_account_key_file": key, "instance_metadata": True}
    monkeypatch.setenv(exported, "t1.0ther0rganisation")
    assert not run(deck, **{way: given[way]}).get("failed")
    assert "t1.0ther0rganisation" not in bearers(sim)


@pytest.mark.parametrize("first", ["iam_token", "service_account_key_file"])
def test_two_ways_in_the_task_are_refused(sim: Simulator, deck: Params, first: str) -> None:
    result = run(deck, **{first: "t1.0ther0rganisation", "instance_metadata": True})
    assert f"only one of {first}, or instance_metadata" in result["msg"]
    assert not sim.log


def test_no_credentials_names_the_ways(sim: Simulator, deck: Params) -> None:
    said = run(deck)["msg"]
    for name in ("iam_token", "service_account_key_file", "instance_metadata", "YC_IAM_TOKEN", "YC_TOKEN"):
        assert name in said
    assert not sim.log


# Refused tokens


@pytest.mark.parametrize("module", ["alert_update", "alert_info", "alert_note"])
@pytest.mark.parametrize("way", ["service_account_key_file", "instance_metadata"])
def test_account_that_does_not_exist_is_no_missing_alert(
    sim: Simulator, deck: Params, key: dict[str, str], way: str, module: str
) -> None:
    """The service says both with the same status, in the same shape."""
    body = {"code": 5, "message": f"Service account {key['service_account_id']} not found", "details": []}
    sim.faults.add(Fault("status", path="/iam/v1/tokens|/computeMetadata/", status=404, body=body, count=None))
    given: Params = {"service_account_key_file": key} if way == "service_account_key_file" else {way: True}
    if module != "alert_update":
        del deck["status"]
    text = {"text": "Drill"} if module == "alert_note" else {}
    result = run_module(module, {**deck, **given, **text})
    assert result["failed"]
    assert "no such alert" not in result["msg"]
    assert re.search(r"404 Not Found: Service account [\w*]+ not found", result["msg"])
    assert (result["error"]["status"], result["error"]["path"]) == (404, tokens(sim)[0].path.partition("?")[0])
    assert len(tokens(sim)) == 1


@pytest.mark.parametrize("way", ["service_account_key_file", "instance_metadata"])
def test_token_that_is_refused_is_fetched_anew(sim: Simulator, deck: Params, key: dict[str, str], way: str) -> None:
    """It may have come to its end between the reading and the writing."""
    sim.faults.add(Meanwhile(lambda entry: sim.security_deck.tokens.expire(), writes=True))
    result = run(deck, **{way: key if way == "service_account_key_file" else True})
    assert result["counts"]["changed"] == 3
    assert len(tokens(sim)) == 2
    assert len(bearers(sim)) == 2
    assert sum(map(sim.security_deck.writes_of, deck["alert_ids"])) == 3


@pytest.mark.parametrize("way", ["service_account_key_file", "instance_metadata"])
def test_token_is_fetched_anew_only_once(sim: Simulator, deck: Params, key: dict[str, str], way: str) -> None:
    sim.faults.add(Fault("status", path="/alerts/", status=401, count=None))
    result = run(deck, **{way: key if way == "service_account_key_file" else True}, concurrency=1)
    assert result["error"]["status"] == 401
    assert "IAM token" in result["error"]["hint"]
    assert len(tokens(sim)) == 2
    assert len(sim.log.select(path="/alerts/")) == 2


def test_given_token_that_is_refused_is_not_tried_again(sim: Simulator, deck: Params) -> None:
    result = run(deck, iam_token="t1.n0tG00d", concurrency=1)
    assert result["error"]["status"] == 401
    assert len(sim.log) == 1


def test_key_that_the_service_does_not_know(sim: Simulator, deck: Params, key: dict[str, str]) -> None:
    result = run(deck, service_account_key_file={**key, "id": "ajedeleted"})
    assert (result["error"]["status"], result["error"]["path"]) == (401, "/security_deck/iam/v1/tokens")
    assert "the key of the JWT was not found" in result["msg"]
    assert "service account's key" in result["error"]["hint"]
    assert len(sim.log) == 1


# Where it is


@pytest.mark.parametrize(
    ("options", "host"),
    [
        ({}, "alert-sink.api.cloud.yandex.net"),
        ({"api_host": "api.yandexcloud.kz"}, "alert-sink.api.yandexcloud.kz"),
        ({"api_host": "api.yandexcloud.kz:443"}, "alert-sink.api.yandexcloud.kz"),
    ],
)
@pytest.mark.parametrize("place", ["task", "environment"])
def test_hosts_of_the_cloud(
    sim: Simulator, deck: Params, options: Params, host: str, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if place == "environment":
        for value in options.values():
            monkeypatch.setenv("YC_ENDPOINT", value)
        options = {}
    task = {**deck, "api_url": None, "proxy": NOWHERE, **options}
    assert f"no connection to {host} through the proxy" in run(task, iam_token=sim.credentials.iam_token)["msg"]
    said = run(task, service_account_key_file=sim.security_deck.service_account_key())["msg"]
    assert f"no connection to {host.replace('alert-sink', 'iam')} through the proxy" in said
