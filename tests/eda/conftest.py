# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The simulator that alerts come from, and the Java that rules run on."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import typing as t

import pytest

from ansible_collections.secops.triage.tests.simulator import Simulator
from ansible_collections.secops.triage.tests.unit.awx.conftest import definitions
from ansible_collections.secops.triage.tests.unit.harness import without_environment

#: A fixture of the unit tests serves here, too.
__all__ = ["definitions"]

_OLDEST_JAVA = 17


@pytest.fixture
def sim(monkeypatch: pytest.MonkeyPatch) -> t.Iterator[Simulator]:
    """The simulator without any alert; nothing of the user's environment shows through."""
    without_environment(monkeypatch)
    with Simulator(alerts=0) as simulator:
        simulator.settings.security_deck.operation_seconds = 0
        yield simulator


@pytest.fixture(scope="session")
def java_home() -> str:
    """The home of a Java that is new enough. Where there is none, the test is skipped, but never in CI."""
    place = os.environ.get("JAVA_HOME")
    java = shutil.which("java", path=f"{place}/bin") if place else shutil.which("java")
    said = ""
    if java:
        command = [java, "-XshowSettings:properties", "-version"]
        said = subprocess.run(command, capture_output=True, text=True, check=False).stderr
    version, home = re.search(r"java\.version = (\d+)", said), re.search(r"java\.home = (.+)", said)
    if version and home and int(version[1]) >= _OLDEST_JAVA:
        return home[1].strip()
    found = f"this is Java {version[1]}" if version else "there is none here"
    message = f"ansible-rulebook needs Java {_OLDEST_JAVA} or newer, and {found}"
    if os.environ.get("CI"):
        pytest.fail(message)
    pytest.skip(message)
