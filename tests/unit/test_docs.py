# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What README and docs say is true: every example runs, and what is generated is current."""

from __future__ import annotations

import importlib
import os
import re
import shutil
import subprocess
import sys
import textwrap
import types
import typing as t
from pathlib import Path

import pytest
import yaml

from ansible_collections.secops.triage.tests.simulator import Simulator
from ansible_collections.secops.triage.tests.tools import generate
from ansible_collections.secops.triage.tests.tools.docs_world import (
    defaults,
    environment,
    place,
    registers,
    rendered,
    tasks,
    variables,
)
from ansible_collections.secops.triage.tests.unit.harness import rows, run_module

ROOT = Path(__file__).resolve().parents[2]
RST = ROOT / "docs" / "docsite" / "rst"
PAGES = [ROOT / "README.md", *sorted(RST.glob("*.rst"))]
YAML = ("yaml", "yaml+jinja")
#: What a group of modules in C(module_defaults) stands for.
GROUPS: dict[str, list[str]] = yaml.safe_load((ROOT / "meta" / "runtime.yml").read_text())["action_groups"]


class Block(t.NamedTuple):
    """A block of code on a page."""

    page: str
    line: int
    language: str
    caption: str
    code: str


def blocks(path: Path) -> t.Iterator[Block]:
    """The blocks of a page, in reStructuredText or Markdown."""
    text = path.read_text()
    if path.suffix == ".md":
        for found in re.finditer(r"^```(\w*)\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
            yield Block(path.name, text.count("\n", 0, found.start()), found[1], "", found[2])
        return
    pattern = r"^( *)\.\. code-block:: (\S+)\n((?:\1 +:.*\n)*)\n((?:\1 +.*\n|\n)+)"
    for found in re.finditer(pattern, f"{text}\n", re.MULTILINE):
        caption = re.search(r":caption: (.*)", found[3])
        line = text.count("\n", 0, found.start()) + 1
        yield Block(path.name, line, found[2], caption[1] if caption else "", textwrap.dedent(found[4]).strip("\n"))


ALL = [block for path in PAGES for block in blocks(path)]
EXAMPLES = [block for block in ALL if block.language in YAML]


def name_of(block: Block) -> str:
    return f"{block.page}:{block.line}"


def with_defaults(playbook: t.Any) -> t.Iterator[tuple[str, dict[str, t.Any]]]:
    """The tasks of a playbook, each with what ``module_defaults`` add to it."""
    given = list(defaults(playbook))
    for module, arguments in tasks(playbook):
        added: dict[str, t.Any] = {}
        for name, values in given:
            if name == module or module in GROUPS.get(name, []):
                added.update(values)
        yield module, {**added, **arguments}


def settled(result: dict[str, t.Any], *refusals: int) -> bool:
    """Whether a task came to its end, but for alerts that are made up, and those that the service may refuse."""
    if not result.get("failed"):
        return True
    return "counts" in result and all(
        row["error"]["status"] in (404, *refusals) for row in rows(result) if "error" in row
    )


@pytest.mark.parametrize("block", EXAMPLES, ids=name_of)
def test_example_runs(block: Block, sim: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in environment(sim).items():
        monkeypatch.setenv(name, value)
    playbook = yaml.safe_load(block.code)
    place(playbook, sim)
    known = variables(sim)
    known["ansible_failed_task"] = {"name": "a task"}
    for (module, arguments), variable in zip(with_defaults(playbook), registers(playbook)):
        for check in (True, False):
            result = run_module(module, rendered(arguments, known), check=check)
            known.update({variable: result} if variable else {})
            # A version that was overtaken, a signal that is too old: pages show these too.
            assert settled(result, *([] if check else [400, 409])), result["msg"]


@pytest.mark.parametrize("block", EXAMPLES, ids=name_of)
def test_example_names_modules_in_full(block: Block) -> None:
    playbook = yaml.safe_load(block.code)
    plays = playbook if isinstance(playbook, list) else []
    words = {"block", "rescue", "always", "import_playbook"}
    for task in [task for play in plays for task in (play.get("tasks", [play]) if isinstance(play, dict) else [])]:
        if isinstance(task, dict) and not words & set(task):
            assert any(key.count(".") >= 2 for key in task) or "id" in task, task


def test_ad_hoc_commands_stand_where_they_are_run() -> None:
    """Those of the page C(adhoc) have a test of their own, which gives them to a shell."""
    commands = [block for block in ALL if re.search(r"^(\$ )?ansible ", block.code, re.MULTILINE)]
    assert {block.page for block in commands} == {"adhoc.rst"}


def test_there_are_examples_of_every_module() -> None:
    shown = {module for block in EXAMPLES for module, _arguments in tasks(yaml.safe_load(block.code))}
    assert shown == {path.stem for path in (ROOT / "plugins" / "modules").glob("*.py")}


def test_every_page_with_an_example_that_writes_shows_the_way_back() -> None:
    writing = {
        block.page
        for block in EXAMPLES
        for module, _arguments in tasks(yaml.safe_load(block.code))
        if not module.endswith("_info")
    }
    assert len(writing) > 10
    way_back = re.compile(r"docsite\.way_back>|secops\.triage\.restore\b")
    lacking = [path.name for path in PAGES if path.name in writing and not way_back.search(path.read_text())]
    assert lacking == []


def test_every_page_is_in_the_table_of_contents() -> None:
    contents = yaml.safe_load((RST.parent / "extra-docs.yml").read_text())
    listed = [page for section in contents["sections"] for page in section["toctree"]]
    assert sorted(listed) == sorted(path.stem for path in RST.glob("*.rst"))


def test_generated_parts_are_current() -> None:
    assert generate.complaints() == []


def test_architecture_names_every_file() -> None:
    text = (RST / "architecture.rst").read_text()
    folder = ROOT / "plugins" / "module_utils"
    files = {path.relative_to(folder).as_posix() for path in folder.rglob("*.py")}
    assert set(re.findall(r"``(_[a-z_]+/\w+\.py|platforms\.py)``", text)) == files


def code_of(name: str) -> types.CodeType:
    """The code of a function that a page names, such as C(Plan.of), wherever the modules have it."""
    first, *rest = name.split(".")
    found: set[types.CodeType] = set()
    for path in (ROOT / "plugins" / "module_utils").glob("*/*.py"):
        place = f"ansible_collections.secops.triage.plugins.module_utils.{path.parent.name}.{path.stem}"
        thing = getattr(importlib.import_module(place), first, None)
        for attribute in rest:
            thing = getattr(thing, attribute, None)
        found.update(filter(None, [getattr(thing, "__code__", None)]))
    (code,) = found
    return code


def test_architecture_follows_a_signal_through_the_functions_that_it_names(
    sim: Simulator, datadog: dict[str, t.Any]
) -> None:
    steps = re.findall(r"^\d\. (.*\n(?:   .*\n)+)", (RST / "architecture.rst").read_text(), re.MULTILINE)
    named = [re.findall(r"``([\w.]+)\(\)``", step) for step in steps]
    assert len(named) == 6
    assert all(named), "a step without a function"
    codes = {code_of(name): name for step in named for name in step}
    seen: dict[str, None] = {}

    def profile(frame: types.FrameType, event: str, _argument: t.Any) -> None:
        if event == "call" and frame.f_code in codes:
            seen.setdefault(codes[frame.f_code])

    sim.faults.add("error_500", writes=True)
    task = {**datadog, "signal_ids": sim.datadog.ids(state="open")[:1], "state": "archived"}
    before = sys.getprofile()
    sys.setprofile(profile)
    try:
        result = run_module("signal_state", task)
    finally:
        sys.setprofile(before)
    assert result["counts"]["changed"] == 1
    assert list(seen) == [name for step in named for name in step]


def test_fifth_platform_works_as_it_is_shown(tmp_path: Path) -> None:
    """The files of the worked example, in a copy of the collection, pass the example's own test."""
    copy = tmp_path / "ansible_collections" / "secops" / "triage"
    for folder in ("plugins", "tests/simulator"):
        shutil.copytree(ROOT / folder, copy / folder, ignore=shutil.ignore_patterns("__pycache__"))
    (copy / "tests" / "unit" / "plugins" / "modules").mkdir(parents=True)
    for name in ("tests/unit/harness.py", "tests/unit/conftest.py", "tests/__init__.py"):
        shutil.copy(ROOT / name, copy / name)
    files = {block.caption: block.code for block in blocks(RST / "new_platform.rst") if block.caption}
    for name, code in files.items():
        assert not (copy / name).exists()
        (copy / name).parent.mkdir(exist_ok=True)
        (copy / name).write_text(f"{code}\n")
    (test,) = (name for name in files if name.startswith("tests/unit"))
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--import-mode=importlib", test]
    search = os.pathsep.join([str(tmp_path), *filter(None, [os.environ.get("PYTHONPATH")])])
    # ansible-test has plugins for pytest that know of one collection only.
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    ran = subprocess.run(
        [*command, "--rootdir=.", "-c", os.devnull],
        cwd=copy,
        env={**kept, "PYTHONPATH": search},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout
    assert "7 passed" in ran.stdout
