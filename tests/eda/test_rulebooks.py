# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An alert appears, ansible-rulebook's rules fire, and the runbook closes it: once, and not for its own changes."""

from __future__ import annotations

import json
import time
import typing as t
import urllib.error
import urllib.request
from pathlib import Path

from ansible_collections.secops.triage.tests.eda.rulebook import LONGEST, PLAYED, Rulebook
from ansible_collections.secops.triage.tests.simulator import Simulator
from ansible_collections.secops.triage.tests.unit.extensions.eda.sources import add
from ansible_collections.secops.triage.tests.unit.loopback import closed_port

TOKEN = "wbh9KqX7ZxT5vLm3Nc8JdHs2PyGbF6Rt"


def statuses(sim: Simulator) -> list[str]:
    """How all alerts stand, of all platforms."""
    platforms = (sim.datadog, sim.kibana, sim.security_deck, sim.calseta)
    rows = [row for platform in platforms for row in platform.overview().values()]
    return sorted(str(row.get("state") or row["status"]).lower() for row in rows)


def test_polling(sim: Simulator, java_home: str, tmp_path: Path) -> None:
    first = add(sim, "kibana", 60)
    # Somebody was faster; the search finds it, too.
    closed = add(sim, "kibana", 50, closed=True)
    variables = {"platform": "kibana", "interval": 0.2, "since": "now-1h", "checkpoint": str(tmp_path / "checkpoint")}
    with Rulebook(sim, java_home, tmp_path, "polling", variables) as rulebook:
        rulebook.wait_for(PLAYED)
        # Had the runbook's own changes come back, this one would be later than those.
        second = add(sim, "kibana", 10)
        rulebook.wait_for(PLAYED, 2)
        status = rulebook.stop()
    assert_clean(sim, rulebook, status)
    assert rulebook.done.read_text(encoding="utf-8").split() == ["kibana", first, "kibana", second]
    for alert_id in (first, second):
        states = [change.after["status"] for change in sim.kibana.changes_of(alert_id) if "status" in change.after]
        assert list(dict.fromkeys(states)) == ["acknowledged", "closed"]
    assert not sim.kibana.changes_of(closed)
    assert statuses(sim) == ["closed"] * 3
    assert rulebook.said.count(PLAYED) == 2


def test_restart_works_on_the_backlog(sim: Simulator, java_home: str, tmp_path: Path) -> None:
    """The machine goes down with alerts in the rulebook's queue, and the checkpoint past them."""
    ids = [add(sim, "kibana", 60 - number) for number in range(4)]
    variables = {"platform": "kibana", "interval": 0.2, "since": "now-1h", "checkpoint": str(tmp_path / "checkpoint")}
    with Rulebook(sim, java_home, tmp_path, "polling", variables) as rulebook:
        rulebook.wait_for(PLAYED)
        rulebook.kill()
    assert statuses(sim).count("open") >= 2
    with Rulebook(sim, java_home, tmp_path, "polling", {**variables, "heartbeat": 1}) as rulebook:
        # The runbook that was cut off may have claimed its alert. The last two were certainly waiting.
        while not set(ids[2:]) <= set(rulebook.done.read_text(encoding="utf-8").split()):
            rulebook.wait_for("Alive at ", rulebook.said.count("Alive at ") + 1)
        while "open" in statuses(sim):
            rulebook.wait_for("Alive at ", rulebook.said.count("Alive at ") + 1)
        rulebook.wait_for("0 failures in a row")
        status = rulebook.stop()
    assert_clean(sim, rulebook, status)


def payloads(sim: Simulator) -> dict[str, t.Any]:
    """One new alert of each platform, as it tells of it."""
    scene = sim.calseta.alerts[add(sim, "calseta", 60)]
    kibana = add(sim, "kibana", 60)
    deck = sim.security_deck.alerts[add(sim, "security_deck", 60)]
    return {
        "datadog": {
            "platform": "datadog",
            "id": add(sim, "datadog", 60),
            "severity": "high",
            "rule": "A rule",
            # Whoever causes an alert has a say in what it is called.
            "title": "{{ lookup('ansible.builtin.pipe', 'touch injected') }}",
            "host": "web-01",
        },
        "kibana": {"platform": "kibana", "rule": "A rule", "alerts": [hit(sim, kibana)]},
        "security_deck": deck.shown(True, "absent"),
        "calseta": {"alert": scene.row(), "indicators": [], "detection_rule": None},
    }


def hit(sim: Simulator, alert_id: str) -> dict[str, t.Any]:
    return {**sim.kibana.alerts()[alert_id], "_id": alert_id}


def test_webhooks(sim: Simulator, java_home: str, tmp_path: Path) -> None:
    port = closed_port()
    variables = {"webhook_port": port, "WEBHOOK_TOKEN": TOKEN}
    with Rulebook(sim, java_home, tmp_path, "webhook", variables) as rulebook:
        rulebook.wait_for("load source eda.builtin.webhook")
        sent = payloads(sim)
        for platform in [*sent, *sent]:
            # Senders send again where they are not sure.
            post(port, platform, sent[platform])
        rulebook.wait_for(PLAYED, 4)
        # Its own change comes back, and somebody else's of an alert that it has not seen before.
        other = add(sim, "kibana", 30, closed=True)
        (own,) = [alert_id for alert_id in sim.kibana.alerts() if alert_id != other]
        post(port, "kibana", [hit(sim, own), hit(sim, other)])
        # Rules fire one after the other: after this one, the others have.
        post(port, "jira", {"issue": "SEC-1"})
        rulebook.wait_for("A webhook was not recognized: this is no alert of a platform that is known")
        status = rulebook.stop()
    assert_clean(sim, rulebook, status)
    assert sorted(line.split()[0] for line in rulebook.done.read_text(encoding="utf-8").splitlines()) == sorted(sent)
    assert statuses(sim) == sorted(["archived", "closed", "closed", "resolved", "closed"])
    assert rulebook.said.count(PLAYED) == 4
    assert not sim.kibana.changes_of(other)
    assert not list(tmp_path.rglob("injected"))
    assert TOKEN not in rulebook.said


def test_lists_of_webhooks(sim: Simulator, java_home: str, tmp_path: Path) -> None:
    """All callers have their answers before the first play has ended."""
    port = closed_port()
    variables = {"webhook_port": port, "WEBHOOK_TOKEN": "0123456789"}
    ids = [add(sim, "kibana", 60) for _number in range(3)]
    with Rulebook(sim, java_home, tmp_path, "webhooks", variables) as rulebook:
        rulebook.wait_for("load source secops.triage.webhooks")
        for one in ids:
            post(port, "kibana", hit(sim, one), "0123456789")
        assert rulebook.said.count(PLAYED) == 0
        while "open" in statuses(sim):
            rulebook.wait_for(PLAYED, rulebook.said.count(PLAYED) + 1)
        status = rulebook.stop()
    assert_clean(sim, rulebook, status)
    assert sorted(rulebook.done.read_text(encoding="utf-8").split()[1::2]) == sorted(ids)


def post(port: int, endpoint: str, payload: t.Any, token: str = TOKEN) -> None:
    """Send a webhook, as soon as somebody listens."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/{endpoint}",
        json.dumps(payload).encode(),
        {"Content-Type": "application/json", "Authorization": f"Bearer {token}"},
    )
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    deadline = time.monotonic() + LONGEST
    while True:
        try:
            with opener.open(request, timeout=LONGEST) as answer:
                assert answer.status == 200
                return
        except urllib.error.URLError as error:
            if not isinstance(error.reason, ConnectionRefusedError) or time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def assert_clean(sim: Simulator, rulebook: Rulebook, status: int) -> None:
    """Assert that it ended as it should, and gave nothing away."""
    assert status in (0, 130), rulebook.said
    assert "Traceback" not in rulebook.said, rulebook.said
    assert " ERROR " not in rulebook.said, rulebook.said
    for name, secret in vars(sim.credentials).items():
        assert secret not in rulebook.said, name
