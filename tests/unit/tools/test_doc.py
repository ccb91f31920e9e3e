# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""``make doc`` finds everything in the collection that has a page."""

from __future__ import annotations

import sys

import pytest

from ansible_collections.secops.triage.tests.tools import doc


def show(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["doc", *arguments])
    return doc.main()


def test_every_kind_has_pages() -> None:
    kinds = {"module", "filter", "lookup", "role", "event source", "event filter", "playbook"}
    assert {kind for _name, kind, _path in doc.pages()} == kinds
    assert {"signal_state", "undo", "runbook", "alerts", "normalize", "restore"} <= {page[0] for page in doc.pages()}


@pytest.mark.parametrize("arguments", [["nosuch"], []])
def test_an_unknown_name_fails_and_lists_the_pages(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    assert show(monkeypatch, *arguments) == 1
    said = capsys.readouterr().out
    assert "signal_state" in said
    assert "event source: alerts" in said


def test_a_playbook_shows_the_comment_at_its_head(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert show(monkeypatch, "secops.triage.restore") == 0
    said = capsys.readouterr().out
    assert "> PLAYBOOK secops.triage.restore" in said
    assert "restore_alerts" in said
    assert "SPDX" not in said
    assert "hosts: localhost" not in said
