# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Play the demo on a simulator, and print what happened.

First a play over all four platforms: in check mode, for real, and once more. Then an alert fires on each platform, and
the runbook closes it. With ansible-rulebook and Java 17, events start the runbook. The demo needs the packages of
``tests/requirements-run.txt``, and works from a checkout as well as from an installed collection (``python -m
ansible_collections.secops.triage.tests.tools.demo``).
"""

from __future__ import annotations

import argparse
import contextlib
import shlex
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from ..simulator import SimulatorProcess
from . import demo_events, demo_tasks
from .demo_stage import Stage

_FIRST = """\
A simulator of four platforms with {amount} alerts listens on {url}. The play
playbooks/demo/runbook.yml says what state some of them should be in. It is
played three times with Ansible as it is: in check mode, for real, and once more.
"""

_LAST = """
What to try next
  read the play           playbooks/demo/runbook.yml
  read about runbooks     docs/docsite/rst/runbooks.rst
  read a module's page    make doc NAME=signal_state
  write one of your own   make demo ARGS=--stay
  run the tests           make test
"""

_STAY = """
The simulator stays until you press Ctrl-C. In another terminal:

  source {folder}/environment
  ansible-playbook {playbook} -e @$ALERTS --check --diff
  curl -s $SIMULATOR/_simulator/alerts
"""


def _stay(stage: Stage) -> None:
    """Keep the simulator, reset, until the user ends it."""
    stage.simulator.reset()
    given = {
        **stage.connections(),
        **stage.settings(),
        "ALERTS": str(stage.folder / "alerts.json"),
        "SIMULATOR": stage.simulator.url,
    }
    lines = [f"export {name}={shlex.quote(value)}\n" for name, value in sorted(given.items())]
    lines += [f"PATH={shlex.quote(str(Path(sys.executable).parent))}:$PATH\n"]
    (stage.folder / "environment").write_text("".join(lines))
    print(_STAY.format(folder=stage.folder, playbook=demo_tasks.PLAYBOOK), flush=True)
    with contextlib.suppress(KeyboardInterrupt):
        signal.pause()


def main() -> int:
    """Start the simulator, play both halves, and print what happened."""
    parser = argparse.ArgumentParser(prog="python -m tests.tools.demo", description=__doc__)
    parser.add_argument("--stay", action="store_true", help="keep the simulator afterwards, to try things by hand")
    options = parser.parse_args()
    # On SIGTERM, too, the simulator ends with the demo.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with tempfile.TemporaryDirectory(prefix="triage-demo-") as name, SimulatorProcess(alerts=40) as simulator:
        stage = Stage(simulator, Path(name))
        amount = sum(map(len, simulator.alerts().values()))
        print(_FIRST.format(amount=amount, url=simulator.url, play="playbooks/demo/runbook.yml"), end="", flush=True)
        # If a table is not as promised, the demo fails.
        kept = [half.play(stage) for half in (demo_tasks, demo_events)]
        print(_LAST, flush=True)
        if options.stay:
            _stay(stage)
    return int(not all(kept))


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
    except subprocess.CalledProcessError as error:
        # Ansible has printed why.
        sys.exit(error.returncode)
