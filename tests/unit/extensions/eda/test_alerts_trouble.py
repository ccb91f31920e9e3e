# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Transient errors are waited out, permanent ones stop the source, and secrets stay out of messages."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import logging
import sys
import typing as t
from pathlib import Path

import pytest

from ansible_collections.secops.triage.tests.simulator import Fault, Simulator
from ansible_collections.secops.triage.tests.unit.extensions.eda.sources import (
    add,
    args_of,
    error_of,
    everywhere,
    ids_of,
    running,
)
from ansible_collections.secops.triage.tests.unit.harness import without_rsa
from ansible_collections.secops.triage.tests.unit.loopback import Loopback, Reply, make_certificate

TRANSIENT: list[dict[str, t.Any]] = [
    {"action": "status", "status": 429},
    {"action": "status", "status": 429, "wait_form": "retry_after", "wait": 0},
    {"action": "status", "status": 429, "wait_form": "ratelimit_reset_epoch", "wait": 0},
    {"action": "status", "status": 503, "html": True},
    {"action": "status", "status": 408},
    # aiohttp itself repeats a request whose kept connection breaks.
    {"action": "reset", "count": 2},
    {"action": "close", "count": 2},
    {"action": "truncate"},
    {"action": "html"},
    {"action": "empty"},
    {"action": "merge", "body": {"data": 7, "hits": 7, "alerts": 7}},
    {"action": "merge", "body": {"data": [7], "hits": {"hits": [7]}, "alerts": [7]}},
]


@everywhere
@pytest.mark.parametrize("fault", TRANSIENT, ids=lambda fault: "-".join(map(str, fault.values())))
def test_transient_errors_are_waited_out(sim: Simulator, platform: str, fault: dict[str, t.Any], caplog: t.Any) -> None:
    """The log tells the error, and no event comes twice."""
    ids = [add(sim, platform, 60), add(sim, platform, 30)]
    sim.faults.add(Fault(**fault, platform=platform))
    with caplog.at_level(logging.WARNING, "secops.triage.alerts"):
        assert ids_of(args_of(sim, platform, since="now-10m"), 2) == ids
    assert f"{platform}: " in caplog.text
    assert "Trying again in" in caplog.text


def test_slow_server(sim: Simulator) -> None:
    ids = [add(sim, "datadog", 60)]
    sim.faults.add(Fault("delay", platform="datadog", delay=3))
    assert ids_of(args_of(sim, "datadog", since="now-10m", timeout=0.5), 1) == ids


def test_broken_connection_between_pages(sim: Simulator) -> None:
    """The alerts of the first page are not lost."""
    ids = {add(sim, "datadog", 60) for _position in range(1005)}
    sim.faults.add(Fault("reset", platform="datadog", nth=2, count=2))
    assert set(ids_of(args_of(sim, "datadog", since="now-10m"), len(ids))) == ids


def test_incomplete_searches_do_not_count(sim: Simulator) -> None:
    """They would move the checkpoint past alerts that they do not show."""
    first = {"datadog": add(sim, "datadog", 60), "kibana": add(sim, "kibana", 60)}
    sim.faults.add(Fault("merge", platform="datadog", body={"data": [], "meta": {"status": "timeout"}}))
    sim.faults.add(Fault("merge", platform="kibana", body={"_shards": {"failed": 1}, "hits": {"hits": []}}))
    sim.faults.add(Fault("merge", platform="kibana", body={"timed_out": True, "hits": {"hits": []}}))
    for platform, alert_id in first.items():
        assert ids_of(args_of(sim, platform, since="now-10m"), 1) == [alert_id]


def test_search_in_a_circle_is_an_error(sim: Simulator, caplog: t.Any) -> None:
    last = add(sim, "security_deck", 30)
    sim.faults.add(Fault("merge", platform="security_deck", count=None, body={"nextPageToken": "ZnJvbSAw"}))

    async def scenario() -> None:
        async with running(args_of(sim, "security_deck", since="now-3w", only_new=False)) as feed:
            assert last in await feed.ids(11)
            while "goes round in circles" not in caplog.text:
                await asyncio.sleep(0)

    with caplog.at_level(logging.WARNING, "secops.triage.alerts"):
        asyncio.run(scenario())


def test_alert_without_a_time_is_left_out_and_logged(sim: Simulator, caplog: t.Any) -> None:
    add(sim, "calseta", 60)
    sim.faults.add(Fault("merge", platform="calseta", body={"data": [{"uuid": "x", "created_at": 7}]}))
    with caplog.at_level(logging.WARNING, "secops.triage.alerts"):
        ids_of(args_of(sim, "calseta", since="now-10m"), 1)
    assert "is left out" in caplog.text


# Permanent errors

#: What reading alerts takes, in the words of the info modules.
HINTS = {
    "datadog": {401: "Check api_key and app_key, or access_token", 403: "may use security_monitoring_signals_read"},
    "kibana": {401: "Check api_key, username and password", 403: "Kibana's privilege to read security alerts"},
    "security_deck": {401: "Check the IAM token", 403: "has the role security-deck.alertSinks.viewer"},
    "calseta": {401: "Check api_key, and that", 403: "The key needs the scope alerts:read, which"},
}


@everywhere
@pytest.mark.parametrize("status", [400, 401, 403, 404, 418])
def test_permanent_errors_stop_the_source(sim: Simulator, platform: str, status: int) -> None:
    sim.faults.add(Fault("status", platform=platform, status=status, count=None))
    said = error_of(args_of(sim, platform))
    assert f": {status} " in said
    assert HINTS[platform].get(status, "") in said
    assert len(sim.log.select(platform)) == 1


@everywhere
def test_redirect_is_not_followed(sim: Simulator, platform: str) -> None:
    with Loopback() as elsewhere:
        sim.faults.add(Fault("redirect", platform=platform, location=elsewhere.url))
        said = error_of(args_of(sim, platform))
        assert f"a redirect to {elsewhere.url.partition('//')[2]}. Redirects are not followed" in said
        assert not elsewhere.seen


def test_refused_query_is_reported_in_the_services_words(sim: Simulator) -> None:
    said = error_of(args_of(sim, "kibana", query={"no_such_query": {}}))
    assert "unknown query [no_such_query]" in said


@everywhere
def test_wrong_credentials(sim: Simulator, platform: str) -> None:
    wrong = "Wr0ngKq7ZxT5vLm9Nc3JdHs8PyGbF2".ljust(40, "x")
    names = [name for name in args_of(sim, platform) if name in ("api_key", "app_key", "iam_token")]
    said = error_of(args_of(sim, platform, **dict.fromkeys(names, wrong)))
    assert ": 40" in said
    assert wrong not in said


def test_cancelled_during_a_request(sim: Simulator) -> None:
    sim.faults.add(Fault("delay", platform="datadog", delay=3, count=None))

    async def scenario() -> None:
        async with running(args_of(sim, "datadog")) as feed:
            while not len(sim.log):
                await asyncio.sleep(0)
        assert feed.task.cancelled()

    asyncio.run(scenario())


def test_cancelled_during_a_wait(sim: Simulator) -> None:
    sim.faults.add(Fault("status", status=429, wait_form="retry_after", wait=250, count=None))

    async def scenario() -> None:
        async with running(args_of(sim, "datadog")) as feed:
            while not sim.log.select("datadog", status=429):
                await asyncio.sleep(0)
        assert feed.task.cancelled()

    asyncio.run(scenario())
    assert len(sim.log) == 1


# Tokens of Yandex Cloud


@pytest.mark.parametrize("form", ["path", "text", "mapping"])
def test_service_account_key(sim: Simulator, tmp_path: Path, form: str) -> None:
    key: t.Any = sim.security_deck.service_account_key()
    if form == "path":
        (tmp_path / "key.json").write_text(json.dumps(key), encoding="utf-8")
    given = {"path": str(tmp_path / "key.json"), "text": json.dumps(key), "mapping": key}[form]
    args = args_of(sim, "security_deck", iam_token=None, service_account_key_file=given, since="now-10m")

    async def scenario() -> None:
        async with running(args) as feed:
            first = add(sim, "security_deck", 60)
            assert await feed.ids(1) == [first]
            # Twelve hours later.
            sim.security_deck.tokens.expire()
            second = add(sim, "security_deck", 30)
            assert await feed.ids(1) == [second]

    asyncio.run(scenario())
    assert len(sim.log.select(path="/iam/v1/tokens")) == 2


def test_instance_metadata(sim: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YC_METADATA_ADDR", sim.host)
    ids = [add(sim, "security_deck", 60)]
    assert ids_of(args_of(sim, "security_deck", iam_token=None, instance_metadata=True, since="now-10m"), 1) == ids


@pytest.mark.parametrize(
    ("key", "reason"),
    [
        ("{}", "service_account_key_file has no id and no service_account_id and no private_key"),
        ("{", "service_account_key_file is not JSON"),
        (
            '{"id": "a", "service_account_id": "b", "private_key": "c"}',
            "The private_key of service_account_key_file is not an RSA key in PEM",
        ),
    ],
)
def test_bad_service_account_key(sim: Simulator, key: str, reason: str) -> None:
    assert error_of(args_of(sim, "security_deck", iam_token=None, service_account_key_file=key)) == reason


def test_missing_key_file_is_named(sim: Simulator) -> None:
    said = error_of(args_of(sim, "security_deck", iam_token=None, service_account_key_file="/no/such/file"))
    assert said.startswith("The file that service_account_key_file names does not exist")


@pytest.mark.parametrize("lacks", ["PyJWT", "cryptography"])
def test_without_pyjwt(sim: Simulator, monkeypatch: pytest.MonkeyPatch, lacks: str) -> None:
    if lacks == "PyJWT":
        monkeypatch.setitem(sys.modules, "jwt", None)
    args = args_of(sim, "security_deck", iam_token=None)
    args["service_account_key_file"] = sim.security_deck.service_account_key()
    with without_rsa() if lacks == "cryptography" else contextlib.nullcontext():
        said = error_of(args)
    assert said.startswith(f"service_account_key_file needs the Python package PyJWT[crypto] for {sys.executable}")


def test_refused_service_account_key(sim: Simulator) -> None:
    key = {**sim.security_deck.service_account_key(), "id": "ajeunknown0000000000"}
    said = error_of(args_of(sim, "security_deck", iam_token=None, service_account_key_file=key))
    assert "/iam/v1/tokens: 4" in said
    assert "Check the service account's key" in said


# Secrets


def secrets_of(args: dict[str, t.Any]) -> list[str]:
    given = [value for name, value in args.items() if name in ("api_key", "app_key", "iam_token")]
    # The secret part of a Kibana key.
    return [
        *given,
        *(base64.b64decode(one).decode().partition(":")[2] for one in given if args["platform"] == "kibana"),
    ]


@everywhere
def test_no_secret_in_logs_or_errors(sim: Simulator, platform: str, caplog: t.Any) -> None:
    """Not even if the server echoes them."""
    args = args_of(sim, platform, since="now-10m")
    add(sim, platform, 60)
    secrets = secrets_of(args)
    sim.faults.add(Fault("status", status=503, body={"message": secrets}))
    with caplog.at_level(logging.DEBUG):
        ids_of(args, 1)
        sim.faults.add(
            Fault("status", status=400, body={"message": [f"You sent {one}" for one in secrets]}, count=None)
        )
        said = error_of(args)
    assert "You sent ********" in said
    for secret in secrets:
        assert secret not in said + caplog.text


def test_basic_credentials(sim: Simulator, caplog: t.Any) -> None:
    keys = sim.credentials
    who = {"api_key": None, "username": keys.kibana_username, "password": keys.kibana_password}
    ids = [add(sim, "kibana", 60)]
    with caplog.at_level(logging.DEBUG):
        assert ids_of(args_of(sim, "kibana", since="now-10m", **who), 1) == ids
    assert keys.kibana_password not in caplog.text


def test_spaces_of_kibana(sim: Simulator) -> None:
    add(sim, "kibana", 60)
    alert_id = sim.kibana.add_alert(space="soc")
    assert ids_of(args_of(sim, "kibana", since="now-5w", space_id="soc"), 1) == [alert_id]


# TLS and proxies


def test_certificate(sim: Simulator, tmp_path: Path) -> None:
    certificate = make_certificate(tmp_path)
    with Loopback(certificate) as server:
        server.reply = Reply(403)
        args = {**args_of(sim, "datadog"), "api_url": server.url}
        said = error_of(args)
        assert "no trusted TLS connection" in said
        assert "ca_path" in said
        assert not server.seen
        assert ": 403 " in error_of({**args, "ca_path": str(certificate)})
        assert ": 403 " in error_of({**args, "validate_certs": "no"})
    (tmp_path / "bad.pem").write_text("no certificate", encoding="utf-8")
    assert "cannot be used" in error_of({**args, "ca_path": str(tmp_path / "bad.pem")})


@pytest.mark.parametrize("way", ["option", "environment"])
def test_proxy(sim: Simulator, way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with Loopback() as proxy:
        proxy.reply = Reply(403)
        address = f"http://user:Pr0xyKq7ZxT5vLm9@127.0.0.1:{proxy.port}"
        if way == "environment":
            monkeypatch.setenv("http_proxy", address)
        args = {**args_of(sim, "datadog"), "api_url": "http://soc.example.com", "allow_http": True}
        said = error_of(args if way == "environment" else {**args, "proxy": address})
        assert ": 403 " in said
        assert "Pr0xyKq7ZxT5vLm9" not in said
        assert [one.target for one in proxy.seen] == [
            "http://soc.example.com/api/v2/security_monitoring/signals/search"
        ]
        assert "authorization" not in proxy.seen[0].headers
        assert proxy.seen[0].headers["proxy-authorization"]
