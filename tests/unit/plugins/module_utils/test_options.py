# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import base64
import typing as t
from pathlib import Path

import pytest

from ansible_collections.secops.triage.plugins.module_utils._core.credentials import secret, select_credentials
from ansible_collections.secops.triage.plugins.module_utils._core.errors import OptionError
from ansible_collections.secops.triage.plugins.module_utils._core.options import (
    Connection,
    TaskContext,
    checked_ids,
    checked_text,
    reject_other_providers,
)
from ansible_collections.secops.triage.plugins.module_utils._core.urls import base_url
from ansible_collections.secops.triage.plugins.module_utils._datadog.endpoint import site
from ansible_collections.secops.triage.tests.unit.client import connection

SPEC = {
    "key": {"env": ["T_KEY"]},
    "user": {"env": ["T_USER"]},
    "password": {"env": ["T_PASSWORD"]},
    "machine": {"default": False},
}
AUTH_METHODS = [("key",), ("user", "password"), ("machine",)]


def chosen(monkeypatch: pytest.MonkeyPatch, task: dict[str, t.Any], environment: dict[str, str]) -> t.Sequence[str]:
    """What is chosen where the task and the environment give these."""
    for name, value in environment.items():
        monkeypatch.setenv(f"T_{name.upper()}", value)
    return select_credentials({"machine": False, **environment, **task}, SPEC, AUTH_METHODS)


@pytest.mark.parametrize(
    ("task", "environment", "way"),
    [
        ({"key": "a"}, {}, ("key",)),
        ({"user": "a", "password": "b"}, {}, ("user", "password")),
        ({"machine": True}, {}, ("machine",)),
        ({}, {"key": "a"}, ("key",)),
        ({}, {"user": "a", "password": "b"}, ("user", "password")),
        ({}, {"key": "a", "user": "b", "password": "c"}, ("key",)),
        ({"key": "a"}, {"user": "b", "password": "c"}, ("key",)),
        ({"user": "b", "password": "c"}, {"key": "a"}, ("user", "password")),
        ({"user": "b"}, {"key": "a", "password": "c"}, ("user", "password")),
        ({"machine": True}, {"key": "a"}, ("machine",)),
        ({"user": "", "password": None}, {"key": "a"}, ("key",)),
        ({"machine": False}, {"key": "a", "user": "b"}, ("key",)),
    ],
)
def test_choose(
    monkeypatch: pytest.MonkeyPatch, task: dict[str, t.Any], environment: dict[str, str], way: t.Sequence[str]
) -> None:
    assert chosen(monkeypatch, task, environment) == way


@pytest.mark.parametrize(
    ("task", "environment", "said"),
    [
        ({}, {}, "No credentials: none were given"),
        ({"user": "a"}, {}, "password is missing"),
        ({}, {"password": "a"}, "user is missing"),
        ({"user": "a"}, {"key": "b"}, "password is missing"),
        ({"key": "a", "user": "b", "password": "c"}, {}, "Give only one of key, or user and password"),
        ({"key": "a", "machine": True}, {}, "Give only one of key, or machine"),
        ({"key": "a", "user": "b"}, {"password": "c"}, "Give only one of key, or user and password"),
        # Half of a second way would be ignored.
        ({"key": "a", "user": "b"}, {}, "Give only one of key, or user and password"),
        ({"key": "a", "password": "b"}, {}, "Give only one of key, or user and password"),
    ],
)
def test_choose_refuses(
    monkeypatch: pytest.MonkeyPatch, task: dict[str, t.Any], environment: dict[str, str], said: str
) -> None:
    with pytest.raises(OptionError) as caught:
        chosen(monkeypatch, task, environment)
    assert said in str(caught.value)


TAKES: dict[str, dict[str, t.Sequence[str] | None]] = {
    "one": {"status": ["OPEN", "DONE"], "person": None},
    "two": {"status": ["Open", "Closed"], "reset": None},
}


@pytest.mark.parametrize(
    ("provider", "params", "said"),
    [
        ("one", {"status": "OPEN", "person": "x"}, None),
        ("two", {"status": "Closed", "reset": True}, None),
        ("one", {"status": "Open"}, "status is 'Open'; for provider one it is one of OPEN, DONE"),
        ("two", {"status": "OPEN"}, "status is 'OPEN'; for provider two it is one of Open, Closed"),
        ("two", {"person": "x"}, "person is not for provider two, which takes status, reset"),
        ("two", {"person": ""}, "person is not for provider two"),
        ("one", {"reset": True}, "reset is not for provider one, which takes status, person"),
        ("one", {"reset": False}, None),
    ],
)
def test_refuse_foreign(provider: str, params: dict[str, t.Any], said: str | None) -> None:
    spec: dict[str, t.Any] = {"status": {}, "person": {}, "reset": {"default": False}}
    given = {"status": None, "person": None, "reset": False, **params}
    if said is None:
        reject_other_providers(given, spec, provider, TAKES)
        return
    with pytest.raises(OptionError) as caught:
        reject_other_providers(given, spec, provider, TAKES)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ("https://siem.example.com", "https://siem.example.com"),
        ("https://siem.example.com/", "https://siem.example.com"),
        ("  https://siem.example.com/base/path//\n", "https://siem.example.com/base/path"),
        ("siem.example.com", "https://siem.example.com"),
        ("siem.example.com:5601/base", "https://siem.example.com:5601/base"),
        ("https://[2001:db8::1]:5601/", "https://[2001:db8::1]:5601"),
        ("http://localhost:5601", "http://localhost:5601"),
        ("http://127.0.0.1:5601", "http://127.0.0.1:5601"),
        ("http://127.9.8.7", "http://127.9.8.7"),
        ("http://[::1]:5601", "http://[::1]:5601"),
        ("HTTPS://Siem.Example.com", "HTTPS://Siem.Example.com"),
    ],
)
def test_base_url(given: str, url: str) -> None:
    assert base_url(given, allow_http=False) == url


@pytest.mark.parametrize(
    "given",
    [
        "http://siem.example.com",
        "http://10.0.0.1",
        "http://localhost.example.com",
        "http://localhost.",
        "http://service.localhost",
        "http://127.0.0.1.example.com",
        "http://0.0.0.0",
        "HTTP://siem.example.com",
        "http://2130706433.example.com",
    ],
)
def test_plain_http_is_for_loopback_or_who_allows_it(given: str) -> None:
    with pytest.raises(OptionError, match="plain HTTP") as caught:
        base_url(given, allow_http=False)
    assert "allow_http: true" in str(caught.value)
    assert base_url(given, allow_http=True) == given


@pytest.mark.parametrize(
    "given",
    [
        "https://user:Tw9vKx4LqZ@siem.example.com",
        "https://Tw9vKx4LqZ@siem.example.com",
        "https://:Tw9vKx4LqZ@siem.example.com",
        "user:Tw9vKx4LqZ@siem.example.com",
        "http://user:Tw9vKx4LqZ@127.0.0.1",
        "https://@siem.example.com",
    ],
)
@pytest.mark.parametrize("allow_http", [True, False])
def test_credentials_in_the_address_are_refused_and_not_echoed(given: str, allow_http: bool) -> None:
    with pytest.raises(OptionError, match="must not have credentials in it") as caught:
        base_url(given, allow_http=allow_http)
    assert "Tw9vKx4LqZ" not in str(caught.value)


@pytest.mark.parametrize(
    "given",
    [
        "",
        "/",
        "https://",
        "https:///path",
        "ftp://siem.example.com",
        "file:///etc/passwd",
        "https://siem.example.com:port",
        "https://siem.example.com:99999",
        "https://[::1",
        "https://siem.example.com?a=b",
        "https://siem.example.com/#part",
        "https://siem.example.com/#",
        "https://siem.example.com?",
        "https://siem example.com",
        "https://siem.example.com/a b",
        "https://siem.example.com\\@evil.example",
        "https://siem.example.com/\x00",
        "https://siem_{{ env }}.example.com",
        "javascript:alert(1)",
    ],
)
def test_what_is_no_address_is_refused(given: str) -> None:
    with pytest.raises(OptionError, match="kibana_url"):
        base_url(given, allow_http=True, option="kibana_url")


@pytest.mark.parametrize(
    ("given", "host"),
    [
        ("datadoghq.com", "datadoghq.com"),
        ("DATADOGHQ.EU", "datadoghq.eu"),
        ("us3.datadoghq.com", "us3.datadoghq.com"),
        ("us2.ddog-gov.com", "us2.ddog-gov.com"),
        ("https://app.datadoghq.com", "datadoghq.com"),
        ("https://api.datadoghq.eu/", "datadoghq.eu"),
        ("http://app.ddog-gov.com/security?x=y", "ddog-gov.com"),
        ("api.ap1.datadoghq.com", "ap1.datadoghq.com"),
        ("ap2.datadoghq.com\n", "ap2.datadoghq.com"),
        ("https://us5.datadoghq.com/account/login", "us5.datadoghq.com"),
        ("new9.datadoghq.com", "new9.datadoghq.com"),
        ("a.new9.datadoghq.eu", "a.new9.datadoghq.eu"),
    ],
)
def test_site(given: str, host: str) -> None:
    assert site(given) == host


@pytest.mark.parametrize(
    "given",
    [
        *("", "us3", "https://", "data doghq.com", "a..b", ".com", "datadoghq.com:443", "u@d.com"),
        # The keys would go to somebody else's domain.
        *("datadog.eu", "datadoghq.com.example.org", "evildatadoghq.com", "new9.datadoghq.example"),
    ],
)
def test_what_is_no_site_is_refused(given: str) -> None:
    with pytest.raises(OptionError, match="is not a Datadog site"):
        site(given)


def test_ids_keep_their_order_and_lose_repetitions() -> None:
    assert checked_ids("ids", ["b", " a", "b", "c\n", "a"], "[a-z]", "thing") == ["b", "a", "c"]
    assert checked_ids("ids", [], "[a-z]", "thing") == []


def test_all_bad_ids_are_named_up_to_five() -> None:
    with pytest.raises(OptionError) as caught:
        checked_ids("ids", ["a", *(f"{number}" for number in range(8)), "9" * 200], "[a-z]", "thing")
    assert str(caught.value) == "ids: not the id of a thing: '0', '1', '2', '3', '4', …"
    with pytest.raises(OptionError) as caught:
        checked_ids("ids", ["9" * 200], "[a-z]", "thing")
    assert str(caught.value) == f"ids: not the id of a thing: '{'9' * 80}'"


def test_an_id_must_fit_as_a_whole() -> None:
    for bad in ("a\nb", "ab", "", "a/"):
        with pytest.raises(OptionError):
            checked_ids("ids", [bad], "[a-z]", "thing")


@pytest.mark.parametrize("good", [None, "", "text", "Zürich\n日本 \U0001f600\t"])
def test_text(good: str | None) -> None:
    assert checked_text("comment", good) == good


@pytest.mark.parametrize("bad", ["a\x00b", "\ud800", "a\udfffb"])
def test_text_that_cannot_be_stored(bad: str) -> None:
    with pytest.raises(OptionError, match="comment has a character in it"):
        checked_text("comment", bad)


def test_a_secret_is_hidden_as_it_is_sent() -> None:
    hidden: list[str] = []
    run = TaskContext(read_only=True, hide=hidden.append)
    assert secret({"key": " Tw9vKx4LqZ\n"}, "key", run) == "Tw9vKx4LqZ"
    assert hidden == ["Tw9vKx4LqZ"]
    for bad in ("Tw9v Kx4LqZ", "Tw9v\nKx4LqZ", "Tw9vKx4Lqé", "", "\n"):
        with pytest.raises(OptionError) as caught:
            secret({"key": bad}, "key", run)
        assert "Tw9v" not in str(caught.value)


@pytest.mark.parametrize(
    ("option", "good", "bad"),
    [("timeout", [0.1, 3600], [0, -1, 3601]), ("retries", [0, 20], [-1, 21]), ("concurrency", [1, 64], [0, 65])],
)
def test_bounds(option: str, good: list[float], bad: list[float]) -> None:
    for value in good:
        assert getattr(connection(**{option: value}), option) == value
    for value in bad:
        with pytest.raises(OptionError, match=f"{option} must be between"):
            connection(**{option: value})


def test_a_ca_path_must_exist(tmp_path: Path) -> None:
    assert connection(ca_path=str(tmp_path)).ca_path == str(tmp_path)
    with pytest.raises(OptionError, match="does not exist"):
        connection(ca_path=str(tmp_path / "nothing"))


@pytest.mark.parametrize(
    ("given", "url"),
    [
        (None, None),
        ("", None),
        ("proxy.example.com:3128", "http://proxy.example.com:3128"),
        ("https://proxy.example.com", "https://proxy.example.com"),
    ],
)
def test_proxy(given: str | None, url: str | None) -> None:
    assert connection(proxy=given).proxy == url


def test_a_proxy_password_is_hidden() -> None:
    hidden: list[str] = []
    params = {
        "timeout": 1,
        "retries": 0,
        "concurrency": 1,
        "validate_certs": True,
        "ca_path": None,
        "allow_http": False,
    }
    Connection.of({**params, "proxy": "http://me:Tw9vKx4LqZ@proxy:1"}, TaskContext(read_only=True, hide=hidden.append))
    assert {"Tw9vKx4LqZ", base64.b64encode(b"me:Tw9vKx4LqZ").decode()} <= set(hidden)


@pytest.mark.parametrize(
    "bad", ["http://", "socks5://proxy:1", "http://me:Tw9vKx4LqZ@proxy:port", "http://proxy:99999"]
)
def test_what_is_no_proxy_is_refused_and_not_echoed(bad: str) -> None:
    with pytest.raises(OptionError, match="proxy is not a URL") as caught:
        connection(proxy=bad)
    assert "Tw9vKx4LqZ" not in str(caught.value)
