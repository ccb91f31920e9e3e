# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The requests that were recorded of Calseta, and what they were answered.

Not here, because no module of ours uses them and the simulator has none of them: ingestion, deletion, enrichment,
indicators, context documents, detection rules, the relationship graph and agents.
"""

from __future__ import annotations

import typing as t

from ansible_collections.secops.triage.tests.conformance.calseta_shapes import (
    ACTIVITY,
    FINDING,
    HEALTH,
    INVALID,
    LIMITED,
    LIST,
    PLAIN,
    READ,
    SCOPE,
    WRITTEN,
)
from ansible_collections.secops.triage.tests.conformance.shapes import Case

_ALERT, _WHOLE = "/v1/alerts/{open}", "/v1/alerts/{closed}"
_NOWHERE = "/v1/alerts/00000000-0000-4000-8000-000000000000"
_LOW = {"severity": "Low"}
_DUPLICATE = {"close_classification": "Duplicate"}


def _patches(status: int, shape: t.Any, bodies: dict[str, t.Any], path: str = _ALERT) -> list[Case]:
    return [Case(name, "PATCH", path, status, shape, body) for name, body in bodies.items()]


def _gets(status: int, shape: t.Any, paths: dict[str, str]) -> list[Case]:
    return [Case(name, "GET", path, status, shape) for name, path in paths.items()]


def _keys(status: int, shape: t.Any, keys: dict[str, str], body: t.Any, path: str = _ALERT) -> list[Case]:
    return [
        Case(name, "PATCH", path, status, shape, body, headers={"Authorization": value}) for name, value in keys.items()
    ]


_READS = [
    *_gets(
        200,
        READ,
        {
            "get-01-one": _ALERT,
            "get-04-uuid-no-hyphens": "/v1/alerts/{plain}",
            "get-05-uuid-uppercase": "/v1/alerts/{upper}",
            "get-10-after-all, diff-01-get": _WHOLE,
            "route-08-request-id, odd-04-get-severity-after-500": _ALERT,
        },
    ),
    *_gets(404, PLAIN, {"get-02-unknown-uuid": _NOWHERE, "route-03-no-such-path": "/v1/nope"}),
    *_gets(422, INVALID, {"get-03-bad-uuid": "/v1/alerts/not-a-uuid"}),
    *_gets(
        200,
        LIST,
        {
            "list-01-page": "/v1/alerts?page=1&page_size=2",
            "list-02-filters": "/v1/alerts?status=Open,Triaging&is_enriched=true&sort_by=severity&sort_order=asc",
            "list-05-unknown-status": "/v1/alerts?status=bogus",
            "list-07-page-beyond-end": "/v1/alerts?page=9999",
            "list-08-from-time": "/v1/alerts?from_time=2026-01-01T00:00:00Z&page_size=1",
            "list-10-csv-multi": "/v1/alerts?severity=Low,High&page_size=1",
            "list-12-detection-rule": "/v1/alerts?detection_rule_uuid={open}",
        },
    ),
    *_gets(
        400,
        PLAIN,
        {
            "list-03-bad-sort": "/v1/alerts?sort_by=updated_at",
            "list-09-bad-sort-order": "/v1/alerts?sort_by=severity&sort_order=up",
        },
    ),
    *_gets(
        422,
        INVALID,
        {
            "list-04-page-size-501": "/v1/alerts?page_size=501",
            "list-11-is-enriched-bad": "/v1/alerts?is_enriched=maybe",
        },
    ),
    *_gets(
        500,
        PLAIN,
        {
            "list-06-tags": "/v1/alerts?tags=seed&tags=n0&page_size=1",
            "odd-05-limit-huge-page": "/v1/alerts?page=999999999999999999999",
            "odd-01-get-stored-value-outside-enum": "/v1/alerts/{odd}",
        },
    ),
    Case("act-01-activity", "GET", f"{_WHOLE}/activity?page_size=100", 200, ACTIVITY),
    Case("find-04-list", "GET", f"{_WHOLE}/findings", 200, {"data": [FINDING], "meta": {}}),
    Case("route-09-health", "GET", "/health", 200, HEALTH),
]
_WRITES = [
    *_patches(
        200,
        WRITTEN,
        {
            "patch-01-status-triaging": {"status": "Triaging"},
            "patch-02-status-same-again": {"status": "Open"},
            "patch-03-severity, rate-01 to -03, rate-07, rate-08, rate-12, diff-02": _LOW,
            "patch-04-tags-replace": {"tags": ["b", "a", "b"]},
            "patch-05-tags-null": {"tags": None},
            "patch-06-tags-empty, patch-99-tags-clear": {"tags": []},
            "patch-07 to -10-malice-override": {"malice_override": "Pending"},
            "patch-11, patch-12-malice-reset": {"reset_malice_override": True},
            "patch-13-malice-set-and-reset": {"malice_override": "Benign", "reset_malice_override": True},
            "patch-14-malice-null": {"malice_override": None},
            "patch-15-empty-object": {},
            "patch-16-all-null": {"status": None, "severity": None, "tags": None},
            "close-02-ok, close-07-reclose, close-09": {"status": "Closed", **_DUPLICATE},
            "close-08-classification-only-on-open-alert": _DUPLICATE,
            "err-04-unknown-field-ignored": {"severity": "Low", "nope": 1},
            "err-05-bool-as-string": {"reset_malice_override": "yes"},
            "err-13-tags-empty-and-unicode": {"tags": ["", " ", "\u00e9", "x" * 300]},
            "trans-01, trans-02": {"status": "Escalated"},
            "trans-04-everything-at-once": {
                "status": "Closed",
                **_DUPLICATE,
                **_LOW,
                "tags": ["x"],
                "malice_override": "Benign",
            },
        },
    ),
    *_patches(
        200,
        WRITTEN,
        {
            "close-04-reclassify": _DUPLICATE,
            "close-05-reopen": {"status": "Open"},
            "close-06-classification-null": {"close_classification": None},
            "trans-03-closed-to-triaging": {"status": "Triaging"},
        },
        "/v1/alerts/{shut}",
    ),
    Case("odd-03-patch-repair", "PATCH", "/v1/alerts/{odd}", 200, WRITTEN, _DUPLICATE),
    Case(
        "ct-01-merge-patch-json",
        "PATCH",
        _ALERT,
        200,
        WRITTEN,
        _LOW,
        headers={"Content-Type": "application/merge-patch+json"},
    ),
    Case(
        "ct-02-charset",
        "PATCH",
        _ALERT,
        200,
        WRITTEN,
        _LOW,
        headers={"Content-Type": "application/json; charset=utf-8"},
    ),
    Case("auth-11-writer-ok", "PATCH", _ALERT, 200, WRITTEN, _LOW, key="calseta_writer_only_key"),
    Case(
        "find-01-add",
        "POST",
        f"{_ALERT}/findings",
        201,
        {"data": FINDING, "meta": {}},
        {
            "agent_name": "runbook",
            "summary": "seen",
            "confidence": "low",
            "recommended_action": "none",
            "evidence": {"k": 1},
        },
    ),
    Case(
        "find-02-add-min",
        "POST",
        f"{_ALERT}/findings",
        201,
        {"data": FINDING, "meta": {}},
        {"agent_name": "a", "summary": "b"},
    ),
    Case(
        "find-03-bad-confidence",
        "POST",
        f"{_ALERT}/findings",
        422,
        INVALID,
        {"agent_name": "a", "summary": "b", "confidence": "?"},
    ),
]
_REFUSALS = [
    *_patches(
        422,
        INVALID,
        {
            "err-01-invalid-status-lowercase": {"status": "closed"},
            "err-02-invalid-many": {"status": "x", "severity": "y", "tags": "z", "malice_override": "w"},
            "err-03-tags-of-ints": {"tags": [1, 2]},
            "err-08-body-list": [1],
            "err-15-tag-null-element": {"tags": ["a", None]},
        },
    ),
    *_patches(422, PLAIN, {"close-01-without-classification": {"status": "Closed"}}),
    *_patches(422, PLAIN, {"close-03-closed-again-without-classification": {"status": "Closed"}}, "/v1/alerts/{shut}"),
    *_patches(500, PLAIN, {"err-12-nul-in-tag": {"tags": ["a\0b"]}, "err-14-lone-surrogate-tag": {"tags": ["\ud800"]}}),
    *_patches(500, PLAIN, {"odd-02-patch-severity-stored-value-outside-enum": _LOW}, "/v1/alerts/{odd}"),
    *_patches(404, PLAIN, {"err-20-unknown-uuid": _LOW, "err-22": {"status": "Closed"}}, _NOWHERE),
    *_patches(422, INVALID, {"err-23-unknown-uuid-and-bad-enum": {"status": "x"}}, _NOWHERE),
    *_patches(422, INVALID, {"err-21-bad-uuid": _LOW}, "/v1/alerts/123"),
    *_patches(404, PLAIN, {"route-05-bulk": _LOW}, "/v1/alerts"),
    Case("err-06-no-body", "PATCH", _ALERT, 422, INVALID),
    Case("err-07-bad-json", "PATCH", _ALERT, 422, INVALID, data="{", headers={"Content-Type": "application/json"}),
    Case("err-09-body-null", "PATCH", _ALERT, 422, INVALID, data="null", headers={"Content-Type": "application/json"}),
    Case("err-10-form-encoded", "PATCH", _ALERT, 422, INVALID, data={"status": "Open"}),
    Case("err-11-json-without-content-type", "PATCH", _ALERT, 422, INVALID, data='{"severity":"Low"}'),
    Case("route-01-post-on-alert", "POST", _ALERT, 404, PLAIN),
    Case("route-02-put-on-alert", "PUT", _ALERT, 404, PLAIN),
    Case("route-04-trailing-slash", "PATCH", f"{_ALERT}/", 307, None, _LOW),
    Case("route-06-options", "OPTIONS", _ALERT, 404, PLAIN),
    Case("route-07-head", "HEAD", _ALERT, 404, None),
    Case("size-01, size-02-oversize-413", "PATCH", _ALERT, 413, PLAIN, data="x" * (10 * 1024 * 1024 + 1)),
]
_CREDENTIALS = [
    *_keys(
        401,
        PLAIN,
        {
            "auth-01-missing, rate-11-unauth-burst": "",
            "auth-02-basic": "Basic Zm9vOmJhcg==",
            "auth-03-lowercase-bearer": "bearer {key}",
            "auth-04-wrong-format": "Bearer nonsense",
            "auth-05-unknown-key": "Bearer cai_Zq9wXv4mTk7rLc2b",
            "auth-06-right-prefix-wrong-rest": "Bearer {prefix}wrongwrongwrong",
            "auth-07-expired": "Bearer {expired}",
            "auth-16-trailing-space": "Bearer {key} .",
            "auth-17-two-spaces": "Bearer  {key}",
        },
        _LOW,
    ),
    *_keys(401, PLAIN, {"auth-12-missing-and-bad-body": ""}, {"status": "nope"}),
    *_keys(401, PLAIN, {"auth-13-missing-and-bad-uuid": ""}, {"status": "nope"}, "/v1/alerts/123"),
    *_keys(500, PLAIN, {"auth-15-long-key-right-prefix": "Bearer {key}" + "x" * 60}, _LOW),
    Case(
        "auth-08-x-api-key-header",
        "PATCH",
        _ALERT,
        401,
        PLAIN,
        _LOW,
        headers={"Authorization": "", "X-API-Key": "{key}"},
    ),
    Case("auth-09-readonly", "PATCH", _ALERT, 403, SCOPE, _LOW, key="calseta_read_only_key"),
    Case("auth-10-no-alert-scope", "PATCH", _ALERT, 403, SCOPE, _LOW, key="calseta_no_scope_key"),
    Case("auth-14-readonly-and-bad-body", "PATCH", _ALERT, 403, SCOPE, {"status": "?"}, key="calseta_read_only_key"),
    Case("get-06-writer-scope-only", "GET", _ALERT, 403, SCOPE, key="calseta_writer_only_key"),
    Case("rate-04, rate-05-patch", "PATCH", _ALERT, 429, LIMITED, _LOW, settings={"rate_limit": 0}),
    Case("rate-06-get-same-path", "GET", _ALERT, 429, LIMITED, settings={"rate_limit": 0}),
    Case(
        "rate-09-invalid-body-when-limited", "PATCH", _ALERT, 422, INVALID, {"status": "?"}, settings={"rate_limit": 0}
    ),
    Case(
        "rate-10-bad-auth-when-limited",
        "PATCH",
        _ALERT,
        401,
        PLAIN,
        _LOW,
        headers={"Authorization": "Bearer x"},
        settings={"rate_limit": 0},
    ),
]
CASES = [*_READS, *_WRITES, *_REFUSALS, *_CREDENTIALS]
