# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Check the documentation and build its site, or write the outputs that its pages show.

``antsibull-docs ansible-output`` runs the examples of a page, and compares or writes their output; `docs_playbook`
replaces ansible-playbook there. The site is built with the settings of ``antsibull-docs sphinx-init``.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path

import yaml

from . import docs_events, generate
from .docs_links import broken
from .places import CACHE, COLLECTIONS, LINK, ROOT, tool_environment

_DOCSITE = ROOT / "docs" / "docsite"
_SITE = CACHE / "docs"
_BINARIES = Path(sys.executable).parent
_COLLECTION = "secops.triage"
#: The chapters of what antsibull-docs makes a page of: the title, the folder, the end of the page's name.
_REFERENCE = (
    ("Modules", "plugins/modules", "module"),
    ("Roles", "roles", "role"),
    ("Filters", "plugins/filter", "filter"),
    ("Lookups", "plugins/lookup", "lookup"),
)


def _call(*command: str | Path, cwd: Path = LINK, first_on_path: Path = _BINARIES) -> None:
    """Run a program of this environment; end if it fails."""
    environment = {**tool_environment(), "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS)}
    environment["PATH"] = os.pathsep.join([str(first_on_path), str(_BINARIES), environment["PATH"]])
    if subprocess.run([_BINARIES / command[0], *command[1:]], cwd=cwd, env=environment, check=False).returncode:
        raise SystemExit(f"This failed: {' '.join(map(str, command))}")


def outputs(check: bool) -> None:
    """Run the examples of the pages, and compare or write their output."""
    folder = _SITE / "bin"
    folder.mkdir(parents=True, exist_ok=True)
    stand_in = folder / "ansible-playbook"
    package = __package__ or ""
    stand_in.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m {package}.docs_playbook "$@"\n')
    stand_in.chmod(0o755)
    pages = sorted((_DOCSITE / "rst").glob("*.rst"))
    options = ["--check"] if check else []
    _call("antsibull-docs", "ansible-output", *options, *pages, cwd=ROOT, first_on_path=folder)


def lint() -> None:
    """Check the pages as Ansible's own documentation site does."""
    options = ["--plugin-docs", "--validate-collection-refs=self", "--check-extra-docs-refs"]
    _call("antsibull-docs", "lint-collection-docs", *options, ".")


def _reference() -> list[tuple[str, list[str]]]:
    """The chapters with a page for each plugin and role."""
    chapters = []
    for title, folder, kind in _REFERENCE:
        found = sorted(path.stem for path in (ROOT / folder).iterdir() if not path.name.startswith("_"))
        chapters.append((title, [f"{name} <{name}_{kind}>" for name in found]))
    events = [f"{kind}_{name}" for kind in docs_events.KINDS for name in docs_events.names(kind)]
    return [*chapters, ("Events", events)]


def _index() -> str:
    """The first page, with the sections that `extra-docs.yml` lists."""
    sections = yaml.safe_load((_DOCSITE / "extra-docs.yml").read_text())["sections"]
    lines = [(_DOCSITE / "sphinx" / "index.rst").read_text()]
    chapters = [(one["title"], [f"docsite/{page}" for page in one["toctree"]]) for one in sections]
    for title, pages in [*chapters, *_reference(), ("Releases", ["Release notes <changelog>"])]:
        lines += ["", ".. toctree::", f"   :caption: {title}", "   :maxdepth: 1", ""]
        lines += [f"   {page}" for page in pages]
    return "\n".join([*lines, ""])


def build() -> Path:
    """Build the site from scratch. Returns its first page."""
    source, site = _SITE / "rst", _SITE / "site"
    for folder in (source, site):
        shutil.rmtree(folder, ignore_errors=True)
    # antsibull-docs refuses a folder that others can write to.
    source.mkdir(mode=0o755, parents=True)
    settings = _DOCSITE / "sphinx"
    options = ["--fail-on-error", "--use-current", "--squash-hierarchy", "--dest-dir", str(source), _COLLECTION]
    _call("antsibull-docs", "--config-file", settings / "antsibull-docs.cfg", "collection", *options)
    # The plugins have no settings, so this page is empty.
    (source / "environment_variables.rst").unlink()
    docs_events.write(source)
    (source / "index.rst").write_text(_index())
    _call("sphinx-build", "-q", "-W", "--keep-going", "-E", "-b", "html", "-c", settings, source, site)
    return site / "index.html"


def _say(text: str) -> None:
    print(f"{text} ...", flush=True)


def main() -> int:
    """Check and build, or with ``--write`` only write outputs."""
    parser = argparse.ArgumentParser(prog="python -m tests.tools.docs", description=__doc__)
    parser.add_argument("--write", action="store_true", help="run the examples of the pages, and write their output")
    parser.add_argument("--quick", action="store_true", help="do not run the examples")
    given = parser.parse_args()
    if given.write:
        _say("Running the examples of the pages, to write their output")
        outputs(check=False)
        return 0
    _say("Comparing the generated parts with the argument specs")
    wrong = generate.complaints()
    if wrong:
        raise SystemExit("\n".join([*wrong, "Generated parts differ: make generate"]))
    _say("Linting the pages")
    lint()
    if not given.quick:
        _say("Running the examples of the pages, and comparing their output; this takes some minutes")
        outputs(check=True)
    _say("Building the site")
    page = build()
    _say("Following the links")
    wrong = broken(page.parent)
    if wrong:
        raise SystemExit("\n".join(["Links to nowhere:", *wrong]))
    print(f"Built {page.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
