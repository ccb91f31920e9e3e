# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What holds for every file below plugins: who may import whom, how long a module is, what is read besides."""

from __future__ import annotations

import ast
import graphlib
import re
import typing as t
from pathlib import Path

import pytest

from ansible_collections.secops.triage.tests.unit.documented import MODULES, ROOT, documented

SOURCES = sorted((ROOT / "plugins").rglob("*.py"))
UTILS = {path.stem: path for path in SOURCES if path.parent.name == "module_utils" and path.stem != "__init__"}
#: From the bottom to the top; all other files are platforms.
BELOW = (
    "_printable",
    "_errors",
    "_change",
    "_proxy",
    "_options",
    "_pace",
    "_deadline",
    "_transport",
    "_http",
    "_alert",
    "_guards",
    "_selection",
    "_platform",
)
ABOVE = ("_plan", "_settle", "_task", "_reconcile", "_look")


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def imported(path: Path) -> set[str]:
    """The files of module_utils that a file imports."""
    found = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.ImportFrom):
            if node.level == 1 and not node.module:
                found |= {alias.name for alias in node.names}
            elif node.level == 1 or (node.module or "").startswith("ansible_collections.secops.triage."):
                found.add((node.module or "").rpartition(".")[2])
    return found


def rank(name: str) -> int:
    if name in BELOW:
        return BELOW.index(name)
    return len(BELOW) + 1 + ABOVE.index(name) if name in ABOVE else len(BELOW)


@pytest.mark.parametrize("name", UTILS)
def test_nothing_imports_upwards(name: str) -> None:
    for other in imported(UTILS[name]):
        assert other in UTILS, f"{name} imports {other}"
        beside = rank(other) == rank(name) == len(BELOW)
        assert rank(other) < rank(name) or beside, f"{name} imports {other}"


def test_platforms_import_each_other_in_one_direction() -> None:
    order = graphlib.TopologicalSorter({name: imported(path) for name, path in UTILS.items()})
    assert set(order.static_order()) == set(UTILS)


@pytest.mark.parametrize("name", MODULES)
def test_module_only_joins_platform_and_flow(name: str) -> None:
    used = imported(ROOT / "plugins" / "modules" / f"{name}.py")
    assert used & {"_reconcile", "_look"}
    assert not used & {"_http", "_transport", "_pace", "_errors", "_change", "_settle"}


def test_only_the_flow_knows_the_module_object() -> None:
    knows = {path.stem for path in SOURCES if "AnsibleModule" in path.read_text(encoding="utf-8")}
    assert knows == {"_task"}


@pytest.mark.parametrize("name", MODULES)
def test_logic_of_a_module_is_short(name: str) -> None:
    """Below its documentation, less than sixty lines that do anything."""
    path = ROOT / "plugins" / "modules" / f"{name}.py"
    lines = path.read_text(encoding="utf-8").splitlines()
    statements = [
        node
        for node in tree(path).body
        if not isinstance(node, (ast.Import, ast.ImportFrom))
        and not (isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant))
    ]
    logic = [line for node in statements for line in lines[node.lineno - 1 : node.end_lineno] if line.strip()]
    assert len(logic) < 60


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_what_no_plugin_has(path: Path) -> None:
    """Asserts, which -O takes out; what Ansible is about to drop, or what is slower; a catch-all of exceptions."""
    for node in ast.walk(tree(path)):
        assert not isinstance(node, ast.Assert)
        assert not (isinstance(node, ast.ExceptHandler) and node.type is None)
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            names = {alias.name for alias in node.names} | {getattr(node, "module", None) or ""}
            assert not {step for name in names for step in name.split(".")} & {"six", "_text", "urls", "open_url"}


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_every_file_has_its_header(path: Path) -> None:
    head = path.read_text(encoding="utf-8")
    assert "# Copyright (c) 2026, secops.triage contributors" in head
    assert "# GNU General Public License v3.0+" in head
    assert "License-Identifier: GPL-3.0-or-later" in head
    assert "from __future__ import annotations" in head


# The environment


def read_directly() -> t.Iterator[str]:
    """The names of variables that stand where ``os.environ`` is used, on the same line or in a tuple for it."""
    for path in UTILS.values():
        for function in [node for node in ast.walk(tree(path)) if isinstance(node, ast.FunctionDef)]:
            if any(isinstance(node, ast.Attribute) and node.attr == "environ" for node in ast.walk(function)):
                for node in ast.walk(function):
                    if isinstance(node, ast.Constant) and re.fullmatch(r"[A-Z]+(_[A-Z]+)+", str(node.value)):
                        yield str(node.value)
        if "get_environ_proxies" in path.read_text(encoding="utf-8"):
            yield from ("HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY")


def test_every_variable_that_is_documented_is_read_and_the_other_way_round() -> None:
    modules = [documented(name) for name in MODULES]
    read = {name for module in modules for spec in module.spec.values() for name in spec.get("fallback", [0, []])[1]}
    told = {name for module in modules for text in module.texts() for name in re.findall(r"E\((\w+)\)", text)}
    assert told == read | set(read_directly())
    assert len(told) > len(read)
