# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""ansible-rulebook runs plugins by their paths: they find the collection's code from there, and only that."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
import typing as t
from pathlib import Path

import pytest

from ansible_collections.secops.triage.tests.simulator import Simulator
from ansible_collections.secops.triage.tests.unit.documented import ROOT
from ansible_collections.secops.triage.tests.unit.extensions.eda.sources import SOURCE, add, args_of, ids_of, loaded

#: What a module of the collection may have beside it, and neither plugin needs.
_FORBIDDEN = ("ansible", "ansible_collections", "requests", "urllib3")


def copied(folder: Path) -> Path:
    """The event source of a copy of the collection in a folder."""
    root = folder / "ansible_collections" / "secops" / "triage"
    for part in ("extensions", "plugins"):
        shutil.copytree(ROOT / part, root / part, ignore=shutil.ignore_patterns("__pycache__"))
    return root / SOURCE.relative_to(ROOT)


def altered(source: Path, text: str, other: str) -> None:
    """Make another version of the collection of a copy."""
    file = source.parents[4] / "plugins" / "module_utils" / "_datadog" / "endpoint.py"
    content = file.read_text(encoding="utf-8")
    assert text in content
    file.write_text(content.replace(text, other), encoding="utf-8")


def error_by(source: Path, args: dict[str, t.Any]) -> str:
    with pytest.raises(Exception, match=r"\w") as caught:
        asyncio.run(loaded(source)["main"](asyncio.Queue(), args))
    return str(caught.value)


def test_each_source_uses_the_code_of_its_own_folder(sim: Simulator, tmp_path: Path) -> None:
    """Two versions of the collection may be installed, and run in one process."""
    first, second = copied(tmp_path / "first"), copied(tmp_path / "se'cond [1]")
    altered(second, "is not a Datadog site", "is no site of ours")
    args = {**args_of(sim, "datadog"), "api_url": None, "site": "example.com"}
    for _turn in range(2):
        assert "is not a Datadog site" in error_by(first, args)
        assert "is no site of ours" in error_by(second, args)
        assert "is not a Datadog site" in error_by(SOURCE, args)


def test_another_version_on_the_path_is_not_used(
    sim: Simulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = copied(tmp_path)
    for file in (other.parents[4] / "plugins" / "module_utils").rglob("*.py"):
        file.write_text("raise RuntimeError('another version')\n", encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.syspath_prepend(str(other.parents[1] / "module_utils"))
    ids = [add(sim, "kibana", 60)]
    assert ids_of(args_of(sim, "kibana", since="now-10m"), 1) == ids


@pytest.mark.parametrize("plugin", ["event_source/alerts.py", "event_filter/normalize.py"])
def test_plugins_need_neither_ansible_nor_what_modules_need(tmp_path: Path, plugin: str) -> None:
    """By C(runpy), as ansible-rulebook does, from any folder."""
    script = (
        "import json, runpy, sys\n"
        f"for name in {_FORBIDDEN!r}:\n"
        "    sys.modules[name] = None\n"
        "before = list(sys.path)\n"
        "assert callable(runpy.run_path(sys.argv[1])['main'])\n"
        "assert sys.path == before\n"
        "print(json.dumps(sorted(name for name in sys.modules if name.startswith('secops_triage'))))\n"
    )
    path = copied(tmp_path).parents[1] / plugin
    command = [sys.executable, "-c", script, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=os.sep)
    assert not done.stderr
    assert len({name.partition(".")[0] for name in json.loads(done.stdout)}) == 1
