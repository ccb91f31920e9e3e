# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The vocabulary, cell by cell, through its filters."""

from __future__ import annotations

import typing as t

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.secops.triage.plugins.filter import (
    common_status,
    common_verdict,
    native_status,
    native_verdict,
)
from ansible_collections.secops.triage.plugins.module_utils._calseta import words as calseta
from ansible_collections.secops.triage.plugins.module_utils._datadog import words as datadog
from ansible_collections.secops.triage.plugins.module_utils._kibana import words as kibana
from ansible_collections.secops.triage.plugins.module_utils._security_deck import words as security_deck
from ansible_collections.secops.triage.plugins.modules import alert_update, kibana_alert_status, signal_state
from ansible_collections.secops.triage.plugins.plugin_utils import _vocabulary as vocabulary

PLATFORMS = vocabulary.PLATFORMS
FILTERS: dict[str, t.Callable[..., t.Any]] = {
    name: function
    for plugin in (common_status, common_verdict, native_status, native_verdict)
    for name, function in plugin.FilterModule().filters().items()
}

#: "~" loses meaning, "+" is the extra that goes with the word, and "-" is a field that is left out.
STATUSES = """
new         | open            | open             | OPEN          | Open
in_progress | under_review    | acknowledged     | IN_PROGRESS   | Triaging
on_hold     | under_review ~  | acknowledged ~   | NEED_INFO     | Triaging ~
escalated   | under_review + incident | acknowledged + tag | IN_PROGRESS ~ | Escalated
resolved    | archived        | closed           | RESOLVED      | Closed
"""

VERDICTS = """
true_positive | true_positive_malicious | true_positive | TRUE_POSITIVE | True Positive - Suspicious Activity
benign | true_positive_benign | benign_positive | BENIGN_POSITIVE | Benign Positive - Suspicious but Expected
false_positive | false_positive | false_positive | FALSE_POSITIVE | False Positive - Incorrect Detection Logic
test | testing_or_maintenance | other ~ | BENIGN_POSITIVE ~ | Not Applicable ~
duplicate | other ~ | duplicate | UNDETERMINED ~ | Duplicate
insufficient_data | other ~ | other ~ | UNDETERMINED | Undetermined
disregard | other ~ | other ~ | UNDETERMINED ~ | Not Applicable
managed_externally | investigated_case_opened | other ~ | stays open ~ | stays open
suspicious | refused | refused | refused | True Positive - Suspicious Activity
security_risk | refused | refused | refused | True Positive - Suspicious Activity
unknown | none | - | - | Undetermined
"""


def choices(module: t.Any, option: str) -> list[str]:
    return list(module.SPEC.options[option]["choices"])


def cells(table: str) -> list[tuple[str, str, str]]:
    """Caption, platform and cell."""
    rows = [[cell.strip() for cell in line.split("|")] for line in table.strip().splitlines()]
    return [(caption, *cell) for caption, *words in rows for cell in zip(PLATFORMS, words)]


@pytest.mark.parametrize(("caption", "platform", "cell"), cells(STATUSES))
def test_status(caption: str, platform: str, cell: str) -> None:
    word, _plus, extra = cell.removesuffix("~").partition("+")
    expected = vocabulary.Status(word.strip(), cell.endswith("~"), extra.strip())
    assert vocabulary.status_of(caption, platform) == expected
    written = FILTERS["native_status"](caption, platform)
    assert written == word.strip()
    back = FILTERS["common_status"](written, platform)
    assert back == (caption if expected == vocabulary.Status(written) else "in_progress")


@pytest.mark.parametrize(("caption", "platform", "cell"), cells(VERDICTS))
def test_verdict(caption: str, platform: str, cell: str) -> None:
    word, lossy = cell.removesuffix("~").strip(), cell.endswith("~")
    if word == "refused":
        with pytest.raises(
            AnsibleFilterError, match=f"{platform} has nothing for the verdict {caption}, and takes true_"
        ):
            FILTERS["native_verdict"](caption, platform)
        return
    written = FILTERS["native_verdict"](caption, platform)
    assert written == (None if word in ("-", "stays open") else word)
    found = vocabulary.verdict_of(caption, platform)
    assert (found.lossy, found.stays_open) == (lossy, word == "stays open")
    closed = FILTERS["native_status"]("resolved", platform, verdict=caption)
    stays = {"security_deck": None, "calseta": "Escalated"}
    assert closed == (stays[platform] if word == "stays open" else FILTERS["native_status"]("resolved", platform))
    assert FILTERS["native_status"]("in_progress", platform, verdict=caption)


#: Verdicts that come back as another caption, although nothing is marked as lost.
SHARED = {
    ("suspicious", "calseta"),
    ("security_risk", "calseta"),
    ("unknown", "calseta"),
    ("managed_externally", "calseta"),
}


RETURNING = [
    (caption, platform)
    for caption, platform, cell in cells(VERDICTS)
    if not cell.endswith("~") and cell != "refused" and (caption, platform) not in SHARED
]


@pytest.mark.parametrize(("caption", "platform"), RETURNING)
def test_verdict_comes_back(caption: str, platform: str) -> None:
    assert FILTERS["common_verdict"](FILTERS["native_verdict"](caption, platform), platform) == caption


@pytest.mark.parametrize(
    ("platform", "native", "caption"),
    [
        ("datadog", "remediated", "true_positive"),
        ("datadog", "other", "other"),
        ("datadog", "none", "unknown"),
        ("kibana", "automated_closure", "other"),
        ("kibana", "other", "other"),
        ("kibana", "red_team_exercise", "other"),
        ("elastic", "benign_positive", "benign"),
        ("kibana", None, "unknown"),
        ("security_deck", "UNDETERMINED", "insufficient_data"),
        ("security_deck", "BENIGN_POSITIVE", "benign"),
        ("security_deck", "CLASSIFICATION_UNSPECIFIED", "unknown"),
        ("calseta", "True Positive - Suspicious Activity", "true_positive"),
        ("calseta", "False Positive - Inaccurate Data", "false_positive"),
        ("calseta", "Undetermined", "insufficient_data"),
        ("calseta", "Not Applicable", "disregard"),
        ("calseta", "", "unknown"),
    ],
)
def test_verdict_of_an_alert(platform: str, native: t.Any, caption: str) -> None:
    assert FILTERS["common_verdict"](native, platform) == caption


@pytest.mark.parametrize(
    ("platform", "native", "caption"),
    [("kibana", "in-progress", "in_progress"), ("calseta", "Snoozed", "unknown"), ("datadog", None, "unknown")],
)
def test_status_of_an_alert(platform: str, native: t.Any, caption: str) -> None:
    assert FILTERS["common_status"](native, platform) == caption


@pytest.mark.parametrize("word", ["In Progress", "in-progress", "IN_PROGRESS", " in  progress "])
def test_writing_makes_no_difference(word: str) -> None:
    found = [
        FILTERS["native_status"](word, platform) for platform in ("datadog", "Elastic", "Security Deck", "calseta")
    ]
    assert found == ["under_review", "acknowledged", "IN_PROGRESS", "Triaging"]


@pytest.mark.parametrize(
    ("name", "module", "option"),
    [
        ("datadog", signal_state, "archive_reason"),
        ("security_deck", alert_update, "classification"),
        ("calseta", alert_update, "close_classification"),
    ],
)
def test_own_verdicts_are_those_of_the_module(name: str, module: t.Any, option: str) -> None:
    own = vocabulary.own_verdicts(name)
    assert sorted(own) == sorted(choices(module, option))
    assert [FILTERS["native_verdict"](word.upper(), name) for word in own if word != "none"] == [
        word for word in own if word != "none"
    ]


@pytest.mark.parametrize(
    ("name", "states", "severities"),
    [
        ("datadog", choices(signal_state, "state"), datadog.SEVERITIES),
        ("kibana", choices(kibana_alert_status, "status"), kibana.SEVERITIES),
        ("security_deck", security_deck.STATUSES, security_deck.SEVERITIES),
        ("calseta", calseta.STATUSES, calseta.SEVERITIES),
    ],
)
def test_own_words_are_those_of_the_guards(name: str, states: t.Any, severities: t.Any) -> None:
    assert sorted(vocabulary.own_statuses(name)) == sorted(states)
    assert sorted(vocabulary.own_severities(name)) == sorted(severities)
    # An old word of Kibana is its new one.
    assert [FILTERS["native_status"](word.lower(), name) for word in vocabulary.own_statuses(name)] == [
        "acknowledged" if word == "in-progress" else word for word in vocabulary.own_statuses(name)
    ]


def test_kibanas_own_verdicts_are_documented() -> None:
    said = " ".join(kibana_alert_status.DOCUMENTATION.split())
    for word in vocabulary.own_verdicts("kibana"):
        assert f"V({word})" in said


@pytest.mark.parametrize(
    ("name", "arguments", "said"),
    [
        (
            "native_status",
            ("snoozed", "calseta"),
            "new, in_progress, on_hold, escalated, resolved, and of its own Open, Triaging, Escalated, Closed",
        ),
        ("native_status", ("archived", "kibana"), "kibana has no status 'archived'; it takes new, "),
        ("native_status", (None, "datadog"), "datadog has no status None; "),
        ("native_verdict", ("good", "security_deck"), "security_deck has no verdict 'good'; it takes true_positive, "),
        ("native_verdict", (1, "datadog"), "datadog has no verdict 1; "),
        ("native_verdict", ("test", "splunk"), "There is no platform 'splunk', but datadog, kibana, "),
        ("common_status", ("open", None), "There is no platform None, but "),
        ("native_verdict", ("test", "kibana", {"kibana": "other"}), "A verdict map has a mapping of verdicts for each"),
        ("native_verdict", ("test", "kibana", ["other"]), "A verdict map has a mapping of verdicts for each"),
        (
            "native_verdict",
            ("test", "kibana", {"kibana": {"tests": "other"}}),
            "There is no verdict 'tests' to map, but ",
        ),
        ("native_verdict", ("test", "kibana", {"kibana": {"test": ""}}), "kibana has no verdict ''; it takes true_pos"),
        ("native_verdict", ("test", "kibana", {"qradar": {}}), "There is no platform 'qradar', but "),
        (
            "native_verdict",
            ("test", "datadog", {"datadog": {"test": "benign"}}),
            "datadog has no verdict 'benign'; it takes true_positive_malicious, ",
        ),
    ],
)
def test_what_is_refused(name: str, arguments: tuple[t.Any, ...], said: str) -> None:
    with pytest.raises(AnsibleFilterError) as error:
        FILTERS[name](*arguments)
    assert said in str(error.value)


@pytest.mark.parametrize(
    ("platform", "verdict", "mapped", "written"),
    [
        ("datadog", "True Positive", {"datadog": {"true_positive": "Remediated"}}, "remediated"),
        (
            "calseta",
            "false_positive",
            {"calseta": {"false positive": "False Positive - Inaccurate Data"}},
            "False Positive - Inaccurate Data",
        ),
        # Administrators of Kibana define words of their own, which no other platform has.
        ("elastic", "test", {"elastic": {"test": "Red team exercise"}}, "Red team exercise"),
        ("kibana", "test", {"datadog": {"test": "other"}}, "other"),
        # The map overrides a refusal of the table, and a verdict that stays open.
        ("security_deck", "suspicious", {"security_deck": {"suspicious": "UNDETERMINED"}}, "UNDETERMINED"),
    ],
)
def test_map(platform: str, verdict: str, mapped: t.Any, written: str) -> None:
    assert FILTERS["native_verdict"](verdict, platform, verdict_map=mapped) == written


def test_mapped_verdict_closes() -> None:
    mapped = {"security_deck": {"managed_externally": "TRUE_POSITIVE"}}
    status = FILTERS["native_status"]("resolved", "security_deck", "managed_externally", mapped)
    assert status == "RESOLVED"
