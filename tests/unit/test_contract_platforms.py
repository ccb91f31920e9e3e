# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is about all platforms takes them from the registry, or is written from it."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
import typing as t
from pathlib import Path

import pytest

from ansible_collections.secops.triage.plugins.module_utils.platforms import PLATFORMS
from ansible_collections.secops.triage.plugins.plugin_utils import _vocabulary as vocabulary
from ansible_collections.secops.triage.tests.simulator import Simulator
from ansible_collections.secops.triage.tests.tools import listing
from ansible_collections.secops.triage.tests.unit.documented import ROOT
from ansible_collections.secops.triage.tests.unit.extensions.eda.sources import library

UTILS = ROOT / "plugins" / "module_utils"
SOURCES = sorted(path for folder in ("plugins", "extensions") for path in (ROOT / folder).rglob("*.py"))
#: The role triage and what serves it alone are left as they are, for they will go.
LEFT = ("_desired_state.py", "_triage_steps.py")


def test_a_row_has_a_folder_and_a_folder_has_a_row() -> None:
    assert {path.parent.name for path in UTILS.glob("_*/words.py")} == {f"_{name}" for name in PLATFORMS}
    assert {path.parent.name for path in UTILS.glob("_*/endpoint.py")} == {"_core", *(f"_{name}" for name in PLATFORMS)}


def test_every_platform_is_an_event_source_and_simulated(sim: Simulator) -> None:
    assert list(library("registry").PLATFORMS) == list(PLATFORMS)
    assert set(sim.world.platforms) == set(PLATFORMS)


def test_the_vocabulary_has_the_words_of_the_platforms() -> None:
    for name, row in PLATFORMS.items():
        assert set(vocabulary.own_statuses(name)) == set(row.statuses)
        assert set(vocabulary.own_severities(name)) == set(row.severities)
        assert set(row.other_statuses.values()) <= set(vocabulary.STATUSES)


def typed(path: Path) -> t.Iterator[int]:
    """The lines of a file that begin a list, or the keys of a mapping, with all platforms in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, (ast.List, ast.Tuple, ast.Set, ast.Dict)):
            items = node.keys if isinstance(node, ast.Dict) else node.elts
            if set(PLATFORMS) <= {item.value for item in items if isinstance(item, ast.Constant)}:
                yield node.lineno


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_no_code_lists_the_platforms(path: Path) -> None:
    assert path.name in LEFT or not list(typed(path))


def test_lists_in_yaml_and_prose_are_written_from_the_registry() -> None:
    files = list(listing.files())
    assert [path.name for path in files if listing.current(path.read_text()) != path.read_text()] == []
    assert {"surveys.yml", "close_noise.yml", "report.yml", "polling.yml", "alerts.py", "native_status.py"} <= {
        path.name for path in files if any(", ".join(names) in path.read_text() for names in shown())
    }


def shown() -> t.Iterator[list[str]]:
    """The platforms as lists and prose begin with them."""
    yield list(PLATFORMS)[:3]
    yield ["datadog", "kibana", "elastic"]


# A fifth row, in a copy

WORDS = '''
"""Beacon: its states and severities, and the options that its modules share."""

from __future__ import annotations

from .._core.options import ArgumentSpec

BEACON_OPTIONS = ArgumentSpec({"api_key": {"type": "str", "no_log": True, "env": ["BEACON_API_KEY"]}})

AUTH_METHODS = (("api_key",),)

ID = r"[a-z0-9-]{1,64}"

STATES = ("open", "under_review", "archived")

SEVERITIES = ("low", "high")
'''
ROW = """
    Platform(
        "beacon",
        "Beacon",
        "Beacon",
        beacon.STATES,
        beacon.SEVERITIES,
        beacon.BEACON_OPTIONS,
        beacon.AUTH_METHODS,
        beacon.ID,
        alias="light",
    ),
)

#: Every platform by its name.
"""
PREFIX = "ansible_collections.secops.triage."


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The collection with a fifth row, and no word of it in the vocabulary."""
    copy = tmp_path / "ansible_collections" / "secops" / "triage"
    for folder in ("plugins", "extensions", "playbooks", "roles", "docs", "tests/tools"):
        shutil.copytree(ROOT / folder, copy / folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "tests" / "__init__.py", copy / "tests")
    utils = copy / "plugins" / "module_utils"
    (utils / "_beacon").mkdir()
    (utils / "_beacon" / "words.py").write_text(WORDS)
    registry = (utils / "platforms.py").read_text()
    registry = registry.replace("\n)\n\n#: Every platform by its name.\n", ROW)
    registry = registry.replace("from ._calseta import", "from ._beacon import words as beacon\nfrom ._calseta import")
    (utils / "platforms.py").write_text(registry)
    return copy


def run(copy: Path, script: str) -> subprocess.CompletedProcess[str]:
    """Python with the copy as the collection."""
    environment = {**os.environ, "PYTHONPATH": str(copy.parents[2]), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        [sys.executable, "-c", script], cwd=copy, env=environment, capture_output=True, text=True, check=False
    )


def add_column(file: Path) -> None:
    """Give every row of the vocabulary one word more: the last one again."""
    text = file.read_text()
    lines = text.splitlines(keepends=True)
    rows = [
        row
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "_table"
        for row in t.cast(ast.Dict, node.args[0]).values
    ]
    for row in sorted(rows, key=lambda one: -one.lineno):
        assert isinstance(row, ast.Tuple)
        word = ast.get_source_segment(text, row.elts[-1])
        line, column = t.cast(int, row.end_lineno) - 1, t.cast(int, row.end_col_offset) - 1
        comma = "" if lines[line][:column].strip() == "" else ", "
        lines[line] = f"{lines[line][:column]}{comma}{word}{lines[line][column:]}"
    file.write_text("".join(lines))


def test_a_row_that_is_a_word_short_fails_at_import_with_its_name(copy: Path) -> None:
    done = run(copy, f"import {PREFIX}plugins.plugin_utils._vocabulary")
    assert "ValueError: the vocabulary's row new has no word for beacon" in done.stderr


def test_a_fifth_row_is_in_every_list(copy: Path) -> None:
    add_column(copy / "plugins" / "plugin_utils" / "_vocabulary.py")
    done = run(
        copy,
        f"from {PREFIX}tests.tools import generate, listing\n"
        f"from {PREFIX}plugins.plugin_utils import _vocabulary, _harmless\n"
        "for path in listing.files():\n"
        "    path.write_text(listing.current(path.read_text()))\n"
        "assert generate.statuses_table().head[-1] == 'Beacon'\n"
        "assert _vocabulary.platform_named('light') == 'beacon'\n"
        "assert _harmless.alert_ids('a b', 'light') == ['a', 'b']\n",
    )
    assert not done.stderr
    for name in ("playbooks/close_noise.yml", "roles/awx_setup/vars/main/surveys.yml"):
        assert "[datadog, kibana, security_deck, calseta, beacon]" in (copy / name).read_text()
    assert "datadog, kibana, security_deck, calseta and beacon" in (copy / "playbooks" / "report.yml").read_text()
    choices = "choices: [datadog, kibana, elastic, security_deck, calseta, beacon, light]"
    assert choices in (copy / "plugins" / "filter" / "native_status.py").read_text()
    assert choices in (copy / "roles" / "runbook" / "meta" / "argument_specs.yml").read_text()
