# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The list of close_noise, by table: what is in it, and which list is taken."""

from __future__ import annotations

import copy
import hashlib
import json
import typing as t

import pytest

from ansible_collections.secops.triage.plugins.plugin_utils._noise import noise_list, noise_preview, way_back
from ansible_collections.secops.triage.plugins.plugin_utils._vocabulary import VocabularyError

Fields = dict[str, t.Any]

SEARCH = {"platform": "datadog", "query": "a", "verdict": "test", "comment": "", "api_url": "https://one.example"}
ROW = {"id": "a", "severity": "low", "created": "2026-01-31T00:00:00.000Z", "title": "Scan\n{{ 1 }}" + "x" * 200}
#: What is asked for again has the address in it.
AGAIN = {"api_url": "https://one.example"}


def made() -> Fields:
    return noise_preview([ROW, {**ROW, "id": "b", "title": None}, {**ROW, "id": "c"}], SEARCH, ["a", "b"], True)


def forged(**changed: t.Any) -> Fields:
    """A list that somebody has changed, and signed again, for no key is needed for that."""
    unsigned = {**{name: value for name, value in made().items() if name != "checksum"}, **changed}
    return {**unsigned, "checksum": hashlib.sha256(json.dumps(unsigned, sort_keys=True).encode()).hexdigest()}


def test_list() -> None:
    listed = made()
    assert list(listed["alerts"]) == ["a", "b"]
    title = listed["alerts"]["a"]["title"]
    assert title.startswith("Scan { { 1 }}x")
    assert title.endswith("x…")
    assert listed["alerts"]["b"]["title"] is None
    assert listed["counts"] == {"found": 3, "listed": 2}
    assert listed["search"] == {name: value for name, value in SEARCH.items() if value}
    assert noise_list(listed, AGAIN) == listed
    unbounded = forged(bounded=False)
    assert noise_list(unbounded, AGAIN, allow_unbounded=True) == unbounded
    assert noise_list(json.loads(json.dumps(listed, indent=2)), SEARCH) == listed


def test_id_that_is_none_is_not_listed() -> None:
    with pytest.raises(VocabularyError, match="Not the id of an alert of datadog"):
        noise_preview([{**ROW, "id": "{{ a }}"}], SEARCH, ["{{ a }}"], True)


@pytest.mark.parametrize(
    ("given", "asked", "said"),
    [
        (
            {},
            AGAIN,
            "there is no list of a preview. Give it as close_noise_preview or close_noise_file, just as it was",
        ),
        ({"alerts": [1]}, AGAIN, "this has alerts in it"),
        ({**made(), "alerts": {}}, AGAIN, "the list is not as a preview has made it. Make the preview again"),
        ({**made(), "checksum": None}, AGAIN, "the list is not as a preview has made it"),
        (forged(alerts={"a": {"severity": "{{ 1 }}", "created": None, "title": None}}), AGAIN, "the list's alerts is"),
        (forged(bounded=None), AGAIN, "the list's bounded is none of a preview"),
        (forged(bounded=False), AGAIN, "the search of the preview may leave nothing out. Narrow it"),
        (forged(alerts={"a": "text"}), AGAIN, "the list's alerts is none of a preview"),
        (forged(counts={"listed": 7}), AGAIN, "the list's counts is none of a preview"),
        (forged(search={**AGAIN, "guard": "off"}), AGAIN, "the list's search is none of a preview"),
        (
            forged(
                alerts={"../a": {"severity": None, "created": None, "title": None}}, counts={"found": 1, "listed": 1}
            ),
            AGAIN,
            "Not the id of an alert of datadog: '../a'",
        ),
        (made(), {**AGAIN, "query": "b"}, "asked for something else: close_noise_query is b now, and was a"),
        (
            made(),
            {"api_url": "https://two.example"},
            "close_noise_api_url is https://two.example now, and was https://one",
        ),
        (made(), {}, "close_noise_api_url is nothing now, and was https://one.example"),
    ],
)
def test_what_is_refused(given: Fields, asked: Fields, said: str) -> None:
    with pytest.raises(VocabularyError) as raised:
        noise_list(copy.deepcopy(given), asked)
    assert said in str(raised.value)


def test_address_that_the_preview_did_not_have_is_refused() -> None:
    listed = noise_preview([ROW], {**SEARCH, "api_url": ""}, ["a"], True)
    assert noise_list(listed, {})["alerts"]
    with pytest.raises(VocabularyError, match=r"close_noise_api_url is https://one\.example now, and was nothing"):
        noise_list(listed, AGAIN)


def test_way_back() -> None:
    row = {"id": "a", "platform": "calseta", "module": "alert_update", "before": {"status": "Open"}, "status": "Closed"}
    note = {**row, "module": "alert_note", "changed": True}
    rows = [{**row, "changed": True}, {**row, "changed": None}, {**row, "changed": False}, note]
    found = way_back({"alerts": [*rows, {"id": "b", "error": {}, "changed": False, "platform": "calseta"}]})
    assert (found["restore_module"], found["restore_provider"]) == ("alert_update", "calseta")
    assert json.loads(found["restore_alerts"]) == rows[:2]
    assert way_back({"alerts": [rows[2], note]}) == {}
    hostile = {**row, "changed": True, "platform": "kibana", "module": "kibana_alert_status", "title": "{{ 1 }}"}
    kept = way_back({"alerts": [hostile]})
    assert "restore_provider" not in kept
    assert "{{" not in kept["restore_alerts"]
    assert json.loads(kept["restore_alerts"])[0]["title"] == "{{ 1 }}"
