# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Real TLS servers with certificates that are good or not, and real tasks that trust them or do not."""

from __future__ import annotations

import contextlib
import dataclasses
import typing as t
from datetime import timedelta

import pytest

from ansible_collections.secops.triage.tests.secrets.authority import Authority
from ansible_collections.secops.triage.tests.secrets.cases import (
    Options,
    Way,
    add_alert,
    task_of,
    value_of,
    working_secrets,
)
from ansible_collections.secops.triage.tests.secrets.forms import found
from ansible_collections.secops.triage.tests.secrets.stage import Played, Stage
from ansible_collections.secops.triage.tests.simulator import Fault, Simulator
from ansible_collections.secops.triage.tests.unit.loopback import Loopback

pytestmark = pytest.mark.whole

#: One of each platform's, and the one that fetches a token first.
PLATFORMS = [
    Way("signal_state", "datadog", ("api_key", "app_key")),
    Way("kibana_alert_status", "kibana", ("api_key",)),
    Way("alert_update", "calseta", ("api_key",)),
    Way("alert_update", "security_deck", ("iam_token",)),
    Way("alert_update", "security_deck", ("service_account_key_file",), form="text"),
]
REDIRECTS = {"datadog": 301, "kibana": 302, "calseta": 307, "security_deck": 308}
MANY = 200


@dataclasses.dataclass(frozen=True)
class World:
    """Servers of which not all are who they say, another one that speaks plain HTTP, and all tasks."""

    servers: dict[str, Simulator]
    elsewhere: Loopback
    played: Played


def task(sim: Simulator, way: Way, name: str, **more: t.Any) -> Options:
    """A task at a server, named by itself; ``environment`` is that of the task."""
    secrets = {option: f"{{{{ secrets.{way.platform}_{option} }}}}" for option in way.secrets}
    environment = more.pop("environment", {})
    options = {**task_of(sim, way, add_alert(sim, way.platform)), **secrets, **more}
    return {
        "name": f"{way}: {name}",
        f"secops.triage.{way.module}": options,
        "environment": environment,
        "ignore_errors": True,
    }


def tasks(servers: dict[str, Simulator], authority: Authority, stranger: Authority) -> t.Iterator[Options]:
    good, first = servers["good"], PLATFORMS[0]
    file, directory = str(authority.file), str(authority.directory)
    for way in PLATFORMS:
        yield task(good, way, "unknown authority")
        yield task(good, way, "authority in a file", ca_path=file)
        yield task(servers["moved"], way, "moved", ca_path=file)
    yield task(good, first, "authority in a directory", ca_path=directory)
    yield task(good, first, "another authority", ca_path=str(stranger.file))
    yield task(good, first, "another authority in a directory", ca_path=str(stranger.directory))
    for variable in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"):
        yield task(good, first, f"authority in {variable}", environment={variable: file})
    yield task(good, first, "directory in the environment", environment={"REQUESTS_CA_BUNDLE": directory})
    yield task(
        good, first, "option before environment", ca_path=file, environment={"REQUESTS_CA_BUNDLE": str(stranger.file)}
    )
    yield task(good, first, "nobody looks", validate_certs=False)
    for name in ("other host", "expired"):
        yield task(servers[name], first, name, ca_path=file)
        yield task(servers[name], first, f"{name}, and nobody looks", validate_certs=False)
    signals = [good.datadog.add_signal().id for _each in range(MANY)]
    yield task(good, first, "many", ca_path=file, signal_ids=signals, concurrency=4)


def secrets_of(sim: Simulator) -> dict[str, str]:
    """The same for all servers."""
    return {f"{way.platform}_{name}": value_of(sim, way.platform, name) for way in PLATFORMS for name in way.secrets}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[World]:
    folder = tmp_path_factory.mktemp("tls")
    authority, stranger = Authority(folder / "authority"), Authority(folder / "stranger")
    certificates = {
        "good": authority.issue("good"),
        "moved": authority.issue("moved"),
        "other host": authority.issue("other", "elsewhere.example.com"),
        "expired": authority.issue("expired", age=timedelta(days=2)),
    }
    with contextlib.ExitStack() as stack:
        servers = {
            name: stack.enter_context(Simulator(alerts=0, certificate=path)) for name, path in certificates.items()
        }
        elsewhere = stack.enter_context(Loopback())
        for platform, status in REDIRECTS.items():
            moved = Fault("redirect", platform=platform, status=status, location=f"{elsewhere.url}/v1", count=None)
            servers["moved"].faults.add(moved)
        played = Stage(folder / "stage").play(
            [{"tasks": list(tasks(servers, authority, stranger))}], {"secrets": secrets_of(servers["good"])}
        )
        yield World(servers, elsewhere, played)


def result(world: World, name: str, way: Way = PLATFORMS[0]) -> dict[str, t.Any]:
    return world.played.results[f"{way}: {name}"]


@pytest.mark.parametrize("way", PLATFORMS, ids=str)
def test_an_unknown_authority_is_refused(world: World, way: Way) -> None:
    said = result(world, "unknown authority", way)
    assert said["failed"]
    assert "no trusted TLS connection to 127.0.0.1" in said["error"]["message"]
    assert "ca_path" in said["error"]["hint"]


@pytest.mark.parametrize("name", ["another authority", "another authority in a directory", "other host", "expired"])
def test_a_certificate_that_is_not_good_is_refused(world: World, name: str) -> None:
    said = result(world, name)
    assert said["failed"]
    assert "no trusted TLS connection" in said["error"]["message"]
    reason = {"other host": "mismatch", "expired": "expired"}.get(name, "issuer")
    assert reason in said["error"]["message"]


@pytest.mark.parametrize("way", PLATFORMS, ids=str)
def test_ca_path_is_trusted(world: World, way: Way) -> None:
    assert result(world, "authority in a file", way)["changed"]


@pytest.mark.parametrize(
    "name",
    [
        "authority in a directory",
        "authority in REQUESTS_CA_BUNDLE",
        "authority in CURL_CA_BUNDLE",
        "authority in SSL_CERT_FILE",
        "directory in the environment",
        "option before environment",
        "nobody looks",
        "other host, and nobody looks",
        "expired, and nobody looks",
    ],
)
def test_what_is_trusted_otherwise(world: World, name: str) -> None:
    assert result(world, name)["changed"]


def test_a_server_that_is_refused_gets_no_request(world: World) -> None:
    """Those that it has got are those of the one task that did not look."""
    for name in ("other host", "expired"):
        assert len(world.servers[name].log) == 2
        assert len(world.servers[name].log.writes()) == 1


def test_connections_are_kept(world: World) -> None:
    assert result(world, "many")["counts"]["changed"] == MANY
    entries = [entry for entry in world.servers["good"].log if "bulk" in entry.path or entry.method == "GET"][-MANY:]
    assert len({entry.connection for entry in entries}) <= 4


def test_found_nowhere(world: World) -> None:
    for place, text in world.played.places.items():
        assert not found(working_secrets(world.servers["good"]), text), place


def test_no_redirect_to_plain_http_is_followed(world: World) -> None:
    for way in PLATFORMS:
        error = result(world, "moved", way)["error"]
        assert error["status"] == REDIRECTS[way.platform]
        assert "a redirect to 127.0.0.1" in error["message"]
    assert world.elsewhere.seen == []
