# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The server itself: its log, its controls, its seeds, in a thread and in a process."""

from __future__ import annotations

import concurrent.futures
import re
import subprocess
import sys
import time
import uuid
from pathlib import Path

import pytest
import requests

from ansible_collections.secops.triage.tests.simulator import Fault, Simulator, SimulatorProcess
from ansible_collections.secops.triage.tests.simulator.base import Platform
from ansible_collections.secops.triage.tests.unit.simulator.client import Client

NAMES = ["calseta", "datadog", "kibana", "security_deck"]


# The log


def test_the_log_tells_all(sim: Simulator, calseta: Client) -> None:
    alert = sim.calseta.add_alert(severity="High")
    calseta.ask("GET", f"/v1/alerts/{alert.uuid}", params={"a": "b"})
    calseta.ask("PATCH", f"/v1/alerts/{alert.uuid}", {"severity": "Low"})
    read, write = sim.log
    assert (read.number, write.number) == (1, 2)
    assert read.time < write.time <= time.monotonic()
    assert (read.platform, read.method, read.status) == ("calseta", "GET", 200)
    assert read.path == f"/calseta/v1/alerts/{alert.uuid}?a=b"
    assert (read.body, write.body) == (None, {"severity": "Low"})
    assert read.headers["authorization"].startswith("Bearer ")
    assert (read.is_write, read.changed_state) == (False, False)
    assert (write.is_write, write.changed_state, write.wrote, write.changed) == (True, True, [alert.uuid], [alert.uuid])
    assert sim.log.writes() == sim.log.writes("calseta") == sim.log.changes() == [write]
    assert sim.log.reads() == [read]
    assert sim.log.writes("kibana") == []
    assert sim.log.select(method="PATCH", path="v1/alerts", status=200) == [write]
    assert len(sim.log) == 2
    sim.log.clear()
    assert len(sim.log) == 0


def test_bodies_that_are_no_json_are_logged_as_text(sim: Simulator, calseta: Client) -> None:
    calseta("PATCH", "/v1/alerts", data="a=b")
    assert sim.log[-1].body == "a=b"


def test_concurrency_and_connections(sim: Simulator, calseta: Client) -> None:
    sim.latency = 0.4
    path = f"/v1/alerts/{next(iter(sim.calseta.alerts))}"

    def ask(_number: int) -> int:
        with requests.Session() as session:
            session.trust_env = False
            return Client(session, calseta.url, calseta.headers)("GET", path).status_code

    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        assert set(pool.map(ask, range(6))) == {200}
    assert (sim.log.peak, sim.log.connections) == (6, 6)
    sim.latency = 0
    for _repeat in range(3):
        calseta("GET", path)
    assert sim.log.connections == 7
    assert sim.log.summary()["requests"] == 9


def test_latency_delays_every_request(sim: Simulator, calseta: Client) -> None:
    sim.latency = 0.2
    started = time.monotonic()
    calseta("GET", "/health")
    assert time.monotonic() - started >= 0.2


# Seeds


def test_alerts_are_spread_over_the_platforms(sim: Simulator) -> None:
    sim.reset(alerts=42)
    assert [len(sim.world.platforms[name].overview()) for name in NAMES] == [11, 11, 10, 10]
    sim.reset(alerts={"kibana": 3})
    assert [len(sim.world.platforms[name].overview()) for name in NAMES] == [0, 0, 3, 0]


def test_a_seed_repeats_itself(sim: Simulator) -> None:
    def state() -> dict[str, object]:
        return {name: one.overview() for name, one in sim.world.platforms.items()}

    first = state()
    users = list(sim.datadog.users)
    sim.reset()
    assert (state(), list(sim.datadog.users)) == (first, users)
    sim.reset(seed=8)
    assert not any(set(first[name]) & set(here) for name, here in state().items())  # type: ignore[call-overload]


def test_contents_are_believable(sim: Simulator) -> None:
    sim.reset(alerts=200)
    scenes = [one.scene for one in sim.datadog.signals.values()]
    assert len({scene.title for scene in scenes}) > 20
    assert {scene.severity for scene in scenes} == {"info", "low", "medium", "high", "critical"}
    assert all(scene.address.startswith("192.0.2.") for scene in scenes)
    assert all(scene.user.endswith("@example.com") for scene in scenes)
    assert {one.state for one in sim.datadog.signals.values()} == {"open", "archived", "under_review"}
    assert {bool(one.assignee) for one in sim.datadog.signals.values()} == {True, False}
    assert all(re.fullmatch("[0-9a-f]{64}", key) for key in sim.kibana.alerts())
    assert all(re.fullmatch("fv4[0-9a-v]{17}", key) for key in sim.security_deck.alerts)
    assert all(str(uuid.UUID(key)) == key for key in sim.calseta.alerts)


def test_ids_by_state(sim: Simulator) -> None:
    for platform, state in ((sim.datadog, {"state": "open"}), (sim.kibana, {"status": "open", "space": "default"})):
        ids = platform.ids(**state)
        assert 0 < len(ids) < len(platform.ids()) == 10
        assert all(platform.overview()[one].items() >= state.items() for one in ids)


def test_users_include_the_awkward_ones(sim: Simulator) -> None:
    users = list(sim.datadog.users.values())
    names = [user.name for user in users]
    assert any(names.count(name) == 2 for name in names)
    assert {user.status for user in users} == {"Active", "Disabled", "Pending"}
    handles = [user.handle for user in users]
    assert any(one != other and other.startswith(one) for one in handles for other in handles)


def test_credentials_are_like_no_word(sim: Simulator) -> None:
    secrets = vars(sim.credentials)
    assert len(set(secrets.values())) == len(secrets)
    assert all(len(secret) >= 16 for secret in secrets.values())
    assert {"datadog_api_key", "kibana_password", "iam_token", "calseta_read_only_key"} <= set(secrets)


# Resetting, starting, stopping


def test_a_reset_forgets_everything(sim: Simulator, calseta: Client) -> None:
    settings = sim.settings.kibana
    settings.supports_reason = False
    sim.faults.add(Fault(platform="kibana"))
    alert = next(iter(sim.calseta.alerts))
    calseta.ask("PATCH", f"/v1/alerts/{alert}", {"tags": ["new"]})
    sim.reset()
    assert sim.settings.kibana is settings
    assert settings.supports_reason is True
    assert len(sim.log) == len(sim.faults) == 0
    assert sim.calseta.history == {}
    assert sim.calseta.alerts[alert].tags != ["new"]


def test_it_starts_and_stops_quickly() -> None:
    started = time.monotonic()
    with Simulator(alerts=40) as sim:
        assert time.monotonic() - started < 5
        requests.get(f"{sim.url}/_simulator/health", timeout=5).raise_for_status()
        sim.faults.add(Fault("delay", delay=30))
        with pytest.raises(requests.ReadTimeout):
            requests.get(sim.calseta.url, timeout=0.05)
        stopping = time.monotonic()
    assert time.monotonic() - stopping < 5
    with pytest.raises(requests.ConnectionError):
        requests.get(sim.url, timeout=5)


def test_urls(sim: Simulator, session: requests.Session) -> None:
    assert sim.datadog.url == f"{sim.url}/datadog"
    assert sim.url == f"http://{sim.host}"
    assert session.get(f"{sim.url}/elsewhere", timeout=5).status_code == 404
    assert sim.log[-1].platform is None


def test_a_platform_is_found_by_its_name(sim: Simulator) -> None:
    assert sorted(sim.world.platforms) == NAMES
    assert sim.platform(type(sim.kibana)) is sim.kibana
    assert all(isinstance(one, Platform) for one in sim.world.platforms.values())


# The controls over HTTP


@pytest.fixture
def control(sim: Simulator, session: requests.Session) -> Client:
    return Client(session, f"{sim.url}/_simulator", {})


def test_controls_show_and_clear_the_log(sim: Simulator, control: Client, calseta: Client) -> None:
    alert = next(iter(sim.calseta.alerts))
    calseta.ask("PATCH", f"/v1/alerts/{alert}", {"tags": ["new"]})
    calseta.ask("GET", f"/v1/alerts/{alert}")
    log = control.ask("GET", "/log")
    assert (log["requests"], log["writes"], log["changes"], log["connections"]) == (2, 1, 1, 1)
    assert log["entries"][0]["changed"] == [alert]
    assert log["entries"][0]["changed_state"] is True
    assert len(control.ask("GET", "/log", params={"writes": "true", "platform": "calseta"})["entries"]) == 1
    assert "entries" not in control.ask("GET", "/log", params={"summary": "true"})
    (change,) = control.ask("GET", "/history")["calseta"][alert]
    assert (change["real"], change["after"]["tags"]) == (True, ["new"])
    assert control.ask("DELETE", "/log")["requests"] == 0


def test_controls_set_faults(sim: Simulator, control: Client, calseta: Client) -> None:
    control.ask("POST", "/faults", [{"status": 500}, {"action": "html", "platform": "calseta"}])
    assert [fault["action"] for fault in control.ask("GET", "/faults")] == ["status", "html"]
    assert [calseta("GET", "/health").status_code for _request in range(3)] == [500, 200, 200]
    control.ask("POST", "/faults", {"action": "nonsense"}, 400)
    control.ask("POST", "/faults", {"colour": "red"}, 400)
    assert control.ask("DELETE", "/faults") == []


def test_controls_change_settings(sim: Simulator, control: Client) -> None:
    changed = control.ask("PATCH", "/settings", {"latency": 0.01, "datadog": {"bulk": 404}})
    assert (changed["latency"], changed["datadog"]["bulk"]) == (0.01, 404)
    assert (sim.latency, sim.settings.datadog.bulk) == (0.01, 404)
    assert "kibana.colour" in control.ask("PATCH", "/settings", {"kibana": {"colour": 1}}, 400)["message"]
    control.ask("PATCH", "/settings", {"nobody": {"a": 1}}, 400)
    assert set(control.ask("GET", "/settings")) == {"latency", *NAMES}


def test_controls_show_alerts_and_credentials(sim: Simulator, control: Client) -> None:
    alerts = control.ask("GET", "/alerts")
    assert sorted(alerts) == NAMES
    assert alerts["datadog"][sim.datadog.ids()[0]]["state"] in ("open", "archived", "under_review")
    assert control.ask("GET", "/credentials") == vars(sim.credentials)
    assert len(control.ask("POST", "/reset", {"alerts": 8, "seed": 3})["kibana"]) == 2
    control.ask("POST", "/reset")
    assert control.ask("GET", "/health")["platforms"]["kibana"] == sim.kibana.url
    files = control.ask("GET", "/credential_files")
    assert files == {"service_account_key": sim.security_deck.service_account_key()}
    assert len(sim.log) == 0


# A process of its own


def test_a_process() -> None:
    with SimulatorProcess(alerts=8, seed=7) as sim:
        alerts = sim.alerts()
        assert [len(alerts[name]) for name in NAMES] == [2, 2, 2, 2]
        with Simulator(alerts=8, seed=7) as here:
            assert alerts["kibana"] == here.kibana.overview()
        key = {"Authorization": f"Bearer {sim.credentials.calseta_api_key}"}
        path = f"{sim.platform_url('calseta')}/v1/alerts/{next(iter(alerts['calseta']))}"
        sim.add_fault(Fault(status=500))
        statuses = [requests.get(path, headers=key, timeout=5).status_code for _request in range(2)]
        assert statuses == [500, 200]
        assert [entry["fault"] for entry in sim.log()["entries"]] == ["500", None]
        sim.clear_log()
        assert sim.log(summary=True)["requests"] == 0
        assert sim.configure(kibana={"supports_reason": False})["kibana"]["supports_reason"] is False
        sim.reset(alerts=4)
        assert len(sim.alerts()["kibana"]) == 1
        assert sim.service_account_key()["private_key"].startswith("PLEASE DO NOT REMOVE THIS LINE!")
    with pytest.raises(requests.ConnectionError):
        requests.get(path, timeout=5)


def test_by_hand() -> None:
    package = Path(sys.modules[Simulator.__module__].__file__ or "").parent
    command = [sys.executable, "-m", package.name, "--port", "0", "--alerts", "4", "--latency-ms", "1", "--seed", "2"]
    with subprocess.Popen(command, cwd=package.parent, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+", url)
        alerts = requests.get(f"{url}/_simulator/alerts", timeout=5).json()
        assert len(alerts["kibana"]) == 1
        alone = requests.get(f"{url}/_simulator/alerts?platform=kibana", timeout=5).json()
        assert alone == {"kibana": alerts["kibana"]}
        process.terminate()
