# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Does the report show every open alert of every platform, whatever these say, and what is missing?"""

from __future__ import annotations

import csv
import dataclasses
import re
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
    sim.log.clear()
    said = play(sim, tmp_path, PLAYBOOK, {**places(sim, tmp_path), "report_sinks": sim.security_deck.sink_id})
    assert not sim.log.writes()
    assert {entry.platform for entry in sim.log} == set(open_ids(sim))
    expected = set().union(*open_ids(sim).values())
    assert f'"open": {len(expected)},' in said
    assert not (tmp_path / "owned").exists()
    names = {path.name for path in tmp_path.glob("open-alerts*")}
    assert names == {"open-alerts.md", "open-alerts.csv", "open-alerts.html"}

    with (tmp_path / "open-alerts.csv").open(encoding="utf-8", newline="") as file:
        table = list(csv.DictReader(file))
    assert {row["id"] for row in table} == expected
    assert len(table) == len(expected)
    assert [row["severity"] for row in table] == sorted(
        (row["severity"] for row in table), key=["critical", "high", "medium", "low", "informational"].index
    )
    cells = [cell for row in table for cell in row.values()]
    # Wherever a spreadsheet may split: at the commas, at semicolons, or nowhere.
    assert not [cell for cell in cells if re.search(r"(^|[,;|\"])\s*[=+@-]|[\t\r\n]", cell)]
    assert {"'=cmd()|'/C calc'!A0"} <= {row["title"] for row in table}

    lines = (tmp_path / "open-alerts.md").read_text(encoding="utf-8").splitlines()
    rows = [line for line in lines if line.startswith("| ") and "(UTC)" not in line and "---" not in line][5:]
    assert len(rows) == len(expected)
    assert {len(re.split(r"(?<!\\)\|", row)) for row in rows} == {7}
    markdown = "\n".join(lines)
    assert not re.search(r"(?<!\\)[<`]|(?<!\\)\]\((?!http://127)|http://(?!127)|(?i:www)\.", markdown)
    # Nor what some renderers make links of: e-mail addresses, names of hosts, and these with two slashes before.
    bare = re.sub(r"\]\(http://127\.[^)]*\)", "", markdown)
    assert not re.search(r"//|[\w.+-]@|@\w|\w\.(?:example|com)\b", bare)
    for kind in ("md", "csv", "html"):
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
