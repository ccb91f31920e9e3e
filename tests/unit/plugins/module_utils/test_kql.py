# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The language of Kibana's search bar: each text gives Kibana's query, or an error with its place."""

from __future__ import annotations

import json
import typing as t

import pytest

from ansible_collections.secops.triage.plugins.module_utils._core.errors import OptionError
from ansible_collections.secops.triage.plugins.module_utils._kibana.kql import DEEPEST, query_dsl
from ansible_collections.secops.triage.plugins.module_utils._kibana.query_dsl import searched

Query = dict[str, t.Any]
ALL: Query = {"match_all": {}}


def any_of(*queries: Query) -> Query:
    return {"bool": {"should": list(queries), "minimum_should_match": 1}}


def all_of(*queries: Query) -> Query:
    return {"bool": {"filter": list(queries)}}


def none_of(query: Query) -> Query:
    return {"bool": {"must_not": [query]}}


def match(field: str, value: str | bool) -> Query:
    return any_of({"match": {field: value}})


def phrase(field: str, value: str) -> Query:
    return any_of({"match_phrase": {field: value}})


def exists(field: str) -> Query:
    return any_of({"exists": {"field": field}})


def bound(field: str, name: str, value: str) -> Query:
    return any_of({"range": {field: {name: value}}})


def pattern(field: str, value: str) -> Query:
    return any_of({"query_string": {"fields": [field], "query": value}})


def anywhere(value: str | bool, kind: str = "best_fields") -> Query:
    return {"multi_match": {"type": kind, "query": value, "lenient": True}}


def nested(path: str, query: Query) -> Query:
    # Elastic Security asks for this, so that an index without the field is no error.
    return {"nested": {"path": path, "query": query, "score_mode": "none", "ignore_unmapped": True}}


FOO, BAR, BAZ, QUX = (anywhere(word) for word in ("foo", "bar", "baz", "qux"))

#: What Kibana's own tests say of its parser and of its functions, and what follows from its grammar.
AS_KIBANA: dict[str, Query] = {
    "": ALL,
    "  ": ALL,
    "*": ALL,
    "*:*": ALL,
    "* : *": ALL,
    # Values without a field
    "foo": FOO,
    "  foo ": FOO,
    "foo bar": anywhere("foo bar"),
    "true": anywhere(True),
    '"foo bar"': anywhere("foo bar", "phrase"),
    '"true"': anywhere("true", "phrase"),
    "jpg*": {"query_string": {"query": "jpg*"}},
    "foo ba*": {"query_string": {"query": "foo ba*"}},
    '"jpg*"': anywhere("jpg*", "phrase"),
    # and, or, not
    "foo and bar": all_of(FOO, BAR),
    "foo AND bar": all_of(FOO, BAR),
    "foo \t\r\n and\u00a0bar": all_of(FOO, BAR),
    "foo or bar": any_of(FOO, BAR),
    "foo Or bar": any_of(FOO, BAR),
    "foo and bar and baz": all_of(FOO, BAR, BAZ),
    "foo or bar or baz": any_of(FOO, BAR, BAZ),
    "foo or bar and baz or qux": any_of(FOO, all_of(BAR, BAZ), QUX),
    "(foo or bar) and baz": all_of(any_of(FOO, BAR), BAZ),
    "((((((((((foo))))))))))": FOO,
    "( foo )": FOO,
    "not foo": none_of(FOO),
    "NOT  foo and bar": all_of(none_of(FOO), BAR),
    "not (foo or bar)": none_of(any_of(FOO, BAR)),
    '"foo" and "bar"': all_of(anywhere("foo", "phrase"), anywhere("bar", "phrase")),
    # These words alone are values.
    "and": anywhere("and"),
    "not": anywhere("not"),
    "or foo": anywhere("or foo"),
    "foo and": anywhere("foo and"),
    "foo and and bar": all_of(FOO, anywhere("and bar")),
    "foo android": anywhere("foo android"),
    # A field's value
    "foo:bar": match("foo", "bar"),
    "foo :\tbar ": match("foo", "bar"),
    "foo:bar baz": match("foo", "bar baz"),
    'foo:"bar baz"': phrase("foo", "bar baz"),
    'foo:""': phrase("foo", ""),
    '"foo":bar': match("foo", "bar"),
    "foo bar:baz": match("foo bar", "baz"),
    "foo:200": match("foo", "200"),
    "foo:-4": match("foo", "-4"),
    "foo:true": match("foo", True),
    "foo:false": match("foo", False),
    "foo:True": match("foo", "True"),
    "true:foo": match("true", "foo"),
    'foo:"null"': phrase("foo", "null"),
    "foo:nullable": match("foo", "nullable"),
    "@timestamp:2026-03-01": match("@timestamp", "2026-03-01"),
    "foo:*": exists("foo"),
    'foo:"*"': phrase("foo", "*"),
    "foo:not": match("foo", "not"),
    # Several values of a field
    "foo:(bar)": match("foo", "bar"),
    "foo:(bar or baz)": any_of(match("foo", "bar"), match("foo", "baz")),
    "foo:( bar baz or (qux) )": any_of(match("foo", "bar baz"), match("foo", "qux")),
    "foo:((bar or baz) and not qux)": all_of(
        any_of(match("foo", "bar"), match("foo", "baz")), none_of(match("foo", "qux"))
    ),
    'foo:(bar and "b z" and * and q*)': all_of(
        match("foo", "bar"), phrase("foo", "b z"), exists("foo"), pattern("foo", "q*")
    ),
    "not foo: (not bar)": none_of(none_of(match("foo", "bar"))),
    # Ranges
    "bytes > 1000 and bytes < 8000": all_of(bound("bytes", "gt", "1000"), bound("bytes", "lt", "8000")),
    "bytes>=1000 and bytes<=8000": all_of(bound("bytes", "gte", "1000"), bound("bytes", "lte", "8000")),
    "@timestamp >= now-24h": bound("@timestamp", "gte", "now-24h"),
    '@timestamp < "2026-03-01T08:00:00Z"': bound("@timestamp", "lt", "2026-03-01T08:00:00Z"),
    # Asterisks
    "foo:ba*": pattern("foo", "ba*"),
    "foo:*a*": pattern("foo", "*a*"),
    "foo:**": pattern("foo", "**"),
    "foo:a-b.c/d*": pattern("foo", r"a\-b.c\/d*"),
    r"foo:C\:\\x\*y*": pattern("foo", r"C\:\\x\*y*"),
    "message:ba* bar": pattern("message", "ba* bar"),
    "a.message:ba* bar": pattern("a.message", "ba* bar"),
    "process.command_line.text:ba* bar": pattern("process.command_line.text", "ba* bar"),
    "foo:no such*": pattern("foo", r"no\ such*"),
    # Lists of objects
    "nestedField:{ childOfNested: foo }": nested("nestedField", match("nestedField.childOfNested", "foo")),
    "response:200 and nestedField:{ childOfNested:foo or childOfNested:bar }": all_of(
        match("response", "200"),
        nested(
            "nestedField", any_of(match("nestedField.childOfNested", "foo"), match("nestedField.childOfNested", "bar"))
        ),
    ),
    "response:200 and ( a:{ b:foo } or a:{ b:bar } )": all_of(
        match("response", "200"), any_of(nested("a", match("a.b", "foo")), nested("a", match("a.b", "bar")))
    ),
    "nestedField:{ nestedChild:{ doublyNestedChild:foo } }": nested(
        "nestedField", nested("nestedField.nestedChild", match("nestedField.nestedChild.doublyNestedChild", "foo"))
    ),
    "a:{b > 3} and c:d": all_of(nested("a", bound("a.b", "gt", "3")), match("c", "d")),
    # Backslashes
    r"\\\(\)\:\<\>\"\*\{\}": anywhere(r'\():<>"*{}'),
    r'foo:"\\():<>\"*"': phrase("foo", r'\():<>"*'),
    r'foo:"C:\Windows"': phrase("foo", r"C:\Windows"),
    r'foo:"a\tb\r\n"': phrase("foo", "a\tb\r\n"),
    r"foo:a\tb\r\nc": match("foo", "a\tb\r\nc"),
    r"foo:\t bar \n": match("foo", "bar"),
    r"foo:a\u00A0b\u0041": match("foo", "a\u00a0bA"),
    r'foo:"\u00a0\ud83e\udd8a"': phrase("foo", "\u00a0🦊"),
    r"foo:\\u00A0": match("foo", r"\u00A0"),
    r"foo:bar \or baz \AND qux": match("foo", "bar or baz AND qux"),
    r"foo:\NOT bar": match("foo", "NOT bar"),
    # An escaped line feed comes before the word.
    r"foo:x\not bar": match("foo", "x\not bar"),
}

#: Where Kibana asks its data view which fields there are; Elasticsearch knows as well.
BY_ELASTICSEARCH: dict[str, Query] = {
    "machine*:osx": any_of(
        {"multi_match": {"fields": ["machine*"], "type": "best_fields", "query": "osx", "lenient": True}}
    ),
    'machine*:"osx"': any_of(
        {"multi_match": {"fields": ["machine*"], "type": "phrase", "query": "osx", "lenient": True}}
    ),
    "*:osx": any_of({"multi_match": {"fields": ["*"], "type": "best_fields", "query": "osx", "lenient": True}}),
    "machine*:os*": pattern("machine*", "os*"),
    "machine*:*": exists("machine*"),
}

#: What is refused, with the place and a part of the reason.
REFUSED: dict[str, tuple[str, str]] = {
    # Kibana refuses these, too.
    "foo:": ("at its end", "expects a value"),
    ":foo": ("at character 1, ':foo'", "expects a field or a value"),
    "foo and ": ("at its end", "expects a field or a value"),
    "foo and )": ("at character 9, ')'", "expects a field or a value"),
    "foo or (": ("at its end", "expects a field or a value"),
    "(foo": ("at its end", "expects 'and', 'or' or )"),
    "foo)": ("at character 4, ')'", "expects 'and', 'or' or the end"),
    "()": ("at character 2, ')'", "expects a field or a value"),
    "foo:()": ("at character 6, ')'", "expects a value"),
    "foo:(bar": ("at its end", "expects 'and', 'or' or )"),
    "foo:(bar:baz)": ("at character 9, ':baz)'", "expects 'and', 'or' or )"),
    "foo:bar:baz": ("at character 8, ':baz'", "expects 'and', 'or' or the end"),
    "foo:not bar": ("at character 5, 'not bar'", "expects a value"),
    "foo not bar": ("at character 5, 'not bar'", "expects 'and', 'or' or the end"),
    "cannot bar": ("at character 4, 'not bar'", "expects 'and', 'or' or the end"),
    "not not foo": ("at character 5, 'not foo'", "expects a field or a value"),
    "not ": ("at its end", "expects a field or a value"),
    '"foo" bar': ("at character 7, 'bar'", "expects 'and', 'or' or the end"),
    'foo:"bar': ("at character 5, '\"bar'", "not closed"),
    'foo:"bar\\"': ("at character 5", "not closed"),
    "foo:b\\ar": ("at character 6", "expects 'and', 'or' or the end"),
    "foo:\\u00g0": ("at character 5", "expects a value"),
    "foo >": ("at its end", "expects a value"),
    "foo > > 3": ("at character 7, '> 3'", "expects a value"),
    "foo > (3)": ("at character 7, '(3)'", "expects a value"),
    "a:{ b:c": ("at its end", "expects 'and', 'or' or }"),
    "a:{ }": ("at character 5, '}'", "expects a field or a value"),
    "a:{": ("at its end", "expects a field or a value"),
    "a}": ("at character 2, '}'", "expects 'and', 'or' or the end"),
    # Elasticsearch refuses these, or Kibana makes something else of them than they say.
    "null": ("at character 1, 'null'", "not FIELD: *"),
    "foo:null": ("at character 5, 'null'", "not FIELD: *"),
    "foo > null": ("at character 7, 'null'", "not FIELD: *"),
    "null:foo": ("at character 1, 'null:foo'", "not FIELD: *"),
    "a:{ foo }": ("at character 5, 'foo }'", "each value needs a field"),
    '"":foo': ("at character 1", "no name"),
    "foo* > 3": ("at character 1, 'foo* > 3'", "without an asterisk"),
    "foo*:{ a:b }": ("at character 1", "without an asterisk"),
    r"foo:\ud83e": ("at character 5", "cannot be stored"),
    r'"\u0000"': ("at character 1", "cannot be stored"),
}


@pytest.mark.parametrize("text", AS_KIBANA)
def test_as_kibana_does(text: str) -> None:
    assert query_dsl(text) == AS_KIBANA[text]


@pytest.mark.parametrize("text", BY_ELASTICSEARCH)
def test_fields_with_asterisks(text: str) -> None:
    assert query_dsl(text) == BY_ELASTICSEARCH[text]


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_refused(text: str) -> None:
    place, reason = REFUSED[text]
    with pytest.raises(OptionError) as caught:
        query_dsl(text)
    assert caught.value.message.startswith(f"kql cannot be read {place}")
    assert reason in caught.value.message


@pytest.mark.parametrize("text", ["a\0b", "a\ud83e", "\udd8a:b"])
def test_what_cannot_be_stored(text: str) -> None:
    with pytest.raises(OptionError, match="kql has a character in it that cannot be stored"):
        query_dsl(text)


@pytest.mark.parametrize(
    ("opened", "closed"), [("(", ")"), ("not (", ")"), ("a:{", "}"), ("a:b and (c:d or ", ")"), ("a:(", ")")]
)
def test_how_deep_it_may_be(opened: str, closed: str) -> None:
    """So deep that nobody misses more, and a recursion never ends in a crash."""
    inner, more = ("b", "(") if opened == "a:(" else ("b:c", opened)
    deepest = f"{opened}{more * (DEEPEST - 1)}{inner}{closed * DEEPEST}"
    json.dumps(query_dsl(deepest))
    for levels in (DEEPEST + 1, 100_000):
        with pytest.raises(OptionError, match="more than 50 parentheses or braces are open"):
            query_dsl(f"{opened}{more * (levels - 1)}{inner}{closed * levels}")


def test_side_by_side_is_not_deep() -> None:
    found = query_dsl(" and ".join(["(a:b)"] * 1000))
    assert len(found["bool"]["filter"]) == 1000


@pytest.mark.parametrize("text", [" " * 200_000, '"a"' + " " * 200_000 + "x", "a " * 100_000, "\\" * 200_000])
def test_a_long_text_takes_no_long_time(text: str) -> None:
    """With a pattern that goes back and forth, these would never end."""
    found = []
    try:
        query_dsl(text)
    except OptionError as error:
        found.append(error.message)
    assert all(len(message) < 250 for message in found)


# Beside a query


@pytest.mark.parametrize(
    ("query", "kql", "both"),
    [
        (None, None, None),
        (None, "a:b", match("a", "b")),
        ({"term": {"c": "d"}}, None, {"term": {"c": "d"}}),
        ({"term": {"c": "d"}}, "a:b", all_of({"term": {"c": "d"}}, match("a", "b"))),
        ({"term": {"c": "d"}}, "", {"term": {"c": "d"}}),
        ({}, "a:b", match("a", "b")),
        (ALL, "a:b", match("a", "b")),
        ({}, "*", {}),
        (None, "", ALL),
        ('{"term": {"c": "d"}}', None, {"term": {"c": "d"}}),
    ],
)
def test_a_query_beside_it(query: t.Any, kql: str | None, both: Query | None) -> None:
    assert searched({"query": query, "kql": kql}) == both


@pytest.mark.parametrize("query", ["host.name: web", "a=b", "", "[]", "3", "[" * 100_000, [], 3, True])
def test_a_query_that_is_no_mapping(query: t.Any) -> None:
    with pytest.raises(OptionError) as caught:
        searched({"query": query, "kql": None})
    assert "query takes a mapping" in str(caught.value)
    assert "goes into kql" in str(caught.value)
