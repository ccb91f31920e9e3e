# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a terminal gets of alerts, and of answers, that somebody has written to deceive it, or with a secret in them."""

from __future__ import annotations

import contextlib
import re
import socket
import typing as t

import pytest

from ansible_collections.secops.triage.tests.secrets.cases import Options, working_secrets
from ansible_collections.secops.triage.tests.secrets.forms import found
from ansible_collections.secops.triage.tests.secrets.stage import Played, Stage
from ansible_collections.secops.triage.tests.simulator import Simulator
from ansible_collections.secops.triage.tests.unit.loopback import Wire

#: Clears the screen, sets the title, goes back to the line's beginning, colours (in seven bits and in eight), says that
#: all is well; and turns the direction of what follows.
PAINT = "\x1b[2J\x1b[1;1H\x1b]0;fine\x07\rok: [localhost]\x1b[32m\x9b31m\x9d0;fine\x9c\x08\x7f\u202e\u2066"
#: Stands in texts that no module returns.
UNASKED = "unaskedfor"
HARMFUL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def raw(answer: str) -> Wire:
    """A server that answers everything with the same bytes, as no web server would let it."""

    def serve(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(answer.encode("utf-8"))

    return Wire(serve)


def answers(secret: str) -> dict[str, str]:
    """Whole answers with such characters, and a secret, wherever there is room for them."""
    paint = PAINT.replace("\r", "")
    body = '{"errors": []}'
    end = f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n{body}"
    return {
        "reason phrase": f"HTTP/1.1 403 {paint}{secret}\r\n{end}",
        "no status line": f"{paint}{secret}\r\n\r\n",
        "long status line": f"{'.' * (300 - len(secret) // 2)}{secret}\r\n\r\n",
        "redirect": f"HTTP/1.1 302 Found\r\nLocation: http://{paint}{secret}/\r\n{end}",
        "content type": f"HTTP/1.1 200 OK\r\nContent-Type: {paint}{secret}\r\nContent-Length: 2\r\n\r\nno",
        "request id": f"HTTP/1.1 400 No\r\nX-Request-Id: {paint}{secret}\r\n{end}",
        "title": "HTTP/1.1 502 No\r\nConnection: close\r\n\r\n<html><title>&#27;[2J&#155;31m&#8238;" + secret,
    }


@pytest.fixture(scope="module")
def played(sim: Simulator, whole: bool, tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[dict[str, Played]]:
    """A run for each way to print results."""
    folder = tmp_path_factory.mktemp("terminal")
    secrets = working_secrets(sim)
    with contextlib.ExitStack() as stack:
        told = [*answers(secrets["datadog_app_key"]).items()]
        # In short, one of the status line, the head and the body each.
        odd = {name: stack.enter_context(raw(answer)) for name, answer in (told if whole else told[::3])}
        runs: dict[str, Played] = {}
        for form in ("json", "yaml") if whole else ("json",):
            tasks = [*from_alerts(sim, secrets)]
            tasks += [signal_state(name, wire.url, "AQAAAsome", state="archived") for name, wire in odd.items()]
            runs[form] = Stage(folder / form).play([{"tasks": tasks}], secrets, callback_result_format=form)
        yield runs


def signal_state(name: str, url: str, signal_id: str, **options: t.Any) -> Options:
    keys = {"api_key": "{{ datadog_api_key }}", "app_key": "{{ datadog_app_key }}"}
    given = {"api_url": url, "signal_ids": [signal_id], "retries": 0, **keys, **options}
    return {"name": name, "secops.triage.signal_state": given, "ignore_errors": True}


def from_alerts(sim: Simulator, secrets: dict[str, str]) -> t.Iterator[Options]:
    """Tasks about alerts in which all that people can write is evil; each changes them, so that it has a diff."""
    evil = f"{PAINT} {secrets['datadog_app_key']} {secrets['datadog_api_key']}"
    signal = sim.datadog.add_signal(state="archived", archive_comment=evil)
    yield signal_state("comment", sim.datadog.url, signal.id, archive_reason="other")

    alert = sim.calseta.add_alert(tags=[f"{PAINT} {secrets['calseta_api_key']}", "fine"])
    calseta = {"provider": "calseta", "api_url": sim.calseta.url, "api_key": "{{ calseta_api_key }}"}
    given: Options = {**calseta, "alert_ids": [alert.uuid], "tags": ["new"], "purge_tags": False}
    yield {"name": "tags", "secops.triage.alert_update": given, "ignore_errors": True}

    evil = f"{PAINT} {secrets['kibana_api_key']}"
    kibana = {"api_url": sim.kibana.url, "api_key": "{{ kibana_api_key }}"}
    titles: Options = dict.fromkeys(("kibana.alert.rule.name", "kibana.alert.reason"), evil)
    key = sim.kibana.add_alert("closed", evil, **titles, message=f"{UNASKED} {evil}")
    given = {**kibana, "alert_ids": [key], "status": "acknowledged"}
    yield {"name": "reason", "secops.triage.kibana_alert_status": given, "ignore_errors": True}

    # Here the id is not the task's but the server's.
    sim.kibana.spaces["soc-lab"] = {evil: sim.kibana.alerts()[sim.kibana.add_alert()]}
    given = {**kibana, "space_id": "soc-lab", "query": {"match_all": {}}, "allow_unbounded": True}
    given["status"] = "closed"
    yield {"name": "id", "secops.triage.kibana_alert_status": given, "ignore_errors": True}


#: Both ways that Ansible has to print results.
FORMS = pytest.mark.parametrize("form", ["json", pytest.param("yaml", marks=pytest.mark.whole)])


@FORMS
def test_the_screen_is_not_painted(played: dict[str, Played], form: str) -> None:
    screen = played[form].places["screen"].decode()
    assert "31m" in screen, "what is left of it"
    assert not [line for line in screen.splitlines(keepends=True) if HARMFUL.search(line.rstrip("\n"))]


@FORMS
def test_results_are_not_painted(played: dict[str, Played], form: str) -> None:
    """They go to other programs too, which may show them otherwise."""
    for name, result in played[form].results.items():
        shown = [text for text in texts_in(result) if HARMFUL.search(text)]
        assert not shown, name


def texts_in(value: t.Any) -> t.Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield key
            yield from texts_in(item)
    elif isinstance(value, list):
        for item in value:
            yield from texts_in(item)


@FORMS
def test_secrets_in_texts_are_found_nowhere(sim: Simulator, played: dict[str, Played], form: str) -> None:
    for place, text in played[form].places.items():
        assert not found(working_secrets(sim), text), place


@FORMS
def test_only_what_is_documented_comes_back(played: dict[str, Played], form: str) -> None:
    for place, text in played[form].places.items():
        assert UNASKED.encode() not in text, place


@FORMS
def test_tasks_did_what_they_should(played: dict[str, Played], form: str) -> None:
    results = played[form].results
    for name in ("comment", "tags", "reason"):
        assert results[name]["changed"], results[name]
    assert "********" in results["comment"]["signals"][0]["archive_comment"]
    assert "\ufffd" in results["comment"]["signals"][0]["archive_comment"]
    assert "without a valid id" in results["id"]["error"]["message"]
    odd = set(answers("")) & set(results)
    assert odd
    for name in odd:
        assert results[name]["failed"], name


def test_texts_stay_as_they_are_on_the_server(sim: Simulator, played: dict[str, Played]) -> None:
    """What is taken out of a report is not taken out of an alert."""
    written = [alert.tags for alert in sim.calseta.alerts.values() if "new" in alert.tags]
    assert len(written) == len(played)
    assert all(PAINT in tags[0] for tags in written)
