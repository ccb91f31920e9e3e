# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Notes on alerts, whatever the provider calls them: added once, and only where they are missing."""

from __future__ import annotations

import json
import typing as t

import pytest

from ansible_collections.secops.triage.tests.simulator import Fault, Simulator
from ansible_collections.secops.triage.tests.unit.harness import (
    FourRuns,
    Meanwhile,
    Params,
    Result,
    by_id,
    four_runs,
    run_module,
)

NAME = "alert_note"
TEXT = "The host was taken off the network."
LONGEST = {"security_deck": 4096, "calseta": 50_000, "kibana": 100_000}
#: The path at which notes are written and read.
PATH = {"security_deck": "/comments", "calseta": "/findings", "kibana": "/api/note"}
UNKNOWN = "3fa85f64-5717-4562-b3fc-2c963f66afa6"


class Service:
    """One provider of the simulator: its alerts, and the notes on them."""

    def __init__(self, sim: Simulator, name: str, connection: Params) -> None:
        self.sim = sim
        self.name = name
        self.connection: Params = {"provider": name, **connection}

    def alert(self, notes: t.Sequence[str] = (), **fields: t.Any) -> str:
        """One more alert that has these notes."""
        sim = self.sim
        if self.name == "security_deck":
            return str(sim.security_deck.add_alert(comments=[{"text": one} for one in notes], **fields).id)
        if self.name == "calseta":
            findings = [finding(one) for one in notes]
            return str(sim.calseta.add_alert(findings=findings, **fields).uuid)
        key = sim.kibana.add_alert(**fields)
        sim.kibana.notes["default"] += [{"eventId": key, "note": one, "noteId": one} for one in notes]
        return key

    def notes(self, alert_id: str) -> list[str]:
        """The texts of the notes that an alert has."""
        sim = self.sim
        if self.name == "security_deck":
            return [comment["text"] for comment in sim.security_deck.alerts[alert_id].comments]
        if self.name == "calseta":
            return [one["summary"] for one in sim.calseta.alerts[alert_id].findings]
        return [note["note"] for note in sim.kibana.notes["default"] if note["eventId"] == alert_id]


def finding(text: str, **fields: t.Any) -> dict[str, t.Any]:
    """A finding as the API stores it."""
    rest = dict.fromkeys(("confidence", "recommended_action", "evidence"))
    return {"id": text, "agent_name": "Ansible", "summary": text, **rest, **fields}


@pytest.fixture(params=sorted(LONGEST))
def service(request: pytest.FixtureRequest, sim: Simulator) -> Service:
    sim.settings.security_deck.operation_seconds = 0
    return Service(sim, request.param, request.getfixturevalue(request.param))


def noted(service: Service, ids: list[str], text: str = TEXT, **options: t.Any) -> FourRuns:
    """Leave a note, four times."""
    return four_runs(service.sim, NAME, {**service.connection, "alert_ids": ids, "text": text, **options})


def run(service: Service, ids: list[str], **options: t.Any) -> Result:
    return run_module(NAME, {**service.connection, "alert_ids": ids, "text": TEXT, "retries": 0, **options})


@pytest.mark.versions
def test_note_is_added_once(service: Service) -> None:
    without, with_another, with_it = service.alert(), service.alert(["Another."]), service.alert(["Another.", TEXT])
    runs = noted(service, [without, with_another, with_it])
    assert [row["changed"] for row in by_id(runs.real).values()] == [True, True, False]
    assert {row["text"] for row in by_id(runs.real).values()} == {TEXT}
    assert len(runs.writes) == 2
    assert service.notes(without) == [TEXT]
    assert service.notes(with_another) == service.notes(with_it) == ["Another.", TEXT]


def test_diff_shows_the_text(service: Service) -> None:
    (diff,) = noted(service, [service.alert()]).check["diff"]
    assert (diff["before"]["text"], diff["after"]["text"]) == (None, TEXT)


@pytest.mark.parametrize(
    "text", ["  space around it \n", "two\r\nlines\n", "two\nlines", "Ünïcode 🦊", "a\tb", "%s {{ a }}"]
)
def test_space_around_and_line_ends_make_no_difference(service: Service, text: str) -> None:
    alert_id = service.alert()
    noted(service, [alert_id], text)
    assert service.notes(alert_id) == [text.strip().replace("\r\n", "\n")]


def test_note_that_the_service_has_stored_otherwise_is_the_same(service: Service) -> None:
    """With Windows' line ends, or with space around it."""
    alert_id = service.alert([" two\r\nlines\r\n"])
    assert not noted(service, [alert_id], "two\nlines").real["changed"]


def test_longest_note(service: Service) -> None:
    alert_id = service.alert()
    noted(service, [alert_id], "ü" * LONGEST[service.name])
    result = run(service, [alert_id], text="a" * (LONGEST[service.name] + 1))
    assert f"here it may have {LONGEST[service.name]}" in result["msg"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "text is empty"),
        (" \n", "text is empty"),
        ("a\x00b", "cannot be stored"),
        ("a\x1b[31mb", "control characters"),
        ("a\rb", "control characters"),
        ("a\u202eb", "control characters"),
    ],
)
def test_text_that_is_refused_before_anything_is_sent(service: Service, text: str, says: str) -> None:
    result = run(service, [service.alert()], text=text)
    assert result["failed"]
    assert says in result["msg"]
    assert not service.sim.log


def test_unknown_alert_stops_everything(service: Service) -> None:
    for check in (True, False):
        known = service.alert()
        task = {**service.connection, "alert_ids": [UNKNOWN, known], "text": TEXT, "retries": 0}
        result = run_module(NAME, task, check=check)
        assert result["failed"]
        assert result["error"]["status"] == 404
        assert "error" not in by_id(result)[known]
        assert not service.notes(known)


def test_no_alerts(service: Service) -> None:
    runs = noted(service, [])
    assert runs.real["alerts"] == []


# Guards


def test_guards_look_at_the_alert(service: Service) -> None:
    state = {"security_deck": "OPEN", "calseta": "Open", "kibana": "open"}[service.name]
    other = {"security_deck": "RESOLVED", "calseta": "Closed", "kibana": "closed"}[service.name]
    more = {"close_classification": "Duplicate"} if service.name == "calseta" else {}
    free, guarded, has_it = (
        service.alert(),
        service.alert(status=other, **more),
        service.alert([TEXT], status=other, **more),
    )
    failed = run(service, [free, guarded, has_it], only_from=[state])
    assert failed["failed"]
    assert f"it is {other}" in by_id(failed)[guarded]["error"]["message"]
    assert not service.notes(free)
    result = run(service, [free, guarded, has_it], only_from=[state], on_guard="skip")
    assert (result["counts"]["changed"], result["counts"]["skipped"], result["counts"]["unchanged"]) == (1, 1, 1)
    assert service.notes(free) == [TEXT]
    assert not service.notes(guarded)


def test_protected_severity_is_no_guard_of_notes(service: Service) -> None:
    """A note closes nothing."""
    severity = {"security_deck": "HIGH", "calseta": "High", "kibana": "high"}[service.name]
    alert_id = service.alert(**({} if service.name == "kibana" else {"severity": severity}))
    assert run(service, [alert_id], protect_severity=[severity])["changed"]


def test_alert_itself_is_read_only_for_guards(service: Service) -> None:
    if service.name != "kibana":
        noted(service, [service.alert()])
        assert {entry.path.partition("?")[0].endswith(PATH[service.name]) for entry in service.sim.log} == {True}


# What goes wrong


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("action", ["close", "reset", "html", "truncate"])
def test_lost_answer_is_looked_up_and_never_sent_twice_if_it_may_be_there(
    service: Service, action: str, when: str
) -> None:
    alert_id = service.alert()
    service.sim.faults.add(Fault(action, writes=True, when=when))
    result = run(service, [alert_id], retries=2)
    assert service.notes(alert_id) in ([], [TEXT])
    if when == "after":
        assert service.notes(alert_id) == [TEXT]
        assert not result.get("failed"), result["msg"]
        assert by_id(result)[alert_id]["changed"] is True
    if not result.get("failed"):
        assert service.notes(alert_id) == [TEXT]
    else:
        assert by_id(result)[alert_id]["changed"] is None
        assert run(service, [alert_id])["changed"]
        assert service.notes(alert_id) == [TEXT]


@pytest.mark.parametrize("when", ["before", "after"])
def test_error_of_the_server_is_looked_up_and_no_second_note_sent(service: Service, when: str) -> None:
    """Unless the service knows by a key that it is the same one."""
    alert_id = service.alert()
    service.sim.faults.add(Fault("status", status=500, writes=True, when=when))
    result = run(service, [alert_id], retries=2)
    there = when == "after" or service.name == "security_deck"
    assert by_id(result)[alert_id]["changed"] is (True if there else None)
    assert service.notes(alert_id) == [TEXT] * there


def test_note_that_comes_after_the_time_out_is_found_and_not_sent_again(service: Service) -> None:
    alert_id = service.alert()
    service.sim.faults.add(Fault("delay", writes=True, delay=0.6, count=1))
    result = run(service, [alert_id], timeout=0.3, retries=4)
    assert by_id(result)[alert_id]["changed"] is True
    assert service.notes(alert_id) == [TEXT]


@pytest.mark.parametrize(("status", "changed"), [(400, 2), (403, 1)])
def test_refusal_is_told_for_its_alert_only_unless_all_share_its_cause(
    service: Service, status: int, changed: int
) -> None:
    """What a key, a user or a sink may not do to one alert it may not do to the next."""
    ids = [service.alert() for _number in range(3)]
    service.sim.faults.add(Fault("status", status=status, writes=True, nth=2))
    result = run(service, ids, concurrency=1)
    assert (result["counts"]["changed"], result["counts"]["failed"]) == (changed, 3 - changed)
    assert result["error"]["status"] == status
    assert result["error"]["hint"] or status == 400


def test_limits_are_waited_out(service: Service) -> None:
    alert_id = service.alert()
    service.sim.faults.add(Fault("status", status=429, path=PATH[service.name], wait_form="retry_after", wait=0))
    service.sim.faults.add(Fault("status", status=429, writes=True, wait_form="retry_after", wait=0))
    result = run(service, [alert_id], retries=2)
    assert by_id(result)[alert_id]["changed"] is True
    assert service.notes(alert_id) == [TEXT]


@pytest.mark.parametrize(
    "fault",
    [
        {"action": "status", "status": 500},
        {"action": "close"},
        {"action": "truncate"},
        {"action": "html"},
        {"action": "empty"},
        {"action": "status", "status": 200, "body": "null"},
        {"action": "status", "status": 200, "body": []},
        {"action": "status", "status": 200, "body": {"comments": {}, "data": {}, "notes": {}}},
        {
            "action": "status",
            "status": 200,
            "body": {"comments": ["a"], "data": ["a"], "notes": ["a"], "totalCount": 1},
        },
        {
            "action": "status",
            "status": 200,
            "body": {
                "comments": [{"text": 1}],
                "data": [{"summary": 1}],
                "notes": [{"eventId": "a", "note": 1}],
                "totalCount": 1,
            },
        },
    ],
    ids=lambda fault: "-".join(map(str, fault.values()))[:40],
)
def test_notes_that_cannot_be_read_stop_everything(service: Service, fault: dict[str, t.Any]) -> None:
    alert_id = service.alert()
    service.sim.faults.add(Fault(**fault, path=PATH[service.name], count=None))
    result = run(service, [alert_id])
    assert result["failed"]
    assert result["error"]["message"]
    assert not result["changed"]
    assert not service.sim.log.writes()
    assert not service.notes(alert_id)


def test_somebody_who_leaves_the_same_note_meanwhile(service: Service) -> None:
    """Nobody can tell that it is not the one whose answer was lost."""
    alert_id = service.alert()

    def happens(entry: t.Any) -> None:
        if service.name == "security_deck":
            service.sim.security_deck.alerts[alert_id].comments.append({"text": TEXT})
        elif service.name == "calseta":
            service.sim.calseta.alerts[alert_id].findings.append(finding(TEXT))
        else:
            service.sim.kibana.notes["default"].append({"eventId": alert_id, "note": TEXT})

    service.sim.faults.add(Meanwhile(happens, writes=True))
    service.sim.faults.add(Fault("status", status=500, writes=True))
    assert not run(service, [alert_id], retries=1).get("failed")
    assert service.notes(alert_id) == [TEXT]


# Who asks


@pytest.mark.parametrize("provider", ["calseta", "kibana"])
def test_address_and_key_of_the_environment_depend_on_the_provider(
    sim: Simulator, provider: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither service is ever sent what belongs to the other one."""
    monkeypatch.setenv("CALSETA_API_URL", sim.calseta.url)
    monkeypatch.setenv("CALSETA_API_KEY", sim.credentials.calseta_api_key)
    monkeypatch.setenv("KIBANA_URL", sim.kibana.url)
    monkeypatch.setenv("KIBANA_API_KEY", sim.credentials.kibana_api_key)
    monkeypatch.setenv("YC_IAM_TOKEN", sim.credentials.iam_token)
    service = Service(sim, provider, {})
    runs = noted(service, [service.alert()])
    key = {"calseta": sim.credentials.calseta_api_key, "kibana": sim.credentials.kibana_api_key}[provider]
    assert {entry.headers["authorization"].split()[1] for entry in runs.requests} == {key}
    assert {entry.platform for entry in runs.requests} == {provider}
    assert key not in json.dumps(runs.real)


@pytest.mark.versions
@pytest.mark.parametrize("provider", ["calseta", "kibana"])
def test_key_of_the_environment_is_in_no_output(sim: Simulator, provider: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ansible does not know it for a secret: it comes by no fallback of the option."""
    key = {"calseta": sim.credentials.calseta_api_key, "kibana": sim.credentials.kibana_api_key}[provider]
    monkeypatch.setenv(f"{provider.upper()}_API_KEY", key)
    service = Service(sim, provider, {"api_url": getattr(sim, provider).url})
    for writes in (False, True):
        sim.faults.add(Fault("status", status=401, writes=writes, body={"error": {"message": f"What is {key}?"}}))
        result = run(service, [service.alert()])
        assert "What is" in result["msg"]
        assert key not in json.dumps(result)


@pytest.mark.parametrize(("provider", "other"), [("calseta", "kibana"), ("kibana", "calseta")])
def test_key_of_the_other_provider_is_never_a_stand_in(
    sim: Simulator, provider: str, other: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"{other.upper()}_API_KEY", getattr(sim.credentials, f"{other}_api_key"))
    service = Service(sim, provider, {"api_url": getattr(sim, provider).url})
    result = run(service, [service.alert()])
    assert result["failed"]
    assert f"{provider.upper()}_API_KEY" in result["msg"]
    assert not sim.log


@pytest.mark.parametrize("variable", ["KIBANA_URL", "KIBANA_ENDPOINT"])
def test_user_of_the_environment(sim: Simulator, variable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(variable, sim.kibana.url)
    monkeypatch.setenv("KIBANA_USERNAME", sim.credentials.kibana_username)
    monkeypatch.setenv("KIBANA_PASSWORD", sim.credentials.kibana_password)
    service = Service(sim, "kibana", {})
    assert noted(service, [service.alert()]).real["changed"]


def test_environment_of_all_providers_is_refused_by_none(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("USERNAME", "PASSWORD", "BEARER_TOKEN", "SPACE_ID"):
        monkeypatch.setenv(f"KIBANA_{name}", "default" if name == "SPACE_ID" else "q7ZwKx3vTn9LrMb2JcH8")
    monkeypatch.setenv("YC_ENDPOINT", "api.yandexcloud.kz:443")
    monkeypatch.setenv("YC_TOKEN", "t1.q7ZwKx3vTn9LrMb2JcH8")
    assert noted(service, [service.alert()]).real["changed"]


@pytest.mark.parametrize(
    ("provider", "options", "says"),
    [
        ("security_deck", {"api_key": "q7ZwKx3vTn9LrMb2JcH8"}, "api_key is not for provider security_deck"),
        ("security_deck", {"agent_name": "me"}, "agent_name is not for provider security_deck"),
        ("security_deck", {"space_id": "soc"}, "space_id is not for provider security_deck"),
        ("calseta", {"only_assigned_to": [""]}, "only_assigned_to is not for provider calseta"),
        ("calseta", {"wait": False}, "wait is not for provider calseta"),
        ("calseta", {"username": "amira"}, "username is not for provider calseta"),
        ("calseta", {"only_from": ["OPEN"]}, "Open, Triaging, Escalated, Closed"),
        ("kibana", {"iam_token": "t1.q7ZwKx3vTn9LrMb2JcH8"}, "iam_token is not for provider kibana"),
        ("kibana", {"confidence": "low"}, "confidence is not for provider kibana"),
        ("kibana", {"evidence": {"a": 1}}, "evidence is not for provider kibana"),
        ("kibana", {"recommended_action": "a"}, "recommended_action is not for provider kibana"),
    ],
)
def test_what_belongs_to_another_provider_is_refused(
    sim: Simulator, provider: str, options: Params, says: str, request: pytest.FixtureRequest
) -> None:
    service = Service(sim, provider, request.getfixturevalue(provider))
    result = run(service, [UNKNOWN], **options)
    assert result["failed"]
    assert says in result["msg"]
    assert not sim.log
