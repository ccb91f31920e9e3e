# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What leaves a play of what a service has said."""

from __future__ import annotations

import json
import typing as t

import pytest

from ansible_collections.secops.triage.plugins.plugin_utils._harmless import alert_ids, harmless, harmless_json
from ansible_collections.secops.triage.plugins.plugin_utils._vocabulary import VocabularyError

pytestmark = pytest.mark.versions

UUID = "3fa85f64-5717-4562-b3fc-2c963f66afa6"


class Marked(str):
    """A text of another class, as ansible-core marks its own."""

    __slots__ = ()


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("{{ 1 + 1 }}", "{ { 1 + 1 }}"),
        ("{% if a %}{# b #}", "{ % if a %}{ # b #}"),
        ("{{{{", "{ { { {"),
        ("a {b} }}", "a {b} }}"),
        ("{\x00{ 1 }}", "{\ufffd{ 1 }}"),
        (["{{", 1, True, None, 1.5], ["{ {", 1, True, None, 1.5]),
        ({"{{ a }}": {"b": ["{%"]}}, {"{ { a }}": {"b": ["{ %"]}}),
        (("a", Marked("{{")), ["a", "{ {"]),
    ],
)
def test_harmless(value: t.Any, text: t.Any) -> None:
    assert harmless(value) == text
    assert harmless(text) == text
    found = harmless_json(value)
    assert not any(beginning in found for beginning in ("{{", "{%", "{#"))
    assert json.loads(found) == json.loads(json.dumps(value))
    assert harmless([Marked("a")])[0].__class__ is str


@pytest.mark.parametrize(
    ("given", "platform", "ids"),
    [
        (None, "kibana", []),
        ("", "kibana", []),
        ([], "kibana", []),
        (" a,b\n c\r\n,a ", "elastic", ["a", "b", "c"]),
        ('["a", "b"]', "kibana", ["a", "b"]),
        (["a\n", " b "], "datadog", ["a", "b"]),
        (4711, "security_deck", ["4711"]),
        (UUID.upper(), "calseta", [UUID]),
    ],
)
def test_ids(given: t.Any, platform: str, ids: list[str]) -> None:
    assert alert_ids(given, platform) == ids


@pytest.mark.parametrize(
    ("given", "platform", "said"),
    [
        ("a {{b}}", "datadog", "Not the id of an alert of datadog: '{ {b}}'. Give ids only"),
        (["a b"], "kibana", "Not the id of an alert of kibana: 'a b'."),
        ([None], "calseta", "Not the id of an alert of calseta: 'None'."),
        ([""], "kibana", "Not the id of an alert of kibana: ''."),
        ("[1, ", "kibana", "The list of ids begins as JSON, and is none: "),
        (["../../etc"], "security_deck", "Not the id of an alert of security_deck: '../../etc'."),
        ("a", "splunk", "There is no platform 'splunk'"),
    ],
)
def test_what_is_no_id(given: t.Any, platform: str, said: str) -> None:
    with pytest.raises(VocabularyError) as raised:
        alert_ids(given, platform)
    assert said in str(raised.value)
