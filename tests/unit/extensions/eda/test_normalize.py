# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The event filter gives payloads of all platforms one shape and passes the rest through."""

from __future__ import annotations

import copy
import json
import typing as t

import pytest

from ansible_collections.secops.triage.extensions.eda.plugins.event_filter.normalize import main

Event = dict[str, t.Any]

UNKNOWN = "this is no alert of a platform that is known"
KEYS = {"platform", "id", "severity", "rule", "host", "title", "status", "new", "created", "url"}
SIGNAL_ID = "AQAAAYNqUBVU4-rffwAAAABBWU5xVUJWVUFBQjJBd3ptMDdQUnF3QUE"
ALERT_ID = "7f0c1b5e4a3d2c19b8a7f6e5d4c3b2a190817263544536271809fa0b1c2d3e4f"
UUID = "3fa85f64-5717-4562-b3fc-2c963f66afa6"

#: The payload of the docs, as Datadog fills it in.
DATADOG_WEBHOOK = {
    "platform": "datadog",
    "id": SIGNAL_ID,
    "severity": "high",
    "rule": "Brute force of SSH",
    "title": "Brute force of SSH on web-07",
    "host": "web-07",
    "tags": "env:prod,host:web-08",
    "url": "https://app.datadoghq.com/event/jump_to?event_id=1",
}
DATADOG_SIGNAL = {
    "type": "signal",
    "id": SIGNAL_ID,
    "attributes": {
        "timestamp": "2026-01-31T08:00:00.000Z",
        "tags": ["source:sshd", "host:web-08"],
        "attributes": {
            "title": "Brute force of SSH on web-07",
            "status": "high",
            "host": "web-07",
            "workflow": {"rule": {"name": "Brute force of SSH"}, "triage": {"state": "under_review"}},
        },
    },
}
KIBANA_FLAT = {
    "_id": ALERT_ID,
    "_index": ".internal.alerts-security.alerts-default-000001",
    "@timestamp": "2026-01-31T08:00:01.5Z",
    "host": {"name": "db-03"},
    "kibana.alert.uuid": ALERT_ID,
    "kibana.alert.severity": "critical",
    "kibana.alert.rule.name": "Shell in a container",
    "kibana.alert.reason": "process event on db-03 created critical alert Shell in a container.",
    "kibana.alert.workflow_status": "open",
    "kibana.alert.url": "https://kibana.example.com/app/security/alerts/redirect/1",
}
KIBANA_NESTED = {
    "@timestamp": "2026-01-31T08:00:01.5Z",
    "host": {"name": ["db-03", "db-04"]},
    "kibana": {"alert": {"uuid": ALERT_ID, "workflow_status": "open"}},
}
SECURITY_DECK = {
    "id": "fv4gegpq96uefvk62cbn",
    "sinkId": "fv4sink0000000000001",
    "title": "Public bucket",
    "severity": "MEDIUM",
    "status": "RESOLVED",
    "category": {"name": "cloudtrail"},
    "createTime": "2026-01-31T08:00:00.123456789Z",
    "details": {"host": "files-01"},
}
CALSETA_ALERT = {
    "uuid": UUID,
    "title": "Login from a Tor exit node",
    "severity": "Informational",
    "status": "Open",
    "source_name": "okta",
    "created_at": "2026-01-31T08:00:00.000001+00:00",
}
CALSETA_WEBHOOK = {
    "alert": CALSETA_ALERT,
    "indicators": [{"type": "ip", "value": "203.0.113.9"}, {"type": "hostname", "value": "vpn-02"}],
    "detection_rule": {"uuid": UUID, "name": "Tor"},
    "context_documents": [],
    "workflows": [],
}


def shape(platform: str, alert_id: str, *values: t.Any) -> Event:
    """An alert as the filter gives it."""
    names = ("severity", "rule", "host", "title", "status", "new", "created", "url")
    return {"platform": platform, "id": alert_id, **dict(zip(names, values))}


KIBANA_SHAPE = shape(
    *(
        "kibana",
        ALERT_ID,
        "critical",
        "Shell in a container",
        "db-03",
        KIBANA_FLAT["kibana.alert.reason"],
        "open",
        True,
    ),
    *("2026-01-31T08:00:01.500Z", KIBANA_FLAT["kibana.alert.url"]),
)
#: The envelope tells the rule and the severity.
ENVELOPE = shape("kibana", ALERT_ID, "low", "Ports", "db-03", None, "open", True, "2026-01-31T08:00:01.500Z", None)

RECOGNIZED: list[tuple[str, t.Any, Event]] = [
    (
        "Datadog's webhook",
        DATADOG_WEBHOOK,
        shape(
            *("datadog", SIGNAL_ID, "high", "Brute force of SSH", "web-07", "Brute force of SSH on web-07", None, True),
            *(None, "https://app.datadoghq.com/event/jump_to?event_id=1"),
        ),
    ),
    (
        "Datadog's webhook, of a signal without a host of its own",
        {**DATADOG_WEBHOOK, "host": "$HOSTNAME", "url": "", "title": "", "rule": None},
        shape("datadog", SIGNAL_ID, "high", None, "web-08", None, None, True, None, None),
    ),
    (
        "Datadog's webhook, with the status of a monitor",
        {"platform": "datadog", "id": SIGNAL_ID, "status": "Triggered"},
        shape("datadog", SIGNAL_ID, None, None, None, None, None, True, None, None),
    ),
    (
        "Datadog's API",
        DATADOG_SIGNAL,
        shape(
            *("datadog", SIGNAL_ID, "high", "Brute force of SSH", "web-07", "Brute force of SSH on web-07"),
            *("under_review", False, "2026-01-31T08:00:00.000Z", None),
        ),
    ),
    (
        "Datadog's own payload for remediation",
        {
            "SECURITY_RULE_NAME": "Brute force of SSH",
            "SECURITY_SIGNAL_ID": SIGNAL_ID,
            "SECURITY_SIGNAL_ATTRIBUTES": {"host": "web-07", "network": {"client": {"ip": "203.0.113.9"}}},
        },
        shape("datadog", SIGNAL_ID, None, "Brute force of SSH", "web-07", None, None, True, None, None),
    ),
    (
        "Datadog's default payload and a signal's id",
        {"id": "7265432109", "event_type": "security", "security_signal_id": SIGNAL_ID},
        shape("datadog", SIGNAL_ID, None, None, None, None, None, True, None, None),
    ),
    (
        "Kibana, an action of a case",
        {"alerts": [{"_id": ALERT_ID, "_index": KIBANA_FLAT["_index"], "ruleId": UUID, "ruleName": "Ports"}]},
        shape("kibana", ALERT_ID, None, "Ports", None, None, None, True, None, None),
    ),
    ("Kibana, one document", KIBANA_FLAT, KIBANA_SHAPE),
    ("Kibana, a hit of a search", {"_id": ALERT_ID, "_source": KIBANA_FLAT}, KIBANA_SHAPE),
    ("Kibana, a list of one", [KIBANA_FLAT], KIBANA_SHAPE),
    ("Kibana, a list of one through an event stream", {"body": [KIBANA_FLAT]}, KIBANA_SHAPE),
    ("Kibana, as a text", {"alerts": json.dumps([KIBANA_FLAT])}, KIBANA_SHAPE),
    ("Kibana, its context", {"context": {"alerts": [KIBANA_FLAT], "rule": {"name": "Another"}}}, KIBANA_SHAPE),
    ("Kibana, a summary", {"alerts": {"new": {"count": 1, "data": [KIBANA_FLAT]}, "all": {"data": []}}}, KIBANA_SHAPE),
    (
        "Kibana, nested, and the rule around it",
        {"platform": "elastic", "rule": "Ports", "severity": "low", "alerts": [KIBANA_NESTED]},
        ENVELOPE,
    ),
    (
        "Kibana, the rule's context around it",
        {"context": {"rule": {"name": "Ports", "severity": "low"}, "alerts": [KIBANA_NESTED]}},
        ENVELOPE,
    ),
    (
        "Security Deck",
        SECURITY_DECK,
        shape(
            *("security_deck", "fv4gegpq96uefvk62cbn", "medium", "cloudtrail", "files-01", "Public bucket"),
            *("RESOLVED", False, "2026-01-31T08:00:00.123Z", None),
        ),
    ),
    (
        "Calseta's agents",
        CALSETA_WEBHOOK,
        shape(
            *("calseta", UUID, "info", "Tor", "vpn-02", "Login from a Tor exit node", "Open", True),
            *("2026-01-31T08:00:00.000Z", None),
        ),
    ),
    (
        "a script of the user's, by the product's name",
        {"platform": "Elastic Security", "id": ALERT_ID},
        shape("kibana", ALERT_ID, None, None, None, None, None, True, None, None),
    ),
    (
        "a script of the user's, with a hyphen",
        {"platform": "security-deck", "id": "fv4gegpq96uefvk62cbn"},
        shape("security_deck", "fv4gegpq96uefvk62cbn", None, None, None, None, None, True, None, None),
    ),
    (
        "a script of the user's",
        {"platform": "Security_Deck", "id": "fv4gegpq96uefvk62cbn"},
        shape("security_deck", "fv4gegpq96uefvk62cbn", None, None, None, None, None, True, None, None),
    ),
]


@pytest.mark.parametrize(("payload", "alert"), [one[1:] for one in RECOGNIZED], ids=[one[0] for one in RECOGNIZED])
def test_every_platform_becomes_one_shape(payload: t.Any, alert: Event) -> None:
    assert set(alert) == KEYS
    given_event = {"payload": payload, "meta": {"endpoint": "datadog", "headers": {"X-Key": "secret"}}}
    untouched = copy.deepcopy(given_event)
    event = main(given_event)
    assert event == {"meta": {"endpoint": "datadog"}, "alert": alert}
    assert given_event == untouched
    # By other ways, and twice.
    assert main({"body": json.dumps(payload)}) == {"meta": {}, "alert": alert}
    assert main(event) == event


@pytest.mark.parametrize("status", ["closed", "acknowledged", "in-progress"])
def test_alert_that_somebody_has_taken_up_is_not_new(status: str) -> None:
    event = main({"payload": {**KIBANA_FLAT, "kibana.alert.workflow_status": status}})
    assert isinstance(event, dict)
    assert event["alert"]["new"] is False


def test_several_alerts_of_a_payload_become_as_many_events() -> None:
    other = {**KIBANA_FLAT, "_id": "b" * 64, "kibana.alert.workflow_status": "closed"}
    bad = {**KIBANA_FLAT, "_id": "not an id"}
    payload = {"platform": "kibana", "alerts": [KIBANA_FLAT, other, KIBANA_FLAT, bad, 7]}
    events = main({"payload": payload, "meta": {"endpoint": "kibana"}})
    assert isinstance(events, list)
    assert [event["alert"]["id"] for event in events[:2]] == [ALERT_ID, "b" * 64]
    assert [event["payload"] for event in events[2:]] == [bad, 7]
    assert ["alert of kibana" in event["unrecognized"] for event in events[2:]] == [True, False]
    # ansible-rulebook gives each an id of its own there.
    assert len({id(event["meta"]) for event in events}) == 4


def test_raw_is_the_platforms_own_object() -> None:
    events = main({"payload": [KIBANA_FLAT, SECURITY_DECK]}, raw=True)
    assert isinstance(events, list)
    assert [event["alert"]["raw"] for event in events] == [KIBANA_FLAT, SECURITY_DECK]


def test_raw_is_shown_without_what_is_nested_deep() -> None:
    deep: dict[str, t.Any] = {}
    for _level in range(300):
        deep = {"in": deep}
    event = main({"payload": {**SECURITY_DECK, "data": deep}}, raw=True)
    assert isinstance(event, dict)
    assert event["alert"]["id"] == SECURITY_DECK["id"]
    assert "nested deeper than 64 levels" in str(event["alert"]["raw"]["data"])


@pytest.mark.parametrize(
    "payload",
    [
        # Datadog's default payload, and what its variables become if there is no signal.
        {"id": "1234", "event_type": "query_alert_monitor", "title": "Disk full", "org": {"id": "1", "name": "x"}},
        {**DATADOG_WEBHOOK, "id": "$SECURITY_SIGNAL_ID"},
        {**DATADOG_WEBHOOK, "security_signal_id": "$SECURITY_SIGNAL_ID"},
        {"_id": ALERT_ID, "_index": "logs-nginx"},
        {**DATADOG_WEBHOOK, "id": ""},
        {**DATADOG_WEBHOOK, "id": 7},
        {**DATADOG_WEBHOOK, "id": "../../v2/users"},
        {"platform": "kibana", "id": "{{ lookup('pipe', 'id') }}"},
        {"platform": "calseta", "id": "7"},
        {"platform": "jira", "id": "SEC-1"},
        {"platform": ["datadog"], "id": "x"},
        {"alerts": []},
        {"alerts": [None]},
        {"alerts": "not json"},
        {},
        [],
        "text",
        None,
        7.5,
    ],
)
def test_unrecognized_events_are_passed_through_and_marked(payload: t.Any) -> None:
    event = main({"payload": payload, "meta": {"endpoint": "x", "headers": {}}})
    assert isinstance(event, dict)
    assert event.pop("unrecognized")
    assert event == {"payload": payload, "meta": {"endpoint": "x"}}


@pytest.mark.parametrize(
    ("title", "harmless"),
    [
        ("{{ lookup('pipe', 'id') }}", "{ { lookup('pipe', 'id') }}"),
        ("{% for x in y %}{#a#}", "{ % for x in y %}{ #a#}"),
        ("{{{x}}}", "{ { {x}}}"),
        ("{\x00{ x }}", "{ { x }}"),
        ("a\r\n\x1b[31mred\x1b[0m\u202egnp", "a [31mred [0m gnp"),
        ("half \ud800 of one", "half   of one"),
        ("x" * 5000, "x" * 1000),
    ],
)
def test_texts_are_harmless(title: str, harmless: str) -> None:
    event = main({"payload": {**DATADOG_WEBHOOK, "title": title, "rule": title, "host": title}})
    assert isinstance(event, dict)
    assert {event["alert"][name] for name in ("title", "rule", "host")} == {harmless}


@pytest.mark.parametrize("url", ["javascript:alert(1)", "file:///etc/passwd", "/app", 7])
def test_only_addresses_of_pages_are_urls(url: t.Any) -> None:
    event = main({"payload": {**DATADOG_WEBHOOK, "url": url}})
    assert isinstance(event, dict)
    assert event["alert"]["url"] is None


# Sources such as eda.builtin.generic and ansible.eda.alertmanager

TEMPLATE = "{{ lookup('pipe', 'touch injected') }}"
ALERTMANAGER = {
    "labels": {"alertname": TEMPLATE, "severity": "critical"},
    "annotations": {},
    "status": "firing",
    "fingerprint": "b8d1e0c2f1a3d4e5",
}


@pytest.mark.parametrize(
    "alert",
    [
        {"platform": "kibana", "id": TEMPLATE, "new": True},
        {"platform": "kibana", "new": True},
        ALERTMANAGER,
        [ALERTMANAGER, {"platform": "datadog", "id": TEMPLATE}],
        TEMPLATE,
        None,
    ],
)
def test_unrecognized_events_have_no_alert(alert: t.Any) -> None:
    """Rules hand event.alert on to a playbook, which would run the templates in it."""
    for event in ({"alert": alert}, {"alert": alert, "payload": {"issue": 7}}, {"alert": alert, "meta": {}}):
        result = main(event)
        for one in result if isinstance(result, list) else [result]:
            assert "alert" not in one
            assert one["unrecognized"]


def test_alert_of_a_generic_source_is_read() -> None:
    event = main({"alert": {"platform": "kibana", "id": ALERT_ID, "title": TEMPLATE, "evil": TEMPLATE}})
    assert isinstance(event, dict)
    assert set(event["alert"]) == KEYS
    assert event["alert"]["title"] == "{ { lookup('pipe', 'touch injected') }}"


def test_events_of_other_kinds_keep_their_keys() -> None:
    """A rule may be about something else, such as the heartbeat of the source C(alerts)."""
    event = main({"heartbeat": {"platform": "kibana"}, "meta": {"uuid": "x"}})
    assert event == {"heartbeat": {"platform": "kibana"}, "meta": {"uuid": "x"}, "unrecognized": UNKNOWN}


def with_template(value: t.Any) -> t.Iterator[t.Any]:
    """The value as often as it has texts in it, each time with a template in place of another one; then of all."""
    if isinstance(value, str):
        yield TEMPLATE
    elif isinstance(value, dict):
        for name, one in value.items():
            yield from ({**value, name: changed} for changed in with_template(one))
    elif isinstance(value, list):
        for number, one in enumerate(value):
            yield from ([*value[:number], changed, *value[number + 1 :]] for changed in with_template(one))


def everywhere(value: t.Any) -> t.Any:
    if isinstance(value, dict):
        return {name: everywhere(one) for name, one in value.items()}
    return [everywhere(one) for one in value] if isinstance(value, list) else TEMPLATE


@pytest.mark.parametrize("payload", [one[1] for one in RECOGNIZED], ids=[one[0] for one in RECOGNIZED])
def test_no_template_gets_into_an_alert(payload: t.Any) -> None:
    for changed in [*with_template(payload), everywhere(payload)]:
        for event in ({"payload": changed}, {"body": json.dumps(changed)}, {"alert": changed}, changed):
            result = main(event)
            for one in result if isinstance(result, list) else [result]:
                assert "{{" not in json.dumps(one.get("alert"))
                assert ("alert" in one) != ("unrecognized" in one)
