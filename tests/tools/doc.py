# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Show the pages of everything in the collection that has a name: ``make doc NAME=runbook``."""

from __future__ import annotations

import argparse
import itertools
import subprocess
import sys
from pathlib import Path

from .places import COLLECTIONS, ROOT, binary, tool_environment

_COLLECTION = "secops.triage"
#: What ansible-doc finds in a collection: the folder, and the type by which it is asked for.
_TYPES = {
    "plugins/modules/*.py": "module",
    "plugins/filter/*.py": "filter",
    "plugins/lookup/*.py": "lookup",
    "roles/*": "role",
}
#: ansible-doc has no type for these. Their documentation has a module's form, so it shows them by their folders.
_EVENTS = {"extensions/eda/plugins/event_source/*.py": "source", "extensions/eda/plugins/event_filter/*.py": "filter"}
_PLAYBOOKS = "playbooks/*.yml"


def pages() -> list[tuple[str, str, Path]]:
    """The name, the kind and the file of every page."""
    kinds = {**_TYPES, **{pattern: f"event {kind}" for pattern, kind in _EVENTS.items()}, _PLAYBOOKS: "playbook"}
    found = [(path.stem, kind, path) for pattern, kind in kinds.items() for path in sorted(ROOT.glob(pattern))]
    return [one for one in found if not one[0].startswith("_")]


def _show(name: str, kind: str, path: Path) -> int:
    if kind == "playbook":
        print(f"> PLAYBOOK {_COLLECTION}.{name}\n\n{_header(path)}")
        return 0
    command = [binary("ansible-doc"), "--type"]
    if kind.startswith("event"):
        command += ["module", "--module-path", str(path.parent), name]
    else:
        command += [kind, f"{_COLLECTION}.{name}"]
    environment = {**tool_environment(), "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS)}
    return subprocess.run(command, env=environment, cwd=ROOT, check=False).returncode


def _header(path: Path) -> str:
    """The comment that a playbook begins with, without the licence."""
    lines = itertools.takewhile(lambda line: line.startswith("#") or not line, path.read_text().splitlines())
    blocks = "\n".join(line[1:].removeprefix(" ") for line in lines).strip("\n").split("\n\n", 1)
    return blocks[-1]


def main() -> int:
    """Show all pages of one name. Fails if there is none, and lists those that there are."""
    parser = argparse.ArgumentParser(prog="make doc NAME=…", description=__doc__)
    parser.add_argument("name", nargs="?", default="")
    name = parser.parse_args().name.removeprefix(f"{_COLLECTION}.")
    wanted = [page for page in pages() if page[0] == name]
    if not wanted:
        print(f"There is no page {name!r}. There are:" if name else "make doc NAME=… shows one of these:")
        for kind, group in itertools.groupby(pages(), key=lambda page: page[1]):
            print(f"  {kind}: {', '.join(page[0] for page in group)}")
        return 1
    return max(_show(*page) for page in wanted)


if __name__ == "__main__":
    sys.exit(main())
