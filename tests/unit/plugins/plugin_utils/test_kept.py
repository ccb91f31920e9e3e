# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What was kept of a task is read in each form in which Ansible prints it."""

from __future__ import annotations

import os
import typing as t
from pathlib import Path

import pytest

from ansible_collections.secops.triage.plugins.plugin_utils._kept import KeptError, from_file, from_variable

pytestmark = pytest.mark.versions

ROW = {"id": "a", "changed": True, "before": {"state": "open", "note": "{{ 1 }}"}}
JSON = '{\n    "signals": [{"id": "a", "changed": true, "before": {"state": "open", "note": "{{ 1 }}"}}]\n}'
YAML = """
    changed: true
    signals:
    -   before:
            note: '{{ 1 }}'
            state: open

        changed: true
        id: a
"""
DIFF = """--- before: localhost | CHANGED => {"signals": []}
+++ after: a
@@ -1 +1 @@
-    state: open
+    state: archived

"""


@pytest.mark.parametrize(
    "text",
    [
        JSON,
        f"\ufeff {JSON}\n",
        f"localhost | CHANGED => {JSON}\n",
        f"[WARNING]: Something\n{DIFF}localhost | CHANGED => {JSON}",
        f"localhost | FAILED! => {JSON}",
        f"localhost | CHANGED =>{YAML}",
        f"{DIFF}localhost | CHANGED => {YAML}",
        f"TASK [a] ****\n{DIFF}changed: [localhost] => {JSON}\n\nPLAY RECAP ****\nlocalhost : ok=1",
        f"TASK [a] ****\nok: [localhost] => {{}}\nchanged: [localhost] => {YAML}\nPLAY RECAP",
        f"changed: [localhost] => (item=a) => {JSON}",
        f"fatal: [localhost]: FAILED! => {JSON}",
    ],
)
def test_forms(text: str, tmp_path: Path) -> None:
    (tmp_path / "kept").write_text(text, encoding="utf-8")
    assert from_file(str(tmp_path / "kept"))["signals"] == [ROW]
    assert from_variable(text)["signals"] == [ROW]


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        (None, {}),
        ("", {}),
        (" \n", {}),
        ([], {"alerts": []}),
        ([ROW], {"alerts": [ROW]}),
        ("[]", {"alerts": []}),
        ({"restore_module": "a", "restore_alerts": "[1]"}, {"restore_module": "a", "restore_alerts": [1]}),
    ],
)
def test_variables(value: t.Any, kept: dict[str, t.Any]) -> None:
    assert from_variable(value) == kept


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("junk", "is neither JSON nor the output of a task with signals or alerts"),
        (DIFF, "is neither JSON nor the output of a task"),
        ("localhost | SUCCESS => {}", "is neither JSON nor the output of a task"),
        ('{"signals": [', "begins as JSON, and is none: Expecting value: line 1 column 14"),
        ("localhost | CHANGED => {'signals': 1}", "has a result that cannot be read: Expecting property name"),
        ("localhost | CHANGED =>\n    signals: [\n", "has a result that cannot be read: "),
        (f"a | CHANGED => {JSON}\nb | CHANGED => {JSON}", "has the results of 2 tasks; keep each in a file of its own"),
    ],
)
def test_what_is_neither(text: str, said: str) -> None:
    with pytest.raises(KeptError) as raised:
        from_variable(text)
    assert str(raised.value).startswith(said)


def test_files_of_others_are_no_lists(tmp_path: Path) -> None:
    mine, link = tmp_path / "mine", tmp_path / "link"
    mine.write_text(JSON, encoding="utf-8")
    mine.chmod(0o600)
    link.symlink_to(mine)
    assert from_file(str(mine), private=True) == from_file(str(link))
    (tmp_path / "bytes").write_bytes(b"\xff\xfe{")
    os.mkfifo(tmp_path / "pipe")
    mine.chmod(0o660)
    for name, said in (
        ("link", "cannot be read: "),
        ("mine", "can be written by others"),
        ("gone", "cannot be read: No"),
    ):
        with pytest.raises(KeptError, match=said):
            from_file(str(tmp_path / name), private=True)
    for name, said in (("bytes", "is no text in UTF-8"), ("pipe", "is no regular file"), (".", "cannot be read")):
        with pytest.raises(KeptError, match=said):
            from_file(str(tmp_path / name))
