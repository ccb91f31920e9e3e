# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The API's own words, out of every shape that the platforms answer with."""

from __future__ import annotations

import json
import time
import typing as t

import pytest

from ansible_collections.secops.triage.plugins.module_utils._core.error_text import words
from ansible_collections.secops.triage.plugins.module_utils._core.errors import (
    NotFoundError,
    OptionError,
    RefusedError,
    TriageError,
)

KEYS = {"kind", "message", "status", "method", "path", "request_id", "hint"}
#: Elasticsearch's result of an update by query that met conflicts, as Kibana wraps it up in a message.
CONFLICT = {
    "took": 10,
    "total": 5,
    "updated": 0,
    "version_conflicts": 5,
    "failures": [
        {
            "index": ".internal.alerts-security.alerts-default-000001",
            "id": "e2a2fe19",
            "cause": {"type": "version_conflict_engine_exception", "reason": "[e2a2fe19]: version conflict"},
            "status": 409,
        }
    ],
}
SEEN = "Alert not found."


@pytest.mark.parametrize(
    ("body", "said"),
    [
        # Datadog v1, and a list of strings in v2
        ({"errors": ["Signal not found"]}, "Signal not found"),
        ({"errors": ["one", "two"]}, "one; two"),
        # Datadog v2
        ({"errors": [{"title": "Bad Request", "detail": "no such", "status": "400"}]}, "Bad Request: no such"),
        ({"errors": [{"title": "Bad Request"}]}, "Bad Request"),
        ({"errors": [{"detail": "no such state"}]}, "no such state"),
        ({"errors": [{"detail": "a"}, {"title": "b"}]}, "a; b"),
        (
            {"errors": [{"title": "Bad Request", "source": {"pointer": "/data/attributes/state"}}]},
            "pointer /data/attributes/state: Bad Request",
        ),
        (
            {"errors": [{"detail": "too large", "source": {"parameter": "page[size]"}, "meta": {"max": 1000}}]},
            "parameter page[size]: too large (max 1000)",
        ),
        ({"errors": [{"title": "No", "source": {"header": "DD-API-KEY"}}]}, "header DD-API-KEY: No"),
        ({"errors": [{"title": "No", "meta": {"code": "locked", "more": {"a": 1}}}]}, "No (code locked)"),
        ({"errors": [{"title": "No", "source": None, "meta": []}]}, "No"),
        ({"errors": [{"meta": {"code": "locked"}}]}, "code locked"),
        ({"error": {"code": "CONFLICT", "message": "newer version", "details": []}}, "newer version"),
        # Kibana
        ({"statusCode": 403, "error": "Forbidden", "message": "not for you"}, "not for you"),
        ({"message": "Test error", "status_code": 500}, "Test error"),
        ({"message": ["first", "second"], "status_code": 400}, "first; second"),
        ({"statusCode": 503, "error": "Service Unavailable", "message": None}, "Service Unavailable"),
        ({"message": json.dumps(CONFLICT), "status_code": 409}, "5 version conflicts; [e2a2fe19]: version conflict"),
        (CONFLICT, "5 version conflicts; [e2a2fe19]: version conflict"),
        (
            {"message": "[security_exception\n\tRoot causes:\n\t\tsecurity_exception: no]: no", "statusCode": 401},
            "[security_exception Root causes: security_exception: no]: no",
        ),
        # Security Deck
        (
            {"code": 5, "message": "Alert not found", "details": [{"@type": "x.RequestInfo", "requestId": "r"}]},
            "Alert not found",
        ),
        # Calseta
        ({"error": {"code": "NOT_FOUND", "message": SEEN, "details": {}}}, SEEN),
        (
            {
                "error": {
                    "code": "VALIDATION_ERROR",
                    "message": "Request validation failed.",
                    "details": {"errors": [{"loc": ["body", "status"], "msg": "Input should be 'Open'"}]},
                }
            },
            "Request validation failed: body.status: Input should be 'Open'",
        ),
        # others' servers and proxies
        ("upstream connect error", "upstream connect error"),
        ('{"message": "said in JSON"}', "said in JSON"),
        ("[ERROR] no route", "[ERROR] no route"),
        ("{broken", "{broken"),
        ("<!DOCTYPE html><html><head><title>Bad &amp; Gate</title></head></html>", "an HTML page: Bad & Gate"),
        ("\n <HTML><body><h1>Log <b>in</b></h1>secret form</body></HTML>", "an HTML page: Log in"),
        ("<!-- made by a proxy --><html><title>Blocked</title></html>", "an HTML page: Blocked"),
        ("<html><body>nothing</body></html>", "an HTML page"),
        ("<html><title>cut of", "an HTML page"),
        # nothing
        (None, ""),
        ("", ""),
        ({}, ""),
        ([], ""),
        ({"errors": []}, ""),
        ({"error": {}}, ""),
        ({"errors": None, "message": "m"}, "m"),
        ({"data": {"id": 1}}, ""),
        (0, "0"),
    ],
)
def test_words(body: t.Any, said: str) -> None:
    assert " ".join(words(body).split()) == said


@pytest.mark.parametrize("character", ["\x00", "\x07", "\x08", "\x1b", "\x7f", "\x9b", "\r", "\n"])
def test_words_cannot_paint_a_terminal(character: str) -> None:
    for body in (f"be{character}fore", {"errors": [f"be{character}fore"]}, f"<title>be{character}fore</title>"):
        said = words(body)
        assert character not in said
        assert "be fore" in said


@pytest.mark.parametrize("body", ["x" * 100_000, {"errors": ["x" * 100_000]}, ["x" * 90] * 100_000])
def test_huge_words_are_cut(body: t.Any) -> None:
    said = words(body)
    assert len(said) <= 500
    assert said.endswith("…")


HOSTILE = {
    "titles that never end": "<html>" + "<title>" * 400_000,
    "half tags": "<html>" + "<title" * 400_000,
    "brackets": "<html><title>" + "<" * 2_000_000 + "</title>",
    "ends of another": "<html><title>" + "</h1>" * 400_000,
    "comments": "<!--" * 400_000,
    "entities": "<html><title>" + "&amp" * 400_000 + "</title>",
    "spaces": " " * 2_000_000 + "x",
    "spaces and a page": " " * 1_000_000 + "<html><title>" + " " * 1_000_000,
    "words": "x " * 1_000_000,
    "quotes": '"' * 2_000_000,
    "JSON in JSON": json.dumps(json.dumps(json.dumps({"message": "<html>" + "<title>" * 100_000}))),
    "lists": "[" * 1_000_000,
    "lists that end": "[" * 1_000_000 + "]" * 1_000_000,
    "objects": '{"message":' * 400_000,
    "objects that end": '{"error":' * 100_000 + "1" + "}" * 100_000,
    "objects as deep as can be read": '{"error":' * 900 + "1" + "}" * 900,
    "a number": "9" * 4_000,
}


@pytest.mark.parametrize("wrap", [lambda text: text, lambda text: {"message": text}, lambda text: [{"errors": [text]}]])
@pytest.mark.parametrize("what", HOSTILE)
def test_words_take_no_time(what: str, wrap: t.Callable[[str], t.Any]) -> None:
    """The time of an extraction that is not linear would be minutes."""
    start = time.process_time()
    assert len(words(wrap(HOSTILE[what]))) <= 500
    assert time.process_time() - start < 1


def test_a_title_behind_a_large_head_is_found() -> None:
    page = f"<html><head><meta content='{'x' * 10_000}'><title>Blocked</title>{'<title>' * 100_000}"
    assert words(page) == "an HTML page: Blocked"


def test_deep_nesting_ends() -> None:
    body: t.Any = "deep"
    for _turn in range(200):
        body = {"error": [body]}
    assert words(body) == ""
    text = "deep"
    for _turn in range(10):
        text = json.dumps({"message": text})
    assert len(words(text)) <= 500
    assert words("[" * 100_000).startswith("[")


def test_reports_have_the_same_keys() -> None:
    refused = RefusedError("PATCH", "/a", "400 Bad Request", status=400, body={"errors": ["no"]}, request_id="r")
    for error in (TriageError("x"), OptionError("x", "do y"), NotFoundError("x"), refused):
        assert set(error.report()) == KEYS
    assert refused.report() == {
        "kind": "refused",
        "message": "PATCH /a: 400 Bad Request: no",
        "status": 400,
        "method": "PATCH",
        "path": "/a",
        "request_id": "r",
        "hint": None,
    }


def test_text_has_the_hint_behind_one_full_stop() -> None:
    assert str(TriageError("It failed.", "Try again.")) == "It failed. Try again."
    assert str(TriageError("It failed", "Try again.")) == "It failed. Try again."
    assert str(TriageError("It failed")) == "It failed"
