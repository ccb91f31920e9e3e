# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Waits, limits of an answer, proxies, and what the environment says."""

from __future__ import annotations

import asyncio
import contextlib
import email.utils
import gzip
import json
import logging
import socket
import threading
import time
import typing as t
from pathlib import Path

import pytest

from ansible_collections.secops.triage.plugins.module_utils._core.backoff import retry_after
from ansible_collections.secops.triage.tests.simulator import Simulator
from ansible_collections.secops.triage.tests.unit.extensions.eda.sources import (
    add,
    args_of,
    error_of,
    ids_of,
    library,
    running,
)
from ansible_collections.secops.triage.tests.unit.loopback import Loopback, Reply

OAUTH_TOKEN = "y0_AgAAAABqKx7ZxT5vLm9Nc3JdHs8PyGbF2Rt6Wd"


def http_date(seconds: float) -> str:
    return email.utils.formatdate(time.time() + seconds, usegmt=True)


# How long to wait

WAITS: list[tuple[dict[str, str], bool, float]] = [
    ({"Retry-After": "7"}, True, 7.0),
    ({"Retry-After": "7"}, False, 7.0),
    ({"Retry-After": "0.5"}, True, 0.5),
    ({"Retry-After": "1e2"}, True, 0.0),
    ({"Retry-After": "1500000000"}, True, 0.0),
    ({"X-RateLimit-Reset": "Thu, 01 Jan 2099 00:00:00 GMT"}, True, 300.0),
    ({"Retry-After": "Thu, 01 Jan 1970 00:00:00 GMT"}, True, 0.0),
    ({"Retry-After": "Thursday, 01-Jan-70 00:00:00 GMT"}, True, 0.0),
    ({"Retry-After": "Thu Jan  1 00:00:00 1970"}, True, 0.0),
    ({"Retry-After": "1700000000"}, True, 0.0),
    ({"Retry-After": "soon", "X-RateLimit-Reset": "9"}, True, 9.0),
    ({"Retry-After": "-5", "X-RateLimit-Reset": "9"}, True, 9.0),
    ({"X-RateLimit-Reset": "9"}, True, 9.0),
    ({"X-RateLimit-Reset": "9"}, False, 0.0),
    ({"X-RateLimit-Reset": "6, 6"}, True, 6.0),
    ({"X-RateLimit-Reset": "6, 8"}, True, 8.0),
    ({"Retry-After": "8,6"}, True, 8.0),
    ({"Retry-After": "Thu, 01 Jan 1970 00:00:00 GMT, 6"}, True, 6.0),
    ({"X-RateLimit-Reset": "1700000000"}, True, 0.0),
    ({"X-RateLimit-Reset": "99999999999"}, True, 300.0),
    ({"X-RateLimit-Reset": "soon", "X-RateLimit-Period": "10"}, True, 10.0),
    ({"X-RateLimit-Period": "10"}, False, 0.0),
    ({"Retry-After": "99999"}, True, 300.0),
    ({"Retry-After": "-5"}, True, 0.0),
    ({"Retry-After": "nan"}, True, 0.0),
    ({"Retry-After": "inf"}, True, 0.0),
    ({"Retry-After": "1_0"}, True, 0.0),
    ({}, True, 0.0),
]


@pytest.mark.parametrize(("headers", "limited", "seconds"), WAITS)
def test_retry_after(headers: dict[str, str], limited: bool, seconds: float) -> None:
    """The source waits as long as the modules."""
    assert library("api").retry_after(headers, limited=limited) == seconds
    assert retry_after(headers, limited=limited) == seconds


@pytest.mark.parametrize("name", ["Retry-After", "X-RateLimit-Reset"])
@pytest.mark.parametrize("form", ["epoch", "date", "two dates"])
def test_retry_after_a_moment(name: str, form: str) -> None:
    texts = {
        "epoch": str(int(time.time()) + 60),
        "date": http_date(60),
        "two dates": f"{http_date(30)}, {http_date(60)}",
    }
    assert 50 < library("api").retry_after({name: texts[form]}, limited=True) <= 60


def test_doubled_header_of_an_answer(sim: Simulator, caplog: t.Any) -> None:
    headers = b"HTTP/1.1 429 Too Many Requests\r\nX-RateLimit-Reset: 70\r\nX-RateLimit-Reset: 80\r\n"

    def answer(connection: socket.socket) -> None:
        connection.sendall(headers + b"Content-Length: 0\r\nConnection: close\r\n\r\n")

    said = warning_of(args_of(sim, "datadog"), answer, caplog)
    assert 80 <= float(said.rpartition("Trying again in ")[2].removesuffix(" s")) <= 120


# The limits of an answer


@contextlib.contextmanager
def raw_server(answer: t.Callable[[socket.socket], None]) -> t.Iterator[str]:
    """A server that gives every request an answer of any bytes, and its address."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=answer_one, args=(listener.accept()[0],), daemon=True).start()

    def answer_one(connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            connection.recv(65536)
            answer(connection)

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        listener.close()


def warning_of(args: dict[str, t.Any], answer: t.Callable[[socket.socket], None], caplog: t.Any) -> str:
    """The first line that a source logs about a server that answers so."""

    async def scenario(url: str) -> None:
        async with running({**args, "api_url": url}) as feed:
            while not caplog.messages and not feed.task.done():
                await asyncio.sleep(0.01)

    with caplog.at_level(logging.WARNING, "secops.triage.alerts"), raw_server(answer) as url:
        asyncio.run(scenario(url))
    return str(caplog.messages[0])


def endless(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        connection.sendall(b"100000\r\n" + b" " * 0x100000 + b"\r\n")


def bomb(connection: socket.socket) -> None:
    body = gzip.compress(b" " * 80 * 2**20, 1)
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(body)}\r\n\r\n"
    connection.sendall(head.encode() + body)


def drip(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    while True:
        connection.sendall(b" ")
        time.sleep(0.1)


@pytest.mark.parametrize("answer", [endless, bomb])
def test_answer_is_read_up_to_64_mib(sim: Simulator, caplog: t.Any, answer: t.Any) -> None:
    assert ": the answer is larger than 64 MiB." in warning_of(args_of(sim, "datadog"), answer, caplog)


def test_one_clock_for_an_exchange(sim: Simulator, caplog: t.Any) -> None:
    """A server that sends a byte now and then does not hold the source longer."""
    start = time.monotonic()
    assert "no answer within 1 s" in warning_of(args_of(sim, "datadog", timeout=1), drip, caplog)
    assert time.monotonic() - start < 5


# Proxies


@pytest.mark.parametrize("variable", ["http_proxy", "all_proxy", "HTTP_PROXY"])
def test_loopback_goes_past_proxies_of_the_environment(
    sim: Simulator, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    ids = [add(sim, "datadog", 60)]
    with Loopback() as proxy:
        monkeypatch.setenv(variable, proxy.url)
        assert ids_of(args_of(sim, "datadog", since="now-10m"), 1) == ids
        assert not proxy.seen


@pytest.mark.parametrize("url", ["http://127.0.0.1:9", "http://localhost:9", "http://[::1]:9"])
def test_plain_http_through_a_proxy_needs_allow_http(sim: Simulator, url: str) -> None:
    """The proxy would see the credentials, though the address is this machine's."""
    with Loopback() as proxy:
        proxy.reply = Reply(403)
        args = {**args_of(sim, "datadog"), "api_url": url, "proxy": proxy.url}
        assert "which would show the credentials to the proxy" in error_of(args)
        assert not proxy.seen
        assert ": 403 " in error_of({**args, "allow_http": True})


# The environment


@pytest.mark.parametrize("empty", ["", " ", "\n"])
def test_empty_variables_count_as_unset(sim: Simulator, monkeypatch: pytest.MonkeyPatch, empty: str) -> None:
    keys = sim.credentials
    ids = [add(sim, "datadog", 60)]
    for name, value in (("API", keys.datadog_api_key), ("APP", keys.datadog_app_key)):
        monkeypatch.setenv(f"DD_{name}_KEY", empty)
        monkeypatch.setenv(f"DATADOG_{name}_KEY", value)
    for name in ("DD_SITE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"):
        monkeypatch.setenv(name, empty)
    assert ids_of(args_of(sim, "datadog", since="now-10m", api_key=None, app_key=None), 1) == ids
    # In a rulebook they are what a template gives for a variable that is not set.
    assert ids_of(args_of(sim, "datadog", since="now-10m", api_key=empty, app_key=empty, access_token=empty), 1) == ids


def test_endpoint_with_a_port_and_a_key_file(sim: Simulator, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The audience of the token is without the port."""
    monkeypatch.setenv("YC_ENDPOINT", "api.cloud.yandex.net:443")
    ids = [add(sim, "security_deck", 60)]
    assert ids_of(key_file_args(sim, tmp_path), 1) == ids


def key_file_args(sim: Simulator, folder: Path, prefix: str = "") -> dict[str, t.Any]:
    file = folder / "key.json"
    file.write_text(prefix + json.dumps(sim.security_deck.service_account_key()), encoding="utf-8")
    return args_of(sim, "security_deck", iam_token=None, service_account_key_file=str(file), since="now-10m")


def test_key_file_with_a_byte_order_mark(sim: Simulator, tmp_path: Path) -> None:
    ids = [add(sim, "security_deck", 60)]
    assert ids_of(key_file_args(sim, tmp_path, "\ufeff"), 1) == ids


def test_oauth_token_does_not_win_over_a_key_file(
    sim: Simulator, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    ids = [add(sim, "security_deck", 60)]
    args = key_file_args(sim, tmp_path)
    monkeypatch.setenv("YC_TOKEN", OAUTH_TOKEN)
    monkeypatch.setenv("YC_SERVICE_ACCOUNT_KEY_FILE", args.pop("service_account_key_file"))
    assert ids_of(args, 1) == ids


@pytest.mark.parametrize("way", ["option", "environment"])
def test_oauth_token_is_refused(sim: Simulator, monkeypatch: pytest.MonkeyPatch, way: str) -> None:
    args = args_of(sim, "security_deck", iam_token=OAUTH_TOKEN if way == "option" else None)
    if way == "environment":
        monkeypatch.setenv("YC_TOKEN", OAUTH_TOKEN)
    said = error_of(args)
    assert said.startswith("iam_token is an OAuth token (it begins with y0_)")
    assert "yc iam create-token" in said
    assert OAUTH_TOKEN not in said
    assert not len(sim.log)


def test_iam_token_wins_over_an_oauth_token(sim: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = [add(sim, "security_deck", 60)]
    monkeypatch.setenv("YC_IAM_TOKEN", sim.credentials.iam_token)
    monkeypatch.setenv("YC_TOKEN", OAUTH_TOKEN)
    assert ids_of(args_of(sim, "security_deck", iam_token=None, since="now-10m"), 1) == ids


@pytest.mark.parametrize("form", ["with the scheme", "JSON", "mapping"])
def test_forms_of_a_kibana_key(sim: Simulator, form: str) -> None:
    """Elasticsearch returns an object, and Kibana's page shows how the header looks."""
    key = sim.credentials.kibana_api_key
    created = {"id": "VuaCfGcBCdbkQm-e5aOx", "name": "eda", "api_key": "ui2lp2axTNmsyakw9tvNnw", "encoded": key}
    given: t.Any = {"with the scheme": f"ApiKey {key}", "JSON": json.dumps(created), "mapping": created}[form]
    ids = [add(sim, "kibana", 60)]
    assert ids_of(args_of(sim, "kibana", since="now-10m", api_key=given), 1) == ids


def test_decoded_kibana_key_is_named(sim: Simulator) -> None:
    said = error_of(args_of(sim, "kibana", api_key="VuaCfGcBCdbkQm-e5aOx:ui2lp2axTNmsyakw9tvNnw"))
    assert said.startswith("api_key is the decoded form, id:key. Give the value of encoded")
    assert not len(sim.log)
