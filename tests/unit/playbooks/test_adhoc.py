# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Does every command on the page of ad-hoc commands do what the page says, as it stands there?"""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
import textwrap
import typing as t
from pathlib import Path

import pytest

from ansible_collections.secops.triage.tests.simulator import Simulator
from ansible_collections.secops.triage.tests.simulator.seeds import Scene
from ansible_collections.secops.triage.tests.unit.playbooks.playing import settings

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "docsite" / "rst" / "adhoc.rst").read_text(encoding="utf-8")

#: Stands before Ansible's own commands, and says where the simulator is: two platforms take no address from the
#: environment. The second line is for the shell, which bears a Python whose path has a space in it.
PROGRAM = """\
#!/bin/sh
'''exec' {python} "$0" "$@"
' '''
import json, os, sys
words, urls = sys.argv[1:], json.loads(os.environ["URLS"])
if {playbook}:
    words += ["-e", "restore_api_url=" + urls["signal_"]]
else:
    at = words.index("-a") + 1
    url = next((url for name, url in urls.items() if name in words[words.index("-m") + 1] + words[at]), None)
    if url and words[at].startswith("{{"):
        words[at] = json.dumps({{**json.loads(words[at]), "api_url": url}})
    elif url:
        words[at] += " api_url=" + url
os.execv(sys.executable, [sys.executable, "-m", "ansible.cli.{name}", *words])
"""


class Section(t.NamedTuple):
    """A section of the page: the variables that it sets, and its commands."""

    title: str
    variables: list[str]
    commands: list[str]


def sections() -> t.Iterator[Section]:
    parts = re.split(r"^(.+)\n[=-]{3,}\n", PAGE, flags=re.MULTILINE)[1:]
    for title, body in zip(parts[::2], parts[1::2]):
        blocks = re.findall(r"^\.\. code-block:: shell\n\n((?: {4}.*\n|\n)+)", body, re.MULTILINE)
        lines = "".join(map(textwrap.dedent, blocks))
        variables = re.findall(r"^(\w+)=\S+$", lines, re.MULTILINE)
        commands = re.findall(r"^ansible.*\n(?: .*\n)*", lines, re.MULTILINE)
        left = re.sub("|".join(map(re.escape, commands)) or "$", "", lines)
        assert not re.sub(r"(?m)^\w+=\S+$", "", left).strip(), "a command that would not be run"
        yield Section(title, variables, commands)


SECTIONS = list(sections())


def scene(**known: str) -> Scene:
    given = {"title": "Drill", "severity": "low", "source": "suricata", "advice": "", "host": "build-07", **known}
    return Scene(**given, address="192.0.2.1", source_address="192.0.2.2", user="ines@example.com", tags=(), age=9e4)


def set_up(sim: Simulator) -> dict[str, dict[str, str]]:
    """Alerts of every kind that the page is about; the variables of each section."""
    sim.settings.security_deck.operation_seconds = 0
    signals = [sim.datadog.add_signal() for dummy in range(5)]
    for signal in signals:
        signal.scene = scene()
    signals[-1].scene = scene(severity="critical")
    alerts = [sim.kibana.add_alert(scene=scene(severity=severity)) for severity in ("low", "low", "low", "critical")]
    ours = sim.security_deck.add_alert(scene()), sim.security_deck.add_alert(scene())
    noise = [sim.calseta.add_alert(scene()), sim.calseta.add_alert(scene())]
    sim.calseta.add_alert(scene(severity="high", source="okta"))
    return {
        "Ad-hoc commands": {},
        "Datadog Cloud SIEM": {
            "SIGNAL": signals[0].id,
            "SIGNALS": f"{signals[0].id},{signals[1].id}",
            "INCIDENT": str(sim.datadog.incident_ids[0]),
            "ME": "greta@example.com",
        },
        "Elastic Security": {
            "ALERT": alerts[0],
            "ALERTS": f"{alerts[0]},{alerts[1]}",
            "ME": "amira",
        },
        "Security Deck": {
            "SINK": sim.security_deck.sink_id,
            "ALERT": ours[0].id,
            "ME": sim.security_deck.subjects[0],
        },
        "Calseta": {"ALERT": noise[0].uuid},
        "The way back": {"SIGNAL": signals[0].id},
    }


def run(sim: Simulator, folder: Path, command: str, variables: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Give the command to a shell, as it stands on the page."""
    for name, kind in (("ansible", "adhoc"), ("ansible-playbook", "playbook")):
        program = folder / "bin" / name
        program.parent.mkdir(exist_ok=True)
        program.write_text(PROGRAM.format(python=shlex.quote(sys.executable), name=kind, playbook=kind == "playbook"))
        program.chmod(0o755)
    environment = {
        **settings(sim, folder),
        **variables,
        "PATH": f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "URLS": json.dumps({"signal_": sim.datadog.url, "security_deck": sim.security_deck.url}),
    }
    shell = ["bash", "-euo", "pipefail", "-c", command]
    return subprocess.run(shell, env=environment, cwd=folder, capture_output=True, text=True, check=False, timeout=120)


@pytest.mark.parametrize(
    "section",
    [
        pytest.param(one, id=one.title, marks=[pytest.mark.whole] if one.title in ("Security Deck", "Calseta") else [])
        for one in SECTIONS
    ],
)
def test_commands_as_they_stand(sim: Simulator, tmp_path: Path, section: Section) -> None:
    variables = set_up(sim)[section.title]
    assert list(variables) == section.variables
    before = {name: platform.overview() for name, platform in sim.world.platforms.items()}
    for command in section.commands:
        sim.log.clear()
        ran = run(sim, tmp_path, command, variables)
        assert not ran.returncode, command + ran.stdout + ran.stderr
        looks = "_info " in command or "--check" in command
        assert bool(sim.log.writes()) != looks, command
        if command.startswith("ansible-playbook"):
            # The command before it has changed something, as every command that writes does.
            assert {name: platform.overview() for name, platform in sim.world.platforms.items()} == before
            continue
        # Before it there may be a diff.
        answer = re.search(r"^localhost \| (\w+) => (.*)", ran.stdout, re.MULTILINE | re.DOTALL)
        assert answer, command + ran.stdout
        result = json.loads(answer[2])
        assert answer[1] == ("SUCCESS" if "_info " in command else "CHANGED"), command
        assert result.get("signals") or result.get("alerts"), command


def test_every_module_has_a_command() -> None:
    named = set(re.findall(r"-m secops\.triage\.(\w+)", PAGE))
    assert named == {path.stem for path in (ROOT / "plugins" / "modules").glob("*.py")}
