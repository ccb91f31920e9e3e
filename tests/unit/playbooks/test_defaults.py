# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Guards that stand once for all tasks of a play."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.secops.triage.tests.simulator import Simulator
from ansible_collections.secops.triage.tests.unit.playbooks.playing import played

PLAY = """
- hosts: localhost
  gather_facts: false
  module_defaults:
    {of}:
      only_from: [under_review]
  tasks:
    - secops.triage.{module}: {{{options}}}
"""
ARCHIVE = "signal_ids: '{{ ids }}', state: archived, api_url: '{{ url }}'"


@pytest.mark.parametrize(
    ("of", "module", "options", "said"),
    [
        ("secops.triage.signal_state", "signal_state", "", "only_from is under_review"),
        ("group/secops.triage.datadog", "signal_state", "", "only_from is under_review"),
        ("secops.triage.signal_state", "signal_state", "only_from: [archived]", "only_from is archived"),
        ("secops.triage.signal_state", "signal_state", "only_from: [open]", None),
        # What the task leaves out in this way is no default, either.
        ("secops.triage.signal_state", "signal_state", "only_from: '{{ omit }}'", None),
        ("group/secops.triage.datadog", "signal_info", "signal_ids: '{{ ids }}'", "only_from"),
    ],
)
def test_guards_as_defaults(
    sim: Simulator, tmp_path: Path, of: str, module: str, options: str, said: str | None
) -> None:
    signal = sim.datadog.add_signal()
    if module == "signal_state":
        options = ", ".join(filter(None, [ARCHIVE, options]))
    playbook = tmp_path / "play.yml"
    playbook.write_text(PLAY.format(of=of, module=module, options=options), encoding="utf-8")
    run = played(sim, tmp_path, playbook, {"ids": [signal.id], "url": sim.datadog.url})
    assert (run.returncode == 0) is (said is None), run.stdout
    assert said is None or said in run.stdout + run.stderr
    assert signal.state == ("open" if said else "archived")
