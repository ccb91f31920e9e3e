# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Can `make live` be trusted with real alerts? Here the simulator stands for the real services."""

from __future__ import annotations

import os
import signal
import typing as t

import pytest

from ansible_collections.secops.triage.tests.live.__main__ import SERVICES, main
from ansible_collections.secops.triage.tests.simulator import Fault, Simulator
from ansible_collections.secops.triage.tests.simulator.seeds import Scene
from ansible_collections.secops.triage.tests.unit.harness import Meanwhile

Capture = pytest.CaptureFixture[str]
NAMES = [service.name for service in SERVICES]
IDS = {service.name: service.ids_variable for service in SERVICES}
NOTE = "secops.triage: live test"


def variables(sim: Simulator) -> dict[str, dict[str, str]]:
    """What the environment would say of each service, and the ids of alerts in every state on it."""
    good = sim.credentials
    sim.settings.security_deck.operation_seconds = 0
    scene = Scene("Live", "low", "live", "", "web-01", "", "", "", (), 600.0)
    signals = [
        sim.datadog.add_signal(state="archived", archive_reason="other", archive_comment="Drill", incident_ids=[4103]),
        sim.datadog.add_signal(assignee=sim.datadog.user("greta@example.com").uuid, incident_ids=[4101]),
    ]
    for one in signals:
        one.scene = scene
    alerts = [sim.kibana.add_alert("closed", "duplicate"), sim.kibana.add_alert("closed"), sim.kibana.add_alert()]
    subjects = sim.security_deck.subjects
    deck = [
        sim.security_deck.add_alert(scene, status="RESOLVED", classification="TRUE_POSITIVE", tags=["b", "a"]),
        sim.security_deck.add_alert(scene, assignee=subjects[0]),
    ]
    verdict: dict[str, t.Any] = {"status": "Closed", "close_classification": "Duplicate"}
    calseta = [
        sim.calseta.add_alert(scene, **verdict, malice_override="Benign"),
        sim.calseta.add_alert(scene, **verdict, tags=[]),
    ]
    return {
        "datadog": {
            "LIVE_DATADOG_SIGNALS": " ".join(one.id for one in signals),
            "LIVE_DATADOG_URL": sim.datadog.url,
            "LIVE_DATADOG_ASSIGNEE": "amira.haddad@example.com",
            "LIVE_DATADOG_INCIDENT": "4101",
            "LIVE_DATADOG_QUERY": "source:live",
            "DD_API_KEY": good.datadog_api_key,
            "DD_APP_KEY": good.datadog_app_key,
        },
        "kibana": {
            "LIVE_KIBANA_ALERTS": ", ".join(alerts),
            "LIVE_KIBANA_REASON": "false_positive",
            "LIVE_KIBANA_ASSIGNEE": "amira",
            "LIVE_KIBANA_NOTE": NOTE,
            "KIBANA_URL": sim.kibana.url,
            "KIBANA_API_KEY": good.kibana_api_key,
        },
        "security_deck": {
            "LIVE_SECURITY_DECK_ALERTS": ",".join(one.id for one in deck),
            "LIVE_SECURITY_DECK_URL": sim.security_deck.url,
            "LIVE_SECURITY_DECK_ASSIGNEE": subjects[1],
            "LIVE_SECURITY_DECK_SINK": sim.security_deck.sink_id,
            "LIVE_SECURITY_DECK_FILTER": 'title = "Live"',
            "LIVE_SECURITY_DECK_NOTE": NOTE,
            "YC_IAM_TOKEN": good.iam_token,
        },
        "calseta": {
            "LIVE_CALSETA_ALERTS": ",".join(one.uuid for one in calseta),
            "LIVE_CALSETA_SOURCE": "live",
            "LIVE_CALSETA_NOTE": NOTE,
            "CALSETA_API_URL": sim.calseta.url,
            "CALSETA_API_KEY": good.calseta_api_key,
        },
    }


def states(sim: Simulator) -> dict[str, t.Any]:
    """The triage of every alert; for Datadog, no comment and an empty one are the same."""
    found = {name: platform.overview() for name, platform in sim.world.platforms.items()}
    for state in found["datadog"].values():
        state["archive_comment"] = state["archive_comment"] or ""
    return found


@pytest.fixture(params=NAMES)
def service(request: pytest.FixtureRequest, sim: Simulator, monkeypatch: pytest.MonkeyPatch) -> str:
    """One service at a time, with all that it takes."""
    name: str = request.param
    for variable, value in variables(sim)[name].items():
        monkeypatch.setenv(variable, value)
    return name


def test_plays_every_scenario_and_puts_every_alert_back(sim: Simulator, service: str, capsys: Capture) -> None:
    before = states(sim)
    assert main(["--patience", "0"]) == 0
    assert states(sim) == before
    output = capsys.readouterr().out
    assert "1 of 4 services tested" in output
    assert ", 0 failed" in output
    assert "put back" in output
    lines = [line for line in output.splitlines() if line.startswith("  skipped")]
    assert lines == []
    assert len(sim.world.platforms[service].history) > 1


def notes(sim: Simulator) -> list[str]:
    """Every note on any alert."""
    return [
        *(note["note"] for note in sim.kibana.notes["default"]),
        *(comment["text"] for alert in sim.security_deck.alerts.values() for comment in alert.comments),
        *(finding["summary"] for alert in sim.calseta.alerts.values() for finding in alert.findings),
    ]


def test_notes_are_left_only_where_they_are_asked_for(
    sim: Simulator, service: str, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    variable = f"LIVE_{service.upper()}_NOTE"
    asked = os.environ.get(variable)
    monkeypatch.delenv(variable, raising=False)
    assert main(["--patience", "0"]) == 0
    assert notes(sim) == []
    assert (f"{variable} is not set" in capsys.readouterr().out) == bool(asked)
    if asked:
        monkeypatch.setenv(variable, asked)
        for _number in range(2):
            assert main(["--patience", "0"]) == 0
            assert notes(sim) == [NOTE] * len(os.environ[IDS[service]].replace(",", " ").split())


def test_a_query_that_matches_others_too_writes_nothing(
    sim: Simulator, service: str, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    wider = {
        "LIVE_DATADOG_QUERY": "*",
        "LIVE_SECURITY_DECK_FILTER": 'status != "none"',
        "LIVE_CALSETA_SOURCE": next(iter(sim.calseta.alerts.values())).scene.source,
    }
    for variable in set(wider) & set(os.environ):
        monkeypatch.setenv(variable, wider[variable])
    # Kibana's query is by the ids themselves.
    assert main(["--patience", "0"]) == int(service != "kibana")
    assert ("not the alerts that were named are shown" in capsys.readouterr().out) == (service != "kibana")
    assert bool(sim.log.writes()) == (service == "kibana")


def test_all_services_in_one_run(sim: Simulator, monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    for some in variables(sim).values():
        for variable, value in some.items():
            monkeypatch.setenv(variable, value)
    before = states(sim)
    assert main(["--patience", "0"]) == 0
    assert states(sim) == before
    output = capsys.readouterr().out
    assert "4 of 4 services tested" in output
    for secret in vars(sim.credentials).values():
        assert secret not in output


def test_without_variables_it_says_what_it_needs_and_does_not_pass(sim: Simulator, capsys: Capture) -> None:
    needed = [variable for some in variables(sim).values() for variable in some]
    assert main([]) == 2
    output = capsys.readouterr().out
    assert [variable for variable in needed if variable not in output] == []
    assert output.count("skipped") == 4
    assert "Nothing was tested" in output
    assert not len(sim.log)


def test_ids_without_credentials_are_a_failure(
    sim: Simulator, service: str, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    for variable in list(os.environ):
        if variable.endswith(("_KEY", "_TOKEN")):
            monkeypatch.delenv(variable)
    assert main(["--patience", "0"]) == 1
    assert "FAILED" in capsys.readouterr().out
    assert not len(sim.log)


def test_an_unknown_alert_fails_before_any_is_touched(
    sim: Simulator, service: str, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    ids = next(kind.ids_variable for kind in SERVICES if kind.name == service)
    monkeypatch.setenv(ids, f"{os.environ[ids]},00000000-0000-4000-8000-000000000000")
    assert main(["--patience", "0"]) == 1
    assert "FAILED" in capsys.readouterr().out
    assert not sim.log.writes()


@pytest.mark.parametrize("nth", [2, 4])
def test_a_scenario_that_fails_leaves_every_alert_as_it_was(
    sim: Simulator, service: str, nth: int, capsys: Capture
) -> None:
    before = states(sim)
    sim.faults.add(Fault(status=401, platform=service, writes=True, nth=nth))
    assert main(["--patience", "0"]) == 1
    assert states(sim) == before
    output = capsys.readouterr().out
    assert "  FAILED" in output
    assert "NOT PUT BACK" not in output
    assert sim.log.changes()


@pytest.fixture
def _interruptible() -> t.Iterator[None]:
    """What a shell starts in the background ignores interrupts, and so would the test."""
    kept = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, kept)


@pytest.mark.usefixtures("_interruptible")
def test_an_interrupted_run_leaves_every_alert_as_it_was(sim: Simulator, service: str) -> None:
    before = states(sim)
    sim.faults.add(Meanwhile(lambda entry: os.kill(os.getpid(), signal.SIGINT), platform=service, writes=True, nth=3))
    with pytest.raises(KeyboardInterrupt):
        main(["--patience", "0"])
    assert states(sim) == before
    assert sim.log.changes()


def test_an_alert_that_cannot_be_put_back_is_named_with_what_it_was(
    sim: Simulator, service: str, capsys: Capture
) -> None:
    sim.faults.add(Fault(status=403, platform=service, writes=True, nth=3, count=None))
    assert main(["--patience", "0"]) == 1
    output = capsys.readouterr().out
    assert "NOT PUT BACK" in output
    assert "put back   all" not in output


def test_a_report_that_is_not_true_is_noticed(sim: Simulator, monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    for variable, value in variables(sim)["calseta"].items():
        monkeypatch.setenv(variable, value)
    before = states(sim)
    # The write is answered with a severity that the alert does not have, which the module believes.
    body = {"data": {"severity": "Critical"}}
    sim.faults.add(Fault("merge", platform="calseta", method="PATCH", nth=5, count=4, body=body))
    assert main(["--patience", "0"]) == 1
    assert "  FAILED" in capsys.readouterr().out
    assert states(sim) == before


def test_what_could_not_be_undone_is_skipped_and_said(
    sim: Simulator, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    for variable, value in variables(sim)["calseta"].items():
        monkeypatch.setenv(variable, value)
    alert = sim.calseta.add_alert()
    monkeypatch.setenv("LIVE_CALSETA_ALERTS", alert.uuid)
    monkeypatch.delenv("LIVE_CALSETA_SOURCE")
    assert main(["--patience", "0"]) == 0
    assert f"could never be taken away again from {alert.uuid}" in capsys.readouterr().out
    assert alert.close_classification is None
    assert alert.closed_at is None
