# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A real proxy that asks for a password, before servers that speak plain HTTP and TLS."""

from __future__ import annotations

import dataclasses
import typing as t

import pytest

from ansible_collections.secops.triage.tests.secrets.authority import HOST, Authority
from ansible_collections.secops.triage.tests.secrets.cases import Options, Way, add_alert, task_of, working_secrets
from ansible_collections.secops.triage.tests.secrets.forms import found
from ansible_collections.secops.triage.tests.secrets.proxy import PAIR, PASSWORD, THERE, Proxy
from ansible_collections.secops.triage.tests.secrets.stage import Played, Stage
from ansible_collections.secops.triage.tests.simulator import Simulator
from ansible_collections.secops.triage.tests.unit.loopback import closed_port

pytestmark = pytest.mark.whole

WAYS = {
    "plain": Way("signal_state", "datadog", ("api_key", "app_key")),
    "TLS": Way("kibana_alert_status", "kibana", ("api_key",)),
}
#: That of somebody else.
WRONG = "Wn8kX2vQz5LtR7mB"


@dataclasses.dataclass(frozen=True)
class World:
    servers: dict[str, Simulator]
    proxy: Proxy
    by_option: Played
    by_environment: Played


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[World]:
    folder = tmp_path_factory.mktemp("proxy")
    authority = Authority(folder / "authority")
    certificate = authority.issue("server", HOST, THERE)
    with (
        Simulator(alerts=0) as plain,
        Simulator(alerts=0, certificate=certificate) as secure,
        Proxy() as proxy,
    ):
        servers = {"plain": plain, "TLS": secure}

        def tasks(what: str, host: str = HOST, **more: t.Any) -> list[Options]:
            made = []
            for kind, way in WAYS.items():
                sim = servers[kind]
                given = {name: f"{{{{ secrets.{way.platform}_{name} }}}}" for name in way.secrets}
                options = {**task_of(sim, way, add_alert(sim, way.platform)), **given, "ca_path": str(authority.file)}
                options["api_url"] = options["api_url"].replace(HOST, host)
                # Through the proxy, the keys for the plain one are in the clear.
                options["allow_http"] = True
                task: Options = {"name": f"{kind} {what}", f"secops.triage.{way.module}": {**options, **more}}
                made.append({**task, "ignore_errors": True})
            return made

        urls = {
            "right": proxy.url(),
            "wrong": proxy.url(WRONG),
            "closed": proxy.url(WRONG, f"127.0.0.1:{closed_port()}"),
        }
        variables = {"secrets": {**working_secrets(plain), **urls}}
        by_option = Stage(folder / "option").play(
            [{"tasks": [task for name in urls for task in tasks(name, proxy=f"{{{{ secrets.{name} }}}}")]}], variables
        )
        # As people write them, and the other way, which is allowed as well.
        environment = {"HTTP_PROXY": proxy.url().removeprefix("http://"), "https_proxy": proxy.url()}
        # What is on this machine goes past it.
        by_environment = Stage(folder / "environment").play(
            [{"tasks": [*tasks("right", THERE), *tasks("past it")]}], variables, environment
        )
        yield World(servers, proxy, by_option, by_environment)


@pytest.mark.parametrize("kind", WAYS)
def test_the_password_of_the_option_lets_in(world: World, kind: str) -> None:
    assert world.by_option.results[f"{kind} right"]["changed"]


@pytest.mark.parametrize("kind", WAYS)
def test_the_password_of_the_environment_lets_in(world: World, kind: str) -> None:
    assert world.by_environment.results[f"{kind} right"]["changed"]
    assert world.by_environment.results[f"{kind} past it"]["changed"]


def test_what_passes_the_proxy(world: World) -> None:
    """All of what is plain, and one tunnel a connection; nothing of what goes past it."""
    plain = [target for method, target in world.proxy.passed if method != "CONNECT"]
    assert len(plain) == 2 * len(world.servers["plain"].log) // 3
    tunnels = [target for method, target in world.proxy.passed if method == "CONNECT"]
    assert set(tunnels) == {world.servers["TLS"].host, world.servers["TLS"].host.replace(HOST, THERE)}
    assert len(tunnels) == 2


def test_a_wrong_password_is_told_of(world: World) -> None:
    plain, secure = (world.by_option.results[f"{kind} wrong"]["error"] for kind in ("plain", "TLS"))
    assert plain["status"] == 407
    assert "proxy" in plain["hint"]
    assert "through the proxy: Tunnel connection failed: 407" in secure["message"]
    assert {method for method, _where in world.proxy.refused} == {"GET", "CONNECT"}


@pytest.mark.parametrize("kind", WAYS)
def test_a_proxy_that_is_not_there(world: World, kind: str) -> None:
    error = world.by_option.results[f"{kind} closed"]["error"]
    assert "through the proxy" in error["message"]
    assert error["hint"] == "Check proxy."


def test_the_password_goes_to_nobody_else(world: World) -> None:
    for server in world.servers.values():
        assert len(server.log)
        for entry in server.log:
            assert not found({"password": PASSWORD, "pair": PAIR}, str(entry.headers).encode())


def test_found_nowhere(world: World) -> None:
    secrets = {**working_secrets(world.servers["plain"]), "password": PASSWORD, "pair": PAIR, "wrong": WRONG}
    for played in (world.by_option, world.by_environment):
        for place, text in played.places.items():
            assert not found(secrets, text), place
