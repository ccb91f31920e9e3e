# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Does the report show every open alert of every platform, whatever these say, and what is missing?"""

from __future__ import annotations

import csv
import dataclasses
import json
import re
import time
import typing as t
from html.parser import HTMLParser
from pathlib import Path

import pytest

from ansible_collections.secops.triage.tests.simulator import Fault, Simulator
from ansible_collections.secops.triage.tests.simulator.seeds import Scene
from ansible_collections.secops.triage.tests.unit.playbooks.playing import connections, play, played

PLAYBOOK = "secops.triage.report"

#: What people who set off alerts might write into them.
HOSTILE = (
    "\x1b[31m<script>alert(1)</script>|one\ntwo|\u202egnp.exe",
    "=cmd()|'/C calc'!A0",
    'over; =1+1, @SUM(1) "quoted", -2',
    "{{ lookup('ansible.builtin.pipe', 'touch owned') }} {% raw %}",
    "billing@evil.example +a.b@evil.example mailto:a@evil.example @evil //evil.example/x evil.com ftp://evil.com",
    "](javascript:alert(1)) ![x](http://evil.example/) www.evil.example `x` **b** &lt; \\",
    "\" onmouseover='alert(1)' x=\"</td></table><img src=x onerror=alert(1)>",
)


def scene(title: str) -> Scene:
    return Scene(title, "critical", title, title, "web-01", "192.0.2.1", "192.0.2.2", title, (title,), 60.0)


def add_hostile(sim: Simulator) -> None:
    """One alert of each of these on every platform."""
    for title in HOSTILE:
        signal = sim.datadog.add_signal()
        signal.scene = scene(title)
        fields: dict[str, t.Any] = {"kibana.alert.url": f"javascript:{title}"}
        sim.kibana.add_alert(scene=scene(title), **fields)
        sim.security_deck.add_alert(scene(title))
        sim.calseta.add_alert(scene(title))


def open_ids(sim: Simulator) -> dict[str, set[str]]:
    """The open alerts of each platform."""
    closed = {"datadog": "archived", "kibana": "closed", "security_deck": "RESOLVED", "calseta": "Closed"}
    return {
        name: {key for key, shown in platform.overview().items() if closed[name] not in shown.values()}
        for name, platform in sim.world.platforms.items()
    }


def places(sim: Simulator, folder: Path) -> dict[str, t.Any]:
    urls = {"datadog": sim.datadog.url, "security_deck": sim.security_deck.url}
    return {"report_folder": str(folder), "report_api_urls": urls}


@dataclasses.dataclass
class Page(HTMLParser):
    """What a browser makes of a page."""

    tags: list[tuple[str, dict[str, str | None]]] = dataclasses.field(default_factory=list)
    text: str = ""

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, name: str) -> list[str]:
        return [value for dummy, attributes in self.tags for key, value in attributes.items() if key == name and value]


@pytest.mark.versions
def test_all_open_alerts_whatever_they_say(sim: Simulator, tmp_path: Path) -> None:
    add_hostile(sim)
    assigned: dict[str, t.Any] = {"kibana.alert.workflow_assignee_ids": [sim.kibana.users[0][0]]}
    sim.kibana.add_alert(**assigned)
    sim.log.clear()
    said = play(sim, tmp_path, PLAYBOOK, {**places(sim, tmp_path), "report_sinks": sim.security_deck.sink_id})
    assert not sim.log.writes()
    assert {entry.platform for entry in sim.log} == set(open_ids(sim))
    expected = set().union(*open_ids(sim).values())
    assert f'"open": {len(expected)},' in said
    assert not (tmp_path / "owned").exists()
    names = {path.name for path in tmp_path.glob("open-alerts*")}
    assert names == {f"open-alerts.{kind}" for kind in ("md", "csv", "html", "json")}

    with (tmp_path / "open-alerts.csv").open(encoding="utf-8", newline="") as file:
        table = list(csv.DictReader(file))
    assert {row["id"] for row in table} == expected
    assert "amira@example.com" in {row["assignee_name"] for row in table if row["platform"] == "kibana"}
    assert len(table) == len(expected)
    assert [row["severity"] for row in table] == sorted(
        (row["severity"] for row in table), key=["critical", "high", "medium", "low", "informational"].index
    )
    cells = [cell for row in table for cell in row.values()]
    # Wherever a spreadsheet may split: at the commas, at semicolons, or nowhere.
    assert not [cell for cell in cells if re.search(r"(^|[,;|\"])\s*[=+@-]|[\t\r\n]", cell)]
    assert {"'=cmd()|'/C calc'!A0"} <= {row["title"] for row in table}

    lines = (tmp_path / "open-alerts.md").read_text(encoding="utf-8").splitlines()
    tables = lines[: lines.index("## Figures")]
    rows = [line for line in tables if line.startswith("| ") and "(UTC)" not in line and "---" not in line][5:]
    assert len(rows) == len(expected)
    assert {len(re.split(r"(?<!\\)\|", row)) for row in rows} == {7}
    markdown = "\n".join(lines)
    assert not re.search(r"(?<!\\)[<`]|(?<!\\)\]\((?!http://127)|http://(?!127)|(?i:www)\.", markdown)
    # Nor what some renderers make links of: e-mail addresses, names of hosts, and these with two slashes before.
    bare = re.sub(r"\]\(http://127\.[^)]*\)", "", markdown)
    assert not re.search(r"//|[\w.+-]@|@\w|\w\.(?:example|com)\b", bare)
    for kind in ("md", "csv", "html", "json"):
        assert not re.search(r"\{[{%#]", (tmp_path / f"open-alerts.{kind}").read_text(encoding="utf-8")), kind

    source = (tmp_path / "open-alerts.html").read_text(encoding="utf-8")
    page = Page()
    page.feed(source)
    assert all(alert_id in page.text for alert_id in expected)
    assert all(re.sub(r"\{(?=[{%])", "{ ", title) in page.text for title in HOSTILE[1:])
    # Nothing but what the template has: no scripts, nothing to fetch, no address but those of alerts.
    assert {name for name, dummy in page.tags} <= set(re.findall(r"<(\w+)", template("html")))
    assert not [key for dummy, attributes in page.tags for key in attributes if key.startswith(("on", "src", "style"))]
    assert all(re.match(r"#|http://127\.0\.0\.1", link) for link in page.all("href"))
    assert not re.search(r"@import|url\(", source)
    written = json.loads((tmp_path / "open-alerts.json").read_text(encoding="utf-8"))
    assert {alert["id"] for alert in written["alerts"]} == expected
    for path in tmp_path.glob("open-alerts*"):
        assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e]", path.read_text(encoding="utf-8"))
        assert path.stat().st_mode & 0o777 == 0o600


def template(kind: str) -> str:
    return (Path(__file__).parents[3] / "playbooks" / "templates" / f"open_alerts.{kind}.j2").read_text()


def test_what_is_missing_is_told(sim: Simulator, tmp_path: Path) -> None:
    """One platform refuses, of one no sink is named, one has more than is shown, and of one there is no key."""
    body = {"statusCode": 403, "error": "Forbidden", "message": "<i>not</i> | for *you*"}
    sim.faults.add(Fault("status", platform="kibana", status=403, body=body, count=None))
    where = {
        **places(sim, tmp_path),
        "report_max_alerts": 3,
        "report_formats": "html, markdown,csv",
        "report_sinks": "",
    }
    run = played(sim, tmp_path, PLAYBOOK, where, without=["CALSETA_API_KEY"])
    assert run.returncode
    said = run.stdout + run.stderr
    assert "Security Deck: Name the sinks to look into, as report_sinks" in said
    assert "Elastic Security: POST /kibana/api/detection_engine/signals/search: 403 Forbidden" in said
    assert "At least 3 open alerts; written to " in said
    files = {path.suffix: path.read_text(encoding="utf-8") for path in tmp_path.glob("open-alerts*")}
    assert not [kind for kind, text in files.items() if "Calseta" in text or "calseta" in text]
    for kind in (".md", ".html"):
        assert "At least 3 open" in files[kind]
        assert "Datadog Cloud SIEM has more open alerts than the 3 that are shown." in files[kind]
        for name in ("Elastic Security", "Security Deck"):
            assert f"Alerts of {name} are missing here" in files[kind]
    assert "&lt;i&gt;not&lt;/i&gt; | for *you*" in files[".html"]
    assert "\\<i\\>not\\</i\\> \\| for \\*you\\*" in files[".md"]
    table = list(csv.DictReader(files[".csv"].splitlines()))
    states = ["failed", "failed", "truncated"]
    assert [row["severity"] for row in table[:3]] == states
    assert [row["platform"] for row in table[:3]] == ["kibana", "security_deck", "datadog"]
    assert len(table) == 3 + 3


@pytest.mark.parametrize("given", [{}, {"report_platforms": "datadog, splunk"}], ids=["no key", "unknown platform"])
def test_what_it_cannot_report_is_refused(sim: Simulator, tmp_path: Path, given: dict[str, t.Any]) -> None:
    nobody = [] if given else connections(sim)
    run = played(sim, tmp_path, PLAYBOOK, given, without=list(nobody))
    assert run.returncode
    assert "some of datadog, kibana, security_deck, calseta; and in" in run.stdout + run.stderr
    assert not list(sim.log)


def report(sim: Simulator, folder: Path, **given: t.Any) -> dict[str, t.Any]:
    """What a report of all platforms has in its JSON file."""
    play(sim, folder, PLAYBOOK, {**places(sim, folder), "report_sinks": sim.security_deck.sink_id, **given})
    return t.cast("dict[str, t.Any]", json.loads((folder / "open-alerts.json").read_text(encoding="utf-8")))


def test_the_figures_and_what_has_changed_since_the_last_report(sim: Simulator, tmp_path: Path) -> None:
    """Of each platform one alert is closed, and one comes; the times are those that the platform tells."""
    day, now = 86400, time.time()
    for platform in sim.world.platforms.values():
        platform.seed(0, 1)
    kept = sim.datadog.add_signal(age=40 * 60, state="under_review", state_update_timestamp=int((now - 1800) * 1000))
    for age, closed in ((2 * day, day), (3 * day, 2.5 * day), (9 * day, 1)):
        moment = int((now - closed) * 1000)
        sim.datadog.add_signal(age=age, state="archived", state_update_timestamp=moment)
    alert = sim.calseta.add_alert(dataclasses.replace(scene("Old <b>one</b>"), severity="low", age=4 * day))
    deck = sim.security_deck.add_alert(scene("Deck"))
    first = report(sim, tmp_path)
    assert first["figures"]["trend"] is None
    assert first["figures"]["oldest"]["id"] == alert.uuid
    times = {row["platform"]: row for row in first["figures"]["times"]}
    assert times["datadog"]["acknowledged"] == {"count": 1, "mean": 600, "median": 600}
    # Of three, one was raised before the days that are measured.
    assert times["datadog"]["closed"] == {"count": 2, "mean": 64800, "median": 64800}
    assert times["security_deck"]["closed"] is None
    assert times["kibana"]["closed"] == {"count": 0, "mean": None, "median": None}
    markdown = (tmp_path / "open-alerts.md").read_text(encoding="utf-8")
    assert "| Datadog Cloud SIEM | 10 min median, 10 min mean, 1 alert | 18 h median, 18 h mean, 2 alerts |" in markdown
    assert "The oldest is 4 d old: Old \\<b\\>one\\</b\\>, Calseta." in markdown

    alert.status, alert.close_classification = "Closed", "Duplicate"
    alert.closed_at = now
    added = sim.kibana.add_alert(scene=dataclasses.replace(scene("New"), severity="low"))
    second = report(sim, tmp_path)
    trend = second["figures"]["trend"]
    assert (trend["open"], trend["new"], trend["gone"]) == (0, 1, 1)
    assert trend["since"] == first["time"]
    assert trend["platforms"] == ["datadog", "kibana", "security_deck", "calseta"]
    assert trend["missing"] == []
    assert not any(trend["severities"].values())
    assert {one["id"] for one in second["alerts"]} == {kept.id, added, deck.id}
    closed = next(row for row in second["figures"]["times"] if row["platform"] == "calseta")["closed"]
    assert closed["count"] == 1
    assert closed["median"] == pytest.approx(4 * day, abs=60)
    text = (tmp_path / "open-alerts.html").read_text(encoding="utf-8")
    assert "1 new, 1 no longer listed." in text

    # Zero days are not the default.
    sim.log.clear()
    third = report(sim, tmp_path, report_days=0, report_platforms="calseta")
    assert third["figures"]["trend"]["platforms"] == ["calseta"]
    assert third["figures"]["times"] == []
    assert len(sim.log) == 1


@pytest.mark.parametrize(
    "content",
    [
        "{",
        pytest.param("[]", marks=pytest.mark.whole),
        pytest.param('{"kind": "secops.triage.report", "time": "now"}', marks=pytest.mark.whole),
    ],
)
def test_a_file_that_is_no_report_is_replaced_and_told(sim: Simulator, tmp_path: Path, content: str) -> None:
    (tmp_path / "open-alerts.json").write_text(content, encoding="utf-8")
    made = report(sim, tmp_path)
    assert made["figures"]["trend"] == {"error": "it is not a JSON file that this playbook has written"}
    html = (tmp_path / "open-alerts.html").read_text(encoding="utf-8")
    assert "could not be compared:</b> it is not a JSON file" in html


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"report_last": "nowhere.json"}, "nowhere.json cannot be read"),
        ({"report_days": "a week"}, "report_days is a number from 0 to 365, not a week"),
        ({"report_days": 366}, "report_days is a number from 0 to 365, not 366"),
    ],
)
def test_bad_figures_are_refused_before_anything_is_read(
    sim: Simulator, tmp_path: Path, given: dict[str, t.Any], error: str
) -> None:
    run = played(sim, tmp_path, PLAYBOOK, {**places(sim, tmp_path), **given})
    assert run.returncode
    assert error in run.stdout + run.stderr
    assert not list(sim.log)


def test_closed_alerts_that_cannot_be_read_are_told(sim: Simulator, tmp_path: Path) -> None:
    """The report has the open ones; the play fails, for figures are missing."""
    sim.faults.add(Fault("status", platform="calseta", status=500, nth=2, count=None))
    where = {**places(sim, tmp_path), "report_platforms": "calseta"}
    run = played(sim, tmp_path, PLAYBOOK, where)
    assert run.returncode
    assert "Calseta, closed alerts: GET /calseta/v1/alerts: 500" in run.stdout + run.stderr
    made = json.loads((tmp_path / "open-alerts.json").read_text(encoding="utf-8"))
    assert {one["id"] for one in made["alerts"]} == open_ids(sim)["calseta"]
    assert "Closed alerts of Calseta are missing here" in (tmp_path / "open-alerts.html").read_text(encoding="utf-8")
