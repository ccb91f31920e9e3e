# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Guards that stand once for all tasks of a play."""

from __future__ import annotations

import json
import typing as t
from pathlib import Path

import pytest

from ansible_collections.secops.triage.tests.simulator import Simulator
from ansible_collections.secops.triage.tests.unit.playbooks.playing import play, tells, told

ACTION, GROUP = "secops.triage.signal_state", "group/secops.triage.datadog"
LOOK = "secops.triage.signal_info"
#: Where the default stands, the module, what the task itself says, and what it fails with.
CASES: list[tuple[str, str, dict[str, t.Any], str]] = [
    (ACTION, ACTION, {}, "only_from is under_review"),
    (GROUP, ACTION, {}, "only_from is under_review"),
    (ACTION, ACTION, {"only_from": ["archived"]}, "only_from is archived"),
    (ACTION, ACTION, {"only_from": ["open"]}, ""),
    # What the task leaves out in this way is no default, either.
    (ACTION, ACTION, {"only_from": "{{ omit }}"}, ""),
    (GROUP, LOOK, {}, "only_from"),
]


@pytest.mark.versions
def test_guards_as_defaults(sim: Simulator, tmp_path: Path) -> None:
    """All in one play, for a play takes long to start."""
    signals = [sim.datadog.add_signal() for dummy in CASES]
    blocks = []
    for number, (of, module, options, _said) in enumerate(CASES):
        writes = {"state": "archived", "api_url": sim.datadog.url} if module == ACTION else {}
        blocks.append(
            {
                "module_defaults": {of: {"only_from": ["under_review"]}},
                "block": [
                    {module: {"signal_ids": [signals[number].id], **writes, **options}},
                    tells(str(number), {"failure": ""}),
                ],
                "rescue": [tells(str(number), {"failure": "{{ ansible_failed_result.msg }}"})],
            }
        )
    playbook = tmp_path / "play.yml"
    playbook.write_text(json.dumps([{"hosts": "localhost", "gather_facts": False, "tasks": blocks}]), encoding="utf-8")
    ended = told(play(sim, tmp_path, playbook, {}))
    for number, (signal, (_of, _module, _options, said)) in enumerate(zip(signals, CASES)):
        failure = ended[str(number)]["failure"]
        assert said in failure
        assert bool(failure) == bool(said)
        assert signal.state == ("open" if said else "archived")
