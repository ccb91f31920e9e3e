# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What all tests share: the simulator, and modules that run as Ansible runs them."""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import typing as t

import pytest
from ansible.module_utils import basic
from ansible_collections.secops.triage.tests.simulator import Simulator

try:
    from ansible.module_utils.testing import patch_module_args
except ImportError:
    # Cores before 2.19 have no public way to hand arguments to a module.
    @contextlib.contextmanager
    def patch_module_args(args: dict[str, t.Any]) -> t.Iterator[None]:
        basic._ANSIBLE_ARGS = json.dumps({"ANSIBLE_MODULE_ARGS": args}).encode()
        try:
            yield
        finally:
            basic._ANSIBLE_ARGS = None


Result = dict[str, t.Any]


def run_module(name: str, params: dict[str, t.Any], *, check: bool = False, diff: bool = True) -> Result:
    """Run a module in this process, and return what it prints."""
    module = importlib.import_module(f"ansible_collections.secops.triage.plugins.modules.{name}")
    output = io.StringIO()
    arguments = {**params, "_ansible_check_mode": check, "_ansible_diff": diff}
    with patch_module_args(arguments), contextlib.redirect_stdout(output), pytest.raises(SystemExit) as ended:
        module.main()
    result: Result = json.loads(output.getvalue())
    assert ended.value.code == int(bool(result.get("failed")))
    return result


@pytest.fixture(scope="session")
def _simulator() -> t.Iterator[Simulator]:
    with Simulator(alerts=0) as simulator:
        yield simulator


@pytest.fixture
def sim(_simulator: Simulator, monkeypatch: pytest.MonkeyPatch) -> Simulator:
    """The simulator with forty alerts, as new; nothing of the user's environment shows through."""
    for variable in list(basic.os.environ):
        if variable.startswith(("DD_", "DATADOG_", "KIBANA_", "YC_", "CALSETA_")) or variable.lower().endswith("_proxy"):
            monkeypatch.delenv(variable)
    _simulator.reset(alerts=40)
    return _simulator
