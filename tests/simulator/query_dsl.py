# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The subset of Elasticsearch's query DSL that alert searches use, compiled to tests on documents.

A document is a mapping whose keys are flat (``"kibana.alert.workflow_status"``) or nested (``{"host": {"name": ..}}``).
"""

from __future__ import annotations

import base64
import difflib
import fnmatch
import json
import re
from collections.abc import Callable
from typing import Any

from .dates import parse_iso, parse_moment
from .query_string import compile_text, matches

TERMS_LIMIT = 65536
Document = dict[str, Any]
Test = Callable[[str, Document], bool]
_TEXT_FIELDS = ("message", "kibana.alert.reason.text")


class QueryError(Exception):
    """A query that Elasticsearch would refuse; the text is ``type: reason``, as Kibana passes it on."""


def values(document: Document, field: str) -> list[Any]:
    """All values of a field; empty where it is absent or null."""
    found = document.get(field)
    if found is None:
        found = document
        for key in field.split("."):
            found = found.get(key) if isinstance(found, dict) else None
            if found is None:
                return []
    return found if isinstance(found, list) else [found]


def compile_query(query: Any, now: float) -> Test:
    """The query as a test of id and document."""
    if not isinstance(query, dict):
        raise QueryError("parsing_exception: query malformed, must start with start_object")
    if len(query) != 1:
        # What Elasticsearch says of {} and of two clauses side by side.
        wrong = "empty clause found" if not query else "malformed query, expected [END_OBJECT] but found [FIELD_NAME]"
        raise QueryError(f"parsing_exception: query malformed, {wrong}")
    ((name, body),) = query.items()
    clause = _CLAUSES.get(name)
    if clause is None:
        near = difflib.get_close_matches(name, _CLAUSES, 1)
        hint = f" did you mean [{near[0]}]?" if near else ""
        raise QueryError(f"parsing_exception: unknown query [{name}]{hint}")
    if not isinstance(body, dict):
        raise QueryError(f"parsing_exception: [{name}] query malformed, no start_object after query name")
    return clause(body, now)


def named_ids(query: Any) -> list[str] | None:
    """The ids outside which the query cannot match, where it says so at its top; saves looking at every document."""
    if not isinstance(query, dict) or len(query) != 1:
        return None
    ((name, body),) = query.items()
    if not isinstance(body, dict):
        return None
    if name == "ids":
        return list(body.get("values") or [])
    if name in ("terms", "term") and "_id" in body:
        named = body["_id"].get("value") if isinstance(body["_id"], dict) else body["_id"]
        return list(named) if isinstance(named, list) else [str(named)]
    if name == "bool":
        for occur in ("filter", "must"):
            for clause in _listed(body.get(occur)):
                ids = named_ids(clause)
                if ids is not None:
                    return ids
    return None


def _listed(clauses: Any) -> list[Any]:
    return [] if clauses is None else clauses if isinstance(clauses, list) else [clauses]


def _single(name: str, body: dict[str, Any], key: str = "value") -> tuple[str, Any]:
    """Field and value of a clause on one field, in its short and its long form."""
    fields = [field for field in body if field not in ("boost", "_name")]
    if len(fields) != 1:
        raise QueryError(f"parsing_exception: [{name}] query doesn't support multiple fields")
    value = body[fields[0]]
    if isinstance(value, dict):
        if key not in value:
            raise QueryError(f"parsing_exception: [{name}] query has no [{key}]")
        value = value[key]
    return fields[0], value


def _equal(found: Any, wanted: Any) -> bool:
    if isinstance(found, bool) or isinstance(wanted, bool):
        return str(found).lower() == str(wanted).lower()
    return bool(found == wanted) or str(found) == str(wanted)


def _of(field: str) -> Callable[[str, Document], list[Any]]:
    if field == "_id":
        return lambda key, document: [key]
    return lambda key, document: values(document, field)


def _match_all(body: dict[str, Any], now: float) -> Test:
    return lambda key, document: True


def _match_none(body: dict[str, Any], now: float) -> Test:
    return lambda key, document: False


def _ids(body: dict[str, Any], now: float) -> Test:
    wanted = set(body.get("values") or [])
    return lambda key, document: key in wanted


def _term(body: dict[str, Any], now: float) -> Test:
    field, wanted = _single("term", body)
    find = _of(field)
    return lambda key, document: any(_equal(found, wanted) for found in find(key, document))


def _terms(body: dict[str, Any], now: float) -> Test:
    fields = [field for field in body if field not in ("boost", "_name")]
    if len(fields) != 1 or not isinstance(body[fields[0]], list):
        raise QueryError("parsing_exception: [terms] query requires an array of terms")
    wanted = body[fields[0]]
    if len(wanted) > TERMS_LIMIT:
        raise QueryError(
            f"illegal_argument_exception: The number of terms [{len(wanted)}] used in the Terms Query request has "
            f"exceeded the allowed maximum of [{TERMS_LIMIT}]"
        )
    texts = {str(one).lower() if isinstance(one, bool) else str(one) for one in wanted}
    find = _of(fields[0])
    return lambda key, document: any(
        (str(found).lower() if isinstance(found, bool) else str(found)) in texts for found in find(key, document)
    )


def _match(body: dict[str, Any], now: float) -> Test:
    field, wanted = _single("match", body, "query")
    if isinstance(body[field], dict) and body[field].get("zero_terms_query") == "all" and not str(wanted).strip():
        return _match_all({}, now)
    if field not in _TEXT_FIELDS:
        return _term({field: wanted}, now)
    words = set(re.findall(r"\w+", str(wanted).lower()))
    return lambda key, document: any(
        words & set(re.findall(r"\w+", str(found).lower())) for found in values(document, field)
    )


def _multi_match(body: dict[str, Any], now: float) -> Test:
    """In fields that may have asterisks in their names; without any, in all that a document has."""
    known = {"fields", "type", "query", "lenient", "operator", "boost", "_name"}
    unknown = set(body) - known
    if unknown:
        raise QueryError(f"parsing_exception: [multi_match] query does not support [{min(unknown)}]")
    if not isinstance(body.get("query"), (str, int, float)):
        raise QueryError("illegal_argument_exception: No text specified for multi_match query")
    clause = _match_phrase if body.get("type") == "phrase" else _match
    patterns = body.get("fields") or ["*"]

    def test(key: str, document: Document) -> bool:
        fields = [name for name in _names(document) if _is_named(name, patterns)]
        return any(clause({name: body["query"]}, now)(key, document) for name in fields)

    return test


def _names(document: Document, prefix: str = "") -> list[str]:
    """The names of all fields, from the top."""
    names: list[str] = []
    for key, value in document.items():
        names += _names(value, f"{prefix}{key}.") if isinstance(value, dict) else [prefix + key]
    return names


def _is_named(name: str, patterns: list[str]) -> bool:
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)


def _nested(body: dict[str, Any], now: float) -> Test:
    """One object of a list, whose fields the inner query names from the top."""
    if not isinstance(body.get("path"), str) or "query" not in body:
        raise QueryError("parsing_exception: [nested] requires 'path' and 'query' fields")
    path, inner = body["path"], compile_query(body["query"], now)
    return lambda key, document: any(
        isinstance(one, dict) and inner(key, {f"{path}.{name}": value for name, value in one.items()})
        for one in values(document, path)
    )


def _match_phrase(body: dict[str, Any], now: float) -> Test:
    field, wanted = _single("match_phrase", body, "query")
    if field not in _TEXT_FIELDS:
        return _term({field: wanted}, now)
    return lambda key, document: any(str(wanted).lower() in str(found).lower() for found in values(document, field))


def _exists(body: dict[str, Any], now: float) -> Test:
    if not isinstance(body.get("field"), str):
        raise QueryError("parsing_exception: [exists] must be provided with a [field]")
    if "*" in body["field"]:
        return lambda key, document: any(
            values(document, name) for name in _names(document) if _is_named(name, [body["field"]])
        )
    find = _of(body["field"])
    return lambda key, document: bool(find(key, document))


def _range(body: dict[str, Any], now: float) -> Test:
    fields = [field for field in body if field not in ("boost", "_name")]
    if len(fields) != 1 or not isinstance(body[fields[0]], dict):
        raise QueryError("parsing_exception: [range] query malformed, no field name or start_object")
    bounds = dict(body[fields[0]])
    form = str(bounds.pop("format", ""))
    for ignored in ("time_zone", "boost", "relation"):
        bounds.pop(ignored, None)
    unknown = set(bounds) - {"gte", "gt", "lte", "lt"}
    if unknown:
        raise QueryError(f"parsing_exception: [range] query does not support [{min(unknown)}]")
    bounds = {name: bound for name, bound in bounds.items() if bound is not None}
    find = _of(fields[0])
    in_time = is_time(fields[0])
    limits: dict[str, Any]
    try:
        if in_time:
            limits = {name: _limit(bound, name, form, now) for name, bound in bounds.items()}
        elif all(isinstance(bound, str) for bound in bounds.values()):
            limits = bounds
        else:
            limits = {name: float(bound) for name, bound in bounds.items()}
    except (TypeError, ValueError) as error:
        raise QueryError(f"parse_exception: failed to parse date field or number: {error}") from error
    read = parse_iso if in_time else str if limits is bounds else float

    def test(key: str, document: Document) -> bool:
        return any(_within(read(found), limits) for found in find(key, document))

    return test


def is_time(field: str) -> bool:
    """Whether a field holds moments. Elasticsearch knows that by the mapping."""
    return field == "@timestamp" or field.endswith(("_at", ".timestamp", "_time", ".start", ".end"))


def _limit(bound: Any, name: str, form: str, now: float) -> float:
    if "epoch_second" in form and not str(bound).startswith("now"):
        return float(bound)
    if "epoch_millis" not in form and "strict_date" in form and not isinstance(bound, str):
        raise ValueError(f"{bound!r} with format [{form}]")
    return parse_moment(bound, now, up=name in ("lte", "gt"))


def _within(value: Any, limits: dict[str, Any]) -> bool:
    return (
        ("gte" not in limits or value >= limits["gte"])
        and ("gt" not in limits or value > limits["gt"])
        and ("lte" not in limits or value <= limits["lte"])
        and ("lt" not in limits or value < limits["lt"])
    )


def _prefix(body: dict[str, Any], now: float) -> Test:
    field, wanted = _single("prefix", body)
    find = _of(field)
    return lambda key, document: any(str(found).startswith(str(wanted)) for found in find(key, document))


def _wildcard(body: dict[str, Any], now: float) -> Test:
    ((field, value),) = body.items()
    wanted = value.get("value", value.get("wildcard", "")) if isinstance(value, dict) else value
    return lambda key, document: any(matches(str(wanted), str(found)) for found in values(document, field))


def _query_string(body: dict[str, Any], now: float) -> Test:
    if not isinstance(body.get("query"), str):
        raise QueryError("parsing_exception: [query_string] must be provided with a [query]")
    try:
        test = compile_text(body["query"], str(body.get("default_operator", "or")).lower() == "or")
    except ValueError as error:
        raise QueryError(f"query_shard_exception: Failed to parse query [{body['query']}]: {error}") from error

    def matched(key: str, document: Document) -> bool:
        def lookup(field: str | None, pattern: str) -> bool:
            if field is None and body.get("fields"):
                named = [name for name in _names(document) if _is_named(name, body["fields"])]
                return any(matches(pattern, str(found)) for name in named for found in values(document, name))
            if field in (None, "*"):
                text = [str(part) for name in document for part in values(document, name)]
                return pattern == "*" or any(matches(f"*{pattern.strip('*')}*", part) for part in text)
            if field == "_exists_":
                return bool(values(document, pattern))
            return any(matches(pattern, str(found)) for found in _of(field)(key, document))

        return test(lookup)

    return matched


def _bool(body: dict[str, Any], now: float) -> Test:
    unknown = set(body) - {"filter", "must", "must_not", "should", "minimum_should_match", "boost", "_name"}
    if unknown:
        raise QueryError(f"parsing_exception: [bool] query does not support [{min(unknown)}]")
    needed = [compile_query(one, now) for occur in ("filter", "must") for one in _listed(body.get(occur))]
    banned = [compile_query(one, now) for one in _listed(body.get("must_not"))]
    wished = [compile_query(one, now) for one in _listed(body.get("should"))]
    least = _least(body.get("minimum_should_match", 0), len(wished))
    if wished and not needed:
        # Where nothing else is required, one of them is, whatever the task says.
        least = max(1, least)

    def test(key: str, document: Document) -> bool:
        return (
            all(one(key, document) for one in needed)
            and not any(one(key, document) for one in banned)
            and (least <= 0 or sum(one(key, document) for one in wished) >= least)
        )

    return test


def _least(wanted: Any, clauses: int) -> int:
    """How many clauses must match: a number, or a percentage; below zero it is how many need not."""
    text = str(wanted)
    number = int(int(text.rstrip("%")) * clauses / 100) if text.endswith("%") else int(text)
    return clauses + number if text.startswith("-") else number


def _inner(key: str) -> Callable[[dict[str, Any], float], Test]:
    """A clause that matches what the query at this key does, and only scores it in another way."""

    def compiled(body: dict[str, Any], now: float) -> Test:
        return compile_query(body.get(key, {"match_all": {}}), now)

    return compiled


def _dis_max(body: dict[str, Any], now: float) -> Test:
    tests = [compile_query(one, now) for one in _listed(body.get("queries"))]
    return lambda key, document: any(one(key, document) for one in tests)


def _wrapper(body: dict[str, Any], now: float) -> Test:
    return compile_query(json.loads(base64.b64decode(str(body.get("query")))), now)


def _script(body: dict[str, Any], now: float) -> Test:
    """Of the scripts that Elasticsearch runs, only those that are a constant."""
    script = body.get("script")
    source = str(script.get("source") if isinstance(script, dict) else script).strip().rstrip(";")
    found = {"true": True, "return true": True, "false": False, "return false": False}.get(source)
    if found is None:
        raise QueryError(f"script_exception: this server does not know the script [{source}]")
    return lambda key, document: found


def _regexp(body: dict[str, Any], now: float) -> Test:
    field, wanted = _single("regexp", body)
    return lambda key, document: any(re.fullmatch(str(wanted), str(found)) for found in values(document, field))


def _simple_query_string(body: dict[str, Any], now: float) -> Test:
    """As the larger language, where ``|`` is OR and ``+`` is AND."""
    words = {"|": "OR", "+": "AND"}
    text = " ".join(words.get(word, word) for word in str(body.get("query", "")).split())
    return _query_string({**body, "query": text}, now)


_CLAUSES: dict[str, Callable[[dict[str, Any], float], Test]] = {
    "bool": _bool,
    "boosting": _inner("positive"),
    "constant_score": _inner("filter"),
    "dis_max": _dis_max,
    "exists": _exists,
    "function_score": _inner("query"),
    "ids": _ids,
    "match": _match,
    "match_all": _match_all,
    "match_none": _match_none,
    "match_phrase": _match_phrase,
    "multi_match": _multi_match,
    "nested": _nested,
    "prefix": _prefix,
    "query_string": _query_string,
    "range": _range,
    "regexp": _regexp,
    "script": _script,
    "script_score": _inner("query"),
    "simple_query_string": _simple_query_string,
    "term": _term,
    "terms": _terms,
    "wildcard": _wildcard,
    "wrapper": _wrapper,
}
