# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The calls that bring alerts of several platforms to their desired states, by table."""

from __future__ import annotations

import typing as t

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.secops.triage.plugins.filter.triage_steps import FilterModule
from ansible_collections.secops.triage.plugins.plugin_utils._vocabulary import PLATFORMS

Fields = dict[str, t.Any]

triage_steps = FilterModule().filters()["triage_steps"]


UUID = "3fa85f64-5717-4562-b3fc-2c963f66afa6"


def alert(platform: str, name: str = "a", **desired: t.Any) -> Fields:
    return {"platform": platform, "id": UUID if platform == "calseta" else name, **desired}


def calls(alerts: list[Fields], **options: t.Any) -> list[tuple[str, list[str], Fields]]:
    """Module, ids and options."""
    return [(step["module"], step["ids"], step["args"]) for step in triage_steps(alerts, "allow", **options)]


DECK, CALSETA, KIBANA = ({"provider": name} for name in ("security_deck", "calseta", "kibana"))

ONE_ALERT = [
    (alert("datadog", status="new"), [("signal_state", {"state": "open"})]),
    (
        alert("datadog", status="resolved", verdict="benign", comment="Why", assignee="greta@example.com"),
        [
            (
                "signal_state",
                {
                    "state": "archived",
                    "archive_reason": "true_positive_benign",
                    "archive_comment": "Why",
                    "assignee": "greta@example.com",
                },
            )
        ],
    ),
    (
        alert("datadog", status="Archived", verdict="REMEDIATED"),
        [("signal_state", {"state": "archived", "archive_reason": "remediated"})],
    ),
    (
        alert("datadog", status="resolved", verdict="unknown"),
        [("signal_state", {"state": "archived", "archive_reason": "none"})],
    ),
    (
        alert("datadog", status="escalated", incident_id="2609"),
        [("signal_state", {"state": "under_review"}), ("signal_incident_link", {"incident_id": 2609})],
    ),
    (alert("datadog", assignee=""), [("signal_state", {"assignee": ""})]),
    (alert("datadog", incident_id=7), [("signal_incident_link", {"incident_id": 7})]),
    (
        alert("elastic", status="escalated", comment="Why", assignee="amira"),
        [
            ("kibana_alert_status", {"status": "acknowledged"}),
            ("kibana_alert_assignees", {"assignees": ["amira"]}),
            ("kibana_alert_tags", {"tags": ["escalated"]}),
            ("alert_note", {**KIBANA, "text": "Why"}),
        ],
    ),
    (alert("kibana", assignee=""), [("kibana_alert_assignees", {"assignees": []})]),
    (alert("kibana", status="resolved", verdict="unknown"), [("kibana_alert_status", {"status": "closed"})]),
    (
        alert("kibana", status="resolved", verdict="test"),
        [("kibana_alert_status", {"status": "closed", "reason": "other"})],
    ),
    (
        alert("security_deck", status="resolved", verdict="duplicate", comment="Why", assignee=""),
        [
            (
                "alert_update",
                {**DECK, "status": "RESOLVED", "classification": "UNDETERMINED", "assignee_subject_id": ""},
            ),
            ("alert_note", {**DECK, "text": "Why"}),
        ],
    ),
    # It stays open. The other fields are written; if there are none, it is only read.
    (alert("security_deck", status="resolved", verdict="managed_externally"), [("alert_info", DECK)]),
    (
        alert("security_deck", status="resolved", verdict="managed externally", comment="Why"),
        [("alert_note", {**DECK, "text": "Why"})],
    ),
    (
        alert("calseta", status="resolved", verdict="managed_externally"),
        [("alert_update", {**CALSETA, "status": "Escalated"})],
    ),
    (
        alert("calseta", status="resolved", verdict="suspicious"),
        [
            (
                "alert_update",
                {**CALSETA, "status": "Closed", "close_classification": "True Positive - Suspicious Activity"},
            )
        ],
    ),
    (alert("calseta", assignee="amira"), [("alert_info", CALSETA)]),
    (alert("kibana", incident_id=7), [("kibana_alert_info", {})]),
    # Unanswered questions of a survey are not written.
    (
        alert("calseta", status="in_progress", verdict=None, comment="", assignee="", incident_id=""),
        [("alert_update", {**CALSETA, "status": "Triaging"})],
    ),
]


@pytest.mark.parametrize(("desired", "expected"), ONE_ALERT)
def test_one_alert(desired: Fields, expected: list[tuple[str, Fields]]) -> None:
    assert calls([desired]) == [(module, [desired["id"]], args) for module, args in expected]


def test_fewest_calls() -> None:
    """Alerts of one platform with equal desired states are one call, in whatever words and order they come."""
    alerts = [
        alert("kibana", "k1", status="resolved", verdict="benign", comment="Seen"),
        alert("datadog", "d1", status="resolved", verdict="benign"),
        alert("elastic", "k2", status="Closed", verdict="benign positive", comment="Seen"),
        alert("kibana", "k3", status="in_progress", comment="Seen"),
        alert("datadog", "d2", status="archived", verdict="true_positive_benign"),
        alert("datadog", "d2", status="archived", verdict="benign"),
        alert("calseta", status="new"),
    ]
    assert calls(alerts) == [
        ("kibana_alert_status", ["k1", "k2"], {"status": "closed", "reason": "benign_positive"}),
        ("kibana_alert_status", ["k3"], {"status": "acknowledged"}),
        ("alert_note", ["k1", "k2", "k3"], {**KIBANA, "text": "Seen"}),
        ("signal_state", ["d1", "d2"], {"state": "archived", "archive_reason": "true_positive_benign"}),
        ("alert_update", [UUID], {**CALSETA, "status": "Open"}),
    ]


def test_ids_are_those_that_the_modules_return() -> None:
    """The rows of an answer are matched to a step by their ids."""
    alerts = [
        {"platform": "Calseta", "id": UUID.upper(), "status": "new"},
        {"platform": "datadog", "id": " AQ ", "status": "new"},
        {"platform": "calseta", "id": UUID.replace("-", ""), "status": "Open"},
    ]
    assert [step["ids"] for step in triage_steps(alerts)] == [[UUID], ["AQ"]]


def test_none_at_all() -> None:
    assert triage_steps([]) == []


LOST = [
    (alert("datadog", status="on_hold"), [("status", "on_hold", "under_review")]),
    (alert("datadog", status="escalated"), [("status", "escalated", "under_review")]),
    (alert("datadog", status="escalated", incident_id=7), []),
    (alert("kibana", status="escalated"), []),
    (alert("security_deck", status="Escalated"), [("status", "Escalated", "IN_PROGRESS")]),
    (alert("kibana", status="resolved", verdict="disregard"), [("verdict", "disregard", "other")]),
    (alert("kibana", status="resolved", verdict="other"), []),
    (
        alert("security_deck", status="resolved", verdict="managed_externally"),
        [("verdict", "managed_externally", None)],
    ),
    (alert("calseta", status="resolved", verdict="managed_externally"), []),
    (alert("calseta", status="new", assignee="amira"), [("assignee", "amira", None)]),
    (alert("kibana", status="new", incident_id=7, comment="Seen"), [("incident_id", 7, None)]),
]


@pytest.mark.parametrize(("desired", "lost"), LOST)
def test_what_is_lost(desired: Fields, lost: list[tuple[t.Any, ...]]) -> None:
    expected = [
        {"platform": desired["platform"], "id": desired["id"], "option": option, "desired": was, "written": written}
        for option, was, written in lost
    ]
    # Once, however many calls it takes.
    assert [one for step in triage_steps([desired], "allow") for one in step["lost"]] == expected
    if not lost:
        assert triage_steps([desired], "fail")
        return
    with pytest.raises(
        AnsibleFilterError, match=r"Nothing was sent, for this would lose meaning, and on_lossy is fail\. "
    ):
        triage_steps([desired], "fail")


def test_what_is_lost_counts_for_an_alert_that_is_in_the_list_twice() -> None:
    alerts = [
        alert("datadog", status="in_progress"),
        alert("datadog", status="on_hold"),
        alert("datadog", status="on hold"),
    ]
    [step] = triage_steps(alerts, "allow")
    assert [one["desired"] for one in step["lost"]] == ["on_hold", "on hold"]
    assert step["ids"] == ["a"]


def test_what_is_lost_in_words(capfd: pytest.CaptureFixture[str]) -> None:
    alerts = [alert("datadog", f"d{number}", status="resolved", verdict="duplicate") for number in range(7)]
    alerts.append(alert("security_deck", "s", status="resolved", verdict="managed_externally"))
    with pytest.raises(AnsibleFilterError) as error:
        triage_steps(alerts, "fail")
    assert "datadog: verdict duplicate is only other there (d0, d1, d2, d3, d4, and 2 more)" in str(error.value)
    assert "verdict managed_externally has no place there, and it stays open (s)" in str(error.value)
    assert not capfd.readouterr().err
    triage_steps(alerts, "allow")
    assert not capfd.readouterr().err
    triage_steps(alerts)
    assert "[WARNING]: This loses meaning. datadog: verdict duplicate" in " ".join(capfd.readouterr().err.split())


def test_map() -> None:
    alerts = [
        alert("datadog", status="resolved", verdict="suspicious"),
        alert("kibana", status="resolved", verdict="Test"),
    ]
    words = {"datadog": {"suspicious": "true_positive_malicious"}, "elastic": {"test": "Drill"}}
    found = triage_steps(alerts, "fail", verdict_map=words)
    assert [step["args"] for step in found] == [
        {"state": "archived", "archive_reason": "true_positive_malicious"},
        {"status": "closed", "reason": "Drill"},
    ]


WRONG = [
    (
        {"platform": "splunk", "id": "a", "status": "new"},
        "alert 1 (splunk a): There is no platform 'splunk', but datadog, ",
    ),
    ({"platform": "datadog", "status": "new"}, "alert 1 (datadog): it has no id"),
    ({"id": "a", "status": "new"}, "alert 1 (a): There is no platform None, but "),
    (
        {"platform": "calseta", "id": "a", "status": "new"},
        "alert 1 (calseta a): its id is no UUID, as those of calseta are",
    ),
    ("a", "alert 1: it is no mapping with a platform and an id"),
    (alert("datadog"), "nothing is asked of it: give it any of status, verdict, comment, assignee, incident_id"),
    (alert("datadog", status="new", title="A"), "it has title, and takes platform, id, status, verdict, "),
    (alert("datadog", status="snoozed"), "datadog has no status 'snoozed'; it takes new, "),
    (
        alert("kibana", status="resolved", verdict="remediated"),
        "kibana has no verdict 'remediated'; it takes true_posit",
    ),
    (
        alert("kibana", status="resolved", verdict="suspicious"),
        "kibana has nothing for the verdict suspicious, and takes ",
    ),
    (alert("calseta", status="new", verdict="benign"), "verdict goes only with a status that closes, as resolved does"),
    (alert("calseta", verdict="benign"), "verdict goes only with a status that closes, as resolved does"),
    (alert("datadog", incident_id="IR-7"), "incident_id 'IR-7' is no number"),
]


@pytest.mark.parametrize(("desired", "said"), WRONG)
def test_what_is_wrong(desired: t.Any, said: str) -> None:
    with pytest.raises(AnsibleFilterError) as error:
        triage_steps([desired])
    assert said in str(error.value)
    assert str(error.value).startswith("Nothing was sent. ")


def test_one_error_names_everything_that_is_wrong() -> None:
    alerts = [alert("datadog", f"d{number}", status="snoozed") for number in range(12)]
    alerts.insert(3, alert("datadog", status="new"))
    alerts.append(alert("datadog", status="resolved"))
    with pytest.raises(AnsibleFilterError) as error:
        triage_steps(alerts, only_from=["newish"])
    said = str(error.value)
    assert "alert 1 (datadog d0): " in said
    assert "alert 11 (datadog d9): " in said
    assert said.endswith("; and 4 more")
    with pytest.raises(
        AnsibleFilterError, match=r"alert 2 \(datadog a\): it is in the list before, and something else is "
    ):
        triage_steps([alerts[3], alerts[-1]])


@pytest.mark.parametrize(
    ("alerts", "options", "said"),
    [
        ("a", {}, "triage_steps takes a list of alerts, each with its platform and id"),
        ([], {"on_lossy": "maybe"}, "on_lossy is 'maybe', and takes warn, fail, allow"),
        ([], {"verdict_map": {"kibana": 1}}, "A verdict map has a mapping of verdicts for each platform"),
    ],
)
def test_what_makes_no_sense(alerts: t.Any, options: Fields, said: str) -> None:
    with pytest.raises(AnsibleFilterError, match=said):
        triage_steps(alerts, **options)


GUARDS = [
    ("datadog", {"only_from": ["new", "in progress"]}, {"only_from": ["open", "under_review"]}),
    # An alert from before 8.0 has the old word.
    ("kibana", {"only_from": ["in_progress"]}, {"only_from": ["acknowledged", "in-progress"]}),
    ("kibana", {"only_from": ["in_progress", "ACKNOWLEDGED"]}, {"only_from": ["acknowledged", "in-progress"]}),
    # On these platforms on_hold looks like in_progress, so the guard lets no such alert through.
    ("datadog", {"only_from": ["new", "on_hold", "escalated"]}, {"only_from": ["open"]}),
    ("security_deck", {"only_from": ["on_hold", "Triaging"]}, {"only_from": ["NEED_INFO"]}),
    ("calseta", {"only_from": ["escalated", "open"]}, {"only_from": ["Escalated", "Open"]}),
    ("calseta", {"only_assigned_to": [""]}, {}),
    ("kibana", {"only_assigned_to": ["", "amira"]}, {"only_assigned_to": ["", "amira"]}),
    ("datadog", {"protect_severity": ["critical", "Informational"]}, {"protect_severity": ["critical", "info"]}),
    ("calseta", {"protect_severity": ["INFO", "critical"]}, {"protect_severity": ["Informational", "Critical"]}),
    # The nearest severity, if the platform does not have this one.
    ("security_deck", {"protect_severity": ["critical", "HIGH"]}, {"protect_severity": ["HIGH"]}),
    ("kibana", {"protect_severity": ["info"]}, {"protect_severity": ["low"]}),
    # Lists as Ansible takes them. An empty text is an unanswered question, but among users it is nobody.
    (
        "kibana",
        {"only_from": "new, closed", "protect_severity": "high"},
        {"only_from": ["open", "closed"], "protect_severity": ["high"]},
    ),
    ("kibana", {"only_from": "", "protect_severity": "", "only_assigned_to": ""}, {"only_assigned_to": [""]}),
]


@pytest.mark.parametrize(("platform", "options", "expected"), GUARDS)
def test_guards(platform: str, options: Fields, expected: Fields) -> None:
    [step] = triage_steps([alert(platform, status="new")], **options)
    assert step["guards"] == expected


def test_what_follows_a_change_may_find_what_it_has_made() -> None:
    alerts = [
        alert("kibana", "k1", status="escalated", assignee="amira", comment="Seen"),
        alert("kibana", "k2", comment="Seen"),
    ]
    found = triage_steps(alerts, only_from=["new"], only_assigned_to=[""], protect_severity=["high"])
    high = {"protect_severity": ["high"]}
    assert [(step["module"], step["ids"], step["guards"]) for step in found] == [
        ("kibana_alert_status", ["k1"], {"only_from": ["open"], "only_assigned_to": [""], **high}),
        ("kibana_alert_assignees", ["k1"], {"only_from": ["open", "acknowledged"], "only_assigned_to": [""], **high}),
        (
            "kibana_alert_tags",
            ["k1"],
            {"only_from": ["open", "acknowledged"], "only_assigned_to": ["", "amira"], **high},
        ),
        ("alert_note", ["k1"], {"only_from": ["open", "acknowledged"], "only_assigned_to": ["", "amira"], **high}),
        ("alert_note", ["k2"], {"only_from": ["open"], "only_assigned_to": [""], **high}),
    ]


@pytest.mark.parametrize(
    ("platform", "options", "said"),
    [
        ("calseta", {"only_from": []}, "only_from is empty, and would keep every alert: name a state, or leave it out"),
        ("datadog", {"only_from": ["newish"]}, "only_from has 'newish' in it, and takes new, in_progress, "),
        (
            "datadog",
            {"only_from": ["on_hold", "NEED_INFO"]},
            "only_from is on_hold, NEED_INFO, of which datadog tells nothing: here it takes new, in_progress, resolved",
        ),
        (
            "calseta",
            {"only_assigned_to": ["amira"]},
            "only_assigned_to has no empty text in it, and calseta assigns alert",
        ),
        ("datadog", {"protect_severity": ["severe"]}, "protect_severity has 'severe' in it, and takes informational, "),
        *(
            (platform, {"protect_severity": words}, "protect_severity has 'Pending' in it, and takes informational, ")
            for platform in PLATFORMS
            for words in (["Pending"], ["high", "Pending"], "Pending")
        ),
    ],
)
def test_guards_that_cannot_be(platform: str, options: Fields, said: str) -> None:
    with pytest.raises(AnsibleFilterError) as error:
        triage_steps([alert(platform, status="new")], **options)
    assert said in str(error.value)
