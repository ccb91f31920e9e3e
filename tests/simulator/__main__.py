# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""``python -m tests.simulator``: the simulator by hand."""

from __future__ import annotations

import argparse
import asyncio
import contextlib

from .app import World
from .server import make_server

_WHERE = """\
The platforms are at URL/datadog, URL/kibana, URL/security_deck and URL/calseta: give these to the option api_url.
URL/_simulator/credentials has their keys, URL/_simulator/alerts the alerts, and URL/_simulator/log the requests so far.
"""


def main() -> None:
    """Print the URL on one line, then serve until interrupted."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulator", description=__doc__, epilog=_WHERE)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (%(default)s)")
    parser.add_argument("--port", type=int, default=0, help="port to listen on; 0 takes a free one (%(default)s)")
    parser.add_argument("--alerts", type=int, default=40, help="alerts over all platforms (%(default)s)")
    parser.add_argument("--seed", type=int, default=7, help="seed of ids and contents (%(default)s)")
    parser.add_argument("--latency-ms", type=float, default=0.0, help="added to every request (%(default)s)")
    options = parser.parse_args()
    world = World(options.alerts, options.seed, options.latency_ms / 1000)
    server, listener, url = make_server(world, options.host, options.port)
    print(url, flush=True)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(server.serve([listener]))


if __name__ == "__main__":
    main()
