# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What holds for every file below plugins: who may import whom, how long a module is, what is read besides."""

from __future__ import annotations

import ast
import graphlib
import re
import sys
import typing as t
from pathlib import Path

import pytest

from ansible_collections.secops.triage.tests.unit.documented import MODULES, ROOT, documented

SOURCES = sorted((ROOT / "plugins").rglob("*.py"))
UTILS = ROOT / "plugins" / "module_utils"
LAYERED = [path for path in SOURCES if UTILS in path.parents]
PLATFORMS = ("_calseta", "_datadog", "_kibana", "_security_deck")
#: What each package may import of the others; a platform knows no other platform.
BELOW: dict[str, tuple[str, ...]] = {
    "_core": (),
    "_http": ("_core",),
    "_flow": ("_core", "_http"),
    **dict.fromkeys(PLATFORMS, ("_core", "_http", "_flow")),
    # The registry, platforms.py, knows the words of all of them.
    "module_utils": ("_core", *PLATFORMS),
}
#: What each file may import of ansible. All others know nothing of it.
FROM_ANSIBLE = {
    "_flow/task.py": {"ansible.module_utils.basic", "ansible.module_utils.common.parameters"},
}
#: Packages that the transport needs, and one that is asked for by name where a key file is used.
FROM_OTHERS = {
    "_http/answer.py": {"requests"},
    "_http/connections.py": {"urllib3"},
    "_http/proxies.py": {"requests"},
    "_http/tls.py": {"requests", "urllib3"},
    "_http/transport.py": {"requests", "urllib3"},
    "_security_deck/endpoint.py": {"jwt"},
}


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def named(path: Path) -> t.Iterator[str]:
    """The modules that a file imports, by their full names below ``plugins.module_utils`` where they are ours."""
    package = path.relative_to(ROOT / "plugins" / "module_utils").parts[:-1] if UTILS in path.parents else ()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level:
            module = ".".join([*package[: len(package) - node.level + 1], node.module or ""])
            inner = [f"{module}.{alias.name}" for alias in node.names]
            # What is imported of a package is a file of it.
            yield from inner if (UTILS / module.replace(".", "/")).is_dir() else [module]
        elif isinstance(node, ast.ImportFrom):
            yield (node.module or "").removeprefix("ansible_collections.secops.triage.plugins.module_utils.")


def layered(path: Path) -> str:
    return path.relative_to(UTILS).as_posix()


@pytest.mark.parametrize("path", LAYERED, ids=layered)
def test_a_layer_imports_what_is_below_it_and_no_more(path: Path) -> None:
    package = path.parent.name
    for name in named(path):
        top = name.partition(".")[0]
        if top.startswith("_") and top != "__future__":
            assert top == package or top in BELOW[package], f"{layered(path)} imports {name}"
            assert (UTILS / f"{name.replace('.', '/')}.py").is_file(), f"{layered(path)} imports {name}"
        elif top == "ansible":
            assert name in FROM_ANSIBLE.get(layered(path), set()), f"{layered(path)} imports {name}"
        elif top not in sys.stdlib_module_names:
            assert top in FROM_OTHERS.get(layered(path), set()), f"{layered(path)} imports {name}"


def test_what_may_be_imported_is_imported() -> None:
    for file, names in {**FROM_ANSIBLE, **FROM_OTHERS}.items():
        assert names <= {one if one in names else one.partition(".")[0] for one in named(UTILS / file)}, file


@pytest.mark.parametrize("platform", PLATFORMS)
def test_words_need_the_core_alone(platform: str) -> None:
    assert {name.partition(".")[0] for name in named(UTILS / platform / "words.py")} <= {
        "__future__",
        "_core",
        "typing",
    }


#: The rest of each platform that the event source uses; it runs where there is no Ansible and no requests.
SHARED = sorted(
    path for name in ("endpoint", "query") for path in UTILS.glob(f"_*/{name}.py") if path.parent.name != "_core"
)


@pytest.mark.parametrize("path", SHARED, ids=layered)
def test_what_the_event_source_shares_needs_the_core_alone(path: Path) -> None:
    ours = {name for name in named(path) if name.startswith("_") and name != "__future__"}
    platform = path.parent.name
    assert {name for name in ours if not name.startswith("_core.")} <= {f"{platform}.words"}


def test_files_import_each_other_in_one_direction() -> None:
    files = {layered(path)[: -len(".py")].replace("/", "."): path for path in LAYERED}
    order = graphlib.TopologicalSorter({name: set(named(path)) & set(files) for name, path in files.items()})
    assert set(order.static_order()) == set(files)


@pytest.mark.parametrize("name", MODULES)
def test_module_only_joins_platform_and_flow(name: str) -> None:
    used = set(named(ROOT / "plugins" / "modules" / f"{name}.py"))
    assert used & {"_flow.reconcile", "_flow.info"}
    assert not {one for one in used if one.startswith("_http")}
    assert not used & {"_core.errors", "_flow.change", "_flow.plan", "_flow.settle", "_flow.tracker"}


def test_only_the_flow_knows_the_module_object() -> None:
    knows = [path for path in SOURCES if "AnsibleModule" in path.read_text(encoding="utf-8")]
    # In the worker, the object is only what writes to the log of the system.
    assert knows == [UTILS / "_flow" / "task.py", ROOT / "plugins" / "plugin_utils" / "_in_process.py"]


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
            ansible = {step for name in names if name.startswith("ansible.") for step in name.split(".")}
            assert not (ansible | {alias.name for alias in node.names}) & {"six", "_text", "urls", "open_url"}


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_every_file_has_its_header(path: Path) -> None:
    head = path.read_text(encoding="utf-8")
    assert "# Copyright (c) 2026, secops.triage contributors" in head
    assert "# GNU General Public License v3.0+" in head
    assert "License-Identifier: GPL-3.0-or-later" in head
    assert "from __future__ import annotations" in head


# The environment


def read_directly() -> t.Iterator[str]:
    """The names of variables in functions that look into the environment by themselves."""
    for path in LAYERED:
        for function in [node for node in ast.walk(tree(path)) if isinstance(node, ast.FunctionDef)]:
            if {"environ", "environment_value"} & {
                getattr(node, "attr", getattr(node, "id", "")) for node in ast.walk(function)
            }:
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
