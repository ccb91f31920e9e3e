# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""``make live``: the main scenarios on real services, on alerts that may be touched, which it puts back as they were.

Which services is up to the environment. The exit status is 0 if something was tested and all of it passed, 1 if
something failed, and 2 if nothing was tested at all.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import typing as t

from ansible_collections.secops.triage.tests.live.calseta import Calseta
from ansible_collections.secops.triage.tests.live.datadog import Datadog
from ansible_collections.secops.triage.tests.live.kibana import Kibana
from ansible_collections.secops.triage.tests.live.play import Tally, play
from ansible_collections.secops.triage.tests.live.security_deck import SecurityDeck
from ansible_collections.secops.triage.tests.live.service import Service

SERVICES: tuple[type[Service], ...] = (Datadog, Kibana, SecurityDeck, Calseta)


def _tested(service: Service, patience: float) -> Tally | None:
    """How it went, V(None) if the environment does not ask for this service."""
    if not service.ids:
        print(f"{service.name}: skipped. It needs:{service.needs}")
        return None
    if service.way is None:
        # Whoever names alerts means them to be tested.
        print(f"{service.name}: FAILED. {service.ids_variable} is set, but not all of what it needs:{service.needs}")
        return Tally(failed=1)
    print(f"{service.name}: {len(service.ids)} alerts", flush=True)
    try:
        return play(service, patience)
    except Exception as error:  # noqa: BLE001  # before anything was written: told, and the next service is tested
        print(f"  FAILED     {type(error).__name__}: {error}")
        return Tally(failed=1)


def main(arguments: t.Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="make live", description=__doc__)
    parser.add_argument(
        "--patience", type=float, default=30, help="seconds that a read may lag behind a write (%(default)g)"
    )
    patience = parser.parse_args(arguments).patience
    tallies = [_tested(kind(os.environ), patience) for kind in SERVICES]
    tested = [tally for tally in tallies if tally]
    failed, passed = sum(tally.failed for tally in tested), sum(tally.passed for tally in tested)
    if not tested:
        print("Nothing was tested: set the variables of at least one service.")
        return 2
    print(f"{len(tested)} of {len(SERVICES)} services tested: {passed} passed, {failed} failed")
    return int(failed > 0)


if __name__ == "__main__":
    # What was changed must be put back when the run is ended from outside, too.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit("Interrupted. What was changed has been put back, unless it says otherwise above.")
