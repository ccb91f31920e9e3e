# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A module on a Python that is too old for it, as ansible-core 2.16 to 2.19 start it: a failure, and no traceback."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from ansible_collections.secops.triage.tests.tools.interpreters import usable
from ansible_collections.secops.triage.tests.unit.documented import MODULES, ROOT

REQUIRE = "ansible_collections.secops.triage.plugins.module_utils._core.python"
#: What an old interpreter reads before it is found to be old.
READ = [*(f"plugins/modules/{name}.py" for name in MODULES), "plugins/module_utils/_core/python.py"]
#: Runs a module on this interpreter, which says that it is an old one.
POSE = """
import json, runpy, sys
sys.version_info = (3, 8, 18, "final", 0)
runpy.run_path(sys.argv[1], run_name="__main__")
"""


def old_python() -> list[str]:
    """The command that runs a file on Python 3.8, or, where there is none, on one that says so."""
    folder = usable()[0].get("3.8")
    return [str(folder / "python3.8")] if folder else [sys.executable, "-c", POSE]


@pytest.mark.parametrize("command", [old_python(), [sys.executable, "-c", POSE]], ids=["found", "posing"])
@pytest.mark.parametrize("name", MODULES)
def test_an_old_python_is_a_failure_that_names_it(name: str, command: list[str]) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT.parents[2]), "PYTHONDONTWRITEBYTECODE": "1"}
    module = ROOT / "plugins" / "modules" / f"{name}.py"
    ended = subprocess.run(
        [*command, str(module)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    assert not ended.stderr
    assert ended.returncode == 1
    result = json.loads(ended.stdout)
    assert (result["failed"], result["changed"]) == (True, False)
    assert re.search(r"Python 3\.9 or newer, and \S+ is Python 3\.8\.\d+\.", result["msg"])
    assert "ansible_python_interpreter" in result["msg"]


@pytest.mark.parametrize("file", READ)
def test_an_old_python_can_read_it(file: str) -> None:
    ast.parse((ROOT / file).read_text(encoding="utf-8"), feature_version=(3, 7))


@pytest.mark.parametrize("name", MODULES)
def test_every_module_asks_before_it_imports_anything_else(name: str) -> None:
    """Any other import would end in a traceback."""
    source = ast.parse((ROOT / "plugins" / "modules" / f"{name}.py").read_text(encoding="utf-8"))
    code = [node for node in source.body if not isinstance(node, ast.Assign)]
    assert [ast.unparse(node) for node in code[:3]] == [
        "from __future__ import annotations",
        f"from {REQUIRE} import require_python",
        "require_python()",
    ]


def test_it_needs_no_other_file() -> None:
    """Beside the standard library, which every Python has."""
    source = ast.parse(Path(ROOT / "plugins/module_utils/_core/python.py").read_text(encoding="utf-8"))
    imports = [node for node in ast.walk(source) if isinstance(node, (ast.Import, ast.ImportFrom))]
    assert [ast.unparse(node) for node in imports] == [
        "from __future__ import annotations",
        "import json",
        "import sys",
    ]
