# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The sessions behind `make gate` and `make matrix`; `make sessions ARGS=--list` lists them.

antsibull-nox.toml says what most of the gate checks. Here is what it has no words for: the matrix, which does without
containers, and a few more checks.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import antsibull_nox
import nox
from antsibull_nox.ansible import get_ansible_core_info, get_supported_core_versions
from antsibull_nox.utils import Version

# The link that `make` puts there makes the checkout a collection.
sys.path.insert(0, str(Path(__file__).resolve().parent / ".cache" / "collections"))

from ansible_collections.secops.triage.tests.tools import matrix
from ansible_collections.secops.triage.tests.tools.places import CACHE, ROOT

PINNED = ("--constraint", str(ROOT / "tests" / "constraints.txt"))

nox.options.envdir = str(matrix.NOX)
nox.options.default_venv_backend = "venv"
nox.options.error_on_missing_interpreters = True

antsibull_nox.load_antsibull_nox_toml()


@nox.session
def changelog(session: nox.Session) -> None:
    """Check the changelog's fragments."""
    session.install(*PINNED, "antsibull-changelog")
    session.run("antsibull-changelog", "lint")


@nox.session
def spelling(session: nox.Session) -> None:
    """Look for common misspellings."""
    session.install(*PINNED, "codespell")
    files = session.run("git", "ls-files", external=True, silent=True, log=False)
    session.run("codespell", *(one for one in str(files).splitlines() if Path(one).is_file()))


@nox.session(python=False)
def generated(session: nox.Session) -> None:
    """Check that what follows from the argument specs is up to date."""
    session.run("make", "generate", "ARGS=--check", external=True)


@nox.session(python=False)
def docs(session: nox.Session) -> None:
    """Run what the pages show, build the site without a warning, and follow its links."""
    # Those of the `make` that has called nox are not for this one.
    session.run("make", "docs", "ARGS=", external=True)


@nox.session
def galaxy(session: nox.Session) -> None:
    """Build the tarball, and see that galaxy-importer has nothing to say about it."""
    session.run("make", "build", external=True)
    session.install(*PINNED, "ansible-core", "galaxy-importer")
    (tarball,) = (CACHE / "build").glob("*.tar.gz")
    settings = {"GALAXY_IMPORTER_CONFIG": str(ROOT / "tests" / "galaxy-importer.cfg")}
    with session.chdir(session.create_tmp()):
        said = str(session.run("python", "-m", "galaxy_importer.main", str(tarball), env=settings, silent=True))
    complaints = [line for line in said.splitlines() if line.startswith(("WARNING", "ERROR", "CRITICAL"))]
    if complaints or "Importer processing completed successfully" not in said:
        session.error("\n".join(complaints) or said)
    session.log("galaxy-importer says nothing")


@nox.session
def environment(session: nox.Session) -> None:
    """See that ansible-builder understands the collection, and a site's own images that contain it."""
    session.install(*PINNED, "ansible-builder")
    sites = [ROOT / "docs" / "examples" / f"{kind}-environment.yml" for kind in ("execution", "decision")]
    found = session.run("ansible-builder", "introspect", "--sanitize", str(CACHE / "collections"), silent=True)
    if "requests>=" not in str(found):
        session.error(f"ansible-builder finds no requirements:\n{found}")
    for site in sites:
        context = Path(session.create_tmp()) / site.stem
        session.run("ansible-builder", "create", "--file", str(site), "--context", str(context))


def _ansible_test(name: str, core: str, arguments: list[str], *prepare: Callable[[], None]) -> str:
    def before() -> None:
        for one in (matrix.prepare, *prepare):
            one()

    antsibull_nox.add_ansible_test_session(
        name=name,
        description=f"ansible-test {' '.join(arguments)}",
        ansible_test_params=arguments,
        ansible_core_version=core,
        ansible_core_source="pypi",
        default=False,
        callback_before=before,
        callback_after=matrix.count,
    )
    return name


def _all_of(name: str, description: str, wanted: Mapping[str, Iterable[str]]) -> None:
    """A session that stands for these, given by ansible-core, and says what of them this machine cannot test."""

    def notify(session: nox.Session) -> None:
        for core in wanted:
            if MISSING[core]:
                session.warn(f"Not found here: Python {', '.join(MISSING[core])}, to test ansible-core {core} with")
        if not any(wanted.values()):
            session.error(f"No Python that was found here runs ansible-core {', '.join(wanted) or 'of any version'}")
        for other in (one for core in wanted for one in wanted[core]):
            session.notify(other)

    notify.__doc__ = description
    nox.session(name=name, python=False, default=False)(notify)


# The sessions of every supported ansible-core, the oldest first; none where no interpreter of this machine runs it.
CORES: dict[str, list[str]] = {}
# The Pythons that it ought to be tested with, and that are not here.
MISSING: dict[str, list[str]] = {}
for _core in get_supported_core_versions(max_version=Version.parse(matrix.newest_core())):
    _info = get_ansible_core_info(_core)
    _pythons = [list(map(str, one)) for one in (_info.controller_python_versions, _info.remote_python_versions)]
    _wanted = matrix.sessions(*_pythons)
    MISSING[str(_core)] = matrix.missing(*_pythons)
    CORES[str(_core)] = [_ansible_test(f"{_core}-{one}", str(_core), _wanted[one]) for one in _wanted]

# Cores that are of no use here stay in CORES, for someone who asks for them to be told.
_run = [one for one in CORES if CORES[one]]
# The newest core with its newest Python, and the oldest with its oldest.
ENDS: dict[str, dict[str, list[str]]] = {"newest": {}, "oldest": {}}
for _end, _core in zip(ENDS, [*_run[-1:], *_run[:1]]):
    _runs_on = map(str, get_ansible_core_info(Version.parse(_core)).controller_python_versions)
    ENDS[_end][_core] = [
        _ansible_test(f"{_end}-{one}", _core, arguments, *([matrix.only_versions] if one == "units" else []))
        for one, arguments in matrix.end(_runs_on, newest=_end == "newest").items()
    ]
if _run and matrix.OLDEST_PYTHON not in MISSING[_run[0]]:
    _units = ["units", "--venv", "--requirements", "--python", matrix.OLDEST_PYTHON]
    CORES[_run[0]].append(_ansible_test("oldest-packages", _run[0], _units, matrix.oldest_packages))
    ENDS["oldest"][_run[0]].append(
        _ansible_test("oldest-units-packages", _run[0], _units, matrix.oldest_packages, matrix.only_versions)
    )

for _name, _sessions in CORES.items():
    _all_of(f"core-{_name}", f"All of ansible-core {_name}.", {_name: _sessions})
_all_of("matrix", "Every supported ansible-core, with its oldest and its newest Python.", CORES)
# Its sanity tests are the longest, and so a share of their own: `make matrix-ends` has two at a time.
_newest = {core: [one for one in found if one != "newest-sanity"] for core, found in ENDS["newest"].items()}
_all_of("newest", "What each change needs of the newest ansible-core, with its newest Python, besides sanity.", _newest)
_all_of("oldest", "What each change needs of the oldest ansible-core, with its oldest Python.", ENDS["oldest"])
