# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What both halves of the demo share: a simulator, a folder, and an environment without the user's variables."""

from __future__ import annotations

import dataclasses
import shlex
import shutil
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from ..simulator import SimulatorProcess
from .places import COLLECTIONS, ROOT, tool_environment

#: The platforms, and their names for readers.
PLATFORMS = {
    "datadog": "Datadog",
    "kibana": "Kibana",
    "security_deck": "Security Deck",
    "calseta": "Calseta",
}


@dataclasses.dataclass(frozen=True)
class Stage:
    """Where the demo plays."""

    simulator: SimulatorProcess
    folder: Path

    def connections(self) -> dict[str, str]:
        """Addresses and credentials. Runs get them from the environment alone, not from a command line or a file."""
        keys = self.simulator.credentials
        return {
            "CALSETA_API_KEY": keys.calseta_api_key,
            "CALSETA_API_URL": self.simulator.platform_url("calseta"),
            "DD_API_KEY": keys.datadog_api_key,
            "DD_APP_KEY": keys.datadog_app_key,
            "KIBANA_API_KEY": keys.kibana_api_key,
            "KIBANA_URL": self.simulator.platform_url("kibana"),
            "YC_IAM_TOKEN": keys.iam_token,
        }

    def settings(self) -> dict[str, str]:
        """Where Ansible finds the collection and the demo's settings, and where it writes its own files."""
        # An installed collection is in the right place already; for a checkout there is a link.
        installed = ROOT.parts[-3:] == ("ansible_collections", "secops", "triage")
        return {
            "ANSIBLE_COLLECTIONS_PATH": str(ROOT.parents[2] if installed else COLLECTIONS),
            "ANSIBLE_CONFIG": str(ROOT / "playbooks" / "demo" / "ansible.cfg"),
            "ANSIBLE_HOME": str(self.folder / "ansible"),
        }

    def environment(self) -> dict[str, str]:
        """All variables of a run."""
        return {**tool_environment(), **self.settings(), **self.connections(), "HOME": str(self.folder)}

    def sent(self) -> dict[str, tuple[int, int]]:
        """Reads and writes since the log was last cleared, by platform."""
        entries = self.simulator.log()["entries"]
        seen = Counter((one["platform"], bool(one["is_write"])) for one in entries)
        return {platform: (seen[platform, False], seen[platform, True]) for platform in PLATFORMS}


def program(name: str) -> Path:
    """A program beside the Python that runs this."""
    return Path(sys.executable).with_name(name)


def say(title: str, command: Sequence[str]) -> None:
    """Print a headline, with the command as one would type it."""
    width = min(shutil.get_terminal_size().columns, 100)
    print(f"\n{'=' * width}\n{title}\n$ {shlex.join(command)}\n{'=' * width}", flush=True)
