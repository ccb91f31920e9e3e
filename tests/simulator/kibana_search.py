# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Search over Kibana's alerts, with the answers that Elasticsearch gives."""

from __future__ import annotations

import functools
import re
import time
from collections.abc import Iterator
from typing import Any

from .dates import parse_iso
from .query_dsl import Document, QueryError, compile_query, is_time, named_ids, values

WINDOW = 10000
# What the route takes; all else is dropped without a word, `from` and `search_after` too.
_KNOWN = ("query", "aggs", "size", "track_total_hits", "_source", "fields", "runtime_mappings", "sort")


def matching(documents: dict[str, Document], query: Any) -> list[tuple[str, Document]]:
    """The documents that a query finds, with their ids; raises :class:`QueryError`."""
    test = compile_query(query, time.time())
    ids = named_ids(query)
    # Ten thousand ids among fifty thousand alerts: only those named are looked at.
    keys = list(documents) if ids is None else [key for key in dict.fromkeys(ids) if key in documents]
    return [(key, documents[key]) for key in keys if test(key, documents[key])]


def search(documents: dict[str, Document], given: dict[str, Any], index: str) -> dict[str, Any]:
    """The answer to a search; raises :class:`QueryError`."""
    body = {key: value for key, value in given.items() if key in _KNOWN}
    if not body:
        raise QueryError("a search takes at least one of its keys")
    size = body.get("size", 10)
    if not isinstance(size, int) or isinstance(size, bool) or size < 0:
        raise QueryError("[size] must be a number of 0 or more")
    if size > WINDOW:
        limit = f"from + size must be less than or equal to: [{WINDOW}] but was [{size}]"
        raise QueryError(f"search_phase_execution_exception: Result window is too large, {limit}")
    found = matching(documents, body.get("query", {"match_all": {}}))
    total, relation = len(found), "eq"
    if body.get("track_total_hits") is not True and total > WINDOW:
        total, relation = WINDOW, "gte"
    orders = list(_orders(body.get("sort")))
    for name, descending in reversed(orders):
        found = _sorted(found, name, descending)
    hits = [_hit(key, document, index, body, orders) for key, document in found[:size]]
    counted = _aggregations(dict(found), body.get("aggs"))
    return {
        **({"aggregations": counted} if counted else {}),
        "took": 2,
        "timed_out": False,
        "_shards": {"total": 1, "successful": 1, "skipped": 0, "failed": 0},
        "hits": {"total": {"value": total, "relation": relation}, "max_score": None, "hits": hits},
    }


def _aggregations(found: dict[str, Document], aggregations: Any) -> dict[str, Any]:
    """How many of the found documents each filter among the aggregations matches; other kinds are not known here."""
    counts = {}
    for name, one in (aggregations or {}).items():
        if not isinstance(one, dict) or set(one) != {"filter"}:
            raise QueryError(f"the aggregation [{name}] is of a kind that this server does not have")
        counts[name] = {"doc_count": len(matching(found, one["filter"]))}
    return counts


def _orders(sort: Any) -> Iterator[tuple[str, bool]]:
    """Field and direction of each sort, from the forms that Elasticsearch takes."""
    for one in sort if isinstance(sort, list) else [sort] if sort else []:
        if isinstance(one, str):
            yield one, False
        elif isinstance(one, dict):
            for name, order in one.items():
                yield name, (order.get("order") if isinstance(order, dict) else order) == "desc"


def _sorted(hits: list[tuple[str, Document]], name: str, descending: bool) -> list[tuple[str, Document]]:
    """In the order of one field; those without it come last either way."""
    missing = [hit for hit in hits if _sort_key(hit, name)[0]]
    there = [hit for hit in hits if not _sort_key(hit, name)[0]]
    return sorted(there, key=lambda hit: _sort_key(hit, name), reverse=descending) + missing


def _sort_key(hit: tuple[str, Document], name: str) -> tuple[bool, Any]:
    key, document = hit
    found = [key] if name in ("_id", "_doc") else values(document, name)
    return (not found, found[0] if found else "")


def _sort_value(key: str, document: Document, name: str) -> Any:
    """What ``sort`` shows: dates in milliseconds, nothing as null."""
    missing, value = _sort_key((key, document), name)
    if missing:
        return None
    return int(parse_iso(value) * 1000) if is_time(name) else value


def _hit(
    key: str, document: Document, index: str, body: dict[str, Any], orders: list[tuple[str, bool]]
) -> dict[str, Any]:
    source = body.get("_source", True)
    hit: dict[str, Any] = {"_index": index, "_id": key, "_score": None if orders else 1.0}
    if source is not False:
        hit["_source"] = document if source is True else _filtered(document, source)
    if body.get("fields"):
        names = [one["field"] if isinstance(one, dict) else one for one in body["fields"]]
        hit["fields"] = {name: values(document, name) for name in _expanded(document, names)}
    if orders:
        hit["sort"] = [_sort_value(key, document, name) for name, _descending in orders]
    return hit


def _filtered(document: Document, source: Any) -> Document:
    """The part of the document that ``_source`` names; keys stay as they are stored, the flat ones flat."""
    if isinstance(source, dict):
        includes, excludes = source.get("includes", ["*"]), source.get("excludes", [])
    else:
        includes, excludes = source, []
    wanted, unwanted = ((one,) if isinstance(one, str) else tuple(one) for one in (includes, excludes))
    return _kept(document, "", wanted, unwanted)


def _kept(document: Document, prefix: str, wanted: tuple[str, ...], unwanted: tuple[str, ...]) -> Document:
    kept: Document = {}
    for key, value in document.items():
        name = prefix + key
        if isinstance(value, dict):
            if inner := _kept(value, f"{name}.", wanted, unwanted):
                kept[key] = inner
        elif _named(name, wanted) and not _named(name, unwanted):
            kept[key] = value
    return kept


def _leaves(document: Document, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    for key, value in document.items():
        if isinstance(value, dict):
            yield from _leaves(value, (*path, key))
        else:
            yield (*path, key), value


# Ten thousand documents have the same few names.
@functools.lru_cache(maxsize=10000)
def _named(name: str, patterns: tuple[str, ...]) -> bool:
    return any(
        name == pattern
        or name.startswith(f"{pattern}.")
        or ("*" in pattern and re.fullmatch(re.escape(pattern).replace(r"\*", ".*"), name) is not None)
        for pattern in patterns
    )


def _expanded(document: Document, names: list[str]) -> list[str]:
    return [".".join(path) for path, _value in _leaves(document) if _named(".".join(path), tuple(names))]
