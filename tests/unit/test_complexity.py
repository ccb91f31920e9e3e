# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""No function has more than ten ways through it, as radon counts them.

The linter counts branches and loops. radon also counts comprehensions, conditions within them, and boolean operators.
"""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest
from radon.visitors import ComplexityVisitor, Function

from ansible_collections.secops.triage.tests.unit.documented import ROOT

MOST = 10
FOLDERS = ("plugins", "extensions", "tests/tools")

#: Functions above the limit, with their figures. The list may only get shorter.
EXCEPTIONS: dict[str, int] = {
    "plugins/module_utils/_calseta.py Calseta._page": 11,
    "plugins/module_utils/_calseta_query.py asked_for": 15,
    "plugins/module_utils/_datadog.py Signals._page": 11,
    "plugins/module_utils/_datadog_triage.py SignalState._write_bulk": 15,
    "plugins/module_utils/_datadog_triage.py SignalState._outcome": 11,
    "plugins/module_utils/_errors.py _object": 14,
    "plugins/module_utils/_guards.py Guards.objection": 16,
    "plugins/module_utils/_http.py Client._try": 17,
    "plugins/module_utils/_kibana_bounds.py _matches_all": 13,
    "plugins/module_utils/_kibana_info.py _sort": 13,
    "plugins/module_utils/_kibana_search.py Search.run": 12,
    "plugins/module_utils/_kibana_search.py Edge.of": 12,
    "plugins/module_utils/_kibana_users.py uids": 12,
    "plugins/module_utils/_lucene.py _group": 11,
    "plugins/module_utils/_options.py base_url": 12,
    "plugins/module_utils/_options.py choose": 21,
    "plugins/module_utils/_proxy.py proxy_url": 13,
    "plugins/module_utils/_reconcile.py _reconcile": 14,
    "plugins/module_utils/_reconcile.py _report": 19,
    "plugins/module_utils/_security_deck_notes.py SecurityDeckNotes.read_note": 14,
    "plugins/module_utils/_settle.py settle": 24,
    "plugins/module_utils/_settle.py _Course.looked": 20,
    "plugins/module_utils/_transport.py Transport._failure": 12,
    "extensions/eda/plugins/event_filter/normalize.py _found": 12,
    "extensions/eda/plugins/event_filter/normalize.py _guess": 12,
    "extensions/eda/plugins/module_utils/secops_triage_eda/options.py checked": 15,
    "extensions/eda/plugins/module_utils/secops_triage_eda/options.py _query": 14,
    "extensions/eda/plugins/module_utils/secops_triage_eda/options.py _address": 13,
    "extensions/eda/plugins/module_utils/secops_triage_eda/platforms.py Platform._authorization": 19,
    "extensions/eda/plugins/module_utils/secops_triage_eda/searches.py _kibana": 12,
    "extensions/eda/plugins/module_utils/secops_triage_eda/shape.py alert_of": 14,
    "extensions/eda/plugins/module_utils/secops_triage_eda/shape.py _host": 13,
    "tests/tools/gate.py main": 13,
}


def functions(blocks: t.Iterable[t.Any]) -> t.Iterator[Function]:
    """The functions among blocks of radon, with methods, inner classes and the functions in functions."""
    for block in blocks:
        if isinstance(block, Function):
            yield block
            yield from functions(block.closures)
        else:
            yield from functions([*block.methods, *block.inner_classes])


def above(folder: Path) -> t.Iterator[tuple[str, int]]:
    """The functions of a folder that are above the limit, by file and name, with their complexity."""
    for path in sorted(folder.rglob("*.py")):
        visitor = ComplexityVisitor.from_code(path.read_text(encoding="utf-8"))
        for function in functions([*visitor.functions, *visitor.classes]):
            if function.complexity > MOST:
                yield f"{path.relative_to(folder).as_posix()} {function.fullname}", function.complexity


@pytest.mark.parametrize("folder", FOLDERS)
def test_complexity(folder: str) -> None:
    found = {f"{folder}/{name}": complexity for name, complexity in above(ROOT / folder)}
    assert found == {name: figure for name, figure in EXCEPTIONS.items() if name.startswith(f"{folder}/")}


def test_what_is_counted(tmp_path: Path) -> None:
    """Comprehensions, their conditions and boolean operators; in functions, methods, and what is within them."""
    ten = "[one for one in given if one if one if one if one and one and one and one or one]"
    (tmp_path / "odd.py").write_text(
        f"""
def ten(given):
    return {ten}

def eleven(given):
    return {ten} if given else []

class Outer:
    def method(self, given):
        def closure():
            return {ten} or []
        return closure()

    class Inner:
        def method(self, given):
            return {ten} or []
"""
    )
    assert list(above(tmp_path)) == [("odd.py eleven", 11), ("odd.py closure", 11), ("odd.py Inner.method", 11)]
